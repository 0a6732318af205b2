"""A trigger for a call that waits in a queue: at once, or when it has waited for a given time."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final, override

from homeassistant.const import (
    ATTR_ENTITY_ID,
    CONF_FOR,
    CONF_OPTIONS,
    CONF_TARGET,
    STATE_UNAVAILABLE,
)
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, State, callback
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.event import async_call_later
from homeassistant.helpers.target import TargetStateChangedData
from homeassistant.helpers.trigger import TriggerActionRunner
from homeassistant.util import dt as dt_util
import voluptuous as vol

from .watching_trigger import WatchingTrigger

_KEY: Final = "waiting_since"
_SCHEMA = vol.Schema(
    {
        vol.Required(CONF_TARGET): cv.TARGET_FIELDS,
        vol.Required(CONF_OPTIONS, default={}): {
            vol.Optional(CONF_FOR): cv.positive_time_period,
        },
    }
)


class QueueCallWaitingTrigger(WatchingTrigger):
    """Fires when the call that waits longest in a queue has waited for a given time, once for each such call.

    A call that had already waited that long before it was known, as after a start or a lost connection, is not news.
    """

    _key = _KEY
    _schema = _SCHEMA

    @override
    def _watch(self, run_action: TriggerActionRunner) -> _Watch:
        """Watch every queue separately."""
        wait: timedelta = self._options.get(CONF_FOR) or timedelta()
        return _Watch(self._hass, wait, run_action)


class _Watch:
    """The timers of queues where a call waits."""

    def __init__(
        self, hass: HomeAssistant, wait: timedelta, run_action: TriggerActionRunner
    ) -> None:
        """Begin with nothing seen."""
        self._hass, self._wait, self._run_action = hass, wait, run_action
        self._timers: dict[str, CALLBACK_TYPE] = {}
        # By queue, since when the call has waited that was reported or is not news.
        self._told: dict[str, datetime] = {}

    @callback
    def changed(self, data: TargetStateChangedData) -> None:
        """Look at a queue that changed."""
        event = data.state_change_event
        self._look(
            event.data["entity_id"], event.data["old_state"], event.data["new_state"]
        )

    @callback
    def entities_changed(
        self,
        added: set[str],
        removed: set[str],
        states: Mapping[str, State | None],
    ) -> None:
        """Watch other entities from now on."""
        for entity_id in removed:
            self._stop_timer(entity_id)
        for entity_id in added:
            self._look(entity_id, None, states[entity_id])

    @callback
    def start(self) -> None:
        """Do nothing: calls that waited before are not news."""

    @callback
    def stop(self) -> None:
        """Leave nothing behind."""
        for entity_id in tuple(self._timers):
            self._stop_timer(entity_id)

    def _stop_timer(self, entity_id: str) -> None:
        if (cancel := self._timers.pop(entity_id, None)) is not None:
            cancel()

    @callback
    def _look(self, entity_id: str, before: State | None, now: State | None) -> None:
        since = _moment(now)
        if before is not None and since == _moment(before) and _is_there(before):
            return
        self._stop_timer(entity_id)
        if since is None or now is None or self._told.get(entity_id) == since:
            return
        waited = dt_util.utcnow() - since
        # The two clocks may differ, but the wait cannot have begun in the future.
        left = min(self._wait - waited, self._wait)
        if left > timedelta():
            self._fire_later(entity_id, since, left)
            return
        self._told[entity_id] = since
        if _is_there(before):
            self._fire(entity_id, now)

    def _fire_later(self, entity_id: str, since: datetime, left: timedelta) -> None:
        @callback
        def fire(_now: datetime) -> None:
            del self._timers[entity_id]
            self._told[entity_id] = since
            if (state := self._hass.states.get(entity_id)) is not None:
                self._fire(entity_id, state)

        self._timers[entity_id] = async_call_later(self._hass, left, fire)

    @callback
    def _fire(self, entity_id: str, state: State) -> None:
        values: dict[str, Any] = {
            ATTR_ENTITY_ID: entity_id,
            "to_state": state,
            "for": self._wait,
        }
        self._run_action(values, f"a call waiting: {entity_id}", state.context)


def _is_there(state: State | None) -> bool:
    """Whether it was known whether a call waits."""
    return state is not None and state.state != STATE_UNAVAILABLE


def _moment(state: State | None) -> datetime | None:
    return None if state is None else dt_util.parse_datetime(state.state)
