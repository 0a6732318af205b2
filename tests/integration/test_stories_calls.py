"""Stories of calls: states that were wrong, or that stuck."""

from typing import Any
from unittest.mock import patch

from homeassistant.core import HomeAssistant
import pytest

from emulator import Emulator

from .stories import PRESENCE, colleagues, hasty, office, park_location

DOUBTS = "custom_components.ringcentral.aioringcentral.suspects"


async def test_a_second_call_that_ends_leaves_the_first_one(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """As reported: "A second caller gives up while I talk, and my busy light goes off."."""
    async with office(hass, emulator) as story:
        await story.call("ring", "answer", name="first")
        await story.shows(telephony_status="call_connected", on_call="on")
        await story.call("ring", name="second")
        await story.all_heard()
        story.forget()
        await story.call("missed", name="second")
        await story.all_heard()
        assert story.now("on_call") == "on"
        assert story.now("telephony_status") == "call_connected"
        assert story.seen("on_call") == []
        await story.call("hangup", name="first")
        await story.shows(telephony_status="no_call", on_call="off")


async def test_whichever_of_two_calls_ends_first(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """As reported: "I took a second call, ended it, and went back to the first: I was shown as free."."""
    async with office(hass, emulator) as story:
        await story.call("ring", "answer", "hold", name="first")
        await story.call("ring", "answer", name="second")
        await story.shows(telephony_status="call_connected", on_call="on")
        await story.call("hangup", name="second")
        await story.shows(telephony_status="on_hold", on_call="on")
        await story.call("resume", "hangup", name="first")
        await story.shows(telephony_status="no_call", on_call="off")
        assert story.seen("on_call") == ["on", "off"]


async def test_two_lines_do_not_mix(hass: HomeAssistant, emulator: Emulator) -> None:
    """As reported: "With two lines the state is that of whichever was heard of last."."""
    one, other = colleagues(emulator, 2)
    async with office(
        hass, emulator, follow=["chosen"], extensions=[one, other]
    ) as story:
        await story.call("ring", "answer", at=one)
        await story.call("ring", at=other)
        await story.shows(one, telephony_status="call_connected", ringing="off")
        await story.shows(other, telephony_status="ringing", on_call="off")
        await story.call("missed", at=other)
        await story.shows(other, telephony_status="no_call", ringing="off")
        assert story.now("telephony_status", one) == "call_connected"


async def test_ringing_that_nobody_ended_heals(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """As reported: "A blocked number called once, and the phone rings in Home Assistant for ever."."""
    with patch(f"{DOUBTS}._RINGING_AFTER", 0.2):
        async with office(hass, emulator) as story:
            await story.call("ring")
            await story.shows(telephony_status="ringing", ringing="on")
            emulator.faults.set(drop_next=1)
            await story.call("missed")
            await story.shows(telephony_status="no_call", ringing="off")


async def test_a_doubt_that_cannot_be_cleared_up_at_once(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """The service does not answer for now: it is asked again."""
    with patch(f"{DOUBTS}._RINGING_AFTER", 0.1):
        async with office(hass, emulator) as story:
            emulator.faults.set(
                http_5xx=[{"path": "*/presence", "status": 503, "next": 1}]
            )
            await story.call("ring")
            await story.shows(telephony_status="ringing")
            emulator.faults.set(drop_next=1)
            await story.call("missed")
            await story.shows(telephony_status="no_call", ringing="off")


async def test_ringing_that_goes_on_is_no_reason_to_ask_for_ever(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """A phone that does ring is asked about once in each period, and stays as it is."""
    with patch(f"{DOUBTS}._RINGING_AFTER", 0.1):
        async with office(hass, emulator) as story:
            await story.call("ring")
            await story.shows(ringing="on")
            asked = emulator.counters.requests[PRESENCE]
            await emulator.wait_for(
                lambda: emulator.counters.requests[PRESENCE] >= asked + 2
            )
            assert story.seen("ringing") == ["on"]


async def test_ringing_for_an_instant_is_seen(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """As reported: "It rang for milliseconds, and my automation never saw it."."""
    async with office(hass, emulator) as story:
        await story.call("ring", "missed")
        await story.all_heard()
        assert story.seen("telephony_status") == ["ringing", "no_call"]
        assert story.seen("ringing") == ["on", "off"]


async def test_a_meeting_does_not_hide_the_call(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """As reported: "The meeting's message came last, and the call was gone."."""
    async with office(hass, emulator) as story:
        await story.call("ring", "answer")
        await emulator.set_presence(story.own, {"meetingStatus": "Connected"})
        await emulator.set_presence(story.own, {"dndStatus": "DoNotAcceptAnyCalls"})
        await story.shows(in_meeting="on", do_not_disturb="on")
        assert story.now("telephony_status") == "call_connected"
        await emulator.set_presence(story.own, {"meetingStatus": "Disconnected"})
        await story.shows(in_meeting="off", meeting_status="disconnected")
        assert story.now("on_call") == "on"
        await story.call("hangup")
        await story.shows(on_call="off", do_not_disturb="on")
        assert story.seen("on_call") == ["on", "off"]


async def test_a_call_that_flaps_ends_right(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """As reported: "Ringing, no call, ringing, connected within a second: what is it now?"."""
    async with office(hass, emulator) as story:
        await story.call("ring", "elsewhere", name="leg one")
        await story.call("ring", "answer", name="leg two")
        await story.all_heard()
        assert story.seen("telephony_status") == [
            "ringing",
            "no_call",
            "ringing",
            "call_connected",
        ]
        assert story.now("on_call") == "on"
        assert story.now("ringing") == "off"


async def test_dialing_does_not_ring(hass: HomeAssistant, emulator: Emulator) -> None:
    """As reported: "My own outgoing call shows as ringing, and the doorbell automation runs."."""
    async with office(hass, emulator) as story:
        await story.call("dial")
        await story.shows(telephony_status="ringing")
        await story.call("answer", "hangup")
        await story.shows(telephony_status="no_call")
        assert story.seen("ringing") == []
        assert story.seen("on_call") == ["on", "off"]


async def test_a_call_that_ended_during_a_new_sign_in_is_over(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """As reported: "The sign-in was renewed in mid-call, and the call never ended."."""
    async with office(hass, emulator) as story:
        await story.call("ring", "answer")
        await story.shows(telephony_status="call_connected", on_call="on")
        emulator.revoke_tokens()
        await story.call("hangup")
        await story.shows(telephony_status="no_call", on_call="off")
        assert story.seen_unavailable() == []


async def test_an_older_event_changes_nothing(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """As reported: "Ringing arrived after connected, and stayed."."""
    async with office(hass, emulator) as story:
        await story.call("ring")
        await story.shows(telephony_status="ringing")
        emulator.faults.set(reorder_next=1)
        await story.call("answer", "hangup")
        await story.shows(telephony_status="no_call")
        await story.all_heard()
        assert story.coordinator.presences.overtaken == 1
        assert story.seen("telephony_status") == ["ringing", "no_call"]


async def test_everything_twice_is_once(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """The same event may come again, after a recovery or from two sockets."""
    async with office(hass, emulator) as story:
        emulator.faults.set(duplicate=1.0)
        await story.call("ring", "answer", "hangup")
        await story.all_heard()
        assert story.seen("telephony_status") == [
            "ringing",
            "call_connected",
            "no_call",
        ]


async def test_a_list_that_is_shorter_than_the_count_is_read_again(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """As reported: "The list of calls lacked one, and nobody noticed."."""
    with patch(f"{DOUBTS}._DISAGREE_AFTER", 0.1):
        async with office(hass, emulator) as story:
            await emulator.deliver(
                story.own,
                {
                    "extensionId": story.own,
                    "telephonyStatus": "CallConnected",
                    "activeCalls": [],
                    "totalActiveCalls": 2,
                },
            )
            await story.shows(telephony_status="call_connected")
            # What the service says when it is asked: there is no call.
            await story.shows(telephony_status="no_call", on_call="off")


async def test_nothing_of_a_call_is_left(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """As reported: "The call is over, and one sensor still shows it."."""
    async with office(hass, emulator) as story:
        before = story.all_states()
        await story.call("ring", "answer", "hold", "resume", "hangup")
        await story.all_heard()
        after = story.all_states()
        # When something last happened is meant to stay, and what there was of it today.
        kept = f"{emulator.account_id}_{story.own}_"
        changed = {key for key in after if after[key] != before[key]}
        assert all(
            key == f"{kept}call" or (key.startswith(kept) and key.endswith("_today"))
            for key in changed
        ), changed
        assert story.seen("telephony_status") == [
            "ringing",
            "call_connected",
            "on_hold",
            "call_connected",
            "no_call",
        ]
        assert story.seen("on_call") == ["on", "off"]


async def test_a_parked_call_shows_where_it_is_parked(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """A call that nobody holds any more is at its park location, until someone takes it."""
    park = park_location(emulator)
    own = emulator.own_extension_id
    async with office(
        hass, emulator, follow=["chosen"], extensions=[own, park]
    ) as story:
        await story.call("ring", "answer", "park", at=own, name="c", park_location=park)
        await story.shows(park, telephony_status="parked_call")
        await story.shows(own, telephony_status="no_call", on_call="off")
        await story.call("retrieve", at=own, name="c")
        await story.shows(park, telephony_status="no_call")
        await story.shows(own, telephony_status="call_connected")


@pytest.mark.parametrize(
    "shape",
    [
        {"string_ids": True},
        {"partial_bodies": True},
        {"extra_fields": True},
        {"always_telephony_status": True},
        {"hangup_as_two": True},
        {"empty_active_calls": "list"},
        {"event_uri": "filter"},
        {"new_fields": True, "new_call_handling": True},
        {"account_detailed_calls": False},
        {"unknown_enums": ["dndStatus", "userStatus"]},
        {"omit": ["activeCalls", "totalActiveCalls"]},
    ],
    ids=lambda shape: next(iter(shape)),
)
@pytest.mark.parametrize("follow", ["own", "account"])
async def test_a_call_shows_whatever_its_events_look_like(
    hass: HomeAssistant, emulator: Emulator, follow: str, shape: dict[str, Any]
) -> None:
    """As reported: "The events of my account differ from the documentation."."""
    emulator.faults.set(**shape)
    async with office(hass, emulator, follow=[follow]) as story:
        await story.call("ring", "answer", "hold", "resume", "hangup")
        await story.all_heard()
        assert story.seen("telephony_status") == [
            "ringing",
            "call_connected",
            "on_hold",
            "call_connected",
            "no_call",
        ]
        assert story.seen("on_call") == ["on", "off"]
        assert story.now("presence_status") == "available"


async def test_a_word_that_nobody_knows_is_unknown(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """A value that was invented later costs its sensor alone, and only as long as it is there."""
    async with office(hass, emulator) as story:
        emulator.faults.set(unknown_enums=["telephonyStatus"])
        await story.call("ring")
        await story.shows(telephony_status="unknown", presence_status="available")
        emulator.faults.clear()
        await story.call("answer")
        await story.shows(telephony_status="call_connected", presence_status="busy")


async def test_a_call_of_a_queue_rings_at_its_members(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """A queue has no presence of its own; whoever answers talks, the others are free again."""
    queue = emulator.ids(type="Department")[0]
    async with office(hass, emulator, follow=["account"]) as story:
        await story.call("ring", "answer", at=queue, answered_by=story.own)
        await story.shows(telephony_status="call_connected", on_call="on")
        await story.all_heard()
        assert queue not in story.followed()
        ringing = [key for key in story.followed() if story.now("ringing", key) == "on"]
        assert ringing == []


async def test_many_drops_in_one_call(hass: HomeAssistant, emulator: Emulator) -> None:
    """Whatever happens to the line meanwhile, the call is shown as it is."""
    with hasty():
        async with office(hass, emulator) as story:
            for word, recoverable in (
                ("ring", True),
                ("answer", False),
                ("hold", True),
                ("resume", False),
                ("hangup", True),
            ):
                await emulator.disconnect(code=1001, recoverable=recoverable)
                await story.call(word, name="c")
                await story.lost()
                await story.live()
            await story.shows(telephony_status="no_call", on_call="off")
            assert story.seen("on_call") == ["on", "off"]
            assert story.seen_unavailable() == []


async def test_a_value_of_another_kind_costs_itself_alone(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """A list where a word belongs: the event is taken, and the connection stays."""
    async with office(hass, emulator) as story:
        call = {"id": "c4f1", "direction": [], "telephonyStatus": {"a": 1}}
        body = {
            "extensionId": story.own,
            "sequence": 10**6,
            "telephonyStatus": "CallConnected",
            "activeCalls": [call],
        }
        await emulator.deliver(story.own, body)
        await story.shows(telephony_status="call_connected")
        assert story.coordinator.account.stream.history.losses == 0
