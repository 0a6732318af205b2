"""What adds up over a day: missed calls, calls, and seconds talked.

Only what was seen counts: a call whose end was not seen adds nothing. Pure functions only.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Self

from .state import TALKS, CallEvent, CallEventType, Calls

# More calls or seconds than any day has.
_MOST: Final = 1e9
# Nothing else adds to a total.
ENDS: Final = frozenset({CallEventType.ENDED, CallEventType.MISSED})


@dataclass(frozen=True, slots=True)
class DayTotal:
    """A sum, and the day to which it belongs."""

    day: date
    total: float = 0.0

    def on(self, day: date) -> Self:
        """Return the sum for a day; a new day begins with nothing."""
        return self if day == self.day else type(self)(day)

    def plus(self, amount: float) -> Self:
        """Return the sum with an amount added."""
        return type(self)(self.day, self.total + amount)

    def as_dict(self) -> dict[str, Any]:
        """Return a form that can be stored as JSON."""
        return {"day": self.day.isoformat(), "total": self.total}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any], day: date) -> Self:
        """Return what was stored for a day; nothing if it belongs to another day, or is odd."""
        total = stored.get("total")
        if isinstance(total, bool) or not isinstance(total, int | float):
            return cls(day)
        if stored.get("day") != day.isoformat() or not 0 <= total <= _MOST:
            return cls(day)
        return cls(day, float(total))


def missed(event: CallEvent, _since_midnight: float) -> float:
    """Return 1 for a missed call."""
    return float(event.type is CallEventType.MISSED)


def ended(event: CallEvent, _since_midnight: float) -> float:
    """Return 1 for a call that is over, whether or not it was answered."""
    return float(event.type in ENDS)


def talked(event: CallEvent, since_midnight: float) -> float:
    """Return the seconds of today that were talked in a call that is over."""
    if event.type is not CallEventType.ENDED or event.duration is None:
        return 0.0
    return min(event.duration, since_midnight)


def talked_by(calls: Calls, clock: float, since_end: float, length: float) -> float:
    """Return the seconds of a day that were talked in calls that still go on.

    ``clock`` is the clock of the calls (`reducer.advance`). ``since_end`` is how many seconds ago the day
    ended, 0 while it goes on; ``length`` is how many seconds it had until then, which for a whole day is not
    86,400 when the clocks change.
    """
    durations = (call.duration(clock) for call in calls.calls if call.phase in TALKS)
    return sum(
        min(max(0.0, duration - since_end), length)
        for duration in durations
        if duration is not None
    )
