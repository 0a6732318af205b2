"""The calls of every followed extension, and who is told what happened to them."""

from collections.abc import Callable
from datetime import datetime

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.event import async_track_point_in_utc_time
from homeassistant.util import dt as dt_util

from .aioringcentral.calls.reducer import CallEvent, Calls, advance, resync
from .aioringcentral.models import Presence

type CallListener = Callable[[CallEvent], None]


class CallWatch:
    """Holds the calls by extension id, and lets ends that have to be waited for come due."""

    def __init__(
        self, hass: HomeAssistant, changed: Callable[[str, Calls], None]
    ) -> None:
        """Take who is told, with the calls of before, when calls changed although no event came."""
        self._hass = hass
        self._changed = changed
        self._calls: dict[str, Calls] = {}
        self._timers: dict[str, tuple[datetime, CALLBACK_TYPE]] = {}
        self._listeners: dict[str, set[CallListener]] = {}

    def __getitem__(self, extension_id: str) -> Calls:
        """Return the calls of an extension; none where nothing is known yet."""
        return self._calls.get(extension_id, _NO_CALLS)

    @callback
    def async_add_listener(
        self, extension_id: str, told: CallListener
    ) -> CALLBACK_TYPE:
        """Tell what happens to calls of an extension from now on."""
        listeners = self._listeners.setdefault(extension_id, set())
        listeners.add(told)
        return lambda: listeners.discard(told)

    @callback
    def settle(self, presence: Presence) -> tuple[CallEvent, ...]:
        """Take what a snapshot says: that is no news (design 4.5)."""
        key = presence.extension_id
        self._keep(key, resync(self[key], presence, dt_util.utcnow()))
        return ()

    @callback
    def follow(self, presence: Presence) -> tuple[CallEvent, ...]:
        """Take what was seen live, and return what happened: to be told once states show it."""
        return self._advance(presence.extension_id, presence)

    @callback
    def tell(self, extension_id: str, events: tuple[CallEvent, ...]) -> None:
        """Tell what happened. Who looks at states then sees those of now."""
        for event in events:
            for told in tuple(self._listeners.get(extension_id, ())):
                told(event)

    @callback
    def forget(self, extension_id: str) -> None:
        """Drop an extension that is no longer followed."""
        self._keep(extension_id, _NO_CALLS)
        self._calls.pop(extension_id, None)

    @callback
    def stop(self) -> None:
        """Leave no timer behind."""
        for _, cancel in self._timers.values():
            cancel()
        self._timers.clear()

    @callback
    def _advance(self, key: str, presence: Presence | None) -> tuple[CallEvent, ...]:
        step = advance(self[key], presence, dt_util.utcnow())
        self._keep(key, step.state)
        return step.events

    @callback
    def _keep(self, key: str, calls: Calls) -> None:
        self._calls[key] = calls
        due = calls.due
        if key in self._timers:
            if self._timers[key][0] == due:
                return
            self._timers.pop(key)[1]()
        if due is not None:

            @callback
            def come_due(_now: datetime) -> None:
                del self._timers[key]
                before = self[key]
                events = self._advance(key, None)
                self._changed(key, before)
                self.tell(key, events)

            self._timers[key] = (
                due,
                async_track_point_in_utc_time(self._hass, come_due, due),
            )


_NO_CALLS = Calls()
