"""One word for what an extension is doing, which is the same everywhere.

``docs/decisions/0006-one-status.md`` says why the statuses rank as they do. Pure functions only.
"""

from enum import StrEnum
from typing import NamedTuple, Self

from .calls.state import CallPhase, Calls
from .models import DndStatus, MeetingStatus, Presence, PresenceStatus, TelephonyStatus


class Status(StrEnum):
    """What an extension is doing; the most important status comes first."""

    RINGING = "ringing"
    ON_CALL = "on_call"
    DIALING = "dialing"
    ON_HOLD = "on_hold"
    IN_MEETING = "in_meeting"
    DO_NOT_DISTURB = "do_not_disturb"
    BUSY = "busy"
    AVAILABLE = "available"
    OFFLINE = "offline"


class Standing(NamedTuple):
    """What is known about one extension, and what follows from it, computed once for everyone who asks.

    Attributes:
        presence: as last known.
        calls: as last known.
        statuses: every status that is true, the most important first.
        is_on_call: see the function of that name.
        is_ringing: see the function of that name.
    """

    presence: Presence
    calls: Calls
    statuses: tuple[Status, ...]
    is_on_call: bool | None
    is_ringing: bool | None

    @classmethod
    def of(cls, presence: Presence, calls: Calls) -> Self:
        """Return what follows from a presence and calls."""
        rings = is_ringing(presence, calls)
        return cls(
            presence,
            calls,
            tuple(_statuses(presence, calls, is_ringing=rings)),
            is_on_call(presence, calls),
            rings,
        )


def status(presence: Presence, calls: Calls) -> Status | None:
    """Return the first status that is true, or None if nothing is known."""
    rings = is_ringing(presence, calls)
    return next(iter(_statuses(presence, calls, is_ringing=rings)), None)


def _statuses(
    presence: Presence, calls: Calls, *, is_ringing: bool | None
) -> list[Status]:
    """Return every status that is true, the most important first.

    Calls count for more than the telephony status, which describes only one of them, and which is
    "Ringing" for a phone that dials. Without call details, the telephony status is all there is.
    """
    phases = [call.phase for call in calls.calls]
    telephony = presence.telephony_status
    true = []
    if is_ringing:
        true.append(Status.RINGING)
    is_held = CallPhase.HELD in phases
    if CallPhase.CONNECTED in phases or (
        telephony is TelephonyStatus.CALL_CONNECTED
        and (not is_held or calls.unseen > 0)
    ):
        true.append(Status.ON_CALL)
    if CallPhase.DIALING in phases:
        true.append(Status.DIALING)
    if is_held or telephony is TelephonyStatus.ON_HOLD:
        true.append(Status.ON_HOLD)
    if presence.meeting_status is MeetingStatus.CONNECTED:
        true.append(Status.IN_MEETING)
    if presence.dnd_status is DndStatus.DO_NOT_ACCEPT_ANY_CALLS:
        true.append(Status.DO_NOT_DISTURB)
    if presence.presence_status is not None:
        true.append(_OF_PRESENCE[presence.presence_status])
    return true


def is_on_call(presence: Presence, calls: Calls) -> bool | None:
    """Whether a call is connected or held, by the status or by a call that goes on while another ends."""
    if calls.on_call:
        return True
    return (
        None
        if presence.telephony_status is None
        else presence.telephony_status in _ON_CALL
    )


def is_ringing(presence: Presence, calls: Calls) -> bool | None:
    """Whether a call rings here, even during another call; a call that is being dialed does not ring."""
    if calls.ringing:
        return True
    if presence.telephony_status is None:
        return None
    return (
        presence.telephony_status is TelephonyStatus.RINGING
        and presence.active_calls is None
        and not calls.calls
    )


_ON_CALL = frozenset({TelephonyStatus.CALL_CONNECTED, TelephonyStatus.ON_HOLD})
_OF_PRESENCE = {
    PresenceStatus.AVAILABLE: Status.AVAILABLE,
    PresenceStatus.BUSY: Status.BUSY,
    PresenceStatus.OFFLINE: Status.OFFLINE,
}
