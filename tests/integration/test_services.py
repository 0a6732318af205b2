"""The actions: whom a target means, what is sent, what comes back, and what is refused with which words."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from unittest.mock import patch

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import (
    HomeAssistantError,
    ServiceValidationError,
    Unauthorized,
    UnknownUser,
)
from homeassistant.helpers import (
    area_registry as ar,
    device_registry as dr,
    entity_registry as er,
    label_registry as lr,
)
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser
import voluptuous as vol

from custom_components.ringcentral.aioringcentral.batches import Readings
from custom_components.ringcentral.aioringcentral.error_codes import error_from_reply
from custom_components.ringcentral.aioringcentral.errors import Reason, RetryLater
from custom_components.ringcentral.aioringcentral.models import PresenceUpdate
from custom_components.ringcentral.aioringcentral.rest import Rest
from custom_components.ringcentral.const import (
    ATTR_CALLER_NAME,
    ATTR_CALLER_NUMBER,
    CALLER_FULL,
    CALLER_HIDDEN,
    CALLER_NAME,
    DOMAIN,
)
from emulator import Emulator

from . import entry_for, missing_texts
from .call_stories import ANNA, BEN, OWN, PARK, QUEUE, Who, cast, following
from .stories import PRESENCE, Story, emulated, settling_at_once, sign_in_flows

PUT = PRESENCE.replace("GET", "PUT")
SET, GET = "set_presence", "get_presence"
FOLLOWED = (OWN, ANNA, BEN, PARK)
NAME, NUMBER = "Zora Quill", "+14155550177"


@pytest.fixture
def people(emulator: Emulator) -> dict[Who, str]:
    return cast(emulator)


@pytest.fixture
async def story(
    hass: HomeAssistant, emulator: Emulator, people: dict[Who, str]
) -> AsyncIterator[Story]:
    async with following(hass, emulator, [people[who] for who in FOLLOWED]) as found:
        yield found


def device_id(story: Story, extension_id: str) -> str:
    """Return the id of an extension's device."""
    device = story.device(extension_id)
    assert device is not None
    return device.id


def target(story: Story, *extension_ids: str) -> dict[str, Any]:
    """Return a target that means extensions, by device."""
    return {"device_id": [device_id(story, each) for each in extension_ids]}


async def set_presence(story: Story, **data: Any) -> None:
    """Call the action that sets presence."""
    await story.hass.services.async_call(DOMAIN, SET, data, blocking=True)


async def get_presence(story: Story, **data: Any) -> dict[str, dict[str, Any]]:
    """Call the action that reads presence, and return what it found by extension."""
    response = await story.hass.services.async_call(
        DOMAIN, GET, data, blocking=True, return_response=True
    )
    assert response is not None
    assert response.keys() == {"extensions"}
    found: Any = response["extensions"]
    return dict(found)


def said(error: HomeAssistantError) -> str:
    """Return the key of what the user is told, which has to be a text with all its values."""
    assert error.translation_domain == DOMAIN
    assert error.translation_key is not None
    assert not missing_texts(
        ("exceptions", error.translation_key, "message"),
        error.translation_placeholders,
    )
    return error.translation_key


def writes(emulator: Emulator) -> int:
    """Return how often presence was written."""
    return emulator.counters.requests[PUT]


def status(emulator: Emulator, extension_id: str) -> str:
    """Return the user status of an extension as the service has it."""
    found: str = emulator.truth()[extension_id]["userStatus"]
    return found


# Setting.


@pytest.mark.parametrize(
    ("data", "truth"),
    [
        ({"user_status": "busy"}, {"userStatus": "Busy"}),
        ({"user_status": "offline"}, {"userStatus": "Offline"}),
        (
            {"dnd_status": "do_not_accept_any_calls"},
            {"dndStatus": "DoNotAcceptAnyCalls"},
        ),
        (
            {"dnd_status": "do_not_accept_department_calls"},
            {"dndStatus": "DoNotAcceptDepartmentCalls"},
        ),
        ({"message": "Back at two"}, {"message": "Back at two"}),
        ({"message": "x" * 75}, {"message": "x" * 75}),
        ({"message": "Back \ud83d"}, {"message": "Back \ufffd"}),
        ({"message": "\ud83d\ude00"}, {"message": "\U0001f600"}),
        (
            {
                "user_status": "busy",
                "dnd_status": "do_not_accept_any_calls",
                "message": "In a workshop",
            },
            {
                "userStatus": "Busy",
                "dndStatus": "DoNotAcceptAnyCalls",
                "message": "In a workshop",
            },
        ),
    ],
    ids="+".join,
)
async def test_what_is_given_is_set_in_one_request(
    story: Story, emulator: Emulator, data: dict[str, str], truth: dict[str, str]
) -> None:
    before = emulator.truth()[story.own]
    await set_presence(story, **target(story, story.own), **data)
    after = emulator.truth()[story.own]
    computed = {"presenceStatus"}
    different = {key for key in after if after[key] != before.get(key)} - computed
    assert different == truth.keys()
    assert truth.items() <= after.items()
    assert writes(emulator) == 1


async def test_an_empty_message_takes_it_away(story: Story, emulator: Emulator) -> None:
    await set_presence(story, **target(story, story.own), message="Back at two")
    await set_presence(story, **target(story, story.own), message="")
    assert "message" not in emulator.truth()[story.own]


async def test_what_was_set_shows_at_once(story: Story, emulator: Emulator) -> None:
    await set_presence(
        story,
        **target(story, story.own),
        user_status="busy",
        dnd_status="do_not_accept_any_calls",
    )
    assert story.now("user_status") == "busy"
    assert story.now("do_not_disturb") == "on"
    assert story.now("set_user_status") == "busy"
    assert story.now("presence_status") == "busy"


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"duration": "01:00:00"},
        {"user_status": "away"},
        {"dnd_status": "on"},
        {"message": "x" * 76},
        {"user_status": "busy", "duration": "-01:00:00"},
        {"user_status": "busy", "duration": "soon"},
        {"user_status": "busy", "meeting_status": "connected"},
    ],
    ids=str,
)
async def test_what_makes_no_sense_is_not_sent(
    story: Story, emulator: Emulator, data: dict[str, str]
) -> None:
    with pytest.raises(vol.Invalid):
        await set_presence(story, **target(story, story.own), **data)
    assert writes(emulator) == 0


async def test_the_old_queue_setting_is_refused_with_words(
    story: Story, emulator: Emulator
) -> None:
    with pytest.raises(ServiceValidationError) as caught:
        await set_presence(
            story, **target(story, story.own), dnd_status="take_department_calls_only"
        )
    assert said(caught.value) == "legacy_dnd_status"
    assert writes(emulator) == 0


async def test_a_setting_of_queues_is_refused_to_who_is_in_none(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    founder = next(iter(emulator.ids()))
    async with following(hass, emulator, [founder]) as story:
        with pytest.raises(ServiceValidationError) as caught:
            await set_presence(
                story,
                **target(story, founder),
                dnd_status="do_not_accept_department_calls",
            )
        assert said(caught.value) == "change_refused"


@pytest.mark.parametrize(
    ("faults", "key"),
    [
        ({"permissions_removed": ["EditPresence"]}, "may_not_edit"),
        ({"user_permissions_removed": ["EditPresenceStatus"]}, "may_not_edit"),
        ({"http_5xx": [{"path": "*/presence", "status": 500}]}, "change_failed"),
        ({"http_429": {"Medium": {"next": 1}}}, "change_failed"),
    ],
    ids=["app", "user", "500", "429"],
)
async def test_a_refusal_is_one_message(
    story: Story, emulator: Emulator, faults: dict[str, Any], key: str
) -> None:
    emulator.faults.set(**faults)
    with pytest.raises(HomeAssistantError) as caught:
        await set_presence(story, **target(story, story.own), user_status="busy")
    assert said(caught.value) == key
    assert story.now("user_status") == "available"
    assert status(emulator, story.own) == "Available"


async def test_others_are_set_by_admins_alone(
    hass: HomeAssistant, emulator: Emulator, people: dict[Who, str]
) -> None:
    anna, ben = people[ANNA], people[BEN]
    async with following(
        hass, emulator, [anna, ben], jwt=emulator.jwt_for(anna)
    ) as story:
        await set_presence(story, **target(story, anna), user_status="busy")
        with pytest.raises(ServiceValidationError) as caught:
            await set_presence(story, **target(story, ben), user_status="busy")
        assert said(caught.value) == "may_not_edit"
    assert status(emulator, anna) == "Busy"
    assert status(emulator, ben) == "Available"


async def test_a_park_location_has_nothing_to_set(
    story: Story, people: dict[Who, str]
) -> None:
    with pytest.raises(ServiceValidationError) as caught:
        await set_presence(story, **target(story, people[PARK]), user_status="busy")
    assert said(caught.value) == "may_not_edit"


# Whom a target means.


async def test_a_device_means_its_extension(
    story: Story, emulator: Emulator, people: dict[Who, str]
) -> None:
    await set_presence(story, **target(story, people[ANNA]), user_status="busy")
    assert status(emulator, people[ANNA]) == "Busy"
    assert status(emulator, people[OWN]) == "Available"


@pytest.mark.parametrize("key", ["call", "on_call", "user_status", "set_user_status"])
async def test_any_entity_means_its_extension(
    story: Story, emulator: Emulator, people: dict[Who, str], key: str
) -> None:
    anna = people[ANNA]
    await set_presence(story, entity_id=story.entity(key, anna), user_status="busy")
    assert status(emulator, anna) == "Busy"
    assert writes(emulator) == 1


async def test_several_are_set_once_each(
    story: Story, emulator: Emulator, people: dict[Who, str]
) -> None:
    """However many ways lead to them."""
    anna, ben = people[ANNA], people[BEN]
    await set_presence(
        story,
        **target(story, anna, ben),
        entity_id=[story.entity("call", anna), story.entity("on_call", anna)],
        user_status="busy",
    )
    assert status(emulator, anna) == status(emulator, ben) == "Busy"
    assert status(emulator, people[OWN]) == "Available"
    assert writes(emulator) == 2


async def test_one_that_fails_does_not_keep_the_others_from_being_set(
    story: Story, emulator: Emulator, people: dict[Who, str]
) -> None:
    everyone = [people[OWN], people[ANNA], people[BEN]]
    for failing in everyone:
        path = f"*/{failing}/presence"
        emulator.faults.set(http_5xx=[{"path": path, "method": "PUT"}])
        with pytest.raises(HomeAssistantError) as caught:
            await set_presence(story, **target(story, *everyone), user_status="busy")
        assert said(caught.value) == "change_partial"
        emulator.faults.clear()
        assert [status(emulator, each) for each in everyone] == [
            "Available" if each == failing else "Busy" for each in everyone
        ]
        await set_presence(story, **target(story, *everyone), user_status="available")


async def test_an_area_means_the_extensions_in_it(
    story: Story,
    emulator: Emulator,
    people: dict[Who, str],
    device_registry: dr.DeviceRegistry,
    entity_registry: er.EntityRegistry,
    area_registry: ar.AreaRegistry,
) -> None:
    """Also where a single entity is there, and beside entities of others."""
    office = area_registry.async_create("Office")
    device_registry.async_update_device(
        device_id(story, people[ANNA]), area_id=office.id
    )
    entity_registry.async_update_entity(
        story.entity("on_call", people[BEN]), area_id=office.id
    )
    lamp = entity_registry.async_get_or_create("light", "hue", "lamp")
    entity_registry.async_update_entity(lamp.entity_id, area_id=office.id)
    await set_presence(story, area_id=office.id, user_status="busy")
    assert status(emulator, people[ANNA]) == "Busy"
    assert status(emulator, people[BEN]) == "Busy"
    assert status(emulator, people[OWN]) == "Available"


async def test_a_label_means_the_extensions_that_have_it(
    story: Story,
    emulator: Emulator,
    people: dict[Who, str],
    device_registry: dr.DeviceRegistry,
    label_registry: lr.LabelRegistry,
) -> None:
    label = label_registry.async_create("Sales")
    device_registry.async_update_device(
        device_id(story, people[BEN]), labels={label.label_id}
    )
    await set_presence(story, label_id=label.label_id, user_status="busy")
    assert status(emulator, people[BEN]) == "Busy"
    assert writes(emulator) == 1


async def test_the_device_of_the_account_is_no_extension(
    story: Story, device_registry: dr.DeviceRegistry
) -> None:
    account = device_registry.async_get_device_by_identifier(
        (DOMAIN, story.emulator.account_id), story.entry.entry_id
    )
    assert account is not None
    with pytest.raises(ServiceValidationError) as caught:
        await set_presence(story, device_id=account.id, user_status="busy")
    assert said(caught.value) == "no_extension"


@pytest.mark.parametrize(
    "wrong",
    [
        {"entity_id": "light.kitchen"},
        {"entity_id": "event.nobody_call"},
        {"device_id": "0123456789abcdef"},
        {"area_id": "cellar"},
        {"entity_id": "none"},
    ],
    ids=str,
)
async def test_a_target_without_an_extension_is_refused(
    story: Story, emulator: Emulator, wrong: dict[str, str]
) -> None:
    for action in (
        set_presence(story, **wrong, user_status="busy"),
        get_presence(story, **wrong),
    ):
        with pytest.raises(ServiceValidationError) as caught:
            await action
        assert said(caught.value) == "no_extension"
    assert writes(emulator) == 0


async def test_an_action_needs_a_target(story: Story) -> None:
    with pytest.raises(vol.Invalid):
        await set_presence(story, user_status="busy")
    with pytest.raises(vol.Invalid):
        await get_presence(story)


async def test_a_device_of_something_else_is_no_extension(
    hass: HomeAssistant, story: Story, device_registry: dr.DeviceRegistry
) -> None:
    other = MockConfigEntry(domain="hue")
    other.add_to_hass(hass)
    lamp = device_registry.async_get_or_create(
        config_entry_id=other.entry_id, identifiers={("hue", "lamp")}
    )
    with pytest.raises(ServiceValidationError) as caught:
        await set_presence(story, device_id=lamp.id, user_status="busy")
    assert said(caught.value) == "no_extension"


async def test_what_is_no_longer_followed_is_no_target(
    story: Story, emulator: Emulator, people: dict[Who, str]
) -> None:
    gone = device_id(story, people[BEN])
    del story.coordinator.extensions[people[BEN]]  # type: ignore[attr-defined]
    with pytest.raises(ServiceValidationError) as caught:
        await set_presence(story, device_id=gone, user_status="busy")
    assert said(caught.value) == "no_extension"


async def test_an_account_that_is_not_connected_is_named(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    async with following(hass, emulator) as story:
        own = target(story, story.own)
        assert await hass.config_entries.async_unload(story.entry.entry_id)
        assert story.entry.state is ConfigEntryState.NOT_LOADED
        for action in (
            set_presence(story, **own, user_status="busy"),
            get_presence(story, **own),
        ):
            with pytest.raises(ServiceValidationError) as caught:
                await action
            assert said(caught.value) == "not_loaded"
            assert caught.value.translation_placeholders == {
                "account": story.entry.title
            }


async def test_extensions_of_two_accounts_at_once(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    async with (
        emulated(extensions=8, seed=2) as second,
        following(hass, emulator) as story,
    ):
        entry = entry_for(second)
        entry.add_to_hass(hass)
        assert await hass.config_entries.async_setup(entry.entry_id)
        other = Story(hass, second, entry)
        both = [device_id(story, story.own), device_id(other, other.own)]
        await set_presence(story, device_id=both, user_status="busy")
        assert status(emulator, story.own) == status(second, other.own) == "Busy"
        found = await get_presence(story, device_id=both)
        assert found.keys() == {story.own, other.own}
        assert await hass.config_entries.async_unload(entry.entry_id)
        # An account that is not connected is said, and does not keep the other from it.
        with pytest.raises(HomeAssistantError) as caught:
            await set_presence(story, device_id=both, user_status="available")
        assert said(caught.value) == "change_partial"
        assert caught.value.translation_placeholders == {
            "total": "2",
            "changed": "1",
            "refused": "0",
            "failed": "1",
            "doubtful": "0",
        }
        assert status(emulator, story.own) == "Available"
        found = await get_presence(story, device_id=both)
        assert found[story.own]["user_status"] == "available"
        assert found[other.own] == {"error": "not_loaded"}


# Reading.


async def test_reading_asks_the_service(
    story: Story, emulator: Emulator, people: dict[Who, str]
) -> None:
    """Also what no event told: the message, and what went by."""
    own = people[OWN]
    emulator.faults.set(drop=1.0)
    await emulator.set_presence(
        own,
        {
            "message": "Back at two",
            "userStatus": "Busy",
            "dndStatus": "DoNotAcceptDepartmentCalls",
            "meetingStatus": "Connected",
            "ringOnMonitoredCall": True,
        },
    )
    extension = emulator.extension(own)
    found = await get_presence(story, **target(story, own))
    assert found == {
        own: {
            "name": extension.name,
            "extension_number": extension.number,
            "telephony_status": "no_call",
            "presence_status": "busy",
            "user_status": "busy",
            "dnd_status": "do_not_accept_department_calls",
            "meeting_status": "connected",
            "message": "Back at two",
            "allow_see_my_presence": True,
            "ring_on_monitored_call": True,
            "pick_up_calls_on_hold": extension.pick_up_calls_on_hold,
            "active_calls": [],
        }
    }
    assert story.now("in_meeting", own) == "on"


SEEN: Mapping[str, dict[str, str]] = {
    CALLER_HIDDEN: {},
    CALLER_NAME: {ATTR_CALLER_NAME: NAME},
    CALLER_FULL: {ATTR_CALLER_NAME: NAME, ATTR_CALLER_NUMBER: NUMBER},
}


@pytest.mark.parametrize("mode", SEEN)
async def test_reading_tells_of_calls_what_the_user_chose_to_see(
    hass: HomeAssistant, emulator: Emulator, mode: str
) -> None:
    async with following(hass, emulator, caller_identity=mode) as story:
        await emulator.play_call(
            story.own,
            ["ring", "answer", "hold"],
            from_=NUMBER,
            from_name=NAME,
            queue_call=True,
        )
        await emulator.play_call(story.own, ["dial"], to=NUMBER, to_name=NAME)
        found = await get_presence(story, **target(story, story.own))
        calls = found[story.own]["active_calls"]
        truth = emulator.truth()[story.own]["activeCalls"]
        assert found[story.own]["telephony_status"] == "on_hold"
        for call, true in zip(calls, truth, strict=True):
            started = dt_util.parse_datetime(call.pop("started_at"))
            assert started == dt_util.parse_datetime(true["startTime"])
        assert calls == [
            {
                "state": "held",
                "direction": "inbound",
                "queue_call": True,
                **SEEN[mode],
            },
            {
                "state": "dialing",
                "direction": "outbound",
                "queue_call": False,
                **SEEN[mode],
            },
        ]


async def test_reading_several(
    story: Story, emulator: Emulator, people: dict[Who, str]
) -> None:
    found = await get_presence(story, **target(story, people[ANNA], people[PARK]))
    assert found.keys() == {people[ANNA], people[PARK]}
    assert found[people[ANNA]]["user_status"] == "available"
    # A park location has no presence of its own.
    assert found[people[PARK]]["presence_status"] == "offline"
    assert found[people[PARK]]["user_status"] is None


@pytest.mark.parametrize(
    ("faults", "key"),
    [
        ({"permissions_removed": ["ReadPresence"]}, "may_not_read"),
        ({"user_permissions_removed": ["ReadPresenceStatus"]}, "may_not_read"),
        ({"http_5xx": [{"path": "*/presence", "status": 503}]}, "read_failed"),
        ({"http_429": {"Light": {"next": 1}}}, "read_failed"),
    ],
    ids=["app", "user", "503", "429"],
)
async def test_reading_that_is_refused_says_nothing_of_a_change(
    story: Story, emulator: Emulator, faults: dict[str, Any], key: str
) -> None:
    emulator.faults.set(**faults)
    with pytest.raises(HomeAssistantError) as caught:
        await get_presence(story, **target(story, story.own))
    assert said(caught.value) == key
    assert story.seen_unavailable() == []


@pytest.mark.parametrize("code", ["OAU-147", "OAU-146", "OAU-251"])
async def test_reading_without_a_sign_in_says_so(
    story: Story, emulator: Emulator, code: str
) -> None:
    emulator.faults.set(token_error={"code": code})
    emulator.revoke_tokens()
    with pytest.raises(HomeAssistantError) as caught:
        await get_presence(story, **target(story, story.own))
    assert said(caught.value) == "sign_in_required"
    await story.until(lambda: bool(sign_in_flows(story.hass)))


async def test_a_queue_is_never_followed(
    hass: HomeAssistant, emulator: Emulator, people: dict[Who, str]
) -> None:
    async with following(hass, emulator, follow="account") as story:
        assert people[QUEUE] not in story.followed()


async def test_actions_are_there_without_an_account(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """So that an automation that names them is valid while the account is not connected."""
    async with following(hass, emulator) as story:
        await hass.config_entries.async_remove(story.entry.entry_id)
        assert hass.services.has_service(DOMAIN, SET)
        assert hass.services.has_service(DOMAIN, GET)


# Over many.


@pytest.mark.parametrize(
    "identifiers",
    [
        {("bond", "hub", "1")},
        {("toon", "a", "b", "c")},
        {("odd",)},
        {(DOMAIN, "1", "2")},
        {(DOMAIN,), ("bond", "hub", "1")},
    ],
    ids=["three", "four", "one", "ours of three", "ours of one"],
)
async def test_devices_with_identifiers_of_any_shape_are_left_out(
    hass: HomeAssistant,
    story: Story,
    emulator: Emulator,
    people: dict[Who, str],
    device_registry: dr.DeviceRegistry,
    area_registry: ar.AreaRegistry,
    identifiers: Any,
) -> None:
    office = area_registry.async_create("Office")
    hub = MockConfigEntry(domain="bond")
    hub.add_to_hass(hass)
    lamp = device_registry.async_get_or_create(
        config_entry_id=hub.entry_id, identifiers=identifiers
    )
    for each in (lamp.id, device_id(story, people[ANNA])):
        device_registry.async_update_device(each, area_id=office.id)
    await set_presence(story, area_id=office.id, user_status="busy")
    assert status(emulator, people[ANNA]) == "Busy"
    assert writes(emulator) == 1
    found = await get_presence(story, area_id=office.id)
    assert found.keys() == {people[ANNA]}


@pytest.mark.parametrize("end", ["999", "_", "{anna}", "{anna}_call"])
async def test_devices_of_others_in_our_name_are_left_out(
    hass: HomeAssistant,
    story: Story,
    emulator: Emulator,
    people: dict[Who, str],
    device_registry: dr.DeviceRegistry,
    end: str,
) -> None:
    anna = people[ANNA]
    hub = MockConfigEntry(domain="bond")
    hub.add_to_hass(hass)
    name = f"{emulator.account_id}_{end.format(anna=anna)}"
    device = device_registry.async_get_or_create(
        config_entry_id=hub.entry_id, identifiers={(DOMAIN, name)}
    )
    both = [device.id, device_id(story, anna)]
    await set_presence(story, device_id=both, user_status="busy")
    assert (await get_presence(story, device_id=both)).keys() == {anna}
    with pytest.raises(ServiceValidationError) as caught:
        await set_presence(story, device_id=device.id, user_status="busy")
    assert said(caught.value) == "no_extension"


async def test_extensions_of_one_id_in_two_accounts_are_told_apart(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    async with (
        emulated(extensions=25, seed=1, rate_limits=False) as second,
        following(hass, emulator) as story,
    ):
        second._service.account.id += 1
        entry = entry_for(second)
        entry.add_to_hass(hass)
        assert await hass.config_entries.async_setup(entry.entry_id)
        other = Story(hass, second, entry)
        assert other.own == story.own
        both = [device_id(story, story.own), device_id(other, other.own)]
        await second.set_presence(other.own, {"userStatus": "Busy"})
        keys = [f"{each.account_id}_{story.own}" for each in (emulator, second)]
        found = await get_presence(story, device_id=both)
        assert [found.pop(key)["user_status"] for key in keys] == ["available", "busy"]
        assert found == {}
        assert await hass.config_entries.async_unload(entry.entry_id)
        found = await get_presence(story, device_id=both)
        assert found.keys() == set(keys)
        assert found[keys[1]] == {"error": "not_loaded"}


async def test_many_are_read_in_batches(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    async with (
        emulated(extensions=90, seed=1) as large,
        following(hass, large, follow="account") as story,
    ):
        everyone = sorted(story.followed())
        before = large.counters.requests[PRESENCE]
        found = await get_presence(story, **target(story, *everyone))
        assert len(everyone) > 60
        assert sorted(found) == everyone
        assert large.counters.requests[PRESENCE] - before <= len(everyone) / 30 + 1


@pytest.mark.parametrize(
    ("fault", "word"),
    [
        (
            {"path": "*/{id}/presence", "status": 403},
            "may_not_read",
        ),
        ({"path": "*/{id}/presence", "status": 503}, "service_error"),
    ],
)
async def test_who_cannot_be_read_has_an_error_and_the_others_are_there(
    story: Story,
    emulator: Emulator,
    people: dict[Who, str],
    fault: dict[str, Any],
    word: str,
) -> None:
    anna, ben = people[ANNA], people[BEN]
    read = Rest.presences

    async def one_fails(rest: Rest, extension_ids: Iterable[str]) -> Readings:
        readings = await read(rest, [key for key in extension_ids if key != anna])
        error = error_from_reply(
            fault["status"], {"errorCode": "CMN-408" if word == "may_not_read" else ""}
        )
        return replace(readings, refused={anna: error})

    with patch.object(Rest, "presences", one_fails):
        found = await get_presence(story, **target(story, anna, ben))
    assert found[ben]["user_status"] == "available"
    extension = emulator.extension(anna)
    assert found[anna] == {
        "name": extension.name,
        "extension_number": extension.number,
        "error": word,
    }


async def test_a_batch_that_fails_costs_its_own(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    read, batches = Rest.presences, 0

    async def second_fails(rest: Rest, extension_ids: Iterable[str]) -> Readings:
        nonlocal batches
        batches += 1
        if batches == 2:
            raise RetryLater(Reason.CANNOT_CONNECT)
        return await read(rest, extension_ids)

    async with (
        emulated(extensions=90, seed=1) as large,
        following(hass, large, follow="account") as story,
    ):
        everyone = sorted(story.followed())
        with patch.object(Rest, "presences", second_fails):
            found = await get_presence(story, **target(story, *everyone))
        errors = [part["error"] for part in found.values() if "error" in part]
        assert errors == ["cannot_connect"] * 30
        assert len(found) == len(everyone)


@contextmanager
def limited(times: int) -> Iterator[list[str]]:
    """Let changes meet the rate limit, so many times; return who was written."""
    update, written = Rest.update_presence, list[str]()
    left = times

    async def wait_first(rest: Rest, key: str, **values: Any) -> PresenceUpdate:
        nonlocal left
        if left:
            left -= 1
            raise RetryLater(Reason.RATE_LIMITED, retry_after=0.01)
        written.append(key)
        return await update(rest, key, **values)

    home = "custom_components.ringcentral.services"
    with (
        patch.object(Rest, "update_presence", wait_first),
        patch(f"{home}.SHORTEST_WAIT", 0.01),
    ):
        yield written


@pytest.mark.parametrize("duration", [{}, {"duration": {"hours": 1}}])
async def test_many_are_set_over_time_within_the_limit(
    story: Story, emulator: Emulator, people: dict[Who, str], duration: dict[str, Any]
) -> None:
    everyone = [people[OWN], people[ANNA], people[BEN]]
    with limited(5) as written:
        await set_presence(
            story, **target(story, *everyone), user_status="busy", **duration
        )
    assert sorted(written) == sorted(everyone)
    assert {status(emulator, each) for each in everyone} == {"Busy"}
    waiting = story.coordinator.editor.restores.items()
    assert len(waiting) == (3 if duration else 0)


async def test_a_limit_that_lasts_too_long_is_a_message_that_counts(
    story: Story, emulator: Emulator, people: dict[Who, str]
) -> None:
    everyone = [people[OWN], people[ANNA], people[BEN]]
    home = "custom_components.ringcentral.services"
    with (
        limited(1),
        patch(f"{home}.LONGEST_ACTION", 0.0),
        pytest.raises(HomeAssistantError) as caught,
    ):
        await set_presence(story, **target(story, *everyone), user_status="busy")
    assert said(caught.value) == "change_partial"
    assert caught.value.translation_placeholders == {
        "total": "3",
        "changed": "2",
        "refused": "0",
        "failed": "1",
        "doubtful": "0",
    }


async def test_who_cannot_be_set_is_counted(
    story: Story, emulator: Emulator, people: dict[Who, str]
) -> None:
    """A park location has nothing to set."""
    meant = target(story, people[ANNA], people[PARK])
    with pytest.raises(HomeAssistantError) as caught:
        await set_presence(story, **meant, user_status="busy")
    assert said(caught.value) == "change_partial"
    assert caught.value.translation_placeholders == {
        "total": "2",
        "changed": "1",
        "refused": "1",
        "failed": "0",
        "doubtful": "0",
    }


async def test_reading_many_waits_for_the_limit(
    story: Story, people: dict[Who, str]
) -> None:
    read, refused = Rest.presences, 0

    async def limited_once(rest: Rest, extension_ids: Iterable[str]) -> Readings:
        nonlocal refused
        refused += 1
        if refused == 1:
            raise RetryLater(Reason.RATE_LIMITED, retry_after=0.01)
        return await read(rest, extension_ids)

    home = "custom_components.ringcentral.services"
    with (
        patch.object(Rest, "presences", limited_once),
        patch(f"{home}.SHORTEST_WAIT", 0.01),
    ):
        found = await get_presence(story, **target(story, people[ANNA], people[BEN]))
    assert [part.get("error") for part in found.values()] == [None, None]


async def test_one_alone_does_not_wait_for_the_limit(
    story: Story, emulator: Emulator
) -> None:
    with limited(1), pytest.raises(HomeAssistantError) as caught:
        await set_presence(story, **target(story, story.own), user_status="busy")
    assert said(caught.value) == "change_failed"


@pytest.mark.parametrize("action", [SET, GET])
async def test_who_leaves_while_an_action_runs_is_left_out(
    story: Story, emulator: Emulator, people: dict[Who, str], action: str
) -> None:
    anna, ben = people[ANNA], people[BEN]
    call = "update_presence" if action == SET else "presences"
    original = getattr(Rest, call)

    async def leave(rest: Rest, *args: Any, **values: Any) -> Any:
        if anna in story.followed():
            with settling_at_once():
                await emulator.remove_extension(anna)
                await story.until(lambda: anna not in story.followed())
        return await original(rest, *args, **values)

    both = target(story, anna, ben)
    with patch.object(Rest, call, leave):
        if action == SET:
            await set_presence(story, **both, user_status="busy")
            assert status(emulator, ben) == "Busy"
        else:
            found = await get_presence(story, **both)
            assert found.keys() == {ben}


async def test_who_leaves_while_another_account_is_read_is_left_out(
    hass: HomeAssistant, emulator: Emulator, people: dict[Who, str]
) -> None:
    anna, ben = people[ANNA], people[BEN]
    read = Rest.presences
    async with (
        emulated(extensions=8, seed=2) as second,
        following(hass, emulator, [anna, ben]) as story,
    ):
        entry = entry_for(second)
        entry.add_to_hass(hass)
        assert await hass.config_entries.async_setup(entry.entry_id)
        other = Story(hass, second, entry)
        has_failed = asyncio.Event()

        async def odd(rest: Rest, extension_ids: Iterable[str]) -> Readings:
            ids = list(extension_ids)
            if anna in ids:
                found = await read(rest, [key for key in ids if key != anna])
                has_failed.set()
                return replace(found, refused={anna: RetryLater(Reason.SERVICE_ERROR)})
            await has_failed.wait()
            with settling_at_once():
                await emulator.remove_extension(anna)
                await story.until(lambda: anna not in story.followed())
            return await read(rest, ids)

        ids = [device_id(story, anna), device_id(story, ben)]
        with patch.object(Rest, "presences", odd):
            found = await get_presence(
                story, device_id=[*ids, device_id(other, other.own)]
            )
        assert found.keys() == {ben, other.own}
        assert await hass.config_entries.async_unload(entry.entry_id)


# Rights.


@pytest.fixture
def allowed(hass_read_only_user: MockUser) -> Callable[[dict[str, Any]], Context]:
    """Return a function that gives a user a policy for entities, and returns what they call with."""

    def allow(entities: Any) -> Context:
        hass_read_only_user.mock_policy({"entities": entities})
        return Context(user_id=hass_read_only_user.id)

    return allow


async def acts(story: Story, action: str, context: Context, **data: Any) -> None:
    """Call an action as somebody."""
    change = {"user_status": "busy"} if action == SET else {}
    await story.hass.services.async_call(
        DOMAIN,
        action,
        {**data, **change},
        blocking=True,
        context=context,
        return_response=action == GET,
    )


async def test_who_may_only_read_cannot_set(
    story: Story,
    emulator: Emulator,
    people: dict[Who, str],
    allowed: Callable[[Any], Context],
) -> None:
    context = allowed({"all": {"read": True}})
    by_entity = {"entity_id": story.entity("call", people[ANNA])}
    for meant in (
        by_entity,
        target(story, people[ANNA]),
        target(story, *(people[who] for who in FOLLOWED)),
    ):
        await acts(story, GET, context, **meant)
        with pytest.raises(Unauthorized):
            await acts(story, SET, context, **meant)
    assert writes(emulator) == 0


async def test_who_may_see_nothing_can_read_nothing(
    story: Story, people: dict[Who, str], allowed: Callable[[Any], Context]
) -> None:
    with pytest.raises(Unauthorized):
        await acts(story, GET, allowed({}), **target(story, people[ANNA]))


async def test_rights_are_those_of_the_entities_that_are_meant(
    story: Story,
    emulator: Emulator,
    people: dict[Who, str],
    allowed: Callable[[Any], Context],
) -> None:
    mine = story.entity("set_user_status", people[ANNA])
    context = allowed({"entity_ids": {mine: True}})
    await acts(story, SET, context, entity_id=mine)
    assert status(emulator, people[ANNA]) == "Busy"
    for meant in (
        {"entity_id": [mine, story.entity("set_user_status", people[BEN])]},
        target(story, people[ANNA]),
        target(story, people[BEN]),
    ):
        with pytest.raises(Unauthorized):
            await acts(story, SET, context, **meant)
    assert writes(emulator) == 1


async def test_a_device_whose_entities_are_disabled_is_not_open_to_all(
    story: Story,
    people: dict[Who, str],
    entity_registry: er.EntityRegistry,
    allowed: Callable[[Any], Context],
) -> None:
    for entity_id in story.entities(people[ANNA]).values():
        entity_registry.async_update_entity(
            entity_id, disabled_by=er.RegistryEntryDisabler.USER
        )
    with pytest.raises(Unauthorized):
        await acts(
            story, SET, allowed({"all": {"read": True}}), **target(story, people[ANNA])
        )


async def test_an_administrator_may_do_all_and_a_stranger_nothing(
    story: Story, emulator: Emulator, hass_admin_user: MockUser
) -> None:
    own = target(story, story.own)
    await acts(story, SET, Context(user_id=hass_admin_user.id), **own)
    assert status(emulator, story.own) == "Busy"
    with pytest.raises(UnknownUser):
        await acts(story, GET, Context(user_id="nobody"), **own)
