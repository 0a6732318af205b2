"""Stories of beginnings and ends: restarts, reloads, and what is left behind."""

import asyncio
from datetime import timedelta
import logging
from typing import Any
from unittest.mock import patch

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import (
    EVENT_HOMEASSISTANT_STOP,
    STATE_UNAVAILABLE,
    STATE_UNKNOWN,
)
from homeassistant.core import CoreState, HomeAssistant
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.ringcentral import _stop
from custom_components.ringcentral.aioringcentral.errors import Reason, RetryLater
from custom_components.ringcentral.presence_writer import PresenceWriter
from custom_components.ringcentral.sign_in import LINGER
from emulator import Emulator

from . import entry_for, open_sessions
from .stories import (
    MAY_BE_UNKNOWN,
    REVOKE,
    TICKET,
    Story,
    colleagues,
    hasty,
    issues,
    nothing_left,
    nothing_left_later,
    office,
    our_tasks,
)


def first_states(story: Story) -> dict[str, str | None]:
    """Return what entities of extensions showed when they were added, by the key that ends their unique id."""
    ours = {entity: unique_id for unique_id, entity in story.entities().items()}
    firsts: dict[str, str | None] = {}
    for entity_id, old, new in story.changes:
        if entity_id in ours and old in (None, STATE_UNAVAILABLE):
            firsts.setdefault(ours[entity_id], new)
    return firsts


# "After a restart everything is unknown."


async def test_every_state_is_known_from_the_first_moment(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """The snapshot comes before the entities."""
    one, *_ = colleagues(emulator, 1)
    await emulator.play_call(one, ["ring", "answer"])
    async with office(hass, emulator, follow=["account"]) as story:
        firsts = first_states(story)
        assert firsts.keys() >= story.all_states().keys()
        unknown = {
            key
            for key, state in firsts.items()
            if state in (STATE_UNKNOWN, STATE_UNAVAILABLE)
            and not key.endswith(MAY_BE_UNKNOWN)
        }
        # Also of a park location, of which the service tells its calls alone.
        assert unknown == set()
        assert firsts[story.unique_id("telephony_status", one)] == "call_connected"
        assert firsts[story.unique_id("on_call", one)] == "on"
        assert firsts[f"{emulator.account_id}_extensions_on_call"] == "1"
        assert firsts[f"{emulator.account_id}_push_connected"] == "on"


async def test_a_slow_service_keeps_the_entities_waiting(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """Not even a slow snapshot is shown too early."""
    emulator.faults.set(reply_delay=0.1)
    async with office(hass, emulator) as story:
        known = {
            key: state
            for key, state in first_states(story).items()
            if not key.endswith(MAY_BE_UNKNOWN)
        }
        assert known
        assert {STATE_UNKNOWN, STATE_UNAVAILABLE}.isdisjoint(known.values())


# "The events fire again when I reload."


@pytest.mark.parametrize("script", [["ring"], ["ring", "answer"], ["ring", "missed"]])
async def test_a_reload_tells_no_events(
    hass: HomeAssistant, emulator: Emulator, script: list[str]
) -> None:
    """A call that goes on, or that has ended, is no news."""
    async with office(hass, emulator) as story:
        await story.call(*script)
        await story.all_heard()
        last = story.now("call")
        assert last != STATE_UNKNOWN
        story.forget()
        await story.reload()
        await story.all_heard()
        assert story.now("call") == last
        assert set(story.seen("call")) == {STATE_UNAVAILABLE, last}


async def test_what_happened_meanwhile_is_no_event_either(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """A call that was missed while Home Assistant was down is not told hours later."""
    async with office(hass, emulator) as story:
        await story.call("ring")
        await story.shows(ringing="on")
        last = story.now("call")
        assert await hass.config_entries.async_unload(story.entry.entry_id)
        await story.call("missed")
        await story.call("ring", "answer", name="another")
        assert await hass.config_entries.async_setup(story.entry.entry_id)
        await hass.async_block_till_done()
        await story.shows(telephony_status="call_connected", on_call="on")
        assert story.now("call") == last
        # What goes on from here is news again.
        await story.call("hangup", name="another")
        await story.shows(on_call="off")
        assert story.now("call") != last


# "What happened while it was down is never corrected."


async def test_nothing_of_before_is_shown_after_a_restart(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """Everything changed meanwhile."""
    async with office(hass, emulator) as story:
        await story.call("ring", "answer")
        await story.shows(telephony_status="call_connected")
        assert await hass.config_entries.async_unload(story.entry.entry_id)
        await story.call("hangup")
        await emulator.set_presence(
            story.own,
            {
                "userStatus": "Busy",
                "dndStatus": "DoNotAcceptAnyCalls",
                "meetingStatus": "Connected",
            },
        )
        story.forget()
        assert await hass.config_entries.async_setup(story.entry.entry_id)
        await hass.async_block_till_done()
        shown = {
            "telephony_status": "no_call",
            "presence_status": "busy",
            "user_status": "busy",
            "dnd_status": "do_not_accept_any_calls",
            "meeting_status": "connected",
            "active_calls": "0",
            "on_call": "off",
            "do_not_disturb": "on",
            "in_meeting": "on",
        }
        for key, state in shown.items():
            assert story.seen(key) == [state], key


async def test_reloads_pile_up_nothing(hass: HomeAssistant, emulator: Emulator) -> None:
    """One session, one socket, one subscription, however often it is reloaded."""
    async with office(hass, emulator) as story:
        entities = story.entities()
        for _ in range(6):
            await story.reload()
        await emulator.wait_for(
            lambda: emulator.counters.sockets_open == 1 and open_sessions(emulator) == 1
        )
        assert emulator.counters.subscriptions == 1
        # Five a minute would be the limit of all sign-ins.
        assert emulator.counters.tokens_issued == 1
        assert story.entities() == entities
        await story.call("ring")
        await story.shows(telephony_status="ringing")


async def test_the_sign_in_that_a_reload_went_on_with_stays(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """What was to end after a minute is in use again."""
    async with office(hass, emulator) as story:
        await story.reload()
        async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=LINGER))
        await emulator.disconnect(code=1001, recoverable=True)
        await story.call("ring")
        await story.shows(telephony_status="ringing")
        assert emulator.counters.requests[REVOKE] == 0
        assert emulator.counters.tokens_issued == 1


# Ends.


async def test_home_assistant_stops(hass: HomeAssistant, emulator: Emulator) -> None:
    """The socket is closed politely, and the session ends."""
    async with office(hass, emulator):
        hass.bus.async_fire(EVENT_HOMEASSISTANT_STOP)
        await hass.async_block_till_done()
        await nothing_left(emulator)
        assert our_tasks() == []
        assert emulator.counters.sockets_closed_by_client == 1
        assert emulator.counters.requests[REVOKE] == 1


async def test_home_assistant_stops_while_nothing_answers(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """A session that cannot be revoked holds nobody up."""
    with hasty():
        async with office(hass, emulator) as story:
            emulator.faults.set(http_5xx=[{"status": 503}])
            await emulator.disconnect(code=None, recoverable=False)
            await story.lost()
            async with asyncio.timeout(5):
                hass.bus.async_fire(EVENT_HOMEASSISTANT_STOP)
                await hass.async_block_till_done()
            assert our_tasks() == []


async def test_home_assistant_stops_right_after_an_unload(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """The sign-in that was left to a reload ends before its minute is over."""
    async with office(hass, emulator) as story:
        await story.leave()
        assert open_sessions(emulator) == 1
        hass.bus.async_fire(EVENT_HOMEASSISTANT_STOP)
        await hass.async_block_till_done()
        assert open_sessions(emulator) == 0
        async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=LINGER))
        await hass.async_block_till_done()
        assert emulator.counters.requests[REVOKE] == 1


async def test_home_assistant_stops_before_a_start_has_begun(
    hass: HomeAssistant, emulator: Emulator, caplog: pytest.LogCaptureFixture
) -> None:
    """A reload that was asked for a moment before."""
    entry = entry_for(emulator)
    entry.add_to_hass(hass)
    hass.set_state(CoreState.stopping)
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    assert entry.state is ConfigEntryState.SETUP_RETRY
    assert emulator.counters.requests == {}
    hass.set_state(CoreState.running)
    assert await hass.config_entries.async_unload(entry.entry_id)


async def test_an_entry_that_is_unloaded_after_the_stop_logs_no_error(
    hass: HomeAssistant, emulator: Emulator, caplog: pytest.LogCaptureFixture
) -> None:
    async with office(hass, emulator):
        hass.bus.async_fire(EVENT_HOMEASSISTANT_STOP)
        await hass.async_block_till_done()
    assert [each for each in caplog.records if each.levelno >= logging.ERROR] == []


async def test_home_assistant_stops_between_two_tries(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """The sign-in that was kept for the next one ends."""
    emulator.faults.set(wstoken_error={"status": 503, "code": "CMN-201"})
    async with office(hass, emulator, state=ConfigEntryState.SETUP_RETRY):
        assert open_sessions(emulator) == 1
        hass.bus.async_fire(EVENT_HOMEASSISTANT_STOP)
        await hass.async_block_till_done()
        assert open_sessions(emulator) == 0


async def test_a_start_that_is_cut_short_leaves_nothing(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """Home Assistant stops when all is known already, and what follows would begin a grace."""
    begun, never = asyncio.Event(), asyncio.Event()

    async def hang(_writer: PresenceWriter) -> None:
        begun.set()
        await never.wait()

    entry = entry_for(emulator)
    entry.add_to_hass(hass)
    with patch.object(PresenceWriter, "start", hang):
        starting = hass.async_create_task(
            hass.config_entries.async_setup(entry.entry_id)
        )
        await begun.wait()
        starting.cancel()
        await asyncio.wait([starting])
    assert our_tasks() == []
    await emulator.wait_for(lambda: emulator.counters.sockets_open == 0)
    # The sign-in is kept for another try, until Home Assistant stops.
    assert open_sessions(emulator) == 1
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STOP)
    await hass.async_block_till_done()
    assert open_sessions(emulator) == 0


async def test_an_unload_leaves_nothing(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """No task, no socket, no subscription, no sign-in; timers would fail any test."""
    async with office(hass, emulator, follow=["account"]) as story:
        # A call that may turn out to be missed is waited for, and so is a doubt about its ringing.
        await story.call("ring")
        await story.shows(ringing="on")
        await emulator.set_presence(story.own, {"dndStatus": "DoNotAcceptAnyCalls"})
        await story.shows(do_not_disturb="on")
    await nothing_left_later(hass, emulator)
    assert emulator.counters.requests[REVOKE] == 1


@pytest.mark.parametrize(
    "trouble",
    [
        {"silent_sockets": True},
        {"http_5xx": [{"status": 503}]},
        {"http_5xx": [{"path": "*/presence", "method": "GET"}]},
        {"permissions_removed": ["WebSocket"]},
        {"token_error": {"code": "OAU-213"}},
        {"lose_subscribe_replies": 9},
        {"reply_delay": 0.5},
    ],
    ids=lambda trouble: next(iter(trouble)),
)
async def test_an_unload_in_the_middle_of_trouble_leaves_nothing(
    hass: HomeAssistant, emulator: Emulator, trouble: dict[str, Any]
) -> None:
    """Whatever is being waited for: a reply, the grace, the next try, the user."""
    with hasty():
        async with office(hass, emulator) as story:
            asked = emulator.counters.requests[TICKET]
            emulator.faults.set(**trouble)
            await emulator.disconnect(code=1001, recoverable=False)
            await story.lost()
            await emulator.wait_for(lambda: emulator.counters.requests[TICKET] > asked)
            emulator.faults.clear()
        await nothing_left_later(hass, emulator)


async def test_a_start_that_comes_to_nothing_leaves_nothing(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """Connected, but the service says no word: set-up is tried again, and holds up nobody meanwhile."""
    emulator.faults.set(silent_sockets=True)
    retry = ConfigEntryState.SETUP_RETRY
    with patch(
        "custom_components.ringcentral.aioringcentral.account.lifecycle.START_TIMEOUT",
        0.2,
    ):
        async with office(hass, emulator, state=retry) as story:
            placeholders = story.entry.error_reason_translation_placeholders
            assert placeholders == {"reason": "cannot_connect"}
            assert our_tasks() == []
            await emulator.wait_for(lambda: emulator.counters.sockets_open == 0)


async def test_an_entry_that_is_removed_leaves_nothing(
    hass: HomeAssistant, emulator: Emulator, hass_storage: dict[str, Any]
) -> None:
    """Also where its set-up was still being tried: the sign-in that was kept for it ends."""
    emulator.faults.set(permissions_removed=["WebSocket"])
    retry = ConfigEntryState.SETUP_RETRY
    async with office(hass, emulator, state=retry) as story:
        assert issues(hass) != []
        kept = f"ringcentral.{story.entry.entry_id}"
        hass_storage[kept] = {"version": 1, "data": {"department": [story.own]}}
        emulator.faults.set(
            permissions_removed=[], http_5xx=[{"path": "*/presence", "status": 503}]
        )
        await hass.config_entries.async_reload(story.entry.entry_id)
        assert open_sessions(emulator) == 1
        assert await hass.config_entries.async_remove(story.entry.entry_id)
        await nothing_left(emulator)
        assert issues(hass) == []
        assert kept not in hass_storage


# "It flaps every few minutes, and fills the logbook."


async def test_what_changes_nothing_writes_nothing(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """An event that brings the same presence once more wakes nobody."""
    async with office(hass, emulator) as story:
        await story.call("ring", "answer")
        await story.shows(on_call="on")
        await story.all_heard()
        story.forget()
        truth = emulator.truth_of(story.own)
        for sequence in range(10**6, 10**6 + 5):
            body = {**truth, "extensionId": story.own, "sequence": sequence}
            assert await emulator.deliver(story.own, body) == 1
        # One that says nothing at all, and one about somebody whom nobody follows.
        await emulator.deliver(story.own, {"extensionId": story.own})
        await emulator.deliver(story.own, {**truth, "extensionId": "4711"})
        await story.all_heard()
        assert story.changes == []
        assert story.reported == []


async def test_an_answer_that_stays_is_not_written_again(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """A held call is still a call: what asks for it has nothing new to say."""
    async with office(hass, emulator) as story:
        await story.call("ring", "answer")
        await story.shows(on_call="on")
        await story.all_heard()
        story.forget()
        await story.call("hold")
        await story.shows(telephony_status="on_hold")
        await story.all_heard()
        assert {entity for entity, _, _ in story.changes} == {
            story.entity("status"),
            story.entity("telephony_status"),
            story.entity("call"),
        }
        assert story.reported == []


async def test_a_loss_in_the_moment_of_an_unload_leaves_no_timer(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """The task that is being ended may still tell of a loss: the grace must not begin after it was cancelled."""
    async with office(hass, emulator) as story:
        coordinator = story.coordinator
        stopping = asyncio.create_task(_stop(coordinator))
        await asyncio.sleep(0)
        assert not stopping.done()
        coordinator.account._lifecycle.stream_lost(RetryLater(Reason.SERVICE_ERROR))
        await stopping
        assert coordinator.availability._cancel is None
