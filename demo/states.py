"""Every state of Home Assistant, from its WebSocket API."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
import time
from typing import override

from .api import Json, Socket

ABSENT = ("unknown", "unavailable")


@dataclass(frozen=True, slots=True)
class Change:
    """One entity's state went from one value to another, seen at `at`."""

    entity_id: str
    old: str | None
    new: str | None
    at: float
    """On the clock of `time.perf_counter`."""


class States(Mapping[str, str]):
    """States by entity id, always current; changes are kept in order of arrival."""

    def __init__(self) -> None:
        """Start empty."""
        self.changes: list[Change] = []
        self._states: dict[str, str] = {}
        self._changed = asyncio.Event()

    async def follow(self, socket: Socket) -> None:
        """Subscribe first, then read all states."""
        await socket.subscribe(
            self._event, "subscribe_events", event_type="state_changed"
        )
        told = {change.entity_id for change in self.changes}
        for state in await socket.call("get_states"):
            if state["entity_id"] not in told:
                self._states[state["entity_id"]] = state["state"]
        self._changed.set()

    async def wait_until(
        self, holds: Callable[[], bool], timeout: float, what: str = "it"
    ) -> None:
        """Wait until a condition on the states holds; check it again at every change.

        Raises:
            TimeoutError: with `what`, when it does not come true in time.
        """
        try:
            async with asyncio.timeout(timeout):
                while not holds():
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            raise TimeoutError(f"{what} did not happen in {timeout:g} s") from None

    async def wait_for(
        self, entity_id: str, state: str, timeout: float = 10.0
    ) -> Change | None:
        """Wait until an entity has a state; return the change that brought it."""

        def holds() -> bool:
            return self.get(entity_id) == state

        await self.wait_until(
            holds,
            timeout,
            f"{entity_id} becoming {state} (it is {self.get(entity_id)})",
        )
        for change in reversed(self.changes):
            if change.entity_id == entity_id:
                return change
        return None

    def _event(self, event: Json) -> None:
        at = time.perf_counter()
        data = event["data"]
        entity_id = data["entity_id"]
        old, new = (
            None if data[key] is None else data[key]["state"]
            for key in ("old_state", "new_state")
        )
        if new is None:
            self._states.pop(entity_id, None)
        else:
            self._states[entity_id] = new
        if old != new:
            self.changes.append(Change(entity_id, old, new, at))
        self._changed.set()

    @override
    def __getitem__(self, entity_id: str) -> str:
        return self._states[entity_id]

    @override
    def __iter__(self) -> Iterator[str]:
        return iter(self._states)

    @override
    def __len__(self) -> int:
        return len(self._states)
