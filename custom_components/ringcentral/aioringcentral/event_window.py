"""The newest events of one extension, in order, so that a late one can still take its place. No I/O."""

from dataclasses import dataclass, field
from typing import Final

from .models import Presence, PresenceUpdate
from .presence_merge import is_before, merge

# Most events that are kept to lay a late one under. It comes within a second of those that overtook it.
_MOST: Final = 16


@dataclass(slots=True, eq=False)
class Window:
    """A presence, and the events to apply on top of it (docs/decisions/0004-late-events-are-laid-under.md).

    ``floor`` has the sequence and time of the last event that the presence includes, as far as known.
    """

    base: Presence
    floor: Presence | PresenceUpdate
    events: list[PresenceUpdate] = field(default_factory=list)

    def add(self, update: PresenceUpdate) -> bool:
        """Insert an event in order; return False if the base presence already includes it."""
        if is_before(update, self.floor):
            return False
        place = len(self.events)
        while place and is_before(update, self.events[place - 1]):
            place -= 1
        self.events.insert(place, update)
        if len(self.events) > _MOST:
            first = self.events.pop(0)
            self.base = merge(self.base, first)
            if first.sequence or first.sent_at is not None:
                self.floor = first
        return True

    @property
    def presence(self) -> Presence:
        """The presence after all events."""
        presence = self.base
        for update in self.events:
            presence = merge(presence, update)
        return presence

    @property
    def has_gap(self) -> bool:
        """Whether an event before the newest one is missing: sequences count one by one (docs/protocol.md 4.4)."""
        before = self.floor.sequence
        for update in self.events:
            if not before or not update.sequence or update.sequence - before > 1:
                return True
            before = update.sequence
        return False
