"""Tasks that write to RingCentral: neither a cancelled action nor an unload cuts them short."""

import asyncio
from collections.abc import Coroutine
from typing import Any, Final

from homeassistant.core import HomeAssistant, callback

# Seconds. A request, with its waits, ends sooner.
_STOP_WITHIN: Final = 40.0


class WritingTasks:
    """The tasks of one account."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Begin without a task."""
        self._hass = hass
        self._tasks: set[asyncio.Task[None]] = set()
        self.is_stopped = False

    @callback
    def run(self, job: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run a job; Home Assistant waits for a tracked task when it stops."""
        task = self._hass.async_create_task(job, "ringcentral change of presence")
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    async def finish(self, job: Coroutine[Any, Any, None]) -> None:
        """Run a job to its end, even if whoever waits for it is cancelled; raises what it raises."""
        task = self.run(job)
        await asyncio.wait([task])
        task.result()

    async def stop(self) -> None:
        """Wait for what is being written, and cancel what takes too long."""
        self.is_stopped = True
        if self._tasks:
            await asyncio.wait(tuple(self._tasks), timeout=_STOP_WITHIN)
        for task in self._tasks:
            task.cancel()

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            # Raised to whoever asked, if they still wait for it.
            task.exception()
