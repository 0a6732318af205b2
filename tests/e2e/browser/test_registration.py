"""The card is served and made known, where there is a frontend to know it."""

from unittest.mock import patch

from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.ringcentral import wallboard

ADD = "homeassistant.components.frontend.add_extra_js_url"


async def test_pages_are_told_of_a_file_that_is_served(
    hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator
) -> None:
    assert await async_setup_component(hass, "http", {})
    hass.config.components.add("frontend")
    with patch(ADD) as add:
        await wallboard.async_setup_wallboard(hass)

    (_hass, url) = add.call_args.args
    client = await hass_client_no_auth()
    reply = await client.get(url)
    assert reply.status == 200
    assert "javascript" in reply.headers["Content-Type"]
    # What it imports comes from the same folder.
    assert (await client.get(f"{wallboard.URL}/wallboard.js")).status == 200


async def test_the_address_changes_with_the_files(
    hass: HomeAssistant,
) -> None:
    before = wallboard._version()
    with patch("pathlib.Path.read_bytes", return_value=b"another version"):
        assert wallboard._version() != before


async def test_without_a_frontend_nothing_is_served(hass: HomeAssistant) -> None:
    with patch(ADD) as add:
        await wallboard.async_setup_wallboard(hass)

    add.assert_not_called()
