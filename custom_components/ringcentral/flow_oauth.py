"""The steps of a sign-in in the browser by OAuth."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, override

from homeassistant.config_entries import SOURCE_USER, ConfigFlowResult
from homeassistant.const import CONF_CLIENT_ID, CONF_TOKEN
from homeassistant.helpers.config_entry_oauth2_flow import AbstractOAuth2FlowHandler

from .aioringcentral.errors import Misconfigured, RingCentralError
from .aioringcentral.http import check_server
from .const import AUTH_OAUTH, CONF_AUTH, CONF_SERVER, DOMAIN
from .flow_forms import SERVER, Failure
from .oauth import RingCentralImplementation, known_apps
from .sign_in import FlowSignIn, way_to


class OAuthSteps(AbstractOAuth2FlowHandler):
    """Asks for a server, sends the browser there, and continues with the tokens that it brings back."""

    DOMAIN = DOMAIN

    _server: str
    _sign_in: FlowSignIn

    @abstractmethod
    async def _try(self, data: dict[str, Any]) -> Failure | None:
        """Sign in with these credentials; return what stands in the way, if anything does."""

    @abstractmethod
    async def _signed_in(self) -> ConfigFlowResult:
        """Continue after a sign-in that works."""

    @abstractmethod
    def _known(self, way: str) -> dict[str, Any]:
        """Return what a form suggests from an entry's sign-in."""

    async def async_step_oauth(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for the server where the user signs in."""
        if not await known_apps(self.hass):
            # In that case the frontend asks for an app, and starts set-up again with it.
            is_new = self.source == SOURCE_USER
            return self.async_abort(
                reason="missing_credentials" if is_new else "no_app"
            )
        if user_input is None:
            return self._ask_server()
        try:
            self._server = check_server(user_input[CONF_SERVER])
        except Misconfigured as err:
            return self._ask_server(Failure.of(err, AUTH_OAUTH), user_input)
        if self._sign_in.is_at(AUTH_OAUTH, self._server):
            # The sign-in worked; a later step failed, and may work now.
            return await self._go_on_with(self._sign_in.data)
        return await self.async_step_pick_implementation()

    @override
    async def async_step_auth(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Send the browser to the server that was chosen."""
        if user_input is None:
            app = self._app
            self.flow_impl = app.at(way_to(self.hass, self._server, app.client_id))
        return await super().async_step_auth(user_input)

    @override
    async def async_step_creation(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Exchange the code that the browser brought back for tokens."""
        try:
            return await super().async_step_creation(user_input)
        except RingCentralError as err:
            return self._ask_server(Failure.of(err, AUTH_OAUTH))

    @override
    async def async_oauth_create_entry(self, data: dict[str, Any]) -> ConfigFlowResult:
        """Continue with tokens from the service."""
        return await self._go_on_with(
            {
                CONF_AUTH: AUTH_OAUTH,
                CONF_SERVER: self._server,
                CONF_CLIENT_ID: self._app.client_id,
                **data,
            }
        )

    async def _go_on_with(self, data: dict[str, Any]) -> ConfigFlowResult:
        if not data[CONF_TOKEN].get("refresh_token"):
            self._sign_in.open(self.hass, data)
            self._sign_in.leave(self.hass)
            return self._ask_server(Failure(errors={"base": "no_refresh_token"}))
        if failure := await self._try(data):
            return self._ask_server(failure)
        return await self._signed_in()

    @property
    def _app(self) -> RingCentralImplementation:
        """The app that was picked."""
        if TYPE_CHECKING:
            assert isinstance(self.flow_impl, RingCentralImplementation)
        return self.flow_impl

    def _ask_server(
        self,
        failure: Failure | None = None,
        user_input: Mapping[str, Any] | None = None,
    ) -> ConfigFlowResult:
        chosen = {CONF_SERVER: self._server} if self._server else None
        return self.async_show_form(
            step_id=AUTH_OAUTH,
            data_schema=self.add_suggested_values_to_schema(
                SERVER, user_input or chosen or self._known(AUTH_OAUTH)
            ),
            errors=failure.errors if failure else None,
            description_placeholders=failure.placeholders if failure else None,
        )
