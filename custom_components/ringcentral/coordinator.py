"""The account: snapshot and stream become presence by extension, and wake the listeners of that extension."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, override

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.update_coordinator import BaseDataUpdateCoordinatorProtocol

from .aioringcentral.backoff import Backoff
from .aioringcentral.calls.reducer import Calls
from .aioringcentral.errors import Reason, RetryLater, RingCentralError
from .aioringcentral.filters import is_list_event, named_extensions
from .aioringcentral.membership import Follow, Following, following, read_lists
from .aioringcentral.models import (
    DndStatus,
    Event,
    Extension,
    Presence,
    PresenceUpdate,
    UserStatus,
)
from .aioringcentral.presence import merge, update_from_event
from .aioringcentral.presence_store import PresenceStore
from .aioringcentral.snapshot import SnapshotReader
from .aioringcentral.stream import Continuity, Stream
from .availability import Availability
from .call_watch import CallWatch
from .const import (
    ATTR_CALLER_NAME,
    ATTR_CALLER_NUMBER,
    CALLER_FULL,
    CALLER_HIDDEN,
    CONF_CALLER_IDENTITY,
    CONF_EXTENSIONS,
    CONF_FOLLOW,
    LOGGER,
)
from .counts import Tally
from .lifecycle import Lifecycle
from .listeners import Listeners
from .presence_writer import PresenceWriter
from .repairs import report_connected, report_subscription_limit
from .signin import SignIn
from .upkeep import Upkeep

type RingCentralConfigEntry = ConfigEntry[RingCentralCoordinator]


class RingCentralCoordinator(BaseDataUpdateCoordinatorProtocol):
    """Keeps presence of the followed extensions current; one per config entry."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: RingCentralConfigEntry,
        sign_in: SignIn,
        own: Extension,
    ) -> None:
        """Take a sign-in and the extension of its user; `run` begins the life."""
        self.hass = hass
        self.config_entry = entry
        self.sign_in = sign_in
        self.own = own
        self.account_id = own.account_id or own.id
        self._caller_identity: str = entry.options.get(
            CONF_CALLER_IDENTITY, CALLER_HIDDEN
        )
        self.presences = PresenceStore()
        self.extensions: Mapping[str, Extension] = {}
        self.members_complete = True
        self.calls = CallWatch(hass, self._calls_changed)
        self.tally = Tally()
        self.editor = PresenceWriter(self)
        self.lifecycle = Lifecycle(self)
        self.stream: Stream
        self._reader = SnapshotReader(sign_in.rest)
        self._upkeep = Upkeep(self)
        self._listeners = Listeners()
        self.availability = Availability(hass, self._listeners.wake_everyone)
        # Who adds entities, with those whose entities were added.
        self._members: dict[Callable[[tuple[str, ...]], None], set[str]] = {}
        self._behind = asyncio.Event()
        self._breaks = 0
        self._caught_up = False

    # What entities use.

    @property
    def available(self) -> bool:
        """Whether what is known can be trusted."""
        return self.availability.is_available

    def presence(self, extension_id: str) -> Presence:
        """Return the presence of a followed extension."""
        return self.presences[extension_id]

    @property
    def shows_callers(self) -> bool:
        """Whether the user asked to see who calls."""
        return self._caller_identity != CALLER_HIDDEN

    def caller(self, name: str | None, number: str | None) -> dict[str, str]:
        """Return as much of who is on the line as the user asked to see, as attributes."""
        shown = {}
        if name and self.shows_callers:
            shown[ATTR_CALLER_NAME] = name
        if number and self._caller_identity == CALLER_FULL:
            shown[ATTR_CALLER_NUMBER] = number
        return shown

    @callback
    def wake_controls(self, extension_id: str) -> None:
        """Wake what shows a value that was set, and not confirmed."""
        self._listeners.wake(extension_id, ("user_status", "dnd_status"))

    @callback
    @override
    def async_add_listener(
        self, update_callback: CALLBACK_TYPE, context: Any = None
    ) -> Callable[[], None]:
        """Wake a listener when what its context names changes, and when availability does.

        The context is an extension's id with the fields of `Presence` to watch, and `CALLS`; or `ACCOUNT`
        with `PUSH` and fields of `Counts`.
        """
        key, fields = context
        return self._listeners.add(update_callback, key, fields)

    @callback
    def async_on_members(self, add: Callable[[tuple[str, ...]], None]) -> None:
        """Call with the ids that are followed now, and with those that join later."""
        self._members[add] = set()
        self._announce_to(add)

    # The life of the account; each of these runs until it is cancelled or fails.

    async def read_members(self) -> Following:
        """Read whom the user's choices mean, and follow them; raises `RingCentralError`."""
        options = self.config_entry.options
        choices = [Follow(choice) for choice in options.get(CONF_FOLLOW, [Follow.OWN])]
        if self.extensions:
            self.own = await self.sign_in.rest.own_extension()
        lists = await read_lists(self.sign_in.rest, self.own, choices)
        found = following(choices, options.get(CONF_EXTENSIONS, ()), lists)
        # Where a list was refused, nobody is taken for gone.
        known = {} if found.is_complete else self.extensions
        # Where the account's list was refused, the names of before are the best there are.
        named = {
            key: extension if extension.name else self.extensions.get(key, extension)
            for key, extension in found.extensions.items()
        }
        self.extensions = {**known, **named}
        self.members_complete = found.is_complete
        self.presences.follow(self.extensions)
        return found

    async def run(self, found: Following) -> None:
        """Follow; ends by being cancelled, or by an error that only the user can mend.

        Raises:
            SignInRequired, PermissionMissing, Misconfigured: in an exception group.
        """
        self.stream = Stream(
            self.sign_in.http, self.sign_in.rest, self.sign_in.tokens, found.plan, self
        )
        self._behind.clear()
        async with asyncio.TaskGroup() as group:
            group.create_task(self.stream.run())
            group.create_task(self._catch_up())
            group.create_task(self._upkeep.run())

    async def _catch_up(self) -> None:
        """Read a snapshot after every break, and be available from then on."""
        backoff = Backoff()
        while True:
            await self._behind.wait()
            self._behind.clear()
            breaks = self._breaks
            try:
                await self.read(tuple(self.presences), anew=True)
            except RetryLater as err:
                LOGGER.debug("Snapshot failed: %s", err)
                self._behind.set()
                self.availability.note(err)
                await asyncio.sleep(backoff.next(err.retry_after))
                continue
            backoff.reset()
            self._caught_up = breaks == self._breaks
            if self.availability.ready.is_set():
                # Who joined or left during the break was told to nobody.
                self._upkeep.membership_changed()
            if self._caught_up and self.stream.is_live:
                self.availability.set_available()

    @callback
    def forget(self, extension_id: str) -> None:
        """Drop what is kept of an extension that is no longer followed."""
        self.calls.forget(extension_id)
        self.tally.forget(extension_id)

    @callback
    def announce(self) -> None:
        """Have the entities of those added that joined, and counts shown anew."""
        for add in self._members:
            self._announce_to(add)
        self._listeners.wake_account()

    @callback
    def _announce_to(self, add: Callable[[tuple[str, ...]], None]) -> None:
        told = self._members[add]
        told.intersection_update(self.extensions)
        if joined := tuple(key for key in self.extensions if key not in told):
            told.update(joined)
            add(joined)

    async def read_fresh(self, extension_id: str) -> Presence:
        """Read the presence of one extension now, and return it; raises `RingCentralError`."""
        found = await self._take(extension_id, self.sign_in.rest.presence(extension_id))
        # Somebody who is not followed can be read as well.
        known = self.presences.get(extension_id)
        return known or merge(Presence(extension_id=extension_id), found)

    async def write(
        self,
        extension_id: str,
        *,
        user_status: UserStatus | None = None,
        dnd_status: DndStatus | None = None,
        message: str | None = None,
    ) -> None:
        """Change presence of one extension, and show what the service answers; raises `RingCentralError`."""
        await self._take(
            extension_id,
            self.sign_in.rest.update_presence(
                extension_id,
                user_status=user_status,
                dnd_status=dnd_status,
                message=message,
            ),
        )

    async def _take(
        self, extension_id: str, reply: Awaitable[PresenceUpdate]
    ) -> PresenceUpdate:
        """Take the presence that a reply holds; events that arrive meanwhile count for more."""
        journal = self.presences.begin_read()
        try:
            found = await reply
        except BaseException:
            self.presences.abandon_read(journal)
            raise
        self._settle(
            self.presences.end_read(journal, (extension_id,), (found,), anew=False),
            is_live=True,
        )
        return found

    async def read(
        self, extension_ids: tuple[str, ...], *, anew: bool, is_live: bool = False
    ) -> None:
        """Read presence; events that arrive meanwhile count for more; raises `RingCentralError`."""
        journal = self.presences.begin_read()
        try:
            readings = await self._reader.read(extension_ids)
        except BaseException:
            self.presences.abandon_read(journal)
            raise
        self._settle(
            self.presences.end_read(journal, extension_ids, readings.found, anew=anew),
            is_live=is_live,
        )
        self._upkeep.read_again(readings.later, readings.retry_after)

    @callback
    def _settle(self, before: Mapping[str, Presence], *, is_live: bool) -> None:
        """Show what a reading changed.

        What a reading of one extension finds while events flow is as live as an event: its own event is
        on its way, or got lost. A snapshot of many makes no call events (design 4.5).
        """
        take = self.calls.follow if is_live and self._caught_up else self.calls.settle
        for key, presence in before.items():
            calls = self.calls[key]
            events = take(self.presences[key])
            self._changed(key, presence, calls)
            self.calls.tell(key, events)

    # What the stream tells.

    @callback
    def stream_event(self, event: Event) -> None:
        """Merge an event and wake whom it concerns."""
        update = update_from_event(event)
        if update is None or not update.changes:
            if is_list_event(event.uri):
                self._upkeep.membership_changed(
                    named_extensions(event.body) or self.presences
                )
            return
        key = update.extension_id
        is_confirmed = self.editor.optimistic.confirm(update)
        if (before := self.presences.apply(update)) is not None:
            calls = self.calls[key]
            # Between a break and its snapshot nobody knows what of this is new.
            take = self.calls.follow if self._caught_up else self.calls.settle
            events = take(self.presences[key])
            self._changed(key, before, calls)
            self.calls.tell(key, events)
        if is_confirmed:
            # Where it was overtaken, what came after it counts from now on.
            self.wake_controls(key)

    @callback
    def stream_live(self, continuity: Continuity) -> None:
        """Note that events flow; after a break presence is read before entities are trusted."""
        subscription = self.stream.subscription
        is_broken = continuity is Continuity.BROKEN
        report_connected(self.hass, self.config_entry, subscription)
        self._upkeep.note_filters(subscription, is_read=is_broken)
        if is_broken:
            self._breaks += 1
            self._caught_up = False
            self.presences.forget_sequences()
            self._behind.set()
        elif self._caught_up:
            self.availability.set_available()
        self._listeners.wake_account()

    @callback
    def stream_lost(self, error: RingCentralError) -> None:
        """Keep entities as they are for the grace time."""
        if error.reason is Reason.SUBSCRIPTION_LIMIT:
            report_subscription_limit(self.hass, self.config_entry)
        self.availability.lose(error)
        self._listeners.wake_account()

    @callback
    def _calls_changed(self, extension_id: str, calls: Calls) -> None:
        if extension_id in self.presences:
            self._changed(extension_id, self.presences[extension_id], calls)

    @callback
    def _changed(self, extension_id: str, before: Presence, calls: Calls) -> None:
        """Wake whoever watches what is different from the presence and the calls of before."""
        presence, calls_now = self.presences[extension_id], self.calls[extension_id]
        self.editor.presence_changed(before, presence)
        self._upkeep.note(presence)
        self._listeners.wake_for_presence(before, calls, presence, calls_now)
        counts = self.tally.counts
        if self.tally.note(presence, calls_now):
            self._listeners.wake_for_counts(counts, self.tally.counts)
