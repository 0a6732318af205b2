"""The call log without Home Assistant: calls of a time, how missed ones ended, and how little that may cost."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any, cast, override
from unittest.mock import patch

import pytest

from aioringcentral.account import Account, AccountListener, Choices, PresenceChange
from aioringcentral.auth import TokenSource
from aioringcentral.call_log import Outcome
from aioringcentral.calls.state import CallEvent, CallEventType
from aioringcentral.errors import PermissionMissing, RetryLater
from aioringcentral.http import Http
from aioringcentral.limits import RateGroup
from aioringcentral.rest import Rest
from emulator import Emulator

from .test_account import DEADLINE, sign_in
from .test_rest import Service

HOME = "aioringcentral.account.call_log"
NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
RECORD: dict[str, Any] = {
    "startTime": "2026-11-29T09:00:00.000Z",
    "direction": "Inbound",
    "result": "Missed",
}


class Told(AccountListener):
    """Keeps how missed calls ended, and whether the log was offered."""

    def __init__(self, account: Account) -> None:
        """Tell the account what was missed, as whoever shows it does."""
        self._account = account
        self.outcomes: list[Outcome] = []
        self.changes = 0
        self._again = asyncio.Event()

    async def until(self, outcomes: int) -> None:
        """Wait for so many outcomes, and for the log."""
        async with asyncio.timeout(DEADLINE):
            while len(self.outcomes) < outcomes or not self.changes:
                self._again.clear()
                await self._again.wait()

    @override
    def presence_changed(self, change: PresenceChange) -> None:
        for event in change.events:
            if event.type is CallEventType.MISSED:
                self._account.call_log.call_missed(event)

    @override
    def call_log_changed(self) -> None:
        self.changes += 1
        self._again.set()

    @override
    def missed_call_explained(self, event: CallEvent, outcome: Outcome) -> None:
        self.outcomes.append(outcome)
        self._again.set()


async def test_an_account_tells_how_missed_calls_ended(emulator: Emulator) -> None:
    emulator.faults.set(call_log_delay=0)
    own = emulator.own_extension_id
    account = Account(sign_in(emulator), Choices(own=True), call_log=True)
    account.add_listener(told := Told(account))
    with patch(f"{HOME}._THERE_AFTER", 0.1):
        async with account:
            await told.until(0)
            await emulator.play_call(own, ["ring", "voicemail"])
            await told.until(1)
            assert told.outcomes == [Outcome.VOICEMAIL]
            today = datetime.now(UTC)
            day = timedelta(days=1)
            (call,) = await account.call_log.between(today - day, today + day)
            assert call.is_missed
            assert (told.changes, account.call_log.refusal) == (1, None)


async def test_an_account_that_does_not_want_the_log_asks_for_nothing(
    emulator: Emulator,
) -> None:
    async with Account(sign_in(emulator), Choices(own=True)) as account:
        assert not account.call_log.is_offered
        with pytest.raises(PermissionMissing):
            await account.call_log.between(NOW, NOW)
        assert emulator.counters.groups["Heavy"] == 0


def rest_of(*answers: Any) -> tuple[Rest, Service]:
    """Return the calls to a service with these answers."""
    service = Service(list(answers))
    return Rest(cast(Http, service), cast(TokenSource, service)), service


def page(*ids: str, more: bool = False) -> dict[str, Any]:
    """Return a page of the log."""
    return {
        "records": [{"id": key, **RECORD} for key in ids],
        "navigation": {"nextPage": {"uri": "x"}} if more else {},
    }


async def test_a_call_that_moves_to_the_next_page_is_there_once() -> None:
    rest, service = rest_of(page("a", "b", more=True), page("b", "c"))

    found = await rest.call_log.between(NOW - timedelta(days=30), NOW)

    assert [each.id for each in found] == ["a", "b", "c"]
    assert [more["query"]["page"] for _, _, more in service.sent] == [1, 2]
    query = service.sent[0][2]["query"]
    assert query["dateFrom"] == "2026-10-30T12:00:00.000Z"
    assert query["dateTo"] == "2026-11-29T12:00:00.000Z"


async def test_a_log_that_always_has_more_ends() -> None:
    rest, service = rest_of(page("a", more=True))

    assert len(await rest.call_log.between(NOW, NOW)) == 1
    assert len(service.sent) == 2


@pytest.mark.parametrize("odd", [None, [], {}, {"records": None}])
async def test_a_reply_that_is_no_log_is_asked_for_again(odd: Any) -> None:
    rest, _ = rest_of(odd)

    with pytest.raises(RetryLater):
        await rest.call_log.between(NOW, NOW)
    with pytest.raises(RetryLater):
        await rest.call_log.recent(NOW)


async def test_what_the_group_cannot_spare_is_not_sent() -> None:
    rest, service = rest_of(page("a"))
    now = asyncio.get_running_loop().time()
    for _ in range(3):
        service.budget.sent(RateGroup.HEAVY, now)

    with pytest.raises(RetryLater) as refused:
        await rest.call_log.recent(NOW)

    assert service.sent == []
    assert 50 < (refused.value.retry_after or 0.0) <= 60


async def test_a_place_that_is_near_is_waited_for() -> None:
    rest, service = rest_of(page("a"))
    now = asyncio.get_running_loop().time()
    for _ in range(3):
        service.budget.sent(RateGroup.HEAVY, now - 59.9)

    assert len(await rest.call_log.recent(NOW)) == 1
