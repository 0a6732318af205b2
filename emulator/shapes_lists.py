"""JSON of lines, favorites and queues as REST replies give it. Pure."""

from typing import Any

from .account import Account, Favorite, Line
from .extension import Extension


def line(account: Account, owner_id: int, each: Line, base: str) -> dict[str, Any]:
    """Return one monitored line (docs/protocol.md 2.7)."""
    uri = f"{base}/restapi/v1.0/account/{account.id}/extension"
    ext = account.extensions[each.extension_id]
    return {
        "id": each.id,
        "uri": f"{uri}/{owner_id}/presence/line/{each.id}",
        "notEditableOnHud": each.locked,
        "extension": {
            "id": str(ext.id),
            "uri": f"{uri}/{ext.id}",
            "extensionNumber": ext.number,
            "type": ext.type,
        },
    }


def favorite(each: Favorite) -> dict[str, Any]:
    """Return one favorite."""
    if each.extension_id is not None:
        return {"id": each.id, "extensionId": str(each.extension_id)}
    return {"id": each.id, "contactId": each.contact_id}


def accepts_current(member: Extension, queue_id: int) -> bool:
    """Whether a member takes the calls of this queue, as far as the queue decides it."""
    return queue_id not in member.queues_declined


def queue_member(member: Extension, queue_id: int) -> dict[str, Any]:
    """Return one record of a queue's presence."""
    return {
        "member": {
            "id": str(member.id),
            "name": member.name,
            "extensionNumber": member.number,
            "site": {"id": "main-site", "name": "Main Site"},
        },
        "acceptQueueCalls": member.accepts_queue_calls,
        "acceptCurrentQueueCalls": accepts_current(member, queue_id),
    }


def queue_of_member(
    queue: Extension, member: Extension, *, editable: bool
) -> dict[str, Any]:
    """Return one record of a member's queues; `editable`: the member may log in and out."""
    return {
        "callQueue": {
            "id": str(queue.id),
            "name": queue.name,
            "extensionNumber": queue.number,
            "editableMemberStatus": editable,
        },
        "acceptCalls": accepts_current(member, queue.id),
    }
