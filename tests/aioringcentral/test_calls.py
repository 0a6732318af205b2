"""What calls did, as stories: what the service sends, and exactly what is told.

A told event reads ``seconds type call direction [q] [seconds talked]``: calls are A, B,
... in the order in which they are told, the direction is in, out or ? where none is
claimed, and q marks a call of a queue.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch

import pytest

from aioringcentral.calls import reducer as calls
from aioringcentral.calls.reducer import advance, resync
from aioringcentral.calls.state import CallEvent, CallEventType, Calls
from aioringcentral.models import CallDirection, Event, Presence, TelephonyStatus
from aioringcentral.presence import update_from_event, update_from_rest
from aioringcentral.presence_merge import is_before, merge

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
ME = "+15550100999"
PLAIN = "/restapi/v1.0/account/1/extension/2/presence"
DETAILED = f"{PLAIN}?detailedTelephonyState=true"
RANKS = ["NoCall", "ParkedCall", "Ringing", "OnHold", "CallConnected"]

RINGING, CONNECTED, HELD, PARKED, OVER = (
    "Ringing",
    "CallConnected",
    "OnHold",
    "ParkedCall",
    "NoCall",
)


def moment(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def call(
    number: int, status: str, direction: str | None = "Inbound", **more: Any
) -> dict[str, Any]:
    """One item of activeCalls; a field set to None is left out."""
    other, me = f"+1555020{number:04}", ME
    item = {
        "id": f"id{number}",
        "direction": direction,
        "from": me if direction == "Outbound" else other,
        "to": other if direction == "Outbound" else me,
        "telephonyStatus": status,
        "sessionId": f"4000000{number:02}7004",
        "telephonySessionId": f"s-{number}",
        "partyId": f"p-{number}-2",
        "startTime": moment(number).isoformat(),
    }
    return {key: value for key, value in (item | more).items() if value is not None}


def out(number: int, status: str, **more: Any) -> dict[str, Any]:
    return call(number, status, **({"direction": "Outbound"} | more))


def over(number: int, direction: str | None = "Inbound", **more: Any) -> dict[str, Any]:
    return call(number, OVER, direction, **({"terminationType": "final"} | more))


NO_IDS = dict.fromkeys(
    ("id", "sessionId", "telephonySessionId", "partyId", "startTime")
)
ZERO_IDS = NO_IDS | {"sessionId": "0"}
OLD_IDS = dict.fromkeys(("telephonySessionId", "partyId", "startTime"))


@dataclass(frozen=True)
class Seen:
    """Something the service sends: an event, or the answer to a REST read."""

    at: float
    body: Mapping[str, Any]
    uri: str = DETAILED
    is_snapshot: bool = False


def event(at: float, *items: dict[str, Any], **more: Any) -> Seen:
    """A detailed presence event."""
    statuses = [item.get("telephonyStatus", OVER) for item in items]
    body = {
        "telephonyStatus": max(statuses, key=RANKS.index, default=OVER),
        "activeCalls": list(items),
        "totalActiveCalls": len(items),
    } | more
    return Seen(at, {key: value for key, value in body.items() if value is not None})


def plain(at: float, status: str, **more: Any) -> Seen:
    """A presence event without call details."""
    return Seen(at, {"telephonyStatus": status} | more, PLAIN)


def snapshot(at: float, *items: dict[str, Any], **more: Any) -> Seen:
    """A REST presence; the first one begins the story, any other follows a gap in the connection."""
    return Seen(at, event(at, *items, **more).body, is_snapshot=True)


def told(at: datetime, one: CallEvent, names: dict[str, str]) -> str:
    name = names.setdefault(one.call, chr(ord("A") + len(names)))
    direction = {CallDirection.INBOUND: "in", CallDirection.OUTBOUND: "out", None: "?"}[
        one.direction
    ]
    words = [f"{(at - START).total_seconds():g}", one.type, name, direction]
    if one.queue_call:
        words.append("q")
    if one.duration is not None:
        words.append(f"{one.duration:g}s")
    return " ".join(words)


@dataclass
class Watcher:
    """Does with the service's messages what the integration does, time included."""

    presence: Presence
    calls: Calls
    names: dict[str, str]
    told: list[str]
    last: list[CallEvent]

    def see(self, seen: Seen, sequence: int) -> None:
        now = moment(seen.at)
        self.wait(now)
        if seen.is_snapshot:
            update = update_from_rest({"extension": {"id": 2}, **seen.body})
            assert update
            self.presence = merge(self.presence, update)
            self.calls = resync(self.calls, self.presence, now)
            return
        update = update_from_event(
            Event(
                uri=seen.uri, body={"extensionId": 2, "sequence": sequence, **seen.body}
            )
        )
        assert update
        if not is_before(update, self.presence):
            self.presence = merge(self.presence, update)
            self.step(self.presence, now)

    def wait(self, until: datetime) -> None:
        while (due := self.calls.due) and due <= until.timestamp():
            self.step(None, datetime.fromtimestamp(due, UTC), due)

    def step(
        self, presence: Presence | None, now: datetime, clock: float | None = None
    ) -> None:
        step = advance(self.calls, presence, now, clock)
        with patch.object(calls, "is_party", lambda *_: False):
            # A lone call comes to the same when it is compared with all there is.
            assert step == advance(self.calls, presence, now, clock)
        self.calls = step.state
        self.last.extend(step.events)
        self.told.extend(told(now, one, self.names) for one in step.events)


def watch(story: Iterable[Seen], *, to_the_end: bool = True) -> Watcher:
    steps = list(story)
    first = steps.pop(0) if steps[0].is_snapshot else snapshot(0)
    update = update_from_rest({"extension": {"id": 2}, **first.body})
    assert update
    presence = merge(Presence(extension_id="2"), update)
    watcher = Watcher(presence, resync(Calls(), presence, moment(first.at)), {}, [], [])
    for sequence, seen in enumerate(steps, 1):
        watcher.see(seen, sequence)
    if to_the_end:
        watcher.wait(datetime.max.replace(tzinfo=UTC))
    return watcher


def many(*numbers: int, newest: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    """Calls that talk, the newest one first."""
    items = [call(number, CONNECTED) for number in sorted(numbers, reverse=True)]
    return [newest, *items] if newest else items


def twin(number: int) -> dict[str, Any]:
    """A call that began in the same moment as its twins."""
    return call(number, CONNECTED, startTime=START.isoformat())


INBOUND_STORIES: dict[str, tuple[list[Seen], list[str]]] = {
    "answered and hung up": (
        [event(0, call(1, RINGING)), event(5, call(1, CONNECTED)), event(65, over(1))],
        ["0 ringing A in", "5 answered A in", "65 ended A in 60s"],
    ),
    "missed: the service says at once that it is final": (
        [event(0, call(1, RINGING)), event(20, over(1))],
        ["0 ringing A in", "20 missed A in"],
    ),
    "missed: only the list is empty, so it may still come back for a while": (
        [event(0, call(1, RINGING)), event(20)],
        ["0 ringing A in", "21.5 missed A in"],
    ),
    "missed: NoCall without the word final": (
        [
            event(0, call(1, RINGING)),
            event(20, over(1, terminationType=None)),
            event(20.2),
        ],
        ["0 ringing A in", "21.5 missed A in"],
    ),
    "missed: NoCall, and final a moment later": (
        [
            event(0, call(1, RINGING)),
            event(20, over(1, terminationType=None)),
            event(20.5, over(1)),
        ],
        ["0 ringing A in", "20.5 missed A in"],
    ),
    "the list of calls is left out when the phone is idle again": (
        [
            event(0, call(1, RINGING)),
            event(20, activeCalls=None, totalActiveCalls=None),
        ],
        ["0 ringing A in", "21.5 missed A in"],
    ),
    "one hang-up as two events": (
        [event(0, call(1, CONNECTED)), event(60, over(1)), event(60.1)],
        ["0 answered A in", "60 ended A in 60s"],
    ),
    "one hang-up as two events, the final one last": (
        [event(0, call(1, CONNECTED)), event(60), event(60.1, over(1))],
        ["0 answered A in", "60 ended A in 60s"],
    ),
    "one missed call as two events": (
        [event(0, call(1, RINGING)), event(20, over(1)), event(20.1)],
        ["0 ringing A in", "20 missed A in"],
    ),
    "a call that is final is over whatever its status": (
        [
            event(0, call(1, CONNECTED)),
            event(9, call(1, CONNECTED, terminationType="final")),
        ],
        ["0 answered A in", "9 ended A in 9s"],
    ),
    "a call of which only the end is listed": ([event(0, over(1)), event(1)], []),
    "repeated events": (
        [
            event(0, call(1, RINGING)),
            event(0.1, call(1, RINGING), sequence=1),
            event(5, call(1, CONNECTED)),
            event(5, call(1, CONNECTED), sequence=3),
            event(9, over(1)),
            event(9.1, over(1), sequence=5),
        ],
        ["0 ringing A in", "5 answered A in", "9 ended A in 4s"],
    ),
    "an event that was overtaken": (
        [
            event(0, call(1, RINGING), sequence=10),
            event(5, over(1), sequence=12),
            event(5.1, call(1, CONNECTED), sequence=11),
            event(5.2, call(1, RINGING), sequence=10),
        ],
        ["0 ringing A in", "5 missed A in"],
    ),
    "presence changes during a call": (
        [
            event(0, call(1, RINGING)),
            event(3, call(1, RINGING), dndStatus="DoNotAcceptAnyCalls"),
            event(5, call(1, CONNECTED), presenceStatus="Busy"),
            event(6, call(1, CONNECTED), telephonyStatus=None, userStatus="Busy"),
            event(9, over(1), telephonyStatus=None),
        ],
        ["0 ringing A in", "5 answered A in", "9 ended A in 4s"],
    ),
    "another call of the same caller a minute later": (
        [
            event(0, call(1, RINGING)),
            event(9, over(1)),
            event(60, call(2, RINGING, **{"from": "+15550200001"})),
            event(65, call(2, CONNECTED, **{"from": "+15550200001"})),
            event(70, over(2)),
        ],
        [
            "0 ringing A in",
            "9 missed A in",
            "60 ringing B in",
            "65 answered B in",
            "70 ended B in 5s",
        ],
    ),
    "a caller who tries again at once": (
        [
            event(0, call(1, RINGING)),
            event(9),
            event(10, call(2, RINGING, **{"from": "+15550200001"})),
            event(20, over(2)),
        ],
        ["0 ringing A in", "10 ringing B in", "10.5 missed A in", "20 missed B in"],
    ),
}

OUTBOUND_STORIES: dict[str, tuple[list[Seen], list[str]]] = {
    "dialed and answered": (
        [
            event(0, out(1, RINGING)),
            event(8, out(1, CONNECTED)),
            event(20, over(1, "Outbound")),
        ],
        ["0 dialing A out", "8 answered A out", "20 ended A out 12s"],
    ),
    "dialed in vain is not missed": (
        [event(0, out(1, RINGING)), event(30, over(1, "Outbound"))],
        ["0 dialing A out", "30 ended A out"],
    ),
    "shown as connected from the start": (
        [event(0, out(1, CONNECTED)), event(20, over(1, "Outbound"))],
        ["0 answered A out", "20 ended A out 20s"],
    ),
    "the direction is told late": (
        [
            event(0, call(1, RINGING, None)),
            event(1, out(1, RINGING)),
            event(9, over(1, "Outbound")),
        ],
        ["0 ringing A ?", "9 ended A out"],
    ),
    "no direction ever: whether it was missed is not sure": (
        [event(0, call(1, RINGING, None)), event(9, over(1, None))],
        ["0 ringing A ?", "9 ended A ?"],
    ),
}

LEG_1 = {"sessionId": "400000001004", "from": "+15550200001", "to": ME}
LEG_2 = {"sessionId": "400000003004", "from": ME, "to": "5550200001"}
RING_OUT_STORIES: dict[str, tuple[list[Seen], list[str]]] = {
    "both legs at once": (
        [
            event(0, call(1, RINGING, **LEG_1), out(2, RINGING, **LEG_2)),
            event(5, call(1, CONNECTED, **LEG_1), out(2, RINGING, **LEG_2)),
            event(9, call(1, CONNECTED, **LEG_1), out(2, CONNECTED, **LEG_2)),
            event(20, over(1, **LEG_1), over(2, "Outbound", **LEG_2)),
        ],
        ["0 dialing A out", "5 answered A out", "20 ended A out 15s"],
    ),
    "the second leg comes later": (
        [
            event(0, call(1, RINGING, **LEG_1)),
            event(5, call(1, CONNECTED, **LEG_1)),
            event(6, out(2, RINGING, **LEG_2), call(1, CONNECTED, **LEG_1)),
            event(9, out(2, CONNECTED, **LEG_2), call(1, CONNECTED, **LEG_1)),
            event(20),
        ],
        ["0 ringing A in", "5 answered A in", "20 ended A out 15s"],
    ),
    "the second leg replaces the first": (
        [
            event(0, call(1, RINGING, **LEG_1)),
            event(5, over(1, **LEG_1), out(2, RINGING, **LEG_2)),
            event(9, out(2, CONNECTED, **LEG_2)),
            event(20, over(2, "Outbound", **LEG_2)),
        ],
        ["0 ringing A in", "9 answered A out", "20 ended A out 11s"],
    ),
    "held on one leg": (
        [
            event(0, call(1, CONNECTED, **LEG_1), out(2, CONNECTED, **LEG_2)),
            event(5, call(1, HELD, **LEG_1), out(2, CONNECTED, **LEG_2)),
            event(9, call(1, CONNECTED, **LEG_1), out(2, CONNECTED, **LEG_2)),
            event(20, over(1, **LEG_1), over(2, "Outbound", **LEG_2)),
        ],
        ["0 answered A out", "5 held A out", "9 resumed A out", "20 ended A out 20s"],
    ),
    "two calls with one person are no RingOut": (
        [
            event(0, call(1, CONNECTED, **LEG_1)),
            event(
                5,
                call(1, HELD, **LEG_1),
                out(2, RINGING, **LEG_2 | {"sessionId": "400000009004"}),
            ),
            event(9, call(1, HELD, **LEG_1)),
            event(20),
        ],
        [
            "0 answered A in",
            "5 held A in",
            "5 dialing B out",
            "10.5 ended B out",
            "20 ended A in 20s",
        ],
    ),
}

SEVERAL_STORIES: dict[str, tuple[list[Seen], list[str]]] = {
    "a second call rings while the first talks, and is missed": (
        [
            event(0, call(1, CONNECTED)),
            event(5, call(1, CONNECTED), call(2, RINGING)),
            event(25, call(1, CONNECTED), over(2)),
            event(26, call(1, CONNECTED)),
            event(60, over(1)),
        ],
        ["0 answered A in", "5 ringing B in", "25 missed B in", "60 ended A in 60s"],
    ),
    "the first call ends while the second rings": (
        [
            event(0, call(1, CONNECTED)),
            event(5, call(1, CONNECTED), call(2, RINGING)),
            event(7, over(1), call(2, RINGING)),
            event(9, call(2, CONNECTED)),
            event(20, over(2)),
        ],
        [
            "0 answered A in",
            "5 ringing B in",
            "7 ended A in 7s",
            "9 answered B in",
            "20 ended B in 11s",
        ],
    ),
    "the second call is answered, the first held; swap; both end": (
        [
            event(0, call(1, CONNECTED)),
            event(5, call(2, RINGING), call(1, CONNECTED)),
            event(8, call(2, CONNECTED), call(1, HELD)),
            event(20, call(2, HELD), call(1, CONNECTED)),
            event(30, call(2, HELD), over(1)),
            event(31, call(2, CONNECTED)),
            event(40, over(2)),
        ],
        [
            "0 answered A in",
            "5 ringing B in",
            "8 held A in",
            "8 answered B in",
            "20 held B in",
            "20 resumed A in",
            "30 ended A in 30s",
            "31 resumed B in",
            "40 ended B in 32s",
        ],
    ),
    "all at once: one ends, one is held, one is answered, one rings": (
        [
            event(0, call(1, CONNECTED), call(2, HELD), call(3, RINGING)),
            event(5, call(3, CONNECTED), call(2, CONNECTED), over(1), call(4, RINGING)),
        ],
        [
            "0 held A in",
            "0 answered B in",
            "0 ringing C in",
            "5 ended B in 5s",
            "5 resumed A in",
            "5 answered C in",
            "5 ringing D in",
        ],
    ),
    "a call to oneself: one session, two directions": (
        [
            event(0, out(1, RINGING, partyId="p-1-1"), call(1, RINGING)),
            event(5, out(1, CONNECTED, partyId="p-1-1"), call(1, CONNECTED)),
            event(9, over(1, "Outbound", partyId="p-1-1"), over(1)),
        ],
        [
            "0 dialing A out",
            "0 ringing B in",
            "5 answered A out",
            "5 answered B in",
            "9 ended A out 4s",
            "9 ended B in 4s",
        ],
    ),
    "an eighth call pushes the first out of the list, which talks on": (
        [
            event(0, *many(1, 2, 3, 4, 5, 6)),
            event(1, *many(1, 2, 3, 4, 5, 6, newest=call(7, RINGING))),
            event(
                2, *many(2, 3, 4, 5, 6, 7, newest=call(8, RINGING)), totalActiveCalls=8
            ),
            event(9, *many(2, 3, 4, 5, 6, 7, newest=over(8)), totalActiveCalls=8),
            event(10, *many(1, 2, 3, 4, 5, 6, 7)),
            event(20, *many(2, 3, 4, 5, 6, 7)),
        ],
        [
            *(f"0 answered {name} in" for name in "ABCDEF"),
            "1 ringing G in",
            "2 answered G in",
            "2 ringing H in",
            "9 missed H in",
            "20 ended F in 20s",
        ],
    ),
    "as documented: held, and another one rings": (
        [
            event(
                0,
                out(1, HELD, queueCall=True),
                call(2, RINGING, id="s-2", queueCall=False),
            ),
            event(9, out(1, HELD, queueCall=True)),
        ],
        ["0 held A out q", "0 ringing B in", "10.5 missed B in"],
    ),
    "as documented: connected, and one listed as NoCall that still counts": (
        [
            event(
                0,
                call(1, CONNECTED, queueCall=True),
                out(2, OVER, startTime=moment(1).isoformat()),
                totalActiveCalls=2,
            ),
            event(9, call(1, CONNECTED, queueCall=True)),
        ],
        ["0 answered A in q"],
    ),
    "one of eight ends, and the total does not count it any more": (
        [
            event(0, *many(1)),
            event(1, *many(1, 2, 3, 4, 5, 6, 7)),
            event(2, *many(2, 3, 4, 5, 6, 7, 8), totalActiveCalls=8),
            event(9, *many(2, 3, 4, 5, 6, 7, newest=over(8)), totalActiveCalls=7),
            event(10, *many(1, 2, 3, 4, 5, 6, 7)),
        ],
        [
            "0 answered A in",
            *(f"1 answered {name} in" for name in "BCDEFG"),
            "2 answered H in",
            "9 ended H in 7s",
        ],
    ),
    "one call comes to light beside one like it that is new": (
        [
            snapshot(0, *many(2, 3, 4, 5, 6, 7, 8), totalActiveCalls=8),
            event(
                9,
                *many(4, 5, 6, 7, 8),
                call(9, CONNECTED, **NO_IDS),
                call(9, CONNECTED, **NO_IDS),
            ),
        ],
        ["9 ended A in", "9 ended B in", "9 answered C in"],
    ),
    "seven calls end at once": (
        [
            event(0, *many(1, 2, 3, 4, 5, 6, 7)),
            event(9, *(over(number) for number in range(1, 8)), totalActiveCalls=7),
        ],
        [
            *(f"0 answered {name} in" for name in "ABCDEFG"),
            *(f"9 ended {name} in 9s" for name in "ABCDEFG"),
        ],
    ),
    "calls that the list had no room for are no news when it has": (
        [
            snapshot(0, *many(3, 4, 5, 6, 7, 8, 9), totalActiveCalls=9),
            event(5, *many(2, 3, 4, 5, 6, 7, 8), totalActiveCalls=8),
            event(6, *many(1, 2, 3, 4, 5, 6, 7)),
            event(7, *many(2, 3, 4, 5, 6, 7)),
        ],
        ["5 ended A in", "6 ended B in", "7 ended C in"],
    ),
    "two that began in one moment take turns at the end of a full list": (
        [
            snapshot(0, *many(3, 4, 5, 6, 7, 8), twin(2), totalActiveCalls=8),
            event(5, *many(3, 4, 5, 6, 7, 8), twin(1), totalActiveCalls=8),
            event(9, *many(3, 4, 5, 6, 7, 8), twin(1), totalActiveCalls=7),
            event(10, *many(3, 4, 5, 6, 7, 8)),
        ],
        ["9 ended A in", "10 ended B in"],
    ),
    "one ends, and another that began with it comes to light": (
        [
            snapshot(0, *many(3, 4, 5, 6, 7, 8), twin(2), totalActiveCalls=8),
            event(5, *many(3, 4, 5, 6, 7, 8), twin(1), totalActiveCalls=7),
        ],
        ["5 ended A in"],
    ),
    "one of a full list goes on with all ids new": (
        [
            snapshot(
                0, *many(3, 4, 5, 6, 7, 8), call(2, CONNECTED), totalActiveCalls=8
            ),
            event(
                5,
                *many(3, 4, 5, 6, 7, 8),
                call(1, HELD, **{"from": "+15550200002"}),
                totalActiveCalls=8,
            ),
        ],
        ["5 held A in"],
    ),
}

HOLD_AND_PARK_STORIES: dict[str, tuple[list[Seen], list[str]]] = {
    "hold and resume": (
        [
            event(0, call(1, RINGING)),
            event(5, call(1, CONNECTED)),
            event(10, call(1, HELD)),
            event(40, call(1, CONNECTED)),
            event(50, over(1)),
        ],
        [
            "0 ringing A in",
            "5 answered A in",
            "10 held A in",
            "40 resumed A in",
            "50 ended A in 45s",
        ],
    ),
    "the other end hangs up while held": (
        [event(0, call(1, CONNECTED)), event(10, call(1, HELD)), event(20, over(1))],
        ["0 answered A in", "10 held A in", "20 ended A in 20s"],
    ),
    "parked: the one who parks it has no call any more": (
        [event(0, call(1, CONNECTED)), event(10, over(1))],
        ["0 answered A in", "10 ended A in 10s"],
    ),
    "parked and retrieved at the same extension; the time parked is not talked": (
        [
            event(0, call(1, CONNECTED)),
            event(10, call(1, PARKED)),
            event(40, call(1, CONNECTED, partyId="p-1-7", id="other")),
            event(45, over(1, partyId="p-1-7", id="other")),
        ],
        [
            "0 answered A in",
            "10 parked A in 10s",
            "40 resumed A in",
            "45 ended A in 15s",
        ],
    ),
    "a park location": (
        [
            event(0, call(1, PARKED)),
            event(30, call(1, PARKED), call(2, PARKED)),
            event(40, call(2, PARKED)),
            event(50),
        ],
        ["0 parked A in", "30 parked B in", "40 ended A in", "50 ended B in"],
    ),
    "retrieved with new ids": (
        [
            event(0, call(1, CONNECTED)),
            event(10, call(1, PARKED)),
            event(40, call(2, CONNECTED, **{"from": "+15550200001"})),
            event(45, over(2)),
        ],
        [
            "0 answered A in",
            "10 parked A in 10s",
            "40 resumed A in",
            "45 ended A in 15s",
        ],
    ),
    "a parked call rings back as another party": (
        [
            event(0, call(1, CONNECTED)),
            event(10, call(1, PARKED)),
            event(70, call(1, RINGING, partyId="p-1-9")),
            event(75, call(1, CONNECTED, partyId="p-1-9")),
            event(80, over(1, partyId="p-1-9")),
        ],
        [
            "0 answered A in",
            "10 parked A in 10s",
            "70 ended A in 10s",
            "70 ringing B in",
            "75 answered B in",
            "80 ended B in 5s",
        ],
    ),
    "talk that rings again is told once": (
        [
            event(0, call(1, RINGING)),
            event(5, call(1, CONNECTED)),
            event(9, call(1, RINGING)),
            event(11, call(1, CONNECTED)),
            event(12, call(1, RINGING)),
            event(15, over(1)),
        ],
        ["0 ringing A in", "5 answered A in", "11 resumed A in", "15 ended A in 5s"],
    ),
}

FLAP_STORIES: dict[str, tuple[list[Seen], list[str]]] = {
    "Ringing, NoCall, Ringing, CallConnected": (
        [
            event(0, call(1, RINGING)),
            event(1, over(1, terminationType=None)),
            event(2.4, call(1, RINGING)),
            event(6, call(1, CONNECTED)),
            event(10, over(1)),
        ],
        ["0 ringing A in", "6 answered A in", "10 ended A in 4s"],
    ),
    "the same for an outbound call, with an empty list": (
        [
            event(0, out(1, RINGING)),
            event(1),
            event(1.3, out(1, RINGING)),
            event(6, out(1, CONNECTED)),
            event(9),
        ],
        ["0 dialing A out", "6 answered A out", "9 ended A out 3s"],
    ),
    "straight from the gap to connected": (
        [
            event(0, call(1, RINGING)),
            event(3),
            event(4.4, call(1, CONNECTED)),
            event(9, over(1)),
        ],
        ["0 ringing A in", "4.4 answered A in", "9 ended A in 4.6s"],
    ),
    "two gaps in a row, the second one real": (
        [event(0, call(1, RINGING)), event(1), event(2, call(1, RINGING)), event(3)],
        ["0 ringing A in", "4.5 missed A in"],
    ),
    "a gap of 1.5 s is an end": (
        [
            event(0, call(1, RINGING)),
            event(1),
            event(2.5, call(1, RINGING)),
            event(9, over(1)),
        ],
        ["0 ringing A in", "2.5 missed A in", "2.5 ringing A in", "9 missed A in"],
    ),
    "a gap while another call talks": (
        [
            event(0, call(1, CONNECTED)),
            event(1, call(1, CONNECTED), call(2, RINGING)),
            event(2, call(1, CONNECTED)),
            event(3, call(1, CONNECTED), call(2, RINGING)),
            event(4, call(1, HELD), call(2, CONNECTED)),
        ],
        ["0 answered A in", "1 ringing B in", "4 held A in", "4 answered B in"],
    ),
    "a gap without call details": (
        [
            plain(0, RINGING),
            plain(1, OVER),
            plain(2, RINGING),
            plain(5, CONNECTED),
            plain(9, OVER),
        ],
        ["0 ringing A ?", "5 answered A ?", "9 ended A ? 4s"],
    ),
}

IDENTITY_STORIES: dict[str, tuple[list[Seen], list[str]]] = {
    "answered on another device: another party of the session": (
        [
            event(0, call(1, RINGING)),
            event(5, over(1), call(1, CONNECTED, partyId="p-1-3", id="other")),
            event(9, over(1, partyId="p-1-3", id="other")),
        ],
        ["0 ringing A in", "5 answered A in", "9 ended A in 4s"],
    ),
    "answered on another device: intermediate first, connected later": (
        [
            event(0, call(1, RINGING)),
            event(5, over(1, terminationType="intermediate")),
            event(5.5, call(1, CONNECTED, partyId="p-1-3")),
            event(9, over(1, partyId="p-1-3")),
        ],
        ["0 ringing A in", "5.5 answered A in", "9 ended A in 3.5s"],
    ),
    "connected on another device, says the service, so not missed": (
        [event(0, call(1, RINGING)), event(5, over(1, terminationType="intermediate"))],
        ["0 ringing A in", "6.5 ended A in"],
    ),
    "answered on another device with all ids new": (
        [
            event(0, call(1, RINGING)),
            event(5, call(2, CONNECTED, startTime=moment(1).isoformat())),
            event(9),
        ],
        ["0 ringing A in", "5 answered A in", "9 ended A in 4s"],
    ),
    "session id 0 and nothing else": (
        [
            event(0, call(1, RINGING, **ZERO_IDS)),
            event(5, call(1, CONNECTED, **ZERO_IDS)),
            event(8, call(1, HELD, **ZERO_IDS)),
            event(9, over(1, **ZERO_IDS)),
        ],
        ["0 ringing A in", "5 answered A in", "8 held A in", "9 ended A in 4s"],
    ),
    "two calls with session id 0": (
        [
            event(0, call(1, CONNECTED, **ZERO_IDS)),
            event(5, call(2, RINGING, **ZERO_IDS), call(1, CONNECTED, **ZERO_IDS)),
            event(8, call(1, HELD, **ZERO_IDS), call(2, CONNECTED, **ZERO_IDS)),
            event(9, call(2, CONNECTED, **ZERO_IDS), over(1, **ZERO_IDS)),
            event(12),
        ],
        [
            "0 answered A in",
            "5 ringing B in",
            "8 held A in",
            "8 answered B in",
            "9 ended A in 9s",
            "12 ended B in 4s",
        ],
    ),
    "two calls without ids or numbers": (
        [
            event(0, call(1, CONNECTED, **NO_IDS, **{"from": None})),
            event(
                5,
                call(1, CONNECTED, **NO_IDS, **{"from": None}),
                call(2, RINGING, **NO_IDS, **{"from": None}),
            ),
            event(9, call(1, CONNECTED, **NO_IDS, **{"from": None})),
            event(20),
        ],
        ["0 answered A in", "5 ringing B in", "10.5 missed B in", "20 ended A in 20s"],
    ),
    "a call without ids goes as one from another number comes": (
        [
            event(0, call(1, RINGING, **NO_IDS)),
            event(5, call(2, RINGING, **NO_IDS)),
            event(9, over(2, **NO_IDS)),
        ],
        ["0 ringing A in", "5 ringing B in", "6.5 missed A in", "9 missed B in"],
    ),
    "two calls without ids, and one of them withholds its number": (
        [
            event(0, call(1, CONNECTED, **NO_IDS)),
            event(
                5,
                call(1, HELD, **NO_IDS),
                call(2, CONNECTED, **NO_IDS, **{"from": None}),
            ),
            event(
                9,
                call(2, HELD, **NO_IDS, **{"from": None}),
                call(1, CONNECTED, **NO_IDS),
            ),
            event(12, over(1, **NO_IDS), call(2, HELD, **NO_IDS, **{"from": None})),
            event(15),
        ],
        [
            "0 answered A in",
            "5 held A in",
            "5 answered B in",
            "9 held B in",
            "9 resumed A in",
            "12 ended A in 12s",
            "15 ended B in 10s",
        ],
    ),
    "ids that come and go": (
        [
            event(0, call(1, RINGING)),
            event(2, call(1, RINGING, **NO_IDS)),
            event(5, call(1, CONNECTED, **OLD_IDS)),
            event(7, call(1, HELD, id=None, sessionId="0", startTime=None)),
            event(9, over(1)),
        ],
        ["0 ringing A in", "5 answered A in", "7 held A in", "9 ended A in 4s"],
    ),
    "an item as of 2016": (
        [
            event(0, call(1, RINGING, **OLD_IDS), totalActiveCalls=None),
            event(20, over(1, **OLD_IDS), totalActiveCalls=None),
        ],
        ["0 ringing A in", "20 missed A in"],
    ),
    "an item without a status": (
        [
            event(0, call(1, RINGING)),
            event(2, call(1, RINGING, telephonyStatus=None), telephonyStatus=None),
            event(5, call(1, RINGING, telephonyStatus=None), telephonyStatus=CONNECTED),
            event(9, over(1)),
        ],
        ["0 ringing A in", "5 answered A in", "9 ended A in 4s"],
    ),
    "two devices ring, each listed, and one of them is answered": (
        [
            event(0, call(1, RINGING), call(1, RINGING, partyId="p-1-3", id="other")),
            event(5, call(1, CONNECTED), over(1, partyId="p-1-3", id="other")),
            event(6, call(1, CONNECTED)),
            event(9, over(1)),
        ],
        ["0 ringing A in", "5 answered A in", "9 ended A in 4s"],
    ),
    "two devices ring and stop one after the other": (
        [
            event(0, call(1, RINGING), call(1, RINGING, partyId="p-1-3", id="other")),
            event(5, over(1), call(1, RINGING, partyId="p-1-3", id="other")),
            event(6, over(1, partyId="p-1-3", id="other")),
        ],
        ["0 ringing A in", "6 missed A in"],
    ),
    "one item listed twice": (
        [
            event(0, call(1, RINGING), call(1, RINGING)),
            event(5, call(1, CONNECTED), call(1, CONNECTED)),
            event(9, over(1), over(1)),
        ],
        ["0 ringing A in", "5 answered A in", "9 ended A in 4s"],
    ),
    "an item that never says how far its call is": (
        [
            event(0, call(1, RINGING), call(2, RINGING, telephonyStatus=None)),
            event(5, call(1, CONNECTED), call(2, RINGING, telephonyStatus=None)),
            event(9),
        ],
        ["0 ringing A in", "5 answered A in", "9 ended A in 4s"],
    ),
    "a queue rings three members and another one answers": (
        [event(0, call(1, RINGING, queueCall=True)), event(9, over(1, queueCall=True))],
        ["0 ringing A in q", "9 missed A in q"],
    ),
    "a queue rings the same member again": (
        [
            event(0, call(1, RINGING, queueCall=True)),
            event(20, over(1, queueCall=True)),
            event(40, call(1, RINGING, queueCall=True, partyId="p-1-5")),
            event(45, call(1, CONNECTED, queueCall=True, partyId="p-1-5")),
            event(60, over(1, queueCall=True, partyId="p-1-5")),
        ],
        [
            "0 ringing A in q",
            "20 missed A in q",
            "40 ringing B in q",
            "45 answered B in q",
            "60 ended B in q 15s",
        ],
    ),
}

PLAIN_STORIES: dict[str, tuple[list[Seen], list[str]]] = {
    "ringing, answered, held, resumed, over": (
        [
            plain(0, RINGING),
            plain(5, CONNECTED),
            plain(8, HELD),
            plain(10, CONNECTED),
            plain(20, OVER),
        ],
        [
            "0 ringing A ?",
            "5 answered A ?",
            "8 held A ?",
            "10 resumed A ?",
            "20 ended A ? 15s",
        ],
    ),
    "never answered: missed is not sure, it may have been outbound": (
        [plain(0, RINGING), plain(20, OVER)],
        ["0 ringing A ?", "21.5 ended A ?"],
    ),
    "parked": (
        [plain(0, PARKED), plain(9, RINGING), plain(12, PARKED), plain(20, OVER)],
        ["0 parked A ?", "9 ringing B ?", "13.5 ended B ?", "20 ended A ?"],
    ),
    "talk, and then another call rings": (
        [plain(0, CONNECTED), plain(9, RINGING), plain(12, CONNECTED), plain(20, OVER)],
        [
            "0 answered A ?",
            "9 ended A ? 9s",
            "9 ringing B ?",
            "12 answered B ?",
            "20 ended B ? 8s",
        ],
    ),
    "a status of next year says nothing": (
        [
            plain(0, RINGING),
            plain(1, "CallTransferred"),
            plain(5, CONNECTED),
            plain(9, OVER),
        ],
        ["0 ringing A ?", "5 answered A ?", "9 ended A ? 4s"],
    ),
    "the same change over both filters": (
        [
            plain(0, RINGING, sequence=1),
            event(0.1, call(1, RINGING), sequence=1),
            plain(5, CONNECTED, sequence=2),
            event(5.1, call(1, CONNECTED), sequence=2),
            event(9, over(1), sequence=3),
            plain(9.1, OVER, sequence=3),
        ],
        ["0 ringing A ?", "5 answered A in", "9 ended A in 4s"],
    ),
    "the same missed call over both filters": (
        [
            event(0, call(1, RINGING), sequence=1),
            plain(0.1, RINGING, sequence=1),
            plain(9, OVER, sequence=2),
            event(9.1, over(1), sequence=2),
        ],
        ["0 ringing A in", "9.1 missed A in"],
    ),
    "plain first, and the details know that it was missed": (
        [plain(0, RINGING), event(9, over(1))],
        ["0 ringing A ?", "9 missed A in"],
    ),
    "details come while two calls are hidden behind one status": (
        [
            plain(0, CONNECTED),
            event(5, call(1, HELD), call(2, CONNECTED), call(3, RINGING)),
            event(9),
        ],
        [
            "0 answered A ?",
            "5 ringing B in",
            "9 ended A in 9s",
            "9 ended C in",
            "10.5 missed B in",
        ],
    ),
    "details go: one of two calls must have ended": (
        [
            event(0, call(1, CONNECTED), call(2, HELD)),
            plain(5, HELD),
            plain(9, CONNECTED),
            plain(12, OVER),
        ],
        [
            "0 held A in",
            "0 answered B in",
            "5 ended B in 5s",
            "9 resumed A in",
            "12 ended A in 12s",
        ],
    ),
}

SNAPSHOT_STORIES: dict[str, tuple[list[Seen], list[str]]] = {
    "a start in the middle of calls tells nothing, their ends are told": (
        [
            snapshot(0, call(1, CONNECTED), call(2, RINGING)),
            event(1, call(1, CONNECTED), call(2, RINGING)),
            event(5, over(1), call(2, RINGING)),
            event(9, over(2)),
        ],
        ["5 ended A in", "9 missed B in"],
    ),
    "a start while ringing, answered later": (
        [
            snapshot(0, call(1, RINGING)),
            event(5, call(1, CONNECTED)),
            event(9, over(1)),
        ],
        ["5 answered A in", "9 ended A in 4s"],
    ),
    "a start while it is final tells nothing": ([snapshot(0, over(1)), event(1)], []),
    "a start without details": (
        [
            snapshot(0, activeCalls=None, telephonyStatus=CONNECTED),
            event(5, call(1, HELD), call(2, CONNECTED)),
            event(9),
        ],
        ["9 ended A in", "9 ended B in"],
    ),
    "a gap in the connection: what went unseen is not told": (
        [
            event(0, call(1, RINGING), call(2, CONNECTED)),
            snapshot(60, call(1, CONNECTED), call(3, RINGING)),
            event(70, over(1), call(3, CONNECTED)),
            event(80, over(3)),
        ],
        [
            "0 answered A in",
            "0 ringing B in",
            "70 ended B in",
            "70 answered C in",
            "80 ended C in 10s",
        ],
    ),
    "a gap in the connection in which nothing changed": (
        [
            event(0, call(1, CONNECTED)),
            snapshot(60, call(1, CONNECTED)),
            event(70, over(1)),
        ],
        ["0 answered A in", "70 ended A in 70s"],
    ),
    "a gap in which talk was parked": (
        [
            event(0, call(1, CONNECTED)),
            snapshot(60, call(1, PARKED)),
            event(70, call(1, CONNECTED)),
            event(80, over(1)),
        ],
        ["0 answered A in", "70 resumed A in", "80 ended A in"],
    ),
    "a missed call whose end was seen before the gap": (
        [
            event(0, call(1, RINGING)),
            event(9),
            snapshot(10),
            event(20, call(2, RINGING)),
        ],
        ["0 ringing A in", "10.5 missed A in", "20 ringing B in"],
    ),
    "a missed call that the snapshot finds ringing again": (
        [
            event(0, call(1, RINGING)),
            event(9),
            snapshot(10, call(1, RINGING)),
            event(20, call(1, CONNECTED)),
        ],
        ["0 ringing A in", "20 answered A in"],
    ),
}

STORIES = {
    f"{kind}: {name}": story
    for kind, stories in {
        "inbound": INBOUND_STORIES,
        "outbound": OUTBOUND_STORIES,
        "RingOut": RING_OUT_STORIES,
        "several": SEVERAL_STORIES,
        "hold and park": HOLD_AND_PARK_STORIES,
        "flap": FLAP_STORIES,
        "identity": IDENTITY_STORIES,
        "plain": PLAIN_STORIES,
        "snapshot": SNAPSHOT_STORIES,
    }.items()
    for name, story in stories.items()
}


@pytest.mark.parametrize(("story", "expected"), STORIES.values(), ids=STORIES)
def test_story(story: list[Seen], expected: list[str]) -> None:
    assert watch(story).told == expected


# What the integration shows: on_call, ringing, in_progress, who is foremost.


def shown(watcher: Watcher) -> tuple[bool, bool, int]:
    calls = watcher.calls
    return calls.on_call, calls.ringing, calls.in_progress


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        ((), (False, False, 0)),
        ((call(1, RINGING),), (False, True, 1)),
        ((out(1, RINGING),), (False, False, 1)),
        ((call(1, RINGING, None),), (False, True, 1)),
        ((call(1, CONNECTED),), (True, False, 1)),
        ((call(1, HELD), call(2, RINGING)), (True, True, 2)),
        ((call(1, PARKED),), (False, False, 1)),
        ((call(1, CONNECTED), over(2)), (True, False, 1)),
    ],
)
def test_what_is_shown(
    items: tuple[dict[str, Any], ...], expected: tuple[bool, bool, int]
) -> None:
    assert shown(watch([event(0, *items)])) == expected
    assert shown(watch([snapshot(0, *items)])) == expected


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (OVER, (False, False, 0)),
        (RINGING, (False, True, 1)),
        (CONNECTED, (True, False, 1)),
        (HELD, (True, False, 1)),
        (PARKED, (False, False, 1)),
    ],
)
def test_what_is_shown_without_call_details(
    status: str, expected: tuple[bool, bool, int]
) -> None:
    assert shown(watch([plain(0, status)])) == expected


def test_nothing_flaps_while_a_ringing_call_may_come_back() -> None:
    watcher = watch([event(0, call(1, RINGING)), event(5)], to_the_end=False)
    assert shown(watcher) == (False, True, 1)
    assert watcher.calls.due == moment(6.5).timestamp()
    watcher.wait(moment(6.5))
    assert shown(watcher) == (False, False, 0)
    assert watcher.calls.due is None


def test_on_call_is_never_late() -> None:
    watcher = watch([event(0, call(1, CONNECTED)), event(5)], to_the_end=False)
    assert shown(watcher) == (False, False, 0)
    assert watcher.calls.due is None


def test_a_repeated_timer_tells_nothing_more() -> None:
    watcher = watch([event(0, call(1, RINGING)), event(5)])
    before = watcher.calls
    assert advance(before, None, moment(100)).events == ()
    assert advance(before, watcher.presence, moment(100)).state is before


def test_a_timer_that_fires_too_early_waits_on() -> None:
    watcher = watch([event(0, call(1, RINGING)), event(5)], to_the_end=False)
    step = advance(watcher.calls, None, moment(6.4))
    assert (step.events, step.state.due) == ((), moment(6.5).timestamp())


def test_a_clock_set_back_does_not_keep_a_call_ringing() -> None:
    watcher = watch([event(0, call(1, RINGING)), event(5)], to_the_end=False)
    step = advance(watcher.calls, None, moment(-3600), moment(6.5).timestamp())
    assert [one.type for one in step.events] == [CallEventType.MISSED]
    assert not step.state.ringing


def test_more_calls_than_are_listed_are_counted() -> None:
    watcher = watch([snapshot(0, *many(*range(3, 10)), totalActiveCalls=9)])
    assert watcher.calls.in_progress == 9
    watcher = watch([event(0, *many(*range(3, 10)), totalActiveCalls=9)])
    assert watcher.calls.in_progress == 9


def test_a_call_that_ends_does_not_count_though_the_total_counts_it() -> None:
    items = call(1, CONNECTED), over(2)
    watcher = watch([event(0, *items, totalActiveCalls=2)])
    assert watcher.calls.in_progress == 1


def test_the_longest_call_is_the_one_that_began_first() -> None:
    watcher = watch([event(9, call(4, CONNECTED), call(2, HELD), call(7, RINGING))])
    assert watcher.calls.longest_began == moment(2)
    assert watch([event(9)]).calls.longest_began is None


def test_a_call_without_a_start_time_began_when_it_was_seen() -> None:
    watcher = watch([event(9, call(4, RINGING, startTime=None))])
    assert watcher.calls.longest_began == moment(9)
    watcher.see(event(12, call(4, RINGING)), 9)
    assert watcher.calls.longest_began == moment(4), "the service knows better"


def test_a_call_that_was_there_before_us_began_nobody_knows_when() -> None:
    story = [snapshot(0, call(4, CONNECTED, startTime=None)), event(9)]
    watcher = watch(story[:1])
    assert watcher.calls.longest_began is None
    ended = watch(story).last[0]
    assert (ended.started_at, ended.duration) == (None, None)


@pytest.mark.parametrize(
    ("items", "number"),
    [
        ((call(1, CONNECTED), call(2, RINGING)), 1),
        ((call(1, HELD), call(2, CONNECTED)), 2),
        ((call(1, HELD), call(2, RINGING)), 2),
        ((call(1, HELD), out(2, RINGING)), 2),
        ((call(1, HELD), call(2, HELD)), 2),
        ((call(1, PARKED),), 1),
    ],
)
def test_who_is_on_the_line(items: tuple[dict[str, Any], ...], number: int) -> None:
    foremost = watch([event(0, *items)]).calls.foremost
    assert foremost
    assert foremost.number == f"+1555020{number:04}"


def test_nobody_is_on_the_line() -> None:
    assert watch([event(0)]).calls.foremost is None
    nameless = watch([plain(0, CONNECTED)]).calls.foremost
    assert nameless
    assert (nameless.number, nameless.name) == (None, None)


def test_an_event_tells_who_the_other_party_is() -> None:
    names = {"fromName": "Alice", "toName": "Bob"}
    inbound = watch([event(0, call(1, RINGING, **names))]).last[0]
    assert (inbound.number, inbound.name) == ("+15550200001", "Alice")
    outbound = watch([event(0, out(1, RINGING, **names))]).last[0]
    assert (outbound.number, outbound.name) == ("+15550200001", "Bob")
    unsure = watch([event(0, call(1, RINGING, None, **names))]).last[0]
    assert (unsure.number, unsure.name) == (None, None)


def test_what_an_item_leaves_out_is_kept() -> None:
    first = call(1, RINGING, fromName="Alice", queueCall=True)
    then = call(1, CONNECTED, startTime=None, **{"from": None})
    answered = watch([event(0, first), event(5, then)]).last[1]
    assert (answered.name, answered.number) == ("Alice", "+15550200001")
    assert (answered.queue_call, answered.started_at) == (True, moment(1))


def test_the_key_of_a_call_is_the_services_best_id() -> None:
    def key(**ids: Any) -> str:
        return watch([event(0, call(1, RINGING, **ids))]).last[0].call

    assert key() == "s-1/p-1-2"
    assert key(partyId=None) == "4000000017004"
    assert key(partyId=None, sessionId="0") == "s-1"
    assert key(**OLD_IDS) == "4000000017004"
    assert key(**OLD_IDS | {"sessionId": "0"}) == "id1"
    assert key(**ZERO_IDS) == "#1"


def test_two_calls_never_share_a_key() -> None:
    inbound, outbound = call(1, RINGING, **OLD_IDS), out(1, RINGING, **OLD_IDS)
    keys = {one.call for one in watch([event(0, inbound, outbound)]).last}
    assert len(keys) == 2


def test_nobody_shows_in_a_repr() -> None:
    item = call(1, RINGING, fromName="Alice", toName="Bob")
    watcher = watch([event(0, item), event(5)], to_the_end=False)
    text = repr((watcher.calls, watcher.last))
    for secret in ("5550200001", ME, "Alice", "Bob"):
        assert secret not in text


def test_an_endless_session_id_is_no_number() -> None:
    ids = {"sessionId": "4" * 5000}
    story = [event(0, call(1, RINGING, **LEG_1), out(2, RINGING, **LEG_2 | ids))]
    assert watch(story, to_the_end=False).told == ["0 dialing A out", "0 ringing B in"]


@pytest.mark.parametrize("step", [timedelta(days=400), timedelta(days=-400)])
def test_a_clock_that_is_set_changes_no_duration(step: timedelta) -> None:
    """What is shown is the time; what is measured is measured by a clock that nobody sets."""
    connected = Presence("2", telephony_status=TelephonyStatus.CALL_CONNECTED)
    idle = Presence("2", telephony_status=TelephonyStatus.NO_CALL)
    now = moment(0)
    ongoing = advance(Calls(), connected, now, 100.0).state
    (ended,) = advance(ongoing, idle, now + step, 104.0).events
    assert ended.duration == 4.0
    ringing = Presence("2", telephony_status=TelephonyStatus.RINGING)
    rings = advance(Calls(), ringing, now, 100.0).state
    gone = advance(rings, idle, now + step, 101.0).state
    assert advance(gone, None, now, 102.0).events == ()
    assert advance(gone, None, now, 102.5).events


def test_an_event_names_the_queue_and_the_number_that_was_called() -> None:
    info = {"primary": {"type": "QueueName", "value": "Sales"}}
    rings = call(1, RINGING, callInfo=info)
    watcher = watch([event(0, rings), event(2, call(1, CONNECTED))], to_the_end=False)
    answered = watcher.last[-1]
    assert (answered.queue, answered.called_number) == ("Sales", ME)
    assert "Sales" not in repr(answered)
    assert ME not in repr(answered)
