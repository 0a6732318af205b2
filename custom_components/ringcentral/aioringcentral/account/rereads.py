"""Extensions that are read again although no event asks for it, until what is known about them is right."""

import asyncio
from collections.abc import Iterable, Mapping
import logging
from typing import Final, Protocol

from ..backoff import Backoff, GrowingPauses
from ..causes import Cause, Why
from ..errors import RingCentralError, passes, wait_after
from ..models import Presence
from ..presence_merge import is_incomplete
from ..presence_store import PresenceStore
from ..suspects import Suspects

_LOGGER = logging.getLogger(__name__)

# Seconds until an extension is read after an event of it had a value that cannot be read; they grow while that
# goes on.
DOUBTED_AFTER: Final = 5.0


class Read(Protocol):
    """Reads presence of extensions; raises `RingCentralError`."""

    async def __call__(
        self, wanted: Mapping[str, Why], *, reset: bool, is_live: bool = False
    ) -> None:
        """Read now."""


class Rereads:
    """Decides what to read again; `run` reads it until cancelled."""

    def __init__(self, presences: PresenceStore, read: Read) -> None:
        """Look after ``presences``; ``read`` reads them."""
        self._presences = presences
        self._read = read
        self._suspects = Suspects()
        self._suspected = asyncio.Event()
        self._unread: dict[str, Why] = {}
        self._unread_wait = 0.0
        self._is_unread = asyncio.Event()
        # Extensions for which a value could not be read.
        self._doubted: dict[str, None] = {}
        self._is_doubted = asyncio.Event()
        # Extensions that were read once already because a field was unknown, which it still is.
        self._incomplete: set[str] = set()

    def look_at(self, presence: Presence) -> None:
        """Decide whether a presence that changed has to be read again."""
        if self._suspects.look_at(presence, asyncio.get_running_loop().time()):
            self._suspected.set()
        key = presence.extension_id
        if not is_incomplete(presence):
            self._incomplete.discard(key)
        elif key not in self._incomplete:
            # Presence is visible again, but the event carries only the changed fields.
            self._incomplete.add(key)
            self.read_again((key,), Cause.INCOMPLETE)

    def doubt(self, extension_id: str) -> None:
        """Read an extension some time after it had an event with a value that cannot be read."""
        if extension_id in self._presences:
            self._doubted[extension_id] = None
            self._is_doubted.set()

    def read_again(
        self, extension_ids: Iterable[str], cause: Cause, since: float | None = None
    ) -> None:
        """Read extensions until that succeeds; ``since`` says when they became due, by default now."""
        if since is None:
            since = asyncio.get_running_loop().time()
        self.read_later(dict.fromkeys(extension_ids, Why(cause, since)))

    def read_later(self, wanted: Mapping[str, Why], wait: float | None = None) -> None:
        """Read extensions until that succeeds, ``wait`` seconds from now at the earliest."""
        self._unread = {**wanted, **self._unread}
        self._unread_wait = max(self._unread_wait, wait or 0.0)
        if self._unread:
            self._is_unread.set()

    def forget(self, extension_id: str) -> None:
        """Drop an extension that is no longer followed."""
        self._suspects.forget(extension_id)
        self._incomplete.discard(extension_id)

    async def run(self) -> None:
        """Read what has to be read again."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._read_suspects())
            group.create_task(self._read_unread())
            group.create_task(self._read_doubted())

    async def try_to_read(self, wanted: Mapping[str, Why]) -> None:
        """Read presence now; if that fails for now, try again later."""
        if not wanted:
            return
        try:
            await self._read(wanted, reset=False)
        except RingCentralError as err:
            _LOGGER.debug("Reading presence again failed: %s", err)
            if passes(err):
                self.read_later(wanted, wait_after(err))

    async def _read_suspects(self) -> None:
        """Read suspects when they are due."""
        loop = asyncio.get_running_loop()
        while True:
            due = self._suspects.next_due()
            self._suspected.clear()
            try:
                async with asyncio.timeout_at(due):
                    await self._suspected.wait()
            except TimeoutError:
                wanted = self._suspects.due(loop.time())
            else:
                continue
            try:
                await self._read(wanted, reset=False, is_live=True)
            except RingCentralError as err:
                _LOGGER.debug("Suspects could not be read: %s", err)
                if passes(err):
                    self._suspects.postpone(wanted, loop.time(), wait_after(err))
                continue
            self._suspects.could_be_read()
            for key in wanted:
                if key in self._presences:
                    self._suspects.look_at(self._presences[key], loop.time())

    async def _read_unread(self) -> None:
        """Read extensions that could not be read, or of which something is unknown."""
        backoff = Backoff()
        while True:
            await self._is_unread.wait()
            await asyncio.sleep(backoff.next(self._unread_wait))
            wanted = {
                key: why for key, why in self._unread.items() if key in self._presences
            }
            self._unread = {}
            self._unread_wait = 0.0
            self._is_unread.clear()
            await self.try_to_read(wanted)
            if not self._unread:
                backoff.reset()

    async def _read_doubted(self) -> None:
        """Have extensions read for which a value could not be read."""
        pauses = GrowingPauses(DOUBTED_AFTER)
        while True:
            since = await pauses.after(self._is_doubted)
            doubted, self._doubted = self._doubted, {}
            self.read_again(doubted, Cause.UNREADABLE, since)
