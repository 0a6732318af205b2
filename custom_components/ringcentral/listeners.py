"""Who is woken by what: listeners by extension and field, so that an event costs what it changes."""

from collections.abc import Callable, Iterable
from typing import Any, Final

from homeassistant.core import CALLBACK_TYPE, callback

from .aioringcentral.calls.reducer import Calls
from .aioringcentral.models import Presence
from .counts import Counts

# Listeners of the account itself, beside those of each extension; and those of an extension's calls,
# beside those of fields of its presence.
ACCOUNT: Final = "account"
CALLS: Final = "calls"
PUSH: Final = "push"

type _ByField = dict[str, dict[CALLBACK_TYPE, None]]

_NOBODY: Final[_ByField] = {}


class Listeners:
    """Callbacks by what they watch."""

    def __init__(self) -> None:
        """Begin with nobody."""
        self._by_key: dict[str, _ByField] = {}
        self._everyone: dict[CALLBACK_TYPE, None] = {}

    @callback
    def add(
        self, update_callback: CALLBACK_TYPE, key: str, fields: tuple[str, ...]
    ) -> Callable[[], None]:
        """Wake a callback when a field of a key changes, and when everyone is woken."""
        by_field = self._by_key.setdefault(key, {})
        self._everyone[update_callback] = None
        for field in fields:
            by_field.setdefault(field, {})[update_callback] = None

        @callback
        def remove() -> None:
            self._everyone.pop(update_callback, None)
            for field in fields:
                by_field[field].pop(update_callback, None)

        return remove

    @callback
    def wake_for_presence(
        self, before: Presence, calls_before: Calls, presence: Presence, calls: Calls
    ) -> None:
        """Wake once each who watches a field of the presence, or the calls, that is different now."""
        changed = _different(before, presence)
        if calls is not calls_before:
            changed.append(CALLS)
        by_field = self._by_key.get(presence.extension_id, _NOBODY)
        woken: dict[CALLBACK_TYPE, None] = {}
        for field in changed:
            if (watching := by_field.get(field)) is not None:
                woken |= watching
        _wake(woken)

    @callback
    def wake(self, key: str, fields: Iterable[str]) -> None:
        """Wake who watches these fields."""
        by_field = self._by_key.get(key, _NOBODY)
        for field in fields:
            if (watching := by_field.get(field)) is not None:
                _wake(watching)

    @callback
    def wake_for_counts(self, before: Counts, counts: Counts) -> None:
        """Wake who watches a number that is different now."""
        self.wake(ACCOUNT, _different(before, counts))

    @callback
    def wake_account(self) -> None:
        """Wake all who watch the account."""
        for watching in self._by_key.get(ACCOUNT, _NOBODY).values():
            _wake(watching)

    @callback
    def wake_everyone(self) -> None:
        """Wake all, which availability alone is worth."""
        _wake(self._everyone)


def _different[ValuesT: (Presence, Counts)](
    before: ValuesT, after: ValuesT
) -> list[str]:
    """Return the fields with another value."""
    pairs = zip(after._fields, before, after, strict=True)
    return [field for field, then, now in pairs if then != now]


def _wake(listeners: dict[CALLBACK_TYPE, Any]) -> None:
    # A listener may remove itself, or another.
    for update_callback in tuple(listeners):
        update_callback()
