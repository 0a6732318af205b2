"""Changes of the account's members and of their lists. All ids are strings."""

import itertools
from typing import Any

from .extension import Extension
from .service import Service
from .shapes_lists import accepts_current

STATUSES = ("Enabled", "Disabled", "Frozen", "NotActivated", "Unassigned")
TYPES = frozenset(
    {
        "User",
        "DigitalUser",
        "VirtualUser",
        "FlexibleUser",
        "FaxUser",
        "Limited",
        "Department",
        "Announcement",
        "Voicemail",
        "PagingOnly",
        "SharedLinesGroup",
        "GroupCallPickup",
        "IvrMenu",
        "ApplicationExtension",
        "ParkLocation",
        "Site",
        "Bot",
        "Room",
        "DelegatedLinesGroup",
        "ProxyAdmin",
        "RoomConnector",
        "TieLine",
        "VoiceAppIntegration",
        "WebVoice",
    }
)


class Membership:
    """Extensions come and go, lines and favorites change."""

    def __init__(self, service: Service) -> None:
        """Take the state."""
        self._service = service
        self._newest = 0

    def set_lines(self, ext_ids: list[str]) -> None:
        """Replace the signed-in user's monitored lines after their own two."""
        account = self._service.account
        account.set_lines(account.own_id, [self._known(each) for each in ext_ids])

    def set_queue(
        self,
        queue_id: str,
        members: list[str] | None,
        editable: bool | None,
        takes: dict[str, bool] | None = None,
    ) -> None:
        """Set a queue's members, whether they may log in and out themselves, and which of them take its calls."""
        account = self._service.account
        known = self._known(queue_id)
        if known not in account.queues:
            raise ValueError(f"{queue_id} is no queue")
        if members is not None:
            account.set_members(known, [self._known(each) for each in members])
        if editable is not None:
            change = (
                account.locked_queues.discard if editable else account.locked_queues.add
            )
            change(known)
        if takes is not None:
            accepts = {self._known(key): bool(each) for key, each in takes.items()}
            if others := accepts.keys() - set(account.members(known)):
                raise ValueError(f"{min(others)} is no member of {queue_id}")
            account.set_queue_calls(known, accepts)

    def queues(self) -> dict[str, dict[str, Any]]:
        """Return every queue with its members and whether they take its calls."""
        account = self._service.account
        return {
            str(queue_id): {
                "name": account.extensions[queue_id].name,
                "editable": queue_id not in account.locked_queues,
                "members": {
                    str(member): accepts_current(account.extensions[member], queue_id)
                    for member in members
                },
            }
            for queue_id, members in account.queues.items()
        }

    def set_favorites(self, entries: list[str]) -> None:
        """Replace the signed-in user's favorites; unknown ids are outside contacts."""
        account = self._service.account
        account.set_favorites(
            account.own_id,
            [
                int(each)
                if each.isdigit() and int(each) in account.extensions
                else each
                for each in entries
            ],
        )

    def add(self, name: str, kind: str = "User", sub_type: str | None = None) -> str:
        """Add an enabled extension and return its id."""
        if kind not in TYPES:
            raise ValueError(f"unknown type {kind}")
        account = self._service.account
        # Do not reuse the id of somebody who has left.
        ext_id = self._newest = max(self._newest, *account.extensions) + 1000
        taken = {ext.number for ext in account.extensions.values()}
        number = next(
            str(each) for each in itertools.count(101) if str(each) not in taken
        )
        first, _, last = name.partition(" ")
        person = Extension(ext_id, number, name).has_presence and kind == "User"
        account.add(
            Extension(
                ext_id,
                number,
                name,
                type=kind,
                sub_type=sub_type,
                first_name=first if person else None,
                last_name=last or None,
                sequence=10,
            )
        )
        if kind == "Department":
            account.queues[ext_id] = []
        return str(ext_id)

    def remove(self, ext_id: str) -> None:
        """Delete an extension."""
        self._service.account.remove(self._known(ext_id))

    def edit(
        self, ext_id: str, *, name: str | None = None, status: str | None = None
    ) -> None:
        """Rename an extension or set its status."""
        if status is not None and status not in STATUSES:
            raise ValueError(f"unknown status {status}")
        ext = self._service.account.extensions[self._known(ext_id)]
        self._service.account.edit(ext, name=name, status=status)

    def _known(self, ext_id: str) -> int:
        if not ext_id.isdigit() or int(ext_id) not in self._service.account.extensions:
            raise ValueError(f"unknown extension {ext_id}")
        return int(ext_id)
