"""Changes for a time: what the service has to have in the end, by who wrote what and when."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final
from unittest.mock import patch

from emulator import Emulator
from emulator.account import Account
from emulator.extension import Extension

# Seconds after its time, and after the last fault, in which a change is undone: two minutes lie between tries.
UNDONE_WITHIN: Final = 150.0
# After so many seconds it is not undone any more.
_OVERDUE: Final = 3_600.0
# Seconds in which a person's change and a writing of ours may cross each other: no request says "only if it is still so".
_CROSS: Final = 20.0

FIELDS: Final = ("user_status", "dnd_status", "message")


@dataclass(slots=True)
class _Field:
    """One field of one extension since the last rest."""

    first: str
    """Its value then."""
    writes: list[tuple[float, bool, str]] = field(default_factory=list)
    """When a value was written, whether by a person, and the value."""
    is_of_no_queue: bool = False
    """Whether the extension was in no queue when it was written last: RingCentral refuses it the department setting."""
    is_unsure: bool = False
    """Whether somebody hid, or chose something for good while a change for a time ran."""


class Undoing:
    """Sees every writing of presence at the service, and says what is not undone."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """Take the clock of the loop."""
        self._clock = clock
        self._fields: dict[tuple[str, str], _Field] = {}
        self._due: dict[str, float] = {}
        self._is_person = False
        # Whether Home Assistant may know an old value for long, when it writes down what was before.
        self.is_late = False

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Watch what is written."""
        update, act = Account.update, Emulator.set_presence

        def updated(account: Account, ext: Extension, **fields: Any) -> Any:
            for name, value in fields.items():
                if name == "allow_see_my_presence":
                    # Nobody is told these any more, so nobody knows what a person has changed.
                    self._field(ext, "user_status").is_unsure = True
                    self._field(ext, "dnd_status").is_unsure = True
                if name in FIELDS:
                    known = self._field(ext, name)
                    known.writes.append((self._clock(), self._is_person, value))
                    known.is_of_no_queue = not account.queues_of(ext.id)
            return update(account, ext, **fields)

        async def acted(emulator: Emulator, key: str, presence: dict[str, Any]) -> Any:
            self._is_person = True
            try:
                return await act(emulator, key, presence)
            finally:
                self._is_person = False

        with (
            patch.object(Account, "update", updated),
            patch.object(Emulator, "set_presence", acted),
        ):
            yield

    def begin(self, key: str, seconds: float) -> None:
        """Remember that a change for so many seconds was asked for."""
        self._due[key] = max(self._due.get(key, 0.0), self._clock() + seconds)

    def chosen(self, ext: Extension, name: str) -> None:
        """Remember that Home Assistant is asked to change a field for good."""
        self._field(ext, name).is_unsure = True

    @property
    def is_waiting(self) -> bool:
        """Whether any change for a time was asked for."""
        return bool(self._due)

    @property
    def over_at(self) -> float:
        """When the last change has to be undone."""
        return max((*self._due.values(), 0.0)) + UNDONE_WITHIN

    def wrong(self, now_of: Callable[[str], dict[str, str] | None]) -> list[str]:
        """Return what is not as it has to be, at rest; a value of None is of somebody who is not there."""
        found = []
        for (key, name), known in self._fields.items():
            values = now_of(key)
            if key not in self._due or values is None or known.is_unsure:
                continue
            if self._clock() - self._due[key] > _OVERDUE:
                continue
            allowed = self._allowed(known)
            if values[name] not in allowed:
                found.append(
                    f"{key} {name} is {values[name]!r}, not {allowed}: {known.writes}"
                )
        return found

    def forget(self) -> None:
        """Begin again, at rest."""
        self._fields.clear()
        self._due.clear()
        self.is_late = False

    def _field(self, ext: Extension, name: str) -> _Field:
        return self._fields.setdefault((str(ext.id), name), _Field(getattr(ext, name)))

    def _allowed(self, known: _Field) -> set[str]:
        """Return the values that are right once every change for a time is over."""
        ours = [(at, value) for at, is_person, value in known.writes if not is_person]
        theirs = [(at, value) for at, is_person, value in known.writes if is_person]
        if not ours:
            return {known.writes[-1][2] if known.writes else known.first}
        if not theirs:
            return _restored(known.first, known)
        earlier = _restored(known.first, known).union(
            *(_restored(value, known) for _, value in theirs)
        )
        last_at, last = theirs[-1]
        is_crossed = any(
            abs(at - touched) < _CROSS for at, _ in ours for touched, _ in theirs
        )
        is_stale = self.is_late and theirs[0][0] < ours[-1][0]
        if is_crossed or is_stale or last in {value for _, value in ours}:
            return {*earlier, last}
        return _restored(last, known) if last_at < ours[-1][0] else {last}


def _restored(value: str, known: _Field) -> set[str]:
    """Return what a value may be once it was brought back.

    That of old user interfaces cannot be set, and that for queues not by who is in none: the
    nearest one is, unless the service itself goes back to it when only the personal do not
    disturb ends.
    """
    if value == "TakeDepartmentCallsOnly" or (
        value == "DoNotAcceptDepartmentCalls" and known.is_of_no_queue
    ):
        return {value, "TakeAllCalls"}
    return {value}
