"""When a connection is renewed, replaced, and let go. Nothing here waits."""

import pytest

from aioringcentral.auth import Token
from aioringcentral.stream.schedule import Schedule

NOW, WALL, DAY, HOUR = 5_000.0, 1_800_000_000.0, 86_400.0, 3_600.0


def token(session: int = 1, *, lives: float = HOUR) -> Token:
    """Return a token that is due for renewal after nine tenths of its life."""
    return Token(
        value="secret",
        session=session,
        renew_at=WALL + 0.9 * lives,
        expires_at=WALL + lives,
    )


def test_the_24_hours_end_is_not_waited_for() -> None:
    """The next connection is made five minutes before (docs/protocol.md 3.5)."""
    schedule = Schedule.begin(token(), NOW, DAY)
    assert not schedule.must_replace(token(), NOW + DAY - 301)
    assert schedule.must_replace(token(), NOW + DAY - 300)


@pytest.mark.parametrize("life", [2.0, 60.0, 1_000.0])
def test_a_short_life_is_used_for_the_most_part(life: float) -> None:
    schedule = Schedule.begin(token(), NOW, life)
    assert not schedule.must_replace(token(), NOW + 0.89 * life)
    assert schedule.must_replace(token(), NOW + 0.9 * life)


def test_a_new_session_needs_a_new_connection() -> None:
    """A refreshed token stays in its session, and keeps its connection."""
    schedule = Schedule.begin(token(1), NOW, DAY)
    assert not schedule.must_replace(token(1, lives=9 * HOUR), NOW)
    assert schedule.must_replace(token(2), NOW)


def test_what_is_due_first() -> None:
    """The token is looked at every minute: its session may have changed, or a machine slept."""
    schedule = Schedule.begin(token(), NOW, DAY)
    assert schedule.due(NOW, WALL) == NOW + 60
    assert schedule.due(NOW, WALL + 0.9 * HOUR - 7) == NOW + 7
    assert schedule.due(NOW, WALL + DAY) == NOW
    assert schedule.due(NOW + DAY - 310, WALL) == NOW + DAY - 300


def test_a_renewal_that_failed_is_tried_again_when_it_may() -> None:
    schedule = Schedule.begin(token(), NOW, DAY)
    schedule.retry_at = NOW + 200
    assert schedule.due(NOW, WALL + DAY) == NOW + 200
    renewed = token(lives=2 * HOUR)
    schedule.renewed(renewed)
    assert schedule.token is renewed
    assert schedule.due(NOW, WALL) == NOW + 60


def test_a_replaced_connection_lingers_for_late_events() -> None:
    """Not until the service ends it, for its age or its token's: that would be a break."""
    schedule = Schedule.begin(token(), NOW, DAY)
    assert schedule.lingers(NOW, WALL) == 5
    assert schedule.lingers(NOW + DAY - 4, WALL) == 2
    assert schedule.lingers(NOW, WALL + HOUR - 3) == 1.5
    assert schedule.lingers(NOW + 2 * DAY, WALL + DAY) == 0


def test_filters_in_doubt_are_searched_a_minute_later() -> None:
    """On a connection of its own: a minute's requests are limited."""
    schedule = Schedule.begin(token(), NOW, DAY)
    schedule.search_soon(NOW - 10)
    assert schedule.due(NOW, WALL) == NOW + 50
    assert not schedule.must_replace(token(), NOW + 49)
    assert schedule.must_replace(token(), NOW + 50)
