"""What time it is at the service, according to the Date headers of its replies. No I/O."""

from collections import deque
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from . import wire

# Seconds by which two replies may differ: headers have whole seconds, and replies take time to arrive.
_AGREE_WITHIN: Final = 30.0


def date_of(headers: Mapping[str, str]) -> datetime | None:
    """Return when a reply was made, or None if it does not say."""
    try:
        date = parsedate_to_datetime(headers.get("Date", ""))
        return wire.moment(date.isoformat())
    except ValueError, TypeError, OverflowError:
        return None


class ServiceClock:
    """A clock that goes by the last two replies if they agree, so that one odd header decides nothing."""

    def __init__(self) -> None:
        """Begin without knowing the time."""
        self._heard: deque[float] = deque(maxlen=2)

    def hear(self, headers: Mapping[str, str], now: float) -> None:
        """Look at the headers of a reply; ``now`` is in seconds of the clock that measures durations."""
        if (date := date_of(headers)) is not None:
            self._heard.append(date.timestamp() - now)

    def is_ahead(self, moment: datetime, now: float) -> bool:
        """Whether a time lies in the service's future, as far as that is known."""
        time = self.at(now)
        return time is not None and (moment - time).total_seconds() > _AGREE_WITHIN

    def at(self, now: float) -> datetime | None:
        """Return the time at the service, or None if it is not known."""
        if len(self._heard) < 2 or abs(self._heard[0] - self._heard[1]) > _AGREE_WITHIN:
            return None
        return datetime.fromtimestamp(self._heard[1] + now, UTC)
