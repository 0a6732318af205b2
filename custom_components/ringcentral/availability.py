"""Whether entities can be trusted: after a loss, they keep their states for a grace time."""

from collections.abc import Callable
from typing import Final

from .aioringcentral.errors import RingCentralError
from .const import LOGGER

# Seconds for which entities keep their states after a loss.
GRACE: Final = 30.0

type CallLater = Callable[[float, Callable[[], None]], Callable[[], None]]


class Availability:
    """The availability of one account; logs one line when it is lost and one when it is back."""

    def __init__(self, call_later: CallLater, changed: Callable[[], None]) -> None:
        """Take a timer and a callback for changes; nothing is available yet.

        ``call_later`` takes seconds and a function to call then, and returns a function that cancels that.
        """
        self._call_later = call_later
        self._changed = changed
        self._cancel: Callable[[], None] | None = None
        self._error: RingCentralError | None = None
        self._was_available = False
        self.is_available = False

    def set_available(self) -> None:
        """Make every entity available."""
        self.cancel_grace()
        if self.is_available:
            return
        if self._was_available:
            LOGGER.info("Connection to RingCentral is back")
        self.is_available = self._was_available = True
        self._changed()

    def set_unavailable(self, error: RingCentralError | None) -> None:
        """Make every entity unavailable."""
        self.cancel_grace()
        if not self.is_available:
            return
        LOGGER.info("Connection to RingCentral is lost: %s", error)
        self.is_available = False
        self._changed()

    def lose(self, error: RingCentralError) -> None:
        """Become unavailable after the grace time, unless it is available again by then."""
        self._error = error
        if self.is_available and self._cancel is None:
            self._cancel = self._call_later(GRACE, self._end_grace)

    def cancel_grace(self) -> None:
        """Forget that the connection was lost."""
        if self._cancel is not None:
            self._cancel()
            self._cancel = None

    def _end_grace(self) -> None:
        self._cancel = None
        self.set_unavailable(self._error)
