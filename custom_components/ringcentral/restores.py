"""What a change for a time leaves to undo: one extension's values, and what becomes of them. No I/O."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final, Self

from .aioringcentral.models import DndStatus, Presence, UserStatus
from .stored import moment
from .write_rules import LONGEST_MESSAGE, dnd_to_bring_back

# Values by field of `Presence`, as the service writes them; None is unknown.
type Words = Mapping[str, str | None]

# A restore that is later than this is not written, because by then nobody expects the old values.
LONGEST_DELAY: Final = timedelta(hours=1)
# A request without a reply may still arrive for as long as the client waits for a reply, and a little longer.
SETTLED_AFTER: Final = timedelta(seconds=30)
# Most changes in doubt in a row that are kept apart; any before those count as taken.
_MOST_DOUBTS: Final = 8

# Most characters of a message that came from the service or may be sent to it.
_LONGEST_WORD: Final = 255

# Stands for the user status of somebody who hides their presence; the service keeps it unchanged meanwhile.
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
        at: when the first of its fields is due.
        before: the values to bring back.
        ours: all values that were written over the earlier values, the newest last. A field that shows
            another value was changed by a person. If none is known, any value counts as ours.
        is_settled: whether the service is known to have taken the last change.
        otherwise: what there is to undo if the service has not taken the last change.
        later: when each of the other fields is due, which were changed for longer.
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
        """Return the restore as JSON values."""
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
        """Read what `as_dict` wrote, or return None if nothing of it can be used."""
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
    """Return the values in a presence that was read from the service; a missing message is an empty text."""
    is_hidden = presence.allow_see_my_presence is False
    return {
        "user_status": HIDDEN if is_hidden else _word(presence.user_status),
        "dnd_status": _word(dnd_to_bring_back(presence.dnd_status)),
        "message": presence.message,
    }


def begin(
    waiting: Restore | None, current: Words, wanted: Mapping[str, str], at: datetime
) -> Restore | None:
    """Return what there is to undo once a change for a time is made, or None if an earlier value is unknown.

    If a field is changed again before the first change was undone, undoing restores the value from before both,
    unless a person has changed the field in between. Each field is due when its own last change is over.
    """
    before = dict(waiting.before) if waiting else {}
    ours = dict(waiting.ours) if waiting else {}
    due = dict.fromkeys(wanted, at)
    for name, word in wanted.items():
        now = current.get(name)
        if waiting is None or name not in before or _is_foreign(waiting, name, now):
            if now is None or not _can_be_set(name, _plain(now)):
                return None
            # Bring a message back with its line breaks.
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
        # Fields that only the change before it wrote stay in doubt.
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
    """Return the fields that the last change of a restore in doubt wrote."""
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
    """Return what there is to undo for some fields of a restore, on top of what there was before it."""
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
    """Return what there is to undo except for fields that somebody has changed for good."""
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
    """Return the fields that a person has changed: their values are neither ours nor the earlier ones."""
    return frozenset(
        name for name in restore.before if _is_foreign(restore, name, current.get(name))
    )


def due_fields(restore: Restore, now: datetime) -> frozenset[str]:
    """Return the fields that are due by now."""
    return frozenset(name for name in restore.before if restore.due(name) <= now)


def values_to_write(
    restore: Restore, current: Words, names: Collection[str]
) -> dict[str, str]:
    """Return the values that bring back these fields, except those that are back already or that a person has changed."""
    changed = foreign(restore, current)
    return {
        name: word
        for name, word in restore.before.items()
        if name in names
        and name not in changed
        and ((now := current.get(name)) is None or _plain(now) != _plain(word))
    }


def look_at(restore: Restore, now: datetime) -> datetime:
    """Return when to look at a restore again, which is when it is due or can be settled."""
    return restore.at if restore.is_settled else min(restore.at, now + SETTLED_AFTER)


def moved(restore: Restore, step: timedelta) -> Restore:
    """Return a restore with its times moved by a step of the clock from which they were computed."""
    earlier = restore.otherwise
    return replace(
        restore,
        **_times({name: restore.due(name) + step for name in restore.before}),
        otherwise=None if earlier is None else moved(earlier, step),
    )


def at_once(restore: Restore, now: datetime) -> Restore:
    """Return a restore with everything due now."""
    return replace(restore, at=now, later={})


def overdue(restore: Restore, now: datetime) -> frozenset[str]:
    """Return the fields that are too late to bring back."""
    return frozenset(
        name for name in restore.before if now - restore.due(name) > LONGEST_DELAY
    )


def is_word(name: str, word: Any) -> bool:
    """Whether the service accepts this as the value of a field."""
    words = _WORDS[name]
    if not isinstance(word, str):
        return False
    return len(word) <= _LONGEST_WORD if words is None else word in words


def _times(due: Mapping[str, datetime]) -> dict[str, Any]:
    """Return the arguments of a restore that say when its fields are due."""
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
    # The service may normalize spaces, which is not a change by a person.
    return " ".join(word.split())
