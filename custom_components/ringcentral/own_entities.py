"""Which entities triggers and conditions look at: any entity of an extension stands for the extension."""

from collections.abc import Container, Iterable, Iterator, Mapping
from typing import Any, Final

from homeassistant.const import CONF_DEVICE_ID, CONF_ENTITY_ID, CONF_TARGET
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.helpers.config_validation import ensure_list
from homeassistant.helpers.translation import async_get_translations
from homeassistant.helpers.typing import ConfigType
import voluptuous as vol

from .const import DOMAIN
from .devices import own_identifiers

_MESSAGES: Final = f"component.{DOMAIN}.exceptions"


async def check_named(
    hass: HomeAssistant, config: ConfigType, key: str, domains: Container[str]
) -> None:
    """Refuse a device or an entity that is named but can never fit.

    Raises:
        vol.Invalid: with a sentence in the user's language.
    """
    registry, devices = er.async_get(hass), dr.async_get(hass)
    target = config[CONF_TARGET]
    for entity_id in target.get(CONF_ENTITY_ID, ()):
        entry = registry.async_get(entity_id)
        # All of our entities are in the registry; one that is nowhere may come later.
        is_theirs = entry is None and hass.states.get(entity_id) is not None
        if is_theirs or (entry is not None and not _is_extension(hass, entry)):
            raise vol.Invalid(await _sentence(hass, "no_extension_entity", entity_id))
        if entry is not None and not any(_siblings(hass, entry, key, domains)):
            raise vol.Invalid(await _sentence(hass, _lack_of(key), entity_id))
    for device_id in target.get(CONF_DEVICE_ID, ()):
        if (device := devices.async_get(device_id)) is None:
            continue
        name = device.name_by_user or device.name or device_id
        entries = er.async_entries_for_device(
            registry, device_id, include_disabled_entities=True
        )
        ours = [entry for entry in entries if _is_extension(hass, entry)]
        if not ours and (entries or not own_identifiers(device)):
            raise vol.Invalid(await _sentence(hass, "no_extension_entity", name))
        if ours and not any(_siblings(hass, ours[0], key, domains)):
            raise vol.Invalid(await _sentence(hass, _lack_of(key), name))


def own_entities(
    hass: HomeAssistant,
    entities: set[str],
    key: str,
    domains: Container[str],
    devices: Iterable[str] = (),
) -> set[str]:
    """Return the entities with this key, for every extension that any of these entities or devices belong to.

    A device that is named counts even if its entities are hidden; Home Assistant itself would leave those out.
    """
    registry = er.async_get(hass)
    entries = [
        *map(registry.async_get, entities),
        *(
            entry
            for device_id in devices
            for entry in er.async_entries_for_device(registry, device_id)
        ),
    ]
    return {
        sibling.entity_id
        for entry in entries
        if entry is not None and entry.platform == DOMAIN
        for sibling in _siblings(hass, entry, key, domains)
    }


def named_devices(target: Mapping[str, Any]) -> list[str]:
    """Return the devices that a target names."""
    named: list[str] = ensure_list(target.get(CONF_DEVICE_ID))
    return named


def _siblings(
    hass: HomeAssistant, entry: er.RegistryEntry, key: str, domains: Container[str]
) -> Iterator[er.RegistryEntry]:
    """Yield the entity with this key that belongs to the same extension."""
    if entry.device_id is None:
        return
    for sibling in er.async_entries_for_device(
        er.async_get(hass), entry.device_id, include_disabled_entities=True
    ):
        if (
            sibling.platform == DOMAIN
            and sibling.translation_key == key
            and sibling.domain in domains
        ):
            yield sibling


def _is_extension(hass: HomeAssistant, entry: er.RegistryEntry) -> bool:
    """Whether an entity belongs to an extension; the account has no event."""
    return entry.platform == DOMAIN and any(_siblings(hass, entry, "call", ("event",)))


def _lack_of(key: str) -> str:
    """Return the sentence for an extension without the entity; most have no voicemail here, and are not queues."""
    if key in ("waiting_since", "members_available"):
        return "no_queue_entity"
    return "no_voicemail_entity" if key == "voicemail" else "not_of_this_kind"


async def _sentence(hass: HomeAssistant, key: str, name: str) -> str:
    """Return why a target is refused."""
    texts = await async_get_translations(
        hass, hass.config.language, "exceptions", {DOMAIN}
    )
    return texts[f"{_MESSAGES}.{key}.message"].format(target=name)
