"""Which extensions are read again, and when."""

from itertools import pairwise

from aioringcentral.causes import Cause, Why
from aioringcentral.models import ActiveCall, Presence, TelephonyStatus
from aioringcentral.suspects import Suspects

RINGING = Presence(extension_id="1", telephony_status=TelephonyStatus.RINGING)
IDLE = Presence(extension_id="1", telephony_status=TelephonyStatus.NO_CALL)
SHORT = Presence(extension_id="1", active_calls=(ActiveCall(),), total_active_calls=2)


def test_a_phone_that_rings_for_long_is_read_again() -> None:
    """And again after the same time, while it goes on."""
    suspects = Suspects()
    assert suspects.look_at(RINGING, 0)
    assert not suspects.look_at(RINGING, 60)
    assert suspects.next_due() == 120
    assert suspects.due(119) == {}
    assert suspects.due(120) == {"1": Why(Cause.RINGING, 0)}
    assert suspects.next_due() == 240


def test_a_phone_that_stopped_is_not_read() -> None:
    """The doubt is gone with its cause."""
    suspects = Suspects()
    suspects.look_at(RINGING, 0)
    assert not suspects.look_at(IDLE, 5)
    assert suspects.next_due() is None


def test_a_list_shorter_than_its_count_is_read_after_a_moment() -> None:
    """Two to four seconds, as official clients do."""
    suspects = Suspects()
    suspects.look_at(RINGING, 0)
    assert suspects.look_at(SHORT, 10)
    assert suspects.next_due() == 13


def test_an_extension_that_left_is_forgotten() -> None:
    """Nobody asks for it any more."""
    suspects = Suspects()
    suspects.look_at(SHORT, 0)
    suspects.forget("1")
    suspects.forget("1")
    assert suspects.next_due() is None


def test_a_doubt_that_could_not_be_resolved_is_read_sooner() -> None:
    """Not after the time in which a resolved one is looked at again; where it is gone, never."""
    suspects = Suspects()
    suspects.look_at(SHORT, 0)
    assert suspects.due(3) == {"1": Why(Cause.CALLS, 0)}
    suspects.postpone(["1", "2"], 3)
    assert suspects.next_due() == 5
    suspects.look_at(IDLE, 6)
    suspects.postpone(["1"], 7)
    assert suspects.next_due() is None


def test_what_cannot_be_read_is_asked_for_ever_more_seldom() -> None:
    """However often: not every two seconds for as long as the phone rings."""
    suspects = Suspects()
    suspects.look_at(SHORT, 0)
    asked = list[float]()
    while (now := suspects.next_due() or 0.0) < 1_200:
        assert suspects.due(now) == {"1": Why(Cause.CALLS, 0)}
        asked.append(now)
        suspects.postpone(["1"], now)
    pauses = [later - earlier for earlier, later in pairwise(asked)]
    assert pauses[0] == 2
    assert 80 <= pauses[-1] <= 120
    assert len(asked) < 25
    suspects.could_be_read()
    suspects.postpone(["1"], 2_000)
    assert suspects.next_due() == 2_002


def test_no_suspect_is_read_before_the_service_allows_it() -> None:
    """As long as it says."""
    suspects = Suspects()
    suspects.look_at(SHORT, 0)
    suspects.due(3)
    suspects.postpone(["1"], 3, 60)
    assert suspects.next_due() == 63
