"""Devices and entities follow who is followed: they come and go with the extensions of the account."""

from collections.abc import Callable

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback

from .aioringcentral.account import Account
from .const import LOGGER
from .devices import extension_devices, sync_devices
from .issues import report_lost_choices

type AddMembers = Callable[[tuple[str, ...]], None]


class FollowedMembers:
    """The devices of one entry, and who adds entities for them."""

    def __init__(
        self, hass: HomeAssistant, entry: ConfigEntry, account: Account
    ) -> None:
        """Begin without devices."""
        self._hass = hass
        self._entry = entry
        self._account = account
        self._is_empty = False
        # Entity-adding callbacks, and the extension ids each has handled.
        self._handled: dict[AddMembers, set[str]] = {}

    @callback
    def async_on_joined(self, add: AddMembers) -> None:
        """Call with the ids that are followed now, and with those that join later."""
        self._handled[add] = set()
        self._add(add)

    @callback
    def changed(self) -> None:
        """Make devices and entities follow the account."""
        self.sync_devices()
        for add in self._handled:
            self._add(add)

    @callback
    def sync_devices(self) -> None:
        """Make devices follow the account, and say which choices lead nowhere."""
        account = self._account
        names = extension_devices(self._hass, self._entry, account.id)
        report_lost_choices(
            self._hass,
            self._entry,
            {key: names.get(key, key) for key in account.lost_choices},
        )
        is_empty, self._is_empty = self._is_empty, not account.extensions
        if self._is_empty and not is_empty:
            LOGGER.warning(
                "No extension is followed for now: each is as soon as RingCentral lists it as enabled"
            )
        sync_devices(
            self._hass,
            self._entry,
            account.own,
            account.extensions,
            remove=account.members_complete,
            keep=account.missing,
        )

    def _add(self, add: AddMembers) -> None:
        handled = self._handled[add]
        extensions = self._account.extensions
        handled.intersection_update(extensions)
        if joined := tuple(key for key in extensions if key not in handled):
            handled.update(joined)
            add(joined)
