"""When a JWT credential expires, if it says so. Nothing else in it is looked at (docs/protocol.md 1.2)."""

from base64 import urlsafe_b64decode
import binascii
from datetime import UTC, datetime

from .decoding import decode


def jwt_expiry(jwt: str) -> datetime | None:
    """Return the time of the ``exp`` claim, or None for a JWT without one, or in another form."""
    parts = jwt.split(".")
    if len(parts) != 3:
        return None
    try:
        claims = decode(urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except binascii.Error, ValueError:
        return None
    end = claims.get("exp") if isinstance(claims, dict) else None
    if not isinstance(end, int | float) or isinstance(end, bool):
        return None
    try:
        return datetime.fromtimestamp(end, UTC)
    except OverflowError, OSError, ValueError:
        return None
