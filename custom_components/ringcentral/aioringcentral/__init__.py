"""RingCentral presence over WebSocket push: a client for asyncio and aiohttp, free of Home Assistant."""

# First, since the others import of the standard library what this keeps from being shadowed.
from . import search_path  # noqa: F401  # isort: skip

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

__version__ = "0.1.0"

__all__ = [
    "CallDirection",
    "CallEvent",
    "CallEventType",
    "DndStatus",
    "Extension",
    "Follow",
    "MeetingStatus",
    "Misconfigured",
    "PermissionMissing",
    "Presence",
    "PresenceStatus",
    "RetryLater",
    "RingCentralError",
    "SignInRequired",
    "TelephonyStatus",
    "UserStatus",
]
