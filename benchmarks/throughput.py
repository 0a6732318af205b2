"""Events a second through a real socket into states, compared with only the writes, and with the official client.

All are measured in CPU seconds of the receiving process, so that other work on the machine does not
count: they show what one core can handle.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import chain
from statistics import median
import sys
from time import process_time
from typing import Any

from homeassistant.core import callback
import orjson

from custom_components.ringcentral.aioringcentral.models import Event

from .office import entry_for_info, quiet_hass
from .twins import entities_of, twins_of

_COUNT = 5_000
_ROUNDS = 3


@asynccontextmanager
async def _blaster(
    extensions: int,
) -> AsyncIterator[tuple[dict[str, Any], asyncio.subprocess.Process]]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "benchmarks.blaster",
        "--extensions",
        str(extensions),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield orjson.loads(await _line(process)), process
    finally:
        process.terminate()
        await process.wait()


async def _line(process: asyncio.subprocess.Process) -> str:
    if process.stdout is None:
        raise RuntimeError("The process has no output")
    async with asyncio.timeout(20):
        return (await process.stdout.readline()).decode()


async def _blast(process: asyncio.subprocess.Process) -> None:
    if process.stdin is None:
        raise RuntimeError("The process has no input")
    process.stdin.write(f"{_COUNT}\n".encode())
    await process.stdin.drain()


async def _ours(extensions: int) -> tuple[list[float], list[float]]:
    """Return the rates of the integration, and of the same socket with only writes of the same states."""
    async with _blaster(extensions) as (info, process), quiet_hass() as hass:
        entry = entry_for_info(info, ["account"])
        entry.add_to_hass(hass)
        if not await hass.config_entries.async_setup(entry.entry_id):
            raise RuntimeError("The integration was not set up")
        await hass.async_block_till_done()
        account = entry.runtime_data.account
        listener = account._lifecycle  # noqa: SLF001 - there is no other way in
        take, seen, first, done = listener.stream_event, 0, 0.0, asyncio.Event()

        def counted(event: Event) -> None:
            nonlocal seen, first
            seen += 1
            if seen == 1:
                first = process_time()
            take(event)
            if seen == _COUNT:
                done.set()

        async def blast() -> float:
            nonlocal seen
            seen = 0
            done.clear()
            await _blast(process)
            async with asyncio.timeout(120):
                await done.wait()
            rate = _COUNT / (process_time() - first)
            await _line(process)
            await hass.async_block_till_done()
            return rate

        listener.stream_event = counted
        rates = [await blast() for _ in range(_ROUNDS)]
        integration, changed = take, list[str]()
        pattern: list[list[str]] = []

        def noted(event: Event) -> None:
            changed.clear()
            integration(event)
            pattern.append(list(changed))

        take, remove = (
            noted,
            hass.bus.async_listen(
                "state_changed",
                callback(lambda event: changed.append(event.data["entity_id"])),
            ),
        )
        await blast()
        remove()
        twins = await twins_of(hass, entities_of(hass, chain.from_iterable(pattern)))
        writes = [[twins[name] for name in names] for names in pattern]

        def only_written(_event: Event) -> None:
            for twin in writes[seen - 1]:
                twin.turn()

        take = only_written
        floor = [await blast() for _ in range(_ROUNDS)]
        await hass.config_entries.async_unload(entry.entry_id)
        return rates, floor


async def _official(extensions: int) -> list[float]:
    """Measure the official client; if it misses the reply to its own subscription, start it again."""
    for _ in range(5):
        try:
            return await _official_once(extensions)
        except TimeoutError:
            continue
    raise RuntimeError("The official client never received all events")


async def _official_once(extensions: int) -> list[float]:
    async with _blaster(extensions) as (info, process):
        client = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "benchmarks.official",
            info["server"],
            info["client_id"],
            info["client_secret"],
            info["jwt"],
            str(_COUNT),
            str(_ROUNDS),
            stdout=asyncio.subprocess.PIPE,
        )
        try:
            await _line(client)
            rates = []
            for _ in range(_ROUNDS):
                await _blast(process)
                rates.append(_COUNT / float(await _line(client)))
                await _line(process)
            return rates
        finally:
            if client.returncode is None:
                client.terminate()
            await client.wait()


async def measure(extensions: int = 100) -> dict[str, float]:
    """Return events per second as medians over rounds; ``ratio`` compares them with those of only the writes."""
    official = await _official(extensions)
    ours, floor = await _ours(extensions)
    return {
        "extensions": extensions,
        "events_per_second": round(median(ours)),
        "writes_alone_events_per_second": round(median(floor)),
        "official_client_events_per_second": round(median(official)),
        "ratio": round(median(ours) / median(floor), 2),
    }
