"""What survives the loss of a socket for a while (docs/protocol.md 3.4)."""

from collections import deque
from dataclasses import dataclass, field
import secrets
from typing import Any, Protocol
import zlib

from .clock import Clock, Timer
from .counters import Counters
from .delivery import Envelope
from .faults import Faults
from .subscriptions import Subscription, Subscriptions
from .tokens import Session

BUFFER_SIZE = 100
"""Events kept for a recovery: the newest."""
TOO_LATE = "WSG-1001"
"""Our choice: the service's code for an unknown or expired context is not known."""


def new_token() -> str:
    """Return a recovery token; it ends with a checksum, so that we recognize invented ones."""
    head = secrets.token_urlsafe(24)
    return f"{head}{zlib.crc32(head.encode()):08x}"


def well_formed(token: str) -> bool:
    """Whether we made a token, even if we no longer know it."""
    head, check = token[:-8], token[-8:]
    return bool(head) and f"{zlib.crc32(head.encode()):08x}" == check


class Line(Protocol):
    """The socket of a context, as far as the context uses it."""

    @property
    def holding(self) -> bool:
        """Whether events wait until what was missed has been sent."""

    def write(
        self,
        on: str,
        meta: dict[str, Any],
        *body: Any,
        method: str = "",
        path: str = "",
        position: int = 0,
    ) -> bool:
        """Queue a frame; return whether it will be sent."""

    def abort(self, *, recoverable: bool = True) -> None:
        """Cut the connection without a close frame."""

    def next_sequence(self) -> int:
        """Return the next sequence of the socket's recovery tokens."""

    def token(self, context: Context, position: int | None) -> str:
        """Return a new recovery token of a context."""


@dataclass(slots=True)
class Context:
    """One WebSocket session: its subscription and its newest events.

    It outlives its socket by the recovery time, so that a new socket can take it over.
    """

    session: Session
    subscription: Subscription | None = None
    events: deque[tuple[int, Envelope]] = field(
        default_factory=lambda: deque(maxlen=BUFFER_SIZE)
    )
    """The newest events with their positions, sent or not."""
    position: int = 0
    """The position of the newest event."""
    sent: int = 0
    """The position up to which events were written to a socket."""
    socket: Line | None = None
    recoverable: bool = True
    timer: Timer | None = None
    tokens: dict[str, int | None] = field(default_factory=dict)
    """The context's recovery tokens, each with the position of the event that carried it."""

    def keep(self, envelope: Envelope) -> int:
        """Put an event into the buffer and return its position."""
        self.position += 1
        self.events.append((self.position, envelope))
        return self.position

    def missed(self, since: int) -> list[tuple[int, Envelope]]:
        """Return the kept events after a position, oldest first."""
        return [(at, envelope) for at, envelope in self.events if at > since]


@dataclass(frozen=True, slots=True)
class Recovered:
    """The result of a request to recover."""

    context: Context | None = None
    since: int = 0
    error: str | None = None
    """`recoveryErrorCode` if it failed."""


@dataclass(slots=True)
class Contexts:
    """All WebSocket sessions, attached or waiting for their client."""

    clock: Clock
    faults: Faults
    counters: Counters
    subscriptions: Subscriptions
    _by_token: dict[str, Context] = field(default_factory=dict)

    def open(self, session: Session) -> Context:
        """Return a new context."""
        return Context(session)

    def token(self, context: Context, position: int | None = None) -> str:
        """Return a new recovery token of a context."""
        value = new_token()
        context.tokens[value] = position
        self._by_token[value] = context
        while len(context.tokens) > BUFFER_SIZE:
            oldest = next(iter(context.tokens))
            del context.tokens[oldest]
            del self._by_token[oldest]
        return value

    def recover(self, token: str, session: Session) -> Recovered:
        """Return the context of a token for a new socket, or the reason why there is none."""
        match self.faults.recovery:
            case "normal":
                pass
            case "fail":
                return Recovered(error=TOO_LATE)
            case code:
                return Recovered(error=code)
        context = self._by_token.get(token)
        if context is None or not context.recoverable:
            return Recovered(error=TOO_LATE)
        if context.session is not session:
            return Recovered(error="WSG-1003")
        if context.subscription is None:
            return Recovered(error="WSG-1005")
        position = context.tokens.get(token)
        since = context.sent if position is None else position
        return Recovered(context, since + self._lost(context, since))

    def _lost(self, context: Context, since: int) -> int:
        """Return how many of the missed events a fault swallows."""
        return min(self.faults.recovery_loses, max(0, context.position - since))

    def attach(self, context: Context) -> None:
        """Resume a context."""
        if context.timer is not None:
            context.timer.cancel()
            context.timer = None
        if context.subscription is not None:
            self.subscriptions.park(context.subscription, parked=False)

    def detach(self, context: Context) -> None:
        """Keep a context whose socket is gone for the recovery time."""
        context.socket = None
        if not context.recoverable:
            self.drop(context)
            return
        if context.subscription is not None and context.session.ended:
            # Its tokens still refer to their OAuth session; the next sign-in is another session.
            self.subscriptions.delete(context.subscription)
            context.subscription = None
        elif context.subscription is not None:
            self.subscriptions.park(context.subscription, parked=True)
        life = self.clock.life(self.faults.recovery_timeout)
        context.timer = self.clock.call_later(life, lambda: self.drop(context))

    def drop(self, context: Context) -> None:
        """Forget a context and end its subscription."""
        context.recoverable = False
        if context.timer is not None:
            context.timer.cancel()
            context.timer = None
        if context.subscription is not None:
            self.subscriptions.delete(context.subscription)
            context.subscription = None
        for token in context.tokens:
            self._by_token.pop(token, None)
        context.tokens.clear()
