"""From set-up to unload: start following, go on after errors that others mend, and stop without a trace."""

import asyncio
from typing import TYPE_CHECKING, Final

from .aioringcentral.errors import (
    Misconfigured,
    PermissionMissing,
    Reason,
    RetryLater,
    RingCentralError,
    SignInRequired,
)
from .aioringcentral.membership import Following
from .const import LOGGER
from .repairs import report_permission_missing

if TYPE_CHECKING:
    from .coordinator import RingCentralCoordinator

# Seconds for the first connect and snapshot, before Home Assistant is told to try set-up again.
START_TIMEOUT: Final = 60.0
# Seconds until a missing permission, or a fault of ours, is looked at again.
TRY_AGAIN_AFTER: Final = 300.0

_CREDENTIALS: Final = frozenset(
    {Reason.INVALID_CLIENT, Reason.GRANT_NOT_ALLOWED, Reason.WRONG_SERVER}
)


def needs_sign_in(error: RingCentralError) -> bool:
    """Whether other credentials are what helps."""
    return isinstance(error, SignInRequired) or (
        isinstance(error, Misconfigured) and error.reason in _CREDENTIALS
    )


class Lifecycle:
    """Runs the coordinator in a background task of the entry."""

    def __init__(self, coordinator: RingCentralCoordinator) -> None:
        """Take the coordinator to run."""
        self._coordinator = coordinator
        self._entry = coordinator.config_entry
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Follow; return once every state is known.

        Raises:
            RetryLater, SignInRequired, PermissionMissing, Misconfigured: it did not come so far.
        """
        found = await self._coordinator.read_members()
        self._task = self._entry.async_create_background_task(
            self._coordinator.hass, self._run(found), "ringcentral account"
        )
        availability = self._coordinator.availability
        waits = [
            asyncio.ensure_future(event.wait())
            for event in (availability.ready, availability.failed)
        ]
        try:
            await asyncio.wait(
                {self._task, *waits},
                timeout=START_TIMEOUT,
                return_when=asyncio.FIRST_COMPLETED,
            )
        finally:
            for wait in waits:
                wait.cancel()
        if self._task.done():
            await self._task
        if not availability.ready.is_set():
            # Home Assistant tries again, and does not wait with everything else meanwhile.
            raise availability.last_error

    async def stop(self) -> None:
        """End the task with all that it opened; the sign-in stays."""
        if self._task is not None and not self._task.done():
            self._task.cancel()
            await asyncio.wait([self._task])
        # Only now: what ends may still tell something.
        self._coordinator.availability.cancel_grace()
        self._coordinator.calls.stop()
        await self._coordinator.editor.stop()

    async def _run(self, found: Following) -> None:
        availability = self._coordinator.availability
        while True:
            try:
                await self._coordinator.run(found)
            except ExceptionGroup as group:
                error = _first(group)
            if not availability.ready.is_set():
                raise error
            availability.set_unavailable(error)
            if needs_sign_in(error):
                self._entry.async_start_reauth(self._coordinator.hass)
                return
            if isinstance(error, PermissionMissing):
                report_permission_missing(self._coordinator.hass, self._entry, error)
            await asyncio.sleep(TRY_AGAIN_AFTER)
            if isinstance(error, PermissionMissing):
                await self._coordinator.sign_in.tokens.begin_anew()


def _first(group: ExceptionGroup) -> RingCentralError:
    """Return what ended the run; a fault of ours is logged, and tried again like trouble of the service."""
    known = [error for error in group.exceptions if isinstance(error, RingCentralError)]
    if (unknown := group.split(RingCentralError)[1]) is not None:
        LOGGER.error("Unexpected error while following", exc_info=unknown)
    return known[0] if known else RetryLater(Reason.SERVICE_ERROR)
