"""Who takes the calls of which queue: read after a start and a break, and kept current by events of the queues."""

import asyncio
from collections import defaultdict, deque
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
import logging
from typing import Final

from ..backoff import Backoff
from ..errors import RetryLater, RingCentralError
from ..filters import FilterPlan, queue_filter
from ..models import Event, Extension
from ..queues import OwnQueue, QueueMember, has_new_queues, queue_change
from ..rest import Rest
from ..stream import Subscription
from .removal import deleted_extensions

_LOGGER = logging.getLogger(__name__)

# Seconds in which several changes are read together.
_COLLECT: Final = 3.0
# Events tell what changes, so of the slow re-reads every so many is enough: once a day.
_EACH_OF_WAKES: Final = 4
# Readings in so many seconds, so that presence keeps its share of the 50 a minute (docs/protocol.md 5).
_MOST: Final = 25
_MINUTE: Final = 60.0
# Seconds that a start waits for the first readings.
_START_WITHIN: Final = 5.0
# What is read beside the followed queues: those of the user.
_OWN: Final = "~"

type QueuesChanged = Callable[[Collection[str]], None]
type _News = dict[str, bool]


class Queues:
    """The queues of the user, and the members of those that are followed.

    Attributes:
        own: the user's queues by id; None where they are not known, or nobody asked for them.
        members: the members of followed queues, by the queue's id and theirs; without those of a queue that
            may not be read, or whose changes RingCentral does not send.
    """

    def __init__(self, rest: Rest, changed: QueuesChanged, *, is_wanted: bool) -> None:
        """Take the calls, and what is called after a change: with ids of queues, and of the user for the own ones.

        Unless ``is_wanted``, nothing is ever asked for.
        """
        self._rest = rest
        self._changed = changed
        self._is_wanted = is_wanted
        self.own: Mapping[str, OwnQueue] | None = None
        self.members: dict[str, Mapping[str, QueueMember]] = {}
        self._own_id: str | None = None
        self._extensions: frozenset[str] = frozenset()
        self._followed: tuple[str, ...] = ()
        # Queues whose events arrive.
        self._live: frozenset[str] = frozenset()
        # Readings that were refused: no more of them until after a break, or some hours.
        self._refused: set[str] = set()
        self._was_said: set[str] = set()
        self._is_prepared = False
        self._is_just_read = False
        self._wakes = 0
        self._stale: dict[str, None] = {}
        self._is_stale = asyncio.Event()
        self._tried = asyncio.Event()
        self._read_at: deque[float] = deque(maxlen=_MOST)
        # What events say while a reading is under way: it may be older.
        self._journals: defaultdict[str, list[_News]] = defaultdict(list)
        # When the newest event of a member of a queue was sent.
        self._sent_at: dict[tuple[str, str], datetime] = {}

    # Whom it is about.

    def follow(self, own: Extension, extensions: Mapping[str, Extension]) -> None:
        """Look after those of these extensions that are queues, and the user's queues if the user is among them."""
        if not self._is_wanted:
            return
        was_there = self._own_id is not None
        self._own_id = own.id if own.id in extensions else None
        if self._own_id is None:
            self.own = None
        elif not was_there and self._is_prepared:
            self._read_soon((_OWN,))
        before, self._followed = (
            self._followed,
            tuple(key for key, each in extensions.items() if each.type == "Department"),
        )
        # The others are read once their events arrive.
        self._read_soon(self._live & (set(self._followed) - set(before)))
        gone, self._extensions = (
            self._extensions - extensions.keys(),
            frozenset(extensions),
        )
        self._read_soon(
            key for key, members in self.members.items() if members.keys() & gone
        )
        for key in self.members.keys() - set(self._followed):
            del self.members[key]

    async def prepare(self) -> None:
        """Learn which queues to ask events of; what fails for now is read later."""
        self._is_prepared = True
        if self._own_id is None:
            return
        try:
            self.own = await self._rest.own_queues()
            # Who is in no queue has nothing that may change before events arrive, but by joining one.
            self._is_just_read = not self.own
        except RetryLater as err:
            _LOGGER.debug("The user's queues could not be read: %s", err)
        except RingCentralError as err:
            self._refuse(_OWN, err)

    def planned(self, plan: FilterPlan) -> FilterPlan:
        """Return a plan with the filters for the queues."""
        ids = dict.fromkeys((*(self.own or ()), *self._followed))
        return plan.joined(FilterPlan(wanted=tuple(map(queue_filter, ids))))

    # The stream reports.

    def connected(self, subscription: Subscription | None, *, is_broken: bool) -> None:
        """Read after a break, and where events are new; without them nothing of a queue's members is known."""
        names = frozenset(subscription.live if subscription else ())
        ids = {*(self.own or ()), *self._followed}
        before = self._live
        self._live = frozenset(key for key in ids if queue_filter(key) in names)
        new = self._live if is_broken else self._live - before
        if is_broken:
            self._refused.clear()
            self._sent_at.clear()
        self._read_soon(key for key in self._followed if key in new)
        is_first, self._is_just_read = self._is_just_read, False
        if not is_first and (is_broken or not new.isdisjoint(self.own or ())):
            self._read_soon((_OWN,))
        if ids - self._live:
            self._say_once(
                "Changes of queues that RingCentral does not send are left out"
            )
        gone = self.members.keys() - self._live
        for key in gone:
            del self.members[key]
        if gone:
            self._changed(gone)
        if not self._stale:
            self._tried.set()

    def event(self, event: Event) -> None:
        """Take over what an event says of a queue; where that is nothing new, read what else may have changed."""
        change = queue_change(event.uri, event.body)
        if change is None or change.queue_id not in self._live:
            return
        queue_id, news = change.queue_id, dict(change.takes_calls)
        for key in change.takes_calls:
            if not self._is_next(queue_id, key, event.timestamp):
                del news[key]
        if change.takes_calls and not news:
            return
        changed: set[str] = set()
        if self._own_id is not None and self._own_id in news:
            if self._take_own({queue_id: news[self._own_id]}):
                changed.add(self._own_id)
        for journal in self._journals[queue_id]:
            journal |= news
        if (known := self.members.get(queue_id)) is not None:
            self.members[queue_id] = now = _over(known, news)
            if now == known or news.keys() - known.keys():
                self._read_soon((queue_id,))
            if now != known:
                changed.add(queue_id)
        if changed:
            self._changed(changed)

    def listed(self, body: Mapping[str, object]) -> None:
        """Read again after an event that somebody joined or left a queue, or the account."""
        if has_new_queues(body) or deleted_extensions(body):
            self._read_soon((_OWN, *self._followed))

    def wake(self) -> None:
        """Have everything read again at every fourth call, also what was refused."""
        self._wakes += 1
        if self._wakes % _EACH_OF_WAKES:
            return
        self._refused.clear()
        self._read_soon((_OWN, *self._followed))

    # Reading and writing.

    async def first_reading(self) -> None:
        """Wait until the first readings are over, whatever came of them, but not for long."""
        if self._stale or not self._tried.is_set():
            try:
                async with asyncio.timeout(_START_WITHIN):
                    await self._tried.wait()
            except TimeoutError:
                _LOGGER.debug("Queues were not read in time")

    async def run(self, replan: Callable[[], None]) -> None:
        """Read what is stale, until it succeeds; goes on until it is cancelled.

        ``replan`` is called when the user is in other queues.
        """
        backoff = Backoff()
        while True:
            await self._is_stale.wait()
            if self._tried.is_set():
                await asyncio.sleep(_COLLECT)
            stale, self._stale = self._stale, {}
            self._is_stale.clear()
            wait: float | None = None
            for key in stale:
                try:
                    await self._take_turn()
                    await self._read(key, replan)
                except RetryLater as err:
                    _LOGGER.debug("A queue could not be read: %s", err)
                    self._read_soon((key,))
                    wait = max(wait or 0.0, err.retry_after or 0.0)
                except RingCentralError as err:
                    self._refuse(key, err)
            self._tried.set()
            if wait is None:
                backoff.reset()
            else:
                await asyncio.sleep(backoff.next(wait))

    async def take_calls(self, queue_id: str, *, takes: bool) -> None:
        """Have the user take the calls of a queue or not, and show what the service answers.

        Raises:
            RingCentralError: it was refused, or the outcome is not known.
        """
        try:
            with self._journal(_OWN) as news:
                found = await self._rest.take_queue_calls(queue_id, takes=takes)
        except RingCentralError:
            # It may have worked, or the queue may be another now.
            self._read_soon((_OWN,))
            raise
        if (written := found.get(queue_id)) is not None:
            # A reading that is under way may be older.
            for journal in self._journals[_OWN]:
                journal[queue_id] = bool(written.takes_calls)
        self._own_read(found, news)

    async def _take_turn(self) -> None:
        """Wait while many readings were made lately."""
        now = asyncio.get_running_loop().time
        if len(self._read_at) == _MOST:
            await asyncio.sleep(max(0.0, self._read_at[0] + _MINUTE - now()))
        self._read_at.append(now())

    async def _read(self, key: str, replan: Callable[[], None]) -> None:
        if key == _OWN and self._own_id is not None:
            with self._journal(key) as news:
                queues = await self._rest.own_queues()
            before = set(self.own or ())
            self._own_read(queues, news)
            if before != set(queues):
                replan()
        elif key in self._followed and key in self._live:
            with self._journal(key) as news:
                members = await self._rest.queue_members(key)
            if key in self._followed and key in self._live:
                known = self.members.get(key)
                self.members[key] = now = _over(members, news)
                if now != known:
                    self._changed((key,))

    @contextmanager
    def _journal(self, key: str) -> Iterator[_News]:
        """Collect what events say while a reading is under way."""
        news: _News = {}
        self._journals[key].append(news)
        try:
            yield news
        finally:
            self._journals[key].remove(news)

    def _own_read(self, found: Mapping[str, OwnQueue], news: _News) -> None:
        if self._own_id is None:
            return
        known, self.own = self.own, _with_own(found, news)
        if self.own != known:
            self._changed((self._own_id,))

    def _take_own(self, news: _News) -> bool:
        """Take over what an event says of the user, and return whether that is news."""
        for journal in self._journals[_OWN]:
            journal |= news
        if self.own is None:
            return False
        known, self.own = self.own, _with_own(self.own, news)
        return self.own != known

    def _is_next(self, queue_id: str, member: str, sent_at: datetime | None) -> bool:
        """Whether no newer event of a member has overtaken this one."""
        if sent_at is None:
            return True
        before = self._sent_at.get((queue_id, member), sent_at)
        if sent_at < before:
            return False
        if sent_at == self._sent_at.get((queue_id, member)):
            # Which of the two is the newer one is not said.
            self._read_soon((_OWN, queue_id) if member == self._own_id else (queue_id,))
        self._sent_at[queue_id, member] = sent_at
        return True

    def _read_soon(self, keys: Collection[str] | Iterator[str]) -> None:
        if not self._is_wanted:
            return
        wanted = [key for key in keys if key not in self._refused]
        self._stale |= dict.fromkeys(wanted)
        if wanted:
            self._is_stale.set()

    def _refuse(self, key: str, error: RingCentralError) -> None:
        self._refused.add(key)
        self._say_once(f"A queue is left out: {error.reason}")
        if key == _OWN:
            was_known, self.own = self.own is not None, None
            if was_known and self._own_id is not None:
                self._changed((self._own_id,))
        elif self.members.pop(key, None) is not None:
            self._changed((key,))

    def _say_once(self, sentence: str) -> None:
        if sentence not in self._was_said:
            self._was_said.add(sentence)
            _LOGGER.info(sentence)


def _over(members: Mapping[str, QueueMember], news: _News) -> dict[str, QueueMember]:
    """Return the members after what events say of them; who is new is read soon."""
    return {
        key: each._replace(of_queue=news.get(key, each.of_queue))
        for key, each in members.items()
    }


def _with_own(found: Mapping[str, OwnQueue], news: _News) -> dict[str, OwnQueue]:
    return {
        key: each._replace(takes_calls=news.get(key, each.takes_calls))
        for key, each in found.items()
    }
