"""Splits long work into parts, so that the event loop can do other things in between."""

import asyncio
from time import perf_counter
from typing import Final

# Seconds of work after which others get a turn: far less than anybody notices.
_PART: Final = 0.01


class Pauses:
    """Pauses in one piece of work; a part has at least a given number of steps, and ends once it took 10 ms."""

    def __init__(self, steps: int = 1) -> None:
        """Begin the first part; work of fewer than ``steps`` steps is done in one go."""
        self._steps = steps
        self._left = steps
        self._began = perf_counter()

    async def take(self) -> None:
        """Let the event loop run if a part is over; call this after each step."""
        self._left -= 1
        if self._left > 0 or perf_counter() - self._began < _PART:
            return
        await asyncio.sleep(0)
        self._left = self._steps
        self._began = perf_counter()
