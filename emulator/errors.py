"""Errors as the service words them, from docs/protocol.md 1.5 and 2.1."""

from typing import Any

LEGACY_CODES = {"CMN-401": "InsufficientPermissions"}
"""Top-level words for codes in `errors`."""


class ApiError(Exception):
    """A REST call that ends in an error reply."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        top: str | None = None,
        retry_after: int | None = None,
        **attributes: str,
    ) -> None:
        """Take the HTTP status, the code, the text and attributes of the error."""
        super().__init__(message)
        self.status, self.code, self.message = status, code, message
        self.top = top or LEGACY_CODES.get(code, code)
        self.retry_after = retry_after
        self.attributes = attributes

    def body(self, shape: str = "full") -> dict[str, Any]:
        """Return the JSON body; `errors_only` is the newer shape, `legacy` the oldest."""
        inner = {"errorCode": self.code, "message": self.message, **self.attributes}
        if shape == "errors_only":
            return {"errors": [inner]}
        outer = {"errorCode": self.top, "message": self.message}
        if shape == "legacy":
            return {**outer, **self.attributes}
        return {**outer, "errors": [inner], **self.attributes}


class OAuthError(Exception):
    """A call to an OAuth endpoint that ends in an error reply."""

    def __init__(
        self,
        error: str,
        code: str,
        message: str,
        *,
        status: int = 400,
        retry_after: int | None = None,
    ) -> None:
        """Take the OAuth word, the code and the text."""
        super().__init__(message)
        self.error, self.code, self.message = error, code, message
        self.status, self.retry_after = status, retry_after

    def body(self, *, codes: bool = True) -> dict[str, Any]:
        """Return the JSON body; old replies lack `errors`."""
        body: dict[str, Any] = {"error": self.error}
        if codes:
            body["errors"] = [{"errorCode": self.code, "message": self.message}]
        body["error_description"] = self.message
        return body


OAUTH_CODES: dict[str, tuple[str, str]] = {
    "OAU-101": ("invalid_request", "Parameter [brandId] is invalid"),
    "OAU-105": ("access_denied", "Login for this extension type is not allowed"),
    "OAU-106": ("invalid_grant", "Invalid authorization code"),
    "OAU-108": ("invalid_grant", "Authorization code is expired"),
    "OAU-109": ("invalid_grant", "Redirect URIs do not match"),
    "OAU-110": (
        "invalid_grant",
        "Authorization code was not issued for this application",
    ),
    "OAU-111": ("invalid_request", "Request parameter duplication detected"),
    "OAU-112": ("unauthorized_client", "Unauthorized for this grant type"),
    "OAU-113": ("invalid_request", "No redirect uri is registered for the client"),
    "OAU-120": ("invalid_client", "Wrong Application ID"),
    "OAU-121": ("invalid_client", "Wrong Application"),
    "OAU-123": ("invalid_client", "Client authentication is required"),
    "OAU-125": ("unauthorized_client", "Grant type is not allowed for application"),
    "OAU-136": ("invalid_grant", "Extension not found"),
    "OAU-140": ("invalid_grant", "Invalid resource owner credentials"),
    "OAU-141": ("invalid_grant", "Login for extension in current state is not allowed"),
    "OAU-142": ("invalid_grant", "Login to account in current state is not allowed"),
    "OAU-146": ("invalid_client", "Invalid client credentials"),
    "OAU-147": (
        "invalid_grant",
        "The account is locked out due to multiple unsuccessful logon attempts",
    ),
    "OAU-148": (
        "invalid_grant",
        "The account is locked out. Please use Single Sign-on way to authenticate",
    ),
    "OAU-149": ("invalid_grant", "Unparsable token"),
    "OAU-153": ("invalid_client", "Client authentication is required"),
    "OAU-165": (
        "invalid_client",
        "Sandbox application is not allowed in production environment",
    ),
    "OAU-167": ("access_denied", "Site access is forbidden"),
    "OAU-168": (
        "unauthorized_client",
        "Password grant is not allowed because MFA is required",
    ),
    "OAU-210": ("invalid_grant", "Token expired"),
    "OAU-213": ("invalid_grant", "Token not found"),
    "OAU-222": ("invalid_grant", "Account not found"),
    "OAU-232": ("invalid_grant", "Extension not found"),
    "OAU-236": ("invalid_grant", "Extension is disabled or frozen"),
    "OAU-250": ("unsupported_grant_type", "Unsupported grant type"),
    "OAU-251": ("unauthorized_client", "Unauthorized for this grant type"),
    "CMN-408": (
        "invalid_client",
        "User needs to have [ThirdPartyAppAccess] permission for requested resource",
    ),
}
"""Code -> OAuth word, text (docs/protocol.md 1.5)."""


def oauth_error(code: str) -> OAuthError:
    """Return the error for an OAuth code; its status is nearly always 400, as in practice."""
    error, message = OAUTH_CODES.get(code, ("invalid_request", code))
    return OAuthError(error, code, message, status=403 if code == "OAU-167" else 400)


def bad_parameter(name: str, status: int = 400) -> ApiError:
    """Return CMN-101 for a parameter."""
    return ApiError(
        status, "CMN-101", f"Parameter [{name}] value is invalid.", parameterName=name
    )


def not_found(name: str) -> ApiError:
    """Return CMN-102 for a parameter."""
    return ApiError(
        404,
        "CMN-102",
        f"Resource for parameter [{name}] is not found",
        parameterName=name,
    )


def app_permission(name: str) -> ApiError:
    """Return CMN-401: the app lacks a permission."""
    return ApiError(
        403,
        "CMN-401",
        "In order to call this API endpoint, application needs to have "
        f"[{name}] permission",
        permissionName=name,
    )


def user_permission(name: str) -> ApiError:
    """Return CMN-408: the user's role lacks a permission."""
    return ApiError(
        403,
        "CMN-408",
        "In order to call this API endpoint, user needs to have "
        f"[{name}] permission for requested resource.",
        permissionName=name,
    )


def invalid_uri() -> ApiError:
    """Return CMN-120."""
    return ApiError(404, "CMN-120", "Invalid URI")


def rate_exceeded(retry_after: int | None) -> ApiError:
    """Return CMN-301."""
    return ApiError(429, "CMN-301", "Request rate exceeded", retry_after=retry_after)


def maintenance(code: str, status: int | None, retry_after: int | None) -> ApiError:
    """Return the error of a service under maintenance: CMN-211, or the older word."""
    if code == "MaintenanceMode":
        message = "Service is under maintenance"
        return ApiError(status or 403, code, message, retry_after=retry_after)
    message = "Service is temporarily unavailable: maintenance"
    return ApiError(status or 503, code, message, retry_after=retry_after)


def token_invalid(code: str) -> ApiError:
    """Return the 401 for a REST call with an invalid access token."""
    message = {
        "OAU-128": "Access token expired",
        "OAU-129": "Access token corrupted",
        "OAU-149": "Unparsable access token",
        "OAU-213": "Token not found",
    }[code]
    top = "TokenExpired" if code == "OAU-128" else "TokenInvalid"
    return ApiError(401, code, message, top=top)
