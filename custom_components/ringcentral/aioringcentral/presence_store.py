"""Presence of all followed extensions, kept right while snapshots and events cross. No I/O."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Final

from .event_window import Window
from .models import Presence, PresenceUpdate
from .presence import forget_sequence, is_ahead, is_older, is_same, merge

# Extensions of which a late event is waited for, at most: it comes out of a buffer of 100 (docs/protocol.md 3.3).
_MOST_WINDOWS: Final = 100


@dataclass(slots=True, eq=False)
class Journal:
    """Events that arrived while a snapshot was being read, by extension, with the sequence before the first."""

    events: dict[str, list[PresenceUpdate]] = field(default_factory=dict)
    floors: dict[str, int | None] = field(default_factory=dict)

    def note(self, before: Presence, update: PresenceUpdate) -> None:
        """Keep an event that arrived."""
        self.events.setdefault(update.extension_id, []).append(update)
        self.floors.setdefault(update.extension_id, before.sequence)


class PresenceStore(dict[str, Presence]):
    """The presence of everyone who is followed by extension id; decides what an update makes of it."""

    def __init__(self) -> None:
        """Begin with nobody."""
        super().__init__()
        self._journals: list[Journal] = []
        # Where an event may come late, since one before those that came is missing.
        self._windows: dict[str, Window] = {}
        self.overtaken = 0

    def follow(self, extension_ids: Collection[str]) -> None:
        """Hold exactly these extensions; a new one is unknown until it is read."""
        kept = self.copy()
        self.clear()
        for key in extension_ids:
            self[key] = kept.get(key) or Presence(extension_id=key)
        for key in kept.keys() - self.keys():
            self._windows.pop(key, None)

    def forget_sequences(self) -> None:
        """Take the next event of every extension as it comes, for the time after a break (docs/architecture.md 4.3)."""
        for key, presence in self.items():
            self[key] = forget_sequence(presence)
        self._windows.clear()

    def apply(self, update: PresenceUpdate) -> Presence | None:
        """Merge an event; return the presence before it, or None where nothing is different now."""
        key = update.extension_id
        if (before := self.get(key)) is None:
            return None
        for journal in self._journals:
            journal.note(before, update)
        window = self._windows.get(key)
        if is_older(before, update):
            self.overtaken += 1
            if window is None or not window.add(update):
                return None
            # What only this one told counts, as if it had come in time.
            after = window.presence
        else:
            after = merge(before, update)
            if window is not None or is_ahead(before, update):
                window = window or Window(before, before.sequence)
                window.add(update)
        self[key] = after
        if window is not None:
            self._keep(key, window)
        return None if is_same(after, before) else before

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
        """Take a snapshot and, on top of it, the events that came meanwhile (docs/architecture.md 4.1).

        Returns the presence before it of every extension that is different now. With ``anew`` what the
        snapshot does not speak of becomes unknown, as after a break; without, it keeps its value.
        """
        self.abandon_read(journal)
        snapshot = {update.extension_id: update for update in found}
        changed = {}
        for key in asked:
            if (before := self.get(key)) is None:
                continue
            update, events = snapshot.get(key), journal.events.get(key, ())
            if update is None and not anew:
                continue
            after = Presence(extension_id=key) if anew else before
            if update is not None:
                after = merge(after, update)
            # What came before the snapshot was asked for, or is older than that, it holds.
            window = Window(after, journal.floors.get(key, before.sequence))
            for event in events:
                window.add(event)
            after = window.presence
            self[key] = after._replace(sequence=before.sequence)
            self._keep(key, window)
            if not is_same(after, before):
                changed[key] = before
        return changed

    def _keep(self, key: str, window: Window) -> None:
        """Keep a window for as long as an event may come late."""
        self._windows.pop(key, None)
        if window.has_gap:
            self._windows[key] = window
            if len(self._windows) > _MOST_WINDOWS:
                del self._windows[next(iter(self._windows))]
