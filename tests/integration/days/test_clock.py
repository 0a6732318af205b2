"""Blueprints and the clock on the wall: it is turned forward and back, stands in another zone, or not where the machine is."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from homeassistant.util import dt as dt_util
import pytest

from tests.integration import skipping
from tests.integration.blueprints import Calendar
from tests.integration.homes import Household, MoodyLamp, clock_of_templates
from tests.integration.skipping import quiet, skipping_time

from .household import GREEN, OFF, ON, busy_light, dnd, do_not_disturb, household

BERLIN = ZoneInfo("Europe/Berlin")

type Live = Callable[..., None]


@pytest.fixture
def live(socket_enabled: None, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return what lives through a day that begins at a time, and in its zone."""

    def play(
        begin: datetime, day: Callable[[Household], Awaitable[None]], *things: Any
    ) -> None:
        monkeypatch.setattr(skipping, "_BEGINNING", begin.timestamp())
        zone = dt_util.get_default_time_zone()

        async def run() -> None:
            await home.hass.config.async_set_time_zone(str(begin.tzinfo))
            await day(home)

        try:
            with (
                quiet(),
                skipping_time() as loop,
                clock_of_templates(),
                household(loop, folder, *things) as home,
            ):
                home.run(run())
        finally:
            dt_util.set_default_time_zone(zone)

    return play


async def until(at: datetime) -> None:
    """Sleep until a time."""
    await asyncio.sleep(at.timestamp() - dt_util.utcnow().timestamp())


@pytest.mark.parametrize(
    ("hours", "before", "after"),
    [
        # Nobody sees half past two in that night.
        (("01:00:00", "02:30:00"), True, False),
        (("02:30:00", "05:00:00"), False, True),
        (("22:00:00", "02:15:00"), True, False),
        (("02:10:00", "02:50:00"), False, False),
        (("03:00:00", "05:00:00"), False, True),
    ],
)
def test_hours_within_the_hour_that_is_left_out(
    live: Live, hours: tuple[str, str], before: bool, after: bool
) -> None:
    lamp = MoodyLamp("desk")
    night = datetime(2027, 3, 28, 0, 50, tzinfo=BERLIN)

    async def day(home: Household) -> None:
        await busy_light(home, lamp, from_time=hours[0], until_time=hours[1])
        await until(night.replace(hour=1, minute=50))
        assert (lamp.shows == GREEN) is before
        commands = lamp.commands
        await until(night.replace(hour=3, minute=5))
        assert (lamp.shows == GREEN) is after
        assert lamp.commands == commands + (before is not after)

    live(night, day, lamp)


@pytest.mark.parametrize(
    ("hours", "shows"),
    [
        (("01:00:00", "02:30:00"), [True, False, True, False]),
        (("02:30:00", "05:00:00"), [False, True, False, True]),
        (("02:30:30", "05:00:00"), [False, True, False, True]),
    ],
)
def test_hours_within_the_hour_that_comes_twice(
    live: Live, hours: tuple[str, str], shows: list[bool]
) -> None:
    lamp = MoodyLamp("desk")
    night = datetime(2027, 10, 31, 0, 50, tzinfo=BERLIN)

    async def day(home: Household) -> None:
        await busy_light(home, lamp, from_time=hours[0], until_time=hours[1])
        commands = lamp.commands
        found = []
        for fold in (0, 1):
            for minute in (10, 40):
                await until(night.replace(hour=2, minute=minute, fold=fold))
                found.append(lamp.shows == GREEN)
        assert found == shows
        assert lamp.commands == commands + shows.count(True) + shows.count(False) - (
            not shows[0]
        )

    live(night, day, lamp)


def test_a_lamp_goes_by_the_clock_of_a_new_time_zone(live: Live) -> None:
    lamp = MoodyLamp("desk")
    noon = datetime(2027, 5, 31, 12, 50, tzinfo=BERLIN)

    async def day(home: Household) -> None:
        await busy_light(home, lamp, from_time="08:00:00", until_time="17:00:00")
        assert lamp.shows == GREEN
        await home.hass.config.async_set_time_zone("America/New_York")
        await asyncio.sleep(70)
        assert lamp.shows == "off"
        await until(noon + timedelta(minutes=71))
        assert lamp.shows == GREEN

    live(noon, day, lamp)


@pytest.mark.parametrize("zone", ["Pacific/Auckland", "America/Los_Angeles"])
@pytest.mark.parametrize("day", [date(2027, 6, 15), date(2027, 3, 14)])
def test_a_whole_day_is_one_from_midnight_to_midnight(
    live: Live, zone: str, day: date
) -> None:
    calendar = Calendar("work")
    morning = datetime.combine(day, time(), ZoneInfo(zone))

    def midnight(minutes: int) -> Callable[[Household], Awaitable[None]]:
        async def pass_by(home: Household) -> None:
            calendar.enter(day, day + timedelta(days=1), "Holiday")
            await do_not_disturb(
                home, calendars=[calendar.entity_id], all_day=True, words="holiday"
            )
            is_over = minutes > 0
            await asyncio.sleep(180)
            assert dnd(home) == (ON if is_over else OFF)
            await asyncio.sleep(600)
            assert dnd(home) == (OFF if is_over else ON)

        return pass_by

    live(morning - timedelta(minutes=10), midnight(0), calendar)
    calendar = Calendar("work")
    night = morning + timedelta(days=1) - timedelta(minutes=10)
    live(night, midnight(1), calendar)


def test_an_event_over_the_hour_that_comes_twice_lasts_as_long_as_it_does(
    live: Live,
) -> None:
    calendar = Calendar("work")
    night = datetime(2027, 10, 31, 2, 20, tzinfo=BERLIN)

    async def day(home: Household) -> None:
        start, end = (
            datetime.fromtimestamp(night.timestamp() + seconds, BERLIN)
            for seconds in (600, 4800)
        )
        calendar.enter(start, end, "Night shift")
        await do_not_disturb(home, calendars=[calendar.entity_id])
        for seconds, shows in ((500, OFF), (200, ON), (4000, ON), (200, OFF)):
            await asyncio.sleep(seconds)
            assert dnd(home) == shows

    live(night, day, calendar)
