"""A home for a day: what it is furnished with, and what happens in it."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from tests.integration.homes import Household, MoodyLamp, MoodyPlayer, MoodyPlug
from tests.integration.skipping import SkippingLoop

ON, OFF = "DoNotAcceptAnyCalls", "TakeAllCalls"
GREEN, RED, BLUE = "0,255,0 50%", "255,0,0 100%", "0,0,255 40%"
BOTH = pytest.mark.parametrize("name", ["do_not_disturb", "asleep_or_away"])


@contextmanager
def household(loop: SkippingLoop, folder: Path, *things: Any) -> Iterator[Household]:
    """Furnish a home; at the end there is nothing to complain of."""
    home = Household(loop, folder, lambda: None)
    try:
        home.run(home.move_in(*things))
        yield home
        assert home.verdict() == []
    finally:
        home.run(home.close())


def dnd(home: Household) -> str:
    """Return what the service has."""
    return str(home.emulator.truth()[home.people[0]]["dndStatus"])


async def do_not_disturb(home: Household, **given: Any) -> None:
    """Keep the own extension undisturbed."""
    await home.automate(
        "do_not_disturb", extension=home.device(home.people[0]), **given
    )


async def busy_light(home: Household, *lamps: MoodyLamp, **given: Any) -> None:
    """Let lamps show the own extension."""
    await home.automate(
        "busy_light",
        **{
            "extensions": [home.device(home.people[0])],
            "lights": [lamp.entity_id for lamp in lamps],
            "ringing_blink": 0,
        }
        | given,
    )
    await asyncio.sleep(5)


async def calls(home: Household, *steps: str, who: int = 0) -> None:
    """Let a call go through some steps, a second each."""
    for step in steps:
        await home.call(who, step)
        await asyncio.sleep(1)


async def in_turn(home: Household, order: str) -> AsyncIterator[bool]:
    """Let calls of two people begin (``A``, ``B``) and end (``a``, ``b``); after each, yield whether one goes on."""
    going_on = set[int]()
    for each in order:
        who = "ab".index(each.lower())
        if each.isupper():
            going_on.add(who)
            await calls(home, "ring", "answer", who=who)
        else:
            going_on.discard(who)
            await calls(home, "hangup", who=who)
        await asyncio.sleep(10)
        yield bool(going_on)


async def grouped(home: Household, domain: str, members: list[str]) -> str:
    """Make a group as the helper of the user interface does, and return its entity id."""
    options = {
        "group_type": domain,
        "name": "Together",
        "entities": members,
        "hide_members": False,
        "all": False,
    }
    entry = MockConfigEntry(domain="group", title="Together", options=options)
    entry.add_to_hass(home.hass)
    assert await home.hass.config_entries.async_setup(entry.entry_id)
    await home.hass.async_block_till_done()
    return f"{domain}.together"


async def undisturbed(home: Household, name: str, *switches: MoodyPlug) -> None:
    """Keep the own extension undisturbed for switches."""
    await home.automate(
        name,
        extension=home.device(home.people[0]),
        switches=[switch.entity_id for switch in switches],
    )
    await asyncio.sleep(5)


async def media(home: Household, player: MoodyPlayer, **more: Any) -> None:
    """Let a player be quiet for the own extension, or for others."""
    await home.automate(
        "media",
        **{
            "extensions": [home.device(home.people[0])],
            "players": [player.entity_id],
            "wait": 0,
        }
        | more,
    )
    await asyncio.sleep(5)
