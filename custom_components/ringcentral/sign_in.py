"""Makes a client from a config entry's credentials: the sign-in, and the rate budget that outlives a reload."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.const import (
    CONF_CLIENT_ID,
    CONF_CLIENT_SECRET,
    CONF_TOKEN,
    EVENT_HOMEASSISTANT_STOP,
)
from homeassistant.core import Event, HassJob, HomeAssistant, callback
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.event import async_call_later
from homeassistant.util.hass_dict import HassKey

from .aioringcentral.access import check_access
from .aioringcentral.auth import JwtTokens, TokenSource
from .aioringcentral.errors import RingCentralError
from .aioringcentral.http import Http
from .aioringcentral.limits import RateBudget
from .aioringcentral.membership import Follow, read_lists
from .aioringcentral.recording import Recorder
from .aioringcentral.rest import Rest
from .const import (
    AUTH_OAUTH,
    CONF_AUTH,
    CONF_AUTH_IMPLEMENTATION,
    CONF_FOLLOW,
    CONF_JWT,
    CONF_SERVER,
    DOMAIN,
)
from .kept import check_complete, kept_data, kept_options
from .oauth import OAuthTokens

# A penalty concerns the user and app, whichever flow or entry sends the requests (docs/protocol.md 5).
_BUDGETS: HassKey[dict[tuple[str, str], RateBudget]] = HassKey(f"{DOMAIN}_budgets")
# Seconds within which a reload comes; otherwise, a sign-in and its end would cost two of five requests a minute.
LINGER: Final = 60.0
# Sign-ins with a JWT that a flow has opened or an unload has left, until an entry takes them over, because every
# sign-in costs two of five requests a minute, and one of five sessions. OAuth does not need this: its session is in
# the entry.
_HANDED_OVER: HassKey[dict[str, TokenSource]] = HassKey(f"{DOMAIN}_handed_over")
# Sign-ins that no running entry would end, and that are ended when Home Assistant stops.
_UNOWNED: HassKey[set[TokenSource]] = HassKey(f"{DOMAIN}_unowned")


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """One sign-in: the way to the server, its tokens, and the calls made with them."""

    http: Http
    tokens: TokenSource
    rest: Rest
    data: Mapping[str, Any] = field(repr=False)
    """The credentials with which it was opened."""

    async def close(self) -> None:
        """End the session."""
        await self.tokens.close()


def way_to(hass: HomeAssistant, server: str, client_id: str) -> Http:
    """Return the way to a server for an app, sharing the budget with everyone else who uses the two.

    Raises:
        Misconfigured: the server's address is not https (http is for this machine alone).
    """
    budget = hass.data.setdefault(_BUDGETS, {}).setdefault(
        (server, client_id), RateBudget()
    )
    http = Http(async_get_clientsession(hass), server, budget)
    http.recorder = Recorder()
    return http


def sign_in_with(hass: HomeAssistant, data: Mapping[str, Any]) -> SignIn:
    """Return a sign-in for the credentials of a flow or an entry; nothing is sent yet.

    Raises:
        AppRefused, Misconfigured: what was entered can never work.
        SignInRequired: some of it is missing.
    """
    data = kept_data(data)
    check_complete(data)
    http = way_to(hass, data[CONF_SERVER], data[CONF_CLIENT_ID])
    tokens = _tokens(hass, http, data)
    return SignIn(http=http, tokens=tokens, rest=Rest(http, tokens), data=data)


def hand_over(
    hass: HomeAssistant, data: Mapping[str, Any], tokens: TokenSource
) -> None:
    """Keep a sign-in for the entry that is about to be set up with the same credentials."""
    data = kept_data(data)
    if data[CONF_AUTH] != AUTH_OAUTH:
        end_at_stop(hass, tokens)
        if not hass.is_stopping:
            _handed_over(hass)[_key(data)] = tokens


async def leave(hass: HomeAssistant, access: SignIn, data: Mapping[str, Any]) -> None:
    """Leave a sign-in behind on unload: a reload reuses it, or it is ended after `LINGER` seconds.

    If the entry's credentials (``data``) have changed, it is ended at once.
    """
    tokens, data = access.tokens, kept_data(data)
    if AUTH_OAUTH in (data[CONF_AUTH], access.data[CONF_AUTH]) or _key(data) != _key(
        access.data
    ):
        await tokens.close()
        return
    if _key(data) in _handed_over(hass):
        # A newer sign-in with the same credentials takes its place.
        await tokens.close()
        return
    hand_over(hass, data, tokens)

    @callback
    def end(_now: datetime) -> None:
        if _handed_over(hass).get(_key(data)) is tokens:
            del _handed_over(hass)[_key(data)]
            end_session(hass, tokens)

    async_call_later(hass, LINGER, HassJob(end, cancel_on_shutdown=True))


async def check_again(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Do what following takes, with a sign-in that includes added permissions, and leave that to the next set-up.

    Raises:
        RingCentralError: what stands in the way.
    """
    is_running = entry.state is ConfigEntryState.LOADED
    shares = is_running and kept_data(entry.data)[CONF_AUTH] == AUTH_OAUTH
    if shares:
        # There is only one session, and one place that renews its tokens.
        access = entry.runtime_data.account.sign_in
    else:
        access = sign_in_with(hass, entry.data)
        end_at_stop(hass, access.tokens)
    try:
        await access.tokens.begin_session()
        own = await check_access(access.http, access.tokens)
        follow = kept_options(entry.options)[CONF_FOLLOW]
        choices = [Follow(choice) for choice in follow]
        await read_lists(access.rest, own, choices)
    except BaseException:
        if not shares:
            end_session(hass, access.tokens)
        raise
    hand_over(hass, entry.data, access.tokens)


def end_session(hass: HomeAssistant, tokens: TokenSource) -> None:
    """End a sign-in that is no longer needed; Home Assistant waits for that when it stops."""
    hass.async_create_task(tokens.close(), "ringcentral end of a sign-in")
    owned(hass, tokens)


def end_at_stop(hass: HomeAssistant, tokens: TokenSource) -> None:
    """End a sign-in when Home Assistant stops, or now if it is stopping, unless an entry owns the sign-in by then."""
    if hass.is_stopping:
        end_session(hass, tokens)
        return
    if _UNOWNED not in hass.data:
        unowned: set[TokenSource] = set()
        hass.data[_UNOWNED] = unowned

        async def end_all(_event: Event) -> None:
            # Home Assistant waits for this, longer than a request takes.
            del hass.data[_UNOWNED]
            _handed_over(hass).clear()
            left = tuple(unowned)
            await asyncio.gather(*(tokens.close() for tokens in left))

        hass.bus.async_listen_once(EVENT_HOMEASSISTANT_STOP, end_all)
    hass.data[_UNOWNED].add(tokens)


def owned(hass: HomeAssistant, tokens: TokenSource) -> None:
    """Note that a running entry will end this sign-in."""
    hass.data.get(_UNOWNED, set()).discard(tokens)


def take_back(hass: HomeAssistant, data: Mapping[str, Any]) -> TokenSource | None:
    """Return a sign-in that no entry uses, to be closed, or None if there is none, or none that can be closed."""
    data = kept_data(data)
    if data[CONF_AUTH] == AUTH_OAUTH:
        try:
            return sign_in_with(hass, data).tokens
        except RingCentralError:
            return None
    return _handed_over(hass).pop(_key(data), None)


def _tokens(hass: HomeAssistant, http: Http, data: Mapping[str, Any]) -> TokenSource:
    if data[CONF_AUTH] == AUTH_OAUTH:
        return OAuthTokens(hass, http, data[CONF_AUTH_IMPLEMENTATION], data[CONF_TOKEN])
    return _handed_over(hass).pop(_key(data), None) or JwtTokens(
        http, data[CONF_CLIENT_ID], data[CONF_CLIENT_SECRET], data[CONF_JWT]
    )


def _handed_over(hass: HomeAssistant) -> dict[str, TokenSource]:
    return hass.data.setdefault(_HANDED_OVER, {})


def _key(data: Mapping[str, Any]) -> str:
    return "\0".join(
        (
            data[CONF_SERVER],
            data[CONF_CLIENT_ID],
            data[CONF_CLIENT_SECRET],
            data[CONF_JWT],
        )
    )


class FlowSignIn:
    """The sign-in of one flow; there is at most one, until an entry takes it over or it is ended."""

    def __init__(self) -> None:
        """Begin without a sign-in."""
        self.data: dict[str, Any] = {}
        self._open: SignIn | None = None

    def is_at(self, way: str, server: str) -> bool:
        """Whether a sign-in is open that was opened this way, at this server."""
        return self._open is not None and (
            self.data[CONF_AUTH],
            self.data[CONF_SERVER],
        ) == (way, server)

    def open(self, hass: HomeAssistant, data: dict[str, Any]) -> SignIn:
        """Return a sign-in with these credentials, which is the open one if it has the same.

        Raises:
            AppRefused, Misconfigured: what was entered can never work.
        """
        if self._open is None or data != self.data:
            self.leave(hass)
            self.data = data
            self._open = sign_in_with(hass, data)
            end_at_stop(hass, self._open.tokens)
        return self._open

    def hand_over(self, hass: HomeAssistant) -> dict[str, Any] | None:
        """Let the entry take over this sign-in, and return what it is to keep, or None if that was done already."""
        if self._open is None:
            return None
        tokens, self._open = self._open.tokens, None
        if isinstance(tokens, OAuthTokens):
            # The tokens may have been renewed meanwhile.
            self.data[CONF_TOKEN] = tokens.pair
            owned(hass, tokens)
        hand_over(hass, self.data, tokens)
        return self.data

    def leave(self, hass: HomeAssistant) -> None:
        """End the open sign-in."""
        if self._open is not None:
            end_session(hass, self._open.tokens)
            self._open = None
