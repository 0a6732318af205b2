"""The user's voicemails: wakes the entities that show and report them."""

from collections.abc import Callable
from typing import Final, override

from homeassistant.const import Platform
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback

from .aioringcentral.account import Account
from .aioringcentral.account.mailbox import Mailbox
from .aioringcentral.voicemail import READ_PERMISSION, Voicemail
from .offered import OfferedToUser

# What the sensor watches, besides fields of `Presence`.
VOICEMAILS: Final = "voicemails"

type VoicemailListener = Callable[[Voicemail], None]


class VoicemailHub(OfferedToUser):
    """Calls those who wait for voicemail: once when it is offered, at every change, and for every arrival."""

    def __init__(self, account: Account, wake: Callable[[str], None]) -> None:
        """Take the account; ``wake`` is called with the user's extension id when the number changes."""
        super().__init__(account, wake)
        self._on_arrival: list[VoicemailListener] = []

    @property
    def mailbox(self) -> Mailbox:
        """The mailbox, which says how many voicemails there are, if that is known."""
        return self._account.mailbox

    def expect(self, hass: HomeAssistant) -> None:
        """Tell the account whether an earlier run had voicemail; if so, its entities are there at once, and it is asked for again."""
        if self.sensor(hass) is not None:
            self._account.permissions.use(READ_PERMISSION)
            self._was_offered = True

    def sensor(self, hass: HomeAssistant) -> str | None:
        """Return the entity id of the sensor, which may be from an earlier run, or None if there is none."""
        return self._entity(hass, Platform.SENSOR, VOICEMAILS)

    def is_offered_for(self, extension_id: str) -> bool:
        """Whether an extension has voicemail to show, which only the user's can."""
        return self.mailbox.is_offered and extension_id == self._account.own.id

    @callback
    def async_on_arrival(self, listener: VoicemailListener) -> CALLBACK_TYPE:
        """Call a listener with every voicemail that arrives from now on; return a function that removes it."""
        self._on_arrival.append(listener)
        return lambda: self._on_arrival.remove(listener)

    @callback
    @override
    def voicemails_changed(self, arrived: tuple[Voicemail, ...]) -> None:
        """Wake the sensor, then report what arrived."""
        self._changed(is_offered=self.mailbox.is_offered)
        for voicemail in arrived:
            for listener in tuple(self._on_arrival):
                listener(voicemail)
