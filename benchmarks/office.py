"""A Home Assistant that follows an emulated account, in this process."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
import logging
from typing import Any
from unittest.mock import Mock

from homeassistant.components.http.server import HomeAssistantHTTP
from homeassistant.core import HomeAssistant
from homeassistant.helpers import frame
from homeassistant.loader import DATA_CUSTOM_COMPONENTS
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_test_home_assistant,
)

from custom_components.ringcentral.const import DOMAIN
from custom_components.ringcentral.coordinator import RingCentralCoordinator
from emulator import Emulator


@dataclass(slots=True, kw_only=True)
class Office:
    """Home Assistant, the emulator, and the coordinator between them."""

    hass: HomeAssistant
    emulator: Emulator
    entry: MockConfigEntry

    @property
    def coordinator(self) -> RingCentralCoordinator:
        """The coordinator of the loaded entry."""
        coordinator: RingCentralCoordinator = self.entry.runtime_data
        return coordinator


@asynccontextmanager
async def quiet_hass() -> AsyncIterator[HomeAssistant]:
    """A Home Assistant that logs nothing below a warning."""
    logging.getLogger().setLevel(logging.WARNING)
    async with async_test_home_assistant(load_registries=True) as hass:
        frame.async_setup(hass)
        # The test plugin has hidden custom integrations.
        hass.data.pop(DATA_CUSTOM_COMPONENTS, None)
        # A web server and sign-in pages are not part of the measurement.
        hass.config.components.update(
            {"http", "auth", "websocket_api", "application_credentials"}
        )
        # What is registered with it is ignored.
        hass.http = Mock(spec_set=HomeAssistantHTTP)
        # Home Assistant's own session asks it for addresses.
        await async_setup_component(hass, "network", {})
        try:
            yield hass
        finally:
            await hass.async_stop(force=True)


def entry_for(emulator: Emulator, follow: list[str]) -> MockConfigEntry:
    """Return an entry that signs in to an emulator of this process."""
    return entry_for_info(emulator.info(), follow)


def entry_for_info(info: Mapping[str, Any], follow: list[str]) -> MockConfigEntry:
    """Return an entry that signs in to the emulator with this first line."""
    return MockConfigEntry(
        domain=DOMAIN,
        unique_id=info["account_id"],
        title="Benchmark",
        data={
            "auth": "jwt",
            **{
                key: info[key]
                for key in ("server", "client_id", "client_secret", "jwt")
            },
        },
        options={"follow": follow, "extensions": [], "caller_identity": "hidden"},
    )


@asynccontextmanager
async def office(
    extensions: int, *, follow: tuple[str, ...] = ("account",)
) -> AsyncIterator[Office]:
    """Set up an account with this many extensions and follow it.

    Raises:
        RuntimeError: set-up failed.
    """
    async with (
        Emulator(extensions=extensions, seed=1, rate_limits=False) as emulator,
        quiet_hass() as hass,
    ):
        entry = entry_for(emulator, list(follow))
        entry.add_to_hass(hass)
        if not await hass.config_entries.async_setup(entry.entry_id):
            raise RuntimeError("The integration was not set up")
        await hass.async_block_till_done()
        try:
            yield Office(hass=hass, emulator=emulator, entry=entry)
        finally:
            await hass.config_entries.async_unload(entry.entry_id)
