"""The emulator's time: real time, sped up by a factor and advanced at will.

It uses two units. *Emulated seconds* are the service's own (a token lives for
3,600 of them). *Announced seconds* are what a client is told and what really
passes: emulated seconds divided by the factor.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
import heapq
import itertools
import time


def _raw() -> float:
    """Return the machine's monotonic time.

    It bypasses the `time` functions that tests freeze: a distant server does not stop
    because a test has stopped its own clock.
    """
    return time.clock_gettime(time.CLOCK_MONOTONIC)


def iso(moment: datetime) -> str:
    """Return a moment as the service writes it (ISO 8601, milliseconds, `Z`)."""
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


@dataclass(slots=True)
class Timer:
    """A callback that is due at a moment of the clock."""

    callback: Callable[[], None] | None

    def cancel(self) -> None:
        """Make sure that the callback is not called any more."""
        self.callback = None


@dataclass(slots=True)
class Clock:
    """Emulated time with timers that follow `advance`."""

    factor: float = 1.0
    _start: float = field(default_factory=_raw)
    _skew: float = 0.0
    _due: list[tuple[float, int, Timer]] = field(default_factory=list)
    _count: itertools.count[int] = field(default_factory=itertools.count)
    _armed: asyncio.TimerHandle | None = None

    def now(self) -> float:
        """Return emulated seconds since the emulator started."""
        return (_raw() - self._start) * self.factor + self._skew

    def utc(self) -> datetime:
        """Return the wall-clock time, which neither the factor nor `advance` changes."""
        return datetime.fromtimestamp(time.clock_gettime(time.CLOCK_REALTIME), UTC)

    def announce(self, seconds: float) -> int:
        """Return the whole seconds to announce for a lifetime in emulated seconds."""
        return max(1, round(seconds / self.factor))

    def life(self, seconds: float) -> float:
        """Return the emulated seconds that pass in the announced ones."""
        return self.announce(seconds) * self.factor

    def call_later(self, seconds: float, callback: Callable[[], None]) -> Timer:
        """Call back after emulated seconds, or sooner if the clock is advanced."""
        timer = Timer(callback)
        heapq.heappush(self._due, (self.now() + seconds, next(self._count), timer))
        self._arm()
        return timer

    def advance(self, seconds: float) -> None:
        """Advance the clock by emulated seconds, and run what is then due."""
        self._skew += seconds
        self._run()

    def stop(self) -> None:
        """Forget every timer."""
        self._due.clear()
        if self._armed is not None:
            self._armed.cancel()
            self._armed = None

    def _arm(self) -> None:
        if self._armed is not None:
            self._armed.cancel()
            self._armed = None
        while self._due and self._due[0][2].callback is None:
            heapq.heappop(self._due)
        if self._due:
            wait = max(0.0, (self._due[0][0] - self.now()) / self.factor)
            loop = asyncio.get_running_loop()
            # A day at most, so that a frozen or adjusted loop clock does not lose a timer.
            self._armed = loop.call_later(min(wait, 86400.0), self._run)

    def _run(self) -> None:
        if self._armed is not None:
            self._armed.cancel()
            self._armed = None
        while self._due and self._due[0][0] <= self.now():
            timer = heapq.heappop(self._due)[2]
            callback, timer.callback = timer.callback, None
            if callback is not None:
                callback()
        self._arm()
