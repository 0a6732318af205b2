"""The subscription's life across sockets: connect, recover, replace before a planned end, back off."""

import asyncio
from collections import deque
from collections.abc import Coroutine, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
import logging
import time
from typing import Any, Final, Protocol

from ..auth import Token, TokenSource
from ..backoff import GOOD_AFTER, Backoff
from ..errors import Reason, RetryLater, RingCentralError
from ..filters import FilterPlan, is_presence_filter
from ..http import Http
from ..models import Event, Ticket
from ..rest import Rest
from .connection import Connection
from .frames import RecoveryToken
from .recovery import SessionRecovery
from .subscription import Subscription, subscribe

_LOGGER = logging.getLogger(__name__)

# Seconds before the absolute end of a connection at which the next one is made ready, at most.
_REPLACE_BEFORE: Final = 300.0
# Seconds for which a connection that was replaced stays open: an event from before its successor may come late
# (protocol 4.4), and comes on it alone.
_LATE_WITHIN: Final = 5.0
# Seconds after which the token is looked at again: a REST call may have begun another session meanwhile,
# and the clock of the loop stands still while a machine sleeps.
_LOOK_EVERY: Final = 60.0


class Continuity(StrEnum):
    """Whether events may have been missed before the stream became live."""

    RECOVERED = "recovered"
    REPLACED = "replaced"
    BROKEN = "broken"


class StreamListener(Protocol):
    """Who the stream speaks to; every method returns at once."""

    def stream_live(self, continuity: Continuity) -> None:
        """The subscription is live. After ``BROKEN`` presence has to be read anew."""

    def stream_lost(self, error: RingCentralError) -> None:
        """The socket is gone and is being made again."""

    def stream_event(self, event: Event) -> None:
        """An event arrived."""


@dataclass(slots=True)
class StreamHistory:
    """What happened so far, for diagnostics: counts, and times in seconds of the loop's clock."""

    connects: int = 0
    recoveries: int = 0
    replacements: int = 0
    subscribes: int = 0
    losses: int = 0
    live_since: float | None = None
    last_event: float | None = None
    close_codes: deque[int | None] = field(default_factory=lambda: deque(maxlen=20))
    error_codes: deque[str] = field(default_factory=lambda: deque(maxlen=20))


@dataclass(slots=True)
class _Link:
    """A connection, the token it stands on, and when (loop time) it is replaced or a renewal tried again."""

    connection: Connection
    token: Token
    replace_at: float
    retry_at: float = 0.0

    def left(self) -> float:
        """Return the seconds until the service ends the connection, for its age or its token's."""
        age = asyncio.get_running_loop().time() - self.connection.opened_at
        left = self.connection.details.absolute_timeout - age
        return max(0.0, min(left, self.token.expires_at - time.time()))


class Stream:
    """Keeps one subscription live until it is cancelled (design 5)."""

    def __init__(
        self,
        http: Http,
        rest: Rest,
        tokens: TokenSource,
        plan: FilterPlan,
        listener: StreamListener,
        *,
        backoff: Backoff | None = None,
    ) -> None:
        """Take what the stream needs; `run` begins its life."""
        self._http = http
        self._rest = rest
        self._tokens = tokens
        self._plan = plan
        self._listener = listener
        self._backoff = backoff or Backoff()
        self._link: _Link | None = None
        self._recovery = SessionRecovery()
        self._replace = asyncio.Event()
        self._ends = asyncio.Event()
        # Whether events went with a connection, and nobody was told yet.
        self._missed = False
        self._retiring = 0
        self._background: set[asyncio.Task[None]] = set()
        self.subscription: Subscription | None = None
        self.history = StreamHistory()

    @property
    def is_live(self) -> bool:
        """Whether events arrive at this moment."""
        return self.history.live_since is not None

    def change_filters(self, plan: FilterPlan) -> None:
        """Follow another plan: a socket with its subscription takes over before the present one ends."""
        if plan != self._plan:
            self._plan = plan
            self._replace.set()

    def ask_again(self) -> None:
        """Ask once more for presence filters that were refused and have no others in their place, if there are any."""
        refused = self.subscription.refused if self.subscription else {}
        if any(
            is_presence_filter(name) and name not in self._plan.instead
            for name in refused
        ):
            self._replace.set()

    async def run(self) -> None:
        """Keep the subscription live; ends by an error or by being cancelled.

        Raises:
            SignInRequired, PermissionMissing, Misconfigured: only the user can mend it.
        """
        try:
            while True:
                try:
                    link = await self._connect()
                    while not link.connection.closed.is_set():
                        link = await self._stay(link)
                    wait = self._end(link)
                except RetryLater as err:
                    self._lost(err)
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
        """Open a socket; recover the session where that can be, else subscribe."""
        ticket, token = await self._ask_ticket()
        # Another plan needs another subscription.
        asks_anew = self._replace.is_set()
        recovery = None if asks_anew else self._recovery.usable(token.session)
        self._recovery.expect_replay(None)
        try:
            connection = await self._open(ticket, recovery)
        except RetryLater as err:
            if err.code is not None and err.code.startswith("WSG-"):
                # An Error frame in place of ConnectionDetails: the next try goes without (protocol 6).
                self._recovery.forget()
            raise
        self._recovery.forget()
        try:
            if recovery is not None and connection.details.recovered:
                continuity = await self._take_replay(connection, token)
            else:
                _LOGGER.debug(
                    "Subscribing, session recovery: %s",
                    connection.details.recovery_error or "none",
                )
                await self._subscribe(connection)
                continuity = Continuity.BROKEN
        except BaseException:
            await connection.close()
            raise
        return self._go_live(connection, token, continuity)

    async def _ask_ticket(self) -> tuple[Ticket, Token]:
        """Return a ticket and the token whose session it is of: with that its socket ends."""
        token = await self._tokens.token()
        while True:
            ticket = await self._rest.ticket()
            # Another session may have begun while, or before, the ticket was given out.
            before, token = token, await self._tokens.token()
            if token.session == before.session:
                return ticket, token

    async def _open(self, ticket: Ticket, recovery: RecoveryToken | None) -> Connection:
        connection = await Connection.open(self._http, ticket, recovery, self._event)
        self.history.connects += 1
        return connection

    async def _subscribe(self, connection: Connection) -> None:
        asked_to_replace = self._replace.is_set()
        self._replace.clear()
        try:
            self.subscription = await subscribe(connection, self._plan)
        except BaseException:
            # The other plan was not tried yet.
            if asked_to_replace:
                self._replace.set()
            raise
        self.history.subscribes += 1

    async def _take_replay(self, connection: Connection, token: Token) -> Continuity:
        """Wait for an echo: as a rule the replayed events are in by then (protocol 3.4)."""
        self._recovery.expect_replay(connection)
        try:
            await connection.heartbeat()
        except RetryLater:
            self._recovery.keep(connection, token.session)
            raise
        self.history.recoveries += 1
        return Continuity.RECOVERED

    def _go_live(
        self, connection: Connection, token: Token, continuity: Continuity
    ) -> _Link:
        life = connection.details.absolute_timeout
        replace_at = connection.opened_at + life - min(_REPLACE_BEFORE, life / 10)
        self._link = _Link(connection, token, replace_at)
        self.history.live_since = asyncio.get_running_loop().time()
        self._tell_live(continuity)
        return self._link

    def _tell_live(self, continuity: Continuity) -> None:
        missed, self._missed = self._missed, False
        self._listener.stream_live(Continuity.BROKEN if missed else continuity)

    async def _stay(self, link: _Link) -> _Link:
        """Stay with a connection until something is due, and do it; return the connection to stay with next."""
        now = asyncio.get_running_loop().time
        due = link.retry_at or min(
            link.replace_at, now() + link.token.due_in(time.time()), now() + _LOOK_EVERY
        )
        await self._wait(link, due - now())
        if link.connection.closed.is_set():
            return link
        try:
            token = await self._tokens.token()
            if (
                token.session != link.token.session
                or self._replace.is_set()
                or now() >= link.replace_at
            ):
                link = await self._take_over(link)
            else:
                link.token, link.retry_at = token, 0.0
        except RetryLater as err:
            # The present socket still lives: there is time for another try.
            wait = max(self._backoff.next(err.retry_after), 1.0)
            _LOGGER.debug(
                "A planned renewal failed (%s), trying again in %.0f s", err, wait
            )
            link.retry_at = now() + wait
        return link

    async def _wait(self, link: _Link, seconds: float) -> None:
        """Wait until the connection is closed, a replacement is asked for, or the time is over."""
        events = (
            [link.connection.closed]
            if link.retry_at
            else [link.connection.closed, self._replace]
        )
        await _first_of([event.wait() for event in events], seconds)

    async def _take_over(self, link: _Link) -> _Link:
        """Make the next connection before the old one is broken (design 5): nothing is missed between."""
        ticket, token = await self._ask_ticket()
        connection = await self._open(ticket, None)
        try:
            await self._subscribe(connection)
        except BaseException:
            await connection.close()
            raise
        self.history.replacements += 1
        self._backoff.reset()
        self._missed |= link.connection.closed.is_set()
        self._spawn(self._retire(link))
        return self._go_live(connection, token, Continuity.REPLACED)

    async def _retire(self, link: _Link) -> None:
        """Close a connection that was replaced once its last events are in, and its session with it."""
        connection = link.connection
        self._retiring += 1
        ends = [connection.closed.wait(), self._ends.wait()]
        # Before the service does, which would be a break.
        await _first_of(ends, min(_LATE_WITHIN, link.left() / 2))
        try:
            if not self._ends.is_set():
                await connection.heartbeat()
        except RetryLater:
            _LOGGER.debug("The replaced connection was gone before its last events")
            self._missed = True
            if self.is_live:
                self._tell_live(Continuity.BROKEN)
        await connection.close()
        self._retiring -= 1
        if not self._retiring:
            # Another that was replaced may stand on the same session.
            await self._tokens.end_others()

    def _end(self, link: _Link) -> float:
        """Note how a connection ended, keep what recovers its session, and return the seconds to wait."""
        connection = link.connection
        self._lost(RetryLater(Reason.CANNOT_CONNECT, connection.error_code))
        self.history.close_codes.append(connection.close_code)
        self._recovery.keep(connection, link.token.session)
        if asyncio.get_running_loop().time() - connection.opened_at >= GOOD_AFTER:
            self._backoff.reset()
        self._link = None
        self._spawn(connection.close())
        return self._backoff.next()

    def _event(self, event: Event) -> None:
        self.history.last_event = asyncio.get_running_loop().time()
        self._listener.stream_event(event)
        if self._recovery.has_overflowed():
            self._listener.stream_live(Continuity.BROKEN)

    def _lost(self, error: RetryLater) -> None:
        if error.code is not None:
            self.history.error_codes.append(error.code)
        if self.history.live_since is not None:
            self.history.losses += 1
        self.history.live_since = None
        self._listener.stream_lost(error)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work, name="ringcentral stream")
        self._background.add(task)
        task.add_done_callback(self._background.discard)


async def _first_of(works: Iterable[Coroutine[Any, Any, Any]], seconds: float) -> None:
    """Wait until one of these is done, or the time is over."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        await asyncio.wait(
            tasks, timeout=max(0.0, seconds), return_when=asyncio.FIRST_COMPLETED
        )
    finally:
        for task in tasks:
            task.cancel()
