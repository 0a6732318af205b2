"""The stream: sockets, tickets and tokens around what `schedule`, `recovery` and `continuity` decide."""

import asyncio
from collections.abc import Coroutine, Iterable
import logging
import time
from typing import Any, Final, NamedTuple

from ..auth import Token, TokenSource
from ..backoff import Backoff
from ..errors import RetryLater
from ..filters import UNKNOWN_REASON, FilterPlan, is_presence_filter
from ..http import Http
from ..models import Ticket
from ..rest import Rest
from .connection import Connection
from .continuity import Continuity, StreamHistory, StreamListener
from .filter_memory import FilterMemory
from .frames import RecoveryToken
from .negotiation import Subscription
from .recovery import SessionRecovery
from .reports import Reports
from .schedule import Schedule
from .subscription import subscribe

_LOGGER = logging.getLogger(__name__)

# After all refused filters were asked for, seconds before one of them is asked for by itself.
_ASKED_LATELY: Final = 12 * 3_600.0


class _Link(NamedTuple):
    """A connection and its plan."""

    connection: Connection
    schedule: Schedule


class Stream:
    """Keeps one subscription live until cancelled.

    Attributes:
        subscription: what the service agreed to last, or None.
        memory: what was learned about filters.
    """

    def __init__(
        self,
        http: Http,
        rest: Rest,
        tokens: TokenSource,
        plan: FilterPlan,
        listener: StreamListener,
        *,
        backoff: Backoff | None = None,
        history: StreamHistory | None = None,
        memory: FilterMemory | None = None,
    ) -> None:
        """Prepare; `run` connects.

        Args:
            http: session and rate budget of the sign-in.
            rest: gives out tickets.
            tokens: the sign-in.
            plan: filters to subscribe to.
            listener: receives events and the state of the connection.
            backoff: waits between tries.
            history: counts of an earlier stream, to go on with.
            memory: what an earlier stream learned about filters.
        """
        self._http = http
        self._rest = rest
        self._tokens = tokens
        self._plan = plan
        self._reports = Reports(listener, history)
        self._backoff = backoff or Backoff()
        self._link: _Link | None = None
        self._recovery = SessionRecovery()
        self.memory = memory or FilterMemory()
        self._replace = asyncio.Event()
        self._asked_for_all_at = -_ASKED_LATELY
        # Filters that were refused without a reason last time.
        self._unexplained: set[str] = set()
        self._ends = asyncio.Event()
        self._retiring = 0
        self._background: set[asyncio.Task[None]] = set()
        self.subscription: Subscription | None = None

    @property
    def history(self) -> StreamHistory:
        """What has happened so far, for diagnostics."""
        return self._reports.history

    @property
    def is_live(self) -> bool:
        """Whether events are arriving now."""
        return self._reports.is_live

    def change_filters(self, plan: FilterPlan) -> None:
        """Subscribe to another plan, whose socket takes over before the present one ends."""
        if plan != self._plan:
            self._plan = plan
            self._replace.set()

    def ask_again(self) -> None:
        """Subscribe again if presence filters were refused and no others stand in for them."""
        refused = self.subscription.refused if self.subscription else {}
        if any(
            is_presence_filter(name) and name not in self._plan.instead
            for name in refused
        ):
            self.memory.forget_refusals()
            self._replace.set()

    def ask_again_for(self, event_filter: str) -> None:
        """Subscribe again if a filter of the plan is not live, and was not asked for in the last hours."""
        live = self.subscription.live if self.subscription else ()
        if (
            event_filter in self._plan.wanted
            and event_filter not in live
            and _now() - self._asked_for_all_at > _ASKED_LATELY
        ):
            self.memory.refused.pop(event_filter, None)
            self._replace.set()

    def ask_again_for_rights(self) -> None:
        """Subscribe again if filters were refused for a right that the app or the user lacked."""
        if self.memory.forget_missing_rights():
            self._replace.set()

    async def run(self) -> None:
        """Keep the subscription live until an error or a cancellation ends this.

        Raises:
            SignInRequired, PermissionMissing, Misconfigured: RingCentral refused, and only the user can mend that.
        """
        try:
            while True:
                try:
                    link = await self._connect()
                    while not link.connection.closed.is_set():
                        link = await self._stay(link)
                    wait = self._end(link)
                except RetryLater as err:
                    self._reports.lost(err)
                    wait = self._backoff.next(err.retry_after)
                _LOGGER.debug("Connecting again in %.1f s", wait)
                await asyncio.sleep(wait)
        finally:
            self.history.live_since = None
            self._ends.set()
            if self._link is not None:
                await self._link.connection.close()
            if self._background:
                await asyncio.wait(self._background)

    async def _connect(self) -> _Link:
        """Open a socket; recover the session if possible, otherwise subscribe."""
        ticket, token = await self._ask_ticket()
        # Another plan needs another subscription.
        must_subscribe = self._replace.is_set()
        recovery = (
            None if must_subscribe else self._recovery.usable(token.session, _now())
        )
        try:
            connection = await self._open(ticket, recovery)
        except RetryLater as err:
            if err.code is not None and err.code.startswith("WSG-"):
                # An Error frame came in place of ConnectionDetails: the next try does without the token (docs/protocol.md 6).
                self._recovery.forget()
            raise
        self._recovery.forget()
        try:
            if recovery is not None and connection.details.recovered:
                await self._await_replay(connection, token)
                continuity = Continuity.RECOVERED
            else:
                _LOGGER.debug(
                    "Subscribing, session recovery: %s",
                    connection.details.recovery_error or "none",
                )
                await self._subscribe(connection, search=False)
                continuity = Continuity.BROKEN
        except BaseException:
            await connection.close()
            raise
        return self._go_live(connection, token, continuity)

    async def _ask_ticket(self) -> tuple[Ticket, Token]:
        """Return a ticket, and the token of the session with which its socket will end."""
        token = await self._next_token()
        while True:
            ticket = await self._rest.ticket()
            # Another session may have begun before or while the ticket was given out.
            before, token = token, await self._next_token()
            if token.session == before.session:
                return ticket, token

    async def _next_token(self) -> Token:
        """Return a token, and report it to the listener."""
        token = await self._tokens.token()
        self._reports.token(token)
        return token

    async def _open(self, ticket: Ticket, recovery: RecoveryToken | None) -> Connection:
        connection = await Connection.open(
            self._http, ticket, recovery, self._reports.event, self._reports.missed
        )
        self.history.connects += 1
        return connection

    async def _subscribe(self, connection: Connection, *, search: bool) -> None:
        """Subscribe to the present plan; if that fails, have it tried again."""
        asked_to_replace = self._replace.is_set()
        self._replace.clear()
        try:
            self.subscription = await subscribe(
                connection, self._plan, self.memory, search=search
            )
        except BaseException:
            # The other plan has not been tried yet.
            if asked_to_replace:
                self._replace.set()
            raise
        self.history.subscribes += 1

    async def _await_replay(self, connection: Connection, token: Token) -> None:
        """Wait for an echo, by which time the replayed events have usually arrived (docs/protocol.md 3.4)."""
        try:
            await connection.heartbeat()
        except RetryLater:
            self._keep_recovery(connection, token.session)
            raise
        self.history.recoveries += 1

    def _go_live(
        self, connection: Connection, token: Token, continuity: Continuity
    ) -> _Link:
        schedule = Schedule.begin(
            token, connection.opened_at, connection.details.absolute_timeout
        )
        found = self.subscription
        if found is not None and (self._is_unexplained(found) or found.unsure):
            schedule.search_soon(_now())
        self._link = _Link(connection, schedule)
        self._reports.live(continuity)
        return self._link

    def _is_unexplained(self, found: Subscription) -> bool:
        """Whether filters were newly refused without a reason; they are asked for once more, since that may pass."""
        before = self._unexplained
        self._unexplained = {
            name for name, code in found.refused.items() if code == UNKNOWN_REASON
        }
        return not self._unexplained <= before

    async def _stay(self, link: _Link) -> _Link:
        """Keep a connection until something is due, and do that; return the connection to keep next."""
        await self._wait(link)
        if link.connection.closed.is_set():
            return link
        self._reports.break_again()
        schedule = link.schedule
        # Report a loss even during requests for a ticket, a token or filters, which may take long.
        watch = self._spawn(self._watch(link.connection))
        try:
            token = await self._next_token()
            if self._replace.is_set() or schedule.must_replace(token, _now()):
                if _now() >= schedule.replace_at:
                    # Once a day: a permission may have been added since.
                    self.memory.forget_refusals()
                    self._asked_for_all_at = _now()
                return await self._replace_link(link)
            schedule.renewed(token)
        except RetryLater as err:
            # The present socket still works, so there is time for another try.
            wait = max(self._backoff.next(err.retry_after), 1.0)
            _LOGGER.debug(
                "A planned renewal failed (%s), trying again in %.0f s", err, wait
            )
            schedule.retry_at = _now() + wait
        finally:
            watch.cancel()
        return link

    async def _watch(self, connection: Connection) -> None:
        """Report the loss of the present connection as soon as it is closed."""
        await connection.closed.wait()
        self._reports.closed(connection)

    async def _wait(self, link: _Link) -> None:
        """Wait until the connection is closed, a replacement is asked for, or something is due."""
        closed, is_retrying = link.connection.closed, link.schedule.retry_at is not None
        events = [closed] if is_retrying else [closed, self._replace]
        due = link.schedule.due(_now(), time.time())
        await _first_of([event.wait() for event in events], due - _now())

    async def _replace_link(self, link: _Link) -> _Link:
        """Make the next connection before the old one ends, so that nothing is missed in between."""
        ticket, token = await self._ask_ticket()
        connection = await self._open(ticket, None)
        try:
            await self._subscribe(connection, search=True)
        except BaseException:
            await connection.close()
            raise
        self.history.replacements += 1
        self._backoff.reset()
        is_lost = link.connection.closed.is_set()
        if is_lost:
            self._reports.closed(link.connection)
        self._spawn(self._retire(link, is_lost=is_lost))
        continuity = Continuity.BROKEN if is_lost else Continuity.REPLACED
        return self._go_live(connection, token, continuity)

    async def _retire(self, link: _Link, *, is_lost: bool) -> None:
        """Close a replaced connection, and its session, once its last events are in."""
        self._retiring += 1
        if not is_lost:
            await self._await_last_events(link)
        await link.connection.close()
        self._retiring -= 1
        if not self._retiring:
            # Another replaced connection may belong to the same session.
            await self._tokens.end_others()

    async def _await_last_events(self, link: _Link) -> None:
        """Wait for late events of a replaced connection; report a break if it is lost before that."""
        ends = [link.connection.closed.wait(), self._ends.wait()]
        await _first_of(ends, link.schedule.lingers(_now(), time.time()))
        try:
            if not self._ends.is_set():
                await link.connection.heartbeat()
        except RetryLater:
            _LOGGER.debug("The replaced connection was gone before its last events")
            self._reports.missed()

    def _end(self, link: _Link) -> float:
        """Report a loss, keep what recovers the session, and return the seconds to wait."""
        connection = link.connection
        self._reports.closed(connection)
        self._keep_recovery(connection, link.schedule.token.session)
        self._backoff.held(_now() - connection.opened_at)
        if link.schedule.must_search:
            # Filters that were to be asked for once more still are, even if the session is recovered.
            self._unexplained.clear()
        self._link = None
        self._spawn(connection.close())
        return self._backoff.next()

    def _keep_recovery(self, connection: Connection, session: int) -> None:
        until = _now() + connection.details.recovery_timeout
        self._recovery.keep(connection.recovery, session, until)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work, name="ringcentral stream")
        self._background.add(task)
        task.add_done_callback(self._background.discard)
        return task


def _now() -> float:
    return asyncio.get_running_loop().time()


async def _first_of(works: Iterable[Coroutine[Any, Any, Any]], seconds: float) -> None:
    """Wait until one of these is done, or the time is up."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        await asyncio.wait(
            tasks, timeout=max(0.0, seconds), return_when=asyncio.FIRST_COMPLETED
        )
    finally:
        for task in tasks:
            task.cancel()
