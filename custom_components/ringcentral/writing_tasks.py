"""Tasks that write to RingCentral: neither a cancelled action nor an unload cuts them short."""

import asyncio
from collections.abc import Coroutine
from typing import Any, Final

from homeassistant.core import HomeAssistant, callback

from .write_rules import in_doubt

# Seconds to wait for an answer; otherwise, a reload or a restart would hang if the service does.
_STOP_WITHIN: Final = 5.0


class WritingTasks:
    """The tasks of one account."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Begin without a task."""
        self._hass = hass
        self._tasks: set[asyncio.Task[None]] = set()
        self.is_stopped = False

    @callback
    def run(self, job: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run a job in a tracked task, for which Home Assistant waits when it stops."""
        task = self._hass.async_create_task(job, "ringcentral change of presence")
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    async def finish(self, job: Coroutine[Any, Any, None]) -> None:
        """Run a job to its end, even if the caller is cancelled; raise what it raises."""
        await self.result(self.run(job))

    async def result(self, task: asyncio.Task[None]) -> None:
        """Wait for a task, which goes on even if the caller is cancelled; raise what it raises.

        Raises:
            HomeAssistantError: the task was cut short by the end of the entry, so its outcome is unknown.
        """
        await asyncio.wait([task])
        if task.cancelled():
            raise in_doubt()
        task.result()

    async def stop(self) -> None:
        """Wait for changes that are being written, and cancel those that take too long."""
        self.is_stopped = True
        for seconds in (_STOP_WITHIN, None):
            if tasks := tuple(self._tasks):
                await asyncio.wait(tasks, timeout=seconds)
            for task in self._tasks:
                task.cancel()

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            # The caller gets the error, if it still waits for it.
            task.exception()
