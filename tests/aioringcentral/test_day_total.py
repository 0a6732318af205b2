"""Sums of a day: what counts, for which day, and what odd storage leaves of it."""

from datetime import date
from typing import Any

import pytest

from aioringcentral.calls.day_total import DayTotal, ended, missed, talked, talked_by
from aioringcentral.calls.state import Call, CallEvent, CallEventType, CallPhase, Calls

MONDAY, TUESDAY = date(2026, 11, 30), date(2026, 12, 1)


def event(kind: CallEventType, duration: float | None = None) -> CallEvent:
    return CallEvent(kind, "1", None, None, None, duration)


def test_another_day_begins_with_nothing() -> None:
    kept = DayTotal(MONDAY).plus(2).plus(3)

    assert kept.on(MONDAY) == DayTotal(MONDAY, 5)
    assert kept.on(TUESDAY) == DayTotal(TUESDAY, 0)


def test_a_sum_outlives_being_stored_for_its_own_day_only() -> None:
    stored = DayTotal(MONDAY, 12.5).as_dict()

    assert DayTotal.from_dict(stored, MONDAY) == DayTotal(MONDAY, 12.5)
    assert DayTotal.from_dict(stored, TUESDAY) == DayTotal(TUESDAY, 0)


@pytest.mark.parametrize(
    "odd",
    [
        {},
        {"day": "2026-11-30"},
        {"day": "2026-11-30", "total": None},
        {"day": "2026-11-30", "total": True},
        {"day": "2026-11-30", "total": "7"},
        {"day": "2026-11-30", "total": float("nan")},
        {"day": "2026-11-30", "total": float("inf")},
        {"day": "2026-11-30", "total": -3},
        {"day": 5, "total": 3},
    ],
)
def test_odd_storage_is_nothing(odd: dict[str, Any]) -> None:
    assert DayTotal.from_dict(odd, MONDAY) == DayTotal(MONDAY, 0)


@pytest.mark.parametrize("kind", CallEventType)
def test_each_call_counts_when_it_is_over(kind: CallEventType) -> None:
    is_missed = kind is CallEventType.MISSED
    assert missed(event(kind), 100.0) == is_missed
    assert ended(event(kind), 100.0) == (is_missed or kind is CallEventType.ENDED)


def test_the_time_of_a_parked_call_counts_once() -> None:
    parked = event(CallEventType.PARKED, 60.0)
    over = event(CallEventType.ENDED, 60.0)

    assert talked(parked, 1000.0) + talked(over, 1000.0) == 60.0


def test_what_was_not_all_seen_adds_no_time() -> None:
    assert talked(event(CallEventType.ENDED), 1000.0) == 0.0
    assert talked(event(CallEventType.MISSED), 1000.0) == 0.0


def test_a_call_over_midnight_has_a_part_in_each_day() -> None:
    # It has gone on for 300 seconds, and midnight was 100 seconds ago.
    talk = Call("1", CallPhase.CONNECTED, answered=True, talking_since=1000.0)
    ring = Call("2", CallPhase.RINGING)
    unseen = Call("3", CallPhase.HELD, answered=True, talked=None)
    calls = Calls(calls=(talk, ring, unseen))

    before = talked_by(calls, 1300.0, 100.0, 86_400.0)
    after = talked(event(CallEventType.ENDED, 350.0), 150.0)

    assert before == 200.0
    assert after == 150.0


def test_a_call_of_days_fills_a_day_at_most() -> None:
    talk = Call("1", CallPhase.HELD, answered=True, talking_since=0.0)
    calls = Calls(calls=(talk,))

    assert talked_by(calls, 200_000.0, 0.0, 82_800.0) == 82_800.0
