"""What tests and demos do with voicemail. All ids are strings."""

from typing import Any

from .messages import Voicemail
from .service import Service
from .shapes_messages import message_info


class Mail:
    """Leaves, marks, deletes and lists voicemails."""

    def __init__(self, service: Service) -> None:
        """Take the state."""
        self._service = service

    def leave(
        self,
        ext_id: str,
        *,
        number: str | None = "+14155550123",
        name: str | None = None,
        seconds: int = 6,
    ) -> str:
        """Leave a voicemail and return its id."""
        if not ext_id.isdigit() or int(ext_id) not in self._service.account.extensions:
            raise ValueError(f"unknown extension {ext_id}")
        return str(self._service.mailboxes.leave(int(ext_id), number, name, seconds).id)

    def mark(self, ext_id: str, message_id: str, *, read: bool = True) -> None:
        """Mark a voicemail as read or unread, as from a phone."""
        self._service.mailboxes.mark(self._known(ext_id, message_id), read=read)

    def delete(self, ext_id: str, message_id: str) -> None:
        """Delete a voicemail, as from a phone."""
        self._service.mailboxes.delete(self._known(ext_id, message_id))

    def all(self) -> dict[str, list[dict[str, Any]]]:
        """Return the voicemails of every extension that has any, newest first."""
        account = self._service.account
        found = {
            str(ext_id): [
                message_info(account, each, "")
                for each in self._service.mailboxes.of(ext_id)
            ]
            for ext_id in account.extensions
        }
        return {ext_id: messages for ext_id, messages in found.items() if messages}

    def _known(self, ext_id: str, message_id: str) -> Voicemail:
        found = (
            self._service.mailboxes.get(int(ext_id), int(message_id))
            if ext_id.isdigit() and message_id.isdigit()
            else None
        )
        if found is None:
            raise ValueError(f"unknown voicemail {message_id}")
        return found
