"""What an idle hour costs: two REST calls at most, with voicemail and the call log as without, whatever was taken away."""

import asyncio
from typing import Any
from unittest.mock import patch

import pytest

from custom_components.ringcentral.aioringcentral.account import (
    call_log,
    full_rereads,
    mailbox,
    queues,
)

from .skipping import quiet, skipping_time
from .world import World

HOUR, DAYS = 3_600.0, 2
# Before the world makes them shorter.
RESYNC, ASK_AGAIN = full_rereads.RESYNC_EVERY, mailbox._ASK_AGAIN_AFTER
ASK_FOR_LOG = call_log._ASK_AGAIN_AFTER
EACH_OF_WAKES = queues._EACH_OF_WAKES


@pytest.fixture
def emulator() -> None:
    """Replace the one of other tests: the world has its own."""


@pytest.fixture
def integration(emulator: None) -> None:
    """Replace the one of other tests, with the Home Assistant it needs."""


async def idle_hours(
    world: World, faults: dict[str, Any], *, is_compared: bool = True
) -> float:
    """Return the REST calls an hour of days in which nothing happens."""
    emulator = world.emulator
    await world.begin()
    with (
        patch.object(full_rereads, "RESYNC_EVERY", RESYNC),
        patch.object(mailbox, "_ASK_AGAIN_AFTER", ASK_AGAIN),
        patch.object(queues, "_EACH_OF_WAKES", EACH_OF_WAKES),
        patch.object(call_log, "_ASK_AGAIN_AFTER", ASK_FOR_LOG),
    ):
        await world._finish()
        assert world.coordinator is not None
        shown = world.shown(world.entities(emulator.own_extension_id))
        assert ("voicemails" in shown) is world.has_voicemail
        assert world.coordinator.account.call_log.is_offered is world.has_call_log
        world.is_gentle = False
        emulator.faults.set(**faults)
        emulator.mail.leave(emulator.own_extension_id)
        await emulator.play_call(emulator.own_extension_id, ["ring", "reject"])
        await asyncio.sleep(HOUR)
        before = emulator.counters.requests.total()
        await asyncio.sleep(DAYS * 24 * HOUR)
        spent = emulator.counters.requests.total() - before
        assert not is_compared or not world.verdict()
    return spent / (DAYS * 24)


@pytest.mark.parametrize(
    ("has_more", "faults"),
    [
        (False, {}),
        (True, {}),
        (True, {"permissions_removed": ["ReadMessages", "ReadCallLog"]}),
        (True, {"user_permissions_removed": ["ReadMessages", "ReadCallLog"]}),
        (True, {"refuse_filters": {"*/message-store*": "SUB-403"}}),
    ],
    ids=["without", "with", "app may not read", "user may not read", "no events"],
)
def test_an_idle_hour_costs_two_calls_at_most(
    socket_enabled: None, has_more: bool, faults: dict[str, Any]
) -> None:
    with quiet(), skipping_time() as loop:
        world = World(
            loop,
            extensions=7,
            kind={"refresh_tokens": True},
            follow=["account"],
            caller_identity="hidden",
            has_voicemail=has_more,
            has_call_log=has_more,
        )
        try:
            assert 0 < world.run(idle_hours(world, faults)) <= 2
        finally:
            world.run(world.close())


@pytest.mark.parametrize(
    "faults",
    [
        {},
        {"queue_readings": "forbidden"},
        {"refuse_filters": {"*/call-queues/*": "SUB-403"}, "refusal": "partial"},
    ],
    ids=["with", "may not read", "no events"],
)
def test_so_does_one_with_queues(socket_enabled: None, faults: dict[str, Any]) -> None:
    with quiet(), skipping_time() as loop:
        world = World(
            loop,
            extensions=12,
            kind={"refresh_tokens": True, **faults},
            follow=["own", "lines"],
            caller_identity="hidden",
        )
        try:
            # What is refused is not there to be compared.
            spent = world.run(idle_hours(world, {}, is_compared=not faults))
            assert 0 < spent <= 2
        finally:
            world.run(world.close())
