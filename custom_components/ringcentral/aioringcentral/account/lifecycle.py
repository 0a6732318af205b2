"""The life of an account's connection: start, catching up after breaks, new beginnings after refusals, stop."""

import asyncio
from collections.abc import Callable, Coroutine
import logging
from typing import Any, Final

from .. import durations
from ..auth import Token
from ..backoff import Backoff
from ..causes import Cause, Why
from ..errors import PermissionMissing, Reason, RetryLater, RingCentralError
from ..filters import (
    EVERYONE,
    VOICEMAILS,
    FilterPlan,
    is_list_event,
    is_presence_filter,
)
from ..models import Event
from ..presence import is_about_somebody, update_from_event
from ..sign_in import SignIn
from ..stream import Continuity, Stream, Subscription
from .features import Features
from .full_rereads import FullRereads
from .listener import Listeners
from .member_changes import MemberChanges
from .members import Members
from .presence_tracker import PresenceTracker
from .run_retries import RunRetries

_LOGGER = logging.getLogger(__name__)

# Seconds without progress, at the first connect and snapshot, before `start` gives up.
START_TIMEOUT: Final = 60.0

type CreateTask = Callable[[Coroutine[Any, Any, None], str], asyncio.Task[None]]


class Lifecycle:
    """Runs the stream and the readings around it; listens to the stream.

    Attributes:
        is_current: whether everything that is known is current.
        last_error: why it last was not.
    """

    # The connection, once `start` has read who is followed.
    stream: Stream

    def __init__(
        self,
        sign_in: SignIn,
        members: Members,
        tracker: PresenceTracker,
        listeners: Listeners,
        features: Features,
        create_task: CreateTask | None = None,
    ) -> None:
        """Take the parts to run; ``create_task`` begins a task with a name."""
        self._features = features
        self._sign_in = sign_in
        self._members = members
        self._tracker = tracker
        self._rereads = tracker.rereads
        self._full_rereads = FullRereads(self._read_everything)
        self._member_changes = MemberChanges(members, tracker, listeners)
        self._listeners = listeners
        self.is_current = False
        self.last_error: RingCentralError = RetryLater(Reason.CANNOT_CONNECT)
        self._retries = RunRetries()
        self._create_task = create_task or _create_task
        self._task: asyncio.Task[None] | None = None
        self._ready = asyncio.Event()
        self._failed = asyncio.Event()
        # Set when a break leaves a snapshot to be read.
        self._behind = asyncio.Event()
        self._breaks = 0
        self._live_filters: frozenset[str] = frozenset()
        self._observations = sign_in.rest.observations
        self._has_account_filter = False

    @property
    def is_ready(self) -> bool:
        """Whether everything was known at least once."""
        return self._ready.is_set()

    @property
    def is_live(self) -> bool:
        """Whether events are arriving now."""
        return self._task is not None and self.stream.is_live

    # Start and stop.

    async def start(self) -> None:
        """Read who is followed, connect, and return once every presence is known.

        Raises:
            RingCentralError: one of these steps failed; nothing is left running.
        """
        await self._member_changes.begin()
        token = await self._sign_in.tokens.token()
        await self._features.prepare(token, self._members.own, self._members.extensions)
        self.stream = self._new_stream()
        self._task = self._create_task(self._run(), "ringcentral account")
        try:
            await self._first_success(self._task)
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """End the connection and everything that it opened."""
        if self._task is not None and not self._task.done():
            self._task.cancel()
            await asyncio.wait([self._task])
        # Only now, because the tasks that are ending may still change calls.
        self._tracker.calls.stop()
        self._listeners.call(lambda listener: listener.account_stopped())

    async def _first_success(self, task: asyncio.Task[None]) -> None:
        waits = [
            asyncio.ensure_future(event.wait()) for event in (self._ready, self._failed)
        ]
        try:
            read = -1
            # Keep waiting while presence is being read: a large account takes minutes.
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

    # The stream reports.

    def stream_event(self, event: Event) -> None:
        """Merge an event, and call the listeners if it changed anything."""
        if event.timestamp is not None and self._sign_in.http.clock.is_ahead(
            event.timestamp, durations.steady_clock()
        ):
            # Otherwise, every event until then would count as late.
            event = event._replace(timestamp=None)
        update = update_from_event(event, self._tracker.presences)
        if update is not None and update.unreadable:
            self._rereads.doubt(update.extension_id)
        if update is None or not update.changes:
            if is_list_event(event.uri):
                self._members.event(event.body, self._tracker.presences)
                self._features.listed(event.body)
            else:
                if update is None and is_about_somebody(event):
                    self._full_rereads.unreadable()
                self._features.event(event)
            return
        self._tracker.apply(update)
        self._observations.event(
            update,
            by_account_filter=self._has_account_filter
            and update.extension_id != self._members.own.id,
        )

    def stream_live(self, continuity: Continuity) -> None:
        """Read a snapshot after a break; otherwise what is known is current."""
        subscription = self.stream.subscription
        is_broken = continuity is Continuity.BROKEN
        if is_broken:
            self._breaks += 1
            self._tracker.is_caught_up = False
            self._behind.set()
            self._tracker.presences.forget_sequences()
        self._filters_live(subscription, is_read=is_broken)
        if not is_broken and self._tracker.is_caught_up:
            self._become_current()
        if subscription is not None:
            self._features.permissions.subscribed(self.stream.memory.lacking)
        self._features.connected(subscription, is_broken=is_broken)
        self._listeners.call(lambda listener: listener.account_connected(subscription))

    def stream_lost(self, error: RingCentralError) -> None:
        """Report a loss; the stream goes on trying."""
        self.is_current = False
        self._trouble(error)

    def stream_token(self, token: Token) -> None:
        """Ask again for what a permission that came back with a token may allow; looking at its scope costs no request."""
        back = self._features.token(token)
        if not back:
            return
        _LOGGER.debug("A new token names what was missing: %s", ", ".join(sorted(back)))
        self._replan()
        self.stream.ask_again_for_rights()

    async def look_for(self, permission: str) -> None:
        """Begin another session, and use a permission that it has regained; see `Account.look_for`."""
        tokens = self._sign_in.tokens
        await tokens.replace_session()
        token = await tokens.token()
        self.stream_token(token)
        await self._features.look_for(
            permission, token, self._sign_in.rest, self._ask_for_voicemails
        )

    def _filters_live(
        self, subscription: Subscription | None, *, is_read: bool
    ) -> None:
        """Read presence once if a filter is new, since that reports no earlier changes."""
        live = frozenset(subscription.live if subscription else ())
        new = live - self._live_filters
        if not is_read and any(is_presence_filter(name) for name in new):
            self._rereads.read_again(self._tracker.presences, Cause.NEW_FILTER)
        self._live_filters = live
        self._has_account_filter = EVERYONE in live

    def _become_current(self) -> None:
        self.is_current = True
        self._ready.set()
        self._retries.reset()
        self._listeners.call(lambda listener: listener.account_live())

    def _trouble(self, error: RingCentralError) -> None:
        self.last_error = error
        if not self.is_ready:
            self._failed.set()
        if not self.is_current:
            self._listeners.call(lambda listener: listener.account_lost(error))

    # What runs until it is cancelled or fails.

    async def _run(self) -> None:
        while True:
            try:
                await self._run_once()
            except ExceptionGroup as group:
                error = _cause(group)
            if not self.is_ready:
                raise error
            step = self._retries.next(error)
            self._ended(error, is_reported=step.is_reported)
            await asyncio.sleep(step.wait)
            if step.is_reported and isinstance(error, PermissionMissing):
                # A session's permissions are fixed when it begins.
                await self._sign_in.tokens.begin_session()
                self.stream.memory.forget_missing_rights()
            self.stream = self._new_stream(self.stream)

    def _ended(self, error: RingCentralError, *, is_reported: bool) -> None:
        self.is_current = False
        if is_reported:
            self.last_error = error
            self._listeners.call(lambda listener: listener.account_failed(error))
        else:
            _LOGGER.debug("Refused (%s), looking once more", error)
            self._trouble(error)

    def _new_stream(self, earlier: Stream | None = None) -> Stream:
        """Return a stream that carries on what an earlier one counted and learned."""
        return Stream(
            self._sign_in.http,
            self._sign_in.rest,
            self._sign_in.tokens,
            self._plan,
            self,
            history=earlier.history if earlier else None,
            memory=earlier.memory if earlier else None,
        )

    async def _run_once(self) -> None:
        self._behind.clear()
        async with asyncio.TaskGroup() as group:
            group.create_task(self.stream.run())
            group.create_task(self._catch_up())
            group.create_task(self._rereads.run())
            group.create_task(self._member_changes.run(self._members_read))
            group.create_task(self._full_rereads.run())
            for work in self._features.work(
                self._sign_in.tokens, self._replan, self._ask_for_voicemails
            ):
                group.create_task(work)

    async def _catch_up(self) -> None:
        """Read a snapshot after every break, which makes everything current again."""
        backoff = Backoff()
        while True:
            await self._behind.wait()
            self._behind.clear()
            breaks = self._breaks
            why = Why(Cause.BREAK, asyncio.get_running_loop().time())
            stale = dict.fromkeys(self._tracker.presences, why)
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
                self._members.after_break()
            if self._tracker.is_caught_up and self.is_live:
                self._become_current()

    def _read_everything(self, cause: Cause, since: float | None) -> None:
        if cause is Cause.SLOW:
            self.stream.ask_again()
        self._rereads.read_again(self._tracker.presences, cause, since)
        self._members.changed()
        self._features.wake()

    def _replan(self) -> None:
        self.stream.change_filters(self._plan)

    def _ask_for_voicemails(self) -> None:
        self._replan()
        self.stream.ask_again_for(VOICEMAILS)

    @property
    def _plan(self) -> FilterPlan:
        return self._features.planned(self._members.plan)

    def _members_read(self) -> None:
        self._features.follow(self._members.own, self._members.extensions)
        self._replan()


def _create_task(work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
    return asyncio.create_task(work, name=name)


def _cause(group: ExceptionGroup) -> RingCentralError:
    """Return what ended the run; a fault of ours is logged, and retried like trouble at the service."""
    known = [error for error in group.exceptions if isinstance(error, RingCentralError)]
    if (unknown := group.split(RingCentralError)[1]) is not None:
        _LOGGER.error("Unexpected error while following", exc_info=unknown)
    return known[0] if known else RetryLater(Reason.SERVICE_ERROR)
