"""What random histories complain of: what keeps a promise passes, and what breaks one is found."""

from typing import Any

import pytest

from emulator import Emulator
from emulator.account import Account

from .promises import Presences, Words
from .undoing import FIELDS, UNDONE_WITHIN, Undoing


@pytest.fixture
def integration() -> None:
    """Replace the one of other tests: nothing runs here."""


@pytest.mark.parametrize(
    ("body", "issue", "may_ask"),
    [
        ('{"errorCode": "CMN-401"}', "permission_missing_1", False),
        ('{"errors": [{"errorCode": "CMN-408"}]}', "role_permission_missing_1", False),
        ('{"error": "invalid_grant"}', None, True),
        ('{"errors": [{"errorCode": "OAU-147"}]}', None, True),
        ('[{}, {"disabledFilters": [{"filter": "x"}]}]', "filters_refused_1", False),
        ('{"errorCode": "SUB-505"}', "subscription_limit_1", False),
        ('{"errorCode": "CMN-999"}', None, False),
        ('{"errorCode": "OAU-213"}', None, False),
        ("", None, False),
        ("{", None, False),
    ],
)
def test_words_allow_what_they_mean(
    body: str, issue: str | None, may_ask: bool
) -> None:
    words = Words()
    words._hear(body)
    allowed = {
        name
        for name in (
            "permission_missing_1",
            "role_permission_missing_1",
            "subscription_limit_1",
        )
        if words.allow(name)
    }
    assert words.allow_sign_in() is may_ask
    assert issue is None or words.allow(issue)
    assert not allowed or issue in allowed
    words.forget()
    assert not words.allow_sign_in()
    assert issue is None or not words.allow(issue)


def test_a_device_may_go_only_while_or_just_after_its_extension_is_away() -> None:
    now = 0.0
    presences = Presences(lambda: now)
    presences.look({"1", "2"})
    assert not presences.may_go("1", {"1", "2"})
    presences.look({"2"})
    now = 30.0
    assert presences.may_go("1", {"1", "2"})
    now = 100.0
    assert not presences.may_go("1", {"1", "2"})
    assert not presences.may_go("2", {"1", "2"})


OURS, PERSON = False, True


@pytest.mark.parametrize(
    ("writes", "is_late", "right"),
    [
        # Undone: as it was first.
        ([(0, OURS, "Busy"), (60, OURS, "Available")], False, {"Available"}),
        # Nothing arrived.
        ([], False, {"Available"}),
        # A person's change stays, before it and after.
        ([(0, OURS, "Busy"), (60, PERSON, "Offline")], False, {"Offline"}),
        ([(0, PERSON, "Offline"), (60, OURS, "Busy")], False, {"Offline"}),
        # The same value, or written at the same time: nobody can tell.
        ([(0, OURS, "Busy"), (60, PERSON, "Busy")], False, {"Available", "Busy"}),
        ([(0, OURS, "Busy"), (5, PERSON, "Offline")], False, {"Available", "Offline"}),
        # Events were late: what was known before may be old.
        ([(0, PERSON, "Offline"), (60, OURS, "Busy")], True, {"Available", "Offline"}),
        ([(0, OURS, "Busy"), (60, PERSON, "Offline")], True, {"Offline"}),
    ],
)
async def test_a_change_for_a_time_is_undone_unless_a_person_changed_it(
    writes: list[tuple[float, bool, str]], is_late: bool, right: set[str]
) -> None:
    now = 0.0
    undoing = Undoing(lambda: now)
    undoing.is_late = is_late
    emulator = Emulator(extensions=3)
    key = emulator.own_extension_id
    ext: Any = emulator.extension(key)
    ext.user_status = "Available"
    with undoing.watched():
        undoing.begin(key, 60.0)
        for at, is_person, word in writes:
            now = at
            if is_person:
                await emulator.set_presence(key, {"userStatus": word})
            else:
                Account.update(emulator._service.account, ext, user_status=word)
        if not writes:
            Account.update(emulator._service.account, ext, user_status="Available")

    def wrong(word: str) -> list[str]:
        shown = dict.fromkeys(FIELDS, "") | {"user_status": word}
        return undoing.wrong(lambda _key: shown)

    assert undoing.over_at == 60.0 + UNDONE_WITHIN
    words = {"Available", "Busy", "Offline"}
    assert {word for word in words if not wrong(word)} == right
    now = 3_700.0
    assert not wrong("nonsense"), "too late to be undone"
    undoing.forget()
    assert not undoing.is_waiting
