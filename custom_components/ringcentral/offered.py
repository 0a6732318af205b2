"""What only the user is offered, once it could be read: its entities are added then, and stay."""

from collections.abc import Callable

from homeassistant.const import Platform
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers import entity_registry as er

from .aioringcentral.account import Account, AccountListener
from .const import DOMAIN


class OfferedToUser(AccountListener):
    """Knows whether something was offered, if only in an earlier run, and reports once when it is."""

    def __init__(self, account: Account, wake: Callable[[str], None]) -> None:
        """Take the account; ``wake`` is called with the user's extension id when what is offered changes."""
        self._account = account
        self._wake = wake
        self._was_offered = False
        self._on_offer: list[CALLBACK_TYPE] = []

    def was_offered_for(self, extension_id: str) -> bool:
        """Whether an extension has entities for it; those of an earlier run are there from the start."""
        return self._was_offered and extension_id == self._account.own.id

    @callback
    def async_on_offer(self, add: Callable[[tuple[str, ...]], None]) -> None:
        """Call ``add`` with the user's extension id when this is first offered from now on, if the user is followed."""

        @callback
        def offered() -> None:
            own = self._account.own.id
            if own in self._account.extensions:
                add((own,))

        self._on_offer.append(offered)

    def _entity(self, hass: HomeAssistant, platform: Platform, key: str) -> str | None:
        """Return the id of an entity for it, which may be from an earlier run, or None if there is none."""
        unique_id = f"{self._account.id}_{self._account.own.id}_{key}"
        entities = er.async_get(hass)
        return entities.async_get_entity_id(platform, DOMAIN, unique_id)

    @callback
    def _changed(self, *, is_offered: bool) -> None:
        """Have entities added if it is offered for the first time, and wake them."""
        if is_offered and not self._was_offered:
            self._was_offered = True
            for offered in self._on_offer:
                offered()
        self._wake(self._account.own.id)
