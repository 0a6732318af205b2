"""Sensors: which there are, and what they show."""

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN, Platform
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util, slugify
import pytest
from pytest_homeassistant_custom_component.common import (
    mock_restore_cache_with_extra_data,
    snapshot_platform,
)
from pytest_homeassistant_custom_component.syrupy import HomeAssistantSnapshotExtension
from syrupy.assertion import SnapshotAssertion

from custom_components.ringcentral.aioringcentral.status import Status
from custom_components.ringcentral.const import (
    CALLER_FULL,
    CALLER_HIDDEN,
    CALLER_NAME,
    CONF_CALLER_IDENTITY,
    DOMAIN,
)
from custom_components.ringcentral.since import Since
from emulator import Emulator

from . import entry_for
from .stories import Story, hasty, office, only, park_location, talking

SENSOR = "custom_components.ringcentral.sensor"
TODAY = "custom_components.ringcentral.today"


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
    clock = SimpleNamespace(utcnow=lambda: datetime(2026, 11, 24, 9, tzinfo=UTC))
    with (
        only(Platform.SENSOR),
        patch(f"{SENSOR}.dt_util", clock),
        patch(f"{TODAY}._today", lambda: date(2026, 11, 24)),
    ):
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


async def test_the_status_has_the_name_of_the_device(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    async with office(hass, emulator) as story:
        state, device = hass.states.get(story.entity("status")), story.device(story.own)
        assert state is not None
        assert device is not None
        assert state.name == device.name
        assert state.attributes["options"] == [str(each) for each in Status]


async def test_the_status_is_the_first_that_is_true(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    async with office(hass, emulator) as story:
        own = story.own
        assert story.now("status") == "available"
        await emulator.set_presence(own, {"userStatus": "Offline"})
        await story.shows(status="offline")
        await emulator.set_presence(own, {"userStatus": "Busy"})
        await story.shows(status="busy")
        await emulator.set_presence(own, {"dndStatus": "DoNotAcceptAnyCalls"})
        await story.shows(status="do_not_disturb")
        await emulator.set_presence(own, {"meetingStatus": "Connected"})
        await story.shows(status="in_meeting", do_not_disturb="on")
        await story.call("dial", name="out")
        # RingCentral calls both ringing.
        await story.shows(status="dialing", telephony_status="ringing", ringing="off")
        await story.call("answer", name="out")
        await story.shows(status="on_call")
        await story.call("ring", name="in")
        await story.shows(status="ringing", on_call="on")
        await story.call("missed", name="in")
        await story.shows(status="on_call")
        await story.call("hold", name="out")
        await story.shows(status="on_hold")


def since(story: Story) -> datetime:
    """Return since when the status is shown."""
    state = story.hass.states.get(story.entity("status"))
    assert state is not None
    found: datetime = state.attributes["since"]
    return found


async def test_since_when_is_of_the_status_that_is_shown(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    async with office(hass, emulator) as story:
        began = since(story)
        assert began <= dt_util.utcnow()
        await story.call("ring")
        await story.shows(status="ringing")
        ringing = since(story)
        assert ringing > began
        # The same status, whatever else changes.
        await emulator.set_presence(story.own, {"dndStatus": "DoNotAcceptAnyCalls"})
        await story.shows(status="ringing", do_not_disturb="on")
        assert since(story) == ringing


async def test_times_go_on_when_the_connection_was_lost(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    with hasty(grace=0.05):
        async with office(hass, emulator) as story:
            began = since(story)
            emulator.faults.set(wstoken_error={"status": 503, "code": "CMN-201"})
            await emulator.disconnect(recoverable=False)
            await story.shows(status=STATE_UNAVAILABLE)
            emulator.faults.clear()
            await story.shows(status="available")
            assert since(story) == began


async def test_times_go_on_over_a_reload(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    async with office(hass, emulator) as story:
        began = since(story)
        await story.reload()
        assert since(story) == began
        assert await hass.config_entries.async_unload(story.entry.entry_id)
        await emulator.set_presence(story.own, {"userStatus": "Busy"})
        assert await hass.config_entries.async_setup(story.entry.entry_id)
        await story.shows(status="busy")
        assert since(story) > began


@pytest.mark.parametrize(
    "was_reachable", [True, False], ids=["running", "unavailable as it stopped"]
)
async def test_times_go_on_over_a_restart(
    hass: HomeAssistant, emulator: Emulator, was_reachable: bool
) -> None:
    then = dt_util.utcnow() - timedelta(minutes=18)
    kept = Since("available", then).as_dict()
    entity_id = f"sensor.{slugify(emulator.extension(emulator.own_extension_id).name)}"
    state = State(entity_id, "available" if was_reachable else STATE_UNAVAILABLE)
    mock_restore_cache_with_extra_data(hass, [(state, kept)])
    async with office(hass, emulator) as story:
        assert story.entity("status") == entity_id
        assert since(story) == then


@pytest.mark.parametrize(
    "kept",
    [
        {},
        {"status": "available", "since": None},
        {"status": "available", "since": "yesterday"},
        {"status": "available", "since": "2026-11-24T09:00:00"},
        {"status": None, "since": "2026-11-24T09:00:00+00:00"},
        {"status": "available", "since": "2999-01-01T00:00:00+00:00"},
        {"status": "busy", "since": "2026-11-24T09:00:00+00:00"},
    ],
)
def test_what_cannot_have_been_is_not_gone_on_with(kept: dict[str, Any]) -> None:
    now = dt_util.utcnow()
    assert Since.from_dict(kept, now).then("available", now).at == now


def test_what_is_unknown_for_a_while_ends_nothing() -> None:
    began, later = dt_util.utcnow() - timedelta(hours=1), dt_util.utcnow()
    kept = Since("busy", began).then(None, later)
    assert kept.then("busy", later).at == began
    assert kept.then("available", later).at == later


@pytest.mark.parametrize(
    ("identity", "expected"),
    [
        (CALLER_HIDDEN, None),
        (CALLER_NAME, "Zacharias Caller"),
        (CALLER_FULL, "Zacharias Caller"),
    ],
)
async def test_the_status_names_the_caller_where_that_was_asked_for(
    hass: HomeAssistant, emulator: Emulator, identity: str, expected: str | None
) -> None:
    async with office(hass, emulator, caller_identity=identity) as story:

        def caller() -> tuple[str | None, str | None]:
            state = hass.states.get(story.entity("status"))
            assert state is not None
            return state.attributes.get("caller_name"), state.attributes.get(
                "caller_number"
            )

        await story.call("ring", name="one", from_name="Zacharias Caller")
        await story.shows(status="ringing")
        assert caller() == (expected, None)
        await story.call("answer", name="one")
        await story.shows(status="on_call")
        await story.call("ring", name="two", from_name="Someone Else")
        await story.shows(status="ringing")
        # The one who rings, not the one on the line.
        assert caller()[0] == (expected and "Someone Else")
        await story.call("missed", name="two")
        await story.shows(status="on_call")
        assert caller()[0] == expected
        await story.call("hangup", name="one")
        await story.shows(status="available")
        assert caller() == (None, None)


@pytest.mark.defaults
async def test_what_is_on_by_default(hass: HomeAssistant, emulator: Emulator) -> None:
    """Few: what a person understands, and what automations need."""
    park, queue = park_location(emulator), emulator.ids(type="Department")[0]
    async with office(
        hass, emulator, follow=["own", "chosen"], extensions=[park, queue]
    ) as story:

        def keys(extension_id: str) -> set[str]:
            start = story.unique_id("", extension_id)
            return {key.removeprefix(start) for key in story.entities(extension_id)}

        assert keys(story.own) == {
            "call",
            "calls_today",
            "dnd_status",
            "do_not_disturb",
            "do_not_disturb_switch",
            "in_meeting",
            "missed_calls_today",
            "on_call",
            "presence_status",
            "ringing",
            "set_user_status",
            "status",
            f"takes_queue_calls_{queue}_switch",
            "talk_time_today",
            "telephony_status",
        }
        assert keys(queue) == {
            "active_calls",
            "call",
            "members_available",
            "members_on_call",
            "telephony_status",
            "waiting_calls",
            "waiting_since",
        }
        assert keys(park) == {"active_calls", "call", "telephony_status"}


@pytest.mark.defaults
async def test_what_a_registry_knows_stays_as_it_is(
    hass: HomeAssistant, emulator: Emulator, entity_registry: er.EntityRegistry
) -> None:
    """Entities of an earlier version are not turned off by another default."""
    entry = entry_for(emulator)
    entry.add_to_hass(hass)
    unique_id = f"{emulator.account_id}_{emulator.own_extension_id}_active_calls"
    known = entity_registry.async_get_or_create(
        Platform.SENSOR, DOMAIN, unique_id, config_entry=entry
    )
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    state = hass.states.get(known.entity_id)
    assert state is not None
    assert state.state == "0"
    assert await hass.config_entries.async_unload(entry.entry_id)


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
        assert story.account_now("extensions_available") == str(len(available) - 1)
        await story.call("answer", at=available[0])
        await story.shows(available[0], telephony_status="call_connected")
        assert story.account_now("extensions_ringing") == "0"
        assert story.account_now("extensions_on_call") == "1"
        assert story.account_now("extensions_available") == str(len(available) - 1)
