"""What people do during a soak: random changes, and changes that are counted."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
import random
import time
from typing import Final

import aiohttp

from demo.api import ApiError
from demo.emulator import Emulator
from demo.states import Change

from .switchboard import CALLER
from .world import World

# Seconds between two things that somebody does.
_PAUSE: Final = 0.3
# Seconds between two events of one witness.
_BEAT: Final = 0.1

_WORDS: Final = {
    "userStatus": ("Available", "Busy", "Offline"),
    "dndStatus": (
        "TakeAllCalls",
        "DoNotAcceptAnyCalls",
        "DoNotAcceptDepartmentCalls",
    ),
    "meetingStatus": ("Connected", "Disconnected"),
    "pickUpCallsOnHold": (True, False),
    "message": ("", "Back at 2 pm"),
}
_CALLS: Final = (
    ["ring", "wait:1", "answer", "wait:2", "hangup"],
    ["ring", "wait:1", "missed"],
    ["ring", "answer", "wait:1", "hold", "wait:1", "resume", "hangup"],
    ["dial", "wait:0.5", "answer", "wait:1", "hangup"],
)


async def live(world: World, chance: random.Random) -> None:
    """Have people change their status, get calls and voicemails, and serve queues, until cancelled."""
    while True:
        await asyncio.sleep(chance.expovariate(1 / _PAUSE))
        who = world.somebody(chance)
        # The service may be down, or the call may not be possible right now.
        with suppress(ApiError, aiohttp.ClientError, OSError):
            act = chance.random()
            if act < 0.1:
                await world.voicemail(chance)
            elif act < 0.16:
                await world.switchboard.log_in_or_out(chance, world.own)
            elif act < 0.22:
                await world.switchboard.call(chance)
            elif chance.random() < 0.3:
                await world.emulator.post(
                    "calls", extension_id=who, script=chance.choice(_CALLS), **CALLER
                )
            else:
                field = chance.choice(list(_WORDS))
                value = chance.choice(_WORDS[field])
                await world.emulator.set_presence(who, **{field: value})


class Witness:
    """Repeatedly changes what nobody else changes: each change has to show.

    If a change is lost, the next one is not a change either. So whatever is missing, the
    count is wrong.
    """

    def __init__(self, emulator: Emulator, extension_id: str, entity_id: str) -> None:
        """Take the extension whose setting to change, and the entity that shows it."""
        self._emulator = emulator
        self._extension_id, self._entity_id = extension_id, entity_id
        self.caused: list[float] = []
        """When each change was requested, on the clock of `Change`."""

    async def run(self) -> None:
        """Make changes until cancelled; finish the one that has begun."""
        truth = await self._emulator.truth()
        is_on = bool(truth[self._extension_id]["ringOnMonitoredCall"])
        while True:
            is_on = not is_on
            self.caused.append(time.perf_counter())
            await asyncio.shield(
                asyncio.ensure_future(
                    self._emulator.set_presence(
                        self._extension_id, ringOnMonitoredCall=is_on
                    )
                )
            )
            await asyncio.sleep(_BEAT)

    def shown(self, changes: Sequence[Change]) -> list[float]:
        """Return when its entity changed."""
        return flips(changes, self._entity_id)


def flips(changes: Sequence[Change], entity_id: str) -> list[float]:
    """Return when an entity went from one value to the other, whatever came between."""
    return [
        change.at
        for change in changes
        if change.entity_id == entity_id and {change.old, change.new} == {"on", "off"}
    ]
