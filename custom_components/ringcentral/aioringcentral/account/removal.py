"""Who has left: one reading of a list removes no extension. Pure functions only."""

from collections.abc import Collection, Mapping
from typing import Any, Final, NamedTuple

from .. import wire

# Seconds between two readings that have to agree before an extension is removed without an event that says so:
# for a while, the service may answer with an empty or shortened list.
CONFIRM_AFTER: Final = 120.0
# Seconds by which a timer may fire early.
_TOLERANCE: Final = 0.01


class Notices(NamedTuple):
    """Ids named by events since the last reading: of extensions that were deleted, and of those that changed somehow."""

    deleted: frozenset[str] = frozenset()
    changed: frozenset[str] = frozenset()


class Verdict(NamedTuple):
    """What a reading decides about the extensions that were followed before it.

    ``left`` are removed; ``missing`` stay until another reading agrees, each with the time (seconds of
    one monotonic clock) of the first reading without it.
    """

    left: tuple[str, ...]
    missing: Mapping[str, float]


def deleted_extensions(body: Mapping[str, Any]) -> frozenset[str]:
    """Return the ids that an event of the extension list reports as deleted (docs/protocol.md 4.3)."""
    found = (
        wire.identifier(item.get("extensionId"))
        for item in wire.changed_extensions(body)
        if item.get("eventType") == "Delete"
    )
    return frozenset(each for each in found if each is not None)


def judge(
    before: Collection[str],
    found: Collection[str],
    listed: Collection[str],
    missing: Mapping[str, float],
    notices: Notices,
    now: float,
) -> Verdict:
    """Decide who has left, of the extensions that were followed (or missing) before a reading.

    ``found`` are followed according to this reading, ``listed`` are in the account's list, followed or
    not. An extension that was reported as deleted has left. So has one that was reported as changed and is
    listed, but no longer followed, unless more than half of all others are missing, too. Any other has
    left once two readings that are `CONFIRM_AFTER` seconds apart agree. Two readings that each lack more
    than half, but not the same extensions, agree on none.
    """
    lacking = [key for key in before if key not in found]
    unexplained = sum(
        key not in notices.deleted and key not in notices.changed for key in lacking
    )
    is_odd = 2 * unexplained > len(before)
    is_contradicted = is_odd and any(key in found for key in missing)
    left, waiting = list[str](), dict[str, float]()
    for key in lacking:
        since = now if is_contradicted else missing.get(key, now)
        is_named = key in notices.deleted or (
            key in notices.changed and key in listed and not is_odd
        )
        if is_named or now - since >= CONFIRM_AFTER - _TOLERANCE:
            left.append(key)
        else:
            waiting[key] = since
    return Verdict(tuple(left), waiting)
