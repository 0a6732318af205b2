"""One account: signs in, follows extensions, and keeps their presence right until it is stopped."""

import asyncio
from collections.abc import (
    AsyncGenerator,
    Callable,
    Collection,
    Coroutine,
    Iterable,
    Mapping,
)
from datetime import UTC, datetime
import logging
from types import TracebackType
from typing import Any, Final, Self

from ..backoff import Backoff
from ..errors import (
    Misconfigured,
    PermissionMissing,
    Reason,
    RetryLater,
    RingCentralError,
    SignInRequired,
)
from ..filters import is_list_event, is_presence_filter
from ..models import DndStatus, Event, Extension, Presence, UserStatus
from ..presence import merge, update_from_event
from ..sign_in import SignIn
from ..stream import Continuity, Stream, StreamHistory, Subscription
from .choices import Choices
from .listener import AccountListener, Change, ChangeQueue, Listeners
from .members import Members
from .presence_tracker import PresenceTracker
from .refusals import Refusals

_LOGGER = logging.getLogger(__name__)

# Seconds without progress, at the first connect and snapshot, before `start` gives up.
START_TIMEOUT: Final = 60.0
# Seconds between slow re-reads, which mend what no event told; a few requests in six hours.
RESYNC_EVERY: Final = 6 * 3_600.0

# Fields that somebody may have changed since they were last told.
_SETTABLE: Final = frozenset({"user_status", "dnd_status", "message"})

_CREDENTIALS: Final = frozenset(
    {Reason.INVALID_CLIENT, Reason.GRANT_NOT_ALLOWED, Reason.WRONG_SERVER}
)

type CreateTask = Callable[[Coroutine[Any, Any, None], str], asyncio.Task[None]]


def needs_sign_in(error: RingCentralError) -> bool:
    """Whether other credentials are what helps."""
    return isinstance(error, SignInRequired) or (
        isinstance(error, Misconfigured) and error.reason in _CREDENTIALS
    )


class Account[SignInT: SignIn = SignIn]:
    """Presence of the followed extensions by extension id, current while `is_current`.

    Use it as a context manager, which signs out at the end, or call `start` and `stop`.
    """

    # The connection, once `start` has read who is followed.
    stream: Stream

    def __init__(
        self,
        sign_in: SignInT,
        choices: Choices,
        *,
        account_id: str | None = None,
        utcnow: Callable[[], datetime] | None = None,
        create_task: CreateTask | None = None,
    ) -> None:
        """Take a sign-in and whom to follow; nothing is sent before `start`.

        ``account_id`` is the account that the sign-in is known to belong to; ``utcnow`` returns the time with its zone; ``create_task`` begins a task with a name.
        """
        self._sign_in = sign_in
        self.is_current = False
        self.last_error: RingCentralError = RetryLater(Reason.CANNOT_CONNECT)
        self._listeners = Listeners()
        self._members = Members(sign_in.rest, choices, account_id)
        self._tracker = PresenceTracker(
            sign_in.rest, self._listeners, utcnow or _utcnow
        )
        self._rereads = self._tracker.rereads
        self.presences = self._tracker.presences
        self.calls = self._tracker.calls
        self._refusals = Refusals()
        self._create_task = create_task or _create_task
        self._task: asyncio.Task[None] | None = None
        self._ready = asyncio.Event()
        self._failed = asyncio.Event()
        # A break leaves a snapshot to be read.
        self._behind = asyncio.Event()
        self._breaks = 0
        self._live_filters: frozenset[str] = frozenset()

    # What is known.

    @property
    def sign_in(self) -> SignInT:
        """The sign-in that the account was given."""
        return self._sign_in

    @property
    def own(self) -> Extension:
        """The extension of the user who signed in, once `start` has read it."""
        return self._members.own

    @property
    def id(self) -> str:
        """The account's id, once `start` has read it."""
        return self.own.account_id or self.own.id

    @property
    def extensions(self) -> Mapping[str, Extension]:
        """The followed extensions by id."""
        return self._members.extensions

    @property
    def members_complete(self) -> bool:
        """Whether every list could be read; others may be meant, too, where one was refused."""
        return self._members.is_complete

    @property
    def missing(self) -> Collection[str]:
        """Ids of extensions that the last reading of the lists lacked, and that are not removed yet."""
        return self._members.missing.keys()

    @property
    def lost_choices(self) -> tuple[str, ...]:
        """Ids that were chosen one by one and are not in the account any more."""
        return self._members.lost_choices

    def expect_members(self, extension_ids: Iterable[str]) -> None:
        """Name extensions that an earlier run followed with the same choices.

        One reading that lacks them does not remove them: they are missing until another one agrees.
        """
        self._members.expect(extension_ids)

    @property
    def is_ready(self) -> bool:
        """Whether everything was known at least once."""
        return self._ready.is_set()

    @property
    def is_live(self) -> bool:
        """Whether events arrive at this moment."""
        return self._task is not None and self.stream.is_live

    # Listening.

    def add_listener(self, listener: AccountListener) -> Callable[[], None]:
        """Call a listener from now on; return what removes it."""
        return self._listeners.add(listener)

    async def changes(self) -> AsyncGenerator[Change]:
        """Yield what changes from the first request for a change on; end when the account is stopped.

        Raises:
            SignInRequired, PermissionMissing, Misconfigured: RingCentral refused in its own words.
        """
        queue = ChangeQueue(lambda extension_id: self.extensions[extension_id])
        remove = self.add_listener(queue)
        try:
            while (change := await queue.next()) is not None:
                yield change
        finally:
            remove()

    # Beginning and end.

    async def __aenter__(self) -> Self:
        """Start."""
        try:
            await self.start()
        except BaseException:
            await self.sign_in.close()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop, and end the session."""
        try:
            await self.stop()
        finally:
            await self.sign_in.close()

    async def start(self) -> None:
        """Follow; return once every presence is known. What fails leaves nothing running.

        Raises:
            RetryLater, SignInRequired, PermissionMissing, Misconfigured: it did not come so far.
        """
        await self._members.read()
        self._track_members()
        self.stream = self._new_stream()
        self._task = self._create_task(self._run(), "ringcentral account")
        try:
            await self._first_success(self._task)
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """End the connection with all that it opened; the sign-in stays."""
        if self._task is not None and not self._task.done():
            self._task.cancel()
            await asyncio.wait([self._task])
        # Only now: what ends may still change calls.
        self.calls.stop()
        self._listeners.call(lambda listener: listener.account_stopped())

    async def _first_success(self, task: asyncio.Task[None]) -> None:
        waits = [
            asyncio.ensure_future(event.wait()) for event in (self._ready, self._failed)
        ]
        try:
            read = -1
            # As long as presence is being read, it goes on: a large account takes minutes.
            while read != self._tracker.read_count:
                read = self._tracker.read_count
                done, _ = await asyncio.wait(
                    {task, *waits},
                    timeout=START_TIMEOUT,
                    return_when=asyncio.FIRST_COMPLETED,
                )
                if done:
                    break
        finally:
            for wait in waits:
                wait.cancel()
        if task.done():
            await task
        if not self.is_ready:
            raise self.last_error

    # Reading and writing.

    async def read_presence(self, extension_id: str) -> Presence:
        """Read the presence of one extension now, and return it; what can be set and was not told is None.

        Raises:
            RingCentralError: it could not be read.
        """
        found = await self._tracker.show_reply(
            extension_id, self.sign_in.rest.presence(extension_id)
        )
        # An extension that is not followed can be read as well.
        if (known := self.presences.get(extension_id)) is None:
            return merge(Presence(extension_id=extension_id), found)
        untold: dict[str, Any] = dict.fromkeys(_SETTABLE - found.changes.keys())
        return known._replace(**untold)

    async def read_presences(
        self, extension_ids: Iterable[str]
    ) -> dict[str, RingCentralError]:
        """Read presence of followed extensions now. Return the errors by id of those that could not be read."""
        return await self._tracker.read_each(extension_ids)

    async def update_presence(
        self,
        extension_id: str,
        *,
        user_status: UserStatus | None = None,
        dnd_status: DndStatus | None = None,
        message: str | None = None,
    ) -> None:
        """Change presence of one extension, and show what the service answers.

        Raises:
            RingCentralError: it was refused, or the outcome is not known.
        """
        known = self.presences.get(extension_id)
        reply = self.sign_in.rest.update_presence(
            extension_id,
            user_status=user_status,
            dnd_status=dnd_status,
            message=message,
            has_personal_dnd=known is not None
            and known.dnd_status_personal is not None,
        )
        await self._tracker.show_reply(extension_id, reply)

    async def read(
        self, extension_ids: tuple[str, ...], *, anew: bool, is_live: bool = False
    ) -> None:
        """Read presence of followed extensions; see `PresenceTracker.read`."""
        await self._tracker.read(extension_ids, anew=anew, is_live=is_live)

    # The stream speaks.

    def stream_event(self, event: Event) -> None:
        """Merge an event, and call the listeners if it changed anything."""
        update = update_from_event(event)
        if update is None or not update.changes:
            if is_list_event(event.uri):
                self._members.event(event.body, self.presences)
            return
        self._tracker.apply(update)

    def stream_live(self, continuity: Continuity) -> None:
        """Read a snapshot after a break; otherwise what is known is current."""
        subscription = self.stream.subscription
        is_broken = continuity is Continuity.BROKEN
        self._filters_live(subscription, is_read=is_broken)
        if is_broken:
            self._breaks += 1
            self._tracker.is_caught_up = False
            self.presences.forget_sequences()
            self._behind.set()
        elif self._tracker.is_caught_up:
            self._become_current()
        self._listeners.call(lambda listener: listener.account_connected(subscription))

    def stream_lost(self, error: RingCentralError) -> None:
        """Go on trying."""
        self.is_current = False
        self._trouble(error)

    def _filters_live(
        self, subscription: Subscription | None, *, is_read: bool
    ) -> None:
        """Read presence once where a filter is new: it reports no earlier changes."""
        live = frozenset(subscription.live if subscription else ())
        new = live - self._live_filters
        if not is_read and any(is_presence_filter(name) for name in new):
            self._rereads.read_again(self.presences)
        self._live_filters = live

    def _become_current(self) -> None:
        self.is_current = True
        self._ready.set()
        self._refusals.reset()
        self._listeners.call(lambda listener: listener.account_live())

    def _trouble(self, error: RingCentralError) -> None:
        self.last_error = error
        if not self.is_ready:
            self._failed.set()
        if not self.is_current:
            self._listeners.call(lambda listener: listener.account_lost(error))

    # The life of the account; each of these goes on until it is cancelled or fails.

    async def _run(self) -> None:
        while True:
            try:
                await self._follow()
            except ExceptionGroup as group:
                error = _cause(group)
            if not self.is_ready:
                raise error
            step = self._refusals.next(error)
            self._ended(error, is_told=step.is_told)
            await asyncio.sleep(step.wait)
            if step.is_told and isinstance(error, PermissionMissing):
                # What a session may do was fixed when it began.
                await self.sign_in.tokens.begin_anew()
            self.stream = self._new_stream(self.stream.history)

    def _ended(self, error: RingCentralError, *, is_told: bool) -> None:
        self.is_current = False
        if is_told:
            self.last_error = error
            self._listeners.call(lambda listener: listener.account_failed(error))
        else:
            _LOGGER.debug("Refused (%s), looking once more", error)
            self._trouble(error)

    def _new_stream(self, history: StreamHistory | None = None) -> Stream:
        http, rest, tokens = self.sign_in.http, self.sign_in.rest, self.sign_in.tokens
        return Stream(http, rest, tokens, self._members.plan, self, history=history)

    async def _follow(self) -> None:
        self._behind.clear()
        async with asyncio.TaskGroup() as group:
            group.create_task(self.stream.run())
            group.create_task(self._catch_up())
            group.create_task(self._rereads.run())
            group.create_task(
                self._members.run(self._update_members, self._rereads.read_again)
            )
            group.create_task(self._resync())

    async def _catch_up(self) -> None:
        """Read a snapshot after every break; what is known is current from then on."""
        backoff = Backoff()
        while True:
            await self._behind.wait()
            self._behind.clear()
            breaks = self._breaks
            stale = dict.fromkeys(self.presences)
            while stale and breaks == self._breaks:
                try:
                    wait = await self._tracker.catch_up(stale)
                except RetryLater as err:
                    _LOGGER.debug("Snapshot failed: %s", err)
                    self._trouble(err)
                    wait = backoff.next(err.retry_after)
                else:
                    backoff.reset()
                if wait:
                    await asyncio.sleep(wait)
            self._tracker.is_caught_up = breaks == self._breaks
            if self.is_ready:
                # No event told who joined or left during the break.
                self._members.changed()
            if self._tracker.is_caught_up and self.is_live:
                self._become_current()

    async def _resync(self) -> None:
        """Read everything again now and then."""
        while True:
            await asyncio.sleep(RESYNC_EVERY)
            self.stream.ask_again()
            self._rereads.read_again(self.presences)
            self._members.changed()

    def _track_members(self) -> None:
        without_person = [
            key for key, each in self.extensions.items() if not each.has_person
        ]
        self.presences.follow(self.extensions, without_person)

    async def _update_members(self) -> None:
        before = self.extensions
        left = await self._members.read()
        self._track_members()
        for key in left:
            self._tracker.forget(key)
        self.stream.change_filters(self._members.plan)
        joined = tuple(key for key in self.extensions if key not in before)
        # Read before anybody hears of them, so that they have a state from the start.
        await self._rereads.try_to_read(joined)
        self._listeners.call(lambda listener: listener.members_changed(joined, left))


def _utcnow() -> datetime:
    return datetime.now(UTC)


def _create_task(work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
    return asyncio.create_task(work, name=name)


def _cause(group: ExceptionGroup) -> RingCentralError:
    """Return what ended the run; a fault of ours is logged, and tried again like trouble of the service."""
    known = [error for error in group.exceptions if isinstance(error, RingCentralError)]
    if (unknown := group.split(RingCentralError)[1]) is not None:
        _LOGGER.error("Unexpected error while following", exc_info=unknown)
    return known[0] if known else RetryLater(Reason.SERVICE_ERROR)
