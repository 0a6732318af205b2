"""Rate groups with a penalty that every request restarts (docs/protocol.md 5)."""

from collections import deque
from dataclasses import dataclass, field

from .clock import Clock
from .counters import Counters
from .faults import Faults

WINDOW = 60.0
"""Seconds of the sliding window and of the penalty."""
LIMITS = {"Light": 50, "Medium": 40, "Heavy": 10, "Auth": 5}
"""Requests per window, per user and app."""
UNLIMITED = 1_000_000_000


@dataclass(slots=True)
class Bucket:
    """The requests of one user and app in one group."""

    accepted: deque[float] = field(default_factory=deque)
    penalty_until: float = 0.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """The limiter's verdict on a request."""

    group: str
    limit: int
    remaining: int
    window: int
    """Announced seconds."""
    retry_after: int | None = None
    """Announced seconds; set when the request is refused."""
    refused: bool = False

    def headers(self) -> dict[str, str]:
        """Return the `X-Rate-Limit-*` headers and Retry-After."""
        headers = {
            "X-Rate-Limit-Group": self.group.lower(),
            "X-Rate-Limit-Limit": str(self.limit),
            "X-Rate-Limit-Remaining": str(self.remaining),
            "X-Rate-Limit-Window": str(self.window),
        }
        if self.retry_after is not None:
            headers["Retry-After"] = str(self.retry_after)
        return headers


@dataclass(slots=True)
class RateLimiter:
    """Counts requests by user, app and group."""

    clock: Clock
    faults: Faults
    counters: Counters
    enforced: bool = True
    _buckets: dict[tuple[str, int, str], Bucket] = field(default_factory=dict)

    def ask(
        self, client_id: str, owner_id: int, group: str, weight: int = 1
    ) -> Verdict:
        """Count a request, as this many, and return whether it may proceed."""
        now = self.clock.now()
        self.counters.groups[group] += 1
        bucket = self._buckets.setdefault((client_id, owner_id, group), Bucket())
        limit = self.limit(group)
        penalty = self.clock.life(WINDOW)
        while bucket.accepted and bucket.accepted[0] <= now - penalty:
            bucket.accepted.popleft()
        forced = self.faults.http_429.get(group)
        if now < bucket.penalty_until:
            self.counters.requests_in_penalty += 1
        elif forced is not None and forced.next > 0:
            # A test has requested this: refuse without starting a penalty.
            forced.next -= 1
            self.counters.rate_limited += 1
            return Verdict(
                group,
                limit,
                0,
                self.clock.announce(WINDOW),
                self.clock.announce(WINDOW) if forced.retry_after else None,
                refused=True,
            )
        elif len(bucket.accepted) + weight <= limit:
            bucket.accepted.extend([now] * weight)
            left = limit - len(bucket.accepted)
            return Verdict(group, limit, left, self.clock.announce(WINDOW))
        bucket.penalty_until = now + penalty
        self.counters.rate_limited += 1
        seconds = self.clock.announce(WINDOW)
        return Verdict(group, limit, 0, seconds, seconds, refused=True)

    def limit(self, group: str) -> int:
        """Return the requests per window of a group."""
        if (found := self.faults.rate_limits.get(group)) is not None:
            return found
        return LIMITS[group] if self.enforced else UNLIMITED

    def clear(self) -> None:
        """Forget every request and penalty."""
        self._buckets.clear()
