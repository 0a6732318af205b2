"""Presence of one extension: how events and snapshots change it. Pure functions only."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

from . import wire
from .models import (
    ActiveCall,
    DndStatus,
    Event,
    MeetingStatus,
    Presence,
    PresenceStatus,
    PresenceUpdate,
    TelephonyStatus,
    UserStatus,
)

# A step back this large is not a late event but a counter that the service restarted: late events
# come out of a buffer of 100. Accepting it keeps an extension from freezing until the next snapshot.
SEQUENCE_RESET = 1_000
# An event lists the newest seven calls (docs/protocol.md 4.3).
LISTED_CALLS = 7


# Calls that are read at most. A queue may have dozens waiting; each one is compared with each.
_MOST_CALLS: Final = 100


def _calls(value: list[Any]) -> tuple[ActiveCall, ...]:
    found = [ActiveCall.from_wire(item) for item in value if isinstance(item, dict)]
    return tuple(found[:_MOST_CALLS])


# Field on the wire -> (field of Presence, type it has when present, reader). A null or a
# value of another type is ignored; an unknown word becomes unknown (docs/architecture.md 4.2).
_FIELDS: Final[Mapping[str, tuple[str, type, Callable[[Any], Any]]]] = {
    "telephonyStatus": ("telephony_status", str, partial(wire.member, TelephonyStatus)),
    "presenceStatus": ("presence_status", str, partial(wire.member, PresenceStatus)),
    "userStatus": ("user_status", str, partial(wire.member, UserStatus)),
    "dndStatus": ("dnd_status", str, partial(wire.member, DndStatus)),
    "meetingStatus": ("meeting_status", str, partial(wire.member, MeetingStatus)),
    "allowSeeMyPresence": ("allow_see_my_presence", bool, bool),
    "ringOnMonitoredCall": ("ring_on_monitored_call", bool, bool),
    "pickUpCallsOnHold": ("pick_up_calls_on_hold", bool, bool),
    "message": ("message", str, wire.text),
    "activeCalls": ("active_calls", list, _calls),
    "totalActiveCalls": ("total_active_calls", int, wire.number),
}


def changes_from_wire(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of `Presence` that a presence body contains (docs/protocol.md 2.4, 4.3)."""
    changes = {}
    for key, value in body.items():
        if (field := _FIELDS.get(key)) is not None:
            name, kind, read = field
            if isinstance(value, kind):
                changes[name] = read(value)
    return changes


def update_from_event(event: Event) -> PresenceUpdate | None:
    """Return the update of a presence event, or None if it names no extension.

    The extension is the body's, whatever URI the event came by (docs/protocol.md 4.1).
    """
    if (extension_id := wire.extension_id(event.body.get("extensionId"))) is None:
        return None
    return PresenceUpdate(
        extension_id=extension_id,
        sequence=wire.number(event.body.get("sequence")),
        changes=changes_from_wire(event.body),
        detailed="detailedTelephonyState=true" in event.uri,
    )


def update_from_rest(
    body: Any, *, asked_for_calls: bool = True
) -> PresenceUpdate | None:
    """Return the update of a REST presence (docs/protocol.md 2.4), or None if it names no extension."""
    body = wire.mapping(body)
    extension_id = wire.extension_id(wire.mapping(body.get("extension")).get("id"))
    if extension_id is None:
        return None
    return PresenceUpdate(
        extension_id=extension_id,
        sequence=None,
        changes=changes_from_wire(body),
        # Without a telephony status the extension has no real presence, and no call list either.
        detailed=asked_for_calls and "telephonyStatus" in body,
    )


def is_older(before: Presence, update: PresenceUpdate) -> bool:
    """Whether an event was overtaken by one already merged (docs/protocol.md 4.4).

    An equal, missing or zero sequence is accepted; see `SEQUENCE_RESET`.
    """
    return is_before(update.sequence, before.sequence)


def is_ahead(before: Presence, update: PresenceUpdate) -> bool:
    """Whether an event before this one is missing: sequences count one by one (docs/protocol.md 4.4)."""
    if not update.sequence:
        return False
    return not before.sequence or update.sequence > before.sequence + 1


def is_before(sequence: int | None, other: int | None) -> bool:
    """Whether a sequence comes before another one of the same counter."""
    if not sequence or not other:
        return False
    return 0 < other - sequence < SEQUENCE_RESET


def merge(before: Presence, update: PresenceUpdate) -> Presence:
    """Return the presence after an update; a field that it does not name keeps its value."""
    changes = dict(update.changes)
    if update.sequence:
        changes["sequence"] = update.sequence
    if "active_calls" not in changes and _unlisted_calls_changed(before, update):
        status = changes.get("telephony_status", before.telephony_status)
        is_over = update.detailed and status is TelephonyStatus.NO_CALL
        changes["active_calls"] = () if is_over else None
    if "active_calls" in changes:
        calls = changes["active_calls"]
        count = None if calls is None else sum(not call.is_over for call in calls)
        changes.setdefault("total_active_calls", count)
    return before._replace(**changes)


def _unlisted_calls_changed(before: Presence, update: PresenceUpdate) -> bool:
    """Whether an update without ``activeCalls`` makes the known calls obsolete.

    A detailed update leaves them out when there is no call (docs/protocol.md 2.4). With another telephony
    status, or a count, the details are unknown. An event that has neither is not about calls. A plain
    update moves the telephony status on without details, unless the same change came by a detailed filter.
    """
    changes = update.changes
    status = changes.get("telephony_status", before.telephony_status)
    has_moved = status is not before.telephony_status
    if not update.detailed:
        is_repeated = update.sequence is not None and update.sequence == before.sequence
        return has_moved and not is_repeated
    return (
        has_moved
        or status is TelephonyStatus.NO_CALL
        or not update.sequence
        or "total_active_calls" in changes
    )


def is_same(one: Presence, other: Presence) -> bool:
    """Whether two presences are equal, ignoring the sequence."""
    # Whose it is and its sequence are the first two fields.
    return one[2:] == other[2:]


def forget_sequence(presence: Presence) -> Presence:
    """Return the presence without its sequence, as needed after a break (docs/architecture.md 4.3)."""
    return presence._replace(sequence=None)


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
    ongoing = [call for call in calls if not call.is_over]
    return bool(ongoing) == (presence.telephony_status is TelephonyStatus.NO_CALL)
