"""What time it is at the service: as two replies agree, whatever a third says."""

from datetime import UTC, datetime, timedelta

import pytest

from aioringcentral.service_clock import ServiceClock

NOON = "Sun, 29 Nov 2026 12:00:00 GMT"


def clock(*dates: str) -> ServiceClock:
    """Return a clock that heard these dates, at once."""
    heard = ServiceClock()
    for date in dates:
        heard.hear({"Date": date}, 100.0)
    return heard


def test_two_replies_that_agree() -> None:
    found = clock(NOON, "Sun, 29 Nov 2026 12:00:02 GMT").at(160.0)
    assert found == datetime(2026, 11, 29, 12, 1, 2, tzinfo=UTC)


def test_another_zone() -> None:
    there = clock(*["Sun, 29 Nov 2026 13:00:00 +0100"] * 2).at(100.0)
    assert there is not None
    assert there - datetime(2026, 11, 29, 12, tzinfo=UTC) == timedelta()


@pytest.mark.parametrize(
    "dates",
    [
        (),
        (NOON,),
        (NOON, "Thu, 01 Jan 1970 00:00:00 GMT"),
        ("", ""),
        (f"{NOON}, {NOON}", "soon"),
        ("Fri, 31 Dec 9999 23:59:59 -2359",) * 2,
        ("Sun, 32 Nov 2026 12:00:00 GMT",) * 2,
        ("Sun, 29 Nov 99999999999999999999 12:00:00 GMT",) * 2,
        ("\ud800", "\x00"),
    ],
)
def test_what_says_nothing_decides_nothing(dates: tuple[str, ...]) -> None:
    assert clock(*dates).at(100.0) is None


def test_an_odd_one_that_says_nothing_is_passed_over() -> None:
    assert clock(NOON, "soon", NOON).at(100.0) is not None
