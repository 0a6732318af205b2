"""The command behind scripts/demo."""

import argparse
import asyncio
import os
from pathlib import Path
import signal
import sys
import time

from .api import ApiError
from .check import CheckFailed, check
from .check_home import check_home
from .dashboard import PATH, PEOPLE, TILES, people_of
from .flow import FlowError
from .furnish import move_in
from .hass import CHECKOUT, free_port, require_free
from .office import OWNER, Office, Plan, read_plan, sole_user, write_plan
from .process import ProcessFailed
from .ring import Line, Phone, RingFailed, ring
from .views import DESK, QUEUE
from .voicemail import leave

# Tests use their own folder.
FOLDER = Path(os.environ.get("DEMO_FOLDER", CHECKOUT / ".demo"))
PORT = 8123


def arguments() -> argparse.Namespace:
    """Return the command line."""
    parser = argparse.ArgumentParser(
        prog="scripts/demo",
        description="Starts an office on this machine: an emulated RingCentral with people "
        "who make calls, and a real Home Assistant that follows them, with a lamp, a radio "
        "and automations. Ctrl-C stops both.",
        epilog=f"It writes only into {FOLDER.name}/ of this checkout.",
    )
    parser.add_argument(
        "--check",
        action="store_true",
        help="check that all states exist and change, that a lamp turns red, and that "
        "what you save in the interface works; then print figures and exit",
    )
    parser.add_argument("--extensions", type=int, default=25, help="default: 25")
    parser.add_argument(
        "--seed",
        type=int,
        default=1,
        help="each number makes another company; default: 1",
    )
    parser.add_argument(
        "--port", type=int, help=f"default: {PORT}, or another if that is in use"
    )
    parser.add_argument(
        "--keep",
        action="store_true",
        help=f"continue with the Home Assistant in {FOLDER.name}/, if there is one",
    )
    commands = parser.add_subparsers(dest="command", title="while a demo is running")
    ringing = commands.add_parser(
        "ring",
        help="ring your phone in the demo, or somebody else's",
        description="Rings a phone in the running demo, answers it and hangs up.",
    )
    ringing.add_argument(
        "who", nargs="?", help="an extension number, or part of a name; default: you"
    )
    ringing.add_argument(
        "--missed",
        action="store_true",
        help="do not answer, so that the call is missed",
    )
    commands.add_parser(
        "voicemail",
        help="leave you a voicemail in the demo",
        description="Leaves you a voicemail in the running demo. A sensor counts it, and "
        "you can play it in the media browser.",
    )
    return parser.parse_args()


def say(text: str) -> None:
    """Print progress to standard error; standard output is for the result."""
    sys.stderr.write(f"\033[1m==>\033[0m {text}\n")


def tell(text: str) -> None:
    """Print the result."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


async def run(options: argparse.Namespace) -> None:
    """Run the demo until it is cancelled, or the check until it is done."""
    if options.command == "ring":
        await ring(FOLDER, options.who, say, missed=options.missed)
        return
    if options.command == "voicemail":
        await leave(FOLDER, say)
        return
    began = time.monotonic()
    with sole_user(FOLDER):
        Line.forget(FOLDER)
        kept = read_plan(FOLDER) if options.keep else None
        if kept is not None and not kept.is_home:
            kept = None
        plan = kept or Plan(
            port=options.port or free_port(PORT),
            extensions=options.extensions,
            seed=options.seed,
            simulate=True,
            is_home=True,
        )
        require_free(plan.port)
        try:
            async with Office.open(FOLDER, plan, say) as office:
                await show(office, options, began, is_new=kept is None)
        finally:
            Line.forget(FOLDER)


async def show(
    office: Office, options: argparse.Namespace, began: float, *, is_new: bool
) -> None:
    """Fill a new Home Assistant, then check or wait."""
    if is_new:
        say("Adding the integration, a lamp, a radio, automations and a dashboard")
        await move_in(office)
        write_plan(FOLDER, office.plan_to_go_on())
    async with office.connected():
        if options.check:
            say("Waiting until all states exist and change")
            tell(str(await check(office)))
            tell(str(await check_home(office)))
            return
        line = await line_of(office)
    line.write(FOLDER)
    tell(welcome(office, line, time.monotonic() - began))
    await office.watch()


async def line_of(office: Office) -> Line:
    """Return the phones that can be rung, and where."""
    numbers = await office.emulator.numbers()
    people = await people_of(office.socket, await office.entities())
    phones = [
        Phone(key, numbers[key], person.name)
        for key, person in people.items()
        if person.is_person
    ]
    phones.sort(key=lambda phone: (phone.extension_id != office.own, phone.number))
    return Line(office.emulator.info["server"], page(office, DESK), phones)


def page(office: Office, path: str) -> str:
    """Return the address of one of the dashboard's views."""
    return f"{office.hass.url}/{PATH}/{path}"


def size(folder: Path) -> float:
    """Return the disk space that a folder takes, in megabytes."""
    files = (path for path in folder.rglob("*") if not path.is_symlink())
    return sum(path.stat().st_size for path in files if path.is_file()) / 1e6


def welcome(office: Office, line: Line, seconds: float) -> str:
    """Return who the visitor is, what to look at and what to do."""
    you = line.phones[0]
    people = ""
    if len(line.phones) <= TILES:
        people = f"""\
      People      who is on the phone, and who is free
                  {page(office, PEOPLE)}
"""
    return f"""
    Ready after {seconds:.0f} s; {FOLDER.name}/ takes {size(FOLDER):.0f} MB.

    {office.hass.url}      User name  {OWNER.username}      Password  {OWNER.password}

    You are {you.name}, extension {you.number}, one of {len(line.phones)} people.

    Look at
      Your desk   a lamp that is red while you are on a call
                  {page(office, DESK)}
{people}      Wallboard   the same for a screen on the wall
                  {page(office, "wallboard")}
      Queue       waiting calls, and who answers them
                  {page(office, QUEUE)}

    Ring your own phone from a second terminal:

      scripts/demo ring

    Or let somebody leave you a voicemail, and listen to it under Media > RingCentral:

      scripts/demo voicemail

    Two automations are running, and all blueprints are available: see Settings >
    Automations & scenes. Change them, or make your own. The emulated RingCentral is at
    {line.emulator}; docs/emulator.md says what else it can do.

    Ctrl-C stops everything; scripts/demo --keep continues with this Home Assistant.
"""


async def main() -> int:
    """Run, and shut down in order at the first signal; return the exit status."""
    options = arguments()
    work = asyncio.ensure_future(run(options))
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()

    def stop() -> None:
        # A second Ctrl-C must not interrupt the shutdown.
        if not stopped.is_set():
            stopped.set()
            say("Stopping")
            work.cancel()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stop)
    try:
        await work
    except asyncio.CancelledError:
        return 1 if options.check else 0
    except (
        ApiError,
        CheckFailed,
        FlowError,
        ProcessFailed,
        RingFailed,
        TimeoutError,
    ) as error:
        sys.stderr.write(f"\nscripts/demo: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
