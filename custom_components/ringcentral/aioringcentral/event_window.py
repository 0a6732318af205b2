"""The newest events of one extension in the order of their sequences: a late one still takes its place. No I/O."""

from dataclasses import dataclass, field
from typing import Final

from .models import Presence, PresenceUpdate
from .presence import is_before, merge

# Events that are kept for a late one to be laid under. One comes within a second of those that overtook it.
_MOST: Final = 16


@dataclass(slots=True, eq=False)
class Window:
    """Events on top of the presence before them.

    ``floor`` is the sequence of the last event that this presence holds: nothing up to it is news.
    None: nobody knows.
    """

    base: Presence
    floor: int | None
    events: list[PresenceUpdate] = field(default_factory=list)

    def add(self, update: PresenceUpdate) -> bool:
        """Put an event in its place; return False for one that the presence before all of them holds."""
        if is_before(update.sequence, self.floor):
            return False
        place = len(self.events)
        while place and is_before(update.sequence, self.events[place - 1].sequence):
            place -= 1
        self.events.insert(place, update)
        if len(self.events) > _MOST:
            first = self.events.pop(0)
            self.base = merge(self.base, first)
            self.floor = first.sequence or self.floor
        return True

    @property
    def presence(self) -> Presence:
        """What the events make of the presence before them."""
        presence = self.base
        for update in self.events:
            presence = merge(presence, update)
        return presence

    @property
    def has_gap(self) -> bool:
        """Whether another event may belong before the newest: they are numbered one by one (docs/protocol.md 4.4)."""
        before = self.floor
        for update in self.events:
            if not before or not update.sequence or update.sequence - before > 1:
                return True
            before = update.sequence
        return False
