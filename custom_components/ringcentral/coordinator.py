"""Listens to an account, and wakes the entities that show what changed."""

from collections.abc import Callable, Coroutine, Mapping
from datetime import datetime
from typing import Any, override

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later
from homeassistant.helpers.update_coordinator import BaseDataUpdateCoordinatorProtocol

from .account_issues import AccountIssues
from .aioringcentral.account import Account, AccountListener, PresenceChange
from .aioringcentral.errors import RingCentralError
from .aioringcentral.models import Extension, Presence
from .aioringcentral.status import Standing
from .aioringcentral.stream import Subscription
from .availability import Availability
from .call_log import CALLS as CALL_LOG, CallLogHub
from .const import ATTR_CALLER_NAME, ATTR_CALLER_NUMBER, CALLER_FULL, CALLER_HIDDEN
from .counts import Tally
from .entity_sets import EntitySets
from .feature_permissions import FeaturePermissions
from .followed_members import FollowedMembers
from .kept import kept_caller_identity
from .listeners import CallListener, Listeners
from .presence_writer import PresenceWriter
from .queues import QUEUES, QueueHub
from .sign_in import SignIn
from .voicemail import VOICEMAILS, VoicemailHub

type RingCentralConfigEntry = ConfigEntry[RingCentralCoordinator]


class RingCentralCoordinator(AccountListener, BaseDataUpdateCoordinatorProtocol):
    """Wakes entities by extension and field, and keeps the counts; there is one per config entry."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: RingCentralConfigEntry,
        account: Account[SignIn],
    ) -> None:
        """Listen to an account that has not started yet."""
        self.hass = hass
        self.config_entry = entry
        self.account = account
        self.presences = account.presences
        self.calls = account.calls
        self._standings: dict[str, Standing] = {}
        self.tally = Tally()
        self._listeners = Listeners(self._run)
        self.availability = Availability(self._call_later, self._listeners.wake_all)
        self.sets = EntitySets(hass, entry, account)
        self.members = FollowedMembers(hass, entry, account, self.sets)
        self._on_callers: list[CALLBACK_TYPE] = []
        self.editor = PresenceWriter(hass, entry, account, self.wake_controls)
        self.voicemail = VoicemailHub(account, self._wake_voicemails)
        self.call_log = CallLogHub(hass, account, self._wake_call_log)
        self.queues = QueueHub(hass, account, self._wake_queues)
        # Before the coordinator, since woken entities look at what the writer has heard.
        account.add_listener(self.editor)
        account.add_listener(self.voicemail)
        account.add_listener(self.call_log)
        account.add_listener(self.queues)
        account.add_listener(self)
        account.add_listener(AccountIssues(hass, entry))
        self.permissions = FeaturePermissions(hass, entry, account)
        account.add_listener(self.permissions)

    # What entities use.

    @property
    def available(self) -> bool:
        """Whether entities can trust what is known."""
        return self.availability.is_available

    @property
    def own(self) -> Extension:
        """The extension of the user who signed in."""
        return self.account.own

    @property
    def account_id(self) -> str:
        """The account's id at RingCentral."""
        return self.account.id

    @property
    def extensions(self) -> Mapping[str, Extension]:
        """The followed extensions by id."""
        return self.account.extensions

    def presence(self, extension_id: str) -> Presence:
        """Return the presence of a followed extension."""
        return self.presences[extension_id]

    def standing(self, extension_id: str) -> Standing:
        """Return what is known about a followed extension, and what follows from it."""
        found = self._standings.get(extension_id)
        # Without one, nothing has changed yet.
        return found or Standing.of(
            self.presences[extension_id], self.calls[extension_id]
        )

    @property
    def _caller_identity(self) -> str:
        return kept_caller_identity(self.config_entry.options)

    @property
    def shows_callers(self) -> bool:
        """Whether the user asked to see who calls."""
        return self._caller_identity != CALLER_HIDDEN

    def caller(self, name: str | None, number: str | None) -> dict[str, str]:
        """Return the caller as attributes, with as much as the user asked to see."""
        shown: dict[str, str] = {}
        if (how_much := self._caller_identity) == CALLER_HIDDEN:
            return shown
        if name:
            shown[ATTR_CALLER_NAME] = name
        if number and how_much == CALLER_FULL:
            shown[ATTR_CALLER_NUMBER] = number
        return shown

    @callback
    @override
    def async_add_listener(
        self, update_callback: CALLBACK_TYPE, context: Any = None
    ) -> Callable[[], None]:
        """Wake a listener when anything that its context names changes, and when availability does.

        The context is either an extension's id with the fields of `Presence` to watch, and `CALLS`, or
        `ACCOUNT` with `PUSH` and fields of `Counts`.
        """
        key, fields = context
        return self._listeners.add(update_callback, key, fields)

    @callback
    def async_add_call_listener(
        self, extension_id: str, listener: CallListener
    ) -> CALLBACK_TYPE:
        """Call a listener with what happens to the calls of an extension from now on."""
        return self._listeners.add_for_calls(extension_id, listener)

    @callback
    def async_on_callers(self, changed: CALLBACK_TYPE) -> CALLBACK_TYPE:
        """Call a function when the caller option changes; return a function that removes it."""
        self._on_callers.append(changed)
        return lambda: self._on_callers.remove(changed)

    @callback
    def callers_changed(self) -> None:
        """Show as much of callers as the options now allow."""
        for changed in tuple(self._on_callers):
            changed()
        self._listeners.wake_all()

    @callback
    def wake_controls(self, extension_id: str) -> None:
        """Wake the controls of an extension because an optimistic value began or ended."""
        self._listeners.wake(extension_id, ("user_status", "dnd_status"))

    @callback
    def _wake_voicemails(self, extension_id: str) -> None:
        self._listeners.wake(extension_id, (VOICEMAILS,))

    @callback
    def _wake_call_log(self, extension_id: str) -> None:
        self._listeners.wake(extension_id, (CALL_LOG,))

    @callback
    def _wake_queues(self, extension_id: str) -> None:
        self._listeners.wake(extension_id, (QUEUES,))

    # What the account reports.

    @callback
    @override
    def presence_changed(self, change: PresenceChange) -> None:
        """Wake entities that watch what changed, then call listeners, so that those see the present states."""
        before, after, calls_before, calls_after, events = change
        key = after.extension_id
        self._standings[key] = standing = Standing.of(after, calls_after)
        self._listeners.wake_for_presence(before, calls_before, after, calls_after)
        counts = self.tally.counts
        if self.tally.note(key, standing):
            self._listeners.wake_for_counts(counts, self.tally.counts)
        if events:
            self._listeners.tell_calls(key, events)

    @callback
    @override
    def members_changed(self, joined: tuple[str, ...], left: tuple[str, ...]) -> None:
        """Make devices and entities follow the account."""
        for key in left:
            self._standings.pop(key, None)
            self.tally.forget(key)
        self.members.changed()
        self._listeners.wake_account()

    @callback
    @override
    def account_connected(self, subscription: Subscription | None) -> None:
        """Show that events arrive."""
        self._listeners.wake_account()

    @callback
    @override
    def account_live(self) -> None:
        """Make every entity available."""
        self.availability.set_available()

    @callback
    @override
    def account_lost(self, error: RingCentralError) -> None:
        """Leave entities as they are for the grace time."""
        self.availability.lose(error)
        self._listeners.wake_account()

    @callback
    @override
    def account_failed(self, error: RingCentralError) -> None:
        """Make every entity unavailable at once."""
        self.availability.set_unavailable(error)

    @callback
    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        self.config_entry.async_create_task(self.hass, work, "wake entities")

    @callback
    def _call_later(
        self, seconds: float, action: Callable[[], None]
    ) -> Callable[[], None]:
        @callback
        def act(_now: datetime) -> None:
            action()

        return async_call_later(self.hass, seconds, act)
