"""Reads what an entry keeps: after an old backup or an edit by hand, values may be missing or of other types."""

from collections.abc import Mapping
from typing import Any

from homeassistant.const import (
    CONF_ACCESS_TOKEN,
    CONF_CLIENT_ID,
    CONF_CLIENT_SECRET,
    CONF_TOKEN,
)

from .aioringcentral import wire
from .aioringcentral.errors import Reason, SignInRequired
from .aioringcentral.membership import Follow
from .const import (
    AUTH_JWT,
    AUTH_OAUTH,
    CALLER_FULL,
    CALLER_HIDDEN,
    CALLER_NAME,
    CONF_AUTH,
    CONF_AUTH_IMPLEMENTATION,
    CONF_CALLER_IDENTITY,
    CONF_EXTENSIONS,
    CONF_FOLLOW,
    CONF_JWT,
    CONF_SERVER,
)

# The values that each way to sign in needs.
_NEEDED = {
    AUTH_JWT: (CONF_SERVER, CONF_CLIENT_ID, CONF_CLIENT_SECRET, CONF_JWT),
    AUTH_OAUTH: (CONF_SERVER, CONF_AUTH_IMPLEMENTATION),
}


def kept_data(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return an entry's data: texts where there have to be texts, empty if missing, and tokens by name."""
    texts = {
        name: value if isinstance(value := data.get(name), str) else ""
        for names in _NEEDED.values()
        for name in names
    }
    token = data.get(CONF_TOKEN)
    pair = dict(token) if isinstance(token, Mapping) else {}
    auth = data.get(CONF_AUTH)
    if auth not in (AUTH_JWT, AUTH_OAUTH):
        auth = AUTH_OAUTH if pair and not texts[CONF_JWT] else AUTH_JWT
    return {**data, CONF_AUTH: auth, **texts, CONF_TOKEN: pair}


def check_complete(data: Mapping[str, Any]) -> None:
    """Check that all credentials in `kept_data` are there.

    Raises:
        SignInRequired: something is missing, which the user has to enter again.
    """
    auth = data[CONF_AUTH]
    is_complete = all(data[name] for name in _NEEDED[auth])
    has_token = wire.secret(data[CONF_TOKEN].get(CONF_ACCESS_TOKEN)) is not None
    if not is_complete or (auth == AUTH_OAUTH and not has_token):
        raise SignInRequired(Reason.INVALID_AUTH)


def kept_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return an entry's options; one that cannot be read has its default."""
    found = options.get(CONF_FOLLOW)
    named = dict.fromkeys(each for each in _texts(found) if each in list(Follow))
    return {
        CONF_FOLLOW: list(named) or [Follow.OWN.value],
        CONF_EXTENSIONS: list(dict.fromkeys(_texts(options.get(CONF_EXTENSIONS)))),
        CONF_CALLER_IDENTITY: kept_caller_identity(options),
    }


def kept_caller_identity(options: Mapping[str, Any]) -> str:
    """Return how much to show of callers, which is nothing if that cannot be read."""
    found = options.get(CONF_CALLER_IDENTITY)
    return found if found in (CALLER_NAME, CALLER_FULL) else CALLER_HIDDEN


def has_choices(options: Mapping[str, Any]) -> bool:
    """Whether all that an entry follows can be read; if not, others may be meant, too, whose devices stay."""
    found = options.get(CONF_FOLLOW)
    return (
        isinstance(found, list | tuple)
        and bool(found)
        and all(each in list(Follow) for each in found)
    )


def kept_unique_id(unique_id: Any) -> str | None:
    """Return the account's id, or None if it was lost."""
    return unique_id if isinstance(unique_id, str) and unique_id else None


def _texts(value: Any) -> list[str]:
    """Return the texts in a list, including ids that are numbers; a text alone is a list of one."""
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, list | tuple):
        return []
    return [str(each) for each in values if type(each) in (str, int)]
