"""Set-up, sign-in and options, by the user interface."""

from abc import abstractmethod
from collections.abc import Mapping
import traceback
from typing import Any, override

from homeassistant.config_entries import (
    SOURCE_USER,
    ConfigEntry,
    ConfigEntryBaseFlow,
    ConfigEntryState,
    ConfigFlow,
    ConfigFlowResult,
    OptionsFlow,
    OptionsFlowWithReload,
)
from homeassistant.const import CONF_CLIENT_ID
from homeassistant.core import callback

from .aioringcentral.access import check_access
from .aioringcentral.auth import TokenSource
from .aioringcentral.errors import RetryLater, RingCentralError
from .aioringcentral.follow import Follow, Lists, read_lists
from .aioringcentral.models import Extension
from .aioringcentral.rest import Rest
from .const import (
    AUTH_JWT,
    CALLER_HIDDEN,
    CONF_CALLER_IDENTITY,
    CONF_EXTENSIONS,
    CONF_FOLLOW,
    CONF_SERVER,
    DOMAIN,
    LOGGER,
)
from .coordinator import RingCentralConfigEntry
from .flow_forms import (
    CONSOLE_URL,
    CREDENTIALS,
    Failure,
    credentials,
    extensions_form,
    follow_form,
    options_form,
    still_there,
)
from .signin import SignIn, hand_over, sign_in, take_back


async def _read_lists(rest: Rest, own: Extension) -> Lists:
    """Read all that can be followed; an account list that may not be read is no reason to stop."""
    return await read_lists(rest, own, set(Follow) - {Follow.ACCOUNT})


class _FollowSteps(ConfigEntryBaseFlow):
    """The steps that ask whom to follow: of a new entry, and of the options of one."""

    _lists: Lists
    _options: dict[str, Any]

    @abstractmethod
    def _finish(self, options: dict[str, Any]) -> ConfigFlowResult:
        """End the flow with these options."""

    async def _after_follow(self, user_input: dict[str, Any]) -> ConfigFlowResult:
        """Ask for extensions where they were chosen, or finish."""
        options = {**self._options, **user_input}
        if Follow.CHOSEN not in user_input[CONF_FOLLOW]:
            return self._finish({**options, CONF_EXTENSIONS: []})
        self._options = options
        return await self.async_step_extensions()

    async def async_step_extensions(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask which extensions to follow."""
        errors = {}
        if user_input is not None:
            if user_input[CONF_EXTENSIONS]:
                return self._finish({**self._options, **user_input})
            errors[CONF_EXTENSIONS] = "extensions_nothing"
        chosen = still_there(self._lists, self._options[CONF_EXTENSIONS])
        return self.async_show_form(
            step_id="extensions",
            data_schema=self.add_suggested_values_to_schema(
                extensions_form(self._lists), user_input or {CONF_EXTENSIONS: chosen}
            ),
            errors=errors,
        )


class RingCentralConfigFlow(_FollowSteps, ConfigFlow, domain=DOMAIN):
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
        errors = {}
        if user_input is not None:
            if user_input[CONF_FOLLOW]:
                return await self._after_follow(user_input)
            errors[CONF_FOLLOW] = "follow_nothing"
        return self.async_show_form(
            step_id="follow", data_schema=follow_form(self._lists), errors=errors
        )

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
                self._lists = await _read_lists(access.rest, own)
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
        if self._sign_in is not None:
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


class RingCentralOptionsFlow(_FollowSteps, OptionsFlowWithReload):
    """Changes whom to follow, and what is told of callers."""

    config_entry: RingCentralConfigEntry

    async def async_step_init(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask whom to follow, and what to tell of callers."""
        if self.config_entry.state is not ConfigEntryState.LOADED:
            return self.async_abort(reason="not_loaded")
        errors = {}
        if user_input is None:
            account = self.config_entry.runtime_data
            self._options = dict(self.config_entry.options)
            try:
                self._lists = await _read_lists(account.sign_in.rest, account.own)
            except RingCentralError as err:
                LOGGER.debug("No list of whom to follow: %s", err)
                return self.async_abort(reason="no_answer")
        elif user_input[CONF_FOLLOW]:
            return await self._after_follow(user_input)
        else:
            errors[CONF_FOLLOW] = "follow_nothing"
        return self.async_show_form(
            step_id="init",
            data_schema=self.add_suggested_values_to_schema(
                options_form(self._lists, self._options[CONF_FOLLOW]),
                user_input or self._options,
            ),
            errors=errors,
        )

    @override
    def _finish(self, options: dict[str, Any]) -> ConfigFlowResult:
        return self.async_create_entry(data=options)
