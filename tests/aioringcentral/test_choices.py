"""Whom earlier choices meant, and later ones cannot mean."""

import pytest

from aioringcentral.account import Choices
from aioringcentral.membership import Follow

OWN = Choices(own=True)
LINES = Choices(own=True, lines=True)
EVERYONE = Choices(account=True)
TWO = Choices(own=True, chosen=("102", "103"))
FOUND = {
    "102": frozenset({Follow.LINES, Follow.CHOSEN, Follow.ACCOUNT}),
    "103": frozenset({Follow.CHOSEN, Follow.ACCOUNT}),
    "104": frozenset({Follow.ACCOUNT}),
}


@pytest.mark.parametrize(
    ("earlier", "now", "dropped"),
    [
        (EVERYONE, EVERYONE, set()),
        (EVERYONE, OWN, {"102", "103", "104"}),
        (EVERYONE, TWO, {"104"}),
        (TWO, Choices(own=True, chosen=("102",)), {"103"}),
        (TWO, OWN, {"102", "103"}),
        (Choices(lines=True, account=True), LINES, {"103", "104"}),
        # Nobody knows yet who is in a list that was not read before.
        (EVERYONE, LINES, set()),
        (LINES, Choices(own=True, favorites=True), set()),
    ],
)
def test_only_whom_no_choice_can_mean_is_dropped(
    earlier: Choices, now: Choices, dropped: set[str]
) -> None:
    found = {
        key: by & earlier.follow for key, by in FOUND.items() if by & earlier.follow
    }
    assert now.dropped(found, earlier, found) == dropped


@pytest.mark.parametrize(
    ("now", "dropped"),
    [
        (Choices(own=True, chosen=("103",)), {"102"}),
        (OWN, {"102", "103"}),
        (LINES, set()),
    ],
)
def test_who_was_missing_is_dropped_unless_a_list_may_mean_them(
    now: Choices, dropped: set[str]
) -> None:
    assert now.dropped({"102", "103"}, LINES, {}) == dropped
