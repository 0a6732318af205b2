"""Counters of what the emulator has done, for tests."""

from collections import Counter
from dataclasses import dataclass, field
import re
from typing import Any

_ID = re.compile(r"(?<=/)(~|\d+(,\d+)*|[0-9a-f-]{36})(?=/|$)")


def route_name(method: str, path: str) -> str:
    """Return a request's name without ids: `GET …/account/{id}`."""
    return f"{method} {_ID.sub('{id}', path.rstrip('/') or '/')}"


@dataclass(slots=True)
class Counters:
    """Counts since the start or the last reset; `sockets_open` is the current number."""

    requests: Counter[str] = field(default_factory=Counter)
    """By method and path with `{id}` for ids, over HTTP and the socket."""
    groups: Counter[str] = field(default_factory=Counter)
    """By rate group."""
    replies: Counter[str] = field(default_factory=Counter)
    """By status."""
    odd: Counter[str] = field(default_factory=Counter)
    """Odd replies and frames sent, by kind and place: `nulls http`, `calls event`."""
    redirects_followed: int = 0
    rate_limited: int = 0
    requests_in_penalty: int = 0
    """Requests during a penalty, each of which restarts it."""
    tokens_issued: int = 0
    tickets_issued: int = 0
    sockets_opened: int = 0
    sockets_refused: int = 0
    """Closed with 4400."""
    sockets_open: int = 0
    sockets_closed_by_client: int = 0
    recoveries: int = 0
    recoveries_failed: int = 0
    heartbeats: int = 0
    pongs: int = 0
    socket_requests: int = 0
    subscriptions: int = 0
    """Live subscriptions now."""
    subscriptions_created: int = 0
    events_generated: int = 0
    """Changes, counted once for each subscription that sees them, before faults."""
    events_sent: int = 0
    """Notifications written to sockets."""
    events_buffered: int = 0
    """Notifications kept for a recovery."""
    events_replayed: int = 0

    def clear(self) -> None:
        """Reset the counts, keeping the gauges."""
        clean = Counters(
            sockets_open=self.sockets_open, subscriptions=self.subscriptions
        )
        for name in self.__slots__:
            setattr(self, name, getattr(clean, name))

    def as_dict(self) -> dict[str, Any]:
        """Return every count as JSON values."""
        return {
            name: dict(value) if isinstance(value, Counter) else value
            for name in self.__slots__
            for value in (getattr(self, name),)
        }
