"""Events a second through a real socket into states, beside the official client that only receives them.

Both are counted by the CPU seconds of the receiving process, so that what else runs on the machine does
not count: it is what one core carries.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from statistics import median
import sys
from time import process_time
from typing import Any

import orjson

from custom_components.ringcentral.aioringcentral.models import Event

from .office import entry_for_info, quiet_hass

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


async def _ours(extensions: int) -> list[float]:
    async with _blaster(extensions) as (info, process), quiet_hass() as hass:
        entry = entry_for_info(info, ["account"])
        entry.add_to_hass(hass)
        if not await hass.config_entries.async_setup(entry.entry_id):
            raise RuntimeError("The integration was not set up")
        await hass.async_block_till_done()
        coordinator = entry.runtime_data
        take, seen, first, done = coordinator.stream_event, 0, 0.0, asyncio.Event()

        def counted(event: Event) -> None:
            nonlocal seen, first
            seen += 1
            if seen == 1:
                first = process_time()
            take(event)
            if seen == _COUNT:
                done.set()

        coordinator.stream_event = counted
        rates = []
        for _ in range(_ROUNDS):
            seen = 0
            done.clear()
            await _blast(process)
            async with asyncio.timeout(120):
                await done.wait()
            rates.append(_COUNT / (process_time() - first))
            await _line(process)
        await hass.config_entries.async_unload(entry.entry_id)
        return rates


async def _official(extensions: int) -> list[float]:
    """Measure the official client; it can miss the reply to its own subscription, and is started anew then."""
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
    """Return events per second of both, as medians over rounds."""
    official, ours = await _official(extensions), await _ours(extensions)
    return {
        "extensions": extensions,
        "events_per_second": round(median(ours)),
        "official_client_events_per_second": round(median(official)),
        "ratio": round(median(ours) / median(official), 2),
    }
