"""One WebSocket from connect to close: frames, requests by message id, heartbeat with a deadline."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
import logging
from typing import Any, Final, Self
from uuid import uuid4

import aiohttp
from yarl import URL

from ..errors import Misconfigured, Reason, RetryLater, error_from_reply
from ..http import Http, is_loopback
from ..limits import RateGroup
from ..models import Event, Ticket
from .frames import (
    ConnectionDetails,
    Frame,
    FrameType,
    RecoveryToken,
    connection_details,
    event_from_frame,
    heartbeat_frame,
    parse_frame,
    request_frame,
)

_LOGGER = logging.getLogger(__name__)

# Seconds. A request's reply, and ConnectionDetails after a connect, come well within these.
OPEN_TIMEOUT: Final = 15.0
REPLY_TIMEOUT: Final = 20.0
# Protocol 3.5: heartbeat after 30 s of silence; no sign of life for 15 s more is a dead peer.
HEARTBEAT_AFTER: Final = 30.0
HEARTBEAT_DEADLINE: Final = 15.0
# Events alone may not count as activity of ours: speak this often at least.
_SPEAK_EVERY: Final = 300.0
# Seconds for the peer to answer our close.
_CLOSE_TIMEOUT: Final = 2.0
# A frame this large costs the connection; presence bodies are some kilobytes.
_LARGEST_FRAME: Final = 32 * 1024 * 1024


class Connection:
    """An open WebSocket. ``closed`` is set once it is gone, for whatever reason."""

    details: ConnectionDetails

    def __init__(
        self,
        http: Http,
        socket: aiohttp.ClientWebSocketResponse,
        on_event: Callable[[Event], None],
    ) -> None:
        """Take an open socket; use `open` instead."""
        self._http = http
        self._socket = socket
        self._on_event = on_event
        self._loop = asyncio.get_running_loop()
        self._replies: dict[str, asyncio.Future[Frame]] = {}
        self._first: asyncio.Future[ConnectionDetails] = self._loop.create_future()
        self._heard = self._spoke = self._loop.time()
        self._tasks: list[asyncio.Task[None]] = []
        self.closed = asyncio.Event()
        self.opened_at = self._heard
        self.recovery: RecoveryToken | None = None
        self.close_code: int | None = None
        self.error_code: str | None = None

    @classmethod
    async def open(
        cls,
        http: Http,
        ticket: Ticket,
        recovery: RecoveryToken | None,
        on_event: Callable[[Event], None],
    ) -> Self:
        """Connect with a fresh ticket and wait for ConnectionDetails (protocol 3.1).

        Raises:
            RetryLater: the socket did not open, or an Error frame came instead; its code tells.
            Misconfigured: the ticket's address is not a secure one.
        """
        uri = URL(ticket.uri)
        if uri.scheme not in ("wss", "https") and not is_loopback(uri.host):
            raise Misconfigured(Reason.INVALID_ADDRESS)
        query = {"access_token": ticket.token} | (
            {"wsc": recovery.token} if recovery else {}
        )
        try:
            async with asyncio.timeout(OPEN_TIMEOUT):
                socket = await http.session.ws_connect(
                    uri.update_query(query),
                    max_msg_size=_LARGEST_FRAME,
                    timeout=aiohttp.ClientWSTimeout(ws_close=_CLOSE_TIMEOUT),
                )
        except (aiohttp.ClientConnectorCertificateError, aiohttp.ClientSSLError) as err:
            raise RetryLater(Reason.TLS_FAILED) from ConnectionError(type(err).__name__)
        except (aiohttp.ClientError, TimeoutError, OSError) as err:
            # The error's text holds the ticket: only its kind goes on.
            raise RetryLater(Reason.CANNOT_CONNECT) from ConnectionError(
                type(err).__name__
            )
        connection = cls(http, socket, on_event)
        connection._start(connection._read())
        try:
            async with asyncio.timeout(OPEN_TIMEOUT):
                connection.details = await connection._first
        except TimeoutError as err:
            await connection.close()
            raise RetryLater(Reason.CANNOT_CONNECT) from err
        except BaseException:
            await connection.close()
            raise
        connection._start(connection._keep_alive())
        return connection

    async def request(
        self,
        method: str,
        path: str,
        group: RateGroup,
        body: Mapping[str, Any] | None = None,
    ) -> Frame:
        """Send a REST request over the socket and return its reply, refused or not (protocol 3.2).

        Raises:
            RetryLater: no place in the rate budget, no reply within `REPLY_TIMEOUT` seconds, or the
                socket closed.
        """
        place = await self._http.take_place(group)
        message_id = str(uuid4())
        frame = await self._ask(
            message_id, request_frame(message_id, method, path, body), REPLY_TIMEOUT
        )
        self._http.note_reply(group, place, frame.status, frame.headers, frame.body)
        return frame

    async def heartbeat(self, deadline: float = HEARTBEAT_DEADLINE) -> None:
        """Send a Heartbeat and wait for its echo: all that the service sent before has then arrived.

        Raises:
            RetryLater: no echo within ``deadline`` seconds, or the socket closed.
        """
        message_id = str(uuid4())
        await self._ask(message_id, heartbeat_frame(message_id), deadline)

    async def close(self) -> None:
        """Close politely, within seconds, and leave no task behind."""
        for task in self._tasks:
            task.cancel()
        await asyncio.wait(self._tasks)
        self._gone()
        await self._socket.close()

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        self._tasks.append(asyncio.create_task(work, name="ringcentral socket"))

    async def _ask(self, message_id: str, text: str, deadline: float) -> Frame:
        """Send a frame and wait for the one that answers its message id."""
        if self.closed.is_set():
            raise RetryLater(Reason.CANNOT_CONNECT)
        reply: asyncio.Future[Frame] = self._loop.create_future()
        self._replies[message_id] = reply
        try:
            async with asyncio.timeout(deadline):
                await self._send(text)
                return await reply
        except TimeoutError as err:
            raise RetryLater(Reason.CANNOT_CONNECT) from err
        finally:
            self._replies.pop(message_id, None)

    async def _send(self, frame: str) -> None:
        self._spoke = self._loop.time()
        try:
            await self._socket.send_str(frame)
        except (aiohttp.ClientError, ConnectionError, RuntimeError) as err:
            raise RetryLater(Reason.CANNOT_CONNECT) from err

    async def _read(self) -> None:
        try:
            while True:
                message = await self._socket.receive()
                if message.type is aiohttp.WSMsgType.TEXT:
                    self._heard = self._loop.time()
                    self._take(message.data)
                elif message.type is aiohttp.WSMsgType.BINARY:
                    self._heard = self._loop.time()
                    _LOGGER.debug("Passed over a binary frame")
                else:
                    return
        finally:
            self.close_code = self._socket.close_code
            self._gone()

    def _take(self, text: str) -> None:
        """Handle one text frame; one that cannot be read costs no more than itself."""
        frame = parse_frame(text)
        if frame is None:
            _LOGGER.debug(
                "Passed over a frame of %s characters that is not one", len(text)
            )
            return
        if frame.recovery is not None:
            self._adopt(frame)
        if frame.type == FrameType.SERVER_NOTIFICATION:
            if (event := event_from_frame(frame)) is not None:
                self._on_event(event)
        elif frame.type == FrameType.CONNECTION_DETAILS:
            if not self._first.done():
                self._first.set_result(connection_details(frame))
        elif (waiting := self._replies.get(frame.message_id or "")) is not None:
            if not waiting.done():
                waiting.set_result(frame)
        elif frame.type == FrameType.ERROR:
            self._note_error(frame)

    def _adopt(self, frame: Frame) -> None:
        """Keep the newest recovery token: a higher sequence, or the first of this connection (protocol 3.4)."""
        newest = frame.recovery
        if newest is not None and (
            self.recovery is None or newest.sequence > self.recovery.sequence
        ):
            self.recovery = newest

    def _note_error(self, frame: Frame) -> None:
        error = error_from_reply(frame.status, frame.body)
        code = frame.body.get("errorCode") if isinstance(frame.body, dict) else None
        self.error_code = (
            code if isinstance(code, str) and len(code) <= 10 else error.code
        )
        _LOGGER.debug("The service reported %s", self.error_code)
        if not self._first.done():
            self._first.set_exception(RetryLater(Reason.SERVICE_ERROR, self.error_code))

    async def _keep_alive(self) -> None:
        """Send a Heartbeat after silence, and give the peer up that does not answer it (protocol 3.5)."""
        interval = min(HEARTBEAT_AFTER, self.details.idle_timeout / 3)
        deadline = min(HEARTBEAT_DEADLINE, max(1.0, self.details.idle_timeout / 4))
        speak_every = min(_SPEAK_EVERY, self.details.idle_timeout / 3)
        while True:
            await asyncio.sleep(interval / 3)
            now = self._loop.time()
            if now - self._heard < interval and now - self._spoke < speak_every:
                continue
            try:
                await self.heartbeat(deadline)
            except RetryLater:
                if self._heard < now:
                    _LOGGER.debug(
                        "No sign of life for %.0f s", self._loop.time() - self._heard
                    )
                    self._gone()
                    return

    def _gone(self) -> None:
        """Tell everyone who waits that the socket is no more; who owns the connection closes it."""
        if self.closed.is_set():
            return
        self.closed.set()
        for task in self._tasks:
            if task is not asyncio.current_task():
                task.cancel()
        waiting: list[asyncio.Future[Any]] = [self._first, *self._replies.values()]
        for future in waiting:
            if not future.done():
                future.set_exception(RetryLater(Reason.CANNOT_CONNECT, self.error_code))
        # Nobody may be waiting for the first frame any more.
        if not self._first.cancelled():
            self._first.exception()
