"""Who is followed, read from the account's lists at the start, after list events, and now and then."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
import logging
from typing import Any, Final

from ..backoff import Backoff, GrowingPauses
from ..errors import Reason, RetryLater, RingCentralError, passes, wait_after
from ..filters import FilterPlan, named_extensions
from ..membership import Follow, Following, filled_in, following, read_lists
from ..models import Extension
from ..rest import Rest
from .choices import Choices
from .removal import CONFIRM_AFTER, Notices, deleted_extensions, judge

_LOGGER = logging.getLogger(__name__)

# Seconds within which several changes of membership are read together; they grow while changes go on.
_SETTLE: Final = 2.0
_SETTLE_MOST: Final = 32.0
# Seconds until the lists are read again if one of them, or a record, could not be read while others could; they
# grow while that goes on. The account's list concerns more people, so it is read again as after any failure.
_READ_LATER: Final = 5.0
# Seconds without a change after which the next one is again read soon.
_QUIET: Final = 30.0

_NO_NOTICES: Final = Notices()


class Pace:
    """How long to collect changes before reading the lists: longer and longer while they go on."""

    def __init__(self) -> None:
        """Begin with the shortest time."""
        self._wait = 0.0
        self._read_at: float | None = None

    def wait(self, now: float) -> float:
        """Return for how many seconds to collect changes from ``now`` on, which is on a monotonic clock."""
        is_busy = self._read_at is not None and now - self._read_at < max(
            _QUIET, self._wait
        )
        self._wait = min(2 * self._wait, _SETTLE_MOST) if is_busy else _SETTLE
        return self._wait

    def read(self, now: float) -> None:
        """Note that the lists have been read."""
        self._read_at = now


class Members:
    """The followed extensions, and the event filters for them.

    Attributes:
        origins: the choices by which each extension was last found, by its id.
        missing: ids that were not in the last reading, with the time of the first reading without them;
            they stay followed until another reading agrees.
        lost_choices: ids that were chosen individually and are no longer in the account.
    """

    own: Extension
    plan: FilterPlan

    def __init__(
        self, rest: Rest, choices: Choices, account_id: str | None = None
    ) -> None:
        """Read the lists through ``rest``; ``account_id`` is the account's id, if it is known.

        The first reading finds out who is followed.
        """
        self._rest = rest
        self._choices = choices
        self._account_id = account_id
        self._own_id: str | None = None
        self.extensions: Mapping[str, Extension] = {}
        self.origins: Mapping[str, frozenset[Follow]] = {}
        self.missing: Mapping[str, float] = {}
        self.lost_choices: tuple[str, ...] = ()
        self.is_complete = True
        self._later = frozenset[Follow]()
        self._reads_again = False
        # When the lists are read again without a change, in seconds of the loop's clock.
        self._again_at: float | None = None
        self._is_read = False
        self._knows_account = False
        self._listed: frozenset[str] = frozenset()
        # All extensions that the last reading named, followed or not.
        self._known: Mapping[str, Extension] = {}
        self._notices = _NO_NOTICES
        self._changed = asyncio.Event()
        self._answers = asyncio.Event()
        self._away: dict[str, None] = {}
        # Since when the next reading has been wanted.
        self._wanted_since: float | None = None

    async def read(self) -> tuple[str, ...]:
        """Read the lists, find out who is followed, and return the ids of those who have left.

        Raises:
            RingCentralError: the lists could not be read; nothing changed.
        """
        notices = self._notices
        own = await self._rest.own_extension()
        account_id = own.account_id or own.id
        if self._account_id not in (None, account_id) or self._own_id not in (
            None,
            own.id,
        ):
            # A sign-in always belongs to the same user of the same account, so this reply cannot be believed.
            raise RetryLater(Reason.SERVICE_ERROR)
        # Once the account's list was read, it counts until it can be read again.
        lists = await read_lists(
            self._rest, own, self._choices.follow, needs_account=self._knows_account
        )
        lists = filled_in(lists, self._known)
        self._known = {**(lists.lines or {}), **(lists.account or {})}
        self._knows_account = self._knows_account or lists.account is not None
        # The lists may lack what was noticed meanwhile.
        self._notices = Notices(
            *(new - old for new, old in zip(self._notices, notices, strict=True))
        )
        self.own, self._account_id, self._own_id = own, account_id, own.id
        found = following(self._choices.follow, self._choices.chosen, lists)
        return self._update(found, notices, asyncio.get_running_loop().time())

    def expect(self, extension_ids: Iterable[str]) -> None:
        """Treat extensions of an earlier run as missing if the first reading lacked them."""
        now = asyncio.get_running_loop().time()
        lacking = (key for key in extension_ids if key not in self.extensions)
        self.missing = dict.fromkeys(lacking, now)
        self._find_lost_choices()
        if self.missing:
            self._changed.set()

    def event(self, body: Mapping[str, Any], everyone: Iterable[str]) -> None:
        """Read the lists again soon, because an event says that one of them changed."""
        named = named_extensions(body)
        self._notices = Notices(
            self._notices.deleted | deleted_extensions(body),
            self._notices.changed.union(named),
        )
        self.changed(named or everyone)

    def changed(self, extension_ids: Iterable[str] = ()) -> None:
        """Read the lists again soon; these extensions may have missed events while they were away."""
        self._away |= dict.fromkeys(extension_ids)
        if self._wanted_since is None:
            self._wanted_since = asyncio.get_running_loop().time()
        self._changed.set()

    def after_break(self) -> None:
        """Read the lists again: no event reported changes during a break, and the service answers again."""
        self.changed()
        self._answers.set()

    async def run(
        self,
        update: Callable[[float], Awaitable[None]],
        read_again: Callable[[Iterable[str], float], None],
    ) -> None:
        """Update members whenever they changed, retrying until that succeeds; run until cancelled.

        Both callbacks get the time since when the reading was due, in seconds of the loop's clock.
        """
        clock = asyncio.get_running_loop().time
        backoff, pace = Backoff(), Pace()
        pauses = GrowingPauses(_READ_LATER)
        self._expect_more(backoff, pauses)
        while True:
            if await self._wait_for_change():
                await asyncio.sleep(pace.wait(clock()))
            # The lists may lack changes from here on: those cause another reading.
            self._changed.clear()
            self._again_at = None
            away, self._away = self._away, {}
            since, self._wanted_since = self._wanted_since, None
            if since is None:
                since = clock()
            try:
                await update(since)
            except RingCentralError as err:
                self._away |= away
                self._wanted_since = since
                _LOGGER.debug("Membership could not be read: %s", err)
                if passes(err):
                    self._changed.set()
                    await self._pause(backoff.next(wait_after(err)))
                else:
                    self._count_again(self.missing, clock())
            else:
                pace.read(clock())
                read_again(away, since)
                self._expect_more(backoff, pauses)

    def _expect_more(self, backoff: Backoff, pauses: GrowingPauses) -> None:
        """Decide when to read the lists again if some of them could not be read in full."""
        now = asyncio.get_running_loop().time()
        if Follow.ACCOUNT in self._later:
            self._again_at = now + backoff.next()
            return
        backoff.reset()
        if self._reads_again or (self.missing and not self.is_complete):
            self._again_at = now + pauses.next(now)

    async def _pause(self, seconds: float) -> None:
        """Wait before reading the lists again, but no longer than until the service answers others again."""
        self._answers.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._answers.wait()

    async def _wait_for_change(self) -> bool:
        """Wait for a change and return True, or return False once the lists are due for another reading."""
        due = self._again_at
        if due is None and self.missing:
            due = min(self.missing.values()) + CONFIRM_AFTER
        try:
            async with asyncio.timeout_at(due):
                await self._changed.wait()
        except TimeoutError:
            return False
        return True

    def _update(
        self, found: Following, notices: Notices, now: float
    ) -> tuple[str, ...]:
        before = self.extensions
        left: tuple[str, ...] = ()
        if found.is_complete:
            known = {**before, **dict.fromkeys(self.missing)}
            left, self.missing = judge(
                known, found.extensions, found.listed, self.missing, notices, now
            )
            kept = {key: before[key] for key in self.missing if key in before}
        else:
            lacking = [key for key in self.missing if key not in found.extensions]
            self._count_again(lacking, now)
            kept = dict(before)
        self.extensions = carried_over(found, before, kept)
        earlier = {key: self.origins[key] for key in kept if key in self.origins}
        self.origins = {**earlier, **found.origins}
        # Extensions that may still be there keep their filters.
        self.plan = (
            found.plan.joined(self.plan) if kept and self._is_read else found.plan
        )
        self.is_complete = found.is_complete
        if found.later and not self._later:
            _LOGGER.info(
                "A list of extensions is left out: it cannot be read for now, and is read again"
            )
        self._later, self._reads_again = found.later, found.reads_again
        self._is_read = True
        self._listed = found.listed if found.is_complete else frozenset[str]()
        self._find_lost_choices()
        if self.missing:
            _LOGGER.debug(
                "%s extensions are missing in the lists, which are read again",
                len(self.missing),
            )
        return left

    def _count_again(self, extension_ids: Iterable[str], now: float) -> None:
        """Wait once more for two readings that agree, since this one said nothing."""
        self.missing = dict.fromkeys(extension_ids, now)

    def _find_lost_choices(self) -> None:
        self.lost_choices = tuple(
            key
            for key in self._choices.chosen
            if self._listed and key not in self._listed and key not in self.missing
        )


def carried_over(
    found: Following, before: Mapping[str, Extension], kept: Mapping[str, Extension]
) -> dict[str, Extension]:
    """Return the extensions that are followed after a reading: those that it found, and those that are kept.

    If the account's list was refused, the earlier name stands in for a missing one.
    """
    named = {
        key: extension if extension.name else before.get(key, extension)
        for key, extension in found.extensions.items()
    }
    return {**kept, **named}
