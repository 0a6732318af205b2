"""The rate budget (docs/protocol.md 5): nothing goes out that the service would refuse."""

import pytest

from aioringcentral.limits import RateBudget, RateGroup


def test_five_sign_ins_a_minute() -> None:
    """The Auth group, before the service has named its limits."""
    budget = RateBudget()
    for at in range(5):
        assert budget.delay(RateGroup.AUTH, at) == 0
        budget.sent(RateGroup.AUTH, at)
    assert budget.delay(RateGroup.AUTH, 5) == 55
    assert budget.delay(RateGroup.LIGHT, 5) == 0
    assert budget.delay(RateGroup.AUTH, 60) == 0


def test_a_penalty_blocks_its_group_alone() -> None:
    """After a 429 nothing of the group is sent until it has passed."""
    budget = RateBudget()
    budget.refused(RateGroup.HEAVY, 17, now=100)
    assert budget.penalty(RateGroup.HEAVY, 101) == 16
    assert budget.delay(RateGroup.HEAVY, 101) == 16
    assert budget.delay(RateGroup.LIGHT, 101) == 0
    assert budget.delay(RateGroup.HEAVY, 117) == 0


def test_a_global_limit_blocks_every_group() -> None:
    """CMN-310 counts by address, not by group."""
    budget = RateBudget()
    budget.refused(RateGroup.LIGHT, 60, now=0, everything=True)
    assert {budget.delay(group, 10) for group in RateGroup} == {50}


def test_a_shorter_penalty_does_not_end_a_longer_one() -> None:
    """Two refusals count as the later end."""
    budget = RateBudget()
    budget.refused(RateGroup.AUTH, 60, now=0)
    budget.refused(RateGroup.AUTH, 5, now=1)
    assert budget.penalty(RateGroup.AUTH, 1) == 59


def test_the_services_own_limits_count() -> None:
    """Limits vary per app: the headers tell."""
    budget = RateBudget()
    budget.sent(RateGroup.MEDIUM, 0)
    headers = {
        "X-Rate-Limit-Group": "medium",
        "X-Rate-Limit-Limit": "2",
        "X-Rate-Limit-Window": "30",
        "X-Rate-Limit-Remaining": "1",
    }
    budget.replied(RateGroup.MEDIUM, headers, 0)
    budget.sent(RateGroup.MEDIUM, 1)
    budget.replied(RateGroup.MEDIUM, headers, 1)
    assert budget.delay(RateGroup.MEDIUM, 2) == 28


@pytest.mark.parametrize("group", RateGroup)
@pytest.mark.parametrize(
    "odd",
    [
        {"X-Rate-Limit-Limit": "1", "X-Rate-Limit-Window": "600"},
        {"X-Rate-Limit-Limit": "1"},
        {"X-Rate-Limit-Limit": "2", "X-Rate-Limit-Window": "599.5"},
        {"X-Rate-Limit-Window": "600", "X-Rate-Limit-Remaining": "9"},
    ],
    ids=str,
)
def test_one_odd_reply_stops_no_group(group: RateGroup, odd: dict[str, str]) -> None:
    """Neither the first one nor one among others."""
    budget = RateBudget()
    usual = {"X-Rate-Limit-Limit": "5", "X-Rate-Limit-Window": "60"}
    at = 0.0
    for headers in (odd, usual, odd, usual, odd):
        budget.sent(group, at)
        budget.replied(group, headers, at)
        assert budget.delay(group, at + 20) == 0
        at += 20.0


def test_two_replies_in_a_row_that_agree_count() -> None:
    budget = RateBudget()
    less = {"X-Rate-Limit-Limit": "1", "X-Rate-Limit-Window": "600"}
    for at in (0, 1):
        budget.sent(RateGroup.LIGHT, at)
        budget.replied(RateGroup.LIGHT, less, at)
    assert budget.delay(RateGroup.LIGHT, 2) == 599


def test_figures_that_allow_more_count_at_once() -> None:
    budget = RateBudget()
    for at in range(5):
        budget.sent(RateGroup.AUTH, at)
    budget.replied(RateGroup.AUTH, {"X-Rate-Limit-Limit": "10"}, 5)
    assert budget.delay(RateGroup.AUTH, 5) == 0


def test_what_others_have_used_up_is_waited_for() -> None:
    """The limit is per user and app: another client may have taken the rest."""
    budget = RateBudget()
    budget.sent(RateGroup.LIGHT, 0)
    budget.replied(RateGroup.LIGHT, {"X-Rate-Limit-Remaining": "0"}, 0)
    assert budget.delay(RateGroup.LIGHT, 10) == 50


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Rate-Limit-Limit": "many"},
        {"X-Rate-Limit-Limit": "0"},
        {"X-Rate-Limit-Window": "-1"},
        {"X-Rate-Limit-Group": "heavy", "X-Rate-Limit-Limit": "1"},
    ],
)
def test_limits_that_cannot_be_meant_are_passed_over(headers: dict[str, str]) -> None:
    """Garbage, and another group's numbers, change nothing."""
    budget = RateBudget()
    budget.replied(RateGroup.LIGHT, headers, 0)
    assert budget.summary(0)["light"]["limit"] == 50
    assert budget.summary(0)["light"]["window_seconds"] == 60


def test_the_summary_is_what_diagnostics_show() -> None:
    """Use, limits and penalties per group."""
    budget = RateBudget()
    budget.sent(RateGroup.AUTH, 0)
    budget.sent(RateGroup.AUTH, 50)
    budget.refused(RateGroup.AUTH, 60, now=50)
    assert budget.summary(70)["auth"] == {
        "limit": 5,
        "window_seconds": 60.0,
        "sent_in_window": 1,
        "remaining_by_service": None,
        "penalty_seconds": 40.0,
        "refused": 1,
    }


def test_what_can_be_spared_leaves_two_thirds_to_others() -> None:
    budget = RateBudget()
    for at in (0.0, 1.0, 2.0):
        assert budget.spare_delay(RateGroup.HEAVY, at) == 0.0
        budget.sent(RateGroup.HEAVY, at)
    assert budget.spare_delay(RateGroup.HEAVY, 3.0) == 57.0
    assert budget.delay(RateGroup.HEAVY, 3.0) == 0.0
    assert budget.spare_delay(RateGroup.HEAVY, 60.0) == 0.0


def test_another_share_leaves_less_to_others() -> None:
    budget = RateBudget()
    for _ in range(30):
        assert budget.spare_delay(RateGroup.MEDIUM, 0.0, 0.75) == 0.0
        budget.sent(RateGroup.MEDIUM, 0.0)
    assert budget.spare_delay(RateGroup.MEDIUM, 1.0, 0.75) == 59.0
    assert budget.delay(RateGroup.MEDIUM, 1.0) == 0.0


def test_of_a_group_with_room_for_one_that_one_can_be_spared() -> None:
    budget = RateBudget()
    for _ in range(2):
        budget.replied(RateGroup.HEAVY, {"X-Rate-Limit-Limit": "1"}, 0.0)
    assert budget.spare_delay(RateGroup.HEAVY, 0.0) == 0.0
