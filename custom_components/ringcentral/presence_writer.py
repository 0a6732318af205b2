"""Writes presence for one account, for good or for a time."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from math import inf
from typing import Any, override

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HassJob, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later
from homeassistant.util import dt as dt_util

from .aioringcentral import durations
from .aioringcentral.account import Account, AccountListener, PresenceChange
from .aioringcentral.errors import PermissionMissing, RingCentralError
from .aioringcentral.models import DndStatus, Presence, PresenceUpdate, UserStatus
from .aioringcentral.stream import Subscription
from .optimistic import CONFIRM_WITHIN, OptimisticValues
from .restore_schedule import RestoreSchedule
from .restorer import Restorer
from .restores import Words, at_once, words_of
from .write_rules import (
    attempts_of,
    check_duration,
    check_values,
    is_refused_value,
    may_edit,
    not_connected,
    refused_change,
    without_department,
)
from .writing_tasks import WritingTasks


class PresenceWriter(AccountListener):
    """Changes the presence of one account's extensions; changes of the same extension run one after the other."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        account: Account,
        wake_controls: Callable[[str], None],
    ) -> None:
        """Take the account; `load` and `start` resume what is on disk.

        ``wake_controls`` is called with an extension id when an optimistic value has ended.
        """
        self._hass = hass
        self._entry = entry
        self._account = account
        self._wake_controls = wake_controls
        # When the connection last came back, in seconds of the loop's clock; None while there is no connection.
        self._back_at: float | None = -inf
        self.restores = RestoreSchedule(
            self._hass, entry.entry_id, self._look, self._service_time
        )
        self._restorer = Restorer(
            self._hass,
            entry,
            self.restores,
            read=self._read_words,
            write=self._write_earlier,
        )
        self.optimistic = OptimisticValues()
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._tasks = WritingTasks(hass)
        self.scope: frozenset[str] = frozenset()

    async def load(self) -> None:
        """Read what is on disk, before any presence is known."""
        await self.restores.load()

    async def start(self) -> None:
        """Learn what may be edited, and resume restores that were waiting."""
        self.scope = (await self._account.sign_in.tokens.token()).scope
        self.restores.start()

    async def stop(self) -> None:
        """Wait for changes that are being written; what is left to undo is on disk."""
        await self._tasks.stop()
        self.optimistic.clear()
        await self.restores.stop()

    @property
    def queue_member(self) -> bool:
        """Whether the user answers calls of a queue, as far as that is known."""
        return bool(self._account.queues.own)

    def may_edit(self, extension_id: str) -> bool:
        """Whether to offer controls that change an extension."""
        extension = self._account.extensions.get(extension_id)
        return extension is not None and may_edit(
            extension, self._account.own, self.scope
        )

    def earlier_dnd(self, extension_id: str) -> DndStatus | None:
        """Return the department setting that was in force before do-not-disturb, if there was one."""
        return (
            DndStatus.DO_NOT_ACCEPT_DEPARTMENT_CALLS
            if extension_id in self.restores.department
            else None
        )

    # What the account reports.

    @callback
    @override
    def event_received(self, update: PresenceUpdate) -> None:
        """Let events count again once one confirms an optimistic value."""
        if self.optimistic.confirm(update):
            self._wake_controls(update.extension_id)

    @callback
    @override
    def account_lost(self, error: RingCentralError) -> None:
        """Remember that the events for changes made from now on come later."""
        self._back_at = None

    @callback
    @override
    def account_connected(self, subscription: Subscription | None) -> None:
        """Remember since when events arrive again."""
        if self._back_at is None:
            self._back_at = self._hass.loop.time()

    @property
    def _is_catching_up(self) -> bool:
        """Whether events may be older than a change made without a connection; then the look at the change's end is enough."""
        if self._back_at is None:
            return True
        return self._hass.loop.time() - self._back_at < CONFIRM_WITHIN

    @callback
    @override
    def presence_changed(self, change: PresenceChange) -> None:
        """Learn what ending do-not-disturb is to bring back, and what a person has changed."""
        key = change.extension_id
        self._restorer.dnd_seen(key, change.after.dnd_status)
        if self.restores[key] is None or self._is_catching_up:
            return
        if not self._locks[key].locked() or self._restorer.is_restoring(key):
            # Events carry no message, and a stale one may still contradict an optimistic value.
            names = {
                name
                for name in ("user_status", "dnd_status")
                if self.optimistic.get(key, name) is None
            }
            self._restorer.presence_changed(change.before, change.after, names)

    # Changes.

    async def set_presence(
        self,
        extension_id: str,
        *,
        user_status: UserStatus | None = None,
        dnd_status: DndStatus | None = None,
        message: str | None = None,
        duration: timedelta | None = None,
    ) -> None:
        """Change the given values; with a duration, bring back the earlier ones after it.

        A change that has begun is finished, even if the caller is cancelled.

        Raises:
            ServiceValidationError: the service does not accept the change, or not from this user.
            HomeAssistantError: the change failed for now, or its outcome is unknown.
        """
        check_duration(duration)
        given = {
            "user_status": user_status,
            "dnd_status": dnd_status,
            "message": message,
        }
        values = {name: value for name, value in given.items() if value is not None}
        lock = self._locks[extension_id]
        await lock.acquire()
        task = self._tasks.run(self._change(extension_id, values, duration))
        task.add_done_callback(lambda _task: lock.release())
        await self._tasks.result(task)

    async def _change(
        self, key: str, values: dict[str, Any], duration: timedelta | None
    ) -> None:
        if self._tasks.is_stopped:
            raise not_connected(self._entry.title)
        known = self._known(key)
        check_values(known, values.get("user_status"), values.get("dnd_status"))
        earlier = self.earlier_dnd(key)
        attempts = attempts_of(values, known.dnd_status, earlier)
        for attempt in attempts:
            try:
                await self._attempt(key, attempt, duration)
            except RingCentralError as err:
                if attempt is attempts[-1] or not is_refused_value(err):
                    raise refused_change(err) from err
            else:
                return

    async def _attempt(
        self, key: str, values: Mapping[str, Any], duration: timedelta | None
    ) -> None:
        try:
            if duration is not None:
                current = words_of(self._known(key))
                if "message" in values or None in [current[name] for name in values]:
                    # Events carry no message, so only a reading tells the earlier one.
                    current = words_of(await self._read(key))
                due = dt_util.utcnow() + duration
                await self._restorer.intend(key, current, values, due)
            await self._write(key, values)
        except RingCentralError as err:
            self._restorer.failed(key, err)
            raise
        if duration is None:
            self._restorer.made_for_good(key, values)
        else:
            self._restorer.made_for_a_time(key)

    async def _write_earlier(self, key: str, values: Mapping[str, str]) -> None:
        """Write earlier values; a user who has left all queues since then takes all calls instead."""
        try:
            await self._write(key, values)
        except RingCentralError as err:
            instead = without_department(values)
            if instead == values or not is_refused_value(err):
                raise
            await self._write(key, instead)

    async def _write(self, key: str, values: Mapping[str, str]) -> None:
        before = self._known(key)
        user, dnd = values.get("user_status"), values.get("dnd_status")
        user_status = None if user is None else UserStatus(user)
        dnd_status = None if dnd is None else DndStatus(dnd)
        await self._account.update_presence(
            key,
            user_status=user_status,
            dnd_status=dnd_status,
            message=values.get("message"),
        )
        # No event comes for a value that was set already.
        if user_status is before.user_status:
            user_status = None
        if dnd_status is before.dnd_status:
            dnd_status = None
        self._show(key, {"user_status": user_status, "dnd_status": dnd_status})

    @callback
    def _show(self, key: str, values: Mapping[str, Any]) -> None:
        values = {name: value for name, value in values.items() if value is not None}
        if not values or self._tasks.is_stopped:
            return
        added = self.optimistic.add(key, values)

        @callback
        def expire(_now: datetime) -> None:
            if self.optimistic.expire(key, added):
                self._wake_controls(key)

        job = HassJob(expire, cancel_on_shutdown=True)
        async_call_later(self._hass, CONFIRM_WITHIN, job)

    def _known(self, key: str) -> Presence:
        known = self._account.presences.get(key)
        return self.optimistic.over(known or Presence(extension_id=key))

    async def _read(self, key: str) -> Presence:
        return self.optimistic.over(await self._account.read_presence(key))

    def _service_time(self) -> datetime | None:
        return self._account.sign_in.http.clock.at(durations.steady_clock())

    # Undoing.

    @callback
    def _look(self, key: str) -> None:
        self._tasks.run(self._take_back(key))

    async def _take_back(self, key: str) -> None:
        async with self._locks[key]:
            if not self._tasks.is_stopped:
                extension = self._account.extensions.get(key)
                await self._restorer.look(key, extension)

    async def take_back_now(self) -> int:
        """Undo all that waits, when the entry is removed; return how many changes are left."""
        for key, restore in self.restores.items():
            self.restores.put(key, at_once(restore, dt_util.utcnow()))
            await self._take_back(key)
        return len(self.restores.items())

    async def _read_words(self, key: str) -> Words:
        try:
            found = await self._read(key)
        except PermissionMissing:
            # Events carry no message, so the known one may be older than what we wrote.
            return {**words_of(self._known(key)), "message": self._our_message(key)}
        words = words_of(found)
        if found.allow_see_my_presence is False and words["message"] is None:
            words["message"] = self._our_message(key)
        return words

    def _our_message(self, key: str) -> str:
        """Return the message to take for the present one while RingCentral does not tell it: the last one we wrote."""
        restore = self.restores[key]
        ours = restore.ours.get("message") if restore else None
        return ours[-1] if ours else self._known(key).message or ""
