"""When a socket ends by itself: it is idle or too old, or its client is gone (docs/protocol.md 3.5)."""

import asyncio
from collections.abc import Callable

from .clock import Timer
from .service import Service

PONG_DEADLINE = 10.0
"""Seconds; never less than the floor, so that real event loops cope with a time factor."""
PONG_FLOOR = 2.0
PING_FLOOR = 1.0


class Liveness:
    """The timers of one socket."""

    def __init__(
        self,
        service: Service,
        *,
        expire: Callable[[str], None],
        ping: Callable[[], None],
        abort: Callable[[], None],
    ) -> None:
        """Take the actions: `expire` with an error code, send a ping, cut."""
        self._service = service
        self._expire, self._send_ping, self._abort = expire, ping, abort
        self._heard = service.clock.now()
        self._pong = True
        self._absolute: Timer | None = None
        self._idle: Timer | None = None
        self._ping_timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Start counting."""
        clock, faults = self._service.clock, self._service.faults
        self._absolute = clock.call_later(
            clock.life(faults.absolute_timeout), lambda: self._expire("WSG-903")
        )
        self._idle = clock.call_later(clock.life(faults.idle_timeout), self._check_idle)
        self._later(faults.ping_interval, PING_FLOOR, self._ping)

    def stop(self) -> None:
        """Stop all timers."""
        for timer in (self._absolute, self._idle, self._ping_timer):
            if timer is not None:
                timer.cancel()

    def heard(self) -> None:
        """Note traffic of the application; ping frames do not count."""
        self._heard = self._service.clock.now()

    def ponged(self) -> None:
        """Note the reply to a ping."""
        self._pong = True
        self._service.counters.pongs += 1

    def _later(
        self, seconds: float, floor: float, callback: Callable[[], None]
    ) -> None:
        """Call back later in real time: advancing the clock must not count as silence."""
        wait = max(seconds / self._service.clock.factor, floor)
        self._ping_timer = asyncio.get_running_loop().call_later(wait, callback)

    def _check_idle(self) -> None:
        clock = self._service.clock
        limit = clock.life(self._service.faults.idle_timeout)
        left = self._heard + limit - clock.now()
        if left <= 0:
            self._expire("WSG-902")
        else:
            self._idle = clock.call_later(left, self._check_idle)

    def _ping(self) -> None:
        if self._service.faults.silent_sockets:
            # Continue when the silence ends.
            self._later(PONG_DEADLINE, PONG_FLOOR, self._ping)
            return
        self._pong = False
        self._send_ping()
        self._later(PONG_DEADLINE, PONG_FLOOR, self._check_pong)

    def _check_pong(self) -> None:
        if self._pong:
            self._later(self._service.faults.ping_interval, PING_FLOOR, self._ping)
        else:
            self._abort()
