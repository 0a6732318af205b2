"""What users would pick instead: a plain coordinator, which wakes everybody with each event, and a poller."""

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
# Requests a minute for each user and app (docs/protocol.md 5): of one extension, and of the whole account.
_LIGHT, _HEAVY = 50, 10


async def plain_coordinator(
    hass: HomeAssistant,
    entities: Iterable[Any],
    twins: dict[str, Any],
    events: Sequence[tuple[str, Sequence[Any]]],
) -> float:
    """Return microseconds per event where every entity of a `DataUpdateCoordinator` writes its state.

    ``events`` are texts of frames, and the twins that each of them changes; they stand in for the
    entities of the same ids. The state machine drops what is the same as before.
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
    """Return what polling costs by the rate limits: calls an hour and person, and the mean delay in seconds.

    With one request for each extension, and with one list of the whole account, both as often as
    the limit allows and every 15 seconds at most. A change waits for half of the time on average.
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
