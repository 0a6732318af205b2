"""Optimistic values, shown until RingCentral's event confirms them; a stale event may still arrive after the reply."""

from collections.abc import Mapping
from typing import Any, Final

from .aioringcentral.models import Presence, PresenceUpdate

# Seconds after which events count again, whatever value was set.
CONFIRM_WITHIN: Final = 5.0


class OptimisticValues:
    """Values by extension and field, each of which lasts until it is confirmed or expires."""

    def __init__(self) -> None:
        """Start without a value."""
        self._values: dict[str, dict[str, Any]] = {}
        self._generations: dict[str, int] = {}
        self._added = 0

    def get(self, extension_id: str, field: str) -> Any:
        """Return the value that was set, or None."""
        return self._values.get(extension_id, {}).get(field)

    def over(self, presence: Presence) -> Presence:
        """Return a presence as it will be once the events for the values have arrived."""
        return presence._replace(**self._values.get(presence.extension_id, {}))

    def add(self, extension_id: str, values: Mapping[str, Any]) -> int:
        """Show values that RingCentral has accepted; return the argument for `expire`, to be called `CONFIRM_WITHIN` later."""
        self._added += 1
        self._values.setdefault(extension_id, {}).update(values)
        self._generations[extension_id] = self._added
        return self._added

    def confirm(self, update: PresenceUpdate) -> bool:
        """Drop the values that an event confirms, and return whether it confirms any."""
        if (values := self._values.get(update.extension_id)) is None:
            return False
        confirmed = [
            field
            for field, value in values.items()
            if update.changes.get(field) == value
        ]
        for field in confirmed:
            del values[field]
        if not values:
            self._drop(update.extension_id)
        return bool(confirmed)

    def expire(self, extension_id: str, added: int) -> bool:
        """Drop values unless later ones were added, and return whether there were any."""
        if self._generations.get(extension_id) != added:
            return False
        self._drop(extension_id)
        return True

    def clear(self) -> None:
        """Drop all values."""
        self._values.clear()
        self._generations.clear()

    def _drop(self, extension_id: str) -> None:
        del self._values[extension_id]
        del self._generations[extension_id]
