"""System health: whether the service can be reached and push works, and how fresh the states are."""

from typing import Any

from homeassistant.components.system_health import (
    SystemHealthRegistration,
    async_check_can_reach_url,
)
from homeassistant.core import HomeAssistant, callback

from .const import CONF_SERVER, DOMAIN
from .coordinator import RingCentralConfigEntry
from .kept import kept_data


@callback
def async_register(hass: HomeAssistant, register: SystemHealthRegistration) -> None:
    """Register what the system health page shows."""
    register.async_register_info(_info)


async def _info(hass: HomeAssistant) -> dict[str, Any]:
    entries: list[RingCentralConfigEntry] = hass.config_entries.async_loaded_entries(
        DOMAIN
    )
    servers = {
        server
        for entry in hass.config_entries.async_entries(DOMAIN)
        if (server := kept_data(entry.data)[CONF_SERVER])
    }
    accounts = [entry.runtime_data.account for entry in entries]
    now = hass.loop.time()
    ages = [
        now - at
        for one in accounts
        if (at := one.stream.history.last_event) is not None
    ]
    seen = [one.observations for one in accounts]
    info: dict[str, Any] = {
        "push_connected": f"{sum(one.is_live for one in accounts)} / {len(accounts)}",
        "followed_extensions": sum(len(one.extensions) for one in accounts),
        "last_event_age": f"{min(ages):.0f} s" if ages else "-",
        "events_without_sequence": _of(
            sum(one.events_without_sequence for one in seen),
            sum(one.events for one in seen),
        ),
        "account_events_without_calls": _of(
            without := sum(one.account_events_without_calls for one in seen),
            without + sum(one.account_events_with_calls for one in seen),
        ),
        "batches_counted_once": _of(
            once := sum(one.batches_counted_once for one in seen),
            once + sum(one.batches_counted_each for one in seen),
        ),
        "unknown_words": sum(one.unknown_words.total() for one in seen),
    }
    if servers:
        info["can_reach_server"] = async_check_can_reach_url(hass, min(servers))
    return info


def _of(count: int, total: int) -> str:
    """Return how many of all, or a dash while there is nothing to count yet."""
    return f"{count} / {total}" if total else "-"
