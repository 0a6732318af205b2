"""Wakes listeners by extension and field, so that an event costs only what it changes."""

from collections import deque
from collections.abc import Callable, Coroutine, Iterable
from itertools import chain, compress
from operator import ne
from typing import Any, Final

from homeassistant.core import CALLBACK_TYPE, callback

from .aioringcentral.calls.state import CallEvent, Calls
from .aioringcentral.models import Presence
from .aioringcentral.pauses import Pauses
from .const import LOGGER
from .counts import Counts

# Stand for the account itself, besides each extension, and for an extension's calls, besides the fields of its
# presence.
ACCOUNT: Final = "account"
CALLS: Final = "calls"
PUSH: Final = "push"

# Fewest listeners that are woken in one go: nearly all of those in an account of usual size.
AT_ONCE: Final = 100

type CallListener = Callable[[CallEvent], None]
type Run = Callable[[Coroutine[Any, Any, None]], object]


class _Listener[**P]:
    """A callback and what it watches, with one bit for each field; calling this object removes the callback."""

    __slots__ = ("_siblings", "update", "watched")

    def __init__(
        self,
        siblings: list[_Listener[P]],
        update: Callable[P, None],
        fields: Iterable[str] = (),
    ) -> None:
        self.update = update
        self.watched = _bits(fields) | _ANYTHING
        self._siblings = siblings
        siblings.append(self)

    def __call__(self) -> None:
        # A wake-up that is under way may still come to this listener.
        self.watched = 0
        if self in self._siblings:
            self._siblings.remove(self)


class Listeners:
    """Callbacks by what they watch. One that raises affects no other, and is logged once."""

    def __init__(self, run: Run) -> None:
        """Begin without listeners; ``run`` begins a task at once."""
        self._run = run
        # The listeners that `wake_all` has yet to wake.
        self._due: deque[_Listener[[]]] = deque()
        self._by_key: dict[str, list[_Listener[[]]]] = {}
        self._of_calls: dict[str, list[_Listener[[CallEvent]]]] = {}
        self._logged: set[tuple[Any, str]] = set()

    @callback
    def add(
        self, update_callback: CALLBACK_TYPE, key: str, fields: tuple[str, ...]
    ) -> CALLBACK_TYPE:
        """Wake a callback when one of these fields of a key changes, and when all are woken."""
        return _Listener(self._by_key.setdefault(key, []), update_callback, fields)

    @callback
    def add_for_calls(self, key: str, listener: CallListener) -> CALLBACK_TYPE:
        """Call a listener with whatever happens to the calls of an extension."""
        return _Listener(self._of_calls.setdefault(key, []), listener)

    @callback
    def wake_for_presence(
        self, before: Presence, calls_before: Calls, presence: Presence, calls: Calls
    ) -> None:
        """Wake each listener once that watches a changed field of the presence, or the calls if those changed."""
        if (listeners := self._by_key.get(presence.extension_id)) is None:
            return
        changed = _different(_PRESENCE, before, presence)
        if calls is not calls_before:
            changed |= _CALLS
        self._wake(listeners, changed)

    @callback
    def tell_calls(self, key: str, events: tuple[CallEvent, ...]) -> None:
        """Call those who listen to the calls of an extension."""
        for event in events:
            for each in tuple(self._of_calls.get(key, ())):
                try:
                    each.update(event)
                except Exception as err:  # noqa: BLE001 - whatever is wrong with one listener
                    self._log(each.update, err)

    @callback
    def wake(self, key: str, fields: Iterable[str]) -> None:
        """Wake those who watch these fields."""
        self._wake(self._by_key.get(key, ()), _bits(fields))

    @callback
    def wake_for_counts(self, before: Counts, counts: Counts) -> None:
        """Wake those who watch a number that changed."""
        changed = _different(_COUNTS, before, counts)
        self._wake(self._by_key.get(ACCOUNT, ()), changed)

    @callback
    def wake_account(self) -> None:
        """Wake everyone who watches the account."""
        self._wake(self._by_key.get(ACCOUNT, ()), _ANYTHING)

    @callback
    def wake_all(self) -> None:
        """Wake every listener, part by part; each looks at what is known by then."""
        is_waking = bool(self._due)
        self._due = deque(chain.from_iterable(self._by_key.values()))
        if not is_waking and self._due:
            self._run(self._wake_due())

    async def _wake_due(self) -> None:
        pauses = Pauses(AT_ONCE)
        while self._due:
            self._wake((self._due.popleft(),), _ANYTHING)
            await pauses.take()

    def _wake(self, listeners: Iterable[_Listener[[]]], changed: int) -> None:
        # A listener may remove itself, or another.
        for each in tuple(listeners):
            if each.watched & changed:
                try:
                    each.update()
                except Exception as err:  # noqa: BLE001 - whatever is wrong with one listener
                    self._log(each.update, err)

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


# The bit of every field that was ever watched, so that changes and listeners are compared in one operation.
_KNOWN_BITS: Final[dict[str, int]] = {}
# Every listener has the lowest bit, even one that watches nothing.
_ANYTHING: Final = 1


def _bit(field: str) -> int:
    return _KNOWN_BITS.setdefault(field, 2 << len(_KNOWN_BITS))


def _bits(fields: Iterable[str]) -> int:
    return sum({_bit(field) for field in fields})


_PRESENCE: Final = tuple(map(_bit, Presence._fields))
_COUNTS: Final = tuple(map(_bit, Counts._fields))
_CALLS: Final = _bit(CALLS)


def _different(
    bits: tuple[int, ...], before: tuple[Any, ...], after: tuple[Any, ...]
) -> int:
    """Return the bits of the fields whose values differ."""
    return sum(compress(bits, map(ne, before, after, strict=True)))
