"""Changes for a time: they are taken back, whatever happens meanwhile."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import timedelta
import logging
import math
from typing import Any
from unittest.mock import MagicMock, patch

import aiohttp
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import EVENT_HOMEASSISTANT_FINAL_WRITE
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.storage import Store
from homeassistant.util.file import WriteError
import pytest
import voluptuous as vol

from custom_components.ringcentral.aioringcentral.account import PresenceChange
from custom_components.ringcentral.aioringcentral.errors import (
    PermissionMissing,
    Reason,
    RetryLater,
)
from custom_components.ringcentral.aioringcentral.models import (
    PresenceUpdate,
    UserStatus,
)
from custom_components.ringcentral.aioringcentral.presence import fields_from_wire
from custom_components.ringcentral.aioringcentral.rest import Rest
from custom_components.ringcentral.const import DOMAIN
from custom_components.ringcentral.diagnostics import async_get_config_entry_diagnostics
from emulator import Emulator

from . import missing_texts, open_sessions
from .call_stories import ANNA, OWN, Clock, cast, following
from .stories import PRESENCE, Story, issues, lines, settling_at_once, sign_in_flows

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


@pytest.mark.parametrize(
    "message",
    ["Back at two\nCall Anna", "a  b", " indented", "tab\tbed ", "x" * 70 + " " * 10],
    ids=ascii,
)
async def test_a_message_of_before_keeps_its_line_breaks(
    story: Story, emulator: Emulator, clock: Clock, message: str
) -> None:
    """Also after a change over it, and a reload."""
    await emulator.set_presence(story.own, {"message": message})
    await change(story, SHORT, message="At lunch")
    await change(story, LONG, message="At the dentist")
    await story.hass.config_entries.async_reload(story.entry.entry_id)
    await clock.move_on(LONG)
    fits = len(message) <= 75
    await becomes(story, message=message if fits else message.strip())


async def test_spaces_that_were_tidied_up_are_no_change_by_a_person(
    story: Story, emulator: Emulator, clock: Clock
) -> None:
    await change(story, SHORT, message="At lunch  until two")
    await emulator.set_presence(story.own, {"message": "At lunch\nuntil two "})
    await clock.move_on(SHORT)
    await becomes(story, message="")


@pytest.mark.parametrize(
    "message", ["\r\n", " \t ", "x\x00y", "a\nb", "\u200bhi", "e\u0301"], ids=ascii
)
async def test_a_message_of_odd_letters_is_taken_back(
    story: Story, emulator: Emulator, clock: Clock, message: str
) -> None:
    await change(story, SHORT, message=message)
    await clock.move_on(SHORT)
    await becomes(story, message="")


async def test_a_message_too_long_to_be_set_again_is_not_replaced_for_a_time(
    story: Story, emulator: Emulator
) -> None:
    await emulator.set_presence(story.own, {"message": "x" * 76})
    with pytest.raises(ServiceValidationError) as caught:
        await change(story, SHORT, message="At lunch")
    assert said(caught.value) == "unknown_before"
    assert writes(emulator) == 0


async def test_the_queue_setting_of_before_comes_back(
    story: Story, clock: Clock
) -> None:
    await change(story, dnd_status="do_not_accept_department_calls")
    await change(story, SHORT, dnd_status="do_not_accept_any_calls")
    await clock.move_on(SHORT)
    await becomes(story, dndStatus="DoNotAcceptDepartmentCalls")
    assert story.now("set_dnd_status") == "do_not_accept_department_calls"


async def test_do_not_disturb_ends_for_who_has_left_all_queues_meanwhile(
    story: Story, clock: Clock
) -> None:
    await change(story, dnd_status="do_not_accept_department_calls")
    await change(story, SHORT, dnd_status="do_not_accept_any_calls", user_status="busy")
    await story.leave_queues()
    await clock.move_on(SHORT)
    await becomes(story, dndStatus="TakeAllCalls", userStatus="Available")
    await nothing_is_written(story, clock, LONG)


async def test_calls_for_a_time_of_who_has_left_all_queues_end_in_do_not_disturb(
    story: Story, clock: Clock
) -> None:
    """What was written in the place of the department setting counts as ours."""
    await change(story, dnd_status="do_not_accept_department_calls")
    await change(story, dnd_status="do_not_accept_any_calls")
    await story.leave_queues()
    await change(story, SHORT, dnd_status="take_all_calls")
    await becomes(story, dndStatus="TakeAllCalls")
    await clock.move_on(SHORT)
    await becomes(story, dndStatus="DoNotAcceptAnyCalls")


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


@pytest.mark.parametrize("reloads", [False, True], ids=["runs", "reloads"])
@pytest.mark.parametrize("first", [SHORT, LONG], ids=["longer", "shorter"])
async def test_a_second_change_of_something_else_has_its_own_time(
    story: Story, emulator: Emulator, clock: Clock, first: int, reloads: bool
) -> None:
    second = LONG + SHORT - first
    await change(story, first, user_status="busy")
    await change(story, second, dnd_status="do_not_accept_any_calls")
    if reloads:
        await story.hass.config_entries.async_reload(story.entry.entry_id)
    back = [{"userStatus": "Available"}, {"dndStatus": "TakeAllCalls"}]
    there = [{"dndStatus": "DoNotAcceptAnyCalls"}, {"userStatus": "Busy"}]
    is_second = int(first == LONG)
    await clock.move_on(SHORT)
    await becomes(story, **back[is_second])
    assert is_so(emulator, story.own, **there[is_second])
    await clock.move_on(LONG - SHORT)
    await becomes(story, **back[0], **back[1])
    await nothing_is_written(story, clock, LONG)


async def test_of_two_changes_the_one_that_is_long_overdue_is_dropped(
    story: Story, emulator: Emulator, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    await change(story, LONG, user_status="busy")
    await change(story, 7_200, message="At lunch")
    hass = story.hass
    await hass.config_entries.async_unload(story.entry.entry_id)
    await clock.move_on(3_700)
    await hass.config_entries.async_setup(story.entry.entry_id)
    assert len([each for each in lines(caplog) if "more than an hour" in each]) == 1
    await clock.move_on(3_600)
    await becomes(story, message="")
    assert is_so(emulator, story.own, userStatus="Busy")


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


async def test_an_entry_that_is_removed_takes_its_changes_back(
    hass: HomeAssistant, story: Story, emulator: Emulator, clock: Clock
) -> None:
    anna = cast(emulator)[ANNA]
    await change(story, LONG, user_status="busy", message="At lunch")
    await change(story, LONG, anna, dnd_status="do_not_accept_any_calls")
    await emulator.set_presence(story.own, {"message": "With a customer"})
    await hass.config_entries.async_remove(story.entry.entry_id)
    assert is_so(emulator, story.own, userStatus="Available")
    assert is_so(emulator, story.own, message="With a customer")
    assert is_so(emulator, anna, dndStatus="TakeAllCalls")
    await hass.async_block_till_done()
    assert open_sessions(emulator) == 0


async def test_an_entry_that_is_removed_says_what_it_cannot_take_back(
    hass: HomeAssistant,
    story: Story,
    emulator: Emulator,
    clock: Clock,
    hass_storage: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
) -> None:
    await change(story, LONG, user_status="busy")
    emulator.faults.set(http_5xx=[{"path": "*", "status": 503}])
    await hass.config_entries.async_remove(story.entry.entry_id)
    await clock.move_on(2)
    assert not [key for key in hass_storage if key.startswith(DOMAIN)]
    (line,) = lines(caplog, logging.WARNING)
    assert "their account was removed" in line


# Trouble when it is due.


async def test_it_is_tried_again_while_the_service_has_trouble(
    story: Story, emulator: Emulator, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    home = "custom_components.ringcentral.restorer"
    with patch(f"{home}._TRY_AGAIN", timedelta(seconds=2)):
        await change(story, SHORT, user_status="busy")
        emulator.faults.set(
            http_5xx=[{"path": "*/presence", "method": "PUT", "next": 2}]
        )
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
    waiting = list(editor.restores._timers)
    await editor.stop()
    assert waiting == []


async def test_a_refusal_is_one_line_in_the_log(
    story: Story, emulator: Emulator, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    await change(story, SHORT, user_status="busy")
    emulator.faults.set(permissions_removed=["EditPresence"])
    await clock.move_on(SHORT)
    await all_written(story)
    assert lines(caplog, logging.WARNING) == []
    await clock.move_on(60)
    await story.until(lambda: bool(lines(caplog, logging.WARNING)))
    assert len(lines(caplog, logging.WARNING)) == 1
    emulator.faults.clear()
    await nothing_is_written(story, clock, LONG)


@pytest.mark.parametrize("method", ["PUT", "GET"])
@pytest.mark.parametrize(
    ("status", "code"),
    [
        (403, "CMN-401"),
        (403, "CMN-404"),
        (403, "CMN-408"),
        (400, "CMN-101"),
        (404, "CMN-102"),
        (404, "CMN-120"),
    ],
)
async def test_a_refusal_that_passes_is_nobodys_concern(
    story: Story,
    emulator: Emulator,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
    method: str,
    status: int,
    code: str,
) -> None:
    """One answer, whatever it says, loses no change that is to be taken back."""
    await change(story, SHORT, user_status="busy")
    odd = {"kind": "error", "path": "*/presence", "value": code, "status": status}
    emulator.faults.set(odd=[{**odd, "method": method, "next": 1, "done": False}])
    await clock.move_on(SHORT)
    await all_written(story)
    await clock.move_on(60)
    await becomes(story, userStatus="Available")
    assert issues(story.hass) == []
    assert lines(caplog) == []


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


# The change itself goes wrong (what is to be undone is on disk before it is sent).


def stored(hass_storage: dict[str, Any], story: Story) -> dict[str, Any]:
    """Return what is on disk of the restores, by extension."""
    data = hass_storage.get(f"{DOMAIN}.{story.entry.entry_id}", {}).get("data", {})
    found: dict[str, Any] = data.get("restores", {})
    return found


# How the reply to a change gets lost on its way: nothing that can be read comes back.
HOW_LOST: dict[str, dict[str, Any]] = {
    "lost": {"kind": "lost"},
    "cut": {"kind": "cut"},
    "slow": {"kind": "slow", "seconds": 2},
    "empty": {"kind": "empty"},
    "page": {"kind": "html"},
    "gateway": {"kind": "empty", "status": 502},
    "late gateway": {"kind": "html", "status": 504},
    "list": {"kind": "list"},
    "null": {"kind": "null"},
    "truncated": {"kind": "truncated"},
    "redirect": {"kind": "redirect"},
}
# Replies that came, with nothing in them.
_SAYS_NOTHING = frozenset({"empty", "list"})


@contextmanager
def replies_lost(
    emulator: Emulator, how: dict[str, Any], *, done: bool = True
) -> Iterator[None]:
    """Lose replies to changes on their way, after the service has done the work or without it."""
    odd = {**how, "path": "*/presence", "method": "PUT", "done": done}
    emulator.faults.set(odd=[odd])
    home = "custom_components.ringcentral.aioringcentral.http"
    with patch(f"{home}.REQUEST_TIMEOUT", 1.0):
        yield
    emulator.faults.clear()


def said(error: HomeAssistantError) -> str | None:
    """Return the key of what the user is told, which has to be a text."""
    assert error.translation_key is not None
    path = ("exceptions", error.translation_key, "message")
    assert not missing_texts(path, error.translation_placeholders)
    return error.translation_key


@pytest.mark.parametrize("how", sorted(HOW_LOST.keys() - _SAYS_NOTHING))
async def test_a_change_whose_reply_is_lost_is_taken_back(
    story: Story, emulator: Emulator, clock: Clock, how: str
) -> None:
    with (
        replies_lost(emulator, HOW_LOST[how]),
        pytest.raises(HomeAssistantError) as caught,
    ):
        await change(story, SHORT, dnd_status="do_not_accept_any_calls")
    assert said(caught.value) == "change_in_doubt"
    assert is_so(emulator, story.own, dndStatus="DoNotAcceptAnyCalls")
    await clock.move_on(SHORT)
    await becomes(story, dndStatus="TakeAllCalls")
    await nothing_is_written(story, clock, LONG)


@pytest.mark.parametrize("how", sorted(_SAYS_NOTHING))
async def test_a_change_whose_reply_says_nothing_is_read(
    story: Story, emulator: Emulator, clock: Clock, how: str
) -> None:
    """A reading shows that it was made."""
    with replies_lost(emulator, HOW_LOST[how]):
        await change(story, SHORT, dnd_status="do_not_accept_any_calls")
    assert is_so(emulator, story.own, dndStatus="DoNotAcceptAnyCalls")
    await clock.move_on(SHORT)
    await becomes(story, dndStatus="TakeAllCalls")
    await nothing_is_written(story, clock, LONG)


@pytest.mark.parametrize("how", ["cut", "gateway"])
async def test_a_change_that_never_arrived_is_not_taken_back(
    story: Story, emulator: Emulator, clock: Clock, how: str
) -> None:
    with (
        replies_lost(emulator, HOW_LOST[how], done=False),
        pytest.raises(HomeAssistantError) as caught,
    ):
        await change(story, 60, user_status="busy")
    assert said(caught.value) == "change_in_doubt"
    await clock.move_on(30)
    await all_written(story)
    await story.until(lambda: not story.coordinator.editor.restores.items())
    # Then the person does the same, which is theirs.
    await emulator.set_presence(story.own, {"userStatus": "Busy"})
    await nothing_is_written(story, clock, 60)


async def test_more_time_whose_reply_is_lost_ends_at_the_earlier_time(
    story: Story, emulator: Emulator, clock: Clock
) -> None:
    await change(story, 60, user_status="busy")
    with (
        replies_lost(emulator, HOW_LOST["lost"], done=False),
        pytest.raises(HomeAssistantError),
    ):
        await change(story, 3600, user_status="offline")
    await clock.move_on(30)
    await all_written(story)
    await clock.move_on(30)
    await becomes(story, userStatus="Available")


async def test_a_service_that_cannot_be_reached_was_not_asked(
    story: Story, emulator: Emulator
) -> None:
    failed = aiohttp.ClientConnectorError(MagicMock(), OSError())
    session = MagicMock()
    session.request.side_effect = failed
    with (
        patch.object(story.coordinator.account.sign_in.http, "session", session),
        pytest.raises(HomeAssistantError) as caught,
    ):
        await change(story, SHORT, user_status="busy")
    assert said(caught.value) == "change_failed"
    assert story.coordinator.editor.restores.items() == []


@pytest.mark.parametrize("status", [403, 400, 404])
async def test_a_refused_change_leaves_nothing_to_undo(
    story: Story,
    emulator: Emulator,
    hass_storage: dict[str, Any],
    clock: Clock,
    status: int,
) -> None:
    emulator.faults.set(
        http_5xx=[{"path": "*/presence", "method": "PUT", "status": status}]
    )
    with pytest.raises(HomeAssistantError):
        await change(story, SHORT, user_status="busy")
    emulator.faults.clear()
    await clock.move_on(2)
    assert stored(hass_storage, story) == {}
    await nothing_is_written(story, clock, LONG)


async def test_what_is_to_be_undone_is_on_disk_before_it_is_done(
    story: Story, emulator: Emulator, hass_storage: dict[str, Any]
) -> None:
    on_disk: list[dict[str, Any]] = []
    update = Rest.update_presence

    async def look(rest: Rest, *args: Any, **values: Any) -> PresenceUpdate:
        on_disk.append(stored(hass_storage, story))
        return await update(rest, *args, **values)

    with patch.object(Rest, "update_presence", look):
        await change(story, LONG, user_status="busy")
    assert on_disk[0][story.own]["user_status"] == "Available"


@pytest.mark.parametrize("error", [OSError(28, "full"), WriteError("full")])
async def test_a_disk_that_is_full_is_said_and_nothing_is_changed(
    story: Story, emulator: Emulator, clock: Clock, error: Exception
) -> None:
    await change(story, LONG, message="At lunch")
    sent = writes(emulator)
    with (
        patch.object(Store, "_async_write_data", side_effect=error),
        pytest.raises(HomeAssistantError) as caught,
    ):
        await change(story, SHORT, user_status="busy")
    assert said(caught.value) == "not_kept"
    assert writes(emulator) == sent
    await change(story, SHORT, dnd_status="do_not_accept_any_calls")
    await clock.move_on(SHORT)
    await becomes(story, dndStatus="TakeAllCalls", message="", userStatus="Available")


async def test_a_disk_that_is_full_at_the_end_keeps_no_entry_from_unloading(
    hass: HomeAssistant, story: Story
) -> None:
    await change(story, LONG, user_status="busy")
    with patch.object(Store, "async_save", side_effect=OSError(28, "full")):
        assert await hass.config_entries.async_unload(story.entry.entry_id)


@pytest.mark.parametrize("is_lost", [True, False])
async def test_an_event_that_is_sent_again_after_a_loss_is_no_hand(
    story: Story, emulator: Emulator, clock: Clock, is_lost: bool
) -> None:
    """What happened before a change that was made without a connection is told after it."""
    await change(story, SHORT, user_status="busy")
    account, editor = story.coordinator.account, story.coordinator.editor
    if is_lost:
        editor.account_lost(RetryLater(Reason.CANNOT_CONNECT))
        editor.account_connected(account.stream.subscription)
    now, calls = account.presences[story.own], account.calls[story.own]
    earlier = now._replace(user_status=UserStatus.AVAILABLE)
    editor.presence_changed(PresenceChange(now, earlier, calls, calls, ()))
    assert (editor.restores[story.own] is not None) is is_lost
    await clock.move_on(SHORT)
    if is_lost:
        await becomes(story, userStatus="Available")
    else:
        await nothing_is_written(story, clock, LONG)
        assert is_so(emulator, story.own, userStatus="Busy")


@pytest.mark.parametrize("when", ["sent", "done"])
async def test_an_action_that_is_cancelled_and_run_again_leads_back_to_before_the_first(
    story: Story, emulator: Emulator, clock: Clock, when: str
) -> None:
    """As an automation in mode restart does it."""
    emulator.faults.set(reply_delay=0.2)
    sent = writes(emulator)
    first = asyncio.create_task(
        change(story, SHORT, dnd_status="do_not_accept_any_calls")
    )
    await emulator.wait_for(lambda: writes(emulator) > sent)
    if when == "done":
        await emulator.wait_for(
            lambda: is_so(emulator, story.own, dndStatus="DoNotAcceptAnyCalls")
        )
        await story.all_heard()
    first.cancel()
    await change(story, SHORT, dnd_status="do_not_accept_any_calls")
    emulator.faults.clear()
    await clock.move_on(SHORT)
    await becomes(story, dndStatus="TakeAllCalls")


async def test_an_action_that_is_cancelled_is_finished_and_taken_back(
    story: Story, emulator: Emulator, clock: Clock
) -> None:
    emulator.faults.set(reply_delay=0.2)
    sent = writes(emulator)
    action = asyncio.create_task(change(story, SHORT, user_status="busy"))
    await emulator.wait_for(lambda: writes(emulator) > sent)
    action.cancel()
    await story.hass.async_block_till_done()
    emulator.faults.clear()
    assert is_so(emulator, story.own, userStatus="Busy")
    await clock.move_on(SHORT)
    await becomes(story, userStatus="Available")


async def test_an_action_that_is_cancelled_while_it_waits_its_turn_does_nothing(
    story: Story, emulator: Emulator
) -> None:
    emulator.faults.set(reply_delay=0.2)
    sent = writes(emulator)
    first = asyncio.create_task(change(story, user_status="busy"))
    await emulator.wait_for(lambda: writes(emulator) > sent)
    second = asyncio.create_task(change(story, user_status="offline"))
    await asyncio.sleep(0)
    second.cancel()
    await first
    emulator.faults.clear()
    await story.hass.async_block_till_done()
    assert is_so(emulator, story.own, userStatus="Busy")


@pytest.mark.parametrize("how", ["reload", "unload"])
async def test_an_end_waits_for_what_is_being_written(
    hass: HomeAssistant, story: Story, emulator: Emulator, clock: Clock, how: str
) -> None:
    emulator.faults.set(reply_delay=0.2)
    sent = writes(emulator)
    action = asyncio.create_task(set_for(story, {"seconds": SHORT}))
    await emulator.wait_for(lambda: writes(emulator) > sent)
    if how == "reload":
        await story.reload()
    else:
        assert await hass.config_entries.async_unload(story.entry.entry_id)
        assert await hass.config_entries.async_setup(story.entry.entry_id)
    await action
    emulator.faults.clear()
    await clock.move_on(SHORT)
    await becomes(story, userStatus="Available")


@pytest.mark.parametrize("end", ["unload", "remove"])
async def test_an_end_does_not_wait_for_a_service_that_hangs(
    hass: HomeAssistant, story: Story, emulator: Emulator, clock: Clock, end: str
) -> None:
    update, hangs = Rest.update_presence, asyncio.Event()

    async def hang(rest: Rest, *args: Any, **values: Any) -> PresenceUpdate:
        reply = await update(rest, *args, **values)
        if not hangs.is_set():
            hangs.set()
            await asyncio.Event().wait()
        return reply

    with (
        patch("custom_components.ringcentral.writing_tasks._STOP_WITHIN", 0.1),
        patch.object(Rest, "update_presence", hang),
    ):
        action = asyncio.create_task(set_for(story, {"seconds": LONG}))
        await hangs.wait()
        if end == "unload":
            assert await hass.config_entries.async_unload(story.entry.entry_id)
        else:
            await hass.config_entries.async_remove(story.entry.entry_id)
    with pytest.raises(HomeAssistantError) as caught:
        await action
    assert said(caught.value) == "change_in_doubt"
    if end == "unload":
        assert await hass.config_entries.async_setup(story.entry.entry_id)
        await clock.move_on(LONG)
    await emulator.wait_for(lambda: is_so(emulator, story.own, userStatus="Available"))


async def test_a_change_that_comes_after_the_end_is_refused(
    story: Story, emulator: Emulator
) -> None:
    editor, sent = story.coordinator.editor, writes(emulator)
    assert await story.hass.config_entries.async_unload(story.entry.entry_id)
    with pytest.raises(HomeAssistantError) as caught:
        await editor.set_presence(story.own, message="Gone", duration=timedelta(1))
    assert said(caught.value) == "not_loaded"
    assert writes(emulator) == sent


# Starts.


async def test_a_start_that_fails_keeps_what_is_to_be_undone(
    hass: HomeAssistant,
    story: Story,
    emulator: Emulator,
    clock: Clock,
    hass_storage: dict[str, Any],
) -> None:
    """Somebody's queue setting changed while it was away, so that there is something to write."""
    anna = cast(emulator)[ANNA]
    await change(story, LONG, user_status="busy")
    assert await hass.config_entries.async_unload(story.entry.entry_id)
    await emulator.set_presence(anna, {"dndStatus": "DoNotAcceptDepartmentCalls"})
    for fault in (
        {"http_5xx": [{"path": "*", "status": 503}]},
        {"http_5xx": [{"path": "*/presence", "status": 503}]},
        {"wstoken_error": {"status": 503, "code": "CMN-201"}},
    ):
        emulator.faults.set(**fault)
        assert not await hass.config_entries.async_setup(story.entry.entry_id)
        emulator.faults.clear()
        assert await hass.config_entries.async_unload(story.entry.entry_id)
        await clock.move_on(1.5)
        assert story.own in stored(hass_storage, story)
    assert await hass.config_entries.async_setup(story.entry.entry_id)
    await clock.move_on(LONG)
    await becomes(story, userStatus="Available")


async def test_two_restarts_in_a_second_keep_what_is_to_be_undone(
    story: Story, emulator: Emulator, clock: Clock, hass_storage: dict[str, Any]
) -> None:
    anna = cast(emulator)[ANNA]
    await change(story, LONG, user_status="busy")
    await story.reload()
    await emulator.set_presence(anna, {"dndStatus": "DoNotAcceptDepartmentCalls"})
    await story.reload()
    assert story.own in stored(hass_storage, story)
    await clock.move_on(LONG)
    await becomes(story, userStatus="Available")


@pytest.mark.parametrize("junk", [None, [], "no", {"at": 7}, {"user_status": "Busy"}])
async def test_a_file_that_cannot_be_read_in_parts_costs_those_parts(
    hass: HomeAssistant,
    story: Story,
    clock: Clock,
    hass_storage: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
    junk: Any,
) -> None:
    await change(story, LONG, user_status="busy")
    assert await hass.config_entries.async_unload(story.entry.entry_id)
    await clock.move_on(2)
    stored(hass_storage, story)["1234"] = junk
    assert await hass.config_entries.async_setup(story.entry.entry_id)
    assert len(lines(caplog, logging.WARNING)) == 1
    await clock.move_on(LONG)
    await becomes(story, userStatus="Available")


# Not followed any more.


async def test_who_is_not_followed_any_more_is_taken_back_all_the_same(
    hass: HomeAssistant, story: Story, emulator: Emulator, clock: Clock
) -> None:
    anna = cast(emulator)[ANNA]
    await change(story, LONG, anna, user_status="busy", message="At lunch")
    options = {**story.entry.options, "extensions": [story.own]}
    hass.config_entries.async_update_entry(story.entry, options=options)
    await story.reload()
    assert anna not in story.followed()
    await clock.move_on(LONG)
    await emulator.wait_for(
        lambda: is_so(emulator, anna, userStatus="Available", message="")
    )
    await story.hass.async_block_till_done()
    assert story.coordinator.editor.restores.items() == []


async def test_what_cannot_be_taken_back_is_a_repair_that_names_the_extension(
    story: Story, emulator: Emulator, clock: Clock
) -> None:
    await change(story, SHORT, user_status="busy")
    emulator.faults.set(permissions_removed=["EditPresence"])
    await clock.move_on(SHORT)
    await all_written(story)
    await clock.move_on(60)
    await story.until(lambda: bool(issues(story.hass)))
    (issue,) = issues(story.hass)
    assert issue.translation_key == "not_restored"
    assert issue.translation_placeholders is not None
    name = emulator.extension(story.own).name
    assert issue.translation_placeholders["extension"] == name
    emulator.faults.clear()
    await change(story, user_status="offline")
    assert issues(story.hass) == []


# What a person changes meanwhile.


@pytest.mark.parametrize(
    ("meanwhile", "stays", "back"),
    [
        (
            {"userStatus": "Offline"},
            {"userStatus": "Offline"},
            {"dndStatus": "TakeAllCalls", "message": ""},
        ),
        (
            {"dndStatus": "DoNotAcceptDepartmentCalls"},
            {"dndStatus": "DoNotAcceptDepartmentCalls"},
            {"userStatus": "Available", "message": ""},
        ),
        (
            {"message": "With a customer"},
            {"message": "With a customer"},
            {"userStatus": "Available", "dndStatus": "TakeAllCalls"},
        ),
        (
            {"userStatus": "Offline", "dndStatus": "DoNotAcceptDepartmentCalls"},
            {"userStatus": "Offline", "dndStatus": "DoNotAcceptDepartmentCalls"},
            {"message": ""},
        ),
    ],
    ids=["user", "dnd", "message", "two"],
)
async def test_what_a_person_changes_meanwhile_stays(
    story: Story,
    emulator: Emulator,
    clock: Clock,
    meanwhile: dict[str, str],
    stays: dict[str, str],
    back: dict[str, str],
) -> None:
    await change(
        story,
        SHORT,
        user_status="busy",
        dnd_status="do_not_accept_any_calls",
        message="At lunch",
    )
    await emulator.set_presence(story.own, meanwhile)
    await story.all_heard()
    await clock.move_on(SHORT)
    await becomes(story, **stays, **back)
    await nothing_is_written(story, clock, LONG)


async def test_what_a_person_changes_unheard_stays(
    story: Story, emulator: Emulator, clock: Clock
) -> None:
    await change(story, SHORT, user_status="busy")
    emulator.faults.set(drop=1.0)
    await emulator.set_presence(story.own, {"userStatus": "Offline"})
    await nothing_is_written(story, clock, SHORT)
    assert is_so(emulator, story.own, userStatus="Offline")


async def test_a_person_who_comes_back_to_the_same_value_has_chosen_it(
    story: Story, emulator: Emulator, clock: Clock
) -> None:
    await change(story, SHORT, user_status="busy")
    for word in ("Offline", "Busy"):
        await emulator.set_presence(story.own, {"userStatus": word})
        await story.all_heard()
    await nothing_is_written(story, clock, LONG)
    assert is_so(emulator, story.own, userStatus="Busy")


async def test_a_person_who_ends_a_change_and_makes_it_again_has_chosen_it(
    story: Story, emulator: Emulator, clock: Clock
) -> None:
    await change(story, SHORT, user_status="busy", dnd_status="do_not_accept_any_calls")
    for word in ("Available", "Busy"):
        await emulator.set_presence(story.own, {"userStatus": word})
        await story.all_heard()
    await clock.move_on(SHORT)
    await becomes(story, dndStatus="TakeAllCalls")
    assert is_so(emulator, story.own, userStatus="Busy")


@pytest.mark.parametrize("how", ["lost", "slow", "gateway", "empty", "truncated"])
@pytest.mark.parametrize(
    ("values", "back", "again"),
    [
        ({"user_status": "busy"}, {"userStatus": "Available"}, {"userStatus": "Busy"}),
        (
            {"dnd_status": "do_not_accept_any_calls"},
            {"dndStatus": "TakeAllCalls"},
            {"dndStatus": "DoNotAcceptAnyCalls"},
        ),
        ({"message": "Out"}, {"message": ""}, {"message": "Out"}),
    ],
    ids=["user", "dnd", "message"],
)
async def test_what_a_person_chooses_again_stays_after_a_lost_reply(
    story: Story,
    emulator: Emulator,
    clock: Clock,
    how: str,
    values: dict[str, str],
    back: dict[str, str],
    again: dict[str, str],
) -> None:
    """The change was taken back, and nothing told that it was."""
    await change(story, SHORT, **values)
    with replies_lost(emulator, HOW_LOST[how]):
        await clock.move_on(SHORT)
        await becomes(story, **back)
        await story.until(lambda: not story.coordinator.editor.restores.items())
    await emulator.set_presence(story.own, again)
    await story.all_heard()
    await nothing_is_written(story, clock, 600)
    assert is_so(emulator, story.own, **again)


async def test_what_a_person_chooses_again_before_the_reply_is_given_up_stays(
    story: Story, emulator: Emulator, clock: Clock
) -> None:
    """No reading shows it any more, yet an event did."""
    await change(story, SHORT, user_status="busy")
    with replies_lost(emulator, HOW_LOST["slow"]):
        await clock.move_on(SHORT)
        await becomes(story, userStatus="Available")
        await emulator.set_presence(story.own, {"userStatus": "Busy"})
        await story.all_heard()
        await story.until(lambda: not story.coordinator.editor.restores.items())
    await nothing_is_written(story, clock, 600)
    assert is_so(emulator, story.own, userStatus="Busy")


async def test_changes_in_a_row_that_never_arrived_are_not_taken_back(
    story: Story, emulator: Emulator, clock: Clock
) -> None:
    for values in ({"user_status": "busy"}, {"user_status": "offline"}):
        with (
            replies_lost(emulator, HOW_LOST["gateway"], done=False),
            pytest.raises(HomeAssistantError),
        ):
            await change(story, 60, **values)
    await clock.move_on(30)
    await all_written(story)
    await story.until(lambda: not story.coordinator.editor.restores.items())
    for word in ("Offline", "Busy"):
        await emulator.set_presence(story.own, {"userStatus": word})
        await story.all_heard()
        await nothing_is_written(story, clock, 60)


async def test_who_hides_meanwhile_stays_hidden_and_the_rest_goes_back(
    story: Story, emulator: Emulator, clock: Clock
) -> None:
    await change(story, SHORT, user_status="busy", dnd_status="do_not_accept_any_calls")
    await emulator.set_presence(story.own, {"allowSeeMyPresence": False})
    await story.all_heard()
    await clock.move_on(SHORT)
    await becomes(story, dndStatus="TakeAllCalls")
    assert is_so(emulator, story.own, userStatus="Busy")


@pytest.mark.parametrize("how", ["made", "lost"])
@pytest.mark.parametrize("before", ["", "Working from home"])
async def test_the_message_of_a_colleague_who_hides_meanwhile_goes_back(
    story: Story, emulator: Emulator, clock: Clock, before: str, how: str
) -> None:
    """RingCentral tells nobody what it is, so it is taken for ours."""
    person = emulator.extension(cast(emulator)[ANNA])
    anna = str(person.id)
    await emulator.set_presence(anna, {"message": before})
    if how == "made":
        await change(story, SHORT, anna, message="At lunch")
    else:
        with (
            replies_lost(emulator, HOW_LOST["lost"]),
            pytest.raises(HomeAssistantError),
        ):
            await change(story, SHORT, anna, message="At lunch")
    assert person.message == "At lunch"
    await emulator.set_presence(anna, {"allowSeeMyPresence": False})
    await story.all_heard()
    await clock.move_on(SHORT)
    await emulator.wait_for(lambda: person.message == before)
    await all_written(story)
    assert not story.coordinator.editor.restores.items()


async def test_what_a_colleague_hides_is_undone_once_it_shows(
    story: Story, emulator: Emulator, clock: Clock
) -> None:
    """The message does not wait for do not disturb."""
    person = emulator.extension(cast(emulator)[ANNA])
    anna = str(person.id)
    values = {"message": "At lunch", "dnd_status": "do_not_accept_any_calls"}
    await change(story, 60, anna, **values)
    await emulator.set_presence(anna, {"allowSeeMyPresence": False})
    await story.all_heard()
    await clock.move_on(60)
    await emulator.wait_for(lambda: not person.message)
    await all_written(story)
    assert person.dnd_status == "DoNotAcceptAnyCalls"
    await emulator.set_presence(anna, {"allowSeeMyPresence": True})
    await story.all_heard()
    await clock.move_on(120)
    await emulator.wait_for(lambda: person.dnd_status == "TakeAllCalls")
    await all_written(story)
    assert not story.coordinator.editor.restores.items()


async def test_the_message_of_a_colleague_who_hides_is_not_replaced_for_a_time(
    story: Story, emulator: Emulator
) -> None:
    """Nobody could bring it back."""
    person = emulator.extension(cast(emulator)[ANNA])
    anna = str(person.id)
    await emulator.set_presence(
        anna, {"message": "Working from home", "allowSeeMyPresence": False}
    )
    await story.all_heard()
    with pytest.raises(ServiceValidationError) as caught:
        await change(story, SHORT, anna, message="At lunch")
    assert said(caught.value) == "unknown_before"
    assert person.message == "Working from home"


async def test_a_message_that_may_not_be_read_any_more_is_taken_back(
    story: Story, emulator: Emulator, clock: Clock
) -> None:
    """The one that is known is from before the change, whose reply was lost: no sign that it is so already."""
    await emulator.set_presence(story.own, {"message": "Working from home"})
    await story.coordinator.account.read_presence(story.own)
    with replies_lost(emulator, HOW_LOST["lost"]), pytest.raises(HomeAssistantError):
        await change(story, SHORT, message="At the dentist")
    assert is_so(emulator, story.own, message="At the dentist")
    with patch.object(Rest, "presence", side_effect=PermissionMissing("CMN-408")):
        await clock.move_on(SHORT)
        await becomes(story, message="Working from home")
    await nothing_is_written(story, clock, LONG)


# Long overdue.


@pytest.mark.parametrize("days", [0.05, 21, 400])
async def test_what_is_long_overdue_is_dropped_and_said(
    hass: HomeAssistant,
    story: Story,
    emulator: Emulator,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
    days: float,
) -> None:
    anna = cast(emulator)[ANNA]
    await change(story, SHORT, dnd_status="do_not_accept_any_calls")
    await change(story, SHORT, anna, user_status="busy")
    assert await hass.config_entries.async_unload(story.entry.entry_id)
    await clock.move_on(days * 86_400)
    assert await hass.config_entries.async_setup(story.entry.entry_id)
    await nothing_is_written(story, clock, LONG)
    assert len(lines(caplog, logging.WARNING)) == 1
    found = await async_get_config_entry_diagnostics(hass, story.entry)
    assert [one["reason"] for one in found["restores"]["dropped"]] == ["overdue"] * 2
    assert found["restores"]["waiting"] == []


async def test_less_than_an_hour_is_not_too_late(
    hass: HomeAssistant, story: Story, clock: Clock
) -> None:
    await change(story, SHORT, user_status="busy")
    assert await hass.config_entries.async_unload(story.entry.entry_id)
    await clock.move_on(3_500)
    assert await hass.config_entries.async_setup(story.entry.entry_id)
    await clock.move_on(0)
    await becomes(story, userStatus="Available")


# A clock that is wrong.


@pytest.mark.parametrize("days", [400, 0.2, -0.2, -400])
async def test_a_step_of_the_clock_moves_no_end(
    story: Story, clock: Clock, days: float
) -> None:
    """A change for a time ends after its time, whatever the clock says meanwhile."""
    await change(story, 900, user_status="busy")
    clock.step(days * 86_400)
    await nothing_is_written(story, clock, 700)
    await clock.move_on(300)
    await becomes(story, userStatus="Available")
    assert story.coordinator.editor.restores.items() == []


async def test_a_clock_put_right_before_a_restart_moves_no_end(
    hass: HomeAssistant, story: Story, clock: Clock
) -> None:
    """What is on disk goes with the clock of then."""
    await change(story, 900, user_status="busy")
    clock.step(86_400)
    await story.reload()
    await nothing_is_written(story, clock, 700)
    await clock.move_on(300)
    await becomes(story, userStatus="Available")


@pytest.mark.parametrize("days", [1, 0.05, 800, -365])
async def test_a_clock_that_is_wrong_at_a_start_moves_no_end(
    hass: HomeAssistant,
    story: Story,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
    days: float,
) -> None:
    """A machine without a clock of its own starts with any time; it is put right a while later."""
    await change(story, 900, user_status="busy")
    assert await hass.config_entries.async_unload(story.entry.entry_id)
    clock.step(days * 86_400)
    assert await hass.config_entries.async_setup(story.entry.entry_id)
    await nothing_is_written(story, clock, 60)
    clock.step(-days * 86_400)
    await nothing_is_written(story, clock, 700)
    await clock.move_on(300)
    await becomes(story, userStatus="Available")
    assert lines(caplog, logging.WARNING) == []


@pytest.mark.parametrize("days", [1, -1])
async def test_a_clock_that_is_always_wrong_moves_no_end(
    hass: HomeAssistant, story: Story, clock: Clock, days: float
) -> None:
    clock.step(days * 86_400)
    await change(story, 900, user_status="busy")
    await story.reload()
    await nothing_is_written(story, clock, 700)
    await clock.move_on(300)
    await becomes(story, userStatus="Available")
    await change(story, 900, user_status="busy")
    assert await hass.config_entries.async_unload(story.entry.entry_id)
    await clock.move_on(10_800)
    assert await hass.config_entries.async_setup(story.entry.entry_id)
    await nothing_is_written(story, clock, LONG)


# What is on disk, and cannot be read.


@pytest.mark.parametrize(
    "error", [HomeAssistantError("newer"), TypeError(), KeyError("data"), ValueError()]
)
async def test_a_file_that_cannot_be_loaded_keeps_nobody_away(
    story: Story, caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    """The account is followed, and a line for each file says what is lost."""
    with patch.object(Store, "async_load", side_effect=error):
        await story.reload()
    assert story.entry.state is ConfigEntryState.LOADED
    said = lines(caplog, logging.WARNING)
    assert len(said) == 2
    assert all("cannot be read from disk" in line for line in said)
    await change(story, 900, user_status="busy")
    assert len(story.coordinator.editor.restores.items()) == 1


@pytest.mark.parametrize("stored", [[1], "text", {"restores": [1]}, {"restores": 7}])
async def test_a_file_of_another_shape_keeps_nobody_away(
    story: Story, stored: Any
) -> None:
    with patch.object(Store, "async_load", return_value=stored):
        await story.reload()
    assert story.entry.state is ConfigEntryState.LOADED
    assert story.coordinator.editor.restores.items() == []


# What is refused before anything is written.


@pytest.mark.parametrize(
    ("unknown", "values"),
    [
        ({"dndStatus": "Unknown"}, {"dnd_status": "do_not_accept_any_calls"}),
        ({"dndStatus": "Silent"}, {"dnd_status": "do_not_accept_any_calls"}),
        ({"userStatus": "Away"}, {"user_status": "busy"}),
        (
            {"userStatus": "Away"},
            {"user_status": "busy", "dnd_status": "do_not_accept_any_calls"},
        ),
    ],
    ids=str,
)
async def test_a_value_that_could_not_be_brought_back_is_not_replaced_for_a_time(
    story: Story, emulator: Emulator, unknown: dict[str, str], values: dict[str, str]
) -> None:
    presence = Rest.presence

    async def odd(rest: Rest, extension_id: str) -> PresenceUpdate:
        found = await presence(rest, extension_id)
        changes = fields_from_wire(unknown)[0]
        return found._replace(changes={**found.changes, **changes})

    sent = writes(emulator)
    with patch.object(Rest, "presence", odd):
        await story.coordinator.account.read_presence(story.own)
        with pytest.raises(ServiceValidationError) as caught:
            await change(story, SHORT, **values)
        assert said(caught.value) == "unknown_before"
        assert writes(emulator) == sent
        await change(story, None, **values)
    assert writes(emulator) == sent + 1


@pytest.mark.parametrize(
    "duration",
    [{"days": 367}, {"days": 3_650_000}, {"hours": 9_000}],
    ids=str,
)
async def test_a_duration_that_nobody_sees_the_end_of_is_refused(
    story: Story, emulator: Emulator, duration: dict[str, float]
) -> None:
    with pytest.raises(ServiceValidationError) as caught:
        await set_for(story, duration)
    assert said(caught.value) == "duration_too_long"
    assert writes(emulator) == 0


@pytest.mark.parametrize(
    "duration",
    [{"days": 1e12}, {"seconds": 1e300}, {"days": math.inf}, {"days": math.nan}],
    ids=str,
)
async def test_a_duration_that_is_no_time_is_refused(
    story: Story, emulator: Emulator, duration: dict[str, float]
) -> None:
    with pytest.raises(vol.Invalid):
        await set_for(story, duration)
    assert writes(emulator) == 0


async def set_for(story: Story, duration: dict[str, float]) -> None:
    """Set the user status for a time."""
    await story.hass.services.async_call(
        DOMAIN,
        "set_presence",
        {
            "entity_id": story.entity("call"),
            "user_status": "busy",
            "duration": duration,
        },
        blocking=True,
    )


@pytest.mark.parametrize("status", [400, 401, 403, 404, 408, 409])
async def test_a_refusal_without_a_code_leaves_a_change_in_doubt(
    emulator: Emulator, story: Story, clock: Clock, status: int
) -> None:
    """A gateway answered, after the service had carried the request out."""
    with (
        replies_lost(emulator, {"kind": "empty", "status": status}),
        pytest.raises(HomeAssistantError),
    ):
        await change(story, 60, user_status="busy")

    await clock.move_on(61)
    await all_written(story)

    await emulator.wait_for(
        lambda: is_so(emulator, story.own, userStatus="Available"), timeout=5
    )


@pytest.mark.parametrize("value", [None, "Weird", 5])
async def test_an_unreadable_value_decides_nothing_when_a_change_is_due(
    emulator: Emulator, story: Story, clock: Clock, value: Any
) -> None:
    """A person has set Offline, of which no event came; the reading does not tell it either."""
    await change(story, 60, user_status="busy")
    emulator.faults.set(
        drop_next=1,
        odd=[
            {
                "kind": "set",
                "at": "userStatus",
                "value": value,
                "path": "*/presence",
                "method": "GET",
            }
        ],
    )
    await emulator.set_presence(story.own, {"userStatus": "Offline"})

    await clock.move_on(61)
    await all_written(story)
    assert is_so(emulator, story.own, userStatus="Offline")

    emulator.faults.clear()
    await clock.move_on(121)
    await all_written(story)
    await emulator.wait_for(
        lambda: not story.coordinator.editor.restores.items(), timeout=5
    )
    assert is_so(emulator, story.own, userStatus="Offline")
