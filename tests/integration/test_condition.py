"""Automations that ask a condition of the integration, set up as a user writes them in YAML."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast
from unittest.mock import patch

from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.helpers import config_validation as cv, entity_registry as er
from homeassistant.helpers.condition import async_validate_condition_config
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from homeassistant.util.yaml import parse_yaml
import pytest
from pytest_homeassistant_custom_component.typing import WebSocketGenerator
import voluptuous as vol

from custom_components.ringcentral.condition import CONDITIONS
from custom_components.ringcentral.const import DOMAIN
from emulator import Emulator

from . import HOME, TEXTS
from .stories import Story, colleagues, hasty, office
from .test_trigger import (
    AVAILABLE,
    BUSY,
    BY,
    DISTURB,
    DO_NOT_DISTURB,
    ICONS,
    Place,
    Step,
    Target,
    automate,
    happen,
    names,
)


@dataclass(frozen=True)
class Matter:
    """What a condition asks: the entity that it looks at, when it holds, and when no longer."""

    key: str
    begins: Sequence[Step]
    ends: Sequence[Step]


OFFLINE = {"userStatus": "Offline"}
MATTERS = {
    "is_ringing": Matter("ringing", ["ring"], ["missed"]),
    "is_on_call": Matter("on_call", ["ring", "answer"], ["hangup"]),
    "is_on_hold": Matter("telephony_status", ["ring", "answer", "hold"], ["resume"]),
    "is_dialing": Matter("status", ["dial"], ["answer"]),
    "is_available": Matter("status", [AVAILABLE], [BUSY]),
    "is_busy": Matter("presence_status", [BUSY], [AVAILABLE]),
    "is_offline": Matter("presence_status", [OFFLINE], [AVAILABLE]),
    "has_status": Matter("status", ["ring"], ["missed"]),
    "is_do_not_disturb": Matter("do_not_disturb", [DO_NOT_DISTURB], [DISTURB]),
    "is_in_meeting": Matter(
        "in_meeting",
        [{"meetingStatus": "Connected"}],
        [{"meetingStatus": "Disconnected"}],
    ),
}
DESCRIBED = cast(dict[str, Any], parse_yaml((HOME / "conditions.yaml").read_text()))


def needed(condition: str) -> dict[str, Any]:
    """Return the options that a condition cannot be without."""
    return {"status": ["ringing"]} if condition == "has_status" else {}


AUTOMATION = """
alias: {name}
triggers:
  - trigger: event
    event_type: asked
conditions:
  - condition: ringcentral.{condition}
    target: {target}
    options: {options}
actions:
  - action: test.fired
    data:
      name: {name}
"""


def automation(
    name: str, condition: str, target: Target, options: Mapping[str, Any] | None = None
) -> Any:
    """Return an automation as the file of automations holds it."""
    return parse_yaml(
        AUTOMATION.format(
            name=name,
            condition=condition,
            target=target,
            options={**needed(condition), **(options or {})},
        )
    )


async def holding(hass: HomeAssistant, fired: list[ServiceCall]) -> set[str]:
    """Ask all automations, and return the names of those whose condition holds."""
    fired.clear()
    hass.bus.async_fire("asked")
    await hass.async_block_till_done()
    return set(names(fired))


async def not_so(story: Story, condition: str, *extension_ids: str) -> None:
    """Let a condition not hold at first, where it may."""
    if condition == "is_available":
        for extension_id in extension_ids:
            await happen(story, extension_id, [BUSY])


def test_the_table_is_complete() -> None:
    # That of queues is in test_queues.
    assert MATTERS.keys() | {"queue_is_attended"} == CONDITIONS.keys()


@pytest.mark.parametrize("condition", MATTERS)
async def test_a_condition_holds_as_long_as_it_is_so_whatever_names_the_extension(
    hass: HomeAssistant, emulator: Emulator, condition: str
) -> None:
    here, elsewhere = colleagues(emulator, 2)
    matter = MATTERS[condition]
    async with office(
        hass, emulator, follow=["chosen"], extensions=[here, elsewhere]
    ) as story:
        place = Place(story)
        place.move_in(here)
        await not_so(story, condition, here)
        fired = await automate(
            hass,
            *(
                automation(by, condition, place.target(by, here, matter.key))
                for by in BY
            ),
        )
        await happen(story, elsewhere, matter.begins)
        assert await holding(hass, fired) == set()
        await happen(story, here, matter.begins)
        assert await holding(hass, fired) == set(BY)
        await happen(story, here, matter.ends)
        assert await holding(hass, fired) == set()


@pytest.mark.parametrize("condition", MATTERS)
async def test_no_entity_of_another_integration_is_ever_meant(
    hass: HomeAssistant, emulator: Emulator, condition: str
) -> None:
    """They neither make a condition hold nor keep it from holding."""
    matter = MATTERS[condition]
    async with office(hass, emulator) as story:
        place = Place(story)
        place.move_in(story.own)
        entity_id = story.entity(matter.key)
        imitations = place.imitate(matter.key, story.own, does_the_same=False)
        targets = {
            by: place.target(by, story.own, matter.key) for by in BY if by != "entity"
        }
        fired = await automate(
            hass,
            *(
                automation(
                    f"{by} {behavior}", condition, target, {"behavior": behavior}
                )
                for by, target in targets.items()
                for behavior in ("any", "all")
            ),
        )

        def theirs_become_what_ours_is() -> None:
            state = hass.states.get(entity_id)
            assert state is not None
            for imitation in imitations:
                hass.states.async_set(imitation, state.state, state.attributes)

        await not_so(story, condition, story.own)
        theirs_become_what_ours_is()
        await happen(story, story.own, matter.begins)
        assert len(await holding(hass, fired)) == 2 * len(targets)
        theirs_become_what_ours_is()
        await happen(story, story.own, matter.ends)
        assert await holding(hass, fired) == set()
        # Nothing of ours is there.
        hass.states.async_remove(entity_id)
        assert await holding(hass, fired) == set()


@pytest.mark.parametrize("condition", MATTERS)
async def test_any_and_all_of_several(
    hass: HomeAssistant, emulator: Emulator, condition: str
) -> None:
    people = colleagues(emulator, 3)
    matter = MATTERS[condition]
    async with office(hass, emulator, follow=["chosen"], extensions=people) as story:
        place = Place(story)
        place.move_in(*people)
        await not_so(story, condition, *people)
        target = place.target("area", people[0], matter.key)
        fired = await automate(
            hass,
            automation("default", condition, target),
            automation("any", condition, target, {"behavior": "any"}),
            automation("all", condition, target, {"behavior": "all"}),
        )
        seen = [await holding(hass, fired)]
        for extension_id in people:
            await happen(story, extension_id, matter.begins)
            seen.append(await holding(hass, fired))
        await happen(story, people[0], matter.ends)
        seen.append(await holding(hass, fired))
        some = {"default", "any"}
        assert seen == [set(), some, some, some | {"all"}, some]


@pytest.mark.parametrize("unknown", [STATE_UNAVAILABLE, STATE_UNKNOWN])
async def test_who_is_not_known_does_not_count(
    hass: HomeAssistant, emulator: Emulator, unknown: str
) -> None:
    people = colleagues(emulator, 2)
    async with office(hass, emulator, follow=["chosen"], extensions=people) as story:
        place = Place(story)
        place.move_in(*people)
        target = place.target("area", people[0], "status")
        fired = await automate(
            hass,
            *(
                automation(behavior, "is_available", target, {"behavior": behavior})
                for behavior in ("any", "all")
            ),
        )
        await happen(story, people[0], [BUSY])
        assert await holding(hass, fired) == {"any"}
        hass.states.async_set(story.entity("status", people[0]), unknown)
        assert await holding(hass, fired) == {"any", "all"}
        # Of all of nobody nothing is said.
        hass.states.async_set(story.entity("status", people[1]), unknown)
        assert await holding(hass, fired) == set()


async def test_nothing_holds_while_the_connection_is_lost(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    with hasty(grace=0.1):
        async with office(hass, emulator) as story:
            target: Target = {"device_id": [Place(story).device(story.own)]}
            fired = await automate(
                hass,
                *(
                    automation(
                        f"{condition} {behavior}",
                        condition,
                        target,
                        {"behavior": behavior},
                    )
                    for condition in MATTERS
                    for behavior in ("any", "all")
                ),
            )
            assert await holding(hass, fired) == {
                "is_available any",
                "is_available all",
            }
            emulator.faults.set(http_5xx=[{"status": 503}])
            await emulator.disconnect(code=1001, recoverable=False)
            await story.shows(presence_status=STATE_UNAVAILABLE)
            assert await holding(hass, fired) == set()
            emulator.faults.clear()
            await story.live()
            assert len(await holding(hass, fired)) == 2


@pytest.mark.parametrize("condition", MATTERS)
async def test_for_a_while(
    hass: HomeAssistant, emulator: Emulator, condition: str
) -> None:
    matter = MATTERS[condition]
    async with office(hass, emulator) as story:
        await not_so(story, condition, story.own)
        target: Target = {"device_id": [Place(story).device(story.own)]}
        no_time = {"hours": 0, "minutes": 0, "seconds": 0}
        fired = await automate(
            hass,
            *(
                automation(
                    f"{name} {behavior}",
                    condition,
                    target,
                    {"behavior": behavior, "for": duration},
                )
                for name, duration in {"now": no_time, "soon": "00:10:00"}.items()
                for behavior in ("any", "all")
            ),
        )
        await happen(story, story.own, matter.begins)
        now, soon = {"now any", "now all"}, {"soon any", "soon all"}
        assert await holding(hass, fired) == now
        with after(minutes=9):
            assert await holding(hass, fired) == now
        with after(minutes=11):
            assert await holding(hass, fired) == now | soon
        await happen(story, story.own, matter.ends)
        with after(minutes=11):
            assert await holding(hass, fired) == set()


@contextmanager
def after(**time: float) -> Iterator[None]:
    """Let Home Assistant look at its clock some time later."""
    later = dt_util.utcnow() + timedelta(**time)
    with patch.object(dt_util, "utcnow", return_value=later):
        yield


async def validate(
    hass: HomeAssistant, condition: str, target: Target, **options: Any
) -> None:
    """Check a condition as Home Assistant does before it sets an automation up."""
    options = {**needed(condition), **options}
    config = {"condition": f"{DOMAIN}.{condition}", "options": options}
    if target:
        config["target"] = target
    await async_validate_condition_config(hass, cv.CONDITION_SCHEMA(config))


@pytest.mark.parametrize("condition", MATTERS)
async def test_options_that_are_none_are_refused(
    hass: HomeAssistant, condition: str
) -> None:
    office: Target = {"area_id": ["office"]}
    for good in ({}, {"behavior": "any"}, {"behavior": "all"}, {"for": "00:01:00"}):
        await validate(hass, condition, office, **good)
    for bad in ({"behavior": "each"}, {"for": "long"}, {"since": "00:01:00"}):
        with pytest.raises(vol.Invalid, match=next(iter(bad))):
            await validate(hass, condition, office, **bad)
    with pytest.raises(vol.Invalid, match="target"):
        await validate(hass, condition, {})


async def test_an_entity_that_would_never_be_looked_at_is_refused(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """What the form lets one choose beside the right entity is told, not kept in silence."""
    async with office(hass, emulator) as story:
        ours = story.entity("status")
        # The second may come later.
        right: Target = {"entity_id": [ours, "sensor.not_there_yet"]}
        await validate(hass, "is_available", right)
        theirs = Place(story).imitate("presence_status", story.own)
        for wrong in (story.account_entity("extensions_available"), *theirs):
            with pytest.raises(vol.Invalid, match=f"{wrong} does not belong to a Ring"):
                await validate(hass, "is_available", {"entity_id": [ours, wrong]})


# The editor.


async def test_the_editor_is_told_of_all(
    hass: HomeAssistant, emulator: Emulator, hass_ws_client: WebSocketGenerator
) -> None:
    assert await async_setup_component(hass, "websocket_api", {})
    async with office(hass, emulator):
        client = await hass_ws_client(hass)
        await client.send_json_auto_id({"type": "condition_platforms/subscribe"})
        assert (await client.receive_json())["success"]
        described = (await client.receive_json())["event"]
        for condition in MATTERS:
            found = described[f"{DOMAIN}.{condition}"]
            for entity in found["target"]["entity"]:
                assert entity["integration"] == DOMAIN
            fields = {"behavior", "for"} | needed(condition).keys()
            assert found["fields"].keys() == fields


async def test_the_editor_offers_conditions_for_extensions_alone(
    hass: HomeAssistant, emulator: Emulator, hass_ws_client: WebSocketGenerator
) -> None:
    """Neither for a room with entities of others, nor for the account."""
    assert await async_setup_component(hass, "websocket_api", {})
    lamp = {"binary_sensor": {"name": "Lamp", "unique_id": "lamp", "state": "{{ 1 }}"}}
    assert await async_setup_component(hass, "template", {"template": [lamp]})
    async with office(hass, emulator) as story:
        place = Place(story)
        client = await hass_ws_client(hass)

        async def offered(target: Target) -> set[str]:
            await client.send_json_auto_id(
                {"type": "get_conditions_for_target", "target": target}
            )
            found = (await client.receive_json())["result"]
            return {
                key.partition(".")[2] for key in found if key.startswith(f"{DOMAIN}.")
            }

        er.async_get(hass).async_update_entity("binary_sensor.lamp", area_id=place.area)
        area: Target = {"area_id": [place.area]}
        assert await offered(area) == set()
        place.move_in(story.own)
        # When a call started is a time as well as when one began to wait in a queue.
        assert await offered(area) == MATTERS.keys() | {"queue_is_attended"}
        account = er.async_get(hass).async_get(story.account_entity("push_connected"))
        assert account is not None
        assert account.device_id is not None
        assert await offered({"device_id": [account.device_id]}) == set()


@pytest.mark.parametrize("condition", MATTERS)
async def test_the_editor_can_check_and_try_a_condition(
    hass: HomeAssistant,
    emulator: Emulator,
    hass_ws_client: WebSocketGenerator,
    condition: str,
) -> None:
    """With all options as the form fills them in."""
    assert await async_setup_component(hass, "websocket_api", {})
    matter = MATTERS[condition]
    async with office(hass, emulator) as story:
        await not_so(story, condition, story.own)
        config = {
            "condition": f"{DOMAIN}.{condition}",
            "target": {"device_id": Place(story).device(story.own)},
            "options": needed(condition)
            | {
                key: field["default"]
                for key, field in DESCRIBED[condition]["fields"].items()
                if "default" in field
            },
        }
        client = await hass_ws_client(hass)

        async def answer(**command: Any) -> Any:
            await client.send_json_auto_id(command)
            return (await client.receive_json())["result"]

        checked = await answer(type="validate_config", conditions=[config])
        assert checked["conditions"] == {"valid": True, "error": None}
        assert not (await answer(type="test_condition", condition=config))["result"]
        await happen(story, story.own, matter.begins)
        assert (await answer(type="test_condition", condition=config))["result"]


def test_every_condition_has_texts_and_an_icon() -> None:
    keys = {key for key in DESCRIBED if not key.startswith(".")}
    texts, icons = TEXTS["conditions"], ICONS["conditions"]
    assert keys == CONDITIONS.keys() == texts.keys() == icons.keys()
    for key, words in texts.items():
        assert words["name"].startswith(
            ("Extension is ", "Extension has ", "Call queue is ")
        ), key
        assert words["description"].startswith(
            (
                "Tests if one or more phone extensions ",
                "Tests if a member of one or more call queues ",
            )
        ), key
        assert words["fields"].keys() == DESCRIBED[key]["fields"].keys()
        assert all(field["name"] for field in words["fields"].values())
        assert icons[key]["condition"].startswith("mdi:"), key
