"""``python -m aioringcentral replay FILE``: prints what each record in a diagnostics file did."""

import argparse
import json
import os
from pathlib import Path
import sys
from typing import Any

from .replay import LATE, Replay, Step


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("file", type=Path, help="diagnostics of the integration")


def run_command(arguments: argparse.Namespace) -> int:
    """Play the recording; return the exit status, which is 1 if the replay ends in other states than the file has."""
    path = Path(os.environ.get("REPLAY_FROM", "."), arguments.file)
    try:
        report = find_report(json.loads(path.read_bytes()))
    except OSError as err:
        problem = err.strerror or type(err).__name__
        print(f"{arguments.file}: cannot be read: {problem}", file=sys.stderr)
        return 2
    except ValueError, KeyError, RecursionError:
        print(
            f"{arguments.file}: no diagnostics file with a recording", file=sys.stderr
        )
        return 2
    replay = Replay(report)
    for step in replay.steps():
        print(line(step))
    if report["dropped"]:
        print(f"{report['dropped']} older records are not in the file")
    differences = replay.differences()
    for label, fields in differences.items():
        for name, (played, said) in fields.items():
            print(f"{label} {name}: played {played}, the file says {said}")
    if not differences:
        print("The states at the end are those in the file")
    return 1 if differences else 0


def find_report(diagnostics: Any) -> Any:
    """Return the recording in a diagnostics file; raise KeyError if there is none."""
    match diagnostics:
        case {"data": {"recording": {"records": list()} as report}}:
            return report
        case {"recording": {"records": list()} as report}:
            return report
    raise KeyError("recording")


def line(step: Step) -> str:
    """Return a step as a line."""
    words = [
        f"{step.at:9.3f}",
        step.kind,
        step.extension,
        str(step.status or "unknown"),
    ]
    if step.kind == LATE and not step.changed:
        words.append("dropped: newer events had come")
    words += [f"changed {', '.join(step.changed)}"] if step.changed else []
    words += (
        [f"calls {', '.join(event.type for event in step.events)}"]
        if step.events
        else []
    )
    return "  ".join(words)
