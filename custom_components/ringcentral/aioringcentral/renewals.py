"""When another access token is worth asking for: not while new ones are rejected, too. No I/O."""

import re
from typing import Final, NamedTuple

# Seconds until a path that rejected a new token, too, may ask for another; they double up to an hour.
_FIRST: Final = 30.0
_MOST: Final = 3_600.0
_MOST_DOUBLINGS: Final = 10
# Paths that are remembered, each with ids left out; there are about ten.
_MOST_PATHS: Final = 100
_IDS: Final = re.compile(r"[^/]*\d[^/]*")


class _Rejections(NamedTuple):
    times: int
    until: float


class Renewals:
    """Rejections of new tokens by path; times are seconds of one monotonic clock.

    Each new token is a request of the Auth group and may be a session of five (docs/protocol.md 1.4, 5), so
    a path that answers every token with 401 must not ask for one after the other.
    """

    def __init__(self) -> None:
        """Begin without rejections."""
        self._rejections: dict[str, _Rejections] = {}

    def may_help(self, path: str, now: float) -> bool:
        """Whether a token that this path rejected is to be renewed now."""
        known = self._rejections.get(_kind(path))
        return known is None or now >= known.until

    def did_not_help(self, path: str, now: float) -> None:
        """Count a new token that was rejected."""
        if len(self._rejections) >= _MOST_PATHS:
            self._rejections.clear()
        kind = _kind(path)
        known = self._rejections.get(kind)
        count = 1 if known is None else known.times + 1
        wait = min(_FIRST * 2.0 ** min(count - 1, _MOST_DOUBLINGS), _MOST)
        self._rejections[kind] = _Rejections(count, now + wait)

    def accepted(self, path: str) -> None:
        """Forget what this path rejected: it takes the token."""
        if self._rejections:
            self._rejections.pop(_kind(path), None)


def _kind(path: str) -> str:
    """Return a path without ids, of which a batch has many. The version has a digit as well, in every path."""
    return _IDS.sub("*", path)
