"""Session recovery (docs/protocol.md 3.4): what recovers a lost socket's session, and whether every event came back."""

from dataclasses import dataclass
from typing import Final

from .frames import RecoveryToken

# Seconds within which a recovery's events arrive; how they are ordered among replies is not documented.
_REPLAY_WITHIN: Final = 10.0


class Replay:
    """Counts the events of a recovered socket, since only a full buffer shows that more were lost than the service keeps."""

    def __init__(self, buffer: int, now: float) -> None:
        """Begin once the recovery has succeeded; ``buffer`` is how many events the service keeps."""
        self._buffer = buffer
        self._until = now + _REPLAY_WITHIN
        self._events = 0

    def is_over(self, now: float) -> bool:
        """Whether events that arrive now are new ones."""
        return now > self._until

    def overflows(self, now: float) -> bool:
        """Count an event; return whether it fills the buffer."""
        self._events += 1
        return not self.is_over(now) and self._events >= self._buffer


@dataclass(frozen=True, slots=True)
class _Kept:
    """A token that recovers a socket's session, within one OAuth session and until a time of the clock."""

    token: RecoveryToken
    session: int
    until: float


class SessionRecovery:
    """The recovery token of the last socket."""

    def __init__(self) -> None:
        """Begin with nothing to recover."""
        self._kept: _Kept | None = None

    def keep(self, token: RecoveryToken | None, session: int, until: float) -> None:
        """Keep the token that recovers a lost socket; if the socket had none, the earlier one stays."""
        if token is not None:
            self._kept = _Kept(token, session, until)

    def forget(self) -> None:
        """Drop the token, which was used or is of no use."""
        self._kept = None

    def usable(self, session: int, now: float) -> RecoveryToken | None:
        """Return the recovery token if it still works: in time, and within the same OAuth session."""
        kept = self._kept
        if kept is None or kept.session != session or now >= kept.until:
            return None
        return kept.token
