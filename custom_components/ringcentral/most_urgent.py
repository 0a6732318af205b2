"""A trigger for anything that shows the most urgent status of several extensions, such as a lamp."""

from asyncio import Handle
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any, Final, override

from homeassistant.const import CONF_FOR, CONF_OPTIONS, CONF_TARGET
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, State, callback
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.event import async_call_later
from homeassistant.helpers.target import TargetStateChangedData
from homeassistant.helpers.trigger import TriggerActionRunner
import voluptuous as vol

from .aioringcentral.status import Status
from .const import ATTR_ALSO, CONF_STATUS
from .watching_trigger import WatchingTrigger


def _flat(values: list[Any]) -> list[Any]:
    """Return a list with nested lists flattened, since blueprints add lists to what the user chose."""
    return [
        each
        for value in values
        for each in (value if isinstance(value, list) else [value])
    ]


_KEY: Final = "status"
_SCHEMA = vol.Schema(
    {
        vol.Required(CONF_TARGET): cv.TARGET_FIELDS,
        vol.Required(CONF_OPTIONS, default={}): {
            vol.Optional(CONF_STATUS, default=[*map(str, Status)]): vol.All(
                cv.ensure_list, _flat, [vol.In([*map(str, Status)])]
            ),
            vol.Optional(CONF_FOR): cv.positive_time_period,
        },
    }
)
_WORDS: Final = frozenset(map(str, Status))
# Not even "unknown" has been seen yet.
_NOTHING_SEEN: Final = object()


def _is_known(state: State | None) -> bool:
    return state is not None and state.state in _WORDS


def most_urgent(
    states: Collection[State | None], wanted: Collection[str]
) -> str | None:
    """Return the most urgent of the wanted statuses that is true of any of these status sensors."""
    true: set[str] = set()
    for state in states:
        if state is not None:
            true.update((state.state, *state.attributes.get(ATTR_ALSO, ())))
    return next((str(each) for each in Status if each in true and each in wanted), None)


class MostUrgentStatusTrigger(WatchingTrigger):
    """Fires when the most urgent status changes, even to or from none, and once at its start.

    It starts with Home Assistant, and whenever the automation is saved or turned on; the start lasts until a
    status is known. With a duration, it fires when the status has stayed the same for that long, counting at most
    from the start.
    """

    _key = _KEY
    _schema = _SCHEMA

    @override
    def _watch(self, run_action: TriggerActionRunner) -> _Watch:
        """Fire once, and with every change."""
        wanted, duration = self._options[CONF_STATUS], self._options.get(CONF_FOR)
        return _Watch(self._hass, wanted, duration, run_action)


class _Watch:
    """What is seen, and what was reported of it."""

    def __init__(
        self,
        hass: HomeAssistant,
        wanted: Collection[str],
        duration: timedelta | None,
        run_action: TriggerActionRunner,
    ) -> None:
        """Begin with nothing seen."""
        self._hass, self._wanted = hass, wanted
        self._duration, self._run_action = duration, run_action
        self._entities: tuple[str, ...] = ()
        self._seen: Any = _NOTHING_SEEN
        # Whether anything was ever known, and whether it was at the last look.
        self._was_ever_known = self._was_known = False
        self._soon: Handle | None = None
        self._timer: CALLBACK_TYPE | None = None

    @callback
    def changed(self, data: TargetStateChangedData) -> None:
        """Look again, once everything that changes together has changed."""
        self.look_soon()

    @callback
    def entities_changed(
        self,
        _added: set[str],
        _removed: set[str],
        states: Mapping[str, State | None],
    ) -> None:
        """Watch other entities from now on."""
        self._entities = tuple(states)
        self.look_soon()

    @callback
    def start(self) -> None:
        """Look at once, because nothing is called while there are no sensors (yet)."""
        self.look_soon()

    @callback
    def look_soon(self) -> None:
        """Look once for everything that happens at the same moment."""
        if self._soon is None:
            self._soon = self._hass.loop.call_soon(self._look)

    @callback
    def stop(self) -> None:
        """Leave nothing behind."""
        if self._soon is not None:
            self._soon.cancel()
        self._stop_timer()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer()
            self._timer = None

    @callback
    def _look(self) -> None:
        self._soon = None
        states = [self._hass.states.get(entity_id) for entity_id in self._entities]
        status = most_urgent(states, self._wanted)
        was_known, self._was_known = self._was_known, any(map(_is_known, states))
        is_start = not self._was_ever_known
        self._was_ever_known |= self._was_known
        if status == self._seen:
            return
        before = None if self._seen is _NOTHING_SEEN else self._seen
        self._seen = status
        self._stop_timer()

        @callback
        def fire(_now: datetime | None = None) -> None:
            self._timer = None
            self._run_action(
                {
                    "status": status,
                    "from_status": before,
                    "is_start": is_start,
                    "was_known": was_known,
                },
                f"most urgent status {status or 'unknown'}",
            )

        if not self._duration:
            fire()
        else:
            self._timer = async_call_later(self._hass, self._duration, fire)
