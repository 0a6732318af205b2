"""What can go wrong with RingCentral, in four families, each with one way out."""

from collections.abc import Mapping
from enum import StrEnum
import re
from typing import Any

# A penalty after a 429 that does not say how long (protocol: "wait >= 30 s", official clients use 60).
DEFAULT_RETRY_AFTER = 60.0

_PERMISSION = re.compile(r"\[([A-Za-z][A-Za-z ]{1,40})\]")
_CODE = re.compile(r"[A-Z]{3}-\d{3}")


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
            out, and no reply that can be read came back.
    """

    def __init__(
        self,
        reason: Reason,
        code: str | None = None,
        retry_after: float | None = None,
        *,
        may_have_worked: bool = False,
    ) -> None:
        """Keep how many seconds to wait, and whether the outcome is unknown."""
        super().__init__(reason, code)
        self.retry_after = retry_after
        self.may_have_worked = may_have_worked


class SignInRequired(RingCentralError):
    """The credentials no longer open a session: the user has to sign in again."""


class PermissionMissing(RingCentralError):
    """The app or the user lacks a permission.

    Attributes:
        permission: its name as the service spells it (``ReadPresence``), or None where it did not say.
    """

    def __init__(self, code: str | None = None, permission: str | None = None) -> None:
        """Keep the permission's name."""
        super().__init__(Reason.PERMISSION_MISSING, code)
        self.permission = permission


class Misconfigured(RingCentralError):
    """The request can never succeed as it is: the set-up has to change."""


# docs/protocol.md 1.5: what each code asks of a client. Codes that only exist on REST calls and say
# "this access token is finished" are in TOKEN_CODES: the caller renews it and tries once more.
TOKEN_CODES = frozenset(
    {
        "OAU-128",
        "OAU-129",
        "OAU-149",
        "OAU-151",
        "OAU-213",
        "AGW-401",
        "AGW-402",
        "CMN-405",
    }
)
_PERMISSION_CODES = frozenset(
    {"CMN-401", "CMN-402", "CMN-408", "CMN-419", "CMN-109", "SUB-412", "SUB-528"}
)
_LATER_CODES = frozenset({"OAU-167", "CMN-201", "CMN-203"})
_RATE_CODES = frozenset({"CMN-301", "CMN-302", "CMN-303", "CMN-304", "CMN-310"})
_BY_CODE: Mapping[str, tuple[type[SignInRequired | Misconfigured], Reason]] = {
    **dict.fromkeys(
        ("OAU-120", "OAU-121", "OAU-123", "OAU-146", "OAU-153"),
        (Misconfigured, Reason.INVALID_CLIENT),
    ),
    **dict.fromkeys(
        ("OAU-112", "OAU-125", "OAU-251"), (Misconfigured, Reason.GRANT_NOT_ALLOWED)
    ),
    **dict.fromkeys(("OAU-101", "OAU-165"), (Misconfigured, Reason.WRONG_SERVER)),
    **dict.fromkeys(("OAU-147", "OAU-148"), (SignInRequired, Reason.ACCOUNT_LOCKED)),
    **dict.fromkeys(
        ("OAU-136", "OAU-141", "OAU-142", "OAU-222", "OAU-232", "OAU-236"),
        (SignInRequired, Reason.EXTENSION_DISABLED),
    ),
}
_BY_OAUTH_ERROR: Mapping[str, tuple[type[SignInRequired | Misconfigured], Reason]] = {
    "invalid_client": (Misconfigured, Reason.INVALID_CLIENT),
    "unauthorized_client": (Misconfigured, Reason.GRANT_NOT_ALLOWED),
    "unsupported_grant_type": (Misconfigured, Reason.GRANT_NOT_ALLOWED),
    "invalid_grant": (SignInRequired, Reason.INVALID_AUTH),
    "expired_token": (SignInRequired, Reason.INVALID_AUTH),
    "access_denied": (SignInRequired, Reason.INVALID_AUTH),
}


def error_codes(body: Any) -> tuple[str, ...]:
    """Return the codes of an error body, the most precise first.

    Reads every shape of docs/protocol.md 1.5 and 2.1: ``errors[].errorCode`` comes before the top-level
    ``errorCode``, which may be a legacy word.
    """
    if not isinstance(body, Mapping):
        return ()
    errors = body.get("errors")
    found = (
        [e.get("errorCode") for e in errors if isinstance(e, Mapping)]
        if isinstance(errors, list)
        else []
    )
    found.append(body.get("errorCode"))
    return tuple(
        code for code in found if isinstance(code, str) and _CODE.fullmatch(code)
    )


def missing_permission(body: Any) -> str | None:
    """Return the permission that an error body names, in ``permissionName`` or as ``[Name]`` in its text."""
    if not isinstance(body, Mapping):
        return None
    errors = body.get("errors")
    parts = (
        [e for e in errors if isinstance(e, Mapping)]
        if isinstance(errors, list)
        else []
    )
    for part in (*parts, body):
        name = part.get("permissionName")
        if isinstance(name, str) and _PERMISSION.fullmatch(f"[{name}]"):
            return name
    for part in (*parts, body):
        message = part.get("message", part.get("error_description"))
        if isinstance(message, str) and (match := _PERMISSION.search(message)):
            return match[1]
    return None


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds of a ``Retry-After`` header, None where there is none that can be read."""
    try:
        return max(0.0, float(headers.get("Retry-After", "")))
    except ValueError:
        return None


def error_from_reply(
    status: int, body: Any, headers: Mapping[str, str] | None = None
) -> RingCentralError:
    """Return the error that a refused reply stands for.

    Args:
        status: HTTP status, or the ``status`` of a WebSocket reply.
        body: the decoded body of any shape, or None.
        headers: reply headers, for ``Retry-After`` in seconds.
    """
    codes = error_codes(body)
    code = codes[0] if codes else None
    known = set(codes)
    if status == 429 or known & _RATE_CODES:
        wait = retry_after(headers or {})
        return RetryLater(
            Reason.RATE_LIMITED, code, DEFAULT_RETRY_AFTER if wait is None else wait
        )
    if status >= 500 or status == 408 or known & _LATER_CODES:
        return RetryLater(Reason.SERVICE_ERROR, code, retry_after(headers or {}))
    if "SUB-505" in known:
        # Subscriptions end with their sockets: some of those too many will (docs/protocol.md 6).
        return RetryLater(Reason.SUBSCRIPTION_LIMIT, code)
    if known & _PERMISSION_CODES:
        return PermissionMissing(code, missing_permission(body))
    for candidate in codes:
        if candidate in _BY_CODE:
            family, reason = _BY_CODE[candidate]
            return family(reason, candidate)
    oauth = body.get("error") if isinstance(body, Mapping) else None
    if isinstance(oauth, str) and oauth in _BY_OAUTH_ERROR:
        family, reason = _BY_OAUTH_ERROR[oauth]
        return family(reason, code)
    if status == 401 or known & TOKEN_CODES:
        return SignInRequired(Reason.INVALID_AUTH, code)
    if status == 403:
        return PermissionMissing(code, missing_permission(body))
    if status == 404:
        return Misconfigured(Reason.NOT_FOUND, code)
    return Misconfigured(Reason.INVALID_REQUEST, code)
