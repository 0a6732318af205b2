"""Which listed item is which call: ids change, are missing or are shared.

Protocol 4.3 and 4.5 and peers 1e have the facts. Pure functions only.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
import re
from typing import Any, Final

from .call_state import PHASES, RINGS, CallPhase, other_party
from .models import ActiveCall, CallDirection, TelephonyStatus

# The session ids of the two legs of one RingOut differ by one of these.
_RING_OUT_STEPS: Final = frozenset({1_000, 2_000, 3_000, 4_000})
_NUMERIC_ID: Final = re.compile(r"[0-9]{1,20}")
# So many digits make a number unmistakable without its country and area codes.
_LOCAL_DIGITS: Final = 7
# Of several legs the furthest speaks; a RingOut is held where one leg is.
_FURTHEST: Final = (
    TelephonyStatus.ON_HOLD,
    TelephonyStatus.CALL_CONNECTED,
    TelephonyStatus.RINGING,
    TelephonyStatus.PARKED_CALL,
)
# What stays true of an item when the service leaves it out the next time.
_LASTING: Final = (
    "id",
    "session_id",
    "telephony_session_id",
    "party_id",
    "direction",
    "start_time",
    "queue_call",
    "from_number",
    "from_name",
    "to_number",
    "to_name",
)


class Likeness(IntEnum):
    """How surely two items are one call; `match` relies on the distances."""

    NONE = 0
    FIT = 1
    """They have no id in common to compare, and nothing speaks against it."""
    MOVED = 2
    """Their ids differ, but they began together, or it is the same number."""
    SESSION = 5
    """Another party of the session, as on another device, or a RingOut's other leg."""
    SAME = 6
    """An id says so."""


# That a call goes on is believed before that it is over, when both are equally sure:
# where another device was answered, the leg that rang is listed as over beside it.
_GOES_ON: Final = 2


@dataclass(frozen=True, slots=True)
class Listed:
    """A call as it is listed, or was."""

    legs: tuple[ActiveCall, ...]
    """Its items: two for a RingOut, one per device at times, none without details."""
    phase: CallPhase | None
    """None where the service does not say."""

    @property
    def direction(self) -> CallDirection | None:
        """Direction of the call; a RingOut is outbound."""
        return first(leg.direction for leg in self.legs)


def listed(items: Iterable[ActiveCall]) -> list[Listed]:
    """Return the calls that the items are."""
    calls: list[tuple[ActiveCall, ...]] = []
    for item in items:
        for index, legs in enumerate(calls):
            if any(_leg_likeness(leg, item) >= Likeness.SESSION for leg in legs):
                calls[index] = _outbound_first((*legs, item))
                break
        else:
            calls.append((item,))
    return [Listed(legs, _phase(legs)) for legs in calls]


def match(
    known: Sequence[Listed], ongoing: Sequence[Listed], over: Sequence[ActiveCall]
) -> dict[int, int]:
    """Return what each known call goes on as: its index to one of ``ongoing + over``.

    The surest pairs come first, and nothing is taken twice.
    """
    pairs: list[tuple[int, int, bool, int, int, int]] = []
    for old, call in enumerate(known):
        for new, item in enumerate(ongoing):
            how = _likeness(call.legs, item.legs)
            # Talk does not turn into ringing: one call ended, and the next one rings.
            is_next = item.phase in RINGS and call.phase not in RINGS
            if how is Likeness.SAME or (how and not is_next):
                surely = how + _GOES_ON, _agreements(call.legs, item.legs)
                is_same = item.phase is call.phase
                pairs.append((*surely, is_same, -abs(old - new), old, new))
        for new, leg in enumerate(over, len(ongoing)):
            if how := _likeness(call.legs, (leg,)):
                surely = int(how), _agreements(call.legs, (leg,))
                pairs.append((*surely, False, -abs(old - new), old, new))
    matches: dict[int, int] = {}
    taken = set()
    for *_, old, new in sorted(pairs, reverse=True):
        if old not in matches and new not in taken:
            matches[old] = new
            taken.add(new)
    return matches


def merge_legs(
    before: tuple[ActiveCall, ...], after: tuple[ActiveCall, ...]
) -> tuple[ActiveCall, ...]:
    """Return the items of a call with what was left out this time.

    So a call is known again when the service sends its ids again.
    """
    merged = []
    rest = list(before)
    for leg in after:
        old = max(rest, key=lambda one: _leg_likeness(one, leg), default=None)
        if old is None or not _leg_likeness(old, leg):
            merged.append(leg)
            continue
        rest.remove(old)
        missing = (name for name in _LASTING if not _is_usable(getattr(leg, name)))
        merged.append(replace(leg, **{name: getattr(old, name) for name in missing}))
    return _outbound_first((*merged, *rest))


def identifier(leg: ActiveCall) -> str | None:
    """Return the service's best id of a call, in the order of their reliability."""
    if _is_usable(leg.telephony_session_id) and _is_usable(leg.party_id):
        return f"{leg.telephony_session_id}/{leg.party_id}"
    ids = leg.session_id, leg.telephony_session_id, leg.id
    return next(filter(_is_usable, ids), None)


def first[ValueT](values: Iterable[ValueT | None]) -> ValueT | None:
    """Return the first value that there is."""
    return next((value for value in values if value is not None), None)


def _phase(legs: tuple[ActiveCall, ...]) -> CallPhase | None:
    statuses = {leg.telephony_status for leg in legs}
    status = next((one for one in _FURTHEST if one in statuses), None)
    if status is None:
        return None
    is_outbound = legs[0].direction is CallDirection.OUTBOUND
    if status is TelephonyStatus.RINGING and is_outbound:
        return CallPhase.DIALING
    return PHASES[status]


def _likeness(known: tuple[ActiveCall, ...], legs: tuple[ActiveCall, ...]) -> Likeness:
    if not known:
        return Likeness.FIT
    return max(_leg_likeness(one, two) for one in known for two in legs)


def _leg_likeness(known: ActiveCall, leg: ActiveCall) -> Likeness:
    telephony_session = _shared(known.telephony_session_id, leg.telephony_session_id)
    party = _shared(known.party_id, leg.party_id)
    if telephony_session and party:
        return Likeness.SAME
    if _shared(known.direction, leg.direction) is False:
        return Likeness.SESSION if _are_ring_out(known, leg) else Likeness.NONE
    session = _shared(known.session_id, leg.session_id)
    if telephony_session or session:
        return Likeness.SESSION if party is False else Likeness.SAME
    item = _shared(known.id, leg.id)
    if item:
        return Likeness.SAME
    start = _shared(known.start_time, leg.start_time)
    number = _same_number(other_party(known)[0], other_party(leg)[0])
    if telephony_session is None and session is None and item is None:
        return Likeness.NONE if start is False or number is False else Likeness.FIT
    # A caller may ring twice in a row. But nobody answers a second call in the moment
    # in which the first one goes.
    if start or (number and leg.telephony_status is not TelephonyStatus.RINGING):
        return Likeness.MOVED
    return Likeness.NONE


def _agreements(known: tuple[ActiveCall, ...], legs: tuple[ActiveCall, ...]) -> int:
    """Count what agrees without proving anything, to choose between equals."""
    return sum(
        bool(_shared(one.start_time, two.start_time))
        + bool(_same_number(other_party(one)[0], other_party(two)[0]))
        for one in known
        for two in legs
    )


def _are_ring_out(one: ActiveCall, two: ActiveCall) -> bool:
    """Whether two items are a RingOut: a call to the own phone, and the one it is for.

    The caller has made sure that they have different directions.
    """
    ids = one.session_id or "", two.session_id or ""
    if not all(map(_NUMERIC_ID.fullmatch, ids)):
        return False
    return (
        abs(int(ids[0]) - int(ids[1])) in _RING_OUT_STEPS
        and _same_number(one.from_number, two.to_number) is True
        and _same_number(one.to_number, two.from_number) is True
    )


def _outbound_first(legs: tuple[ActiveCall, ...]) -> tuple[ActiveCall, ...]:
    return tuple(sorted(legs, key=lambda leg: leg.direction != CallDirection.OUTBOUND))


def _is_usable(value: Any) -> bool:
    """Whether a value says something: "0" stands for an id that there is not."""
    return value is not None and value != "0"


def _shared(one: Any, two: Any) -> bool | None:
    """Whether two values are equal, or None where one of them is missing."""
    return bool(one == two) if _is_usable(one) and _is_usable(two) else None


def _same_number(one: str | None, two: str | None) -> bool | None:
    """Whether two numbers are equal with or without codes, or None where one misses."""
    if one is None or two is None:
        return None
    if one == two:
        return True
    digits = ("".join(filter(str.isdecimal, number)) for number in (one, two))
    short, long = sorted(digits, key=len)
    return len(short) >= _LOCAL_DIGITS and long.endswith(short)
