"""What is known across sockets: the recovery token, and whether a break has to be reported. Nothing here waits."""

import pytest

from aioringcentral.errors import Reason, RetryLater
from aioringcentral.stream import Continuity
from aioringcentral.stream.continuity import Course
from aioringcentral.stream.frames import RecoveryToken
from aioringcentral.stream.recovery import SessionRecovery

OLD = RecoveryToken(token="wsc-1", sequence=1)
NEW = RecoveryToken(token="wsc-2", sequence=2)
NOW = 100.0


def test_a_lost_session_is_recovered_in_time() -> None:
    recovery = SessionRecovery()
    assert recovery.usable(1, NOW) is None
    recovery.keep(OLD, 1, NOW + 180)
    assert recovery.usable(1, NOW + 179.9) == OLD
    assert recovery.usable(1, NOW + 180) is None


def test_a_new_session_recovers_nothing_of_the_one_before() -> None:
    """The service would answer WSG-1003 (docs/protocol.md 3.4)."""
    recovery = SessionRecovery()
    recovery.keep(OLD, 1, NOW + 180)
    assert recovery.usable(2, NOW) is None
    assert recovery.usable(1, NOW) == OLD


def test_a_socket_without_a_token_leaves_the_one_before() -> None:
    """It was lost before the service gave one: what recovered it recovers the next."""
    recovery = SessionRecovery()
    recovery.keep(OLD, 1, NOW + 180)
    recovery.keep(None, 1, NOW + 999)
    assert recovery.usable(1, NOW) == OLD
    recovery.keep(NEW, 1, NOW + 180)
    assert recovery.usable(1, NOW) == NEW
    recovery.forget()
    assert recovery.usable(1, NOW) is None


@pytest.mark.parametrize("continuity", list(Continuity))
def test_live_as_it_became(continuity: Continuity) -> None:
    course = Course()
    assert not course.is_live
    assert course.went_live(continuity, NOW) is continuity
    assert course.is_live
    assert course.history.live_since == NOW


def test_a_break_is_reported_at_once_while_live() -> None:
    course = Course()
    course.went_live(Continuity.BROKEN, NOW)
    assert course.missed_events()
    assert course.went_live(Continuity.REPLACED, NOW) is Continuity.REPLACED


def test_a_break_found_while_lost_is_reported_with_the_next_live() -> None:
    """What recovers brings back what the newer socket missed, not what the older one did."""
    course = Course()
    assert not course.missed_events()
    assert not course.missed_events()
    assert course.went_live(Continuity.RECOVERED, NOW) is Continuity.BROKEN
    course.lost(RetryLater(Reason.CANNOT_CONNECT))
    assert course.went_live(Continuity.RECOVERED, NOW) is Continuity.RECOVERED


def test_losses_are_counted_once() -> None:
    """Further tries that fail lose nothing more; codes are kept for diagnostics."""
    course = Course()
    course.went_live(Continuity.BROKEN, NOW)
    for code in ("WSG-902", None, "CMN-201"):
        course.lost(RetryLater(Reason.CANNOT_CONNECT, code))
    assert course.history.losses == 1
    assert not course.is_live
    assert list(course.history.error_codes) == ["WSG-902", "CMN-201"]
