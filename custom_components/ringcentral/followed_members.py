"""Makes devices and entities come and go with the extensions that are followed."""

import asyncio
from collections.abc import Callable
from itertools import batched
from typing import Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback

from .aioringcentral.account import Account
from .aioringcentral.pauses import Pauses
from .const import LOGGER
from .devices import extension_devices, sync_devices
from .entity_sets import EntitySets
from .issues import report_lost_choices, report_too_many_entities
from .kept import has_choices

# Extensions whose entities a platform adds in one go, without a pause of Home Assistant in between.
PART: Final = 5

type AddMembers = Callable[[tuple[str, ...]], None]


class FollowedMembers:
    """The devices of one entry, and the functions that add entities for them.

    Both come and go part by part, so that Home Assistant answers meanwhile.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        account: Account,
        sets: EntitySets,
    ) -> None:
        """Begin without devices."""
        self._sets = sets
        self._hass = hass
        self._entry = entry
        self._account = account
        self._is_empty = False
        self._is_stopped = False
        self._turn = asyncio.Lock()
        # Callbacks that add entities, and the extension ids that each has handled.
        self._handled: dict[AddMembers, set[str]] = {}
        # The type that each extension had then.
        self._types: dict[str, str | None] = {}

    @callback
    def async_on_joined(self, add: AddMembers) -> None:
        """Call ``add`` with the followed ids once `add_entities` is called, and with those that join later."""
        self._handled[add] = set()

    def may_add_more(self, add: AddMembers, extension_id: str) -> bool:
        """Whether a function that adds entities was called for an extension, and the entry is not being unloaded.

        An entity that is added to a platform that is being removed would outlive it.
        """
        return not self._is_stopped and extension_id in self._handled[add]

    @callback
    def changed(self) -> None:
        """Make devices and entities follow the account."""
        self._entry.async_create_task(self._hass, self._follow(), "follow members")

    async def sync_devices(self) -> None:
        """Make devices follow the account, and report which choices lead nowhere."""
        async with self._turn:
            await self._sync_devices()

    async def add_entities(self) -> None:
        """Add the entities of everyone who is followed and has none yet."""
        async with self._turn:
            await self._add_entities()

    @callback
    def stop(self) -> None:
        """Stop adding entities."""
        self._is_stopped = True

    async def _follow(self) -> None:
        async with self._turn:
            await self._sync_devices()
            await self._add_entities()

    async def _sync_devices(self) -> None:
        if self._is_stopped:
            return
        account = self._account
        names = extension_devices(self._hass, self._entry, account.id)
        report_lost_choices(
            self._hass,
            self._entry,
            {key: names.get(key, key) for key in account.lost_choices},
        )
        is_empty, self._is_empty = self._is_empty, not account.extensions
        if self._is_empty and not is_empty:
            LOGGER.warning(
                "No extension is followed for now: each is as soon as RingCentral lists it as enabled"
            )
        await sync_devices(
            self._hass,
            self._entry,
            account.own,
            account.extensions,
            remove=account.members_complete and has_choices(self._entry.options),
            keep=account.missing,
        )

    async def _add_entities(self) -> None:
        pauses, extensions = Pauses(), self._account.extensions
        # An extension whose type changed may have more entities; those that exist are not added again.
        stay = {
            key
            for key, kind in self._types.items()
            if key in extensions and extensions[key].type == kind
        }
        self._types = {key: each.type for key, each in extensions.items()}
        for handled in self._handled.values():
            handled.intersection_update(stay)
        for part in batched(extensions, PART, strict=False):
            for add, handled in self._handled.items():
                # Somebody may have left since.
                now = self._account.extensions
                joined = tuple(key for key in part if key not in handled and key in now)
                if self._is_stopped or not joined:
                    continue
                handled.update(joined)
                add(joined)
                await pauses.take()
        self._sets.lacking.intersection_update(self._account.extensions)
        report_too_many_entities(self._hass, self._entry, len(self._sets.lacking))
