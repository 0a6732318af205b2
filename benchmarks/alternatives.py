"""What users would use instead: a plain coordinator, which wakes every entity at each event, and a poller."""

from collections.abc import Iterable, Sequence
import gc
import logging
from math import ceil
from time import process_time_ns
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator
import orjson

# Seconds between two polls.
_EVERY = 15
# Requests a minute for each user and app (docs/protocol.md 5): for one extension, and for the whole account.
_LIGHT, _HEAVY = 50, 10


async def plain_coordinator(
    hass: HomeAssistant,
    entities: Iterable[Any],
    twins: dict[str, Any],
    events: Sequence[tuple[str, Sequence[Any]]],
) -> float:
    """Return microseconds per event if every entity of a `DataUpdateCoordinator` writes its state.

    ``events`` are texts of frames, each with the twins that it changes; the twins stand in for the
    entities with the same ids. The state machine drops states that are the same as before.
    """
    plain = DataUpdateCoordinator[Any](
        hass, logging.getLogger(__name__), config_entry=None, name="plain"
    )
    remove = [
        plain.async_add_listener(
            twins.get(entity.entity_id, entity).async_write_ha_state
        )
        for entity in entities
    ]
    gc.collect()
    began = process_time_ns()
    for text, changing in events:
        data = orjson.loads(text)
        for twin in changing:
            twin.change()
        plain.async_set_updated_data(data)
    taken = (process_time_ns() - began) / len(events) / 1_000
    for each in remove:
        each()
    await hass.async_block_till_done()
    return taken


def poller(extensions: int) -> dict[str, float]:
    """Return what polling costs within the rate limits: calls per hour and person, and the mean delay in seconds.

    Compares one request per extension with one list of the whole account, both as often as the
    limit allows, but at most every 15 seconds. On average, a change waits for half of that time.
    """
    single = max(_EVERY, ceil(extensions / _LIGHT * 60))
    listed = max(_EVERY, ceil(60 / _HEAVY))
    return {
        "poller_calls_per_hour_and_extension": round(3_600 / single, 1),
        "poller_mean_delay_seconds": single / 2,
        "list_poller_calls_per_hour_and_extension": round(
            3_600 / listed / extensions, 2
        ),
        "list_poller_mean_delay_seconds": listed / 2,
    }
