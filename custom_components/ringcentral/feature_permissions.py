"""Permissions of features in use: remembers them across restarts, and raises a repair for each that is lost.

For a feature with entities, add a row to `_ENTITIES`; a feature without entities, such as an action, counts as
in use once it has worked.
"""

from typing import Any, Final, override

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.storage import Store

from .aioringcentral.account import Account, AccountListener
from .aioringcentral.voicemail import READ_PERMISSION
from .const import DOMAIN
from .issues import report_lost_permissions
from .stored import load

# By permission, the keys of entities whose being enabled shows that the feature is in use.
_ENTITIES: Final = {READ_PERMISSION: frozenset({"voicemails", "voicemail"})}


def _store(hass: HomeAssistant, entry_id: str) -> Store[dict[str, Any]]:
    return Store(hass, 1, f"{DOMAIN}.{entry_id}.permissions", private=True)


async def remove_permissions(hass: HomeAssistant, entry_id: str) -> None:
    """Delete what is stored for an entry."""
    await _store(hass, entry_id).async_remove()


class FeaturePermissions(AccountListener):
    """Tells the account which features are in use, and the user which permissions are lost."""

    def __init__(
        self, hass: HomeAssistant, entry: ConfigEntry, account: Account
    ) -> None:
        """Take an account that has not started yet."""
        self._hass = hass
        self._entry = entry
        self._permissions = account.permissions
        self._store = _store(hass, entry.entry_id)
        self._stored: set[str] = set()
        self._refused: set[str] = set()

    async def load(self) -> None:
        """Read what has worked in earlier runs, before the account starts."""
        stored = await load(self._store, "which permissions are in use")
        self._stored = _names(stored, "used")
        self._refused = _names(stored, "refused")
        self._permissions.refused_before |= self._refused
        for name in (*self._stored, *_ENTITIES):
            if self._is_in_use(name):
                self._permissions.use(name)

    @callback
    @override
    def account_live(self) -> None:
        """Withdraw what an earlier run reported and now works."""
        self._report()

    @callback
    @override
    def permissions_changed(self) -> None:
        """Remember what works and what was refused, and report what is lost."""
        used = self._stored | (self._permissions.used - _ENTITIES.keys())
        refused = set(self._permissions.refused)
        if (used, refused) != (self._stored, self._refused):
            self._stored, self._refused = used, refused
            self._store.async_delay_save(self._to_store, 0.0)
        self._report()

    def _to_store(self) -> dict[str, Any]:
        return {"used": sorted(self._stored), "refused": sorted(self._refused)}

    def _report(self) -> None:
        lost = self._permissions.lost
        report_lost_permissions(
            self._hass,
            self._entry,
            {name: lost[name] for name in lost if self._is_in_use(name)},
        )

    def _is_in_use(self, permission: str) -> bool:
        """Whether one of a feature's entities is enabled or, if it has none, the feature has worked."""
        if (keys := _ENTITIES.get(permission)) is None:
            return permission in self._stored
        return any(
            each.translation_key in keys and not each.disabled
            for each in er.async_entries_for_config_entry(
                er.async_get(self._hass), self._entry.entry_id
            )
        )


def _names(stored: dict[str, Any], key: str) -> set[str]:
    names = stored.get(key)
    found = names if isinstance(names, list) else []
    return {name for name in found if isinstance(name, str)}
