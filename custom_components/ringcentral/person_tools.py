"""Tools for Assist about one person: status, missed calls and unheard voicemails, and do not disturb."""

from abc import abstractmethod
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, override

from homeassistant.const import (
    ATTR_ENTITY_ID,
    SERVICE_TURN_OFF,
    SERVICE_TURN_ON,
    STATE_UNAVAILABLE,
    Platform,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers.intent import is_blank_slot_value
from homeassistant.helpers.llm import (
    LLMContext,
    Tool,
    ToolAnnotations,
    ToolInput,
    ToolResult,
)
from homeassistant.util import dt as dt_util
import voluptuous as vol

from .aioringcentral.call_log import Outcome
from .aioringcentral.models import DndStatus
from .const import ATTR_ALSO, ATTR_CALLER_NAME, ATTR_SINCE, DOMAIN
from .people import Person, exposed_people, named
from .services import ATTR_DND_STATUS, ATTR_DURATION, SET_PRESENCE

# An answer is read to a person, so a model gets only the first names, and how many there are.
LONGEST_LIST: Final = 30
_MOST_MISSED: Final = 5
_MISSED: Final = "missed_calls_today"
_LONGEST_MINUTES: Final = 7 * 24 * 60

READS: Final = ToolAnnotations(
    read_only=True, destructive=False, idempotent=True, open_world=False
)


class _NamedPersonTool(Tool):
    """Does something for one person."""

    integration = DOMAIN

    @override
    async def async_call(
        self, hass: HomeAssistant, tool_input: ToolInput, llm_context: LLMContext
    ) -> ToolResult:
        """Find the person, and answer."""
        data = self.parameters(given(tool_input))
        person = self._person(hass, llm_context, data.get("name"))
        if isinstance(person, ToolResult):
            return person
        return await self._answer(hass, llm_context, person, data)

    @abstractmethod
    async def _answer(
        self,
        hass: HomeAssistant,
        llm_context: LLMContext,
        person: Person,
        data: Mapping[str, Any],
    ) -> ToolResult:
        """Answer for one person; ``data`` is what the model filled in."""

    def _person(
        self, hass: HomeAssistant, llm_context: LLMContext, name: str | None
    ) -> Person | ToolResult:
        """Return the person who is meant, or an error to answer with if none or several match."""
        people = exposed_people(hass, llm_context.assistant)
        if name is None:
            found = [person for person in people if person.is_own]
        else:
            found = named(people, name)
        if len(found) == 1:
            return found[0]
        if not found:
            return error("Nobody of this name is known here")
        names = ", ".join(person.name for person in found[:LONGEST_LIST])
        return error(f"Several people are meant: {names}")


_NAME = vol.Optional(
    "name",
    description="Name of the person; leave it out for the user of this phone system",
)


class PersonStatusTool(_NamedPersonTool):
    """Says what one person is doing."""

    name = "ringcentral__person_status"
    title = "Get a person's phone status"
    description = (
        "Say what one person is doing on the phone system, and since when. "
        "Use it for questions like 'Is Anna free?' or 'How long has Ben been on the phone?'."
    )
    annotations = READS
    parameters = vol.Schema({_NAME: str})

    @override
    async def _answer(
        self,
        hass: HomeAssistant,
        llm_context: LLMContext,
        person: Person,
        data: Mapping[str, Any],
    ) -> ToolResult:
        """Return the status and since when, and the caller's name if it is shown."""
        facts: dict[str, Any] = {"name": person.name, "status": person.status}
        shown = person.state.attributes
        if isinstance(since := shown.get(ATTR_SINCE), datetime):
            facts["since"] = dt_util.as_local(since).isoformat(timespec="minutes")
            facts["minutes"] = int((dt_util.utcnow() - since).total_seconds() // 60)
        if also := [str(word) for word in shown.get(ATTR_ALSO, ())]:
            facts["also"] = also
        if caller := shown.get(ATTR_CALLER_NAME):
            facts["caller"] = caller
        return ToolResult(data=facts)


class WaitingTool(_NamedPersonTool):
    """Says what is waiting for a person."""

    name = "ringcentral__waiting"
    title = "Get missed calls and voicemails"
    description = (
        "Say how many calls a person missed today, how the newest of them ended where that is known, "
        "and how many voicemails wait to be heard. "
        "Use it for questions like 'Did I miss a call?' or 'Do I have voicemail?'."
    )
    annotations = READS
    parameters = vol.Schema({_NAME: str})

    @override
    async def _answer(
        self,
        hass: HomeAssistant,
        llm_context: LLMContext,
        person: Person,
        data: Mapping[str, Any],
    ) -> ToolResult:
        """Return the numbers that are exposed and known."""
        sensors = waiting_sensors(hass, llm_context, person)
        found: dict[str, Any] = {
            key: int(state.state)
            for key, entity_id in sensors.items()
            if (state := hass.states.get(entity_id)) and state.state.isdecimal()
        }
        if not found:
            when = "at the moment" if sensors else "here"
            return error(f"What waits for {person.name} is not known {when}")
        if found.get(_MISSED) and (ended := _how_ended(hass, llm_context, person)):
            found["newest_missed_calls"] = ended
        return ToolResult(data={"name": person.name, **found})


class DoNotDisturbTool(_NamedPersonTool):
    """Turns do not disturb on, even for a limited time, and off."""

    name = "ringcentral__do_not_disturb"
    title = "Set do not disturb"
    description = (
        "Turn do not disturb of a person's phone on or off. "
        "With minutes it ends by itself, and what was set before comes back."
    )
    annotations = ToolAnnotations(destructive=False, idempotent=True)
    parameters = vol.Schema(
        {
            _NAME: str,
            vol.Optional("on", default=True): bool,
            vol.Optional("minutes", description="For so long; only when on"): vol.All(
                vol.Coerce(int), vol.Range(min=1, max=_LONGEST_MINUTES)
            ),
        }
    )

    @override
    async def _answer(
        self,
        hass: HomeAssistant,
        llm_context: LLMContext,
        person: Person,
        data: Mapping[str, Any],
    ) -> ToolResult:
        """Use the actions, which check what the user may do."""
        if (entity_id := switch(hass, llm_context, person)) is None:
            return error(f"Do not disturb of {person.name} cannot be changed here")
        # Home Assistant skips unavailable entities, and calls that success.
        if hass.states.is_state(entity_id, STATE_UNAVAILABLE):
            return error(
                f"Do not disturb of {person.name} cannot be changed at the moment"
            )
        minutes = data.get("minutes") if data["on"] else None
        target: dict[str, Any] = {ATTR_ENTITY_ID: entity_id}
        if minutes is not None:
            domain, action = DOMAIN, SET_PRESENCE
            target[ATTR_DND_STATUS] = DndStatus.DO_NOT_ACCEPT_ANY_CALLS.name.lower()
            target[ATTR_DURATION] = {"minutes": minutes}
        else:
            domain = Platform.SWITCH
            action = SERVICE_TURN_ON if data["on"] else SERVICE_TURN_OFF
        await hass.services.async_call(
            domain, action, target, blocking=True, context=llm_context.context
        )
        facts: dict[str, Any] = {"name": person.name, "do_not_disturb": data["on"]}
        if minutes is not None:
            facts["minutes"] = minutes
        return ToolResult(data=facts)


def given(tool_input: ToolInput) -> dict[str, Any]:
    """Return what a model has filled in; some send an empty text for a field that they leave out."""
    args = tool_input.tool_args.items()
    return {key: value for key, value in args if not is_blank_slot_value(value)}


def switch(hass: HomeAssistant, context: LLMContext, person: Person) -> str | None:
    """Return the id of a person's do-not-disturb switch, if it is exposed."""
    return person.entity(hass, context.assistant, Platform.SWITCH, "do_not_disturb")


def waiting_sensors(
    hass: HomeAssistant, context: LLMContext, person: Person
) -> dict[str, str]:
    """Return the ids, by key, of the exposed sensors of what is waiting for a person."""
    sensors = {
        key: person.entity(hass, context.assistant, Platform.SENSOR, key)
        for key in (_MISSED, "voicemails")
    }
    return {key: entity_id for key, entity_id in sensors.items() if entity_id}


def _how_ended(
    hass: HomeAssistant, context: LLMContext, person: Person
) -> list[dict[str, str]]:
    """Return how the newest missed calls of today ended, if the call event that reports that is exposed."""
    if not person.is_own or not person.entity(
        hass, context.assistant, Platform.EVENT, "call"
    ):
        return []
    coordinator, found = person.coordinator, list[dict[str, str]]()
    for event, outcome in coordinator.call_log.explained_since(
        dt_util.start_of_local_day()
    ):
        if outcome is not Outcome.UNKNOWN:
            caller = coordinator.caller(event.name, None).get(ATTR_CALLER_NAME)
            found.append(
                {"ended": str(outcome)} | ({"caller": caller} if caller else {})
            )
    return found[-_MOST_MISSED:][::-1]


def error(text: str) -> ToolResult:
    """Return a result that says why there is no answer."""
    return ToolResult(data={"error": text}, error=True)
