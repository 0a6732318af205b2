"""The login page and the authorization codes that it issues (docs/protocol.md 1.2)."""

from dataclasses import dataclass, field
from html import escape
import secrets
from urllib.parse import urlencode

from aiohttp import web

from .api import Reply
from .counters import route_name
from .errors import OAuthError, oauth_error
from .front import respond
from .service import Service

CODE_LIFE = 60.0
"""Seconds."""


@dataclass(slots=True)
class Code:
    """One authorization code."""

    client_id: str
    redirect_uri: str
    owner_id: int
    challenge: str | None
    method: str
    expires: float
    used: bool = False


@dataclass(slots=True)
class Codes:
    """All issued codes."""

    service: Service
    _codes: dict[str, Code] = field(default_factory=dict)

    def issue(self, query: dict[str, str], owner_id: int) -> tuple[str, int]:
        """Return a code for an authorize request, and its lifetime in announced seconds."""
        clock = self.service.clock
        value = secrets.token_urlsafe(24)
        self._codes[value] = Code(
            query["client_id"],
            query["redirect_uri"],
            owner_id,
            query.get("code_challenge"),
            query.get("code_challenge_method", "plain"),
            clock.now() + clock.life(CODE_LIFE),
        )
        return value, clock.announce(CODE_LIFE)

    def owner(self, value: str) -> int:
        """Return the user that a code signs in, or 0 for an unknown code."""
        found = self._codes.get(value)
        return found.owner_id if found else 0

    def use(self, value: str) -> Code:
        """Redeem a code; raise OAuthError for an unknown, used or expired one."""
        code = self._codes.get(value)
        if code is None or code.used:
            raise oauth_error("OAU-106")
        if self.service.clock.now() >= code.expires:
            raise oauth_error("OAU-108")
        code.used = True
        return code


def check_query(query: dict[str, str], client_id: str) -> None:
    """Raise OAuthError for an authorize request without a known app or redirect URI."""
    if query.get("client_id") != client_id:
        raise oauth_error("OAU-120")
    if not query.get("redirect_uri", "").startswith(("http://", "https://")):
        raise oauth_error("OAU-109")


def check_flow(query: dict[str, str]) -> str | None:
    """Return the OAuth error word to redirect with, or None."""
    if query.get("response_type") != "code":
        return "unsupported_response_type"
    if query.get("code_challenge_method", "plain") not in ("S256", "plain"):
        return "invalid_request"
    if query.get("prompt") == "none":
        return "login_required"
    return None


class Authorize:
    """GET shows the form, POST sends the browser back."""

    def __init__(self, service: Service, codes: Codes) -> None:
        """Take the state."""
        self._service, self._codes = service, codes

    def add_to(self, app: web.Application) -> None:
        """Register the page."""
        app.router.add_get("/restapi/oauth/authorize", self._get)
        app.router.add_post("/restapi/oauth/authorize", self._post)

    async def _get(self, request: web.Request) -> web.StreamResponse:
        service, query = self._service, dict(request.query)
        service.counters.requests[route_name("GET", request.path)] += 1
        try:
            check_query(query, service.client_id)
        except OAuthError as error:
            return respond(Reply(error.status, error.body()))
        if error_word := check_flow(query):
            return self._back(query, {"error": error_word})
        match service.faults.authorize:
            case "approve":
                return self._approve(query, service.account.own_id)
            case "deny":
                return self._deny(query)
            case _:
                return web.Response(
                    text=self._page(query), content_type="text/html", charset="utf-8"
                )

    async def _post(self, request: web.Request) -> web.StreamResponse:
        service = self._service
        form = {name: str(value) for name, value in (await request.post()).items()}
        query = {**request.query, **form}
        service.counters.requests[route_name("POST", request.path)] += 1
        try:
            check_query(query, service.client_id)
        except OAuthError as error:
            return respond(Reply(error.status, error.body()))
        if error_word := check_flow(query):
            return self._back(query, {"error": error_word})
        if form.get("action") != "allow":
            return self._deny(query)
        number = form.get("user", "")
        owner = next(
            (
                ext
                for ext in service.account.extensions.values()
                if ext.id in service.jwts.values()
                and number in (ext.number, str(ext.id))
            ),
            None,
        )
        if owner is None:
            return web.Response(
                status=200,
                text=self._page(query, "Unknown extension, or it cannot sign in."),
                content_type="text/html",
                charset="utf-8",
            )
        return self._approve(query, owner.id)

    def _approve(self, query: dict[str, str], owner_id: int) -> web.Response:
        code, life = self._codes.issue(query, owner_id)
        return self._back(query, {"code": code, "expires_in": str(life)})

    def _deny(self, query: dict[str, str]) -> web.Response:
        answer = {
            "error": "access_denied",
            "error_description": "The user did not allow it",
        }
        return self._back(query, answer)

    def _back(self, query: dict[str, str], answer: dict[str, str]) -> web.Response:
        if "state" in query:
            answer = {**answer, "state": query["state"]}
        uri = query["redirect_uri"]
        joined = f"{uri}{'&' if '?' in uri else '?'}{urlencode(answer)}"
        return web.Response(status=302, headers={"Location": joined})

    def _page(self, query: dict[str, str], problem: str = "") -> str:
        own = self._service.account.own
        hidden = "".join(
            f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
            for name, value in query.items()
            if name not in ("user", "action")
        )
        return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Sign in (emulator)</title>
<style>body{{font:16px/1.5 sans-serif;max-width:26rem;margin:4rem auto;padding:0 1rem}}
input,button{{font:inherit;padding:.4rem .6rem}} .problem{{color:#a00}}</style></head>
<body><h1>RingCentral emulator</h1>
<p>An application asks to read and change presence in your name.</p>
<p class="problem">{escape(problem)}</p>
<form method="post" action="/restapi/oauth/authorize">{hidden}
<p><label>Extension number<br>
<input name="user" value="{escape(own.number or "")}" autofocus></label></p>
<p><button name="action" value="allow">Sign in and authorize</button>
<button name="action" value="deny">Cancel</button></p></form></body></html>
"""
