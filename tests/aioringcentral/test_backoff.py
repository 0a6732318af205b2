"""Waits between tries to connect."""

from itertools import pairwise

from hypothesis import given, strategies as st

from aioringcentral.backoff import Backoff, GrowingPauses


def test_the_first_try_is_at_once_and_none_later_than_two_minutes() -> None:
    """The longest waits, step by step."""
    longest = Backoff(between=lambda _low, high: high)
    assert [longest.next() for _ in range(9)] == [0, 1.5, 6, 20, 40, 80, 120, 120, 120]
    longest.reset()
    assert longest.next() == 0


def test_waits_are_scattered() -> None:
    """Many clients that lost one server do not come back together."""
    backoffs = [Backoff() for _ in range(20)]
    for backoff in backoffs:
        backoff.next()
    assert len({backoff.next() for backoff in backoffs}) > 1


@given(at_least=st.floats(0, 500))
def test_what_the_service_asks_for_is_kept(at_least: float) -> None:
    """Retry-After is a floor at every step."""
    backoff = Backoff()
    assert all(backoff.next(at_least) >= at_least for _ in range(9))


def test_tickets_are_spaced_over_a_long_outage() -> None:
    """At least 12 s between tickets on average, once an outage lasts (docs/protocol.md 6)."""
    shortest = Backoff(between=lambda low, _high: low)
    waits = [shortest.next() for _ in range(20)]
    assert sum(waits) / len(waits) > 12
    assert all(later >= earlier for earlier, later in pairwise(waits))


def test_pauses_that_grow_to_an_hour_and_begin_anew_after_a_quiet_time() -> None:
    pauses, now, found = GrowingPauses(60), 0.0, list[float]()
    for _ in range(6):
        found.append(pauses.next(now))
        now += found[-1]
    assert found == [60, 180, 540, 1_620, 3_600, 3_600]
    assert pauses.next(now + 21_600) == 3_600
    assert pauses.next(now + 60_000) == 60
