"""How readings and events change the presence of one extension: how they are ordered and merged.

Pure functions only.
"""

from typing import Final

from .models import (
    LISTED_CALLS,
    ActiveCall,
    DndStatus,
    Presence,
    PresenceUpdate,
    TelephonyStatus,
)

# A step back this large is not a late event, since those come out of a buffer of 100, but a counter that the
# service restarted. Accepting it keeps an extension from freezing until the next snapshot.
SEQUENCE_RESET = 1_000
# The same in seconds, for events that only have a time: if it is further back than a recovered session
# replays (docs/protocol.md 3.4), the service's clock was set.
CLOCK_RESET = 600.0
# If an event was sent more than this many seconds after one with a higher sequence, that sequence was odd.
_SURELY_LATER: Final = 30.0

# Department settings, during which the personal do-not-disturb reads as off.
_OFF: Final = (
    DndStatus.DO_NOT_ACCEPT_DEPARTMENT_CALLS,
    DndStatus.TAKE_DEPARTMENT_CALLS_ONLY,
)


def is_ahead(before: Presence, update: PresenceUpdate) -> bool:
    """Whether another event may belong before this one, because this is not the next one.

    Events are numbered one by one (docs/protocol.md 4.4); without numbers, one may always come late.
    """
    if not update.sequence:
        return update.sent_at is not None
    return not before.sequence or update.sequence > before.sequence + 1


def is_before(one: Presence | PresenceUpdate, other: Presence | PresenceUpdate) -> bool:
    """Whether an event comes before another, or before the newest event that a presence includes.

    The sequence decides or, if one of them has none or both have the same, the time in the envelope
    (docs/protocol.md 10). An event with neither, or with equal ones, comes after; see `SEQUENCE_RESET`. So does
    an event that was surely sent later, whatever its sequence.
    """
    behind = (
        None
        if one.sent_at is None or other.sent_at is None
        else other.sent_at - one.sent_at
    )
    if one.sequence and other.sequence and one.sequence != other.sequence:
        is_surely_after = behind is not None and behind < -_SURELY_LATER
        step = other.sequence - one.sequence
        return 0 < step < SEQUENCE_RESET and not is_surely_after
    return behind is not None and 0 < behind < CLOCK_RESET


def merge(before: Presence, update: PresenceUpdate) -> Presence:
    """Return the presence after an update; a field that it does not name keeps its value."""
    changes = dict(update.changes)
    if (
        update.is_dnd_implied
        and changes.get("dnd_status") is DndStatus.TAKE_ALL_CALLS
        and before.dnd_status in _OFF
    ):
        # The personal setting knows no department setting, so it does not end one.
        del changes["dnd_status"]
    if update.sequence:
        changes["sequence"] = update.sequence
    if update.sent_at is not None:
        changes["sent_at"] = update.sent_at
    if "active_calls" not in changes and _unlisted_calls_changed(before, update):
        status = changes.get("telephony_status", before.telephony_status)
        is_over = update.detailed and status is TelephonyStatus.NO_CALL
        changes["active_calls"] = () if is_over else None
    if "active_calls" in changes and "total_active_calls" not in changes:
        calls = changes["active_calls"]
        count = None if calls is None else sum(not call.is_over for call in calls)
        changes["total_active_calls"] = count
    # The same as `_replace` in two thirds of the time, since every event comes through here.
    return Presence._make(map(changes.get, Presence._fields, before, strict=True))


def _unlisted_calls_changed(before: Presence, update: PresenceUpdate) -> bool:
    """Whether an update without ``activeCalls`` makes the known calls obsolete.

    A detailed update leaves them out when there is no call (docs/protocol.md 2.4). If it has another telephony
    status, or a count, the details are unknown. An event with neither is not about calls. A plain update changes
    the telephony status without details, unless the same change also came by a detailed filter.
    """
    changes = update.changes
    status = changes.get("telephony_status", before.telephony_status)
    has_moved = status is not before.telephony_status
    if not update.detailed:
        return has_moved and not _is_repeated(before, update)
    return (
        has_moved
        or status is TelephonyStatus.NO_CALL
        or (not update.sequence and update.sent_at is None)
        or "total_active_calls" in changes
    )


def _is_repeated(before: Presence, update: PresenceUpdate) -> bool:
    """Whether the presence already includes this event, which then came by another filter."""
    if update.sequence is not None:
        return update.sequence == before.sequence
    return update.sent_at is not None and update.sent_at == before.sent_at


# Several calls together have the first of these that any of them has (docs/protocol.md 4.5: partly a guess).
_FOREMOST: Final = (
    TelephonyStatus.CALL_CONNECTED,
    TelephonyStatus.ON_HOLD,
    TelephonyStatus.RINGING,
    TelephonyStatus.PARKED_CALL,
)


def with_status_of_calls(update: PresenceUpdate, *, is_reading: bool) -> PresenceUpdate:
    """Return what an update says about a queue, pick-up group or park location.

    The service lists their calls, but often gives no telephony status (docs/protocol.md 10), so that is derived
    from the calls. A reading without calls says that there are none.
    """
    if (
        update.changes.get("telephony_status") is not None
        or "active_calls" in update.unreadable
    ):
        return update
    calls: tuple[ActiveCall, ...] | None = update.changes.get(
        "active_calls", () if is_reading else None
    )
    if calls is None:
        return update
    statuses = {call.telephony_status for call in calls if not call.is_over}
    # All that is known about a call with an unreadable status is that it is there.
    none = None if statuses else TelephonyStatus.NO_CALL
    status = next((status for status in _FOREMOST if status in statuses), none)
    changes = {**update.changes, "active_calls": calls, "telephony_status": status}
    return update._replace(changes=changes)


def is_same(one: Presence, other: Presence) -> bool:
    """Whether two presences are equal, ignoring the sequence."""
    # The first three fields are the extension, and the sequence and time of the newest event.
    return one[3:] == other[3:]


def forget_sequence(presence: Presence) -> Presence:
    """Return the presence without its sequence, as needed after a break (docs/architecture.md 4.3)."""
    return presence._replace(sequence=None, sent_at=None)


def is_incomplete(presence: Presence) -> bool:
    """Whether fields of a visible presence are unknown: an event may carry only what changed."""
    return presence.allow_see_my_presence is True and None in (
        presence.telephony_status,
        presence.user_status,
        presence.dnd_status,
    )


def calls_disagree(presence: Presence) -> bool:
    """Whether list, count and telephony status contradict each other beyond the documented reasons.

    The list holds seven calls at most, and the count still includes a call that ends in the same event
    (docs/protocol.md 4.3). Any other difference means that the presence has to be read again.
    """
    calls, total = presence.active_calls, presence.total_active_calls
    if calls is None:
        return False
    if total is not None and total > len(calls) and len(calls) < LISTED_CALLS:
        return True
    if presence.telephony_status is None:
        return False
    if presence.telephony_status is TelephonyStatus.NO_CALL:
        return not all(call.is_over for call in calls)
    if len(calls) >= LISTED_CALLS:
        return False
    # The telephony status has to be that of one of the calls.
    return not any(
        call.telephony_status in (None, presence.telephony_status)
        for call in calls
        if not call.is_over
    )
