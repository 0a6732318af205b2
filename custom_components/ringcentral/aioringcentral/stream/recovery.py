"""Session recovery (protocol 3.4): what recovers the session of a lost socket, and whether all came back with it."""

import asyncio
from dataclasses import dataclass
from typing import Final

from .connection import Connection
from .frames import RecoveryToken

# Seconds within which a recovery's events are in; their order with replies is not documented.
_REPLAY_WITHIN: Final = 10.0


@dataclass(frozen=True, slots=True)
class _Kept:
    """What recovers a connection's session, within one sign-in's session, until a loop time."""

    token: RecoveryToken
    session: int
    until: float


@dataclass(slots=True)
class _Replay:
    """Events that came with a recovery: so many would fill the service's buffer, until a loop time."""

    buffer: int
    until: float
    events: int = 0


class SessionRecovery:
    """The recovery token of the last connection, and the replay of the present one."""

    def __init__(self) -> None:
        """Begin with nothing to recover."""
        self._kept: _Kept | None = None
        self._replay: _Replay | None = None

    def keep(self, connection: Connection, session: int) -> None:
        """Keep what recovers a connection that was lost; without a token of its own the one before stays."""
        if connection.recovery is not None:
            until = _now() + connection.details.recovery_timeout
            self._kept = _Kept(connection.recovery, session, until)

    def forget(self) -> None:
        """Drop what was kept: it was used, or is of no use."""
        self._kept = None

    def usable(self, session: int) -> RecoveryToken | None:
        """Return the recovery token while it works: in time, and within one OAuth session."""
        kept = self._kept
        if kept is None or kept.session != session or _now() >= kept.until:
            return None
        return kept.token

    def expect_replay(self, connection: Connection | None) -> None:
        """Count the events of a recovered connection from now on; None: there are none to come."""
        self._replay = (
            None
            if connection is None
            else _Replay(connection.details.recovery_buffer, _now() + _REPLAY_WITHIN)
        )

    def has_overflowed(self) -> bool:
        """Count an event; tell once when more was lost than the service keeps: only a full buffer shows it."""
        replay = self._replay
        if replay is None:
            return False
        replay.events += 1
        if _now() > replay.until:
            self._replay = None
            return False
        if replay.events < replay.buffer:
            return False
        self._replay = None
        return True


def _now() -> float:
    return asyncio.get_running_loop().time()
