"""The clock that measures durations: no step of the time of day moves it."""

import asyncio


def steady_clock() -> float:
    """Return the monotonic clock of the event loop, in seconds."""
    return asyncio.get_running_loop().time()
