"""The call log: how every call of an extension ended. Records appear a while after the end."""

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
import random

from .calls import Leg
from .clock import Clock
from .extension import Extension

DELAY = (15.0, 30.0)
"""Emulated seconds until an ended call is in the log."""

UNANSWERED = {
    "voicemail": "Voicemail",
    "reject": "Rejected",
    "elsewhere": "Answered Elsewhere",
    "abandoned": "Abandoned",
    "missed": "Missed",
    "hangup": "Abandoned",
}
"""Script word that ends an unanswered inbound call -> `result`."""


@dataclass(frozen=True, slots=True)
class LoggedCall:
    """One record."""

    id: str
    owner_id: int
    leg: Leg
    started: datetime
    seconds: int
    result: str
    visible_at: float
    """By the emulator's clock."""
    message_id: int | None = None


@dataclass(slots=True)
class CallLog:
    """The records of every extension; each becomes visible at its time."""

    clock: Clock
    rng: random.Random
    delay: Callable[[], float | None]
    """Seconds that a switch asks for, or None for the usual ones."""
    _answered: dict[tuple[int, str], float] = field(default_factory=dict)
    _records: list[LoggedCall] = field(default_factory=list)

    def answered(self, ext: Extension, leg: Leg) -> None:
        """Remember when a call was answered."""
        self._answered.setdefault((ext.id, leg.id), self.clock.now())

    def ended(
        self, ext: Extension, leg: Leg, word: str, message_id: int | None = None
    ) -> None:
        """Record a call that a script word has ended."""
        since = self._answered.pop((ext.id, leg.id), None)
        now = self.clock.now()
        outbound = leg.direction == "Outbound"
        if since is not None:
            result = "Call connected" if outbound else "Accepted"
        else:
            result = "Hang Up" if outbound else UNANSWERED.get(word, "Missed")
        wanted = self.delay()
        wait = self.rng.uniform(*DELAY) if wanted is None else wanted
        self._records.append(
            LoggedCall(
                f"{self.rng.getrandbits(80):020X}",
                ext.id,
                leg,
                datetime.fromisoformat(leg.start_time),
                0 if since is None else round(now - since),
                result,
                now + wait,
                message_id,
            )
        )

    def of(self, owner_id: int, since: float | None = None) -> list[LoggedCall]:
        """Return an extension's visible records, newest call first.

        With `since`, leave out those that were visible by then.
        """
        now = self.clock.now()
        found = [
            each
            # Of calls that began in the same millisecond, the one that ended later is newer.
            for each in reversed(self._records)
            if each.owner_id == owner_id
            and each.visible_at <= now
            and (since is None or each.visible_at > since)
        ]
        return sorted(found, key=lambda each: each.started, reverse=True)

    def token(self, owner_id: int) -> str:
        """Return a sync token for what is visible now."""
        text = f"{owner_id}:{self.clock.now():.6f}"
        return base64.urlsafe_b64encode(text.encode()).decode()

    def since(self, owner_id: int, token: str) -> float | None:
        """Return the time of a sync token, or None if it is not this user's."""
        try:
            owner, _, moment = base64.urlsafe_b64decode(token).decode().partition(":")
            return float(moment) if owner == str(owner_id) else None
        except binascii.Error, UnicodeDecodeError, ValueError:
            return None

    def clear(self) -> None:
        """Forget every call."""
        self._answered.clear()
        self._records.clear()
