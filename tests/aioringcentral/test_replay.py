"""A recording plays to the states that the client had."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from aioringcentral.account import Account, Choices
from aioringcentral.command import main
from aioringcentral.recording import Recorder, command
from aioringcentral.recording.replay import Replay, restore
from aioringcentral.sign_in import JwtSignIn
from emulator import Emulator

RECORDINGS = Path(__file__).parent.parent / "fixtures/recordings"

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


def event_record(at: float, sequence: int, status: str) -> dict[str, Any]:
    """Return a frame of a recording."""
    body = {
        "extensionId": "<str3:1>",
        "sequence": sequence,
        "telephonyStatus": status,
    }
    meta = {"type": "ServerNotification"}
    return {"at": at, "kind": "received", "body": [meta, {"event": "/x", "body": body}]}


def test_an_event_that_came_late_is_a_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was dropped explains a state as much as what was not."""
    records = [
        event_record(-3.0, 7, "CallConnected"),
        event_record(-2.0, 5, "Ringing"),
        event_record(-1.0, 8, "NoCall"),
    ]
    path = tmp_path / "diagnostics.json"
    path.write_text(
        json.dumps({"recording": {"dropped": 0, "states": {}, "records": records}})
    )

    assert main(["replay", str(path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[1] for line in lines[:3]] == ["event", "late", "event"]
    assert "dropped: newer events had come" in lines[1]


@pytest.mark.parametrize("kind", ["missing", "folder"])
def test_a_file_that_cannot_be_read_is_said_so(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path if kind == "folder" else tmp_path / "missing.json"

    assert main(["replay", str(path)]) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"{path}: cannot be read: ")
    assert said.count("\n") == 1


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


@pytest.mark.parametrize(
    "body",
    [None, 5, "x", [], [None], [{}, {"body": {"extensionId": []}}], {"records": 5}],
)
@pytest.mark.parametrize("kind", ["received", "reply"])
def test_a_recording_of_anything_plays(body: Any, kind: str) -> None:
    facts = {"method": "GET", "path": "/presence", "status": 200}
    record = {"at": -2.0, "kind": kind, "body": body, **facts}

    assert list(Replay({"records": [record]}).steps()) == []


def test_a_report_is_found_with_and_without_the_envelope() -> None:
    report: dict[str, Any] = {"records": []}

    assert command.find_report({"recording": report}) is report
    assert command.find_report({"data": {"recording": report}}) is report


# Recordings of reports, with what has to happen to calls when they are played.
RECORDED = {"overtaken-event": ["answered", "held", "resumed", "ended"]}


@pytest.mark.parametrize("name", RECORDED)
def test_a_report_plays_as_it_should(name: str) -> None:
    text = (RECORDINGS / f"{name}.json").read_text()
    replay = Replay(command.find_report(json.loads(text)))

    happened = [event.type for step in replay.steps() for event in step.events]

    assert happened == RECORDED[name]
    assert replay.differences() == {}


def test_every_recording_is_played() -> None:
    assert {path.stem for path in RECORDINGS.iterdir()} == set(RECORDED)
