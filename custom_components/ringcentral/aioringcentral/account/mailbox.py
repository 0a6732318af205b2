"""How many voicemails the user has not heard: read once after a start, a break or a change, and never otherwise."""

import asyncio
from collections.abc import Callable
import logging
from typing import Final

from ..auth import TokenSource, names
from ..backoff import Backoff
from ..errors import (
    APP_PERMISSION,
    PermissionMissing,
    RingCentralError,
    passes,
    wait_after,
)
from ..filters import VOICEMAILS, FilterPlan
from ..models import Event
from ..rest import Rest
from ..stream import RIGHTS, Subscription
from ..voicemail import (
    READ_PERMISSION,
    Voicemail,
    Voicemails,
    is_message_event,
    new_messages,
)
from .permissions import Permissions

_LOGGER = logging.getLogger(__name__)

# Seconds within which several changes are read together.
_COLLECT: Final = 1.0
# Seconds until refused voicemail is asked for again: RingCentral sends no event when a permission is regained,
# and a refreshed token may keep the permissions of its session.
_ASK_AGAIN_AFTER: Final = 86_400.0

type MailboxChanged = Callable[[tuple[Voicemail, ...]], None]


class Mailbox:
    """The unread voicemails, if the app may read messages and RingCentral sends their changes.

    Attributes:
        unread: how many there are; None if that is not known.
        is_offered: whether a reading has succeeded, and events arrive.
    """

    def __init__(
        self,
        rest: Rest,
        changed: MailboxChanged,
        permissions: Permissions,
        *,
        is_wanted: bool,
    ) -> None:
        """Take the REST calls, and a callback that gets the voicemails that arrived after each reading, oldest first.

        Unless ``is_wanted``, nothing is ever requested.
        """
        self._is_wanted = is_wanted
        self._rest = rest
        self._changed = changed
        self._permissions = permissions
        self.unread: int | None = None
        self.is_offered = False
        self._may_read = False
        # Whether a right was missing, which another sign-in may bring; it does not help with any other refusal.
        self._lacks_right = False
        self._is_live = False
        # A reading was refused: read no more until voicemail is asked for again, or after a break.
        self._is_refused = False
        self._new: frozenset[str] = frozenset()
        self._stale = asyncio.Event()
        # The first reading waits for no other changes.
        self._was_tried = False

    @property
    def _is_watched(self) -> bool:
        return self._is_live and not self._is_refused

    @property
    def is_expected(self) -> bool:
        """Whether it was offered before, if only in an earlier run: then another sign-in may bring it back."""
        return READ_PERMISSION in self._permissions.used

    def allow(self, scope: frozenset[str]) -> None:
        """Take the permissions of the app; without the one for messages, nothing is requested."""
        self._may_read = self._is_wanted and names(scope, READ_PERMISSION)
        if self._is_wanted and not self._may_read:
            self._lack(APP_PERMISSION)

    def planned(self, plan: FilterPlan) -> FilterPlan:
        """Return a plan with the filter for voicemails, if the app may read them."""
        if not self._may_read:
            return plan
        return plan.joined(FilterPlan(wanted=(VOICEMAILS,)))

    def connected(self, subscription: Subscription | None, *, is_broken: bool) -> None:
        """Read again after a break; without the filter, nothing is known any more."""
        was_live, self._is_live = self._is_live, _has_filter(subscription)
        if not self._is_live:
            refused = subscription.refused if subscription else {}
            if (code := refused.get(VOICEMAILS)) in RIGHTS:
                self._lack(code)
            if was_live:
                self._gone("filter_refused")
        elif is_broken or not (was_live or self._is_refused):
            self._is_refused = False
            # Voicemails that arrived meanwhile are counted, but not reported as news.
            self._new = frozenset()
            self._stale.set()

    def event(self, event: Event) -> None:
        """Read soon after an event about messages."""
        if self._is_watched and is_message_event(event.uri):
            self._new |= new_messages(event.body)
            self._stale.set()

    def wake(self) -> None:
        """Have it read again."""
        if self._is_watched:
            self._stale.set()

    def try_again(self) -> None:
        """Have it read again, even after a refusal."""
        self._is_refused = False
        self.wake()

    async def ask_again(self, tokens: TokenSource, ask: Callable[[], None]) -> None:
        """Once a day, ask for voicemail that is wanted but not available; run until cancelled.

        Nothing is sent while it is available, or if the app never had the permission for it. ``ask`` subscribes again
        if the filter is wanted but not live.
        """
        while self._is_wanted:
            await asyncio.sleep(_ASK_AGAIN_AFTER)
            if self.is_offered:
                continue
            try:
                if self.is_expected and self._lacks_right:
                    await tokens.replace_session()
                self.allow((await tokens.token()).scope)
            except RingCentralError as err:
                _LOGGER.debug("Voicemail could not be asked for again: %s", err)
                continue
            self.try_again()
            ask()

    async def run(self) -> None:
        """Read after every change, retrying until that succeeds; run until cancelled."""
        backoff = Backoff()
        while True:
            await self._stale.wait()
            if self._was_tried:
                await asyncio.sleep(_COLLECT)
            self._stale.clear()
            new, self._new = self._new, frozenset()
            if not self._is_watched:
                continue
            try:
                found = await self._rest.voicemails.unread()
            except RingCentralError as err:
                if passes(err):
                    _LOGGER.debug("Voicemails could not be read: %s", err)
                    self._new |= new
                    self._stale.set()
                    await asyncio.sleep(backoff.next(wait_after(err)))
                    continue
                self._is_refused = True
                if isinstance(err, PermissionMissing):
                    self._lack(err.code)
                self._gone(err.reason)
            else:
                backoff.reset()
                if self._is_watched:
                    self._read(found, new)
            finally:
                self._was_tried = True

    def _read(self, found: Voicemails, new: frozenset[str]) -> None:
        arrived = tuple(each for each in reversed(found.newest) if each.id in new)
        is_news = not self.is_offered or found.total != self.unread
        self.unread, self.is_offered = found.total, True
        self._lacks_right = False
        self._permissions.works(READ_PERMISSION)
        if arrived or is_news:
            self._changed(arrived)

    def _lack(self, code: str | None) -> None:
        self._lacks_right = True
        self._permissions.refuse(
            READ_PERMISSION, PermissionMissing(code, READ_PERMISSION)
        )

    def _gone(self, reason: str) -> None:
        was_offered, self.is_offered = self.is_offered, False
        self.unread = None
        if was_offered:
            _LOGGER.info("Voicemail is left out: %s", reason)
            self._changed(())
        else:
            _LOGGER.debug("Voicemail is not offered: %s", reason)


def _has_filter(subscription: Subscription | None) -> bool:
    return subscription is not None and VOICEMAILS in subscription.live
