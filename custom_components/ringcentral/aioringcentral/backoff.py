"""How long to wait before the next try to connect. Pure but for the dice."""

from collections.abc import Callable
import random
from typing import Final

# Seconds (from, to) of the first, second ... try after a loss: at once, then with jitter up to 120 s.
# Short repeated waits with a ticket each have driven clients into endless 429s (protocol 3.6, 6).
_STEPS: Final = (
    (0.0, 0.0),
    (0.5, 1.5),
    (2.0, 6.0),
    (10.0, 20.0),
    (20.0, 40.0),
    (40.0, 80.0),
    (80.0, 120.0),
)

# A connection that held this many seconds was a good one: the next loss begins at the first step.
GOOD_AFTER: Final = 5.0


class Backoff:
    """The steps between tries, from none to two minutes."""

    def __init__(
        self, between: Callable[[float, float], float] = random.uniform
    ) -> None:
        """Take the dice: a function that returns a number between two."""
        self._between = between
        self._step = 0

    def next(self, at_least: float | None = None) -> float:
        """Return the seconds to wait now, not fewer than the service asked for."""
        low, high = _STEPS[self._step]
        self._step = min(self._step + 1, len(_STEPS) - 1)
        return max(self._between(low, high), at_least or 0.0)

    def reset(self) -> None:
        """Begin again at the first step."""
        self._step = 0
