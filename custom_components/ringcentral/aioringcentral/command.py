"""The command line: ``python -m aioringcentral``, or ``aioringcentral`` if the wheel is installed."""

import argparse
from collections.abc import Sequence
import sys

from . import probe, watch
from .recording import command as replay
from .sign_in import PRODUCTION


def main(arguments: Sequence[str]) -> int:
    """Run a command; return the exit status."""
    parser = argparse.ArgumentParser(
        prog="aioringcentral",
        description="Credentials come from the environment: RINGCENTRAL_CLIENT_ID, RINGCENTRAL_CLIENT_SECRET, "
        f"RINGCENTRAL_JWT, and RINGCENTRAL_SERVER ({PRODUCTION} unless set).",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("watch", help="print who changes how, until Ctrl-C")
    probe.add_arguments(
        commands.add_parser("probe", help="record how RingCentral speaks, for a report")
    )
    replay.add_arguments(
        commands.add_parser("replay", help="play the recording in a diagnostics file")
    )
    parsed = parser.parse_args(arguments)
    match parsed.command:
        case "replay":
            return replay.run_command(parsed)
        case "probe":
            return probe.run_command(parsed)
    return watch.run_command()


def entry_point() -> int:
    """Run the command of the installed wheel, ``aioringcentral``."""
    return main(sys.argv[1:])
