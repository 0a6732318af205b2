"""Devices: the account's, and one per followed extension below it."""

from typing import TYPE_CHECKING

from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.device_registry import DeviceEntryType, DeviceInfo

from .const import DOMAIN

if TYPE_CHECKING:
    from .coordinator import RingCentralCoordinator

_MANUFACTURER = "RingCentral"


def account_identifier(coordinator: RingCentralCoordinator) -> tuple[str, str]:
    """Return the identifier of the account's device."""
    return (DOMAIN, coordinator.account_id)


def extension_identifier(
    coordinator: RingCentralCoordinator, extension_id: str
) -> tuple[str, str]:
    """Return the identifier of an extension's device."""
    return (DOMAIN, f"{coordinator.account_id}_{extension_id}")


def extension_of(coordinator: RingCentralCoordinator, identifier: str) -> str | None:
    """Return the followed extension that an identifier names, or None."""
    account_id, _, extension_id = identifier.partition("_")
    return (
        extension_id
        if account_id == coordinator.account_id
        and extension_id in coordinator.extensions
        else None
    )


def extension_device(
    coordinator: RingCentralCoordinator, extension_id: str
) -> DeviceInfo:
    """Return the device of an extension, below the account's."""
    extension = coordinator.extensions[extension_id]
    number = f"Extension {extension.number}" if extension.number else None
    return DeviceInfo(
        identifiers={extension_identifier(coordinator, extension_id)},
        name=extension.name or number or "Extension",
        manufacturer=_MANUFACTURER,
        model=number,
        entry_type=DeviceEntryType.SERVICE,
        via_device_id=dr.async_get_device_id_by_identifier(
            coordinator.hass,
            account_identifier(coordinator),
            config_entry_id=coordinator.config_entry.entry_id,
        ),
    )


def is_followed(coordinator: RingCentralCoordinator, device: dr.AnyDeviceEntry) -> bool:
    """Whether a device is the account's, or that of an extension that is followed now."""
    return any(
        domain == DOMAIN
        and (
            identifier == coordinator.account_id
            or extension_of(coordinator, identifier) is not None
        )
        for domain, identifier in device.identifiers
    )


def sync_devices(coordinator: RingCentralCoordinator, *, remove: bool = True) -> None:
    """Make devices follow the account: new and renamed extensions, and none of those that are gone."""
    registry, entry = dr.async_get(coordinator.hass), coordinator.config_entry
    registry.async_get_or_create(
        config_entry_id=entry.entry_id,
        identifiers={account_identifier(coordinator)},
        # The title is the user's name, and so is that of the user's extension.
        name=f"{_MANUFACTURER} ({entry.title})",
        manufacturer=_MANUFACTURER,
        entry_type=DeviceEntryType.SERVICE,
    )
    for extension_id, extension in coordinator.extensions.items():
        identifier = extension_identifier(coordinator, extension_id)
        if not extension.name and registry.async_get_device_by_identifier(
            identifier, entry.entry_id
        ):
            # Nobody tells the name now: the one that the device has is better than none.
            continue
        registry.async_get_or_create(
            config_entry_id=entry.entry_id,
            **extension_device(coordinator, extension_id),
        )
    for device in (
        dr.async_entries_for_config_entry(registry, entry.entry_id) if remove else ()
    ):
        if not is_followed(coordinator, device):
            registry.async_remove_device(device.id)
