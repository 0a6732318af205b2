"""The user's call log: wakes the entities that show and report its calls."""

import asyncio
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final, override

from homeassistant.const import Platform
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util

from .aioringcentral.account import Account
from .aioringcentral.account.call_log import CallLog
from .aioringcentral.call_log import LoggedCall, Outcome
from .aioringcentral.calls.state import CallEvent
from .offered import OfferedToUser

# What the calendar watches, besides fields of `Presence`, and its key.
CALLS: Final = "calls"

# Seconds for which a reading serves everyone who looks at the same days, so that several dashboards cost no more
# than one.
_KEPT_FOR: Final = 60.0
_MOST_KEPT: Final = 8
_MOST_EXPLAINED: Final = 20
# A call that began at most this long before the first day may reach into it.
_EARLIER: Final = timedelta(hours=4)
# By how much the service's clock may be ahead of ours, at most.
_AHEAD: Final = timedelta(hours=1)

type OutcomeListener = Callable[[CallEvent, Outcome], None]
type _Days = tuple[datetime, datetime]


class CallLogHub(OfferedToUser):
    """Reads calls when somebody looks at them, and tells how missed calls ended."""

    def __init__(
        self,
        hass: HomeAssistant,
        account: Account,
        wake: Callable[[str], None],
    ) -> None:
        """Take the account; ``wake`` is called with the user's extension id when the log comes or goes."""
        super().__init__(account, wake)
        self._hass = hass
        self._on_outcome: list[OutcomeListener] = []
        self._kept: dict[_Days, tuple[float, tuple[LoggedCall, ...]]] = {}
        self._lock = asyncio.Lock()
        # When the newest missed calls began, and how they ended.
        self._explained: deque[tuple[datetime, CallEvent, Outcome]] = deque(
            maxlen=_MOST_EXPLAINED
        )

    @property
    def call_log(self) -> CallLog:
        """The call log."""
        return self._account.call_log

    def expect(self, hass: HomeAssistant, entry_id: str) -> None:
        """Note, before the account starts, whether an earlier run had the log; if so, its calendar is there at once."""
        if any(
            each.domain == Platform.CALENDAR
            for each in er.async_entries_for_config_entry(er.async_get(hass), entry_id)
        ):
            self.call_log.is_expected = self._was_offered = True

    @callback
    def async_on_outcome(self, listener: OutcomeListener) -> CALLBACK_TYPE:
        """From now on, tell a listener how each missed call ended; return a function that removes it."""
        self._on_outcome.append(listener)
        return lambda: self._on_outcome.remove(listener)

    async def calls(self, start: datetime, end: datetime) -> tuple[LoggedCall, ...]:
        """Return the calls of some days and of the hours before them; one that has just ended may be missing for a minute.

        Raises:
            RingCentralError: they could not be read.
        """
        latest = dt_util.utcnow() + _AHEAD
        if start > latest:
            return ()
        clock, days = self._hass.loop.time, (start, end)
        async with self._lock:
            kept = {
                key: value
                for key, value in self._kept.items()
                if clock() - value[0] < _KEPT_FOR
            }
            if days not in kept:
                found = await self.call_log.between(start - _EARLIER, min(end, latest))
                kept[days] = clock(), found
                self.call_log.was_used()
            self._kept = dict(list(kept.items())[-_MOST_KEPT:])
        return kept[days][1]

    @callback
    def explained_since(self, since: datetime) -> list[tuple[CallEvent, Outcome]]:
        """Return the missed calls that began after a time and whose outcome this run knows, oldest first."""
        return [
            (event, outcome)
            for began, event, outcome in self._explained
            if began >= since
        ]

    @callback
    @override
    def call_log_changed(self) -> None:
        """Wake the calendar, which exists once the log was offered."""
        self._kept.clear()
        self._changed(is_offered=self.call_log.is_offered)

    @callback
    @override
    def missed_call_explained(self, event: CallEvent, outcome: Outcome) -> None:
        """Report how a missed call ended, and remember that for later questions."""
        self._explained.append((event.started_at or dt_util.utcnow(), event, outcome))
        for listener in tuple(self._on_outcome):
            self.call_log.was_used()
            listener(event, outcome)
