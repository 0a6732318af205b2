"""The rate budget: what may be sent now, according to the service's own numbers (docs/protocol.md 5)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from . import wire


class RateGroup(StrEnum):
    """Rate groups; each has its own budget per user and app."""

    LIGHT = "light"
    MEDIUM = "medium"
    HEAVY = "heavy"
    AUTH = "auth"


# Requests per 60 s before a reply has named the account's own figures (docs/protocol.md 5).
_DEFAULT_LIMIT: Final = {
    RateGroup.LIGHT: 50,
    RateGroup.MEDIUM: 40,
    RateGroup.HEAVY: 10,
    RateGroup.AUTH: 5,
}
_DEFAULT_WINDOW: Final = 60.0
# Bounds for the values of headers, far beyond what the service grants; windows are in seconds.
_MOST_REQUESTS: Final = 1_000_000_000
_SHORTEST_WINDOW: Final = 0.001
_LONGEST_WINDOW: Final = 600.0


@dataclass(slots=True)
class Place:
    """One request's place in the window, moved to the time of its reply once there is one.

    The service counts from when it received the request. The reply comes later than that, so a window
    counted from the reply is never too short.
    """

    at: float


@dataclass(slots=True)
class _Group:
    limit: int
    window: float = _DEFAULT_WINDOW
    places: list[Place] = field(default_factory=list)
    full_until: float = 0.0
    penalty_until: float = 0.0
    remaining: int | None = None
    refused: int = 0
    # The limit and window that the last reply named.
    claimed: tuple[float | None, float | None] = (None, None)


class RateBudget:
    """Counts the requests sent per rate group; times are seconds of one monotonic clock.

    One budget serves all requests of a user and app: a request during a penalty would restart the penalty
    (docs/protocol.md 5), so a new sign-in has to share the budget.
    """

    def __init__(self) -> None:
        """Start with the documented limits."""
        self._groups = {group: _Group(limit) for group, limit in _DEFAULT_LIMIT.items()}

    def penalty(self, group: RateGroup, now: float) -> float:
        """Return the seconds for which nothing of the group may be sent, after a 429."""
        return max(0.0, self._groups[group].penalty_until - now)

    def remaining(self, group: RateGroup) -> int | None:
        """Return how many requests the service said are left, or None before it has said so."""
        return self._groups[group].remaining

    def delay(self, group: RateGroup, now: float) -> float:
        """Return the seconds until one more request of the group fits into its window."""
        return self._delay(group, now, self._groups[group].limit)

    def spare_delay(self, group: RateGroup, now: float, share: float = 1 / 3) -> float:
        """Return the seconds until one more fits into a share of the group's window; the rest is for more important calls."""
        most = max(1, int(self._groups[group].limit * share))
        return self._delay(group, now, most)

    def _delay(self, group: RateGroup, now: float, most: int) -> float:
        state = self._groups[group]
        state.places = [
            place for place in state.places if now - place.at < state.window
        ]
        wait = max(state.full_until, state.penalty_until) - now
        if len(state.places) >= most:
            oldest = sorted(place.at for place in state.places)[-most]
            wait = max(wait, oldest + state.window - now)
        return max(0.0, wait)

    def sent(self, group: RateGroup, now: float) -> Place:
        """Count a request that is about to be sent, and return its place; the reply moves it."""
        place = Place(now)
        self._groups[group].places.append(place)
        return place

    def replied(self, group: RateGroup, headers: Mapping[str, str], now: float) -> None:
        """Learn the group's real limits from reply headers (docs/protocol.md 2.1).

        One odd reply must not stop a group for minutes: figures that allow less than those so far count
        once two replies in a row agree.
        """
        if headers.get("X-Rate-Limit-Group", group).lower() != group:
            return
        state = self._groups[group]
        limit = wire.header(headers, "X-Rate-Limit-Limit", 1, _MOST_REQUESTS)
        window = wire.header(
            headers, "X-Rate-Limit-Window", _SHORTEST_WINDOW, _LONGEST_WINDOW
        )
        remaining = wire.header(headers, "X-Rate-Limit-Remaining", 0, _MOST_REQUESTS)
        claimed = limit, window
        allows_less = (limit or state.limit) < state.limit or (
            window or state.window
        ) > state.window
        if not allows_less or claimed == state.claimed:
            state.limit = int(limit or state.limit)
            state.window = window or state.window
        state.claimed = claimed
        if remaining is not None:
            state.remaining = int(remaining)
            # Others use the same app and user: the oldest of all requests may be ours or theirs.
            oldest = min((place.at for place in state.places), default=now)
            state.full_until = oldest + state.window if remaining < 1 else 0.0

    def refused(
        self, group: RateGroup, wait: float, now: float, *, everything: bool = False
    ) -> None:
        """Begin a penalty of ``wait`` seconds after a 429; for every group, if the limit was global."""
        for name, state in self._groups.items():
            if everything or name is group:
                state.penalty_until = max(state.penalty_until, now + wait)
        self._groups[group].refused += 1

    def summary(self, now: float) -> dict[str, dict[str, float | int | None]]:
        """Return limits, use and penalties per group, for diagnostics."""
        return {
            group: {
                "limit": state.limit,
                "window_seconds": state.window,
                "sent_in_window": sum(
                    now - place.at < state.window for place in state.places
                ),
                "remaining_by_service": state.remaining,
                "penalty_seconds": round(max(0.0, state.penalty_until - now), 1),
                "refused": state.refused,
            }
            for group, state in self._groups.items()
        }
