"""REST calls, the same over HTTP and over a socket: routes, limits, permissions."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
import re
from typing import Any, Protocol
from urllib.parse import parse_qsl
import uuid

import orjson

from .account import Account
from .counters import route_name
from .delivery import Envelope
from .errors import (
    ApiError,
    app_permission,
    bad_parameter,
    invalid_uri,
    maintenance,
    not_found,
    rate_exceeded,
    user_permission,
)
from .extension import Extension
from .faults import spent
from .service import Service
from .subscriptions import Subscription
from .tokens import Session


class SocketPort(Protocol):
    """What a REST handler may ask of the socket that carried the request."""

    @property
    def subscription(self) -> Subscription | None:
        """The socket's one subscription."""

    def subscribe(self, subscription: Subscription | None) -> None:
        """Make it the socket's subscription."""

    def notify(self, envelope: Envelope) -> None:
        """Send an event to the client, or keep it for a recovery."""


@dataclass(frozen=True, slots=True)
class Request:
    """A REST request, over HTTP or a socket."""

    method: str
    path: str
    query: list[tuple[str, str]]
    headers: Mapping[str, str]
    body: bytes
    session: Session
    base: str
    """Address for absolute uris; empty over the socket, where uris are relative."""
    socket: SocketPort | None = None

    def flag(self, name: str, *, bare: bool = False) -> bool:
        """Return a boolean query parameter; raise CMN-101 for another value.

        With `bare`, the name without a value means true.
        """
        value = self.one(name)
        if value == "":
            return bare
        if value is None or value.lower() == "false":
            return False
        if value.lower() != "true":
            raise bad_parameter(name)
        return True

    def one(self, name: str) -> str | None:
        """Return the last value of a query parameter."""
        return next((v for n, v in reversed(self.query) if n == name), None)

    def many(self, name: str) -> list[str]:
        """Return all values of a repeatable query parameter."""
        return [value for each, value in self.query if each == name]

    def number(self, name: str, default: int, low: int, high: int | None) -> int:
        """Return a query number; clamp a larger one, raise CMN-101 for anything else."""
        value = self.one(name)
        if value is None:
            return default
        if not re.fullmatch(r"\d{1,9}", value) or int(value) < low:
            raise bad_parameter(name)
        return int(value) if high is None else min(int(value), high)

    def json(self) -> Any:
        """Return the JSON body; raise CMN-103 if it is not JSON."""
        try:
            return orjson.loads(self.body)
        except orjson.JSONDecodeError:
            raise ApiError(400, "CMN-103", "JSON can't be parsed.") from None

    def json_object(self) -> dict[str, Any]:
        """Return the JSON object in the body; raise CMN-104 for another type."""
        value = self.json()
        if not isinstance(value, dict):
            raise ApiError(400, "CMN-104", "Cannot parse request")
        return value


@dataclass(slots=True)
class Reply:
    """A REST reply; `raw` or `data` replaces `body` if the reply is not JSON."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    raw: str | None = None
    data: bytes | None = None
    content_type: str = "application/json"
    lost: bool = False
    """Whether the reply must not reach the client."""


type Handler = Callable[[Service, Request, dict[str, str]], Reply]


@dataclass(frozen=True, slots=True)
class Route:
    """One REST call with its rate group and permissions (docs/protocol.md 2.2)."""

    method: str
    path: str
    group: str
    handler: Handler
    app: str | None = None
    user: str | None = None
    pattern: re.Pattern[str] = field(init=False)

    def __post_init__(self) -> None:
        """Turn `{name}` into a group."""
        pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", re.escape(self.path).replace(
            r"\{", "{").replace(r"\}", "}"))  # fmt: skip
        object.__setattr__(self, "pattern", re.compile(pattern + "/?"))


A = "/restapi/v1.0/account/{account}"
X = A + "/extension/{extension}"


def parse_target(target: str) -> tuple[str, list[tuple[str, str]]]:
    """Return path and query of a request target; a missing first slash is added."""
    path, _, query = target.partition("?")
    return f"/{path.lstrip('/')}", parse_qsl(query, keep_blank_values=True)


class Api:
    """Replies to REST requests."""

    def __init__(self, service: Service, routes: list[Route]) -> None:
        """Take the state and the REST calls that exist."""
        self._service, self._routes = service, routes

    async def answer(self, request: Request) -> Reply:
        """Return the reply to a signed-in client's request."""
        service = self._service
        service.counters.requests[route_name(request.method, request.path)] += 1
        if service.faults.reply_delay > 0:
            await asyncio.sleep(service.faults.reply_delay)
        headers: dict[str, str] = {}
        try:
            if (off := service.faults.maintenance) is not None and fnmatchcase(
                request.path, off.path
            ):
                if not spent(off):
                    raise maintenance(off.code, off.status, off.retry_after)
            if fault := service.faults.http_error(request.method, request.path):
                reply = broken(fault.status, fault.body, fault.retry_after, service)
            else:
                reply = self._route(request, headers)
        except ApiError as error:
            reply = error_reply(error, service)
        reply.headers = {
            "RCRequestId": str(uuid.uuid4()),
            "RoutingKey": "EMU01",
            **headers,
            **reply.headers,
        }
        service.counters.replies[str(reply.status)] += 1
        return reply

    def _route(self, request: Request, headers: dict[str, str]) -> Reply:
        service, session = self._service, request.session
        for route in self._routes:
            if route.method != request.method:
                continue
            if (match := route.pattern.fullmatch(request.path)) is None:
                continue
            ids = match.groupdict()
            is_each = service.faults.batch_counts == "each"
            weight = 1 + ids.get("extension", "").count(",") if is_each else 1
            verdict = service.limiter.ask(
                session.client_id, session.owner_id, route.group, weight
            )
            headers |= verdict.headers()
            if verdict.refused:
                raise rate_exceeded(verdict.retry_after)
            if route.app in service.faults.permissions_removed:
                raise app_permission(route.app or "")
            if route.user in service.faults.user_permissions_removed:
                raise user_permission(route.user or "")
            check_account(service.account, ids)
            return route.handler(service, request, ids)
        raise invalid_uri()


def error_reply(error: ApiError, service: Service) -> Reply:
    """Return the reply for an error, in the shape that the switches select."""
    headers = {}
    if error.retry_after is not None:
        headers["Retry-After"] = str(error.retry_after)
    if error.code.startswith("AGW"):
        headers["WWW-Authenticate"] = 'Bearer realm="RingCentral REST API"'
    return Reply(error.status, error.body(service.faults.error_shape), headers)


def broken(status: int, body: str, retry_after: int | None, service: Service) -> Reply:
    """Return a failure of the service, maybe without JSON."""
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    if body == "html":
        text = f"<html><body><h1>{status}</h1><p>gateway</p></body></html>"
        return Reply(status, None, headers, raw=text, content_type="text/html")
    if body == "empty":
        return Reply(status, None, headers, raw="", content_type="text/plain")
    code = "CMN-201" if status == 503 else "CMN-203"
    error = ApiError(status, code, "Service Temporary Unavailable")
    return Reply(status, error.body(service.faults.error_shape), headers)


def check_account(account: Account, ids: Mapping[str, str]) -> None:
    """Raise CMN-102 for an account that is not the signed-in user's."""
    if ids.get("account", "~") not in ("~", str(account.id)):
        raise not_found("accountId")


def find_extension(service: Service, request: Request, text: str) -> Extension:
    """Return the extension of a path segment; raise CMN-102 or CMN-101."""
    if text == "~":
        return service.account.extensions[request.session.owner_id]
    if not re.fullmatch(r"\d{1,19}", text):
        raise bad_parameter("extensionId")
    if (ext := service.account.extensions.get(int(text))) is None:
        raise not_found("extensionId")
    return ext
