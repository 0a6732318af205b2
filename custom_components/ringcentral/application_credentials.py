"""Application credentials: apps of the Developer Console."""

from aiohttp import hdrs
from homeassistant.components.application_credentials import ClientCredential
from homeassistant.core import HomeAssistant
from homeassistant.helpers import http
from homeassistant.helpers.config_entry_oauth2_flow import (
    AUTH_CALLBACK_PATH,
    MY_AUTH_CALLBACK_PATH,
)

from .const import CONSOLE_URL, DEFAULT_SERVER
from .oauth import PUBLIC_APP, RingCentralImplementation
from .sign_in import way_to


async def async_get_auth_implementation(
    hass: HomeAssistant, auth_domain: str, credential: ClientCredential
) -> RingCentralImplementation:
    """Return an app, at the server that hosts most accounts."""
    return RingCentralImplementation(
        hass,
        auth_domain,
        credential,
        way_to(hass, DEFAULT_SERVER, credential.client_id),
    )


async def async_get_description_placeholders(hass: HomeAssistant) -> dict[str, str]:
    """Return the placeholders of the dialog: what to enter here and in the Developer Console."""
    return {
        "console_url": CONSOLE_URL,
        "redirect_url": _redirect_url(hass),
        "public": PUBLIC_APP,
    }


def _redirect_url(hass: HomeAssistant) -> str:
    if "my" in hass.config.components:
        return MY_AUTH_CALLBACK_PATH
    # The address at which the browser reaches Home Assistant and to which it returns.
    request = http.current_request.get()
    origin = "" if request is None else request.headers.get(hdrs.ORIGIN, "")
    return f"{origin}{AUTH_CALLBACK_PATH}"
