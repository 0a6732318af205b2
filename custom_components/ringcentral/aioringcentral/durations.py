"""The clock that measures durations, which a change of the system's time does not affect."""

import asyncio


def steady_clock() -> float:
    """Return the monotonic clock of the event loop, in seconds."""
    return asyncio.get_running_loop().time()
