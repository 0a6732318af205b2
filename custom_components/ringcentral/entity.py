"""Base classes of entities: devices, availability, and writing a state only if it is new."""

from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, override

from homeassistant.core import callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.entity import EntityDescription
from homeassistant.helpers.entity_platform import (
    AddConfigEntryEntitiesCallback,
    EntityPlatform,
    async_get_current_platform,
)
from homeassistant.helpers.update_coordinator import BaseCoordinatorEntity

from .aioringcentral.calls.state import Calls
from .aioringcentral.models import Extension, Presence
from .aioringcentral.status import Standing
from .const import DOMAIN
from .coordinator import RingCentralCoordinator
from .devices import NOBODY, account_identifier, extension_identifier
from .listeners import ACCOUNT

# Stands for a value while nothing is known for sure.
_UNAVAILABLE: Final = object()
_OF_NOBODY: Final = frozenset({"active_calls", "call", "telephony_status"})
# Entities that a call queue has, too.
_OF_QUEUES: Final = frozenset(
    {"members_available", "members_on_call", "waiting_calls", "waiting_since"}
)


class RingCentralEntity(BaseCoordinatorEntity[RingCentralCoordinator]):
    """An entity whose state is one value."""

    _attr_has_entity_name = True
    # Shared by all: otherwise each entity would keep an empty one of its own.
    _attr_translation_placeholders: Mapping[str, str] = {}
    _attr_available = False
    _shown: Any = _UNAVAILABLE

    def __init__(
        self,
        coordinator: RingCentralCoordinator,
        description: EntityDescription,
        context: tuple[str, tuple[str, ...]],
    ) -> None:
        """Listen to fields of one extension, or of the account."""
        super().__init__(coordinator, context)
        self.entity_description = description

    @abstractmethod
    def _value(self) -> Any:
        """Return the value that the state shows."""

    @abstractmethod
    def _show(self, value: Any) -> None:
        """Keep the value that the state is to show."""

    def _is_available(self) -> bool:
        return self.coordinator.available

    @override
    async def async_added_to_hass(self) -> None:
        """Listen; the state that is written right afterwards shows what is known now."""
        await super().async_added_to_hass()
        self._take_over()

    @callback
    def async_entity_id_changed(self, old_entity_id: str) -> None:
        """Do nothing when renamed, since nothing here depends on the entity id (required since 2026.11)."""

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        if self._take_over():
            self.async_write_ha_state()

    @callback
    def _take_over(self) -> bool:
        """Take over the present value, and return whether the state differs from before."""
        value = self._value() if self._is_available() else _UNAVAILABLE
        if value == self._shown:
            return False
        if value is _UNAVAILABLE:
            self._attr_available = False
        else:
            if self._shown is _UNAVAILABLE:
                self._attr_available = True
            self._show(value)
        self._shown = value
        return True

    @override
    async def async_update(self) -> None:
        """Fetch nothing: the stream brings every change."""


class ExtensionEntity(RingCentralEntity):
    """An entity of one extension."""

    def __init__(
        self,
        coordinator: RingCentralCoordinator,
        description: EntityDescription,
        extension_id: str,
        watches: tuple[str, ...],
    ) -> None:
        """Belong to the extension's device; ``watches`` are fields of `Presence`, and `CALLS`."""
        super().__init__(coordinator, description, (extension_id, watches))
        self.extension_id = extension_id
        if _is_nobody(coordinator.extensions[extension_id]):
            # This is all that there is to see of such an extension.
            self._attr_entity_registry_enabled_default = True
        self._attr_unique_id = (
            f"{coordinator.account_id}_{extension_id}_{description.key}"
        )
        self._attr_translation_key = description.key
        self._take_over()

    @property
    @override
    def device_info(self) -> DeviceInfo:
        """The device, which exists already, so that naming it is enough."""
        account_id = self.coordinator.account_id
        # Made on request, which comes once, because otherwise thousands of entities would keep it.
        return DeviceInfo(
            identifiers={extension_identifier(account_id, self.extension_id)}
        )

    @property
    def standing(self) -> Standing:
        """What was last known about the extension, and what follows from it."""
        return self.coordinator.standing(self.extension_id)

    @property
    def presence(self) -> Presence:
        """The presence as last known."""
        return self.standing.presence

    @property
    def calls(self) -> Calls:
        """The calls as last known."""
        return self.standing.calls

    @override
    def _is_available(self) -> bool:
        coordinator = self.coordinator
        return (
            coordinator.availability.is_available
            and self.extension_id in coordinator.presences
        )


class AccountEntity(RingCentralEntity):
    """An entity of the account."""

    def __init__(
        self,
        coordinator: RingCentralCoordinator,
        description: EntityDescription,
        watches: str,
    ) -> None:
        """Belong to the account's device; ``watches`` is `PUSH` or a field of `Counts`."""
        super().__init__(coordinator, description, (ACCOUNT, (watches,)))
        self.watches = watches
        self._attr_unique_id = f"{coordinator.account_id}_{description.key}"
        self._attr_translation_key = description.key
        self._attr_device_info = DeviceInfo(
            identifiers={account_identifier(coordinator.account_id)}
        )
        self._take_over()


def _is_nobody(extension: Extension) -> bool:
    """Whether an extension is a park location, a call queue or a pick-up group."""
    return extension.type in NOBODY


def has(
    coordinator: RingCentralCoordinator, domain: str, extension_id: str, key: str
) -> bool:
    """Whether an extension has an entity; without a person, only its calls mean anything."""
    if _is_nobody(coordinator.extensions[extension_id]):
        return key in _OF_NOBODY | _OF_QUEUES
    return coordinator.sets.has(domain, extension_id, key)


def those_of[DescriptionT: EntityDescription](
    coordinator: RingCentralCoordinator,
    domain: str,
    extension_id: str,
    descriptions: Iterable[DescriptionT],
) -> Iterator[DescriptionT]:
    """Yield the descriptions of the entities that an extension has, since making others only to drop them takes time."""
    for description in descriptions:
        if has(coordinator, domain, extension_id, description.key):
            yield description


def is_added(platform: EntityPlatform, entity: ExtensionEntity) -> bool:
    """Whether a platform has already added this entity, or an earlier object for the same one."""
    registry = er.async_get(entity.coordinator.hass)
    unique_id = str(entity.unique_id)
    entity_id = registry.async_get_entity_id(platform.domain, DOMAIN, unique_id)
    return entity_id in platform.entities


@callback
def add_for_each_extension(
    coordinator: RingCentralCoordinator,
    async_add_entities: AddConfigEntryEntitiesCallback,
    entities: Callable[[str], Iterable[ExtensionEntity]],
) -> Callable[[Iterable[str]], None]:
    """Add the entities of every followed extension, now and when others join; return a function that adds more.

    ``entities`` may return more than an extension has, see `has`. The returned function adds none for an
    extension that has no entities yet, because that will get all of them at once.
    """
    platform = async_get_current_platform()
    domain = platform.domain

    @callback
    def add(joined: Iterable[str]) -> None:
        added, enabled = list[ExtensionEntity](), 0
        for extension_id in joined:
            for entity in entities(extension_id):
                key = entity.entity_description.key
                if not has(coordinator, domain, extension_id, key) or is_added(
                    platform, entity
                ):
                    continue
                if entity.entity_registry_enabled_default:
                    if not coordinator.sets.takes(domain, extension_id, key, enabled):
                        continue
                    enabled += 1
                added.append(entity)
        async_add_entities(added)

    @callback
    def add_more(extension_ids: Iterable[str]) -> None:
        may_add = coordinator.members.may_add_more
        add(filter(lambda key: may_add(add, key), extension_ids))

    coordinator.members.async_on_joined(add)
    return add_more
