"""Every error body ends in one of four families (docs/protocol.md 1.5, 2.1)."""

from typing import Any

import pytest

from aioringcentral.error_codes import LONGEST_RETRY_AFTER, VERDICTS, error_from_reply
from aioringcentral.errors import (
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
        (503, rest("CMN-211"), RetryLater, Reason.SERVICE_ERROR, "CMN-211"),
        (
            403,
            {"errorCode": "MaintenanceMode", "message": "ReadPresence"},
            RetryLater,
            Reason.SERVICE_ERROR,
            None,
        ),
        (
            403,
            {"errorCode": "MaintenanceMode", "errors": [{"errorCode": "CMN-401"}]},
            RetryLater,
            Reason.SERVICE_ERROR,
            "CMN-401",
        ),
        (403, rest("CMN-211"), RetryLater, Reason.SERVICE_ERROR, "CMN-211"),
        (404, rest("SUB-507"), RetryLater, Reason.SERVICE_ERROR, "SUB-507"),
        (400, oauth("temporarily_unavailable"), RetryLater, Reason.SERVICE_ERROR, None),
        (403, rest("ZZZ-999"), RetryLater, Reason.SERVICE_ERROR, "ZZZ-999"),
        (403, {"error": ["invalid_grant"]}, RetryLater, Reason.SERVICE_ERROR, None),
        # A finished access token says nothing about the credentials.
        (
            401,
            {"errorCode": "TokenInvalid", "errors": [{"errorCode": "OAU-129"}]},
            TokenRejected,
            Reason.SERVICE_ERROR,
            "OAU-129",
        ),
        (401, rest("OAU-213"), TokenRejected, Reason.SERVICE_ERROR, "OAU-213"),
        (401, rest("AGW-401"), TokenRejected, Reason.SERVICE_ERROR, "AGW-401"),
        # The older word beside it says less.
        (
            401,
            {**rest("OAU-213"), "errorCode": "InsufficientPermissions"},
            TokenRejected,
            Reason.SERVICE_ERROR,
            "OAU-213",
        ),
        (401, rest("CMN-405"), TokenRejected, Reason.SERVICE_ERROR, "CMN-405"),
        (401, rest("TokenExpired"), TokenRejected, Reason.SERVICE_ERROR, None),
        (401, None, TokenRejected, Reason.SERVICE_ERROR, None),
        # Sign in again.
        (
            400,
            oauth("invalid_grant", "OAU-213"),
            SignInRequired,
            Reason.INVALID_AUTH,
            "OAU-213",
        ),
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
        (
            403,
            rest("InsufficientPermissions"),
            PermissionMissing,
            Reason.PERMISSION_MISSING,
            None,
        ),
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
            AppRefused,
            Reason.INVALID_CLIENT,
            "OAU-123",
        ),
        (401, oauth("invalid_client"), AppRefused, Reason.INVALID_CLIENT, None),
        (
            400,
            oauth("unauthorized_client", "OAU-251"),
            AppRefused,
            Reason.GRANT_NOT_ALLOWED,
            "OAU-251",
        ),
        (
            400,
            oauth("unsupported_grant_type"),
            AppRefused,
            Reason.GRANT_NOT_ALLOWED,
            None,
        ),
        (
            400,
            oauth("invalid_request", "OAU-165"),
            AppRefused,
            Reason.WRONG_SERVER,
            "OAU-165",
        ),
        (404, rest("CMN-102"), Misconfigured, Reason.NOT_FOUND, "CMN-102"),
        (400, rest("CMN-101"), Misconfigured, Reason.INVALID_REQUEST, "CMN-101"),
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
    "body",
    [
        None,
        {},
        [],
        "Forbidden",
        7,
        {"message": "In order to call this, [ReadPresence]"},
        {"errors": []},
        {"errors": [None, 7, "CMN-401"]},
        {"errors": {"errorCode": "CMN-401"}},
        {"errorCode": ["CMN-401"]},
        {"errorCode": "CMN-999"},
        {"errorCode": "Forbidden"},
        {"error": "go_away"},
    ],
    ids=str,
)
@pytest.mark.parametrize(
    "status",
    [400, 401, 402, 403, 404, 405, 406, 409, 410, 413, 415, 418, 421, 423, 451],
)
def test_a_verdict_needs_the_service_s_own_words(status: int, body: Any) -> None:
    """A proxy, a gateway or a new error is no reason to ask anything of the user."""
    assert isinstance(error_from_reply(status, body), RetryLater)


@pytest.mark.parametrize("word", VERDICTS)
def test_an_outage_outranks_every_verdict(word: str) -> None:
    body = {"errorCode": word, "error": word, "errors": [{"errorCode": word}]}
    for status in (500, 502, 503, 504, 429):
        assert isinstance(error_from_reply(status, body), RetryLater)


def test_every_word_means_what_the_table_says() -> None:
    for word, (family, reason) in VERDICTS.items():
        key = "error" if word.islower() else "errorCode"
        error = error_from_reply(400, {key: word})
        assert (type(error), error.reason) == (family, reason), word


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"Retry-After": "17"}, 17.0),
        ({}, DEFAULT_RETRY_AFTER),
        ({"Retry-After": "soon"}, DEFAULT_RETRY_AFTER),
        ({"Retry-After": "0"}, 0.0),
        ({"Retry-After": "-5"}, DEFAULT_RETRY_AFTER),
        ({"Retry-After": "nan"}, DEFAULT_RETRY_AFTER),
        ({"Retry-After": "inf"}, LONGEST_RETRY_AFTER),
        ({"Retry-After": "-inf"}, DEFAULT_RETRY_AFTER),
        ({"Retry-After": "1e308"}, LONGEST_RETRY_AFTER),
        ({"Retry-After": "9" * 400}, LONGEST_RETRY_AFTER),
        ({"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}, DEFAULT_RETRY_AFTER),
        ({"Retry-After": "Wed, 21 Oct 2099 07:28:00 GMT"}, LONGEST_RETRY_AFTER),
        ({"Retry-After": "Wed, 99 Oct 99999 07:28:00 GMT"}, DEFAULT_RETRY_AFTER),
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
        (rest("CMN-401", permissionName="+1 555 0100"), ""),
        (rest("CMN-401", permissionName={"id": "ReadPresence"}), ""),
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
