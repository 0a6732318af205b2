"""Conditions of automations: what extensions are."""

from collections.abc import Mapping
from typing import ClassVar, override

from homeassistant.const import STATE_ON, Platform
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers.automation import DomainSpec
from homeassistant.helpers.condition import Condition, EntityStateConditionBase
from homeassistant.helpers.typing import ConfigType

from .own_entities import check_named_entities, own_entities


class ExtensionCondition(EntityStateConditionBase):
    """Looks at one entity of each extension, and at none of another integration."""

    _key: ClassVar[str]

    @override
    @classmethod
    async def async_validate_config(
        cls, hass: HomeAssistant, config: ConfigType
    ) -> ConfigType:
        """Refuse an entity that is named, but would never be looked at."""
        config = await super().async_validate_config(hass, config)
        check_named_entities(hass, config, cls._key, cls._domain_specs)
        return config

    @override
    def entity_filter(self, entities: set[str]) -> set[str]:
        return own_entities(self._hass, entities, self._key, self._domain_specs)

    @override
    def _check_all_match_state(self, states: list[State]) -> bool:
        # Of nobody, or nobody whose state is known, nothing is true.
        return bool(states) and super()._check_all_match_state(states)


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


CONDITIONS: dict[str, type[Condition]] = {
    "is_ringing": _is(Platform.BINARY_SENSOR, "ringing", STATE_ON),
    "is_on_call": _is(Platform.BINARY_SENSOR, "on_call", STATE_ON),
    "is_on_hold": _is(Platform.SENSOR, "telephony_status", "on_hold"),
    "is_available": _is(Platform.SENSOR, "presence_status", "available"),
    "is_do_not_disturb": _is(Platform.BINARY_SENSOR, "do_not_disturb", STATE_ON),
    "is_in_meeting": _is(Platform.BINARY_SENSOR, "in_meeting", STATE_ON),
}


async def async_get_conditions(hass: HomeAssistant) -> dict[str, type[Condition]]:
    """Return the conditions by key."""
    return CONDITIONS
