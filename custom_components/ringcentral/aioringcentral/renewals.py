"""When another access token is worth requesting: not while new ones are rejected, too. No I/O."""

import re
from typing import Final, NamedTuple

# Seconds until a path that rejected a new token, too, may ask for another; they double up to an hour.
_FIRST: Final = 30.0
_MOST: Final = 3_600.0
_MOST_DOUBLINGS: Final = 10
# How many paths are remembered, without the ids in them; there are about ten.
_MOST_PATHS: Final = 100
_IDS: Final = re.compile(r"[^/]*\d[^/]*")


class _Rejections(NamedTuple):
    times: int
    until: float


class Renewals:
    """Rejections of new tokens by path; times are seconds of one monotonic clock.

    Each new token is a request of the Auth group and may take one of five sessions (docs/protocol.md 1.4, 5),
    so a path that answers every token with 401 must not cause one request for a token after another.
    """

    def __init__(self) -> None:
        """Begin without rejections."""
        self._rejections: dict[str, _Rejections] = {}

    def may_help(self, path: str, now: float) -> bool:
        """Whether to renew a token now that this path rejected."""
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
        """Forget what this path rejected, since it has accepted a token."""
        if self._rejections:
            self._rejections.pop(_kind(path), None)


def _kind(path: str) -> str:
    """Return a path without its ids, of which a batch has many, and without its version, which has a digit, too."""
    return _IDS.sub("*", path)
