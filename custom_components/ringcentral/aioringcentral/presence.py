"""Reads what an event or a REST reply says about the presence of one extension. Pure functions only."""

from collections.abc import Callable, Mapping
from itertools import repeat
import re
from typing import Any, Final

from . import wire
from .models import (
    TELEPHONY_STATUSES,
    ActiveCall,
    DndStatus,
    Event,
    MeetingStatus,
    Presence,
    PresenceStatus,
    PresenceUpdate,
    UserStatus,
)

_DETAILED: Final = "detailedTelephonyState=true"
_PRESENCE_OF: Final = re.compile(r"/extension/([^/?]+)/presence/?(?:\?|$)")
_DND_STATUSES: Final = wire.Members(DndStatus)
# Field on the wire -> (field of Presence, type or types it has when present, reader). A value that is null or cannot be
# read says nothing; an unknown word counts as unknown (docs/architecture.md 4.2).
_FIELDS: Final[
    Mapping[str, tuple[str, type | tuple[type, ...], Callable[[Any], Any]]]
] = {
    "telephonyStatus": ("telephony_status", str, TELEPHONY_STATUSES.__getitem__),
    "presenceStatus": (
        "presence_status",
        str,
        wire.Members(PresenceStatus).__getitem__,
    ),
    "userStatus": ("user_status", str, wire.Members(UserStatus).__getitem__),
    "dndStatus": ("dnd_status", str, _DND_STATUSES.__getitem__),
    "dndStatusPersonal": ("dnd_status_personal", str, _DND_STATUSES.__getitem__),
    "meetingStatus": ("meeting_status", str, wire.Members(MeetingStatus).__getitem__),
    "allowSeeMyPresence": ("allow_see_my_presence", bool, bool),
    "ringOnMonitoredCall": ("ring_on_monitored_call", bool, bool),
    "pickUpCallsOnHold": ("pick_up_calls_on_hold", bool, bool),
    "message": ("message", str, wire.text),
    "totalActiveCalls": ("total_active_calls", (int, str), wire.count),
}
# Most calls that are read. A queue may have dozens waiting, and each is compared with every other.
_MOST_CALLS: Final = 100

_ALL_READABLE: Final = frozenset[str]()

type Unknown = tuple[tuple[str, str], ...]


def fields_from_wire(
    body: Mapping[str, Any], before: Presence | None = None
) -> tuple[dict[str, Any], bool, frozenset[str], Unknown]:
    """Read the fields of `Presence` that a presence body contains (docs/protocol.md 2.4, 4.3).

    ``before`` is the presence as last known; what is unchanged need not be read again.
    Return ``changes``, ``is_dnd_implied``, ``unreadable`` and ``unknown`` of `PresenceUpdate`.
    """
    changes: dict[str, Any] = {}
    unreadable: frozenset[str] = _ALL_READABLE
    unknown: Unknown = ()
    for key, value in body.items():
        if (field := _FIELDS.get(key)) is not None:
            name, kind, read = field
            if not isinstance(value, kind):
                if value is not None:
                    unreadable |= {name}
                continue
            if (found := read(value)) is None:
                if kind is not str:
                    unreadable |= {name}
                    continue
                if value not in ("", "Unknown"):
                    unknown += ((name, str(value)),)
            changes[name] = found
    if (listed := body.get("activeCalls")) is not None:
        known = before.active_calls if before else None
        if (calls := _calls(listed, known or ())) is None:
            unreadable |= {"active_calls"}
        else:
            changes["active_calls"] = calls
    is_dnd_implied = changes.get("dnd_status") is None
    if is_dnd_implied and (personal := changes.get("dnd_status_personal")) is not None:
        # With new call handling, ``dndStatus`` may be missing or say nothing (docs/protocol.md 10).
        changes["dnd_status"] = personal
    return changes, is_dnd_implied, unreadable, unknown


def _calls(value: Any, before: tuple[ActiveCall, ...]) -> tuple[ActiveCall, ...] | None:
    """Return the listed calls, or None: a list with anything else in it may lack a call, so none of it is believed."""
    if not isinstance(value, list):
        return None
    likely = before if len(before) == len(value) else repeat(None)
    found = [
        ActiveCall.from_wire(item, each)
        for item, each in zip(value, likely, strict=False)
        if isinstance(item, dict)
    ]
    return tuple(found[:_MOST_CALLS]) if len(found) == len(value) else None


def update_from_event(
    event: Event, presences: Mapping[str, Presence] | None = None
) -> PresenceUpdate | None:
    """Return the update of a presence event, or None if it names no extension.

    ``presences`` are the known ones, by extension: what is sent unchanged need not be read again. The extension
    is the one in the body, whatever URI the event came by (docs/protocol.md 4.1), or the one in the URI if the
    body names none that can be read.
    """
    extension_id = wire.extension_id(
        event.body.get("extensionId")
    ) or wire.extension_id(_named_in(event.uri))
    if extension_id is None:
        return None
    before = presences.get(extension_id) if presences else None
    changes, is_dnd_implied, unreadable, unknown = fields_from_wire(event.body, before)
    sent_at = None if event.timestamp is None else event.timestamp.timestamp()
    # Positional, since keywords take longer and every event comes through here.
    return PresenceUpdate(
        extension_id,
        wire.number(event.body.get("sequence")),
        changes,
        _DETAILED in event.uri or _DETAILED.casefold() in event.uri.casefold(),
        sent_at,
        is_dnd_implied,
        unreadable,
        unknown,
    )


def is_about_somebody(event: Event) -> bool:
    """Whether an event must be about somebody's presence although whom it names cannot be read."""
    if not event.uri or "extensionId" in event.body:
        return True
    path = event.uri.partition("?")[0].rstrip("/")
    return path.endswith("/presence") and "/call-queues/" not in path


def extension_of(body: Mapping[str, Any]) -> str | None:
    """Return whose presence a REST presence is, or None if it does not say; its address says so, too."""
    return _id_in(body) or wire.extension_id(_named_in(body.get("uri")))


def _id_in(body: Mapping[str, Any]) -> str | None:
    return wire.extension_id(wire.mapping(body.get("extension")).get("id"))


def _named_in(uri: Any) -> str | None:
    """Return the extension whose presence is at an address."""
    found = _PRESENCE_OF.search(uri) if isinstance(uri, str) else None
    return found[1] if found else None


def update_from_rest(
    body: Any, *, asked: str | None = None, asked_for_calls: bool = True
) -> PresenceUpdate | None:
    """Return the update of a REST presence (docs/protocol.md 2.4), or None if it is none.

    If it does not say whose presence it is, it is that of the extension that was ``asked`` for.
    """
    body = wire.mapping(body)
    changes, is_dnd_implied, unreadable, unknown = fields_from_wire(body)
    extension_id = extension_of(body)
    # If there is only a message, it may be that of an error.
    if _id_in(body) is None:
        extension_id = extension_id or asked
        if not changes.keys() - {"message"}:
            return None
    if extension_id is None:
        return None
    return PresenceUpdate(
        extension_id=extension_id,
        sequence=None,
        changes=changes,
        # Without a telephony status, the extension has no real presence, and no list of calls either.
        detailed=asked_for_calls and "telephonyStatus" in body,
        is_dnd_implied=is_dnd_implied,
        unreadable=unreadable,
        unknown=unknown,
    )
