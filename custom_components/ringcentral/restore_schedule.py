"""Keeps what has to be undone on disk, and says when it is due, also after a restart."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.event import async_track_point_in_utc_time
from homeassistant.helpers.storage import Store
from homeassistant.util import dt as dt_util

from .const import DOMAIN, LOGGER
from .restores import Restore, is_overdue, look_at

# Seconds until what can be learned again is written to disk.
_SAVE_DELAY: Final = 1.0
# Restores that were dropped, as diagnostics show them; the newest ones are kept.
_MOST_DROPPED: Final = 20
# A machine may start with the wrong time and put its clock right later.
_LONGEST_TIMER: Final = timedelta(minutes=10)


def _store(hass: HomeAssistant, entry_id: str) -> Store[dict[str, Any]]:
    return Store(hass, 1, f"{DOMAIN}.{entry_id}", private=True)


async def remove_stored(hass: HomeAssistant, entry_id: str) -> None:
    """Delete what is stored for an entry."""
    await _store(hass, entry_id).async_remove()


class RestoreSchedule:
    """What is to be undone by extension id, and which extensions had the department setting."""

    def __init__(
        self, hass: HomeAssistant, entry_id: str, due: Callable[[str], None]
    ) -> None:
        """Take what is called with an extension id when its restore has to be looked at."""
        self._hass = hass
        self._due = due
        self._store = _store(hass, entry_id)
        self._restores: dict[str, Restore] = {}
        self._timers: dict[str, CALLBACK_TYPE] = {}
        self._is_dirty = False
        self._is_stopped = False
        self.department: set[str] = set()
        self.dropped: list[dict[str, str]] = []

    async def load(self) -> None:
        """Read what is on disk, before anything is written there."""
        stored = await self._store.async_load() or {}
        restores = stored.get("restores")
        unreadable = 0
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
        self.department = set(_texts(stored.get("department")))
        dropped = stored.get("dropped")
        self.dropped = [
            one
            for one in (dropped if isinstance(dropped, list) else ())
            if isinstance(one, dict)
        ]

    def start(self) -> None:
        """Start the timers, and drop what is long overdue."""
        now = dt_util.utcnow()
        overdue = [
            key for key, restore in self._restores.items() if is_overdue(restore, now)
        ]
        self.drop_overdue(overdue)
        for key, restore in self._restores.items():
            self.call_at(key, look_at(restore, now))

    async def stop(self) -> None:
        """Cancel all timers, and write what is not on disk yet."""
        self._is_stopped = True
        for cancel in self._timers.values():
            cancel()
        self._timers.clear()
        if self._is_dirty:
            await self.save_now()

    def __getitem__(self, extension_id: str) -> Restore | None:
        """Return what there is to undo of an extension, if anything."""
        return self._restores.get(extension_id)

    def items(self) -> list[tuple[str, Restore]]:
        """Return all that there is to undo, by extension id."""
        return list(self._restores.items())

    @callback
    def put(self, extension_id: str, restore: Restore | None) -> None:
        """Replace what there is to undo, and look at it when it says so."""
        if restore is None:
            if self._restores.pop(extension_id, None) is None:
                return
            self._cancel(extension_id)
        else:
            self._restores[extension_id] = restore
            self.call_at(extension_id, look_at(restore, dt_util.utcnow()))
        self.save_soon()

    @callback
    def drop_overdue(self, extension_ids: list[str]) -> None:
        """Drop restores that are long overdue, and say so once."""
        for key in extension_ids:
            if (restore := self._restores.get(key)) is not None:
                self._dropped(restore, "overdue")
                self.put(key, None)
        if extension_ids:
            LOGGER.warning(
                "%s changes for a time ended more than an hour ago, while RingCentral could not be reached,"
                " and are not taken back any more",
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
        """Have a restore looked at at a time, or by then if the clock turns out to be wrong."""
        self._cancel(extension_id)
        if self._is_stopped:
            return

        soon = dt_util.utcnow() + _LONGEST_TIMER

        @callback
        def look(_now: datetime) -> None:
            del self._timers[extension_id]
            if soon < at:
                self.call_at(extension_id, at)
            else:
                self._due(extension_id)

        self._timers[extension_id] = async_track_point_in_utc_time(
            self._hass, look, min(at, soon)
        )

    def is_waiting(self, extension_id: str) -> bool:
        """Whether a restore has a timer that has not run out."""
        return extension_id in self._timers

    def _cancel(self, extension_id: str) -> None:
        if extension_id in self._timers:
            self._timers.pop(extension_id)()

    async def save_now(self) -> None:
        """Write everything to disk, and return once it is there."""
        await self._store.async_save(self._data())

    @callback
    def save_soon(self) -> None:
        """Write everything to disk in a moment, and at the latest when the entry is unloaded."""
        self._is_dirty = True
        self._store.async_delay_save(self._data, _SAVE_DELAY)

    def _data(self) -> dict[str, Any]:
        self._is_dirty = False
        return {
            "department": sorted(self.department),
            "restores": {
                key: restore.as_dict() for key, restore in self._restores.items()
            },
            "dropped": list(self.dropped),
        }


def _texts(value: Any) -> list[str]:
    return (
        [each for each in value if isinstance(each, str)]
        if isinstance(value, list)
        else []
    )
