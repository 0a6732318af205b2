"""Conditions for automations: which state extensions are in."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, override

from homeassistant.const import CONF_OPTIONS, STATE_ON, Platform
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, State
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.automation import DomainSpec
from homeassistant.helpers.condition import (
    ENTITY_STATE_CONDITION_SCHEMA_ANY_ALL,
    Condition,
    ConditionConfig,
    EntityStateConditionBase,
)
from homeassistant.helpers.target import async_track_target_selector_state_change_event
from homeassistant.helpers.typing import ConfigType
import voluptuous as vol

from .aioringcentral.status import Status
from .const import CONF_STATUS
from .own_entities import check_named, named_devices, own_entities


class ExtensionCondition(EntityStateConditionBase):
    """Looks at one entity of each extension, and at none of other integrations."""

    _key: ClassVar[str]

    @override
    @classmethod
    async def async_validate_config(
        cls, hass: HomeAssistant, config: ConfigType
    ) -> ConfigType:
        """Refuse targets that are named but can never fit."""
        config = await super().async_validate_config(hass, config)
        await check_named(hass, config, cls._key, cls._domain_specs)
        return config

    @override
    def entity_filter(self, entities: set[str]) -> set[str]:
        return own_entities(
            self._hass,
            entities,
            self._key,
            self._domain_specs,
            named_devices(self._target),
        )

    @override
    def _check_all_match_state(self, states: list[State]) -> bool:
        # No condition is true without a known state.
        return bool(states) and super()._check_all_match_state(states)

    @override
    async def _async_track_changes(self, action: Callable[[], None]) -> CALLBACK_TYPE:
        # The entity to look at may be another than the one that is named.
        is_set_up = False

        def look_again(*_: Any) -> None:
            if is_set_up:
                action()

        stop = await async_track_target_selector_state_change_event(
            self._hass, self._target, look_again, self.entity_filter, look_again
        )
        is_set_up = True
        return stop


def _is(platform: Platform, key: str, state: str) -> type[Condition]:
    """Return a condition for extensions that are in a state."""
    specs: Mapping[str, DomainSpec] = {platform: DomainSpec()}
    states: set[str | bool] = {state}

    class StateCondition(ExtensionCondition):
        """Tests one state."""

        _key = key
        _domain_specs = specs
        _states = states

    return StateCondition


class StatusCondition(ExtensionCondition):
    """Tests whether the status is one of those that are chosen."""

    _key = "status"
    _domain_specs: Mapping[str, DomainSpec] = {Platform.SENSOR: DomainSpec()}
    _schema = ENTITY_STATE_CONDITION_SCHEMA_ANY_ALL.extend(
        {
            vol.Required(CONF_OPTIONS): {
                vol.Required(CONF_STATUS): vol.All(
                    cv.ensure_list, vol.Length(min=1), [vol.In([*map(str, Status)])]
                )
            }
        }
    )

    def __init__(self, hass: HomeAssistant, config: ConditionConfig) -> None:
        """Take the statuses."""
        super().__init__(hass, config)
        self._states = set((config.options or {})[CONF_STATUS])


class AttendedCondition(ExtensionCondition):
    """Tests whether a member of a queue can take its calls."""

    _key = "members_available"
    _domain_specs: Mapping[str, DomainSpec] = {Platform.SENSOR: DomainSpec()}

    @property
    @override
    def _needs_duration_tracking(self) -> bool:
        # A different number still means that somebody can, so the duration goes on.
        return True

    @override
    def is_valid_state(self, entity_state: State) -> bool:
        return entity_state.state.isdecimal() and entity_state.state != "0"


CONDITIONS: dict[str, type[Condition]] = {
    "has_status": StatusCondition,
    "is_ringing": _is(Platform.BINARY_SENSOR, "ringing", STATE_ON),
    "is_on_call": _is(Platform.BINARY_SENSOR, "on_call", STATE_ON),
    "is_dialing": _is(Platform.SENSOR, "status", Status.DIALING),
    "is_on_hold": _is(Platform.SENSOR, "telephony_status", "on_hold"),
    "is_in_meeting": _is(Platform.BINARY_SENSOR, "in_meeting", STATE_ON),
    "is_do_not_disturb": _is(Platform.BINARY_SENSOR, "do_not_disturb", STATE_ON),
    # What others see, which includes being on a call.
    "is_busy": _is(Platform.SENSOR, "presence_status", "busy"),
    # Free, unlike a presence of "available", which lasts while the phone rings or dials.
    "is_available": _is(Platform.SENSOR, "status", Status.AVAILABLE),
    "is_offline": _is(Platform.SENSOR, "presence_status", "offline"),
    "queue_is_attended": AttendedCondition,
}


async def async_get_conditions(hass: HomeAssistant) -> dict[str, type[Condition]]:
    """Return the conditions by key."""
    return CONDITIONS
