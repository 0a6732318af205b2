"""One account: signs in, follows extensions, and keeps their presence right until it is stopped."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Collection, Iterable, Mapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Final, Self

from ..call_log import Outcome
from ..calls.state import CallEvent
from ..causes import Cause, LastReadings, Why
from ..errors import RingCentralError
from ..membership import Follow
from ..models import DndStatus, Extension, Presence, UserStatus
from ..observations import Observations
from ..presence_merge import merge
from ..sign_in import SignIn
from ..status import Status, status
from ..stream import Stream
from ..voicemail import Voicemail
from .call_log import CallLog
from .choices import Choices
from .features import Features
from .lifecycle import CreateTask, Lifecycle
from .listener import AccountListener, Change, ChangeQueue, Listeners, PresenceChange
from .mailbox import Mailbox
from .members import Members
from .permissions import Permissions
from .presence_tracker import PresenceTracker
from .queues import Queues

# Fields that somebody may have changed since the last report.
_SETTABLE: Final = frozenset({"user_status", "dnd_status", "message"})


class Account[SignInT: SignIn = SignIn]:
    """The presence of followed extensions by extension id, current while `is_current` is true.

    Use it as a context manager, which signs out at the end, or call `start` and `stop`.
    """

    def __init__(
        self,
        sign_in: SignInT,
        choices: Choices,
        *,
        account_id: str | None = None,
        utcnow: Callable[[], datetime] | None = None,
        create_task: CreateTask | None = None,
        voicemail: bool = False,
        call_log: bool = False,
        queues: bool = False,
    ) -> None:
        """Prepare to follow ``choices``; nothing is sent before `start`.

        ``account_id`` is the account that the sign-in is known to belong to; ``utcnow`` returns an aware time;
        ``create_task`` begins a task with a name. With ``voicemail``, the user's voicemails are counted, too, if
        the app may read messages. With ``call_log``, the user's calls can be read, if the app may do that. With
        ``queues``, the account also tracks who takes the calls of followed queues and of the user's own.
        """
        self._sign_in = sign_in
        self._listeners = Listeners()
        self._choices = choices
        self._members = Members(sign_in.rest, choices, account_id)
        self._tracker = PresenceTracker(
            sign_in.rest, self._listeners, utcnow or _utcnow
        )
        self.presences = self._tracker.presences
        self.calls = self._tracker.calls
        self.permissions = Permissions(self._permissions_changed)
        self.mailbox = Mailbox(
            sign_in.rest,
            self._voicemails_changed,
            self.permissions,
            is_wanted=voicemail,
        )
        self.call_log = CallLog(
            sign_in.rest,
            utcnow or _utcnow,
            self._missed_call_explained,
            self._call_log_changed,
            self.permissions,
            is_wanted=lambda: call_log and self.own.id in self.extensions,
        )
        self._listeners.add(self.call_log)
        self.queues = Queues(sign_in.rest, self._queues_changed, is_wanted=queues)
        self._lifecycle = Lifecycle(
            sign_in,
            self._members,
            self._tracker,
            self._listeners,
            Features(self.mailbox, self.call_log, self.queues, self.permissions),
            create_task,
        )

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
        """Whether every list could be read; if one was refused, the choices may mean further extensions."""
        return self._members.is_complete

    @property
    def missing(self) -> Collection[str]:
        """Ids of extensions that were not in the last reading of the lists, but are not removed yet."""
        return self._members.missing.keys()

    @property
    def choices(self) -> Choices:
        """What to follow, as given to the account."""
        return self._choices

    @property
    def origins(self) -> Mapping[str, frozenset[Follow]]:
        """The choices by which each followed extension was found, by id."""
        return self._members.origins

    @property
    def lost_choices(self) -> tuple[str, ...]:
        """Ids that were chosen individually and are no longer in the account."""
        return self._members.lost_choices

    def expect_members(self, extension_ids: Iterable[str]) -> None:
        """Name extensions that an earlier run followed and that the choices still mean.

        One reading without them does not remove them: they count as missing until another one agrees.
        """
        self._members.expect(extension_ids)

    def _voicemails_changed(self, arrived: tuple[Voicemail, ...]) -> None:
        self._listeners.call(lambda listener: listener.voicemails_changed(arrived))

    def _call_log_changed(self) -> None:
        self._listeners.call(lambda listener: listener.call_log_changed())

    def _missed_call_explained(self, event: CallEvent, outcome: Outcome) -> None:
        self._listeners.call(
            lambda listener: listener.missed_call_explained(event, outcome)
        )

    def _permissions_changed(self) -> None:
        self._listeners.call(lambda listener: listener.permissions_changed())

    def _queues_changed(self, extension_ids: Collection[str]) -> None:
        self._listeners.call(lambda listener: listener.queues_changed(extension_ids))

    # The connection.

    @property
    def stream(self) -> Stream:
        """The connection, once `start` has read who is followed."""
        return self._lifecycle.stream

    @property
    def is_ready(self) -> bool:
        """Whether everything was known at least once."""
        return self._lifecycle.is_ready

    @property
    def is_live(self) -> bool:
        """Whether events are arriving now."""
        return self._lifecycle.is_live

    @property
    def is_current(self) -> bool:
        """Whether everything that is known is current."""
        return self._lifecycle.is_current

    @property
    def last_error(self) -> RingCentralError:
        """Why the account was last not current."""
        return self._lifecycle.last_error

    @property
    def last_readings(self) -> LastReadings:
        """The last readings of presence, and why they were made."""
        return self._tracker.last_readings

    @property
    def observations(self) -> Observations:
        """What the service does where its documentation leaves that open."""
        return self._sign_in.rest.observations

    # Listening.

    def add_listener(self, listener: AccountListener) -> Callable[[], None]:
        """Call a listener from now on; return a function that removes it."""
        return self._listeners.add(listener)

    def status(self, extension_id: str) -> Status | None:
        """Return in one word what a followed extension is doing, or None if that is unknown."""
        return status(self.presences[extension_id], self.calls[extension_id])

    async def changes(self, *, initial: bool = False) -> AsyncGenerator[Change]:
        """Yield changes, beginning with the first request for one; end when the account is stopped.

        With ``initial``, every followed extension comes first, as it is now and without events.

        Raises:
            SignInRequired, PermissionMissing, Misconfigured: RingCentral refused in its own words.
        """
        queue = ChangeQueue(lambda extension_id: self.extensions[extension_id])
        remove = self.add_listener(queue)
        try:
            for key in self.extensions if initial else ():
                now, calls = self.presences[key], self.calls[key]
                queue.presence_changed(PresenceChange(now, now, calls, calls, ()))
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
        """Connect, and return once every presence is known. A failed start leaves nothing running.

        Raises:
            RetryLater, SignInRequired, PermissionMissing, Misconfigured: the start failed.
        """
        await self._lifecycle.start()

    async def stop(self) -> None:
        """End the connection and everything that it opened; the sign-in stays."""
        await self._lifecycle.stop()

    # Reading and writing.

    async def look_for(self, permission: str) -> None:
        """Check whether the app has regained a permission that a feature needs (``ReadMessages``), and use it if so.

        Another session of the sign-in takes over, and presence goes on. If nothing can be read to find out,
        what the token names counts until the next refusal.

        Raises:
            PermissionMissing: the permission is still missing.
            RingCentralError: it could not be found out.
        """
        await self._lifecycle.look_for(permission)

    async def read_presence(self, extension_id: str) -> Presence:
        """Read the presence of one extension now, and return it.

        A field that can be set is None if the reply lacks it. The message is the exception: a reply without one
        says that there is none, so it is an empty text, unless the extension hides its presence.

        Raises:
            RingCentralError: it could not be read.
        """
        self._tracker.note({extension_id: _asked()})
        found = await self._tracker.show_reply(
            extension_id, self.sign_in.rest.presence(extension_id)
        )
        # An extension that is not followed can be read, too.
        known = self.presences.get(extension_id)
        if known is None:
            known = merge(Presence(extension_id=extension_id), found)
        unread: dict[str, Any] = dict.fromkeys(_SETTABLE - found.changes.keys())
        says_nothing = (
            found.changes.get("allow_see_my_presence") is False
            and "user_status" not in found.changes
        )
        if "message" not in found.unreadable and not says_nothing:
            unread["message"] = found.changes.get("message") or ""
        return known._replace(**unread)

    async def read_presences(
        self, extension_ids: Iterable[str]
    ) -> dict[str, RingCentralError]:
        """Read the presence of followed extensions now; return the errors of those that could not be read, by id."""
        return await self._tracker.read_each(extension_ids)

    async def update_presence(
        self,
        extension_id: str,
        *,
        user_status: UserStatus | None = None,
        dnd_status: DndStatus | None = None,
        message: str | None = None,
    ) -> None:
        """Change the presence of one extension, and show what the service answers.

        Raises:
            RingCentralError: the change was refused, or its outcome is unknown.
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
        self, extension_ids: tuple[str, ...], *, reset: bool, is_live: bool = False
    ) -> None:
        """Read the presence of followed extensions; see `PresenceTracker.read`."""
        await self._tracker.read(
            dict.fromkeys(extension_ids, _asked()), reset=reset, is_live=is_live
        )


def _asked() -> Why:
    return Why(Cause.ASKED, asyncio.get_running_loop().time())


def _utcnow() -> datetime:
    return datetime.now(UTC)
