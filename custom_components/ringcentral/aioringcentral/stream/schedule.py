"""When to look after a connection: token renewals, planned replacements, and how long a replaced one lingers. Pure.

``now`` is the event loop's clock, ``wall`` the wall clock that tokens expire by; both in seconds.
"""

from dataclasses import dataclass
from math import inf
from typing import Final

from ..auth import Token

# At most how many seconds before the absolute end of a connection the next one is made.
_REPLACE_BEFORE: Final = 300.0
# Seconds for which a replaced connection stays open: an event from before its successor may come late, and then
# comes only on the old connection (docs/protocol.md 4.4).
_LATE_WITHIN: Final = 5.0
# Seconds between two searches for refused filters, because the requests per minute are limited.
_SEARCH_AFTER: Final = 60.0
# Seconds after which to look at the token again: a REST call may have begun another session meanwhile,
# and the loop's clock stands still while the machine sleeps.
_LOOK_EVERY: Final = 60.0


@dataclass(slots=True)
class Schedule:
    """The life of one connection, and of the token on which it depends.

    Attributes:
        ends_at: when the service ends the connection because of its age.
        replace_at: when its successor is made.
        search_at: when the successor is made because filters have yet to be searched, or infinity.
        retry_at: when a renewal that failed is tried again, or None.
    """

    token: Token
    ends_at: float
    replace_at: float
    search_at: float = inf
    retry_at: float | None = None

    @classmethod
    def begin(cls, token: Token, opened_at: float, absolute_timeout: float) -> Schedule:
        """Plan the life of a connection that lasts ``absolute_timeout`` seconds."""
        ends_at = opened_at + absolute_timeout
        return cls(
            token, ends_at, ends_at - min(_REPLACE_BEFORE, absolute_timeout / 10)
        )

    def search_soon(self, now: float) -> None:
        """Make the successor soon, to find out which of the omitted filters may be asked for."""
        self.search_at = now + _SEARCH_AFTER

    @property
    def must_search(self) -> bool:
        """Whether filters have yet to be searched, or to be asked for once more."""
        return self.search_at < inf

    def due(self, now: float, wall: float) -> float:
        """Return when there is something to do."""
        if self.retry_at is not None:
            return self.retry_at
        return min(
            self.replace_at,
            self.search_at,
            now + self.token.due_in(wall),
            now + _LOOK_EVERY,
        )

    def must_replace(self, token: Token, now: float) -> bool:
        """Whether a new connection is needed, since a session's sockets end with it (docs/protocol.md 1.4)."""
        is_time = now >= min(self.replace_at, self.search_at)
        return is_time or token.session != self.token.session

    def renewed(self, token: Token) -> None:
        """Go on with a token of the same session."""
        self.token, self.retry_at = token, None

    def lingers(self, now: float, wall: float) -> float:
        """Return the seconds to wait for late events once replaced: stop before the service ends the connection."""
        left = min(self.ends_at - now, self.token.expires_at - wall)
        return min(_LATE_WITHIN, max(0.0, left) / 2)
