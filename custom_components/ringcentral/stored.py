"""Reads what is on disk for an entry, so that it and its entities can be set up whatever is there."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.restore_state import ExtraStoredData
from homeassistant.helpers.storage import Store

from .const import LOGGER

# Arithmetic with other years may overflow.
_YEARS: Final = range(1971, 2200)


async def load(store: Store[dict[str, Any]], what: str) -> dict[str, Any]:
    """Return what is stored, or nothing if it cannot be read; ``what`` names it in the log.

    Home Assistant puts aside a file that is not JSON. For a file that is of a newer version, without data or of
    another shape, it may raise any error.
    """
    try:
        stored = await store.async_load()
    except (HomeAssistantError, TypeError, LookupError, ValueError) as err:
        LOGGER.warning(
            "%s cannot be read from disk: %s", what.capitalize(), type(err).__name__
        )
        return {}
    return stored if isinstance(stored, dict) else {}


def extra_of(stored: ExtraStoredData | None) -> Mapping[str, Any]:
    """Return what is stored with the state of an entity."""
    extra: Any = None if stored is None else stored.as_dict()
    return extra if isinstance(extra, Mapping) else {}


def moment(value: Any) -> datetime | None:
    """Return an aware time, or None if it cannot be read."""
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    is_whole = found is not None and found.tzinfo is not None and found.year in _YEARS
    return found if is_whole else None
