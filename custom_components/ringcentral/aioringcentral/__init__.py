"""RingCentral presence over WebSocket push: a client for asyncio and aiohttp, free of Home Assistant."""

# First, since the others import of the standard library what this keeps from being shadowed.
from . import search_path  # noqa: F401  # isort: skip

from .account import Account, AccountListener, Change, Choices
from .calls.state import CallEvent, CallEventType
from .errors import (
    Misconfigured,
    PermissionMissing,
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
    TelephonyStatus,
    UserStatus,
)
from .sign_in import JwtSignIn
from .status import Status

__version__ = "0.2.0"

__all__ = [
    "Account",
    "AccountListener",
    "CallDirection",
    "CallEvent",
    "CallEventType",
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
    "PresenceStatus",
    "RetryLater",
    "RingCentralError",
    "SignInRequired",
    "Status",
    "TelephonyStatus",
    "UserStatus",
]
