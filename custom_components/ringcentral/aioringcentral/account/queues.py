"""Who takes the calls of which queue: read after a start and a break, and kept current by events of the queues."""

import asyncio
from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping
import logging
from typing import Final

from ..backoff import Backoff
from ..errors import RingCentralError, passes, wait_after
from ..filters import FilterPlan, named_extensions, queue_filter
from ..models import Event, Extension
from ..queues import OwnQueue, QueueMember, has_new_queues, queue_change
from ..rest import Rest
from ..stream import Subscription
from .known_queues import OWN, KnownQueues
from .removal import deleted_extensions

_LOGGER = logging.getLogger(__name__)

# Seconds within which several changes are read together.
_COLLECT: Final = 3.0
# Only every so many of the slow re-reads reads queues, which is once a day: events report the changes in between.
_EACH_OF_WAKES: Final = 4
# Readings in that many seconds, so that presence keeps its share of the 50 a minute (docs/protocol.md 5).
_MOST: Final = 25
_MINUTE: Final = 60.0

type QueuesChanged = Callable[[Collection[str]], None]


class Queues:
    """Keeps current what is known about the user's own queues and about followed queues.

    Attributes:
        expected: the ids of the user's queues in an earlier run: their events are asked for at the start, and
            they are first read once those events arrive.
    """

    def __init__(self, rest: Rest, changed: QueuesChanged, *, is_wanted: bool) -> None:
        """Take the REST calls, and a callback for changes, which gets ids of queues, or the user's id for the user's own.

        Unless ``is_wanted``, nothing is ever requested.
        """
        self._rest = rest
        self._changed = changed
        self._is_wanted = is_wanted
        self._known = KnownQueues()
        self.expected: Collection[str] = ()
        self._extensions: frozenset[str] = frozenset()
        self._followed: tuple[str, ...] = ()
        # Queues that were reported as deleted since the last reading of the lists.
        self._deleted: frozenset[str] = frozenset()
        # Queues whose events arrive.
        self._live: frozenset[str] = frozenset()
        # Readings that were refused: they are not repeated until after a break, or for some hours.
        self._refused: set[str] = set()
        self._was_said: set[str] = set()
        self._was_connected = False
        self._is_just_read = False
        # The first reading waits for no other changes.
        self._was_tried = False
        self._wakes = 0
        self._stale: dict[str, None] = {}
        self._is_stale = asyncio.Event()
        self._read_at: deque[float] = deque(maxlen=_MOST)

    @property
    def own(self) -> Mapping[str, OwnQueue] | None:
        """The user's queues by id; None if they are not known, or nobody asked for them."""
        return self._known.own

    @property
    def members(self) -> Mapping[str, Mapping[str, QueueMember]]:
        """The members of followed queues, by the queue's id and theirs.

        Queues that may not be read, or whose changes RingCentral does not send, are left out.
        """
        return self._known.members

    # Whom it is about.

    def follow(self, own: Extension, extensions: Mapping[str, Extension]) -> None:
        """Follow the queues among these extensions, and the user's own queues if the user is among them."""
        if not self._is_wanted:
            return
        known, self._deleted = self._known, frozenset()
        was_there = known.own_id is not None
        known.own_id = own.id if own.id in extensions else None
        if known.own_id is None:
            known.forget((OWN,))
        elif not was_there and self._was_connected:
            self._read_soon((OWN,))
        before, self._followed = (
            self._followed,
            tuple(key for key, each in extensions.items() if each.type == "Department"),
        )
        # The other queues are read once their events arrive.
        self._read_soon(self._live & (set(self._followed) - set(before)))
        gone, self._extensions = (
            self._extensions - extensions.keys(),
            frozenset(extensions),
        )
        self._read_soon(
            key for key, members in known.members.items() if members.keys() & gone
        )
        known.forget(known.members.keys() - set(self._followed))

    async def prepare(self) -> None:
        """Learn which queues to ask for events of, unless an earlier run knew; what fails for now is read later."""
        if self._known.own_id is None or self.expected:
            return
        try:
            found = await self._rest.own_queues()
        except RingCentralError as err:
            if not passes(err):
                self._refuse(OWN, err)
            _LOGGER.debug("The user's queues could not be read: %s", err)
        else:
            self._known.own_read(found, {})
            # If the user is in no queue, nothing can change before events arrive, except by joining one.
            self._is_just_read = not found

    def planned(self, plan: FilterPlan) -> FilterPlan:
        """Return a plan with the filters for the queues."""
        return plan.joined(FilterPlan(wanted=tuple(map(queue_filter, self._ids))))

    @property
    def _ids(self) -> tuple[str, ...]:
        own = self.expected if self.own is None else self.own
        if self._known.own_id is None:
            own = ()
        ids = dict.fromkeys((*own, *self._followed))
        return tuple(key for key in ids if key not in self._deleted)

    # The stream reports.

    def connected(self, subscription: Subscription | None, *, is_broken: bool) -> None:
        """Read after a break, and queues whose events are new; without events, a queue's members are unknown."""
        self._was_connected = True
        names = frozenset(subscription.live if subscription else ())
        ids, before = set(self._ids), self._live
        self._live = frozenset(key for key in ids if queue_filter(key) in names)
        new = self._live if is_broken else self._live - before
        if is_broken:
            self._refused.clear()
            self._known.forget_order()
        self._read_soon(key for key in self._followed if key in new)
        is_first, self._is_just_read = self._is_just_read, False
        if not is_first and (is_broken or not new.isdisjoint(self.own or ())):
            self._read_soon((OWN,))
        if ids - self._live:
            self._say_once(
                "Changes of queues that RingCentral does not send are left out"
            )
        self._tell(self._known.forget(self._known.members.keys() - self._live))

    def event(self, event: Event) -> None:
        """Apply what an event says about a queue; if that is nothing new, read what else may have changed."""
        change = queue_change(event.uri, event.body)
        if change is None or change.queue_id not in self._live:
            return
        changed, doubtful = self._known.heard(change, event.timestamp)
        self._read_soon(doubtful)
        self._tell(changed)

    def listed(self, body: Mapping[str, object]) -> None:
        """Read again after an event about a queue, or one that says that somebody joined or left a queue or the account."""
        deleted = deleted_extensions(body)
        self._tell(self._known.deleted(deleted))
        if has_new_queues(body) or deleted:
            self._deleted |= deleted
            self._read_soon((OWN, *self._followed))
        elif (self.own or {}).keys() & set(named_extensions(body)):
            # It may have another name.
            self._read_soon((OWN,))

    def wake(self) -> None:
        """Have everything read again at every fourth call, including what was refused."""
        self._wakes += 1
        if self._wakes % _EACH_OF_WAKES:
            return
        self._refused.clear()
        self._read_soon((OWN, *self._followed))

    # Reading and writing.

    async def run(self, replan: Callable[[], None]) -> None:
        """Read what is stale, retrying until that succeeds; run until cancelled.

        ``replan`` is called when events of other queues are wanted.
        """
        backoff = Backoff()
        while True:
            await self._is_stale.wait()
            if self._was_tried:
                await asyncio.sleep(_COLLECT)
            self._was_tried = True
            stale, self._stale = self._stale, {}
            self._is_stale.clear()
            wait: float | None = None
            for key in stale:
                try:
                    await self._take_turn()
                    await self._read(key, replan)
                except RingCentralError as err:
                    if not passes(err):
                        self._refuse(key, err)
                        continue
                    _LOGGER.debug("A queue could not be read: %s", err)
                    self._read_soon((key,))
                    wait = max(wait or 0.0, wait_after(err) or 0.0)
            if wait is None:
                backoff.reset()
            else:
                await asyncio.sleep(backoff.next(wait))

    async def take_calls(self, queue_id: str, *, takes: bool) -> None:
        """Make the user take a queue's calls or not, and show what the service answers.

        Raises:
            RingCentralError: the change was refused, or its outcome is unknown.
        """
        try:
            with self._known.journal(OWN) as news:
                found = await self._rest.take_queue_calls(queue_id, takes=takes)
        except RingCentralError:
            # The change may have worked, or the queue may have changed.
            self._read_soon((OWN,))
            raise
        self._tell(self._known.written(queue_id, found, news))

    async def _take_turn(self) -> None:
        """Wait if many readings were made lately."""
        now = asyncio.get_running_loop().time
        if len(self._read_at) == _MOST:
            await asyncio.sleep(max(0.0, self._read_at[0] + _MINUTE - now()))
        self._read_at.append(now())

    async def _read(self, key: str, replan: Callable[[], None]) -> None:
        known = self._known
        if key == OWN and known.own_id is not None:
            with known.journal(key) as news:
                found = await self._rest.own_queues()
            before = set(self._ids)
            self._tell(known.own_read(found, news))
            if before != set(self._ids):
                replan()
        elif self._is_read(key):
            with known.journal(key) as news:
                members = await self._rest.queue_members(key)
            if self._is_read(key):
                self._tell(known.members_read(key, members, news))

    def _is_read(self, key: str) -> bool:
        return key in self._followed and key in self._live and key not in self._deleted

    def _tell(self, changed: Collection[str]) -> None:
        if changed:
            self._changed(changed)

    def _read_soon(self, keys: Iterable[str]) -> None:
        if not self._is_wanted:
            return
        wanted = [key for key in keys if key not in self._refused]
        self._stale |= dict.fromkeys(wanted)
        if wanted:
            self._is_stale.set()

    def _refuse(self, key: str, error: RingCentralError) -> None:
        self._refused.add(key)
        self._say_once(f"A queue is left out: {error.reason}")
        if key == OWN:
            self.expected = ()
        self._tell(self._known.forget((key,)))

    def _say_once(self, sentence: str) -> None:
        if sentence not in self._was_said:
            self._was_said.add(sentence)
            _LOGGER.info(sentence)
