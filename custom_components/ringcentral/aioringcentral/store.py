"""Presence of all followed extensions, kept right while snapshots and events cross. No I/O."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field

from .models import Presence, PresenceUpdate
from .presence import forget_sequence, is_older, merge


@dataclass(slots=True, eq=False)
class Journal:
    """Events that arrived while a snapshot was being read, by extension."""

    events: dict[str, list[PresenceUpdate]] = field(default_factory=dict)


class PresenceStore:
    """Holds the presence by extension id and decides what an update makes of it."""

    def __init__(self) -> None:
        """Begin with nobody."""
        self._presences: dict[str, Presence] = {}
        self._journals: list[Journal] = []
        self.overtaken = 0

    def __getitem__(self, extension_id: str) -> Presence:
        """Return the presence of a followed extension."""
        return self._presences[extension_id]

    def __contains__(self, extension_id: object) -> bool:
        """Whether an extension is followed."""
        return extension_id in self._presences

    def __iter__(self) -> Iterator[str]:
        """Iterate over the ids."""
        return iter(self._presences)

    def __len__(self) -> int:
        """Return how many are followed."""
        return len(self._presences)

    def follow(self, extension_ids: Collection[str]) -> None:
        """Hold exactly these extensions; a new one is unknown until it is read."""
        kept = self._presences
        self._presences = {
            key: kept.get(key) or Presence(extension_id=key) for key in extension_ids
        }

    def forget_sequences(self) -> None:
        """Take the next event of every extension as it comes, for the time after a break (design 4.3)."""
        self._presences = {
            key: forget_sequence(presence) for key, presence in self._presences.items()
        }

    def apply(self, update: PresenceUpdate) -> Presence | None:
        """Merge an event; return the presence before it, or None where nothing is different now."""
        key = update.extension_id
        if (before := self._presences.get(key)) is None:
            return None
        for journal in self._journals:
            journal.events.setdefault(key, []).append(update)
        if is_older(before, update):
            self.overtaken += 1
            return None
        after = self._presences[key] = merge(before, update)
        return None if after == before else before

    def begin_read(self) -> Journal:
        """Note the events from here on, for a snapshot that is about to be asked for."""
        journal = Journal()
        self._journals.append(journal)
        return journal

    def abandon_read(self, journal: Journal) -> None:
        """Give up a snapshot that did not come."""
        if journal in self._journals:
            self._journals.remove(journal)

    def end_read(
        self,
        journal: Journal,
        asked: Iterable[str],
        found: Iterable[PresenceUpdate],
        *,
        anew: bool,
    ) -> dict[str, Presence]:
        """Take a snapshot and, on top of it, the events that came meanwhile (design 4.1).

        Returns the presence before it of every extension that is different now. With ``anew`` what the
        snapshot does not speak of becomes unknown, as after a break; without, it keeps its value.
        """
        self.abandon_read(journal)
        snapshot = {update.extension_id: update for update in found}
        changed = {}
        for key in asked:
            if (before := self._presences.get(key)) is None:
                continue
            update, events = snapshot.get(key), journal.events.get(key, ())
            if update is None and not anew:
                continue
            after = Presence(extension_id=key) if anew else before
            if update is not None:
                after = merge(after, update)
            if events:
                # Late ones among them are told by each other; what the snapshot holds has no sequence.
                after = forget_sequence(after)
                for event in events:
                    after = after if is_older(after, event) else merge(after, event)
            self._presences[key] = after
            if after != before:
                changed[key] = before
        return changed
