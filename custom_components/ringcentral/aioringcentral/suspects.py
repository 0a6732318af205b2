"""Which extensions to read again because their presence may be wrong. No I/O."""

from collections.abc import Iterable
from typing import Final, NamedTuple

from .backoff import Backoff
from .causes import Cause, Why
from .models import Presence, TelephonyStatus
from .presence_merge import calls_disagree

# Seconds. If a list of calls is shorter than their count, the extension is read again after a moment, as official
# clients do (docs/protocol.md 3.6); a phone that rings for long may have stopped without an event
# (docs/protocol.md 6).
_DISAGREE_AFTER: Final = 3.0
_RINGING_AFTER: Final = 120.0
# Fewest seconds until an extension that could not be read is read again; they grow after that.
_UNREAD_AFTER: Final = 2.0


class _Doubt(NamedTuple):
    """Why an extension is a suspect, and when to read it."""

    why: Why
    at: float


class Suspects:
    """Extensions to read again, and when; times are seconds of one monotonic clock."""

    def __init__(self) -> None:
        """Start empty."""
        self._due: dict[str, _Doubt] = {}
        self._backoff = Backoff()

    def look_at(self, presence: Presence, now: float) -> bool:
        """Look at a presence that changed; return whether it became a suspect."""
        cause, delay = _suspicion(presence)
        if cause is None:
            self._due.pop(presence.extension_id, None)
            return False
        known = self._due.get(presence.extension_id)
        if known is not None and known.why.cause is cause:
            return False
        self._due[presence.extension_id] = _Doubt(Why(cause, now), now + delay)
        return True

    def postpone(
        self, extension_ids: Iterable[str], now: float, wait: float | None = None
    ) -> None:
        """Put off extensions that could not be read, for ``wait`` seconds at least; `look_at` ends this."""
        until = now + max(_UNREAD_AFTER, self._backoff.next(wait))
        for key in extension_ids:
            if key in self._due:
                self._due[key] = self._due[key]._replace(at=until)

    def could_be_read(self) -> None:
        """Note that an extension could be read: pauses begin short again."""
        self._backoff.reset()

    def next_due(self) -> float | None:
        """Return when the next extension is to be read."""
        return min((doubt.at for doubt in self._due.values()), default=None)

    def due(self, now: float) -> dict[str, Why]:
        """Return the extensions to read now, and why; each is looked at again after its own delay."""
        due = {key: doubt.why for key, doubt in self._due.items() if doubt.at <= now}
        for key, why in due.items():
            self._due[key] = _Doubt(why, now + _RINGING_AFTER)
        return due

    def forget(self, extension_id: str) -> None:
        """Drop an extension that is no longer followed."""
        self._due.pop(extension_id, None)


def _suspicion(presence: Presence) -> tuple[Cause | None, float]:
    if calls_disagree(presence):
        return Cause.CALLS, _DISAGREE_AFTER
    if presence.telephony_status is TelephonyStatus.RINGING:
        return Cause.RINGING, _RINGING_AFTER
    return None, 0.0
