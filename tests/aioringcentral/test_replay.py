"""A recording plays to the states that the client had."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from aioringcentral.account import Account, Choices
from aioringcentral.recording import Recorder, command
from aioringcentral.recording.replay import Replay, restore
from aioringcentral.sign_in import JwtSignIn
from aioringcentral.watch import main
from emulator import Emulator

LABELS = {"id": "<int12:3>", "other": ["<str12:3>", "<str2:14>"]}


def test_a_restored_id_is_the_same_as_number_and_text() -> None:
    found = restore(LABELS)

    assert found == {"id": 100000000003, "other": ["100000000003", "14"]}


def test_restored_texts_are_as_long_as_before() -> None:
    assert restore(["<str 5>", "<int 3>", "<float 4>"]) == ["xxxxx", 100, 0.5]


def test_restored_paths_name_the_same_ids() -> None:
    path = "/restapi/v1.0/account/<str3:1>/extension/<str3:2>,<str3:1>/presence"

    assert restore(path) == "/restapi/v1.0/account/101/extension/102,101/presence"


async def recorded(emulator: Emulator) -> dict[str, Any]:
    """Return a report of some calls, a break in the connection, and presence that was set."""
    sign_in = JwtSignIn(
        emulator.client_id, emulator.client_secret, emulator.jwt, server=emulator.url
    )
    sign_in.http.recorder = Recorder()
    own = emulator.own_extension_id
    colleague = next(each for each in emulator.ids(type="User") if each != own)
    async with Account(sign_in, Choices(own=True, chosen=(colleague,))) as account:
        changes = account.changes()
        await emulator.play_call(own, ["ring", "answer", "hold"])
        await emulator.play_call(colleague, ["dial", "answer", "hangup"])
        await emulator.set_presence(colleague, {"userStatus": "Busy"})
        await emulator.disconnect(recoverable=False)
        await emulator.set_presence(own, {"dndStatus": "DoNotAcceptAnyCalls"})
        async for change in changes:
            if str(change.presence.dnd_status) == "DoNotAcceptAnyCalls":
                break
        await changes.aclose()
        return sign_in.http.recorder.report(
            asyncio.get_running_loop().time(), account.presences
        )


async def test_it_ends_with_the_same_states(emulator: Emulator) -> None:
    report = json.loads(json.dumps(await recorded(emulator)))
    replay = Replay(report)

    steps = list(replay.steps())

    assert len(report["states"]) == 2
    assert replay.differences() == {}
    assert {event.type for step in steps for event in step.events} >= {
        "ringing",
        "answered",
        "held",
        "ended",
    }


async def test_another_state_is_a_difference(emulator: Emulator) -> None:
    report = await recorded(emulator)
    label = next(iter(report["states"]))
    report["states"][label]["presence_status"] = "Offline"
    replay = Replay(report)
    list(replay.steps())

    assert list(replay.differences()[label]) == ["presence_status"]


async def test_the_command_prints_each_step(
    emulator: Emulator, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "diagnostics.json"
    path.write_text(json.dumps({"data": {"recording": await recorded(emulator)}}))

    assert main(["replay", str(path)]) == 0

    shown = capsys.readouterr().out
    assert "ringing" in shown
    assert "changed telephony_status" in shown
    assert "The states at the end are those in the file" in shown


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"data": {}}', '{"data": {"recording": null}}']
)
def test_a_file_without_a_recording_is_refused(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "diagnostics.json"
    path.write_text(text)

    assert main(["replay", str(path)]) == 2
    assert "no diagnostics file with a recording" in capsys.readouterr().err


def test_a_recording_of_anything_plays() -> None:
    records = [
        {"at": -3.0, "kind": "received", "body": body}
        for body in (None, 5, "x", [], [None], [{}, {"body": {"extensionId": []}}])
    ]
    records += [
        {"at": -2.0, "kind": "reply", "method": "GET", "path": "/presence", "status": 200, "body": body}
        for body in (None, 5, {"records": 5}, [{"body": None}])
    ]  # fmt: skip

    assert list(Replay({"records": records}).steps()) == []


def test_a_report_is_found_with_and_without_the_envelope() -> None:
    report = {"records": []}

    assert command.find_report({"recording": report}) is report
    assert command.find_report({"data": {"recording": report}}) is report
