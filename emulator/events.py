"""Event bodies, from docs/protocol.md 4.3. Pure; the envelope is in subscriptions.py."""

from typing import Any

from .account import (
    ExtensionChange,
    FavoritesChange,
    LinesChange,
    PresenceChange,
    QueueChange,
)
from .calls import active_call, newest
from .extension import Visible
from .faults import Faults

FIELD_NAMES = {
    "presenceStatus": "presence_status",
    "userStatus": "user_status",
    "dndStatus": "dnd_status",
    "meetingStatus": "meeting_status",
    "allowSeeMyPresence": "allow_see_my_presence",
    "ringOnMonitoredCall": "ring_on_monitored_call",
    "pickUpCallsOnHold": "pick_up_calls_on_hold",
}
ALWAYS = ("extensionId", "sequence")
ENUM_FIELDS = ("telephonyStatus", "presenceStatus", "userStatus", "dndStatus")
UNKNOWN_ENUM = "SomethingNew"


def hidden(state: Visible) -> Visible:
    """Return what others see of a user who hides their presence (docs/protocol.md 2.4, open)."""
    return Visible(
        telephony_status="NoCall",
        presence_status="Offline",
        user_status="Offline",
        dnd_status=state.dnd_status,
        meeting_status="Disconnected",
        allow_see_my_presence=False,
        ring_on_monitored_call=False,
        pick_up_calls_on_hold=False,
        accept_call_queue_calls=state.accept_call_queue_calls,
        active_calls=(),
    )


def seen_by_others(state: Visible) -> Visible:
    """Return a state as everyone but the user sees it."""
    return state if state.allow_see_my_presence else hidden(state)


def presence(
    change: PresenceChange,
    faults: Faults,
    *,
    detailed: bool,
    sip: bool = False,
    calls: bool = True,
    own: bool = False,
    sequence: bool = True,
) -> dict[str, Any] | None:
    """Return the presence body of a change, or None if it shows nothing new.

    Without `calls`, a detailed body lacks the calls; `own` is the view of the user, from
    whom nothing is hidden; `sequence` says whether the body has one.
    """
    before, after = change.before, change.after
    if not own:
        before, after = seen_by_others(before), seen_by_others(after)
        # A hidden telephony change must not show as a change.
        if before == after:
            return None
    body: dict[str, Any] = {"extensionId": change.extension.id}
    silent = (
        faults.group_telephony_status == "never" and change.extension.has_group_calls
    )
    if not silent and (
        before.telephony_status != after.telephony_status
        or faults.always_telephony_status
    ):
        body["telephonyStatus"] = after.telephony_status
    if (
        detailed
        and calls
        and (after.active_calls or faults.empty_active_calls == "list")
    ):
        body["activeCalls"] = [
            active_call(leg, sip=sip) for leg in newest(after.active_calls)
        ]
    if sequence:
        body["sequence"] = change.sequence
    for name, attribute in FIELD_NAMES.items():
        body[name] = getattr(after, attribute)
    if detailed and calls:
        body["totalActiveCalls"] = len(after.active_calls)
    if faults.new_call_handling:
        body |= new_call_handling(after.dnd_status, after.accept_call_queue_calls)
        hide_dnd(body, faults)
    if faults.plain_message and not detailed:
        body["message"] = change.extension.message
    if faults.new_fields and not detailed:
        body["aggregatedTelephonyStatus"] = after.telephony_status
        body["cxTelephonyStatus"] = "NoCall"
    if faults.partial_bodies:
        body = changed_only(body, before, after)
    return spoil(body, faults)


def new_call_handling(dnd_status: str, accepts: bool) -> dict[str, Any]:
    """Return the additional fields of accounts with new call handling.

    `dndStatusPersonal` is only on or off.
    """
    personal = "DoNotAcceptAnyCalls" if "AnyCalls" in dnd_status else "TakeAllCalls"
    return {"dndStatusPersonal": personal, "acceptCallQueueCalls": accepts}


def hide_dnd(body: dict[str, Any], faults: Faults) -> None:
    """Remove or blank `dndStatus` if a switch says that only the personal one counts."""
    if faults.dnd_status == "absent":
        body.pop("dndStatus", None)
    elif faults.dnd_status == "unknown":
        body["dndStatus"] = "Unknown"


def changed_only(
    body: dict[str, Any], before: Visible, after: Visible
) -> dict[str, Any]:
    """Return the body without what did not change."""
    same = {
        name
        for name, attribute in FIELD_NAMES.items()
        if getattr(before, attribute) == getattr(after, attribute)
    }
    if before.active_calls == after.active_calls:
        same |= {"activeCalls", "totalActiveCalls"}
    return {name: value for name, value in body.items() if name not in same}


def spoil(body: dict[str, Any], faults: Faults) -> dict[str, Any]:
    """Apply the switches that change what a body contains."""
    if faults.omit:
        body = {name: value for name, value in body.items() if name not in faults.omit}
    for name in faults.unknown_enums:
        if name in body:
            body[name] = UNKNOWN_ENUM
        for call in body.get("activeCalls", ()):
            if name in call:
                call[name] = UNKNOWN_ENUM
    if faults.string_ids and "extensionId" in body:
        body["extensionId"] = str(body["extensionId"])
    if faults.extra_fields:
        body["emulatorNovelty"] = {"nested": [1, None, "x"]}
    return body


def dnd(change: PresenceChange, faults: Faults) -> dict[str, Any] | None:
    """Return the body of `presence/dnd`, or None if dndStatus has not changed."""
    if change.before.dnd_status == change.after.dnd_status:
        return None
    body = {
        "extensionId": change.extension.id,
        "dndStatus": change.after.dnd_status,
    }
    return spoil(body, faults)


def lines(change: LinesChange) -> dict[str, Any]:
    """Return the body of `presence/line`: ids of extensions and of lines, mixed."""
    return {
        "extension": [{"id": str(change.extension_id)}, {"id": change.line_id}],
        "sequence": change.sequence,
    }


def favorites(change: FavoritesChange, faults: Faults) -> dict[str, Any]:
    """Return the body of `favorite`: it only says whose list has changed."""
    return spoil({"extensionId": change.owner_id}, faults)


def extension_info(change: ExtensionChange) -> dict[str, Any]:
    """Return the body of the filter on one extension."""
    body: dict[str, Any] = {
        "extensionId": str(change.extension_id),
        "eventType": change.event_type,
    }
    if change.hints:
        body["hints"] = list(change.hints)
    return body


def extension_list(change: ExtensionChange) -> dict[str, Any]:
    """Return the body of the filter on the extension list."""
    return {"extensions": [extension_info(change)]}


def queue_members(
    change: QueueChange, accepts: dict[int, bool], faults: Faults
) -> dict[str, Any]:
    """Return the body of a queue's presence, in the selected shape."""
    if faults.queue_event == "flat":
        member = change.member_ids[0]
        return {
            "extensionId": str(member),
            "callQueueId": str(change.queue_id),
            "acceptCalls": accepts[member],
        }
    return {
        "records": [
            {"member": {"id": str(member)}, "acceptCurrentQueueCalls": accepts[member]}
            for member in change.member_ids
        ]
    }
