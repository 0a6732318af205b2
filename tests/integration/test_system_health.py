"""System health: is the service there, does push work, how fresh is what is shown."""

import re
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import get_system_health_info

from emulator import Emulator

from . import text
from .stories import emulated, hasty, office


@pytest.fixture(autouse=True)
async def _system_health(hass: HomeAssistant) -> None:
    """Set up what shows it; the integration as well, which has no entry yet."""
    assert await async_setup_component(hass, "system_health", {})
    assert await async_setup_component(hass, "ringcentral", {})
    await hass.async_block_till_done()


async def info(hass: HomeAssistant) -> dict[str, Any]:
    """Return what is shown, with what is looked up meanwhile."""
    found = await get_system_health_info(hass, "ringcentral")
    return {
        key: await value if hasattr(value, "__await__") else value
        for key, value in found.items()
    }


async def test_one_account(hass: HomeAssistant, emulator: Emulator) -> None:
    async with office(hass, emulator, follow=["account"]) as story:
        await story.call("ring")
        await story.shows(telephony_status="ringing")
        shown = await info(hass)
        assert re.fullmatch(r"[0-9] s", shown.pop("last_event_age"))
        assert shown == {
            "push_connected": "1 / 1",
            "followed_extensions": len(story.followed()),
            "can_reach_server": "ok",
            "events_without_sequence": "0 / 1",
            "account_events_without_calls": "-",
            "batches_counted_once": "1 / 1",
            "unknown_words": 0,
        }


async def test_before_the_first_event(hass: HomeAssistant, emulator: Emulator) -> None:
    async with office(hass, emulator):
        assert (await info(hass))["last_event_age"] == "-"


async def test_no_account(hass: HomeAssistant) -> None:
    assert await info(hass) == {
        "push_connected": "0 / 0",
        "followed_extensions": 0,
        "last_event_age": "-",
        "events_without_sequence": "-",
        "account_events_without_calls": "-",
        "batches_counted_once": "-",
        "unknown_words": 0,
    }


async def test_two_accounts_of_which_one_is_lost(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    async with emulated(extensions=6, seed=2, rate_limits=False) as elsewhere:
        with hasty():
            async with office(hass, emulator), office(hass, elsewhere) as other:
                assert (await info(hass))["push_connected"] == "2 / 2"
                elsewhere.faults.set(http_5xx=[{"status": 503}])
                await elsewhere.disconnect(code=1001, recoverable=False)
                await other.lost()
                assert (await info(hass))["push_connected"] == "1 / 2"
                elsewhere.faults.clear()
                await other.live()
                assert (await info(hass))["push_connected"] == "2 / 2"


async def test_a_server_that_is_not_there(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    with hasty():
        async with office(hass, emulator):
            await emulator.stop()
            assert (await info(hass))["can_reach_server"] == {
                "type": "failed",
                "error": "unreachable",
            }


async def test_everything_shown_has_a_text(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    async with office(hass, emulator):
        for key in await info(hass):
            assert text("system_health", "info", key), key
