"""Assist with a language model, in a real Home Assistant: the model is scripted, all else is not."""

from collections.abc import AsyncGenerator
import json
from pathlib import Path
from typing import Any

import pytest_asyncio

from .running import END_TO_END, SOON, START_TIMEOUT, Running

pytestmark = END_TO_END

DOMAIN = "scripted_model"
# An agent that calls the tools it is given as text, through the log of the chat, as agents
# with a model do, and says what came back.
AGENT = f'''
import json
from homeassistant.components import conversation
from homeassistant.components.conversation.agent_manager import get_agent_manager
from homeassistant.helpers import chat_session, intent, llm


class Agent(conversation.AbstractConversationAgent):
    supported_languages = ["en"]

    def __init__(self, hass):
        self.hass = hass

    async def async_process(self, asked):
        with (
            chat_session.async_get_chat_session(self.hass, asked.conversation_id) as session,
            conversation.async_get_chat_log(self.hass, session, asked) as log,
        ):
            await log.async_provide_llm_data(asked.as_llm_context("{DOMAIN}"), "assist")
            tools = [tool.name for tool in log.llm_api.tools]
            calls = [llm.ToolInput(name, given) for name, given in json.loads(asked.text)]
            content = conversation.AssistantContent("{DOMAIN}", tool_calls=calls)
            answers = [
                each.result.data async for each in log.async_add_assistant_content(content)
            ] if calls else []
        response = intent.IntentResponse(language=asked.language)
        response.async_set_speech(json.dumps({{"tools": tools, "answers": answers}}))
        return conversation.ConversationResult(response, session.conversation_id)


async def async_setup(hass, config):
    get_agent_manager(hass).async_set_agent("{DOMAIN}", Agent(hass))
    return True
'''


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def office(
    tmp_path_factory: Any,
) -> AsyncGenerator[Running]:
    """Start processes with the scripted model."""
    async with Running.open(tmp_path_factory.mktemp("assist"), ["own"]) as running:
        await running.stop_hass()
        install(running.office.hass.folder)
        await running.start_hass()
        await running.agrees(timeout=START_TIMEOUT)
        yield running


def install(folder: Path) -> None:
    """Put the scripted model into a configuration folder."""
    home = folder / "custom_components" / DOMAIN
    home.mkdir()
    (home / "__init__.py").write_text(AGENT)
    manifest = {
        "domain": DOMAIN,
        "name": "Scripted model",
        "version": "1.0.0",
        "dependencies": ["conversation"],
        "documentation": "https://example.com",
        "codeowners": [],
        "requirements": [],
    }
    (home / "manifest.json").write_text(json.dumps(manifest))
    with (folder / "configuration.yaml").open("a") as file:
        file.write(f"\nconversation:\n{DOMAIN}:\n")


async def ask(office: Running, *calls: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    """Have the model call tools; return which there are, and the answers."""
    reply = await office.office.socket.call(
        "conversation/process", text=json.dumps(calls), agent_id=DOMAIN, language="en"
    )
    found: dict[str, Any] = json.loads(reply["response"]["speech"]["plain"]["speech"])
    return found


async def expose(office: Running, *keys: str) -> None:
    """Let Assist see entities of the own extension, and no others of it."""
    ours = {key: entity for (owner, key), entity in office.entities.items() if owner}
    for should_expose, entity_ids in (
        (False, [*ours.values()]),
        (True, [ours[key] for key in keys]),
    ):
        if entity_ids:
            await office.office.socket.call(
                "homeassistant/expose_entity",
                assistants=["conversation"],
                entity_ids=entity_ids,
                should_expose=should_expose,
            )


async def test_a_model_finds_no_tools_until_somebody_is_exposed(
    office: Running,
) -> None:
    await expose(office)

    found = await ask(office)

    assert not [name for name in found["tools"] if name.startswith("ringcentral__")]


async def test_a_model_answers_who_is_on_the_phone(office: Running) -> None:
    await expose(office, "status")
    await office.call(office.own, "ring", "answer", call="asked")
    await office.shows(office.own, status="on_call")

    found = await ask(
        office,
        ("ringcentral__find_people", {"state": "on_the_phone"}),
        ("ringcentral__person_status", {}),
        ("ringcentral__person_status", {"name": "Nobody Known"}),
    )

    everybody, one, nobody = found["answers"]
    assert everybody["count"] == 1
    assert everybody["people"] == [{"name": one["name"], "status": "on_call"}]
    assert one["status"] == "on_call"
    assert one["minutes"] == 0
    assert "error" in nobody
    await office.call(office.own, "hangup", call="asked")


async def test_a_model_sets_do_not_disturb(office: Running) -> None:
    await expose(office, "status", "do_not_disturb_switch")
    tool = "ringcentral__do_not_disturb"

    assert tool in (await ask(office))["tools"]
    await ask(office, (tool, {"minutes": 30}))
    await office.shows(office.own, do_not_disturb="on")
    await ask(office, (tool, {"on": False}))
    await office.shows(office.own, do_not_disturb="off")
    await office.office.states.wait_for(
        office.entities[office.own, "status"], "available", SOON
    )
