"""Retries set-up after an error for which Home Assistant would wait for the user."""

from datetime import datetime
from typing import Final

from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.core import CALLBACK_TYPE, HassJob, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later
from homeassistant.util.hass_dict import HassKey

from .const import DOMAIN

# Seconds until the next try; they double up to an hour.
FIRST: Final = 300.0
MOST: Final = 3_600.0

# By entry id, how often set-up failed in a row, and the function that cancels the next try.
_RETRIES: HassKey[dict[str, tuple[int, CALLBACK_TYPE]]] = HassKey(f"{DOMAIN}_retries")


@callback
def retry_set_up(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Set up an entry again later if it is still in error by then, since the cause may be mended elsewhere."""
    failed, cancel = hass.data.setdefault(_RETRIES, {}).pop(entry.entry_id, (0, None))
    if cancel is not None:
        cancel()

    @callback
    def retry(_now: datetime) -> None:
        if entry.state is ConfigEntryState.SETUP_ERROR:
            hass.config_entries.async_schedule_reload(entry.entry_id)

    wait = min(FIRST * 2.0 ** min(failed, 10), MOST)
    job = HassJob(retry, cancel_on_shutdown=True)
    hass.data[_RETRIES][entry.entry_id] = (
        failed + 1,
        async_call_later(hass, wait, job),
    )


@callback
def forget_retry(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Cancel the next try, because set-up succeeded or the entry is being removed."""
    _, cancel = hass.data.get(_RETRIES, {}).pop(entry.entry_id, (0, None))
    if cancel is not None:
        cancel()
