"""Set-up, sign-in and options, by the user interface."""

from collections.abc import Mapping
import traceback
from typing import TYPE_CHECKING, Any, override

from homeassistant.config_entries import (
    SOURCE_USER,
    ConfigEntry,
    ConfigEntryState,
    ConfigFlow,
    ConfigFlowResult,
    OptionsFlow,
)
from homeassistant.const import CONF_CLIENT_ID
from homeassistant.core import callback

from .aioringcentral.access import check_access
from .aioringcentral.auth import TokenSource
from .aioringcentral.errors import RetryLater, RingCentralError
from .const import (
    AUTH_JWT,
    CALLER_HIDDEN,
    CONF_CALLER_IDENTITY,
    CONF_EXTENSIONS,
    CONF_SERVER,
    DOMAIN,
    LOGGER,
)
from .flow_forms import CONSOLE_URL, CREDENTIALS, Failure, credentials, follow_form
from .follow_steps import FollowSteps
from .options_flow import RingCentralOptionsFlow
from .signin import SignIn, hand_over, sign_in, take_back


class RingCentralConfigFlow(FollowSteps, ConfigFlow, domain=DOMAIN):
    """Signs in, and asks whom to follow."""

    VERSION = 1

    def __init__(self) -> None:
        """Begin without a sign-in."""
        self._data: dict[str, str] = {}
        self._sign_in: SignIn | None = None
        self._options = {CONF_EXTENSIONS: [], CONF_CALLER_IDENTITY: CALLER_HIDDEN}

    @staticmethod
    @callback
    @override
    def async_get_options_flow(config_entry: ConfigEntry) -> OptionsFlow:
        """Return the options flow."""
        return RingCentralOptionsFlow()

    @override
    async def async_step_user(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Offer the ways to sign in."""
        return self.async_show_menu(step_id="user", menu_options=[AUTH_JWT])

    async def async_step_jwt(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for an app's credentials and a user's JWT."""
        failure = None
        if user_input is not None:
            failure = await self._try(user_input)
            if failure is None:
                self._abort_if_unique_id_configured()
                return await self.async_step_follow()
        return self._ask_credentials("jwt", user_input, failure)

    async def async_step_follow(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask whom to follow."""
        return await self._ask_follow("follow", follow_form(self._lists), user_input)

    @override
    def _finish(self, options: dict[str, Any]) -> ConfigFlowResult:
        self._hand_over()
        return self.async_create_entry(
            title=self._lists.own.name or "RingCentral",
            data=self._data,
            options=options,
        )

    @override
    async def async_on_create_entry(self, result: ConfigFlowResult) -> ConfigFlowResult:
        """End the sign-in if set-up came to nothing; one that is tried again goes on with it."""
        retries = result["result"].state is ConfigEntryState.SETUP_RETRY
        if not retries and (tokens := take_back(self.hass, self._data)) is not None:
            self._end_session(tokens)
        return result

    async def async_step_reauth(
        self, entry_data: Mapping[str, Any]
    ) -> ConfigFlowResult:
        """Sign in again after credentials ceased to work."""
        return await self.async_step_reauth_confirm()

    async def async_step_reauth_confirm(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for credentials that work."""
        return await self._replace_credentials(
            "reauth_confirm", self._get_reauth_entry(), user_input
        )

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for other credentials of the same account."""
        return await self._replace_credentials(
            "reconfigure", self._get_reconfigure_entry(), user_input
        )

    async def _replace_credentials(
        self, step_id: str, entry: ConfigEntry, user_input: dict[str, Any] | None
    ) -> ConfigFlowResult:
        failure = None
        if user_input is not None:
            failure = await self._try(user_input)
            if failure is None:
                self._abort_if_unique_id_mismatch(reason="wrong_account")
                self._hand_over()
                return self.async_update_reload_and_abort(
                    entry, data_updates=self._data
                )
        # Secrets that are kept are never shown again.
        known = {key: entry.data[key] for key in (CONF_SERVER, CONF_CLIENT_ID)}
        return self._ask_credentials(step_id, user_input or known, failure)

    def _ask_credentials(
        self,
        step_id: str,
        suggested: Mapping[str, Any] | None,
        failure: Failure | None,
    ) -> ConfigFlowResult:
        return self.async_show_form(
            step_id=step_id,
            data_schema=self.add_suggested_values_to_schema(CREDENTIALS, suggested),
            errors=failure.errors if failure else None,
            description_placeholders={
                "console_url": CONSOLE_URL,
                **(failure.placeholders if failure else {}),
            },
        )

    async def _try(self, user_input: Mapping[str, str]) -> Failure | None:
        """Sign in and do what following takes; return what is in the way, if anything is."""
        try:
            access = self._sign_in_with(credentials(user_input))
            own = await check_access(access.http, access.tokens)
            # Who else is signing in to this account is no reason to stop: one of the flows ends first.
            await self.async_set_unique_id(own.account_id, raise_on_progress=False)
            if self.source == SOURCE_USER:
                await self._read_lists(access.rest, own)
        except RetryLater as err:
            # The next try may go on with this sign-in: each costs one of five requests a minute.
            return Failure.of(err)
        except RingCentralError as err:
            # What was granted was fixed at sign-in: a permission that is added needs a new one.
            self._leave()
            return Failure.of(err)
        except Exception as err:  # noqa: BLE001 - whatever it is, the form says so and stays
            # Its text is left out: it may hold what was typed.
            LOGGER.error(
                "Unexpected %s while signing in\n%s",
                type(err).__name__,
                "".join(traceback.format_tb(err.__traceback__)),
            )
            self._leave()
            return Failure(errors={"base": "unknown"})
        return None

    def _sign_in_with(self, data: dict[str, str]) -> SignIn:
        """Return a sign-in with these credentials, the one that is open where they are the same."""
        if self._sign_in is None or data != self._data:
            self._leave()
            self._data = data
            self._sign_in = sign_in(self.hass, data)
        return self._sign_in

    def _hand_over(self) -> None:
        """Let the entry go on with this sign-in."""
        if TYPE_CHECKING:
            assert self._sign_in is not None
        hand_over(self.hass, self._data, self._sign_in.tokens)
        self._sign_in = None

    def _leave(self) -> None:
        """End the sign-in that is open."""
        if self._sign_in is not None:
            self._end_session(self._sign_in.tokens)
            self._sign_in = None

    def _end_session(self, tokens: TokenSource) -> None:
        self.hass.async_create_background_task(
            tokens.close(), "ringcentral end of a sign-in"
        )

    @callback
    @override
    def async_remove(self) -> None:
        """End a sign-in that no entry goes on with."""
        self._leave()
