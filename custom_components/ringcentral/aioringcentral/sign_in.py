"""A sign-in: the way to a server, its tokens, and the calls made with them."""

from functools import cached_property
from typing import Final, Protocol

import aiohttp

from .auth import JwtTokens, TokenSource
from .http import Http, check_server
from .limits import RateBudget
from .rest import Rest

PRODUCTION: Final = "https://platform.ringcentral.com"


class SignIn(Protocol):
    """What an account needs from any kind of sign-in."""

    @property
    def http(self) -> Http:
        """The way to the server."""

    @property
    def tokens(self) -> TokenSource:
        """The source of access tokens."""

    @property
    def rest(self) -> Rest:
        """REST calls with these tokens."""

    async def close(self) -> None:
        """End the session."""


class JwtSignIn:
    """Signs in with a JWT credential of the Developer Console; nothing is sent before it is used."""

    def __init__(
        self,
        client_id: str,
        client_secret: str,
        jwt: str,
        *,
        server: str = PRODUCTION,
        session: aiohttp.ClientSession | None = None,
    ) -> None:
        """Take the app's credentials, the user's JWT, the server's base URL and an aiohttp session.

        Without a session, it makes one of its own, and closes that in the end.

        Raises:
            Misconfigured: the server's address is not https (http is for this machine alone).
        """
        self._server = check_server(server)
        self._credentials = client_id, client_secret, jwt
        self._session = session
        self._own_session: aiohttp.ClientSession | None = None

    @cached_property
    def http(self) -> Http:
        """The way to the server."""
        session = self._session
        if session is None:
            session = self._own_session = aiohttp.ClientSession()
        return Http(session, self._server, RateBudget())

    @cached_property
    def tokens(self) -> TokenSource:
        """The source of access tokens; raises AppRefused for a client id that contains a colon."""
        return JwtTokens(self.http, *self._credentials)

    @cached_property
    def rest(self) -> Rest:
        """REST calls with these tokens."""
        return Rest(self.http, self.tokens)

    async def close(self) -> None:
        """Revoke the session at RingCentral, and close the aiohttp session if it is our own."""
        try:
            await self.tokens.close()
        finally:
            if self._own_session is not None:
                await self._own_session.close()
