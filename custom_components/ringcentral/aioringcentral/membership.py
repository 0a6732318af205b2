"""Whom to follow: choices, the extensions that they mean, and the event filters for those (docs/architecture.md 6)."""

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from .errors import Misconfigured, PermissionMissing, RetryLater
from .filters import (
    EVERYONE,
    EXTENSION_LIST,
    FAVORITE_LIST,
    FAVORITES,
    LINE_LIST,
    LINES,
    OWN,
    FilterPlan,
    extension_filter,
    is_presence_filter,
)
from .listing import Listing
from .models import Extension
from .rest import Rest


class Follow(StrEnum):
    """Choices; several add up."""

    OWN = "own"
    LINES = "lines"
    FAVORITES = "favorites"
    CHOSEN = "chosen"
    ACCOUNT = "account"


# Choices that wait for the account's list, because only it says whom they mean, or of which type those are.
_OF_ACCOUNT: Final = frozenset({Follow.FAVORITES, Follow.CHOSEN, Follow.ACCOUNT})


@dataclass(frozen=True, slots=True, kw_only=True)
class Lists:
    """What the account says: its extensions (None if they may not be read), lines and favorites.

    ``refused`` are the choices whose list may not be read, ``later`` those that wait for a list that cannot be
    read for now. ``is_whole`` is False if a list has records that cannot be read.
    """

    own: Extension
    account: Mapping[str, Extension] | None = None
    lines: Mapping[str, Extension] | None = None
    favorites: tuple[str, ...] = ()
    refused: frozenset[Follow] = frozenset()
    later: frozenset[Follow] = frozenset()
    is_whole: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Following:
    """The extensions that are followed, by id, and the plan of filters for them.

    If a list was refused, one of its records could not be read, or the account's list lacks even the user
    who reads it, ``is_complete`` is False: the choices may mean others, too, and no extension counts as gone.
    ``listed`` are the ids in the account's list. ``origins`` are the choices that mean each extension.
    ``later`` are the choices that wait for a list that could not be read for now; ``reads_again`` says that
    such a list, or a record of one, is to be read again.
    """

    extensions: Mapping[str, Extension]
    plan: FilterPlan
    origins: Mapping[str, frozenset[Follow]]
    is_complete: bool = True
    later: frozenset[Follow] = frozenset()
    reads_again: bool = False
    listed: frozenset[str] = frozenset()


async def read_lists(
    rest: Rest,
    own: Extension,
    choices: Collection[Follow],
    *,
    needs_account: bool = False,
) -> Lists:
    """Read the lists that the choices need; see `Rest` for the errors raised.

    A list that is refused counts as empty, except for the account's list when everyone is to be followed. So
    does a list that cannot be read for now if other choices can be followed without it, except for the
    account's list with ``needs_account``.
    """
    refused, later = set[Follow](), set[Follow]()
    extensions: Listing[Extension] | None = None

    async def beside_others[T](
        choice: Follow, read: Callable[[], Awaitable[Listing[T]]]
    ) -> Listing[T]:
        if choice in choices and choice not in later:
            try:
                return await read()
            except PermissionMissing, Misconfigured:
                refused.add(choice)
            except RetryLater:
                later.add(choice)
                if later.issuperset(choices):
                    raise
        return Listing[T]()

    if set(choices) - {Follow.OWN}:
        try:
            extensions = await rest.extensions()
        except PermissionMissing, Misconfigured:
            if Follow.ACCOUNT in choices:
                raise
        except RetryLater:
            later |= _OF_ACCOUNT
            if needs_account or later.issuperset(choices):
                raise
    lines = await beside_others(Follow.LINES, rest.monitored_lines)
    favorites = await beside_others(Follow.FAVORITES, rest.favorites)
    return Lists(
        own=own,
        account=None if extensions is None else _by_id(extensions),
        lines=_by_id(lines),
        favorites=favorites,
        refused=frozenset(refused),
        later=frozenset(later),
        is_whole=(extensions is None or extensions.is_whole)
        and lines.is_whole
        and favorites.is_whole,
    )


def _by_id(extensions: Iterable[Extension]) -> dict[str, Extension]:
    return {extension.id: extension for extension in extensions}


def filled_in(lists: Lists, known: Mapping[str, Extension]) -> Lists:
    """Return the lists with types and statuses from an earlier reading where this one has none.

    Type and status decide who is followed and as what, so a value that cannot be read must not change that.
    """
    return replace(
        lists,
        account=None if lists.account is None else _filled_in(lists.account, known),
        lines=None if lists.lines is None else _filled_in(lists.lines, known),
    )


def _filled_in(
    found: Mapping[str, Extension], known: Mapping[str, Extension]
) -> dict[str, Extension]:
    return {
        key: replace(
            each,
            type=each.type or known[key].type,
            status=each.status or known[key].status,
        )
        if key in known and not (each.type and each.status)
        else each
        for key, each in found.items()
    }


def following(
    choices: Collection[Follow], chosen: Iterable[str], lists: Lists
) -> Following:
    """Return the extensions that the choices mean, each once, and the filters to ask for."""
    wanted: list[str] = []
    instead: dict[str, tuple[str, ...]] = {}
    members: dict[str, Extension] = {}
    origins: dict[str, frozenset[Follow]] = {}
    for choice, filters, found in _parts(choices, chosen, lists):
        known = {
            extension.id: extension
            for extension in found
            if extension.can_be_followed
            # Each of a company's queues would be a device, so only queues that are named are followed.
            and (choice is not Follow.ACCOUNT or not extension.is_queue)
        }
        members |= {
            key: extension for key, extension in known.items() if key not in members
        }
        for key in known:
            origins[key] = origins.get(key, frozenset[Follow]()) | {choice}
        if choice is Follow.CHOSEN:
            wanted += (extension_filter(key) for key in known)
        else:
            instead[filters[0]] = tuple(extension_filter(key) for key in known)
        wanted += filters
    if not any(is_presence_filter(name) for name in wanted):
        # There is nothing to follow for now: the user's own presence keeps the subscription alive, which reports newcomers.
        wanted.append(OWN)
    wanted.append(EXTENSION_LIST)
    return Following(
        extensions=members,
        plan=FilterPlan(wanted=tuple(dict.fromkeys(wanted)), instead=instead),
        origins=origins,
        is_complete=lists.is_whole
        and not lists.refused
        and not lists.later
        and (lists.account is None or lists.own.id in lists.account),
        later=lists.later,
        reads_again=bool(lists.later) or not lists.is_whole,
        listed=frozenset(lists.account or ()),
    )


def _parts(
    choices: Collection[Follow], chosen: Iterable[str], lists: Lists
) -> Iterable[tuple[Follow, tuple[str, ...], list[Extension]]]:
    account = lists.account or {}
    if Follow.OWN in choices:
        yield Follow.OWN, (OWN,), [lists.own]
    if Follow.LINES in choices:
        lines = lists.lines or {}
        yield (
            Follow.LINES,
            (LINES, LINE_LIST),
            [_known(line, account) for line in lines.values()],
        )
    if Follow.FAVORITES in choices:
        # A favorite may belong to another account, which only the account's list could tell.
        found = [
            account.get(key) or Extension(id=key)
            for key in lists.favorites
            if not account or key in account
        ]
        yield Follow.FAVORITES, (FAVORITES, FAVORITE_LIST), found
    if Follow.CHOSEN in choices and Follow.CHOSEN not in lists.later:
        keys = [key for key in chosen if lists.account is None or key in account]
        yield Follow.CHOSEN, (), [account.get(key) or Extension(id=key) for key in keys]
    if Follow.ACCOUNT in choices:
        yield Follow.ACCOUNT, (EVERYONE,), list(account.values())


def _known(line: Extension, account: Mapping[str, Extension]) -> Extension:
    listed = account.get(line.id)
    return line if listed is None else replace(listed, type=listed.type or line.type)
