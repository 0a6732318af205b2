"""Issues that a person can mend outside Home Assistant; each vanishes once it is mended."""

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir

from .aioringcentral.errors import PermissionMissing
from .const import DOMAIN

# How the Developer Console calls the permissions that the service spells in several ways (protocol 1.3).
_CONSOLE_NAMES = {
    "ReadPresence": "Read Presence",
    "EditPresence": "Edit Presence",
    "ReadAccounts": "Read Accounts",
    "ReadContacts": "Read Contacts",
    "WebSocket": "WebSocket Subscriptions",
    "WebSocketSubscription": "WebSocket Subscriptions",
    "WebSocketSubscriptions": "WebSocket Subscriptions",
    "WebSocketsSubscription": "WebSocket Subscriptions",
    "SubscriptionWebSocket": "WebSocket Subscriptions",
}


def permission_name(error: PermissionMissing) -> str:
    """Return a missing permission as the Developer Console calls it."""
    return _CONSOLE_NAMES.get(
        error.permission or "", error.permission or "Read Presence"
    )


def report_permission_missing(
    hass: HomeAssistant, entry: ConfigEntry, error: PermissionMissing
) -> None:
    """Tell which permission to give back."""
    ir.async_create_issue(
        hass,
        DOMAIN,
        _permission_issue(entry),
        is_fixable=False,
        severity=ir.IssueSeverity.ERROR,
        translation_key="permission_missing",
        translation_placeholders={
            "permission": permission_name(error),
            "account": entry.title,
        },
    )


def clear_permission_issue(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Take the issue away once following works."""
    ir.async_delete_issue(hass, DOMAIN, _permission_issue(entry))


def _permission_issue(entry: ConfigEntry) -> str:
    return f"permission_missing_{entry.entry_id}"
