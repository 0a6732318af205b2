"""Who is woken by what: listeners by extension and field, so that an event costs what it changes."""

from collections import deque
from collections.abc import Callable, Coroutine, Iterable
from typing import Any, Final

from homeassistant.core import CALLBACK_TYPE, callback

from .aioringcentral.calls.reducer import CallEvent, Calls
from .aioringcentral.models import Presence
from .aioringcentral.pauses import Pauses
from .const import LOGGER
from .counts import Counts

# Listeners of the account itself, beside those of each extension; and those of an extension's calls,
# beside those of fields of its presence.
ACCOUNT: Final = "account"
CALLS: Final = "calls"
PUSH: Final = "push"

# Listeners that are woken in one go, at least: all of those of an account of usual size, nearly.
_PART: Final = 100

type CallListener = Callable[[CallEvent], None]
type Run = Callable[[Coroutine[Any, Any, None]], object]
type _ByField = dict[str, dict[CALLBACK_TYPE, None]]

_NO_LISTENERS: Final[_ByField] = {}


class Listeners:
    """Callbacks by what they watch. One that raises costs itself, and is logged once."""

    def __init__(self, run: Run) -> None:
        """Begin without listeners; ``run`` begins a task at once."""
        self._run = run
        # Those of all that are still to be woken.
        self._due: deque[CALLBACK_TYPE] = deque()
        self._by_key: dict[str, _ByField] = {}
        self._all: dict[CALLBACK_TYPE, None] = {}
        self._of_calls: dict[str, set[CallListener]] = {}
        self._logged: set[tuple[Any, str]] = set()

    @callback
    def add(
        self, update_callback: CALLBACK_TYPE, key: str, fields: tuple[str, ...]
    ) -> Callable[[], None]:
        """Wake a callback when a field of a key changes, and when all are woken."""
        by_field = self._by_key.setdefault(key, {})
        self._all[update_callback] = None
        for field in fields:
            by_field.setdefault(field, {})[update_callback] = None

        @callback
        def remove() -> None:
            self._all.pop(update_callback, None)
            for field in fields:
                by_field[field].pop(update_callback, None)

        return remove

    @callback
    def add_for_calls(self, key: str, listener: CallListener) -> CALLBACK_TYPE:
        """Call a listener with what happens to the calls of an extension."""
        listeners = self._of_calls.setdefault(key, set())
        listeners.add(listener)
        return lambda: listeners.discard(listener)

    @callback
    def wake_for_presence(
        self, before: Presence, calls_before: Calls, presence: Presence, calls: Calls
    ) -> None:
        """Wake once each that watches a field of the presence, or the calls, that is different now."""
        if (by_field := self._by_key.get(presence.extension_id)) is None:
            return
        changed = _different(before, presence)
        if calls is not calls_before:
            changed.append(CALLS)
        woken: dict[CALLBACK_TYPE, None] = {}
        for field in changed:
            if (watching := by_field.get(field)) is not None:
                woken |= watching
        self._wake(woken)

    @callback
    def tell_calls(self, key: str, events: tuple[CallEvent, ...]) -> None:
        """Call who listens to the calls of an extension."""
        for event in events:
            for listener in tuple(self._of_calls.get(key, ())):
                try:
                    listener(event)
                except Exception as err:  # noqa: BLE001 - whatever is wrong with one listener
                    self._log(listener, err)

    @callback
    def wake(self, key: str, fields: Iterable[str]) -> None:
        """Wake who watches these fields."""
        by_field = self._by_key.get(key, _NO_LISTENERS)
        for field in fields:
            if (watching := by_field.get(field)) is not None:
                self._wake(watching)

    @callback
    def wake_for_counts(self, before: Counts, counts: Counts) -> None:
        """Wake who watches a number that is different now."""
        self.wake(ACCOUNT, _different(before, counts))

    @callback
    def wake_account(self) -> None:
        """Wake all who watch the account."""
        for watching in self._by_key.get(ACCOUNT, _NO_LISTENERS).values():
            self._wake(watching)

    @callback
    def wake_all(self) -> None:
        """Wake every listener, part by part; each looks at what is so by then."""
        is_waking, self._due = bool(self._due), deque(self._all)
        if not is_waking and self._due:
            self._run(self._wake_due())

    async def _wake_due(self) -> None:
        pauses = Pauses(_PART)
        while self._due:
            update_callback = self._due.popleft()
            # It may have been removed meanwhile.
            if update_callback in self._all:
                self._wake((update_callback,))
            await pauses.take()

    def _wake(self, listeners: Iterable[CALLBACK_TYPE]) -> None:
        # A listener may remove itself, or another.
        for update_callback in tuple(listeners):
            try:
                update_callback()
            except Exception as err:  # noqa: BLE001 - whatever is wrong with one listener
                self._log(update_callback, err)

    def _log(self, listener: Callable[..., None], error: Exception) -> None:
        """Log a failure, once for each listener and kind of error."""
        if (kind := (listener, type(error).__name__)) in self._logged:
            return
        self._logged.add(kind)
        LOGGER.error(
            "An entity could not be updated (%s); it is not logged again",
            getattr(listener, "__qualname__", listener),
            exc_info=error,
        )


def _different[ValuesT: (Presence, Counts)](
    before: ValuesT, after: ValuesT
) -> list[str]:
    """Return the fields with another value."""
    pairs = zip(after._fields, before, after, strict=True)
    return [field for field, then, now in pairs if then is not now and then != now]
