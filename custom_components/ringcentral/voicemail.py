"""The user's voicemails: what wakes the entities that show and report them."""

from collections.abc import Callable
from typing import Final, override

from homeassistant.const import Platform
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers import entity_registry as er

from .aioringcentral.account import Account, AccountListener
from .aioringcentral.account.mailbox import Mailbox
from .aioringcentral.voicemail import READ_PERMISSION, Voicemail
from .const import DOMAIN

# What the sensor watches, beside fields of `Presence`.
VOICEMAILS: Final = "voicemails"

type VoicemailListener = Callable[[Voicemail], None]


class VoicemailHub(AccountListener):
    """Calls who waits for voicemail: once when it is offered, at every change, and for every arrival."""

    def __init__(self, account: Account, wake: Callable[[str], None]) -> None:
        """Take the account; ``wake`` is called with the user's extension id when the number changes."""
        self._account = account
        self._wake = wake
        self._was_offered = False
        self._on_offer: list[CALLBACK_TYPE] = []
        self._on_arrival: list[VoicemailListener] = []

    @property
    def mailbox(self) -> Mailbox:
        """How many there are, where that is known."""
        return self._account.mailbox

    def expect(self, hass: HomeAssistant) -> None:
        """Take whether an earlier run had voicemail: its entities are there at once, and it is asked for again."""
        if self.sensor(hass) is not None:
            self._account.permissions.use(READ_PERMISSION)
            self._was_offered = True

    def sensor(self, hass: HomeAssistant) -> str | None:
        """Return the entity id of the sensor, which may be of an earlier run; None where there is none."""
        unique_id = f"{self._account.id}_{self._account.own.id}_{VOICEMAILS}"
        entities = er.async_get(hass)
        return entities.async_get_entity_id(Platform.SENSOR, DOMAIN, unique_id)

    def is_offered_for(self, extension_id: str) -> bool:
        """Whether an extension has voicemail to show: that of the user alone."""
        return self.mailbox.is_offered and extension_id == self._account.own.id

    def was_offered_for(self, extension_id: str) -> bool:
        """Whether an extension has entities for voicemail: those of an earlier run are there from the start."""
        return self._was_offered and extension_id == self._account.own.id

    @callback
    def async_on_offer(self, add: Callable[[tuple[str, ...]], None]) -> None:
        """Call with the user's extension id when voicemail is first offered after now, if it is followed."""

        @callback
        def offered() -> None:
            own = self._account.own.id
            if own in self._account.extensions:
                add((own,))

        self._on_offer.append(offered)

    @callback
    def async_on_arrival(self, listener: VoicemailListener) -> CALLBACK_TYPE:
        """Call a listener with every voicemail that arrives from now on; return what removes it."""
        self._on_arrival.append(listener)
        return lambda: self._on_arrival.remove(listener)

    @callback
    @override
    def voicemails_changed(self, arrived: tuple[Voicemail, ...]) -> None:
        """Wake the sensor, then report what arrived."""
        if self.mailbox.is_offered and not self._was_offered:
            self._was_offered = True
            for offered in self._on_offer:
                offered()
        self._wake(self._account.own.id)
        for voicemail in arrived:
            for listener in tuple(self._on_arrival):
                listener(voicemail)
