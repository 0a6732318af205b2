"""Presence of many in few requests: of the whole account where that is cheapest, else thirty at a time."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import cast

import pytest

from aioringcentral.batches import Readings
from aioringcentral.errors import (
    Misconfigured,
    PermissionMissing,
    Reason,
    RetryLater,
    RingCentralError,
)
from aioringcentral.models import PresenceUpdate
from aioringcentral.rest import Rest
from aioringcentral.snapshot import SnapshotReader

FEW = [str(number) for number in range(30)]
MANY = [str(number) for number in range(31)]


def presence(key: str) -> PresenceUpdate:
    """Return what is told of one extension."""
    return PresenceUpdate(extension_id=key, sequence=None, changes={}, detailed=True)


@dataclass
class Account:
    """Stands in for `Rest`: knows these extensions, and may refuse to tell of all at once."""

    known: list[str] = field(default_factory=lambda: [*MANY, "stranger"])
    error: RingCentralError | None = None
    error_of_some: RingCentralError | None = None
    asked: list[str | list[str]] = field(default_factory=list)

    async def account_presences(self) -> tuple[PresenceUpdate, ...]:
        """Return that of all."""
        self.asked.append("all")
        if self.error is not None:
            raise self.error
        return tuple(presence(key) for key in self.known)

    async def presences(self, keys: Iterable[str]) -> Readings:
        """Return that of these."""
        keys = list(keys)
        if keys:
            self.asked.append(keys)
            if self.error_of_some is not None:
                raise self.error_of_some
        return Readings(found=tuple(presence(key) for key in keys))


async def read(account: Account, *keys: str) -> list[str]:
    """Read once, and return of whom something is told."""
    reader = SnapshotReader(cast(Rest, account))
    return [update.extension_id for update in (await reader.read(keys)).found]


async def test_few_are_one_batch() -> None:
    account = Account()
    assert await read(account, *FEW) == FEW
    assert account.asked == [FEW]


async def test_nobody_is_no_request() -> None:
    account = Account()
    assert await read(account) == []
    assert account.asked == []


async def test_who_is_named_twice_counts_once() -> None:
    account = Account()
    assert await read(account, *FEW, *FEW) == FEW
    assert account.asked == [FEW]


async def test_many_are_read_with_all() -> None:
    """Strangers among them are left out."""
    account = Account()
    assert await read(account, *MANY) == MANY
    assert account.asked == ["all"]


async def test_those_that_the_account_does_not_list_are_read_alone() -> None:
    account = Account(known=MANY[:-2])
    assert await read(account, *MANY) == MANY
    assert account.asked == ["all", MANY[-2:]]


@pytest.mark.parametrize(
    ("error", "later"),
    [
        (PermissionMissing("CMN-408"), ()),
        (Misconfigured(Reason.NOT_FOUND), ()),
        (RetryLater(Reason.RATE_LIMITED, retry_after=7.0), (MANY[-1],)),
    ],
    ids=str,
)
async def test_one_that_is_refused_never_costs_the_others(
    error: RingCentralError, later: tuple[str, ...]
) -> None:
    """It is not listed, and may not be read alone; or not for now, and is to be read later."""
    reader = SnapshotReader(cast(Rest, Account(known=MANY[:-1], error_of_some=error)))
    readings = await reader.read(MANY)
    assert [update.extension_id for update in readings.found] == MANY[:-1]
    assert readings.later == later
    assert readings.retry_after == (7.0 if later else None)


@pytest.mark.parametrize(
    "error",
    [PermissionMissing("CMN-408"), Misconfigured(Reason.NOT_FOUND)],
    ids=str,
)
async def test_an_account_that_refuses_is_asked_once(error: RingCentralError) -> None:
    account = Account(error=error)
    reader = SnapshotReader(cast(Rest, account))
    for _ in range(2):
        assert len((await reader.read(MANY)).found) == len(MANY)
    assert account.asked == ["all", MANY, MANY]
    assert reader.account_refused


async def test_where_the_account_fails_others_may_be_read() -> None:
    """The next time the account is asked again."""
    account = Account(error=RetryLater(Reason.SERVICE_ERROR))
    reader = SnapshotReader(cast(Rest, account))
    assert len((await reader.read(MANY)).found) == len(MANY)
    account.error = None
    assert len((await reader.read(MANY)).found) == len(MANY)
    assert account.asked == ["all", MANY, "all"]


@pytest.mark.parametrize(
    "error",
    [
        RetryLater(Reason.CANNOT_CONNECT),
        RetryLater(Reason.RATE_LIMITED, retry_after=60.0),
        RetryLater(Reason.SERVICE_ERROR, retry_after=60.0),
    ],
    ids=str,
)
async def test_passing_trouble_is_told(error: RetryLater) -> None:
    """And the account is asked again."""
    account = Account(error=error)
    reader = SnapshotReader(cast(Rest, account))
    with pytest.raises(RetryLater):
        await reader.read(MANY)
    account.error = None
    assert len((await reader.read(MANY)).found) == len(MANY)
    assert account.asked == ["all", "all"]
