"""A reading of many is applied part by part, and what arrives in between stays."""

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import cast
from unittest.mock import patch

import pytest

from aioringcentral import pauses
from aioringcentral.account.listener import Listeners
from aioringcentral.account.presence_tracker import PresenceTracker
from aioringcentral.batches import Readings
from aioringcentral.causes import Cause, Why
from aioringcentral.models import PresenceUpdate, TelephonyStatus
from aioringcentral.presence import update_from_event, update_from_rest
from aioringcentral.rest import Rest

from .wirebodies import event, rest_presence

EVERYONE = [str(number) for number in range(5500101, 5500121)]

BROKEN = Why(Cause.BREAK, 0.0)


class _Quiet:
    """A service where nobody is on a call."""

    async def presences(self, extension_ids: Iterable[str]) -> Readings:
        """Return a reading of all."""
        found = [
            update_from_rest(rest_presence(extension={"id": key}))
            for key in extension_ids
        ]
        return Readings(found=tuple(each for each in found if each is not None))


def _ringing(key: str) -> PresenceUpdate:
    found = update_from_event(event(extensionId=key, telephonyStatus="Ringing"))
    assert found is not None
    return found


async def _turns(count: int) -> None:
    """Let the loop turn so often."""
    for _ in range(count):
        await asyncio.sleep(0)


@pytest.mark.parametrize("key", [EVERYONE[0], EVERYONE[10], EVERYONE[-1]])
async def test_an_event_between_two_parts_of_a_snapshot_stays(key: str) -> None:
    tracker = PresenceTracker(
        cast(Rest, _Quiet()), Listeners(), lambda: datetime.now(UTC)
    )
    tracker.presences.follow(EVERYONE)
    stale = dict.fromkeys(EVERYONE, BROKEN)
    with patch.object(pauses, "_PART", 0.0):
        reading = asyncio.create_task(tracker.catch_up(stale))
        await _turns(10)
        assert tracker.presences[EVERYONE[5]].telephony_status
        assert tracker.presences[EVERYONE[-1]].telephony_status is None
        tracker.apply(_ringing(key))
        await reading
    assert {
        name: each.telephony_status for name, each in tracker.presences.items()
    } == {
        **dict.fromkeys(EVERYONE, TelephonyStatus.NO_CALL),
        key: TelephonyStatus.RINGING,
    }
    assert not stale


async def test_a_snapshot_that_is_cut_short_is_read_again() -> None:
    tracker = PresenceTracker(
        cast(Rest, _Quiet()), Listeners(), lambda: datetime.now(UTC)
    )
    tracker.presences.follow(EVERYONE)
    stale = dict.fromkeys(EVERYONE, BROKEN)
    with patch.object(pauses, "_PART", 0.0):
        reading = asyncio.create_task(tracker.catch_up(stale))
        await _turns(10)
        assert tracker.presences[EVERYONE[5]].telephony_status
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
    assert list(stale) == EVERYONE
    await tracker.catch_up(stale)
    assert not stale
    assert tracker.presences[EVERYONE[-1]].telephony_status is not None
