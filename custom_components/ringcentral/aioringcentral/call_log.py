"""The user's call log (docs/protocol.md 2.11): what its records say, and how a missed call ended. Pure."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, NamedTuple, Self, override

from . import wire
from .models import CallDirection, repr_without

READ_PERMISSION: Final = "ReadCallLog"
# Seconds of the longest call that is believed.
_LONGEST: Final = 7 * 86_400.0
_DIRECTIONS: Final = wire.Members(CallDirection)


class Outcome(StrEnum):
    """How a missed call ended, as the call log says; ``unknown`` if it says nothing more precise."""

    VOICEMAIL = "voicemail"
    REJECTED = "rejected"
    ANSWERED_ELSEWHERE = "answered_elsewhere"
    ABANDONED = "abandoned"
    UNKNOWN = "unknown"


# What ``result`` says of a call that came in (docs/protocol.md 2.11).
_OUTCOMES: Final = {
    "Voicemail": Outcome.VOICEMAIL,
    "Sent to Voicemail": Outcome.VOICEMAIL,
    "Rejected": Outcome.REJECTED,
    "Declined": Outcome.REJECTED,
    "Answered Elsewhere": Outcome.ANSWERED_ELSEWHERE,
    "Abandoned": Outcome.ABANDONED,
    "Hang Up": Outcome.ABANDONED,
}
_MISSED: Final = frozenset({*_OUTCOMES, "Missed", "No Answer"})
_IN_PROGRESS: Final = "In Progress"


class LoggedCall(NamedTuple):
    """One record of the call log; what cannot be read is None."""

    id: str
    started_at: datetime
    duration: float = 0.0
    """Seconds; 0 for a call that was never connected."""
    direction: CallDirection | None = None
    result: str | None = None
    session: str | None = None
    """As `ActiveCall.telephony_session_id`."""
    party: str | None = None
    """As `ActiveCall.party_id`."""
    number: str | None = None
    """Number of the other party."""
    name: str | None = None
    """Name of the other party."""

    @override
    def __repr__(self) -> str:
        return repr_without(self, "number", "name")

    @classmethod
    def from_wire(cls, item: Mapping[str, Any]) -> Self | None:
        """Read one record; return None if it is not a call whose time is known."""
        key = wire.identifier(item.get("id"))
        started = wire.moment(item.get("startTime"))
        if key is None or started is None or item.get("type", "Voice") != "Voice":
            return None
        direction = _DIRECTIONS.read(item.get("direction"))
        side = "to" if direction is CallDirection.OUTBOUND else "from"
        other = wire.mapping(item.get(side))
        return cls(
            id=key,
            started_at=started,
            duration=wire.seconds(item.get("duration"), _LONGEST) or 0.0,
            direction=direction,
            result=wire.text(item.get("result")),
            session=wire.identifier(item.get("telephonySessionId")),
            party=wire.identifier(item.get("partyId")),
            number=wire.phone(other.get("phoneNumber"))
            or wire.phone(other.get("extensionNumber")),
            name=wire.name(other.get("name")),
        )

    @property
    def is_inbound(self) -> bool:
        """Whether the call came in."""
        return self.direction is CallDirection.INBOUND

    @property
    def is_missed(self) -> bool:
        """Whether it came in and was not answered here."""
        return self.is_inbound and self.result in _MISSED

    @property
    def outcome(self) -> Outcome:
        """How the call ended; only meaningful for a missed call."""
        return _OUTCOMES.get(self.result or "", Outcome.UNKNOWN)


def calls_from_wire(body: Any) -> tuple[LoggedCall, ...] | None:
    """Read the records of a reply; return None if it has no list of them."""
    if (records := wire.listed(body, "records")) is None:
        return None
    found = map(LoggedCall.from_wire, records)
    return tuple(each for each in found if each is not None)


def outcome_of(
    calls: Iterable[LoggedCall], session: str, party: str | None
) -> Outcome | None:
    """Return how an inbound call ended, or None if the log has no record of it, or none of its end.

    The call is recognized by its telephony session. Of several records, the one of its own party counts; if
    they contradict each other, nothing is known.
    """
    found = [
        call
        for call in calls
        if call.session == session and call.is_inbound and call.result != _IN_PROGRESS
    ]
    found = [call for call in found if call.party == party] or found
    outcomes = {call.outcome for call in found}
    if len(outcomes) > 1:
        return Outcome.UNKNOWN
    return outcomes.pop() if outcomes else None
