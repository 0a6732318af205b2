"""Changes for a time: they are taken back, whatever happens meanwhile."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
import logging
from typing import Any
from unittest.mock import patch

from homeassistant.const import EVENT_HOMEASSISTANT_FINAL_WRITE
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.aiohttp_client import async_get_clientsession
import pytest

from custom_components.ringcentral.const import DOMAIN
from emulator import Emulator

from .call_stories import ANNA, OWN, Clock, cast, following
from .stories import PRESENCE, Story, lines, settling_at_once, sign_in_flows

PUT = PRESENCE.replace("GET", "PUT")
SHORT, LONG = 4, 8


@pytest.fixture
def clock(hass: HomeAssistant) -> Iterator[Clock]:
    with Clock(hass) as running:
        yield running


@pytest.fixture
async def story(
    hass: HomeAssistant, emulator: Emulator, clock: Clock
) -> AsyncIterator[Story]:
    people = cast(emulator)
    async with following(hass, emulator, [people[OWN], people[ANNA]]) as found:
        yield found


async def change(
    story: Story,
    seconds: float | None = None,
    extension_id: str | None = None,
    **values: str,
) -> None:
    """Change presence, for a time or for good, and wait until its event was heard."""
    duration = {} if seconds is None else {"duration": {"seconds": seconds}}
    await story.hass.services.async_call(
        DOMAIN,
        "set_presence",
        {"entity_id": story.entity("call", extension_id), **values, **duration},
        blocking=True,
    )
    await story.all_heard()


def is_so(emulator: Emulator, extension_id: str, **values: str) -> bool:
    """Tell whether the service has these values."""
    truth = emulator.truth()[extension_id]
    return all(truth.get(key, "") == value for key, value in values.items())


def writes(emulator: Emulator) -> int:
    """Return how often presence was written."""
    return emulator.counters.requests[PUT]


async def becomes(story: Story, **values: str) -> None:
    """Wait until the service has these values of the own extension, and they are shown."""
    await story.emulator.wait_for(lambda: is_so(story.emulator, story.own, **values))
    await story.all_heard()


async def all_written(story: Story) -> None:
    """Wait until what is being written is answered: before the answers to later requests."""
    for _ in range(3):
        address = f"{story.emulator.url}/emulator/info"
        async with async_get_clientsession(story.hass).get(address) as reply:
            await reply.read()


async def nothing_is_written(story: Story, clock: Clock, seconds: float) -> None:
    """Let time pass, and see that nothing is written meanwhile."""
    before = writes(story.emulator)
    await clock.move_on(seconds)
    await all_written(story)
    assert writes(story.emulator) == before


# What is taken back.


@pytest.mark.parametrize(
    ("values", "there", "back"),
    [
        (
            {"user_status": "busy"},
            {"userStatus": "Busy"},
            {"userStatus": "Available"},
        ),
        (
            {"dnd_status": "do_not_accept_any_calls"},
            {"dndStatus": "DoNotAcceptAnyCalls"},
            {"dndStatus": "TakeAllCalls"},
        ),
        ({"message": "Back at two"}, {"message": "Back at two"}, {"message": ""}),
        (
            {
                "user_status": "offline",
                "message": "Gone",
                "dnd_status": "take_all_calls",
            },
            {"userStatus": "Offline", "message": "Gone", "dndStatus": "TakeAllCalls"},
            {"userStatus": "Available", "message": "", "dndStatus": "TakeAllCalls"},
        ),
    ],
    ids="+".join,
)
async def test_a_change_for_a_time_is_taken_back(
    story: Story,
    emulator: Emulator,
    clock: Clock,
    values: dict[str, str],
    there: dict[str, str],
    back: dict[str, str],
) -> None:
    await change(story, SHORT, **values)
    assert is_so(emulator, story.own, **there)
    await nothing_is_written(story, clock, SHORT - 1)
    assert is_so(emulator, story.own, **there)
    await clock.move_on(1)
    await becomes(story, **back)
    assert writes(emulator) == 2
    await nothing_is_written(story, clock, LONG)
    assert story.now("user_status") == "available"


async def test_the_message_of_before_comes_back(
    story: Story, emulator: Emulator, clock: Clock
) -> None:
    """No event tells it: it is read before it is changed."""
    await emulator.set_presence(story.own, {"message": "In the office"})
    await change(story, SHORT, message="At lunch")
    await clock.move_on(SHORT)
    await becomes(story, message="In the office")


async def test_the_queue_setting_of_before_comes_back(
    story: Story, clock: Clock
) -> None:
    await change(story, dnd_status="do_not_accept_department_calls")
    await change(story, SHORT, dnd_status="do_not_accept_any_calls")
    await clock.move_on(SHORT)
    await becomes(story, dndStatus="DoNotAcceptDepartmentCalls")
    assert story.now("set_dnd_status") == "do_not_accept_department_calls"


async def test_the_old_queue_setting_cannot_come_back_but_the_rest_does(
    story: Story, emulator: Emulator, clock: Clock
) -> None:
    """The service takes it from old user interfaces alone (docs/protocol.md 2.5)."""
    await emulator.set_presence(
        story.own, {"dndStatus": "TakeDepartmentCallsOnly", "userStatus": "Busy"}
    )
    await story.all_heard()
    await change(
        story, SHORT, dnd_status="do_not_accept_any_calls", user_status="offline"
    )
    await clock.move_on(SHORT)
    await all_written(story)
    assert is_so(emulator, story.own, userStatus="Busy")
    assert not is_so(emulator, story.own, dndStatus="DoNotAcceptAnyCalls")


async def test_what_was_not_changed_is_left_alone(
    story: Story, emulator: Emulator, clock: Clock
) -> None:
    await change(story, SHORT, user_status="busy")
    await emulator.set_presence(story.own, {"dndStatus": "DoNotAcceptAnyCalls"})
    await story.all_heard()
    await clock.move_on(SHORT)
    await becomes(story, userStatus="Available")
    assert is_so(emulator, story.own, dndStatus="DoNotAcceptAnyCalls")


async def test_each_extension_has_its_own_time(
    story: Story, emulator: Emulator, clock: Clock
) -> None:
    anna = cast(emulator)[ANNA]
    await change(story, LONG, user_status="busy")
    await change(story, SHORT, anna, user_status="busy")
    await clock.move_on(SHORT)
    await emulator.wait_for(lambda: is_so(emulator, anna, userStatus="Available"))
    assert is_so(emulator, story.own, userStatus="Busy")
    await clock.move_on(LONG - SHORT)
    await becomes(story, userStatus="Available")


# One change after the other.


async def test_two_changes_for_a_time_lead_back_to_before_both(
    story: Story, emulator: Emulator, clock: Clock
) -> None:
    await change(story, SHORT, user_status="busy")
    await change(story, LONG, user_status="offline")
    await nothing_is_written(story, clock, SHORT)
    assert is_so(emulator, story.own, userStatus="Offline")
    await clock.move_on(LONG - SHORT)
    await becomes(story, userStatus="Available")


@pytest.mark.parametrize(
    ("field", "there", "back"),
    [
        ("dnd_status", "do_not_accept_any_calls", {"dndStatus": "TakeAllCalls"}),
        ("user_status", "offline", {"userStatus": "Available"}),
    ],
)
async def test_a_change_taken_back_at_once_is_no_longer_what_was_before(
    story: Story, clock: Clock, field: str, there: str, back: dict[str, str]
) -> None:
    # Nothing moves the clock but us: what was set is not confirmed by time.
    await change(story, LONG, **{field: there})
    await change(story, 0, **{field: there})
    await clock.move_on(0.01)
    await becomes(story, **back)
    await change(story, LONG, **{field: there})
    await clock.move_on(LONG)
    await becomes(story, **back)


async def test_what_is_set_already_does_not_stand_over_the_next_event(
    story: Story, emulator: Emulator
) -> None:
    await change(story, dnd_status="take_all_calls", user_status="available")
    await emulator.set_presence(
        story.own, {"dndStatus": "DoNotAcceptAnyCalls", "userStatus": "Busy"}
    )
    await story.all_heard()
    assert story.now("set_dnd_status") == "do_not_accept_any_calls"
    assert story.now("set_user_status") == "busy"


async def test_a_second_change_of_something_else_takes_the_first_one_along(
    story: Story, clock: Clock
) -> None:
    await change(story, SHORT, user_status="busy")
    await change(story, LONG, dnd_status="do_not_accept_any_calls")
    await clock.move_on(LONG)
    await becomes(story, userStatus="Available", dndStatus="TakeAllCalls")


@pytest.mark.parametrize("by", ["action", "select"])
async def test_a_change_for_good_stays(
    story: Story, emulator: Emulator, clock: Clock, by: str
) -> None:
    await change(story, SHORT, user_status="busy")
    if by == "action":
        await change(story, user_status="offline")
    else:
        await story.hass.services.async_call(
            "select",
            "select_option",
            {"entity_id": story.entity("set_user_status"), "option": "offline"},
            blocking=True,
        )
    await nothing_is_written(story, clock, SHORT)
    assert is_so(emulator, story.own, userStatus="Offline")


async def test_a_change_for_good_of_something_else_leaves_the_time_running(
    story: Story, emulator: Emulator, clock: Clock
) -> None:
    await change(story, SHORT, user_status="busy")
    await change(story, dnd_status="do_not_accept_any_calls")
    await clock.move_on(SHORT)
    await all_written(story)
    assert is_so(emulator, story.own, dndStatus="DoNotAcceptAnyCalls")
    assert is_so(emulator, story.own, userStatus="Available")


async def test_a_change_that_fails_is_not_taken_back(
    story: Story, emulator: Emulator, clock: Clock
) -> None:
    emulator.faults.set(http_5xx=[{"path": "*/presence", "status": 503}])
    with pytest.raises(HomeAssistantError):
        await change(story, SHORT, user_status="busy")
    emulator.faults.clear()
    await nothing_is_written(story, clock, SHORT)


async def test_a_change_that_fails_leaves_the_one_before_running(
    story: Story, emulator: Emulator, clock: Clock
) -> None:
    await change(story, SHORT, user_status="busy")
    emulator.faults.set(http_5xx=[{"path": "*/presence", "status": 503}])
    with pytest.raises(HomeAssistantError):
        await change(story, user_status="offline")
    emulator.faults.clear()
    await clock.move_on(SHORT)
    await becomes(story, userStatus="Available")


async def test_more_time_at_the_last_moment_leads_back_to_before_both(
    story: Story, emulator: Emulator, clock: Clock
) -> None:
    await change(story, SHORT, user_status="busy")
    emulator.faults.set(reply_delay=0.1)
    await clock.move_on(SHORT)
    await change(story, SHORT, user_status="offline")
    emulator.faults.clear()
    assert is_so(emulator, story.own, userStatus="Offline")
    await clock.move_on(SHORT)
    await all_written(story)
    assert is_so(emulator, story.own, userStatus="Available")


async def test_a_change_for_good_at_the_last_moment_stays(
    story: Story, emulator: Emulator, clock: Clock
) -> None:
    """It is on its way when the time is up."""
    await change(story, SHORT, user_status="busy")
    emulator.faults.set(reply_delay=0.1)
    sent = writes(emulator)
    for_good = asyncio.create_task(change(story, user_status="offline"))
    await emulator.wait_for(lambda: writes(emulator) > sent)
    await clock.move_on(SHORT)
    await for_good
    emulator.faults.clear()
    await nothing_is_written(story, clock, LONG)
    assert is_so(emulator, story.own, userStatus="Offline")


# Restarts.


async def test_a_restart_in_between(
    story: Story, emulator: Emulator, clock: Clock
) -> None:
    await change(story, LONG, user_status="busy", message="In a workshop")
    # Written down a moment later.
    await clock.move_on(2)
    await story.reload()
    await nothing_is_written(story, clock, LONG - 3)
    assert is_so(emulator, story.own, userStatus="Busy")
    await clock.move_on(1)
    await becomes(story, userStatus="Available", message="")


async def test_a_reload_right_after_it(
    story: Story, emulator: Emulator, clock: Clock
) -> None:
    await change(story, SHORT, user_status="busy")
    await story.reload()
    await clock.move_on(SHORT)
    await all_written(story)
    assert is_so(emulator, story.own, userStatus="Available")


async def test_a_stop_right_after_it_writes_it_down(
    hass: HomeAssistant, story: Story, hass_storage: dict[str, Any]
) -> None:
    await change(story, SHORT, user_status="busy")
    hass.bus.async_fire(EVENT_HOMEASSISTANT_FINAL_WRITE)
    await hass.async_block_till_done()
    stored = hass_storage[f"{DOMAIN}.{story.entry.entry_id}"]["data"]
    assert stored["restores"][story.own]["user_status"] == "Available"


async def test_what_became_due_while_away_is_taken_back_at_the_start(
    hass: HomeAssistant, story: Story, clock: Clock
) -> None:
    await change(story, SHORT, user_status="busy")
    await clock.move_on(2)
    assert await hass.config_entries.async_unload(story.entry.entry_id)
    await clock.move_on(LONG)
    assert await hass.config_entries.async_setup(story.entry.entry_id)
    await clock.move_on(0)
    await becomes(story, userStatus="Available")


async def test_what_was_taken_back_is_not_taken_back_again(
    story: Story, clock: Clock
) -> None:
    await change(story, SHORT, user_status="busy")
    await clock.move_on(SHORT)
    await becomes(story, userStatus="Available")
    await change(story, user_status="offline")
    await clock.move_on(2)
    await story.reload()
    await nothing_is_written(story, clock, LONG)


@pytest.mark.parametrize("seconds", [0, 2])
async def test_nothing_is_left_of_an_entry_that_is_removed(
    hass: HomeAssistant,
    story: Story,
    clock: Clock,
    hass_storage: dict[str, Any],
    seconds: int,
) -> None:
    await change(story, SHORT, user_status="busy")
    if seconds:
        await clock.move_on(seconds)
        assert f"{DOMAIN}.{story.entry.entry_id}" in hass_storage
    await hass.config_entries.async_remove(story.entry.entry_id)
    await clock.move_on(LONG)
    assert not [key for key in hass_storage if key.startswith(DOMAIN)]


# Trouble when it is due.


async def test_it_is_tried_again_while_the_service_has_trouble(
    story: Story, emulator: Emulator, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    home = "custom_components.ringcentral.presence_writer"
    with patch(f"{home}._TRY_AGAIN", timedelta(seconds=2)):
        await change(story, SHORT, user_status="busy")
        emulator.faults.set(http_5xx=[{"path": "*/presence", "status": 503, "next": 2}])
        for tries, seconds in ((2, SHORT), (3, 2), (4, 2)):
            await clock.move_on(seconds)
            await all_written(story)
            assert writes(emulator) == tries
        await becomes(story, userStatus="Available")
        await nothing_is_written(story, clock, LONG)
    assert lines(caplog, logging.WARNING) == []


async def test_a_restart_while_it_is_tried_again(
    story: Story, emulator: Emulator, clock: Clock
) -> None:
    await change(story, SHORT, user_status="busy")
    await clock.move_on(2)
    emulator.faults.set(
        http_5xx=[{"path": "*/presence", "status": 503, "method": "PUT"}]
    )
    await clock.move_on(SHORT)
    await all_written(story)
    emulator.faults.clear()
    await story.reload()
    await clock.move_on(0)
    await becomes(story, userStatus="Available")


async def test_an_end_while_it_is_being_tried(
    story: Story, emulator: Emulator, clock: Clock
) -> None:
    await change(story, SHORT, user_status="busy")
    emulator.faults.set(
        http_5xx=[{"path": "*/presence", "status": 503, "method": "PUT"}]
    )
    editor = story.coordinator.editor
    await clock.move_on(SHORT)
    await story.hass.config_entries.async_unload(story.entry.entry_id)
    waiting = list(editor._timers)
    await editor.stop()
    assert waiting == []


async def test_a_refusal_is_one_line_in_the_log(
    story: Story, emulator: Emulator, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    await change(story, SHORT, user_status="busy")
    emulator.faults.set(permissions_removed=["EditPresence"])
    await clock.move_on(SHORT)
    await story.until(lambda: bool(lines(caplog, logging.WARNING)))
    assert len(lines(caplog, logging.WARNING)) == 1
    emulator.faults.clear()
    await nothing_is_written(story, clock, LONG)


async def test_it_waits_for_a_sign_in(
    story: Story, emulator: Emulator, clock: Clock
) -> None:
    """Do-not-disturb for the night ends, although the user has to sign in again in the morning."""
    await change(story, SHORT, dnd_status="do_not_accept_any_calls")
    emulator.faults.set(token_error={"code": "OAU-147"})
    emulator.revoke_tokens()
    await story.until(lambda: bool(sign_in_flows(story.hass)))
    await clock.move_on(SHORT)
    await all_written(story)
    await clock.move_on(2)
    emulator.faults.clear()
    await story.reload()
    await clock.move_on(0)
    await all_written(story)
    assert is_so(emulator, story.own, dndStatus="TakeAllCalls")


async def test_an_extension_that_is_gone_by_then(
    story: Story, emulator: Emulator, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    anna = cast(emulator)[ANNA]
    await change(story, SHORT, anna, user_status="busy")
    with settling_at_once():
        await emulator.remove_extension(anna)
        await story.until(lambda: anna not in story.followed())
    await nothing_is_written(story, clock, SHORT)
    assert lines(caplog, logging.WARNING) == []
