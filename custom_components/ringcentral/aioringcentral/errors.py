"""What can go wrong with RingCentral: four families of errors, each with one way out."""

from enum import StrEnum
from typing import Final

# Seconds of penalty after a 429 that does not say how long, as official clients assume (docs/protocol.md 5).
DEFAULT_RETRY_AFTER: Final = 60.0
# Codes for a permission that the app lacks, whoever it acts for, and for one that the user's role lacks
# (docs/protocol.md 2.1).
APP_PERMISSION: Final = "CMN-401"
ROLE_PERMISSIONS: Final = frozenset({"CMN-402", "CMN-408"})


class Reason(StrEnum):
    """Why a request failed; the value is the key of the text shown to the user."""

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
    """Temporary trouble: the same request may succeed later.

    Attributes:
        retry_after: seconds to wait before the next try, or None if the service did not say.
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
    """The access token is not accepted: it has ended, or is not known everywhere yet.

    Only a sign-in can say whether the credentials are good, so this is no verdict on them.
    """


class SignInRequired(RingCentralError):
    """The credentials no longer open a session: the user has to sign in again."""


class AppRefused(SignInRequired):
    """The app may not sign in, whoever the user is; only other credentials or other settings of the app help."""


class PermissionMissing(RingCentralError):
    """The app or the user lacks a permission.

    Attributes:
        permission: its name as the service spells it (``ReadPresence``), None if the service gave none, or an
        empty string if what it gave is not a name.
    """

    def __init__(self, code: str | None = None, permission: str | None = None) -> None:
        """Keep the permission's name."""
        super().__init__(Reason.PERMISSION_MISSING, code)
        self.permission = permission


class Misconfigured(RingCentralError):
    """The request can never succeed as it is: the set-up has to change."""


def passes(error: RingCentralError) -> bool:
    """Whether the same request may succeed later, because nothing that it asks for was refused.

    That is so for temporary trouble, and for a sign-in that failed before the request was sent.
    """
    return isinstance(error, RetryLater | SignInRequired)


def wait_after(error: RingCentralError) -> float | None:
    """Return the seconds to wait before the next try, or None if the service did not say."""
    return error.retry_after if isinstance(error, RetryLater) else None
