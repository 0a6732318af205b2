"""Who we are: the access token and its lifetime, in one place per sign-in."""

import asyncio
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
import logging
import time
from typing import Any, Final, Protocol

from . import wire
from .credentials import basic_auth, cleaned
from .errors import (
    AppRefused,
    Reason,
    RetryLater,
    RingCentralError,
    SignInRequired,
    TokenRejected,
)
from .http import Http
from .limits import RateGroup

_LOGGER = logging.getLogger(__name__)

TOKEN_PATH: Final = "/restapi/oauth/token"  # noqa: S105 - a path
REVOKE_PATH: Final = "/restapi/oauth/revoke"
_JWT_GRANT: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"

# The share of an access token's life after which to renew it: early enough for several tries.
RENEW_AT: Final = 0.85
# Seconds until a renewal that failed is tried again.
_RENEW_AGAIN: Final = 30.0
# Seconds that an access token is assumed to live if the reply does not say, and the longest life that is
# believed; the latter alone for refresh tokens (docs/protocol.md 1.3).
_DEFAULT_LIFE: Final = 3_600.0
# Seconds: with a shorter life, every request would have to renew the token first.
_SHORTEST_LIFE: Final = 1.0
_LONGEST_LIFE: Final = 24 * 3_600.0
_LONGEST_REFRESH_LIFE: Final = 366 * 24 * 3_600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """An access token (docs/protocol.md 1.3). Times are seconds since the epoch, by the machine's clock."""

    value: str = field(repr=False)
    session: int
    renew_at: float
    expires_at: float
    refresh_token: str | None = field(default=None, repr=False)
    refresh_expires_at: float = 0.0
    scope: frozenset[str] = frozenset()
    """Permissions of the app; empty if the service does not name them."""

    def due_in(self, now: float) -> float:
        """Return the seconds until the token is due for renewal; ``now`` in seconds since the epoch."""
        return max(0.0, self.renew_at - now)


class TokenSource(Protocol):
    """What REST and the stream need from any kind of sign-in.

    A token's ``session`` numbers the OAuth sessions: session recovery works only within one
    (docs/protocol.md 3.4), and a socket closes with the session in which it was opened.
    """

    async def token(self) -> Token:
        """Return a token that is not due for renewal.

        Raises:
            RetryLater, SignInRequired: no token could be obtained.
        """

    async def renew(self, rejected: str) -> Token:
        """Return a token other than the one that the service rejected, or that is due for renewal; raises as `token`."""

    async def begin_session(self) -> None:
        """Make the next token include permissions that were added since; failures show when it is asked for.

        A session's permissions are fixed when it begins.
        """

    async def replace_session(self) -> None:
        """Obtain a token with permissions that were added since; what the earlier session has open stays open.

        Raises:
            RetryLater, SignInRequired: none could be obtained; the earlier session goes on.
        """

    async def end_others(self) -> None:
        """Revoke sessions that the current one has replaced."""

    async def close(self) -> None:
        """End the session, unless it is kept for the next start; failures do not matter (docs/protocol.md 1.4)."""


class JwtTokens:
    """Signs in with a JWT (docs/protocol.md 1.2), and renews with a refresh token if the app issues one."""

    def __init__(
        self,
        http: Http,
        client_id: str,
        client_secret: str,
        jwt: str,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Prepare to sign in; nothing is sent before the first token is asked for.

        Raises:
            AppRefused: see `basic_auth`.
        """
        self._http = http
        self._basic = basic_auth(cleaned(client_id), cleaned(client_secret))
        self._jwt = cleaned(jwt)
        self._clock = clock
        self._lock = asyncio.Lock()
        self._token: Token | None = None
        self._sessions = 0
        self._is_closed = False
        self._replaced: list[Token] = []

    async def token(self) -> Token:
        """Return a token that is not due for renewal; see `TokenSource`."""
        async with self._lock:
            if self._token is None or self._clock() >= self._token.renew_at:
                try:
                    self._token = await self._next()
                except RetryLater as err:
                    self._token = still_good(self._token, err, self._clock())
            return self._token

    async def renew(self, rejected: str) -> Token:
        """Return a token other than the rejected one; see `TokenSource`."""
        async with self._lock:
            if self._token is None or self._token.value == rejected:
                self._token = await self._next()
            return self._token

    async def begin_session(self) -> None:
        """End the session, so that the next token comes from a new one; see `TokenSource`."""
        await self._end()

    async def replace_session(self) -> None:
        """Begin another session, and leave the present one to `end_others`; see `TokenSource`."""
        async with self._lock:
            if not self._is_closed:
                current, self._token = self._token, await self._sign_in()
                self._replaced += [current] if current is not None else []

    async def end_others(self) -> None:
        """Revoke sessions that a new sign-in has replaced, since RingCentral ends the oldest of more than five."""
        replaced, self._replaced = self._replaced, []
        for token in replaced:
            if token.expires_at > self._clock():
                await self._revoke(token)

    async def close(self) -> None:
        """Revoke the session; from then on, no token is given out."""
        self._is_closed = True
        await self._end()

    async def _end(self) -> None:
        async with self._lock:
            token, self._token = self._token, None
        if token is not None:
            await self._revoke(token)

    async def _next(self) -> Token:
        if self._is_closed:
            raise RetryLater(Reason.CANNOT_CONNECT)
        current = self._token
        # Whether the session has ended, so that there is nothing left to revoke.
        is_over = False
        if (
            current is not None
            and current.refresh_token
            and self._clock() < current.refresh_expires_at
        ):
            try:
                # If the reply is lost, asking again is safe: the old refresh token still works and
                # brings the same new pair (docs/protocol.md 1.4).
                token = await self._ask(
                    {
                        "grant_type": "refresh_token",
                        "refresh_token": current.refresh_token,
                    },
                    current.session,
                )
            except RingCentralError as err:
                if not self._is_refused(err, current):
                    raise
                _LOGGER.debug("The token was not refreshed: %s", err)
                # A verdict on the app says nothing about the session.
                is_over = isinstance(err, SignInRequired) and not isinstance(
                    err, AppRefused
                )
            else:
                # A reply without a scope leaves it unchanged.
                return replace(token, scope=token.scope or current.scope)
        token = await self._sign_in()
        if current is not None and not is_over:
            self._replaced.append(current)
        return token

    async def _sign_in(self) -> Token:
        token = await self._ask(
            {"grant_type": _JWT_GRANT, "assertion": self._jwt}, self._sessions + 1
        )
        self._sessions += 1
        return token

    def _is_refused(self, error: RingCentralError, current: Token) -> bool:
        """Whether to sign in with the JWT after a refresh that failed.

        Yes after a verdict on the refresh: the app may not, or no longer, be allowed that grant. Also after a
        refusal without a code once the access token has ended. An unknown app cannot sign in either.
        """
        if isinstance(error, TokenRejected):
            return True
        if isinstance(error, RetryLater):
            is_over = self._clock() >= current.expires_at
            return is_over and error.reason is Reason.SERVICE_ERROR
        return error.reason is not Reason.INVALID_CLIENT

    async def _ask(self, form: Mapping[str, str], session: int) -> Token:
        reply = await self._http.send(
            "POST",
            TOKEN_PATH,
            RateGroup.AUTH,
            headers={"Authorization": self._basic},
            form=form,
        )
        return token_from_wire(reply.body, session, self._clock())

    async def _revoke(self, token: Token) -> None:
        try:
            await self._http.send(
                "POST",
                REVOKE_PATH,
                RateGroup.AUTH,
                headers={"Authorization": self._basic},
                form={"token": token.refresh_token or token.value},
            )
        except RingCentralError as err:
            _LOGGER.debug("The old session was not revoked: %s", err)


def still_good(token: Token | None, error: RetryLater, now: float) -> Token:
    """Return a token that could not be renewed in time: it is good until its end, and is renewed later.

    Raises:
        RetryLater: the same ``error``, if there is no token or it has ended; ``now`` is in seconds since the epoch.
    """
    if token is None or now >= token.expires_at:
        raise error
    wait = max(_RENEW_AGAIN, error.retry_after or 0.0)
    return replace(token, renew_at=min(token.expires_at, now + wait))


def token_from_wire(body: Any, session: int, now: float) -> Token:
    """Read a token reply (docs/protocol.md 1.3); ``now`` in seconds since the epoch.

    Raises:
        RetryLater: the reply has no access token.
    """
    body = wire.mapping(body)
    if (value := wire.secret(body.get("access_token"))) is None:
        raise RetryLater(Reason.SERVICE_ERROR)
    life = wire.seconds(body.get("expires_in"), _LONGEST_LIFE) or _DEFAULT_LIFE
    life = max(life, _SHORTEST_LIFE)
    refresh_life = wire.seconds(
        body.get("refresh_token_expires_in"), _LONGEST_REFRESH_LIFE
    )
    return Token(
        value=value,
        session=session,
        renew_at=now + life * RENEW_AT,
        expires_at=now + life,
        refresh_token=wire.secret(body.get("refresh_token")),
        refresh_expires_at=now + (refresh_life or 0.0),
        scope=_scope(body.get("scope")),
    )


def _scope(value: Any) -> frozenset[str]:
    words = value if isinstance(value, list) else [value]
    texts = (word for word in words if isinstance(word, str))
    return frozenset(name for text in texts for name in text.replace(",", " ").split())


def names(scope: Collection[str], permission: str) -> bool:
    """Whether a scope names a permission; an empty scope forbids nothing (docs/protocol.md 1.3)."""
    return not scope or permission in scope
