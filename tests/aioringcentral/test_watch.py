"""``python -m aioringcentral watch``, as a subprocess against the emulator."""

import asyncio
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from io import StringIO
import os
from pathlib import Path
import signal
import sys

import pytest

import aioringcentral
from aioringcentral.account import Change
from aioringcentral.advice import advice
from aioringcentral.calls.state import CallEvent, CallEventType, Calls
from aioringcentral.command import main
from aioringcentral.errors import Reason, RetryLater
from aioringcentral.models import Extension, Presence
from aioringcentral.status import Status
from aioringcentral.watch import line, watch
from emulator import Emulator

# Where the package lies: among installed ones, or inside the integration.
FOLDER = Path(aioringcentral.__file__).parents[1]
DEADLINE = 20.0


def credentials(emulator: Emulator) -> dict[str, str]:
    """Return the environment that signs in to the emulator."""
    return {
        "RINGCENTRAL_SERVER": emulator.url,
        "RINGCENTRAL_CLIENT_ID": emulator.client_id,
        "RINGCENTRAL_CLIENT_SECRET": emulator.client_secret,
        "RINGCENTRAL_JWT": emulator.jwt,
    }


@asynccontextmanager
async def watching(environment: Mapping[str, str]) -> AsyncIterator[Process]:
    """Run the command, and see that it is gone afterwards."""
    ours = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("RINGCENTRAL_")
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "aioringcentral",
        "watch",
        cwd=FOLDER,
        env={**ours, **environment},
        stdout=PIPE,
        stderr=PIPE,
        # Ignored where the tests themselves run in the background of a shell.
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    )
    try:
        async with asyncio.timeout(DEADLINE):
            yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


async def test_it_prints_who_changes_how(emulator: Emulator) -> None:
    own = emulator.own_extension_id
    name = emulator.extension(own).name
    async with watching(credentials(emulator)) as process:
        assert process.stdout is not None
        first = (await process.stdout.readline()).split()
        assert first[0] == b"Watching"
        everyone = [
            (await process.stdout.readline()).decode() for _ in range(int(first[1]))
        ]
        assert any(name in each for each in everyone)
        # The first change is listened to a moment after that line.
        while not (seen := await ringing(emulator, process)):
            continue
        assert name in seen
        assert "ringing" in seen
        await emulator.play_call(own, ["missed"], call="last")
        process.send_signal(signal.SIGINT)
        printed, problems = await process.communicate()
        assert process.returncode == 0
    assert problems == b""
    assert "4155550177" not in seen + printed.decode()
    await emulator.wait_for(lambda: emulator.counters.sockets_open == 0)
    assert not emulator._service.tokens.sessions


async def ringing(emulator: Emulator, process: Process) -> str:
    """Let a call ring, and return the line that says so, or nothing if none comes soon."""
    assert process.stdout is not None
    await emulator.play_call(
        emulator.own_extension_id, ["ring"], call="last", from_="+14155550177"
    )
    try:
        async with asyncio.timeout(2):
            return (await process.stdout.readline()).decode()
    except TimeoutError:
        await emulator.play_call(emulator.own_extension_id, ["missed"], call="last")
        return ""


async def said(environment: Mapping[str, str]) -> tuple[int, str, str]:
    """Run the command in this process; return its status and what it printed."""
    out, err = StringIO(), StringIO()
    async with asyncio.timeout(DEADLINE):
        return await watch(environment, out, err), out.getvalue(), err.getvalue()


async def test_missing_credentials_are_named(emulator: Emulator) -> None:
    given = credentials(emulator)
    del given["RINGCENTRAL_JWT"]
    message = "Missing in the environment: RINGCENTRAL_JWT\n"
    assert await said(given) == (2, "", message)


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"RINGCENTRAL_JWT": "wrong"}, "make a new one for this app"),
        ({"RINGCENTRAL_SERVER": "http://example.com"}, "set RINGCENTRAL_SERVER to an"),
        ({"RINGCENTRAL_SERVER": "http://127.0.0.1:9"}, "check the network"),
    ],
)
async def test_what_fails_is_said_in_a_line(
    emulator: Emulator, changed: dict[str, str], problem: str
) -> None:
    status, printed, problems = await said(credentials(emulator) | changed)
    assert (status, printed) == (1, "")
    assert problem in problems
    assert problems.count("\n") == 1


def test_every_reason_has_a_sentence() -> None:
    for reason in Reason:
        said = advice(RetryLater(reason, "CMN-101"))
        assert said[0].isupper()
        assert said.endswith(f". [{reason} (CMN-101)]")


def test_it_has_a_help(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--help"])
    assert caught.value.code == 0
    assert "RINGCENTRAL_CLIENT_SECRET" in capsys.readouterr().out


def test_a_line_says_who_does_what() -> None:
    change = Change(
        extension=Extension(id="1", number="101"),
        presence=Presence(extension_id="1"),
        status=None,
        calls=Calls(),
        events=(),
    )
    now = datetime(2026, 11, 24, 9, 5, 7, tzinfo=UTC)
    assert line(change, now) == "09:05:07  101  unknown"
    missed = CallEvent(CallEventType.MISSED, "c1", None, None, None, name="Caller")
    named = change._replace(
        extension=Extension(id="1", number="101", name="Anna"),
        status=Status.AVAILABLE,
        events=(missed,),
    )
    assert line(named, now) == "09:05:07  Anna  available missed"
