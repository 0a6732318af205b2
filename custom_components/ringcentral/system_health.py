"""System health: can the service be reached, does push work, how fresh is what is shown."""

from typing import Any

from homeassistant.components.system_health import (
    SystemHealthRegistration,
    async_check_can_reach_url,
)
from homeassistant.core import HomeAssistant, callback

from .const import CONF_SERVER, DOMAIN
from .coordinator import RingCentralConfigEntry


@callback
def async_register(hass: HomeAssistant, register: SystemHealthRegistration) -> None:
    """Register what the system health page shows."""
    register.async_register_info(_info)


async def _info(hass: HomeAssistant) -> dict[str, Any]:
    entries: list[RingCentralConfigEntry] = hass.config_entries.async_loaded_entries(
        DOMAIN
    )
    servers = {
        entry.data[CONF_SERVER] for entry in hass.config_entries.async_entries(DOMAIN)
    }
    accounts = [entry.runtime_data.account for entry in entries]
    now = hass.loop.time()
    ages = [
        now - at
        for one in accounts
        if (at := one.stream.history.last_event) is not None
    ]
    info: dict[str, Any] = {
        "push_connected": f"{sum(one.is_live for one in accounts)} / {len(accounts)}",
        "followed_extensions": sum(len(one.extensions) for one in accounts),
        "last_event_age": f"{min(ages):.0f} s" if ages else "-",
    }
    if servers:
        info["can_reach_server"] = async_check_can_reach_url(hass, min(servers))
    return info
