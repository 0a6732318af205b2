"""The call event: what it tells beside its type, to whom, and when it keeps quiet."""

from collections.abc import Iterator
from typing import Any

from homeassistant.components.event import ATTR_EVENT_TYPE, ATTR_EVENT_TYPES
from homeassistant.const import STATE_UNKNOWN
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import (
    mock_restore_cache,
    mock_restore_cache_with_extra_data,
)

from custom_components.ringcentral.const import (
    ATTR_CALLER_NAME,
    ATTR_CALLER_NUMBER,
    CALLER_FULL,
    CALLER_HIDDEN,
    CALLER_NAME,
    CONF_CALLER_IDENTITY,
)
from emulator import Emulator

from .call_stories import OWN, PARK, Clock, cast, following
from .stories import Story, hasty

NAME, NUMBER = "Zora Quill", "+14155550177"
CALLER = {"from_": NUMBER, "from_name": NAME}
TOLD = frozenset({"direction", "queue_call", "duration"})

SHOWN: dict[str, dict[str, str]] = {
    CALLER_HIDDEN: {},
    CALLER_NAME: {ATTR_CALLER_NAME: NAME},
    CALLER_FULL: {ATTR_CALLER_NAME: NAME, ATTR_CALLER_NUMBER: NUMBER},
}


@pytest.fixture
def clock(hass: HomeAssistant) -> Iterator[Clock]:
    with Clock(hass) as running:
        yield running


def said(story: Story, extension_id: str | None = None) -> dict[str, Any]:
    """Return what the last event says, its type included."""
    state = story.hass.states.get(story.entity("call", extension_id))
    assert state is not None
    kept = {ATTR_EVENT_TYPE, ATTR_CALLER_NAME, ATTR_CALLER_NUMBER, *TOLD}
    return {key: value for key, value in state.attributes.items() if key in kept}


def told(story: Story, extension_id: str | None = None) -> int:
    """Return how many events were told since the story began."""
    states = story.seen("call", extension_id)
    return len({state for state in states if state and state[0].isdigit()})


async def test_the_types_are_those_of_the_design(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    async with following(hass, emulator) as story:
        state = hass.states.get(story.entity("call"))
        assert state is not None
        assert state.state == STATE_UNKNOWN
        assert set(state.attributes[ATTR_EVENT_TYPES]) == {
            "ringing",
            "dialing",
            "answered",
            "held",
            "resumed",
            "parked",
            "missed",
            "ended",
            "missed_outcome",
        }


@pytest.mark.parametrize("mode", SHOWN)
async def test_who_calls_is_told_as_far_as_the_user_chose(
    hass: HomeAssistant, emulator: Emulator, mode: str
) -> None:
    async with following(hass, emulator, caller_identity=mode) as story:
        await emulator.play_call(story.own, ["ring"], call="c", **CALLER)
        await story.all_heard()
        about = {"direction": "inbound", "queue_call": False, **SHOWN[mode]}
        assert said(story) == {ATTR_EVENT_TYPE: "ringing", **about}
        await emulator.play_call(story.own, ["answer"], call="c")
        await story.all_heard()
        assert said(story) == {ATTR_EVENT_TYPE: "answered", **about}
        await emulator.play_call(story.own, ["hangup"], call="c")
        await story.all_heard()
        assert said(story) == {ATTR_EVENT_TYPE: "ended", "duration": 0.0, **about}


@pytest.mark.parametrize("mode", SHOWN)
async def test_of_a_call_that_goes_out_the_other_side_is_told(
    hass: HomeAssistant, emulator: Emulator, mode: str
) -> None:
    async with following(hass, emulator, caller_identity=mode) as story:
        await emulator.play_call(
            story.own, ["dial", "hangup"], to=NUMBER, to_name=NAME, from_name="Me"
        )
        await story.all_heard()
        assert said(story) == {
            ATTR_EVENT_TYPE: "ended",
            "direction": "outbound",
            "queue_call": False,
            **SHOWN[mode],
        }


async def test_a_withheld_number_is_no_text(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """The caller was shown as the text "None"."""
    async with following(hass, emulator, caller_identity=CALLER_FULL) as story:
        await emulator.deliver(
            story.own,
            {
                "extensionId": story.own,
                "telephonyStatus": "Ringing",
                "activeCalls": [
                    {
                        "id": "1",
                        "direction": "Inbound",
                        "telephonyStatus": "Ringing",
                        "fromName": "",
                        "from": None,
                    }
                ],
            },
        )
        await story.all_heard()
        assert said(story) == {ATTR_EVENT_TYPE: "ringing", "direction": "inbound"}


async def test_a_call_of_a_queue_says_so(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    async with following(hass, emulator) as story:
        await emulator.play_call(story.own, ["ring"], queue_call=True)
        await story.all_heard()
        assert said(story) == {
            ATTR_EVENT_TYPE: "ringing",
            "direction": "inbound",
            "queue_call": True,
        }


async def test_a_call_names_its_queue_and_the_number_that_was_called(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """Neither is a caller's: they are shown whatever callers may show."""
    async with following(hass, emulator) as story:
        await emulator.play_call(
            story.own,
            ["ring"],
            queue_call=True,
            queue_name="Support",
            to="+14155550100",
            **CALLER,
        )
        await story.all_heard()
        state = hass.states.get(story.entity("call", story.own))
        assert state is not None
        assert state.attributes["queue"] == "Support"
        assert state.attributes["called_number"] == "+14155550100"
        assert not {ATTR_CALLER_NAME, ATTR_CALLER_NUMBER} & state.attributes.keys()
        await emulator.play_call(story.own, ["dial"], call="out", to="+14155550111")
        await story.all_heard()
        state = hass.states.get(story.entity("call", story.own))
        assert state is not None
        assert not {"queue", "called_number"} & state.attributes.keys()


async def test_what_is_not_known_is_not_told(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """An account without details of calls has neither direction nor queue, in any mode."""
    emulator.faults.set(account_detailed_calls=False)
    async with following(
        hass, emulator, follow="account", caller_identity=CALLER_FULL
    ) as story:
        await emulator.play_call(story.own, ["ring"], call="c", **CALLER)
        await story.all_heard()
        assert said(story) == {ATTR_EVENT_TYPE: "ringing"}
        await emulator.play_call(story.own, ["answer", "hangup"], call="c")
        await story.all_heard()
        assert said(story).keys() == {ATTR_EVENT_TYPE, "duration"}


# Durations.


async def test_the_duration_is_talk_and_hold_without_ringing(
    hass: HomeAssistant, emulator: Emulator, clock: Clock
) -> None:
    async with following(hass, emulator) as story:
        for word, seconds in (("ring", 2), ("answer", 3), ("hold", 4), ("resume", 5)):
            await emulator.play_call(story.own, [word], call="c")
            await story.all_heard()
            assert "duration" not in said(story)
            await clock.move_on(seconds)
        await emulator.play_call(story.own, ["hangup"], call="c")
        await story.all_heard()
        assert said(story)["duration"] == pytest.approx(12, abs=0.9)


@pytest.mark.parametrize(
    ("script", "type_"),
    [(["ring", "missed"], "missed"), (["dial", "hangup"], "ended")],
)
async def test_a_call_that_nobody_took_has_no_duration(
    hass: HomeAssistant, emulator: Emulator, script: list[str], type_: str
) -> None:
    async with following(hass, emulator) as story:
        await emulator.play_call(story.own, script)
        await story.all_heard()
        assert said(story)[ATTR_EVENT_TYPE] == type_
        assert "duration" not in said(story)


async def test_parallel_calls_have_each_their_own_duration(
    hass: HomeAssistant, emulator: Emulator, clock: Clock
) -> None:
    async with following(hass, emulator) as story:
        await emulator.play_call(story.own, ["ring", "answer"], call="a")
        await story.all_heard()
        await clock.move_on(4)
        await emulator.play_call(story.own, ["ring", "answer"], call="b")
        await story.all_heard()
        await clock.move_on(2)
        await emulator.play_call(story.own, ["hangup"], call="a")
        await story.all_heard()
        assert said(story)["duration"] == pytest.approx(6, abs=0.9)
        await emulator.play_call(story.own, ["hangup"], call="b")
        await story.all_heard()
        assert said(story)["duration"] == pytest.approx(2, abs=0.9)


async def test_a_call_that_was_not_seen_from_the_start_has_no_duration(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    async with following(hass, emulator) as story:
        await emulator.play_call(story.own, ["ring", "answer"], call="c")
        await story.all_heard()
        await story.reload()
        await emulator.play_call(story.own, ["hangup"], call="c")
        await story.all_heard()
        assert said(story) == {
            ATTR_EVENT_TYPE: "ended",
            "direction": "inbound",
            "queue_call": False,
        }


async def test_a_parked_call_has_the_duration_until_then_where_it_was_parked_from(
    hass: HomeAssistant, emulator: Emulator, clock: Clock
) -> None:
    people = cast(emulator)
    own, park = people[OWN], people[PARK]
    async with following(hass, emulator, [own, park]) as story:
        await emulator.play_call(own, ["ring", "answer"], call="c")
        await story.all_heard()
        await clock.move_on(3)
        await emulator.play_call(own, ["park"], call="c", park_location=park)
        await story.all_heard()
        assert said(story, own)[ATTR_EVENT_TYPE] == "ended"
        assert said(story, own)["duration"] == pytest.approx(3, abs=0.9)
        assert said(story, park)[ATTR_EVENT_TYPE] == "parked"
        assert "duration" not in said(story, park)


# Keeping quiet.


async def test_nothing_is_told_of_a_call_that_is_there_already(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    await emulator.play_call(emulator.own_extension_id, ["ring"], call="a")
    await emulator.play_call(emulator.own_extension_id, ["ring", "answer"], call="b")
    async with following(hass, emulator) as story:
        await story.all_heard()
        assert story.now("call") == STATE_UNKNOWN
        assert story.now("active_calls") == "2"


async def test_a_reload_tells_nothing_and_keeps_the_last_event(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """Events fired again on reload."""
    async with following(hass, emulator) as story:
        await emulator.play_call(story.own, ["ring", "answer"], call="c")
        await story.all_heard()
        before, about = story.now("call"), said(story)
        await story.reload()
        await story.all_heard()
        assert story.now("call") == before
        assert said(story) == about
        assert told(story) == 2


async def test_a_restart_brings_the_last_event_back(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    entity_id = "event.bianca_jones_call"
    moment = "2026-11-20T08:30:00.000+00:00"
    last = {
        "last_event_type": "missed",
        "last_event_attributes": {"direction": "inbound", "queue_call": True},
    }
    mock_restore_cache_with_extra_data(hass, [(State(entity_id, moment), last)])
    await emulator.play_call(emulator.own_extension_id, ["ring"])
    async with following(hass, emulator) as story:
        assert story.entity("call") == entity_id
        assert story.now("call") == moment
        assert said(story) == {
            ATTR_EVENT_TYPE: "missed",
            "direction": "inbound",
            "queue_call": True,
        }


async def test_a_restart_without_a_last_event(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    mock_restore_cache(hass, [State("event.bianca_jones_call", STATE_UNKNOWN)])
    async with following(hass, emulator) as story:
        assert story.now("call") == STATE_UNKNOWN
        await emulator.play_call(story.own, ["ring"])
        await story.all_heard()
        assert said(story)[ATTR_EVENT_TYPE] == "ringing"


async def test_the_way_back_from_being_unavailable_tells_nothing(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    with hasty(grace=0.05):
        async with following(hass, emulator) as story:
            await emulator.play_call(story.own, ["ring", "answer"], call="c")
            await story.all_heard()
            last = story.now("call")
            emulator.faults.set(http_5xx=[{"path": "*", "status": 503}])
            await emulator.disconnect(recoverable=False)
            await story.shows(call="unavailable")
            emulator.faults.clear()
            await story.live()
            assert story.now("call") == last
            assert told(story) == 2


async def test_things_that_happen_at_once_are_told_one_by_one(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """Each has a moment of its own, or triggers would take the second for the first."""
    async with following(hass, emulator) as story:
        await emulator.play_call(story.own, ["ring", "answer", "hold"], call="a")
        await emulator.play_call(story.own, ["ring", "answer"], call="b")
        await story.all_heard()
        story.forget()
        await emulator.play_call(story.own, ["swap"], call="b")
        await story.all_heard()
        assert len(story.seen("call")) == told(story) == 2


async def test_nothing_is_told_to_an_entity_that_is_gone(
    hass: HomeAssistant, emulator: Emulator, entity_registry: er.EntityRegistry
) -> None:
    async with following(hass, emulator) as story:
        entity_id = story.entity("call")
        entity_registry.async_remove(entity_id)
        await hass.async_block_till_done()
        await emulator.play_call(story.own, ["ring", "missed"])
        await story.all_heard()
        assert hass.states.get(entity_id) is None


async def test_it_tells_on_under_another_name(
    hass: HomeAssistant, emulator: Emulator, entity_registry: er.EntityRegistry
) -> None:
    async with following(hass, emulator) as story:
        entity_registry.async_update_entity(
            story.entity("call"), new_entity_id="event.front_desk"
        )
        await hass.async_block_till_done()
        await emulator.play_call(story.own, ["ring"])
        await story.all_heard()
        state = hass.states.get("event.front_desk")
        assert state is not None
        assert state.attributes[ATTR_EVENT_TYPE] == "ringing"


# Answers of REST that are faster than events.


@pytest.mark.parametrize(
    ("action", "data"),
    [("get_presence", {}), ("set_presence", {"message": "On the phone"})],
    ids=["reading", "setting"],
)
async def test_an_event_is_told_although_its_change_was_read_before(
    hass: HomeAssistant, emulator: Emulator, action: str, data: dict[str, str]
) -> None:
    """An automation that reads or sets presence must not make a call unheard."""
    async with following(hass, emulator) as story:
        emulator.faults.set(delay=0.1)
        await emulator.play_call(story.own, ["ring"])
        await hass.services.async_call(
            "ringcentral",
            action,
            {"entity_id": story.entity("call"), **data},
            blocking=True,
            return_response=action == "get_presence",
        )
        # Comes after the event of the call.
        await emulator.set_presence(story.own, {"meetingStatus": "Connected"})
        await story.shows(in_meeting="on")
        assert said(story)[ATTR_EVENT_TYPE] == "ringing"


# A choice that is taken back.


@pytest.mark.parametrize("mode", [CALLER_HIDDEN, CALLER_NAME])
async def test_whoever_chooses_to_see_less_sees_less_at_once(
    hass: HomeAssistant, emulator: Emulator, mode: str
) -> None:
    """Also of the last event, which is shown again after the reload."""
    async with following(hass, emulator, caller_identity=CALLER_FULL) as story:
        await emulator.play_call(story.own, ["ring", "missed"], **CALLER)
        await story.all_heard()
        hass.config_entries.async_update_entry(
            story.entry, options={**story.entry.options, CONF_CALLER_IDENTITY: mode}
        )
        await story.reload()
        shown = said(story)
        assert shown[ATTR_EVENT_TYPE] == "missed"
        assert {ATTR_CALLER_NAME, ATTR_CALLER_NUMBER} & shown.keys() <= SHOWN[
            mode
        ].keys()
