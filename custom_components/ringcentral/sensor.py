"""Sensors: the service's own words for each extension."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .aioringcentral.models import (
    DndStatus,
    MeetingStatus,
    Presence,
    PresenceStatus,
    TelephonyStatus,
    UserStatus,
)
from .coordinator import RingCentralConfigEntry
from .entity import ExtensionEntity, add_for_each_extension

PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class StatusDescription(SensorEntityDescription):
    """A status of an extension."""

    status_fn: Callable[[Presence], StrEnum | None]


def _status(
    key: str, kind: type[StrEnum], status_fn: Callable[[Presence], StrEnum | None]
) -> StatusDescription:
    options = [member.name.lower() for member in kind]
    return StatusDescription(
        key=key,
        device_class=SensorDeviceClass.ENUM,
        options=options,
        status_fn=status_fn,
    )


STATUSES: tuple[StatusDescription, ...] = (
    _status(
        "telephony_status", TelephonyStatus, lambda presence: presence.telephony_status
    ),
    _status(
        "presence_status", PresenceStatus, lambda presence: presence.presence_status
    ),
    _status("user_status", UserStatus, lambda presence: presence.user_status),
    _status("dnd_status", DndStatus, lambda presence: presence.dnd_status),
    _status("meeting_status", MeetingStatus, lambda presence: presence.meeting_status),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: RingCentralConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the sensors of every followed extension."""
    coordinator = entry.runtime_data
    add_for_each_extension(
        coordinator,
        async_add_entities,
        lambda extension_id: [
            StatusSensor(coordinator, description, extension_id)
            for description in STATUSES
        ],
    )


class StatusSensor(ExtensionEntity, SensorEntity):
    """One status in the service's words."""

    entity_description: StatusDescription

    @override
    def _value(self) -> Any:
        return self.entity_description.status_fn(self.presence)

    @property
    @override
    def native_value(self) -> str | None:
        status = self.entity_description.status_fn(self.presence)
        return None if status is None else status.name.lower()
