"""How long to wait before the next try to connect. Pure except for the random jitter and for `GrowingPauses.after`, which waits."""

import asyncio
from collections.abc import Callable
import random
from typing import Final

# Seconds (from, to) to wait before the first, second ... try after a loss: none, then jittered, up to 120 s.
# Short waits with a ticket each have driven other clients into endless 429s (docs/protocol.md 3.6, 6).
_STEPS: Final = (
    (0.0, 0.0),
    (0.5, 1.5),
    (2.0, 6.0),
    (10.0, 20.0),
    (20.0, 40.0),
    (40.0, 80.0),
    (80.0, 120.0),
)

# Seconds after which a connection counts as good: the next loss begins at the first step.
GOOD_AFTER: Final = 5.0

# Seconds: the longest of growing pauses, and the time without one after which they begin with the first again.
_LONGEST_PAUSE: Final = 3_600.0
_QUIET: Final = 21_600.0


class Backoff:
    """Waits between tries, from none to two minutes."""

    def __init__(
        self, between: Callable[[float, float], float] = random.uniform
    ) -> None:
        """Begin at the first step; ``between`` returns a random number between two."""
        self._between = between
        self._step = 0

    def next(self, at_least: float | None = None) -> float:
        """Return the seconds to wait now, at least what the service asked for, and go to the next step."""
        low, high = _STEPS[self._step]
        self._step = min(self._step + 1, len(_STEPS) - 1)
        return max(self._between(low, high), at_least or 0.0)

    def held(self, seconds: float) -> None:
        """Begin again at the first step if a connection held for long enough."""
        if seconds >= GOOD_AFTER:
            self.reset()

    def reset(self) -> None:
        """Begin again at the first step."""
        self._step = 0


class GrowingPauses:
    """Pauses before requests that may repeat without end: each three times as long as the last, up to an hour."""

    def __init__(self, first: float) -> None:
        """Begin with ``first`` seconds."""
        self._first = first
        self._pause = first
        self._last = 0.0

    def next(self, now: float) -> float:
        """Return the seconds to pause from ``now`` on; after `_QUIET` seconds, that is the first pause again."""
        if now - self._last > _QUIET:
            self._pause = self._first
        pause, self._pause = self._pause, min(3 * self._pause, _LONGEST_PAUSE)
        self._last = now + pause
        return pause

    async def after(self, happened: asyncio.Event) -> float:
        """Wait until something has happened and for a pause after that, clear the event, and return when it happened."""
        clock = asyncio.get_running_loop().time
        await happened.wait()
        since = clock()
        await asyncio.sleep(self.next(since))
        happened.clear()
        return since
