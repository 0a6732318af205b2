"""The thin shell of `SocketProtocol`: an aiohttp WebSocket and the event loop's clock."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final, Self

import aiohttp

from ..errors import Reason, RetryLater
from ..http import Http
from ..limits import RateGroup
from ..models import Event, Ticket
from . import protocol
from .address import socket_url
from .frames import ConnectionDetails, Frame, RecoveryToken
from .protocol import Answered, Failed, Opened, Output, Overflowed, SocketProtocol

# Seconds within which the peer has to answer our close.
_CLOSE_TIMEOUT: Final = 2.0
# A larger frame ends the connection; presence bodies have a few kilobytes.
_LARGEST_FRAME: Final = 32 * 1024 * 1024


def _nothing() -> None:
    """Stand in for a callback that is not needed."""


class Connection:
    """An open WebSocket.

    Attributes:
        closed: set once the socket is gone, for whatever reason.
        close_code: the WebSocket close code, or None.
    """

    def __init__(
        self,
        http: Http,
        socket: aiohttp.ClientWebSocketResponse,
        on_event: Callable[[Event], None],
        on_overflow: Callable[[], None],
    ) -> None:
        """Wrap an open socket; use `open` instead."""
        self._http = http
        self._socket = socket
        self._on_event = on_event
        self._on_overflow = on_overflow
        self._loop = asyncio.get_running_loop()
        self._protocol = SocketProtocol(self._loop.time())
        self._opened: asyncio.Future[ConnectionDetails] = self._loop.create_future()
        self._replies: dict[str, asyncio.Future[Frame]] = {}
        self._changed = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self.closed = asyncio.Event()
        self.close_code: int | None = None

    @classmethod
    async def open(
        cls,
        http: Http,
        ticket: Ticket,
        recovery: RecoveryToken | None,
        on_event: Callable[[Event], None],
        on_overflow: Callable[[], None] = _nothing,
    ) -> Self:
        """Connect with a fresh ticket and wait for ConnectionDetails (docs/protocol.md 3.1).

        Args:
            http: its session makes the connection, and its budget limits requests over that.
            ticket: address and one-time token.
            recovery: the token that recovers an earlier connection's session, or None.
            on_event: called with each event, in order.
            on_overflow: called when a recovery may have lost events.

        Raises:
            RetryLater: the socket did not open, the ticket must not be shown to its address, or an Error
                frame came instead, whose code is in ``code``.
        """
        socket = await _connect(http, ticket, recovery)
        connection = cls(http, socket, on_event, on_overflow)
        connection._start(connection._read())
        connection._start(connection._write())
        try:
            await connection._opened
        except BaseException:
            await connection.close()
            raise
        return connection

    @property
    def details(self) -> ConnectionDetails:
        """Limits of this connection."""
        return self._protocol.details

    @property
    def recovery(self) -> RecoveryToken | None:
        """The token that recovers this connection's session."""
        return self._protocol.recovery

    @property
    def opened_at(self) -> float:
        """When the socket opened, in seconds of the loop's clock."""
        return self._protocol.opened_at

    @property
    def error_code(self) -> str | None:
        """The code of the last Error frame, which says why the service closes."""
        return self._protocol.error_code

    async def request(
        self,
        method: str,
        path: str,
        group: RateGroup,
        body: Mapping[str, Any] | None = None,
    ) -> Frame:
        """Send a REST request over the socket and return its reply, refused or not (docs/protocol.md 3.2).

        Raises:
            RetryLater: the rate budget had no place, no reply came in time, or the socket closed.
        """
        place = await self._http.reserve_place(group)
        self._check_open()
        now = self._loop.time()
        frame = await self._reply(self._protocol.request(method, path, body, now))
        self._http.learn_from_reply(
            group, place, frame.status, frame.headers, frame.body
        )
        return frame

    async def heartbeat(self) -> None:
        """Send a Heartbeat and wait for its echo, by which time all that the service sent before has arrived.

        Raises:
            RetryLater: no echo came in time, or the socket closed.
        """
        self._check_open()
        await self._reply(self._protocol.heartbeat(self._loop.time()))

    async def close(self) -> None:
        """Close politely, within seconds, and leave no task behind."""
        for task in self._tasks:
            task.cancel()
        await asyncio.wait(self._tasks)
        self._gone()
        await self._socket.close()

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        self._tasks.append(asyncio.create_task(work, name="ringcentral socket"))

    def _check_open(self) -> None:
        if self.closed.is_set():
            raise RetryLater(Reason.CANNOT_CONNECT)

    async def _reply(self, message_id: str) -> Frame:
        reply: asyncio.Future[Frame] = self._loop.create_future()
        self._replies[message_id] = reply
        self._changed.set()
        try:
            return await reply
        finally:
            self._replies.pop(message_id, None)
            self._protocol.forget(message_id)

    async def _read(self) -> None:
        try:
            while not self.closed.is_set():
                message = await self._socket.receive()
                if message.type not in (
                    aiohttp.WSMsgType.TEXT,
                    aiohttp.WSMsgType.BINARY,
                ):
                    self._record_close()
                    return
                self._receive(message.data)
        finally:
            self.close_code = self._socket.close_code
            self._gone()

    def _record_close(self) -> None:
        if self._http.recorder is not None:
            code = self._socket.close_code
            self._http.recorder.happened(f"closed {code}", self._loop.time())

    async def _write(self) -> None:
        """Send what there is to send, and call the protocol when something is due."""
        while not self.closed.is_set():
            self._changed.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout_at(self._protocol.due()):
                    await self._send(self._protocol.outgoing())
                    await self._changed.wait()
            self._handle(self._protocol.tick(self._loop.time()))

    async def _send(self, frames: Sequence[str]) -> None:
        try:
            for frame in frames:
                await self._socket.send_str(frame)
                if self._http.recorder is not None:
                    self._http.recorder.sent(frame, self._loop.time())
        except aiohttp.ClientError, ConnectionError, RuntimeError:
            self._gone()

    def _receive(self, frame: str | bytes) -> None:
        now = self._loop.time()
        if self._http.recorder is not None:
            self._http.recorder.received(frame, now)
        self._handle(self._protocol.receive(frame, now))

    def _handle(self, outputs: Sequence[Output]) -> None:
        for output in outputs:
            match output:
                case Event():
                    self._on_event(output)
                case Answered(message_id, reply):
                    self._resolve(message_id, reply)
                    # Something else may now be due earlier.
                    self._changed.set()
                case Opened(details):
                    if not self._opened.done():
                        self._opened.set_result(details)
                    self._changed.set()
                case Overflowed():
                    self._on_overflow()
                case Failed(error):
                    self._end(error)

    def _resolve(self, message_id: str, reply: Frame | None) -> None:
        waiting = self._replies.get(message_id)
        if waiting is None or waiting.done():
            return
        if reply is None:
            waiting.set_exception(RetryLater(Reason.CANNOT_CONNECT, self.error_code))
        else:
            waiting.set_result(reply)

    def _gone(self) -> None:
        self._handle(self._protocol.close())

    def _end(self, error: RetryLater) -> None:
        """Tell everything that waits that the socket is of no use; its owner closes it."""
        self.closed.set()
        self._changed.set()
        for task in self._tasks:
            if task is not asyncio.current_task():
                task.cancel()
        if not self._opened.done():
            self._opened.set_exception(error)
            # Mark the error as retrieved: perhaps nothing waits for it any more.
            self._opened.exception()


async def _connect(
    http: Http, ticket: Ticket, recovery: RecoveryToken | None
) -> aiohttp.ClientWebSocketResponse:
    url = socket_url(ticket, http.server, recovery)
    # The socket gets its own session, since aiohttp follows redirects of a WebSocket unless a middleware forbids that.
    session = aiohttp.ClientSession(
        connector=http.session.connector,
        connector_owner=False,
        cookie_jar=aiohttp.DummyCookieJar(),
        headers=http.session.headers,
        middlewares=(_refuse_redirects,),
        trust_env=http.session.trust_env,
    )
    try:
        async with asyncio.timeout(protocol.OPEN_TIMEOUT):
            return await session.ws_connect(
                url,
                max_msg_size=_LARGEST_FRAME,
                timeout=aiohttp.ClientWSTimeout(ws_close=_CLOSE_TIMEOUT),
            )
    except (aiohttp.ClientConnectorCertificateError, aiohttp.ClientSSLError) as err:
        raise RetryLater(Reason.TLS_FAILED) from ConnectionError(type(err).__name__)
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as err:
        # The error's text contains the ticket: pass on only its kind.
        raise RetryLater(Reason.CANNOT_CONNECT) from ConnectionError(type(err).__name__)
    finally:
        # The socket lives on without the session.
        session.detach()


async def _refuse_redirects(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Follow no redirect, because the ticket is in the address."""
    response = await handler(request)
    if response.status in range(300, 400):
        response.close()
        raise aiohttp.ClientConnectionError
    return response
