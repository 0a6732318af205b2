"""What RingCentral sends, as immutable values. Names and numbers of the other party never show in a repr.

Values that are made for every event are named tuples, which are made, compared and replaced several times
faster than frozen dataclasses.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, NamedTuple, Self, override

from . import wire


class TelephonyStatus(StrEnum):
    """The telephony status of an extension, or of one call (docs/protocol.md 2.4, 4.3)."""

    NO_CALL = "NoCall"
    RINGING = "Ringing"
    CALL_CONNECTED = "CallConnected"
    ON_HOLD = "OnHold"
    PARKED_CALL = "ParkedCall"


class PresenceStatus(StrEnum):
    """The aggregated presence that the service computes (docs/protocol.md 4.6)."""

    AVAILABLE = "Available"
    BUSY = "Busy"
    OFFLINE = "Offline"


class UserStatus(StrEnum):
    """The presence that the user set."""

    AVAILABLE = "Available"
    BUSY = "Busy"
    OFFLINE = "Offline"


class DndStatus(StrEnum):
    """Do-not-disturb; the service's ``Unknown`` becomes None."""

    TAKE_ALL_CALLS = "TakeAllCalls"
    DO_NOT_ACCEPT_ANY_CALLS = "DoNotAcceptAnyCalls"
    DO_NOT_ACCEPT_DEPARTMENT_CALLS = "DoNotAcceptDepartmentCalls"
    TAKE_DEPARTMENT_CALLS_ONLY = "TakeDepartmentCallsOnly"


class MeetingStatus(StrEnum):
    """Whether the user is in a video meeting."""

    CONNECTED = "Connected"
    DISCONNECTED = "Disconnected"


class CallDirection(StrEnum):
    """Direction of a call, seen from the extension."""

    INBOUND = "Inbound"
    OUTBOUND = "Outbound"


class TerminationType(StrEnum):
    """How a call ended: ``final`` means for good; ``intermediate`` is deprecated (docs/protocol.md 4.3)."""

    FINAL = "final"
    INTERMEDIATE = "intermediate"


# An event lists the newest seven calls (docs/protocol.md 4.3).
LISTED_CALLS: Final = 7

TELEPHONY_STATUSES: Final = wire.Members(TelephonyStatus)
_DIRECTIONS: Final = wire.Members(CallDirection)
_TERMINATIONS: Final = wire.Members(TerminationType)


class ActiveCall(NamedTuple):
    """One item of ``activeCalls`` (docs/protocol.md 4.3); every field may be missing.

    Fields that stay true of a call come first; those that say how far it is come last.
    """

    id: str | None = None
    session_id: str | None = None
    telephony_session_id: str | None = None
    party_id: str | None = None
    direction: CallDirection | None = None
    start_time: datetime | None = None
    queue_call: bool | None = None
    from_number: str | None = None
    from_name: str | None = None
    to_number: str | None = None
    to_name: str | None = None
    queue: str | None = None
    """Name of the call queue that the call came through."""
    telephony_status: TelephonyStatus | None = None
    termination_type: TerminationType | None = None

    @override
    def __repr__(self) -> str:
        return repr_without(
            self, "from_number", "from_name", "to_number", "to_name", "queue"
        )

    @classmethod
    def from_wire(cls, item: Mapping[str, Any], before: Self | None = None) -> Self:
        """Read one item of ``activeCalls``; what cannot be read is None.

        ``before`` is the last such item that was read: what is sent unchanged need not be read again.
        """
        get = item.get
        # Positional, since keywords take longer and every event has such an item.
        lasting: tuple[Any, ...] = (
            get("id"),
            get("sessionId"),
            get("telephonySessionId"),
            get("partyId"),
            get("direction"),
            wire.moment(get("startTime")),
            wire.flag(get("queueCall")),
            get("from"),
            get("fromName"),
            get("to"),
            get("toName"),
            _queue(get("callInfo")),
        )
        # A text that passed the reader once would pass it unchanged again.
        if before is not None and lasting == before[:LASTING]:
            lasting = before[:LASTING]
        else:
            lasting = tuple(
                read(value) for read, value in zip(_READERS, lasting, strict=True)
            )
        return cls._make(
            (
                *lasting,
                TELEPHONY_STATUSES.read(get("telephonyStatus")),
                _TERMINATIONS.read(get("terminationType")),
            )
        )

    @property
    def is_over(self) -> bool:
        """Whether the service lists the call only to say that it ended (docs/protocol.md 4.5)."""
        return (
            self.telephony_status is TelephonyStatus.NO_CALL
            or self.termination_type is TerminationType.FINAL
        )


class Presence(NamedTuple):
    """Presence of one extension as last known; None is unknown.

    ``active_calls`` is None if the service gives no call details (plain event filter), and
    has at most the newest seven calls after an event; ``total_active_calls`` counts them all.
    ``sequence`` and ``sent_at`` are those of the newest event.
    """

    extension_id: str
    sequence: int | None = None
    sent_at: float | None = None
    telephony_status: TelephonyStatus | None = None
    presence_status: PresenceStatus | None = None
    user_status: UserStatus | None = None
    dnd_status: DndStatus | None = None
    meeting_status: MeetingStatus | None = None
    allow_see_my_presence: bool | None = None
    ring_on_monitored_call: bool | None = None
    pick_up_calls_on_hold: bool | None = None
    message: str | None = None
    active_calls: tuple[ActiveCall, ...] | None = None
    total_active_calls: int | None = None
    dnd_status_personal: DndStatus | None = None
    """Known only on accounts with new call handling (docs/protocol.md 10)."""

    @override
    def __repr__(self) -> str:
        return repr_without(self, "message")


class PresenceUpdate(NamedTuple):
    """What one event or one REST reply says about one extension.

    ``changes`` maps field names of `Presence` to values; it lacks fields that the service did not send.
    ``detailed`` says whether calls were asked for, in which case missing ``activeCalls`` mean no call.
    """

    extension_id: str
    sequence: int | None
    changes: Mapping[str, Any]
    detailed: bool
    sent_at: float | None = None
    """`Event.timestamp` in seconds since the epoch; readings have neither this nor a sequence."""
    is_dnd_implied: bool = False
    """Whether ``dnd_status`` was not sent, and stands for what ``dnd_status_personal`` says: on or off."""
    unreadable: frozenset[str] = frozenset()
    """Fields that were sent with a value that cannot be read: they are not in ``changes``."""
    unknown: tuple[tuple[str, str], ...] = ()
    """Fields with a word that this version does not know, each with the word, which may be anything."""

    @override
    def __repr__(self) -> str:
        return repr_without(self, "changes", "unknown")


class Event(NamedTuple):
    """One notification (docs/protocol.md 4.1).

    Attributes:
        uri: the event filter through which it came, with real ids; empty if what arrived cannot be read.
        body: what changed.
        timestamp: when the service sent it, which orders events without a ``sequence``
            (docs/protocol.md 10); None if it has no time that can be read.
    """

    uri: str
    body: Mapping[str, Any]
    timestamp: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Extension:
    """One extension of the account (docs/protocol.md 2.3). Types and statuses stay text: new ones appear over time."""

    id: str
    account_id: str | None = None
    number: str | None = field(default=None, repr=False)
    name: str | None = field(default=None, repr=False)
    type: str | None = None
    status: str | None = None
    is_admin: bool = False
    company: str | None = field(default=None, repr=False)

    @classmethod
    def from_wire(cls, item: Mapping[str, Any]) -> Self | None:
        """Read an extension record; return None if it has no id."""
        if (extension_id := wire.extension_id(item.get("id"))) is None:
            return None
        admin = wire.mapping(wire.mapping(item.get("permissions")).get("admin"))
        contact = wire.mapping(item.get("contact"))
        return cls(
            id=extension_id,
            account_id=wire.extension_id(wire.mapping(item.get("account")).get("id")),
            number=wire.phone(item.get("extensionNumber")),
            name=wire.name(item.get("name")),
            type=wire.text(item.get("type")),
            status=wire.text(item.get("status")),
            is_admin=admin.get("enabled") is True,
            company=wire.name(contact.get("company")),
        )

    @property
    def can_be_followed(self) -> bool:
        """Whether the service keeps a presence or calls for it (docs/protocol.md 2.4, 10)."""
        return (
            self.type not in _TYPES_WITHOUT_PRESENCE
            and self.status not in _STATUSES_WITHOUT_PRESENCE
        )

    @property
    def is_queue(self) -> bool:
        """Whether it is a call queue, whose calls wait for a member and are over here once one answers."""
        return self.type == "Department"

    @property
    def has_person(self) -> bool:
        """Whether it has more than calls, unlike a queue, pick-up group or park location."""
        return self.type not in _TYPES_WITHOUT_PERSON


def _as_it_is[ValueT](value: ValueT) -> ValueT:
    return value


# How many fields of an item stay true even if the service leaves them out the next time, and their readers.
LASTING: Final = ActiveCall._fields.index("telephony_status")
_READERS: Final[tuple[Callable[[Any], Any], ...]] = (
    *[wire.identifier] * 4,
    _DIRECTIONS.read,
    *[_as_it_is] * 2,
    *[wire.phone, wire.name] * 2,
    _as_it_is,
)


def _queue(call_info: Any) -> str | None:
    """Return the queue that ``callInfo`` names (docs/protocol.md 4.3)."""
    if call_info is None:
        return None
    primary = wire.mapping(wire.mapping(call_info).get("primary"))
    return (
        wire.name(primary.get("value")) if primary.get("type") == "QueueName" else None
    )


def repr_without(value: Any, *private: str) -> str:
    """Return the repr of a named tuple without the fields that identify somebody."""
    shown = (
        f"{name}={part!r}"
        for name, part in zip(value._fields, value, strict=True)
        if name not in private
    )
    return f"{type(value).__name__}({', '.join(shown)})"


_TYPES_WITHOUT_PRESENCE = frozenset(
    {
        "Announcement",
        "ApplicationExtension",
        "FaxUser",
        "IvrMenu",
        "PagingOnly",
        "ProxyAdmin",
        "RoomConnector",
        "SharedLinesGroup",
        "Site",
        "TieLine",
        "Voicemail",
    }
)
_TYPES_WITHOUT_PERSON = frozenset({"Department", "GroupCallPickup", "ParkLocation"})
_STATUSES_WITHOUT_PRESENCE = frozenset({"Disabled", "Frozen", "Unassigned"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """A WebSocket ticket (docs/protocol.md 3.1), good for one connection within seconds, so it is used at once."""

    uri: str = field(repr=False)
    token: str = field(repr=False)
