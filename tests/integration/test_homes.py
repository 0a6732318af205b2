"""Blueprints in random homes: at rest every lamp, sign, player and do-not-disturb is as the reasons say.

Two hundred homes are part of every run. `HOMES=400 pytest tests/integration/test_homes.py` plays 400 of each
row of the table, two thousand in all; `HOME_NUMBER=busy_light:17` plays one again.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
import os
from pathlib import Path
from random import Random
from typing import Any

from homeassistant.components.light.const import ColorMode
from homeassistant.components.media_player.const import (
    MediaPlayerEntityFeature as Can,
    MediaPlayerState,
)
from homeassistant.util import dt as dt_util
import pytest

from .homes import (
    Household,
    MoodyLamp,
    MoodyPlayer,
    MoodyPlug,
    clock_of_templates,
    shelf,
)
from .homes_expected import RANK, BusyLight, Expected, OnAir, QuietMedia, Undisturbed
from .skipping import SkippingLoop, quiet, skipping_time
from .test_truth import emulator, integration, looking_again_at_once

__all__ = ["emulator", "integration", "looking_again_at_once"]

HOMES = int(os.environ.get("HOMES", "40"))
# How many things happen in each; fewer where they are a part of every run, which has to be quick.
STEPS = int(os.environ.get("STEPS", "10" if "HOMES" in os.environ else "5"))
pytestmark = pytest.mark.timeout(0 if "HOMES" in os.environ else 900)

# Seconds that pass after something happened.
PAUSES = [0.0, 0.0, 0.3, 1.5, 4.0, 15.0, 15.0, 30.0]
DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


def busy_light(chance: Random) -> Expected:
    """Return lamps of every kind, with every option."""
    modes = [ColorMode.RGB, ColorMode.BRIGHTNESS, ColorMode.ONOFF]
    # From the ninth on some share their turn.
    many = chance.choice([1, 1, 2, 3, 3, 10])
    lamps = [MoodyLamp(f"lamp_{index}", chance.choice(modes)) for index in range(many)]
    for lamp in lamps:
        lamp._attr_is_on = chance.random() < 0.3
        lamp._attr_brightness = 200
        lamp._attr_rgb_color = (7, 8, 9)
    begin, end = chance.choice(
        [("00:00:00", "00:00:00")] * 3
        + [
            ("00:02:00", "00:05:00"),
            ("00:05:00", "00:01:30"),
            ("00:01:00", "23:00:00"),
        ]
    )
    return BusyLight(
        {
            "when_available": chance.choice(["color", "off", "restore", "restore"]),
            "when_unknown": chance.choice(["off", "restore", "keep"]),
            "show": chance.choice(
                [list(RANK), list(RANK), ["on_call", "ringing"], ["busy"]]
            ),
            "plain_on": chance.choice([list(RANK), ["ringing", "available"]]),
            "shows_voicemail": chance.random() < 0.7,
            "voicemail_blink": chance.choice([0, 2]),
            "from_time": begin,
            "until_time": end,
            "days": chance.choice([DAYS, DAYS, DAYS, ["fri"], ["thu"]]),
            "brightness": chance.choice([100, 80]),
            "available_brightness": 50,
            "ringing_blink": chance.choice([0, 0.5, 5]),
            "on_hold_blink": chance.choice([0, 0, 2]),
            "blink_for": chance.choice([1, 10, 30]),
        },
        lamps,
    )


def on_air(chance: Random) -> Expected:
    """Return signs, and how long they linger."""
    return OnAir(
        {
            "meetings": chance.random() < 0.5,
            "linger": chance.choice([0, 0, 5, 20]),
        },
        [MoodyPlug(f"sign_{index}") for index in range(chance.choice([1, 2, 9]))],
    )


def media(chance: Random) -> Expected:
    """Return a radio, a television, a speaker that does not pause, and one that does nothing."""
    mute, both = Can.VOLUME_MUTE, Can.VOLUME_MUTE | Can.PAUSE | Can.PLAY
    return QuietMedia(
        {
            "quiet_while": chance.choice(
                [["ringing", "on_call"], ["ringing"], ["on_call"]]
            ),
            "how": chance.choice(["pause", "mute"]),
            "bring_back": chance.random() < 0.7,
            "wait": chance.choice([0, 2, 20]),
        },
        [
            MoodyPlayer("radio", can=both),
            MoodyPlayer("television", MediaPlayerState.ON, can=mute),
            MoodyPlayer("speaker", can=mute),
            MoodyPlayer("box", MediaPlayerState.IDLE, can=both),
        ],
    )


def undisturbed(name: str) -> Callable[[Random], Expected]:
    """Return what returns one or two switches for one of the two blueprints."""

    def draw(chance: Random) -> Expected:
        many = chance.choice([1, 2])
        return Undisturbed(
            name, [MoodyPlug(f"reason_{index}") for index in range(many)]
        )

    return draw


KINDS = {
    "busy_light": busy_light,
    "on_air": on_air,
    "media": media,
    "do_not_disturb": undisturbed("do_not_disturb"),
    "asleep_or_away": undisturbed("asleep_or_away"),
}


class Life:
    """What happens in a home with one automation, by chance."""

    def __init__(
        self, loop: SkippingLoop, folder: Path, kind: str, number: int
    ) -> None:
        """Take which home it is: the same number is always the same home."""
        self.chance = Random(f"{kind} {number}")
        self.expected = KINDS[kind](self.chance)
        self.home = Household(loop, folder, self._saw)
        self.story: list[str] = []
        of_things = [(2, self.by_hand), (2, self.power), (2, self.mood)]
        of_hass = [(1, self.reload), (1, self.lose), (1, self.edit), (1, self.restart)]
        of_phones = [
            (5, self.call),
            (4, self.steps),
            (1, self.short),
            (2, self.presence),
            (2, self.voicemail),
        ]
        of_persons = [(5, self.disturb), (6, self.by_hand)]
        is_dnd = isinstance(self.expected, Undisturbed)
        self.acts = [
            act
            for weight, act in [
                *of_things,
                *of_hass,
                *(of_persons if is_dnd else of_phones),
                (2, self.rest),
            ]
            for _ in range(weight)
        ]

    async def live(self, steps: int) -> None:
        """Live through so many steps, and some rests."""
        await self.expected.move_in(self.home)
        self.expected.began()
        await self._pass(5.0)
        for _ in range(steps):
            act = self.chance.choice(self.acts)
            self.story.append(act.__name__)
            await self._do(act, self.chance.choice(PAUSES))
        await self._do(self.rest, 0.0)
        things = self.expected.things
        if not all(each.available and not each.is_broken for each in things):
            self.story.append("all is plugged in")
            for index, thing in enumerate(things):
                thing.is_broken = False
                self.expected.power(index, on=True)
            await self._do(self.rest, 0.0)

    async def _do(self, act: Callable[[], Awaitable[None]], pause: float) -> None:
        before = dt_util.now()
        await act()
        self.expected.passed(before)
        await self._pass(pause)

    async def _pass(self, seconds: float) -> None:
        before = dt_util.now()
        await asyncio.sleep(seconds)
        self.expected.passed(before)

    def _saw(self) -> None:
        self.expected.seen()

    def _word(self, *words: Any) -> None:
        self.story[-1] += f" {' '.join(map(str, words))} at {self.home.loop.time():.1f}"

    # What phones do.

    async def call(self) -> None:
        who = self.chance.randrange(2)
        step = self.chance.choice(
            ["ring", "dial", "answer", "hold", "resume", "hangup"]
        )
        self._word(who, step)
        await self.home.call(who, step)

    async def steps(self) -> None:
        who = self.chance.randrange(2)
        steps = self.chance.choice([["ring"], ["ring", "answer"], ["missed", "hangup"]])
        self._word(who, steps)
        for step in steps:
            await self.home.call(who, step)

    async def short(self) -> None:
        who, gap = self.chance.randrange(2), self.chance.choice([0.0, 0.4])
        self._word(who, gap)
        for step in ("ring", "answer", "hangup"):
            await self.home.call(who, step)
            await asyncio.sleep(gap)

    async def presence(self) -> None:
        who, change = (
            self.chance.randrange(2),
            self.chance.choice(
                [
                    {"meetingStatus": "Connected"},
                    {"meetingStatus": "Disconnected"},
                    {"userStatus": "Offline"},
                    {"userStatus": "Busy"},
                    {"userStatus": "Available"},
                    {"dndStatus": "DoNotAcceptAnyCalls"},
                    {"dndStatus": "TakeAllCalls"},
                ]
            ),
        )
        self._word(who, change)
        await self.home.emulator.set_presence(self.home.people[who], change)

    async def voicemail(self) -> None:
        home, act = (
            self.home,
            self.chance.choice(["leave", "leave", "mark", "mark all"]),
        )
        own = home.emulator.own_extension_id
        self._word(act)
        if act == "leave":
            home.emulator.mail.leave(own)
            return
        unread = [
            str(each["id"])
            for each in home.emulator.mail.all().get(own, [])
            if each["readStatus"] == "Unread"
        ]
        for each in unread[: 1 if act == "mark" else None]:
            home.emulator.mail.mark(own, each, read=True)

    async def disturb(self) -> None:
        home, expected = self.home, self.expected
        dnd = self.chance.choice(
            ["TakeAllCalls", "DoNotAcceptAnyCalls", "DoNotAcceptDepartmentCalls"]
        )
        own = home.people[0]
        self._word(dnd)
        if home.emulator.truth()[own]["dndStatus"] != dnd:
            assert isinstance(expected, Undisturbed)
            expected.set_by_hand(dnd)
            await home.emulator.set_presence(own, {"dndStatus": dnd})

    # What happens at home.

    async def by_hand(self) -> None:
        which, what = self.chance.randrange(10), self.chance.randrange(3)
        self._word(which, what)
        self.expected.by_hand(which, what)

    async def power(self) -> None:
        which, is_on = self.chance.randrange(10), self.chance.random() < 0.6
        self._word(which, is_on)
        self.expected.power(which, on=is_on)

    async def mood(self) -> None:
        things = self.expected.things
        thing = self.chance.choice(things)
        thing.seconds = self.chance.choice([0.0, 1.5, 3.0])
        thing.lag = self.chance.choice([0.0, 0.0, 1.5])
        thing.is_broken = self.chance.random() < 0.2
        self._word(thing.entity_id, thing.seconds, thing.lag, thing.is_broken)

    # What happens to Home Assistant.

    async def reload(self) -> None:
        away = self.chance.choice([0.0, 1.0, 30.0])
        self._word(away)
        self.home.is_in_trouble = True
        await self.home.unload_for(away)

    async def lose(self) -> None:
        seconds = self.chance.choice([0.5, 10.0, 60.0])
        self._word(seconds)
        self.home.is_in_trouble = True
        await self.home.lost(seconds)

    async def edit(self) -> None:
        self._word()
        await self.home.edited()
        self.expected.began()

    async def restart(self) -> None:
        away, late = self.chance.choice([0.0, 10.0]), self.chance.choice([0.0, 4.0])
        self._word(away, late)
        self.home.is_in_trouble = True
        await self.home.restarted(away, late)
        self.expected.restarted()

    async def rest(self) -> None:
        before = dt_util.now()
        await self.home.at_rest(self.expected.rest)
        if self.expected.passed(before):
            # The hours began or ended meanwhile, perhaps just now.
            await self.home.at_rest(self.expected.rest)
        wrong = self.expected.wrong()
        wrong += [f"{each} goes on" for each in self.home.runs()]
        wrong += self.home.verdict()
        self.home.is_in_trouble = False
        if wrong:
            pytest.fail(
                "\n".join([*wrong[:10], str(self.expected.settings), *self.story])
            )


def play(folder: Path, kind: str, number: int) -> None:
    """Play one home."""
    with quiet(), skipping_time() as loop, clock_of_templates():
        life = Life(loop, folder, kind, number)
        try:
            loop.run_until_complete(life.live(STEPS))
        except BaseException:
            print(f"HOME_NUMBER={kind}:{number}")  # noqa: T201
            raise
        finally:
            loop.run_until_complete(life.home.close())


@pytest.fixture(autouse=True)
def turned_on() -> None:
    """Replace what other tests need: the household has every entity."""


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """Return a folder with the blueprints."""
    with shelf() as found:
        yield found


@pytest.mark.parametrize("kind", KINDS)
def test_at_rest_a_home_is_as_the_reasons_say(
    socket_enabled: None, folder: Path, kind: str
) -> None:
    one, _, number = os.environ.get("HOME_NUMBER", "").partition(":")
    if one:
        if one == kind:
            play(folder, kind, int(number))
        return
    for each in range(HOMES):
        play(folder, kind, each)
