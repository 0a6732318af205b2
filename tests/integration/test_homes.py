"""Blueprints in random homes: at rest every lamp, sign, player and do-not-disturb is as the reasons say.

Two hundred homes are part of every run; `HOMES=400 pytest tests/integration/test_homes.py` plays 400 with
each seed, two thousand in all.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
import os
from pathlib import Path
from typing import ClassVar

from homeassistant.components.light.const import ColorMode
from homeassistant.components.media_player.const import (
    MediaPlayerEntityFeature as Can,
    MediaPlayerState,
)
from homeassistant.util import dt as dt_util
from hypothesis import HealthCheck, Phase, seed, settings, strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    rule,
    run_state_machine_as_test,
)
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
from .skipping import SkippingLoop, skipping_time
from .test_truth import emulator, integration, looking_again_at_once, quiet

__all__ = ["emulator", "integration", "looking_again_at_once"]

HOMES = int(os.environ.get("HOMES", "40"))
SETTINGS = settings(
    max_examples=HOMES,
    stateful_step_count=int(os.environ.get("STEPS", "10")),
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate, *([Phase.shrink] if "SHRINK" in os.environ else [])],
)
pytestmark = pytest.mark.timeout(0 if "HOMES" in os.environ else 900)

# Seconds that pass after something happened.
PAUSES = st.sampled_from([0.0, 0.0, 0.3, 1.5, 4.0, 15.0, 15.0, 30.0])
WHICH = st.integers(0, 8)
DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DND = st.sampled_from(
    ["TakeAllCalls", "DoNotAcceptAnyCalls", "DoNotAcceptDepartmentCalls"]
)


@st.composite
def busy_lights(draw: st.DrawFn) -> Expected:
    """Lamps of every kind, and every option."""
    modes = draw(
        st.lists(
            st.sampled_from([ColorMode.RGB, ColorMode.BRIGHTNESS, ColorMode.ONOFF]),
            min_size=1,
            max_size=3,
        )
    )
    # From the ninth on some share their turn.
    modes *= draw(st.sampled_from([1, 1, 1, 3]))
    lamps = [MoodyLamp(f"lamp_{index}", mode) for index, mode in enumerate(modes)]
    begin, end = draw(
        st.sampled_from(
            [("00:00:00", "00:00:00")] * 3
            + [
                ("00:02:00", "00:05:00"),
                ("00:05:00", "00:01:30"),
                ("00:01:00", "23:00:00"),
            ]
        )
    )
    return BusyLight(
        {
            "when_available": draw(st.sampled_from(["color", "off", "restore"])),
            "when_unknown": draw(st.sampled_from(["off", "restore", "keep"])),
            "show": draw(
                st.sampled_from(
                    [list(RANK), list(RANK), ["on_call", "ringing"], ["busy"]]
                )
            ),
            "plain_on": draw(st.sampled_from([list(RANK), ["ringing", "available"]])),
            "from_time": begin,
            "until_time": end,
            "days": draw(st.sampled_from([DAYS, DAYS, ["fri"], ["thu"]])),
            "brightness": draw(st.sampled_from([100, 80])),
            "available_brightness": 50,
            "ringing_blink": draw(st.sampled_from([0, 0.5, 5])),
            "on_hold_blink": draw(st.sampled_from([0, 2])),
            "blink_for": draw(st.sampled_from([1, 10, 30])),
        },
        lamps,
    )


@st.composite
def signs(draw: st.DrawFn) -> Expected:
    """Signs, and how long they linger."""
    many = draw(st.sampled_from([1, 2, 9]))
    return OnAir(
        {
            "meetings": draw(st.booleans()),
            "linger": draw(st.sampled_from([0, 0, 5, 20])),
        },
        [MoodyPlug(f"sign_{index}") for index in range(many)],
    )


@st.composite
def players(draw: st.DrawFn) -> Expected:
    """A radio, a television, a speaker that does not pause, and one that does nothing."""
    mute, both = Can.VOLUME_MUTE, Can.VOLUME_MUTE | Can.PAUSE | Can.PLAY
    return QuietMedia(
        {
            "quiet_while": draw(
                st.sampled_from([["ringing", "on_call"], ["ringing"], ["on_call"]])
            ),
            "how": draw(st.sampled_from(["pause", "mute"])),
            "bring_back": draw(st.sampled_from([True, True, False])),
            "wait": draw(st.sampled_from([0, 2, 20])),
        },
        [
            MoodyPlayer("radio", can=both),
            MoodyPlayer("television", MediaPlayerState.ON, can=mute),
            MoodyPlayer("speaker", can=mute),
            MoodyPlayer("box", MediaPlayerState.IDLE, can=both),
        ],
    )


@st.composite
def undisturbed(draw: st.DrawFn) -> Expected:
    """One or two switches, and one of the two blueprints."""
    many = draw(st.sampled_from([1, 2]))
    return Undisturbed(
        draw(st.sampled_from(["do_not_disturb", "asleep_or_away"])),
        [MoodyPlug(f"reason_{index}") for index in range(many)],
    )


KINDS = {
    "busy_light": busy_lights(),
    "on_air": signs(),
    "media": players(),
    "undisturbed": undisturbed(),
}


class Homes(RuleBasedStateMachine):
    """What can happen in a home with one automation, in any order."""

    loop: ClassVar[SkippingLoop]
    folder: ClassVar[Path]
    kind: ClassVar[str]
    rests: ClassVar[int] = 0

    home: Household
    expected: Expected

    @initialize(data=st.data())
    def move_in(self, data: st.DataObject) -> None:
        self.expected = data.draw(KINDS[self.kind])
        self.home = Household(self.loop, self.folder, self._saw)
        self._do(lambda: self.expected.move_in(self.home), 0.0)
        self.expected.began()
        self._do(None, 5.0)

    def _saw(self) -> None:
        self.expected.seen()

    # What happens at home.

    @rule(which=WHICH, what=st.integers(0, 2), pause=PAUSES)
    def by_hand(self, which: int, what: int, pause: float) -> None:
        self._do(lambda: self.expected.by_hand(which, what), pause)

    @rule(which=WHICH, on=st.booleans(), pause=PAUSES)
    def power(self, which: int, on: bool, pause: float) -> None:
        self._do(lambda: self.expected.power(which, on=on), pause)

    @rule(
        which=WHICH,
        seconds=st.sampled_from([0.0, 1.5, 3.0]),
        is_broken=st.sampled_from([False, False, True]),
    )
    def mood(self, which: int, seconds: float, is_broken: bool) -> None:
        things = self.expected.things
        thing = things[which % len(things)]
        thing.seconds, thing.is_broken = seconds, is_broken

    # What happens to Home Assistant.

    @rule(away=st.sampled_from([0.0, 1.0, 30.0]), pause=PAUSES)
    def reload(self, away: float, pause: float) -> None:
        self.home.is_in_trouble = True
        self._do(lambda: self.home.unload_for(away), pause)

    @rule(seconds=st.sampled_from([0.5, 10.0, 60.0]), pause=PAUSES)
    def lose(self, seconds: float, pause: float) -> None:
        self.home.is_in_trouble = True
        self._do(lambda: self.home.lost(seconds), pause)

    @rule(pause=PAUSES)
    def edit(self, pause: float) -> None:
        self._do(self.home.edited, 0.0)
        self.expected.began()
        self._do(None, pause)

    @rule(
        away=st.sampled_from([0.0, 10.0]),
        late=st.sampled_from([0.0, 4.0]),
        pause=PAUSES,
    )
    def restart(self, away: float, late: float, pause: float) -> None:
        self.home.is_in_trouble = True
        self._do(lambda: self.home.restarted(away, late), 0.0)
        self.expected.restarted()
        self._do(None, pause)

    # Rest.

    @rule()
    def rest_again(self) -> None:
        self.rest()

    @rule()
    def rest(self) -> None:
        self._do(lambda: self.home.at_rest(self.expected.rest), 0.0)
        Homes.rests += 1
        wrong = self.expected.wrong()
        wrong += [f"{each} goes on" for each in self.home.runs()]
        wrong += self.home.verdict()
        if wrong:
            pytest.fail("\n".join(wrong[:20]))

    def teardown(self) -> None:
        if not hasattr(self, "home"):
            return
        try:
            if self.home.has_begun and not self.home.verdict():
                self.rest()
                things = self.expected.things
                if not all(each.available and not each.is_broken for each in things):
                    for index, thing in enumerate(things):
                        thing.is_broken = False
                        self.expected.power(index, on=True)
                    self.rest()
        finally:
            self.home.run(self.home.close())
            del self.home

    def _do(
        self, act: Callable[[], Awaitable[object] | None] | None, pause: float
    ) -> None:
        async def happen() -> None:
            before = dt_util.now()
            if act is not None and (work := act()) is not None:
                await work
            if pause:
                await asyncio.sleep(pause)
            if self.home.people:
                self.expected.passed(before)

        self.home.run(happen())


class Phones(Homes):
    """What phones do, for things that show it."""

    @rule(
        who=st.integers(0, 1),
        step=st.sampled_from(
            [
                "ring",
                "ring",
                "dial",
                "answer",
                "answer",
                "hold",
                "resume",
                "hangup",
                "missed",
            ]
        ),
        pause=PAUSES,
    )
    def call(self, who: int, step: str, pause: float) -> None:
        self._do(lambda: self.home.call(who, step), pause)

    @rule(
        who=st.integers(0, 1),
        steps=st.sampled_from([["ring"], ["ring", "answer"], ["missed", "hangup"]]),
        pause=PAUSES,
    )
    def steps(self, who: int, steps: list[str], pause: float) -> None:
        async def play() -> None:
            for step in steps:
                await self.home.call(who, step)

        self._do(play, pause)

    @rule(who=st.integers(0, 1), pause=PAUSES)
    def short_call(self, who: int, pause: float) -> None:
        async def play() -> None:
            for step in ("ring", "answer", "hangup"):
                await self.home.call(who, step)

        self._do(play, pause)

    @rule(
        who=st.integers(0, 1),
        change=st.sampled_from(
            [
                {"meetingStatus": "Connected"},
                {"meetingStatus": "Disconnected"},
                {"userStatus": "Offline"},
                {"userStatus": "Busy"},
                {"userStatus": "Available"},
            ]
        ),
        pause=PAUSES,
    )
    def presence(self, who: int, change: dict[str, str], pause: float) -> None:
        home = self.home
        self._do(lambda: home.emulator.set_presence(home.people[who], change), pause)


class Persons(Homes):
    """What a person does who wants to be disturbed, or not, and why."""

    @rule(dnd=DND, pause=PAUSES)
    def disturb(self, dnd: str, pause: float) -> None:
        home, expected = self.home, self.expected

        async def act() -> None:
            if home.emulator.truth()[home.people[0]]["dndStatus"] == dnd:
                return
            assert isinstance(expected, Undisturbed)
            expected.set_by_hand(dnd)
            await home.emulator.set_presence(home.people[0], {"dndStatus": dnd})

        self._do(act, pause)

    @rule(dnd=DND, pause=PAUSES)
    def disturb_again(self, dnd: str, pause: float) -> None:
        self.disturb(dnd, pause)

    @rule(which=WHICH, what=st.integers(0, 1), pause=PAUSES)
    def reason(self, which: int, what: int, pause: float) -> None:
        self.by_hand(which, what, pause)

    @rule(which=WHICH, what=st.integers(0, 1), pause=PAUSES)
    def reason_again(self, which: int, what: int, pause: float) -> None:
        self.by_hand(which, what, pause)


@pytest.fixture(autouse=True)
def turned_on() -> None:
    """Replace what other tests need: the household has every entity."""


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """Return a folder with the blueprints."""
    with shelf() as found:
        yield found


@pytest.mark.parametrize(
    ("kind", "chance"),
    [
        ("busy_light", 1),
        ("busy_light", 2),
        ("on_air", 3),
        ("media", 4),
        ("undisturbed", 5),
    ],
)
def test_at_rest_a_home_is_as_the_reasons_say(
    socket_enabled: None, folder: Path, kind: str, chance: int
) -> None:
    class Seeded(Persons if kind == "undisturbed" else Phones):  # type: ignore[misc]
        """The homes of one seed."""

    machine = seed(chance)(Seeded)
    machine.kind, machine.folder = kind, folder
    Homes.rests = 0
    with quiet(), skipping_time() as loop, clock_of_templates():
        machine.loop = loop
        run_state_machine_as_test(machine, settings=SETTINGS)
    assert Homes.rests >= HOMES
