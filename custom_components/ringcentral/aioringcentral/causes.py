"""Why presence was read, for diagnostics: what each reading responded to. No I/O."""

from collections import Counter, deque
from collections.abc import Mapping
from enum import StrEnum
from typing import Final, NamedTuple

# How many readings are remembered.
_REMEMBERED: Final = 20


class Cause(StrEnum):
    """Why presence is read (docs/reliability.md, "What is not")."""

    BREAK = "break"
    """Events may have been missed."""
    NEW_FILTER = "new_filter"
    """Events arrive that did not before."""
    LISTS = "lists"
    """An event said that the lists of extensions changed: those in them may have been away."""
    JOINED = "joined"
    """Somebody is followed who was not before."""
    CALLS = "calls"
    """The list of calls does not match its count or status."""
    RINGING = "ringing"
    """A phone has been ringing for long."""
    INCOMPLETE = "incomplete"
    """Presence is visible, and parts of it are unknown."""
    UNREADABLE = "unreadable"
    """Something arrived that could not be read."""
    SLOW = "slow"
    """Everything is read now and then."""
    ASKED = "asked"
    """The user of the account asked for it."""


class Why(NamedTuple):
    """Why an extension is to be read, and since when it is due, in seconds of the loop's clock."""

    cause: Cause
    since: float


class Read(NamedTuple):
    """A reading: why, of how many extensions, since when it was due, and when it began.

    Times are seconds of the loop's clock.
    """

    cause: Cause
    extensions: int
    since: float
    at: float


class LastReadings(deque[Read]):
    """The last readings of presence, oldest first; one with several causes has an entry for each."""

    def __init__(self) -> None:
        """Begin without any."""
        super().__init__(maxlen=_REMEMBERED)

    def note(self, wanted: Mapping[str, Why], now: float) -> None:
        """Note that these extensions are being read now."""
        since: dict[Cause, float] = {}
        for why in wanted.values():
            since[why.cause] = min(why.since, since.get(why.cause, now))
        counts = Counter(why.cause for why in wanted.values())
        self.extend(
            Read(cause, count, since[cause], now) for cause, count in counts.items()
        )
