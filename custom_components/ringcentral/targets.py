"""Finds the extensions that the target of an action means, as far as the caller may use them."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field

from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.exceptions import ServiceValidationError, Unauthorized, UnknownUser
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.helpers.target import (
    TargetSelection,
    async_extract_referenced_entity_ids,
)

from .const import DOMAIN
from .coordinator import RingCentralCoordinator
from .devices import extension_of, own_identifiers


@dataclass(frozen=True, slots=True)
class Targets:
    """The extensions that an action means, by account, and those of accounts that are not loaded, with their titles.

    The latter are named by identifiers: ``{account id}_{extension id}``.
    """

    loaded: dict[RingCentralCoordinator, list[str]] = field(default_factory=dict)
    not_loaded: dict[str, str] = field(default_factory=dict)

    def keys(self) -> dict[str, str]:
        """Return the name of each identifier in a response: the extension's id, unless another account has the same."""
        identifiers = [
            *self.not_loaded,
            *(
                f"{coordinator.account_id}_{key}"
                for coordinator, extension_ids in self.loaded.items()
                for key in extension_ids
            ),
        ]
        ids = {each: each.partition("_")[2] for each in identifiers}
        often = Counter(ids.values())
        return {each: key if often[key] == 1 else each for each, key in ids.items()}

    def __len__(self) -> int:
        """Return how many extensions are meant."""
        return len(self.not_loaded) + sum(map(len, self.loaded.values()))


async def targets_of(call: ServiceCall, permission: str) -> Targets:
    """Return the extensions that a target means: by device, entity, area, floor or label.

    Raises:
        ServiceValidationError: the target means no extension that is followed.
        Unauthorized: the caller lacks the permission for an entity in it, as for actions on entities.
    """
    hass = call.hass
    entities = _entities_by_device(hass, call)
    await _check_rights(call, permission, entities)
    registry = dr.async_get(hass)
    found = Targets()
    for device_id in sorted(entities):
        if (device := registry.async_get(device_id)) is None:
            continue
        for identifier in own_identifiers(device):
            entry = hass.config_entries.async_get_entry(device.config_entry_id)
            # Other integrations may give their devices an identifier in our name.
            if entry is not None and entry.domain == DOMAIN:
                _add(found, entry, identifier)
    if not len(found):
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="no_extension"
        )
    return found


def _entities_by_device(hass: HomeAssistant, call: ServiceCall) -> dict[str, set[str]]:
    """Return the devices that are meant, each with those of our entities that are meant, too."""
    selected = async_extract_referenced_entity_ids(
        hass, TargetSelection(dict(call.data))
    )
    registry = er.async_get(hass)
    found: defaultdict[str, set[str]] = defaultdict(set)
    for device_id in selected.referenced_devices:
        found[device_id] = set()
    for entity_id in selected.referenced | selected.indirectly_referenced:
        entity = registry.async_get(entity_id)
        if entity is not None and entity.platform == DOMAIN and entity.device_id:
            found[entity.device_id].add(entity_id)
    return found


async def _check_rights(
    call: ServiceCall, permission: str, entities: dict[str, set[str]]
) -> None:
    if not call.context.user_id:
        return
    user = await call.hass.auth.async_get_user(call.context.user_id)
    if user is None:
        raise UnknownUser(context=call.context)
    if user.is_admin:
        return
    registry = er.async_get(call.hass)
    for device_id, meant in entities.items():
        # Even if all entities of a device are disabled, they say who may use it.
        named = meant or {
            entity.entity_id
            for entity in er.async_entries_for_device(
                registry, device_id, include_disabled_entities=True
            )
            if entity.platform == DOMAIN
        }
        for entity_id in sorted(named):
            if not user.permissions.check_entity(entity_id, permission):
                raise Unauthorized(
                    context=call.context, entity_id=entity_id, permission=permission
                )


def _add(found: Targets, entry: ConfigEntry, identifier: str) -> None:
    if entry.state is ConfigEntryState.LOADED:
        coordinator: RingCentralCoordinator = entry.runtime_data
        extension_id = extension_of(
            coordinator.account_id, coordinator.extensions, identifier
        )
        if extension_id is not None:
            found.loaded.setdefault(coordinator, []).append(extension_id)
        return
    if identifier.partition("_")[2]:
        found.not_loaded[identifier] = entry.title
