"""Triggers for automations: which state extensions enter, and what happens to their calls.

``started_ringing`` looks at the binary sensor, so that several phones can be taken
together and `for` means a phone that keeps ringing. A call that comes in while another
rings does not fire it; ``event.received`` with ``ringing`` reports every single call.
"""

from collections.abc import Callable, Mapping
import re
from typing import ClassVar, Final, override

from homeassistant.components.event import EventEntityStateAttribute
from homeassistant.const import CONF_OPTIONS, STATE_OFF, STATE_ON, Platform
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.automation import DomainSpec
from homeassistant.helpers.trigger import (
    ENTITY_STATE_TRIGGER_SCHEMA,
    ENTITY_STATE_TRIGGER_SCHEMA_WITH_BEHAVIOR,
    EntityTargetStateTriggerBase,
    EntityTriggerBase,
    NotTriggeredReasonReporter,
    StatelessEntityTriggerBase,
    Trigger,
)
from homeassistant.helpers.typing import ConfigType
import voluptuous as vol

from .aioringcentral.call_log import Outcome
from .aioringcentral.calls.state import CallEventType
from .aioringcentral.status import Status
from .const import ATTR_CALLED_NUMBER, ATTR_OUTCOME, ATTR_QUEUE, CONF_FROM, CONF_TO
from .event import MISSED_OUTCOME, RECEIVED
from .most_urgent import MostUrgentStatusTrigger
from .own_entities import check_named, named_devices, own_entities
from .queue_waiting import QueueCallWaitingTrigger


class ExtensionTrigger(EntityTriggerBase):
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


def _became(platform: Platform, key: str, state: str) -> type[Trigger]:
    """Return a trigger for extensions that enter a state."""
    specs: Mapping[str, DomainSpec] = {platform: DomainSpec()}
    states = {state}

    class StateTrigger(ExtensionTrigger, EntityTargetStateTriggerBase):
        """Fires when the state is entered from another known state."""

        _key = key
        _domain_specs = specs
        _to_states = states

    return StateTrigger


class EventTrigger(ExtensionTrigger, StatelessEntityTriggerBase):
    """Fires for what an event entity reports; its `to_state` has the attributes of the event."""

    _happened: ClassVar[str]
    _domain_specs: Mapping[str, DomainSpec] = {Platform.EVENT: DomainSpec()}

    @override
    def is_valid_state(
        self, state: State, report_not_triggered: NotTriggeredReasonReporter
    ) -> bool:
        event_type = state.attributes.get(EventEntityStateAttribute.EVENT_TYPE)
        return bool(event_type == self._happened)


# How many digits at the end of a number are enough to name it without its country.
_ENOUGH_DIGITS: Final = 7
_TEXTS: Final = vol.All(cv.ensure_list, [cv.string])


_OF_SOME_CALLS = {
    vol.Optional(ATTR_QUEUE, default=[]): _TEXTS,
    vol.Optional(ATTR_CALLED_NUMBER, default=[]): _TEXTS,
}


class CallTrigger(EventTrigger):
    """Fires for what happens to calls: to all, or to those through some queues or to some numbers."""

    _key = "call"
    _schema = ENTITY_STATE_TRIGGER_SCHEMA.extend(
        {vol.Required(CONF_OPTIONS, default={}): _OF_SOME_CALLS}
    )

    @override
    def is_valid_state(
        self, state: State, report_not_triggered: NotTriggeredReasonReporter
    ) -> bool:
        return (
            super().is_valid_state(state, report_not_triggered)
            and self._fits(ATTR_QUEUE, state, _is_queue)
            and self._fits(ATTR_CALLED_NUMBER, state, _is_number)
        )

    def _fits(
        self, name: str, state: State, is_meant: Callable[[str, str], bool]
    ) -> bool:
        # A line that was left empty has no meaning.
        wanted = [each for each in self._options[name] if each.strip()]
        found = state.attributes.get(name, "")
        return not wanted or any(is_meant(each, found) for each in wanted)


def _is_queue(wanted: str, queue: str) -> bool:
    return wanted.strip().casefold() == queue.strip().casefold()


def _is_number(wanted: str, number: str) -> bool:
    """Whether this number is the wanted one, however it is written, with its country or without."""
    end, digits = (re.sub(r"\D", "", each) for each in (wanted, number))
    if len(end) < _ENOUGH_DIGITS:
        return bool(end) and end == digits
    return digits.endswith(end)


def _call(happened: CallEventType) -> type[Trigger]:
    """Return a trigger for one thing that happens to calls."""
    event_type = happened

    class OneCallTrigger(CallTrigger):
        _happened = event_type

    return OneCallTrigger


class OutcomeTrigger(CallTrigger):
    """Fires when it is known how a missed call ended; an empty choice matches every outcome."""

    _happened = MISSED_OUTCOME
    _schema = ENTITY_STATE_TRIGGER_SCHEMA.extend(
        {
            vol.Required(CONF_OPTIONS, default={}): {
                **_OF_SOME_CALLS,
                vol.Optional(ATTR_OUTCOME, default=[]): vol.All(
                    cv.ensure_list, [vol.In([*map(str, Outcome)])]
                ),
            }
        }
    )

    @override
    def is_valid_state(
        self, state: State, report_not_triggered: NotTriggeredReasonReporter
    ) -> bool:
        wanted = self._options[ATTR_OUTCOME]
        return super().is_valid_state(state, report_not_triggered) and (
            not wanted or state.attributes.get(ATTR_OUTCOME) in wanted
        )


class VoicemailTrigger(EventTrigger):
    """Fires for each voicemail that arrives."""

    _key = "voicemail"
    _happened = RECEIVED


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
    # A call starts when it connects, whoever called; one that rings or is being dialed has not started.
    "call_started": _call(CallEventType.ANSWERED),
    "call_ended": _call(CallEventType.ENDED),
    "call_missed": _call(CallEventType.MISSED),
    "missed_call_outcome": OutcomeTrigger,
    "call_held": _call(CallEventType.HELD),
    # This is about the extension, while those above are about each call.
    "became_on_call": _became(Platform.BINARY_SENSOR, "on_call", STATE_ON),
    "became_off_call": _became(Platform.BINARY_SENSOR, "on_call", STATE_OFF),
    "meeting_started": _became(Platform.BINARY_SENSOR, "in_meeting", STATE_ON),
    "meeting_ended": _became(Platform.BINARY_SENSOR, "in_meeting", STATE_OFF),
    # Free, unlike a presence of "available", which lasts while the phone rings or dials.
    "became_available": _became(Platform.SENSOR, "status", Status.AVAILABLE),
    "became_busy": _became(Platform.SENSOR, "presence_status", "busy"),
    "do_not_disturb_turned_on": _became(
        Platform.BINARY_SENSOR, "do_not_disturb", STATE_ON
    ),
    "do_not_disturb_turned_off": _became(
        Platform.BINARY_SENSOR, "do_not_disturb", STATE_OFF
    ),
    "voicemail_received": VoicemailTrigger,
    "queue_call_waiting": QueueCallWaitingTrigger,
    "queue_unattended": _became(Platform.SENSOR, "members_available", "0"),
}


async def async_get_triggers(hass: HomeAssistant) -> dict[str, type[Trigger]]:
    """Return the triggers by key."""
    return TRIGGERS
