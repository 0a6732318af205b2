"""What is on disk of an entry: whatever it is, the entry can be set up."""

from typing import Any

from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.storage import Store

from .const import LOGGER


async def load(store: Store[dict[str, Any]], what: str) -> dict[str, Any]:
    """Return what is stored, nothing where it cannot be read; ``what`` it is, for the log.

    Home Assistant puts a file aside that is no JSON. One of a newer version, without data or of another shape is an
    error of any kind to it.
    """
    try:
        stored = await store.async_load()
    except (HomeAssistantError, TypeError, LookupError, ValueError) as err:
        LOGGER.warning(
            "%s cannot be read from disk: %s", what.capitalize(), type(err).__name__
        )
        return {}
    return stored if isinstance(stored, dict) else {}
