"""Whom the choices mean, and the filters to ask for."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import cast

import pytest

from aioringcentral.errors import (
    Misconfigured,
    PermissionMissing,
    Reason,
    RetryLater,
    RingCentralError,
)
from aioringcentral.filters import (
    EVERYONE,
    EXTENSION_LIST,
    FAVORITE_LIST,
    FAVORITES,
    LINE_LIST,
    LINES,
    OWN,
    extension_filter,
)
from aioringcentral.listing import Listing
from aioringcentral.membership import (
    Follow,
    Following,
    Lists,
    filled_in,
    following,
    read_lists,
)
from aioringcentral.models import Extension
from aioringcentral.rest import Rest

ME = Extension(id="1", account_id="9", name="Me", type="User", status="Enabled")
ANN = Extension(id="2", name="Ann", type="User", status="Enabled")
BEN = Extension(id="3", name="Ben", type="User", status="Enabled")
PARK = Extension(id="4", name="Park", type="ParkLocation", status="Enabled")
QUEUE = Extension(id="5", name="Queue", type="Department", status="Enabled")
GONE = Extension(id="6", name="Gone", type="User", status="Disabled")
NEW = Extension(id="7", name="New", type="User", status="NotActivated")
ODD = Extension(id="8", name="Odd", type="SomethingNew", status="Enabled")
ACCOUNT = {each.id: each for each in (ME, ANN, BEN, PARK, QUEUE, GONE, NEW, ODD)}


def lists(
    account: Iterable[Extension] | None = tuple(ACCOUNT.values()),
    lines: Iterable[Extension] = (),
    favorites: tuple[str, ...] = (),
    refused: Collection[Follow] = (),
) -> Lists:
    """Return what an account says."""
    return Lists(
        own=ME,
        account=None if account is None else {each.id: each for each in account},
        lines={each.id: each for each in lines},
        favorites=favorites,
        refused=frozenset(refused),
    )


def follow(
    *choices: Follow, chosen: Iterable[str] = (), of: Lists | None = None
) -> Following:
    """Return whom these choices mean."""
    return following(choices, chosen, of or lists())


def filters(*ids: str) -> tuple[str, ...]:
    """Return the filters of single extensions."""
    return tuple(extension_filter(key) for key in ids)


# One choice each.


def test_the_own_extension() -> None:
    found = follow(Follow.OWN, of=lists(account=None))
    assert found.extensions == {"1": ME}
    assert found.plan.wanted == (OWN, EXTENSION_LIST)
    assert found.plan.instead == {OWN: filters("1")}


def test_everyone() -> None:
    """But for those without a presence; a place for parked calls has one, and so may a type nobody knows."""
    found = follow(Follow.ACCOUNT)
    assert set(found.extensions) == {"1", "2", "3", "4", "7", "8"}
    assert found.plan.wanted == (EVERYONE, EXTENSION_LIST)
    assert found.plan.instead == {EVERYONE: filters("1", "2", "3", "4", "7", "8")}


def test_lines() -> None:
    """The list of lines tells numbers and types; the names are those of the account."""
    lines = (
        Extension(id="1", number="101", type="User"),
        Extension(id="2", number="102", type="User"),
        Extension(id="5", number="105", type="Department"),
    )
    found = follow(Follow.LINES, of=lists(lines=lines))
    assert {key: each.name for key, each in found.extensions.items()} == {
        "1": "Me",
        "2": "Ann",
        "5": "Queue",
    }
    assert found.plan.wanted == (LINES, LINE_LIST, EXTENSION_LIST)
    assert found.plan.instead == {LINES: filters("1", "2", "5")}


def test_lines_where_the_account_may_not_be_read() -> None:
    line = Extension(id="2", number="102", type="User")
    found = follow(Follow.LINES, of=lists(account=None, lines=[line]))
    assert found.extensions == {"2": line}


def test_a_line_knows_its_type_where_the_account_does_not() -> None:
    listed = Extension(id="5", name="Queue")
    line = Extension(id="5", type="Department")
    found = follow(Follow.LINES, of=lists(account=[listed], lines=[line]))
    assert found.extensions["5"].type == "Department"
    line = Extension(id="5", type="IvrMenu")
    found = follow(Follow.LINES, of=lists(account=[listed], lines=[line]))
    assert found.extensions == {}


def test_favorites() -> None:
    """One of another account is nobody that can be followed."""
    found = follow(Follow.FAVORITES, of=lists(favorites=("3", "4", "99", "5", "6")))
    assert found.extensions == {"3": BEN, "4": PARK, "5": QUEUE}
    assert found.plan.wanted == (FAVORITES, FAVORITE_LIST, EXTENSION_LIST)
    assert found.plan.instead == {FAVORITES: filters("3", "4", "5")}


def test_favorites_where_the_account_may_not_be_read() -> None:
    """Nobody knows whose they are: all are asked for."""
    found = follow(Follow.FAVORITES, of=lists(account=None, favorites=("3", "99")))
    assert set(found.extensions) == {"3", "99"}


def test_those_who_were_chosen() -> None:
    found = follow(Follow.CHOSEN, chosen=["3", "2", "5", "6", "99"])
    assert list(found.extensions) == ["3", "2", "5"]
    assert found.plan.wanted == (*filters("3", "2", "5"), EXTENSION_LIST)
    assert found.plan.instead == {}


def test_those_who_were_chosen_where_the_account_may_not_be_read() -> None:
    found = follow(Follow.CHOSEN, chosen=["3", "99"], of=lists(account=None))
    assert found.extensions == {"3": Extension(id="3"), "99": Extension(id="99")}
    assert found.plan.wanted == (*filters("3", "99"), EXTENSION_LIST)


def test_nobody() -> None:
    assert follow().extensions == {}
    assert follow(Follow.CHOSEN).extensions == {}


# Several choices.

SOME = lists(lines=[ANN, PARK], favorites=("2", "3"))
PARTS = {
    Follow.OWN: {"1"},
    Follow.LINES: {"2", "4"},
    Follow.FAVORITES: {"2", "3"},
    Follow.CHOSEN: {"3", "7"},
    Follow.ACCOUNT: {"1", "2", "3", "4", "7", "8"},
}


@pytest.mark.parametrize(
    "choices",
    [some for count in range(1, 6) for some in combinations(Follow, count)],
    ids="+".join,
)
def test_choices_add_up(choices: tuple[Follow, ...]) -> None:
    """Each extension is followed once, and whatever is refused, what stands in for it names the same."""
    found = follow(*choices, chosen=["3", "7"], of=SOME)
    assert set(found.extensions) == set().union(*(PARTS[each] for each in choices))
    assert all(found.extensions[key] == ACCOUNT[key] for key in found.extensions)
    wanted = found.plan.wanted
    assert len(wanted) == len(set(wanted))
    assert EXTENSION_LIST in wanted
    for refused in ([], [EVERYONE], [LINES, FAVORITES, OWN, EVERYONE]):
        asked = found.plan.without(refused)
        assert set(refused).isdisjoint(asked)
        wide = {OWN: "1", LINES: "24", FAVORITES: "23", EVERYONE: "123478"}
        seen = {
            key
            for name in asked
            for key in (
                wide.get(name)
                or [key for key in ACCOUNT if name == extension_filter(key)]
            )
        }
        assert seen == set(found.extensions)


def test_what_the_first_choice_says_of_someone_holds() -> None:
    """The own extension is read fresh, with what no list tells."""
    own = Extension(id="1", account_id="9", name="Me of now", type="User")
    found = following([Follow.OWN, Follow.ACCOUNT], (), Lists(own=own, account=ACCOUNT))
    assert found.extensions["1"].name == "Me of now"


def test_refused_lists_are_told() -> None:
    """So that nobody is taken for gone."""
    assert follow(Follow.OWN).is_complete
    refused = lists(refused=[Follow.LINES])
    assert not follow(Follow.OWN, Follow.LINES, of=refused).is_complete


@pytest.mark.parametrize("status", ["Disabled", "Frozen", "Unassigned"])
def test_a_status_without_presence(status: str) -> None:
    assert not Extension(id="1", type="User", status=status).can_be_followed


@pytest.mark.parametrize(
    "kind",
    [
        "Announcement",
        "ApplicationExtension",
        "FaxUser",
        "IvrMenu",
        "PagingOnly",
        "SharedLinesGroup",
        "Site",
        "Voicemail",
    ],
)
def test_a_type_without_presence(kind: str) -> None:
    assert not Extension(id="1", type=kind, status="Enabled").can_be_followed


@pytest.mark.parametrize(
    "kind",
    [
        *("User", "DigitalUser", "VirtualUser", "FlexibleUser", "Limited"),
        *("ParkLocation", "Department", "GroupCallPickup"),
        # New ones appear over time.
        *("VoiceAppIntegration", "WebVoice", "SomethingNew"),
    ],
)
def test_a_type_with_presence(kind: str) -> None:
    assert Extension(id="1", type=kind, status="Enabled").can_be_followed


def test_what_has_calls_and_no_person() -> None:
    for group in ("Department", "GroupCallPickup", "ParkLocation"):
        assert not Extension(id="1", type=group).has_person
    for kind in ("User", "Limited", "Room", None, "SomethingNew"):
        assert Extension(id="1", type=kind).has_person


# Reading the lists.


@dataclass
class Account:
    """Stands in for `Rest`: answers with lists, or with an error in their place."""

    errors: dict[str, RingCentralError] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    is_whole: bool = True

    def _ask(self, name: str) -> None:
        self.asked.append(name)
        if name in self.errors:
            raise self.errors[name]

    async def extensions(self) -> Listing[Extension]:
        """Return the account's list."""
        self._ask("extensions")
        return Listing.of(ACCOUNT.values(), is_whole=self.is_whole)

    async def monitored_lines(self) -> Listing[Extension]:
        """Return the lines."""
        self._ask("monitored_lines")
        return Listing((ANN,))

    async def favorites(self) -> Listing[str]:
        """Return the favorites."""
        self._ask("favorites")
        return Listing("3")


async def read(
    account: Account, *choices: Follow, needs_account: bool = False
) -> Lists:
    """Read the lists that these choices need."""
    return await read_lists(
        cast(Rest, account), ME, choices, needs_account=needs_account
    )


@pytest.mark.parametrize(
    ("choices", "asked"),
    [
        ([Follow.OWN], []),
        ([Follow.LINES], ["extensions", "monitored_lines"]),
        ([Follow.FAVORITES], ["extensions", "favorites"]),
        ([Follow.CHOSEN], ["extensions"]),
        ([Follow.ACCOUNT], ["extensions"]),
        (list(Follow), ["extensions", "monitored_lines", "favorites"]),
    ],
)
async def test_only_what_is_needed_is_read(
    choices: list[Follow], asked: list[str]
) -> None:
    account = Account()
    found = await read(account, *choices)
    assert account.asked == asked
    assert found.refused == frozenset()
    assert following(choices, (), found).is_complete


async def test_nobody_is_gone_for_a_record_that_cannot_be_read() -> None:
    found = await read(Account(is_whole=False), Follow.ACCOUNT)
    assert not following([Follow.ACCOUNT], (), found).is_complete


REFUSALS = (
    PermissionMissing("CMN-401", "ReadContacts"),
    Misconfigured(Reason.NOT_FOUND, "CMN-120"),
)


@pytest.mark.parametrize("error", REFUSALS, ids=str)
async def test_lists_that_are_refused_are_empty(error: RingCentralError) -> None:
    names = ("extensions", "monitored_lines", "favorites")
    account = Account(errors=dict.fromkeys(names, error))
    found = await read(account, Follow.LINES, Follow.FAVORITES)
    assert found.account is None
    assert found.lines == {}
    assert found.favorites == ()
    assert found.refused >= {Follow.LINES, Follow.FAVORITES}


@pytest.mark.parametrize("error", REFUSALS, ids=str)
async def test_everyone_cannot_be_followed_without_the_list(
    error: RingCentralError,
) -> None:
    with pytest.raises(type(error)):
        await read(Account(errors={"extensions": error}), Follow.ACCOUNT)


@pytest.mark.parametrize(
    ("name", "choices"),
    [
        ("extensions", [Follow.ACCOUNT]),
        ("extensions", [Follow.CHOSEN, Follow.FAVORITES]),
        ("monitored_lines", [Follow.LINES]),
        ("favorites", [Follow.FAVORITES]),
    ],
)
async def test_passing_trouble_is_no_refusal(name: str, choices: list[Follow]) -> None:
    account = Account(errors={name: RetryLater(Reason.SERVICE_ERROR)})
    with pytest.raises(RetryLater):
        await read(account, *choices)


@pytest.mark.parametrize(
    ("name", "choice"),
    [("monitored_lines", Follow.LINES), ("favorites", Follow.FAVORITES)],
)
async def test_a_list_that_fails_costs_the_other_choices_nothing(
    name: str, choice: Follow
) -> None:
    """It is read again, and nobody counts as gone meanwhile."""
    account = Account(errors={name: RetryLater(Reason.SERVICE_ERROR)})
    lists = await read(account, *Follow)
    assert lists.later == {choice}
    assert not lists.refused
    found = following([*Follow], [], lists)
    assert found.later == {choice}
    assert not found.is_complete
    assert found.extensions.keys() >= {
        key for key, each in ACCOUNT.items() if each.has_person and each.can_be_followed
    }


async def test_without_the_list_of_the_account_others_are_followed() -> None:
    """Who is known by its list alone follows once it can be read."""
    account = Account(errors={"extensions": RetryLater(Reason.SERVICE_ERROR)})
    found = following([*Follow], ["3"], await read(account, *Follow))
    assert set(found.extensions) == {ME.id, ANN.id}
    assert Follow.ACCOUNT in found.later
    assert not found.is_complete
    with pytest.raises(RetryLater):
        await read(account, *Follow, needs_account=True)


def test_a_type_or_status_that_cannot_be_read_changes_nobody() -> None:
    """A queue does not become a person, and who is disabled stays so."""
    known = {each.id: each for each in (ANN, QUEUE, GONE)}
    odd = lists(
        account=[replace(each, type=None, status=None) for each in known.values()]
    )
    filled = filled_in(odd, known)
    assert filled.account == known
    assert set(follow(Follow.ACCOUNT, of=filled).extensions) == {"2"}
    assert filled_in(odd, {}) == odd
