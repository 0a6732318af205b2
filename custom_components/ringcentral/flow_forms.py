"""What the flows ask for: the forms, how answers are cleaned up, and what to say when one is refused."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
import math
from typing import Final, Self

from homeassistant.const import CONF_CLIENT_ID, CONF_CLIENT_SECRET
from homeassistant.helpers.selector import (
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)
import voluptuous as vol

from .aioringcentral.credentials import cleaned
from .aioringcentral.errors import (
    DEFAULT_RETRY_AFTER,
    PermissionMissing,
    Reason,
    RetryLater,
    RingCentralError,
)
from .aioringcentral.http import check_server
from .aioringcentral.membership import Follow, Lists, following
from .aioringcentral.models import Extension
from .const import (
    AUTH_JWT,
    AUTH_OAUTH,
    CALLER_FULL,
    CALLER_HIDDEN,
    CALLER_NAME,
    CONF_AUTH,
    CONF_CALLER_IDENTITY,
    CONF_EXTENSIONS,
    CONF_FOLLOW,
    CONF_JWT,
    CONF_SERVER,
    DEFAULT_SERVER,
)
from .markup import as_text
from .permission_names import OPTIONAL_PERMISSIONS, is_of_role, permission_name

# Brands that share a platform (docs/protocol.md 1.1); a host cannot be a key of a translation, and brands need none.
_SERVERS: Final = (
    SelectOptionDict(
        value=DEFAULT_SERVER,
        label="RingCentral (also Avaya, BT Cloud Work, Rainbow, TELUS, Unify Office)",
    ),
    SelectOptionDict(
        value="https://platform.ringcentral.biz",
        label="AT&T Office@Hand, Verizon",
    ),
)
# Stands for a number that cannot be read, and for an empty list.
_UNKNOWN: Final = "–"
_CALLER_IDENTITIES: Final = (CALLER_HIDDEN, CALLER_NAME, CALLER_FULL)

_PASSWORD = TextSelector(TextSelectorConfig(type=TextSelectorType.PASSWORD))

SERVER = vol.Schema(
    {
        vol.Required(CONF_SERVER, default=DEFAULT_SERVER): SelectSelector(
            SelectSelectorConfig(
                options=list(_SERVERS),
                custom_value=True,
                mode=SelectSelectorMode.DROPDOWN,
            )
        )
    }
)

CREDENTIALS = SERVER.extend(
    {
        vol.Required(CONF_CLIENT_ID): TextSelector(),
        vol.Required(CONF_CLIENT_SECRET): _PASSWORD,
        vol.Required(CONF_JWT): _PASSWORD,
    }
)

# Texts that differ between a sign-in in the browser and one with a JWT.
_OAUTH_TEXTS: Final = {
    Reason.INVALID_AUTH: "oauth_invalid_auth",
    Reason.INVALID_CLIENT: "oauth_invalid_client",
    Reason.GRANT_NOT_ALLOWED: "oauth_grant_not_allowed",
}


def credentials(user_input: Mapping[str, str]) -> dict[str, str]:
    """Return an entry's data from what was typed or pasted, without what copying added.

    Raises:
        Misconfigured: the server's address is not a secure one.
    """
    return {
        CONF_AUTH: AUTH_JWT,
        CONF_SERVER: check_server(user_input[CONF_SERVER]),
        CONF_CLIENT_ID: cleaned(user_input[CONF_CLIENT_ID]),
        CONF_CLIENT_SECRET: cleaned(user_input[CONF_CLIENT_SECRET]),
        CONF_JWT: cleaned(user_input[CONF_JWT]),
    }


def follow_form(lists: Lists, followed: Collection[str] = ()) -> vol.Schema:
    """Return the form that asks whom to follow, with what there is to choose from.

    Lines and favorites that are followed already stay on offer while they are empty, because somebody who
    changes something else must not lose them. So do those whose list cannot be read for now.
    """
    lines = lists.lines or {}
    stay = {*followed, *lists.later}
    on_offer = {
        Follow.OWN: True,
        Follow.LINES: Follow.LINES in stay
        or any(
            line.can_be_followed for key, line in lines.items() if key != lists.own.id
        ),
        Follow.FAVORITES: Follow.FAVORITES in stay or bool(lists.favorites),
        Follow.CHOSEN: lists.account is not None,
        Follow.ACCOUNT: lists.account is not None,
    }
    return vol.Schema(
        {
            vol.Required(CONF_FOLLOW, default=[Follow.OWN.value]): SelectSelector(
                SelectSelectorConfig(
                    options=[choice.value for choice in Follow if on_offer[choice]],
                    multiple=True,
                    mode=SelectSelectorMode.LIST,
                    translation_key=CONF_FOLLOW,
                )
            )
        }
    )


def follow_facts(lists: Lists, scope: Collection[str]) -> dict[str, str]:
    """Return what the form's texts say about the account, and about optional permissions that the app lacks.

    ``scope`` are the permissions of the sign-in, as the service spells them; an empty scope says nothing.
    """
    followed = [each for each in (lists.account or {}).values() if each.can_be_followed]
    people = sum(each.has_person for each in followed)
    queues = sum(each.type == "Department" for each in followed)
    lacking = [
        name
        for spelled, name in OPTIONAL_PERMISSIONS.items()
        if scope and spelled not in scope
    ]
    is_read = lists.account is not None
    return {
        "own": as_text(label(lists.own)),
        "people": str(people) if is_read else _UNKNOWN,
        "queues": str(queues) if is_read else _UNKNOWN,
        "lacking": ", ".join(lacking) or _UNKNOWN,
    }


def count_people(lists: Lists, follow: Collection[str], chosen: Iterable[str]) -> int:
    """Return how many people the choices mean, counting each once."""
    found = following([Follow(choice) for choice in follow], chosen, lists)
    return sum(each.has_person for each in found.extensions.values())


def options_form(lists: Lists, followed: Collection[str]) -> vol.Schema:
    """Return the first form of the options: whom to follow, and how much to show of callers."""
    return follow_form(lists, followed).extend(
        {
            vol.Required(CONF_CALLER_IDENTITY, default=CALLER_HIDDEN): SelectSelector(
                SelectSelectorConfig(
                    options=list(_CALLER_IDENTITIES),
                    mode=SelectSelectorMode.LIST,
                    translation_key=CONF_CALLER_IDENTITY,
                )
            )
        }
    )


def extensions_form(lists: Lists) -> vol.Schema:
    """Return the form that asks for extensions, by name."""
    options = [
        SelectOptionDict(value=extension.id, label=label(extension))
        for extension in (lists.account or {}).values()
        if extension.can_be_followed
    ]
    options.sort(key=lambda option: option["label"].casefold())
    return vol.Schema(
        {
            vol.Required(CONF_EXTENSIONS): SelectSelector(
                SelectSelectorConfig(
                    options=options,
                    multiple=True,
                    mode=SelectSelectorMode.DROPDOWN,
                )
            )
        }
    )


def still_there(lists: Lists, chosen: Collection[str]) -> list[str]:
    """Return those chosen extensions that the form offers, since it would refuse others."""
    account = lists.account or {}
    return [key for key in chosen if key in account and account[key].can_be_followed]


def label(extension: Extension) -> str:
    """Return an extension as people know it: by name and number."""
    known = extension.name or extension.number or extension.id
    return f"{known} ({extension.number})" if extension.number else known


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why a sign-in was refused, as a form shows it."""

    errors: dict[str, str]
    placeholders: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, error: RingCentralError, auth: str) -> Self:
        """Return what to show for an error of one way to sign in; its reason is the key of the text."""
        where = CONF_SERVER if error.reason is Reason.INVALID_ADDRESS else "base"
        placeholders = {}
        if isinstance(error, PermissionMissing):
            if (name := permission_name(error)) is None:
                return cls(errors={where: "permission_unknown"})
            placeholders["permission"] = name
            if is_of_role(error):
                return cls(
                    errors={where: "role_permission_missing"}, placeholders=placeholders
                )
        if isinstance(error, RetryLater) and error.reason is Reason.RATE_LIMITED:
            wait = error.retry_after or DEFAULT_RETRY_AFTER
            placeholders["seconds"] = str(math.ceil(wait))
        texts = _OAUTH_TEXTS if auth == AUTH_OAUTH else {}
        key = texts.get(error.reason, error.reason.value)
        return cls(errors={where: key}, placeholders=placeholders)
