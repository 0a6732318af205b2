"""Clients of Home Assistant's REST and WebSocket APIs, as far as needed here."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import count
from typing import Any, Self

import aiohttp

# Home Assistant has to answer within this many seconds. On a busy machine, setting up a
# thousand extensions takes more than a minute.
TIMEOUT = 180.0

type Json = dict[str, Any]


class ApiError(Exception):
    """Home Assistant refused a request."""


class Rest:
    """REST calls of one user."""

    def __init__(self, session: aiohttp.ClientSession, url: str, token: str) -> None:
        """Take the address without a slash, and an access token."""
        self._session = session
        self._url = url
        self._headers = {"Authorization": f"Bearer {token}"}

    async def get(self, path: str) -> Any:
        """Return what is at a path."""
        return await self._request("GET", path, None)

    async def post(self, path: str, body: Json | None = None) -> Any:
        """Post JSON and return the answer."""
        return await self._request("POST", path, body or {})

    async def delete(self, path: str) -> Any:
        """Delete what is at a path."""
        return await self._request("DELETE", path, None)

    async def _request(self, method: str, path: str, body: Json | None) -> Any:
        try:
            async with self._session.request(
                method,
                self._url + path,
                json=body,
                headers=self._headers,
                timeout=aiohttp.ClientTimeout(total=TIMEOUT),
            ) as response:
                if response.status >= 400:
                    text = await response.text()
                    raise ApiError(f"{method} {path}: {response.status} {text[:500]}")
                return await response.json()
        except TimeoutError:
            raise ApiError(f"{method} {path}: no answer in {TIMEOUT:g} s") from None


class Socket:
    """A connection to the WebSocket API; `connect` opens one."""

    def __init__(self, websocket: aiohttp.ClientWebSocketResponse) -> None:
        """Take a signed-in connection; `_read` has to run alongside."""
        self._websocket = websocket
        self._ids = count(1)
        self._answers: dict[int, asyncio.Future[Json]] = {}
        self._handlers: dict[int, Callable[[Json], None]] = {}

    async def call(self, command: str, **fields: Any) -> Any:
        """Send a command and return its result."""
        return await self._call(next(self._ids), command, fields)

    async def subscribe(
        self, handler: Callable[[Json], None], command: str, **fields: Any
    ) -> None:
        """Send a command whose events go to a handler."""
        number = next(self._ids)
        self._handlers[number] = handler
        await self._call(number, command, fields)

    async def _call(self, number: int, command: str, fields: Json) -> Any:
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        try:
            await self._websocket.send_json({"id": number, "type": command, **fields})
            async with asyncio.timeout(TIMEOUT):
                message = await answer
        except (TimeoutError, aiohttp.ClientError) as error:
            raise ApiError(f"{command}: no answer") from error
        finally:
            del self._answers[number]
        if not message["success"]:
            raise ApiError(f"{command}: {message['error']['message']}")
        return message["result"]

    async def _read(self) -> None:
        async for frame in self._websocket:
            if frame.type is not aiohttp.WSMsgType.TEXT:
                continue
            message = frame.json()
            number = message["id"]
            if message["type"] == "event":
                self._handlers[number](message["event"])
            elif (answer := self._answers.get(number)) and not answer.done():
                answer.set_result(message)
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(ApiError("the connection was closed"))

    @classmethod
    @asynccontextmanager
    async def connect(
        cls, session: aiohttp.ClientSession, url: str, token: str
    ) -> AsyncIterator[Self]:
        """Open a connection and sign in."""
        async with session.ws_connect(
            f"{url}/api/websocket", max_msg_size=0
        ) as websocket:
            await websocket.receive_json()
            await websocket.send_json({"type": "auth", "access_token": token})
            if (await websocket.receive_json())["type"] != "auth_ok":
                raise ApiError("Home Assistant does not accept the token")
            socket = cls(websocket)
            reader = asyncio.create_task(socket._read())
            try:
                yield socket
            finally:
                await websocket.close()
                reader.cancel()
                await asyncio.wait([reader])
