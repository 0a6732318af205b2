"""Set-up, sign-in and options in the user interface, against the emulator."""

from homeassistant.config_entries import SOURCE_USER, ConfigEntryState, ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType

from custom_components.ringcentral.const import DOMAIN
from emulator import Emulator

from . import jwt_input, open_sessions

TOKEN = "POST /restapi/oauth/token"


async def begin(hass: HomeAssistant) -> ConfigFlowResult:
    """Return the form that asks for a JWT."""
    result = await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_USER}
    )
    return await hass.config_entries.flow.async_configure(
        result["flow_id"], {"next_step_id": "jwt"}
    )


async def test_a_user_signs_in_and_follows_the_own_extension(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    result = await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_USER}
    )
    assert result["type"] is FlowResultType.MENU
    assert result["menu_options"] == ["jwt"]
    flow_id = result["flow_id"]
    result = await hass.config_entries.flow.async_configure(
        flow_id, {"next_step_id": "jwt"}
    )
    assert (result["step_id"], result["errors"]) == ("jwt", None)
    result = await hass.config_entries.flow.async_configure(
        flow_id, jwt_input(emulator)
    )
    assert (result["step_id"], result["errors"]) == ("follow", {})
    result = await hass.config_entries.flow.async_configure(flow_id, {})
    await hass.async_block_till_done()

    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["title"] == emulator.extension(emulator.own_extension_id).name
    assert result["data"] == {"auth": "jwt", **jwt_input(emulator)}
    assert result["options"] == {
        "follow": ["own"],
        "extensions": [],
        "caller_identity": "hidden",
    }
    assert result["result"].unique_id == emulator.account_id
    assert result["result"].state is ConfigEntryState.LOADED
    # Set-up goes on with the sign-in of the flow.
    assert emulator.counters.requests[TOKEN] == 1
    assert open_sessions(emulator) == 1
