"""Sensors: the service's own words for each extension."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .aioringcentral.calls.reducer import Calls
from .aioringcentral.models import (
    DndStatus,
    MeetingStatus,
    Presence,
    PresenceStatus,
    TelephonyStatus,
    UserStatus,
)
from .const import ATTR_CALLER_NAME, ATTR_CALLER_NUMBER
from .coordinator import RingCentralConfigEntry
from .entity import AccountEntity, ExtensionEntity, add_for_each_extension
from .listeners import CALLS

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


@dataclass(frozen=True, kw_only=True)
class CallsDescription(SensorEntityDescription):
    """Something about the calls of an extension."""

    value_fn: Callable[[Presence, Calls], int | datetime | None]


def _active_calls(presence: Presence, calls: Calls) -> int | None:
    # What is kept of calls may be of before a break: a park location cannot be read.
    is_known = presence.telephony_status or presence.active_calls is not None
    return calls.in_progress if is_known else None


CALL_FACTS: tuple[CallsDescription, ...] = (
    CallsDescription(
        key="active_calls",
        state_class=SensorStateClass.MEASUREMENT,
        value_fn=_active_calls,
    ),
    CallsDescription(
        key="call_started",
        device_class=SensorDeviceClass.TIMESTAMP,
        value_fn=lambda _presence, calls: calls.longest_began,
    ),
)


@dataclass(frozen=True, kw_only=True)
class CountDescription(SensorEntityDescription):
    """A number of extensions: a field of `Counts`."""

    field: str


def _count(field: str) -> CountDescription:
    return CountDescription(
        key=f"extensions_{field}", state_class=SensorStateClass.MEASUREMENT, field=field
    )


COUNTS: tuple[CountDescription, ...] = (
    _count("on_call"),
    _count("ringing"),
    _count("available"),
)

CALLER = SensorEntityDescription(
    key="caller",
    device_class=SensorDeviceClass.ENUM,
    options=["no_call", "known", "withheld"],
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: RingCentralConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the sensors of the account and of every followed extension."""
    coordinator = entry.runtime_data

    def sensors(extension_id: str) -> Iterator[ExtensionEntity]:
        for status in STATUSES:
            yield StatusSensor(coordinator, status, extension_id, (status.key,))
        for calls in CALL_FACTS:
            yield CallsSensor(
                coordinator, calls, extension_id, ("telephony_status", CALLS)
            )
        if coordinator.shows_callers:
            yield CallerSensor(coordinator, CALLER, extension_id, (CALLS,))

    if not coordinator.shows_callers:
        _remove_callers(hass, entry)
    async_add_entities(CountSensor(coordinator, count, count.field) for count in COUNTS)
    add_for_each_extension(coordinator, async_add_entities, sensors)


@callback
def _remove_callers(hass: HomeAssistant, entry: RingCentralConfigEntry) -> None:
    """Leave nothing of callers that were shown once; the registry remembers names, should they be again."""
    registry = er.async_get(hass)
    for known in er.async_entries_for_config_entry(registry, entry.entry_id):
        if known.translation_key == CALLER.key:
            registry.async_remove(known.entity_id)


class ValueSensor(SensorEntity):
    """A sensor that shows a value as it is."""

    def _show(self, value: Any) -> None:
        self._attr_native_value = value


class StatusSensor(ValueSensor, ExtensionEntity):
    """One status in the service's words."""

    entity_description: StatusDescription

    @override
    def _value(self) -> StrEnum | None:
        return self.entity_description.status_fn(self.presence)

    @override
    def _show(self, value: StrEnum | None) -> None:
        self._attr_native_value = None if value is None else value._name_.lower()


class CallsSensor(ValueSensor, ExtensionEntity):
    """A fact about the calls of an extension."""

    entity_description: CallsDescription

    @override
    def _value(self) -> int | datetime | None:
        return self.entity_description.value_fn(self.presence, self.calls)


class CallerSensor(ExtensionEntity, SensorEntity):
    """Who is on the line. A state is always recorded, so the person is in attributes that are not."""

    _unrecorded_attributes = frozenset({ATTR_CALLER_NAME, ATTR_CALLER_NUMBER})

    @override
    def _value(self) -> tuple[str, dict[str, str]]:
        if (call := self.calls.foremost) is None:
            return "no_call", {}
        who = self.coordinator.caller(call.name, call.number)
        return "known" if who else "withheld", who

    @override
    def _show(self, value: tuple[str, dict[str, str]]) -> None:
        self._attr_native_value, self._attr_extra_state_attributes = value


class CountSensor(ValueSensor, AccountEntity):
    """A number of extensions of the account."""

    @override
    def _value(self) -> int:
        count: int = getattr(self.coordinator.tally.counts, self.watches)
        return count
