"""The emulated company: what tests read and do. All ids are strings."""

import asyncio
import random
from typing import Any

from . import shapes
from .calloptions import call_options
from .callplay import CallPlayer
from .extension import PRESENCE_VALUES, Extension
from .mail import Mail
from .membership import Membership
from .service import Service
from .simulate import Office


class Company:
    """Extensions, their presence and calls, lists, queues and voicemails."""

    def __init__(self, service: Service, seed: int) -> None:
        """Take the state; the seed decides numbers, ids and the office."""
        self._service = service
        self.faults = service.faults
        self._player = CallPlayer(
            service.account,
            service.clock,
            service.faults,
            random.Random(f"calls-{seed}"),
            log=service.call_log,
            mailboxes=service.mailboxes,
        )
        self.membership = Membership(service)
        self.mail = Mail(service)
        self.office = Office(service.account, self._player, service.mailboxes, seed)
        self._calls: set[asyncio.Task[dict[str, Any]]] = set()
        self.url = ""

    # What it is.

    @property
    def account_id(self) -> str:
        """The account's id."""
        return str(self._service.account.id)

    @property
    def own_extension_id(self) -> str:
        """The signed-in user's id."""
        return str(self._service.account.own_id)

    @property
    def extension_ids(self) -> list[str]:
        """Ids of the enabled extensions with a presence, the signed-in user's first."""
        own = self.own_extension_id
        found = [
            str(ext.id)
            for ext in self._service.account.extensions.values()
            if ext.status == "Enabled" and ext.has_presence
        ]
        return [own, *(each for each in found if each != own)]

    def extension(self, ext_id: str) -> Extension:
        """Return the record of an extension; KeyError for an unknown id."""
        return self._service.account.extensions[int(ext_id)]

    def ids(self, type: str | None = None, status: str | None = None) -> list[str]:  # noqa: A002
        """Return ids by extension type and status."""
        return [
            str(ext.id)
            for ext in self._service.account.extensions.values()
            if type in (None, ext.type) and status in (None, ext.status)
        ]

    def truth(self) -> dict[str, dict[str, Any]]:
        """Return the detailed presence of every extension by id, in REST shape."""
        account = self._service.account
        return {
            str(ext.id): shapes.truth(account, ext, self.url, self.faults)
            for ext in account.extensions.values()
        }

    # What happens in the company.

    async def set_presence(
        self, ext_id: str, presence: dict[str, Any]
    ) -> dict[str, Any]:
        """Set presence fields without the rules of PUT; raise ValueError for a bad one."""
        ext = self.extension(ext_id)
        changes: dict[str, Any] = {}
        for name, value in presence.items():
            if name == "message":
                changes["message"] = str(value)
                continue
            attribute, allowed = PRESENCE_VALUES.get(name, ("", ()))
            if value not in allowed:
                raise ValueError(f"{name} cannot be {value!r}")
            changes[attribute] = value
        self._service.account.update(ext, **changes)
        return self.truth_of(ext_id)

    def truth_of(self, ext_id: str) -> dict[str, Any]:
        """Return the detailed presence of one extension."""
        account = self._service.account
        return shapes.truth(account, self.extension(ext_id), self.url, self.faults)

    async def play_call(
        self, ext_id: str, script: list[str], **options: Any
    ) -> dict[str, Any]:
        """Play a call script; raise CallError (a ValueError) if it is impossible."""
        return await self._player.play(
            self.extension(ext_id), script, call_options(options)
        )

    def start_call(
        self, ext_id: str, script: list[str], **options: Any
    ) -> asyncio.Task[dict[str, Any]]:
        """Play a call script in the background."""
        task = asyncio.create_task(self.play_call(ext_id, script, **options))
        self._calls.add(task)
        task.add_done_callback(self._calls.discard)
        return task

    async def first_step(self, task: asyncio.Task[dict[str, Any]]) -> bool:
        """Let a background call take its first step; return whether it has ended."""
        for _ in range(3):
            await asyncio.sleep(0)
        if task.done():
            # Show a mistake in the script to the caller.
            task.result()
        return task.done()

    async def set_lines(self, ext_ids: list[str]) -> None:
        """Replace the signed-in user's monitored lines after their own two."""
        self.membership.set_lines(ext_ids)

    async def set_queue(
        self,
        queue_id: str,
        *,
        members: list[str] | None = None,
        editable: bool | None = None,
        takes: dict[str, bool] | None = None,
    ) -> None:
        """Set a queue's members, whether they may log in and out, and which of them take its calls."""
        self.membership.set_queue(queue_id, members, editable, takes)

    def queues(self) -> dict[str, dict[str, Any]]:
        """Return every queue: name, whether editable, and its members' acceptance."""
        return self.membership.queues()

    async def set_favorites(self, ext_ids: list[str]) -> None:
        """Replace the signed-in user's favorites."""
        self.membership.set_favorites(ext_ids)

    async def add_extension(
        self,
        name: str,
        type: str = "User",  # noqa: A002
        subtype: str | None = None,
    ) -> str:
        """Add an enabled extension and return its id."""
        return self.membership.add(name, type, subtype)

    async def remove_extension(self, ext_id: str) -> None:
        """Delete an extension."""
        self.membership.remove(ext_id)

    async def rename_extension(self, ext_id: str, name: str) -> None:
        """Rename an extension."""
        self.membership.edit(ext_id, name=name)

    async def set_extension_status(self, ext_id: str, status: str) -> None:
        """Set the status of an extension, as an administrator does."""
        self.membership.edit(ext_id, status=status)
