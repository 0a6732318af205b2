"""Disordered events, members who come and go, and reloads and restarts of Home Assistant."""

import asyncio
import random
from typing import Final

from .world import World

# Texts that are not valid frames.
_GARBAGE: Final = (
    {"text": "garbage"},
    {"text": "[]"},
    {"text": '[{"type": "Error", "status": 500}, {"errorCode": "WSG-500"}]'},
    {"text": '[{"type": "SomethingNew", "messageId": "1"}, {}]'},
    {"binary": "00ff"},
)


# Events. Do not mix disorder and partial bodies: whatever only an overtaken event said
# would be lost, and nobody could ask for it.


async def reordered(world: World, _chance: random.Random) -> None:
    """Events overtake one another."""
    async with world.switched(reorder=0.3, partial_bodies=False):
        await asyncio.sleep(4)


async def duplicated(world: World, _chance: random.Random) -> None:
    """Every other event arrives twice."""
    async with world.switched(duplicate=0.5):
        await asyncio.sleep(3)


async def delayed(world: World, chance: random.Random) -> None:
    """Events arrive late."""
    async with world.switched(delay=chance.uniform(0.1, 1)):
        await asyncio.sleep(4)


async def partial(world: World, _chance: random.Random) -> None:
    """Events lack what has not changed."""
    async with world.switched(partial_bodies=True):
        await asyncio.sleep(4)


async def unknown_words(world: World, chance: random.Random) -> None:
    """The service sends unknown words about somebody, and known ones later."""
    who = world.somebody(chance)
    words = ("telephonyStatus", "presenceStatus", "userStatus", "dndStatus")
    body = {"extensionId": who, **dict.fromkeys(words, "SomethingNew")}
    await world.emulator.post("deliver", extension_id=who, body=body)
    await asyncio.sleep(1)
    async with world.switched(always_telephony_status=True, partial_bodies=False):
        await world.speak(who)


async def garbage(world: World, chance: random.Random) -> None:
    """Something arrives that is not a valid frame."""
    await world.emulator.post("frame", **chance.choice(_GARBAGE))


# Members.


async def added(world: World, _chance: random.Random) -> None:
    """Somebody joins."""
    await world.add()


async def removed(world: World, chance: random.Random) -> None:
    """Somebody leaves."""
    await world.remove(chance)


async def disabled(world: World, chance: random.Random) -> None:
    """Somebody is disabled, or enabled again."""
    await world.disable_or_enable(chance)


async def renamed(world: World, chance: random.Random) -> None:
    """Somebody gets another name."""
    await world.rename(world.somebody(chance))


# Home Assistant.


async def reloaded(world: World, _chance: random.Random) -> None:
    """The entry is reloaded."""
    await world.reload()


async def restarted(world: World, _chance: random.Random) -> None:
    """Home Assistant restarts."""
    await world.restart_hass()
