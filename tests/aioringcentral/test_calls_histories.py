"""Calls in random histories of an office phone: what was told is what was true.

The phone below knows what really happens to its calls. It puts that on the wire the way
the service does, with everything that goes wrong there: ends that are listed in four
ways or not at all, short gaps while ringing, ids that are missing, zero or new, items
per device and per leg, lists cut at seven, repeated and overtaken events.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple, override

from hypothesis import given, settings, strategies as st
import pytest

from aioringcentral.calls.state import CallEvent, CallEventType, CallPhase, Calls
from aioringcentral.models import CallDirection

from .test_calls import (
    CONNECTED,
    HELD,
    NO_IDS,
    OLD_IDS,
    OVER,
    PARKED,
    RANKS,
    RINGING,
    START,
    Seen,
    Watcher,
    call,
    event,
    moment,
    plain,
    snapshot,
    watch,
)

# The profile `long` runs 10,000 true histories, which takes minutes.
TRUE_HISTORIES = settings(max_examples=settings().max_examples * 5)
HISTORIES = settings(max_examples=settings().max_examples * 2)
pytestmark = pytest.mark.timeout(1200)

GAP = 1.5
PHASES = {
    CallEventType.RINGING: CallPhase.RINGING,
    CallEventType.DIALING: CallPhase.DIALING,
    CallEventType.ANSWERED: CallPhase.CONNECTED,
    CallEventType.RESUMED: CallPhase.CONNECTED,
    CallEventType.HELD: CallPhase.HELD,
    CallEventType.PARKED: CallPhase.PARKED,
    CallEventType.MISSED: None,
}
ENDS = "final", None, "intermediate", "not listed"
MISSING_IDS: tuple[dict[str, Any], ...] = (
    {},
    OLD_IDS,
    NO_IDS,
    NO_IDS | {"sessionId": "0"},
    {"partyId": None, "sessionId": "0"},
    {"telephonySessionId": None, "id": "0"},
    {"id": None, "startTime": None},
)


class Move(NamedTuple):
    """What to do next; the phone makes of it what is possible."""

    act: int
    which: int
    after: float
    """Seconds since the last event."""
    how: int
    ids: int
    is_sent: bool
    """Whether an event goes out now, or only with the next move."""


MOVES = st.lists(
    st.builds(
        Move,
        act=st.integers(0, 15),
        which=st.integers(0, 9),
        after=st.sampled_from([0.0, 0.25, 0.5, 1.0, 1.25, 1.5, 2.0, 30.0]),
        how=st.integers(0, 15),
        ids=st.integers(0, 63),
        is_sent=st.sampled_from([True, True, True, False]),
    ),
    min_size=10,
    max_size=40,
)


class Told(NamedTuple):
    """An event in a form that can be compared."""

    at: float
    type: str
    number: str | None
    direction: CallDirection | None
    duration: float | None


@dataclass
class TrueCall:
    """A call as it really is."""

    number: int
    direction: CallDirection
    phase: str
    kind: str = "plain"
    party: int = 2
    since: float | None = None
    talked: float = 0.0
    answered: bool = False
    gone_at: float | None = None
    elsewhere: bool = False
    second_leg: bool = False
    end: str | None = None
    """How its end is listed in the next event."""
    has_new_ids: bool = False
    stopped: int | None = None
    """The party of a device that stopped ringing as another was answered."""

    @property
    def talks(self) -> bool:
        return self.phase in (CONNECTED, HELD) and self.gone_at is None

    def duration(self, now: float) -> float | None:
        if not self.answered:
            return None
        return self.talked + (now - self.since if self.since is not None else 0)

    def items(self, status: str, ids: dict[str, Any]) -> list[dict[str, Any]]:
        """The call as it is listed: one item for each leg."""
        more: dict[str, Any] = {"direction": self.direction.value}
        if self.kind == "plain":
            return [self.item(status, self.party, **more, **ids)]
        if self.kind == "devices":
            rings = status == RINGING or (status == OVER and not self.answered)
            parties = (2, 3) if rings else (self.party,)
            return [self.item(status, party, **more) for party in parties]
        target, session = f"+1555020{self.number:04}", 40_000_000_000 + self.number
        first = {"from": target, "sessionId": str(session), "direction": "Inbound"}
        second = {"to": target, "sessionId": str(session + 2000)}
        legs = [self.item(status, 2, **first)]
        if self.second_leg:
            leg = self.item(status, 3, **second, direction="Outbound")
            leg |= {"from": legs[0]["to"], "telephonySessionId": f"r-{self.number}"}
            legs.append(leg)
        return legs

    def item(self, status: str, party: int, **more: Any) -> dict[str, Any]:
        names = {"partyId": f"p-{self.number}-{party}", "id": f"{self.number}-{party}"}
        return call(self.number, status, **(names | more))


@dataclass
class Phone:
    """An office phone: what its calls do, and what should be told of them."""

    newest_first: bool = False
    counts_ends: bool = False
    """Whether the total counts calls that are listed as over."""
    most: int = 9
    """How many calls it takes; the service lists seven."""
    now: float = 0.0
    calls: list[TrueCall] = field(default_factory=list)
    over: list[TrueCall] = field(default_factory=list)
    """Those that ended since the last event."""
    begun: int = 0
    moved: set[int] = field(default_factory=set)
    expected: list[Told] = field(default_factory=list)

    def tell(self, one: TrueCall, kind: str, at: float | None = None) -> None:
        at = self.now if at is None else at
        ends = kind in ("ended", "parked")
        duration = one.duration(at) if ends else None
        number = f"+1555020{one.number:04}"
        self.expected.append(Told(at, kind, number, one.direction, duration))

    def wait(self, until: float) -> None:
        """Let the calls that are gone for too long be over."""
        for one in list(self.calls):
            if one.gone_at is not None and one.gone_at + GAP <= until:
                self.calls.remove(one)
                self.tell(one, self.unanswered(one), one.gone_at + GAP)
        self.now = until

    def unanswered(self, one: TrueCall) -> str:
        is_missed = one.direction is CallDirection.INBOUND and not one.elsewhere
        return "missed" if is_missed else "ended"

    def listed(self) -> list[TrueCall]:
        """Those that the next list has room for."""
        there = [one for one in self.calls if one.gone_at is None]
        return sorted(there, key=lambda one: -one.number)[:7]

    @property
    def has_room(self) -> bool:
        """Whether all that happens is listed, even if one thing more does."""
        legs = {"plain": 1, "ring out": 2, "devices": 2}
        return sum(legs[one.kind] for one in (*self.calls, *self.over)) < 6

    def some(self, which: int, *phases: str, gone: bool = False) -> TrueCall | None:
        some = [
            one
            for one in (self.calls if gone else self.listed())
            if one.phase in phases
            and one.number not in self.moved
            and (one.gone_at is not None) == gone
        ]
        return some[which % len(some)] if some else None

    # What can happen, each to a call that has not moved since the last event.

    def begin(self, move: Move) -> None:
        many = sum(2 if one.kind != "plain" else 1 for one in self.calls)
        if many >= (self.most if all(one.kind == "plain" for one in self.calls) else 5):
            return
        self.begun += 1
        is_inbound = move.act != 1
        direction = CallDirection.INBOUND if is_inbound else CallDirection.OUTBOUND
        one = TrueCall(self.begun, direction, RINGING)
        if move.act == 2 and many < 5:
            one.kind = "ring out" if move.how % 2 else "devices"
        if move.how == 15:
            one.phase, one.since, one.answered = CONNECTED, self.now, True
        self.calls.append(one)
        kind = "ringing" if is_inbound else "dialing"
        self.tell(one, "answered" if one.answered else kind)
        self.moved.add(one.number)

    def answer(self, move: Move) -> None:
        is_back = move.how % 2 == 0
        one = self.some(move.which, RINGING, gone=is_back)
        if one is None:
            return
        self.moved.add(one.number)
        one.gone_at = None
        if is_back and move.how % 4:
            return  # it only rings on
        if one.kind == "devices":
            one.party, one.stopped = (3, 2) if move.how & 8 else (2, 3)
        elif one.kind == "plain" and move.how & 8:
            one.stopped, one.party = one.party, one.party + 1
        one.has_new_ids = one.stopped is not None
        one.phase, one.since, one.answered = CONNECTED, self.now, True
        self.tell(one, "answered")

    def hold(self, move: Move) -> None:
        if one := self.some(move.which, CONNECTED):
            one.phase = HELD
            self.moved.add(one.number)
            self.tell(one, "held")

    def resume(self, move: Move) -> None:
        if one := self.some(move.which, HELD, PARKED):
            if one.phase == PARKED and one.kind == "plain" and move.how & 8:
                one.party += 1
                one.has_new_ids = True
            one.since = self.now if one.since is None else one.since
            one.phase = CONNECTED
            self.moved.add(one.number)
            self.tell(one, "resumed")

    def swap(self, move: Move) -> None:
        self.hold(move)
        self.resume(move)

    def park(self, move: Move) -> None:
        one = self.some(move.which, CONNECTED, HELD)
        if one and one.kind == "plain":
            one.talked, one.since = one.duration(self.now) or 0, None
            one.phase = PARKED
            self.moved.add(one.number)
            self.tell(one, "parked")

    def second_leg(self, move: Move) -> None:
        for one in self.listed():
            is_up = one.kind == "ring out" and not one.second_leg
            if is_up and one.number not in self.moved:
                one.second_leg, one.direction = True, CallDirection.OUTBOUND
                self.moved.add(one.number)

    def hang_up(self, move: Move) -> None:
        if one := self.some(move.which, RINGING, CONNECTED, HELD, PARKED):
            self.finish(one, ENDS[move.how % len(ENDS)])

    def confirm(self, move: Move) -> None:
        if one := self.some(move.which, RINGING, gone=True):
            self.finish(one, "final")

    def finish(self, one: TrueCall, how: str | None) -> None:
        self.moved.add(one.number)
        one.end = how
        self.over.append(one)
        if one.answered:
            self.calls.remove(one)
            self.tell(one, "ended")
        elif how == "final":
            self.calls.remove(one)
            self.tell(one, self.unanswered(one))
        else:
            one.elsewhere |= how == "intermediate"
            one.gone_at = self.now

    def do(self, move: Move) -> None:
        acts: list[Callable[[Move], None]] = [
            *[self.begin] * 3,
            *[self.answer] * 4,
            self.hold,
            self.resume,
            self.swap,
            self.park,
            self.second_leg,
            *[self.hang_up] * 3,
            self.confirm,
        ]
        acts[move.act](move)

    # What the service sends.

    def status(self) -> str:
        statuses = [one.phase for one in self.calls if one.gone_at is None]
        return max(statuses, key=RANKS.index, default=OVER)

    def body(self, move: Move) -> Seen:
        ids = MISSING_IDS[move.ids % len(MISSING_IDS)]
        there = self.listed()
        is_cut = len(there) < sum(one.gone_at is None for one in self.calls)
        items: list[tuple[int, dict[str, Any]]] = []
        for one in there:
            needs_ids = is_cut or one.has_new_ids
            one.has_new_ids = False
            listed = one.items(one.phase, {} if needs_ids else ids)
            if one.stopped and move.ids & 8:
                how = "intermediate" if move.ids & 16 else "final"
                other = one.item(OVER, one.stopped, terminationType=how)
                listed.append(other | {"direction": one.direction.value})
            one.stopped = None
            items.extend((one.number, item) for item in listed)
        ends = {one.number: one for one in self.over if one.end != "not listed"}
        for one in ends.values():
            for item in one.items(OVER, {}):
                if one.end:
                    item["terminationType"] = one.end
                items.append((one.number, item))
        items.sort(key=lambda pair: -pair[0])
        cut = items[:7]
        live = sum(item["telephonyStatus"] != OVER for _, item in items)
        live += sum(one.gone_at is None for one in self.calls) - len(there)
        over = sum(item["telephonyStatus"] == OVER for _, item in cut)
        cut = cut if self.newest_first else cut[::-1]
        self.moved.clear()
        self.over.clear()
        return event(
            self.now,
            *(item for _, item in cut),
            telephonyStatus=None if move.ids & 32 else self.status(),
            totalActiveCalls=live + over * self.counts_ends,
        )


@dataclass
class Ledger:
    """Holds each call to one beginning, one end, and no event without a change."""

    open: dict[str, str] = field(default_factory=dict)
    answered: set[str] = field(default_factory=set)
    phases: dict[str, CallPhase] = field(default_factory=dict)
    """As of the step before, as is `hidden`."""
    hidden: int = 0
    """How many calls there may be that were not listed."""
    known: set[str] = field(default_factory=set)
    """Calls that a snapshot brought: their beginning is not told."""

    def book(self, events: Iterable[CallEvent]) -> None:
        for one in events:
            key, kind = one.call, one.type
            state = self.open.get(key)
            if state is None:
                assert key not in self.known or kind is not CallEventType.RINGING
                if key not in self.known:
                    begins = {"ringing", "dialing", "answered", "held", "parked"}
                    assert kind in begins, f"{kind} of a call that has not begun"
            else:
                assert kind not in {"ringing", "dialing"}, "a second beginning"
            if kind is not CallEventType.ENDED:
                assert PHASES[kind] != self.phases.get(key), f"{kind} without a change"
            if kind is CallEventType.ANSWERED:
                assert key not in self.answered, "answered twice"
                self.answered.add(key)
            if kind in {"ended", "missed"}:
                self.open.pop(key, None)
                self.known.discard(key)
                assert kind == "ended" or key not in self.answered
                self.answered.discard(key)
            else:
                self.open[key] = kind

    def take(self, calls: Calls) -> None:
        """After a snapshot: what is there is known, what is gone is forgotten."""
        keys = {one.key for one in calls.calls}
        self.known |= keys - set(self.open)
        for key in set(self.open) - keys:
            del self.open[key]
            self.answered.discard(key)
        self.known &= keys

    def check(self, calls: Calls) -> None:
        keys = [one.key for one in calls.calls]
        assert len(keys) == len(set(keys)), "two calls with one key"
        assert set(self.open) <= set(keys), "a call left without an end"
        untold = set(keys) - set(self.open) - self.known
        assert len(untold) <= self.hidden, "a call came untold"
        self.known |= untold
        # Calls behind one telephony status, or beyond a full list.
        is_silent = calls.listed is None and calls.calls
        self.hidden = 9 if is_silent else calls.unseen
        self.phases = {one.key: one.phase for one in calls.calls}


class Listener(Watcher):
    """A watcher that keeps books, and the events in a form to compare."""

    def __init__(self) -> None:
        first = watch([snapshot(0)])
        super().__init__(first.presence, first.calls, {}, [], [])
        self.ledger = Ledger()
        self.heard: list[Told] = []

    @override
    def step(self, presence: Any, now: datetime, clock: float | None = None) -> None:
        self.last.clear()
        super().step(presence, now, clock)
        at = (now - START).total_seconds()
        for one in self.last:
            told = Told(at, one.type, one.number, one.direction, one.duration)
            self.heard.append(told)
        self.ledger.book(self.last)
        self.ledger.check(self.calls)


def _in_order(told: list[Told]) -> list[Told]:
    return sorted(told, key=lambda one: (one.at, one.number or "", one.type))


@TRUE_HISTORIES
@given(
    moves=MOVES,
    newest_first=st.booleans(),
    counts_ends=st.booleans(),
    crowd=st.sampled_from([0, 0, 0, 3, 6, 8, 9]),
)
def test_what_is_told_is_what_happened(
    moves: list[Move], newest_first: bool, counts_ends: bool, crowd: int
) -> None:
    phone = Phone(newest_first, counts_ends)
    listener = Listener()
    sent: list[tuple[int, Seen]] = []
    hang_up = Move(12, 0, 0.5, 0, 0, True)

    def play(move: Move) -> None:
        if not phone.moved:
            phone.wait(phone.now + move.after)
        phone.do(move)
        if not move.is_sent and phone.has_room:
            return
        sequence = len(sent) + 1
        sent.append((sequence, phone.body(move)))
        listener.see(sent[-1][1], sequence)
        if move.how == 7:
            listener.see(sent[-1][1], sequence)
        if move.how == 8:
            late, body = sent[move.which % len(sent)]
            if late < sequence:
                body = Seen(phone.now, body.body, body.uri)
                listener.see(body, late)

        talks = any(one.talks for one in phone.calls)
        rings = any(
            one.phase == RINGING and one.direction is CallDirection.INBOUND
            for one in phone.calls
        )
        assert listener.calls.on_call == talks
        assert listener.calls.ringing == rings
        assert listener.calls.in_progress == len(phone.calls)
        assert (listener.calls.foremost is None) == (not phone.calls)

    for move in [*[Move(0, 0, 0.5, 15, 0, True)] * crowd, *moves]:
        play(move)
    if phone.moved:
        play(hang_up)
    while phone.listed():
        play(hang_up)
    phone.wait(phone.now + 60)
    listener.wait(moment(phone.now))

    assert _in_order(listener.heard) == _in_order(phone.expected)
    assert listener.calls.calls == ()
    assert not listener.ledger.open
    assert listener.calls.due is None


@HISTORIES
@given(moves=MOVES, plain_ones=st.integers(0, 2**32))
def test_without_call_details(moves: list[Move], plain_ones: int) -> None:
    """Every change comes plain, or detailed, or in both ways."""
    phone, listener = Phone(most=6), Listener()
    for sequence, move in enumerate([*moves, *[Move(12, 0, 2.0, 0, 0, True)] * 20], 1):
        if not phone.moved:
            phone.wait(phone.now + move.after)
        phone.do(move)
        way = plain_ones >> (sequence % 32) & 3
        detailed = phone.body(move)
        status = phone.status()
        if way != 1:
            listener.see(plain(phone.now, status), sequence)
        if way in (1, 2):
            detailed.body["telephonyStatus"] = status  # type: ignore[index]
            listener.see(detailed, sequence)
        if way == 3 and move.how % 2:
            listener.see(plain(phone.now, status), sequence)
        assert listener.calls.on_call == (status in (CONNECTED, HELD))
        if status == RINGING:
            assert any(one.phase in "ringing dialing" for one in listener.calls.calls)
    listener.wait(moment(phone.now + 60))
    assert listener.calls.calls == ()
    assert not listener.ledger.open


@HISTORIES
@given(
    statuses=st.lists(
        st.tuples(st.sampled_from(RANKS), st.sampled_from([0.25, 1.0, 1.5, 2.0, 30.0])),
        max_size=30,
    )
)
def test_telephony_status_alone(statuses: list[tuple[str, float]]) -> None:
    listener = Listener()
    now = 0.0
    for sequence, (status, after) in enumerate([*statuses, (OVER, 2.0)], 1):
        now += after
        listener.see(plain(now, status), sequence)
        assert listener.calls.on_call == (status in (CONNECTED, HELD))
        assert listener.calls.ringing >= (status == RINGING)
    listener.wait(moment(now + 60))
    assert listener.calls.calls == ()
    assert not listener.ledger.open
    assert not [one for one in listener.heard if one.type == "missed"]
    assert all(one.direction is None for one in listener.heard)


@HISTORIES
@given(moves=MOVES, lost=st.integers(0, 2**32))
def test_gaps_in_the_connection(moves: list[Move], lost: int) -> None:
    """Some events are lost, and a snapshot makes up for them."""
    phone, listener = Phone(), Listener()
    is_away = False
    for sequence, move in enumerate([*moves, *[Move(12, 0, 2.0, 0, 0, True)] * 20], 1):
        if not phone.moved:
            phone.wait(phone.now + move.after)
        phone.do(move)
        body = phone.body(move)
        is_lost = lost >> (sequence % 32) & 3 == 3
        if is_lost:
            is_away = True
            continue
        if is_away:
            listener.wait(moment(phone.now))
            heard = len(listener.heard)
            complete = phone.body(move._replace(ids=0))
            listener.see(snapshot(phone.now, **complete.body), sequence)
            listener.ledger.take(listener.calls)
            assert len(listener.heard) == heard, "a snapshot is no news"
            is_away = False
        else:
            listener.see(body, sequence)
        listener.ledger.check(listener.calls)
        assert listener.calls.on_call == any(one.talks for one in phone.calls)
    if is_away:
        listener.see(snapshot(phone.now + 1), 0)
    listener.wait(moment(phone.now + 60))
    assert listener.calls.calls == ()


ANY_ITEM = st.fixed_dictionaries(
    {},
    optional={
        "id": st.sampled_from(["0", "a", "b"]),
        "sessionId": st.sampled_from(["0", 0, "7000", "8000", 9000, "9500"]),
        "telephonySessionId": st.sampled_from(["s-a", "s-b", "s-c"]),
        "partyId": st.sampled_from(["p-a", "p-b", "p-c"]),
        "direction": st.sampled_from(["Inbound", "Outbound", "Sideways"]),
        "from": st.sampled_from(["101", "+15550200001", "5550200001", ""]),
        "to": st.sampled_from(["101", "+15550200001", "conference"]),
        "startTime": st.sampled_from(
            ["2026-03-02T09:00:00Z", "2026-03-02T09:00:01.5+0000", "yesterday"]
        ),
        "terminationType": st.sampled_from(["final", "intermediate", "other"]),
        "queueCall": st.booleans(),
    },
)


@HISTORIES
@given(
    lists=st.lists(
        st.tuples(
            st.lists(
                st.tuples(ANY_ITEM, st.sampled_from([*RANKS, "Ringing"])), max_size=9
            ),
            st.sampled_from([0.25, 1.0, 1.5, 30.0]),
            st.one_of(st.none(), st.integers(0, 12)),
        ),
        max_size=8,
    )
)
def test_whatever_is_listed(
    lists: list[tuple[list[tuple[dict[str, Any], str]], float, int | None]],
) -> None:
    """Lists that no true history explains: nothing breaks, and the books still close."""
    listener = Listener()
    now = 0.0
    for sequence, (pairs, after, total) in enumerate(lists, 1):
        now += after
        items = [item | {"telephonyStatus": status} for item, status in pairs]
        body = event(now, *items, totalActiveCalls=total)
        listener.see(body, sequence)
        talks = any(
            item["telephonyStatus"] in (CONNECTED, HELD)
            and item.get("terminationType") != "final"
            for item in items
        )
        if len(items) < 7:
            assert listener.calls.on_call == talks
        else:
            assert listener.calls.on_call or not talks
        heard = len(listener.heard)
        listener.see(body, sequence)
        assert len(listener.heard) == heard, "an event without a change"
    listener.see(event(now + 1), len(lists) + 1)
    listener.wait(moment(now + 60))
    assert listener.calls.calls == ()
    assert not listener.ledger.open
