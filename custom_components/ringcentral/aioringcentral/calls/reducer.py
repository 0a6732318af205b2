"""What happened to the calls of one extension: calls before, presence after -> events.

Pure functions only.
"""

from datetime import UTC, datetime
from typing import Final

from ..models import (
    ActiveCall,
    CallDirection,
    Presence,
    TelephonyStatus,
    TerminationType,
)
from ..presence import LISTED_CALLS
from .identity import (
    Listed,
    came_by_queue,
    direction_of,
    identifier,
    is_party,
    listed,
    match,
    merge_legs,
    phase_of,
    start_of,
)
from .state import (
    NO_CALL_GAP,
    PHASES,
    RINGS,
    TALKS,
    Call,
    CallEvent,
    CallEventType,
    CallPhase,
    Calls,
    Step,
)

__all__ = [
    "NO_CALL_GAP",
    "Call",
    "CallEvent",
    "CallEventType",
    "CallPhase",
    "Calls",
    "Step",
    "advance",
    "resync",
]

_EVENTS: Final = {
    CallPhase.RINGING: CallEventType.RINGING,
    CallPhase.DIALING: CallEventType.DIALING,
    CallPhase.CONNECTED: CallEventType.ANSWERED,
    CallPhase.HELD: CallEventType.HELD,
    CallPhase.PARKED: CallEventType.PARKED,
}
_ORDER: Final = {kind: order for order, kind in enumerate(CallEventType)}
# The one telephony status speaks of the highest of these (docs/protocol.md 4.5: partly a guess).
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

    A call that goes on keeps its key. One that is gone is dropped, neither missed nor ended,
    since its end is unknown. One that disappeared before the gap gets its event at `Calls.due`.
    """
    return _Change(state, now, clock, is_live=False).merge(presence)


def advance(
    state: Calls,
    presence: Presence | None,
    now: datetime,
    clock: float | None = None,
) -> Step:
    """Return the calls after an event and what happened.

    ``now`` is the time to show. ``clock`` is in seconds and never set: it measures durations, and is the
    time itself unless given.

    ``presence`` is the merged one, and None when only `Calls.due` has come. Events that
    were overtaken are already merged in order (`event_window.Window`), or were dropped.
    """
    clock = now.timestamp() if clock is None else clock
    is_news = presence is not None and (
        presence.active_calls != state.listed
        or presence.telephony_status is not state.status
        or presence.total_active_calls != state.total
    )
    if not is_news and not any(call.is_gone(clock) for call in state.calls):
        return Step(state)
    change = _Change(state, now, clock, is_live=True)
    after = change.merge(presence) if presence and is_news else change.wait()
    if len(change.events) > 1:
        change.events.sort(key=lambda event: _ORDER[event.type])
    return Step(after, tuple(change.events))


class _Change:
    """One step from calls before to calls after.

    What every event makes is made in the order of its fields, not by name, which takes longer.
    """

    def __init__(
        self, before: Calls, now: datetime, clock: float | None, *, is_live: bool
    ) -> None:
        self.before = before
        self.now = now
        self.clock = now.timestamp() if clock is None else clock
        self.is_live = is_live
        self.begun = before.begun
        self.after: list[Call] = []
        self.events: list[CallEvent] = []
        self.known: list[Call] = []
        for call in before.calls:
            if is_live and call.gone_at is not None and call.is_gone(self.clock):
                # What comes back after its gap is another call.
                self.end(call)
            else:
                self.known.append(call)

    def wait(self) -> Calls:
        """Time has passed, and nothing else."""
        return self.before._replace(calls=tuple(self.known))

    def merge(self, presence: Presence) -> Calls:
        """Return the calls of a presence."""
        unseen = 0
        if presence.active_calls is not None:
            unseen = self.merge_list(presence.active_calls, presence)
        elif presence.telephony_status is not None:
            self.merge_status(presence.telephony_status)
        elif self.is_live:
            self.after = self.known
        # Else it is after a gap, and no event would report their end.
        return Calls(
            tuple(self.after),
            unseen,
            self.begun,
            presence.active_calls,
            presence.telephony_status,
            presence.total_active_calls,
        )

    def merge_list(self, items: tuple[ActiveCall, ...], presence: Presence) -> int:
        """Match the listed calls, and return how many more there are that were never listed."""
        if len(items) == len(self.known) == 1 and is_party(
            self.known[0].legs, items[0]
        ):
            # Nearly every event is this one; all that follows would come to the same.
            self.go_on_alone(self.known[0], items, presence)
            return 0
        there: list[ActiveCall] = []
        over: list[ActiveCall] = []
        for item in items:
            (over if item.is_over else there).append(item)
        ongoing = listed(there)
        if len(ongoing) == 1 and ongoing[0].phase is None and presence.telephony_status:
            ongoing = [ongoing[0]._replace(phase=PHASES.get(presence.telephony_status))]
        known = [Listed(call.legs, call.phase) for call in self.known]
        room = _room(items, presence.total_active_calls)
        is_cut = room > 0 or self.before.unseen > 0
        matches = match(known, ongoing, over, is_cut=is_cut)
        beyond, unseen = self.beyond_list(items, presence.total_active_calls, matches)
        for index, call in enumerate(self.known):
            at = matches.get(index)
            if index in beyond:
                self.after.append(call)
            elif at is None:
                self.vanish(call)
            elif at < len(ongoing):
                self.go_on(call, ongoing[at].phase or call.phase, ongoing[at].legs)
            else:
                self.vanish(call, over[at - len(ongoing)])
        taken = matches.values()
        new = [call for index, call in enumerate(ongoing) if index not in taken]
        if new:
            self.welcome(new, surfaced=self.before.unseen - unseen)
        return unseen

    def go_on_alone(
        self, call: Call, items: tuple[ActiveCall, ...], presence: Presence
    ) -> None:
        """Go on with the only call there is."""
        if items[0].is_over:
            self.vanish(call, items[0])
            return
        phase = phase_of(items)
        if phase is None and presence.telephony_status is not None:
            phase = PHASES.get(presence.telephony_status)
        self.go_on(call, phase or call.phase, items)

    def beyond_list(
        self, items: tuple[ActiveCall, ...], total: int | None, matches: dict[int, int]
    ) -> tuple[list[int], int]:
        """Return which known calls go on without being listed, and how many others.

        A full list leaves the oldest out.
        """
        room = _room(items, total)
        if total is None or not room:
            return [], 0
        starts = (item.start_time or _LAST for item in items if not item.is_over)
        oldest = min(starts, default=_LAST)
        left_out = [
            (began, index)
            for index, call in enumerate(self.known)
            if index not in matches
            and call.gone_at is None
            and (began := start_of(call.legs) or oldest) <= oldest
        ]
        beyond = [index for _, index in sorted(left_out)[:room]]
        return beyond, max(0, total - len(items) - len(beyond))

    def welcome(self, new: list[Listed], surfaced: int) -> None:
        """Add calls that were not listed before.

        The oldest `surfaced` calls existed before but did not fit the list of seven; so did all
        that one telephony status stood for.
        """
        if self.before.listed is None and self.before.calls:
            surfaced = len(new)
        talks = [at for at, call in enumerate(new) if call.phase not in RINGS]
        talks.sort(key=lambda at: start_of(new[at].legs) or _LAST)
        were_there = talks[: max(0, surfaced)]
        for at, call in enumerate(new):
            if call.phase is not None:
                is_seen = self.is_live and at not in were_there
                self.begin(call.phase, call.legs, is_seen=is_seen)

    def merge_status(self, status: TelephonyStatus) -> None:
        """Match the telephony status, where no calls are listed.

        It describes one call. A call that would outrank it is over; of the others it says nothing.
        """
        phase = PHASES.get(status)
        if phase is None:
            for call in self.known:
                self.vanish(call)
            return
        rank = _RANKS[phase]
        carrier = self.carrier(phase)
        for call in self.known:
            if call is carrier:
                self.go_on(call, call.phase if _RANKS[call.phase] == rank else phase)
            elif _RANKS[call.phase] > rank:
                self.vanish(call)
            else:
                self.after.append(call)
        if carrier is None:
            self.begin(phase, (), is_seen=self.is_live)

    def carrier(self, phase: CallPhase) -> Call | None:
        """Return the known call that a status speaks of, or None where it is a new one.

        One that is so already, else the furthest; but talk does not turn into ringing.
        """
        rank = _RANKS[phase]
        for call in self.known:
            if _RANKS[call.phase] == rank:
                return call
        if phase in RINGS:
            return None
        return max(self.known, key=lambda call: _RANKS[call.phase], default=None)

    def begin(
        self, phase: CallPhase, legs: tuple[ActiveCall, ...], *, is_seen: bool
    ) -> None:
        """Add a new call; ``is_seen`` if it has just become what it is."""
        self.begun += 1
        key = (identifier(legs[0]) if legs else None) or ""
        if not key or any(call.key == key for call in (*self.known, *self.after)):
            key = f"{key}#{self.begun}"
        is_talk = phase in TALKS
        call = Call(
            key=key,
            phase=phase,
            direction=direction_of(legs),
            queue_call=came_by_queue(legs),
            began=start_of(legs) or (self.now if is_seen else None),
            answered=is_talk,
            talking_since=self.clock if is_talk and is_seen else None,
            talked=0.0 if is_seen or phase in RINGS else None,
            legs=legs,
        )
        self.after.append(call)
        if is_seen:
            self.report(call, _EVENTS[phase])

    def go_on(
        self, call: Call, phase: CallPhase, legs: tuple[ActiveCall, ...] = ()
    ) -> None:
        """Add a known call as it is now."""
        legs = merge_legs(call.legs, legs)
        direction = direction_of(legs) or call.direction
        if phase in RINGS:
            is_outbound = direction is CallDirection.OUTBOUND
            phase = CallPhase.DIALING if is_outbound else CallPhase.RINGING
        is_talk = phase in TALKS
        talked, talking_since = call.talked, call.talking_since
        if is_talk != (call.phase in TALKS):
            if not self.is_live:
                talked = talking_since = None
            elif is_talk:
                talking_since = self.clock
            else:
                talked, talking_since = call.duration(self.clock), None
        queue_call = came_by_queue(legs)
        after = Call(
            call.key,
            phase,
            direction,
            call.queue_call if queue_call is None else queue_call,
            call.began if start_of(call.legs) else start_of(legs) or call.began,
            call.answered or is_talk,
            talking_since,
            talked,
            None,
            call.is_elsewhere,
            legs,
        )
        self.after.append(after)
        # A call rings once: that it rings again is no event.
        if self.is_live and phase is not call.phase and phase not in RINGS:
            is_back = phase is CallPhase.CONNECTED and call.answered
            self.report(after, CallEventType.RESUMED if is_back else _EVENTS[phase])

    def vanish(self, call: Call, over: ActiveCall | None = None) -> None:
        """Remove a call that is listed as over, or not at all."""
        how = over.termination_type if over else None
        if over is not None:
            is_elsewhere = how is TerminationType.INTERMEDIATE
            call = call._replace(
                direction=call.direction or over.direction,
                is_elsewhere=call.is_elsewhere or is_elsewhere,
                legs=merge_legs(call.legs, (over,)),
            )
        is_certain = (
            how is TerminationType.FINAL or call.answered or call.phase not in RINGS
        )
        if not self.is_live:
            if call.gone_at is not None:
                self.after.append(call)
        elif is_certain:
            self.end(call)
        else:
            self.after.append(
                call._replace(
                    gone_at=self.clock if call.gone_at is None else call.gone_at
                )
            )

    def end(self, call: Call) -> None:
        """Add the event of a call's end."""
        is_missed = (
            call.phase is CallPhase.RINGING
            and call.direction is CallDirection.INBOUND
            and not call.answered
            and not call.is_elsewhere
        )
        self.report(call, CallEventType.MISSED if is_missed else CallEventType.ENDED)

    def report(self, call: Call, kind: CallEventType) -> None:
        """Add an event of a call."""
        stops = kind in (CallEventType.ENDED, CallEventType.PARKED)
        number, name = call.party
        self.events.append(
            CallEvent(
                kind,
                call.key,
                call.direction,
                call.queue_call,
                call.began,
                call.duration(self.clock) if stops else None,
                number,
                name,
                call.queue,
                call.called_number,
            )
        )


def _room(items: tuple[ActiveCall, ...], total: int | None) -> int:
    """Return how many calls there may be beyond a list: none but beyond a full one.

    The total may count calls that are over.
    """
    if total is None or len(items) < LISTED_CALLS:
        return 0
    return max(0, total - len(items) + sum(item.is_over for item in items))
