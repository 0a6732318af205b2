"""What is read again although no event says so: doubtful extensions, membership, and everything now and then."""

import asyncio
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from homeassistant.core import callback

from .aioringcentral.doubts import Doubts
from .aioringcentral.errors import RingCentralError
from .aioringcentral.models import Presence
from .const import LOGGER
from .devices import sync_devices
from .repairs import check_jwt

if TYPE_CHECKING:
    from .coordinator import RingCentralCoordinator

# Seconds between slow re-reads, which mend what no event told; a few requests in six hours.
RESYNC_EVERY: Final = 6 * 3_600.0
# Seconds in which several changes of membership are taken together.
_SETTLE: Final = 2.0


class Upkeep:
    """Keeps an account right over months; its two tasks run until they are cancelled."""

    def __init__(self, coordinator: RingCentralCoordinator) -> None:
        """Take the account."""
        self._coordinator = coordinator
        self._doubts = Doubts()
        self._doubted = asyncio.Event()
        self._regroup = asyncio.Event()

    @callback
    def note(self, presence: Presence) -> None:
        """Look at a presence that changed: does it need to be read again?"""
        if self._doubts.note(presence, self._coordinator.hass.loop.time()):
            self._doubted.set()

    @callback
    def membership_changed(self) -> None:
        """Have membership read again soon."""
        self._regroup.set()

    async def resolve_doubts(self) -> None:
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
                if extension_ids and await self._read_if_possible(
                    extension_ids, is_live=True
                ):
                    for key in extension_ids:
                        if key in self._coordinator.presences:
                            self._doubts.note(
                                self._coordinator.presences[key], loop.time()
                            )

    async def resync(self) -> None:
        """Read everything again now and then, and membership when it changed."""
        coordinator = self._coordinator
        while True:
            check_jwt(coordinator.hass, coordinator.config_entry)
            try:
                async with asyncio.timeout(RESYNC_EVERY):
                    await self._regroup.wait()
            except TimeoutError:
                await self._read_if_possible(tuple(coordinator.presences))
            else:
                await asyncio.sleep(_SETTLE)
            # What changes from here on may be missing in the lists: it is read once more.
            self._regroup.clear()
            try:
                await self._update_members()
            except RingCentralError as err:
                LOGGER.debug("Membership could not be read: %s", err)

    async def _update_members(self) -> None:
        coordinator = self._coordinator
        before = coordinator.extensions
        found = await coordinator.read_members()
        for key in before.keys() - coordinator.extensions.keys():
            self._doubts.forget(key)
            coordinator.forget(key)
        sync_devices(coordinator, remove=coordinator.members_complete)
        coordinator.stream.change_filters(found.plan)
        joined = tuple(key for key in coordinator.extensions if key not in before)
        if joined and not await self._read_if_possible(joined):
            for key in joined:
                self._doubts.ask_again(key, coordinator.hass.loop.time())
            self._doubted.set()
        coordinator.announce(joined)

    async def _read_if_possible(
        self, extension_ids: Iterable[str], *, is_live: bool = False
    ) -> bool:
        try:
            await self._coordinator.read(
                tuple(extension_ids), anew=False, is_live=is_live
            )
        except RingCentralError as err:
            LOGGER.debug("Reading presence again failed: %s", err)
            return False
        return True
