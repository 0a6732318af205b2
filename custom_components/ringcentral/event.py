"""What happens to calls, as events: they catch what a state shows too briefly."""

from collections.abc import Iterator, Mapping
from typing import Any, Final, override

from homeassistant.components.event import (
    EventEntity,
    EventEntityDescription,
    EventExtraStoredData,
)
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .aioringcentral.call_log import Outcome
from .aioringcentral.calls.state import CallEvent, CallEventType
from .aioringcentral.voicemail import Voicemail
from .const import (
    ATTR_CALLED_NUMBER,
    ATTR_CALLER_NAME,
    ATTR_CALLER_NUMBER,
    ATTR_OUTCOME,
    ATTR_QUEUE,
)
from .coordinator import RingCentralConfigEntry
from .entity import ExtensionEntity, add_for_each_extension
from .stored import extra_of

PARALLEL_UPDATES = 0

CALL = EventEntityDescription(
    key="call", event_types=[str(kind) for kind in sorted(CallEventType)]
)

# An event that only the user's own call log can tell.
MISSED_OUTCOME: Final = "missed_outcome"
OWN_CALL = EventEntityDescription(
    key="call", event_types=[*(CALL.event_types or ()), MISSED_OUTCOME]
)

RECEIVED: Final = "received"
VOICEMAIL = EventEntityDescription(key="voicemail", event_types=[RECEIVED])


async def async_setup_entry(
    hass: HomeAssistant,
    entry: RingCentralConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the call event of every followed extension, and the voicemail event."""
    coordinator = entry.runtime_data
    add_for_each_extension(
        coordinator,
        async_add_entities,
        lambda extension_id: [
            OwnCallEventEntity(coordinator, OWN_CALL, extension_id, ())
            if extension_id == coordinator.own.id
            else CallEventEntity(coordinator, CALL, extension_id, ())
        ],
    )

    def voicemails(extension_id: str) -> Iterator[ExtensionEntity]:
        if coordinator.voicemail.was_offered_for(extension_id):
            yield VoicemailEventEntity(coordinator, VOICEMAIL, extension_id, ())

    coordinator.voicemail.async_on_offer(
        add_for_each_extension(coordinator, async_add_entities, voicemails)
    )


class ReportingEntity(ExtensionEntity, EventEntity):
    """Reports what happens, with the other party as far as the options allow."""

    _unrecorded_attributes = frozenset({ATTR_CALLER_NAME, ATTR_CALLER_NUMBER})
    # The attributes of the last event, as the entity shows them.
    _facts: dict[str, Any]

    def __init__(self, *args: Any) -> None:
        """Begin without an event."""
        super().__init__(*args)
        self._facts = {}

    @override
    async def async_added_to_hass(self) -> None:
        """Listen to changes in how much of callers is shown."""
        await super().async_added_to_hass()
        self.async_on_remove(self.coordinator.async_on_callers(self._hide_caller))

    @override
    async def async_get_last_event_data(self) -> EventExtraStoredData | None:
        """Return the last event from before the restart, showing the caller only as far as the options allow."""
        stored = extra_of(await self.async_get_last_extra_data())
        if (kind := stored.get("last_event_type")) not in self.event_types:
            return None
        facts = stored.get("last_event_attributes")
        kept = dict(facts) if isinstance(facts, Mapping) else {}
        who = kept.pop(ATTR_CALLER_NAME, None), kept.pop(ATTR_CALLER_NUMBER, None)
        name, number = (each if isinstance(each, str) else None for each in who)
        self._facts = {**kept, **self.coordinator.caller(name, number)}
        return EventExtraStoredData(kind, self._facts)

    @override
    def _value(self) -> None:
        """Have no value: presence alone is not an event."""

    @override
    def _show(self, value: None) -> None:
        """Keep nothing: the state shows the last event."""

    @callback
    def _hide_caller(self) -> None:
        """Remove from the last event what may no longer be shown."""
        facts = self._facts
        who = facts.pop(ATTR_CALLER_NAME, None), facts.pop(ATTR_CALLER_NUMBER, None)
        facts |= self.coordinator.caller(*who)
        self.async_write_ha_state()

    @callback
    def _report(self, kind: str, facts: dict[str, Any]) -> None:
        self._facts = facts
        self._trigger_event(kind, facts)
        self.async_write_ha_state()


class CallEventEntity(ReportingEntity):
    """Reports ringing, dialing, answered, held, resumed, parked, missed and ended."""

    @override
    async def async_added_to_hass(self) -> None:
        """Listen to the calls of the extension."""
        await super().async_added_to_hass()
        self.async_on_remove(
            self.coordinator.async_add_call_listener(self.extension_id, self._tell)
        )

    @callback
    def _tell(self, event: CallEvent) -> None:
        self._report(str(event.type), self._facts_of(event))

    def _facts_of(self, event: CallEvent) -> dict[str, Any]:
        facts = self._facts_of_call(event)
        extension = self.coordinator.extensions.get(self.extension_id)
        # On a queue, RingCentral names no queue, and a call that a member answers looks missed, too.
        if extension is not None and extension.is_queue:
            facts["queue_call"] = True
            facts.setdefault(ATTR_QUEUE, extension.name)
        return facts

    def _facts_of_call(self, event: CallEvent) -> dict[str, Any]:
        facts: dict[str, Any] = {}
        if event.direction is not None:
            facts["direction"] = event.direction.lower()
        if event.queue_call is not None:
            facts["queue_call"] = event.queue_call
        if event.queue is not None:
            facts[ATTR_QUEUE] = event.queue
        if event.called_number is not None:
            # This is one's own number; callers are shown only as far as the options allow.
            facts[ATTR_CALLED_NUMBER] = event.called_number
        if event.duration is not None:
            facts["duration"] = round(event.duration, 1)
        return facts | self.coordinator.caller(event.name, event.number)


class OwnCallEventEntity(CallEventEntity):
    """Reports for the user also how a missed call ended, if the app may read the call log."""

    @override
    async def async_added_to_hass(self) -> None:
        """Listen to outcomes from the call log."""
        await super().async_added_to_hass()
        self.async_on_remove(self.coordinator.call_log.async_on_outcome(self._explain))

    @callback
    @override
    def _tell(self, event: CallEvent) -> None:
        super()._tell(event)
        if event.type is CallEventType.MISSED:
            self.coordinator.call_log.call_log.call_missed(event)

    @callback
    def _explain(self, event: CallEvent, outcome: Outcome) -> None:
        facts = {ATTR_OUTCOME: str(outcome), **self._facts_of(event)}
        self._report(MISSED_OUTCOME, facts)


class VoicemailEventEntity(ReportingEntity):
    """Reports that the user got a voicemail."""

    @override
    async def async_added_to_hass(self) -> None:
        """Listen to arriving voicemails."""
        await super().async_added_to_hass()
        self.async_on_remove(
            self.coordinator.voicemail.async_on_arrival(self._received)
        )

    @callback
    def _received(self, voicemail: Voicemail) -> None:
        facts: dict[str, Any] = {}
        if voicemail.duration is not None:
            facts["duration"] = round(voicemail.duration, 1)
        facts |= self.coordinator.caller(voicemail.name, voicemail.number)
        self._report(RECEIVED, facts)
