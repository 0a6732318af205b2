"""The command behind scripts/soak."""

import argparse
import asyncio
import json
from pathlib import Path
import random
import signal
import sys

import aiohttp

from demo.api import ApiError
from demo.flow import FlowError
from demo.hass import CHECKOUT
from demo.office import sole_user
from demo.process import ProcessFailed

from .figures import Figures, text, verdict
from .plan import TIME_FACTOR
from .run import soak

FOLDER = CHECKOUT / ".soak"


def arguments() -> argparse.Namespace:
    """Return the command line."""
    parser = argparse.ArgumentParser(
        prog="scripts/soak",
        description="Lets a real Home Assistant follow a busy office through bad days: an "
        "emulator whose days take minutes, and faults chosen by a printed seed. Every "
        "20 seconds, compares everything. Exits with 1 if a promise is broken.",
    )
    parser.add_argument(
        "--minutes", type=float, default=20.0, help="how long to run; default: 20"
    )
    parser.add_argument(
        "--seed", type=int, help="decides what goes wrong when; default: random"
    )
    parser.add_argument("--extensions", type=int, default=60, help="default: 60")
    parser.add_argument(
        "--folder",
        type=Path,
        default=FOLDER,
        help=f"where Home Assistant and the logs go; default: {FOLDER.name}/",
    )
    parser.add_argument(
        "--json", action="store_true", help="print nothing but one JSON object"
    )
    return parser.parse_args()


def say(words: str) -> None:
    """Print progress to standard error; standard output is for the result."""
    sys.stderr.write(f"\033[1m==>\033[0m {words}\n")


async def main() -> int:
    """Run, and shut down in order at the first signal; return the exit status."""
    options = arguments()
    seed = options.seed
    figures = Figures(
        seed=random.randrange(1_000_000) if seed is None else seed,
        minutes=options.minutes,
        extensions=options.extensions,
        time_factor=TIME_FACTOR,
    )
    say(f"Seed {figures.seed}, {figures.minutes:g} minutes")
    work = asyncio.current_task()
    assert work is not None  # noqa: S101 - a coroutine runs in a task
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, work.cancel)
    try:
        with sole_user(options.folder):
            await soak(options.folder, figures, say)
    except asyncio.CancelledError:
        return 130
    except (
        ApiError,
        FlowError,
        ProcessFailed,
        TimeoutError,
        aiohttp.ClientError,
    ) as error:
        sys.stderr.write(f"\nscripts/soak: {error}\n")
        return 2
    sys.stdout.write(json.dumps(figures.as_json()) if options.json else text(figures))
    sys.stdout.write("\n")
    return 1 if verdict(figures) else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
