"""Sensors of daily sums that are counted here: missed calls, calls, and time on the phone."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final, override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import UnitOfTime
from homeassistant.core import CALLBACK_TYPE, HassJob, callback
from homeassistant.helpers.event import async_call_later
from homeassistant.helpers.restore_state import ExtraStoredData, RestoreEntity
from homeassistant.util import dt as dt_util

from .aioringcentral import durations
from .aioringcentral.calls.day_total import (
    ENDS,
    DayTotal,
    ended,
    missed,
    talked,
    talked_by,
)
from .aioringcentral.calls.state import CallEvent
from .coordinator import RingCentralCoordinator
from .entity import ExtensionEntity
from .stored import extra_of

# Seconds within which a machine that slept, or whose clock was set, finds out that it is another day.
_LONGEST_WAIT: Final = 900.0


@dataclass(frozen=True, kw_only=True)
class TodayDescription(SensorEntityDescription):
    """A daily sum; ``amount_fn`` returns what an event adds, given the event and the seconds since midnight."""

    amount_fn: Callable[[CallEvent, float], float]
    spans_midnight: bool = False


TODAY: Final = (
    TodayDescription(
        key="missed_calls_today",
        state_class=SensorStateClass.TOTAL,
        # What colleagues do is their business: only enabled for the user's own extension.
        entity_registry_enabled_default=False,
        amount_fn=missed,
    ),
    TodayDescription(
        key="calls_today",
        state_class=SensorStateClass.TOTAL,
        entity_registry_enabled_default=False,
        amount_fn=ended,
    ),
    TodayDescription(
        key="talk_time_today",
        device_class=SensorDeviceClass.DURATION,
        state_class=SensorStateClass.TOTAL,
        native_unit_of_measurement=UnitOfTime.SECONDS,
        suggested_unit_of_measurement=UnitOfTime.MINUTES,
        suggested_display_precision=0,
        entity_registry_enabled_default=False,
        amount_fn=talked,
        spans_midnight=True,
    ),
)


@dataclass(frozen=True, slots=True)
class _Stored(ExtraStoredData):
    kept: DayTotal

    @override
    def as_dict(self) -> dict[str, Any]:
        return self.kept.as_dict()


class TodaySensor(ExtensionEntity, RestoreEntity, SensorEntity):
    """Adds up from midnight to midnight, across reloads and restarts, beginning with what happens from now on."""

    entity_description: TodayDescription
    _stop_waiting: CALLBACK_TYPE | None = None

    def __init__(
        self,
        coordinator: RingCentralCoordinator,
        description: TodayDescription,
        extension_id: str,
    ) -> None:
        """Begin with nothing."""
        self._kept = DayTotal(_today())
        super().__init__(coordinator, description, extension_id, ())
        if extension_id == coordinator.own.id:
            self._attr_entity_registry_enabled_default = True

    @override
    async def async_added_to_hass(self) -> None:
        """Continue with what was counted today, listen to calls, and wait for midnight."""
        stored = extra_of(await self.async_get_last_extra_data())
        self._kept = DayTotal.from_dict(stored, _today())
        await super().async_added_to_hass()
        self.async_on_remove(
            self.coordinator.async_add_call_listener(self.extension_id, self._count)
        )
        self.async_on_remove(self._wait_no_longer)
        self._wait_for_midnight()

    @property
    @override
    def extra_restore_state_data(self) -> ExtraStoredData:
        """Keep the sum over a reload and a restart, even while unavailable.

        A call that is still going on then counts up to that moment, because its beginning is not known afterwards.
        """
        end = min(dt_util.utcnow(), _start(self._kept.day + timedelta(days=1)))
        # Do not use the state shown last: nothing is known about an extension that has left.
        talked = self._talked_by(end) if self._is_available() else 0.0
        return _Stored(self._kept.plus(talked))

    @override
    def _value(self) -> DayTotal:
        return self._kept

    @override
    def _show(self, value: DayTotal) -> None:
        is_duration = self.device_class is SensorDeviceClass.DURATION
        self._attr_native_value = round(value.total, 1 if is_duration else None)
        self._attr_last_reset = dt_util.as_utc(_start(value.day))

    @callback
    def _count(self, event: CallEvent) -> None:
        if event.type not in ENDS:
            return
        self._begin_day()
        since_midnight = _seconds_since(_start(self._kept.day))
        if amount := self.entity_description.amount_fn(event, since_midnight):
            self._kept = self._kept.plus(amount)
            self._handle_coordinator_update()

    @callback
    def _begin_day(self) -> None:
        """Begin a new day if one has come; a call that goes on counts towards both, each with its part."""
        if (today := _today()) == self._kept.day:
            return
        if self.entity_description.spans_midnight:
            self._kept = self._kept.plus(self._talked_by(_start(today)))
            self._handle_coordinator_update()
        self._kept = self._kept.on(today)
        self._handle_coordinator_update()

    def _talked_by(self, end: datetime) -> float:
        """Return the seconds that were talked on this day, until then, in calls that go on."""
        if not self.entity_description.spans_midnight:
            return 0.0
        begin = _start(self._kept.day)
        length = (dt_util.as_utc(end) - dt_util.as_utc(begin)).total_seconds()
        return talked_by(
            self.calls, durations.steady_clock(), _seconds_since(end), length
        )

    @callback
    def _wait_for_midnight(self) -> None:
        tomorrow = _start(_today() + timedelta(days=1))
        left = (dt_util.as_utc(tomorrow) - dt_util.utcnow()).total_seconds()
        self._stop_waiting = async_call_later(
            self.hass,
            min(left, _LONGEST_WAIT),
            HassJob(self._look_for_midnight, cancel_on_shutdown=True),
        )

    @callback
    def _look_for_midnight(self, _now: datetime) -> None:
        self._begin_day()
        self._wait_for_midnight()

    @callback
    def _wait_no_longer(self) -> None:
        if self._stop_waiting is not None:
            self._stop_waiting()


def _today() -> date:
    return dt_util.as_local(dt_util.utcnow()).date()


def _start(day: date) -> datetime:
    return dt_util.start_of_local_day(day)


def _seconds_since(moment: datetime) -> float:
    return max(0.0, (dt_util.utcnow() - dt_util.as_utc(moment)).total_seconds())
