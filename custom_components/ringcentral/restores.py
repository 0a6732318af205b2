"""What a change for a time leaves to be undone: one extension's values, and what becomes of them. No I/O."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final, Self

from .aioringcentral.models import DndStatus, Presence, UserStatus
from .stored import moment
from .write_rules import LONGEST_MESSAGE, dnd_to_bring_back

# Values by field of `Presence`, as the service writes them; None is unknown.
type Words = Mapping[str, str | None]

# A restore that is late by more than this is not written: by then the old values are news to everyone.
LONGEST_DELAY: Final = timedelta(hours=1)
# A request without a reply may still arrive for as long as the client waits for one, and a little more.
SETTLED_AFTER: Final = timedelta(seconds=30)
# Changes in doubt, one after the other, that are kept apart; before those, each counts as taken.
_MOST_DOUBTS: Final = 8

# Characters of a message that came from the service or may go there.
_LONGEST_WORD: Final = 255

# What stands for the user status of somebody who hides their presence: the service keeps it as it is meanwhile.
HIDDEN: Final = "hidden"

_WORDS: Final[Mapping[str, Collection[str] | None]] = {
    "user_status": frozenset(UserStatus),
    "dnd_status": frozenset(DndStatus),
    "message": None,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Restore:
    """The values of one extension to bring back, by field, and when.

    Attributes:
        at: when it is due, the first of its fields.
        before: the values to bring back.
        ours: all values that were written over the earlier values, the newest last. A field that shows
            another one was changed by a person. Where none is known, any value counts as ours.
        is_settled: whether the service is known to have taken the last change.
        otherwise: what there is to undo if the service has not taken it.
        later: when other fields are due, each of which was changed for longer.
    """

    at: datetime
    before: Mapping[str, str] = field(repr=False)
    ours: Mapping[str, tuple[str, ...]] = field(repr=False)
    is_settled: bool = True
    otherwise: Restore | None = None
    later: Mapping[str, datetime] = field(default_factory=dict)

    def due(self, name: str) -> datetime:
        """Return when a field is due."""
        return self.later.get(name, self.at)

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON values."""
        data: dict[str, Any] = {
            "at": self.at.isoformat(),
            **self.before,
            "ours": {name: list(words) for name, words in self.ours.items()},
        }
        if self.later:
            data["later"] = {name: at.isoformat() for name, at in self.later.items()}
        if not self.is_settled:
            data["is_settled"] = False
            data["otherwise"] = self.otherwise.as_dict() if self.otherwise else None
        return data

    @classmethod
    def from_dict(cls, data: Any) -> Self | None:
        """Read what `as_dict` wrote, or return None where nothing of it can be used."""
        if not isinstance(data, Mapping):
            return None
        due = moment(data.get("at"))
        before = {name: data[name] for name in _WORDS if is_word(name, data.get(name))}
        if due is None or not before:
            return None
        ours, later = data.get("ours"), data.get("later")
        lists = ours if isinstance(ours, Mapping) else {}
        times = later if isinstance(later, Mapping) else {}
        is_settled = data.get("is_settled") is not False
        return cls(
            **_times({name: moment(times.get(name)) or due for name in before}),
            before=before,
            ours={
                name: tuple(word for word in words if is_word(name, word))
                for name in before
                if isinstance(words := lists.get(name), list)
            },
            is_settled=is_settled,
            otherwise=None if is_settled else cls.from_dict(data.get("otherwise")),
        )


def words_of(presence: Presence) -> dict[str, str | None]:
    """Return the values of a presence that was read from the service; without a message it is an empty text."""
    is_hidden = presence.allow_see_my_presence is False
    return {
        "user_status": HIDDEN if is_hidden else _word(presence.user_status),
        "dnd_status": _word(dnd_to_bring_back(presence.dnd_status)),
        "message": presence.message,
    }


def begin(
    waiting: Restore | None, current: Words, wanted: Mapping[str, str], at: datetime
) -> Restore | None:
    """Return what there is to undo once a change for a time is made, None where an earlier value is unknown.

    A second change of a field before the first was taken back leads back to before both, unless a person has
    changed the field in between. Each field is due when its own last change is over.
    """
    before = dict(waiting.before) if waiting else {}
    ours = dict(waiting.ours) if waiting else {}
    due = dict.fromkeys(wanted, at)
    for name, word in wanted.items():
        now = current.get(name)
        if waiting is None or name not in before or _is_foreign(waiting, name, now):
            if now is None or not _can_be_set(name, _plain(now)):
                return None
            # A message comes back with its line breaks.
            before[name] = now if _can_be_set(name, now) else _plain(now)
            ours[name] = ()
        ours[name] = (*ours.get(name, ()), _plain(word))
    if waiting is not None and _doubts(waiting) >= _MOST_DOUBTS:
        waiting = replace(waiting, is_settled=True, otherwise=None)
    if waiting is not None:
        due = {name: waiting.due(name) for name in waiting.before} | due
    return Restore(
        **_times(due), before=before, ours=ours, is_settled=False, otherwise=waiting
    )


def accepted(restore: Restore) -> Restore:
    """Return what there is to undo now that the service has taken the last change."""
    earlier = restore.otherwise
    if earlier is not None and not earlier.is_settled:
        # What only the change before it wrote stays in doubt.
        certain = _over(earlier.otherwise, restore, _last_written(restore))
        in_doubt = replace(restore, otherwise=certain)
        if _last_written(in_doubt):
            return in_doubt
    return replace(restore, is_settled=True, otherwise=None)


def settled(restore: Restore, current: Words) -> Restore | None:
    """Return what there is to undo, after a reading has shown which changes the service took."""
    left: Restore | None = restore
    while left is not None and not left.is_settled:
        is_taken = any(
            (now := current.get(name)) is None or _plain(now) == left.ours[name][-1]
            for name in _last_written(left)
        )
        left = accepted(left) if is_taken else left.otherwise
    return left


def _last_written(restore: Restore) -> set[str]:
    """Return the fields that the last change wrote, of a restore that is in doubt."""
    earlier = restore.otherwise
    return {
        name
        for name, words in restore.ours.items()
        if words
        and (
            earlier is None
            or words != earlier.ours.get(name)
            or restore.before[name] != earlier.before.get(name)
        )
    }


def _over(under: Restore | None, restore: Restore, names: Iterable[str]) -> Restore:
    """Return what there is to undo of some fields of a restore, over what there was before it."""
    before = dict(under.before) if under else {}
    ours = dict(under.ours) if under else {}
    due = {name: under.due(name) for name in before} if under else {}
    for name in names:
        before[name], ours[name] = restore.before[name], restore.ours[name]
        due[name] = restore.due(name)
    return Restore(**_times(due), before=before, ours=ours)


def _doubts(restore: Restore) -> int:
    """Return how many changes in a row are in doubt."""
    count, left = 0, restore
    while not left.is_settled:
        count += 1
        if left.otherwise is None:
            break
        left = left.otherwise
    return count


def without(restore: Restore | None, names: Iterable[str]) -> Restore | None:
    """Return what there is to undo apart from fields that somebody has changed for good."""
    if restore is None:
        return None
    left = set(restore.before) - set(names)
    if left == set(restore.before):
        return restore
    if not left:
        return None
    return replace(
        restore,
        **_times({name: restore.due(name) for name in left}),
        before={name: word for name, word in restore.before.items() if name in left},
        ours={name: words for name, words in restore.ours.items() if name in left},
        otherwise=without(restore.otherwise, names),
    )


def foreign(restore: Restore, current: Words) -> frozenset[str]:
    """Return the fields whose values are neither ours nor the earlier values: a person has changed them."""
    return frozenset(
        name for name in restore.before if _is_foreign(restore, name, current.get(name))
    )


def due_fields(restore: Restore, now: datetime) -> frozenset[str]:
    """Return the fields that are due by now."""
    return frozenset(name for name in restore.before if restore.due(name) <= now)


def values_to_write(
    restore: Restore, current: Words, names: Collection[str]
) -> dict[str, str]:
    """Return what brings back these fields: nothing that is so already, or that a person has changed."""
    changed = foreign(restore, current)
    return {
        name: word
        for name, word in restore.before.items()
        if name in names
        and name not in changed
        and ((now := current.get(name)) is None or _plain(now) != _plain(word))
    }


def look_at(restore: Restore, now: datetime) -> datetime:
    """Return when to look at a restore again: when it is due, or may be settled."""
    return restore.at if restore.is_settled else min(restore.at, now + SETTLED_AFTER)


def moved(restore: Restore, step: timedelta) -> Restore:
    """Return a restore whose times are later by a step of the clock that they were computed from."""
    earlier = restore.otherwise
    return replace(
        restore,
        **_times({name: restore.due(name) + step for name in restore.before}),
        otherwise=None if earlier is None else moved(earlier, step),
    )


def at_once(restore: Restore, now: datetime) -> Restore:
    """Return a restore of which everything is due now."""
    return replace(restore, at=now, later={})


def overdue(restore: Restore, now: datetime) -> frozenset[str]:
    """Return the fields that it is too late to bring back."""
    return frozenset(
        name for name in restore.before if now - restore.due(name) > LONGEST_DELAY
    )


def is_word(name: str, word: Any) -> bool:
    """Whether the service takes this as the value of a field."""
    words = _WORDS[name]
    if not isinstance(word, str):
        return False
    return len(word) <= _LONGEST_WORD if words is None else word in words


def _times(due: Mapping[str, datetime]) -> dict[str, Any]:
    """Return what a restore keeps of when its fields are due."""
    at = min(due.values())
    return {"at": at, "later": {name: end for name, end in due.items() if end > at}}


def _is_foreign(restore: Restore, name: str, now: str | None) -> bool:
    ours = restore.ours.get(name)
    return bool(
        now is not None
        and ours
        and _plain(now) not in (*ours, _plain(restore.before[name]))
    )


def _can_be_set(name: str, word: str) -> bool:
    return name != "message" or len(word) <= LONGEST_MESSAGE


def _word(status: UserStatus | DndStatus | None) -> str | None:
    return None if status is None else str(status)


def _plain(word: str) -> str:
    # Spaces may be tidied up on the way, which is no change by a person.
    return " ".join(word.split())
