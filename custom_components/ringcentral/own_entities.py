"""Which entities triggers and conditions look at: one of each extension, and none of another integration."""

from collections.abc import Container

from homeassistant.const import CONF_ENTITY_ID, CONF_TARGET
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.typing import ConfigType
import voluptuous as vol

from .const import DOMAIN


def check_named_entities(
    hass: HomeAssistant, config: ConfigType, key: str, domains: Container[str]
) -> None:
    """Refuse an entity that is named, but would never be looked at.

    Raises:
        vol.Invalid: it says which entity, and what it is not.
    """
    registry = er.async_get(hass)
    for entity_id in config[CONF_TARGET].get(CONF_ENTITY_ID, ()):
        entry = registry.async_get(entity_id)
        if entry is not None and not _is_meant(entry, key, domains):
            raise vol.Invalid(
                f"{entity_id} is not the '{key}' of a RingCentral extension"
            )


def own_entities(
    hass: HomeAssistant, entities: set[str], key: str, domains: Container[str]
) -> set[str]:
    """Return those entities that are ours: an area holds others of the same domain and class."""
    entries = map(er.async_get(hass).async_get, entities)
    return {
        entry.entity_id for entry in entries if entry and _is_meant(entry, key, domains)
    }


def _is_meant(entry: er.RegistryEntry, key: str, domains: Container[str]) -> bool:
    return (
        entry.platform == DOMAIN
        and entry.translation_key == key
        and entry.domain in domains
    )
