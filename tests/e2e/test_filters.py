"""Each way to follow brings events by its own filter, whichever the others are."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
import time

import pytest
import pytest_asyncio

from .running import END_TO_END, START_TIMEOUT, Running, eventually

pytestmark = END_TO_END

# Seconds from an event to a state.
AT_ONCE = 0.1


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def following(
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncGenerator[Running]:
    """Start a Home Assistant whose entry follows others than the account."""
    async with Running.open(tmp_path_factory.mktemp("filters"), ["own"]) as running:
        yield running


@asynccontextmanager
async def others_refused(following: Running) -> AsyncGenerator[None]:
    """Let the service refuse filters that name an extension.

    Otherwise they would be asked for in place of one that brings nothing.
    """
    emulator = following.office.emulator
    await emulator.post(
        "faults", refuse_filters={"*/extension/[0-9]*[0-9]/presence[?]*": "SUB-403"}
    )
    yield
    await emulator.post("faults", refuse_filters={})


@pytest.fixture
def people(following: Running) -> list[str]:
    """Extensions besides the own one, followed or not."""
    info = following.office.emulator.info
    return [
        str(each) for each in info["extension_ids"] if each != info["own_extension_id"]
    ]


async def test_own(following: Running) -> None:
    await following.office.emulator.post("reset")
    await following.follow(["own"])

    assert following.entities.extensions == [following.own]
    await _brings_events(following, [following.own])


async def test_lines(following: Running, people: list[str]) -> None:
    lines = people[2:5]
    await following.office.emulator.post("membership", lines=lines)
    await _only(following, lines)
    async with others_refused(following):
        await following.follow(["lines"])

        assert set(following.entities.extensions) - {following.own} == set(lines)
        await _brings_events(following, lines)


async def test_favorites(following: Running, people: list[str]) -> None:
    favorites = people[5:7]
    await following.office.emulator.post("membership", favorites=favorites)
    await _only(following, favorites)
    async with others_refused(following):
        await following.follow(["favorites"])

        assert set(following.entities.extensions) == set(favorites)
        await _brings_events(following, favorites)


async def test_chosen(following: Running, people: list[str]) -> None:
    chosen = [people[0], people[7]]
    await following.follow(["chosen"], chosen)

    assert set(following.entities.extensions) == set(chosen)
    await _brings_events(following, chosen)


async def test_account(following: Running, people: list[str]) -> None:
    await _only(following, people[:1])
    async with others_refused(following):
        await following.follow(["account"])

        assert set(following.entities.extensions) >= {following.own, *people}
        await _brings_events(following, people[:4])


async def test_all_three_filters_together(
    following: Running, people: list[str]
) -> None:
    await following.office.emulator.post(
        "membership", lines=people[:2], favorites=people[1:3]
    )
    await _only(following, people[:1])
    await following.follow(["own", "lines", "favorites"])

    # One device each, whoever is named twice.
    assert sorted(following.entities.extensions) == sorted([following.own, *people[:3]])
    await _brings_events(following, [following.own, *people[:3]])


async def test_a_new_line_becomes_a_device(
    following: Running, people: list[str]
) -> None:
    await following.office.emulator.post("membership", lines=people[:1])
    await _only(following, people[:1])
    await following.follow(["lines"])
    await following.office.emulator.post("membership", lines=people[:2])

    async def is_there() -> bool:
        following.entities = await following.office.entities()
        return people[1] in following.entities.devices

    await eventually(is_there, START_TIMEOUT)
    await _brings_events(following, people[:2])


async def test_a_monitored_queue_shows_at_once_that_two_calls_wait(
    following: Running, people: list[str]
) -> None:
    office = following.office
    queue = next(iter(await office.emulator.queues()))
    await office.emulator.post("membership", lines=[people[0], queue])
    await _only(following, people[:1])
    await following.follow(["lines"])
    status = following.entities[queue, "telephony_status"]
    waiting = following.entities[queue, "active_calls"]

    # Home Assistant's own way from a request to a state, on a machine that may be busy.
    started = time.perf_counter()
    await office.rest.post("/api/states/sensor.floor", {"state": "set"})
    floor = await office.states.wait_for("sensor.floor", "set")
    assert floor is not None
    limit = max(AT_ONCE, 4 * (floor.at - started))
    took: dict[str, float] = {}
    # The quickest of some: what else goes on there is not what is measured.
    for _ in range(3):
        for count in ("1", "2"):
            started = time.perf_counter()
            await office.emulator.post(
                "calls",
                extension_id=queue,
                script=["ring"],
                call=count,
                ring_members=False,
            )
            change = await office.states.wait_for(waiting, count)
            assert change is not None
            took[count] = min(took.get(count, limit), change.at - started)
            await office.states.wait_for(status, "ringing")
        for count in ("1", "2"):
            await office.emulator.post(
                "calls", extension_id=queue, script=["hangup"], call=count
            )
        await office.states.wait_for(waiting, "0")
        await office.states.wait_for(status, "no_call")
    assert max(took.values()) < limit


async def _only(following: Running, extension_ids: list[str]) -> None:
    """Follow nobody else: whoever a list that is new may mean stays until two readings agree."""
    await following.follow(["chosen"], extension_ids)


async def _brings_events(following: Running, extension_ids: list[str]) -> None:
    """Claim that changes arrive at once, and without being asked for.

    Whoever has just joined may be read once more. What reads because of a change never comes to an end.
    """

    async def come_without_a_reading() -> bool:
        reads = await _presence_reads(following)
        for extension_id in extension_ids:
            for status, shown in (("Connected", "on"), ("Disconnected", "off")):
                await following.office.emulator.set_presence(
                    extension_id, meetingStatus=status
                )
                await following.shows(extension_id, in_meeting=shown)
        return await _presence_reads(following) == reads

    await eventually(come_without_a_reading, START_TIMEOUT)
    await following.agrees()


async def _presence_reads(following: Running) -> int:
    requests = (await following.office.emulator.counters())["requests"]
    return sum(
        number
        for name, number in requests.items()
        if name.startswith("GET") and name.endswith("/presence")
    )
