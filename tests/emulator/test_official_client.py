"""The service's own Python client works against the emulator (docs/protocol.md 7)."""

import asyncio
from asyncio.subprocess import PIPE, Process
from pathlib import Path
import sys
from typing import Any

import orjson

from emulator import Emulator

CHECKOUT = Path(__file__).resolve().parents[2]


async def heard(process: Process, kind: str) -> dict[str, Any]:
    """Return the next thing of a kind that the client saw."""
    assert process.stdout is not None
    assert process.stderr is not None
    async with asyncio.timeout(20):
        while line := await process.stdout.readline():
            found: dict[str, Any] = orjson.loads(line)
            if found["kind"] == kind:
                return found
    raise AssertionError((await process.stderr.read()).decode())


async def test_it_signs_in_reads_subscribes_and_hears(
    emu: Emulator, other: str
) -> None:
    """Login, REST, ticket, socket, subscription, event, logout."""
    # The client tells of a subscription only by this header of 2021.
    emu.faults.set(subscription_header=True)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.emulator.official_client",
        emu.url,
        emu.client_id,
        emu.client_secret,
        emu.jwt,
        cwd=CHECKOUT,
        stdin=PIPE,
        stdout=PIPE,
        stderr=PIPE,
    )
    assert (await heard(process, "login"))["access"] is True
    extension = await heard(process, "extension")
    assert str(extension["id"]) == emu.own_extension_id
    await heard(process, "connected")
    await heard(process, "subscribed")
    await emu.play_call(other, ["ring"])
    meta, envelope = (await heard(process, "event"))["frame"]
    assert meta["type"] == "ServerNotification"
    assert envelope["body"]["extensionId"] == int(other)
    assert envelope["body"]["activeCalls"][0]["telephonyStatus"] == "Ringing"
    await process.communicate(b"\n")
    assert process.returncode == 0
    await emu.wait_for(lambda: emu.counters.sockets_open == 0)
    assert emu.counters.requests["POST /restapi/oauth/revoke"] == 1
    assert emu.counters.replies["200"] >= 4
