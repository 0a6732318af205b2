"""One WebSocket without the I/O: frames and the time go in; events, frames to send and deadlines come out.

Times are seconds of one monotonic clock. The caller sends what `outgoing` returns, passes every frame to
`receive`, and calls `tick` at the time of `due`; `connection` is the shell that does so with aiohttp.
"""

from collections.abc import Callable, Mapping, Sequence
import logging
from typing import Any, Final, NamedTuple
from uuid import uuid4

from ..errors import Reason, RetryLater
from ..models import Event
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
from .recovery import Replay

_LOGGER = logging.getLogger(__name__)

# Most seconds from the connect to ConnectionDetails, and from a request to its reply; usually it takes less than one.
OPEN_TIMEOUT: Final = 15.0
REPLY_TIMEOUT: Final = 20.0
# Seconds of silence before a Heartbeat is sent, and seconds without a sign of life after it (docs/protocol.md 3.5).
HEARTBEAT_AFTER: Final = 30.0
HEARTBEAT_DEADLINE: Final = 15.0
# Seconds after which we send something even while events arrive, which may not count as activity of ours.
_SPEAK_EVERY: Final = 300.0


class Opened(NamedTuple):
    """ConnectionDetails arrived: requests may be sent."""

    details: ConnectionDetails


class Answered(NamedTuple):
    """A request or heartbeat is over, with its reply, or None if none came in time."""

    message_id: str
    reply: Frame | None


class Failed(NamedTuple):
    """The socket is no longer of use, and has to be closed."""

    error: RetryLater


class Overflowed(NamedTuple):
    """A recovery replayed as many events as the service keeps, so more may be lost."""


# Stands in for a frame that cannot be read, which may have been an event about anybody.
UNREADABLE: Final = Event("", {})

type Output = Event | Opened | Answered | Failed | Overflowed


class _Pending(NamedTuple):
    is_heartbeat: bool
    deadline: float


def _new_id() -> str:
    return str(uuid4())


class SocketProtocol:
    """The client's side of one WebSocket.

    Attributes:
        details: limits of this connection; until ConnectionDetails arrives, the documented ones.
        recovery: the newest recovery token, or None.
        error_code: the code of the last Error frame, or None.
        opened_at: when the socket opened, in seconds of the clock.
    """

    def __init__(self, now: float, *, new_id: Callable[[], str] = _new_id) -> None:
        """Begin with a socket that has just opened."""
        self.details = ConnectionDetails()
        self.recovery: RecoveryToken | None = None
        self.error_code: str | None = None
        self.opened_at = now
        self._new_id = new_id
        self._is_open = self._is_closed = False
        self._open_by = now + OPEN_TIMEOUT
        self._heard = self._spoke = now
        self._pending: dict[str, _Pending] = {}
        self._outgoing: list[str] = []
        self._replay: Replay | None = None
        # Our own heartbeat that has not been answered yet, and when it was sent.
        self._beat: tuple[str, float] | None = None

    # What the caller does.

    def receive(self, frame: str | bytes, now: float) -> Sequence[Output]:
        """Handle one frame; if it cannot be read, nothing else is affected."""
        self._heard = now
        parsed = parse_frame(frame)
        if parsed is None:
            _LOGGER.debug("Skipped an unreadable frame of %d characters", len(frame))
            return (UNREADABLE,) if self._is_open else ()
        if (token := parsed.recovery) is not None:
            self._adopt(token)
        if parsed.type == FrameType.SERVER_NOTIFICATION:
            return self._event(parsed, now)
        if parsed.type == FrameType.CONNECTION_DETAILS:
            return self._opened(parsed, now)
        return self._reply(parsed)

    def request(
        self, method: str, path: str, body: Mapping[str, Any] | None, now: float
    ) -> str:
        """Queue a REST request and return its message id; it ends with `Answered` (docs/protocol.md 3.2)."""
        message_id = self._new_id()
        text = request_frame(message_id, method, path, body)
        return self._ask(message_id, text, _Pending(False, now + REPLY_TIMEOUT), now)

    def heartbeat(self, now: float, deadline: float | None = None) -> str:
        """Queue a Heartbeat and return its message id; its echo means that all that was sent before it has arrived."""
        message_id = self._new_id()
        by = now + (HEARTBEAT_DEADLINE if deadline is None else deadline)
        return self._ask(
            message_id, heartbeat_frame(message_id), _Pending(True, by), now
        )

    def forget(self, message_id: str) -> None:
        """Drop a request whose reply is no longer of interest."""
        self._pending.pop(message_id, None)

    def outgoing(self) -> Sequence[str]:
        """Return the frames to send now, each once."""
        frames, self._outgoing = self._outgoing, []
        return frames

    def due(self) -> float:
        """Return when to call `tick` next, as far as is known now."""
        if self._is_closed:
            return float("inf")
        times = [pending.deadline for pending in self._pending.values()]
        if not self._is_open:
            times.append(self._open_by)
        elif self._beat is None:
            times.append(self._beat_at())
        return min(times)

    def tick(self, now: float) -> Sequence[Output]:
        """Do what is due: give up on late replies, send a Heartbeat after silence, give up on a dead peer."""
        if self._is_closed:
            return ()
        if not self._is_open and now >= self._open_by:
            return self._fail()
        late = [key for key, each in self._pending.items() if now >= each.deadline]
        for message_id in late:
            del self._pending[message_id]
        if self._beat is not None and self._beat[0] in late:
            (_, sent_at), self._beat = self._beat, None
            if self._heard < sent_at:
                _LOGGER.debug("No sign of life for %.0f s", now - self._heard)
                return [*(Answered(key, None) for key in late), *self._fail()]
        if self._is_open and self._beat is None and now >= self._beat_at():
            deadline = min(HEARTBEAT_DEADLINE, max(1.0, self.details.idle_timeout / 4))
            self._beat = (self.heartbeat(now, deadline), now)
        return [Answered(message_id, None) for message_id in late]

    def close(self) -> Sequence[Output]:
        """End: the socket is gone, and no more replies will come."""
        if self._is_closed:
            return ()
        return self._fail()

    # What the service sends.

    def _adopt(self, token: RecoveryToken) -> None:
        """Keep the newest recovery token: the one with the highest sequence, the last of several (docs/protocol.md 3.4)."""
        if self.recovery is None or token.sequence >= self.recovery.sequence:
            self.recovery = token

    def _event(self, frame: Frame, now: float) -> Sequence[Output]:
        event = event_from_frame(frame)
        if event is None:
            return (UNREADABLE,)
        if self._replay is None:
            return (event,)
        overflowed = self._replay.overflows(now)
        if overflowed or self._replay.is_over(now):
            self._replay = None
        return (event, Overflowed()) if overflowed else (event,)

    def _opened(self, frame: Frame, now: float) -> Sequence[Output]:
        if self._is_open or self._is_closed:
            return ()
        self._is_open = True
        self.details = connection_details(frame)
        if self.details.recovered:
            self._replay = Replay(self.details.recovery_buffer, now)
        return (Opened(self.details),)

    def _reply(self, frame: Frame) -> Sequence[Output]:
        message_id = frame.message_id or self._first_beat(frame)
        pending = self._pending.get(message_id)
        if pending is not None and frame.type in _REPLY_TYPES[pending.is_heartbeat]:
            del self._pending[message_id]
            if self._beat is not None and self._beat[0] == message_id:
                self._beat = None
            return (Answered(message_id, frame),)
        return self._error(frame) if frame.type == FrameType.ERROR else ()

    def _first_beat(self, frame: Frame) -> str:
        """Return the heartbeat that an echo without an id answers, since they come back in order."""
        if frame.type != FrameType.HEARTBEAT:
            return ""
        return next(
            (key for key, each in self._pending.items() if each.is_heartbeat), ""
        )

    def _error(self, frame: Frame) -> Sequence[Output]:
        """Remember why the service is about to close; an Error in place of ConnectionDetails is the end."""
        self.error_code = frame.error_code
        _LOGGER.debug("The service reported %s", self.error_code)
        if self._is_open or self._is_closed:
            return ()
        return self._fail(Reason.SERVICE_ERROR)

    def _ask(self, message_id: str, text: str, pending: _Pending, now: float) -> str:
        self._pending[message_id] = pending
        self._outgoing.append(text)
        self._spoke = now
        return message_id

    def _beat_at(self) -> float:
        """Return when a Heartbeat is due, well before the service considers the socket idle."""
        third = self.details.idle_timeout / 3
        return min(
            self._heard + min(HEARTBEAT_AFTER, third),
            self._spoke + min(_SPEAK_EVERY, third),
        )

    def _fail(self, reason: Reason = Reason.CANNOT_CONNECT) -> Sequence[Output]:
        self._is_closed = True
        lost = [Answered(message_id, None) for message_id in self._pending]
        self._pending.clear()
        self._outgoing.clear()
        return [*lost, Failed(RetryLater(reason, self.error_code))]


# An Error may answer either; if a Heartbeat came back, the socket works, whatever else is wrong.
_REPLY_TYPES: Final = {
    False: frozenset({FrameType.CLIENT_REQUEST, FrameType.ERROR}),
    True: frozenset({FrameType.HEARTBEAT, FrameType.ERROR}),
}
