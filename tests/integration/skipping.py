"""Time that does not have to be waited for: a clock that stands while anything happens, and jumps when nothing does."""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
import logging
import selectors
import time
from typing import Any, Final, override
from unittest.mock import patch

from homeassistant.helpers import event as event_helper
from homeassistant.util import dt as dt_util

from custom_components.ringcentral import sign_in
from custom_components.ringcentral.aioringcentral.auth import JwtTokens
from emulator import clock
from emulator.clock import Clock

# Any time will do, as long as it is always the same.
_BEGINNING: Final = 1_800_000_000.0


class _Selector(selectors.DefaultSelector):
    """Finds out that nothing happens, and lets time pass then."""

    loop: SkippingLoop | None = None

    @override
    def select(self, timeout: float | None = None) -> Any:
        loop = self.loop
        if loop is None or timeout is None or timeout <= 0:
            return super().select(timeout)
        if ready := super().select(0):
            return ready
        if loop.jobs:
            # A thread works for the loop, and time stands still meanwhile.
            return super().select(None)
        # What one end of a socket has sent, the other end in this loop has by now.
        time.sleep(0.0001)
        if ready := super().select(0):
            return ready
        # A microsecond more: what is a rounding error too early would be due again and again.
        loop.skip(timeout + 1e-6)
        return []


class SkippingLoop(asyncio.SelectorEventLoop):
    """An event loop whose clock stands while anything happens, and jumps over every wait for nothing."""

    def __init__(self) -> None:
        """Begin at nought."""
        self.jobs = 0
        self.ticks = count()
        self._now = 0.0
        selector = _Selector()
        super().__init__(selector)
        selector.loop = self

    @override
    def time(self) -> float:
        return self._now

    def skip(self, seconds: float) -> None:
        """Let seconds pass at once."""
        self._now += seconds

    @override
    def run_in_executor[*Ts, ResultT](
        self, executor: Executor | None, func: Callable[[*Ts], ResultT], *args: *Ts
    ) -> asyncio.Future[ResultT]:
        future = super().run_in_executor(executor, func, *args)
        self.jobs += 1
        future.add_done_callback(self._job_done)
        return future

    def _job_done(self, _future: object) -> None:
        self.jobs -= 1


@contextmanager
def skipping_time() -> Iterator[SkippingLoop]:
    """Run in a loop that skips waits; the clocks of Home Assistant, the client and the service go with it."""
    loop = SkippingLoop()

    def now() -> float:
        return _BEGINNING + loop.time()

    def utcnow() -> datetime:
        return datetime.fromtimestamp(now(), UTC)

    def service_utc(_clock: Clock) -> datetime:
        # Two calls never begin in the very same millisecond.
        return utcnow() + timedelta(milliseconds=next(loop.ticks) % 1_000)

    try:
        asyncio.set_event_loop(loop)
        with (
            patch("time.time", now),
            patch.object(dt_util, "utcnow", utcnow),
            patch.object(event_helper, "time_tracker_timestamp", now),
            patch.object(event_helper, "time_tracker_utcnow", utcnow),
            patch.object(sign_in, "JwtTokens", partial(JwtTokens, clock=now)),
            patch.object(clock, "_raw", loop.time),
            patch.object(Clock, "utc", service_utc),
        ):
            yield loop
            loop.run_until_complete(loop.shutdown_asyncgens())
            loop.run_until_complete(loop.shutdown_default_executor())
    finally:
        loop.close()
        asyncio.set_event_loop(None)


@contextmanager
def quiet() -> Iterator[None]:
    """Spare others what is logged: every record of the integration is looked at by the world."""
    ours, others = map(logging.getLogger, ("custom_components", "homeassistant"))
    before = ours.level, ours.propagate, others.level
    ours.setLevel(logging.DEBUG)
    ours.propagate = False
    others.setLevel(logging.ERROR)
    try:
        yield
    finally:
        ours.setLevel(before[0])
        ours.propagate = before[1]
        others.setLevel(before[2])
