"""Which extensions are read again, and when."""

from aioringcentral.models import ActiveCall, Presence, TelephonyStatus
from aioringcentral.suspects import Doubts

RINGING = Presence(extension_id="1", telephony_status=TelephonyStatus.RINGING)
IDLE = Presence(extension_id="1", telephony_status=TelephonyStatus.NO_CALL)
SHORT = Presence(extension_id="1", active_calls=(ActiveCall(),), total_active_calls=2)


def test_a_phone_that_rings_for_long_is_read_again() -> None:
    """And again after the same time, while it goes on."""
    doubts = Doubts()
    assert doubts.note(RINGING, 0)
    assert not doubts.note(RINGING, 60)
    assert doubts.next_due() == 120
    assert doubts.take_due(119) == ()
    assert doubts.take_due(120) == ("1",)
    assert doubts.next_due() == 240


def test_a_phone_that_stopped_is_not_read() -> None:
    """The doubt is gone with its cause."""
    doubts = Doubts()
    doubts.note(RINGING, 0)
    assert not doubts.note(IDLE, 5)
    assert doubts.next_due() is None


def test_a_list_shorter_than_its_count_is_read_after_a_moment() -> None:
    """Two to four seconds, as official clients do."""
    doubts = Doubts()
    doubts.note(RINGING, 0)
    assert doubts.note(SHORT, 10)
    assert doubts.next_due() == 13


def test_an_extension_that_left_is_forgotten() -> None:
    """Nobody asks for it any more."""
    doubts = Doubts()
    doubts.note(SHORT, 0)
    doubts.forget("1")
    doubts.forget("1")
    assert doubts.next_due() is None


def test_a_doubt_that_could_not_be_resolved_is_read_sooner() -> None:
    """Not after the time in which a resolved one is looked at again; where it is gone, never."""
    doubts = Doubts()
    doubts.note(SHORT, 0)
    assert doubts.take_due(3) == ("1",)
    doubts.postpone(["1", "2"], 5)
    assert doubts.next_due() == 5
    doubts.note(IDLE, 6)
    doubts.postpone(["1"], 7)
    assert doubts.next_due() is None
