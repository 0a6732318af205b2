"""What can go wrong with RingCentral, in four families, each with one way out."""

from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from enum import StrEnum
import math
import re
import time
from typing import Any, Final

# Seconds of a penalty after a 429 that does not say how long, as official clients assume (docs/protocol.md 5).
DEFAULT_RETRY_AFTER: Final = 60.0
# Seconds that one reply may keep us waiting: penalties last a minute (docs/protocol.md 5), and no odd
# number may stop the trying.
LONGEST_RETRY_AFTER: Final = 600.0

_PERMISSION: Final = re.compile(r"\[([A-Za-z][A-Za-z ]{1,40})\]")
# A code, or the older word in its place.
_CODE: Final = re.compile(r"[A-Z]{3}-\d{3}|[A-Z][A-Za-z]{3,40}")
_NUMBERED: Final = re.compile(r"[A-Z]{3}-\d{3}")
# Parts of an error body that are looked at: real ones have one or two.
_MOST_PARTS: Final = 10


class Reason(StrEnum):
    """Why a request failed; the value is the key of the user's text."""

    CANNOT_CONNECT = "cannot_connect"
    TLS_FAILED = "tls_failed"
    RATE_LIMITED = "rate_limited"
    SERVICE_ERROR = "service_error"
    SUBSCRIPTION_LIMIT = "subscription_limit"
    INVALID_AUTH = "invalid_auth"
    ACCOUNT_LOCKED = "account_locked"
    EXTENSION_DISABLED = "extension_disabled"
    PERMISSION_MISSING = "permission_missing"
    INVALID_CLIENT = "invalid_client"
    GRANT_NOT_ALLOWED = "grant_not_allowed"
    WRONG_SERVER = "wrong_server"
    INVALID_ADDRESS = "invalid_address"
    INVALID_REQUEST = "invalid_request"
    NOT_FOUND = "not_found"


class RingCentralError(Exception):
    """A request that RingCentral, or the way to it, refused.

    Attributes:
        reason: what went wrong.
        code: RingCentral's error code such as ``OAU-129``, or None. The service's own
            message is never kept, since it may hold numbers and names.
    """

    def __init__(self, reason: Reason, code: str | None = None) -> None:
        """Keep the reason and the code, and nothing that came from a person."""
        super().__init__(f"{reason} ({code})" if code else str(reason))
        self.reason = reason
        self.code = code


class RetryLater(RingCentralError):
    """Passing trouble: the same request may succeed later.

    Attributes:
        retry_after: seconds to wait before the next try, or None where the service gave none.
        may_have_worked: whether the service may have done what a change asked for: the request went
            out, and no reply came back that says otherwise.
        status: HTTP status of a reply of 500 or more, or None.
    """

    def __init__(
        self,
        reason: Reason,
        code: str | None = None,
        retry_after: float | None = None,
        *,
        may_have_worked: bool = False,
        status: int | None = None,
    ) -> None:
        """Keep how many seconds to wait, and whether the outcome is unknown."""
        super().__init__(reason, code)
        self.retry_after = retry_after
        self.status = status
        self.may_have_worked = may_have_worked


class TokenRejected(RetryLater):
    """The access token is not accepted: finished, or not known everywhere yet.

    Only a sign-in can say whether the credentials are good, so this is no verdict on them.
    """


class SignInRequired(RingCentralError):
    """The credentials no longer open a session: the user has to sign in again."""


class PermissionMissing(RingCentralError):
    """The app or the user lacks a permission.

    Attributes:
        permission: its name as the service spells it (``ReadPresence``), None where it did not say, or an empty
            string where what it said is no name.
    """

    def __init__(self, code: str | None = None, permission: str | None = None) -> None:
        """Keep the permission's name."""
        super().__init__(Reason.PERMISSION_MISSING, code)
        self.permission = permission


class Misconfigured(RingCentralError):
    """The request can never succeed as it is: the set-up has to change."""


# What a code or word asks of a client: the family of the error, and its reason.
type Verdict = tuple[type[RingCentralError], Reason]

RATE_LIMITED: Final[Verdict] = (RetryLater, Reason.RATE_LIMITED)
OUTAGE: Final[Verdict] = (RetryLater, Reason.SERVICE_ERROR)
TOKEN_REJECTED: Final[Verdict] = (TokenRejected, Reason.SERVICE_ERROR)
_SUBSCRIPTION_LIMIT: Final[Verdict] = (RetryLater, Reason.SUBSCRIPTION_LIMIT)
_PERMISSION_MISSING: Final[Verdict] = (PermissionMissing, Reason.PERMISSION_MISSING)
_INVALID_AUTH: Final[Verdict] = (SignInRequired, Reason.INVALID_AUTH)
_LOCKED: Final[Verdict] = (SignInRequired, Reason.ACCOUNT_LOCKED)
_DISABLED: Final[Verdict] = (SignInRequired, Reason.EXTENSION_DISABLED)
_INVALID_CLIENT: Final[Verdict] = (Misconfigured, Reason.INVALID_CLIENT)
_GRANT_NOT_ALLOWED: Final[Verdict] = (Misconfigured, Reason.GRANT_NOT_ALLOWED)
_WRONG_SERVER: Final[Verdict] = (Misconfigured, Reason.WRONG_SERVER)
_NOT_FOUND: Final[Verdict] = (Misconfigured, Reason.NOT_FOUND)
_INVALID_REQUEST: Final[Verdict] = (Misconfigured, Reason.INVALID_REQUEST)

# The app lacks a permission, whoever is asked for; and what the user's role lacks (docs/protocol.md 2.1).
APP_PERMISSION: Final = "CMN-401"
ROLE_PERMISSIONS: Final = frozenset({"CMN-402", "CMN-408"})

# RingCentral's words, and what they mean. What is not in here is passing trouble.
VERDICTS: Final[Mapping[str, Verdict]] = {
    # Limits: docs/protocol.md 5. Subscriptions end with their sockets, so some of too many will.
    "CMN-301": RATE_LIMITED,
    "CMN-302": RATE_LIMITED,
    "CMN-303": RATE_LIMITED,
    "CMN-304": RATE_LIMITED,
    "CMN-310": RATE_LIMITED,
    "SUB-505": _SUBSCRIPTION_LIMIT,
    # Outages: docs/protocol.md 2.1, and 10 for maintenance. OAU-167, forbidden by a site's access rules,
    # passes too: official clients stay signed in (1.5).
    "CMN-201": OUTAGE,
    "CMN-203": OUTAGE,
    "CMN-211": OUTAGE,
    "MaintenanceMode": OUTAGE,
    "OAU-167": OUTAGE,
    # The access token is finished, or not known everywhere yet: docs/protocol.md 1.4, 1.5, 2.2.
    "OAU-127": TOKEN_REJECTED,
    "OAU-128": TOKEN_REJECTED,
    "OAU-129": TOKEN_REJECTED,
    "OAU-149": TOKEN_REJECTED,
    "OAU-151": TOKEN_REJECTED,
    "OAU-213": TOKEN_REJECTED,
    "AGW-401": TOKEN_REJECTED,
    "AGW-402": TOKEN_REJECTED,
    "CMN-405": TOKEN_REJECTED,
    "TokenInvalid": TOKEN_REJECTED,
    "TokenExpired": TOKEN_REJECTED,
    # Permissions and rights: docs/protocol.md 2.1; of subscriptions 2.9.
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
    "invalid_token": TOKEN_REJECTED,
}


def error_codes(body: Any) -> tuple[str, ...]:
    """Return the codes of an error body, the most precise first.

    ``errors[].errorCode`` comes before the top-level ``errorCode``, which may be an older word such as
    ``InsufficientPermissions`` (docs/protocol.md 1.5, 2.1). At most ten are looked at.
    """
    found = [part.get("errorCode") for part in _parts(body)]
    return tuple(
        code for code in found if isinstance(code, str) and _CODE.fullmatch(code)
    )


def missing_permission(body: Any) -> str | None:
    """Return the permission that an error body names, in ``permissionName`` or as ``[Name]`` in its text.

    An empty string where a ``permissionName`` is no name.
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


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds of a ``Retry-After`` header, within `LONGEST_RETRY_AFTER`.

    None where there is none that can be read. RingCentral sends seconds (docs/protocol.md 5); a gateway
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
        # Nobody can wait for a time that has passed: the clock here or there is wrong.
        return None
    return min(seconds, LONGEST_RETRY_AFTER)


def error_from_reply(
    status: int, body: Any, headers: Mapping[str, str] | None = None
) -> RingCentralError:
    """Return the error that a refused reply stands for.

    A verdict takes RingCentral's own words: a code of `VERDICTS` or an OAuth ``error``. Whatever else
    refuses a request is passing trouble, as is every reply that names an outage or a limit.

    Args:
        status: HTTP status, or the ``status`` of a WebSocket reply.
        body: the decoded body of any shape, or None.
        headers: reply headers, for ``Retry-After`` in seconds.
    """
    wait = retry_after(headers or {})
    words = [*error_codes(body), *_oauth_error(body)]
    code = words[0] if words and _NUMBERED.fullmatch(words[0]) else None
    meanings = [VERDICTS[word] for word in words if word in VERDICTS]
    if status == 429 or RATE_LIMITED in meanings:
        return RetryLater(
            Reason.RATE_LIMITED, code, DEFAULT_RETRY_AFTER if wait is None else wait
        )
    if status >= 500 or OUTAGE in meanings:
        return RetryLater(Reason.SERVICE_ERROR, code, wait)
    verdicts = [meaning for meaning in meanings if meaning is not TOKEN_REJECTED]
    if not verdicts:
        if status == 401 or meanings:
            return TokenRejected(Reason.SERVICE_ERROR, code, wait)
        return RetryLater(Reason.SERVICE_ERROR, code, wait)
    family, reason = verdicts[0]
    if family is PermissionMissing:
        return PermissionMissing(code, missing_permission(body))
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
