"""The calls of one extension as last known, and their events."""

from datetime import datetime
from enum import StrEnum
from typing import Final, NamedTuple, override

from ..models import ActiveCall, CallDirection, TelephonyStatus, repr_without

# Seconds for which a ringing call may disappear and come back (docs/protocol.md 4.5).
NO_CALL_GAP: Final = 1.5


class CallPhase(StrEnum):
    """How far a call is."""

    RINGING = "ringing"
    DIALING = "dialing"
    CONNECTED = "connected"
    HELD = "held"
    PARKED = "parked"


PHASES: Final = {
    TelephonyStatus.RINGING: CallPhase.RINGING,
    TelephonyStatus.CALL_CONNECTED: CallPhase.CONNECTED,
    TelephonyStatus.ON_HOLD: CallPhase.HELD,
    TelephonyStatus.PARKED_CALL: CallPhase.PARKED,
}
RINGS: Final = frozenset({CallPhase.RINGING, CallPhase.DIALING})
TALKS: Final = frozenset({CallPhase.CONNECTED, CallPhase.HELD})
# A call on the line comes before one that waits.
_FOREMOST: Final = (
    CallPhase.CONNECTED,
    CallPhase.RINGING,
    CallPhase.DIALING,
    CallPhase.HELD,
    CallPhase.PARKED,
)


class CallEventType(StrEnum):
    """What happened to a call; when several things happen at once, those that end a call come first.

    ``missed`` is the end of an inbound call that rang here and was never connected
    here: the caller hung up, it was rejected, or went to voicemail. A queue call that
    another member answered is missed here as well; `CallEvent.queue_call` tells it
    apart. ``dialing`` is an outbound call before it connects.
    """

    MISSED = "missed"
    ENDED = "ended"
    PARKED = "parked"
    HELD = "held"
    RESUMED = "resumed"
    ANSWERED = "answered"
    DIALING = "dialing"
    RINGING = "ringing"


class CallEvent(NamedTuple):
    """Something that happened to a call while we were connected."""

    type: CallEventType
    call: str
    """The same for every event of one call; the service's id where it gives one."""
    direction: CallDirection | None
    """None if the account gives no call details."""
    queue_call: bool | None
    """Whether the call came through a queue."""
    started_at: datetime | None
    """The service's start time, or else when the call was first seen; None if it began
    before we connected."""
    duration: float | None = None
    """Seconds talked, including hold, for ``ended`` and ``parked``; None if the call was
    never connected, or not all of it was seen."""
    number: str | None = None
    """Number of the other party."""
    name: str | None = None
    """Name of the other party."""
    queue: str | None = None
    """Name of the call queue that the call came through, if the service says."""
    called_number: str | None = None
    """Which of the extension's own numbers was called; None for an outbound call."""

    @override
    def __repr__(self) -> str:
        return repr_without(self, "number", "name", "queue", "called_number")


class Call(NamedTuple):
    """One call as last known."""

    key: str
    phase: CallPhase
    direction: CallDirection | None = None
    queue_call: bool | None = None
    began: datetime | None = None
    """As `CallEvent.started_at`."""
    answered: bool = False
    """Whether it was ever connected here."""
    talking_since: float | None = None
    """In seconds of the clock of `reducer.advance`."""
    talked: float | None = 0.0
    """Seconds talked before ``talking_since``; None if a part was not seen."""
    gone_at: float | None = None
    """When a ringing call went missing, by the same clock, while its end is uncertain."""
    is_elsewhere: bool = False
    """Whether the service says that another device of the extension connected it."""
    legs: tuple[ActiveCall, ...] = ()
    """The items that it is listed as: none without call details, two for a RingOut."""

    @property
    def party(self) -> tuple[str | None, str | None]:
        """Number and name of the other party."""
        if len(self.legs) == 1:
            return other_party(self.legs[0])
        parties = [other_party(leg) for leg in self.legs]
        return (
            next((number for number, _ in parties if number), None),
            next((name for _, name in parties if name), None),
        )

    @property
    def number(self) -> str | None:
        """Number of the other party."""
        return self.party[0]

    @property
    def name(self) -> str | None:
        """Name of the other party."""
        return self.party[1]

    @property
    def queue(self) -> str | None:
        """Name of the call queue that it came through."""
        for leg in self.legs:
            if leg.queue:
                return leg.queue
        return None

    @property
    def called_number(self) -> str | None:
        """Which of the extension's own numbers was called."""
        if self.direction is not CallDirection.INBOUND:
            return None
        for leg in self.legs:
            if leg.to_number:
                return leg.to_number
        return None

    def is_gone(self, clock: float) -> bool:
        """Whether a missing call will not come back."""
        return self.gone_at is not None and clock - self.gone_at >= NO_CALL_GAP

    def duration(self, clock: float) -> float | None:
        """Return the seconds talked, as `CallEvent.duration`."""
        if not self.answered or self.talked is None:
            return None
        if self.talking_since is None:
            return self.talked
        return self.talked + max(0.0, clock - self.talking_since)


class Calls(NamedTuple):
    """The calls of one extension as last known.

    A ringing call that disappears without the service calling that final goes on ringing
    here for `NO_CALL_GAP`, so that nothing flaps if it comes back; it stops once its end
    is reported. The telephony status of the presence does show the gap. Connected and
    held calls leave at once, so ``on_call`` is never late.
    """

    calls: tuple[Call, ...] = ()
    unseen: int = 0
    """How many further calls there are, beyond those that were ever listed."""
    begun: int = 0
    """How many calls have begun so far, which names those without an id."""
    listed: tuple[ActiveCall, ...] | None = None
    status: TelephonyStatus | None = None
    total: int | None = None

    @property
    def on_call(self) -> bool:
        """Whether a call is connected or held."""
        return bool([call for call in self.calls if call.phase in TALKS])

    @property
    def ringing(self) -> bool:
        """Whether a call rings here; an outbound one does not."""
        return bool([call for call in self.calls if call.phase is CallPhase.RINGING])

    @property
    def in_progress(self) -> int:
        """How many calls there are, including any beyond those that the service lists."""
        return len(self.calls) + self.unseen

    @property
    def longest_began(self) -> datetime | None:
        """When the longest call began, as far as known."""
        return min([call.began for call in self.calls if call.began], default=None)

    @property
    def foremost(self) -> Call | None:
        """The most prominent call: connected before ringing before held, and the newest of those."""
        return min(
            reversed(self.calls),
            key=lambda call: _FOREMOST.index(call.phase),
            default=None,
        )

    def newest(self, phase: CallPhase) -> Call | None:
        """Return the call that was listed last, of those that are in a phase."""
        return next(
            (call for call in reversed(self.calls) if call.phase is phase), None
        )

    @property
    def due(self) -> float | None:
        """When, by its clock, `advance` has to be called again whatever else happens; None if it need not."""
        gaps = [call.gone_at for call in self.calls if call.gone_at is not None]
        return min(gaps) + NO_CALL_GAP if gaps else None


class Step(NamedTuple):
    """The calls after a step, and what happened in it."""

    state: Calls
    events: tuple[CallEvent, ...] = ()


def other_party(leg: ActiveCall) -> tuple[str | None, str | None]:
    """Return the number and name of the other party, as far as the direction tells which that is."""
    if leg.direction is CallDirection.INBOUND:
        return leg.from_number, leg.from_name
    if leg.direction is CallDirection.OUTBOUND:
        return leg.to_number, leg.to_name
    return None, None
