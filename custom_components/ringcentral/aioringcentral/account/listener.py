"""What an account reports: listeners, and the queue behind `Account.changes`."""

import asyncio
from collections.abc import Callable, Collection, Iterable
import logging
from typing import NamedTuple, override

from ..call_log import Outcome
from ..calls.state import CallEvent, Calls
from ..errors import RetryLater, RingCentralError
from ..models import Extension, Presence, PresenceUpdate
from ..status import Status, status
from ..stream import Subscription
from ..voicemail import Voicemail

_LOGGER = logging.getLogger(__name__)


class PresenceChange(NamedTuple):
    """What changed for one extension: its presence and its calls before and after.

    ``events`` are what happened to its calls, in order; a reading makes none.
    """

    before: Presence
    after: Presence
    calls_before: Calls
    calls_after: Calls
    events: tuple[CallEvent, ...]

    @property
    def extension_id(self) -> str:
        """Whose presence it is."""
        return self.after.extension_id


class AccountListener:
    """Listens to an account; override what you need. Every method returns at once.

    A listener that raises affects no other: the error is logged once, and every other listener is called.
    """

    def presence_changed(self, change: PresenceChange) -> None:
        """The presence or the calls of one extension changed."""

    def event_received(self, update: PresenceUpdate) -> None:
        """The service sent an event for one extension, whether or not it changed anything."""

    def members_changed(self, joined: tuple[str, ...], left: tuple[str, ...]) -> None:
        """The lists were read again: ids of extensions that joined and left; names may have changed, too."""

    def voicemails_changed(self, arrived: tuple[Voicemail, ...]) -> None:
        """The number of unread voicemails changed; these have just arrived, the oldest first."""

    def call_log_changed(self) -> None:
        """The call log can be read from now on, or no longer."""

    def missed_call_explained(self, event: CallEvent, outcome: Outcome) -> None:
        """The call log says how a call of the user ended, which this event reported as missed."""

    def permissions_changed(self) -> None:
        """`Permissions.lost`, `used` or `refused` changed."""

    def queues_changed(self, extension_ids: Collection[str]) -> None:
        """Who takes the calls of queues changed: ids of followed queues, and the user's id for the user's own."""

    def account_connected(self, subscription: Subscription | None) -> None:
        """Events flow over this subscription; what is known may still be from before a break."""

    def account_live(self) -> None:
        """Everything that is known is current."""

    def account_lost(self, error: RingCentralError) -> None:
        """The connection is gone, or cannot be made or caught up with for now; the account goes on trying."""

    def account_failed(self, error: RingCentralError) -> None:
        """RingCentral refused with an error code twice in a row, or a fault of ours ended the connection.

        The account goes on trying, more and more seldom; `account_live` says that it works again.
        """

    def account_stopped(self) -> None:
        """The account was stopped."""


class Change(NamedTuple):
    """What changed for one extension.

    ``status`` says in one word what it is doing, or is None if nothing is known; ``events`` are what
    happened to its calls: ringing, answered, ended and so on.
    """

    extension: Extension
    presence: Presence
    status: Status | None
    calls: Calls
    events: tuple[CallEvent, ...]


class Listeners:
    """Calls every listener, even after one has raised."""

    def __init__(self) -> None:
        """Begin without listeners."""
        self._listeners: tuple[AccountListener, ...] = ()
        # Listeners that override one of the two methods that every event calls.
        self._of_presence: tuple[AccountListener, ...] = ()
        self._of_events: tuple[AccountListener, ...] = ()
        self._logged: set[tuple[int, str]] = set()
        self.failures = 0

    def add(self, listener: AccountListener) -> Callable[[], None]:
        """Add a listener, and return a function that removes it."""
        self._keep((*self._listeners, listener))

        def remove() -> None:
            self._keep(each for each in self._listeners if each is not listener)

        return remove

    def _keep(self, listeners: Iterable[AccountListener]) -> None:
        self._listeners = tuple(listeners)
        self._of_presence = tuple(
            each for each in self._listeners if _overrides(each, "presence_changed")
        )
        self._of_events = tuple(
            each for each in self._listeners if _overrides(each, "event_received")
        )

    def presence_changed(self, change: PresenceChange) -> None:
        """Call `AccountListener.presence_changed` of every listener."""
        for listener in self._of_presence:
            try:
                listener.presence_changed(change)
            except Exception as err:  # noqa: BLE001 - whatever is wrong with one listener
                self._log(listener, err)

    def event_received(self, update: PresenceUpdate) -> None:
        """Call `AccountListener.event_received` of every listener."""
        for listener in self._of_events:
            try:
                listener.event_received(update)
            except Exception as err:  # noqa: BLE001 - as above
                self._log(listener, err)

    def call(self, method: Callable[[AccountListener], None]) -> None:
        """Call any other method of every listener."""
        for listener in self._listeners:
            try:
                method(listener)
            except Exception as err:  # noqa: BLE001 - as above
                self._log(listener, err)

    def _log(self, listener: AccountListener, error: Exception) -> None:
        self.failures += 1
        kind = (id(listener), type(error).__name__)
        if kind not in self._logged:
            self._logged.add(kind)
            _LOGGER.error(
                "A listener failed (%s); further failures like this are not logged",
                type(listener).__name__,
                exc_info=error,
            )


def _overrides(listener: AccountListener, method: str) -> bool:
    own = getattr(getattr(listener, method), "__func__", None)
    return own is not getattr(AccountListener, method)


class ChangeQueue(AccountListener):
    """Keeps changes until they are asked for, without a limit."""

    def __init__(self, extension: Callable[[str], Extension]) -> None:
        """Begin empty; ``extension`` returns a followed extension by its id."""
        self._extension = extension
        self._queue: asyncio.Queue[Change | RingCentralError | None] = asyncio.Queue()

    async def next(self) -> Change | None:
        """Return the next change, or None once the account was stopped.

        Raises:
            SignInRequired, PermissionMissing, Misconfigured: RingCentral refused in its own words.
        """
        found = await self._queue.get()
        if isinstance(found, RingCentralError):
            raise found
        return found

    @override
    def presence_changed(self, change: PresenceChange) -> None:
        self._queue.put_nowait(
            Change(
                extension=self._extension(change.extension_id),
                presence=change.after,
                status=status(change.after, change.calls_after),
                calls=change.calls_after,
                events=change.events,
            )
        )

    @override
    def account_failed(self, error: RingCentralError) -> None:
        if not isinstance(error, RetryLater):
            self._queue.put_nowait(error)

    @override
    def account_stopped(self) -> None:
        self._queue.put_nowait(None)
