"""Whether events may have been missed across sockets, and what has happened so far. Pure."""

from collections import deque
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from ..auth import Token
from ..errors import RetryLater, RingCentralError
from ..models import Event


class Continuity(StrEnum):
    """Whether events may have been missed before the stream became live."""

    RECOVERED = "recovered"
    REPLACED = "replaced"
    BROKEN = "broken"


class StreamListener(Protocol):
    """Receives what the stream reports; every method returns at once."""

    def stream_live(self, continuity: Continuity) -> None:
        """The subscription is live. After ``BROKEN`` events may be missing: read presence."""

    def stream_lost(self, error: RingCentralError) -> None:
        """The socket is gone, or could not be opened; the next try follows."""

    def stream_event(self, event: Event) -> None:
        """An event arrived."""

    def stream_token(self, token: Token) -> None:
        """This is the current token, which may be the same as before."""


@dataclass(slots=True)
class StreamHistory:
    """What has happened so far, for diagnostics: counts, and times in seconds of the loop's clock."""

    connects: int = 0
    recoveries: int = 0
    replacements: int = 0
    subscribes: int = 0
    losses: int = 0
    live_since: float | None = None
    last_event: float | None = None
    close_codes: deque[int | None] = field(default_factory=lambda: deque(maxlen=20))
    error_codes: deque[str] = field(default_factory=lambda: deque(maxlen=20))


class Course:
    """The stream's course across sockets: live or lost, and whether a break has yet to be reported.

    Attributes:
        history: counts and times for diagnostics.
    """

    def __init__(self, history: StreamHistory | None = None) -> None:
        """Begin without a connection; go on counting in ``history``, if given."""
        self.history = history or StreamHistory()
        self._missed = False

    @property
    def is_live(self) -> bool:
        """Whether events are arriving now."""
        return self.history.live_since is not None

    def went_live(self, continuity: Continuity, now: float) -> Continuity:
        """Become live, and return what to report: a break that was found meanwhile takes precedence."""
        self.history.live_since = now
        missed, self._missed = self._missed, False
        return Continuity.BROKEN if missed else continuity

    def missed_events(self) -> bool:
        """Note that events were lost; return whether to report that now, and not once the stream is live."""
        self._missed = not self.is_live
        return self.is_live

    @property
    def is_break_unreported(self) -> bool:
        """Whether a break has yet to be reported although the stream is live, because the listener failed."""
        return self._missed and self.is_live

    def reported(self, continuity: Continuity, *, is_handled: bool) -> None:
        """Note that the listener was told this; a break that it could not handle has yet to be reported."""
        if continuity is Continuity.BROKEN:
            self._missed = not is_handled

    def lost(self, error: RetryLater) -> None:
        """Count a loss, if there was something to lose."""
        if error.code is not None:
            self.history.error_codes.append(error.code)
        if self.is_live:
            self.history.losses += 1
        self.history.live_since = None
