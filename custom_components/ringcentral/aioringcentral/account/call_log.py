"""How missed calls ended: reads the user's call log once after calls were missed, and never otherwise."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
import logging
from typing import Final, NamedTuple, override

from ..auth import TokenSource, names
from ..backoff import Backoff
from ..call_log import READ_PERMISSION, LoggedCall, Outcome, outcome_of
from ..calls.identity import session_of
from ..calls.state import CallEvent
from ..errors import (
    APP_PERMISSION,
    PermissionMissing,
    RingCentralError,
    passes,
    wait_after,
)
from ..rest import Rest
from .listener import AccountListener
from .permissions import Permissions

_LOGGER = logging.getLogger(__name__)

# Seconds to wait after the last of several missed calls: a call is in the log 15 to 30 s after it ended (docs/protocol.md 2.11).
_THERE_AFTER: Final = 32.0
# Seconds for which an endless series of missed calls may put off the reading about the first one.
_AT_LAST_AFTER: Final = 120.0
# Seconds after which it is too late to report how a call ended.
_TOO_OLD: Final = 600.0
# Most missed calls that one reading looks up; the outcomes of any others are not reported.
_MOST_CALLS: Final = 100
# How much the service's clock and ours may differ.
_MARGIN: Final = timedelta(minutes=5)
# Seconds until a refused log is asked for again: a week, because a token names a permission that the app regains.
_ASK_AGAIN_AFTER: Final = 7 * 86_400.0
# Seconds to wait for others who may begin another session.
_AFTER_OTHERS: Final = 60.0

type Explained = Callable[[CallEvent, Outcome], None]


class _Missed(NamedTuple):
    event: CallEvent
    session: str
    party: str
    at: float


class CallLog(AccountListener):
    """The user's own call log, if the app may read it.

    Attributes:
        is_offered: whether a reading has succeeded, if only in an earlier run, and none was refused since.
        is_expected: whether it was offered before, if only in an earlier run; then another sign-in finds
            out once a week whether the permission is back.
        refusal: why it is no longer offered, or None if it is offered, or never was.
    """

    def __init__(
        self,
        rest: Rest,
        utcnow: Callable[[], datetime],
        explained: Explained,
        changed: Callable[[], None],
        permissions: Permissions,
        *,
        is_wanted: Callable[[], bool],
    ) -> None:
        """Take the REST calls, and the callbacks for how a missed call ended and for when the log comes or goes.

        Unless it is wanted, nothing is requested.
        """
        self._rest = rest.call_log
        self._utcnow = utcnow
        self._explained = explained
        self._changed = changed
        self._permissions = permissions
        self._is_wanted = is_wanted
        self.is_offered = False
        self.is_expected = False
        self.refusal: RingCentralError | None = None
        self._scope: frozenset[str] = frozenset()
        self._may_read = False
        self._lacks_right = False
        self._missed: list[_Missed] = []
        self._is_stale = asyncio.Event()
        # Presence comes first: while it is not current, nothing is read.
        self._is_current = asyncio.Event()

    def allow(self, scope: frozenset[str]) -> None:
        """Take the permissions of the app; without the one for the log, nothing is requested."""
        self._scope = scope
        if not self._is_wanted():
            return
        self._may_read = names(scope, READ_PERMISSION)
        if not self._may_read:
            self._lack(PermissionMissing(APP_PERMISSION, READ_PERMISSION))
        elif not self.is_offered:
            if self.is_expected and not self._is_in_doubt:
                # It could be read in an earlier run: the next look at it finds out whether it still can.
                self._offer()
            else:
                self._is_stale.set()

    @property
    def _is_in_doubt(self) -> bool:
        """Whether it was refused last: then only a reading tells whether it is available again."""
        return (
            self._lacks_right
            or self.refusal is not None
            or READ_PERMISSION in self._permissions.refused_before
        )

    async def look(self, scope: frozenset[str]) -> None:
        """Read it now, with these permissions of the app.

        Raises:
            RingCentralError: it could not be read.
        """
        self.allow(scope)
        await self._read([])

    def was_used(self) -> None:
        """Note that somebody saw something of the log: somebody who never did would not miss it."""
        self._permissions.works(READ_PERMISSION)

    def call_missed(self, event: CallEvent) -> None:
        """Find out later how a missed call of the user ended, if the log can be read and names calls as presence does."""
        ids = session_of(event.call)
        if self.is_offered and ids is not None and len(self._missed) < _MOST_CALLS:
            self._missed.append(_Missed(event, *ids, _now()))
            self._is_stale.set()

    async def between(self, since: datetime, until: datetime) -> tuple[LoggedCall, ...]:
        """Return the user's calls that began within a period, the newest 2,000 of them.

        Raises:
            RingCentralError: they could not be read.
        """
        if not self.is_offered:
            raise self.refusal or PermissionMissing(APP_PERMISSION, READ_PERMISSION)
        try:
            return await self._rest.between(since, until)
        except PermissionMissing as err:
            self._gone(err)
            raise

    @override
    def account_live(self) -> None:
        self._is_current.set()

    @override
    def members_changed(self, joined: tuple[str, ...], left: tuple[str, ...]) -> None:
        # The user may have been missing from the list read at the start.
        if not self._may_read and self.refusal is None and self._may_ask():
            self.allow(self._scope)

    @override
    def account_lost(self, error: RingCentralError) -> None:
        self._is_current.clear()

    @override
    def account_failed(self, error: RingCentralError) -> None:
        self._is_current.clear()

    def _may_ask(self) -> bool:
        return self._is_wanted() and names(self._scope, READ_PERMISSION)

    async def ask_again(self, tokens: TokenSource) -> None:
        """Once a week, ask for a log that used to be readable and was refused; run until cancelled.

        A session begun within the last week, perhaps for voicemail, is new enough.
        """
        session: int | None = None
        wait = 0.0
        while True:
            await asyncio.sleep(wait)
            try:
                token = await tokens.token()
                is_missed = self.is_expected and not self.is_offered
                if is_missed and self._lacks_right and token.session == session:
                    await tokens.replace_session()
                    token = await tokens.token()
                session = token.session
                if is_missed and wait:
                    self.allow(token.scope)
            except RingCentralError as err:
                _LOGGER.debug("The call log could not be asked for again: %s", err)
            wait = _ASK_AGAIN_AFTER + _AFTER_OTHERS

    async def run(self) -> None:
        """Read once that is allowed, and some time after calls were missed; run until cancelled."""
        backoff = Backoff()
        while True:
            await self._is_stale.wait()
            await self._is_current.wait()
            if (pause := self._wait(_now())) > 0:
                await asyncio.sleep(pause)
                continue
            self._is_stale.clear()
            missed = self._due(_now())
            if not self._may_read or (self.is_offered and not missed):
                continue
            try:
                await self._read(missed)
            except RingCentralError as err:
                if not passes(err):
                    self._gone(err)
                    continue
                _LOGGER.debug("The call log could not be read: %s", err)
                self._missed[:0] = missed
                self._is_stale.set()
                await asyncio.sleep(backoff.next(wait_after(err)))
            else:
                backoff.reset()

    def _wait(self, now: float) -> float:
        """Return the seconds until the missed calls are to be looked up."""
        if not self._missed:
            return 0.0
        first, last = self._missed[0].at, self._missed[-1].at
        return min(last + _THERE_AFTER, first + _AT_LAST_AFTER) - now

    def _due(self, now: float) -> list[_Missed]:
        """Take out and return the calls that were missed long enough ago; forget those that are too old."""
        found = [each for each in self._missed if each.at + _THERE_AFTER <= now]
        self._missed = [each for each in self._missed if each not in found]
        if self._missed:
            self._is_stale.set()
        return [each for each in found if now - each.at < _TOO_OLD]

    async def _read(self, missed: list[_Missed]) -> None:
        now = self._utcnow()
        began = [each.event.started_at or now for each in missed]
        since = min([*began, now]) - _MARGIN
        calls = await (
            self._rest.recent(since) if missed else self._rest.recent(now, 1)
        )
        self._permissions.allowed(READ_PERMISSION)
        self._offer()
        for each in missed:
            how = outcome_of(calls, each.session, each.party)
            if how is None:
                _LOGGER.debug("A missed call is not in the call log")
            else:
                self._explained(each.event, how)

    def _offer(self) -> None:
        was_offered, self.is_offered, self.is_expected = self.is_offered, True, True
        self._lacks_right, self.refusal = False, None
        if not was_offered:
            self._changed()

    def _lack(self, error: PermissionMissing) -> None:
        self._lacks_right = True
        self._permissions.refuse(READ_PERMISSION, error)

    def _gone(self, error: RingCentralError) -> None:
        was_offered, self.is_offered = self.is_offered, False
        self._may_read = False
        self._missed.clear()
        self.refusal = error
        if isinstance(error, PermissionMissing):
            self._lack(error)
        if was_offered:
            _LOGGER.info("The call log is left out: %s", error.reason)
            self._changed()
        else:
            _LOGGER.debug("The call log is not offered: %s", error.reason)


def _now() -> float:
    return asyncio.get_running_loop().time()
