"""Every error body of docs/protocol.md 1.5 and 2.1 ends in one of four families."""

from typing import Any

import pytest

from aioringcentral.errors import (
    DEFAULT_RETRY_AFTER,
    Misconfigured,
    PermissionMissing,
    Reason,
    RetryLater,
    RingCentralError,
    SignInRequired,
    error_from_reply,
)


def rest(code: str, message: str = "Nothing to see", **more: Any) -> dict[str, Any]:
    """Return the common REST shape: the code at both levels."""
    return {
        "errorCode": code,
        "message": message,
        "errors": [{"errorCode": code, "message": message, **more}],
        **more,
    }


def oauth(error: str, code: str | None = None) -> dict[str, Any]:
    """Return the OAuth shape, with or without ``errors``."""
    body: dict[str, Any] = {"error": error, "error_description": "Nothing to see"}
    if code:
        body["errors"] = [{"errorCode": code, "message": "Nothing to see"}]
    return body


@pytest.mark.parametrize(
    ("status", "body", "family", "reason", "code"),
    [
        # Passing trouble.
        (429, rest("CMN-301"), RetryLater, Reason.RATE_LIMITED, "CMN-301"),
        (429, None, RetryLater, Reason.RATE_LIMITED, None),
        (429, rest("CMN-310"), RetryLater, Reason.RATE_LIMITED, "CMN-310"),
        (400, rest("CMN-304"), RetryLater, Reason.RATE_LIMITED, "CMN-304"),
        (500, rest("CMN-203"), RetryLater, Reason.SERVICE_ERROR, "CMN-203"),
        (503, rest("CMN-201"), RetryLater, Reason.SERVICE_ERROR, "CMN-201"),
        (502, "<html>", RetryLater, Reason.SERVICE_ERROR, None),
        (408, None, RetryLater, Reason.SERVICE_ERROR, None),
        (403, rest("OAU-167"), RetryLater, Reason.SERVICE_ERROR, "OAU-167"),
        # Sign in again.
        (
            401,
            {"errorCode": "TokenInvalid", "errors": [{"errorCode": "OAU-129"}]},
            SignInRequired,
            Reason.INVALID_AUTH,
            "OAU-129",
        ),
        (401, rest("OAU-213"), SignInRequired, Reason.INVALID_AUTH, "OAU-213"),
        (401, rest("AGW-401"), SignInRequired, Reason.INVALID_AUTH, "AGW-401"),
        (401, rest("CMN-405"), SignInRequired, Reason.INVALID_AUTH, "CMN-405"),
        (401, None, SignInRequired, Reason.INVALID_AUTH, None),
        (
            400,
            oauth("invalid_grant", "OAU-210"),
            SignInRequired,
            Reason.INVALID_AUTH,
            "OAU-210",
        ),
        (400, oauth("invalid_grant"), SignInRequired, Reason.INVALID_AUTH, None),
        (
            400,
            oauth("invalid_grant", "OAU-147"),
            SignInRequired,
            Reason.ACCOUNT_LOCKED,
            "OAU-147",
        ),
        (
            400,
            oauth("invalid_grant", "OAU-141"),
            SignInRequired,
            Reason.EXTENSION_DISABLED,
            "OAU-141",
        ),
        (400, oauth("access_denied"), SignInRequired, Reason.INVALID_AUTH, None),
        # A permission is missing.
        (
            403,
            rest("CMN-401", permissionName="ReadPresence"),
            PermissionMissing,
            Reason.PERMISSION_MISSING,
            "CMN-401",
        ),
        (
            401,
            rest("CMN-401", permissionName="ReadPresence"),
            PermissionMissing,
            Reason.PERMISSION_MISSING,
            "CMN-401",
        ),
        (403, rest("CMN-408"), PermissionMissing, Reason.PERMISSION_MISSING, "CMN-408"),
        (403, rest("SUB-528"), PermissionMissing, Reason.PERMISSION_MISSING, "SUB-528"),
        (403, None, PermissionMissing, Reason.PERMISSION_MISSING, None),
        (
            400,
            oauth("invalid_client", "CMN-408"),
            PermissionMissing,
            Reason.PERMISSION_MISSING,
            "CMN-408",
        ),
        # It can never work like this.
        (
            400,
            oauth("invalid_client", "OAU-123"),
            Misconfigured,
            Reason.INVALID_CLIENT,
            "OAU-123",
        ),
        (401, oauth("invalid_client"), Misconfigured, Reason.INVALID_CLIENT, None),
        (
            400,
            oauth("unauthorized_client", "OAU-251"),
            Misconfigured,
            Reason.GRANT_NOT_ALLOWED,
            "OAU-251",
        ),
        (
            400,
            oauth("unsupported_grant_type"),
            Misconfigured,
            Reason.GRANT_NOT_ALLOWED,
            None,
        ),
        (
            400,
            oauth("invalid_request", "OAU-165"),
            Misconfigured,
            Reason.WRONG_SERVER,
            "OAU-165",
        ),
        (404, rest("CMN-102"), Misconfigured, Reason.NOT_FOUND, "CMN-102"),
        (400, rest("CMN-101"), Misconfigured, Reason.INVALID_REQUEST, "CMN-101"),
        (415, None, Misconfigured, Reason.INVALID_REQUEST, None),
    ],
)
def test_family(
    status: int,
    body: Any,
    family: type[RingCentralError],
    reason: Reason,
    code: str | None,
) -> None:
    """The code decides before the status, and the precise code before the legacy word."""
    error = error_from_reply(status, body)
    assert (type(error), error.reason, error.code) == (family, reason, code)


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"Retry-After": "17"}, 17.0),
        ({}, DEFAULT_RETRY_AFTER),
        ({"Retry-After": "soon"}, DEFAULT_RETRY_AFTER),
        ({"Retry-After": "0"}, 0.0),
    ],
)
def test_how_long_to_wait_after_a_429(headers: dict[str, str], wait: float) -> None:
    """Without a word of the service it is a minute."""
    error = error_from_reply(429, rest("CMN-301"), headers)
    assert isinstance(error, RetryLater)
    assert error.retry_after == wait


@pytest.mark.parametrize(
    ("body", "permission"),
    [
        (rest("CMN-401", permissionName="ReadPresence"), "ReadPresence"),
        (
            rest(
                "CMN-401",
                "In order to call this, application needs to have [ReadPresence] permission",
            ),
            "ReadPresence",
        ),
        (
            rest("SUB-528", "Application needs [SubscriptionWebSocket]"),
            "SubscriptionWebSocket",
        ),
        (
            {"errors": [{"errorCode": "CMN-401", "permissionName": "ReadAccounts"}]},
            "ReadAccounts",
        ),
        (rest("CMN-408"), None),
        (rest("CMN-401", permissionName="+1 555 0100"), None),
        ({"errors": "none", "errorCode": "CMN-401"}, None),
    ],
)
def test_a_missing_permission_is_named(body: Any, permission: str | None) -> None:
    """By its field, or as written in brackets; nothing but a name gets through."""
    error = error_from_reply(403, body)
    assert isinstance(error, PermissionMissing)
    assert error.permission == permission


def test_the_text_of_the_service_goes_nowhere() -> None:
    """It may hold numbers and names."""
    error = error_from_reply(404, rest("CMN-102", "Alice Smith +15550100 is not found"))
    assert str(error) == "not_found (CMN-102)"
