"""What the stream tells its listener, and counts for diagnostics."""

import asyncio
import logging
from typing import Final

from ..auth import Token
from ..errors import Reason, RetryLater
from ..models import Event
from .connection import Connection
from .continuity import Continuity, Course, StreamHistory, StreamListener
from .guard import Guard
from .protocol import UNREADABLE

_LOGGER = logging.getLogger(__name__)

# Our close codes for a frame that is not text, breaks the protocol's rules, or is too large.
_REFUSED_FRAME: Final = frozenset({1002, 1007, 1009})


class Reports:
    """Calls the listener; if it fails, only that one call is lost."""

    def __init__(
        self, listener: StreamListener, history: StreamHistory | None = None
    ) -> None:
        """Report to a listener; go on counting in ``history``, if given."""
        self._listener = listener
        self._guard = Guard(_LOGGER)
        self._course = Course(history)

    @property
    def history(self) -> StreamHistory:
        """What has happened so far."""
        return self._course.history

    @property
    def is_live(self) -> bool:
        """Whether events are arriving now."""
        return self._course.is_live

    def token(self, token: Token) -> None:
        """Report the current token, whose scope may say more than that of the last one."""
        self._guard(self._listener.stream_token, token)

    def event(self, event: Event) -> None:
        """Report an event."""
        self.history.last_event = _now()
        self._guard(self._listener.stream_event, event)

    def live(self, continuity: Continuity) -> None:
        """Report that the stream is live."""
        self._live(self._course.went_live(continuity, _now()))

    def missed(self) -> None:
        """Report that events were lost: now, or with the next `live`."""
        if self._course.missed_events():
            self._live(Continuity.BROKEN)

    def break_again(self) -> None:
        """Report a break again that the listener could not handle."""
        if self._course.is_break_unreported:
            self._live(Continuity.BROKEN)

    def lost(self, error: RetryLater) -> None:
        """Report that the connection is gone, or that none could be opened."""
        self._course.lost(error)
        self._guard(self._listener.stream_lost, error)

    def closed(self, connection: Connection) -> None:
        """Report how the present connection ended, once."""
        if self.is_live:
            self.lost(RetryLater(Reason.CANNOT_CONNECT, connection.error_code))
            self.history.close_codes.append(connection.close_code)
            if connection.close_code in _REFUSED_FRAME:
                # The frame was lost with the socket, and no recovery brings it back.
                self.event(UNREADABLE)

    def _live(self, continuity: Continuity) -> None:
        is_handled = self._guard(self._listener.stream_live, continuity)
        self._course.reported(continuity, is_handled=is_handled)


def _now() -> float:
    return asyncio.get_running_loop().time()
