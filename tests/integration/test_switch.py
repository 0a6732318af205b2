"""The switch for do not disturb: where there is one, and what it leaves as it was."""

from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

from homeassistant.const import (
    ATTR_ENTITY_ID,
    SERVICE_TURN_OFF,
    SERVICE_TURN_ON,
    STATE_OFF,
    STATE_ON,
    Platform,
)
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
import pytest

from emulator import Emulator

from .call_stories import ANNA, OWN, PARK, cast, following
from .stories import PRESENCE, Story

KEY = "do_not_disturb_switch"
PUT = PRESENCE.replace("GET", "PUT")
ALL, NONE, QUEUE = (
    "TakeAllCalls",
    "DoNotAcceptAnyCalls",
    "DoNotAcceptDepartmentCalls",
)


@pytest.fixture
async def story(hass: HomeAssistant, emulator: Emulator) -> AsyncIterator[Story]:
    async with following(hass, emulator) as found:
        yield found


async def turn(story: Story, action: str) -> None:
    """Turn the switch, and wait for the outcome."""
    await story.hass.services.async_call(
        Platform.SWITCH, action, {ATTR_ENTITY_ID: story.entity(KEY)}, blocking=True
    )


def dnd_status(story: Story) -> str:
    """Return what the service has."""
    return str(story.emulator.truth()[story.own]["dndStatus"])


def written(story: Story) -> list[str | None]:
    """Return the states that the switch took on."""
    entity_id = story.entity(KEY)
    return [new for changed, _, new in story.changes if changed == entity_id]


async def test_it_turns_do_not_disturb_on_and_off(story: Story) -> None:
    await turn(story, SERVICE_TURN_ON)
    assert story.now(KEY) == STATE_ON
    assert dnd_status(story) == NONE
    await story.shows(status="do_not_disturb", do_not_disturb=STATE_ON)
    await turn(story, SERVICE_TURN_OFF)
    assert story.now(KEY) == STATE_OFF
    assert dnd_status(story) == ALL
    await story.shows(status="available", do_not_disturb=STATE_OFF)
    assert written(story) == [STATE_OFF, STATE_ON, STATE_OFF]


async def test_off_brings_the_department_setting_back(story: Story) -> None:
    await story.emulator.set_presence(story.own, {"dndStatus": QUEUE})
    await story.shows(dnd_status="do_not_accept_department_calls")
    assert story.now(KEY) == STATE_OFF
    await turn(story, SERVICE_TURN_ON)
    await story.shows(dnd_status="do_not_accept_any_calls")
    await turn(story, SERVICE_TURN_OFF)
    assert dnd_status(story) == QUEUE


async def test_off_takes_all_calls_of_who_has_left_all_queues(story: Story) -> None:
    """The service refuses the department setting of before: do not disturb has to end all the same."""
    await story.emulator.set_presence(story.own, {"dndStatus": QUEUE})
    await story.shows(dnd_status="do_not_accept_department_calls")
    await turn(story, SERVICE_TURN_ON)
    await story.shows(dnd_status="do_not_accept_any_calls")
    await story.leave_queues()
    before = story.emulator.counters.requests[PUT]
    await turn(story, SERVICE_TURN_OFF)
    assert dnd_status(story) == ALL
    await story.shows(do_not_disturb=STATE_OFF)
    assert story.now(KEY) == STATE_OFF
    assert story.emulator.counters.requests[PUT] == before + 2
    # It is tried once.
    await turn(story, SERVICE_TURN_ON)
    await story.shows(do_not_disturb=STATE_ON)
    before = story.emulator.counters.requests[PUT]
    await turn(story, SERVICE_TURN_OFF)
    assert story.emulator.counters.requests[PUT] == before + 1


@pytest.mark.parametrize(
    "fault",
    [
        {"permissions_removed": ["EditPresence"]},
        {"http_5xx": [{"path": "*/presence", "status": 503}]},
    ],
)
async def test_off_is_not_tried_with_another_value_for_another_reason(
    story: Story, fault: dict[str, Any]
) -> None:
    await story.emulator.set_presence(story.own, {"dndStatus": QUEUE})
    await story.shows(dnd_status="do_not_accept_department_calls")
    await turn(story, SERVICE_TURN_ON)
    await story.shows(dnd_status="do_not_accept_any_calls")
    story.emulator.faults.set(**fault)
    with pytest.raises(HomeAssistantError):
        await turn(story, SERVICE_TURN_OFF)
    story.emulator.faults.clear()
    await turn(story, SERVICE_TURN_OFF)
    assert dnd_status(story) == QUEUE


async def test_off_where_it_is_off_takes_no_queue_calls(story: Story) -> None:
    await story.emulator.set_presence(story.own, {"dndStatus": QUEUE})
    await story.shows(dnd_status="do_not_accept_department_calls")
    before = story.emulator.counters.requests[PUT]
    await turn(story, SERVICE_TURN_OFF)
    assert story.emulator.counters.requests[PUT] == before
    assert dnd_status(story) == QUEUE


async def test_it_follows_what_is_set_elsewhere(story: Story) -> None:
    await story.emulator.set_presence(story.own, {"dndStatus": NONE})
    await story.shows(**{KEY: STATE_ON})
    await story.emulator.set_presence(story.own, {"dndStatus": ALL})
    await story.shows(**{KEY: STATE_OFF})


async def test_it_goes_back_when_it_is_refused(story: Story) -> None:
    story.emulator.faults.set(permissions_removed=["EditPresence"])
    with pytest.raises(HomeAssistantError):
        await turn(story, SERVICE_TURN_ON)
    assert story.now(KEY) == STATE_OFF
    assert dnd_status(story) == ALL


async def test_it_is_there_where_presence_may_be_edited(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    people = cast(emulator)
    extensions = [people[who] for who in (OWN, ANNA, PARK)]

    def switches(story: Story) -> set[str]:
        return {key for key in extensions if story.now(KEY, key) is not None}

    async with following(hass, emulator, extensions) as story:
        assert switches(story) == {people[OWN], people[ANNA]}
    jwt = emulator.jwt_for(people[ANNA])
    async with following(hass, emulator, extensions, jwt=jwt) as story:
        assert switches(story) == {people[ANNA]}


async def test_without_the_permission_there_is_none(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    emulator.faults.set(permissions_removed=["EditPresence"])
    async with following(hass, emulator) as story:
        assert story.now(KEY) is None


async def test_off_brings_it_back_after_a_restart(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """What was in force before is on disk, and not only known while all goes well."""
    async with following(hass, emulator) as story:
        await story.emulator.set_presence(story.own, {"dndStatus": QUEUE})
        await story.shows(dnd_status="do_not_accept_department_calls")
        await turn(story, SERVICE_TURN_ON)
        await story.shows(dnd_status="do_not_accept_any_calls")
        # The same store is read as at a start of Home Assistant.
        await story.reload()
        await story.shows(**{KEY: STATE_ON})
        await turn(story, SERVICE_TURN_OFF)
        assert dnd_status(story) == QUEUE


@pytest.mark.parametrize("lost", [SERVICE_TURN_ON, SERVICE_TURN_OFF])
async def test_off_brings_it_back_after_a_lost_reply(story: Story, lost: str) -> None:
    await story.emulator.set_presence(story.own, {"dndStatus": QUEUE})
    await story.shows(dnd_status="do_not_accept_department_calls")
    for action, expected in ((SERVICE_TURN_ON, NONE), (SERVICE_TURN_OFF, QUEUE)):
        if action != lost:
            await turn(story, action)
        else:
            story.emulator.faults.set(
                odd=[{"path": "*/presence", "method": "PUT", "next": 1, "kind": "lost"}]
            )
            # It may be sent again, or be told to have failed.
            with suppress(HomeAssistantError):
                await turn(story, action)
            story.emulator.faults.clear()
        # The service has made the change, and its event says so.
        assert dnd_status(story) == expected
        await story.shows(**{KEY: STATE_ON if expected == NONE else STATE_OFF})
    assert dnd_status(story) == QUEUE


async def test_do_not_disturb_of_another_app_ends_in_what_was_before(
    story: Story,
) -> None:
    await story.emulator.set_presence(story.own, {"dndStatus": QUEUE})
    await story.shows(dnd_status="do_not_accept_department_calls")
    await story.emulator.set_presence(story.own, {"dndStatus": NONE})
    await story.shows(**{KEY: STATE_ON})
    await story.reload()
    await turn(story, SERVICE_TURN_OFF)
    assert dnd_status(story) == QUEUE
