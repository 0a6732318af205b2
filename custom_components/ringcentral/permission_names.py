"""What a missing permission is called in the place where it can be added: Developer Console or Admin Portal."""

import re
from typing import Final

from .aioringcentral.errors import ROLE_PERMISSIONS, PermissionMissing

# How the Developer Console calls the permissions that the service spells in several ways (docs/protocol.md 1.3).
_CONSOLE_NAMES: Final = {
    "ReadPresence": "Read Presence",
    "EditPresence": "Edit Presence",
    "ReadAccounts": "Read Accounts",
    "ReadContacts": "Read Contacts",
    "ReadMessages": "Read Messages",
    "EditMessages": "Edit Messages",
    "ReadCallLog": "Read Call Log",
    "WebSocket": "WebSocket Subscriptions",
    "WebSocketSubscription": "WebSocket Subscriptions",
    "WebSocketSubscriptions": "WebSocket Subscriptions",
    "WebSocketsSubscription": "WebSocket Subscriptions",
    "SubscriptionWebSocket": "WebSocket Subscriptions",
}
# Permissions that presence can do without: for changing it, favorites, voicemail, and the call log.
OPTIONAL_PERMISSIONS: Final = {
    name: _CONSOLE_NAMES[name]
    for name in ("EditPresence", "ReadContacts", "ReadMessages", "ReadCallLog")
}
# One word, as the service spells the names of permissions; anything else in its place is not shown.
_IDENTIFIER: Final = re.compile(r"[A-Za-z]{2,40}")


def permission_name(error: PermissionMissing) -> str | None:
    """Return a missing permission as the Developer Console, or for a role the Admin Portal, calls it.

    Return None if RingCentral calls it something that cannot be a permission's name.
    """
    spelled = error.permission
    if spelled is None:
        spelled = "ReadPresenceStatus" if is_of_role(error) else "ReadPresence"
    joined = spelled.replace(" ", "")
    if joined not in _CONSOLE_NAMES and not _IDENTIFIER.fullmatch(spelled):
        return None
    if is_of_role(error):
        # The Admin Portal shows the same words, with spaces between them.
        return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", spelled)
    return _CONSOLE_NAMES.get(joined, spelled)


def is_of_role(error: PermissionMissing) -> bool:
    """Whether it is the role of the user that lacks a permission, and not the app."""
    return error.code in ROLE_PERMISSIONS
