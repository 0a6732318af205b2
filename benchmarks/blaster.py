"""An emulator that sends presence events as fast as it can; it reads their number from standard input."""

import argparse
import asyncio
import sys

import orjson

from emulator import Emulator


async def main(extensions: int) -> None:
    """Serve; for each number on standard input, send that many events to all subscribers."""
    async with Emulator(extensions=extensions, seed=1, rate_limits=False) as emulator:
        _say(emulator.info())
        loop, sequence = asyncio.get_running_loop(), 1_000_000
        while line := await loop.run_in_executor(None, sys.stdin.readline):
            count = int(line)
            for number in range(count):
                sequence += 1
                key = emulator.extension_ids[number % len(emulator.extension_ids)]
                turn = number // len(emulator.extension_ids) % 2
                await emulator.deliver(
                    key,
                    {
                        "extensionId": int(key),
                        "telephonyStatus": "NoCall",
                        "sequence": sequence,
                        "presenceStatus": "Busy" if turn else "Available",
                        "userStatus": "Busy" if turn else "Available",
                        "meetingStatus": "Disconnected",
                        "dndStatus": "TakeAllCalls",
                        "allowSeeMyPresence": True,
                        "ringOnMonitoredCall": False,
                        "pickUpCallsOnHold": False,
                        "totalActiveCalls": 0,
                    },
                )
                if number % 20 == 0:
                    # Let the socket drain.
                    await asyncio.sleep(0)
            _say({"sent": count})


def _say(what: object) -> None:
    sys.stdout.write(orjson.dumps(what).decode() + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--extensions", type=int, default=100)
    asyncio.run(main(parser.parse_args().extensions))
