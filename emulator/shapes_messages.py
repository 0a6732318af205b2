"""JSON of voicemails as REST replies and events give it. Pure."""

from typing import Any

from .account import Account
from .clock import iso
from .messages import Voicemail

AUDIO = "audio/x-wav"


def caller(message: Voicemail) -> dict[str, str]:
    """Return who left a voicemail; a withheld number leaves nothing."""
    who: dict[str, str] = {}
    if message.from_number is not None:
        inside = not message.from_number.startswith("+")
        who["extensionNumber" if inside else "phoneNumber"] = message.from_number
    if message.from_name is not None:
        who["name"] = message.from_name
    return who


def message_uri(account_id: int, message: Voicemail, base: str) -> str:
    """Return the address of a voicemail."""
    return (
        f"{base}/restapi/v1.0/account/{account_id}/extension/{message.owner_id}"
        f"/message-store/{message.id}"
    )


def attachment(account_id: int, message: Voicemail, base: str) -> dict[str, Any]:
    """Return the description of the audio."""
    return {
        "id": message.id,
        "uri": f"{message_uri(account_id, message, base)}/content/{message.id}",
        "type": "AudioRecording",
        "contentType": AUDIO,
        "vmDuration": message.seconds,
    }


def message_info(account: Account, message: Voicemail, base: str) -> dict[str, Any]:
    """Return a voicemail as the message store lists it."""
    owner = account.extensions[message.owner_id]
    return {
        "uri": message_uri(account.id, message, base),
        "id": message.id,
        "to": [{"extensionNumber": owner.number, "name": owner.name}],
        "from": caller(message),
        "type": "VoiceMail",
        "creationTime": iso(message.created),
        "readStatus": "Read" if message.read else "Unread",
        "priority": "Normal",
        "attachments": [attachment(account.id, message, base)],
        "direction": "Inbound",
        "availability": "Alive",
        "messageStatus": "Received",
        "lastModifiedTime": iso(message.modified),
        "vmTranscriptionStatus": "NotAvailable",
    }
