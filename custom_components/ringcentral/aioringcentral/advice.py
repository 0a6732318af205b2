"""What to do about an error, in a sentence for whoever runs a command."""

from collections.abc import Mapping
from typing import Final

from .errors import Reason, RingCentralError

_ADVICE: Final[Mapping[Reason, str]] = {
    Reason.CANNOT_CONNECT: "RingCentral cannot be reached: check the network and RINGCENTRAL_SERVER.",
    Reason.TLS_FAILED: "The server's certificate is not trusted: check RINGCENTRAL_SERVER and any proxy in between.",
    Reason.RATE_LIMITED: "RingCentral allows no more requests for now: try again in a few minutes.",
    Reason.SERVICE_ERROR: "RingCentral has trouble, or its answer cannot be read: try again later.",
    Reason.SUBSCRIPTION_LIMIT: "This user has too many subscriptions in this app: end other clients, or wait an hour.",
    Reason.INVALID_AUTH: "RingCentral does not accept the JWT: make a new one for this app, and set RINGCENTRAL_JWT.",
    Reason.ACCOUNT_LOCKED: "RingCentral has locked this sign-in: ask your administrator, or wait.",
    Reason.EXTENSION_DISABLED: "The extension that signs in is disabled: use the JWT of another user.",
    Reason.PERMISSION_MISSING: "A permission is missing: add Read Presence, Read Accounts and WebSocket Subscriptions to the app, and check the user's role.",
    Reason.INVALID_CLIENT: "RingCentral does not know this app: check RINGCENTRAL_CLIENT_ID and RINGCENTRAL_CLIENT_SECRET.",
    Reason.GRANT_NOT_ALLOWED: "The app may not sign in with a JWT: allow the JWT auth flow in its settings.",
    Reason.WRONG_SERVER: "The app belongs to another server or brand: check RINGCENTRAL_SERVER.",
    Reason.INVALID_ADDRESS: "The server's address cannot be used: set RINGCENTRAL_SERVER to an https address without path and query.",
    Reason.INVALID_REQUEST: "RingCentral does not accept the request: please report it.",
    Reason.NOT_FOUND: "RingCentral does not find what was asked for: check RINGCENTRAL_SERVER.",
}


def advice(error: RingCentralError) -> str:
    """Return what to do about an error, with its reason and code for a report."""
    return f"{_ADVICE[error.reason]} [{error}]"
