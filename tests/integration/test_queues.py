"""Queues: who takes their calls, who waits in them, and logging in and out; never in the way of presence."""

import asyncio
from functools import partial
import logging
from typing import Any
from unittest.mock import patch

from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import config_validation as cv, entity_registry as er
from homeassistant.helpers.trigger import async_validate_trigger_config
import pytest
import voluptuous as vol

from emulator import Emulator

from .call_stories import ANNA, BELL, BEN, OWN, QUEUE, Clock, Who, cast, following
from .stories import TICKET, Story, issues, lines, settling_at_once
from .test_trigger import automate, automation, entities, names

HOME = "custom_components.ringcentral.aioringcentral.account.queues"
TAKES = "takes_queue_calls_{}_switch"
# What it is where others decide.
SHOWN = "takes_queue_calls_{}"
OWN_QUEUES = "GET /restapi/v1.0/account/{id}/extension/{id}/call-queue-presence"
MEMBERS = "GET /restapi/v1.0/account/{id}/call-queues/{id}/presence"


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read changes without waiting for more of them."""
    monkeypatch.setattr(f"{HOME}._COLLECT", 0.0)


@pytest.fixture
def people(emulator: Emulator) -> dict[Who, str]:
    found = cast(emulator)
    emulator.membership.set_queue(
        found[QUEUE], [found[OWN], found[ANNA], found[BEN]], None
    )
    return found


def log(emulator: Emulator, queue: str, member: str, *, takes: bool) -> None:
    """Have a member log in to a queue or out of it."""
    account = emulator._service.account
    account.set_queue_calls(int(queue), {int(member): takes})


def has_asked(emulator: Emulator, times: int) -> bool:
    """Whether the members of a queue were read so often."""
    return emulator.counters.requests[MEMBERS] >= times


def switch(story: Story, queue: str) -> str:
    """Return the id of the user's switch for a queue."""
    return story.entity(TAKES.format(queue))


async def turn(story: Story, queue: str, word: str) -> None:
    await story.hass.services.async_call(
        "switch",
        f"turn_{word}",
        {"entity_id": switch(story, queue)},
        blocking=True,
    )


async def test_the_user_logs_out_of_a_queue_and_in(
    hass: HomeAssistant, emulator: Emulator, people: dict[Who, str]
) -> None:
    queue = people[QUEUE]
    async with following(hass, emulator) as story:
        state = hass.states.get(switch(story, queue))
        assert state is not None
        assert state.state == "on"
        name = emulator.extension(queue).name
        assert state.attributes["friendly_name"].endswith(f"Takes calls of {name}")
        story.forget()
        await turn(story, queue, "off")
        assert emulator.queues()[queue]["members"][story.own] is False
        await story.all_heard()
        await turn(story, queue, "on")
        await story.shows(**{TAKES.format(queue): "on"})
        assert emulator.queues()[queue]["members"][story.own] is True
        await story.all_heard()
        # It never went back in between.
        assert story.seen(TAKES.format(queue)) == ["off", "on"]


async def test_what_others_change_shows(
    hass: HomeAssistant, emulator: Emulator, people: dict[Who, str]
) -> None:
    queue = people[QUEUE]
    async with following(hass, emulator) as story:
        for takes, state in ((False, "off"), (True, "on")):
            log(emulator, queue, story.own, takes=takes)
            await story.shows(**{TAKES.format(queue): state})
        assert emulator.counters.requests[OWN_QUEUES] == 2


@pytest.mark.parametrize("body", ["records", "flat"])
async def test_members_are_counted_whatever_shape_an_event_has(
    hass: HomeAssistant, emulator: Emulator, people: dict[Who, str], body: str
) -> None:
    emulator.faults.set(queue_event=body)
    queue, anna, ben = people[QUEUE], people[ANNA], people[BEN]
    async with following(hass, emulator, [people[OWN], anna, ben, queue]) as story:
        await story.shows(queue, members_available="3", members_on_call="0")
        log(emulator, queue, anna, takes=False)
        await story.shows(queue, members_available="2")
        log(emulator, queue, story.own, takes=False)
        await story.shows(queue, members_available="1")
        await emulator.play_call(ben, ["ring"], call="one")
        await story.shows(ben, status="ringing")
        # A phone that rings can still be answered.
        assert story.now("members_available", queue) == "1"
        await emulator.play_call(ben, ["answer"], call="one")
        await story.shows(queue, members_available="0", members_on_call="1")
        await emulator.play_call(ben, ["hangup"], call="one")
        await story.shows(queue, members_available="1", members_on_call="0")
        await emulator.set_presence(ben, {"dndStatus": "DoNotAcceptAnyCalls"})
        await story.shows(queue, members_available="0")
        assert story.now("members_on_call", queue) == "0"


async def test_of_members_who_are_not_followed_it_is_known_who_takes_calls_only(
    hass: HomeAssistant, emulator: Emulator, people: dict[Who, str]
) -> None:
    queue, anna = people[QUEUE], people[ANNA]
    async with following(hass, emulator, [people[OWN], queue]) as story:
        await story.shows(queue, members_available="3", members_on_call=STATE_UNKNOWN)
        # That nothing is taken of any queue is in readings alone.
        await emulator.set_presence(anna, {"dndStatus": "DoNotAcceptAnyCalls"})
        await story.shows(queue, members_available="2")
        await emulator.set_presence(anna, {"dndStatus": "TakeAllCalls"})
        await story.shows(queue, members_available="3")


async def test_who_joins_or_leaves_a_queue_is_counted(
    hass: HomeAssistant, emulator: Emulator, people: dict[Who, str]
) -> None:
    queue, own, anna = people[QUEUE], people[OWN], people[ANNA]
    async with following(hass, emulator, [own, anna, queue]) as story:
        await story.shows(queue, members_available="3")
        await emulator.set_queue(queue, members=[anna])
        await story.shows(queue, members_available="1", members_on_call="0")
        key = story.unique_id(TAKES.format(queue), own)
        await story.until(lambda: key not in story.entities())
        await emulator.set_queue(queue, members=[anna, own])
        await story.shows(queue, members_available="2")
        await story.until(lambda: key in story.entities())
        await story.shows(**{TAKES.format(queue): "on"})
        log(emulator, queue, own, takes=False)
        await story.shows(**{TAKES.format(queue): "off"})


async def test_where_others_decide_there_is_no_switch(
    hass: HomeAssistant, emulator: Emulator, people: dict[Who, str]
) -> None:
    queue = people[QUEUE]
    await emulator.set_queue(queue, editable=False)
    async with following(hass, emulator) as story:
        assert story.now(TAKES.format(queue)) is None
        await story.shows(**{SHOWN.format(queue): "on"})
        log(emulator, queue, story.own, takes=False)
        await story.shows(**{SHOWN.format(queue): "off"})
        # And what is allowed again is a switch again.
        await emulator.set_queue(queue, editable=True)
        await story.reload()
        await story.shows(**{TAKES.format(queue): "off"})
        assert story.now(SHOWN.format(queue)) is None


async def test_a_change_that_is_refused_goes_back_and_says_why(
    hass: HomeAssistant, emulator: Emulator, people: dict[Who, str]
) -> None:
    queue = people[QUEUE]
    async with following(hass, emulator) as story:
        await emulator.set_queue(queue, editable=False)
        with pytest.raises(ServiceValidationError) as raised:
            await turn(story, queue, "off")
        assert raised.value.translation_key == "may_not_change_queue"
        # What it is now is read, too.
        await story.shows(**{SHOWN.format(queue): "on"})
        assert story.now(TAKES.format(queue)) is None


async def test_a_change_that_fails_for_now_goes_back(
    hass: HomeAssistant, emulator: Emulator, people: dict[Who, str]
) -> None:
    queue = people[QUEUE]
    async with following(hass, emulator) as story:
        emulator.faults.set(
            http_5xx=[{"path": "*/call-queue-presence", "status": 503, "next": 1}]
        )
        with pytest.raises(HomeAssistantError):
            await turn(story, queue, "off")
        await story.shows(**{TAKES.format(queue): "on"})


async def test_whoever_waits_is_counted(
    hass: HomeAssistant, emulator: Emulator, people: dict[Who, str]
) -> None:
    queue, anna = people[QUEUE], people[ANNA]
    async with following(hass, emulator, [anna, queue]) as story:
        await story.shows(queue, waiting_calls="0", waiting_since=STATE_UNKNOWN)
        await emulator.play_call(queue, ["ring"], call="one")
        await story.shows(queue, waiting_calls="1")
        first = story.now("waiting_since", queue)
        assert first not in (None, STATE_UNKNOWN)
        await emulator.play_call(queue, ["ring"], call="two")
        await story.shows(queue, waiting_calls="2", waiting_since=str(first))
        await emulator.play_call(queue, ["answer"], call="one", answered_by=anna)
        await story.shows(queue, waiting_calls="1")
        await emulator.play_call(queue, ["hangup"], call="two")
        await story.shows(queue, waiting_calls="0", waiting_since=STATE_UNKNOWN)


@pytest.mark.parametrize("refusal", ["whole", "partial"])
async def test_a_refused_filter_costs_no_presence(
    hass: HomeAssistant,
    emulator: Emulator,
    people: dict[Who, str],
    caplog: pytest.LogCaptureFixture,
    refusal: str,
) -> None:
    emulator.faults.set(refuse_filters={"*/call-queues/*": "SUB-403"}, refusal=refusal)
    queue = people[QUEUE]
    async with following(hass, emulator, [people[OWN], queue]) as story:
        assert story.now("members_available", queue) is None
        assert emulator.counters.requests[MEMBERS] == 0
        # The user's own can be read, and set.
        await turn(story, queue, "off")
        await story.shows(**{TAKES.format(queue): "off"})
        assert issues(hass) == []
        assert len([line for line in lines(caplog) if "ueue" in line]) == 1
        await story.call("ring")
        await story.shows(status="ringing")


async def test_a_reading_that_may_not_be_made_is_no_failure(
    hass: HomeAssistant,
    emulator: Emulator,
    people: dict[Who, str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    emulator.faults.set(queue_readings="forbidden")
    queue = people[QUEUE]
    async with following(hass, emulator, [people[OWN], queue]) as story:
        assert story.now("members_available", queue) is None
        assert not [key for key in story.entities() if "takes_queue_calls" in key]
        assert story.now("waiting_calls", queue) == "0"
        assert issues(hass) == []
        assert len([line for line in lines(caplog) if "ueue" in line]) == 1
        await story.call("ring")
        await story.shows(status="ringing")


async def test_what_changed_in_a_break_is_read(
    hass: HomeAssistant, emulator: Emulator, people: dict[Who, str]
) -> None:
    queue, own = people[QUEUE], people[OWN]
    async with following(hass, emulator, [own, queue]) as story:
        emulator.faults.set(wstoken_error={"status": 503, "code": "CMN-201"})
        await emulator.disconnect(recoverable=False)
        await story.lost()
        log(emulator, queue, own, takes=False)
        emulator.faults.clear()
        await story.live()
        await story.shows(**{TAKES.format(queue): "off"})
        await story.shows(queue, members_available="2")


async def test_the_queues_of_an_earlier_run_are_read_once(
    hass: HomeAssistant, emulator: Emulator, people: dict[Who, str]
) -> None:
    queue = people[QUEUE]
    async with following(hass, emulator) as story:
        story.forget()
        emulator.counters.requests.clear()
        await story.reload()
        await story.shows(**{TAKES.format(queue): "on"})
        log(emulator, queue, story.own, takes=False)
        await story.shows(**{TAKES.format(queue): "off"})
        assert emulator.counters.requests[OWN_QUEUES] == 1
        assert emulator.counters.requests[TICKET] == 1
        assert story.seen(TAKES.format(queue)) == [STATE_UNAVAILABLE, "on", "off"]


async def test_other_queues_than_in_an_earlier_run_show(
    hass: HomeAssistant, emulator: Emulator, people: dict[Who, str]
) -> None:
    queue = people[QUEUE]
    other = next(key for key in emulator.ids(type="Department") if key != queue)
    await emulator.set_queue(other, members=[people[ANNA]], editable=True)
    async with following(hass, emulator) as story:
        key = story.unique_id(TAKES.format(queue), story.own)
        assert key in story.entities()
        entry_id = story.entry.entry_id
        assert await hass.config_entries.async_unload(entry_id)
        await emulator.set_queue(queue, members=[people[ANNA]])
        await emulator.set_queue(other, members=[people[ANNA], story.own])
        assert await hass.config_entries.async_setup(entry_id)
        await story.shows(**{TAKES.format(other): "on"})
        assert key not in story.entities()
        log(emulator, other, story.own, takes=False)
        await story.shows(**{TAKES.format(other): "off"})


async def test_a_start_does_not_wait_for_queues(
    hass: HomeAssistant, emulator: Emulator, people: dict[Who, str]
) -> None:
    queue = people[QUEUE]
    async with following(hass, emulator, [people[OWN], queue]) as story:
        await story.shows(queue, members_available="3")
        slow = {"kind": "slow", "path": "*/call-queue*", "seconds": 1.0, "next": 2}
        emulator.faults.set(odd=[slow])
        await story.reload()
        assert story.now("status") == "available"
        assert story.now(TAKES.format(queue)) == STATE_UNAVAILABLE
        assert story.now("members_available", queue) == STATE_UNAVAILABLE
        await story.shows(**{TAKES.format(queue): "on"})
        await story.shows(queue, members_available="3")


async def test_queues_that_are_read_during_an_unload_add_nothing(
    hass: HomeAssistant, emulator: Emulator, people: dict[Who, str]
) -> None:
    """What a platform gets while it is taken away may outlive it, in the way of the next start."""
    queue = people[QUEUE]
    async with following(hass, emulator) as story:
        entry_id = story.entry.entry_id
        slow = {"kind": "slow", "path": "*/call-queue*", "seconds": 0.5, "next": 1}
        emulator.faults.set(odd=[slow])
        await story.reload()
        story.forget()
        unload = hass.config_entries.async_unload_platforms

        async def read_before(*arguments: Any) -> bool:
            known = story.entry.runtime_data.account.queues
            assert known.own is None
            await story.until(lambda: known.own is not None)
            return await unload(*arguments)

        with patch.object(hass.config_entries, "async_unload_platforms", read_before):
            assert await hass.config_entries.async_unload(entry_id)
        assert "on" not in story.seen(TAKES.format(queue))
        assert await hass.config_entries.async_setup(entry_id)
        await story.shows(**{TAKES.format(queue): "on"})


async def test_a_queue_with_another_name_is_called_so(
    hass: HomeAssistant, emulator: Emulator, people: dict[Who, str]
) -> None:
    queue = people[QUEUE]
    async with following(hass, emulator) as story:
        entity_id = switch(story, queue)

        def called(name: str) -> bool:
            state = hass.states.get(entity_id)
            assert state is not None
            return str(state.attributes["friendly_name"]).endswith(
                f"Takes calls of {name}"
            )

        story.forget()
        await emulator.rename_extension(queue, "Returns")
        await story.until(lambda: called("Returns"))
        assert switch(story, queue) == entity_id
        assert story.seen_unavailable() == []
        entry = er.async_get(hass).async_get(entity_id)
        assert entry is not None
        assert entry.original_name == "Takes calls of Returns"
        # A name that cannot be read leaves the one before.
        await emulator.rename_extension(queue, "\n")
        log(emulator, queue, story.own, takes=False)
        await story.shows(**{TAKES.format(queue): "off"})
        assert called("Returns")


@pytest.mark.parametrize("is_followed", [True, False])
async def test_a_queue_that_is_deleted_is_not_said_to_be_left_out(
    hass: HomeAssistant,
    emulator: Emulator,
    people: dict[Who, str],
    caplog: pytest.LogCaptureFixture,
    is_followed: bool,
) -> None:
    queue = people[QUEUE]
    chosen = [people[OWN], people[ANNA], *([queue] if is_followed else [])]
    async with following(hass, emulator, chosen) as story:
        entity_id = switch(story, queue)
        caplog.clear()
        await emulator.remove_extension(queue)
        await story.until(lambda: hass.states.get(entity_id) is None)
        # The subscription is made again.
        await emulator.disconnect(recoverable=False)
        await story.lost()
        await story.live()
        await story.all_heard()
        assert "left out" not in caplog.text


async def test_a_queue_that_is_followed_later_is_counted(
    hass: HomeAssistant, emulator: Emulator, people: dict[Who, str]
) -> None:
    queue = people[QUEUE]
    await emulator.set_lines([])
    with settling_at_once():
        async with following(
            hass, emulator, [people[OWN]], follow="own lines"
        ) as story:
            assert story.now("members_available", queue) is None
            await emulator.set_lines([queue])
            await story.shows(queue, members_available="3", waiting_calls="0")
            await emulator.set_lines([])
            await story.until(lambda: queue not in story.followed())
            await emulator.set_lines([queue])
            await story.shows(queue, members_available="3", waiting_calls="0")


async def test_whoever_follows_nobody_in_a_queue_asks_nothing(
    hass: HomeAssistant, emulator: Emulator, people: dict[Who, str]
) -> None:
    async with following(hass, emulator, [people[ANNA]]) as story:
        assert story.now("status", people[ANNA]) == "available"
        assert emulator.counters.requests[OWN_QUEUES] == 0
        assert emulator.counters.requests[MEMBERS] == 0


async def test_a_queue_that_nobody_attends(
    hass: HomeAssistant, emulator: Emulator, people: dict[Who, str]
) -> None:
    queue, own, anna = people[QUEUE], people[OWN], people[ANNA]
    await emulator.set_queue(queue, members=[own, anna])
    async with following(hass, emulator, [own, anna, queue]) as story:
        device = story.device(queue)
        assert device is not None
        attended: Any = automation(
            "attended", "queue_unattended", {"device_id": [device.id]}
        )
        attended["conditions"] = [
            {
                "condition": "ringcentral.queue_is_attended",
                "target": {"device_id": [device.id]},
            }
        ]
        fired = await automate(
            hass,
            automation("nobody", "queue_unattended", {"device_id": [device.id]}),
            attended,
        )
        log(emulator, queue, own, takes=False)
        await story.shows(queue, members_available="1")
        await emulator.play_call(anna, ["ring", "answer"], call="one")
        await story.shows(queue, members_available="0")
        await story.until(lambda: names(fired) == ["nobody"])
        assert entities(fired) == [story.entity("members_available", queue)]
        await emulator.play_call(anna, ["hangup"], call="one")
        await story.shows(queue, members_available="1")
        assert names(fired) == ["nobody"]


async def test_a_call_that_waits_for_too_long(
    hass: HomeAssistant, emulator: Emulator, people: dict[Who, str]
) -> None:
    queue = people[QUEUE]
    with Clock(hass) as clock:
        async with following(hass, emulator, [queue]) as story:
            target = {"entity_id": [story.entity("waiting_calls", queue)]}
            fired = await automate(
                hass,
                automation("waits", "queue_call_waiting", target),
                automation("long", "queue_call_waiting", target, {"for": "00:01:00"}),
            )
            await emulator.play_call(queue, ["ring"], call="one")
            await story.shows(queue, waiting_calls="1")
            await story.until(lambda: names(fired) == ["waits"])
            await clock.move_on(58)
            assert names(fired) == ["waits"]
            await clock.move_on(4)
            assert names(fired) == ["waits", "long"]
            await clock.move_on(120)
            assert names(fired) == ["waits", "long"]
            await emulator.play_call(queue, ["hangup"], call="one")
            await story.shows(queue, waiting_calls="0")
            await clock.move_on(120)
            assert names(fired) == ["waits", "long"]


async def test_the_call_event_of_a_queue_is_about_queue_calls(
    hass: HomeAssistant, emulator: Emulator, people: dict[Who, str]
) -> None:
    """Or else an answered call would look like anybody's missed one."""
    queue = people[QUEUE]
    async with following(hass, emulator, [queue]) as story:
        await emulator.play_call(queue, ["ring", "answer", "hangup"], interval=0)
        await story.all_heard()
        state = hass.states.get(story.entity("call", queue))
        assert state is not None
        assert state.attributes["event_type"] == "missed"
        assert state.attributes["queue_call"] is True
        assert state.attributes["queue"] == emulator.extension(queue).name


async def test_a_call_that_waited_before_a_start_is_no_news(
    hass: HomeAssistant, emulator: Emulator, people: dict[Who, str]
) -> None:
    queue = people[QUEUE]
    async with following(hass, emulator, [queue]) as story:
        target = {"entity_id": [story.entity("waiting_calls", queue)]}
        fired = await automate(hass, automation("waits", "queue_call_waiting", target))
        await emulator.play_call(queue, ["ring"], call="one")
        await story.until(lambda: names(fired) == ["waits"])
        await story.reload()
        await story.shows(queue, waiting_calls="1")
        await story.all_heard()
        assert names(fired) == ["waits"]


@pytest.mark.parametrize("trigger", ["queue_call_waiting", "queue_unattended"])
async def test_a_person_is_no_queue(
    hass: HomeAssistant, emulator: Emulator, people: dict[Who, str], trigger: str
) -> None:
    async with following(hass, emulator, [people[ANNA], people[QUEUE]]) as story:
        target = {"entity_id": [story.entity("status", people[ANNA])]}
        with pytest.raises(vol.Invalid, match="call queue"):
            await async_validate_trigger_config(
                hass,
                cv.TRIGGER_SCHEMA(automation("no", trigger, target)["triggers"]),
            )


@pytest.mark.parametrize("is_late", [True, False], ids=["overtaken", "in order"])
async def test_an_event_that_was_overtaken_changes_nothing(
    hass: HomeAssistant, emulator: Emulator, people: dict[Who, str], is_late: bool
) -> None:
    queue, anna = people[QUEUE], people[ANNA]
    async with following(hass, emulator, [anna, queue]) as story:
        if is_late:
            emulator.faults.set(reorder_next=1)
        log(emulator, queue, anna, takes=False)
        # The service tells the time in milliseconds.
        await asyncio.sleep(0.01)
        log(emulator, queue, anna, takes=True)
        await story.all_heard()
        await story.shows(queue, members_available="3")


async def test_an_event_that_came_twice_is_read_about_once(
    hass: HomeAssistant, emulator: Emulator, people: dict[Who, str]
) -> None:
    queue, anna = people[QUEUE], people[ANNA]
    async with following(hass, emulator, [anna, queue]) as story:
        readings = emulator.counters.requests[MEMBERS]
        emulator.faults.set(duplicate_next=1)
        log(emulator, queue, anna, takes=False)
        await story.shows(queue, members_available="2")
        await story.until(lambda: emulator.counters.requests[MEMBERS] == readings + 1)
        assert story.now("members_available", queue) == "2"


async def test_people_outside_a_queue_wake_nothing_of_it(
    hass: HomeAssistant, emulator: Emulator, people: dict[Who, str]
) -> None:
    queue, anna, bell = people[QUEUE], people[ANNA], people[BELL]
    async with following(hass, emulator, [anna, bell, queue]) as story:
        asked: list[str] = []
        hub = story.coordinator.queues
        available = hub.available

        def count(queue_id: str) -> int | None:
            asked.append(queue_id)
            return available(queue_id)

        with patch.object(hub, "available", count):
            await story.call("ring", "answer", "hangup", at=bell)
            await story.all_heard()
            assert asked == []
            await story.call("ring", "answer", "hangup", at=anna)
            await story.all_heard()
            assert asked


async def test_a_name_of_a_queue_is_in_no_log(
    hass: HomeAssistant,
    emulator: Emulator,
    people: dict[Who, str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    queue = people[QUEUE]
    emulator.faults.set(queue_readings="forbidden")
    with caplog.at_level(logging.DEBUG):
        async with following(hass, emulator, [people[OWN], queue]):
            name = emulator.extension(queue).name
            assert not [line for line in lines(caplog, logging.DEBUG) if name in line]


async def test_a_reading_that_fails_for_now_is_made_again(
    hass: HomeAssistant, emulator: Emulator, people: dict[Who, str]
) -> None:
    queue = people[QUEUE]
    emulator.faults.set(http_5xx=[{"path": "*/call-queue*", "status": 503, "next": 3}])
    async with following(hass, emulator, [people[OWN], queue]) as story:
        await story.shows(queue, members_available="3")
        await story.shows(**{TAKES.format(queue): "on"})
        # And from now on by its events.
        log(emulator, queue, story.own, takes=False)
        await story.shows(**{TAKES.format(queue): "off"})
        await story.shows(queue, members_available="2")


async def test_a_right_that_is_taken_away_leaves_no_number(
    hass: HomeAssistant, emulator: Emulator, people: dict[Who, str]
) -> None:
    queue, own = people[QUEUE], people[OWN]
    async with following(hass, emulator, [own, queue]) as story:
        await story.shows(queue, members_available="3")
        emulator.faults.set(queue_readings="forbidden")
        await emulator.set_queue(queue, members=[own])
        await story.shows(
            queue,
            members_available=STATE_UNAVAILABLE,
            members_on_call=STATE_UNAVAILABLE,
            waiting_calls="0",
        )
        await story.shows(**{TAKES.format(queue): STATE_UNAVAILABLE})
        assert issues(hass) == []


async def test_queues_leave_presence_its_share_of_requests(
    hass: HomeAssistant,
    emulator: Emulator,
    people: dict[Who, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(f"{HOME}._MINUTE", 2.0)
    queue, anna = people[QUEUE], people[ANNA]
    async with following(hass, emulator, [anna, queue]) as story:
        began = hass.loop.time()
        first = emulator.counters.requests[MEMBERS]
        for made in range(30):
            wanted = first + made + 1
            emulator.faults.set(duplicate_next=1)
            takes = not emulator.queues()[queue]["members"][anna]
            log(emulator, queue, anna, takes=takes)
            await story.until(partial(has_asked, emulator, wanted))
        assert hass.loop.time() - began >= 1.5
