"""What is known about queues: readings, with what events say during and after each. No I/O."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Final, NamedTuple

from ..queues import OwnQueue, QueueChange, QueueMember

# Stands for the user's own queues where other queues are named by their id.
OWN: Final = "~"

type News = dict[str, bool]


class Heard(NamedTuple):
    """What came of an event: ids of what it changed, and of what has to be read because of it."""

    changed: frozenset[str] = frozenset()
    doubtful: frozenset[str] = frozenset()


class KnownQueues:
    """The user's queues, and the members of others.

    Changes are named by the ids of queues; the user's own queues by the user's id.

    Attributes:
        own_id: the user's extension id; None while the user is not followed.
        own: the user's queues by id; None if they are not known.
        members: the members of queues, by the queue's id and theirs.
    """

    def __init__(self) -> None:
        """Begin with nothing."""
        self.own_id: str | None = None
        self.own: Mapping[str, OwnQueue] | None = None
        self.members: dict[str, Mapping[str, QueueMember]] = {}
        # What events say while a reading is under way, which may be older than they are.
        self._journals: defaultdict[str, list[News]] = defaultdict(list)
        # When the newest event of a member of a queue was sent.
        self._sent_at: dict[tuple[str, str], datetime] = {}

    @contextmanager
    def journal(self, key: str) -> Iterator[News]:
        """Collect what events say while a queue, or `OWN`, is being read."""
        news: News = {}
        self._journals[key].append(news)
        try:
            yield news
        finally:
            # By identity, not equality: another journal may hold the same news.
            others = [each for each in self._journals[key] if each is not news]
            self._journals[key] = others

    def heard(self, change: QueueChange, sent_at: datetime | None) -> Heard:
        """Apply what an event says."""
        queue_id = change.queue_id
        news, doubtful = self._in_order(change, sent_at)
        if change.takes_calls and not news:
            return Heard()
        changed = set[str]()
        if self.own_id is not None and self.own_id in news:
            own_news = {queue_id: news[self.own_id]}
            self._note(OWN, own_news)
            changed |= self._take_own(self.own, own_news)
        self._note(queue_id, news)
        if (known := self.members.get(queue_id)) is not None:
            changed_members = self._take_members(queue_id, known, news)
            changed |= changed_members
            if not changed_members or news.keys() - known.keys():
                # Something else may have changed, or somebody is new.
                doubtful.add(queue_id)
        return Heard(frozenset(changed), frozenset(doubtful))

    def _in_order(
        self, change: QueueChange, sent_at: datetime | None
    ) -> tuple[News, set[str]]:
        """Return what no newer event has overtaken, and what has to be read because two events are equally new."""
        queue_id, news, doubtful = change.queue_id, dict(change.takes_calls), set[str]()
        if sent_at is None:
            return news, doubtful
        for key in change.takes_calls:
            before = self._sent_at.get((queue_id, key))
            if before is not None and sent_at < before:
                del news[key]
                continue
            if sent_at == before:
                doubtful.update((OWN, queue_id) if key == self.own_id else (queue_id,))
            self._sent_at[queue_id, key] = sent_at
        return news, doubtful

    def own_read(self, found: Mapping[str, OwnQueue], news: News) -> set[str]:
        """Apply a reading of the user's queues, with its journal; return what changed."""
        return self._take_own(found, news)

    def written(
        self, queue_id: str, found: Mapping[str, OwnQueue], news: News
    ) -> set[str]:
        """Apply the answer to a change of one of the user's queues, with its journal; return what changed."""
        if (queue := found.get(queue_id)) is not None:
            # A reading that is under way may be older.
            self._note(OWN, {queue_id: bool(queue.takes_calls)})
        return self._take_own(found, news)

    def members_read(
        self, queue_id: str, found: Mapping[str, QueueMember], news: News
    ) -> set[str]:
        """Apply a reading of a queue's members, with its journal; return what changed."""
        return self._take_members(queue_id, found, news)

    def forget(self, keys: Collection[str]) -> set[str]:
        """Drop what is known about queues, or about `OWN`; return what changed."""
        gone = set(keys) & self.members.keys()
        for key in gone:
            del self.members[key]
        if OWN in keys and self.own is not None:
            self.own = None
            gone |= self._own_ids
        return gone

    def deleted(self, keys: Collection[str]) -> set[str]:
        """Drop queues that are gone; return what changed."""
        own = self.own or {}
        changed = self.forget(keys)
        if not own.keys().isdisjoint(keys):
            self.own = {key: each for key, each in own.items() if key not in keys}
            changed |= self._own_ids
        return changed

    def forget_order(self) -> None:
        """Forget when events were sent: after a break, the times start afresh."""
        self._sent_at.clear()

    @property
    def _own_ids(self) -> set[str]:
        return set() if self.own_id is None else {self.own_id}

    def _note(self, key: str, news: News) -> None:
        for journal in self._journals[key]:
            journal |= news

    def _take_own(self, found: Mapping[str, OwnQueue] | None, news: News) -> set[str]:
        if self.own_id is None or found is None:
            return set()
        known, self.own = self.own, _with_own(found, news)
        return set() if self.own == known else self._own_ids

    def _take_members(
        self, queue_id: str, found: Mapping[str, QueueMember], news: News
    ) -> set[str]:
        known = self.members.get(queue_id)
        self.members[queue_id] = now = _over(found, news)
        return set() if now == known else {queue_id}


def _over(members: Mapping[str, QueueMember], news: News) -> dict[str, QueueMember]:
    """Return the members with what events say applied to them."""
    return {
        key: each._replace(of_queue=news.get(key, each.of_queue))
        for key, each in members.items()
    }


def _with_own(found: Mapping[str, OwnQueue], news: News) -> dict[str, OwnQueue]:
    return {
        key: each._replace(takes_calls=news.get(key, each.takes_calls))
        for key, each in found.items()
    }
