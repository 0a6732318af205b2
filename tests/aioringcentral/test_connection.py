"""The shell of one socket, from connect to close; what it decides is in test_protocol."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
import json
import ssl
from typing import Any
from unittest.mock import patch

import aiohttp
from aiohttp import web
import pytest

from aioringcentral.errors import Reason, RetryLater
from aioringcentral.http import Http
from aioringcentral.limits import RateBudget, RateGroup
from aioringcentral.models import Event, Ticket
from aioringcentral.stream.connection import Connection
from aioringcentral.stream.frames import RecoveryToken

from .certificates import self_signed

HOME = "aioringcentral.stream.protocol"
DEADLINE = 5.0
TICKET = "ticket-4711"
DETAILS = {
    "type": "ConnectionDetails",
    "messageId": "m-1",
    "status": 200,
    "wsc": {"token": "wsc-1", "sequence": 1},
}


class Service:
    """The other end of one socket, played by the test."""

    def __init__(self) -> None:
        """Begin without a socket."""
        self.url = ""
        self.query: dict[str, str] = {}
        self.first: list[Any] | None = [DETAILS, {"idleTimeout": 1_800}]
        self.refuse_with: int | None = None
        self.redirect_with: int | None = None
        self.requests = 0
        self.heard: asyncio.Queue[Any] = asyncio.Queue()
        self.closed = asyncio.Event()
        self.close_code: int | None = None
        self.socket = web.WebSocketResponse()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve a socket until it closes."""
        self.requests += 1
        if self.redirect_with is not None:
            there = {"Location": f"{self.url}?{request.query_string}"}
            return web.Response(status=self.redirect_with, headers=there)
        self.query = dict(request.query)
        self.socket = web.WebSocketResponse()
        await self.socket.prepare(request)
        if self.first is not None:
            await self.say(*self.first)
        if self.refuse_with is not None:
            await self.socket.close(code=self.refuse_with)
        async for message in self.socket:
            if message.type is aiohttp.WSMsgType.TEXT:
                self.heard.put_nowait(json.loads(message.data))
        self.close_code = self.socket.close_code
        self.closed.set()
        return self.socket

    async def say(self, *parts: Any) -> None:
        """Send a frame of these parts."""
        await self.socket.send_str(json.dumps(parts))

    async def hear(self) -> Any:
        """Return the next frame of the client."""
        async with asyncio.timeout(DEADLINE):
            return await self.heard.get()


class Client:
    """The client's end, with the events that came."""

    def __init__(self, http: Http, service: Service) -> None:
        """Take the way to the service."""
        self.http, self._service = http, service
        self.events: list[Event] = []
        self.overflows = 0
        self.opened: list[Connection] = []

    async def open(self, recovery: RecoveryToken | None = None) -> Connection:
        """Connect."""
        ticket = Ticket(uri=self._service.url, token=TICKET)
        connection = await Connection.open(
            self.http, ticket, recovery, self.events.append, self._overflow
        )
        self.opened.append(connection)
        return connection

    def _overflow(self) -> None:
        self.overflows += 1

    async def gone(self) -> Connection:
        """Wait until the connection is closed, and return it."""
        (connection,) = self.opened
        async with asyncio.timeout(DEADLINE):
            await connection.closed.wait()
        return connection


async def serve(service: Service, tls: ssl.SSLContext | None = None) -> web.AppRunner:
    """Let a service listen on this machine."""
    app = web.Application()
    app.router.add_get("/ws", service.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
    scheme = "wss" if tls else "ws"
    service.url = f"{scheme}://127.0.0.1:{runner.addresses[0][1]}/ws"
    return runner


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    """Return a service that listens."""
    made = Service()
    runner = await serve(made)
    yield made
    await runner.cleanup()


@pytest.fixture
async def client(service: Service) -> AsyncIterator[Client]:
    """Return a client of the service; its connections are closed at the end, with all their tasks."""
    async with aiohttp.ClientSession() as session:
        made = Client(Http(session, "http://127.0.0.1", RateBudget()), service)
        yield made
        for connection in made.opened:
            await connection.close()
    names = [task.get_name() for task in asyncio.all_tasks()]
    assert not [name for name in names if name.startswith("ringcentral")]


@contextmanager
def impatient(**seconds: Any) -> Iterator[None]:
    """Shorten waits of the connection, by their names."""
    with patch.multiple(HOME, **seconds):
        yield


async def ask(connection: Connection, body: dict[str, Any] | None = None) -> Any:
    """Send a request over the socket, and return the body of its reply."""
    frame = await connection.request("GET", "/restapi/v1.0/x", RateGroup.LIGHT, body)
    return frame.body


# Opening.


async def test_a_connection(client: Client, service: Service) -> None:
    connection = await client.open()
    assert service.query == {"access_token": TICKET}
    assert connection.details.idle_timeout == 1_800
    assert connection.details.recovered is None
    assert connection.recovery == RecoveryToken(token="wsc-1", sequence=1)
    assert not connection.closed.is_set()


async def test_a_recovery_shows_its_token(client: Client, service: Service) -> None:
    service.first = [DETAILS, {"recoveryState": "Successful"}]
    connection = await client.open(RecoveryToken(token="wsc-0", sequence=9))
    assert service.query == {"access_token": TICKET, "wsc": "wsc-0"}
    assert connection.details.recovered is True


async def test_an_error_in_place_of_the_details(
    client: Client, service: Service
) -> None:
    service.first = [
        {"type": "Error", "messageId": "m", "status": 400, "wsc": None},
        {"errorCode": "WSG-400", "message": "Malformed token of Alice"},
    ]
    with pytest.raises(RetryLater) as raised:
        await client.open()
    assert (raised.value.reason, raised.value.code) == (Reason.SERVICE_ERROR, "WSG-400")


async def test_a_service_that_says_nothing(client: Client, service: Service) -> None:
    service.first = None
    with impatient(OPEN_TIMEOUT=0.03), pytest.raises(RetryLater) as raised:
        await client.open()
    assert raised.value.reason is Reason.CANNOT_CONNECT


@pytest.mark.parametrize("code", [1000, 1001, 1008, 4400])
async def test_a_close_in_place_of_the_details(
    client: Client, service: Service, code: int
) -> None:
    """A dead ticket: 4400 after the upgrade (docs/protocol.md 3.1)."""
    service.first, service.refuse_with = None, code
    with pytest.raises(RetryLater) as raised:
        await client.open()
    assert raised.value.reason is Reason.CANNOT_CONNECT


async def test_no_socket_there(client: Client, service: Service) -> None:
    """The library's error holds the address, with the ticket in it: it goes nowhere."""
    service.url = service.url.replace("/ws", "/elsewhere")
    with pytest.raises(RetryLater) as raised:
        await client.open()
    assert raised.value.reason is Reason.CANNOT_CONNECT
    assert TICKET not in repr(raised.value.__cause__)


async def test_a_certificate_that_nobody_signed(
    client: Client, service: Service
) -> None:
    runner = await serve(service, self_signed())
    try:
        with pytest.raises(RetryLater) as raised:
            await client.open()
    finally:
        await runner.cleanup()
    assert raised.value.reason is Reason.TLS_FAILED
    assert service.query == {}


async def test_a_ticket_is_not_shown_to_strangers(
    client: Client, service: Service
) -> None:
    """Nothing is connected; which addresses are fine is in test_address."""
    service.url = service.url.replace("127.0.0.1", "example.com")
    with pytest.raises(RetryLater) as raised:
        await client.open()
    assert raised.value.reason is Reason.INVALID_ADDRESS
    assert TICKET not in repr(raised.value.__cause__)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_no_redirect_is_followed(
    client: Client, service: Service, status: int
) -> None:
    """The ticket is in the address, and would go along."""
    service.redirect_with = status
    with pytest.raises(RetryLater) as raised:
        await client.open()
    assert raised.value.reason is Reason.CANNOT_CONNECT
    assert service.requests == 1


async def test_the_session_of_the_caller_stays_open(
    client: Client, service: Service
) -> None:
    connection = await client.open()
    await connection.close()
    assert not client.http.session.closed
    assert await client.open()


# Events.


async def test_events_are_handed_over_in_order(
    client: Client, service: Service
) -> None:
    connection = await client.open()
    for number in range(3):
        body = {"uuid": str(number), "event": "/e", "body": {"extensionId": number}}
        await service.say({"type": "ServerNotification"}, body)
    echo = asyncio.create_task(connection.heartbeat())
    (beat,) = await service.hear()
    await service.say(beat)
    await echo
    assert [event.body["extensionId"] for event in client.events] == [0, 1, 2]


async def test_a_full_replay_is_reported(client: Client, service: Service) -> None:
    service.first = [
        DETAILS,
        {"recoveryState": "Successful", "recoveryBufferSize": 2},
    ]
    connection = await client.open()
    for _ in range(3):
        await service.say({"type": "ServerNotification"}, {"body": {}})
    echo = asyncio.create_task(connection.heartbeat())
    await service.say(*await service.hear())
    await echo
    assert len(client.events) == 3
    assert client.overflows == 1


async def test_a_binary_frame_costs_itself_alone(
    client: Client, service: Service
) -> None:
    connection = await client.open()
    await service.socket.send_bytes(b"\x00\xff")
    reply = asyncio.create_task(ask(connection))
    (meta,) = await service.hear()
    await service.say({**meta, "status": 200}, {"fine": True})
    assert await reply == {"fine": True}


# Requests.


async def test_replies_find_who_asked(client: Client, service: Service) -> None:
    """Whatever their order."""
    connection = await client.open()
    one = asyncio.create_task(ask(connection, {"n": 1}))
    two = asyncio.create_task(ask(connection, {"n": 2}))
    asked = [await service.hear(), await service.hear()]
    for meta, body in reversed(asked):
        assert (meta["method"], meta["path"]) == ("GET", "/restapi/v1.0/x")
        await service.say({**meta, "status": 200}, body)
    assert await one == {"n": 1}
    assert await two == {"n": 2}


async def test_a_refused_request_is_a_reply(client: Client, service: Service) -> None:
    """And a limit that was met is noted for the whole client."""
    connection = await client.open()
    reply = asyncio.create_task(ask(connection))
    (meta,) = await service.hear()
    limit = {"status": 429, "headers": {"Retry-After": "30"}}
    await service.say({**meta, **limit}, {"errorCode": "CMN-301"})
    assert await reply == {"errorCode": "CMN-301"}
    with pytest.raises(RetryLater) as raised:
        await ask(connection)
    assert raised.value.reason is Reason.RATE_LIMITED


async def test_a_reply_that_does_not_come(client: Client, service: Service) -> None:
    connection = await client.open()
    with impatient(REPLY_TIMEOUT=0.05), pytest.raises(RetryLater):
        await ask(connection)
    # It may come later, when nobody waits for it.
    (meta,) = await service.hear()
    await service.say({**meta, "status": 200}, {})
    assert not connection.closed.is_set()


# Ends.


@pytest.mark.parametrize("code", [1000, 1001, 1011, 1012, 4000])
async def test_the_service_closes(client: Client, service: Service, code: int) -> None:
    """Who waits for a reply is told at once."""
    connection = await client.open()
    reply = asyncio.create_task(ask(connection))
    await service.hear()
    await service.socket.close(code=code)
    with pytest.raises(RetryLater):
        await reply
    assert (await client.gone()).close_code == code
    with pytest.raises(RetryLater):
        await ask(connection)
    with pytest.raises(RetryLater):
        await connection.heartbeat()


async def test_a_connection_that_is_cut(client: Client, service: Service) -> None:
    await client.open()
    transport = service.socket._req.transport if service.socket._req else None
    assert transport is not None
    transport.abort()
    connection = await client.gone()
    assert connection.close_code in (1006, None)


async def test_we_close(client: Client, service: Service) -> None:
    """Politely, and once."""
    connection = await client.open()
    await connection.close()
    await connection.close()
    assert connection.closed.is_set()
    async with asyncio.timeout(DEADLINE):
        await service.closed.wait()
    assert service.close_code == 1000


async def test_a_socket_that_cannot_be_written_to(
    client: Client, service: Service
) -> None:
    connection = await client.open()
    with (
        patch.object(
            aiohttp.ClientWebSocketResponse,
            "send_str",
            side_effect=aiohttp.ClientConnectionResetError(TICKET),
        ),
        pytest.raises(RetryLater) as raised,
    ):
        await ask(connection)
    assert raised.value.reason is Reason.CANNOT_CONNECT


# Silence.


async def test_silence_has_a_heartbeat_and_a_deadline(
    client: Client, service: Service
) -> None:
    """The clock runs the protocol's own times."""
    with impatient(HEARTBEAT_AFTER=0.01, HEARTBEAT_DEADLINE=0.05):
        connection = await client.open()
        for _ in range(2):
            frame = await service.hear()
            assert frame[0]["type"] == "Heartbeat"
            await service.say(*frame)
        await service.hear()
        await client.gone()
    with pytest.raises(RetryLater):
        await connection.heartbeat()


async def test_a_request_that_is_given_up_leaves_nothing(
    client: Client, service: Service
) -> None:
    connection = await client.open()
    reply = asyncio.create_task(ask(connection))
    (meta,) = await service.hear()
    reply.cancel()
    await asyncio.wait([reply])
    await service.say({**meta, "status": 200}, {})
    other = asyncio.create_task(ask(connection))
    (meta,) = await service.hear()
    await service.say({**meta, "status": 200}, {"other": True})
    assert await other == {"other": True}
