"""Set-up and sign-in in the user interface: with a JWT, or in the browser by OAuth."""

import asyncio
from collections.abc import Mapping
import logging
import traceback
from typing import Any, override

from homeassistant.config_entries import (
    SOURCE_REAUTH,
    SOURCE_USER,
    ConfigEntry,
    ConfigEntryState,
    ConfigFlowResult,
    OptionsFlow,
    UnknownEntry,
)
from homeassistant.const import CONF_CLIENT_ID, CONF_NAME
from homeassistant.core import callback
from homeassistant.data_entry_flow import AbortFlow

from .aioringcentral.access import check_access
from .aioringcentral.errors import Misconfigured, RetryLater, RingCentralError
from .aioringcentral.models import Extension
from .const import (
    AUTH_JWT,
    AUTH_OAUTH,
    CALLER_HIDDEN,
    CONF_AUTH,
    CONF_CALLER_IDENTITY,
    CONF_EXTENSIONS,
    CONF_SERVER,
    CONSOLE_URL,
    DOMAIN,
    LOGGER,
)
from .devices import account_title
from .flow_forms import CREDENTIALS, Failure, credentials, follow_form, label
from .flow_oauth import OAuthSteps
from .follow_steps import FollowSteps
from .kept import kept_data
from .markup import as_text
from .options_flow import RingCentralOptionsFlow
from .sign_in import FlowSignIn, end_session, take_back


class RingCentralConfigFlow(FollowSteps, OAuthSteps, domain=DOMAIN):
    """Signs in, and asks whom to follow."""

    VERSION = 1

    _own: Extension

    def __init__(self) -> None:
        """Begin without a sign-in."""
        super().__init__()
        self._server = ""
        self._sign_in = FlowSignIn()
        # One step at a time, because a form may be submitted twice.
        self._turn = asyncio.Lock()
        self._removed = asyncio.Event()
        self._is_done = False
        self._options = {CONF_EXTENSIONS: [], CONF_CALLER_IDENTITY: CALLER_HIDDEN}

    @property
    @override
    def logger(self) -> logging.Logger:
        """Return the logger of the steps that are Home Assistant's own."""
        return LOGGER

    @staticmethod
    @callback
    @override
    def async_get_options_flow(config_entry: ConfigEntry) -> OptionsFlow:
        """Return the options flow."""
        return RingCentralOptionsFlow()

    # How to sign in.

    @override
    async def async_step_user(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Offer the ways to sign in."""
        return self.async_show_menu(step_id="user", menu_options=[AUTH_JWT, AUTH_OAUTH])

    async def async_step_reauth(
        self, entry_data: Mapping[str, Any]
    ) -> ConfigFlowResult:
        """Sign in again after credentials ceased to work."""
        return await self.async_step_reauth_confirm()

    async def async_step_reauth_confirm(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Offer the ways to sign in again."""
        return self._offer_ways("reauth_confirm")

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Offer the ways to sign in to the same account again."""
        return self._offer_ways("reconfigure")

    def _offer_ways(self, step_id: str) -> ConfigFlowResult:
        """Offer the entry's own way first."""
        entry = self._entry
        now = kept_data(entry.data)[CONF_AUTH]
        ways = sorted((AUTH_JWT, AUTH_OAUTH), key=lambda way: way != now)
        return self.async_show_menu(
            step_id=step_id,
            menu_options=ways,
            description_placeholders={CONF_NAME: as_text(entry.title)},
        )

    @property
    def _entry(self) -> ConfigEntry:
        """The entry whose sign-in changes; if it was removed meanwhile, the flow ends."""
        try:
            if self.source == SOURCE_REAUTH:
                return self._get_reauth_entry()
            return self._get_reconfigure_entry()
        except UnknownEntry as err:
            raise AbortFlow("closed") from err

    # With a JWT.

    async def async_step_jwt(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for an app's credentials and a user's JWT."""
        failure = None
        if user_input is not None:
            try:
                data = credentials(user_input)
            except Misconfigured as err:
                failure = Failure.of(err, AUTH_JWT)
            else:
                failure = await self._try(data)
                if failure is None:
                    return await self._signed_in()
        return self.async_show_form(
            step_id=AUTH_JWT,
            data_schema=self.add_suggested_values_to_schema(
                CREDENTIALS, user_input or self._known(AUTH_JWT)
            ),
            errors=failure.errors if failure else None,
            description_placeholders={
                "console_url": CONSOLE_URL,
                **(failure.placeholders if failure else {}),
            },
        )

    # Signed in.

    @override
    async def _try(self, data: dict[str, Any]) -> Failure | None:
        """Sign in and do what following takes; return what stands in the way, if anything does."""
        async with self._turn:
            await self._check_open()
            failure = await self._try_once(data)
            await self._check_open()
        return failure

    async def _check_open(self) -> None:
        """Stop if the flow was closed, or was ended by another request for the same step."""
        if self._is_done:
            await self._removed.wait()
        if self._removed.is_set():
            raise AbortFlow("closed")

    async def _try_once(self, data: dict[str, Any]) -> Failure | None:
        try:
            access = self._sign_in.open(self.hass, data)
            self._own = await check_access(access.http, access.tokens)
            # Another flow that is signing in to this account is no reason to stop: one of them will end first.
            await self.async_set_unique_id(
                self._own.account_id, raise_on_progress=False
            )
            if self.source == SOURCE_USER:
                await self._read_lists(access, self._own)
        except RetryLater as err:
            # The next try may reuse this sign-in: each one costs one of five requests a minute.
            return Failure.of(err, data[CONF_AUTH])
        except RingCentralError as err:
            # Permissions are fixed at sign-in, so a permission that is added needs a new sign-in.
            self._sign_in.leave(self.hass)
            return Failure.of(err, data[CONF_AUTH])
        except Exception as err:  # noqa: BLE001 - whatever it is, the form says so and stays
            # Leave out its text, which may contain what was typed.
            LOGGER.error(
                "Unexpected %s while signing in\n%s",
                type(err).__name__,
                "".join(traceback.format_tb(err.__traceback__)),
            )
            self._sign_in.leave(self.hass)
            return Failure(errors={"base": "unknown"})
        return None

    @override
    async def _signed_in(self) -> ConfigFlowResult:
        """Ask whom to follow, or change how the entry signs in."""
        if self.source == SOURCE_USER:
            self._abort_if_unique_id_configured()
            return await self.async_step_follow()
        entry = self._entry
        self._abort_if_unique_id_mismatch(
            reason="wrong_account",
            description_placeholders={
                "user": as_text(label(self._own)),
                "account": as_text(entry.title),
            },
        )
        # A running entry closes its sign-in itself.
        is_running = entry.state is ConfigEntryState.LOADED
        left = None if is_running else take_back(self.hass, entry.data)
        data = self._hand_over()
        result = self.async_update_reload_and_abort(entry, data=data)
        if left is not None:
            end_session(self.hass, left)
        return result

    async def async_step_follow(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask whom to follow."""
        return await self._ask_follow("follow", follow_form(self._lists), user_input)

    def _hand_over(self) -> dict[str, Any]:
        """Let the entry go on with the sign-in, and return its data."""
        data = self._sign_in.hand_over(self.hass)
        if data is None:
            raise AbortFlow("closed")
        self._is_done = True
        return data

    @override
    def _follows_already(self, options: dict[str, Any]) -> bool:
        return False

    @override
    async def _finish(self, options: dict[str, Any]) -> ConfigFlowResult:
        # Another request for the same step may still be trying other credentials.
        async with self._turn:
            # This step, or another flow for the account, may have been faster.
            await self._check_open()
            self._abort_if_unique_id_configured()
            return self.async_create_entry(
                title=account_title(self._own),
                data=self._hand_over(),
                options=options,
            )

    @override
    async def async_on_create_entry(self, result: ConfigFlowResult) -> ConfigFlowResult:
        """End the sign-in if set-up failed for good; a set-up that is tried again reuses it."""
        entry = result["result"]
        retries = entry.state is ConfigEntryState.SETUP_RETRY
        if not retries and (tokens := take_back(self.hass, entry.data)) is not None:
            end_session(self.hass, tokens)
        return result

    @override
    def _known(self, way: str) -> dict[str, Any]:
        """Return what a form suggests from an entry's sign-in; stored secrets are never shown again."""
        if self.source == SOURCE_USER:
            return {}
        data = kept_data(self._entry.data)
        same = data[CONF_AUTH] == way
        names = (CONF_SERVER, CONF_CLIENT_ID) if same else (CONF_SERVER,)
        return {name: data[name] for name in names if data[name]}

    @callback
    @override
    def async_remove(self) -> None:
        """End a sign-in that no entry has taken over, and ask again if one is still needed."""
        self._removed.set()
        self._sign_in.leave(self.hass)
        if self.source == SOURCE_REAUTH and not self._is_done:
            self._ask_again()

    def _ask_again(self) -> None:
        entry = self.hass.config_entries.async_get_entry(self.context["entry_id"])
        if entry is None or self.hass.is_stopping:
            return
        is_cut_off = entry.state is ConfigEntryState.SETUP_ERROR or (
            entry.state is ConfigEntryState.LOADED and not entry.runtime_data.available
        )
        if is_cut_off:
            entry.async_start_reauth(self.hass)
