"""How an event reaches a subscription, and what can happen to it on the way."""

import asyncio
from collections.abc import Callable
import random
from typing import Any

from .faults import Faults

HELD_BACK = 0.3
"""Seconds after which an event that waits to be overtaken is sent anyway."""

type Envelope = dict[str, Any]


class Delivery:
    """Hands envelopes to a sink, with the configured loss and disorder."""

    def __init__(
        self, faults: Faults, rng: random.Random, sink: Callable[[Envelope], None]
    ) -> None:
        """Take the switches, a seeded source of chance and where events go."""
        self._faults, self._rng, self._sink = faults, rng, sink
        self._held: Envelope | None = None
        self._timers: set[asyncio.TimerHandle] = set()

    def send(self, envelope: Envelope) -> None:
        """Deliver an event, unless a fault loses it."""
        faults = self._faults
        if faults.take("drop_next") or self._chance(faults.drop):
            return
        copies = (
            2 if faults.take("duplicate_next") or self._chance(faults.duplicate) else 1
        )
        for _ in range(copies):
            if faults.delay > 0:
                self._later(faults.delay, lambda: self._order(envelope))
            else:
                self._order(envelope)

    def close(self) -> None:
        """Stop delivering."""
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()
        self._held = None

    def _order(self, envelope: Envelope) -> None:
        """Pass on an event, or hold it back until the next one has passed."""
        faults = self._faults
        if self._held is None and (
            faults.take("reorder_next") or self._chance(faults.reorder)
        ):
            self._held = envelope
            self._later(HELD_BACK, self._release)
            return
        self._sink(envelope)
        self._release()

    def _release(self) -> None:
        held, self._held = self._held, None
        if held is not None:
            self._sink(held)

    def _chance(self, probability: float) -> bool:
        return probability > 0 and self._rng.random() < probability

    def _later(self, seconds: float, callback: Callable[[], None]) -> None:
        def run() -> None:
            self._timers.discard(timer)
            callback()

        timer = asyncio.get_running_loop().call_later(seconds, run)
        self._timers.add(timer)
