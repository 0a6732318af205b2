"""Lights that are brought back: what becomes of their memory, whoever else moves them, and however they tell."""

import asyncio
from pathlib import Path
from typing import Any, override
from unittest.mock import patch

from homeassistant.components.light.const import ColorMode
from homeassistant.helpers import entity_registry as er
import pytest

from tests.integration.homes import MoodyLamp
from tests.integration.skipping import SkippingLoop

from .household import BLUE, RED, busy_light, calls, grouped, household, in_turn


@pytest.mark.parametrize("before", [0, 1])
def test_a_lamp_that_tells_ten_seconds_late_is_brought_back(
    loop: SkippingLoop, folder: Path, before: int
) -> None:
    lamp = MoodyLamp("desk")

    async def day() -> None:
        lamp.by_hand(before)
        was = lamp.shows
        await busy_light(home, lamp, when_available="restore")
        lamp.lag = 10.0
        await calls(home, "ring", "answer", "hangup")
        await asyncio.sleep(60)
        assert lamp.shows == was

    with household(loop, folder, lamp) as home:
        home.run(day())


class SilentLamp(MoodyLamp):
    """A lamp that never tells what it shows."""

    really = "off"

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        await self.obey()
        self.really = "on"

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        await self.obey()
        self.really = "off"


def test_a_lamp_that_never_tells_is_off_afterwards(
    loop: SkippingLoop, folder: Path
) -> None:
    lamp = SilentLamp("desk")

    async def day() -> None:
        await busy_light(home, lamp, when_available="restore")
        await calls(home, "ring", "answer")
        assert lamp.really == "on"
        await calls(home, "hangup")
        assert lamp.really == "off"

    with household(loop, folder, lamp) as home:
        home.run(day())


def test_a_lamp_that_nobody_knew_the_state_of_is_off_afterwards(
    loop: SkippingLoop, folder: Path
) -> None:
    lamp = MoodyLamp("desk")

    async def day() -> None:
        lamp._attr_is_on = None
        lamp.async_write_ha_state()
        await busy_light(home, lamp, when_available="restore")
        await calls(home, "ring", "answer")
        assert lamp.shows == RED
        await calls(home, "hangup")
        await asyncio.sleep(30)
        assert lamp.shows == "off"

    with household(loop, folder, lamp) as home:
        home.run(day())


def test_a_call_that_ends_while_home_assistant_is_away_leaves_no_lamp_red(
    loop: SkippingLoop, folder: Path
) -> None:
    lamp, theirs = MoodyLamp("desk"), MoodyLamp("theirs")

    async def day() -> None:
        lamp.by_hand(1)
        await busy_light(home, lamp, theirs, when_available="restore")
        await calls(home, "ring", "answer")
        assert lamp.shows == RED
        away = asyncio.create_task(home.restarted(20.0, 0.0))
        await asyncio.sleep(10)
        await calls(home, "hangup")
        theirs.by_hand(1)
        await away
        await asyncio.sleep(30)
        assert (lamp.shows, theirs.shows) == ("off", BLUE)

    with household(loop, folder, lamp, theirs) as home:
        home.run(day())


@pytest.mark.parametrize("end", ["hangup", "offline"])
def test_scenes_loaded_anew_leave_no_lamp_on(
    loop: SkippingLoop, folder: Path, end: str
) -> None:
    lamp, white = MoodyLamp("desk"), MoodyLamp("white", ColorMode.BRIGHTNESS)

    async def day() -> None:
        await busy_light(
            home, lamp, white, when_available="restore", when_unknown="restore"
        )
        await calls(home, "ring", "answer")
        # As happens whenever one is saved: the memory is gone.
        with patch("homeassistant.config.load_yaml_config_file", return_value={}):
            await home.hass.services.async_call("scene", "reload", blocking=True)
        if end == "offline":
            own = home.people[0]
            await home.emulator.set_presence(own, {"userStatus": "Offline"})
        await calls(home, "hangup")
        await asyncio.sleep(30)
        assert (lamp.shows, white.shows) == ("off", "off")

    with household(loop, folder, lamp, white) as home:
        home.run(day())


@pytest.mark.parametrize("order", ["ABab", "ABba", "AaBb"])
def test_the_last_of_two_automations_brings_a_lamp_back(
    loop: SkippingLoop, folder: Path, order: str
) -> None:
    lamp = MoodyLamp("desk")

    async def day() -> None:
        lamp.by_hand(1)
        await busy_light(home, lamp, when_available="restore")
        other = home.device(home.people[1])
        await busy_light(home, lamp, when_available="restore", extensions=[other])
        async for goes_on in in_turn(home, order):
            assert lamp.shows == (RED if goes_on else BLUE)

    with household(loop, folder, lamp) as home:
        home.run(day())


def test_an_automation_that_gets_another_name_in_mid_call_brings_back(
    loop: SkippingLoop, folder: Path
) -> None:
    lamp = MoodyLamp("desk")

    async def day() -> None:
        lamp.by_hand(1)
        await busy_light(home, lamp, when_available="restore")
        await calls(home, "ring", "answer")
        er.async_get(home.hass).async_update_entity(
            "automation.busy_light_0", new_entity_id="automation.lamp"
        )
        await asyncio.sleep(5)
        await calls(home, "hangup")
        await asyncio.sleep(10)
        assert lamp.shows == BLUE

    with household(loop, folder, lamp) as home:
        home.run(day())


@pytest.mark.parametrize("member", [False, True])
def test_of_a_group_each_lamp_is_brought_back_for_itself(
    loop: SkippingLoop, folder: Path, member: bool
) -> None:
    one, other = MoodyLamp("one"), MoodyLamp("other")

    async def day() -> None:
        one.by_hand(1)
        group = await grouped(home, "light", ["light.one", "light.other"])
        lights = [group, "light.one"] if member else [group]
        await busy_light(home, lights=lights, when_available="restore")
        await calls(home, "ring", "answer")
        assert (one.shows, other.shows) == (RED, RED)
        await calls(home, "hangup")
        await asyncio.sleep(20)
        assert (one.shows, other.shows) == (BLUE, "off")

    with household(loop, folder, one, other) as home:
        home.run(day())


def test_a_lamp_of_a_group_that_has_power_again_shows_what_is(
    loop: SkippingLoop, folder: Path
) -> None:
    one, other = MoodyLamp("one"), MoodyLamp("other")

    async def day() -> None:
        group = await grouped(home, "light", ["light.one", "light.other"])
        await busy_light(home, lights=[group])
        one.power(on=False)
        await calls(home, "ring", "answer")
        one.power(on=True)
        await asyncio.sleep(5)
        assert (one.shows, other.shows) == (RED, RED)

    with household(loop, folder, one, other) as home:
        home.run(day())


@pytest.mark.parametrize("is_used", [False, True])
def test_a_lamp_of_a_group_that_was_away_at_the_end_is_brought_back_alone(
    loop: SkippingLoop, folder: Path, is_used: bool
) -> None:
    one, other = MoodyLamp("one"), MoodyLamp("other")

    async def day() -> None:
        one.by_hand(1)
        other.by_hand(1)
        group = await grouped(home, "light", ["light.one", "light.other"])
        await busy_light(home, lights=[group], when_available="restore")
        await calls(home, "ring", "answer")
        other.power(on=False)
        await calls(home, "hangup")
        await asyncio.sleep(60)
        assert one.shows == BLUE
        if is_used:
            one.by_hand(0)
        commands = one.commands
        other.power(on=True)
        await asyncio.sleep(30)
        assert other.shows == BLUE
        assert (one.shows, one.commands) == ("off" if is_used else BLUE, commands)
        assert home.hass.states.async_entity_ids("scene") == []

    with household(loop, folder, one, other) as home:
        home.run(day())


def test_a_lamp_of_a_group_that_is_away_all_through_a_call_is_left_alone(
    loop: SkippingLoop, folder: Path
) -> None:
    one, other = MoodyLamp("one"), MoodyLamp("other")

    async def day() -> None:
        other.by_hand(1)
        group = await grouped(home, "light", ["light.one", "light.other"])
        await busy_light(home, lights=[group], when_available="restore")
        other.power(on=False)
        await calls(home, "ring", "answer", "hangup")
        await asyncio.sleep(60)
        other.power(on=True)
        await asyncio.sleep(30)
        assert (one.shows, other.shows, other.commands) == ("off", BLUE, 0)

    with household(loop, folder, one, other) as home:
        home.run(day())
