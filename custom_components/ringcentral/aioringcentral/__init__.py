"""RingCentral presence over WebSocket push: a client for asyncio and aiohttp, free of Home Assistant."""

# First, because it keeps modules of the standard library, which the others import, from being shadowed.
from . import search_path  # noqa: F401  # isort: skip

from .account import Account, AccountListener, Change, Choices, PresenceChange
from .calls.state import Call, CallEvent, CallEventType, CallPhase, Calls
from .errors import (
    AppRefused,
    Misconfigured,
    PermissionMissing,
    Reason,
    RetryLater,
    RingCentralError,
    SignInRequired,
)
from .membership import Follow
from .models import (
    CallDirection,
    DndStatus,
    Extension,
    MeetingStatus,
    Presence,
    PresenceStatus,
    PresenceUpdate,
    TelephonyStatus,
    UserStatus,
)
from .sign_in import JwtSignIn
from .status import Status
from .stream import Subscription

__version__ = "0.2.0"

__all__ = [
    "Account",
    "AccountListener",
    "AppRefused",
    "Call",
    "CallDirection",
    "CallEvent",
    "CallEventType",
    "CallPhase",
    "Calls",
    "Change",
    "Choices",
    "DndStatus",
    "Extension",
    "Follow",
    "JwtSignIn",
    "MeetingStatus",
    "Misconfigured",
    "PermissionMissing",
    "Presence",
    "PresenceChange",
    "PresenceStatus",
    "PresenceUpdate",
    "Reason",
    "RetryLater",
    "RingCentralError",
    "SignInRequired",
    "Status",
    "Subscription",
    "TelephonyStatus",
    "UserStatus",
]
