"""Availability of an account: entities stay as they are for a grace time, and all change at once."""

from collections.abc import Callable

import pytest

from custom_components.ringcentral.aioringcentral.errors import Reason, RetryLater
from custom_components.ringcentral.availability import GRACE, Availability

ERROR = RetryLater(Reason.CANNOT_CONNECT)


class Timers:
    """Timers that a test lets end."""

    def __init__(self) -> None:
        """Begin without timers."""
        self.running: list[tuple[float, Callable[[], None]]] = []

    def call_later(
        self, seconds: float, action: Callable[[], None]
    ) -> Callable[[], None]:
        """Begin a timer."""
        timer = (seconds, action)
        self.running.append(timer)
        return lambda: self.running.remove(timer)

    def end(self) -> None:
        """Let the only timer end."""
        ((_, action),) = self.running
        self.running.clear()
        action()


@pytest.fixture
def timers() -> Timers:
    """Return the timers of the availability."""
    return Timers()


@pytest.fixture
def changes() -> list[bool]:
    """Return what listeners saw, one value each time."""
    return []


@pytest.fixture
def availability(timers: Timers, changes: list[bool]) -> Availability:
    """Return an availability that has not been available yet."""
    made: Availability = Availability(
        timers.call_later, lambda: changes.append(made.is_available)
    )
    return made


def test_it_begins_unavailable_and_changes_once(
    availability: Availability, changes: list[bool]
) -> None:
    assert not availability.is_available
    availability.set_available()
    availability.set_available()
    assert changes == [True]


def test_a_loss_shows_after_the_grace(
    availability: Availability, timers: Timers, changes: list[bool]
) -> None:
    availability.set_available()
    availability.lose(ERROR)
    availability.lose(ERROR)
    assert [seconds for seconds, _ in timers.running] == [GRACE]
    assert changes == [True]
    timers.end()
    assert changes == [True, False]


def test_it_is_back_within_the_grace(
    availability: Availability, timers: Timers, changes: list[bool]
) -> None:
    availability.set_available()
    availability.lose(ERROR)
    availability.set_available()
    assert timers.running == []
    assert changes == [True]


def test_each_loss_has_its_own_grace(
    availability: Availability, timers: Timers, changes: list[bool]
) -> None:
    for _ in range(2):
        availability.set_available()
        availability.lose(ERROR)
        timers.end()
    assert changes == [True, False, True, False]


def test_a_loss_before_it_was_available_begins_nothing(
    availability: Availability, timers: Timers, changes: list[bool]
) -> None:
    availability.lose(ERROR)
    assert timers.running == []
    availability.set_unavailable(ERROR)
    assert changes == []


def test_an_end_of_the_run_shows_at_once(
    availability: Availability, timers: Timers, changes: list[bool]
) -> None:
    availability.set_available()
    availability.lose(ERROR)
    availability.set_unavailable(ERROR)
    assert timers.running == []
    assert changes == [True, False]


def test_the_log_has_one_line_for_each_turn(
    availability: Availability, timers: Timers, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    availability.set_available()
    assert caplog.messages == []
    availability.lose(ERROR)
    availability.lose(RetryLater(Reason.RATE_LIMITED, "CMN-301"))
    timers.end()
    availability.lose(ERROR)
    availability.set_available()
    assert caplog.messages == [
        "Connection to RingCentral is lost: rate_limited (CMN-301)",
        "Connection to RingCentral is back",
    ]
