"""What is counted where the service's documentation leaves it open (docs/protocol.md 10.1)."""

from typing import Any

import pytest

from aioringcentral.account import Choices
from aioringcentral.filters import EVERYONE
from aioringcentral.models import PresenceUpdate
from aioringcentral.observations import Observations
from aioringcentral.presence import update_from_event, update_from_rest
from emulator import Emulator

from .conftest import client_of
from .test_account import listening
from .wirebodies import call, event, rest_presence


def reading(**changes: Any) -> PresenceUpdate:
    """Return a reading with these fields."""
    update = update_from_rest(rest_presence(**changes))
    assert update is not None
    return update


def test_words_are_counted_by_field_and_named_only_if_they_are_nobodys() -> None:
    seen = Observations()
    for word in ("OnPersonalCall", "OnPersonalCall", "Zebulon", "+14155550100"):
        seen.reading(reading(userStatus=word))
    seen.reading(reading(dndStatus="Unknown", message=""))
    assert seen.as_dict()["unknown_words"] == {
        "user_status": {"OnPersonalCall": 2, "other": 2}
    }


def test_a_word_of_somebody_is_in_no_repr() -> None:
    update = update_from_event(event(userStatus="Zebulon", message="Zebulon"))
    assert update is not None
    assert update.unknown == (("user_status", "Zebulon"),)
    assert "Zebulon" not in repr(update)


@pytest.mark.parametrize(
    ("calls", "total", "counted"),
    [(8, None, (0, 1, 1)), (7, 7, (1, 0, 0)), (0, None, (0, 0, 0))],
)
def test_readings_with_calls_are_counted(
    calls: int, total: int | None, counted: tuple[int, int, int]
) -> None:
    seen = Observations()
    listed = [call(sessionId=str(number)) for number in range(calls)]
    seen.reading(reading(activeCalls=listed, totalActiveCalls=total))
    assert counted == (
        seen.readings_with_total,
        seen.readings_without_total,
        seen.readings_over_seven,
    )


@pytest.mark.parametrize(
    ("before", "after", "counted"),
    [
        (40, 39, (1, 0, 0)),
        (40, 28, (0, 1, 0)),
        (40, 37, (0, 0, 1)),
        (5, 40, (0, 0, 1)),
        (None, 39, (0, 0, 1)),
        (40, None, (0, 0, 1)),
    ],
)
def test_what_a_batch_took_of_the_limit(
    before: int | None, after: int | None, counted: tuple[int, int, int]
) -> None:
    seen = Observations()
    seen.batch(12, before, after)
    assert counted == (
        seen.batches_counted_once,
        seen.batches_counted_each,
        seen.batches_unclear,
    )


@pytest.mark.parametrize("counts_items", [False, True])
async def test_a_batch_is_seen_as_the_service_counts_it(counts_items: bool) -> None:
    async with (
        Emulator(extensions=6, seed=1) as emulator,
        client_of(emulator) as client,
    ):
        emulator.faults.set(batch_counts="each" if counts_items else "one")
        await client.rest.own_extension()
        await client.rest.presences(emulator.extension_ids)
        seen = client.rest.observations
        assert (seen.batches_counted_each, seen.batches_counted_once) == (
            (1, 0) if counts_items else (0, 1)
        )


@pytest.mark.parametrize("omitted", [False, True])
async def test_events_are_counted_by_sequence(
    emulator: Emulator, omitted: bool
) -> None:
    emulator.faults.set(sequence="none" if omitted else "all")
    async with listening(emulator, Choices(own=True)) as (account, heard):
        heard.said.clear()
        await emulator.play_call(account.own.id, ["ring"])
        await heard.until("presence")
        seen = account.observations
        assert (seen.events_with_sequence, seen.events_without_sequence) == (
            (0, 1) if omitted else (1, 0)
        )


@pytest.mark.parametrize("detailed", [False, True])
async def test_events_of_the_account_filter_are_counted_by_their_calls(
    emulator: Emulator, detailed: bool
) -> None:
    emulator.faults.set(account_detailed_calls=detailed)
    async with listening(emulator, Choices(account=True)) as (account, heard):
        assert account.stream.subscription is not None
        assert EVERYONE in account.stream.subscription.live
        colleague = next(key for key in account.extensions if key != account.own.id)
        heard.said.clear()
        await emulator.play_call(colleague, ["ring"])
        await heard.until("presence")
        seen = account.observations
        assert (seen.account_events_with_calls, seen.account_events_without_calls) == (
            (1, 0) if detailed else (0, 1)
        )
