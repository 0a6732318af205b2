"""Which entities people have, depending on how many are followed and how they were chosen (docs/large-accounts.md)."""

from collections.abc import Mapping
from enum import IntEnum
from typing import Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er

from .aioringcentral.account import Account
from .aioringcentral.membership import Follow
from .aioringcentral.models import Extension
from .const import DOMAIN

# Most people who can be followed.
MOST_PEOPLE: Final = 3_000
# Most enabled entities that Home Assistant accepts from one entry.
ROOM: Final = 10_000


class Size(IntEnum):
    """How many people are followed: the more there are, the fewer entities each has."""

    USUAL = 0
    LARGE = 1
    HUGE = 2


# The most people that an account of each size has.
_UP_TO: Final = {Size.USUAL: 200, Size.LARGE: 1_000}
# An account counts as smaller again once it is below this share of the limit.
_CALM: Final = 0.9

_ENTITIES: Final = {
    Size.LARGE: frozenset(
        {
            (Platform.SENSOR, "status"),
            (Platform.SENSOR, "telephony_status"),
            (Platform.SENSOR, "presence_status"),
            (Platform.SENSOR, "dnd_status"),
            (Platform.BINARY_SENSOR, "on_call"),
            (Platform.BINARY_SENSOR, "ringing"),
            (Platform.BINARY_SENSOR, "do_not_disturb"),
            (Platform.EVENT, "call"),
        }
    ),
    Size.HUGE: frozenset(
        {
            (Platform.SENSOR, "status"),
            (Platform.BINARY_SENSOR, "on_call"),
            (Platform.EVENT, "call"),
        }
    ),
}
# Most enabled entities per person; the rest of the room is for extensions without a person.
_EACH: Final = {
    Size.USUAL: 12,
    **{size: len(entities) for size, entities in _ENTITIES.items()},
}
_FOR_PEOPLE: Final = ROOM - 100
# A sensor that people have up to a size, enabled or not, which shows the size in an earlier run.
_SIGNS: Final = ((Size.USUAL, "user_status"), (Size.LARGE, "telephony_status"))


def size_of(people: int, was: Size | None = None) -> Size:
    """Return the size of an account with this many people; ``was`` is its size so far, if known."""
    size = _size(people, 1.0)
    if was is None or size >= was:
        return size
    return min(was, _size(people, _CALM))


def _size(people: int, share: float) -> Size:
    return next(
        (size for size, most in _UP_TO.items() if people <= most * share), Size.HUGE
    )


def size_for_named(named: int, others: int, size: Size) -> Size:
    """Return which entities named people have: all of them, unless Home Assistant does not accept that many."""
    total = named * _EACH[Size.USUAL] + others * _EACH[size]
    return Size.USUAL if total <= _FOR_PEOPLE else size


class EntitySets:
    """Says which entities each extension has; entities that exist stay."""

    def __init__(
        self, hass: HomeAssistant, entry: ConfigEntry, account: Account
    ) -> None:
        """Count nobody yet."""
        self._registry = er.async_get(hass)
        self._entry = entry
        self._account = account
        self._counted: Mapping[str, Extension] | None = None
        self._size = self._size_for_named = Size.USUAL
        # People for whom Home Assistant accepts no more entities.
        self.lacking: set[str] = set()

    @callback
    def has(self, domain: str, extension_id: str, key: str) -> bool:
        """Whether a person has an entity, either at this size of the account or because it exists and is enabled."""
        if extension_id == self._account.own.id:
            return True
        self._count()
        size = self._size_for_named if self._is_named(extension_id) else self._size
        if size is Size.USUAL or (domain, key) in _ENTITIES[size]:
            return True
        known = self._known(domain, extension_id, key)
        return known is not None and not known.disabled

    @callback
    def takes(self, domain: str, extension_id: str, key: str, ahead: int) -> bool:
        """Whether Home Assistant accepts an enabled entity after so many others; if not, remember who lacks one."""
        enabled = self._registry.entities.get_enabled_count_for_config_entry_id(
            self._entry.entry_id
        )
        if enabled + ahead < ROOM or self._known(domain, extension_id, key) is not None:
            return True
        self.lacking.add(extension_id)
        return False

    def _is_named(self, extension_id: str) -> bool:
        """Whether the user named this person, or is this person."""
        origins = self._account.origins.get(extension_id, frozenset())
        return bool(origins - {Follow.ACCOUNT}) or extension_id == self._account.own.id

    def _known(
        self, domain: str, extension_id: str, key: str
    ) -> er.RegistryEntry | None:
        unique_id = f"{self._account.id}_{extension_id}_{key}"
        entity_id = self._registry.async_get_entity_id(domain, DOMAIN, unique_id)
        return None if entity_id is None else self._registry.async_get(entity_id)

    def _count(self) -> None:
        """Count people whenever the lists were read again."""
        if self._counted is self._account.extensions:
            return
        self._counted = self._account.extensions
        people = [key for key, each in self._counted.items() if each.has_person]
        others = [key for key in people if not self._is_named(key)]
        seen = {size for key in others if (size := self._seen(key)) is not None}
        self._size = size_of(len(people), max(seen, default=None))
        self._size_for_named = size_for_named(
            len(people) - len(others), len(others), self._size
        )

    def _seen(self, extension_id: str) -> Size | None:
        """Return the size at which a person got their entities, or None for a new person."""
        if self._known(Platform.SENSOR, extension_id, "status") is None:
            return None
        return next(
            (
                size
                for size, key in _SIGNS
                if self._known(Platform.SENSOR, extension_id, key) is not None
            ),
            Size.HUGE,
        )
