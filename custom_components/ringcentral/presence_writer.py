"""Writes presence for one account, and takes a change back after a time, also across a restart."""

import asyncio
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.event import async_track_point_in_utc_time
from homeassistant.helpers.storage import Store
from homeassistant.util import dt as dt_util

from .aioringcentral.errors import RetryLater, RingCentralError, SignInRequired
from .aioringcentral.models import DndStatus, Presence, UserStatus
from .const import DOMAIN, LOGGER
from .optimistic import Unconfirmed
from .write_rules import (
    check_values,
    dnd_to_bring_back,
    dnd_to_send,
    may_edit,
    refused_change,
)

if TYPE_CHECKING:
    from .coordinator import RingCentralCoordinator

_SAVE_DELAY: Final = 1.0
_TRY_AGAIN: Final = timedelta(minutes=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Restore:
    """Values to bring back, as the service writes them, and when (ISO 8601)."""

    at: str
    user_status: str | None = None
    dnd_status: str | None = None
    message: str | None = None

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing (left) to bring back."""
        return (
            self.user_status is None
            and self.dnd_status is None
            and self.message is None
        )


def _store(hass: HomeAssistant, entry_id: str) -> Store[dict[str, Any]]:
    return Store(hass, 1, f"{DOMAIN}.{entry_id}", private=True)


async def remove_stored(hass: HomeAssistant, entry_id: str) -> None:
    """Forget what was kept for an entry."""
    await _store(hass, entry_id).async_remove()


class Editor:
    """Changes presence of extensions of one account."""

    def __init__(self, coordinator: RingCentralCoordinator) -> None:
        """Take the account; `start` brings back what is due from before a restart."""
        self._coordinator = coordinator
        self._hass: HomeAssistant = coordinator.hass
        self._store = _store(self._hass, coordinator.config_entry.entry_id)
        self._stored: dict[str, Any] = {}
        self._is_dirty = False
        self._is_stopped = False
        self._restores: dict[str, Restore] = {}
        self._department: set[str] = set()
        self._timers: dict[str, CALLBACK_TYPE] = {}
        # One change after the other: what a change finds is what the one before it has left.
        self._lock = asyncio.Lock()
        self.unconfirmed = Unconfirmed(self._hass, coordinator.wake_controls)
        self.queue_member = False
        self.scope: frozenset[str] = frozenset()

    async def load(self) -> None:
        """Learn what was kept over a restart, before any presence is known."""
        self._stored = await self._store.async_load() or {}
        self._department = set(self._stored.get("department", ()))

    async def start(self) -> None:
        """Learn what may be edited, and take up restores that were waiting."""
        self.scope = (await self._coordinator.sign_in.tokens.token()).scope
        if self.may_edit(self._coordinator.own.id):
            self.queue_member = await self._coordinator.sign_in.rest.is_queue_member()
        for key, values in self._stored.get("restores", {}).items():
            self._wait(key, Restore(**values))

    async def stop(self) -> None:
        """Leave no timer behind, and write down what waits: the next start takes it up."""
        self._is_stopped = True
        self.unconfirmed.stop()
        for cancel in self._timers.values():
            cancel()
        self._timers.clear()
        if self._is_dirty:
            await self._store.async_save(self._data())

    def may_edit(self, extension_id: str) -> bool:
        """Whether to offer changing an extension."""
        extension = self._coordinator.extensions.get(extension_id)
        return extension is not None and may_edit(
            extension, self._coordinator.own, self.scope
        )

    def earlier_dnd(self, extension_id: str) -> DndStatus | None:
        """Return the department setting that was in force before do-not-disturb, if it was."""
        return (
            DndStatus.DO_NOT_ACCEPT_DEPARTMENT_CALLS
            if extension_id in self._department
            else None
        )

    @callback
    def note(self, presence: Presence) -> None:
        """Remember whether ending do-not-disturb brings the department setting back."""
        key, status = presence.extension_id, presence.dnd_status
        if status in (None, DndStatus.DO_NOT_ACCEPT_ANY_CALLS):
            return
        if (status is DndStatus.DO_NOT_ACCEPT_DEPARTMENT_CALLS) != (
            key in self._department
        ):
            self._department ^= {key}
            self._save()

    async def set_presence(
        self,
        extension_id: str,
        *,
        user_status: UserStatus | None = None,
        dnd_status: DndStatus | None = None,
        message: str | None = None,
        duration: timedelta | None = None,
    ) -> None:
        """Change what is given; with a duration, bring back the values of before after it.

        Raises:
            ServiceValidationError: the service does not take this, or not from this user.
            HomeAssistantError: it failed for now.
        """
        async with self._lock:
            before = self.unconfirmed.over(self._coordinator.presence(extension_id))
            check_values(before, user_status, dnd_status)
            if dnd_status is not None:
                dnd_status = dnd_to_send(
                    before.dnd_status, self.earlier_dnd(extension_id), dnd_status
                )
            try:
                if duration is not None and message is not None:
                    # Events carry no message: only a fresh reading knows the one of before.
                    before = await self._coordinator.read_fresh(extension_id)
                await self._write(extension_id, user_status, dnd_status, message)
            except RingCentralError as err:
                raise refused_change(err) from err
            waiting = self._restores.get(extension_id) or Restore(at="")
            if duration is None:
                self._change_for_good(
                    extension_id, waiting, user_status, dnd_status, message
                )
                return
            self._wait(
                extension_id,
                Restore(
                    at=(dt_util.utcnow() + duration).isoformat(),
                    # A second change before the first was taken back leads back to before both.
                    user_status=_back(
                        user_status, before.user_status, waiting.user_status
                    ),
                    dnd_status=_back(
                        dnd_status,
                        dnd_to_bring_back(before.dnd_status),
                        waiting.dnd_status,
                    ),
                    message=_back(message, before.message or "", waiting.message),
                ),
            )
            self._save()

    async def _write(
        self,
        key: str,
        user_status: UserStatus | None,
        dnd_status: DndStatus | None,
        message: str | None,
    ) -> None:
        before = self.unconfirmed.over(self._coordinator.presence(key))
        await self._coordinator.write(
            key, user_status=user_status, dnd_status=dnd_status, message=message
        )
        # Of what was so already no event comes.
        self.unconfirmed.note(
            key,
            None if user_status is before.user_status else user_status,
            None if dnd_status is before.dnd_status else dnd_status,
        )

    @callback
    def _change_for_good(
        self,
        key: str,
        waiting: Restore,
        user_status: UserStatus | None,
        dnd_status: DndStatus | None,
        message: str | None,
    ) -> None:
        """Let the time of what is changed for good run no longer, and that of the rest go on."""
        if key not in self._restores:
            return
        left = replace(
            waiting,
            user_status=None if user_status else waiting.user_status,
            dnd_status=None if dnd_status else waiting.dnd_status,
            message=None if message is not None else waiting.message,
        )
        if left.is_empty:
            self._forget(key)
        else:
            self._restores[key] = left
            self._save()

    @callback
    def _wait(self, key: str, restore: Restore) -> None:
        self._restores[key] = restore
        self._start_timer(key, dt_util.parse_datetime(restore.at) or dt_util.utcnow())

    @callback
    def _start_timer(self, key: str, at: datetime) -> None:
        if key in self._timers:
            self._timers.pop(key)()
        if self._is_stopped:
            return

        @callback
        def come_due(_now: datetime) -> None:
            del self._timers[key]
            self._coordinator.config_entry.async_create_background_task(
                self._hass, self._bring_back(key), "ringcentral restore presence"
            )

        self._timers[key] = async_track_point_in_utc_time(self._hass, come_due, at)

    async def _bring_back(self, key: str) -> None:
        async with self._lock:
            restore = self._restores.get(key)
            if restore is None or key in self._timers:
                # Changed for good, or for longer, while this waited for its turn.
                return
            if key in self._coordinator.presences:
                try:
                    await self._write(
                        key,
                        UserStatus(restore.user_status)
                        if restore.user_status
                        else None,
                        DndStatus(restore.dnd_status) if restore.dnd_status else None,
                        restore.message,
                    )
                except RetryLater, SignInRequired:
                    self._start_timer(key, dt_util.utcnow() + _TRY_AGAIN)
                    return
                except RingCentralError as err:
                    LOGGER.warning(
                        "The earlier presence could not be brought back: %s", err
                    )
            self._forget(key)

    @callback
    def _forget(self, key: str) -> None:
        if key in self._timers:
            self._timers.pop(key)()
        if self._restores.pop(key, None) is not None:
            self._save()

    @callback
    def _save(self) -> None:
        self._is_dirty = True
        self._store.async_delay_save(self._data, _SAVE_DELAY)

    def _data(self) -> dict[str, Any]:
        self._is_dirty = False
        return {
            "department": sorted(self._department),
            "restores": {
                key: asdict(restore) for key, restore in self._restores.items()
            },
        }


def _back(changed: str | None, before: str | None, waiting: str | None) -> str | None:
    """Return the value to bring back: that of before, for what was changed now or is waiting already."""
    if waiting is not None:
        return waiting
    return None if changed is None or before is None else str(before)
