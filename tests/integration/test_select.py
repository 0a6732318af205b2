"""The controls: where there are some, what they offer, and what a choice and a refusal lead to."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from homeassistant.components.select import (
    ATTR_OPTION,
    ATTR_OPTIONS,
    DOMAIN as SELECT,
    SERVICE_SELECT_OPTION,
)
from homeassistant.const import ATTR_ENTITY_ID
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
import pytest

from custom_components.ringcentral.const import DOMAIN
from emulator import Emulator

from . import missing_texts
from .call_stories import ANNA, OWN, PARK, Clock, cast, following
from .stories import PRESENCE, Story

KEYS = ("set_user_status", "set_dnd_status")
PUT = PRESENCE.replace("GET", "PUT")
ALL, NONE, QUEUE, ONLY_QUEUE = (
    "take_all_calls",
    "do_not_accept_any_calls",
    "do_not_accept_department_calls",
    "take_department_calls_only",
)


@pytest.fixture
async def story(hass: HomeAssistant, emulator: Emulator) -> AsyncIterator[Story]:
    async with following(hass, emulator) as found:
        yield found


def controls(story: Story) -> set[tuple[str, str]]:
    """Return the controls that there are, as extension id and key."""
    return {
        (extension_id, unique_id.removeprefix(start))
        for extension_id in story.followed()
        for start in [f"{story.emulator.account_id}_{extension_id}_"]
        for unique_id, entity_id in story.entities(extension_id).items()
        if entity_id.startswith("select.")
    }


def offered(story: Story, key: str, extension_id: str | None = None) -> list[str]:
    """Return what a control offers."""
    state = story.hass.states.get(story.entity(key, extension_id))
    assert state is not None
    options: list[str] = state.attributes[ATTR_OPTIONS]
    return options


async def choose(
    story: Story, key: str, option: str, extension_id: str | None = None
) -> None:
    """Choose an option, and wait for the outcome."""
    await story.hass.services.async_call(
        SELECT,
        SERVICE_SELECT_OPTION,
        {ATTR_ENTITY_ID: story.entity(key, extension_id), ATTR_OPTION: option},
        blocking=True,
    )


async def refused(
    story: Story, key: str, option: str, extension_id: str | None = None
) -> HomeAssistantError:
    """Choose an option that is refused, and return what the user is told, which has to be a text."""
    with pytest.raises(HomeAssistantError) as caught:
        await choose(story, key, option, extension_id)
    error = caught.value
    assert error.translation_domain == DOMAIN
    assert error.translation_key is not None
    assert not missing_texts(
        ("exceptions", error.translation_key, "message"),
        error.translation_placeholders,
    )
    return error


def writes(emulator: Emulator) -> int:
    """Return how often presence was written."""
    return emulator.counters.requests[PUT]


# Where there are controls.


async def test_an_admin_may_set_every_user(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """Not a park location, and not a phone without a user."""
    people = cast(emulator)
    digital, limited = (
        emulator.ids(type=kind, status="Enabled")[0]
        for kind in ("DigitalUser", "Limited")
    )
    extensions = [people[OWN], people[ANNA], people[PARK], digital, limited]
    async with following(hass, emulator, extensions) as story:
        assert controls(story) == {
            (extension_id, key)
            for extension_id in (people[OWN], people[ANNA], digital)
            for key in KEYS
        }


async def test_others_may_set_themselves_alone(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    people = cast(emulator)
    own = people[ANNA]
    async with following(
        hass, emulator, [own, people[OWN]], jwt=emulator.jwt_for(own)
    ) as story:
        assert controls(story) == {(own, key) for key in KEYS}
        await choose(story, "set_user_status", "busy", own)
        assert emulator.truth()[own]["userStatus"] == "Busy"


async def test_an_app_that_may_not_edit_has_no_controls(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    emulator.faults.set(permissions_removed=["EditPresence"])
    async with following(hass, emulator) as story:
        assert controls(story) == set()


# What they offer.


async def test_a_member_of_a_queue_may_refuse_its_calls(story: Story) -> None:
    assert offered(story, "set_user_status") == ["available", "busy", "offline"]
    assert offered(story, "set_dnd_status") == [ALL, NONE, QUEUE]


async def test_whoever_joins_a_queue_may_refuse_its_calls_from_then_on(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    founder, queue = next(iter(emulator.ids())), emulator.ids(type="Department")[0]
    async with following(hass, emulator, jwt=emulator.jwt_for(founder)) as story:
        assert offered(story, "set_dnd_status", founder) == [ALL, NONE]
        await emulator.set_queue(queue, members=[founder])
        await story.until(
            lambda: offered(story, "set_dnd_status", founder) == [ALL, NONE, QUEUE]
        )


async def test_nobody_else_is_offered_that(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    founder = next(iter(emulator.ids()))
    assert not emulator._service.account.queues_of(int(founder))
    async with following(hass, emulator, jwt=emulator.jwt_for(founder)) as story:
        assert offered(story, "set_dnd_status", founder) == [ALL, NONE]


async def test_of_others_only_what_they_have_set_themselves_is_known(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """Whose queues they are in may not be read: the queue setting is offered where it is in use."""
    people = cast(emulator)
    async with following(hass, emulator, [people[OWN], people[ANNA]]) as story:
        anna = people[ANNA]
        assert offered(story, "set_dnd_status", anna) == [ALL, NONE]
        for there, options in (
            ("DoNotAcceptDepartmentCalls", [ALL, NONE, QUEUE]),
            ("DoNotAcceptAnyCalls", [ALL, NONE, QUEUE]),
            ("TakeAllCalls", [ALL, NONE]),
            ("TakeDepartmentCallsOnly", [ALL, NONE, ONLY_QUEUE]),
            ("TakeAllCalls", [ALL, NONE]),
        ):
            await emulator.set_presence(anna, {"dndStatus": there})
            await story.all_heard()
            assert offered(story, "set_dnd_status", anna) == options


async def test_every_option_is_taken(story: Story, emulator: Emulator) -> None:
    """Only values that the service accepts are offered."""
    for key in KEYS:
        for option in [*offered(story, key)[1:], *offered(story, key)]:
            await choose(story, key, option)
            await story.all_heard()
            assert story.now(key) == option
    presence = emulator.truth()[story.own]
    # From do-not-disturb the way back leads over the queue setting of before.
    assert presence["dndStatus"] == "DoNotAcceptDepartmentCalls"
    assert presence["userStatus"] == "Offline"


# A choice.


@pytest.mark.parametrize(
    ("key", "option", "field", "value"),
    [
        ("set_user_status", "busy", "userStatus", "Busy"),
        ("set_user_status", "offline", "userStatus", "Offline"),
        ("set_dnd_status", NONE, "dndStatus", "DoNotAcceptAnyCalls"),
        ("set_dnd_status", QUEUE, "dndStatus", "DoNotAcceptDepartmentCalls"),
    ],
)
async def test_a_choice_shows_before_the_service_answers(
    story: Story, emulator: Emulator, key: str, option: str, field: str, value: str
) -> None:
    before = emulator.truth()[story.own][field]
    emulator.faults.set(reply_delay=0.2)
    choice = asyncio.create_task(choose(story, key, option))
    await story.shows(**{key: option})
    assert emulator.truth()[story.own][field] == before
    await choice
    assert emulator.truth()[story.own][field] == value
    await story.all_heard()
    assert story.seen(key) == [option]


async def test_a_choice_is_written_once(story: Story, emulator: Emulator) -> None:
    await choose(story, "set_user_status", "busy")
    await story.all_heard()
    assert writes(emulator) == 1


async def test_what_is_set_on_the_phone_shows(story: Story, emulator: Emulator) -> None:
    await emulator.set_presence(
        story.own, {"userStatus": "Busy", "dndStatus": "DoNotAcceptAnyCalls"}
    )
    await story.shows(set_user_status="busy", set_dnd_status=NONE)
    assert writes(emulator) == 0


async def test_two_choices_at_once_are_both_made(
    story: Story, emulator: Emulator
) -> None:
    emulator.faults.set(reply_delay=0.05)
    await asyncio.gather(
        choose(story, "set_user_status", "busy"), choose(story, "set_dnd_status", NONE)
    )
    await story.all_heard()
    presence = emulator.truth()[story.own]
    assert presence["userStatus"] == "Busy"
    assert presence["dndStatus"] == "DoNotAcceptAnyCalls"
    assert story.seen("set_user_status") == ["busy"]
    assert story.seen("set_dnd_status") == [NONE]


async def test_a_choice_in_mid_call_leaves_the_call_alone(
    story: Story, emulator: Emulator
) -> None:
    """The service answers a change without details of calls."""
    await emulator.play_call(story.own, ["ring", "answer", "hold"], call="a")
    await emulator.play_call(story.own, ["ring", "answer"], call="b")
    await story.all_heard()
    events = len(story.seen("call"))
    calls = story.now("active_calls"), story.now("call_started")
    await choose(story, "set_dnd_status", NONE)
    await story.all_heard()
    assert (story.now("active_calls"), story.now("call_started")) == calls
    assert calls[0] == "2"
    await emulator.play_call(story.own, ["hangup"], call="b")
    await emulator.play_call(story.own, ["resume", "hangup"], call="a")
    await story.all_heard()
    assert len(story.seen("call")) == events + 3
    await story.shows(active_calls="0", on_call="off")


async def test_a_choice_while_the_socket_is_lost_shows(
    story: Story, emulator: Emulator
) -> None:
    """REST and the socket are two ways: what was answered is true without an event."""
    emulator.faults.set(wstoken_error={"status": 503, "code": "CMN-201"})
    await emulator.disconnect(recoverable=False)
    await story.lost()
    await choose(story, "set_user_status", "busy")
    assert story.now("set_user_status") == "busy"
    assert story.now("user_status") == "busy"
    emulator.faults.clear()
    await story.live()


# Do-not-disturb and the queue setting of before.


async def test_ending_do_not_disturb_brings_the_queue_setting_back(
    story: Story, emulator: Emulator
) -> None:
    """Ending do not disturb brings the queue setting back."""
    for option in (QUEUE, NONE, ALL):
        await choose(story, "set_dnd_status", option)
        await story.all_heard()
    assert story.now("set_dnd_status") == QUEUE
    assert emulator.truth()[story.own]["dndStatus"] == "DoNotAcceptDepartmentCalls"
    await choose(story, "set_dnd_status", ALL)
    await story.all_heard()
    assert story.now("set_dnd_status") == ALL
    assert emulator.truth()[story.own]["dndStatus"] == "TakeAllCalls"


async def test_it_does_so_whoever_set_it(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """Also on the phone, and also where it was set before Home Assistant looked."""
    own = emulator.own_extension_id
    await emulator.set_presence(own, {"dndStatus": "DoNotAcceptDepartmentCalls"})
    async with following(hass, emulator) as story:
        await emulator.set_presence(own, {"dndStatus": "DoNotAcceptAnyCalls"})
        await story.shows(set_dnd_status=NONE)
        await choose(story, "set_dnd_status", ALL)
        assert emulator.truth()[own]["dndStatus"] == "DoNotAcceptDepartmentCalls"


async def test_what_was_set_before_something_else_is_forgotten(
    story: Story, emulator: Emulator
) -> None:
    for option in (QUEUE, ALL, NONE, ALL):
        await choose(story, "set_dnd_status", option)
        await story.all_heard()
    assert emulator.truth()[story.own]["dndStatus"] == "TakeAllCalls"


async def test_the_queue_setting_is_remembered_over_a_restart(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    with Clock(hass) as clock:
        async with following(hass, emulator) as story:
            for option in (QUEUE, NONE):
                await choose(story, "set_dnd_status", option)
                await story.all_heard()
            await clock.move_on(2)
            await story.reload()
            assert offered(story, "set_dnd_status") == [ALL, NONE, QUEUE]
            await choose(story, "set_dnd_status", ALL)
            await story.all_heard()
            assert story.now("set_dnd_status") == QUEUE


async def test_a_reload_right_after_a_change_forgets_nothing(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    async with following(hass, emulator) as story:
        for option in (QUEUE, NONE):
            await choose(story, "set_dnd_status", option)
            await story.all_heard()
        await story.reload()
        await choose(story, "set_dnd_status", ALL)
        await story.all_heard()
        assert story.now("set_dnd_status") == QUEUE


# Events that come later than the answers of REST.


async def test_a_second_choice_is_not_undone_by_the_event_of_the_first(
    story: Story, emulator: Emulator
) -> None:
    emulator.faults.set(delay=0.1)
    await choose(story, "set_user_status", "busy")
    await choose(story, "set_user_status", "offline")
    # Comes after the events of both.
    await emulator.set_presence(story.own, {"meetingStatus": "Connected"})
    await story.shows(in_meeting="on")
    assert story.seen("set_user_status") == ["busy", "offline"]


async def test_do_not_disturb_that_ends_before_its_event_came_brings_the_queue_setting_back(
    story: Story, emulator: Emulator
) -> None:
    # The event of each choice arrives while the next one is being answered.
    emulator.faults.set(reply_delay=0.1, delay=0.05)
    for option in (QUEUE, NONE, ALL):
        await choose(story, "set_dnd_status", option)
    assert emulator.truth()[story.own]["dndStatus"] == "DoNotAcceptDepartmentCalls"


async def test_a_choice_whose_event_is_lost_stands_for_some_seconds(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """From then on what events say counts, whoever set it."""
    with Clock(hass) as clock:
        async with following(hass, emulator) as story:
            emulator.faults.set(drop_next=1)
            await choose(story, "set_user_status", "busy")
            await emulator.set_presence(story.own, {"userStatus": "Offline"})
            await story.shows(user_status="offline")
            assert story.now("set_user_status") == "busy"
            await clock.move_on(5)
            assert story.now("set_user_status") == "offline"


async def test_a_choice_whose_event_is_overtaken_gives_way_to_the_newer_one(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    # Nothing moves the clock: no choice ends by itself.
    with Clock(hass):
        async with following(hass, emulator) as story:
            emulator.faults.set(delay=0.5)
            await choose(story, "set_user_status", "busy")
            emulator.faults.set(delay=0.0)
            await emulator.set_presence(story.own, {"userStatus": "Offline"})
            await story.shows(user_status="offline")
            assert story.now("set_user_status") == "busy"
            await story.shows(set_user_status="offline")


# The value of old user interfaces.


async def test_the_old_value_is_shown_while_it_is_set_and_never_taken(
    story: Story, emulator: Emulator
) -> None:
    await emulator.set_presence(story.own, {"dndStatus": "TakeDepartmentCallsOnly"})
    await story.shows(set_dnd_status=ONLY_QUEUE)
    error = await refused(story, "set_dnd_status", ONLY_QUEUE)
    assert isinstance(error, ServiceValidationError)
    assert error.translation_key == "legacy_dnd_status"
    assert writes(emulator) == 0
    assert story.now("set_dnd_status") == ONLY_QUEUE
    await choose(story, "set_dnd_status", ALL)
    assert ONLY_QUEUE not in offered(story, "set_dnd_status")
    with pytest.raises(ServiceValidationError):
        await choose(story, "set_dnd_status", ONLY_QUEUE)


# Refusals.


@pytest.mark.parametrize(
    "faults",
    [
        {"permissions_removed": ["EditPresence"]},
        {"user_permissions_removed": ["EditPresenceStatus"]},
    ],
    ids=["app", "user"],
)
async def test_a_permission_that_was_taken_away_is_one_message(
    story: Story, emulator: Emulator, faults: dict[str, Any]
) -> None:
    """It goes back, says what is missing, and works again once it is there."""
    emulator.faults.set(**faults, reply_delay=0.05)
    error = await refused(story, "set_user_status", "busy")
    assert isinstance(error, ServiceValidationError)
    assert error.translation_key == "may_not_edit"
    assert story.seen("set_user_status") == ["busy", "available"]
    assert story.seen_unavailable() == []
    emulator.faults.clear()
    await choose(story, "set_user_status", "busy")
    assert story.now("set_user_status") == "busy"


async def test_an_admin_no_longer_is_one_message(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    people = cast(emulator)
    anna = people[ANNA]
    async with following(hass, emulator, [people[OWN], anna]) as story:
        emulator.extension(people[OWN]).admin = False
        error = await refused(story, "set_user_status", "busy", anna)
        assert error.translation_key == "may_not_edit"
        assert story.now("set_user_status", anna) == "available"
        assert emulator.truth()[anna]["userStatus"] == "Available"


@pytest.mark.parametrize(
    ("faults", "reason"),
    [
        ({"http_5xx": [{"path": "*/presence", "status": 503}]}, "service_error"),
        ({"http_5xx": [{"path": "*", "body": "html"}]}, "service_error"),
        ({"http_429": {"Medium": {"next": 1}}}, "rate_limited"),
    ],
    ids=["503", "page", "429"],
)
async def test_trouble_of_the_service_is_said_and_goes_back(
    story: Story, emulator: Emulator, faults: dict[str, Any], reason: str
) -> None:
    emulator.faults.set(**faults)
    error = await refused(story, "set_user_status", "busy")
    assert not isinstance(error, ServiceValidationError)
    assert error.translation_key == "change_failed"
    assert error.translation_placeholders == {"reason": reason}
    assert story.seen("set_user_status") == ["busy", "available"]
    assert story.seen_unavailable() == []


async def test_in_a_penalty_nothing_is_sent(story: Story, emulator: Emulator) -> None:
    emulator.faults.set(http_429={"Medium": {"next": 1}})
    await refused(story, "set_user_status", "busy")
    sent = writes(emulator)
    error = await refused(story, "set_user_status", "busy")
    assert error.translation_placeholders == {"reason": "rate_limited"}
    assert writes(emulator) == sent


async def test_who_hides_the_presence_is_told_why_it_stays(
    story: Story, emulator: Emulator
) -> None:
    """The service would take the change, and leave it without effect."""
    await emulator.set_presence(story.own, {"allowSeeMyPresence": False})
    await story.all_heard()
    error = await refused(story, "set_user_status", "busy")
    assert error.translation_key == "presence_hidden"
    assert writes(emulator) == 0
    await choose(story, "set_dnd_status", NONE)
    assert emulator.truth()[story.own]["dndStatus"] == "DoNotAcceptAnyCalls"


async def test_who_is_no_longer_in_a_queue_is_told(
    story: Story, emulator: Emulator
) -> None:
    queues = emulator._service.account.queues
    for members in queues.values():
        if int(story.own) in members:
            members.remove(int(story.own))
    error = await refused(story, "set_dnd_status", QUEUE)
    assert isinstance(error, ServiceValidationError)
    assert error.translation_key == "change_refused"
    assert story.seen("set_dnd_status") == [QUEUE, ALL]


async def test_a_sign_in_that_ended_is_renewed_for_a_choice(
    story: Story, emulator: Emulator
) -> None:
    emulator.revoke_tokens()
    await choose(story, "set_user_status", "busy")
    assert emulator.truth()[story.own]["userStatus"] == "Busy"
    await story.until(lambda: story.coordinator.account.stream.is_live)


@pytest.mark.parametrize("code", ["OAU-147", "OAU-146", "OAU-251"])
async def test_a_sign_in_that_ended_for_good_is_one_message(
    story: Story, emulator: Emulator, code: str
) -> None:
    """OAU-146: the app is not known any more; OAU-251: it may not sign in with a JWT."""
    emulator.faults.set(token_error={"code": code})
    emulator.revoke_tokens()
    error = await refused(story, "set_user_status", "busy")
    assert error.translation_key == "sign_in_required"
    await story.hass.async_block_till_done()


async def test_an_entry_that_is_unloaded_meanwhile_does_no_harm(
    story: Story, emulator: Emulator
) -> None:
    emulator.faults.set(reply_delay=0.2)
    choice = asyncio.create_task(choose(story, "set_user_status", "busy"))
    await story.shows(set_user_status="busy")
    await story.hass.config_entries.async_unload(story.entry.entry_id)
    await asyncio.wait([choice])
    assert choice.exception() is None or isinstance(
        choice.exception(), HomeAssistantError
    )
    assert emulator.truth()[story.own]["userStatus"] == "Busy"


async def test_only_what_changed_is_written(story: Story) -> None:
    """A choice of one control is no news for the other."""
    await choose(story, "set_user_status", "busy")
    await story.all_heard()
    assert story.seen("set_dnd_status") == []
    assert story.entity("set_dnd_status") not in story.reported
