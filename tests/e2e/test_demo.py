"""The demo as it comes: everything that it promises, without hands."""

import asyncio
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
import os
from pathlib import Path
import re
import signal
import sys

import aiohttp
import pytest

from demo.check_home import check_home
from demo.furnish import move_in
from demo.hass import CHECKOUT, free_port
from demo.office import Office, Plan

from .running import complaints


@pytest.mark.timeout(180)
async def test_the_demo_keeps_its_promises(tmp_path: Path) -> None:
    plan = Plan(port=free_port(), simulate=True, is_home=True)
    async with Office.open(tmp_path, plan) as office:
        await move_in(office)
        async with office.connected():
            figures = await check_home(office)
        log = office.hass.log.read_text(errors="replace")

    assert figures.saved == ["automation", "script", "scene"]
    assert figures.views == 4
    assert max(figures.to_red) < 5
    assert figures.voicemail.audio.startswith(b"RIFF")
    assert figures.voicemail.content_type.startswith("audio/")
    # Who left it is nobody's business unless that was chosen.
    assert "Robin" not in figures.voicemail.title
    assert not complaints(log)
    # Nothing is fetched, and nothing that a home has failed to load.
    assert "Attempting install of" not in log
    assert not re.search(r"Setup failed|Unable to install package|Invalid config", log)


@asynccontextmanager
async def command(folder: Path, *arguments: str) -> AsyncGenerator[Process]:
    """Run scripts/demo, less the part that makes its environment."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "demo", *arguments),
        cwd=CHECKOUT,
        env={**os.environ, "DEMO_FOLDER": str(folder), "PYTHONWARNINGS": ""},
        stdout=PIPE,
        stderr=DEVNULL,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


@pytest.mark.timeout(180)
async def test_the_command_says_where_to_look_and_lets_a_phone_ring(
    tmp_path: Path,
) -> None:
    async with command(tmp_path, f"--port={free_port()}") as demo:
        assert demo.stdout is not None
        said = ""
        while "Ctrl-C" not in said:
            line = await demo.stdout.readline()
            assert line, f"it ended after: {said}"
            said += line.decode()
        assert "You are Bianca Jones, extension 102" in said
        assert "scripts/demo ring" in said
        views = re.findall(r"http://\S+/ringcentral-office/\w+", said)
        assert len(views) == 4
        async with aiohttp.ClientSession() as session:
            for address in views:
                async with session.get(address) as reply:
                    assert reply.status == 200

        async with command(tmp_path, "ring", "--missed") as ring:
            assert await ring.wait() == 0
        async with command(tmp_path, "voicemail") as voicemail:
            assert await voicemail.wait() == 0
        async with command(tmp_path, "ring", "nobody") as ring:
            assert await ring.wait() == 1
        async with command(tmp_path, "--check") as second:
            assert await second.wait() == 1, "the folder is in use"

        demo.send_signal(signal.SIGINT)
        await demo.communicate()
        assert demo.returncode == 0
    async with command(tmp_path, "ring") as ring:
        assert await ring.wait() == 1, "it has ended"
