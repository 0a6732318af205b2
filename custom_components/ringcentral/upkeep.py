"""What is read again although no event says so: doubtful extensions, membership, and everything now and then."""

import asyncio
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from homeassistant.core import callback

from .aioringcentral.backoff import Backoff
from .aioringcentral.errors import RetryLater, RingCentralError
from .aioringcentral.filters import is_presence_filter
from .aioringcentral.models import Presence
from .aioringcentral.presence import is_incomplete
from .aioringcentral.stream import Subscription
from .aioringcentral.suspects import Doubts
from .const import LOGGER
from .devices import sync_devices
from .repairs import check_jwt

if TYPE_CHECKING:
    from .coordinator import RingCentralCoordinator

# Seconds between slow re-reads, which mend what no event told; a few requests in six hours.
RESYNC_EVERY: Final = 6 * 3_600.0
# Seconds in which several changes of membership are taken together.
_SETTLE: Final = 2.0
# Seconds until a doubtful extension that could not be read is read again, at least.
_UNREAD_AFTER: Final = 2.0


class Upkeep:
    """Keeps an account right over months; `run` goes on until it is cancelled."""

    def __init__(self, coordinator: RingCentralCoordinator) -> None:
        """Take the account."""
        self._coordinator = coordinator
        self._doubts = Doubts()
        self._doubted = asyncio.Event()
        self._regroup = asyncio.Event()
        self._away: dict[str, None] = {}
        self._unread: dict[str, None] = {}
        self._unread_wait = 0.0
        self._read = asyncio.Event()
        # Those that were read since something of them was unknown: it stays so.
        self._incomplete: set[str] = set()
        self._live: frozenset[str] = frozenset()

    @callback
    def note(self, presence: Presence) -> None:
        """Look at a presence that changed: does it need to be read again?"""
        if self._doubts.note(presence, self._coordinator.hass.loop.time()):
            self._doubted.set()
        key = presence.extension_id
        if not is_incomplete(presence):
            self._incomplete.discard(key)
        elif key not in self._incomplete:
            # Who hid lets itself be seen again, and the event holds only what changed.
            self._incomplete.add(key)
            self.read_again((key,))

    @callback
    def note_filters(self, subscription: Subscription | None, *, is_read: bool) -> None:
        """Look at the filters that are live: what changed before a new one was is told by none, and to be read."""
        live = frozenset(subscription.live if subscription else ())
        if not is_read and any(is_presence_filter(name) for name in live - self._live):
            self.read_again(self._coordinator.presences)
        self._live = live

    @callback
    def membership_changed(self, extension_ids: Iterable[str] = ()) -> None:
        """Have membership read again soon, and those then whom nothing may have told of while they were away."""
        self._away |= dict.fromkeys(extension_ids)
        self._regroup.set()

    @callback
    def read_again(
        self, extension_ids: Iterable[str], wait: float | None = None
    ) -> None:
        """Have extensions read, after seconds that the service asked for, until they are."""
        self._unread |= dict.fromkeys(extension_ids)
        self._unread_wait = max(self._unread_wait, wait or 0.0)
        if self._unread:
            self._read.set()

    async def run(self) -> None:
        """Read what has to be read again."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._resolve_doubts())
            group.create_task(self._read_unread())
            group.create_task(self._follow_members())
            group.create_task(self._resync())

    async def _resolve_doubts(self) -> None:
        """Read those extensions again whose presence may be wrong."""
        loop = asyncio.get_running_loop()
        while True:
            due = self._doubts.next_due()
            self._doubted.clear()
            try:
                async with asyncio.timeout_at(due):
                    await self._doubted.wait()
            except TimeoutError:
                extension_ids = self._doubts.take_due(loop.time())
            else:
                continue
            try:
                await self._coordinator.read(extension_ids, anew=False, is_live=True)
            except RingCentralError as err:
                LOGGER.debug("Doubts could not be resolved: %s", err)
                if isinstance(err, RetryLater):
                    wait = max(_UNREAD_AFTER, err.retry_after or 0.0)
                    self._doubts.postpone(extension_ids, loop.time() + wait)
                continue
            for key in extension_ids:
                if key in self._coordinator.presences:
                    self._doubts.note(self._coordinator.presences[key], loop.time())

    async def _read_unread(self) -> None:
        """Read those that could not be read, or of whom not all is known."""
        backoff = Backoff()
        while True:
            await self._read.wait()
            await asyncio.sleep(backoff.next(self._unread_wait))
            extension_ids = tuple(
                key for key in self._unread if key in self._coordinator.presences
            )
            self._unread.clear()
            self._unread_wait = 0.0
            self._read.clear()
            await self._read_if_possible(extension_ids)
            if not self._unread:
                backoff.reset()

    async def _follow_members(self) -> None:
        """Read membership again when it changed, until it could be read."""
        backoff = Backoff()
        while True:
            await self._regroup.wait()
            await asyncio.sleep(_SETTLE)
            # What changes from here on may be missing in the lists: it is read once more.
            self._regroup.clear()
            away, self._away = self._away, {}
            try:
                await self._update_members()
            except RingCentralError as err:
                self._away |= away
                LOGGER.debug("Membership could not be read: %s", err)
                if isinstance(err, RetryLater):
                    self._regroup.set()
                    await asyncio.sleep(backoff.next(err.retry_after))
            else:
                backoff.reset()
                self.read_again(away)

    async def _resync(self) -> None:
        """Read everything again now and then."""
        coordinator = self._coordinator
        while True:
            check_jwt(coordinator.hass, coordinator.config_entry)
            await asyncio.sleep(RESYNC_EVERY)
            coordinator.stream.ask_again()
            self.read_again(coordinator.presences)
            self.membership_changed()

    async def _update_members(self) -> None:
        coordinator = self._coordinator
        before = coordinator.extensions
        found = await coordinator.read_members()
        for key in before.keys() - coordinator.extensions.keys():
            self._doubts.forget(key)
            self._incomplete.discard(key)
            coordinator.forget(key)
        sync_devices(coordinator, remove=coordinator.members_complete)
        coordinator.stream.change_filters(found.plan)
        joined = tuple(key for key in coordinator.extensions if key not in before)
        # Some are unknown: their entities are added once that was tried to be mended.
        await self._read_if_possible(joined)
        coordinator.announce()

    async def _read_if_possible(self, extension_ids: tuple[str, ...]) -> None:
        """Read presence, and once more where that fails for now."""
        if not extension_ids:
            return
        try:
            await self._coordinator.read(extension_ids, anew=False)
        except RingCentralError as err:
            LOGGER.debug("Reading presence again failed: %s", err)
            if isinstance(err, RetryLater):
                self.read_again(extension_ids, err.retry_after)
