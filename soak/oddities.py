"""Odd replies, maintenance, and permissions that come and go."""

import asyncio
import random
from typing import Final

from emulator.odd import FRAME_KINDS, MEMBER_KINDS, WHOLE_KINDS

from .losses import PATHS
from .world import World

# No odd reply may be a well-formed but wrong list: the client believes two readings that agree, and the
# soak would then find a difference. None needs a certain member or value.
_MEMBERS: Final = tuple(each for each in MEMBER_KINDS if each not in ("set", "remove"))
_REPLIES: Final = (
    *(each for each in WHOLE_KINDS if each not in ("as_is", "value", "giant")),
    *("error", "lost", "cut", "redirect"),
)
_FRAMES: Final = (*_MEMBERS, *FRAME_KINDS, "truncated", "nested")


async def replies(world: World, chance: random.Random) -> None:
    """A connection is made while the replies on all paths are odd."""
    odd = [
        {"kind": kind, "path": chance.choice(PATHS), "next": chance.randint(1, 2)}
        for kind in chance.sample(_REPLIES, k=3)
    ]
    await world.reconnect_under(1001, seconds=4, recoverable=False, odd=odd)


async def presence(world: World, chance: random.Random) -> None:
    """Presence is read while its values are odd."""
    odd = [
        {"kind": kind, "path": "*/presence", "next": 1}
        for kind in chance.sample(_MEMBERS, k=3)
    ]
    await world.reconnect_under(1001, seconds=4, recoverable=False, odd=odd)


async def events(world: World, chance: random.Random) -> None:
    """Events are odd."""
    odd = [
        {"kind": kind, "on": "event", "next": 10}
        for kind in chance.sample(_FRAMES, k=4)
    ]
    async with world.switched(odd=odd):
        await asyncio.sleep(4)


async def frames(world: World, chance: random.Random) -> None:
    """Frames of a new socket are odd."""
    odd = [
        {"kind": kind, "on": chance.choice(("socket", "details", "heartbeat"))}
        | {"next": 1}
        for kind in chance.sample(_FRAMES, k=4)
    ]
    is_recoverable = chance.random() < 0.5
    await world.reconnect_under(None, seconds=4, recoverable=is_recoverable, odd=odd)


async def limits(world: World, _chance: random.Random) -> None:
    """Rate limit headers are odd."""
    odd = [{"kind": "headers", "next": 20}]
    await world.reconnect_under(1001, seconds=3, recoverable=False, odd=odd)


async def maintenance(world: World, chance: random.Random) -> None:
    """The service is under maintenance."""
    code = chance.choice(("CMN-211", "MaintenanceMode"))
    fault = {"code": code, "retry_after": 2}
    await world.reconnect_under(1001, seconds=3, recoverable=False, maintenance=fault)


async def new_tokens_unknown(world: World, _chance: random.Random) -> None:
    """A new token is not known everywhere at once."""
    async with world.switched(new_tokens_refused=2):
        await world.emulator.post("tokens", action="revoke")
        await asyncio.sleep(4)


async def permission_lost(world: World, chance: random.Random) -> None:
    """A permission is taken away and given back."""
    name = chance.choice(("ReadPresence", "SubscriptionWebSocket"))
    await world.reconnect_under(
        1001, seconds=4, recoverable=False, permissions_removed=[name]
    )
