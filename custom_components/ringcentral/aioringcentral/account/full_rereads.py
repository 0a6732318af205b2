"""When to read everything again: now and then, and some time after something that could not be read."""

import asyncio
from collections.abc import Callable
import logging
from typing import Final

from ..backoff import GrowingPauses
from ..causes import Cause

_LOGGER = logging.getLogger(__name__)

# Seconds between slow re-reads, which find changes that no event reported; a few requests in six hours.
RESYNC_EVERY: Final = 6 * 3_600.0
# Seconds until everything is read again because something could not be read; they grow while that goes on.
UNREADABLE_AFTER: Final = 60.0


class FullRereads:
    """Says when everything is due to be read again."""

    def __init__(self, read: Callable[[Cause, float | None], None]) -> None:
        """Call ``read`` when it is due, with the cause and since when (seconds of the loop's clock, None for now)."""
        self._read = read
        self._unreadable = asyncio.Event()

    def unreadable(self) -> None:
        """Note that something unreadable arrived: it may have been about anybody."""
        self._unreadable.set()

    async def run(self) -> None:
        """Run until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._now_and_then())
            group.create_task(self._after_unreadable())

    async def _now_and_then(self) -> None:
        while True:
            await asyncio.sleep(RESYNC_EVERY)
            self._read(Cause.SLOW, None)

    async def _after_unreadable(self) -> None:
        pauses = GrowingPauses(UNREADABLE_AFTER)
        while True:
            since = await pauses.after(self._unreadable)
            _LOGGER.debug("Reading everything again: something could not be read")
            self._read(Cause.UNREADABLE, since)
