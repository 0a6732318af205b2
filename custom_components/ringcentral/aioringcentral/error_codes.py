"""RingCentral's error codes: what each means, and the error that a refused reply stands for. No I/O."""

from collections.abc import Mapping
from email.utils import parsedate_to_datetime
import math
import re
import time
from typing import Any, Final

from .errors import (
    APP_PERMISSION,
    DEFAULT_RETRY_AFTER,
    AppRefused,
    Misconfigured,
    PermissionMissing,
    Reason,
    RetryLater,
    RingCentralError,
    SignInRequired,
    TokenRejected,
)

# Most seconds that one reply may keep us waiting: penalties last a minute (docs/protocol.md 5), and an odd
# number must not end the trying.
LONGEST_RETRY_AFTER: Final = 600.0

_PERMISSION: Final = re.compile(r"\[([A-Za-z][A-Za-z ]{1,40})\]")
# A code, or the older word in its place.
_CODE: Final = re.compile(r"[A-Z]{3}-\d{3}|[A-Z][A-Za-z]{3,40}")
_NUMBERED: Final = re.compile(r"[A-Z]{3}-\d{3}")
# Most parts of an error body that are looked at: real bodies have one or two.
_MOST_PARTS: Final = 10

# What a code or word means for a client: the family of the error, and its reason.
type _Meaning = tuple[type[RingCentralError], Reason]

_RATE_LIMITED: Final[_Meaning] = (RetryLater, Reason.RATE_LIMITED)
_OUTAGE: Final[_Meaning] = (RetryLater, Reason.SERVICE_ERROR)
_TOKEN_REJECTED: Final[_Meaning] = (TokenRejected, Reason.SERVICE_ERROR)
_SUBSCRIPTION_LIMIT: Final[_Meaning] = (RetryLater, Reason.SUBSCRIPTION_LIMIT)
_PERMISSION_MISSING: Final[_Meaning] = (PermissionMissing, Reason.PERMISSION_MISSING)
_INVALID_AUTH: Final[_Meaning] = (SignInRequired, Reason.INVALID_AUTH)
_LOCKED: Final[_Meaning] = (SignInRequired, Reason.ACCOUNT_LOCKED)
_DISABLED: Final[_Meaning] = (SignInRequired, Reason.EXTENSION_DISABLED)
_INVALID_CLIENT: Final[_Meaning] = (AppRefused, Reason.INVALID_CLIENT)
_GRANT_NOT_ALLOWED: Final[_Meaning] = (AppRefused, Reason.GRANT_NOT_ALLOWED)
_WRONG_SERVER: Final[_Meaning] = (AppRefused, Reason.WRONG_SERVER)
_NOT_FOUND: Final[_Meaning] = (Misconfigured, Reason.NOT_FOUND)
_INVALID_REQUEST: Final[_Meaning] = (Misconfigured, Reason.INVALID_REQUEST)

# RingCentral's words, and what they mean. Anything else is temporary trouble.
VERDICTS: Final[Mapping[str, _Meaning]] = {
    # Limits: docs/protocol.md 5. Subscriptions end with their sockets, so having too many of them is temporary.
    "CMN-301": _RATE_LIMITED,
    "CMN-302": _RATE_LIMITED,
    "CMN-303": _RATE_LIMITED,
    "CMN-304": _RATE_LIMITED,
    "CMN-310": _RATE_LIMITED,
    "SUB-505": _SUBSCRIPTION_LIMIT,
    # Outages: docs/protocol.md 2.1, and 10 for maintenance. OAU-167, forbidden by a site's access rules,
    # passes too: official clients stay signed in (1.5).
    "CMN-201": _OUTAGE,
    "CMN-203": _OUTAGE,
    "CMN-211": _OUTAGE,
    "MaintenanceMode": _OUTAGE,
    "OAU-167": _OUTAGE,
    # The access token has ended, or is not known everywhere yet: docs/protocol.md 1.4, 1.5, 2.2.
    "OAU-127": _TOKEN_REJECTED,
    "OAU-128": _TOKEN_REJECTED,
    "OAU-129": _TOKEN_REJECTED,
    "OAU-149": _TOKEN_REJECTED,
    "OAU-151": _TOKEN_REJECTED,
    "OAU-213": _TOKEN_REJECTED,
    "AGW-401": _TOKEN_REJECTED,
    "AGW-402": _TOKEN_REJECTED,
    "CMN-405": _TOKEN_REJECTED,
    "TokenInvalid": _TOKEN_REJECTED,
    "TokenExpired": _TOKEN_REJECTED,
    # Permissions and rights: docs/protocol.md 2.1; those for subscriptions: 2.9.
    "CMN-109": _PERMISSION_MISSING,
    APP_PERMISSION: _PERMISSION_MISSING,
    "CMN-402": _PERMISSION_MISSING,
    "CMN-403": _PERMISSION_MISSING,
    "CMN-404": _PERMISSION_MISSING,
    "CMN-408": _PERMISSION_MISSING,
    "CMN-419": _PERMISSION_MISSING,
    "InsufficientPermissions": _PERMISSION_MISSING,
    "SUB-402": _PERMISSION_MISSING,
    "SUB-403": _PERMISSION_MISSING,
    "SUB-404": _PERMISSION_MISSING,
    "SUB-405": _PERMISSION_MISSING,
    "SUB-406": _PERMISSION_MISSING,
    "SUB-408": _PERMISSION_MISSING,
    "SUB-412": _PERMISSION_MISSING,
    "SUB-518": _PERMISSION_MISSING,
    "SUB-527": _PERMISSION_MISSING,
    "SUB-528": _PERMISSION_MISSING,
    "SUB-530": _PERMISSION_MISSING,
    "SUB-531": _PERMISSION_MISSING,
    # Requests that cannot succeed as they are: docs/protocol.md 2.1, 2.4, 2.9.
    "CMN-101": _INVALID_REQUEST,
    "CMN-102": _NOT_FOUND,
    "CMN-103": _INVALID_REQUEST,
    "CMN-104": _INVALID_REQUEST,
    "CMN-106": _INVALID_REQUEST,
    "CMN-120": _NOT_FOUND,
    "InvalidMultipartRequest": _INVALID_REQUEST,
    "SUB-508": _INVALID_REQUEST,
    # Sign-in: docs/protocol.md 1.5.
    "OAU-106": _INVALID_AUTH,
    "OAU-108": _INVALID_AUTH,
    "OAU-109": _INVALID_AUTH,
    "OAU-110": _INVALID_AUTH,
    "OAU-210": _INVALID_AUTH,
    "OAU-147": _LOCKED,
    "OAU-148": _LOCKED,
    "OAU-136": _DISABLED,
    "OAU-141": _DISABLED,
    "OAU-142": _DISABLED,
    "OAU-222": _DISABLED,
    "OAU-232": _DISABLED,
    "OAU-236": _DISABLED,
    "OAU-120": _INVALID_CLIENT,
    "OAU-121": _INVALID_CLIENT,
    "OAU-123": _INVALID_CLIENT,
    "OAU-146": _INVALID_CLIENT,
    "OAU-153": _INVALID_CLIENT,
    "OAU-112": _GRANT_NOT_ALLOWED,
    "OAU-125": _GRANT_NOT_ALLOWED,
    "OAU-251": _GRANT_NOT_ALLOWED,
    "OAU-101": _WRONG_SERVER,
    "OAU-165": _WRONG_SERVER,
    # OAuth's own words (RFC 6749 5.2, RFC 6750 3.1), which the token endpoint sends beside a code or alone.
    "invalid_client": _INVALID_CLIENT,
    "unauthorized_client": _GRANT_NOT_ALLOWED,
    "unsupported_grant_type": _GRANT_NOT_ALLOWED,
    "invalid_grant": _INVALID_AUTH,
    "expired_token": _INVALID_AUTH,
    "access_denied": _INVALID_AUTH,
    "insufficient_scope": _PERMISSION_MISSING,
    "invalid_request": _INVALID_REQUEST,
    "invalid_token": _TOKEN_REJECTED,
}


def codes_of(body: Any) -> tuple[str, ...]:
    """Return the codes in an error body, the most precise first.

    ``errors[].errorCode`` comes before the top-level ``errorCode``, which may be an older word such as
    ``InsufficientPermissions`` (docs/protocol.md 1.5, 2.1). At most ten are looked at.
    """
    found = [part.get("errorCode") for part in _parts(body)]
    return tuple(
        code for code in found if isinstance(code, str) and _CODE.fullmatch(code)
    )


def _missing_permission(body: Any) -> str | None:
    """Return the permission that an error body names, in ``permissionName`` or as ``[Name]`` in its text.

    Return an empty string if there is a ``permissionName`` that is not a name.
    """
    parts = _parts(body)
    for part in parts:
        name = part.get("permissionName")
        if isinstance(name, str) and _PERMISSION.fullmatch(f"[{name}]"):
            return name
    for part in parts:
        message = part.get("message", part.get("error_description"))
        if isinstance(message, str) and (match := _PERMISSION.search(message)):
            return match[1]
    is_odd = any(part.get("permissionName") is not None for part in parts)
    return "" if is_odd else None


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds of a ``Retry-After`` header, within `LONGEST_RETRY_AFTER`.

    Return None if there is none that can be read. RingCentral sends seconds (docs/protocol.md 5); a gateway
    in front of it may send a date.
    """
    value = headers.get("Retry-After", "")
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(value).timestamp() - time.time()
        except ValueError, OverflowError, OSError:
            return None
    if math.isnan(seconds) or seconds < 0:
        # Nobody can wait for a time in the past: the clock here or there is wrong.
        return None
    return min(seconds, LONGEST_RETRY_AFTER)


def error_from_reply(
    status: int, body: Any, headers: Mapping[str, str] | None = None
) -> RingCentralError:
    """Return the error that a refused reply stands for.

    A verdict takes RingCentral's own words: a code of `VERDICTS` or an OAuth ``error``. Any other refusal is
    temporary trouble, as is every reply that names an outage or a limit.

    Args:
        status: HTTP status, or the ``status`` of a WebSocket reply.
        body: the decoded body, of any shape, or None.
        headers: reply headers, for ``Retry-After`` in seconds.
    """
    wait = _retry_after(headers or {})
    words = [*codes_of(body), *_oauth_error(body)]
    code = words[0] if words and _NUMBERED.fullmatch(words[0]) else None
    meanings = [VERDICTS[word] for word in words if word in VERDICTS]
    if status == 429 or _RATE_LIMITED in meanings:
        return RetryLater(
            Reason.RATE_LIMITED, code, DEFAULT_RETRY_AFTER if wait is None else wait
        )
    if status >= 500 or _OUTAGE in meanings:
        return RetryLater(Reason.SERVICE_ERROR, code, wait)
    verdicts = [meaning for meaning in meanings if meaning is not _TOKEN_REJECTED]
    if meanings[:1] == [_TOKEN_REJECTED] and _PERMISSION_MISSING in verdicts:
        # The more precise code counts: what a rejected token lacks says nothing.
        verdicts = []
    if not verdicts:
        if status == 401 or meanings:
            return TokenRejected(Reason.SERVICE_ERROR, code, wait)
        return RetryLater(Reason.SERVICE_ERROR, code, wait)
    family, reason = verdicts[0]
    if family is PermissionMissing:
        return PermissionMissing(code, _missing_permission(body))
    if family is RetryLater:
        return RetryLater(reason, code, wait)
    return family(reason, code)


def _parts(body: Any) -> tuple[Mapping[str, Any], ...]:
    """Return the parts of an error body that may have a code, the most precise first."""
    if not isinstance(body, Mapping):
        return ()
    errors = body.get("errors")
    parts = errors[:_MOST_PARTS] if isinstance(errors, list) else []
    return (*(part for part in parts if isinstance(part, Mapping)), body)


def _oauth_error(body: Any) -> tuple[str, ...]:
    error = body.get("error") if isinstance(body, Mapping) else None
    return (error,) if isinstance(error, str) else ()
