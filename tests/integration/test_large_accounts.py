"""Large accounts: fewer entities for those who come with everyone, and nothing that stands still.

The limits are tested with numbers; in Home Assistant they are small. tests/e2e/test_large_accounts.py
has accounts of thousands.
"""

import asyncio
from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from unittest.mock import patch

from homeassistant.const import EVENT_STATE_CHANGED
from homeassistant.core import Event, EventStateChangedData, HomeAssistant, callback
from homeassistant.helpers import entity_platform, entity_registry as er
import pytest

from custom_components.ringcentral import entity_sets
from custom_components.ringcentral.aioringcentral import pauses
from custom_components.ringcentral.entity_sets import (
    MOST_PEOPLE,
    ROOM,
    Size,
    size_for_named,
    size_of,
)
from emulator import Emulator

from .stories import (
    Story,
    colleagues,
    hasty,
    issues,
    office,
    park_location,
    settling_at_once,
)

pytestmark = pytest.mark.defaults

HUGE = {"sensor.status", "binary_sensor.on_call", "event.call"}
LARGE = HUGE | {
    "sensor.telephony_status",
    "sensor.presence_status",
    "sensor.dnd_status",
    "binary_sensor.ringing",
    "binary_sensor.do_not_disturb",
}
# What few need is there and off.
USUAL_ON = LARGE | {
    "binary_sensor.in_meeting",
    "switch.do_not_disturb",
    "select.set_user_status",
}
PARK = {"sensor.telephony_status", "sensor.active_calls", "event.call"}


# The rule, with numbers.


@pytest.mark.parametrize(
    ("people", "was", "size"),
    [
        (1, None, Size.USUAL),
        (200, None, Size.USUAL),
        (201, None, Size.LARGE),
        (1_000, None, Size.LARGE),
        (1_001, None, Size.HUGE),
        (MOST_PEOPLE, None, Size.HUGE),
        # More people: new ones have fewer entities at once.
        (201, Size.USUAL, Size.LARGE),
        (1_001, Size.USUAL, Size.HUGE),
        # Fewer people: more entities once it is clearly a smaller account.
        (200, Size.LARGE, Size.LARGE),
        (181, Size.LARGE, Size.LARGE),
        (180, Size.LARGE, Size.USUAL),
        (1_000, Size.HUGE, Size.HUGE),
        (901, Size.HUGE, Size.HUGE),
        (900, Size.HUGE, Size.LARGE),
        (190, Size.HUGE, Size.LARGE),
        (180, Size.HUGE, Size.USUAL),
    ],
)
def test_the_size_of_an_account(people: int, was: Size | None, size: Size) -> None:
    assert size_of(people, was) is size


@pytest.mark.parametrize(
    ("named", "others", "size", "theirs"),
    [
        (20, 0, Size.USUAL, Size.USUAL),
        (50, 950, Size.LARGE, Size.USUAL),
        (100, 2_900, Size.HUGE, Size.USUAL),
        (800, 0, Size.LARGE, Size.USUAL),
        (900, 0, Size.LARGE, Size.LARGE),
        (600, 2_400, Size.HUGE, Size.HUGE),
        (MOST_PEOPLE, 0, Size.HUGE, Size.HUGE),
    ],
)
def test_who_is_named_has_all_if_home_assistant_takes_so_many(
    named: int, others: int, size: Size, theirs: Size
) -> None:
    assert size_for_named(named, others, size) is theirs


def test_the_room_is_that_of_home_assistant() -> None:
    assert entity_platform.MAX_ENABLED_ENTITIES_PER_CONFIG_ENTRY == ROOM


# In Home Assistant.


@contextmanager
def limits(usual: int, large: int) -> Iterator[None]:
    """Let accounts be of a size up to so many people."""
    limits = {Size.USUAL: usual, Size.LARGE: large}
    with patch.object(entity_sets, "_UP_TO", limits):
        yield


def entities(
    hass: HomeAssistant, story: Story, extension_id: str, *, disabled: bool = False
) -> set[str]:
    """Return the entities of an extension, as domain and key."""
    start = story.unique_id("", extension_id)
    return {
        f"{entry.domain}.{entry.unique_id.removeprefix(start)}"
        for entry in er.async_entries_for_config_entry(
            er.async_get(hass), story.entry.entry_id
        )
        if entry.unique_id.startswith(start) and entry.disabled is disabled
    }


@pytest.mark.parametrize(
    ("usual", "large", "theirs"), [(50, 99, USUAL_ON), (5, 99, LARGE), (5, 10, HUGE)]
)
async def test_who_comes_with_everyone_has_what_the_size_allows(
    hass: HomeAssistant,
    emulator: Emulator,
    usual: int,
    large: int,
    theirs: Collection[str],
) -> None:
    """Others are not even disabled in the registry; named ones and places to park keep what they have."""
    named, other = colleagues(emulator, 2)
    with limits(usual, large):
        async with office(
            hass, emulator, follow=["account", "chosen"], extensions=[named]
        ) as story:
            assert entities(hass, story, other) == theirs
            assert bool(entities(hass, story, other, disabled=True)) is (
                theirs is USUAL_ON
            )
            assert entities(hass, story, named) == USUAL_ON
            assert entities(hass, story, story.own) >= USUAL_ON
            assert entities(hass, story, park_location(emulator)) == PARK
            assert issues(hass) == []


async def test_what_exists_stays_when_the_account_grows(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """As the user has it: what is off stays off, and only who is new has less."""
    (other,) = colleagues(emulator, 1)
    async with office(hass, emulator, follow=["account"]) as story:
        registry = er.async_get(hass)
        registry.async_update_entity(
            story.entity("ringing", other), disabled_by=er.RegistryEntryDisabler.USER
        )
        registry.async_update_entity(
            _entity_id(hass, story, "sensor", "user_status", other), disabled_by=None
        )
        before = entities(hass, story, other)
        off = entities(hass, story, other, disabled=True)
        assert "binary_sensor.ringing" in off
        with limits(5, 10), settling_at_once():
            await story.reload()
            assert entities(hass, story, other) == before
            assert entities(hass, story, other, disabled=True) == off
            assert story.now("user_status", other) == "available"
            new = await emulator.add_extension("Somebody New")
            await story.until(lambda: bool(entities(hass, story, new)))
            assert entities(hass, story, new) == HUGE
            assert entities(hass, story, new, disabled=True) == set()
            await story.until(lambda: story.now("on_call", new) == "off")


async def test_more_comes_once_the_account_is_clearly_smaller(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    (other,) = colleagues(emulator, 1)
    with limits(5, 10):
        async with office(hass, emulator, follow=["account"]) as story:
            people = sum(
                each.has_person for each in story.coordinator.extensions.values()
            )
            with limits(people, 99):
                await story.reload()
                assert entities(hass, story, other) == LARGE
            with limits(people * 2, 99):
                await story.reload()
                assert entities(hass, story, other) == USUAL_ON


async def test_nobody_is_silently_missing(
    hass: HomeAssistant, emulator: Emulator, caplog: pytest.LogCaptureFixture
) -> None:
    """Where Home Assistant takes no more entities, the user hears of how many people they are."""
    with patch.object(entity_sets, "ROOM", 100):
        async with office(hass, emulator, follow=["account"]) as story:
            enabled = len(story.entities())
            assert enabled == 100
            (issue,) = issues(hass)
            assert issue.translation_key == "too_many_entities"
            lacking = [
                key
                for key in colleagues(emulator, 10)
                if entities(hass, story, key) != USUAL_ON
            ]
            assert issue.translation_placeholders is not None
            assert int(issue.translation_placeholders["people"]) >= len(lacking) > 0
            with patch.object(entity_sets, "ROOM", ROOM):
                await story.reload()
                assert issues(hass) == []
                assert entities(hass, story, lacking[0]) == USUAL_ON


# Nothing stands still.


class Turns:
    """How many states were written in each turn of the loop."""

    def __init__(self) -> None:
        """Begin with none."""
        self.counts: list[int] = []

    @property
    def most(self) -> int:
        """The most in one turn."""
        return max(self.counts, default=0)


@asynccontextmanager
async def turns(hass: HomeAssistant) -> AsyncIterator[Turns]:
    """Count states by turns of the loop, with a pause wherever there may be one."""
    found, count = Turns(), 0

    @callback
    def written(_event: Event[EventStateChangedData]) -> None:
        nonlocal count
        count += 1

    async def turn() -> None:
        nonlocal count
        while True:
            found.counts.append(count)
            count = 0
            await asyncio.sleep(0)

    stop = hass.bus.async_listen(EVENT_STATE_CHANGED, written)
    turning = asyncio.create_task(turn())
    try:
        with patch.object(pauses, "_PART", 0.0):
            yield found
    finally:
        stop()
        turning.cancel()
        await asyncio.wait([turning])


async def test_home_assistant_goes_on_meanwhile(
    hass: HomeAssistant, socket_enabled: None
) -> None:
    """Some hundred entities are added, lost, back and taken away in many turns of the loop."""
    async with Emulator(extensions=60, seed=1, rate_limits=False) as emulator:
        with hasty(grace=0.05), patch("custom_components.ringcentral._MOST_AT_ONCE", 0):
            async with AsyncExitStack() as stack:
                async with turns(hass) as start:
                    story = await stack.enter_async_context(
                        office(hass, emulator, follow=["account"])
                    )
                written = len(story.entities())
                assert written > 500
                # Five people at a time, and the most that a platform has of one.
                assert sum(start.counts) >= written
                assert start.most <= 5 * 5
                async with turns(hass) as loss:
                    emulator.faults.set(http_5xx=[{"path": "*/wstoken"}])
                    await emulator.disconnect(code=1001, recoverable=False)
                    await story.until(lambda: not story.coordinator.available)
                    await hass.async_block_till_done()
                assert sum(loss.counts) >= written - 10
                assert loss.most <= 100
                async with turns(hass) as back:
                    emulator.faults.clear()
                    await story.until(lambda: story.coordinator.available)
                    await hass.async_block_till_done()
                assert sum(back.counts) >= written - 10
                assert back.most <= 110
                async with turns(hass) as reload:
                    await story.reload()
                assert reload.most <= 5 * 5


async def test_a_break_in_which_nothing_changed_writes_nothing(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """Everyone is read again; beside the connection itself no state is written, and none is reported."""
    with hasty():
        async with office(hass, emulator, follow=["account"]) as story:
            story.forget()
            await emulator.disconnect(code=1001, recoverable=False)
            await story.lost()
            await story.live()
            await hass.async_block_till_done()
            push = story.account_entity("push_connected")
            assert {entity for entity, _, _ in story.changes} == {push}
            assert set(story.reported) <= {push}


def _entity_id(
    hass: HomeAssistant, story: Story, domain: str, key: str, extension_id: str
) -> str:
    found = er.async_get(hass).async_get_entity_id(
        domain, "ringcentral", story.unique_id(key, extension_id)
    )
    assert found is not None
    return found
