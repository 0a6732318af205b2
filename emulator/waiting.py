"""Waiting for something to happen in the emulator."""

import asyncio
from collections.abc import Callable

RECHECK = 0.05
"""Seconds between checks, because a condition may depend on the test's own state, which sends no signal."""


class Waiters:
    """Tests that wait for a condition."""

    def __init__(self) -> None:
        """Start with no waiting test."""
        self._events: set[asyncio.Event] = set()

    def notice(self) -> None:
        """Check every condition again."""
        for event in self._events:
            event.set()

    async def wait_for(self, condition: Callable[[], bool], seconds: float) -> None:
        """Return once a condition holds; raise TimeoutError after the seconds."""
        happened = asyncio.Event()
        self._events.add(happened)
        try:
            async with asyncio.timeout(seconds):
                while not condition():
                    happened.clear()
                    try:
                        async with asyncio.timeout(RECHECK):
                            await happened.wait()
                    except TimeoutError:
                        continue
        finally:
            self._events.discard(happened)
