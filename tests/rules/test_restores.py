"""What there is to undo after a change for a time: pure decisions."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from custom_components.ringcentral.aioringcentral.models import (
    DndStatus,
    Presence,
    UserStatus,
)
from custom_components.ringcentral.restores import (
    HIDDEN,
    LONGEST_DELAY,
    SETTLED_AFTER,
    Restore,
    Words,
    accepted,
    begin,
    due_fields,
    foreign,
    look_at,
    moved,
    overdue,
    settled,
    values_to_write,
    without,
    words_of,
)

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)
ONE, TWO = NOON + timedelta(hours=1), NOON + timedelta(hours=2)
BEFORE = {"user_status": "Available", "dnd_status": "TakeAllCalls", "message": ""}
BUSY = {"user_status": "Busy"}
DND = {"dnd_status": "DoNotAcceptAnyCalls"}


def made(
    wanted: dict[str, str],
    waiting: Restore | None = None,
    current: Words | None = None,
    at: datetime = ONE,
) -> Restore:
    """Return what there is to undo of a change that RingCentral has accepted."""
    restore = begin(waiting, current or {**BEFORE}, wanted, at)
    assert restore is not None
    return accepted(restore)


def undone(restore: Restore, current: Words) -> dict[str, str]:
    """Return what is written where everything is due."""
    return values_to_write(restore, current, restore.before)


def test_only_what_was_changed_is_undone() -> None:
    restore = made(BUSY)
    assert undone(restore, BEFORE | BUSY) == {"user_status": "Available"}


@pytest.mark.parametrize("word", ["Offline", "Available", HIDDEN])
def test_what_a_person_chose_stays(word: str) -> None:
    restore = made(BUSY | DND)
    now = BEFORE | DND | {"user_status": word}
    assert undone(restore, now) == {"dnd_status": "TakeAllCalls"}


def test_what_is_unknown_is_undone() -> None:
    assert undone(made(BUSY), {}) == {"user_status": "Available"}


def test_a_message_with_other_spaces_is_still_ours() -> None:
    restore = made({"message": "  At  lunch "})
    assert undone(restore, {"message": "At lunch"}) == {"message": ""}
    assert undone(restore, {"message": "Gone home"}) == {}


def test_two_changes_lead_back_to_before_both() -> None:
    first = made(BUSY)
    second = made({"user_status": "Offline"}, first, BEFORE | BUSY, TWO)
    assert second.at == TWO
    for mine in ("Busy", "Offline"):
        assert undone(second, {"user_status": mine}) == {"user_status": "Available"}


def test_each_field_is_due_when_its_own_change_is_over() -> None:
    first = made(BUSY | {"message": "Gone"}, at=TWO)
    second = made(DND | {"message": "Back soon"}, first, BEFORE | BUSY)
    assert due_fields(second, ONE) == {"dnd_status", "message"}
    assert due_fields(second, TWO) == {"dnd_status", "message", "user_status"}
    left = without(second, due_fields(second, ONE))
    assert left is not None
    assert (left.at, left.before) == (TWO, {"user_status": "Available"})
    assert overdue(second, TWO + timedelta(minutes=1)) == {"dnd_status", "message"}
    later = moved(second, timedelta(minutes=5))
    assert due_fields(later, TWO) == {"dnd_status", "message"}


def test_a_change_after_a_person_leads_back_to_what_the_person_chose() -> None:
    first = made(BUSY)
    second = made(DND | BUSY, first, BEFORE | {"user_status": "Offline"}, TWO)
    assert undone(second, BUSY | DND) == {
        "user_status": "Offline",
        "dnd_status": "TakeAllCalls",
    }


def test_a_value_of_before_that_is_unknown_is_refused() -> None:
    assert begin(None, {"user_status": None}, BUSY, ONE) is None
    assert begin(None, {}, DND, ONE) is None
    # What waits already knows its own.
    assert begin(made(BUSY), {"user_status": None}, BUSY, ONE) is not None


def test_a_refused_change_leaves_what_waited_before() -> None:
    first = made(BUSY)
    second = begin(first, BEFORE | BUSY, DND, TWO)
    assert second is not None
    assert second.otherwise == first
    third = begin(None, BEFORE, DND, TWO)
    assert third is not None
    assert third.otherwise is None


@pytest.mark.parametrize(
    ("word", "taken"), [("Offline", True), ("Busy", False), (None, True)]
)
def test_a_reading_settles_a_change_in_doubt(word: str | None, taken: bool) -> None:
    first = made(BUSY)
    second = begin(first, BEFORE | BUSY, {"user_status": "Offline"}, TWO)
    assert second is not None
    now = settled(second, {"user_status": word})
    assert now == (accepted(second) if taken else first)


def test_a_reading_settles_by_the_fields_of_the_change_in_doubt() -> None:
    first = made(BUSY)
    second = begin(first, BEFORE | BUSY, DND, TWO)
    assert second is not None
    assert settled(second, BEFORE | BUSY) == first
    assert settled(second, BEFORE | BUSY | DND) == accepted(second)


def test_a_first_change_that_was_not_made_leaves_nothing() -> None:
    restore = begin(None, BEFORE, BUSY, ONE)
    assert restore is not None
    assert settled(restore, BEFORE) is None


@pytest.mark.parametrize(
    ("second", "third"),
    [(DND, BUSY), (BUSY, BUSY), (BUSY | DND, DND), ({"message": "Out"}, DND)],
)
def test_changes_in_a_row_that_were_not_made_leave_nothing(
    second: dict[str, str], third: dict[str, str]
) -> None:
    restore = begin(None, BEFORE, BUSY, ONE)
    for wanted in (second, third):
        restore = begin(restore, BEFORE, wanted, ONE)
    assert restore is not None
    assert Restore.from_dict(restore.as_dict()) == restore
    assert settled(restore, BEFORE) is None


def test_of_changes_in_doubt_those_that_were_made_are_undone() -> None:
    first = begin(None, BEFORE, BUSY, ONE)
    assert first is not None
    second = begin(first, BEFORE, DND, TWO)
    assert second is not None
    assert settled(second, BEFORE | BUSY) == accepted(first)
    only_second = settled(second, BEFORE | DND)
    assert only_second is not None
    assert only_second.before == {"dnd_status": "TakeAllCalls"}
    both = settled(second, BEFORE | BUSY | DND)
    assert both is not None
    assert both.before == {"user_status": "Available", "dnd_status": "TakeAllCalls"}
    assert both.is_settled


def test_a_change_that_was_made_does_not_settle_the_one_before() -> None:
    """The first one's reply was lost, and it was never carried out."""
    second = made(DND, begin(None, BEFORE, BUSY, ONE))
    assert not second.is_settled
    now = settled(second, BEFORE | DND)
    assert now is not None
    # A person may choose what the first one would have written.
    assert undone(now, BEFORE | BUSY | DND) == {"dnd_status": "TakeAllCalls"}
    # The same field leaves no doubt.
    assert made({"user_status": "Offline"}, begin(None, BEFORE, BUSY, ONE)).is_settled


def test_a_change_over_what_a_person_chose_may_be_in_doubt_too() -> None:
    first = made(BUSY)
    second = begin(first, BEFORE | {"user_status": "Offline"}, BUSY, TWO)
    assert second is not None
    now = settled(second, BEFORE | BUSY)
    assert now is not None
    assert undone(now, BEFORE | BUSY) == {"user_status": "Offline"}


def test_many_changes_in_doubt_are_kept_within_bounds() -> None:
    restore = None
    for number in range(100):
        restore = begin(restore, BEFORE, {"message": f"Out {number}"}, ONE)
    assert restore is not None
    assert len(str(restore.as_dict())) < 20_000
    assert Restore.from_dict(restore.as_dict()) == restore


def test_a_change_in_doubt_is_looked_at_soon_but_never_after_it_is_due() -> None:
    restore = begin(None, BEFORE, BUSY, ONE)
    assert restore is not None
    assert look_at(restore, NOON) == NOON + SETTLED_AFTER
    assert look_at(restore, ONE) == ONE
    assert look_at(accepted(restore), NOON) == ONE


def test_a_field_that_was_changed_for_good_is_undone_no_longer() -> None:
    restore = made(BUSY | DND)
    left = without(restore, ["user_status"])
    assert left is not None
    assert undone(left, BUSY | DND) == {"dnd_status": "TakeAllCalls"}
    assert without(restore, ["user_status", "dnd_status"]) is None
    assert without(restore, ["message"]) is restore
    assert without(None, ["message"]) is None


def test_what_waited_before_a_change_in_doubt_loses_the_field_too() -> None:
    second = begin(made(BUSY), BEFORE | BUSY, DND, TWO)
    left = without(second, ["user_status"])
    assert left is not None
    assert settled(left, BEFORE) is None


def test_foreign_values_are_neither_ours_nor_those_of_before() -> None:
    restore = made(BUSY | DND)
    assert foreign(restore, BEFORE) == set()
    assert foreign(restore, BUSY | DND) == set()
    assert foreign(restore, {"user_status": "Offline"}) == {"user_status"}


def test_an_hour_late_is_too_late() -> None:
    restore = made(BUSY)
    assert not overdue(restore, ONE + LONGEST_DELAY)
    assert overdue(restore, ONE + LONGEST_DELAY + timedelta(seconds=1))


def test_what_is_on_disk_is_what_was_kept() -> None:
    settled_one = made(BUSY | {"message": "At lunch"})
    in_doubt = begin(settled_one, BEFORE | BUSY, DND, TWO)
    first_in_doubt = begin(None, BEFORE, BUSY, ONE)
    shorter = made(DND, made(BUSY, at=TWO))
    for restore in (settled_one, in_doubt, first_in_doubt, shorter):
        assert restore is not None
        assert Restore.from_dict(restore.as_dict()) == restore


def test_what_an_earlier_version_stored_is_undone_whatever_is_set() -> None:
    restore = Restore.from_dict(
        {
            "at": ONE.isoformat(),
            "user_status": "Available",
            "dnd_status": None,
            "message": None,
        }
    )
    assert restore is not None
    assert undone(restore, {"user_status": "Offline"}) == {"user_status": "Available"}


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        "Available",
        {},
        {"at": None, "user_status": "Busy"},
        {"at": "soon", "user_status": "Busy"},
        {"at": "2026-02-30T12:00:00+00:00", "user_status": "Busy"},
        {"at": "9999-12-31T23:59:59+00:00", "user_status": "Busy"},
        {"at": "0001-01-01T00:00:00+14:00", "user_status": "Busy"},
        {"at": "2026-11-28T12:00:00", "user_status": "Busy"},
        {"at": ONE.isoformat(), "user_status": "Away", "dnd_status": 7},
        {"at": ONE.isoformat()},
    ],
)
def test_what_cannot_be_read_is_no_restore(data: Any) -> None:
    assert Restore.from_dict(data) is None


def test_words_of_a_presence_are_those_of_the_service() -> None:
    presence = Presence(
        extension_id="101",
        user_status=UserStatus.BUSY,
        dnd_status=DndStatus.TAKE_DEPARTMENT_CALLS_ONLY,
        allow_see_my_presence=True,
        message="",
    )
    # The setting of old user interfaces cannot be set again: all calls stand for it.
    assert words_of(presence) == {
        "user_status": "Busy",
        "dnd_status": "TakeAllCalls",
        "message": "",
    }
    unknown = words_of(Presence(extension_id="101"))
    assert unknown["dnd_status"] is None
    assert unknown["message"] is None


def test_who_hides_has_a_user_status_that_is_nobodys_to_restore() -> None:
    hidden = words_of(
        Presence(
            extension_id="101",
            user_status=UserStatus.BUSY,
            allow_see_my_presence=False,
        )
    )
    assert undone(made(BUSY), hidden) == {}
