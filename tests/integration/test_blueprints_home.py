"""Blueprints in an ordinary home: things are slow, away or late, and the integration comes and goes."""

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Any

from homeassistant.components.media_player.const import MediaPlayerState
from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import async_capture_events

from emulator import Emulator

from .blueprints import Blueprints, Calendar, Lamp, Phone, Player, Plug
from .stories import colleagues, hasty
from .test_blueprints import (
    DISTURB,
    DO_NOT_DISTURB,
    GREEN,
    QUEUE_OFF,
    RED,
    TALK,
    at_home,
    blueprints,
    later,
)

__all__ = ["blueprints"]


class SlowLamp(Lamp):
    """A lamp that takes its time for every command."""

    async def async_turn_on(self, **kwargs: Any) -> None:
        await asyncio.sleep(1)
        await super().async_turn_on(**kwargs)

    async def async_turn_off(self, **kwargs: Any) -> None:
        await asyncio.sleep(1)
        await super().async_turn_off(**kwargs)


async def test_lamp_and_sign_go_on_after_a_slow_reload(
    hass: HomeAssistant, emulator: Emulator, blueprints: Blueprints
) -> None:
    lamp, sign = Lamp("desk"), Plug("sign")
    async with at_home(blueprints, emulator, lamp, sign) as home:
        await home.busy_light(lamp)
        await home.on_air(sign, extensions=[home.device()])
        await home.shows(lamp, GREEN)
        entry = home.story.entry
        assert await hass.config_entries.async_unload(entry.entry_id)
        await home.shows(lamp, "off")
        await home.story.call("ring", "answer")
        assert await hass.config_entries.async_setup(entry.entry_id)
        await home.shows(lamp, TALK)
        await home.shows(sign, "on")
        # And after an extension was away altogether.
        registry = er.async_get(hass)
        status = home.story.entity("status")
        registry.async_update_entity(status, disabled_by=er.RegistryEntryDisabler.USER)
        await home.story.reload()
        await home.shows(lamp, "off")
        registry.async_update_entity(status, disabled_by=None)
        await home.story.reload()
        await home.shows(lamp, TALK)
        await home.story.call("hangup")
        await home.shows(lamp, GREEN)
        await home.shows(sign, "off")


async def test_a_slow_lamp_costs_itself(
    emulator: Emulator, blueprints: Blueprints
) -> None:
    slow, quick = SlowLamp("slow"), Lamp("quick")
    async with at_home(blueprints, emulator, slow, quick) as home:
        await home.busy_light(slow, quick)
        await home.story.call("ring")
        await home.blinks(quick)
        await home.story.call("missed")
        await home.shows(quick, GREEN)
        await home.shows(slow, GREEN)


async def test_what_colleagues_do_does_not_end_the_blinking(
    emulator: Emulator, blueprints: Blueprints
) -> None:
    lamp = Lamp("team")
    one, other = colleagues(emulator, 2)
    async with at_home(
        blueprints, emulator, lamp, follow=["chosen"], extensions=[one, other]
    ) as home:
        await home.busy_light(
            lamp, extensions=[home.device(one), home.device(other)], ringing_blink=0.3
        )
        await home.story.call("ring", at=one)
        await home.shows(lamp, RED)
        lamp.told.clear()
        for _ in range(6):
            await home.presence(DO_NOT_DISTURB, of=other)
            await home.story.shows(other, do_not_disturb="on")
            await home.presence(DISTURB, of=other)
            await home.story.shows(other, do_not_disturb="off")
            await asyncio.sleep(0.15)
        assert "off" in lamp.told
        assert RED in lamp.told


async def test_keep_is_steady_when_the_connection_is_lost_in_mid_ring(
    emulator: Emulator, blueprints: Blueprints
) -> None:
    lamp = Lamp("desk")
    with hasty(grace=0.1):
        async with at_home(blueprints, emulator, lamp) as home:
            automation = await home.busy_light(lamp, when_unknown="keep")
            await home.story.call("ring")
            await home.blinks(lamp)
            emulator.faults.set(http_5xx=[{"status": 503}])
            await emulator.disconnect(code=1001, recoverable=False)
            await home.story.shows(status="unavailable")
            await home.idle(automation)
            assert lamp.shows == RED
            emulator.faults.clear()
            await home.story.live()


async def test_blinking_ends_in_a_steady_light(
    emulator: Emulator, blueprints: Blueprints
) -> None:
    lamp = Lamp("desk")
    async with at_home(blueprints, emulator, lamp) as home:
        automation = await home.busy_light(lamp, blink_for=1)
        await home.shows(lamp, GREEN)
        lamp.told.clear()
        await home.story.call("ring")
        await home.shows(lamp, RED)
        await home.idle(automation)
        assert lamp.shows == RED
        # So many at the most: one in each blinking time, and one for good.
        assert 3 <= len(lamp.told) <= 11


@pytest.mark.parametrize("how", ["pause", "mute"])
async def test_a_television_that_says_it_is_on_is_quiet(
    emulator: Emulator, blueprints: Blueprints, how: str
) -> None:
    television = Player("television", MediaPlayerState.ON)
    async with at_home(blueprints, emulator, television) as home:
        await home.media(television, how=how)
        await home.story.call("ring")
        await home.shows(television, "mute")
        television.set(MediaPlayerState.OFF)
        await home.story.call("missed")
        await home.story.shows(ringing="off")
        television.set(MediaPlayerState.ON)
        await home.shows(television, "mute", "unmute")


@pytest.mark.parametrize("nowhere", ["unavailable", "unknown"])
async def test_a_switch_out_of_nowhere_counts(
    emulator: Emulator, blueprints: Blueprints, nowhere: str
) -> None:
    switch = Plug("focus")
    async with at_home(blueprints, emulator, switch) as home:
        switch._attr_is_on = None
        switch.power(on=nowhere == "unknown")
        state = home.story.hass.states.get(switch.entity_id)
        assert state is not None
        assert state.state == nowhere
        await home.do_not_disturb(switches=[switch.entity_id])
        switch._attr_is_on = True
        switch.power(on=True)
        await home.story.shows(do_not_disturb="on")
        home.blueprints.change(words="edited")
        await home.blueprints.reload()
        await switch.async_turn_off()
        await home.story.shows(do_not_disturb="off")


async def test_an_event_out_of_nowhere_counts(
    emulator: Emulator, blueprints: Blueprints
) -> None:
    calendar = Calendar("work")
    async with at_home(blueprints, emulator, calendar) as home:
        calendar.power(on=False)
        await home.do_not_disturb(calendars=[calendar.entity_id])
        calendar.enter(later(-60), later(600), "Review")
        calendar.power(on=True)
        await home.story.shows(do_not_disturb="on")
        home.blueprints.change(words="edited")
        await home.blueprints.reload()
        calendar.events.clear()
        calendar.async_write_ha_state()
        await home.story.shows(do_not_disturb="off")


@pytest.mark.parametrize("kind", ["do_not_disturb", "asleep_or_away"])
async def test_do_not_disturb_stays_while_another_automation_has_a_reason(
    emulator: Emulator, blueprints: Blueprints, kind: str
) -> None:
    one, other = Plug("focus"), Plug("guests")
    async with at_home(blueprints, emulator, one, other) as home:
        first = await home.do_not_disturb(switches=[one.entity_id], alias="first")
        second = await blueprints.use(
            kind, extension=home.device(), switches=[other.entity_id], alias="second"
        )
        await one.async_turn_on()
        await home.story.shows(do_not_disturb="on")
        await home.idle(first)
        await home.looks(second, other.async_turn_on())
        await home.idle(second)
        await home.looks(first, one.async_turn_off())
        await home.idle(first)
        assert home.story.now("do_not_disturb") == "on"
        await other.async_turn_off()
        await home.story.shows(do_not_disturb="off")


@pytest.mark.parametrize("kind", ["do_not_disturb", "asleep_or_away"])
async def test_do_not_disturb_ends_for_who_has_left_all_queues(
    emulator: Emulator, blueprints: Blueprints, kind: str
) -> None:
    switch = Plug("focus")
    async with at_home(blueprints, emulator, switch) as home:
        await home.presence(QUEUE_OFF)
        await blueprints.use(kind, extension=home.device(), switches=[switch.entity_id])
        await switch.async_turn_on()
        await home.story.shows(do_not_disturb="on")
        await home.story.leave_queues()
        await switch.async_turn_off()
        await home.story.shows(dnd_status="take_all_calls")
        await home.story.until(lambda: not home.waiting())


@pytest.mark.parametrize(
    "wording",
    [
        {"title_text": "{{ call.nothing.there }}"},
        {"message_text": "{{ call.nothing.there }}"},
        {"message_text": "{{ call.time | int + 1 }}"},
        {"title_text": "{{ 1 / 0 }}", "message_text": "{{ none() }}"},
    ],
)
async def test_an_error_in_the_wording_costs_no_notice(
    emulator: Emulator,
    blueprints: Blueprints,
    caplog: pytest.LogCaptureFixture,
    wording: dict[str, str],
) -> None:
    phone = Phone("mobile")
    async with at_home(blueprints, emulator, phone) as home:
        await blueprints.use(
            "missed_call",
            extensions=[home.device()],
            notify=[phone.entity_id],
            **wording,
        )
        await home.story.call("ring", "missed")
        await home.story.until(lambda: len(phone.got) == 1)
        title, message = phone.got[0]
        assert title == "Missed call"
        assert " missed a call at " in message
        caplog.clear()


def _are(many: int, *lists: Sequence[object]) -> bool:
    return all(len(each) == many for each in lists)


class SlowPhone(Phone):
    """A phone that cannot be reached, which is noticed late."""

    async def async_send_message(self, message: str, title: str | None = None) -> None:
        await asyncio.Event().wait()


async def test_a_phone_that_hangs_holds_no_action_back(
    hass: HomeAssistant, emulator: Emulator, blueprints: Blueprints
) -> None:
    slow, phone = SlowPhone("slow"), Phone("mobile")
    done = async_capture_events(hass, "told")
    async with at_home(blueprints, emulator, slow, phone) as home:
        await blueprints.use(
            "missed_call",
            extensions=[home.device()],
            notify=[slow.entity_id, phone.entity_id],
            actions=[{"event": "told"}],
        )
        # More than a few would be, if each of them were waited for.
        for many in range(1, 23):
            await home.story.call("ring", "missed")
            await home.story.until(partial(_are, many, done, phone.got))


async def test_a_speaker_that_hangs_holds_no_caller_back(
    hass: HomeAssistant, emulator: Emulator, blueprints: Blueprints
) -> None:
    spoken: list[str] = []

    async def speak(call: ServiceCall) -> None:
        spoken.append(call.data["message"])
        await asyncio.Event().wait()

    hass.services.async_register("tts", "speak", speak)
    speaker = Player("kitchen")
    async with at_home(blueprints, emulator, speaker) as home:
        await blueprints.use(
            "announce_caller",
            extensions=[home.device()],
            speakers=[speaker.entity_id],
            voice="tts.voice",
        )
        for many in range(1, 8):
            await home.story.call("ring")
            await home.story.until(partial(_are, many, spoken))
            await home.story.call("missed")
            await home.story.shows(ringing="off")
