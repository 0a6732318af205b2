"""How many voicemails the user has not heard: read once after a start, a break and a change, and never otherwise."""

import asyncio
from collections.abc import Callable
import logging
from typing import Final

from ..backoff import Backoff
from ..errors import RetryLater, RingCentralError
from ..filters import VOICEMAILS, FilterPlan
from ..models import Event
from ..rest import Rest
from ..stream import Subscription
from ..voicemail import (
    READ_PERMISSION,
    Voicemail,
    Voicemails,
    is_message_event,
    new_messages,
)

_LOGGER = logging.getLogger(__name__)

# Seconds in which several changes are read together.
_COLLECT: Final = 1.0
# Seconds that a start waits for the first reading.
_START_WITHIN: Final = 5.0

type MailboxChanged = Callable[[tuple[Voicemail, ...]], None]


class Mailbox:
    """The unread voicemails, where the app may read messages and RingCentral sends their changes.

    Attributes:
        unread: how many there are; None where that is not known.
        is_offered: whether a reading has succeeded, and events arrive.
    """

    def __init__(self, rest: Rest, changed: MailboxChanged) -> None:
        """Take the calls, and what is called after a reading: with the voicemails that arrived, oldest first."""
        self._rest = rest
        self._changed = changed
        self.unread: int | None = None
        self.is_offered = False
        self._may_read = False
        self._is_live = False
        self._new: frozenset[str] = frozenset()
        self._stale = asyncio.Event()
        self._tried = asyncio.Event()

    def allow(self, scope: frozenset[str]) -> None:
        """Take the permissions of the app; without the one for messages nothing is asked for."""
        self._may_read = READ_PERMISSION in scope

    def planned(self, plan: FilterPlan) -> FilterPlan:
        """Return a plan with the filter for voicemails, where the app may read them."""
        if not self._may_read:
            return plan
        return plan.joined(FilterPlan(wanted=(VOICEMAILS,)))

    def connected(self, subscription: Subscription | None, *, is_broken: bool) -> None:
        """Read after a break; without the filter nothing is known any more."""
        was_live, self._is_live = self._is_live, _has_filter(subscription)
        if not self._is_live:
            self._tried.set()
            if was_live:
                self._gone("filter_refused")
        elif is_broken or not was_live:
            # What arrived meanwhile is counted, and no news.
            self._new = frozenset()
            self._stale.set()

    def event(self, event: Event) -> None:
        """Read soon after an event about messages."""
        if self._is_live and is_message_event(event.uri):
            self._new |= new_messages(event.body)
            self._stale.set()

    def wake(self) -> None:
        """Have it read again."""
        if self._is_live:
            self._stale.set()

    async def first_reading(self) -> None:
        """Wait until the first reading is over, whatever came of it, but not for long."""
        if self._is_live:
            try:
                async with asyncio.timeout(_START_WITHIN):
                    await self._tried.wait()
            except TimeoutError:
                _LOGGER.debug("Voicemails were not read in time")

    async def run(self) -> None:
        """Read after every change, until it succeeds; goes on until it is cancelled."""
        backoff = Backoff()
        while True:
            await self._stale.wait()
            if self._tried.is_set():
                await asyncio.sleep(_COLLECT)
            self._stale.clear()
            new, self._new = self._new, frozenset()
            try:
                found = await self._rest.unread_voicemails()
            except RetryLater as err:
                _LOGGER.debug("Voicemails could not be read: %s", err)
                self._new |= new
                self._stale.set()
                self._tried.set()
                await asyncio.sleep(backoff.next(err.retry_after))
            except RingCentralError as err:
                self._gone(err.reason)
            else:
                backoff.reset()
                self._read(found, new)
            finally:
                self._tried.set()

    def _read(self, found: Voicemails, new: frozenset[str]) -> None:
        arrived = tuple(each for each in reversed(found.newest) if each.id in new)
        is_news = not self.is_offered or found.total != self.unread
        self.unread, self.is_offered = found.total, True
        if arrived or is_news:
            self._changed(arrived)

    def _gone(self, reason: str) -> None:
        was_offered, self.is_offered = self.is_offered, False
        self.unread, self._is_live = None, False
        if was_offered:
            _LOGGER.info("Voicemail is left out: %s", reason)
            self._changed(())
        else:
            _LOGGER.debug("Voicemail is not offered: %s", reason)


def _has_filter(subscription: Subscription | None) -> bool:
    return subscription is not None and VOICEMAILS in subscription.live
