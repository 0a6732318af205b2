"""Who has left: nobody is removed by one reading."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from hypothesis import given, strategies as st
import pytest

from aioringcentral.account.members import Pace
from aioringcentral.account.removal import (
    CONFIRM_AFTER,
    Notices,
    Verdict,
    deleted_extensions,
    judge,
)

TEN = tuple("abcdefghij")
NOTHING: Mapping[str, float] = {}
QUIET = Notices()
NOW = 1_000.0


def by_event(*keys: str) -> Notices:
    """Return the notices of an event that changed these extensions."""
    return Notices(changed=frozenset(keys))


@pytest.mark.parametrize("found", ["", "a", "abcd", "abcdefghi"])
def test_one_reading_removes_nobody(found: str) -> None:
    verdict = judge(TEN, found, TEN, NOTHING, QUIET, NOW)
    lacking = set(TEN) - set(found)
    assert verdict == Verdict((), dict.fromkeys(sorted(lacking), NOW))


def test_two_readings_that_agree_remove() -> None:
    first = judge(TEN, "abc", TEN, NOTHING, QUIET, NOW)
    second = judge(TEN, "abc", TEN, first.missing, QUIET, NOW + CONFIRM_AFTER)
    assert second == Verdict(tuple("defghij"), {})
    few = judge(TEN, "abcdefgh", TEN, NOTHING, QUIET, NOW)
    back = judge(TEN, "abcdefghi", TEN, few.missing, QUIET, NOW + CONFIRM_AFTER)
    assert back == Verdict(("j",), {})


def test_readings_that_contradict_each_other_remove_nobody() -> None:
    """Each lists somebody else, one at a time."""
    missing, now = dict[str, float](), NOW
    for found in (*TEN, *TEN):
        verdict = judge(TEN, found, TEN, missing, QUIET, now)
        assert verdict.left == ()
        missing, now = dict(verdict.missing), now + CONFIRM_AFTER


def test_two_readings_in_a_row_are_too_close() -> None:
    first = judge(TEN, "abc", TEN, NOTHING, QUIET, NOW)
    second = judge(TEN, "abc", TEN, first.missing, QUIET, NOW + CONFIRM_AFTER / 2)
    assert second == Verdict((), first.missing)


def test_who_is_there_again_begins_anew() -> None:
    first = judge(TEN, "abcdefghi", TEN, NOTHING, QUIET, NOW)
    second = judge(TEN, TEN, TEN, first.missing, QUIET, NOW + 60)
    third = judge(TEN, "abcdefghi", TEN, second.missing, QUIET, NOW + CONFIRM_AFTER)
    assert (second.missing, third.left) == ({}, ())


def test_who_was_deleted_leaves_at_once_whatever_the_list_is() -> None:
    verdict = judge(TEN, "", "", NOTHING, Notices(deleted=frozenset("b")), NOW)
    assert verdict.left == ("b",)
    assert len(verdict.missing) == 9


def test_who_changed_and_is_listed_leaves_at_once() -> None:
    """Off the lines, or disabled."""
    verdict = judge(TEN, "bcdefghij", TEN, NOTHING, by_event("a"), NOW)
    assert verdict == Verdict(("a",), {})


@pytest.mark.parametrize("listed", ["", "bcdefghij"])
def test_who_changed_and_is_not_listed_waits(listed: str) -> None:
    """A rename is told of while the list is cut short."""
    verdict = judge(TEN, "bcdefghij", listed, NOTHING, by_event("a"), NOW)
    assert verdict == Verdict((), {"a": NOW})


def test_who_changed_waits_while_most_others_are_missing() -> None:
    verdict = judge(TEN, "b", TEN, NOTHING, by_event("a"), NOW)
    assert verdict.left == ()


def test_all_who_are_told_of_leave_together() -> None:
    verdict = judge("ab", "", "ab", NOTHING, by_event("a", "b"), NOW)
    assert verdict == Verdict(("a", "b"), {})


@given(
    st.lists(st.sets(st.sampled_from(TEN)), max_size=8),
    st.lists(st.floats(0.1, 2 * CONFIRM_AFTER), min_size=8, max_size=8),
)
def test_whoever_leaves_was_missing_for_long_enough(
    readings: list[set[str]], pauses: list[float]
) -> None:
    """Whatever lists are read without an event, at whatever times."""
    now, before, missing = 0.0, set(TEN), NOTHING
    last_seen = dict.fromkeys(TEN, 0.0)
    for found, pause in zip(readings, pauses, strict=False):
        now += pause
        present = found & before
        verdict = judge(sorted(before), present, TEN, missing, QUIET, now)
        for key in verdict.left:
            assert now - last_seen[key] >= CONFIRM_AFTER - 0.1
        last_seen |= dict.fromkeys(present, now)
        before -= set(verdict.left)
        missing = verdict.missing
        assert set(missing) == before - present


@pytest.mark.parametrize(
    ("body", "deleted"),
    [
        ({"extensions": [{"extensionId": "7", "eventType": "Delete"}]}, {"7"}),
        ({"extensions": [{"extensionId": 7, "eventType": "Delete"}]}, {"7"}),
        ({"extensions": [{"extensionId": "7", "eventType": "Update"}]}, set()),
        ({"extensions": [{"eventType": "Delete"}, None, 7]}, set()),
        ({"extensions": None}, set()),
        ({"extension": [{"id": "7"}]}, set()),
        ({}, set()),
    ],
)
def test_deleted_extensions(body: dict[str, Any], deleted: set[str]) -> None:
    assert deleted_extensions(body) == deleted


@pytest.mark.parametrize("every", [0.1, 1.0, 5.0, 20.0])
def test_lists_are_read_less_often_while_changes_go_on(every: float) -> None:
    """A re-read follows each wait, and the next change comes ``every`` seconds later."""
    pace, now, reads = Pace(), 0.0, list[float]()
    while now < 3_600:
        now += every
        now += pace.wait(now)
        pace.read(now)
        reads.append(now)
    assert sum(at < 60 for at in reads) <= 6
    late = [at for at in reads if at > 600]
    assert all(b - a >= 30 for a, b in pairwise(late))


def test_a_change_after_quiet_is_read_soon() -> None:
    pace = Pace()
    for now in range(0, 300, 3):
        pace.wait(float(now))
        pace.read(float(now))
    assert pace.wait(300 + 65) == pace.wait(1_000) == 2.0
