"""``python -m aioringcentral probe``: says what it will do, does it, and writes one file."""

import argparse
import asyncio
from collections.abc import Mapping
import getpass
import json
import os
from pathlib import Path
import sys
from typing import Any, Final, TextIO

from ..advice import advice
from ..errors import RingCentralError
from ..recording.recorder import Record
from ..sign_in import PRODUCTION, JwtSignIn
from .answers import answers
from .run import Probe, refused_filters

_ASKED: Final = {
    "RINGCENTRAL_CLIENT_ID": "Client ID of the app",
    "RINGCENTRAL_CLIENT_SECRET": "Client secret of the app",
    "RINGCENTRAL_JWT": "JWT",
}
_PLAN: Final = """\
This probe looks at how RingCentral speaks to one account, for {minutes:g} minutes:

  1. signs in, and reads the own extension, the lists of extensions, lines and favorites, and presence
  2. subscribes in turn to: own presence, lines, favorites, the account (plain and detailed), one colleague,
     one call queue; and listens to each for a while
  3. recovers a lost connection once, and signs out

{writes} It writes the shapes of what it sees to {out}: names of fields, words of the protocol,
error codes, counters, relative times. Names, numbers and texts become their length, ids become labels.
Look at the file before you send it to anybody.
"""
_WRITES: Final = {
    False: "It changes nothing.",
    True: "It sets your own status to Busy for a while and back; nothing else is changed.",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("--out", type=Path, required=True, help="the file to write")
    parser.add_argument(
        "--minutes", type=_minutes, default=20.0, help="how long to listen (20)"
    )
    parser.add_argument(
        "--yes", action="store_true", help="do not ask before it begins"
    )
    parser.add_argument(
        "--write",
        action="store_true",
        help="be Busy for a while, so that there is something to hear",
    )


def run_command(arguments: argparse.Namespace) -> int:
    """Run the probe; return the exit status."""
    out: Path = arguments.out
    if (problem := _write_problem(out)) is not None:
        print(f"Cannot write {out}: {problem}", file=sys.stderr)
        return 2
    print(
        _PLAN.format(
            minutes=arguments.minutes, writes=_WRITES[arguments.write], out=out
        )
    )
    if not arguments.yes and not _agreed():
        return 1
    credentials = _credentials(os.environ)
    if credentials is None:
        names = ", ".join(_ASKED)
        print(
            f"Set {names} in the environment, or run it in a terminal", file=sys.stderr
        )
        return 2
    try:
        return asyncio.run(_probe(credentials, arguments))
    except KeyboardInterrupt:
        return 130


def _write_problem(out: Path) -> str | None:
    """Return why a file cannot be written, since it is better to know now than after twenty minutes."""
    if not out.parent.is_dir() or out.is_dir():
        return "give a file in a folder that exists"
    part = _part(out)
    try:
        part.touch()
        part.unlink()
    except OSError as err:
        return err.strerror or type(err).__name__
    return None


def _part(path: Path) -> Path:
    return path.with_name(f"{path.name}.part")


def _agreed() -> bool:
    try:
        return input("Begin? [y/N] ").strip().lower() in {"y", "yes"}
    except EOFError:
        print("No terminal to ask in: add --yes", file=sys.stderr)
        return False


def _credentials(environment: Mapping[str, str]) -> list[str] | None:
    """Return the client id, secret and JWT, asking for those that the environment lacks."""
    found = []
    for name, words in _ASKED.items():
        value = environment.get(name, "")
        if not value:
            if not sys.stdin.isatty():
                return None
            value = getpass.getpass(f"{words}: ")
        found.append(value)
    return found


async def _probe(credentials: list[str], arguments: argparse.Namespace) -> int:
    client_id, secret, jwt = credentials
    server = os.environ.get("RINGCENTRAL_SERVER") or PRODUCTION
    status = 0
    try:
        sign_in = JwtSignIn(client_id, secret, jwt, server=server)
    except RingCentralError as err:
        print(advice(err), file=sys.stderr)
        return 1
    progress = Progress(sys.stdout)
    probe = Probe(sign_in, arguments.minutes * 60.0, progress, write=arguments.write)
    try:
        await probe.run()
    except RingCentralError as err:
        print(advice(err), file=sys.stderr)
        status = 1
    finally:
        progress.end()
        await sign_in.close()
        result = report(probe.records(), arguments.minutes)
        # What an interrupted probe has seen is of use, too.
        if probe.is_signed_in:
            write(arguments.out, result)
    if not probe.is_signed_in:
        print(
            f"{arguments.out} is not written: without a sign-in there was nothing to see",
            file=sys.stderr,
        )
        return status
    for each in result["answers"]:
        print(f"\n{each['question']}\n  {each['answer']}")
    for step, codes in result["refused"].items():
        print(f"\nRefused in step {step}: {', '.join(map(str, codes))}")
    print(f"\nWrote {arguments.out}")
    return status


def report(records: list[Record], minutes: float) -> dict[str, Any]:
    """Return the contents of the file: answers, refused filters, and the records that they come from."""
    return {
        "format": 1,
        "minutes": minutes,
        "answers": [
            {"question": question, "answer": answer}
            for question, answer in answers(records)
        ],
        "refused": refused_filters(records),
        "records": records,
    }


def write(path: Path, result: Mapping[str, Any]) -> None:
    """Write the file whole, or leave an earlier one untouched."""
    part = _part(path)
    part.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    part.replace(path)


class Progress:
    """Progress: one line that is overwritten on a terminal, or one line per step elsewhere."""

    def __init__(self, out: TextIO) -> None:
        """Print to ``out``."""
        self._out = out
        self._step = ""

    def __call__(self, step: str, events: int, left: float) -> None:
        """Show the progress of a step."""
        text = f"Listening to {step}: {events} events, {left:.0f} s left"
        if self._out.isatty():
            print(f"\r\033[K{text}", end="", file=self._out, flush=True)
        elif step != self._step:
            print(text, file=self._out, flush=True)
        self._step = step

    def end(self) -> None:
        """End the line."""
        if self._step and self._out.isatty():
            print(file=self._out)


def _minutes(text: str) -> float:
    value = float(text)
    if not 0 < value <= 24 * 60 * 7:
        raise argparse.ArgumentTypeError("more than 0, and at most a week")
    return value
