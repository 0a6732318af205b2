"""What a token's scope tells of permissions that were refused: asked for once again, and never for ever."""

import pytest

from aioringcentral.account.permissions import Permissions
from aioringcentral.auth import Token
from aioringcentral.errors import PermissionMissing

READ, EDIT = "ReadMessages", "EditMessages"
OF_APP, OF_ROLE = PermissionMissing("CMN-401", READ), PermissionMissing("CMN-408", READ)


def token(number: int, *scope: str) -> Token:
    return Token(
        value=f"token {number}",
        session=1,
        renew_at=0.0,
        expires_at=0.0,
        scope=frozenset(scope),
    )


@pytest.fixture
def told() -> list[set[str]]:
    return []


@pytest.fixture
def permissions(told: list[set[str]]) -> Permissions:
    made = Permissions(lambda: told.append(set(made.lost)))
    return made


def test_the_first_token_brings_nothing_back(permissions: Permissions) -> None:
    assert permissions.token(token(1, READ)) == set()
    assert permissions.scope == {READ}


def test_a_scope_that_names_more_brings_it_back(permissions: Permissions) -> None:
    permissions.token(token(1, EDIT))

    assert permissions.token(token(2, EDIT, READ)) == {READ}
    assert permissions.token(token(2, EDIT, READ)) == set()


@pytest.mark.parametrize("noticed", ["by a reading", "by a filter"])
def test_what_was_refused_between_two_tokens_comes_back_with_the_next(
    permissions: Permissions, noticed: str
) -> None:
    permissions.token(token(1, READ))
    if noticed == "by a reading":
        permissions.refuse(READ, OF_APP)
    else:
        permissions.subscribed({READ})

    assert permissions.token(token(1, READ)) == set()
    assert permissions.token(token(2, READ)) == {READ}


def test_a_scope_that_is_wrong_is_believed_once(permissions: Permissions) -> None:
    permissions.token(token(1, READ))
    for number in (2, 3, 4):
        permissions.subscribed({READ})
        permissions.refuse(READ, OF_APP)
        assert permissions.token(token(number, READ)) == (
            {READ} if number == 2 else set()
        )
    # One that lacked it can be believed again.
    permissions.token(token(5, "EditPresence"))

    assert permissions.token(token(6, READ)) == {READ}


def test_what_has_worked_meanwhile_is_believed_again(permissions: Permissions) -> None:
    permissions.token(token(1, READ))
    permissions.subscribed({READ})
    permissions.token(token(2, READ))
    permissions.subscribed(set())
    permissions.subscribed({READ})

    assert permissions.token(token(3, READ)) == {READ}


def test_a_scope_says_nothing_of_a_role(
    permissions: Permissions, told: list[set[str]]
) -> None:
    permissions.token(token(1, READ))
    permissions.works(READ)
    permissions.refuse(READ, OF_ROLE)

    assert permissions.token(token(2, READ)) == set()
    assert told == [set(), {READ}]


def test_only_what_was_in_use_is_lost(
    permissions: Permissions, told: list[set[str]]
) -> None:
    permissions.refuse(READ, OF_APP)
    assert told == [set()]

    # It was in use in an earlier run, as is known later.
    permissions.use(READ)
    assert told == [set(), {READ}]
    permissions.refuse(READ, OF_APP)
    permissions.works(READ)
    permissions.works(READ)
    assert told == [set(), {READ}, set()]


def test_what_was_refused_is_so_until_it_is_not(permissions: Permissions) -> None:
    permissions.refused_before |= {READ}
    permissions.refuse(EDIT, OF_ROLE)
    assert permissions.refused == {READ, EDIT}

    permissions.allowed(READ)
    permissions.allowed(EDIT)
    assert permissions.refused == set()
    assert permissions.used == set()


def test_what_nobody_asks_for_is_back_with_the_scope(
    permissions: Permissions, told: list[set[str]]
) -> None:
    permissions.token(token(1, EDIT))
    permissions.works(EDIT)
    permissions.refuse(EDIT, PermissionMissing("CMN-401", EDIT))
    permissions.token(token(2))
    permissions.token(token(3, EDIT))

    assert told == [set(), {EDIT}, set()]
