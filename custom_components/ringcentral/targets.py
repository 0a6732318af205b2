"""From the target of an action to extensions."""

from collections.abc import Mapping
from typing import Any

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.helpers.target import (
    TargetSelection,
    async_extract_referenced_entity_ids,
)

from .const import DOMAIN
from .coordinator import RingCentralConfigEntry, RingCentralCoordinator
from .devices import extension_of


def extensions_of(
    hass: HomeAssistant, target: Mapping[str, Any]
) -> list[tuple[RingCentralCoordinator, str]]:
    """Return the followed extensions that a target means: by device, entity, area, floor or label.

    Raises:
        ServiceValidationError: it means none, or one whose account is not loaded.
    """
    selected = async_extract_referenced_entity_ids(hass, TargetSelection(dict(target)))
    entities, devices = er.async_get(hass), dr.async_get(hass)
    device_ids = set(selected.referenced_devices)
    for entity_id in selected.referenced | selected.indirectly_referenced:
        entity = entities.async_get(entity_id)
        if (
            entity is not None
            and entity.platform == DOMAIN
            and entity.device_id is not None
        ):
            device_ids.add(entity.device_id)
    found: dict[tuple[str, str], tuple[RingCentralCoordinator, str]] = {}
    for device_id in sorted(device_ids):
        if (device := devices.async_get(device_id)) is None:
            continue
        for domain, identifier in device.identifiers:
            entry = hass.config_entries.async_get_entry(device.config_entry_id)
            if domain != DOMAIN or entry is None:
                continue
            coordinator = _loaded(entry)
            extension_id = extension_of(
                coordinator.account_id, coordinator.extensions, identifier
            )
            if extension_id is not None:
                found[entry.entry_id, extension_id] = (coordinator, extension_id)
    if not found:
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="no_extension"
        )
    return list(found.values())


def _loaded(entry: RingCentralConfigEntry) -> RingCentralCoordinator:
    if entry.state is not ConfigEntryState.LOADED:
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="not_loaded",
            translation_placeholders={"account": entry.title},
        )
    return entry.runtime_data
