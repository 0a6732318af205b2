"""An extension: its identity, and the parts of its presence."""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from .calls import Leg, telephony_status

WITHOUT_PRESENCE = frozenset(
    {
        "Department",
        "Announcement",
        "Voicemail",
        "FaxUser",
        "PagingOnly",
        "SharedLinesGroup",
        "IvrMenu",
        "ApplicationExtension",
        "ParkLocation",
        "GroupCallPickup",
        "VoiceAppIntegration",
        "WebVoice",
    }
)
"""Types that are not people: REST gives them `presenceStatus: Offline` (docs/protocol.md 2.4)."""

WITH_CALLS = frozenset({"Department", "GroupCallPickup", "ParkLocation"})
"""Not people, but extensions with calls: waiting, to be picked up, or parked."""

SETTABLE_TYPES = frozenset({"User", "DigitalUser", "VirtualUser", "FlexibleUser"})
"""User-type extensions: the only ones whose presence can be set (docs/protocol.md 2.5)."""

USER_STATUSES = ("Offline", "Busy", "Available")
DND_STATUSES = (
    "TakeAllCalls",
    "DoNotAcceptAnyCalls",
    "DoNotAcceptDepartmentCalls",
    "TakeDepartmentCallsOnly",
)
MEETING_STATUSES = ("Connected", "Disconnected")
CALLER_ID_VISIBILITIES = ("All", "None", "PermittedUsers")

PRESENCE_VALUES: dict[str, tuple[str, tuple[Any, ...]]] = {
    "userStatus": ("user_status", USER_STATUSES),
    "dndStatus": ("dnd_status", DND_STATUSES),
    "meetingStatus": ("meeting_status", MEETING_STATUSES),
    "callerIdVisibility": ("caller_id_visibility", CALLER_ID_VISIBILITIES),
    "allowSeeMyPresence": ("allow_see_my_presence", (True, False)),
    "ringOnMonitoredCall": ("ring_on_monitored_call", (True, False)),
    "pickUpCallsOnHold": ("pick_up_calls_on_hold", (True, False)),
    "acceptCallQueueCalls": ("accept_call_queue_calls", (True, False)),
}
"""Attribute and allowed values of each presence field. A message is any text."""


class Visible(NamedTuple):
    """What a presence event contains; a change of any of it causes an event."""

    telephony_status: str
    presence_status: str
    user_status: str
    dnd_status: str
    meeting_status: str
    allow_see_my_presence: bool
    ring_on_monitored_call: bool
    pick_up_calls_on_hold: bool
    accept_call_queue_calls: bool
    active_calls: tuple[Leg, ...]


@dataclass(slots=True)
class Extension:
    """An extension of the account; ids are int64, as on the wire."""

    id: int
    number: str | None
    name: str
    type: str = "User"
    sub_type: str | None = None
    status: str = "Enabled"
    first_name: str | None = None
    last_name: str | None = None
    department: str | None = None
    admin: bool = False
    phone: str | None = None

    user_status: str = "Available"
    dnd_status: str = "TakeAllCalls"
    meeting_status: str = "Disconnected"
    message: str = ""
    allow_see_my_presence: bool = True
    caller_id_visibility: str = "All"
    ring_on_monitored_call: bool = False
    pick_up_calls_on_hold: bool = False
    accept_call_queue_calls: bool = True
    legs: tuple[Leg, ...] = ()

    dnd_before: str = "TakeAllCalls"
    """The dndStatus before DoNotAcceptAnyCalls, to return to afterwards."""

    sequence: int = 0
    queues_declined: set[int] = field(default_factory=set)
    """Queues whose calls this member does not take at the moment."""

    @property
    def has_presence(self) -> bool:
        """Whether its presence is more than `Offline`."""
        return self.type not in WITHOUT_PRESENCE

    @property
    def watchable(self) -> bool:
        """Whether a presence filter may name it."""
        return self.has_presence or self.has_group_calls

    @property
    def has_group_calls(self) -> bool:
        """Whether it has visible calls although it is not a person."""
        return self.type in WITH_CALLS

    @property
    def telephony_status(self) -> str:
        """The status over all its calls."""
        return telephony_status(self.legs)

    @property
    def presence_status(self) -> str:
        """The aggregated status by the rule of docs/protocol.md 4.6."""
        if not self.has_presence or self.status != "Enabled":
            return "Offline"
        if self.user_status == "Offline":
            return "Offline"
        if (
            self.telephony_status in ("CallConnected", "OnHold")
            or self.user_status == "Busy"
            or self.meeting_status == "Connected"
            or self.dnd_status == "DoNotAcceptAnyCalls"
        ):
            return "Busy"
        return "Available"

    @property
    def accepts_queue_calls(self) -> bool:
        """Whether queue calls ring here at all (docs/protocol.md 2.5)."""
        return self.accept_call_queue_calls and self.dnd_status not in (
            "DoNotAcceptAnyCalls",
            "DoNotAcceptDepartmentCalls",
        )

    def visible(self) -> Visible:
        """Return what an event would contain now."""
        return Visible(
            self.telephony_status,
            self.presence_status,
            self.user_status,
            self.dnd_status,
            self.meeting_status,
            self.allow_see_my_presence,
            self.ring_on_monitored_call,
            self.pick_up_calls_on_hold,
            self.accept_call_queue_calls,
            self.legs,
        )
