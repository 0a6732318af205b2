"""The command line: one JSON line, quick start, clean end."""

import asyncio
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
import resource
import signal
import sys
from typing import Any

import aiohttp
import orjson
import pytest

CHECKOUT = Path(__file__).resolve().parents[2]


KEYS = {
    "server",
    "client_id",
    "client_secret",
    "jwt",
    "account_id",
    "own_extension_id",
    "extension_ids",
}


@asynccontextmanager
async def running(*command: str) -> AsyncIterator[Process]:
    """Run a command and see that it is gone afterwards."""
    process = await asyncio.create_subprocess_exec(
        *command, cwd=CHECKOUT, stdout=PIPE, stderr=PIPE
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


def emulator(*arguments: str) -> AbstractAsyncContextManager[Process]:
    """Run the emulator in a process of its own."""
    return running(sys.executable, "-m", "emulator", *arguments)


async def told(process: Process) -> Any:
    """Return the JSON line."""
    assert process.stdout is not None
    return orjson.loads(await process.stdout.readline())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_life(number: signal.Signals, http: aiohttp.ClientSession) -> None:
    """One JSON line, an office of 1,000, status 0 at the end, in not much more time than a small one."""
    floor = await one_life(100, number, http)
    assert await one_life(1000, number, http) < 2.0 * floor


async def one_life(
    extensions: int, number: signal.Signals, http: aiohttp.ClientSession
) -> float:
    """Return the seconds on the processor: a busy machine makes it wait, not work more."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    arguments = ("--extensions", f"{extensions}", "--simulate", "--time-factor", "60")
    async with emulator(*arguments) as process:
        info = await told(process)
        assert info.keys() == KEYS
        assert info["extension_ids"][0] == info["own_extension_id"]
        assert len(info["extension_ids"]) > extensions * 0.6
        async with http.get(f"{info['server']}/emulator/truth") as reply:
            assert len(await reply.json()) == extensions
        process.send_signal(number)
        rest, errors = await process.communicate()
        assert (process.returncode, rest, errors) == (0, b"", b"")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


async def test_taken_port() -> None:
    """A port in use is a plain word and status 1."""
    async with emulator() as first:
        port = (await told(first))["server"].rpartition(":")[2]
        async with emulator("--port", port) as second:
            out, errors = await second.communicate()
            assert (second.returncode, out) == (1, b"")
            assert errors.startswith(b"emulator: ")


async def test_script() -> None:
    """scripts/emulator starts it, and stopping the script stops it."""
    async with running(
        str(CHECKOUT / "scripts" / "emulator"), "--seed", "7"
    ) as process:
        assert (await told(process)).keys() == KEYS
        process.terminate()
        await process.communicate()
        assert process.returncode == 0
