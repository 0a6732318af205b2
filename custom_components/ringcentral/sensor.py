"""Sensors: the status and the service's own words for each extension, and counts for the account."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from operator import attrgetter
from typing import Any, Final, override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.restore_state import RestoreEntity
from homeassistant.util import dt as dt_util

from .aioringcentral.calls.state import CallPhase
from .aioringcentral.models import (
    DndStatus,
    MeetingStatus,
    PresenceStatus,
    TelephonyStatus,
    UserStatus,
)
from .aioringcentral.status import Standing, Status
from .call_sensors import CallsDescription, CallsSensor, knows_calls
from .const import ATTR_ALSO, ATTR_CALLER_NAME, ATTR_CALLER_NUMBER, ATTR_SINCE
from .coordinator import RingCentralConfigEntry
from .entity import AccountEntity, ExtensionEntity, add_for_each_extension, those_of
from .listeners import CALLS
from .queue_sensors import member_sensors, waiting_sensors
from .since import Since
from .stored import extra_of
from .today import TODAY, TodaySensor
from .value_sensor import ValueSensor
from .voicemail import VOICEMAILS

PARALLEL_UPDATES = 0


# Each person has this: what they are doing, in one word.
STATUS = SensorEntityDescription(
    key="status",
    name=None,
    device_class=SensorDeviceClass.ENUM,
    options=[str(member) for member in Status],
)
_STATUS_WATCHES = (
    "telephony_status",
    "presence_status",
    "dnd_status",
    "meeting_status",
    CALLS,
)
_NOBODY: Final[dict[str, str]] = {}
# With each status, the phase of the call whose caller is named.
_PHASES = {
    Status.RINGING: CallPhase.RINGING,
    Status.ON_CALL: CallPhase.CONNECTED,
    Status.DIALING: CallPhase.DIALING,
    Status.ON_HOLD: CallPhase.HELD,
}


@dataclass(frozen=True, kw_only=True)
class WordDescription(SensorEntityDescription):
    """A field of the presence in the service's words."""

    word_fn: Callable[[Standing], StrEnum | None]


def _word(key: str, kind: type[StrEnum], *, enabled: bool = True) -> WordDescription:
    return WordDescription(
        key=key,
        device_class=SensorDeviceClass.ENUM,
        entity_registry_enabled_default=enabled,
        options=[member.name.lower() for member in kind],
        word_fn=attrgetter(f"presence.{key}"),
    )


WORDS: tuple[WordDescription, ...] = (
    _word("telephony_status", TelephonyStatus),
    _word("presence_status", PresenceStatus),
    _word("user_status", UserStatus, enabled=False),
    _word("dnd_status", DndStatus),
    _word("meeting_status", MeetingStatus, enabled=False),
)


CALL_FACTS: tuple[CallsDescription, ...] = (
    CallsDescription(
        key="active_calls",
        entity_registry_enabled_default=False,
        value_fn=lambda now: (
            now.calls.in_progress if knows_calls(now.presence) else None
        ),
    ),
    CallsDescription(
        key="call_started",
        device_class=SensorDeviceClass.TIMESTAMP,
        entity_registry_enabled_default=False,
        value_fn=lambda now: now.calls.longest_began,
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

UNREAD = SensorEntityDescription(key=VOICEMAILS)

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
    of = partial(those_of, coordinator, Platform.SENSOR)

    def sensors(extension_id: str) -> Iterator[ExtensionEntity]:
        yield StatusSensor(coordinator, STATUS, extension_id, _STATUS_WATCHES)
        for word in of(extension_id, WORDS):
            yield WordSensor(coordinator, word, extension_id, (word.key,))
        for calls in of(extension_id, CALL_FACTS):
            yield CallsSensor(coordinator, calls, extension_id)
        for total in of(extension_id, TODAY):
            yield TodaySensor(coordinator, total, extension_id)
        yield from waiting_sensors(coordinator, extension_id)

    def callers(extension_id: str) -> Iterator[ExtensionEntity]:
        if coordinator.shows_callers:
            yield CallerSensor(coordinator, CALLER, extension_id, (CALLS,))

    def voicemails(extension_id: str) -> Iterator[ExtensionEntity]:
        if coordinator.voicemail.was_offered_for(extension_id):
            yield VoicemailsSensor(coordinator, UNREAD, extension_id, (VOICEMAILS,))

    async_add_entities(CountSensor(coordinator, count, count.field) for count in COUNTS)
    add_for_each_extension(coordinator, async_add_entities, sensors)
    add_callers = add_for_each_extension(coordinator, async_add_entities, callers)
    coordinator.voicemail.async_on_offer(
        add_for_each_extension(coordinator, async_add_entities, voicemails)
    )
    coordinator.queues.async_on_offer(
        add_for_each_extension(
            coordinator,
            async_add_entities,
            lambda extension_id: member_sensors(coordinator, extension_id),
        )
    )
    is_shown = coordinator.shows_callers

    @callback
    def callers_changed() -> None:
        nonlocal is_shown
        was_shown, is_shown = is_shown, coordinator.shows_callers
        if not is_shown:
            _remove_callers(hass, entry)
        elif not was_shown:
            add_callers(tuple(coordinator.extensions))

    callers_changed()
    coordinator.async_on_callers(callers_changed)


@callback
def _remove_callers(hass: HomeAssistant, entry: RingCentralConfigEntry) -> None:
    """Remove caller entities once callers are no longer shown; the registry remembers their names for another time."""
    registry = er.async_get(hass)
    for known in er.async_entries_for_config_entry(registry, entry.entry_id):
        if known.translation_key == CALLER.key:
            registry.async_remove(known.entity_id)


class StatusSensor(ExtensionEntity, RestoreEntity, SensorEntity):
    """What an extension is doing, since when, and with whom if callers are shown."""

    _attr_name = None
    _unrecorded_attributes = frozenset({ATTR_ALSO, ATTR_CALLER_NAME, ATTR_SINCE})
    _since = Since()

    @override
    async def async_added_to_hass(self) -> None:
        """Keep the earlier time if the status is still the same."""
        stored = extra_of(await self.async_get_last_extra_data())
        kept = Since.from_dict(stored, dt_util.utcnow())
        self._since = kept.then(self._since.status, dt_util.utcnow())
        await super().async_added_to_hass()

    @property
    @override
    def extra_restore_state_data(self) -> Since:
        """Keep the time over a reload and a restart, even while unavailable."""
        return self._since

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any]:
        """Return since when the status is shown, and the caller's name if it is shown."""
        if self._attr_native_value is None:
            return {}
        return {
            ATTR_SINCE: self._since.at,
            ATTR_ALSO: [str(each) for each in self._also],
            **self._caller,
        }

    @override
    def _value(self) -> tuple[tuple[Status, ...], dict[str, str]]:
        now = self.standing
        true = now.statuses
        if not true or not self.coordinator.shows_callers:
            return true, _NOBODY
        phase = _PHASES.get(true[0])
        call = now.calls.newest(phase) if phase else None
        return true, self.coordinator.caller(call.name, None) if call else _NOBODY

    @override
    def _show(self, value: tuple[tuple[Status, ...], dict[str, str]]) -> None:
        true, self._caller = value
        now, self._also = (true[0] if true else None), true[1:]
        self._attr_native_value = now
        self._since = self._since.then(now, dt_util.utcnow())


class WordSensor(ValueSensor, ExtensionEntity):
    """One field of the presence in the service's words."""

    entity_description: WordDescription

    @override
    def _value(self) -> StrEnum | None:
        return self.entity_description.word_fn(self.standing)

    @override
    def _show(self, value: StrEnum | None) -> None:
        self._attr_native_value = None if value is None else value._name_.lower()


class VoicemailsSensor(ValueSensor, ExtensionEntity):
    """How many voicemails the user has not heard."""

    @override
    def _is_available(self) -> bool:
        return super()._is_available() and self.coordinator.voicemail.mailbox.is_offered

    @override
    def _value(self) -> int | None:
        return self.coordinator.voicemail.mailbox.unread


class CallerSensor(ExtensionEntity, SensorEntity):
    """Who is on the line. A state is always recorded, so the person is in attributes, which are not."""

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
