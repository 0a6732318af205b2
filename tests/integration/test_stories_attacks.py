"""What strangers tried, and what it cost them: odd answers at moments that nobody had listed."""

import asyncio
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
import pytest

from emulator import Emulator

from .stories import Story, colleagues, issues, office, settling_at_once

OWN = "*/account/~/extension/~"


def devices(story: Story) -> set[str]:
    """Return the devices of the entry, by id."""
    registry = dr.async_get(story.hass)
    found = dr.async_entries_for_config_entry(registry, story.entry.entry_id)
    return {device.id for device in found}


@pytest.mark.parametrize("field", ["account.id", "id"])
@pytest.mark.parametrize("value", ["999", 5, "x"])
async def test_another_identity_in_one_reply_is_not_believed(
    hass: HomeAssistant, emulator: Emulator, field: str, value: Any
) -> None:
    with settling_at_once():
        async with office(hass, emulator, follow=["account"]) as story:
            before, states = devices(story), len(hass.states.async_entity_ids())
            odd = {"kind": "set", "path": OWN, "at": field, "value": value, "next": 1}
            emulator.faults.set(odd=[odd])
            name = "Nora New"
            person = await emulator.add_extension(name)
            await story.until(lambda: person in story.followed())
            await hass.async_block_till_done()
            assert before < devices(story)
            assert len(hass.states.async_entity_ids()) > states
            assert issues(hass) == []


async def test_another_account_in_one_reply_at_a_start_is_tried_again(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    async with office(hass, emulator, follow=["account"]) as story:
        before = devices(story)
        odd = {"kind": "set", "path": OWN, "at": "account.id", "value": "999"}
        emulator.faults.set(odd=[odd | {"next": 1}])
        await hass.config_entries.async_reload(story.entry.entry_id)
        await hass.async_block_till_done()
        assert devices(story) == before


async def test_a_filter_that_a_reply_forgot_is_nobodys_refusal(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    async with office(
        hass, emulator, follow=["chosen"], extensions=colleagues(emulator, 3)
    ) as story:
        odd = {"kind": "remove", "at": "eventFilters.0", "path": "*/subscription"}
        emulator.faults.set(odd=[odd | {"next": 1}])
        subscribes = story.coordinator.account.stream.history.subscribes
        emulator.revoke_tokens()
        await story.until(
            lambda: story.coordinator.account.stream.history.subscribes > subscribes
        )
        await asyncio.sleep(0)
        assert issues(hass) == []


async def test_a_permission_that_everybody_needs_is_named_at_a_start(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """However many filters it refuses, of which a search cannot try them all."""
    async with office(hass, emulator, follow=["account"]) as story:
        emulator.faults.set(permissions_removed=["ReadPresence"])
        await hass.config_entries.async_reload(story.entry.entry_id)
        await hass.async_block_till_done()
        assert [issue.translation_key for issue in issues(hass)] == [
            "permission_missing"
        ]
        emulator.faults.clear()
