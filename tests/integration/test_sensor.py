"""Sensors: which there are, and what they show."""

from homeassistant.const import STATE_UNKNOWN, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import snapshot_platform
from pytest_homeassistant_custom_component.syrupy import HomeAssistantSnapshotExtension
from syrupy.assertion import SnapshotAssertion

from custom_components.ringcentral.const import (
    CALLER_FULL,
    CALLER_HIDDEN,
    CALLER_NAME,
    CONF_CALLER_IDENTITY,
)
from emulator import Emulator

from .stories import office, only, park_location, talking


@pytest.fixture
def snapshot(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    """Return snapshots as Home Assistant writes them."""
    return snapshot.use_extension(HomeAssistantSnapshotExtension)


async def test_all_sensors(
    hass: HomeAssistant,
    emulator: Emulator,
    entity_registry: er.EntityRegistry,
    snapshot: SnapshotAssertion,
) -> None:
    own, park = emulator.own_extension_id, park_location(emulator)
    with only(Platform.SENSOR):
        async with office(
            hass,
            emulator,
            follow=["chosen"],
            extensions=[own, park],
            caller_identity=CALLER_NAME,
        ) as story:
            await emulator.deliver(own, talking(own))
            await story.shows(telephony_status="call_connected")
            await snapshot_platform(
                hass, entity_registry, snapshot, story.entry.entry_id
            )


@pytest.mark.parametrize(
    ("key", "field", "words"),
    [
        (
            "telephony_status",
            "telephonyStatus",
            {
                "Ringing": "ringing",
                "CallConnected": "call_connected",
                "OnHold": "on_hold",
                "ParkedCall": "parked_call",
                "NoCall": "no_call",
            },
        ),
        (
            "presence_status",
            "presenceStatus",
            {"Busy": "busy", "Offline": "offline", "Available": "available"},
        ),
        (
            "user_status",
            "userStatus",
            {"Busy": "busy", "Offline": "offline", "Available": "available"},
        ),
        (
            "dnd_status",
            "dndStatus",
            {
                "DoNotAcceptAnyCalls": "do_not_accept_any_calls",
                "DoNotAcceptDepartmentCalls": "do_not_accept_department_calls",
                "TakeDepartmentCallsOnly": "take_department_calls_only",
                "Unknown": STATE_UNKNOWN,
                "TakeAllCalls": "take_all_calls",
            },
        ),
        (
            "meeting_status",
            "meetingStatus",
            {"Connected": "connected", "Disconnected": "disconnected"},
        ),
    ],
)
async def test_every_word_of_the_service(
    hass: HomeAssistant,
    emulator: Emulator,
    key: str,
    field: str,
    words: dict[str, str],
) -> None:
    async with office(hass, emulator) as story:
        state = hass.states.get(story.entity(key))
        assert state is not None
        assert set(words.values()) - {STATE_UNKNOWN} == set(state.attributes["options"])
        for sequence, (word, shown) in enumerate(words.items(), 10**6):
            body = {"extensionId": story.own, "sequence": sequence, field: word}
            await emulator.deliver(story.own, body)
            await story.shows(**{key: shown})


async def test_calls_are_counted_and_timed(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    async with office(hass, emulator) as story:
        assert story.now("active_calls") == "0"
        assert story.now("call_started") == STATE_UNKNOWN
        await emulator.deliver(story.own, talking(story.own))
        await story.shows(active_calls="1", call_started="2026-11-24T09:00:00+00:00")
        two = talking(story.own)["activeCalls"] + [
            {
                "id": "c4f2",
                "sessionId": "70002",
                "telephonyStatus": "OnHold",
                "startTime": "2026-11-24T08:30:00Z",
            }
        ]
        body = talking(
            story.own, sequence=10**6 + 1, activeCalls=two, totalActiveCalls=2
        )
        await emulator.deliver(story.own, body)
        # The longest of them.
        await story.shows(active_calls="2", call_started="2026-11-24T08:30:00+00:00")
        body = {
            "extensionId": story.own,
            "sequence": 10**6 + 2,
            "telephonyStatus": "NoCall",
        }
        await emulator.deliver(story.own, body)
        await story.shows(active_calls="0", call_started=STATE_UNKNOWN)


async def test_who_is_on_the_line_shows_where_it_was_asked_for(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    async with office(hass, emulator, caller_identity=CALLER_FULL) as story:
        assert story.now("caller") == "no_call"
        await story.call(
            "ring", name="one", from_="+14155550177", from_name="Zacharias Caller"
        )
        await story.shows(caller="known")
        state = hass.states.get(story.entity("caller"))
        assert state is not None
        assert state.attributes["caller_name"] == "Zacharias Caller"
        assert state.attributes["caller_number"] == "+14155550177"
        await story.call("missed", name="one")
        await story.shows(caller="no_call")
        state = hass.states.get(story.entity("caller"))
        assert state is not None
        assert "caller_name" not in state.attributes
        assert "caller_number" not in state.attributes


async def test_callers_that_are_hidden_again_leave_no_entity(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    async with office(hass, emulator, caller_identity=CALLER_FULL) as story:
        registry = er.async_get(hass)
        ours = registry.async_update_entity(story.entity("caller"), name="Who is it?")

        async def choose(caller_identity: str) -> None:
            options = {**story.entry.options, CONF_CALLER_IDENTITY: caller_identity}
            hass.config_entries.async_update_entry(story.entry, options=options)
            assert await hass.config_entries.async_reload(story.entry.entry_id)
            await hass.async_block_till_done()

        await choose(CALLER_HIDDEN)
        assert registry.async_get(ours.entity_id) is None
        assert hass.states.get(ours.entity_id) is None
        # All others stay.
        assert story.now("telephony_status") == "no_call"

        await choose(CALLER_NAME)
        again = registry.async_get(ours.entity_id)
        assert again is not None
        assert again.name == "Who is it?"
        assert story.now("caller") == "no_call"


async def test_a_caller_without_a_name_is_withheld(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    async with office(hass, emulator, caller_identity=CALLER_NAME) as story:
        call = {**talking(story.own)["activeCalls"][0], "fromName": ""}
        await emulator.deliver(story.own, talking(story.own, activeCalls=[call]))
        await story.shows(caller="withheld")


async def test_the_account_counts_its_extensions(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    async with office(hass, emulator, follow=["account"]) as story:
        truth = emulator.truth()
        available = [
            key
            for key in story.followed()
            if truth[key].get("presenceStatus") == "Available"
        ]
        assert story.account_now("extensions_available") == str(len(available))
        await story.call("ring", at=available[0])
        await story.shows(available[0], telephony_status="ringing")
        assert story.account_now("extensions_ringing") == "1"
        await story.call("answer", at=available[0])
        await story.shows(available[0], telephony_status="call_connected")
        assert story.account_now("extensions_ringing") == "0"
        assert story.account_now("extensions_on_call") == "1"
        assert story.account_now("extensions_available") == str(len(available) - 1)
