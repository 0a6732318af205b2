"""The service's own JavaScript clients work against the emulator (docs/protocol.md 7).

They are in tests/emulator/node/package.json, with the widgets' Presence module. Where
Node or they are not there, these tests are skipped and say so.
"""

import asyncio
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
import os
from pathlib import Path
import shutil
from typing import Any

import orjson
import pytest

from emulator import Emulator

HERE = Path(__file__).parent / "node"
FOLDER = Path(os.environ.get("NODE_CLIENTS", HERE))
INSTALL = (
    "npm install --prefix tests/emulator/node"
    " --ignore-scripts --legacy-peer-deps --no-package-lock"
)

pytestmark = [
    pytest.mark.skipif(shutil.which("node") is None, reason="node is not there"),
    pytest.mark.skipif(
        not (FOLDER / "node_modules" / "@rc-ex").is_dir(),
        reason=f"RingCentral's JavaScript clients are not installed: {INSTALL}",
    ),
]


class Client:
    """A client in a process of its own."""

    def __init__(self, process: Process) -> None:
        """Take the process."""
        self._process = process

    async def heard(self, kind: str) -> dict[str, Any]:
        """Return the next thing of a kind that the client saw."""
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        async with asyncio.timeout(60):
            while line := await self._process.stdout.readline():
                found: dict[str, Any] = orjson.loads(line)
                if found["kind"] == kind:
                    return found
        raise AssertionError((await self._process.stderr.read()).decode())

    async def ask(self, **what: str) -> dict[str, Any]:
        """Return the state of the widgets' module, after what is to be done."""
        assert self._process.stdin is not None
        self._process.stdin.write(orjson.dumps(what) + b"\n")
        state = await self.heard("state")
        state.pop("kind")
        return state


@asynccontextmanager
async def client(emu: Emulator, name: str) -> AsyncIterator[Client]:
    """Run a client until the end, which it has to reach by itself."""
    process = await asyncio.create_subprocess_exec(
        "node",
        str(HERE / "clients.cjs"),
        str(FOLDER),
        name,
        emu.url,
        emu.client_id,
        emu.client_secret,
        emu.jwt,
        stdin=PIPE,
        stdout=PIPE,
        stderr=PIPE,
    )
    try:
        yield Client(process)
        async with asyncio.timeout(60):
            _, mistakes = await process.communicate()
        assert process.returncode == 0, mistakes.decode()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    await emu.wait_for(lambda: emu.counters.sockets_open == 0)
    assert emu.counters.requests["POST /restapi/oauth/revoke"] == 1


@pytest.mark.parametrize("name", ["extensible", "sdk"])
async def test_it_signs_in_reads_subscribes_and_hears(
    emu: Emulator, other: str, name: str
) -> None:
    """Login, REST, ticket, socket, subscription, event, logout."""
    async with client(emu, name) as node:
        assert (await node.heard("login"))["access"] is True
        assert str((await node.heard("extension"))["id"]) == emu.own_extension_id
        await node.heard("subscribed")
        await emu.play_call(other, ["ring"])
        body = (await node.heard("event"))["event"]["body"]
        assert body["extensionId"] == int(other)
        assert body["activeCalls"][0]["telephonyStatus"] == "Ringing"


def shown(emu: Emulator) -> dict[str, Any]:
    """Return the truth about the signed-in user as the widgets' module shows it."""
    truth = emu.truth()[emu.own_extension_id]
    names = (
        "telephonyStatus",
        "presenceStatus",
        "userStatus",
        "dndStatus",
        "meetingStatus",
    )
    calls = [
        [call["sessionId"], call["telephonyStatus"]]
        for call in truth.get("activeCalls", [])
    ]
    return {name: truth[name] for name in names} | {"calls": sorted(calls)}


async def agrees(node: Client, emu: Emulator) -> None:
    """Wait until the module shows the truth."""
    state: dict[str, Any] = {}
    try:
        async with asyncio.timeout(10):
            # Asking is a way to another process and back, and gives it its turn.
            while (state := await node.ask()) != shown(emu):
                continue
    except TimeoutError:
        assert state == shown(emu)


async def test_the_presence_of_the_widgets(emu: Emulator) -> None:
    """Its states are the truth, through calls, nine of them, and changes by itself."""
    own = emu.own_extension_id
    async with client(emu, "widgets") as node:
        await node.heard("ready")
        await agrees(node, emu)
        for script in (["ring"], ["answer"], ["hold"], ["resume"], ["hangup"]):
            await emu.play_call(own, script, key="a")
            await agrees(node, emu)
        for presence in (
            {"userStatus": "Busy", "meetingStatus": "Connected"},
            {"dndStatus": "DoNotAcceptDepartmentCalls"},
            {"userStatus": "Available", "meetingStatus": "Disconnected"},
        ):
            await emu.set_presence(own, presence)
            await agrees(node, emu)
        # Events list seven of nine: the module reads, and finds all of them.
        for number in range(9):
            await emu.play_call(own, ["ring"], key=str(number))
        await agrees(node, emu)
        assert len((await node.ask())["calls"]) == 9
        for number in range(9):
            await emu.play_call(own, ["missed"], key=str(number))
        await agrees(node, emu)
        await node.ask(set="DoNotAcceptAnyCalls")
        assert emu.truth()[own]["dndStatus"] == "DoNotAcceptAnyCalls"
        await agrees(node, emu)
