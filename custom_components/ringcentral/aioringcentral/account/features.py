"""What an account has besides presence, each with its own permission: voicemail, the call log, queues."""

from collections.abc import Callable, Coroutine, Iterator, Mapping
from typing import Any, NamedTuple

from ..auth import Token, TokenSource, names
from ..call_log import READ_PERMISSION as CALL_LOG_PERMISSION
from ..errors import APP_PERMISSION, PermissionMissing
from ..filters import FilterPlan
from ..models import Event, Extension
from ..rest import Rest
from ..stream import Subscription
from ..voicemail import READ_PERMISSION
from .call_log import CallLog
from .mailbox import Mailbox
from .permissions import Permissions
from .queues import Queues


class Features(NamedTuple):
    """Passes each call on to all of them; none ever delays presence."""

    mailbox: Mailbox
    call_log: CallLog
    queues: Queues
    permissions: Permissions

    async def prepare(
        self, token: Token, own: Extension, extensions: Mapping[str, Extension]
    ) -> None:
        """Learn which events to ask for, with the first token."""
        self.permissions.token(token)
        self.mailbox.allow(token.scope)
        self.call_log.allow(token.scope)
        self.follow(own, extensions)
        await self.queues.prepare()

    def follow(self, own: Extension, extensions: Mapping[str, Extension]) -> None:
        """Tell the queues who is followed."""
        self.queues.follow(own, extensions)

    def planned(self, plan: FilterPlan) -> FilterPlan:
        """Return a plan with the filters that they need."""
        return self.queues.planned(self.mailbox.planned(plan))

    def work(
        self,
        tokens: TokenSource,
        replan: Callable[[], None],
        ask_for_voicemails: Callable[[], None],
    ) -> Iterator[Coroutine[Any, Any, None]]:
        """Yield the jobs that run until they are cancelled.

        ``replan`` is called when events of other queues are wanted, and ``ask_for_voicemails`` when the
        service may send voicemail events again.
        """
        yield self.mailbox.run()
        yield self.mailbox.ask_again(tokens, ask_for_voicemails)
        yield self.call_log.run()
        yield self.call_log.ask_again(tokens)
        yield self.queues.run(replan)

    def wake(self) -> None:
        """Have everything read again; called now and then."""
        self.mailbox.wake()
        self.queues.wake()

    # The stream reports.

    def event(self, event: Event) -> None:
        """Handle an event that is not about presence."""
        self.mailbox.event(event)
        self.queues.event(event)

    def listed(self, body: Mapping[str, object]) -> None:
        """Handle an event about the list of extensions."""
        self.queues.listed(body)

    def connected(self, subscription: Subscription | None, *, is_broken: bool) -> None:
        """Read again after a break, and where events have only begun to arrive."""
        self.mailbox.connected(subscription, is_broken=is_broken)
        self.queues.connected(subscription, is_broken=is_broken)

    # Permissions come and go.

    def token(self, token: Token) -> frozenset[str]:
        """Allow the permissions that a token names again, and return them; voicemail then adds its filter to the plan."""
        back = self.permissions.token(token)
        if CALL_LOG_PERMISSION in back:
            self.call_log.allow(token.scope)
        if READ_PERMISSION in back:
            self._allow_voicemail(token)
        return back

    async def look_for(
        self,
        permission: str,
        token: Token,
        rest: Rest,
        ask_for_voicemails: Callable[[], None],
    ) -> None:
        """Use a permission that somebody has restored, if the token of a new session names it.

        Raises:
            PermissionMissing: the permission is still missing.
            RingCentralError: it is unknown whether it is back.
        """
        if not names(token.scope, permission):
            raise PermissionMissing(APP_PERMISSION, permission)
        if permission == READ_PERMISSION:
            await rest.voicemails.unread()
            self._allow_voicemail(token)
            ask_for_voicemails()
        if permission == CALL_LOG_PERMISSION:
            await self.call_log.look(token.scope)
        self.permissions.works(permission)

    def _allow_voicemail(self, token: Token) -> None:
        self.mailbox.allow(token.scope)
        self.mailbox.try_again()
