"""Triggers of automations: what extensions become, and what happens to their calls.

``started_ringing`` looks at the binary sensor, so that several phones can be taken
together and `for` means a phone that rings on: a call that comes in while another
rings starts nothing. ``event.received`` with ``ringing`` tells every single call.
"""

from collections.abc import Mapping
from typing import ClassVar, override

from homeassistant.components.event import EventEntityStateAttribute
from homeassistant.const import STATE_OFF, STATE_ON, Platform
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers.automation import DomainSpec
from homeassistant.helpers.trigger import (
    EntityTargetStateTriggerBase,
    EntityTriggerBase,
    NotTriggeredReasonReporter,
    StatelessEntityTriggerBase,
    Trigger,
)
from homeassistant.helpers.typing import ConfigType

from .aioringcentral.calls.reducer import CallEventType
from .own_entities import check_named_entities, own_entities


class ExtensionTrigger(EntityTriggerBase):
    """Looks at one entity of each extension, and at none of another integration."""

    _key: ClassVar[str]

    @override
    @classmethod
    async def async_validate_config(
        cls, hass: HomeAssistant, config: ConfigType
    ) -> ConfigType:
        """Refuse an entity that is named, but would never fire."""
        config = await super().async_validate_config(hass, config)
        check_named_entities(hass, config, cls._key, cls._domain_specs)
        return config

    @override
    def entity_filter(self, entities: set[str]) -> set[str]:
        return own_entities(self._hass, entities, self._key, self._domain_specs)


def _became(platform: Platform, key: str, state: str) -> type[Trigger]:
    """Return a trigger for extensions that come into a state."""
    specs: Mapping[str, DomainSpec] = {platform: DomainSpec()}
    states = {state}

    class StateTrigger(ExtensionTrigger, EntityTargetStateTriggerBase):
        """Fires when the state is entered from one that is known."""

        _key = key
        _domain_specs = specs
        _to_states = states

    return StateTrigger


def _call(happened: CallEventType) -> type[Trigger]:
    """Return a trigger for what happens to calls; its `to_state` has the attributes of the event."""
    specs: Mapping[str, DomainSpec] = {Platform.EVENT: DomainSpec()}

    class CallTrigger(ExtensionTrigger, StatelessEntityTriggerBase):
        """Fires for each call."""

        _key = "call"
        _domain_specs = specs

        @override
        def is_valid_state(
            self, state: State, report_not_triggered: NotTriggeredReasonReporter
        ) -> bool:
            told = state.attributes.get(EventEntityStateAttribute.EVENT_TYPE)
            return bool(told == happened)

    return CallTrigger


TRIGGERS: dict[str, type[Trigger]] = {
    "started_ringing": _became(Platform.BINARY_SENSOR, "ringing", STATE_ON),
    # A call starts when it connects, whoever called; one that rings or is dialed has not.
    "call_started": _call(CallEventType.ANSWERED),
    "call_ended": _call(CallEventType.ENDED),
    "call_missed": _call(CallEventType.MISSED),
    "call_held": _call(CallEventType.HELD),
    "became_available": _became(Platform.SENSOR, "presence_status", "available"),
    "became_busy": _became(Platform.SENSOR, "presence_status", "busy"),
    "do_not_disturb_turned_on": _became(
        Platform.BINARY_SENSOR, "do_not_disturb", STATE_ON
    ),
    "do_not_disturb_turned_off": _became(
        Platform.BINARY_SENSOR, "do_not_disturb", STATE_OFF
    ),
}


async def async_get_triggers(hass: HomeAssistant) -> dict[str, type[Trigger]]:
    """Return the triggers by key."""
    return TRIGGERS
