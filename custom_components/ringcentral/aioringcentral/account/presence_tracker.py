"""Presence and calls of the followed extensions: merges events and readings, and calls the listeners."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import datetime
from itertools import batched

from ..batches import BATCH
from ..calls.state import CallEvent, Calls
from ..causes import Cause, LastReadings, Why
from ..errors import Reason, RetryLater, RingCentralError
from ..models import Presence, PresenceUpdate
from ..pauses import Pauses
from ..presence_store import Journal, PresenceStore
from ..rest import Rest
from ..snapshot import SnapshotReader
from .listener import Listeners, PresenceChange
from .live_calls import LiveCalls
from .rereads import Rereads


class PresenceTracker:
    """Keeps presence and calls by extension id, and tells the listeners what changed."""

    def __init__(
        self, rest: Rest, listeners: Listeners, utcnow: Callable[[], datetime]
    ) -> None:
        """Read through ``rest``; ``utcnow`` is the clock of calls."""
        self.presences = PresenceStore()
        self.calls = LiveCalls(utcnow, self._calls_ended)
        self.rereads = Rereads(self.presences, self.read)
        # False between a break and its snapshot, when it is unknown which changes of calls are new.
        self.is_caught_up = False
        # How many extensions have been read so far, as a measure of progress.
        self.read_count = 0
        self.last_readings = LastReadings()
        self._listeners = listeners
        self._rest = rest
        self._reader = SnapshotReader(rest)

    def apply(self, update: PresenceUpdate) -> None:
        """Merge an event, and call the listeners if it changed anything."""
        if (before := self.presences.apply(update)) is not None:
            self._show(update.extension_id, before, is_live=True)
        self._listeners.event_received(update)

    async def read(
        self, wanted: Mapping[str, Why], *, reset: bool, is_live: bool = False
    ) -> None:
        """Read the presence of followed extensions, each for a reason; events that arrive meanwhile count as newer.

        With ``reset``, fields that the service does not send become unknown; with ``is_live``, changes of
        calls are reported as news. Raises `RingCentralError`.
        """
        self.note(wanted)
        journal = self.presences.begin_read()
        try:
            readings = await self._reader.read(wanted)
        except BaseException:
            self.presences.abandon_read(journal)
            raise
        await self._take_in(
            journal, wanted, readings.found, reset=reset, is_live=is_live
        )
        self.rereads.read_later(
            {key: wanted[key] for key in readings.later}, readings.retry_after
        )

    async def read_each(
        self, extension_ids: Iterable[str]
    ) -> dict[str, RingCentralError]:
        """Read the presence of extensions, batch by batch; return the errors of those that could not be read, by id."""
        errors: dict[str, RingCentralError] = {}
        now = asyncio.get_running_loop().time
        for batch in batched(dict.fromkeys(extension_ids), BATCH, strict=False):
            self.note(dict.fromkeys(batch, Why(Cause.ASKED, now())))
            journal = self.presences.begin_read()
            try:
                readings = await self._rest.presences(batch)
            except RingCentralError as err:
                self.presences.abandon_read(journal)
                errors |= dict.fromkeys(batch, err)
                continue
            except BaseException:
                self.presences.abandon_read(journal)
                raise
            await self._take_in(
                journal, batch, readings.found, reset=False, is_live=True
            )
            found = {update.extension_id for update in readings.found}
            unreadable = RetryLater(Reason.SERVICE_ERROR)
            errors |= {
                key: readings.refused.get(key, unreadable)
                for key in batch
                if key not in found
            }
        return errors

    async def catch_up(self, stale: dict[str, Why]) -> float | None:
        """Read presence after a break; each extension that was read leaves ``stale``, whatever fails later.

        Return the seconds to wait before the rest is read. Raise `RingCentralError` if nothing was read.
        """
        journal = self.presences.begin_read()
        wanted = {key: why for key, why in stale.items() if key in self.presences}
        self.note(wanted)
        try:
            readings = await self._reader.read(wanted)
        except BaseException:
            self.presences.abandon_read(journal)
            raise
        later = {key: wanted[key] for key in readings.later}
        if len(later) >= len(stale) or readings.retry_after is None:
            # A few that cannot be read must not keep all the others waiting: they are unknown for now.
            self.rereads.read_later(later, readings.retry_after)
            later = {}
        read = tuple(key for key in wanted if key not in later)
        await self._take_in(journal, read, readings.found, reset=True, is_live=False)
        self.read_count += len(read)
        stale.clear()
        stale |= later
        return readings.retry_after if later else None

    async def show_reply(
        self, extension_id: str, reply: Awaitable[PresenceUpdate]
    ) -> PresenceUpdate:
        """Show the presence in a reply, and return it; events that arrive meanwhile count as newer.

        It is as live as an event: the event for it is on its way, or was lost.
        """
        journal = self.presences.begin_read()
        try:
            found = await reply
        except BaseException:
            self.presences.abandon_read(journal)
            raise
        await self._take_in(
            journal, (extension_id,), (found,), reset=False, is_live=True
        )
        return found

    def forget(self, extension_id: str) -> None:
        """Drop an extension that is no longer followed."""
        self.rereads.forget(extension_id)
        self.calls.forget(extension_id)

    def note(self, wanted: Mapping[str, Why]) -> None:
        """Note that these extensions are being read now."""
        self.last_readings.note(wanted, asyncio.get_running_loop().time())

    async def _take_in(
        self,
        journal: Journal,
        asked: Iterable[str],
        found: Iterable[PresenceUpdate],
        *,
        reset: bool,
        is_live: bool,
    ) -> None:
        """Apply a reading part by part; what arrives in between counts as newer than the parts that follow."""
        snapshot = {update.extension_id: update for update in found}
        pauses = Pauses()
        try:
            for key in asked:
                before = self.presences.read_part(
                    journal, key, snapshot.get(key), reset=reset
                )
                if before is not None:
                    self._show(key, before, is_live=is_live)
                await pauses.take()
        finally:
            self.presences.abandon_read(journal)

    def _show(self, key: str, before: Presence, *, is_live: bool) -> None:
        presence, calls_before = self.presences[key], self.calls[key]
        if is_live and self.is_caught_up:
            events = self.calls.advance(presence)
        else:
            events = self.calls.resync(presence)
        self.rereads.look_at(presence)
        self._listeners.presence_changed(
            PresenceChange(before, presence, calls_before, self.calls[key], events)
        )

    def _calls_ended(
        self, key: str, calls_before: Calls, events: tuple[CallEvent, ...]
    ) -> None:
        if (presence := self.presences.get(key)) is not None:
            self._listeners.presence_changed(
                PresenceChange(
                    presence, presence, calls_before, self.calls[key], events
                )
            )
