"""Presence of all followed extensions, kept correct while snapshots and events cross. No I/O."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Final

from .event_window import Window
from .models import Presence, PresenceUpdate
from .presence_merge import (
    forget_sequence,
    is_ahead,
    is_before,
    is_same,
    merge,
    with_status_of_calls,
)

# Most extensions that wait for a late event, which the service sends from a buffer of 100 (docs/protocol.md 3.3).
_MOST_WINDOWS: Final = 100


@dataclass(slots=True, eq=False)
class Journal:
    """Events that arrived while a snapshot was being read, by extension, and the presence before the first of each."""

    events: dict[str, list[PresenceUpdate]] = field(default_factory=dict)
    floors: dict[str, Presence] = field(default_factory=dict)
    # Whether the reply is here, and is being applied part by part.
    is_answered: bool = False

    def record(self, before: Presence, update: PresenceUpdate) -> None:
        """Record an event that arrived."""
        self.events.setdefault(update.extension_id, []).append(update)
        self.floors.setdefault(update.extension_id, before)


class PresenceStore(dict[str, Presence]):
    """The presence of every followed extension, by id."""

    def __init__(self) -> None:
        """Start empty."""
        super().__init__()
        self._journals: list[Journal] = []
        # Windows of extensions with a missing event that may still arrive.
        self._windows: dict[str, Window] = {}
        self._without_status: frozenset[str] = frozenset()
        self.overtaken = 0
        # Events with a sequence far below the last one, because the service began to count again.
        self.resets = 0

    def follow(
        self, extension_ids: Collection[str], without_status: Collection[str] = ()
    ) -> None:
        """Keep exactly these extensions; a new one is unknown until it is read.

        For those in ``without_status``, the telephony status is derived from the calls, see `with_status_of_calls`.
        """
        self._without_status = frozenset(without_status)
        kept = self.copy()
        self.clear()
        for key in extension_ids:
            self[key] = kept.get(key) or Presence(extension_id=key)
        for key in kept.keys() - self.keys():
            self._windows.pop(key, None)

    @property
    def without_status(self) -> frozenset[str]:
        """The ids of extensions whose telephony status is derived from their calls."""
        return self._without_status

    def forget_sequences(self) -> None:
        """Accept the next event of every extension whatever its sequence, as after a break (docs/architecture.md 4.3)."""
        for key, presence in self.items():
            self[key] = forget_sequence(presence)
        self._windows.clear()

    def apply(self, update: PresenceUpdate) -> Presence | None:
        """Merge an event; return the presence before it, or None if nothing changed."""
        key = update.extension_id
        if (before := self.get(key)) is None:
            return None
        if key in self._without_status:
            update = with_status_of_calls(update, is_reading=False)
        for journal in self._journals:
            journal.record(before, update)
        window = self._windows.get(key)
        if is_before(update, before):
            self.overtaken += 1
            if window is None or not window.add(update):
                return None
            # Fields that no newer event carries take effect, as if the event had come in time.
            after = window.presence
        else:
            if (
                update.sequence
                and before.sequence
                and update.sequence < before.sequence
            ):
                self.resets += 1
            after = merge(before, update)
            if window is not None or is_ahead(before, update):
                window = window or Window(before, before)
                window.add(update)
        self[key] = after
        if window is not None:
            self._keep(key, window)
        return None if is_same(after, before) else before

    def begin_read(self) -> Journal:
        """Start recording events, for a snapshot that is about to be requested."""
        journal = Journal()
        self._journals.append(journal)
        return journal

    def abandon_read(self, journal: Journal) -> None:
        """Stop recording for a snapshot that failed."""
        if journal in self._journals:
            self._journals.remove(journal)

    def end_read(
        self,
        journal: Journal,
        asked: Iterable[str],
        found: Iterable[PresenceUpdate],
        *,
        reset: bool,
    ) -> dict[str, Presence]:
        """Apply a snapshot as a whole, see `read_part`; return the earlier presence of every extension that changed, by id."""
        snapshot = {update.extension_id: update for update in found}
        changed = {}
        for key in asked:
            before = self.read_part(journal, key, snapshot.get(key), reset=reset)
            if before is not None:
                changed[key] = before
        self.abandon_read(journal)
        return changed

    def read_part(
        self,
        journal: Journal,
        key: str,
        update: PresenceUpdate | None,
        *,
        reset: bool,
    ) -> Presence | None:
        """Apply a snapshot of one extension, and on top of it what arrived meanwhile (docs/architecture.md 4.1).

        Return the earlier presence, or None if nothing changed. With ``reset``, fields that the snapshot lacks
        become unknown, as after a break; otherwise they keep their values.
        """
        journal.is_answered = True
        before = self.get(key)
        if before is None or (update is None and not reset):
            return None
        after = Presence(extension_id=key) if reset else before
        if update is not None:
            if key in self._without_status:
                update = with_status_of_calls(update, is_reading=True)
            after = merge(after, update)
            for other in self._journals:
                if other is not journal and other.is_answered:
                    # This reading is newer than the other one, so it goes on top of it, as an event does.
                    other.record(before, update)
        # The snapshot already includes events up to this sequence.
        window = Window(after, journal.floors.get(key, before))
        for event in journal.events.get(key, ()):
            window.add(event)
        after = window.presence
        self[key] = after._replace(sequence=before.sequence, sent_at=before.sent_at)
        self._keep(key, window)
        return None if is_same(after, before) else before

    def _keep(self, key: str, window: Window) -> None:
        """Keep a window for as long as one of its events is missing."""
        self._windows.pop(key, None)
        if window.has_gap:
            self._windows[key] = window
            if len(self._windows) > _MOST_WINDOWS:
                del self._windows[next(iter(self._windows))]
