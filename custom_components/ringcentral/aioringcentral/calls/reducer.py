"""What happened to the calls of one extension: turns the calls before and the presence after into events.

Pure functions only.
"""

from datetime import UTC, datetime
from typing import Final

from ..models import LISTED_CALLS, ActiveCall, Presence, TelephonyStatus
from .identity import Listed, is_party, listed, match
from .legs import phase_of, start_of
from .state import PHASES, RINGS, Call, CallEventType, CallPhase, Calls, Step
from .transitions import Transition

_ORDER: Final = {kind: order for order, kind in enumerate(CallEventType)}
# The single telephony status is that of the call that ranks highest (docs/protocol.md 4.5: partly a guess).
_RANKS: Final = {
    CallPhase.CONNECTED: 3,
    CallPhase.HELD: 2,
    CallPhase.RINGING: 1,
    CallPhase.DIALING: 1,
    CallPhase.PARKED: 0,
}
_LAST: Final = datetime.max.replace(tzinfo=UTC)


def resync(
    state: Calls, presence: Presence, now: datetime, clock: float | None = None
) -> Calls:
    """Return the calls of a snapshot after a gap, without events for the gap.

    A call that goes on keeps its key. A call that is gone is dropped, neither missed nor ended,
    since its end is unknown. A call that disappeared before the gap gets its event at `Calls.due`.
    """
    return _merge(Transition(state, now, clock, is_live=False), presence)


def advance(
    state: Calls,
    presence: Presence | None,
    now: datetime,
    clock: float | None = None,
) -> Step:
    """Return the calls after an event and what happened.

    ``now`` is the time to show. ``clock`` is a time in seconds that nobody adjusts: it measures durations, and
    is derived from ``now`` by default.

    ``presence`` is the merged one, or None if it is only that `Calls.due` has come. Events
    that were overtaken are already merged in order (`event_window.Window`), or dropped.
    """
    clock = now.timestamp() if clock is None else clock
    is_news = presence is not None and (
        presence.active_calls != state.listed
        or presence.telephony_status is not state.status
        or presence.total_active_calls != state.total
    )
    if not is_news and not any(call.is_gone(clock) for call in state.calls):
        return Step(state)
    transition = Transition(state, now, clock, is_live=True)
    if presence and is_news:
        after = _merge(transition, presence)
    else:
        # Only time has passed.
        after = state._replace(calls=tuple(transition.known))
    if len(transition.events) > 1:
        transition.events.sort(key=lambda event: _ORDER[event.type])
    return Step(after, tuple(transition.events))


def _merge(transition: Transition, presence: Presence) -> Calls:
    """Return the calls of a presence."""
    unseen = 0
    if presence.active_calls is not None:
        unseen = _merge_list(transition, presence.active_calls, presence)
    elif presence.telephony_status is not None:
        _merge_status(transition, presence.telephony_status)
    elif transition.is_live:
        transition.after = transition.known
    # Otherwise this follows a gap, and no event would report their end.
    return Calls(
        tuple(transition.after),
        unseen,
        transition.begun,
        presence.active_calls,
        presence.telephony_status,
        presence.total_active_calls,
    )


def _merge_list(
    transition: Transition, items: tuple[ActiveCall, ...], presence: Presence
) -> int:
    """Match the listed calls, and return how many further calls there are that were never listed."""
    if len(items) == len(transition.known) == 1 and is_party(
        transition.known[0].legs, items[0]
    ):
        # A shortcut for nearly every event; the code below would come to the same result.
        _go_on_alone(transition, transition.known[0], items, presence)
        return 0
    there: list[ActiveCall] = []
    over: list[ActiveCall] = []
    for item in items:
        (over if item.is_over else there).append(item)
    ongoing = listed(there)
    if len(ongoing) == 1 and ongoing[0].phase is None and presence.telephony_status:
        ongoing = [ongoing[0]._replace(phase=PHASES.get(presence.telephony_status))]
    known = [Listed(call.legs, call.phase) for call in transition.known]
    room = _room(items, presence.total_active_calls)
    is_cut = room > 0 or transition.before.unseen > 0
    matches = match(known, ongoing, over, is_cut=is_cut)
    beyond, unseen = _beyond_list(
        transition, items, presence.total_active_calls, matches
    )
    for index, call in enumerate(transition.known):
        at = matches.get(index)
        if index in beyond:
            transition.after.append(call)
        elif at is None:
            transition.vanish(call)
        elif at < len(ongoing):
            transition.go_on(call, ongoing[at].phase or call.phase, ongoing[at].legs)
        else:
            transition.vanish(call, over[at - len(ongoing)])
    taken = matches.values()
    new = [call for index, call in enumerate(ongoing) if index not in taken]
    if new:
        _welcome(transition, new, surfaced=transition.before.unseen - unseen)
    return unseen


def _go_on_alone(
    transition: Transition,
    call: Call,
    items: tuple[ActiveCall, ...],
    presence: Presence,
) -> None:
    """Continue the only call there is."""
    if items[0].is_over:
        transition.vanish(call, items[0])
        return
    phase = phase_of(items)
    if phase is None and presence.telephony_status is not None:
        phase = PHASES.get(presence.telephony_status)
    transition.go_on(call, phase or call.phase, items)


def _beyond_list(
    transition: Transition,
    items: tuple[ActiveCall, ...],
    total: int | None,
    matches: dict[int, int],
) -> tuple[list[int], int]:
    """Return which known calls go on without being listed, and how many other calls do.

    A full list leaves out the oldest calls.
    """
    room = _room(items, total)
    if total is None or not room:
        return [], 0
    starts = (item.start_time or _LAST for item in items if not item.is_over)
    oldest = min(starts, default=_LAST)
    left_out = [
        (began, index)
        for index, call in enumerate(transition.known)
        if index not in matches
        and call.gone_at is None
        and (began := start_of(call.legs) or oldest) <= oldest
    ]
    beyond = [index for _, index in sorted(left_out)[:room]]
    return beyond, max(0, total - len(items) - len(beyond))


def _welcome(transition: Transition, new: list[Listed], surfaced: int) -> None:
    """Add calls that were not listed before.

    The oldest `surfaced` calls existed before but did not fit the list of seven, as did all
    calls that the single telephony status stood for.
    """
    if transition.before.listed is None and transition.before.calls:
        surfaced = len(new)
    talks = [at for at, call in enumerate(new) if call.phase not in RINGS]
    talks.sort(key=lambda at: start_of(new[at].legs) or _LAST)
    were_there = talks[: max(0, surfaced)]
    for at, call in enumerate(new):
        if call.phase is not None:
            is_seen = transition.is_live and at not in were_there
            transition.begin(call.phase, call.legs, is_seen=is_seen)


def _merge_status(transition: Transition, status: TelephonyStatus) -> None:
    """Match the telephony status when no calls are listed.

    It describes one call. A call that would outrank that one is over; about the others it says nothing.
    """
    phase = PHASES.get(status)
    if phase is None:
        for call in transition.known:
            transition.vanish(call)
        return
    rank = _RANKS[phase]
    carrier = _carrier(transition, phase)
    for call in transition.known:
        if call is carrier:
            transition.go_on(call, call.phase if _RANKS[call.phase] == rank else phase)
        elif _RANKS[call.phase] > rank:
            transition.vanish(call)
        else:
            transition.after.append(call)
    if carrier is None:
        transition.begin(phase, (), is_seen=transition.is_live)


def _carrier(transition: Transition, phase: CallPhase) -> Call | None:
    """Return the known call that a status describes, or None if it describes a new one.

    That is a call that is in this phase already, or else the furthest; but a connected call does not start ringing.
    """
    rank = _RANKS[phase]
    for call in transition.known:
        if _RANKS[call.phase] == rank:
            return call
    if phase in RINGS:
        return None
    return max(transition.known, key=lambda call: _RANKS[call.phase], default=None)


def _room(items: tuple[ActiveCall, ...], total: int | None) -> int:
    """Return how many calls there may be beyond a list: none, unless the list is full.

    The total alone does not tell, since it may count calls that are over.
    """
    if total is None or len(items) < LISTED_CALLS:
        return 0
    return max(0, total - len(items) + sum(item.is_over for item in items))
