"""The calls of every followed extension, and timers for those that may be over."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Final

from .. import durations
from ..calls.reducer import advance, resync
from ..calls.state import CallEvent, Calls
from ..models import Presence

_NO_CALLS: Final = Calls()

type CallsEnded = Callable[[str, Calls, tuple[CallEvent, ...]], None]


class LiveCalls(dict[str, Calls]):
    """Calls by extension id; there are none while nothing is known."""

    def __init__(self, utcnow: Callable[[], datetime], ended: CallsEnded) -> None:
        """Begin without calls.

        ``ended`` is called for ends that only the passing of time makes certain, with the extension id, the calls
        before and what happened.
        """
        super().__init__()
        self._utcnow = utcnow
        self._ended = ended
        self._timers: dict[str, tuple[float, asyncio.TimerHandle]] = {}

    def __missing__(self, extension_id: str) -> Calls:
        """Return no calls."""
        return _NO_CALLS

    def resync(self, presence: Presence) -> tuple[CallEvent, ...]:
        """Update calls from a snapshot, which is not news: return no events."""
        key = presence.extension_id
        self._keep(
            key, resync(self[key], presence, self._utcnow(), durations.steady_clock())
        )
        return ()

    def advance(self, presence: Presence) -> tuple[CallEvent, ...]:
        """Update calls from what was seen live, and return what happened."""
        return self._advance(presence.extension_id, presence)

    def forget(self, extension_id: str) -> None:
        """Drop an extension that is no longer followed."""
        self._keep(extension_id, _NO_CALLS)
        self.pop(extension_id, None)

    def stop(self) -> None:
        """Cancel all timers."""
        for _, timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    def _advance(self, key: str, presence: Presence | None) -> tuple[CallEvent, ...]:
        step = advance(self[key], presence, self._utcnow(), durations.steady_clock())
        self._keep(key, step.state)
        return step.events

    def _keep(self, key: str, calls: Calls) -> None:
        self[key] = calls
        due = calls.due
        if key in self._timers:
            if self._timers[key][0] == due:
                return
            self._timers.pop(key)[1].cancel()
        if due is not None:
            loop = asyncio.get_running_loop()
            wait = max(0.0, due - durations.steady_clock())
            self._timers[key] = due, loop.call_later(wait, self._come_due, key)

    def _come_due(self, key: str) -> None:
        del self._timers[key]
        before = self[key]
        events = self._advance(key, None)
        self._ended(key, before, events)
