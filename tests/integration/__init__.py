"""Tests of the integration inside Home Assistant, with the emulator in place of RingCentral."""

from collections.abc import Collection, Mapping
import json
from pathlib import Path
from string import Formatter
from typing import Any

from homeassistant.components.application_credentials import (
    ClientCredential,
    async_import_client_credential,
)
from homeassistant.const import CONF_CLIENT_ID, CONF_CLIENT_SECRET
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry

import custom_components.ringcentral as integration
from custom_components.ringcentral.const import (
    AUTH_JWT,
    CALLER_HIDDEN,
    CONF_AUTH,
    CONF_CALLER_IDENTITY,
    CONF_EXTENSIONS,
    CONF_FOLLOW,
    CONF_JWT,
    CONF_SERVER,
    DOMAIN,
)
from emulator import Emulator

HOME = Path(integration.__file__).parent
TEXTS: dict[str, Any] = json.loads((HOME / "translations" / "en.json").read_text())


def jwt_input(emulator: Emulator) -> dict[str, str]:
    """Return what a user types to sign in to the emulator."""
    return {
        CONF_SERVER: emulator.url,
        CONF_CLIENT_ID: emulator.client_id,
        CONF_CLIENT_SECRET: emulator.client_secret,
        CONF_JWT: emulator.jwt,
    }


def entry_for(
    emulator: Emulator,
    *,
    follow: Collection[str] = ("own",),
    extensions: Collection[str] = (),
    caller_identity: str = CALLER_HIDDEN,
) -> MockConfigEntry:
    """Return an entry that follows in the emulator, as the config flow makes it."""
    return MockConfigEntry(
        domain=DOMAIN,
        title=emulator.extension(emulator.own_extension_id).name,
        unique_id=emulator.account_id,
        data={CONF_AUTH: AUTH_JWT, **jwt_input(emulator)},
        options={
            CONF_FOLLOW: list(follow),
            CONF_EXTENSIONS: list(extensions),
            CONF_CALLER_IDENTITY: caller_identity,
        },
    )


async def enter_app(
    hass: HomeAssistant,
    emulator: Emulator,
    *,
    client_id: str | None = None,
    client_secret: str | None = None,
    name: str = "Presence app",
) -> str:
    """Enter an app under Application credentials, the emulator's own one at will, and return its id."""
    assert await async_setup_component(hass, "application_credentials", {})
    app_id = f"{DOMAIN}_{name}"
    await async_import_client_credential(
        hass,
        DOMAIN,
        ClientCredential(
            client_id or emulator.client_id,
            emulator.client_secret if client_secret is None else client_secret,
            name,
        ),
        app_id,
    )
    return app_id


def open_sessions(emulator: Emulator) -> int:
    """Return how many sign-ins the emulator holds open."""
    return len(emulator._service.tokens.sessions)


def text(*path: str) -> Any:
    """Return the text at a path of keys, or None."""
    found: Any = TEXTS
    for key in path:
        found = found.get(key) if isinstance(found, Mapping) else None
    return found


def placeholders(words: str) -> set[str]:
    """Return the names in braces of a text."""
    return {name for _, name, _, _ in Formatter().parse(words) if name}


def missing_texts(
    path: tuple[str, ...], given: Mapping[str, Any] | None = None
) -> list[str]:
    """Return what is wrong with a text that has to exist and be filled in with what is given."""
    found = text(*path)
    if not isinstance(found, str) or not found:
        return [f"no text {'.'.join(path)}"]
    return [
        f"{'.'.join(path)} asks for {name}"
        for name in placeholders(found) - (given or {}).keys()
    ]
