"""Issues that a person can mend outside Home Assistant; each is withdrawn once it is mended."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.util import dt as dt_util

from .aioringcentral.errors import PermissionMissing
from .aioringcentral.filters import EVERYONE, UNKNOWN_REASON, is_presence_filter
from .aioringcentral.jwt import jwt_expiry
from .aioringcentral.models import Extension
from .aioringcentral.stream import Subscription
from .const import CONF_JWT, DOMAIN
from .kept import kept_data
from .markup import as_text
from .permission_names import is_of_role, permission_name

PERMISSION_MISSING: Final = "permission_missing"
# The text to use if RingCentral does not name the permission.
PERMISSION_UNKNOWN: Final = "permission_unknown"
ROLE_PERMISSION_MISSING: Final = "role_permission_missing"
FILTERS_REFUSED: Final = "filters_refused"
ACCOUNT_REFUSED: Final = "account_refused"
SUBSCRIPTION_LIMIT: Final = "subscription_limit"
JWT_EXPIRES: Final = "jwt_expires"
LOST_CHOICES: Final = "lost_choices"
NOT_RESTORED: Final = "not_restored"
LOST_PERMISSION: Final = "lost_permission"
LOST_ROLE_PERMISSION: Final = "lost_role_permission"
# One for each permission that a feature in use lost; presence goes on.
LOST_PERMISSIONS: Final = (LOST_PERMISSION, LOST_ROLE_PERMISSION)
TOO_MANY_ENTITIES: Final = "too_many_entities"
ISSUES: Final = (
    PERMISSION_MISSING,
    ROLE_PERMISSION_MISSING,
    *LOST_PERMISSIONS,
    FILTERS_REFUSED,
    ACCOUNT_REFUSED,
    SUBSCRIPTION_LIMIT,
    JWT_EXPIRES,
    LOST_CHOICES,
    TOO_MANY_ENTITIES,
    # One for each extension.
    NOT_RESTORED,
)

_JWT_NOTICE: Final = timedelta(days=14)


def report_permission_missing(
    hass: HomeAssistant, entry: ConfigEntry, error: PermissionMissing
) -> None:
    """Report which permission the app or the user's role lacks."""
    issue, other = PERMISSION_MISSING, ROLE_PERMISSION_MISSING
    if is_of_role(error):
        issue, other = other, issue
    ir.async_delete_issue(hass, DOMAIN, issue_id(entry, other))
    name = permission_name(error)
    _report(
        hass,
        entry,
        issue,
        ir.IssueSeverity.ERROR,
        text=issue if name else PERMISSION_UNKNOWN,
        fixable=True,
        shown={"permission": name} if name else {},
    )


def report_subscription_limit(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Report that this app and user have too many subscriptions (SUB-505)."""
    _report(hass, entry, SUBSCRIPTION_LIMIT, ir.IssueSeverity.ERROR)


def withdraw_subscription_limit(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Withdraw the issue because everything works."""
    ir.async_delete_issue(hass, DOMAIN, issue_id(entry, SUBSCRIPTION_LIMIT))


def report_not_restored(
    hass: HomeAssistant, entry: ConfigEntry, key: str, extension: Extension | None
) -> None:
    """Report an extension whose earlier presence could not be restored."""
    name = (extension and (extension.name or extension.number)) or key
    _report(
        hass,
        entry,
        NOT_RESTORED,
        ir.IssueSeverity.WARNING,
        of=key,
        shown={"extension": as_text(name)},
    )


def withdraw_not_restored(hass: HomeAssistant, entry: ConfigEntry, key: str) -> None:
    """Withdraw the issue because this extension's presence was changed."""
    ir.async_delete_issue(hass, DOMAIN, issue_id(entry, NOT_RESTORED, key))


def report_lost_permissions(
    hass: HomeAssistant, entry: ConfigEntry, lost: Mapping[str, PermissionMissing]
) -> None:
    """Report the permissions that features in use lost, by name, and withdraw those that are back."""
    issues = {
        name: LOST_ROLE_PERMISSION if is_of_role(error) else LOST_PERMISSION
        for name, error in lost.items()
    }
    reported = {issue_id(entry, issue, name) for name, issue in issues.items()}
    for key in _beginning_with(hass, entry, *LOST_PERMISSIONS):
        if key not in reported:
            ir.async_delete_issue(hass, DOMAIN, key)
    for name, issue in issues.items():
        _report(
            hass,
            entry,
            issue,
            ir.IssueSeverity.WARNING,
            of=name,
            fixable=True,
            data={"name": name},
            shown={"permission": permission_name(lost[name]) or name},
        )


def _beginning_with(hass: HomeAssistant, entry: ConfigEntry, *issues: str) -> list[str]:
    """Return the ids of all reported issues of kinds that can occur several times in an account."""
    starts = tuple(issue_id(entry, each) for each in issues)
    return [
        key
        for domain, key in ir.async_get(hass).issues
        if domain == DOMAIN and key.startswith(starts)
    ]


def report_connected(
    hass: HomeAssistant, entry: ConfigEntry, subscription: Subscription | None
) -> None:
    """Withdraw issues that a working connection disproves, and report the filters it lacks."""
    for issue in (PERMISSION_MISSING, ROLE_PERMISSION_MISSING, SUBSCRIPTION_LIMIT):
        ir.async_delete_issue(hass, DOMAIN, issue_id(entry, issue))
    # A filter that is merely missing from a reply was not refused by an error code.
    refused = {
        name
        for name, code in (subscription.refused if subscription else {}).items()
        if code != UNKNOWN_REASON
    }
    # Filters for lists of lines, favorites and extensions are a convenience: without them, lists are read now and then.
    presence = {name for name in refused if is_presence_filter(name)}
    # These are left out until it is known which of them are refused, so they disprove nothing.
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
    """Report a JWT that expires within two weeks, if it says when it does."""
    end = jwt_expiry(kept_data(entry.data)[CONF_JWT])
    if end is not None and end - dt_util.utcnow() < _JWT_NOTICE:
        _report(
            hass,
            entry,
            JWT_EXPIRES,
            ir.IssueSeverity.WARNING,
            shown={"date": dt_util.as_local(end).date().isoformat()},
        )
    else:
        ir.async_delete_issue(hass, DOMAIN, issue_id(entry, JWT_EXPIRES))


def report_lost_choices(
    hass: HomeAssistant, entry: ConfigEntry, lost: Mapping[str, str]
) -> None:
    """Report which chosen extensions (names by id) are no longer in the account."""
    key = issue_id(entry, LOST_CHOICES)
    if not lost:
        ir.async_delete_issue(hass, DOMAIN, key)
        return
    known = ir.async_get(hass).async_get_issue(DOMAIN, key)
    extensions = ",".join(sorted(lost))
    if known is not None and (known.data or {}).get("extensions") == extensions:
        # They were reported when their names were known.
        return
    _report(
        hass,
        entry,
        LOST_CHOICES,
        ir.IssueSeverity.WARNING,
        fixable=True,
        persistent=True,
        data={"extensions": extensions},
        shown={"names": as_text(", ".join(sorted(lost.values())))},
    )


def report_too_many_entities(
    hass: HomeAssistant, entry: ConfigEntry, people: int
) -> None:
    """Report for how many people Home Assistant accepts no more entities."""
    if people:
        _report(
            hass,
            entry,
            TOO_MANY_ENTITIES,
            ir.IssueSeverity.WARNING,
            shown={"people": str(people)},
        )
    else:
        ir.async_delete_issue(hass, DOMAIN, issue_id(entry, TOO_MANY_ENTITIES))


def clear_issues(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Withdraw all issues of an entry."""
    for issue in ISSUES:
        ir.async_delete_issue(hass, DOMAIN, issue_id(entry, issue))
    for key in _beginning_with(hass, entry, *LOST_PERMISSIONS, NOT_RESTORED):
        ir.async_delete_issue(hass, DOMAIN, key)


def issue_id(entry: ConfigEntry, issue: str, of: str | None = None) -> str:
    """Return the id of an issue of one account, or ``of`` one of several things in it."""
    key = f"{issue}_{entry.entry_id}"
    return key if of is None else f"{key}_{of}"


def _report(
    hass: HomeAssistant,
    entry: ConfigEntry,
    issue: str,
    severity: ir.IssueSeverity,
    *,
    text: str | None = None,
    of: str | None = None,
    fixable: bool = False,
    persistent: bool = False,
    shown: Mapping[str, str] | None = None,
    data: Mapping[str, str] | None = None,
) -> None:
    """Report an issue, ``of`` one of several things if there may be several issues.

    The text shows the account and the values in ``shown``; the flow that fixes the issue gets those and ``data``.
    """
    shown = {"account": as_text(entry.title), **(shown or {})}
    ir.async_create_issue(
        hass,
        DOMAIN,
        issue_id(entry, issue, of),
        data={"entry_id": entry.entry_id, **shown, **(data or {})} if fixable else None,
        is_fixable=fixable,
        is_persistent=persistent,
        severity=severity,
        translation_key=text or issue,
        translation_placeholders=shown,
    )
