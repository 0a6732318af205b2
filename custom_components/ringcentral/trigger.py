"""Triggers of automations: what extensions become, and what happens to their calls.

``started_ringing`` looks at the binary sensor, so that several phones can be taken
together and `for` means a phone that rings on: a call that comes in while another
rings starts nothing. ``event.received`` with ``ringing`` tells every single call.
"""

from collections.abc import Mapping
from typing import ClassVar, override

from homeassistant.components.event import EventEntityStateAttribute
from homeassistant.const import CONF_OPTIONS, STATE_OFF, STATE_ON, Platform
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.automation import DomainSpec
from homeassistant.helpers.trigger import (
    ENTITY_STATE_TRIGGER_SCHEMA_WITH_BEHAVIOR,
    EntityTargetStateTriggerBase,
    EntityTriggerBase,
    NotTriggeredReasonReporter,
    StatelessEntityTriggerBase,
    Trigger,
)
from homeassistant.helpers.typing import ConfigType
import voluptuous as vol

from .aioringcentral.calls.reducer import CallEventType
from .aioringcentral.status import Status
from .const import CONF_FROM, CONF_TO
from .event import RECEIVED
from .most_urgent import MostUrgentStatusTrigger
from .own_entities import check_named, own_entities


class ExtensionTrigger(EntityTriggerBase):
    """Looks at one entity of each extension, and at none of another integration."""

    _key: ClassVar[str]

    @override
    @classmethod
    async def async_validate_config(
        cls, hass: HomeAssistant, config: ConfigType
    ) -> ConfigType:
        """Refuse what is named, but can never fit."""
        config = await super().async_validate_config(hass, config)
        await check_named(hass, config, cls._key, cls._domain_specs)
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


def _event(key: str, happened: str) -> type[Trigger]:
    """Return a trigger for what an event entity reports; its `to_state` has the attributes of the event."""
    specs: Mapping[str, DomainSpec] = {Platform.EVENT: DomainSpec()}
    event_key = key

    class EventTrigger(ExtensionTrigger, StatelessEntityTriggerBase):
        """Fires each time."""

        _key = event_key
        _domain_specs = specs

        @override
        def is_valid_state(
            self, state: State, report_not_triggered: NotTriggeredReasonReporter
        ) -> bool:
            told = state.attributes.get(EventEntityStateAttribute.EVENT_TYPE)
            return bool(told == happened)

    return EventTrigger


_STATUSES = vol.All(cv.ensure_list, [vol.In([*map(str, Status)])])


class StatusTrigger(ExtensionTrigger):
    """Fires when the status changes, from and to those that are chosen; an empty choice matches every status."""

    _key = "status"
    _domain_specs: Mapping[str, DomainSpec] = {Platform.SENSOR: DomainSpec()}
    _schema = ENTITY_STATE_TRIGGER_SCHEMA_WITH_BEHAVIOR.extend(
        {
            vol.Required(CONF_OPTIONS, default={}): {
                vol.Optional(CONF_FROM, default=[]): _STATUSES,
                vol.Optional(CONF_TO, default=[]): _STATUSES,
            }
        }
    )

    @override
    def is_valid_transition(self, from_state: State, to_state: State) -> bool:
        wanted = self._options[CONF_FROM]
        return from_state.state != to_state.state and (
            not wanted or from_state.state in wanted
        )

    @override
    def is_valid_state(
        self, state: State, report_not_triggered: NotTriggeredReasonReporter
    ) -> bool:
        wanted = self._options[CONF_TO]
        return not wanted or state.state in wanted


TRIGGERS: dict[str, type[Trigger]] = {
    "status_changed": StatusTrigger,
    "most_urgent_status_changed": MostUrgentStatusTrigger,
    "started_ringing": _became(Platform.BINARY_SENSOR, "ringing", STATE_ON),
    # A call starts when it connects, whoever called; one that rings or is dialed has not.
    "call_started": _event("call", CallEventType.ANSWERED),
    "call_ended": _event("call", CallEventType.ENDED),
    "call_missed": _event("call", CallEventType.MISSED),
    "call_held": _event("call", CallEventType.HELD),
    # The extension, where those above are about each call.
    "became_on_call": _became(Platform.BINARY_SENSOR, "on_call", STATE_ON),
    "became_off_call": _became(Platform.BINARY_SENSOR, "on_call", STATE_OFF),
    "meeting_started": _became(Platform.BINARY_SENSOR, "in_meeting", STATE_ON),
    "meeting_ended": _became(Platform.BINARY_SENSOR, "in_meeting", STATE_OFF),
    # Free: the presence is "available" while the phone rings or dials, too.
    "became_available": _became(Platform.SENSOR, "status", Status.AVAILABLE),
    "became_busy": _became(Platform.SENSOR, "presence_status", "busy"),
    "do_not_disturb_turned_on": _became(
        Platform.BINARY_SENSOR, "do_not_disturb", STATE_ON
    ),
    "do_not_disturb_turned_off": _became(
        Platform.BINARY_SENSOR, "do_not_disturb", STATE_OFF
    ),
    "voicemail_received": _event("voicemail", RECEIVED),
}


async def async_get_triggers(hass: HomeAssistant) -> dict[str, type[Trigger]]:
    """Return the triggers by key."""
    return TRIGGERS
