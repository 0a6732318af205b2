"""Devices: the account's, and one per followed extension below it."""

from collections.abc import Collection, Container, Mapping
from typing import Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.device_registry import DeviceEntryType

from .aioringcentral.models import Extension
from .aioringcentral.pauses import Pauses
from .const import DOMAIN

_MANUFACTURER = "RingCentral"
# Types of extensions that have calls but are not a person.
NOBODY: Final = frozenset({"Department", "GroupCallPickup", "ParkLocation"})


def account_identifier(account_id: str) -> tuple[str, str]:
    """Return the identifier of the account's device."""
    return (DOMAIN, account_id)


def account_title(own: Extension) -> str:
    """Return the name of an entry and its account device: that of the company, never that of a person."""
    company = " ".join((own.company or "").split())
    return company or (f"{_MANUFACTURER} {own.number}" if own.number else _MANUFACTURER)


def _is_numbered(title: str) -> bool:
    return title == _MANUFACTURER or title.startswith(f"{_MANUFACTURER} ")


def own_identifiers(device: dr.AnyDeviceEntry) -> list[str]:
    """Return our identifiers of a device; those of other integrations may have any shape."""
    return [
        parts[1]
        for parts in device.identifiers
        if len(parts) == 2 and parts[0] == DOMAIN and isinstance(parts[1], str)
    ]


def extension_identifier(account_id: str, extension_id: str) -> tuple[str, str]:
    """Return the identifier of an extension's device."""
    return (DOMAIN, f"{account_id}_{extension_id}")


def extension_of(
    account_id: str, followed: Container[str], identifier: str
) -> str | None:
    """Return the followed extension that an identifier names, or None."""
    named_account, _, extension_id = identifier.partition("_")
    return (
        extension_id
        if named_account == account_id and extension_id in followed
        else None
    )


def is_followed(
    account_id: str, followed: Container[str], device: dr.AnyDeviceEntry
) -> bool:
    """Whether a device belongs to the account, or to an extension that is followed now."""
    return any(
        identifier == account_id
        or extension_of(account_id, followed, identifier) is not None
        for identifier in own_identifiers(device)
    )


async def sync_devices(
    hass: HomeAssistant,
    entry: ConfigEntry,
    own: Extension,
    extensions: Mapping[str, Extension],
    *,
    remove: bool,
    keep: Collection[str] = (),
) -> None:
    """Make devices follow the account, part by part: add and rename them, and remove those no longer followed.

    ``keep`` are ids of extensions that may be followed again soon.
    """
    registry, pauses = dr.async_get(hass), Pauses()
    account_id = own.account_id or own.id
    title = account_title(own)
    known = registry.async_get_device_by_identifier(
        account_identifier(account_id), entry.entry_id
    )
    if known and known.name and not own.company and not _is_numbered(known.name):
        # The company's name cannot be read now.
        title = known.name
    # A title that a person chose stays; it is recognized by not being the one that was last given.
    if entry.title != title and entry.title in (known and known.name, own.name):
        hass.config_entries.async_update_entry(entry, title=title)
    registry.async_get_or_create(
        config_entry_id=entry.entry_id,
        identifiers={account_identifier(account_id)},
        name=title,
        manufacturer=_MANUFACTURER,
        entry_type=DeviceEntryType.SERVICE,
    )
    above = dr.async_get_device_id_by_identifier(
        hass, account_identifier(account_id), config_entry_id=entry.entry_id
    )
    for extension_id, extension in extensions.items():
        await pauses.take()
        identifier = extension_identifier(account_id, extension_id)
        if not extension.name and registry.async_get_device_by_identifier(
            identifier, entry.entry_id
        ):
            # The name is not known now, and the one that the device has is better than none.
            continue
        number = f"Extension {extension.number}" if extension.number else None
        registry.async_get_or_create(
            config_entry_id=entry.entry_id,
            identifiers={identifier},
            name=extension.name or number or "Extension",
            manufacturer=_MANUFACTURER,
            model=number,
            # What the wallboard groups by.
            model_id=extension.type if extension.type in NOBODY else None,
            entry_type=DeviceEntryType.SERVICE,
            via_device_id=above,
        )
    stays = {*extensions, *keep}
    for device in (
        dr.async_entries_for_config_entry(registry, entry.entry_id) if remove else ()
    ):
        if not is_followed(account_id, stays, device):
            registry.async_remove_device(device.id)
        await pauses.take()


def extension_devices(
    hass: HomeAssistant, entry: ConfigEntry, account_id: str
) -> dict[str, str]:
    """Return the names of all devices of extensions by extension id, followed or not."""
    return {
        identifier.removeprefix(f"{account_id}_"): device.name_by_user
        or device.name
        or identifier
        for device in dr.async_entries_for_config_entry(
            dr.async_get(hass), entry.entry_id
        )
        for domain, identifier in (pair[:2] for pair in device.identifiers)
        if domain == DOMAIN and identifier.startswith(f"{account_id}_")
    }
