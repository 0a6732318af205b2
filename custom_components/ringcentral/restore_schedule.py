"""Keeps what has to be undone on disk, and says when it is due, even after a restart."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later
from homeassistant.helpers.storage import Store
from homeassistant.util import dt as dt_util

from .aioringcentral import durations
from .const import DOMAIN, LOGGER
from .restores import Restore, look_at, moved, overdue, without
from .stored import load

# What is stored, as the log calls it.
_WHAT: Final = "what changes for a time leave to undo"
# Seconds until values that can be learned again are written to disk.
_SAVE_DELAY: Final = 1.0
# How many dropped restores are kept for diagnostics, the newest ones.
_MOST_DROPPED: Final = 20
# No clock is further off than this.
_FARTHEST: Final = timedelta(days=100_000)
# Seconds. A machine may start with the wrong time, and correct its clock later.
_LONGEST_TIMER: Final = 600.0
# If the offset between our clock and the service's differs from an earlier run's by more, one of the clocks was wrong.
_WRONG: Final = timedelta(minutes=1)
# If our clock moves against the clock that measures durations by more than this, that is a step.
_STEP: Final = timedelta(seconds=5)


def _store(hass: HomeAssistant, entry_id: str) -> Store[dict[str, Any]]:
    return Store(hass, 1, f"{DOMAIN}.{entry_id}", private=True)


async def has_stored(hass: HomeAssistant, entry_id: str) -> bool:
    """Return whether anything to undo is stored for an entry."""
    return bool((await load(_store(hass, entry_id), _WHAT)).get("restores"))


async def remove_stored(hass: HomeAssistant, entry_id: str) -> None:
    """Delete what is stored for an entry."""
    await _store(hass, entry_id).async_remove()


class RestoreSchedule:
    """What is to be undone, by extension id, and which extensions had the department setting."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry_id: str,
        due: Callable[[str], None],
        service_time: Callable[[], datetime | None],
    ) -> None:
        """Take a callback that gets an extension id when its restore has to be looked at, and the service's clock."""
        self._hass = hass
        self._due = due
        self._service_time = service_time
        # By how much the service's clock was ahead of ours when this was stored.
        self._was_ahead: timedelta | None = None
        self._store = _store(hass, entry_id)
        self._restores: dict[str, Restore] = {}
        self._timers: dict[str, CALLBACK_TYPE] = {}
        # Restores of changes that were made in this run: they wait for a duration, whatever the time of day is.
        self._begun: set[str] = set()
        self._clock = _clock()
        self._is_dirty = False
        # True between start and stop.
        self._is_running = False
        self.department: set[str] = set()
        self.dropped: list[dict[str, str]] = []

    async def load(self) -> None:
        """Read what is on disk, before anything is written there."""
        stored = await load(self._store, _WHAT)
        restores = stored.get("restores")
        unreadable = int(bool(restores) and not isinstance(restores, dict))
        for key, data in restores.items() if isinstance(restores, dict) else ():
            if (restore := Restore.from_dict(data)) is None:
                unreadable += 1
            else:
                self._restores[key] = restore
        if unreadable:
            LOGGER.warning(
                "%s changes for a time cannot be taken back: what is stored of them is unreadable",
                unreadable,
            )
        ahead = stored.get("service_ahead")
        if isinstance(ahead, int) and abs(ahead) < _FARTHEST.total_seconds():
            self._was_ahead = timedelta(seconds=ahead)
        self.department = set(_texts(stored.get("department")))
        dropped = stored.get("dropped")
        self.dropped = [
            one
            for one in (dropped if isinstance(dropped, list) else ())
            if isinstance(one, dict)
        ]

    def start(self) -> None:
        """Start the timers, and drop what is long overdue."""
        self._is_running = True
        self._put_right()
        self.drop_all_overdue()
        now = dt_util.utcnow()
        for key, restore in self._restores.items():
            self.call_at(key, look_at(restore, now))

    async def stop(self) -> None:
        """Cancel all timers, and write what is not on disk yet."""
        self._is_running = False
        for cancel in self._timers.values():
            cancel()
        self._timers.clear()
        if self._is_dirty:
            await self._save_now()

    def __getitem__(self, extension_id: str) -> Restore | None:
        """Return what there is to undo for an extension, if anything."""
        self._follow_clock()
        return self._restores.get(extension_id)

    def drop_all_overdue(self) -> None:
        """Drop what is long overdue."""
        now = dt_util.utcnow()
        self.drop_overdue(
            [key for key, each in self._restores.items() if overdue(each, now)]
        )

    def items(self) -> list[tuple[str, Restore]]:
        """Return all that there is to undo, by extension id."""
        return list(self._restores.items())

    @callback
    def begin(self, extension_id: str, restore: Restore) -> None:
        """Store what a change that is made now leaves to undo."""
        self._follow_clock()
        self._begun.add(extension_id)
        self.put(extension_id, restore)

    @callback
    def put(self, extension_id: str, restore: Restore | None) -> None:
        """Replace what there is to undo, and look at it when that is due."""
        if restore is None:
            if self._restores.pop(extension_id, None) is None:
                return
            self._begun.discard(extension_id)
            self._cancel(extension_id)
        else:
            self._restores[extension_id] = restore
            self.call_at(extension_id, look_at(restore, dt_util.utcnow()))
        self.save_soon()

    @callback
    def drop_overdue(self, extension_ids: list[str]) -> None:
        """Drop what is long overdue for some extensions, and say so once."""
        now = dt_util.utcnow()
        for key in extension_ids:
            if (restore := self._restores.get(key)) is not None:
                self._dropped(restore, "overdue")
                self.put(key, without(restore, overdue(restore, now)))
        if extension_ids:
            LOGGER.warning(
                "%s changes for a time ended more than an hour ago, while RingCentral could not be reached or did not"
                " tell what was to be restored, and are not taken back any more",
                len(extension_ids),
            )

    @callback
    def drop_refused(self, extension_id: str) -> None:
        """Drop a restore that RingCentral refuses for good."""
        if (restore := self._restores.get(extension_id)) is not None:
            self._dropped(restore, "refused")
            self.put(extension_id, None)

    def _dropped(self, restore: Restore, reason: str) -> None:
        self.dropped.append({"due": restore.at.isoformat(), "reason": reason})
        del self.dropped[:-_MOST_DROPPED]

    @callback
    def call_at(self, extension_id: str, at: datetime) -> None:
        """Have a restore looked at when that time comes, even if the clock turns out to be wrong."""
        wait = (at - dt_util.utcnow()).total_seconds()
        self._wait(extension_id, at, durations.steady_clock() + wait)

    def _wait(self, extension_id: str, at: datetime, steady_at: float) -> None:
        """Wait until one of two clocks says that it is time, because looking too early does no harm."""
        self._cancel(extension_id)
        if not self._is_running:
            return

        def left() -> float:
            return min(
                (at - dt_util.utcnow()).total_seconds(),
                steady_at - durations.steady_clock(),
            )

        @callback
        def look(_now: datetime) -> None:
            del self._timers[extension_id]
            if left() > 0:
                self._wait(extension_id, at, steady_at)
            else:
                self._due(extension_id)

        self._timers[extension_id] = async_call_later(
            self._hass, min(max(0.0, left()), _LONGEST_TIMER), look
        )

    def _put_right(self) -> None:
        """Move the times that an earlier run stored if our clock was different then, since it may be wrong at a start."""
        ahead = self._ahead()
        if ahead is None or self._was_ahead is None:
            return
        self._follow_clock()
        step = self._was_ahead - ahead
        if abs(step) > _WRONG:
            for key, restore in self._restores.items():
                self._restores[key] = moved(restore, step)
        # From now on they wait for a duration.
        self._begun.update(self._restores)

    def _ahead(self) -> timedelta | None:
        """Return by how much the service's clock is ahead of ours."""
        there = self._service_time()
        return None if there is None else there - dt_util.utcnow()

    def _follow_clock(self) -> None:
        """Move the times of changes from this run along with a step of the clock, which does not affect a duration."""
        clock = _clock()
        step, self._clock = clock - self._clock, clock
        if abs(step) < _STEP:
            return
        for key in self._begun:
            self._restores[key] = moved(self._restores[key], step)
        if self._begun and self._is_running:
            self.save_soon()

    def is_waiting(self, extension_id: str) -> bool:
        """Whether a restore has a timer that has not run out."""
        return extension_id in self._timers

    def _cancel(self, extension_id: str) -> None:
        if extension_id in self._timers:
            self._timers.pop(extension_id)()

    async def is_kept(self, extension_id: str) -> bool:
        """Write everything to disk, and return whether what there is to undo for an extension is there.

        It is read back, because Home Assistant raises no error if a disk is full.
        """
        await self._save_now()
        kept = (await load(self._store, _WHAT)).get("restores")
        found = kept.get(extension_id) if isinstance(kept, dict) else None
        restore = self._restores.get(extension_id)
        return restore is not None and Restore.from_dict(found) == restore

    async def _save_now(self) -> None:
        try:
            await self._store.async_save(self._data())
        except OSError as err:
            self._is_dirty = True
            LOGGER.warning(
                "%s cannot be written to disk: %s",
                _WHAT.capitalize(),
                type(err).__name__,
            )

    @callback
    def save_soon(self) -> None:
        """Write everything to disk in a moment, at the latest when the entry is unloaded."""
        self._is_dirty = True
        self._store.async_delay_save(self._data, _SAVE_DELAY)

    def _data(self) -> dict[str, Any]:
        self._follow_clock()
        self._is_dirty = False
        ahead = self._ahead()
        return {
            "service_ahead": None if ahead is None else round(ahead.total_seconds()),
            "department": sorted(self.department),
            "restores": {
                key: restore.as_dict() for key, restore in self._restores.items()
            },
            "dropped": list(self.dropped),
        }


def _clock() -> datetime:
    """Return when the clock that measures durations was at zero, which changes when our clock is set."""
    return dt_util.utcnow() - timedelta(seconds=durations.steady_clock())


def _texts(value: Any) -> list[str]:
    return (
        [each for each in value if isinstance(each, str)]
        if isinstance(value, list)
        else []
    )
