"""Undoes changes for a time when they are due: only what they changed, and never silently."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from datetime import datetime, timedelta
from typing import Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.util import dt as dt_util

from .aioringcentral.errors import Reason, RetryLater, RingCentralError, passes
from .aioringcentral.models import DndStatus, Extension, Presence
from .const import LOGGER
from .issues import report_not_restored, withdraw_not_restored
from .restore_schedule import RestoreSchedule
from .restores import (
    Words,
    accepted,
    begin,
    due_fields,
    foreign,
    overdue,
    settled,
    values_to_write,
    without,
)
from .write_rules import is_in_doubt, not_kept, unknown_before

_TRY_AGAIN: Final = timedelta(minutes=2)
# How long to wait before checking a refusal once more, since it may pass.
_LOOK_AGAIN: Final = timedelta(minutes=1)


class Restorer:
    """What is to be undone in one account; every method is called with the extension's lock held."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        schedule: RestoreSchedule,
        *,
        read: Callable[[str], Awaitable[Words]],
        write: Callable[[str, Mapping[str, str]], Awaitable[None]],
    ) -> None:
        """Take functions that read and write values of an extension; both raise `RingCentralError`."""
        self._hass = hass
        self._entry = entry
        self._schedule = schedule
        self._read = read
        self._write = write
        # Extensions whose earlier values are being written now.
        self._restoring: set[str] = set()
        # Extensions for which RingCentral refused the last look in its own words.
        self._refused: set[str] = set()

    async def intend(
        self, key: str, current: Words, wanted: Mapping[str, str], due: datetime
    ) -> None:
        """Write to disk what a change for a time will leave to undo, before it is sent.

        Raises:
            ServiceValidationError: a value to bring back is unknown.
            HomeAssistantError: it cannot be written to disk.
        """
        restore = begin(self._schedule[key], current, wanted, due)
        if restore is None:
            raise unknown_before()
        self._schedule.begin(key, restore)
        if not await self._schedule.is_kept(key):
            self._schedule.put(key, restore.otherwise)
            raise not_kept()

    @callback
    def failed(self, key: str, error: RingCentralError) -> None:
        """Forget a change that was refused; one that may have been made stays, in doubt."""
        restore = self._schedule[key]
        if restore is not None and not restore.is_settled and not is_in_doubt(error):
            self._schedule.put(key, restore.otherwise)

    @callback
    def made_for_a_time(self, key: str) -> None:
        """Keep what there is to undo, because the change was made."""
        withdraw_not_restored(self._hass, self._entry, key)
        if (restore := self._schedule[key]) is not None:
            self._schedule.put(key, accepted(restore))

    @callback
    def made_for_good(self, key: str, names: Collection[str]) -> None:
        """Stop undoing what was changed for good; the rest stays due."""
        withdraw_not_restored(self._hass, self._entry, key)
        self._schedule.put(key, without(self._schedule[key], names))

    def is_restoring(self, key: str) -> bool:
        """Whether the earlier values of an extension are being written now."""
        return key in self._restoring

    @callback
    def presence_changed(
        self, before: Presence, presence: Presence, names: Collection[str]
    ) -> None:
        """Stop undoing those of these fields that a person has changed, or that are back already."""
        key = presence.extension_id
        if (restore := self._schedule[key]) is None:
            return
        current = {
            name: None if (word := getattr(presence, name)) is None else str(word)
            for name in names
            if getattr(before, name) != getattr(presence, name)
        }
        done = set(foreign(restore, current))
        if restore.is_settled:
            # They stay done even if the same value is chosen later, which is a person's choice.
            done |= {
                name
                for name, word in current.items()
                if word is not None and word == restore.before.get(name)
            }
        self._schedule.put(key, without(restore, done))

    @callback
    def dnd_seen(self, key: str, dnd: DndStatus | None) -> None:
        """Remember whether the department setting is what do-not-disturb replaces."""
        if dnd in (None, DndStatus.DO_NOT_ACCEPT_ANY_CALLS):
            return
        if (dnd is DndStatus.DO_NOT_ACCEPT_DEPARTMENT_CALLS) != (
            key in self._schedule.department
        ):
            self._schedule.department ^= {key}
            self._schedule.save_soon()

    async def look(self, key: str, extension: Extension | None) -> None:
        """Undo what is due, or settle whether a change was made; the extension need not be followed."""
        restore = self._schedule[key]
        if restore is None or self._schedule.is_waiting(key):
            # It was changed for good, or for longer, while this waited for its turn.
            return
        now = dt_util.utcnow()
        if overdue(restore, now):
            self._schedule.drop_overdue([key])
            return
        due = due_fields(restore, now)
        was_refused = key in self._refused
        self._refused.discard(key)
        try:
            current = await self._read(key)
            # They were known before, so values that cannot be read now decide nothing.
            unknown = {name for name in restore.before if current.get(name) is None}
            waiting, due = due & unknown, due - unknown
            if unknown and not due:
                self._schedule.call_at(key, dt_util.utcnow() + _TRY_AGAIN)
                return
            if not due:
                self._schedule.put(key, settled(restore, current))
                return
            if values := values_to_write(restore, current, due):
                await self._bring_back(key, values)
        except RingCentralError as err:
            if passes(err):
                self._schedule.call_at(key, dt_util.utcnow() + _TRY_AGAIN)
                return
            if not was_refused:
                self._refused.add(key)
                self._schedule.call_at(key, dt_util.utcnow() + _LOOK_AGAIN)
                return
            self._schedule.drop_refused(key)
            if err.reason is Reason.NOT_FOUND:
                LOGGER.info("An extension was deleted before its change was taken back")
                return
            LOGGER.warning("The earlier presence could not be brought back: %s", err)
            report_not_restored(self._hass, self._entry, key, extension)
        else:
            left = without(self._schedule[key], due)
            self._schedule.put(key, left)
            if left is not None and waiting:
                self._schedule.call_at(key, dt_util.utcnow() + _TRY_AGAIN)

    async def _bring_back(self, key: str, values: Mapping[str, str]) -> None:
        """Write earlier values; a lost reply is not a failure if a reading shows them.

        Raises:
            RingCentralError: they were not written, as far as is known.
        """
        self._restoring.add(key)
        try:
            await self._write(key, values)
        except RetryLater as err:
            if not is_in_doubt(err):
                raise
            # Read now, because later a person may have chosen the same value as the change that ends here.
            current = await self._read(key)
            restore = self._schedule[key]
            if restore is not None and values_to_write(restore, current, values):
                raise
        finally:
            self._restoring.discard(key)
