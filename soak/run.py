"""A soak: rounds of faults, each followed by a rest in which everything is compared."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
import json
from pathlib import Path
import random
import time
from typing import Any, Final

import aiohttp

from demo.api import ApiError, Json

from . import plan, queues
from .compare import (
    Difference,
    Stretches,
    differences,
    labels,
    unavailable_seconds,
    voicemails,
    wrong_values,
)
from .faults import FAULTS
from .figures import Figures, course, memory
from .leaks import Secrets, search
from .people import Witness, live
from .plan import Round, Weather
from .readings import Reading, account, readings
from .world import World

# The connection has to be back within these seconds after the last fault: the longest
# back-off is two minutes, and there may be a penalty of half a minute on top.
LIVE_WITHIN: Final = 150.0
# Everything has to be right within these seconds after that. Failed readings are retried
# with their own back-off, which begins with seconds.
RIGHT_WITHIN: Final = 60.0
# Seconds for which everything has to stay right.
_STAY: Final = 0.5
# Seconds that a connection has to last before the next fault: only then does the client's
# back-off start from the beginning.
_GOOD_AFTER: Final = 6.0
# Seconds between two checks of memory and of what is wrong.
_LOOK_EVERY: Final = 0.5

# The paths of queue readings end in the same way, but do not read anybody's presence.
_READS: Final = ("/presence",)
_READS_OF_QUEUES: Final = "/call-queues/"


class Soak:
    """Drives a world by a plan, and counts."""

    def __init__(
        self, world: World, figures: Figures, say: Callable[[str], None]
    ) -> None:
        """Take a world that has begun, and the figures to count in."""
        self._world, self._figures, self._say = world, figures, say
        self._labels: dict[str, str] = {}
        self._stretches = Stretches()
        self._memory: list[int] = []
        self._pid = 0

    async def run(self, seed: int, seconds: float) -> None:
        """Run rounds until the time is over, at least one of each kind."""
        devices = sorted(self._world.entities.devices)
        emulator = self._world.emulator
        self._labels = labels(devices, await emulator.truth(), await emulator.queues())
        async with _beside(self._watch()):
            await self._settle()
            begun = time.monotonic()
            for number, each in enumerate(plan.rounds(seed, seconds)):
                passed = time.monotonic() - begun
                if number >= len(Weather) and passed > seconds - each.seconds / 2:
                    break
                names = ", ".join(name for _, name in each.faults) or "no faults"
                self._say(f"{passed:4.0f} s: {each.weather}, {names}")
                await self._round(each, random.Random(f"soak-{seed}-{number}"))
        figures = self._figures
        counters = await self._world.counters()
        figures.events_sent = counters["events_sent"]
        figures.voicemails_left = self._world.voicemails_left
        figures.queue_calls = self._world.switchboard.calls
        figures.requests_in_penalty = counters["requests_in_penalty"]
        figures.longest_wrong_seconds = round(self._stretches.longest, 1)
        figures.memory_kib_at_start, figures.memory_kib_at_end = memory(self._memory)
        figures.memory_kib = course(self._memory)

    async def _round(self, each: Round, chance: random.Random) -> None:
        world, figures = self._world, self._figures
        await self._begin(each)
        before = await self._seen()
        witnesses = []
        if each.weather in (Weather.PLANNED, Weather.RECOVERED):
            witnesses = [
                Witness(world.emulator, key, world.witness_entity(key))
                for key in world.witnesses
            ]
        acts = [live(world, chance), *(witness.run() for witness in witnesses)]
        await world.let_live(is_alive=True)
        async with _beside(*acts):
            await self._go_wrong(each, chance)
        await self._rest(is_odd=each.weather is Weather.ODD)
        figures.note_round(each.weather, [name for _, name in each.faults])
        self._account(each.weather, before, await self._seen(), witnesses)

    async def _begin(self, each: Round) -> None:
        """Switch to another variant of the service; the old one's sign-ins end."""
        world = self._world
        await world.become(each.kind)
        opened = (await world.counters())["sockets_opened"]
        await world.emulator.post("tokens", action="revoke")
        with suppress(TimeoutError):
            async with asyncio.timeout(LIVE_WITHIN):
                await self._another_socket(opened)
        await self._settle()
        # Wait, so that the next loss is the first one for a while: after losses in quick succession, the
        # back-off lasts longer than a session can be recovered.
        await asyncio.sleep(_GOOD_AFTER)
        world.office.states.changes.clear()

    async def _another_socket(self, opened: int) -> None:
        while True:
            counters = await self._world.counters()
            if counters["sockets_opened"] > opened and counters["subscriptions"]:
                return
            await asyncio.sleep(0.1)

    async def _go_wrong(self, each: Round, chance: random.Random) -> None:
        """Make each fault happen at its time, or later if the one before takes longer."""
        begun = time.monotonic()
        for at, name in each.faults:
            await asyncio.sleep(max(0.0, begun + at - time.monotonic()))
            await FAULTS[name](self._world, chance)
        await asyncio.sleep(max(0.0, begun + each.seconds - time.monotonic()))

    async def _rest(self, *, is_odd: bool) -> None:
        """End all faults, and check that everything becomes right."""
        world = self._world
        await world.let_live(is_alive=False)
        await world.heal()
        begun = time.monotonic()
        if is_odd:
            await self._wait_until_live()
            # The slow re-read corrects what odd replies and events have caused.
            world.office.hass.let_six_hours_pass()
        await self._settle()
        self._figures.longest_until_right_seconds = max(
            self._figures.longest_until_right_seconds,
            round(time.monotonic() - begun, 1),
        )

    async def _settle(self) -> None:
        """Wait until everything is right and stays so; what is late counts as a divergence."""
        await self._wait_until_live()
        until = time.monotonic() + RIGHT_WITHIN
        wrong = await self._wrong()
        while True:
            await asyncio.sleep(_STAY)
            was_wrong, wrong = wrong, await self._wrong()
            if not wrong and not was_wrong:
                return
            if time.monotonic() > until:
                break
        told = [each.told(self._labels) for each in wrong or was_wrong]
        self._figures.divergences += told
        for each in told:
            self._say(f"wrong: {each}")

    async def _wait_until_live(self) -> None:
        with suppress(TimeoutError):
            await self._world.office.states.wait_until(self._is_live, LIVE_WITHIN)

    def _is_live(self) -> bool:
        world = self._world
        return world.office.states.get(world.entities[None, "push_connected"]) == "on"

    async def _wrong(self) -> list[Difference]:
        world = self._world
        await world.read_entities()
        members = await world.members()
        truth = await world.emulator.truth()
        unread = len(await world.unread())
        return [
            *differences(world.entities, world.office.states, truth, members),
            *queues.differences(
                world.entities,
                world.office.states,
                await world.wanted_of_queues(truth),
            ),
            *voicemails(world.entities, world.office.states, world.own, unread),
        ]

    async def _seen(self) -> Json:
        """Return what Home Assistant and the emulator have counted so far."""
        connection = await self._world.connection()
        counters = await self._world.emulator.counters()
        reads = sum(
            count
            for name, count in counters["requests"].items()
            if name.startswith("GET")
            and name.endswith(_READS)
            and _READS_OF_QUEUES not in name
        )
        now = time.monotonic()
        last = list(readings(connection, now))
        return {**connection, "reads": reads, "at": now, "last": last}

    def _account(
        self, weather: Weather, before: Json, after: Json, witnesses: list[Witness]
    ) -> None:
        """Add the results of a round."""
        figures = self._figures
        seen = {
            name: _grown(before[name], after[name])
            for name in ("replacements", "recoveries", "losses", "reads")
        }
        last: list[Reading] = after["last"]
        accounted = account(last, seen["reads"], before["at"])
        figures.planned_ends += seen["replacements"]
        figures.recoveries += seen["recoveries"]
        if weather in (Weather.ROUGH, Weather.ODD):
            return
        changes = self._world.office.states.changes
        caused = lost = 0
        for witness in witnesses:
            shown = witness.shown(changes)
            caused += len(witness.caused)
            lost += abs(len(witness.caused) - len(shown))
            if len(shown) == len(witness.caused):
                slowest = max(
                    at - since for at, since in zip(shown, witness.caused, strict=True)
                )
                figures.slowest_event_seconds = max(
                    figures.slowest_event_seconds, round(slowest, 3)
                )
        gone = unavailable_seconds(
            changes, set(self._world.entities.values()), time.perf_counter()
        )
        figures.unavailable_seconds_in_recovered_drops += round(gone, 3)
        if weather is Weather.PLANNED:
            figures.witnessed_in_planned_ends += caused
            figures.events_lost_in_planned_ends += lost
            figures.reads_in_planned_ends += accounted.own
            figures.readings_in_planned_ends += accounted.told
            figures.losses_in_planned_ends += seen["losses"]
        else:
            figures.witnessed_in_recovered_drops += caused
            figures.events_lost_in_recovered_drops += lost
            figures.reads_in_recovered_drops += seen["reads"]
        self._say(f"        {seen}, {caused} witnessed, {lost} lost, {gone:.1f} s gone")
        for each in accounted.told:
            self._say(f"        read: {each}")

    async def _watch(self) -> None:
        """Watch memory, and how long entities are wrong, until cancelled."""
        world = self._world
        while True:
            await asyncio.sleep(_LOOK_EVERY)
            if not world.hass_is_there:
                self._stretches.note((), time.monotonic())
                continue
            if (pid := world.office.hass.pid) != self._pid:
                self._pid = pid
                self._memory.clear()
            self._memory.append(world.memory_kib())
            try:
                truth = await world.emulator.truth()
                wanted = await world.wanted_of_queues(truth)
            except ApiError, aiohttp.ClientError, OSError:
                continue
            entities, states = world.entities, world.office.states
            wrong = wrong_values(entities, states, truth)
            wrong |= queues.wrong_values(entities, states, wanted)
            self._stretches.note(wrong, time.monotonic())


def _grown(before: int, after: int) -> int:
    """Return by how much a count has grown, even if it was reset in between."""
    return after - before if after >= before else after


@asynccontextmanager
async def _beside(*works: Coroutine[Any, Any, None]) -> AsyncGenerator[None]:
    """Run things in the background; if one fails, raise its error at the end."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
    for result in results:
        if isinstance(result, Exception):
            raise result


async def soak(
    folder: Path,
    figures: Figures,
    say: Callable[[str], None],
) -> None:
    """Run a soak and fill in its figures."""
    async with World.open(
        folder,
        time_factor=figures.time_factor,
        extensions=figures.extensions,
        seed=figures.seed,
        say=say,
    ) as world:
        say("Adding the integration")
        await world.begin()
        await Soak(world, figures, say).run(figures.seed, figures.minutes * 60)
        say("Reading diagnostics")
        told = [await world.diagnostics(), *await world.diagnostics_of_devices()]
        entered = [world.emulator.info[key] for key in ("client_secret", "jwt")]
        names = await world.names()
    say("Looking for secrets")
    secrets = Secrets(
        issued=set(world.emulator.issued.read_text().split()),
        entered=entered,
        names=names,
    )
    figures.secrets_found = search(folder / "config", json.dumps(told), secrets)
