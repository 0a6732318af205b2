"""The OAuth endpoints: token, revoke and the WebSocket ticket (docs/protocol.md 1, 3.1)."""

import base64
import binascii
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
import hashlib
import secrets
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web

from .api import Reply, error_reply
from .authorize import Codes
from .counters import route_name
from .errors import ApiError, OAuthError, app_permission, oauth_error, rate_exceeded
from .faults import spent
from .front import REQUEST_ID, bearer, respond
from .service import Service
from .tickets import Tickets
from .tokens import Session

FORM = "application/x-www-form-urlencoded"
JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
SERVER_ERROR_CODE = "CMN-203"


@dataclass(frozen=True, slots=True)
class Client:
    """How a request to an OAuth endpoint identifies its app."""

    id: str
    with_secret: bool


def parse_form(content_type: str, body: bytes) -> dict[str, str]:
    """Return a form's fields; raise OAuthError for another type or a repeated field."""
    if content_type != FORM:
        raise OAuthError(
            "invalid_request", "CMN-101", "Unsupported content type", status=415
        )
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True)
    except UnicodeDecodeError:
        raise oauth_error("CMN-104") from None
    form = dict(pairs)
    if len(form) != len(pairs):
        raise oauth_error("OAU-111")
    return form


def parse_client(
    authorization: str | None, form: dict[str, str], client_id: str, secret: str
) -> Client:
    """Return the app of a request; raise OAuthError if it is not the right one."""
    if authorization is None:
        if (given := form.get("client_id")) is None:
            raise oauth_error("OAU-123")
        if given != client_id:
            raise oauth_error("OAU-120")
        return Client(given, with_secret=False)
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        raise oauth_error("OAU-123")
    try:
        decoded = base64.b64decode(encoded.strip(), validate=True).decode()
    except binascii.Error, UnicodeDecodeError:
        raise oauth_error("OAU-123") from None
    given, colon, given_secret = decoded.partition(":")
    if not colon:
        raise oauth_error("OAU-123")
    if given != client_id:
        raise oauth_error("OAU-120")
    if form.get("client_id", given) != given:
        raise oauth_error("OAU-121")
    if not given_secret:
        # Basic with an empty secret is how some clients say "public app".
        return Client(given, with_secret=False)
    if not secrets.compare_digest(given_secret.encode(), secret.encode()):
        raise oauth_error("OAU-146")
    return Client(given, with_secret=True)


def verify_challenge(challenge: str, method: str, verifier: str) -> bool:
    """Return whether a PKCE verifier matches the challenge."""
    if method == "S256":
        digest = hashlib.sha256(verifier.encode()).digest()
        verifier = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    return secrets.compare_digest(verifier.encode(), challenge.encode())


class OAuth:
    """The HTTP front of sign-in."""

    def __init__(self, service: Service, codes: Codes, tickets: Tickets) -> None:
        """Take the state."""
        self._service, self._codes, self._tickets = service, codes, tickets

    def add_to(self, app: web.Application) -> None:
        """Register the endpoints."""
        app.router.add_post("/restapi/oauth/token", self._guard(self._token))
        app.router.add_post("/restapi/oauth/revoke", self._guard(self._revoke))
        app.router.add_post("/restapi/oauth/wstoken", self._guard(self._wstoken))

    def _guard(
        self, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        """Count a request, apply faults to it, and turn errors into replies."""
        service = self._service

        async def guarded(request: web.Request) -> web.StreamResponse:
            service.counters.requests[route_name("POST", request.path)] += 1
            if broken := self._broken(request):
                return broken
            try:
                return await handler(request)
            except OAuthError as error:
                codes = not service.faults.oauth_error_without_codes
                headers = {}
                if error.retry_after is not None:
                    headers["Retry-After"] = str(error.retry_after)
                reply = Reply(error.status, error.body(codes=codes), headers)
            except ApiError as error:
                reply = error_reply(error, service)
            service.counters.replies[str(reply.status)] += 1
            return respond(reply)

        return guarded

    def _broken(self, request: web.Request) -> web.Response | None:
        fault = self._service.faults.http_error("POST", request.path)
        if fault is None:
            return None
        headers = {} if fault.retry_after is None else {
            "Retry-After": str(fault.retry_after)
        }  # fmt: skip
        if fault.body != "json":
            text = "<html><body>gateway</body></html>" if fault.body == "html" else ""
            return respond(
                Reply(fault.status, None, headers, raw=text, content_type="text/html")
            )
        error = OAuthError(
            "server_error", SERVER_ERROR_CODE, "Internal error", status=fault.status
        )
        return respond(Reply(fault.status, error.body(), headers))

    async def _token(self, request: web.Request) -> web.StreamResponse:
        service = self._service
        form = parse_form(request.content_type, await request.read())
        client = parse_client(
            request.headers.get("Authorization"),
            form,
            service.client_id,
            service.client_secret,
        )
        grant = form.get("grant_type")
        owner_id = self._owner(grant, form)
        verdict = service.limiter.ask(client.id, owner_id, "Auth")
        if verdict.refused:
            raise OAuthError(
                "invalid_request",
                "CMN-301",
                "Request rate exceeded",
                status=429,
                retry_after=verdict.retry_after,
            )
        if (fault := service.faults.token_error) is not None and not spent(fault):
            raise oauth_error(fault.code)
        name = "jwt" if grant == JWT_GRANT else grant
        if name in service.faults.grants_removed:
            raise oauth_error("OAU-125")
        match grant:
            case "refresh_token":
                session = self._refresh(client, form)
            case "authorization_code":
                session = self._code(client, form)
            case _ if grant == JWT_GRANT:
                session = self._jwt(client, form)
            case "password" | "client_credentials" | "otp":
                raise oauth_error("OAU-251")
            case None:
                raise OAuthError(
                    "invalid_request", "CMN-101", "Parameter [grant_type] is missing"
                )
            case _:
                raise oauth_error("OAU-250")
        return self._send(request, service.tokens.reply(session), verdict.headers())

    def _owner(self, grant: str | None, form: dict[str, str]) -> int:
        """Return the user of a grant, for the rate limit; 0 if there is none."""
        if grant == JWT_GRANT:
            return self._service.jwts.get(form.get("assertion", ""), 0)
        if grant == "refresh_token":
            token = form.get("refresh_token", "")
            session = self._service.tokens.session_of(token)
            return session.owner_id if session else 0
        return self._codes.owner(form.get("code", ""))

    def _send(
        self, request: web.Request, body: dict[str, Any], headers: dict[str, str]
    ) -> web.StreamResponse:
        service = self._service
        if service.faults.take("lose_token_replies"):
            # The request is processed, but the client never learns of it.
            if request.transport is not None:
                request.transport.abort()
            return web.Response()
        service.counters.replies["200"] += 1
        return respond(Reply(body=body, headers=headers))

    def _jwt(self, client: Client, form: dict[str, str]) -> Session:
        if not client.with_secret:
            raise oauth_error("OAU-123")
        if "assertion" not in form:
            raise OAuthError(
                "invalid_request", "CMN-101", "Parameter [assertion] is missing"
            )
        owner_id = self._service.jwts.get(form["assertion"])
        if owner_id is None:
            raise oauth_error("OAU-149")
        self._may_sign_in(owner_id)
        return self._service.tokens.sign_in(client.id, owner_id)

    def _code(self, client: Client, form: dict[str, str]) -> Session:
        code = self._codes.use(form.get("code", ""))
        if code.client_id != client.id:
            raise oauth_error("OAU-110")
        if form.get("redirect_uri") != code.redirect_uri:
            raise oauth_error("OAU-109")
        if code.challenge is None:
            if not client.with_secret:
                raise oauth_error("OAU-123")
        elif not verify_challenge(
            code.challenge, code.method, form.get("code_verifier", "")
        ):
            raise OAuthError("invalid_grant", "OAU-106", "Code verifier is invalid")
        self._may_sign_in(code.owner_id)
        return self._service.tokens.sign_in(
            client.id, code.owner_id, public=not client.with_secret
        )

    def _refresh(self, client: Client, form: dict[str, str]) -> Session:
        token = form.get("refresh_token", "")
        session = self._service.tokens.session_of(token)
        if session is not None and not session.public and not client.with_secret:
            raise oauth_error("OAU-123")
        return self._service.tokens.refresh(token, client.id)

    def _may_sign_in(self, owner_id: int) -> None:
        ext = self._service.account.extensions.get(owner_id)
        if ext is None:
            raise oauth_error("OAU-232")
        if ext.status != "Enabled":
            raise oauth_error("OAU-236")

    async def _revoke(self, request: web.Request) -> web.StreamResponse:
        service = self._service
        body = await request.read()
        form = parse_form(request.content_type, body) if body else {}
        client = parse_client(
            request.headers.get("Authorization"),
            {**request.query, **form},
            service.client_id,
            service.client_secret,
        )
        token = form.get("token") or request.query.get("token")
        if token is None:
            raise OAuthError(
                "invalid_request", "CMN-101", "Parameter [token] is missing"
            )
        session = service.tokens.session_of(token)
        owner_id = session.owner_id if session else 0
        verdict = service.limiter.ask(client.id, owner_id, "Auth")
        if verdict.refused:
            raise rate_exceeded(verdict.retry_after)
        service.tokens.revoke(token)
        return respond(Reply(body={}, headers=verdict.headers()))

    async def _wstoken(self, request: web.Request) -> web.StreamResponse:
        service = self._service
        session = service.tokens.check(bearer(request))
        verdict = service.limiter.ask(session.client_id, session.owner_id, "Auth")
        if verdict.refused:
            raise rate_exceeded(verdict.retry_after)
        if "WebSocket" in service.faults.permissions_removed:
            raise app_permission("WebSocket")
        fault = service.faults.wstoken_error
        if fault is not None and not spent(fault):
            if fault.code == "CMN-401":
                raise app_permission("WebSocket")
            raise ApiError(fault.status, fault.code, "WebSocket token is refused")
        ticket, life = self._tickets.issue(session)
        service.counters.replies["200"] += 1
        body = {
            "uri": f"ws://{request.host}/ws",
            "ws_access_token": ticket,
            "expires_in": life,
        }
        return respond(
            Reply(
                body=body,
                headers={**verdict.headers(), REQUEST_ID: secrets.token_hex(8)},
            )
        )
