"""Voicemail: counted and reported for the user where the app may read messages, and never in the way of presence."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import entity_registry as er
import pytest

from custom_components.ringcentral.const import (
    CALLER_FULL,
    CALLER_HIDDEN,
    CALLER_NAME,
    DOMAIN,
)
from emulator import Emulator

from . import entry_for, missing_texts
from .call_stories import ANNA, OWN, Who, cast, following
from .stories import Story, emulated, hasty, issues, lines
from .test_trigger import automate, automation, names

NAME, NUMBER = "Zora Quill", "+14155550177"
STORE = "GET /restapi/v1.0/account/{id}/extension/{id}/message-store"
SPARE = "custom_components.ringcentral.aioringcentral.limits.RateBudget.spare_delay"
MAILBOX = "custom_components.ringcentral.aioringcentral.account.mailbox"


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read changes without waiting for more of them."""
    monkeypatch.setattr(f"{MAILBOX}._COLLECT", 0.0)


@pytest.fixture
def people(emulator: Emulator) -> dict[Who, str]:
    return cast(emulator)


def event(story: Story) -> dict[str, object]:
    """Return the attributes of the last event."""
    state = story.hass.states.get(story.entity("voicemail"))
    assert state is not None
    return dict(state.attributes)


def lost(hass: HomeAssistant) -> list[str]:
    """Return the permissions that repairs name, which features in use have lost."""
    return [
        str((issue.translation_placeholders or {})["permission"])
        for issue in issues(hass)
        if str(issue.translation_key).startswith("lost_")
    ]


def readings(emulator: Emulator) -> int:
    return emulator.counters.requests[STORE]


async def test_without_the_permission_nothing_is_asked_for(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    async with following(hass, emulator) as story:
        assert story.now("voicemails") is None
        assert story.now("voicemail") is None
        assert readings(emulator) == 0
        live = story.coordinator.account.stream.subscription
        assert live is not None
        assert not [name for name in live.live if "message" in name]


@pytest.mark.messages
async def test_they_are_counted_as_they_come_and_are_heard(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    earlier = emulator.mail.leave(emulator.own_extension_id)
    async with following(hass, emulator) as story:
        await story.shows(voicemails="1")
        assert readings(emulator) == 1
        second = emulator.mail.leave(story.own)
        await story.shows(voicemails="2")
        emulator.mail.mark(story.own, earlier, read=True)
        await story.shows(voicemails="1")
        emulator.mail.delete(story.own, second)
        await story.shows(voicemails="0")
        # One reading a change.
        assert readings(emulator) == 4


@pytest.mark.messages
async def test_only_the_user_has_voicemail(
    hass: HomeAssistant, emulator: Emulator, people: dict[Who, str]
) -> None:
    async with following(hass, emulator, [people[OWN], people[ANNA]]) as story:
        assert story.now("voicemails") == "0"
        assert story.now("voicemails", people[ANNA]) is None
        emulator.mail.leave(people[ANNA])
        await story.all_heard()
        assert readings(emulator) == 1


@pytest.mark.messages
async def test_a_user_who_is_not_followed_has_none(
    hass: HomeAssistant, emulator: Emulator, people: dict[Who, str]
) -> None:
    async with following(hass, emulator, [people[ANNA]]) as story:
        assert not [key for key in story.entities() if key.endswith("voicemails")]


@pytest.mark.messages
@pytest.mark.parametrize(
    ("mode", "shown"),
    [
        (CALLER_HIDDEN, {}),
        (CALLER_NAME, {"caller_name": NAME}),
        (CALLER_FULL, {"caller_name": NAME, "caller_number": NUMBER}),
    ],
)
async def test_an_arrival_is_reported_with_as_much_of_the_caller_as_is_shown(
    hass: HomeAssistant, emulator: Emulator, mode: str, shown: dict[str, str]
) -> None:
    async with following(hass, emulator, caller_identity=mode) as story:
        emulator.mail.leave(story.own, number=NUMBER, name=NAME, seconds=12)
        await story.shows(voicemails="1")
        await story.until(lambda: event(story).get("event_type") == "received")
        told = event(story)
        assert told["duration"] == 12.0
        callers = {key: told[key] for key in told if key.startswith("caller_")}
        assert callers == shown


@pytest.mark.messages
async def test_the_trigger_fires_for_each_arrival_and_for_nothing_else(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    emulator.mail.leave(emulator.own_extension_id)
    async with following(hass, emulator) as story:
        target = {"entity_id": [story.entity("voicemail")]}
        fired = await automate(
            hass, automation("arrived", "voicemail_received", target)
        )
        first = emulator.mail.leave(story.own)
        await story.until(lambda: names(fired) == ["arrived"])
        emulator.mail.mark(story.own, first, read=True)
        await story.shows(voicemails="1")
        emulator.mail.leave(story.own)
        await story.until(lambda: names(fired) == ["arrived", "arrived"])


@pytest.mark.messages
async def test_what_arrived_in_a_break_is_counted_and_not_reported(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    async with following(hass, emulator) as story:
        emulator.faults.set(wstoken_error={"status": 503, "code": "CMN-201"})
        await emulator.disconnect(recoverable=False)
        await story.lost()
        emulator.mail.leave(story.own)
        emulator.faults.clear()
        await story.live()
        await story.shows(voicemails="1")
        assert "event_type" not in event(story) or event(story)["event_type"] is None


@pytest.mark.messages
async def test_a_reading_that_fails_for_now_is_tried_again(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    async with following(hass, emulator) as story:
        emulator.faults.set(
            http_5xx=[{"path": "*/message-store", "status": 503, "next": 1}]
        )
        emulator.mail.leave(story.own)
        await story.shows(voicemails="1")
        assert event(story)["event_type"] == "received"


@pytest.mark.messages
@pytest.mark.parametrize("refusal", ["whole", "partial"])
async def test_a_refused_filter_costs_no_presence(
    hass: HomeAssistant, emulator: Emulator, refusal: str
) -> None:
    emulator.faults.set(refuse_filters={"*/message-store*": "SUB-403"}, refusal=refusal)
    async with following(hass, emulator) as story:
        assert story.now("voicemails") is None
        assert readings(emulator) == 0
        assert issues(hass) == []
        await story.call("ring")
        await story.shows(status="ringing")


@pytest.mark.messages
async def test_a_permission_that_is_taken_away_makes_presence_not_blink(
    hass: HomeAssistant, emulator: Emulator, caplog: pytest.LogCaptureFixture
) -> None:
    async with following(hass, emulator) as story:
        assert story.now("voicemails") == "0"
        story.forget()
        caplog.clear()
        emulator.faults.set(permissions_removed=["ReadMessages"])
        emulator.mail.leave(story.own)
        await story.shows(voicemails=STATE_UNAVAILABLE)
        told = [line for line in lines(caplog) if "Voicemail" in line]
        assert len(told) == 1
        assert lost(hass) == ["Read Messages"]
        # And the next connection does without it.
        await emulator.disconnect(recoverable=False)
        await story.lost()
        await story.live()
        await story.call("ring")
        await story.shows(status="ringing")
        ours = {story.entity("voicemails"), story.entity("voicemail")}
        assert set(story.seen_unavailable()) <= ours


@contextmanager
def asking_again(every: float) -> Iterator[None]:
    """Let voicemail that was refused be asked for again this often, in seconds."""
    with patch(f"{MAILBOX}._ASK_AGAIN_AFTER", every):
        yield


@pytest.mark.messages
@pytest.mark.parametrize("noticed", ["by a reading", "by a connection"])
@pytest.mark.parametrize("refresh_tokens", [False, True])
async def test_a_permission_that_comes_back_is_noticed_without_a_reload(
    hass: HomeAssistant, emulator: Emulator, noticed: str, refresh_tokens: bool
) -> None:
    emulator.faults.set(refresh_tokens=refresh_tokens)
    with hasty(), asking_again(0.2):
        async with following(hass, emulator) as story:
            emulator.faults.set(permissions_removed=["ReadMessages"])
            if noticed == "by a reading":
                emulator.mail.leave(story.own)
            else:
                await emulator.disconnect(recoverable=False)
            await story.shows(voicemails=STATE_UNAVAILABLE)
            await story.live()
            story.forget()
            history = story.coordinator.account.stream.history
            losses = history.losses
            # It is asked for, and still refused.
            await emulator.wait_for(lambda: emulator.counters.tokens_issued >= 4)
            assert story.now("voicemails") == STATE_UNAVAILABLE
            emulator.faults.set(permissions_removed=[])
            waiting = str(len(emulator.mail.all().get(story.own, [])))
            await story.shows(voicemails=waiting)
            emulator.mail.leave(story.own)
            await story.until(lambda: event(story).get("event_type") == "received")
            assert history.losses == losses
            ours = {story.entity("voicemails"), story.entity("voicemail")}
            assert set(story.seen_unavailable()) <= ours


@pytest.mark.messages
@pytest.mark.parametrize("refresh_tokens", [False, True])
async def test_a_token_that_names_the_permission_brings_voicemail_back(
    hass: HomeAssistant, emulator: Emulator, refresh_tokens: bool
) -> None:
    """Within the life of a token, and not only the next day; nothing else notices."""
    emulator.faults.set(refresh_tokens=refresh_tokens, access_token_ttl=3)
    with hasty():
        async with following(hass, emulator) as story:
            await story.shows(voicemails="0")
            emulator.faults.set(permissions_removed=["ReadMessages"])
            emulator.mail.leave(story.own)
            await story.shows(voicemails=STATE_UNAVAILABLE)
            story.forget()
            emulator.faults.set(permissions_removed=[])
            await story.shows(voicemails="1")
            ours = {story.entity("voicemails"), story.entity("voicemail")}
            assert set(story.seen_unavailable()) <= ours


@pytest.mark.messages
async def test_a_permission_that_is_added_later_brings_voicemail(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """It never was there: no restart, and no reload."""
    emulator.faults.set(access_token_ttl=3, permissions_removed=["ReadMessages"])
    emulator.mail.leave(emulator.own_extension_id)
    with hasty():
        async with following(hass, emulator) as story:
            assert story.now("voicemails") is None
            emulator.faults.set(permissions_removed=[])
            await story.until(lambda: story.now("voicemails") == "1")


@pytest.mark.messages
async def test_a_filter_that_lacked_a_permission_for_a_moment_comes_with_the_next_token(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """Both tokens name it, the one before and the one after."""
    emulator.faults.set(access_token_ttl=3, refresh_tokens=True)
    with hasty():
        async with following(hass, emulator) as story:
            await story.shows(voicemails="0")
            emulator.faults.set(permissions_removed=["ReadMessages"])
            await emulator.disconnect(recoverable=False)
            await story.shows(voicemails=STATE_UNAVAILABLE)
            await story.live()
            memory = story.coordinator.account.stream.memory
            assert memory.lacking == {"ReadMessages"}
            emulator.faults.set(permissions_removed=[])
            await story.shows(voicemails="0")
            assert not memory.lacking


@pytest.mark.messages
async def test_a_refused_reading_is_not_repeated_with_every_connection(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """The filter is granted, and each sign-in opens another socket."""
    emulator.faults.set(access_token_ttl=2, refresh_tokens=False)
    with hasty():
        async with following(hass, emulator) as story:
            emulator.faults.set(user_permissions_removed=["ReadMessages"])
            emulator.mail.leave(story.own)
            await story.shows(voicemails=STATE_UNAVAILABLE)
            read = readings(emulator)
            history = story.coordinator.account.stream.history
            replaced = history.replacements
            await story.until(lambda: history.replacements >= replaced + 2)
            await story.all_heard()
            assert readings(emulator) == read
            # After a break nothing is known any more: it may be there again.
            emulator.faults.set(user_permissions_removed=[])
            await emulator.disconnect(recoverable=False)
            await story.shows(voicemails="1")


@pytest.mark.messages
async def test_voicemail_of_an_earlier_run_is_asked_for_again(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """The permission was gone when Home Assistant started."""
    with hasty(), asking_again(0.2):
        async with following(hass, emulator) as story:
            assert story.now("voicemails") == "0"
            emulator.faults.set(permissions_removed=["ReadMessages"])
            await story.coordinator.account.sign_in.tokens.replace_session()
            await story.reload()
            assert story.now("voicemails") == STATE_UNAVAILABLE
            emulator.faults.set(permissions_removed=[])
            await story.shows(voicemails="0")
            assert story.coordinator.account.stream.history.losses == 0


@pytest.mark.messages
async def test_a_reading_that_is_late_adds_the_entities_later(
    hass: HomeAssistant, emulator: Emulator, entity_registry: er.EntityRegistry
) -> None:
    emulator.faults.set(
        http_5xx=[{"path": "*/message-store", "status": 503, "next": 1}]
    )
    async with following(hass, emulator) as story:
        await story.until(lambda: story.now("voicemails") == "0")
        emulator.mail.leave(story.own)
        await story.shows(voicemails="1")
        await story.until(lambda: event(story).get("event_type") == "received")


# A reading that takes longer than a set-up may.
SLOW: dict[str, Any] = {"kind": "slow", "path": "*/message-store", "seconds": 2.0}


@pytest.mark.messages
async def test_presence_waits_for_no_voicemail(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    emulator.mail.leave(emulator.own_extension_id)
    emulator.faults.set(odd=[SLOW])
    async with following(hass, emulator) as story:
        assert story.coordinator.available
        assert story.now("voicemails") is None
        await story.until(lambda: story.now("voicemails") == "1")
        assert story.now("voicemail") is not None


@pytest.mark.messages
async def test_at_a_restart_its_entities_are_there_before_it_is_read(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    async with following(hass, emulator) as story:
        await story.shows(voicemails="0")
        target = {"entity_id": [story.entity("voicemail")]}
        fired = await automate(
            hass, automation("arrived", "voicemail_received", target)
        )
        emulator.faults.set(odd=[SLOW])
        await story.reload()
        state = hass.states.get(story.entity("voicemails"))
        assert state is not None
        assert state.state == STATE_UNAVAILABLE
        assert "restored" not in state.attributes
        await story.shows(voicemails="0")
        emulator.faults.set(odd=[])
        emulator.mail.leave(story.own)
        await story.until(lambda: names(fired) == ["arrived"])


async def mark(story: Story, extension_id: str | None = None) -> None:
    """Mark what was not heard as heard."""
    target = {"entity_id": story.entity("presence_status", extension_id)}
    await story.hass.services.async_call(
        DOMAIN, "mark_voicemails_read", target, blocking=True
    )


@pytest.mark.messages
async def test_an_account_that_is_not_connected_is_named(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    async with following(hass, emulator) as story:
        assert await hass.config_entries.async_unload(story.entry.entry_id)
        with pytest.raises(ServiceValidationError) as caught:
            await mark(story)
        assert caught.value.translation_key == "not_loaded"


@pytest.mark.messages
async def test_they_are_marked_as_heard_all_of_them(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    for _ in range(12):
        emulator.mail.leave(emulator.own_extension_id)
    async with following(hass, emulator) as story:
        await story.shows(voicemails="12")
        await mark(story)
        await story.shows(voicemails="0")
        assert {each["readStatus"] for each in emulator.mail.all()[story.own]} == {
            "Read"
        }


@pytest.mark.messages
async def test_marking_many_leaves_room_for_changes_of_presence(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    own = emulator.own_extension_id
    for _ in range(3):
        emulator.mail.leave(own)

    def heard() -> int:
        return [each["readStatus"] for each in emulator.mail.all()[own]].count("Read")

    async with following(hass, emulator) as story:
        await story.shows(voicemails="3")
        with patch(SPARE, lambda *_: 60.0 if heard() else 0.0):
            marking = asyncio.create_task(mark(story))
            await emulator.wait_for(lambda: heard() == 1)
            await hass.services.async_call(
                DOMAIN,
                "set_presence",
                {
                    "entity_id": story.entity("presence_status"),
                    "dnd_status": "do_not_accept_any_calls",
                },
                blocking=True,
            )
            assert (heard(), marking.done()) == (1, False)
            marking.cancel()
            await asyncio.wait([marking])
        with (
            patch(SPARE, return_value=61.0),
            pytest.raises(HomeAssistantError, match="rate_limited"),
        ):
            await mark(story)


@pytest.mark.messages
@pytest.mark.parametrize("is_loaded", [True, False], ids=["fails", "not loaded"])
async def test_one_account_that_is_away_does_not_keep_another_from_being_marked(
    hass: HomeAssistant, emulator: Emulator, is_loaded: bool
) -> None:
    async with (
        emulated(extensions=8, seed=2) as second,
        following(hass, emulator) as story,
    ):
        entry = entry_for(second)
        entry.add_to_hass(hass)
        assert await hass.config_entries.async_setup(entry.entry_id)
        other = Story(hass, second, entry)
        emulator.mail.leave(story.own)
        second.mail.leave(other.own)
        await story.shows(voicemails="1")
        await other.shows(voicemails="1")
        ids = [other.entity("presence_status"), story.entity("presence_status")]
        if is_loaded:
            # Sorted by device: either may be the first.
            second.faults.set(http_5xx=[{"path": "*/message-store*", "status": 503}])
        else:
            assert await hass.config_entries.async_unload(entry.entry_id)
        with pytest.raises(HomeAssistantError) as caught:
            await hass.services.async_call(
                DOMAIN, "mark_voicemails_read", {"entity_id": ids}, blocking=True
            )
        assert caught.value.translation_key == "change_partial"
        placeholders = caught.value.translation_placeholders or {}
        assert (placeholders["total"], placeholders["changed"]) == ("2", "1")
        await story.shows(voicemails="0")
        if is_loaded:
            second.faults.clear()
            assert await hass.config_entries.async_unload(entry.entry_id)


@pytest.mark.messages
async def test_one_that_is_deleted_meanwhile_leaves_the_others(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    for _ in range(3):
        emulator.mail.leave(emulator.own_extension_id)
    gone = {"kind": "error", "status": 404, "value": "CMN-102", "done": False}
    async with following(hass, emulator) as story:
        await story.shows(voicemails="3")
        emulator.faults.set(
            odd=[gone | {"path": "*/message-store/*", "method": "PUT", "next": 1}]
        )
        await mark(story)
        await story.shows(voicemails="0")


@pytest.mark.messages
@pytest.mark.parametrize(
    ("faults", "kind", "key"),
    [
        (
            {"permissions_removed": ["EditMessages"]},
            ServiceValidationError,
            "may_not_mark",
        ),
        (
            {"http_5xx": [{"path": "*/message-store/*", "status": 503}]},
            HomeAssistantError,
            "change_failed",
        ),
    ],
)
async def test_marking_that_is_refused_says_why(
    hass: HomeAssistant,
    emulator: Emulator,
    faults: dict[str, Any],
    kind: type[HomeAssistantError],
    key: str,
) -> None:
    emulator.mail.leave(emulator.own_extension_id)
    async with following(hass, emulator) as story:
        emulator.faults.set(**faults)
        with pytest.raises(HomeAssistantError) as refused:
            await mark(story)
        assert type(refused.value) is kind
        assert refused.value.translation_key == key
        assert not missing_texts(
            ("exceptions", key, "message"), refused.value.translation_placeholders
        )


@pytest.mark.messages
async def test_nobody_elses_voicemails_are_marked(
    hass: HomeAssistant, emulator: Emulator, people: dict[Who, str]
) -> None:
    emulator.mail.leave(people[OWN])
    async with following(hass, emulator, [people[OWN], people[ANNA]]) as story:
        with pytest.raises(ServiceValidationError) as refused:
            await mark(story, people[ANNA])
        assert refused.value.translation_key == "no_voicemail"
        assert story.now("voicemails") == "1"


async def test_without_voicemail_there_is_nothing_to_mark(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    async with following(hass, emulator) as story:
        with pytest.raises(ServiceValidationError):
            await mark(story)


@pytest.mark.messages
async def test_a_reload_does_not_report_again(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    async with following(hass, emulator) as story:
        target = {"entity_id": [story.entity("voicemail")]}
        fired = await automate(
            hass, automation("arrived", "voicemail_received", target)
        )
        emulator.mail.leave(story.own)
        await story.until(lambda: names(fired) == ["arrived"])
        await story.reload()
        assert story.now("voicemails") == "1"
        await story.all_heard()
        assert names(fired) == ["arrived"]
