"""The command: start, print one JSON line, serve until stopped."""

import argparse
import asyncio
import signal
import sys

import orjson

from .server import Emulator


def arguments() -> argparse.Namespace:
    """Return the command line."""
    parser = argparse.ArgumentParser(
        prog="scripts/emulator",
        description="Runs an emulated RingCentral on this machine. Prints one JSON line, "
        "then serves.",
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 picks a free port")
    parser.add_argument("--extensions", type=int, default=25)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--time-factor",
        type=float,
        default=1.0,
        help="the emulator's limits and lifetimes pass this many times faster",
    )
    parser.add_argument(
        "--simulate", action="store_true", help="let people act by themselves"
    )
    parser.add_argument(
        "--no-rate-limits", action="store_true", help="never reply with 429 by itself"
    )
    return parser.parse_args()


async def serve(options: argparse.Namespace) -> int:
    """Serve until SIGINT or SIGTERM; return the exit status."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    try:
        emulator = Emulator(
            extensions=options.extensions,
            seed=options.seed,
            time_factor=options.time_factor,
            host=options.host,
            port=options.port,
            simulate=options.simulate,
            rate_limits=not options.no_rate_limits,
        )
        await emulator.start()
    except (ValueError, OSError) as error:
        sys.stderr.write(f"emulator: {error}\n")
        return 1
    sys.stdout.buffer.write(orjson.dumps(emulator.info()) + b"\n")
    sys.stdout.buffer.flush()
    await stopped.wait()
    await emulator.stop()
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(serve(arguments())))
