"""Switches that make the emulator behave like a service on a bad day.

Each field is one switch, independent of the others, off by default. Names and
values are those of `POST /emulator/faults`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from fnmatch import fnmatchcase
import types
from typing import Any, Literal, Self, Union, get_args, get_origin, get_type_hints

from .odd import Odd

type Body = Literal["json", "html", "empty"]


@dataclass(slots=True)
class HttpError:
    """Reply with an error to requests whose path matches."""

    path: str = "*"
    """Glob over the path, as in `*/presence`."""
    status: int = 503
    next: int | None = None
    """How many requests; `None` means all of them."""
    body: Body = "json"
    retry_after: int | None = None
    method: str = "*"


@dataclass(slots=True)
class RateLimited:
    """Reply with 429 to the next requests of a rate group."""

    next: int = 1
    retry_after: bool = True


@dataclass(slots=True)
class TokenError:
    """Reply to token requests with an OAuth error code."""

    code: str = "OAU-147"
    next: int | None = None


@dataclass(slots=True)
class WstokenError:
    """Refuse tickets with this status and error code."""

    status: int = 403
    code: str = "CMN-401"
    next: int | None = None


@dataclass(slots=True)
class Maintenance:
    """Reply to REST requests like a service under maintenance."""

    code: Literal["CMN-211", "MaintenanceMode"] = "CMN-211"
    """503 with Retry-After, or the older word with 403."""
    path: str = "*"
    next: int | None = None
    retry_after: int | None = 30
    status: int | None = None


@dataclass(slots=True)
class Faults:
    """All switches; docs/emulator.md says what each of them does."""

    # Events on their way to a client.
    drop: float = 0.0
    drop_next: int = 0
    delay: float = 0.0
    duplicate: float = 0.0
    duplicate_next: int = 0
    reorder: float = 0.0
    reorder_next: int = 0
    omit: list[str] = field(default_factory=list)
    string_ids: bool = False
    unknown_enums: list[str] = field(default_factory=list)
    partial_bodies: bool = False
    extra_fields: bool = False
    # What events look like if the documentation and practice disagree.
    hangup_as_two: bool = False
    account_detailed_calls: bool = True
    event_uri: Literal["extension", "filter"] = "extension"
    empty_active_calls: Literal["absent", "list"] = "absent"
    queue_event: Literal["records", "flat"] = "records"
    queue_readings: Literal["allowed", "forbidden"] = "allowed"
    """Whether a client may read who takes the calls of queues."""
    sequence: Literal["detailed", "all", "not_account", "none"] = "detailed"
    """Which presence events carry `sequence`."""
    plain_message: bool = False
    reading_calls: Literal["all", "seven"] = "all"
    reading_total: Literal["asked", "always", "never"] = "asked"
    group_telephony_status: Literal["events", "always", "never"] = "events"
    """Where queues, pick-up groups and park locations have a telephonyStatus."""
    always_telephony_status: bool = False
    call_log_delay: float | None = None
    """Seconds until an ended call is in the log; 15 to 30 if not set."""
    call_log_ids: Literal["same", "absent", "other"] = "same"
    """Whether its records name the telephony session as presence does."""
    # Kinds of account.
    new_call_handling: bool = False
    dnd_status: Literal["beside", "absent", "unknown"] = "beside"
    """What `dndStatus` is when there is a `dndStatusPersonal`."""
    new_fields: bool = False
    hidden_presence: Literal["offline", "forbidden"] = "offline"
    # REST and rate limits.
    http_5xx: list[HttpError] = field(default_factory=list)
    http_429: dict[str, RateLimited] = field(default_factory=dict)
    rate_limits: dict[str, int] = field(default_factory=dict)
    batch_counts: Literal["one", "each"] = "one"
    """Whether a batch request counts once against the limits, or once for each id."""
    reply_delay: float = 0.0
    maintenance: Maintenance | None = None
    odd: list[Odd] = field(default_factory=list)
    """Odd replies and frames; the first match is used."""
    error_shape: Literal["full", "errors_only", "legacy"] = "full"
    # Sign-in.
    refresh_tokens: bool = False
    access_token_ttl: int = 3600
    refresh_token_ttl: int = 604800
    token_error: TokenError | None = None
    lose_token_replies: int = 0
    new_tokens_refused: int = 0
    """How many requests with each new access token are refused, as if it were unknown."""
    grants_removed: list[Literal["refresh_token", "authorization_code", "jwt"]] = field(
        default_factory=list
    )
    oauth_error_without_codes: bool = False
    permissions_removed: list[str] = field(default_factory=list)
    user_permissions_removed: list[str] = field(default_factory=list)
    authorize: Literal["form", "approve", "deny"] = "form"
    # Subscriptions.
    disabled_filters: dict[str, str] = field(default_factory=dict)
    refuse_filters: dict[str, str] = field(default_factory=dict)
    refusal: Literal["whole", "partial"] = "whole"
    lose_subscribe_replies: int = 0
    subscription_header: bool = False
    # Tickets and sockets.
    ticket_single_use: bool = False
    ticket_ttl: int = 60
    wstoken_error: WstokenError | None = None
    connection_error: int = 0
    silent_sockets: bool = False
    recovery: Literal["normal", "fail", "WSG-1003", "WSG-1005"] = "normal"
    recovery_loses: int = 0
    replay_delay: float = 0.05
    replay_late: bool = False
    wsc_on_notifications: bool = False
    session_end_code: int = 1000
    timeout_end_code: int = 1000
    idle_timeout: int = 1800
    absolute_timeout: int = 86400
    recovery_timeout: int = 180
    ping_interval: int = 30

    _changed: Callable[[], None] = field(default=lambda: None, repr=False)

    def set(self, **switches: Any) -> Self:
        """Turn switches on; raise ValueError for an unknown name or value.

        Dataclass values may be given as JSON objects, as on the control path.
        """
        hints = get_type_hints(Faults)
        made: dict[str, Any] = {}
        for name, value in switches.items():
            if name.startswith("_") or name not in hints:
                raise ValueError(f"unknown fault {name}")
            made[name] = _typed(name, hints[name], value)
        for name, value in made.items():
            setattr(self, name, value)
        self._changed()
        return self

    def clear(self) -> None:
        """Turn every switch off."""
        clean = Faults()
        for each in fields(self):
            if not each.name.startswith("_"):
                setattr(self, each.name, getattr(clean, each.name))
        self._changed()

    def as_dict(self) -> dict[str, Any]:
        """Return every switch as JSON values."""
        return {
            each.name: _plain(getattr(self, each.name))
            for each in fields(self)
            if not each.name.startswith("_")
        }

    def take(self, name: str) -> bool:
        """Use up one of a counted switch; return whether there was one left."""
        left = int(getattr(self, name))
        if left > 0:
            setattr(self, name, left - 1)
        return left > 0

    def http_error(self, method: str, path: str) -> HttpError | None:
        """Use up and return the error with which to reply to this request."""
        for error in self.http_5xx:
            if (
                error.next != 0
                and fnmatchcase(path, error.path)
                and error.method in ("*", method)
            ):
                if error.next is not None:
                    error.next -= 1
                return error
        return None


def spent(fault: TokenError | WstokenError | Maintenance | None) -> bool:
    """Use up one of a fault; return whether it does not apply, or no longer does."""
    if fault is None or fault.next == 0:
        return True
    if fault.next is not None:
        fault.next -= 1
    return False


def first_match(patterns: Mapping[str, str], text: str) -> str | None:
    """Return the value of the first glob that matches the text."""
    return next(
        (value for glob, value in patterns.items() if fnmatchcase(text, glob)), None
    )


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if is_dataclass(value):
        return {
            each.name: getattr(value, each.name) for each in fields(value) if each.init
        }
    return value


def _typed(name: str, hint: Any, value: Any) -> Any:
    """Return the value as the hint wants it, or raise ValueError."""
    if hint is Any:
        return value
    if hasattr(hint, "__value__"):
        hint = hint.__value__
    origin = get_origin(hint)
    if origin in (Union, types.UnionType):
        if value is None:
            return None
        hint = next(each for each in get_args(hint) if each is not types.NoneType)
        return _typed(name, hint, value)
    if origin is Literal:
        if value in get_args(hint):
            return value
    elif origin is list and isinstance(value, list):
        return [_typed(name, get_args(hint)[0], each) for each in value]
    elif origin is dict and isinstance(value, dict):
        return {
            str(key): _typed(name, get_args(hint)[1], each)
            for key, each in value.items()
        }
    elif isinstance(hint, type) and isinstance(value, hint):
        # In Python, a bool is an int; in JSON, it is not.
        if not (isinstance(value, bool) and hint is not bool):
            return value
    elif hint is float and isinstance(value, int):
        return float(value)
    elif isinstance(hint, type) and is_dataclass(hint) and isinstance(value, dict):
        types_by_name = get_type_hints(hint)
        hints = {
            each.name: types_by_name[each.name] for each in fields(hint) if each.init
        }
        if unknown := value.keys() - hints.keys():
            raise ValueError(f"{name} knows no {', '.join(sorted(unknown))}")
        return hint(
            **{key: _typed(name, hints[key], each) for key, each in value.items()}
        )
    raise ValueError(f"{name} cannot be {value!r}")
