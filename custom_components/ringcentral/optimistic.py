"""What was set and accepted, until the service's own event says so: an event of before may come after the reply."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later

from .aioringcentral.models import DndStatus, Presence, PresenceUpdate, UserStatus

# Seconds after which what events say counts, whatever was set.
CONFIRM_WITHIN: Final = 5.0


class Unconfirmed:
    """Values by extension and field, each for a few seconds at most."""

    def __init__(self, hass: HomeAssistant, ended: Callable[[str], None]) -> None:
        """Take who is told when a value no longer stands over what events say."""
        self._hass = hass
        self._ended = ended
        self._values: dict[str, dict[str, Any]] = {}
        self._timers: dict[str, CALLBACK_TYPE] = {}
        self._is_stopped = False

    def get(self, extension_id: str, field: str) -> Any:
        """Return the value that was set, or None."""
        return self._values.get(extension_id, {}).get(field)

    def over(self, presence: Presence) -> Presence:
        """Return a presence as it is once the events of what was set are here."""
        return presence._replace(**self._values.get(presence.extension_id, {}))

    @callback
    def note(
        self,
        extension_id: str,
        user_status: UserStatus | None,
        dnd_status: DndStatus | None,
    ) -> None:
        """Keep what the service has accepted."""
        values = {"user_status": user_status, "dnd_status": dnd_status}
        changed = {field: value for field, value in values.items() if value is not None}
        if not changed or self._is_stopped:
            return
        self._values.setdefault(extension_id, {}).update(changed)
        if extension_id in self._timers:
            self._timers.pop(extension_id)()

        @callback
        def give_up(_now: datetime) -> None:
            self._timers.pop(extension_id, None)
            if self._values.pop(extension_id, None):
                self._ended(extension_id)

        self._timers[extension_id] = async_call_later(
            self._hass, CONFIRM_WITHIN, give_up
        )

    @callback
    def confirm(self, update: PresenceUpdate) -> bool:
        """Let go of what an event confirms, and return whether it does: from now on events count."""
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
            del self._values[update.extension_id]
            if update.extension_id in self._timers:
                self._timers.pop(update.extension_id)()
        return bool(confirmed)

    @callback
    def stop(self) -> None:
        """Leave no timer behind, and begin none."""
        self._is_stopped = True
        for cancel in self._timers.values():
            cancel()
        self._timers.clear()
        self._values.clear()
