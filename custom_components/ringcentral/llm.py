"""Tools for Assist: which tools an assistant gets, and the one that finds people by what they are doing."""

from collections.abc import Iterable
from typing import Any, Final, override

from homeassistant.components.llm import LLMTools
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.llm import (
    LLM_API_ASSIST,
    LLMContext,
    Tool,
    ToolInput,
    ToolResult,
)
import voluptuous as vol

from .aioringcentral.status import Status
from .const import DOMAIN
from .people import Person, exposed_people
from .person_tools import (
    LONGEST_LIST,
    READS,
    DoNotDisturbTool,
    PersonStatusTool,
    WaitingTool,
    error,
    given,
    switch,
    waiting_sensors,
)

_ON_THE_PHONE: Final = "on_the_phone"
_STATES: Final = {
    **{str(word): (word,) for word in Status},
    _ON_THE_PHONE: (Status.ON_CALL, Status.ON_HOLD, Status.DIALING),
}


@callback
def async_get_tools(
    hass: HomeAssistant, llm_context: LLMContext, api_id: str
) -> LLMTools | None:
    """Return the tools, if anybody's status is exposed to the assistant."""
    if api_id != LLM_API_ASSIST:
        return None
    if not (people := exposed_people(hass, llm_context.assistant)):
        return None
    tools: list[Tool] = [FindPeopleTool(people), PersonStatusTool()]
    if any(waiting_sensors(hass, llm_context, person) for person in people):
        tools.append(WaitingTool())
    if any(switch(hass, llm_context, person) for person in people):
        tools.append(DoNotDisturbTool())
    return LLMTools(tools=tools)


class FindPeopleTool(Tool):
    """Finds people by what they are doing."""

    name = "ringcentral__find_people"
    title = "Find people by phone status"
    description = (
        "List people of the phone system with what they are doing. "
        "Use it for questions like 'Who is free?', 'Who is on the phone in Sales?' "
        "or 'Is anybody in a meeting?'. Free is 'available'; "
        "'on_the_phone' includes calls on hold and calls being dialed. "
        "'unknown' is how many more there are whose state is not known."
    )
    annotations = READS
    integration = DOMAIN

    def __init__(self, people: Iterable[Person]) -> None:
        """Offer the areas and labels that these people are in."""
        self._groups = sorted({group for person in people for group in person.groups})
        fields: dict[Any, Any] = {
            vol.Optional("state", description="Only people in this state"): vol.In(
                list(_STATES)
            )
        }
        if self._groups:
            in_group = "Only people in this area or with this label, such as a team"
            fields[vol.Optional("group", description=in_group)] = vol.In(self._groups)
        self.parameters = vol.Schema(fields)

    @override
    async def async_call(
        self, hass: HomeAssistant, tool_input: ToolInput, llm_context: LLMContext
    ) -> ToolResult:
        """Return names and statuses, if there are many only the first."""
        filled_in = given(tool_input)
        if (group := filled_in.get("group")) is not None:
            filled_in["group"] = _as_spelled(group, self._groups)
        data = self.parameters(filled_in)
        found = [
            person
            for person in exposed_people(hass, llm_context.assistant)
            if data.get("group") in (None, *person.groups)
        ]
        unknown = sum(not person.is_known for person in found)
        if found and unknown == len(found):
            return error("What they are doing is not known at the moment")
        facts = {}
        if "state" in data:
            words = _STATES[data["state"]]
            found = [person for person in found if person.is_in_state(words)]
            if unknown:
                facts["unknown"] = unknown
        return ToolResult(
            data={
                "count": len(found),
                **facts,
                "people": [
                    {"name": person.name, "status": person.status}
                    for person in found[:LONGEST_LIST]
                ],
            }
        )


def _as_spelled(word: Any, words: Iterable[str]) -> Any:
    spelled = {each.casefold(): each for each in words}
    return spelled.get(word.casefold(), word) if isinstance(word, str) else word
