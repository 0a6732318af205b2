"""Bad days of an ordinary home, one for each way in which blueprints went wrong; no time is waited for."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import override

from homeassistant.components.calendar import CalendarEvent
from homeassistant.components.light.const import ColorMode
from homeassistant.components.media_player.const import MediaPlayerState
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.util import dt as dt_util
import pytest

from tests.integration.blueprints import Calendar
from tests.integration.homes import BROKEN, Household, MoodyLamp, MoodyPlayer, MoodyPlug
from tests.integration.skipping import SkippingLoop

from .household import (
    BLUE,
    GREEN,
    OFF,
    ON,
    RED,
    busy_light,
    calls,
    dnd,
    do_not_disturb,
    grouped,
    household,
)

type Day = Callable[[Household], Awaitable[None]]


# Do not disturb.


def test_what_ringcentral_does_not_take_is_tried_again(
    loop: SkippingLoop, folder: Path
) -> None:
    switch = MoodyPlug("focus")

    async def day() -> None:
        await do_not_disturb(home, switches=[switch.entity_id])
        await asyncio.sleep(5)
        home.is_in_trouble = True
        home.emulator.faults.set(http_5xx=[{"status": 503}])
        switch.by_hand(1)
        await asyncio.sleep(1)
        assert dnd(home) == OFF
        home.emulator.faults.clear()
        await asyncio.sleep(90)
        assert dnd(home) == ON
        switch.by_hand(0)
        await asyncio.sleep(5)
        assert dnd(home) == OFF

    with household(loop, folder, switch) as home:
        home.run(day())


@pytest.mark.parametrize("late", [0.0, 3.0])
def test_off_and_on_within_the_reply_is_on(
    loop: SkippingLoop, folder: Path, late: float
) -> None:
    switch = MoodyPlug("focus")

    async def day() -> None:
        await do_not_disturb(home, switches=[switch.entity_id])
        await asyncio.sleep(5)
        home.replies_late = late
        for is_on in (1, 0, 1):
            switch.by_hand(is_on)
            await asyncio.sleep(0.5)
        await asyncio.sleep(20)
        assert dnd(home) == ON
        for is_on in (0, 1, 0):
            switch.by_hand(is_on)
            await asyncio.sleep(0.5)
        await asyncio.sleep(20)
        assert dnd(home) == OFF

    with household(loop, folder, switch) as home:
        home.run(day())


@pytest.mark.parametrize("name", ["do_not_disturb", "asleep_or_away"])
def test_on_by_hand_before_and_off_in_the_middle_stays_off(
    loop: SkippingLoop, folder: Path, name: str
) -> None:
    switch = MoodyPlug("focus")

    async def day() -> None:
        own = home.people[0]
        await home.automate(
            name, extension=home.device(own), switches=[switch.entity_id]
        )
        await home.emulator.set_presence(own, {"dndStatus": ON})
        await asyncio.sleep(10)
        switch.by_hand(1)
        await asyncio.sleep(10)
        await home.emulator.set_presence(own, {"dndStatus": OFF})
        await asyncio.sleep(200)
        assert dnd(home) == OFF
        # A new reason is another matter.
        switch.by_hand(0)
        await asyncio.sleep(10)
        switch.by_hand(1)
        await asyncio.sleep(10)
        assert dnd(home) == ON

    with household(loop, folder, switch) as home:
        home.run(day())


class BrokenCalendar(Calendar):
    """A calendar that cannot be asked."""

    @override
    async def async_get_events(
        self, hass: HomeAssistant, start_date: datetime, end_date: datetime
    ) -> list[CalendarEvent]:
        raise HomeAssistantError(BROKEN)


def test_a_calendar_that_fails_costs_itself(loop: SkippingLoop, folder: Path) -> None:
    broken, work = BrokenCalendar("broken"), Calendar("work")

    async def day() -> None:
        now = dt_util.now()
        broken.enter(now - timedelta(hours=1), now + timedelta(hours=1), "Lost")
        await do_not_disturb(home, calendars=[broken.entity_id, work.entity_id])
        await asyncio.sleep(5)
        work.enter(
            dt_util.now() + timedelta(seconds=30), now + timedelta(minutes=5), "Review"
        )
        await asyncio.sleep(60)
        assert dnd(home) == ON

    with household(loop, folder, broken, work) as home:
        home.run(day())


# The busy light.


def test_a_lamp_that_was_away_at_the_end_shows_what_it_showed(
    loop: SkippingLoop, folder: Path
) -> None:
    lamp = MoodyLamp("desk")

    async def day() -> None:
        lamp.by_hand(1)
        await busy_light(home, lamp, when_available="restore")
        assert lamp.shows == BLUE
        await calls(home, "ring", "answer")
        assert lamp.shows == RED
        lamp.power(on=False)
        await calls(home, "hangup")
        await asyncio.sleep(60)
        lamp.power(on=True)
        await asyncio.sleep(10)
        assert lamp.shows == BLUE

    with household(loop, folder, lamp) as home:
        home.run(day())


def test_a_lamp_that_reports_late_shows_what_it_showed_before_the_first_call(
    loop: SkippingLoop, folder: Path
) -> None:
    lamp = MoodyLamp("desk")

    async def day() -> None:
        lamp.by_hand(1)
        await busy_light(home, lamp, when_available="restore")
        lamp.lag = 1.5
        for _ in range(3):
            for step in ("ring", "answer", "hangup"):
                await home.call(0, step)
                await asyncio.sleep(0.3)
        await asyncio.sleep(20)
        assert lamp.shows == BLUE

    with household(loop, folder, lamp) as home:
        home.run(day())


def test_a_lamp_used_while_offline_is_left_alone(
    loop: SkippingLoop, folder: Path
) -> None:
    lamp = MoodyLamp("desk")

    async def day() -> None:
        lamp.by_hand(1)
        await busy_light(home, lamp, when_available="restore")
        await calls(home, "ring", "answer", "hangup")
        await asyncio.sleep(10)
        own = home.people[0]
        await home.emulator.set_presence(own, {"userStatus": "Offline"})
        await asyncio.sleep(60)
        lamp.by_hand(2)
        await asyncio.sleep(60)
        lamp.by_hand(0)
        commands = lamp.commands
        await home.emulator.set_presence(own, {"userStatus": "Available"})
        await asyncio.sleep(60)
        assert (lamp.shows, lamp.commands) == ("off", commands)

    with household(loop, folder, lamp) as home:
        home.run(day())


@pytest.mark.parametrize(
    ("hours", "days", "is_on_at"),
    [
        (("00:02:00", "00:05:00"), ["fri"], {1: False, 3: True, 6: False}),
        (("00:02:00", "00:05:00"), ["thu", "sat"], {1: False, 3: False, 6: False}),
        # Overnight: it is still Thursday's.
        (("23:00:00", "00:03:00"), ["thu"], {1: True, 4: False}),
        (("23:00:00", "00:03:00"), ["fri"], {1: False, 4: False}),
        (("00:00:00", "00:00:00"), ["fri"], {1: True}),
        (("00:00:00", "00:00:00"), ["sat"], {1: False}),
    ],
)
def test_a_lamp_works_at_its_hours_and_on_its_days(
    loop: SkippingLoop,
    folder: Path,
    hours: tuple[str, str],
    days: list[str],
    is_on_at: dict[int, bool],
) -> None:
    lamp = MoodyLamp("desk")

    async def day() -> None:
        start = loop.time() - dt_util.now().second
        await busy_light(home, lamp, from_time=hours[0], until_time=hours[1], days=days)
        for minute, is_on in is_on_at.items():
            await asyncio.sleep(start + minute * 60 - loop.time())
            assert (lamp.shows == GREEN) is is_on, minute
            if not is_on:
                assert lamp.shows == "off", minute
            if minute == 3:
                await calls(home, "ring", "answer")
                assert lamp.shows == (RED if is_on else "off")

    with household(loop, folder, lamp) as home:
        home.run(day())


def test_lamps_without_color_are_on_for_what_is_chosen(
    loop: SkippingLoop, folder: Path
) -> None:
    white = MoodyLamp("white", ColorMode.BRIGHTNESS)
    plain = MoodyLamp("plain", ColorMode.ONOFF)
    color = MoodyLamp("color")

    async def day() -> None:
        await busy_light(
            home, white, plain, color, plain_on=["on_call", "available"], brightness=80
        )
        assert (white.shows, plain.shows, color.shows) == ("50%", "on", GREEN)
        await calls(home, "ring")
        assert (white.shows, plain.shows, color.shows) == ("off", "off", "255,0,0 80%")
        await calls(home, "answer")
        assert (white.shows, plain.shows, color.shows) == ("80%", "on", "255,0,0 80%")
        await calls(home, "hold")
        assert (white.shows, plain.shows) == ("off", "off")

    with household(loop, folder, white, plain, color) as home:
        home.run(day())


# Signs and players.


@contextmanager
def restless(home: Household) -> Iterator[None]:
    """Let somebody else turn do not disturb on and off all the time."""

    async def toggle() -> None:
        while True:
            for status in (ON, OFF):
                await home.emulator.set_presence(home.people[1], {"dndStatus": status})
                await asyncio.sleep(0.6)

    task = home.loop.create_task(toggle())
    try:
        yield
    finally:
        task.cancel()


def test_what_others_do_does_not_put_off_the_end(
    loop: SkippingLoop, folder: Path
) -> None:
    sign, radio = MoodyPlug("sign"), MoodyPlayer("radio")

    async def day() -> None:
        devices = [home.device(key) for key in home.people]
        await home.automate(
            "on_air", signs=[sign.entity_id], extensions=devices, linger=3
        )
        await home.automate(
            "media", players=[radio.entity_id], extensions=devices, wait=3
        )
        await asyncio.sleep(5)
        with restless(home):
            await calls(home, "ring", "answer")
            assert (sign.shows, radio.shows) == ("on", "paused")
            await calls(home, "hangup")
            assert (sign.shows, radio.shows) == ("on", "paused")
            await asyncio.sleep(3)
            assert (sign.shows, radio.shows) == ("off", "playing")

    with household(loop, folder, sign, radio) as home:
        home.run(day())


def test_a_sign_that_is_away_costs_no_error_and_is_right_when_it_is_back(
    loop: SkippingLoop, folder: Path
) -> None:
    away, here = MoodyPlug("away"), MoodyPlug("here")

    async def day() -> None:
        away.power(on=False)
        await home.automate(
            "on_air",
            signs=[away.entity_id, here.entity_id],
            extensions=[home.device(home.people[0])],
        )
        await asyncio.sleep(5)
        await calls(home, "ring", "answer")
        assert here.shows == "on"
        assert home.verdict() == []
        away.power(on=True)
        await asyncio.sleep(1)
        assert away.shows == "on"

    with household(loop, folder, away, here) as home:
        home.run(day())


# Groups.


def test_a_light_group_is_one_light_and_one_lamp_of_it_may_be_away(
    loop: SkippingLoop, folder: Path
) -> None:
    lamps = [MoodyLamp("left"), MoodyLamp("right"), MoodyLamp("away")]
    names = [lamp.entity_id for lamp in lamps]

    async def day() -> None:
        lamps[2].power(on=False)
        lamps[0].seconds = 1.5
        await home.automate(
            "busy_light",
            extensions=[home.device(home.people[0])],
            lights=[await grouped(home, "light", names)],
            blink_for=10,
        )
        await asyncio.sleep(5)
        assert [lamp.shows for lamp in lamps[:2]] == [GREEN, GREEN]
        await calls(home, "ring")
        await asyncio.sleep(20)
        assert [lamp.shows for lamp in lamps[:2]] == [RED, RED]
        assert lamps[1].commands <= 25
        await calls(home, "answer", "hangup")
        await asyncio.sleep(5)
        assert [lamp.shows for lamp in lamps[:2]] == [GREEN, GREEN]
        assert lamps[2].commands == 0

    with household(loop, folder, *lamps) as home:
        home.run(day())


@pytest.mark.parametrize("how", ["pause", "mute"])
def test_of_a_group_of_players_each_is_looked_at(
    loop: SkippingLoop, folder: Path, how: str
) -> None:
    radio = MoodyPlayer("radio")
    stopped = MoodyPlayer("stopped", MediaPlayerState.PAUSED)
    television = MoodyPlayer("television", MediaPlayerState.ON)
    players = [radio, stopped, television]
    names = [player.entity_id for player in players]

    async def day() -> None:
        await home.automate(
            "media",
            extensions=[home.device(home.people[0])],
            players=[await grouped(home, "media_player", names)],
            how=how,
        )
        await asyncio.sleep(5)
        before = [player.shows for player in players]
        await calls(home, "ring", "answer")
        quiet = {"pause": "paused", "mute": "playing muted"}[how]
        assert [player.shows for player in players] == [quiet, "paused", "on muted"]
        await calls(home, "hangup")
        await asyncio.sleep(5)
        assert [player.shows for player in players] == before

    with household(loop, folder, *players) as home:
        home.run(day())
