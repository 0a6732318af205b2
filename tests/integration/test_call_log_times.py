"""When the call log is read, by the clocks of the service and the client: nothing here is made shorter."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from .skipping import quiet, skipping_time
from .world import World

SYNC = "GET /restapi/v1.0/account/{id}/extension/{id}/call-log-sync"


@pytest.fixture
def emulator() -> None:
    """Replace the one of other tests: the world has its own."""


@pytest.fixture
def integration(emulator: None) -> None:
    """Replace the one of other tests, with the Home Assistant it needs."""


def lived(work: Callable[[World], Awaitable[None]], **kind: Any) -> None:
    """Let something happen in a world whose app may read the call log."""

    async def live(world: World) -> None:
        await world.begin()
        await world._finish()
        assert world.coordinator is not None
        await asyncio.sleep(1)
        assert world.coordinator.account.call_log.is_offered
        await work(world)
        assert not world.verdict()
        world.is_gentle = world.is_unbroken = False
        await world.end()
        assert not world.verdict()

    with quiet(), skipping_time() as loop:
        world = World(
            loop,
            extensions=7,
            kind=kind,
            follow=["own"],
            caller_identity="hidden",
            has_call_log=True,
        )
        try:
            world.run(live(world))
        finally:
            world.run(world.close())


async def miss(world: World, name: str, end: str = "reject") -> None:
    """Miss a call."""
    own = world.emulator.own_extension_id
    await world.emulator.play_call(own, ["ring", end], call=name)


def readings(world: World) -> int:
    """Return how often the log was read since it was found out that it can be."""
    return world.emulator.counters.requests[SYNC] - 1


def test_a_call_is_explained_half_a_minute_after_it_was_missed(
    socket_enabled: None,
) -> None:
    async def happen(world: World) -> None:
        await miss(world, "a")
        await asyncio.sleep(30)
        assert readings(world) == 0
        await asyncio.sleep(5)
        assert (readings(world), world.explained) == (1, 1)

    lived(happen)


def test_several_calls_wait_for_the_last_and_take_one_reading(
    socket_enabled: None,
) -> None:
    async def happen(world: World) -> None:
        for name in "abc":
            await miss(world, name, "voicemail")
            await asyncio.sleep(20)
        assert readings(world) == 0
        await asyncio.sleep(20)
        assert (readings(world), world.explained) == (1, 3)

    lived(happen)


def test_calls_without_end_are_explained_all_the_same(socket_enabled: None) -> None:
    async def happen(world: World) -> None:
        for number in range(90):
            await miss(world, str(number))
            await asyncio.sleep(10)
        # Far below the ten a minute that there are.
        assert 5 <= readings(world) <= 15
        await asyncio.sleep(60)
        assert world.explained == 90

    lived(happen)


@pytest.mark.parametrize(("minutes", "explained"), [(3, 1), (20, 0)])
def test_a_service_that_is_away_puts_it_off_for_some_minutes(
    socket_enabled: None, minutes: int, explained: int
) -> None:
    async def happen(world: World) -> None:
        world.is_gentle = world.is_unbroken = False
        await miss(world, "a")
        await asyncio.sleep(5)
        world.emulator.faults.set(http_5xx=[{"path": "*", "status": 503}])
        await world.emulator.disconnect(recoverable=False)
        await asyncio.sleep(minutes * 60)
        world.emulator.faults.clear()
        await asyncio.sleep(300)
        assert world.explained == explained

    lived(happen)


def test_a_service_that_limits_requests_loses_no_presence_to_the_log(
    socket_enabled: None,
) -> None:
    async def happen(world: World) -> None:
        world.is_gentle = False
        world.emulator.faults.set(http_429={"Heavy": {"next": 2, "retry_after": True}})
        await miss(world, "a")
        await asyncio.sleep(40)
        own = world.emulator.own_extension_id
        await world.emulator.play_call(own, ["ring"], call="b")
        await asyncio.sleep(1)
        assert world.shown(world.entities(own))["status"] == "ringing"
        await world.emulator.play_call(own, ["reject"], call="b")
        await asyncio.sleep(180)
        assert world.explained == 2

    lived(happen)
