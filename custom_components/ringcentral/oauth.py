"""Sign-in in the browser: an app at a server, and the tokens of the user who allowed it (docs/protocol.md 1)."""

import asyncio
from collections.abc import Mapping
import time
from typing import Any, Final, override

from homeassistant.components.application_credentials import ClientCredential
from homeassistant.config_entries import SAVE_DELAY, ConfigEntry
from homeassistant.const import CONF_ACCESS_TOKEN, CONF_TOKEN
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ImplementationUnavailableError
from homeassistant.helpers.config_entry_oauth2_flow import (
    LocalOAuth2ImplementationWithPkce,
    async_get_implementations,
)

from .aioringcentral import wire
from .aioringcentral.auth import (
    REVOKE_PATH,
    TOKEN_PATH,
    Token,
    still_good,
    token_from_wire,
)
from .aioringcentral.credentials import basic_auth, cleaned
from .aioringcentral.errors import (
    AppRefused,
    Reason,
    RetryLater,
    RingCentralError,
    SignInRequired,
)
from .aioringcentral.http import Http
from .aioringcentral.limits import RateGroup
from .const import DOMAIN, LOGGER
from .kept import kept_data

# What the user enters as the secret of an app that has none, because the field must not be empty.
PUBLIC_APP: Final = "public"

# Seconds by which Home Assistant has written a changed entry to disk.
_WRITTEN_AFTER: Final = SAVE_DELAY + 1.0
# Seconds since the epoch, later than any token lives.
_LATEST: Final = 1e11
_AUTHORIZE_PATH: Final = "/restapi/oauth/authorize"


# Text members of a token reply (docs/protocol.md 1.3) that Home Assistant keeps in the entry.
_KEPT: Final = ("token_type", "refresh_token", "scope", "owner_id", "endpoint_id")


class RingCentralImplementation(LocalOAuth2ImplementationWithPkce):
    """An app of the Developer Console, at one server."""

    def __init__(
        self,
        hass: HomeAssistant,
        auth_domain: str,
        credential: ClientCredential,
        http: Http,
    ) -> None:
        """Take what the user entered, and the connection to the server."""
        secret = cleaned(credential.client_secret)
        super().__init__(
            hass,
            auth_domain,
            cleaned(credential.client_id),
            f"{http.server}{_AUTHORIZE_PATH}",
            f"{http.server}{TOKEN_PATH}",
            client_secret="" if secret.casefold() == PUBLIC_APP else secret,
        )
        self._credential = credential
        self._http = http

    @property
    @override
    def name(self) -> str:
        """The user's name for the app."""
        return self._credential.name or self.client_id

    def at(self, http: Http) -> RingCentralImplementation:
        """Return the same app at another server."""
        return RingCentralImplementation(self.hass, self.domain, self._credential, http)

    async def revoke(self, token: str) -> None:
        """End the session of a token; raises `RingCentralError`."""
        await self._send(REVOKE_PATH, {"token": token})

    @override
    async def _token_request(self, data: dict[str, Any]) -> dict[str, Any]:
        """Send a grant; unlike the base class, raise a `RingCentralError` if it fails."""
        body = await self._send(TOKEN_PATH, data)
        token = token_from_wire(body, session=0, now=0.0)
        # Keep in the entry only what could be read: an unreadable member leaves the earlier one.
        kept = {name: body[name] for name in _KEPT if isinstance(body.get(name), str)}
        if token.refresh_token is None:
            kept.pop("refresh_token", None)
        if token.refresh_expires_at:
            kept["refresh_token_expires_in"] = int(token.refresh_expires_at)
        return {
            **kept,
            "access_token": token.value,
            "expires_in": max(1, int(token.expires_at)),
        }

    async def _send(self, path: str, form: Mapping[str, str]) -> Any:
        """Send a form in the name of the app, with or without a secret (docs/protocol.md 1.2)."""
        headers = {}
        if self.client_secret:
            headers["Authorization"] = basic_auth(self.client_id, self.client_secret)
        reply = await self._http.send(
            "POST",
            path,
            RateGroup.AUTH,
            headers=headers,
            form={**form, "client_id": self.client_id},
        )
        return reply.body


async def known_apps(hass: HomeAssistant) -> dict[str, RingCentralImplementation]:
    """Return the apps among the application credentials, by id."""
    try:
        found = await async_get_implementations(hass, DOMAIN)
    except ImplementationUnavailableError:
        # A provider of somebody else's, which never has an app for this service.
        found = {}
    return {
        key: app
        for key, app in found.items()
        if isinstance(app, RingCentralImplementation)
    }


class OAuthTokens:
    """The tokens of one session, renewed in one place, and kept in the entry before they are used.

    This is a token source (see `TokenSource`) whose session outlives a restart, as long as an entry keeps it.
    """

    def __init__(
        self, hass: HomeAssistant, http: Http, app_id: str, pair: Mapping[str, Any]
    ) -> None:
        """Take the token reply that the entry or the flow holds."""
        self._hass = hass
        self._http = http
        self._app_id = app_id
        self._pair = dict(pair)
        self._token = _token(pair)
        self._renewal: asyncio.Task[None] | None = None

    @property
    def pair(self) -> dict[str, Any]:
        """The newest access and refresh tokens, as an entry keeps them."""
        return self._pair

    async def token(self) -> Token:
        """Return a token that is not due for renewal; see `TokenSource`."""
        if self._renewal is not None or time.time() >= self._token.renew_at:
            try:
                await self._renew()
            except RetryLater as err:
                self._token = still_good(self._token, err, time.time())
        return self._token

    async def renew(self, rejected: str) -> Token:
        """Return a token other than the rejected one; see `TokenSource`."""
        if self._renewal is not None or self._token.value == rejected:
            await self._renew()
        return self._token

    async def begin_session(self) -> None:
        """Renew the token, which is all there is without the user; see `TokenSource`."""
        try:
            await self._renew()
        except RingCentralError as err:
            LOGGER.debug("The token was not renewed: %s", err)

    async def replace_session(self) -> None:
        """Renew the token, which is all there is without the user; see `TokenSource`."""
        await self._renew()

    async def end_others(self) -> None:
        """Do nothing: a renewal stays within the session."""

    async def close(self) -> None:
        """End the session, unless an entry keeps it for its next start."""
        if self._renewal is not None:
            await asyncio.wait([self._renewal])
        if self._keeper(self._pair) is not None:
            return
        try:
            app = await self._app()
            await app.revoke(self._token.refresh_token or self._token.value)
        except RingCentralError as err:
            LOGGER.debug("The session was not ended: %s", err)

    async def _renew(self) -> None:
        if self._renewal is None:
            # A tracked task, since a background task would be cancelled when Home Assistant stops.
            self._renewal = self._hass.async_create_task(
                self._next(), "ringcentral renewal of tokens"
            )
            self._renewal.add_done_callback(self._renewed)
        renewal = self._renewal
        # The caller may be cancelled, but the reply holds the only tokens that go on working.
        await asyncio.wait([renewal])
        renewal.result()

    def _renewed(self, renewal: asyncio.Task[None]) -> None:
        self._renewal = None
        if not renewal.cancelled():
            # Those who wait are told the error; mark it as retrieved in case nobody waits any more.
            renewal.exception()

    async def _next(self) -> None:
        """Ask for the next pair; if the reply was lost, the same refresh token brings it again."""
        app = await self._app()
        if wire.secret(self._pair.get("refresh_token")) is None:
            raise SignInRequired(Reason.INVALID_AUTH)
        pair = await app.async_refresh_token(self._pair)
        entry = self._keeper(self._pair, pair)
        self._pair = pair
        if entry is not None:
            self._hass.config_entries.async_update_entry(
                entry, data={**entry.data, CONF_TOKEN: pair}
            )
            # The old refresh token works until the new access token is used (docs/protocol.md 1.4): whatever
            # happens before the entry is written, the old one still brings the new pair after a start.
            await asyncio.sleep(_WRITTEN_AFTER)
        self._token = _token(pair)

    async def _app(self) -> RingCentralImplementation:
        app = (await known_apps(self._hass)).get(self._app_id)
        if app is None:
            raise AppRefused(Reason.INVALID_CLIENT)
        return app.at(self._http)

    def _keeper(self, *pairs: Mapping[str, Any]) -> ConfigEntry | None:
        """Return the entry that holds one of these pairs; a pair of a flow, or one that was replaced, has none."""
        ours = {pair[CONF_ACCESS_TOKEN] for pair in pairs}
        for entry in self._hass.config_entries.async_entries(DOMAIN):
            if kept_data(entry.data)[CONF_TOKEN].get(CONF_ACCESS_TOKEN) in ours:
                return entry
        return None


def _token(pair: Mapping[str, Any]) -> Token:
    """Return the token from a stored reply; there is only one session, since renewals stay within it."""
    end = wire.seconds(pair.get("expires_at"), _LATEST)
    life = wire.seconds(pair.get("expires_in"), _LATEST)
    # A token of unknown age is renewed before it is used.
    issued = 0.0 if end is None or life is None else end - life
    return token_from_wire(pair, session=1, now=issued)
