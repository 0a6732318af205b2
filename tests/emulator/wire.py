"""A bare client for these tests: it sends what it is told and keeps what comes."""

import asyncio
import base64
from collections.abc import Callable
from dataclasses import dataclass, field
import itertools
from typing import Any, Self

import aiohttp
import orjson

from emulator import Emulator

JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
ROOT = "/restapi/v1.0"
ACCOUNT = f"{ROOT}/account/~"
OWN = f"{ACCOUNT}/extension/~"
DEADLINE = 15.0
"""Seconds; far more than anything here takes, for busy machines."""


@dataclass
class Answer:
    """One HTTP reply."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return orjson.loads(self.text)

    @property
    def codes(self) -> list[str]:
        """The codes in `errors`."""
        return [each["errorCode"] for each in self.json["errors"]]


def basic(client_id: str, secret: str) -> str:
    """Return a Basic Authorization header."""
    return "Basic " + base64.b64encode(f"{client_id}:{secret}".encode()).decode()


class Wire:
    """One signed-in (or not) client."""

    def __init__(self, emu: Emulator, http: aiohttp.ClientSession) -> None:
        """Take the server and the connection pool."""
        self.emu, self.http = emu, http
        self.access = ""
        self.refresh_token: str | None = None
        self._sockets: list[aiohttp.ClientWebSocketResponse] = []

    async def send(
        self, method: str, path: str, *, auth: str | None = "", **options: Any
    ) -> Answer:
        """Send a request; `auth` None leaves the Authorization header out."""
        headers = dict(options.pop("headers", {}))
        if auth is not None:
            headers["Authorization"] = auth or f"Bearer {self.access}"
        async with self.http.request(
            method,
            self.emu.url + path,
            headers=headers,
            allow_redirects=False,
            **options,
        ) as reply:
            return Answer(reply.status, dict(reply.headers), await reply.text())

    async def get(self, path: str, **options: Any) -> Answer:
        """GET."""
        return await self.send("GET", path, **options)

    async def put(self, path: str, body: Any, **options: Any) -> Answer:
        """PUT JSON."""
        return await self.send("PUT", path, json=body, **options)

    async def token(
        self, form: Any, *, auth: str | None = "", **options: Any
    ) -> Answer:
        """POST to the token endpoint with the app's credentials."""
        credentials = basic(self.emu.client_id, self.emu.client_secret)
        return await self.send(
            "POST",
            "/restapi/oauth/token",
            auth=auth if auth is None else auth or credentials,
            data=form,
            **options,
        )

    async def sign_in(self, ext_id: str | None = None) -> Answer:
        """Sign in with a JWT and keep the tokens."""
        jwt = self.emu.jwt_for(ext_id) if ext_id else self.emu.jwt
        answer = await self.token({"grant_type": JWT_GRANT, "assertion": jwt})
        if answer.status == 200:
            self.access = answer.json["access_token"]
            self.refresh_token = answer.json.get("refresh_token")
        return answer

    async def refresh(self, token: str | None = None) -> Answer:
        """Refresh, and keep the new tokens."""
        form = {
            "grant_type": "refresh_token",
            "refresh_token": token or self.refresh_token,
        }
        answer = await self.token(form)
        if answer.status == 200:
            self.access = answer.json["access_token"]
            self.refresh_token = answer.json.get("refresh_token")
        return answer

    async def ticket(self) -> Answer:
        """Take a WebSocket ticket."""
        return await self.send("POST", "/restapi/oauth/wstoken")

    async def connect(
        self, ticket: str | None = None, wsc: str | None = None
    ) -> Socket:
        """Open a socket and read its first frame."""
        if ticket is None:
            ticket = (await self.ticket()).json["ws_access_token"]
        params = {"access_token": ticket} | ({"wsc": wsc} if wsc else {})
        ws = await self.http.ws_connect(
            self.emu.ws_url,
            params=params,
            autoping=False,
            timeout=aiohttp.ClientWSTimeout(ws_close=1),
        )
        self._sockets.append(ws)
        return await Socket(ws).open()

    async def close(self) -> None:
        """Close every socket."""
        for ws in self._sockets:
            await ws.close()


@dataclass
class Socket:
    """A socket; its frames are kept by kind until asked for."""

    ws: aiohttp.ClientWebSocketResponse
    details: list[Any] = field(default_factory=list)
    frames: list[list[Any]] = field(default_factory=list)
    closed: int | None = None
    pings: int = 0
    answer_pings: bool = True
    _ids: itertools.count[int] = field(default_factory=itertools.count)

    async def open(self) -> Self:
        """Read the first frame."""
        frame = await self.read()
        if frame is not None:
            self.details = frame
        return self

    @property
    def wsc(self) -> str:
        """The recovery token of ConnectionDetails."""
        return str(self.details[0]["wsc"]["token"])

    async def read(self) -> list[Any] | None:
        """Return the next frame, None when the socket closed."""
        async with asyncio.timeout(DEADLINE):
            while True:
                message = await self.ws.receive()
                match message.type:
                    case aiohttp.WSMsgType.TEXT:
                        return list(orjson.loads(message.data))
                    case aiohttp.WSMsgType.PING:
                        self.pings += 1
                        if self.answer_pings:
                            await self.ws.pong(message.data)
                    case aiohttp.WSMsgType.PONG:
                        continue
                    case _:
                        self.closed = self.ws.close_code
                        return None

    async def find(self, wanted: Callable[[list[Any]], bool]) -> list[Any]:
        """Return the next frame that is wanted; others wait for their turn."""
        for frame in self.frames:
            if wanted(frame):
                self.frames.remove(frame)
                return frame
        while (read := await self.read()) is not None:
            if wanted(read):
                return read
            self.frames.append(read)
        raise ConnectionError(f"closed with {self.closed}")

    async def close_code(self) -> int | None:
        """Read until the socket closes and return the code."""
        while (frame := await self.read()) is not None:
            self.frames.append(frame)
        return self.closed

    async def request(
        self, method: str, path: str, *body: Any, **meta: Any
    ) -> list[Any]:
        """Send a ClientRequest and return the frame that answers it."""
        message_id = f"m/{next(self._ids)}+="
        head = {"type": "ClientRequest", "messageId": message_id} | meta
        await self.ws.send_json([head | {"method": method, "path": path}, *body])
        return await self.find(lambda frame: frame[0]["messageId"] == message_id)

    async def subscribe(self, *filters: str, **meta: Any) -> list[Any]:
        """Subscribe and return the reply."""
        return await self.request(
            "POST",
            f"{ROOT}/subscription",
            {
                "eventFilters": list(filters),
                "deliveryMode": {"transportType": "WebSocket"},
            },
            **meta,
        )

    async def event(self) -> dict[str, Any]:
        """Return the envelope of the next notification."""
        frame = await self.find(lambda each: each[0]["type"] == "ServerNotification")
        assert frame[0]["messageId"] == frame[1]["uuid"]
        return dict(frame[1])

    async def body(self) -> dict[str, Any]:
        """Return the body of the next notification."""
        return dict((await self.event())["body"])

    async def nothing(self) -> None:
        """Claim that no notification is on its way: an echo overtakes none."""
        await self.ws.send_json([{"type": "Heartbeat", "messageId": "none"}])
        while (frame := await self.read()) is not None:
            assert frame[0]["type"] != "ServerNotification", frame
            if frame[0]["messageId"] == "none":
                return
        raise ConnectionError(f"closed with {self.closed}")
