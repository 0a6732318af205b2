"""Twins of entities: the same platform and description, but they only write states."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
import logging
from typing import Any, override

from homeassistant.components.binary_sensor import BinarySensorEntity
from homeassistant.components.event import EventEntity
from homeassistant.components.select import SelectEntity
from homeassistant.components.sensor import SensorEntity
from homeassistant.components.sensor.const import SensorDeviceClass
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.entity_platform import EntityPlatform

_NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)


class _Twin(Entity):
    """An entity that only writes states."""

    def change(self) -> None:
        """Make the next state a different one."""
        raise NotImplementedError

    def turn(self) -> None:
        """Write another state."""
        self.change()
        self.async_write_ha_state()


class _TwinSensor(_Twin, SensorEntity):
    """A sensor that only writes a state."""

    _attr_should_poll = False
    _attr_has_entity_name = True

    @override
    def change(self) -> None:
        """Show the other one of two states."""
        description = self.entity_description
        if description.options:
            first, second = description.options[:2]
            self._attr_native_value = (
                second if self._attr_native_value == first else first
            )
        elif description.device_class is SensorDeviceClass.TIMESTAMP:
            self._attr_native_value = None if self._attr_native_value else _NEW_YEAR
        else:
            self._attr_native_value = 2 if self._attr_native_value == 1 else 1


class _TwinBinarySensor(_Twin, BinarySensorEntity):
    """A binary sensor that only writes a state."""

    _attr_should_poll = False
    _attr_has_entity_name = True

    @override
    def change(self) -> None:
        """Show the other state."""
        self._attr_is_on = not self._attr_is_on


class _TwinEvent(_Twin, EventEntity):
    """An event entity that only fires events."""

    _attr_should_poll = False
    _attr_has_entity_name = True

    @override
    def change(self) -> None:
        """Fire an event."""
        self._trigger_event("answered", {"direction": "inbound", "queue_call": False})


class _TwinSelect(_Twin, SelectEntity):
    """A select that only writes an option."""

    _attr_should_poll = False
    _attr_has_entity_name = True

    @override
    def change(self) -> None:
        """Show the other one of two options."""
        first, second = self.options[:2]
        self._attr_current_option = second if self.current_option == first else first


_TWINS: dict[str, type[Any]] = {
    "sensor": _TwinSensor,
    "binary_sensor": _TwinBinarySensor,
    "event": _TwinEvent,
    "select": _TwinSelect,
}


async def twins_of(hass: HomeAssistant, originals: list[Any]) -> dict[str, Any]:
    """Return a twin for every entity, by entity id."""
    twins: dict[str, Any] = {}
    by_platform: dict[str, list[Any]] = {}
    for original in originals:
        domain = original.entity_id.partition(".")[0]
        twin = _TWINS[domain]()
        twin.entity_description = original.entity_description
        twin._attr_translation_key = original.translation_key  # noqa: SLF001
        twin._attr_unique_id = f"twin_{original.unique_id}"  # noqa: SLF001
        # An entity that is disabled by default may be enabled.
        twin._attr_entity_registry_enabled_default = True  # noqa: SLF001
        twins[original.entity_id] = twin
        by_platform.setdefault(domain, []).append(twin)
    for domain, entities in by_platform.items():
        await add_entities(hass, domain, entities)
    return twins


def entities_of(hass: HomeAssistant, entity_ids: Iterable[str]) -> list[Any]:
    """Return the entities of these ids, each once."""
    components = hass.data["entity_components"]
    return [
        components[entity_id.partition(".")[0]].get_entity(entity_id)
        for entity_id in dict.fromkeys(entity_ids)
    ]


async def add_entities(
    hass: HomeAssistant, domain: str, entities: list[Entity]
) -> None:
    """Add entities the way a platform does."""
    platform = EntityPlatform(
        hass=hass,
        logger=logging.getLogger(__name__),
        domain=domain,
        platform_name="floor",
        platform=None,
        scan_interval=timedelta(minutes=1),
        entity_namespace=None,
    )
    await platform.async_add_entities(entities)
