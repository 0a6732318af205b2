"""Event filters: what each covers and whether it is allowed. Pure (docs/protocol.md 4.2)."""

from dataclasses import dataclass
from enum import StrEnum
import re
from urllib.parse import parse_qs

from .account import Account
from .errors import ApiError
from .faults import Faults, first_match


class Kind(StrEnum):
    """What a filter is about."""

    PRESENCE = "presence"
    ACCOUNT_PRESENCE = "account presence"
    LINE_PRESENCE = "line presence"
    FAVORITE_PRESENCE = "favorite presence"
    LINES = "lines"
    FAVORITES = "favorites"
    DND = "dnd"
    QUEUE_PRESENCE = "queue presence"
    EXTENSION = "extension"
    EXTENSION_LIST = "extension list"
    MESSAGES = "messages"
    VOICEMAIL = "voicemail"
    SILENT = "silent"


@dataclass(frozen=True, slots=True)
class Filter:
    """One parsed event filter."""

    kind: Kind
    text: str
    """The filter as the service returns it: with real ids for `~`, and its query string."""
    asked: str
    """As the client wrote it."""
    query: str
    target_id: int
    """The extension or queue, or the account for the account's filters."""
    level: int
    """0 plain, 1 detailed, 2 with SIP data."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a filter is not granted."""

    status: int
    code: str
    message: str

    def error(self) -> ApiError:
        """Return it as the error of the whole request."""
        return ApiError(self.status, self.code, self.message)


_ACCOUNT = r"/restapi/v1\.0/account/(?P<account>~|\d+)"
_EXTENSION = rf"{_ACCOUNT}/extension/(?P<target>~|\d+)"
_SILENT = (
    r"/(message-store/instant|fax|telephony/sessions"
    r"|incoming-call-pickup|missed-calls)"
)
"""Real filters of other products: they are granted, but nothing ever happens."""
_PATTERNS: tuple[tuple[Kind, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(pattern + r"/?"))
    for kind, pattern in (
        (Kind.ACCOUNT_PRESENCE, rf"{_ACCOUNT}/presence"),
        (Kind.PRESENCE, rf"{_EXTENSION}/presence"),
        (Kind.LINE_PRESENCE, rf"{_EXTENSION}/presence/line/presence"),
        (Kind.FAVORITE_PRESENCE, rf"{_EXTENSION}/favorite/presence"),
        (Kind.LINES, rf"{_EXTENSION}/presence/line"),
        (Kind.FAVORITES, rf"{_EXTENSION}/favorite"),
        (Kind.DND, rf"{_EXTENSION}/presence/dnd"),
        (Kind.QUEUE_PRESENCE, rf"{_ACCOUNT}/call-queues/(?P<target>\d+)/presence"),
        (Kind.EXTENSION, _EXTENSION),
        (Kind.EXTENSION_LIST, rf"{_ACCOUNT}/extension"),
        (Kind.MESSAGES, rf"{_EXTENSION}/message-store"),
        (Kind.VOICEMAIL, rf"{_EXTENSION}/voicemail"),
        (Kind.SILENT, _EXTENSION + _SILENT),
        (Kind.SILENT, rf"{_ACCOUNT}/telephony/sessions"),
    )
)

ACCOUNT_KINDS = (Kind.ACCOUNT_PRESENCE, Kind.EXTENSION_LIST)
OWN_OR_SILENT = (Kind.SILENT, Kind.MESSAGES, Kind.VOICEMAIL)
"""Granted for any extension, but other extensions' messages never cause events."""
PERMISSIONS = {
    Kind.PRESENCE: ("ReadPresence",),
    Kind.ACCOUNT_PRESENCE: ("ReadPresence", "ReadAccounts"),
    Kind.LINE_PRESENCE: ("ReadPresence",),
    Kind.FAVORITE_PRESENCE: ("ReadPresence",),
    Kind.LINES: ("ReadPresence",),
    Kind.FAVORITES: ("ReadContacts",),
    Kind.DND: ("ReadAccounts",),
    Kind.QUEUE_PRESENCE: ("ReadPresence",),
    Kind.EXTENSION: ("ReadAccounts",),
    Kind.EXTENSION_LIST: ("ReadAccounts",),
    Kind.MESSAGES: ("ReadMessages",),
    Kind.VOICEMAIL: ("ReadMessages",),
    Kind.SILENT: (),
}
"""App permissions by kind; the account's presence needs both of the disputed two."""


def parse(asked: str, account: Account, owner_id: int) -> Filter | Refusal:
    """Return the filter, or why it is invalid (SUB-508, SUB-406)."""
    path, _, query = asked.partition("?")
    for kind, pattern in _PATTERNS:
        if (match := pattern.fullmatch(path)) is None:
            continue
        parts = match.groupdict()
        if parts["account"] not in ("~", str(account.id)):
            return Refusal(
                403,
                "SUB-406",
                "Not allowed subscribe for events to extensions of other account",
            )
        target = parts.get("target")
        target_id = (
            account.id if target is None else owner_id if target == "~" else int(target)
        )
        text = path.rstrip("/").replace("/account/~", f"/account/{account.id}")
        text = text.replace("/extension/~", f"/extension/{owner_id}")
        return Filter(
            kind,
            f"{text}?{query}" if query else text,
            asked,
            query,
            target_id,
            _level(query),
        )
    return Refusal(400, "SUB-508", f"Invalid event filters: [{asked}]")


def _level(query: str) -> int:
    wanted = {name: values[-1].lower() for name, values in parse_qs(query).items()}
    if wanted.get("detailedTelephonyState") != "true":
        return 0
    return 2 if wanted.get("sipData") == "true" else 1


def missing_permission(wanted: Filter, removed: list[str]) -> str | None:
    """Return the app permission that is missing for a filter."""
    return next((name for name in PERMISSIONS[wanted.kind] if name in removed), None)


def refused(
    wanted: Filter, account: Account, owner_id: int, faults: Faults
) -> Refusal | None:
    """Return why a filter is refused (docs/protocol.md 2.9), or None."""
    if code := first_match(faults.refuse_filters, wanted.text):
        return Refusal(403, code, "Not allowed to subscribe for this event")
    kind, target = wanted.kind, wanted.target_id
    if kind in ACCOUNT_KINDS or kind in OWN_OR_SILENT:
        return None
    if kind is Kind.QUEUE_PRESENCE:
        return None if target in account.queues else _unknown()
    if (ext := account.extensions.get(target)) is None:
        return _unknown()
    if target != owner_id:
        if kind in (Kind.LINE_PRESENCE, Kind.LINES):
            return Refusal(
                403,
                "SUB-531",
                "Not allowed subscribe for presence lines of other extension",
            )
        if kind in (Kind.FAVORITE_PRESENCE, Kind.FAVORITES):
            return Refusal(
                403,
                "SUB-518",
                "Not allowed subscribe for favorites of other extension",
            )
        if (
            kind in (Kind.PRESENCE, Kind.DND)
            and faults.hidden_presence == "forbidden"
            and not ext.allow_see_my_presence
        ):
            return Refusal(403, "SUB-403", "User disallowed to monitor his presence")
    if kind in (Kind.PRESENCE, Kind.DND) and not ext.watchable:
        return Refusal(
            403,
            "SUB-402",
            "Presence feature is disabled for this extension type "
            f"({ext.type} / {wanted.text})",
        )
    return None


def _unknown() -> Refusal:
    return Refusal(403, "SUB-408", "Not allowed subscribe for unknown user")


def disabled(wanted: Filter, faults: Faults) -> dict[str, str] | None:
    """Return the `disabledFilters` record of a filter that is granted but disabled."""
    reason = first_match(faults.disabled_filters, wanted.text) or first_match(
        faults.disabled_filters, wanted.asked
    )
    message = "Filter is disabled"
    if (
        reason is None
        and wanted.kind in (Kind.LINES, Kind.LINE_PRESENCE)
        and "HUD" in faults.permissions_removed
    ):
        reason = "SUB-412"
        message = "[HUD] permission is missing"
    if reason is None:
        return None
    return {"filter": wanted.text, "reason": reason, "message": message}
