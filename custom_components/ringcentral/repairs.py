"""Issues that a person can mend outside Home Assistant; each vanishes once it is mended."""

from collections.abc import Mapping
from datetime import timedelta
import re
from typing import Any, Final

from homeassistant.components.repairs import RepairsFlow, RepairsFlowResult
from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.util import dt as dt_util
import voluptuous as vol

from .aioringcentral.errors import PermissionMissing, RingCentralError
from .aioringcentral.filters import EVERYONE, UNKNOWN_REASON, is_presence_filter
from .aioringcentral.jwt import jwt_expiry
from .aioringcentral.models import Extension
from .aioringcentral.stream import Subscription
from .const import CONF_EXTENSIONS, CONF_JWT, DOMAIN
from .signin import check_again

PERMISSION_MISSING: Final = "permission_missing"
ROLE_PERMISSION_MISSING: Final = "role_permission_missing"
FILTERS_REFUSED: Final = "filters_refused"
ACCOUNT_REFUSED: Final = "account_refused"
SUBSCRIPTION_LIMIT: Final = "subscription_limit"
JWT_EXPIRES: Final = "jwt_expires"
LOST_CHOICES: Final = "lost_choices"
NOT_RESTORED: Final = "not_restored"
ISSUES: Final = (
    PERMISSION_MISSING,
    ROLE_PERMISSION_MISSING,
    FILTERS_REFUSED,
    ACCOUNT_REFUSED,
    SUBSCRIPTION_LIMIT,
    JWT_EXPIRES,
    LOST_CHOICES,
    # One for each extension.
    NOT_RESTORED,
)

_JWT_NOTICE: Final = timedelta(days=14)

# How the Developer Console calls the permissions that the service spells in several ways (docs/protocol.md 1.3).
_CONSOLE_NAMES: Final = {
    "ReadPresence": "Read Presence",
    "EditPresence": "Edit Presence",
    "ReadAccounts": "Read Accounts",
    "ReadContacts": "Read Contacts",
    "ReadMessages": "Read Messages",
    "WebSocket": "WebSocket Subscriptions",
    "WebSocketSubscription": "WebSocket Subscriptions",
    "WebSocketSubscriptions": "WebSocket Subscriptions",
    "WebSocketsSubscription": "WebSocket Subscriptions",
    "SubscriptionWebSocket": "WebSocket Subscriptions",
}
# What the user's role lacks, not the app.
_ROLE_CODES: Final = frozenset({"CMN-402", "CMN-408"})


def permission_name(error: PermissionMissing) -> str:
    """Return a missing permission as the Developer Console, or for a role the admin portal, calls it."""
    if is_of_role(error):
        # The admin portal shows the same words, apart.
        name = error.permission or "ReadPresenceStatus"
        return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    name = error.permission or "ReadPresence"
    return _CONSOLE_NAMES.get(name, name)


def is_of_role(error: PermissionMissing) -> bool:
    """Whether it is the role of the user that lacks a permission, and not the app."""
    return error.code in _ROLE_CODES


def report_permission_missing(
    hass: HomeAssistant, entry: ConfigEntry, error: PermissionMissing
) -> None:
    """Tell which permission to give back, to the app or to the user's role."""
    issue, other = PERMISSION_MISSING, ROLE_PERMISSION_MISSING
    if is_of_role(error):
        issue, other = other, issue
    ir.async_delete_issue(hass, DOMAIN, issue_id(entry, other))
    _report(
        hass,
        entry,
        issue,
        ir.IssueSeverity.ERROR,
        fixable=True,
        permission=permission_name(error),
    )


def report_subscription_limit(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Tell that too many subscriptions of this app and user exist (SUB-505)."""
    _report(hass, entry, SUBSCRIPTION_LIMIT, ir.IssueSeverity.ERROR)


def report_not_restored(
    hass: HomeAssistant, entry: ConfigEntry, key: str, extension: Extension | None
) -> None:
    """Tell whose presence could not be brought back."""
    ir.async_create_issue(
        hass,
        DOMAIN,
        _not_restored_id(entry, key),
        is_fixable=False,
        severity=ir.IssueSeverity.WARNING,
        translation_key=NOT_RESTORED,
        translation_placeholders={
            "account": entry.title,
            "extension": (extension and (extension.name or extension.number)) or key,
        },
    )


def withdraw_not_restored(hass: HomeAssistant, entry: ConfigEntry, key: str) -> None:
    """Take the issue away: this extension's presence was changed."""
    ir.async_delete_issue(hass, DOMAIN, _not_restored_id(entry, key))


def _not_restored_id(entry: ConfigEntry, key: str) -> str:
    return f"{issue_id(entry, NOT_RESTORED)}_{key}"


def report_connected(
    hass: HomeAssistant, entry: ConfigEntry, subscription: Subscription | None
) -> None:
    """Take away what a working connection disproves, and tell which filters it lacks."""
    for issue in (PERMISSION_MISSING, ROLE_PERMISSION_MISSING, SUBSCRIPTION_LIMIT):
        ir.async_delete_issue(hass, DOMAIN, issue_id(entry, issue))
    # A filter that is merely missing in a reply was refused in nobody's words.
    refused = {
        name
        for name, code in (subscription.refused if subscription else {}).items()
        if code != UNKNOWN_REASON
    }
    # Lists of lines, favorites and extensions are a convenience: without them membership is read now and then.
    presence = {name for name in refused if is_presence_filter(name)}
    # Left out for now, until it is known which of them are refused: that disproves nothing.
    unsure = {
        name
        for name in (subscription.unsure if subscription else ())
        if is_presence_filter(name)
    }
    for issue, applies, may_apply in (
        (ACCOUNT_REFUSED, EVERYONE in presence, EVERYONE in unsure),
        (FILTERS_REFUSED, bool(presence - {EVERYONE}), bool(unsure - {EVERYONE})),
    ):
        if applies:
            _report(hass, entry, issue, ir.IssueSeverity.WARNING)
        elif not may_apply:
            ir.async_delete_issue(hass, DOMAIN, issue_id(entry, issue))


def check_jwt(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Tell two weeks before a JWT ends, where it says when."""
    end = jwt_expiry(entry.data.get(CONF_JWT, ""))
    if end is not None and end - dt_util.utcnow() < _JWT_NOTICE:
        _report(
            hass,
            entry,
            JWT_EXPIRES,
            ir.IssueSeverity.WARNING,
            date=end.date().isoformat(),
        )
    else:
        ir.async_delete_issue(hass, DOMAIN, issue_id(entry, JWT_EXPIRES))


def report_lost_choices(
    hass: HomeAssistant, entry: ConfigEntry, lost: Mapping[str, str]
) -> None:
    """Say which chosen extensions (names by id) are not in the account any more."""
    key = issue_id(entry, LOST_CHOICES)
    if not lost:
        ir.async_delete_issue(hass, DOMAIN, key)
        return
    known = ir.async_get(hass).async_get_issue(DOMAIN, key)
    extensions = ",".join(sorted(lost))
    if known is not None and (known.data or {}).get("extensions") == extensions:
        # It was said when their names were known.
        return
    names = ", ".join(sorted(lost.values()))
    ir.async_create_issue(
        hass,
        DOMAIN,
        key,
        data={
            "entry_id": entry.entry_id,
            "account": entry.title,
            "names": names,
            "extensions": extensions,
        },
        is_fixable=True,
        is_persistent=True,
        severity=ir.IssueSeverity.WARNING,
        translation_key=LOST_CHOICES,
        translation_placeholders={"account": entry.title, "names": names},
    )


def clear_issues(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Take all issues away, with the entry."""
    for issue in ISSUES:
        ir.async_delete_issue(hass, DOMAIN, issue_id(entry, issue))
    per_extension = issue_id(entry, NOT_RESTORED)
    for domain, found in list(ir.async_get(hass).issues):
        if domain == DOMAIN and found.startswith(per_extension):
            ir.async_delete_issue(hass, domain, found)


def issue_id(entry: ConfigEntry, issue: str) -> str:
    """Return the id of an issue of one account."""
    return f"{issue}_{entry.entry_id}"


def _report(
    hass: HomeAssistant,
    entry: ConfigEntry,
    issue: str,
    severity: ir.IssueSeverity,
    *,
    fixable: bool = False,
    **placeholders: str,
) -> None:
    ir.async_create_issue(
        hass,
        DOMAIN,
        issue_id(entry, issue),
        data={"entry_id": entry.entry_id, "account": entry.title, **placeholders}
        if fixable
        else None,
        is_fixable=fixable,
        severity=severity,
        translation_key=issue,
        translation_placeholders={"account": entry.title, **placeholders},
    )


async def async_create_fix_flow(
    hass: HomeAssistant, issue_id: str, data: dict[str, Any] | None
) -> RepairsFlow:
    """Return the flow for a fixable issue."""
    texts = {key: str(value) for key, value in (data or {}).items()}
    if issue_id.startswith(LOST_CHOICES):
        return LostChoicesFlow(texts)
    return PermissionAddedFlow(texts)


class LostChoicesFlow(RepairsFlow):
    """Takes chosen extensions that are not in the account any more out of the choice."""

    def __init__(self, data: dict[str, str]) -> None:
        """Take the entry's id, the extension ids and what the texts need."""
        self._data = data

    async def async_step_init(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Begin."""
        return await self.async_step_confirm()

    async def async_step_confirm(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Ask whether to forget them."""
        if user_input is None:
            return self.async_show_form(
                step_id="confirm",
                data_schema=vol.Schema({}),
                description_placeholders=self._data,
            )
        entry = self.hass.config_entries.async_get_entry(self._data["entry_id"])
        if entry is not None:
            lost = self._data["extensions"].split(",")
            chosen = entry.options.get(CONF_EXTENSIONS, ())
            self.hass.config_entries.async_update_entry(
                entry,
                options={
                    **entry.options,
                    CONF_EXTENSIONS: [key for key in chosen if key not in lost],
                },
            )
            self.hass.config_entries.async_schedule_reload(entry.entry_id)
        return self.async_create_entry(data={})


class PermissionAddedFlow(RepairsFlow):
    """Says what to add, checks for it, and stays until it is."""

    def __init__(self, data: dict[str, str]) -> None:
        """Take the entry's id and what the texts need."""
        self._data = data

    async def async_step_init(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Begin."""
        return await self.async_step_confirm()

    async def async_step_confirm(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Look whether the permission is there now."""
        error = None
        if user_input is not None:
            entry = self.hass.config_entries.async_get_entry(self._data["entry_id"])
            if entry is None:
                return self.async_create_entry(data={})
            error = await self._what_is_missing(entry)
            if error is None:
                self.hass.config_entries.async_schedule_reload(entry.entry_id)
                return self.async_create_entry(data={})
        return self.async_show_form(
            step_id="confirm",
            data_schema=vol.Schema({}),
            errors={"base": error} if error else None,
            description_placeholders=self._data,
        )

    async def _what_is_missing(self, entry: ConfigEntry) -> str | None:
        """Sign in anew and do what following takes; return the key of what is in the way."""
        # A set-up that has just begun goes on with the earlier sign-in, and may be ending it.
        async with entry.setup_lock:
            try:
                await check_again(self.hass, entry)
            except PermissionMissing as err:
                self._data["permission"] = permission_name(err)
                return "role_still_missing" if is_of_role(err) else "still_missing"
            except RingCentralError:
                return "not_known_yet"
        return None
