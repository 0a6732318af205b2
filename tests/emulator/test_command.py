"""The command line: one JSON line, quick start, clean end."""

import asyncio
from asyncio.subprocess import PIPE, Process
import signal
import sys
import time

import aiohttp
import orjson
import pytest

from .schema import CHECKOUT

KEYS = {
    "server",
    "client_id",
    "client_secret",
    "jwt",
    "account_id",
    "own_extension_id",
    "extension_ids",
}


async def start(*arguments: str) -> Process:
    """Start the emulator in a process of its own."""
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "emulator",
        *arguments,
        cwd=CHECKOUT,
        stdout=PIPE,
        stderr=PIPE,
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_life(number: signal.Signals, http: aiohttp.ClientSession) -> None:
    """Starts in under two seconds with 1,000 extensions and ends with status 0."""
    began = time.perf_counter()
    process = await start("--extensions", "1000", "--simulate", "--time-factor", "60")
    assert process.stdout is not None
    info = orjson.loads(await process.stdout.readline())
    assert time.perf_counter() - began < 2.0
    assert info.keys() == KEYS
    assert info["extension_ids"][0] == info["own_extension_id"]
    assert len(info["extension_ids"]) > 900
    async with http.get(f"{info['server']}/emulator/truth") as reply:
        assert len(await reply.json()) == 1000
    process.send_signal(number)
    rest, errors = await process.communicate()
    assert (process.returncode, rest, errors) == (0, b"", b"")


async def test_taken_port(http: aiohttp.ClientSession) -> None:
    """A port in use is a plain word and status 1."""
    first = await start()
    assert first.stdout is not None
    server = orjson.loads(await first.stdout.readline())["server"]
    second = await start("--port", server.rpartition(":")[2])
    out, errors = await second.communicate()
    assert (second.returncode, out) == (1, b"")
    assert errors.startswith(b"emulator: ")
    first.terminate()
    await first.communicate()
    assert first.returncode == 0


async def test_script() -> None:
    """scripts/emulator finds its way from anywhere."""
    process = await asyncio.create_subprocess_exec(
        CHECKOUT / "scripts" / "emulator", "--seed", "7", cwd="/", stdout=PIPE
    )
    assert process.stdout is not None
    assert orjson.loads(await process.stdout.readline()).keys() == KEYS
    process.terminate()
    await process.communicate()
    assert process.returncode == 0
