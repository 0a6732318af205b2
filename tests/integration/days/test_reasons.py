"""Reasons of every kind: zones within zones, forgotten switches that flicker, and entities that the user disabled."""

import asyncio
from pathlib import Path
from unittest.mock import patch

from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component
import pytest

from tests.integration.homes import Household, MoodyPlug
from tests.integration.skipping import SkippingLoop

from .household import BOTH, OFF, ON, dnd, household, undisturbed


async def disable(home: Household, *keys: str) -> None:
    """Disable entities of the own extension, which loads the integration anew."""
    registry = er.async_get(home.hass)
    for each in er.async_entries_for_device(registry, home.device(home.people[0])):
        if each.translation_key in keys:
            registry.async_update_entity(
                each.entity_id, disabled_by=er.RegistryEntryDisabler.USER
            )
    await asyncio.sleep(40)
    await home.settled()


@BOTH
@pytest.mark.parametrize(
    "disabled",
    [
        ["dnd_status", "set_dnd_status"],
        ["set_dnd_status", "set_user_status", "do_not_disturb"],
        ["dnd_status", "set_dnd_status", "do_not_disturb"],
        ["dnd_status", "set_dnd_status", "status"],
        ["dnd_status", "set_dnd_status", "status", "do_not_disturb"],
    ],
)
def test_entities_that_are_disabled_cost_no_reason(
    loop: SkippingLoop, folder: Path, name: str, disabled: list[str]
) -> None:
    switch = MoodyPlug("focus")

    async def day() -> None:
        await disable(home, *disabled)
        await undisturbed(home, name, switch)
        switch.by_hand(1)
        await asyncio.sleep(10)
        assert dnd(home) == ON
        await asyncio.sleep(130)
        switch.by_hand(0)
        await asyncio.sleep(10)
        assert dnd(home) == OFF
        switch.by_hand(1)
        await asyncio.sleep(130)
        assert dnd(home) == ON
        await home.emulator.set_presence(home.people[0], {"dndStatus": OFF})
        await asyncio.sleep(130)
        assert dnd(home) == OFF

    with household(loop, folder, switch) as home:
        home.run(day())


@pytest.mark.parametrize("kind", ["person", "device_tracker"])
def test_who_is_in_a_zone_within_a_zone_is_in_both(
    loop: SkippingLoop, folder: Path, kind: str
) -> None:
    anna = f"{kind}.anna"

    async def day() -> None:
        states = home.hass.states
        states.async_set("zone.home", "0", {"friendly_name": "Home"})
        states.async_set("zone.garden", "0", {"friendly_name": "Garden"})
        states.async_set(anna, "home", {"in_zones": ["zone.home"]})
        await home.automate(
            "asleep_or_away", extension=home.device(home.people[0]), people=[anna]
        )
        await asyncio.sleep(5)
        for state, zones, shows in (
            ("Garden", ["zone.garden", "zone.home"], OFF),
            ("not_home", [], ON),
            ("Garden", ["zone.garden", "zone.home"], OFF),
            # On to the other end of it, which is not at home.
            ("Garden", ["zone.garden"], ON),
        ):
            states.async_set(anna, state, {"in_zones": zones})
            await asyncio.sleep(70)
            assert dnd(home) == shows

    with household(loop, folder) as home:
        home.run(day())


@pytest.mark.parametrize("longest", [{"hours": 1}, "01:00:00", 3600])
def test_a_switch_that_was_forgotten_is_no_reason_again_because_it_was_away(
    loop: SkippingLoop, folder: Path, longest: object
) -> None:
    switch = MoodyPlug("focus")

    async def flicker() -> None:
        switch.power(on=False)
        await asyncio.sleep(5)
        switch.power(on=True)

    async def day() -> None:
        await home.automate(
            "do_not_disturb",
            extension=home.device(home.people[0]),
            switches=[switch.entity_id],
            longest=longest,
        )
        await asyncio.sleep(5)
        switch.by_hand(1)
        await asyncio.sleep(1800)
        assert dnd(home) == ON
        await flicker()
        await asyncio.sleep(1900)
        assert dnd(home) == OFF
        await asyncio.sleep(3600)
        await flicker()
        await asyncio.sleep(100)
        assert dnd(home) == OFF
        switch.by_hand(0)
        await asyncio.sleep(10)
        switch.by_hand(1)
        await asyncio.sleep(10)
        assert dnd(home) == ON

    with household(loop, folder, switch) as home:
        home.run(day())


@BOTH
def test_a_helper_that_is_loaded_anew_is_as_it_was(
    loop: SkippingLoop, folder: Path, name: str
) -> None:
    helper = {"entity_id": "input_boolean.focus"}

    async def day() -> None:
        hass = home.hass
        assert await async_setup_component(
            hass, "input_boolean", {"input_boolean": {"focus": None}}
        )
        await home.automate(
            name, extension=home.device(home.people[0]), switches=[helper["entity_id"]]
        )
        await asyncio.sleep(5)
        call = hass.services.async_call
        await call("input_boolean", "turn_on", helper, blocking=True)
        await asyncio.sleep(10)
        assert dnd(home) == ON
        with patch(
            "homeassistant.config.load_yaml_config_file",
            return_value={"input_boolean": {"focus": {"name": "Focus"}}},
        ):
            await call("input_boolean", "reload", blocking=True)
        await asyncio.sleep(100)
        assert dnd(home) == ON
        await call("input_boolean", "turn_off", helper, blocking=True)
        await asyncio.sleep(10)
        assert dnd(home) == OFF

    with household(loop, folder) as home:
        home.run(day())
