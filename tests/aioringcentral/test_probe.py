"""The probe finds out what the emulator does in an unusual way, and says nothing private."""

import argparse
import asyncio
from collections.abc import Callable
import json
from pathlib import Path
import re
from typing import Any
from unittest.mock import patch

import pytest

from aioringcentral.errors import RingCentralError
from aioringcentral.probe import add_arguments, answers, command, run_command
from aioringcentral.probe.run import Probe, refused_filters
from aioringcentral.sign_in import JwtSignIn
from emulator import Emulator

LISTEN = 0.7
SECRET_NAME = "Zebulon Quagmire"
SECRET_NUMBER = "+16505550199"


async def probe(
    emulator: Emulator, *, write: bool = False, deadline: float = 30.0
) -> list[dict[str, Any]]:
    """Run a probe; whatever it listens to, its user and a colleague get a call each."""
    emulator.extension(emulator.own_extension_id).name = SECRET_NAME
    sign_in = JwtSignIn(
        emulator.client_id, emulator.client_secret, emulator.jwt, server=emulator.url
    )
    calls: list[asyncio.Task[Any]] = []
    queue = emulator.ids(type="Department")[0]
    colleague = next(
        each for each in emulator.ids(type="User") if each != emulator.own_extension_id
    )
    heard: set[str] = set()

    def progress(step: str, events: int, left: float) -> None:
        if step not in heard:
            heard.add(step)
            calls.extend(
                emulator.start_call(
                    each,
                    ["ring", "answer", "hangup"],
                    call=f"{step} {each}",
                    from_name=SECRET_NAME,
                    **{"from": SECRET_NUMBER},
                )
                for each in (emulator.own_extension_id, colleague, queue)
            )

    # Counted as the service does, and never reached.
    limits = dict.fromkeys(("Light", "Medium", "Heavy", "Auth"), 900)
    emulator.faults.set(rate_limits=limits)
    await emulator.set_lines([queue, colleague])
    await emulator.set_favorites([colleague])
    async with asyncio.timeout(deadline):
        one = Probe(sign_in, LISTEN, progress, write=write)
        await one.run()
        await asyncio.gather(*calls)
    return one.records()


def answer(records: list[dict[str, Any]], start: str) -> str:
    """Return the answer to the question that begins so."""
    (found,) = (
        text for question, text in answers(records) if question.startswith(start)
    )
    return found


async def test_it_answers_what_it_can_see(emulator: Emulator) -> None:
    records = await probe(emulator)

    assert re.search(
        r"account: of \d+ events 0 with sequence, 0 with activeCalls",
        answer(records, "Do events of the account"),
    )
    assert "account_detailed: of" in answer(records, "Do events of the account")
    assert "lines: " in answer(records, "Which event URIs")
    assert "took 1 of the limit" in answer(records, "How does a batch")
    assert "Ringing -> CallConnected" in answer(records, "What changes telephonyStatus")
    assert "0 followed by one" in answer(records, "Is a hang-up")
    assert "CallConnected, Available" in answer(records, "Which presenceStatus")
    assert "sign_out: 1000" in answer(records, "Which close codes")
    assert answer(records, "How does sequence").startswith("+1 (")
    assert refused_filters(records) == {}


async def test_nothing_private_is_recorded(emulator: Emulator) -> None:
    records = await probe(emulator)

    text = json.dumps(records)
    people = [emulator.extension(each) for each in emulator.extension_ids]
    private = [SECRET_NAME, SECRET_NUMBER, emulator.jwt, emulator.client_secret]
    private += [each.name for each in people] + emulator.extension_ids
    assert [each for each in private if each in text] == []


@pytest.mark.parametrize(
    ("faults", "question", "seen"),
    [
        ({"sequence": "none"}, "How does sequence", "not seen"),
        ({"sequence": "all"}, "Do events of the account", r"account: of (\d+) events \1 with sequence"),
        (
            {"account_detailed_calls": False},
            "Do events of the account",
            r"account_detailed: of (\d+) events \1 with sequence, 0 with activeCalls",
        ),
        ({"batch_counts": "each"}, "How does a batch", "for 5 extensions took 5 of"),
        ({"hangup_as_two": True}, "Is a hang-up", "0 as one event"),
        ({"event_uri": "filter"}, "Which event URIs", "/presence/line/presence"),
        ({"session_end_code": 4001}, "Which close codes", "sign_out: 4001"),
        ({"omit": ["telephonyStatus"]}, "What changes", "never sent"),
    ],
)  # fmt: skip
async def test_it_finds_out_what_is_unusual(
    emulator: Emulator, faults: dict[str, Any], question: str, seen: str
) -> None:
    emulator.faults.set(**faults)

    assert re.search(seen, answer(await probe(emulator), question))


async def test_it_counts_the_calls_of_readings(emulator: Emulator) -> None:
    for number in range(9):
        await emulator.play_call(emulator.own_extension_id, ["ring"], call=str(number))

    found = answer(await probe(emulator), "How many calls")

    assert found.startswith("at most 9 calls listed, total in 1 of")


async def test_somebody_who_hides_is_noticed(emulator: Emulator) -> None:
    await emulator.set_presence(
        emulator.extension_ids[2], {"allowSeeMyPresence": False}
    )

    assert "presenceStatus Offline" in answer(await probe(emulator), "What is seen")


async def test_refused_filters_are_named_by_their_codes(emulator: Emulator) -> None:
    emulator.faults.set(
        disabled_filters={"*/presence/line/presence*": "SUB-412"},
        refuse_filters={f"*/account/{emulator.account_id}/presence*": "SUB-403"},
    )

    found = refused_filters(await probe(emulator))

    assert found["lines"] == ["SUB-412"]
    assert found["account"] == ["SUB-403"]


async def test_it_changes_nothing_unless_asked(emulator: Emulator) -> None:
    await probe(emulator)

    assert not [each for each in emulator.counters.requests if each.startswith("PUT")]


async def test_where_it_may_it_is_busy_for_a_while(emulator: Emulator) -> None:
    await probe(emulator, write=True)

    assert emulator.truth()[emulator.own_extension_id]["userStatus"] == "Available"
    puts = [name for name in emulator.counters.requests if name.startswith("PUT")]
    assert len(puts) == 1


async def test_it_leaves_no_session(emulator: Emulator) -> None:
    await probe(emulator)

    await emulator.wait_for(lambda: emulator.counters.sockets_open == 0, timeout=5)


async def test_a_refused_sign_in_is_said(emulator: Emulator) -> None:
    emulator.faults.set(token_error={"code": "OAU-251", "next": 5})

    with pytest.raises(RingCentralError):
        await probe(emulator)


@pytest.fixture
def typed(
    emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., argparse.Namespace]:
    """A command line, with the credentials in the environment."""
    for name in ("server", "client_id", "client_secret", "jwt"):
        monkeypatch.setenv(f"RINGCENTRAL_{name.upper()}", emulator.info()[name])
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return lambda *words: parser.parse_args(
        ["--out", str(tmp_path / "probe.json"), "--minutes", "0.01", *words]
    )


async def test_the_command_writes_a_file(
    typed: Callable[..., argparse.Namespace], capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = typed("--yes")

    status = await asyncio.to_thread(run_command, arguments)

    assert status == 0
    result = json.loads(arguments.out.read_text())
    assert result["format"] == 1
    assert len(result["answers"]) == 10
    assert result["records"]
    assert not list(arguments.out.parent.glob("*.part"))
    shown = capsys.readouterr().out
    assert "It changes nothing." in shown
    assert "Listening to own" in shown
    assert "How does a batch request count" in shown


async def test_the_command_asks_before_it_begins(
    typed: Callable[..., argparse.Namespace], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("builtins.input", lambda _: "n")
    arguments = typed()

    assert await asyncio.to_thread(run_command, arguments) == 1
    assert not arguments.out.exists()


async def test_the_command_says_what_is_missing(
    typed: Callable[..., argparse.Namespace],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.delenv("RINGCENTRAL_JWT")

    assert await asyncio.to_thread(run_command, typed("--yes")) == 2
    assert "RINGCENTRAL_JWT" in capsys.readouterr().err


async def test_the_command_refuses_a_folder_that_is_not_there(
    typed: Callable[..., argparse.Namespace], tmp_path: Path
) -> None:
    arguments = typed("--yes")
    arguments.out = tmp_path / "nowhere" / "probe.json"

    assert await asyncio.to_thread(run_command, arguments) == 2


async def test_a_file_that_cannot_be_written_is_said_before_it_begins(
    typed: Callable[..., argparse.Namespace], capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = typed("--yes")

    with patch(
        "pathlib.Path.touch", side_effect=PermissionError(13, "Permission denied")
    ):
        assert run_command(arguments) == 2
    shown = capsys.readouterr()
    assert f"Cannot write {arguments.out}: Permission denied" in shown.err
    assert "signs in" not in shown.out


async def test_without_a_sign_in_no_file_is_written(
    typed: Callable[..., argparse.Namespace],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """It would hold a refusal and nothing to learn from."""
    monkeypatch.setenv("RINGCENTRAL_JWT", "wrong")
    arguments = typed("--yes")

    assert await asyncio.to_thread(run_command, arguments) == 1
    assert not arguments.out.exists()
    said = capsys.readouterr().err
    assert "make a new one for this app" in said
    assert "is not written: without a sign-in" in said


async def test_what_was_seen_before_a_failure_is_written(
    emulator: Emulator, typed: Callable[..., argparse.Namespace]
) -> None:
    emulator.faults.set(
        http_5xx=[{"path": "*/extension/~", "status": 503, "next": None}]
    )
    arguments = typed("--yes")

    assert await asyncio.to_thread(run_command, arguments) == 1
    records = json.loads(arguments.out.read_text())["records"]
    assert any(each.get("status") == 503 for each in records)


def test_a_file_that_is_there_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "probe.json"
    path.write_text("older")

    command.write(path, {"format": 1})

    assert json.loads(path.read_text()) == {"format": 1}
