"""The card is served and made known, where there is a frontend to know it."""

import re
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
    # What it imports comes from the same folder, whose name is the version.
    folder = url.removesuffix(wallboard.LOADER)
    for script in wallboard.FOLDER.glob("*.js"):
        assert (await client.get(f"{folder}{script.name}")).status == 200
    assert (await client.get(f"{wallboard.URL}/wallboard.js")).status == 404


def test_what_a_module_imports_is_there() -> None:
    for script in wallboard.FOLDER.glob("*.js"):
        for name in re.findall(r"(?:from |import\()\"\./(.+?)\"", script.read_text()):
            assert (wallboard.FOLDER / name).exists(), (script.name, name)


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


# What Chrome 92 or Safari 15.4 does not know, with what tells that it is in use.
TOO_NEW = {
    "lookbehind": r"\(\?<[=!]",
    "color-mix": r"color-mix",
    ":has": r":has\(",
    "dynamic viewport units": r"\d[dsl]v[hw]\b",
    "nesting": r"^\s*&",
    "layers": r"@layer",
    "findLast": r"\.findLast",
    "hasOwn": r"Object\.hasOwn\b",
    "structuredClone": r"structuredClone",
    "toSorted": r"\.to(?:Sorted|Reversed|Spliced)\(",
    "groupBy": r"\.groupBy\(",
    "static blocks": r"static \{",
    "class name in": r"#\w+ in ",
    "array from async": r"fromAsync",
    "top-level await": r"^await ",
}


def test_old_browsers_know_all_of_it() -> None:
    found = [
        (script.name, what)
        for script in wallboard.FOLDER.glob("*.js")
        for what, pattern in TOO_NEW.items()
        if re.search(pattern, script.read_text(), re.MULTILINE)
    ]
    assert found == []
