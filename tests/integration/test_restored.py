"""What was stored beside states, in any shape: it costs nothing but itself."""

import logging
from typing import Any

from homeassistant.core import HomeAssistant, State
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import (
    mock_restore_cache_with_extra_data,
)

from emulator import Emulator

from .stories import office

ODD: list[Any] = [
    None,
    -5,
    1e308,
    10**400,
    "odd",
    True,
    [],
    [1],
    [[1, 2, 3]],
    {"caller_name": {"a": 1}, "caller_number": [1]},
    {"caller_name": 7},
    "2026-02-30T10:00:00+00:00",
    "2026-11-28T10:00:00",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "\ud800",
]


def around(odd: Any) -> list[Any]:
    """Return an odd value in the places of all that is stored, and in place of it."""
    today = dt_util.now().date().isoformat()
    names = ("status", "since", "day", "total", "last_event_type")
    return [
        odd,
        dict.fromkeys((*names, "last_event_attributes"), odd),
        {"status": "available", "since": odd},
        {"day": today, "total": odd},
        {"last_event_type": "ringing", "last_event_attributes": odd},
    ]


@pytest.mark.parametrize("odd", ODD, ids=lambda odd: ascii(odd)[:30])
async def test_odd_values_beside_states_cost_nothing_else(
    hass: HomeAssistant,
    emulator: Emulator,
    caplog: pytest.LogCaptureFixture,
    odd: Any,
) -> None:
    async with office(hass, emulator, caller_identity="full") as story:
        ids = [
            entity_id
            for entity_id in story.entities().values()
            if entity_id.startswith(("event", "sensor"))
        ]
        before = {entity_id: hass.states.get(entity_id) for entity_id in ids}
        now = dt_util.utcnow().isoformat()
        for extra in around(odd):
            await hass.config_entries.async_unload(story.entry.entry_id)
            mock_restore_cache_with_extra_data(
                hass, [(State(entity_id, now), extra) for entity_id in ids]
            )
            assert await hass.config_entries.async_setup(story.entry.entry_id)
            await hass.async_block_till_done()
            for entity_id, was in before.items():
                shown = hass.states.get(entity_id)
                assert shown is not None
                assert was is not None
                if entity_id.startswith("sensor"):
                    assert shown.state == was.state
                assert shown.state != "unavailable"
    assert not [each for each in caplog.records if each.levelno >= logging.ERROR]
