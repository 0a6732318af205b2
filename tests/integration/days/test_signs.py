"""Signs in a home that changes: one that does not take a command, people who move, and things of every kind."""

import asyncio
from pathlib import Path
from typing import Any

from homeassistant.components.light.const import ColorMode
from homeassistant.helpers import area_registry as ar, device_registry as dr
from homeassistant.setup import async_setup_component
import pytest

from tests.integration.homes import Household, MoodyLamp, MoodyPlug
from tests.integration.skipping import SkippingLoop

from .household import calls, household


async def on_air(home: Household, *signs: str, **given: Any) -> None:
    """Let signs tell of the own extension, or of others."""
    if not given.keys() & {"areas", "extensions"}:
        given["extensions"] = [home.device(home.people[0])]
    await home.automate("on_air", signs=[*signs], **given)
    await asyncio.sleep(5)


@pytest.mark.parametrize("steps", [["ring", "answer"], ["hangup"]])
def test_a_sign_that_does_not_take_it_is_told_once_more(
    loop: SkippingLoop, folder: Path, steps: list[str]
) -> None:
    sign = MoodyPlug("sign")

    async def day() -> None:
        await on_air(home, sign.entity_id)
        if steps == ["hangup"]:
            await calls(home, "ring", "answer")
        commands = sign.commands
        sign.is_broken = home.is_in_trouble = True
        await calls(home, *steps)
        sign.is_broken = False
        await asyncio.sleep(60)
        assert sign.is_on is (steps != ["hangup"])
        assert sign.commands == commands + 2

    with household(loop, folder, sign) as home:
        home.run(day())


@pytest.mark.parametrize("linger", [0, 20])
def test_who_moves_in_mid_call_takes_the_sign_along(
    loop: SkippingLoop, folder: Path, linger: int
) -> None:
    sign = MoodyPlug("sign")

    async def day() -> None:
        areas, devices = ar.async_get(home.hass), dr.async_get(home.hass)
        studio, attic = (areas.async_create(name).id for name in ("Studio", "Attic"))
        device = home.device(home.people[0])
        devices.async_update_device(device, area_id=studio)
        await on_air(home, sign.entity_id, areas=[studio], linger=linger)
        await calls(home, "ring", "answer")
        for area, is_on in ((attic, False), (studio, True), (None, False)):
            devices.async_update_device(device, area_id=area)
            await asyncio.sleep(25)
            assert sign.is_on is is_on
        devices.async_update_device(device, area_id=studio)
        await asyncio.sleep(5)
        assert sign.is_on
        areas.async_delete(studio)
        await asyncio.sleep(25)
        assert not sign.is_on

    with household(loop, folder, sign) as home:
        home.run(day())


def test_signs_of_every_kind_go_together_and_one_that_is_gone_costs_itself(
    loop: SkippingLoop, folder: Path
) -> None:
    lamp, plug = MoodyLamp("lamp", ColorMode.ONOFF), MoodyPlug("plug")
    helper = "input_boolean.on_air"

    async def day() -> None:
        assert await async_setup_component(
            home.hass, "input_boolean", {"input_boolean": {"on_air": None}}
        )
        await on_air(home, lamp.entity_id, plug.entity_id, helper, "switch.gone")
        for steps, shows in ((["ring", "answer"], "on"), (["hangup"], "off")):
            await calls(home, *steps)
            state = home.hass.states.get(helper)
            assert state is not None
            assert [lamp.shows, plug.shows, state.state] == [shows] * 3

    with household(loop, folder, lamp, plug) as home:
        home.run(day())
