"""Voicemails: who left them, whether somebody has heard them, and a stream of changes."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
import itertools
import random

from .clock import Clock

MAX_SECONDS = 600
"""Of one voicemail."""


@dataclass(slots=True)
class Voicemail:
    """One voicemail; ids are int64, as on the wire."""

    id: int
    owner_id: int
    from_number: str | None
    from_name: str | None
    seconds: int
    created: datetime
    modified: datetime
    read: bool = False


@dataclass(frozen=True, slots=True)
class MessageChange:
    """A voicemail arrived, or one was marked or deleted."""

    message: Voicemail
    new: bool


@dataclass(slots=True)
class Mailboxes:
    """The voicemails of every extension."""

    clock: Clock
    rng: random.Random
    listeners: list[Callable[[MessageChange], None]] = field(default_factory=list)
    _messages: dict[int, Voicemail] = field(default_factory=dict)
    _ids: itertools.count[int] = field(init=False)

    def __post_init__(self) -> None:
        """Choose the first id."""
        self._ids = itertools.count(self.rng.randrange(10**12, 2 * 10**12), 2000)

    def leave(
        self, owner_id: int, number: str | None, name: str | None, seconds: int
    ) -> Voicemail:
        """Leave a voicemail; raise ValueError for an impossible length."""
        if not 0 < seconds <= MAX_SECONDS:
            raise ValueError(f"a voicemail takes 1 to {MAX_SECONDS} seconds")
        now = self.clock.utc()
        message = Voicemail(next(self._ids), owner_id, number, name, seconds, now, now)
        self._messages[message.id] = message
        self._report(MessageChange(message, new=True))
        return message

    def mark(self, message: Voicemail, *, read: bool) -> None:
        """Mark a voicemail as read or unread."""
        if message.read != read:
            message.read, message.modified = read, self.clock.utc()
            self._report(MessageChange(message, new=False))

    def delete(self, message: Voicemail) -> None:
        """Delete a voicemail."""
        if self._messages.pop(message.id, None) is not None:
            self._report(MessageChange(message, new=False))

    def of(self, owner_id: int) -> list[Voicemail]:
        """Return the voicemails of an extension, newest first."""
        found = [each for each in self._messages.values() if each.owner_id == owner_id]
        return found[::-1]

    def get(self, owner_id: int, message_id: int) -> Voicemail | None:
        """Return a voicemail of an extension."""
        found = self._messages.get(message_id)
        return found if found is not None and found.owner_id == owner_id else None

    def clear(self) -> None:
        """Delete every voicemail."""
        for message in list(self._messages.values()):
            self.delete(message)

    def _report(self, change: MessageChange) -> None:
        for listener in self.listeners:
            listener(change)
