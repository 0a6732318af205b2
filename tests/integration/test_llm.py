"""The tools for Assist: whom they see, what they answer, and what they may change."""

from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from functools import partial
from typing import Any
from unittest.mock import patch

from homeassistant.components.homeassistant.exposed_entities import async_expose_entity
from homeassistant.components.llm import async_get_tools
from homeassistant.const import STATE_OFF, STATE_UNKNOWN
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import Unauthorized
from homeassistant.helpers import (
    area_registry as ar,
    device_registry as dr,
    entity_registry as er,
    label_registry as lr,
    llm,
)
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockUser
import voluptuous as vol

from custom_components.ringcentral.aioringcentral.status import Status
from custom_components.ringcentral.const import (
    CALLER_FULL,
    CALLER_HIDDEN,
    CALLER_NAME,
    CONF_CALLER_IDENTITY,
    DOMAIN,
)
from emulator import Emulator

from .call_stories import ANNA, BEN, OWN, PARK, Who, cast, following
from .stories import Story

ASSISTANT = "conversation"
CALL_LOG = "custom_components.ringcentral.aioringcentral.account.call_log"
FIND, STATUS, WAITING, DND = (
    f"{DOMAIN}__{name}"
    for name in ("find_people", "person_status", "waiting", "do_not_disturb")
)
NAME, NUMBER = "Zora Quill", "+14155550177"


@pytest.fixture
def people(emulator: Emulator) -> dict[Who, str]:
    return cast(emulator)


@pytest.fixture
async def story(
    hass: HomeAssistant, emulator: Emulator, people: dict[Who, str]
) -> AsyncIterator[Story]:
    """Follow four, of whom the assistant may see nothing yet."""
    assert await async_setup_component(hass, "homeassistant", {})
    assert await async_setup_component(hass, "llm", {})
    chosen = [people[who] for who in (OWN, ANNA, BEN, PARK)]
    async with following(hass, emulator, chosen, caller_identity=CALLER_FULL) as found:
        for entity_id in found.entities().values():
            async_expose_entity(hass, ASSISTANT, entity_id, False)
        yield found


def expose(
    story: Story, *extension_ids: str, keys: tuple[str, ...] = ("status",)
) -> None:
    """Let the assistant see entities."""
    for extension_id in extension_ids:
        for key in keys:
            entity_id = story.entity(key, extension_id)
            async_expose_entity(story.hass, ASSISTANT, entity_id, True)


async def tools(
    story: Story, api_id: str = llm.LLM_API_ASSIST, context: Context | None = None
) -> dict[str, tuple[llm.Tool, llm.LLMContext]]:
    """Return our tools of Home Assistant's interface for language models, by name."""
    asked = llm.LLMContext(
        platform="test",
        context=context or Context(),
        language="en",
        assistant=ASSISTANT,
        device_id=None,
    )
    found = await llm.async_get_api(story.hass, api_id, asked)
    return {
        tool.name: (tool, asked) for tool in found.tools if tool.integration == DOMAIN
    }


async def ask(
    story: Story, name: str, /, context: Context | None = None, **given: Any
) -> Mapping[str, Any]:
    """Return what a tool answers."""
    tool, asked = (await tools(story, context=context))[name]
    answer = await tool.async_call(story.hass, llm.ToolInput(name, given), asked)
    assert isinstance(answer, llm.ToolResult)
    assert answer.error == ("error" in answer.data)
    return answer.data


def name_of(story: Story, extension_id: str) -> str:
    return story.emulator.extension(extension_id).name


async def test_without_anybody_exposed_there_are_no_tools(story: Story) -> None:
    assert await tools(story) == {}


async def test_controls_exposed_alone_make_no_tools(
    story: Story, people: dict[Who, str]
) -> None:
    expose(story, people[OWN], keys=("do_not_disturb_switch", "presence_status"))

    assert await tools(story) == {}


async def test_tools_come_with_who_is_exposed(
    story: Story, people: dict[Who, str]
) -> None:
    expose(story, people[ANNA])
    assert set(await tools(story)) == {FIND, STATUS}

    expose(story, people[OWN], keys=("status", "do_not_disturb_switch"))
    assert set(await tools(story)) == {FIND, STATUS, DND}


async def test_every_tool_can_be_described_to_a_model(
    story: Story, people: dict[Who, str]
) -> None:
    expose(story, people[OWN], keys=("status", "do_not_disturb_switch"))

    for tool, _ in (await tools(story)).values():
        described = vol.Schema(tool.parameters)
        assert described({}) is not None
        assert tool.title
        assert tool.description


async def test_who_is_free_sees_only_who_is_exposed(
    story: Story, people: dict[Who, str]
) -> None:
    expose(story, people[OWN], people[ANNA])
    await story.shows(people[ANNA], status="available")
    await story.shows(people[OWN], status="available")

    found = await ask(story, FIND, state="available")

    shown = {person["name"] for person in found["people"]}
    assert shown == {name_of(story, people[who]) for who in (OWN, ANNA)}
    assert found["count"] == 2


async def test_who_is_on_the_phone(story: Story, people: dict[Who, str]) -> None:
    expose(story, people[OWN], people[ANNA])
    await story.call("ring", "answer", at=people[ANNA], from_name=NAME)
    await story.shows(people[ANNA], status="on_call")

    found = await ask(story, FIND, state="on_the_phone")

    anna = name_of(story, people[ANNA])
    assert found == {"count": 1, "people": [{"name": anna, "status": "on_call"}]}
    free = await ask(story, FIND, state="available")
    assert anna not in str(free)


async def test_what_else_is_true_counts_except_being_free(
    story: Story, people: dict[Who, str]
) -> None:
    expose(story, people[ANNA])
    await story.emulator.set_presence(
        people[ANNA], {"dndStatus": "DoNotAcceptAnyCalls"}
    )
    await story.shows(people[ANNA], status="do_not_disturb")
    await story.call("dial", at=people[ANNA])
    await story.shows(people[ANNA], status="dialing")

    assert (await ask(story, FIND, state="do_not_disturb"))["count"] == 1
    assert (await ask(story, FIND, state="dialing"))["count"] == 1
    assert (await ask(story, FIND, state="available"))["count"] == 0


async def test_a_group_is_an_area_or_a_label(
    hass: HomeAssistant, story: Story, people: dict[Who, str]
) -> None:
    expose(story, people[OWN], people[ANNA], people[BEN])
    devices, labels = dr.async_get(hass), lr.async_get(hass)
    area = ar.async_get(hass).async_create("Sales", aliases={"Shop"})
    label = labels.async_create("Night shift")
    for who, changes in (
        (ANNA, {"area_id": area.id}),
        (BEN, {"labels": {label.label_id}}),
    ):
        device = story.device(people[who])
        assert device is not None
        devices.async_update_device(device.id, **changes)

    async def names(group: str) -> list[str]:
        found = await ask(story, FIND, group=group)
        return [person["name"] for person in found["people"]]

    assert await names("Sales") == [name_of(story, people[ANNA])]
    assert await names("shop") == [name_of(story, people[ANNA])]
    assert await names("NIGHT SHIFT") == [name_of(story, people[BEN])]
    # What a model leaves empty is left out.
    assert len(await names(" ")) == 3
    with pytest.raises(vol.Invalid):
        await names("Cellar")


async def test_a_list_has_an_end(
    hass: HomeAssistant,
    story: Story,
    people: dict[Who, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    expose(story, people[OWN], people[ANNA], people[BEN])
    monkeypatch.setattr(f"custom_components.{DOMAIN}.llm.LONGEST_LIST", 2)

    found = await ask(story, FIND)

    assert found["count"] == 3
    assert len(found["people"]) == 2


async def test_the_status_of_a_person(story: Story, people: dict[Who, str]) -> None:
    expose(story, people[ANNA])
    await story.call(
        "ring", "answer", at=people[ANNA], from_name=NAME, **{"from": NUMBER}
    )
    await story.shows(people[ANNA], status="on_call")
    anna = name_of(story, people[ANNA])

    for asked in (anna, anna.upper(), anna.split()[0]):
        found = await ask(story, STATUS, name=asked)
        assert found["name"] == anna
        assert found["status"] == "on_call"
        assert found["minutes"] == 0
        assert found["also"] == ["busy"]
        assert found["caller"] == NAME
        assert NUMBER not in str(found)


async def test_callers_are_hidden_unless_shown(
    hass: HomeAssistant, story: Story, people: dict[Who, str]
) -> None:
    expose(story, people[ANNA])
    hass.config_entries.async_update_entry(
        story.entry, options={**story.entry.options, "caller_identity": "hidden"}
    )
    await story.reload()
    await story.call(
        "ring", "answer", at=people[ANNA], from_name=NAME, **{"from": NUMBER}
    )
    await story.shows(people[ANNA], status="on_call")

    found = await ask(story, STATUS, name=name_of(story, people[ANNA]))

    assert "caller" not in found
    assert NAME not in str(found)


async def test_an_alias_names_a_person(
    hass: HomeAssistant, story: Story, people: dict[Who, str]
) -> None:
    expose(story, people[ANNA])
    er.async_get(hass).async_update_entity(
        story.entity("status", people[ANNA]),
        aliases=[er.COMPUTED_NAME, "The boss"],
    )

    found = await ask(story, STATUS, name="the boss")

    assert found["name"] == name_of(story, people[ANNA])


async def test_accents_may_be_left_out(
    hass: HomeAssistant, story: Story, people: dict[Who, str]
) -> None:
    expose(story, people[ANNA], people[BEN])
    for who, name in ((ANNA, "Zoë Núñez"), (BEN, "Zoe Ray")):
        er.async_get(hass).async_update_entity(
            story.entity("status", people[who]), aliases=[name]
        )

    # Who is spelled so is meant first.
    for asked, name in (
        ("zoe nunez", "Zoë Núñez"),
        ("NUNEZ", "Zoë Núñez"),
        ("zoë", "Zoë Núñez"),
        ("zoe", "Zoe Ray"),
    ):
        assert (await ask(story, STATUS, name=asked))["name"] == name


async def test_without_a_name_the_user_is_meant(
    story: Story, people: dict[Who, str]
) -> None:
    expose(story, people[OWN], people[ANNA])

    assert (await ask(story, STATUS))["name"] == name_of(story, people[OWN])


async def test_who_is_not_exposed_is_not_known(
    story: Story, people: dict[Who, str]
) -> None:
    expose(story, people[OWN])

    found = await ask(story, STATUS, name=name_of(story, people[ANNA]))

    assert found == {"error": "Nobody of this name is known here"}


async def test_a_name_of_several_is_asked_again(
    hass: HomeAssistant, story: Story, people: dict[Who, str]
) -> None:
    expose(story, people[ANNA], people[BEN])
    for who in (ANNA, BEN):
        er.async_get(hass).async_update_entity(
            story.entity("status", people[who]),
            aliases=[er.COMPUTED_NAME, "Reception"],
        )

    found = await ask(story, STATUS, name="reception")

    for who in (ANNA, BEN):
        assert name_of(story, people[who]) in found["error"]


async def test_a_lost_connection_makes_a_status_unknown(
    story: Story, people: dict[Who, str]
) -> None:
    expose(story, people[ANNA])
    story.coordinator.availability.set_unavailable(story.coordinator.account.last_error)

    found = await ask(story, STATUS, name=name_of(story, people[ANNA]))

    assert found == {"name": name_of(story, people[ANNA]), "status": "unknown"}
    # "Nobody is free" would be wrong.
    unknown = {"error": "What they are doing is not known at the moment"}
    assert await ask(story, FIND) == unknown
    assert await ask(story, FIND, state=Status.AVAILABLE) == unknown


async def test_who_is_free_says_how_many_are_not_known(
    hass: HomeAssistant, story: Story, people: dict[Who, str]
) -> None:
    expose(story, people[OWN], people[ANNA], people[BEN])
    hass.states.async_set(story.entity("status", people[BEN]), STATE_UNKNOWN)

    free = await ask(story, FIND, state=Status.AVAILABLE)

    assert (free["count"], free["unknown"]) == (2, 1)
    assert "unknown" not in await ask(story, FIND)


async def test_a_lost_connection_leaves_do_not_disturb_as_it_is(
    story: Story, people: dict[Who, str]
) -> None:
    expose(story, people[OWN], keys=("status", "do_not_disturb_switch"))
    story.coordinator.availability.set_unavailable(story.coordinator.account.last_error)

    own = name_of(story, people[OWN])
    refused = {"error": f"Do not disturb of {own} cannot be changed at the moment"}
    assert await ask(story, DND) == refused
    assert await ask(story, DND, on=False) == refused
    assert await ask(story, DND, minutes=5) == refused


async def test_a_lost_connection_makes_what_waits_unknown(
    story: Story, people: dict[Who, str]
) -> None:
    expose(story, people[OWN], keys=("status", "missed_calls_today"))
    story.coordinator.availability.set_unavailable(story.coordinator.account.last_error)

    own = name_of(story, people[OWN])
    assert await ask(story, WAITING) == {
        "error": f"What waits for {own} is not known at the moment"
    }


@pytest.mark.messages
async def test_what_waits_for_the_user(story: Story, people: dict[Who, str]) -> None:
    own = name_of(story, people[OWN])
    expose(story, people[OWN], keys=("status", "missed_calls_today"))
    story.emulator.mail.leave(people[OWN])
    await story.shows(voicemails="1")
    await story.call("ring", "missed")
    await story.shows(missed_calls_today="1")

    assert await ask(story, WAITING) == {"name": own, "missed_calls_today": 1}

    expose(story, people[OWN], keys=("voicemails",))
    assert await ask(story, WAITING, name=own) == {
        "name": own,
        "missed_calls_today": 1,
        "voicemails": 1,
    }


@pytest.mark.calls
@pytest.mark.parametrize(
    ("identity", "caller"),
    [
        (CALLER_HIDDEN, {}),
        (CALLER_NAME, {"caller": NAME}),
        (CALLER_FULL, {"caller": NAME}),
    ],
)
async def test_how_missed_calls_ended(
    hass: HomeAssistant,
    story: Story,
    people: dict[Who, str],
    monkeypatch: pytest.MonkeyPatch,
    identity: str,
    caller: dict[str, str],
) -> None:
    monkeypatch.setattr(f"{CALL_LOG}._THERE_AFTER", 0.0)
    story.emulator.faults.set(call_log_delay=0)
    hass.config_entries.async_update_entry(
        story.entry, options={**story.entry.options, CONF_CALLER_IDENTITY: identity}
    )
    await story.until(lambda: story.now("calls") == STATE_OFF)
    expose(story, people[OWN], keys=("status", "missed_calls_today"))
    for name, end in (("one", "voicemail"), ("two", "missed"), ("three", "reject")):
        told = len(explained(story))
        await story.call("ring", end, name=name, from_name=NAME, **{"from": NUMBER})
        await story.until(partial(lambda told: len(explained(story)) > told, told))

    found = await ask(story, WAITING)
    assert found == {"name": name_of(story, people[OWN]), "missed_calls_today": 3}

    # That is told by the event.
    expose(story, people[OWN], keys=("call",))
    found = await ask(story, WAITING)
    assert found["newest_missed_calls"] == [
        {"ended": "rejected", **caller},
        {"ended": "voicemail", **caller},
    ]
    assert NUMBER not in str(found)

    # Those of the day before are none of today.
    tomorrow = dt_util.start_of_local_day() + timedelta(days=1, hours=12)
    with patch.object(dt_util, "start_of_local_day", return_value=tomorrow):
        assert "newest_missed_calls" not in await ask(story, WAITING)


def explained(story: Story) -> list[Any]:
    """Return the missed calls of which it is known how they ended."""
    return story.coordinator.call_log.explained_since(dt_util.utc_from_timestamp(0))


async def test_what_waits_for_others_is_known_where_it_is_exposed(
    story: Story, people: dict[Who, str]
) -> None:
    expose(story, people[OWN], keys=("status", "missed_calls_today"))
    expose(story, people[ANNA])
    anna = name_of(story, people[ANNA])

    found = await ask(story, WAITING, name=anna)

    assert found == {"error": f"What waits for {anna} is not known here"}


async def test_do_not_disturb_on_and_off(story: Story, people: dict[Who, str]) -> None:
    expose(story, people[OWN], keys=("status", "do_not_disturb_switch"))
    own = name_of(story, people[OWN])

    assert await ask(story, DND) == {"name": own, "do_not_disturb": True}
    await story.shows(do_not_disturb="on")
    assert await ask(story, DND, name=own, on=False) == {
        "name": own,
        "do_not_disturb": False,
    }
    await story.shows(do_not_disturb="off")


async def test_do_not_disturb_for_a_time(story: Story, people: dict[Who, str]) -> None:
    expose(story, people[OWN], keys=("status", "do_not_disturb_switch"))

    found = await ask(story, DND, minutes=30)

    assert found["minutes"] == 30
    await story.shows(do_not_disturb="on")
    pending = story.coordinator.editor.restores.items()
    assert [extension_id for extension_id, _ in pending] == [people[OWN]]


async def test_do_not_disturb_of_others_is_no_offer(
    story: Story, people: dict[Who, str]
) -> None:
    expose(story, people[OWN], keys=("status", "do_not_disturb_switch"))
    expose(story, people[ANNA])
    anna = name_of(story, people[ANNA])

    found = await ask(story, DND, name=anna)

    assert found == {"error": f"Do not disturb of {anna} cannot be changed here"}


async def test_the_rights_of_who_asks_count(
    story: Story, people: dict[Who, str], hass_read_only_user: MockUser
) -> None:
    expose(story, people[OWN], keys=("status", "do_not_disturb_switch"))
    context = Context(user_id=hass_read_only_user.id)

    for given in ({}, {"minutes": 5}):
        with pytest.raises(Unauthorized):
            await ask(story, DND, context=context, **given)
    assert story.now("do_not_disturb") == "off"


async def test_other_interfaces_get_no_tools(
    hass: HomeAssistant, story: Story, people: dict[Who, str]
) -> None:
    expose(story, people[OWN])

    class Other(llm.API):
        async def async_get_api_instance(
            self, llm_context: llm.LLMContext
        ) -> llm.APIInstance:
            found = await async_get_tools(hass, llm_context, self.id)
            return llm.APIInstance(self, "", llm_context, found.tools)

    llm.async_register_api(hass, Other(hass=hass, id="other", name="Other"))

    assert await tools(story, "other") == {}
