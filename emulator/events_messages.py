"""Event bodies about voicemail. Pure; the envelope is in subscriptions.py."""

from typing import Any
from urllib.parse import parse_qs

from .clock import iso
from .extension import Extension
from .messages import MessageChange, Voicemail
from .shapes_messages import attachment, caller


def wanted(query: str) -> bool:
    """Whether a message-store filter covers voicemail: by its type, or by covering everything."""
    types = parse_qs(query).get("type", ["VoiceMail"])
    return "VoiceMail" in types


def message_store(change: MessageChange, account_id: int) -> dict[str, Any]:
    """Return the body of `message-store`: how many messages changed, not which."""
    message = change.message
    ids = "newMessageIds" if change.new else "updatedMessageIds"
    return {
        "accountId": account_id,
        "extensionId": message.owner_id,
        "lastUpdated": iso(message.modified),
        "changes": [
            {
                "type": "VoiceMail",
                "newCount": int(change.new),
                "updatedCount": int(not change.new),
                ids: [message.id],
            }
        ],
    }


def voicemail(message: Voicemail, owner: Extension, account_id: int) -> dict[str, Any]:
    """Return the body of `voicemail`: a message that arrived."""
    audio = attachment(account_id, message, "")
    return {
        "id": str(message.id),
        "to": [{"extensionNumber": owner.number, "name": owner.name}],
        "from": caller(message),
        "type": "VoiceMail",
        "creationTime": iso(message.created),
        "lastModifiedTime": iso(message.modified),
        "readStatus": "Unread",
        "priority": "Normal",
        "attachments": [{**audio, "id": str(message.id)}],
        "direction": "Inbound",
        "availability": "Alive",
        "messageStatus": "Received",
        "vmTranscriptionStatus": "NotAvailable",
    }
