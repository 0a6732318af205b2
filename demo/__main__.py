"""The command behind scripts/demo."""

import argparse
import asyncio
import signal
import sys

from .api import ApiError
from .check import CheckFailed, check
from .dashboard import create_dashboard
from .flow import FlowError
from .hass import CHECKOUT, free_port, require_free
from .office import OWNER, Office, Plan, read_plan, sole_user, write_plan
from .process import ProcessFailed

FOLDER = CHECKOUT / ".demo"
PORT = 8123


def arguments() -> argparse.Namespace:
    """Return the command line."""
    parser = argparse.ArgumentParser(
        prog="scripts/demo",
        description="An office on this machine: the emulator with people who call, "
        "and a real Home Assistant that follows them. Ctrl-C ends both.",
    )
    parser.add_argument(
        "--check",
        action="store_true",
        help="wait until all states are there and change, print figures, and end",
    )
    parser.add_argument("--extensions", type=int, default=25, help="default: 25")
    parser.add_argument("--seed", type=int, default=1, help="another company")
    parser.add_argument(
        "--port", type=int, help=f"default: {PORT}, another one when that is in use"
    )
    parser.add_argument(
        "--keep",
        action="store_true",
        help=f"go on with the Home Assistant in {FOLDER.name}/, if there is one",
    )
    return parser.parse_args()


def say(text: str) -> None:
    """Print progress, apart from the result on standard output."""
    sys.stderr.write(f"\033[1m==>\033[0m {text}\n")


def tell(text: str) -> None:
    """Print the result."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


async def run(options: argparse.Namespace) -> None:
    """Run the demo until it is cancelled, or the check until it is done."""
    with sole_user(FOLDER):
        kept = read_plan(FOLDER) if options.keep else None
        plan = kept or Plan(
            port=options.port or free_port(PORT),
            extensions=options.extensions,
            seed=options.seed,
            simulate=True,
        )
        require_free(plan.port)
        async with Office.open(FOLDER, plan, say) as office:
            await show(office, options, is_new=kept is None)


async def show(office: Office, options: argparse.Namespace, *, is_new: bool) -> None:
    """Fill a new Home Assistant, then check or wait."""
    async with office.connected():
        if is_new:
            say("Adding the integration through its config flow")
            await office.add_integration(["account"])
            say("Laying out the dashboard")
            await create_dashboard(office.socket, await office.entities())
            write_plan(FOLDER, office.plan_to_go_on())
        if options.check:
            say("Waiting until all states are there, and change")
            tell(str(await check(office)))
            return
    tell(welcome(office))
    await office.watch()


def welcome(office: Office) -> str:
    """Return the addresses and sign-in that a person needs."""
    return f"""
    {office.hass.url}

    User name  {OWNER.username}
    Password   {OWNER.password}

    The emulator is at {office.emulator.info["server"]}, docs/emulator.md tells what
    it can do. Make somebody's phone ring, for example yours:

    curl -d '{{"script": ["ring", "wait:5", "answer", "wait:10", "hangup"]}}' \\
        {office.emulator.info["server"]}/emulator/calls

    Ctrl-C ends everything.
"""


async def main() -> int:
    """Run, and end in order at the first signal; return the exit status."""
    options = arguments()
    work = asyncio.ensure_future(run(options))
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()

    def stop() -> None:
        # A second Ctrl-C must not interrupt the shutdown.
        if not stopped.is_set():
            stopped.set()
            say("Ending")
            work.cancel()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stop)
    try:
        await work
    except asyncio.CancelledError:
        return 1 if options.check else 0
    except (ApiError, CheckFailed, FlowError, ProcessFailed, TimeoutError) as error:
        sys.stderr.write(f"\nscripts/demo: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
