"""What becomes of each call in one step: it begins, goes on, vanishes or ends, and reports events.

No I/O.
"""

from datetime import datetime, timedelta
from typing import Final

from ..models import ActiveCall, CallDirection, TerminationType
from .identity import identifier, merge_legs
from .legs import came_by_queue, direction_of, start_of
from .state import RINGS, TALKS, Call, CallEvent, CallEventType, CallPhase, Calls

_EVENTS: Final = {
    CallPhase.RINGING: CallEventType.RINGING,
    CallPhase.DIALING: CallEventType.DIALING,
    CallPhase.CONNECTED: CallEventType.ANSWERED,
    CallPhase.HELD: CallEventType.HELD,
    CallPhase.PARKED: CallEventType.PARKED,
}


# A start that lies further ahead than this is not believed: clocks differ by less.
_AHEAD: Final = timedelta(days=1)


class Transition:
    """One step from the calls before to the calls after; the caller tells it what became of each call.

    Values made for every event are built from positional arguments, since keywords take longer.

    Attributes:
        before: the calls before.
        is_live: whether this step comes from an event; a step after a gap reports no events.
        begun: as `Calls.begun`, after the step.
        known: the calls before that may go on.
        after: the calls after, so far.
        events: what happened, so far.
    """

    def __init__(
        self, before: Calls, now: datetime, clock: float | None, *, is_live: bool
    ) -> None:
        """Begin; ``now`` and ``clock`` are those of `reducer.advance`."""
        self.before = before
        self._now = now
        self._clock = now.timestamp() if clock is None else clock
        self.is_live = is_live
        self.begun = before.begun
        self.after: list[Call] = []
        self.events: list[CallEvent] = []
        self.known: list[Call] = []
        for call in before.calls:
            if is_live and call.gone_at is not None and call.is_gone(self._clock):
                # A call that comes back after its gap counts as another call.
                self._end(call)
            else:
                self.known.append(call)

    def begin(
        self, phase: CallPhase, legs: tuple[ActiveCall, ...], *, is_seen: bool
    ) -> None:
        """Add a new call; ``is_seen`` says whether it was seen to become what it is."""
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
            began=self._start_of(legs) or (self._now if is_seen else None),
            answered=is_talk,
            talking_since=self._clock if is_talk and is_seen else None,
            talked=0.0 if is_seen or phase in RINGS else None,
            legs=legs,
        )
        self.after.append(call)
        if is_seen:
            self._report(call, _EVENTS[phase])

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
                talking_since = self._clock
            else:
                talked, talking_since = call.duration(self._clock), None
        queue_call = came_by_queue(legs)
        after = Call(
            call.key,
            phase,
            direction,
            call.queue_call if queue_call is None else queue_call,
            call.began
            if self._start_of(call.legs)
            else self._start_of(legs) or call.began,
            call.answered or is_talk,
            talking_since,
            talked,
            None,
            call.is_elsewhere,
            legs,
        )
        self.after.append(after)
        # A call rings only once: ringing again is not an event.
        if self.is_live and phase is not call.phase and phase not in RINGS:
            is_back = phase is CallPhase.CONNECTED and call.answered
            self._report(after, CallEventType.RESUMED if is_back else _EVENTS[phase])

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
            self._end(call)
        else:
            self.after.append(
                call._replace(
                    gone_at=self._clock if call.gone_at is None else call.gone_at
                )
            )

    def _start_of(self, legs: tuple[ActiveCall, ...]) -> datetime | None:
        """Return when a call started, if that time is plausible."""
        start = start_of(legs)
        return None if start is not None and start - self._now > _AHEAD else start

    def _end(self, call: Call) -> None:
        """Add the event of a call's end."""
        is_missed = (
            call.phase is CallPhase.RINGING
            and call.direction is CallDirection.INBOUND
            and not call.answered
            and not call.is_elsewhere
        )
        self._report(call, CallEventType.MISSED if is_missed else CallEventType.ENDED)

    def _report(self, call: Call, kind: CallEventType) -> None:
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
                call.duration(self._clock) if stops else None,
                number,
                name,
                call.queue,
                call.called_number,
            )
        )
