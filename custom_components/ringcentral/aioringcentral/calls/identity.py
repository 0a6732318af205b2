"""Which listed item is which call, although ids change, are missing or are shared.

docs/protocol.md 4.3 and 4.5 have the facts. Pure functions only.
"""

from collections.abc import Iterable, Sequence
from enum import IntEnum
import re
from typing import Any, Final, NamedTuple

from ..models import LASTING, ActiveCall, CallDirection, TelephonyStatus
from .legs import phase_of
from .state import RINGS, CallPhase, other_party

# The session ids of the two legs of one RingOut differ by one of these.
_RING_OUT_STEPS: Final = frozenset({1_000, 2_000, 3_000, 4_000})
_NUMERIC_ID: Final = re.compile(r"[0-9]{1,20}")
# The suffix that tells calls with the same id apart.
_COUNTED: Final = re.compile(r"#[0-9]+$")
# How many digits identify a number without its country and area codes.
_LOCAL_DIGITS: Final = 7
# Fields of an item that stay true even if the service leaves them out the next time: all but the last two.
_LASTING: Final = ActiveCall._fields[:LASTING]
# "0" stands for a missing id.
_SAYS_NOTHING: Final = (None, "0")


class Likeness(IntEnum):
    """How surely two items are one call; `match` relies on the distances."""

    NONE = 0
    FIT = 1
    """They have no id in common to compare, and nothing speaks against it."""
    MOVED = 2
    """Their ids differ, but they began at the same time, or have the same number."""
    SESSION = 5
    """They are parties of one session, for example on two devices, or the two legs of a RingOut."""
    SAME = 6
    """They have an equal id."""


# When both are equally sure, believe that a call goes on rather than that it is over:
# if it was answered on another device, the leg that rang is listed as over beside it.
_GOES_ON: Final = 2


class Listed(NamedTuple):
    """A call as it is or was listed."""

    legs: tuple[ActiveCall, ...]
    """Its items: two for a RingOut, sometimes one per device, none without details."""
    phase: CallPhase | None
    """None if the service does not say."""


def listed(items: Iterable[ActiveCall]) -> list[Listed]:
    """Group items into the calls that they belong to."""
    calls: list[tuple[ActiveCall, ...]] = []
    for item in items:
        for index, legs in enumerate(calls):
            if any(_leg_likeness(leg, item) >= Likeness.SESSION for leg in legs):
                calls[index] = _outbound_first((*legs, item))
                break
        else:
            calls.append((item,))
    return [Listed(legs, phase_of(legs)) for legs in calls]


def match(
    known: Sequence[Listed],
    ongoing: Sequence[Listed],
    over: Sequence[ActiveCall],
    *,
    is_cut: bool = False,
) -> dict[int, int]:
    """Return what each known call goes on as: a mapping of its index to that of one of ``ongoing + over``.

    The surest pairs come first, and nothing is matched twice. ``is_cut`` says that there
    are or were calls beyond the list, so a call that comes to light may have begun in
    the same moment as one that disappears.
    """
    pairs: list[tuple[int, int, bool, int, int, int]] = []
    for old, call in enumerate(known):
        for new, item in enumerate(ongoing):
            how = _likeness(call.legs, item.legs, is_cut=is_cut)
            # A connected call does not start ringing: it ended, and the next call rings.
            is_next = item.phase in RINGS and call.phase not in RINGS
            if how is Likeness.SAME or (how and not is_next):
                surely = how + _GOES_ON, _agreements(call.legs, item.legs)
                is_same = item.phase is call.phase
                pairs.append((*surely, is_same, -abs(old - new), old, new))
        for new, leg in enumerate(over, len(ongoing)):
            if how := _likeness(call.legs, (leg,), is_cut=is_cut):
                surely = int(how), _agreements(call.legs, (leg,))
                pairs.append((*surely, False, -abs(old - new), old, new))
    matches: dict[int, int] = {}
    taken = set()
    for *_, old, new in sorted(pairs, reverse=True):
        if old not in matches and new not in taken:
            matches[old] = new
            taken.add(new)
    return matches


def is_party(legs: tuple[ActiveCall, ...], item: ActiveCall) -> bool:
    """Whether an item is this call of one item, according to both of its surest ids."""
    if len(legs) != 1:
        return False
    session, party = legs[0].telephony_session_id, legs[0].party_id
    return (
        session == item.telephony_session_id
        and party == item.party_id
        and session not in _SAYS_NOTHING
        and party not in _SAYS_NOTHING
    )


def merge_legs(
    before: tuple[ActiveCall, ...], after: tuple[ActiveCall, ...]
) -> tuple[ActiveCall, ...]:
    """Return the items of a call, filled in with what was left out this time; `match` paired them.

    That way the call is recognized when the service sends its ids again.
    """
    if len(before) == len(after) == 1:
        return (_filled(after[0], before[0]),)
    merged = []
    rest = list(before)
    for leg in after:
        likeness = [_leg_likeness(one, leg) for one in rest]
        surest = max(likeness, default=Likeness.NONE)
        if surest:
            merged.append(_filled(leg, rest.pop(likeness.index(surest))))
        else:
            merged.append(leg)
    return _outbound_first((*merged, *rest))


def _filled(leg: ActiveCall, before: ActiveCall) -> ActiveCall:
    now, then = leg[:LASTING], before[:LASTING]
    if now == then:
        return leg
    left_out: dict[str, Any] = {
        name: old
        for name, new, old in zip(_LASTING, now, then, strict=True)
        if new in _SAYS_NOTHING and new != old
    }
    return leg._replace(**left_out) if left_out else leg


def identifier(leg: ActiveCall) -> str | None:
    """Return the most reliable id that the service gives a call."""
    if _is_usable(leg.telephony_session_id) and _is_usable(leg.party_id):
        return f"{leg.telephony_session_id}/{leg.party_id}"
    ids = leg.session_id, leg.telephony_session_id, leg.id
    return next(filter(_is_usable, ids), None)


def session_of(key: str) -> tuple[str, str] | None:
    """Return the telephony session and party in a call's key (`Call.key`), or None if it is not made of them."""
    session, _, party = key.rpartition("/")
    return (session, _COUNTED.sub("", party)) if session else None


def _likeness(
    known: tuple[ActiveCall, ...], legs: tuple[ActiveCall, ...], *, is_cut: bool
) -> Likeness:
    if not known:
        return Likeness.FIT
    pairs = [(one, two) for one in known for two in legs]
    how = max(_leg_likeness(one, two) for one, two in pairs)
    if (
        is_cut
        and how is Likeness.MOVED
        and not any(_share_number(*pair) for pair in pairs)
    ):
        return Likeness.NONE
    return how


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
    number = _share_number(known, leg)
    if telephony_session is None and session is None and item is None:
        return Likeness.NONE if start is False or number is False else Likeness.FIT
    # A caller may ring twice in a row, but the second call is not answered at the very moment
    # when the first one ends.
    if start or (number and leg.telephony_status is not TelephonyStatus.RINGING):
        return Likeness.MOVED
    return Likeness.NONE


def _agreements(known: tuple[ActiveCall, ...], legs: tuple[ActiveCall, ...]) -> int:
    """Count the fields that agree without proving anything, to choose between equals."""
    return sum(
        bool(_shared(one.start_time, two.start_time)) + bool(_share_number(one, two))
        for one in known
        for two in legs
    )


def _are_ring_out(one: ActiveCall, two: ActiveCall) -> bool:
    """Whether two items are a RingOut: a call to the user's own phone, and the call that it is for.

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
    if len(legs) < 2:
        return legs
    return tuple(sorted(legs, key=lambda leg: leg.direction != CallDirection.OUTBOUND))


def _is_usable(value: Any) -> bool:
    return value not in _SAYS_NOTHING


def _shared(one: Any, two: Any) -> bool | None:
    """Whether two values are equal, or None if one of them is missing."""
    if one in _SAYS_NOTHING or two in _SAYS_NOTHING:
        return None
    return bool(one == two)


def _share_number(one: ActiveCall, two: ActiveCall) -> bool | None:
    """Whether two items have the same number at the other end, or None if unknown."""
    return _same_number(other_party(one)[0], other_party(two)[0])


def _same_number(one: str | None, two: str | None) -> bool | None:
    """Whether two numbers are equal with or without codes, or None if one of them is missing."""
    if one is None or two is None:
        return None
    if one == two:
        return True
    digits = ("".join(filter(str.isdecimal, number)) for number in (one, two))
    short, long = sorted(digits, key=len)
    return len(short) >= _LOCAL_DIGITS and long.endswith(short)
