"""One connected socket: its frames, its timers and its end (docs/protocol.md 3.2 to 3.5)."""

import asyncio
from collections.abc import Callable
import contextlib
import logging
from typing import Any
import uuid

from aiohttp import WSMessage, WSMsgType, web

from . import frames
from .api import Api, Reply, Request, parse_target
from .delivery import Envelope
from .errors import ApiError, invalid_uri, token_invalid
from .liveness import Liveness
from .notification import deliver, write_event
from .odd import next_odd
from .odd_frames import odd_frame
from .outbox import Outbox
from .recovery import Context, Contexts
from .service import Service
from .subscriptions import Subscription
from .tokens import Session

LOGGER = logging.getLogger(__name__)

MAX_ACTIVE_REQUESTS = 10


class Socket:
    """The server's end of one client socket."""

    def __init__(
        self,
        service: Service,
        api: Api,
        contexts: Contexts,
        ws: web.WebSocketResponse,
        transport: asyncio.Transport | None,
        session: Session,
        changed: Callable[[], None],
    ) -> None:
        """Take the connection and its session; `changed` is called after every step."""
        self._service, self._api, self._contexts = service, api, contexts
        self._ws, self._transport = ws, transport
        self.session, self._changed = session, changed
        self.context = contexts.open(session)
        self._outbox = Outbox(ws, self._sent)
        self._tasks: set[asyncio.Task[None]] = set()
        self._active = 0
        self._liveness = Liveness(
            service, expire=self._expire, ping=self._ping, abort=self.abort
        )
        self._replay: asyncio.TimerHandle | None = None
        self._since = 0
        self.holding = False
        """Events wait until what was missed has been sent."""
        self._sequence = 1
        self._closing = False
        self._close_task: asyncio.Task[None] | None = None

    # What REST handlers may ask of the socket.

    @property
    def subscription(self) -> Subscription | None:
        """The socket's one subscription."""
        return self.context.subscription

    def subscribe(self, subscription: Subscription | None) -> None:
        """Make it the socket's subscription."""
        self.context.subscription = subscription

    def notify(self, envelope: Envelope) -> None:
        """Send an event, or keep it if the socket is gone or silent.

        This is bound to the context, so that a subscription's events find its new socket.
        """
        deliver(self.context, envelope, self._service)

    # The life of the socket.

    async def run(self) -> None:
        """Serve until the socket closes."""
        service = self._service
        writer = asyncio.create_task(self._outbox.run())
        self._tasks.add(writer)
        self._liveness.start()
        try:
            async for message in self._ws:
                self._receive(message)
        finally:
            self._liveness.stop()
            if self._replay is not None:
                self._replay.cancel()
            if not self._closing:
                service.counters.sockets_closed_by_client += 1
            if self._close_task is not None:
                await self._close_task
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def send(
        self, frame: str | bytes, *, loud: bool = False, position: int = 0
    ) -> bool:
        """Queue a frame; `loud` bypasses the silent-socket fault. Return whether it will be sent.

        Note the position of the event in it: an event that is still queued when the socket is
        lost has not been sent, and a recovery sends it.
        """
        if self._closing or (self._service.faults.silent_sockets and not loud):
            return False
        if self._outbox.full:
            LOGGER.warning("A client does not read its events, its socket is cut")
            self.abort()
            return False
        self._outbox.put(frame, position)
        return True

    def write(
        self,
        on: str,
        meta: dict[str, Any],
        *body: Any,
        method: str = "",
        path: str = "",
        position: int = 0,
    ) -> bool:
        """Queue a frame of a meta and, if given, a body, after applying an odd switch.

        Return whether it will be sent; an event that a switch loses counts as sent.
        """
        service = self._service
        switches = service.faults.odd
        path, _, query = path.partition("?")
        if not switches or not (odd := next_odd(switches, on, method, path, query)):
            return self.send(frames.dump(meta, *body), position=position)
        service.counters.odd[f"{odd.kind} {on}"] += 1
        made = odd_frame(odd, meta, list(body), path)
        if made.cut:
            self.abort()
            return False
        self.context.sent = max(self.context.sent, position)
        for frame in made.frames:
            if made.seconds > 0:
                self._later(made.seconds, frame)
            else:
                self.send(frame)
        return True

    def _later(self, seconds: float, frame: str | bytes) -> None:
        async def send() -> None:
            await asyncio.sleep(seconds)
            self.send(frame)

        self._start(send())

    def replay(self, since: int) -> None:
        """Send the events that a recovered context missed, and then new ones, in order.

        Wait a moment after ConnectionDetails: an official client starts to listen only then,
        and is known to get these events from the service.
        """
        self.holding, self._since = True, since
        self._replay = asyncio.get_running_loop().call_later(
            self._service.faults.replay_delay, self._send_missed
        )

    def _send_missed(self) -> None:
        if not self.holding:
            return
        self.holding, since = False, self._since
        for position, envelope in self.context.missed(since):
            self._service.counters.events_replayed += 1
            write_event(self.context, self, position, envelope, self._service)

    def end(self, code: int, *, recoverable: bool = True) -> None:
        """Close with a code after sending what is queued."""
        if self._closing:
            return
        if not recoverable:
            self.context.recoverable = False
        self._closing = True
        self._close_task = asyncio.create_task(self._close(code))

    def abort(self, *, recoverable: bool = True) -> None:
        """Cut the TCP connection without a close frame."""
        if not recoverable:
            self.context.recoverable = False
        self._closing = True
        if self._transport is not None:
            self._transport.abort()

    async def _close(self, code: int) -> None:
        with contextlib.suppress(ConnectionError, RuntimeError):
            await self._outbox.flush()
            await self._ws.close(code=code)

    def _sent(self, position: int) -> None:
        self.context.sent = max(self.context.sent, position)
        self._service.counters.events_sent += 1

    def _start(self, work: Any) -> None:
        task: asyncio.Task[None] = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # What its timers do.

    def _expire(self, code: str) -> None:
        self.send(frames.error(code, None))
        # A context continues in a new socket when this one reaches its age limit.
        self.end(self._service.faults.timeout_end_code)

    def _ping(self) -> None:
        if not self._closing:
            self._start(self._send_ping())

    async def _send_ping(self) -> None:
        with contextlib.suppress(ConnectionError, RuntimeError):
            await self._ws.ping()

    # Frames of the client.

    def _receive(self, message: WSMessage) -> None:
        match message.type:
            case WSMsgType.PONG:
                self._liveness.ponged()
            case WSMsgType.PING:
                # A ping keeps the connection, but not the session: the idle time continues.
                if not self._service.faults.silent_sockets:
                    self._start(self._send_pong(message.data))
            case WSMsgType.TEXT:
                self._liveness.heard()
                self._frame(message.data)
            case WSMsgType.BINARY:
                self._liveness.heard()
                self.send(frames.error("WSG-400", None))
            case _:
                pass
        self._changed()

    async def _send_pong(self, data: bytes) -> None:
        with contextlib.suppress(ConnectionError, RuntimeError):
            await self._ws.pong(data)

    def _frame(self, text: str) -> None:
        if not self._service.faults.replay_late:
            # Send the missed events before replying to anything that is requested now.
            self._send_missed()
        try:
            frame = frames.parse(text)
        except frames.FrameError as error:
            self.send(frames.error(error.code, error.message_id))
            return
        if frame.type == "Heartbeat":
            self._service.counters.heartbeats += 1
            self.write("heartbeat", frames.heartbeat_meta(frame.message_id))
        elif self._active >= MAX_ACTIVE_REQUESTS:
            self.send(frames.error("WSG-429", frame.message_id))
        else:
            self._active += 1
            self._service.counters.socket_requests += 1
            self._start(self._request(frame))

    async def _request(self, frame: frames.ClientFrame) -> None:
        try:
            reply = await self._answer(frame)
        finally:
            self._active -= 1
        if reply.lost:
            return
        meta = {
            "type": "ClientRequest",
            "messageId": frame.message_id,
            "status": reply.status,
            "headers": {**reply.headers, "Content-Type": reply.content_type},
        }
        path, _ = parse_target(frame.path)
        if reply.status == 204:
            self.write("socket", meta, method=frame.method, path=path)
        elif reply.raw is not None:
            # This is not JSON: append it as it is to the meta element, as the service does.
            self.send(f"{frames.dump(meta)[:-1]},{reply.raw}]")
        else:
            self.write("socket", meta, reply.body, method=frame.method, path=path)
        self._changed()

    async def _answer(self, frame: frames.ClientFrame) -> Reply:
        service = self._service
        path, query = parse_target(frame.path)
        if not service.tokens.alive(self.session):
            return _failure(token_invalid("OAU-128"), service)
        if not path.startswith("/restapi/v1.0/"):
            return _failure(invalid_uri(), service)
        return await self._api.answer(
            Request(
                frame.method,
                path,
                [*query, *frame.query],
                dict(frame.headers),
                frame.body,
                self.session,
                "",
                self,
            )
        )

    def next_sequence(self) -> int:
        """Return the next sequence of the socket's recovery tokens."""
        self._sequence += 1
        return self._sequence

    def token(self, context: Context, position: int | None) -> str:
        """Return a new recovery token for the socket's context."""
        return self._contexts.token(context, position)


def _failure(error: ApiError, service: Service) -> Reply:
    return Reply(
        error.status,
        error.body(service.faults.error_shape),
        {"RCRequestId": str(uuid.uuid4())},
    )
