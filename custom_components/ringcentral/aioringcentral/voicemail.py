"""The user's voicemails (docs/protocol.md 10): what a list of them and an event about them mean. Pure.

This is only for the user's own extension: RingCentral accepts filters for others, but sends nothing.
"""

from collections.abc import Mapping
from datetime import datetime
import re
from typing import Any, Final, NamedTuple, Self, override

from . import wire
from .models import repr_without

READ_PERMISSION: Final = "ReadMessages"
EDIT_PERMISSION: Final = "EditMessages"
# Seconds of the longest voicemail that is believed.
_LONGEST: Final = 86_400.0
_AUDIO: Final = "audio/mpeg"
_AUDIO_TYPE: Final = re.compile(r"audio/[a-z0-9.+-]{1,40}")


class Voicemail(NamedTuple):
    """One voicemail; the caller may be withheld."""

    id: str
    received_at: datetime | None = None
    duration: float | None = None
    """Seconds; None if the service does not say."""
    is_read: bool = False
    number: str | None = None
    name: str | None = None
    attachment: str | None = None
    """Id of the recording."""
    content_type: str = _AUDIO
    """Content type of the recording."""

    @override
    def __repr__(self) -> str:
        return repr_without(self, "number", "name")

    @classmethod
    def from_wire(cls, item: Mapping[str, Any]) -> Self | None:
        """Read one record of the message store; return None if it is not a voicemail."""
        key = wire.extension_id(item.get("id"))
        if key is None or item.get("type") != "VoiceMail":
            return None
        sender = wire.mapping(item.get("from"))
        recordings = [
            each
            for each in wire.listed(item, "attachments") or ()
            if each.get("type") == "AudioRecording"
        ]
        recording = recordings[0] if recordings else {}
        return cls(
            id=key,
            received_at=wire.moment(item.get("creationTime")),
            duration=wire.seconds(recording.get("vmDuration"), _LONGEST),
            is_read=item.get("readStatus") == "Read",
            number=wire.phone(sender.get("phoneNumber"))
            or wire.phone(sender.get("extensionNumber")),
            name=wire.name(sender.get("name")),
            attachment=wire.extension_id(recording.get("id")),
            content_type=audio_type(recording.get("contentType")),
        )


class Audio(NamedTuple):
    """The recording of a voicemail."""

    content: bytes
    content_type: str

    @override
    def __repr__(self) -> str:
        return f"Audio({len(self.content)} bytes)"


class Voicemails(NamedTuple):
    """A page of voicemails, the newest first, and how many there are on all pages."""

    total: int
    newest: tuple[Voicemail, ...] = ()

    @classmethod
    def from_wire(cls, body: Any) -> Self | None:
        """Read a list from the message store; return None if it is not one."""
        found = wire.mapping(body)
        if (listed := wire.listed(body, "records")) is None:
            return None
        total = wire.number(wire.mapping(found.get("paging")).get("totalElements"))
        if total is None:
            # The total may be missing, and always is if there are no messages (docs/protocol.md 2.2).
            if wire.mapping(found.get("navigation")).get("nextPage") is not None:
                return None
            total = len(listed)
        records = map(Voicemail.from_wire, listed)
        return cls(total, tuple(each for each in records if each is not None))


def audio_type(value: Any) -> str:
    """Return the content type of a recording, or the usual one if the value is not a content type."""
    found = value.partition(";")[0].strip().lower() if isinstance(value, str) else ""
    return found if _AUDIO_TYPE.fullmatch(found) else _AUDIO


def is_message_event(uri: str) -> bool:
    """Whether an event says that the message store changed."""
    return uri.partition("?")[0].rstrip("/").endswith("/message-store")


def new_messages(body: Mapping[str, Any]) -> frozenset[str]:
    """Return the ids of messages that an event calls new."""
    found: set[str] = set()
    for change in wire.listed(body, "changes") or ():
        new = change.get("newMessageIds")
        ids = map(wire.extension_id, new if isinstance(new, list) else ())
        found.update(each for each in ids if each is not None)
    return frozenset(found)
