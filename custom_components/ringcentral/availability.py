"""Whether entities can be trusted: for a grace time after a loss they stay as they are (design 5)."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Final

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later

from .aioringcentral.errors import Reason, RetryLater, RingCentralError
from .const import LOGGER

# Seconds. Entities stay as they are this long after a loss (design 5).
GRACE: Final = 30.0


class Availability:
    """Availability of one account, with one line in the log when it is lost and one when it is back.

    ``ready`` is set once it was available for the first time, ``failed`` once something was in the way
    of that.
    """

    def __init__(self, hass: HomeAssistant, changed: Callable[[], None]) -> None:
        """Take who is told when it changes; nothing is available yet."""
        self._hass = hass
        self._changed = changed
        self._grace: CALLBACK_TYPE | None = None
        self.is_available = False
        self.ready = asyncio.Event()
        self.failed = asyncio.Event()
        self.last_error: RingCentralError = RetryLater(Reason.CANNOT_CONNECT)

    @callback
    def set_available(self) -> None:
        """Make every entity available."""
        self.cancel_grace()
        if self.is_available:
            return
        if self.ready.is_set():
            LOGGER.info("Connection to RingCentral is back")
        self.is_available = True
        self.ready.set()
        self._changed()

    @callback
    def set_unavailable(self, error: RingCentralError) -> None:
        """Make every entity unavailable."""
        self.cancel_grace()
        if not self.is_available:
            return
        LOGGER.info("Connection to RingCentral is lost: %s", error)
        self.is_available = False
        self._changed()

    @callback
    def lose(self, error: RingCentralError) -> None:
        """Become unavailable after the grace time, unless it is available again by then."""
        if self.is_available and self._grace is None:
            self._grace = async_call_later(self._hass, GRACE, self._end_grace)
        self.note(error)

    @callback
    def note(self, error: RingCentralError) -> None:
        """Note what is in the way."""
        self.last_error = error
        if not self.ready.is_set():
            self.failed.set()

    @callback
    def cancel_grace(self) -> None:
        """Forget that the connection was lost."""
        if self._grace is not None:
            self._grace()
            self._grace = None

    @callback
    def _end_grace(self, _now: datetime) -> None:
        self._grace = None
        self.set_unavailable(self.last_error)
