"""What adds up over a day: for whom, what counts, and what a restart, midnight and a time change leave of it."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from functools import partial
from operator import itemgetter
from unittest.mock import patch

from homeassistant.components.sensor import ATTR_LAST_RESET
from homeassistant.core import CALLBACK_TYPE, HassJob, HomeAssistant, State
from homeassistant.helpers import entity_registry as er, restore_state
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import (
    mock_restore_cache_with_extra_data,
)

from custom_components.ringcentral import entity_sets, today
from custom_components.ringcentral.aioringcentral import durations
from emulator import Emulator

from .call_stories import ANNA, OWN, PARK, Who, cast, following
from .stories import Story, office

MISSED, CALLS, TALK = (description.key for description in today.TODAY)
ZONE = "Europe/Berlin"


class Clock:
    """Home Assistant's wall clock, its steady one, and the timers of these sensors, all moved by hand."""

    def __init__(self, hass: HomeAssistant, now: datetime) -> None:
        self._hass, self._now, self._steady = hass, now, 1_000.0
        self._due: dict[HassJob[[datetime], None], datetime] = {}

    def utcnow(self) -> datetime:
        return self._now

    def steady(self) -> float:
        return self._steady

    def call_later(
        self, _hass: HomeAssistant, delay: float, job: HassJob[[datetime], None]
    ) -> CALLBACK_TYPE:
        """Stand in for Home Assistant's function, so that no other timer comes early."""
        self._due[job] = self._now + timedelta(seconds=delay)
        return partial(self._forget, job)

    def _forget(self, job: HassJob[[datetime], None]) -> None:
        self._due.pop(job, None)

    def tick(self, **time: float) -> None:
        """Move on, and let these timers fire when they are due."""
        end = self._now + timedelta(**time)
        while due := [(at, job) for job, at in self._due.items() if at <= end]:
            at, job = min(due, key=itemgetter(0))
            self._move_to(at)
            del self._due[job]
            job.target(at)
        self._move_to(end)

    def _move_to(self, moment: datetime) -> None:
        self._steady += (moment - self._now).total_seconds()
        self._now = moment


@pytest.fixture
def people(emulator: Emulator) -> dict[Who, str]:
    return cast(emulator)


@pytest.fixture
async def clock(hass: HomeAssistant) -> AsyncIterator[Clock]:
    """Let it be a morning in Berlin."""
    await hass.config.async_set_time_zone(ZONE)
    clock = Clock(hass, datetime(2026, 11, 24, 9, tzinfo=UTC))
    with (
        patch.object(dt_util, "utcnow", clock.utcnow),
        patch.object(durations, "steady_clock", clock.steady),
        patch.object(today, "async_call_later", clock.call_later),
    ):
        yield clock


async def talk(story: Story, clock: Clock, **time: float) -> None:
    """Take a call of some length."""
    await story.call("ring", "answer")
    await story.shows(status="on_call")
    clock.tick(**time)
    await story.call("hangup")
    await story.shows(status="available")


@pytest.mark.defaults
async def test_they_are_on_for_the_own_extension_alone(
    hass: HomeAssistant,
    emulator: Emulator,
    entity_registry: er.EntityRegistry,
    people: dict[Who, str],
) -> None:
    chosen = [people[who] for who in (OWN, ANNA, PARK)]
    async with following(hass, emulator, chosen) as story:
        found = {
            (entry.unique_id.split("_")[1], entry.translation_key): entry.disabled_by
            for entry in er.async_entries_for_config_entry(
                entity_registry, story.entry.entry_id
            )
            if entry.translation_key in (MISSED, CALLS, TALK)
        }

    by_integration = er.RegistryEntryDisabler.INTEGRATION
    assert found == {
        **{(people[OWN], key): None for key in (MISSED, CALLS, TALK)},
        **{(people[ANNA], key): by_integration for key in (MISSED, CALLS, TALK)},
    }


@pytest.mark.defaults
async def test_in_a_large_account_others_have_none(
    hass: HomeAssistant,
    emulator: Emulator,
    entity_registry: er.EntityRegistry,
    people: dict[Who, str],
) -> None:
    limits = {entity_sets.Size.USUAL: 1, entity_sets.Size.LARGE: 100}
    with patch.object(entity_sets, "_UP_TO", limits):
        async with office(hass, emulator, follow=["account"]) as story:
            found = {
                entry.unique_id.split("_")[1]
                for entry in er.async_entries_for_config_entry(
                    entity_registry, story.entry.entry_id
                )
                if entry.translation_key == CALLS
            }

    assert found == {people[OWN]}


async def test_a_morning_of_calls(
    hass: HomeAssistant, emulator: Emulator, clock: Clock
) -> None:
    async with following(hass, emulator) as story:
        assert story.now(MISSED) == story.now(CALLS) == "0"
        await talk(story, clock, minutes=3)
        await story.shows(**{CALLS: "1", MISSED: "0", TALK: "3.0"})
        await story.call("ring", "missed", name="missed")
        await story.shows(**{CALLS: "2", MISSED: "1", TALK: "3.0"})
        await story.call("dial", "hangup", name="dialed")
        await story.shows(**{CALLS: "3", MISSED: "1", TALK: "3.0"})
        state = hass.states.get(story.entity(TALK))
        assert state is not None
        assert state.attributes[ATTR_LAST_RESET] == "2026-11-23T23:00:00+00:00"


async def test_a_call_in_progress_counts_when_it_is_over(
    hass: HomeAssistant, emulator: Emulator, clock: Clock
) -> None:
    async with following(hass, emulator) as story:
        await story.call("ring", "answer")
        await story.shows(status="on_call")
        clock.tick(minutes=2)
        assert (story.now(CALLS), story.now(TALK)) == ("0", "0.0")
        await story.call("hangup")
        await story.shows(**{CALLS: "1", TALK: "2.0"})


async def test_a_reload_keeps_them(
    hass: HomeAssistant, emulator: Emulator, clock: Clock
) -> None:
    async with following(hass, emulator) as story:
        await talk(story, clock, minutes=3)
        await story.shows(**{CALLS: "1"})
        await story.reload()
        assert (story.now(CALLS), story.now(TALK)) == ("1", "3.0")


async def test_a_reload_in_mid_call_keeps_what_was_talked_before(
    hass: HomeAssistant, emulator: Emulator, clock: Clock
) -> None:
    async with following(hass, emulator) as story:
        await story.call("ring", "answer")
        await story.shows(status="on_call")
        clock.tick(minutes=20)
        # What is kept from time to time, for a crash, is not counted twice.
        await restore_state.async_get(hass).async_dump_states()
        await story.reload()
        await story.shows(**{CALLS: "0", TALK: "20.0"})
        clock.tick(minutes=5)
        await story.call("hangup")
        # Nobody knows how much of it came after the reload.
        await story.shows(**{CALLS: "1", TALK: "20.0"})


async def test_while_the_connection_is_lost_nobody_is_known_to_talk(
    hass: HomeAssistant, emulator: Emulator, clock: Clock
) -> None:
    async with following(hass, emulator) as story:
        await story.call("ring", "answer")
        await story.shows(status="on_call")
        clock.tick(minutes=20)
        story.coordinator.availability.set_unavailable(
            story.coordinator.account.last_error
        )
        await story.reload()
        await story.shows(**{CALLS: "0", TALK: "0.0"})


@pytest.mark.parametrize(
    ("day", "shown"), [("2026-11-24", "5"), ("2026-11-23", "0"), ("odd", "0")]
)
async def test_a_restart_keeps_those_of_today(
    hass: HomeAssistant, emulator: Emulator, clock: Clock, day: str, shown: str
) -> None:
    own = emulator.extension(emulator.own_extension_id).name.lower().replace(" ", "_")
    kept = {"day": day, "total": 5.0}
    stored = [(State(f"sensor.{own}_calls_today", "5"), kept)]
    mock_restore_cache_with_extra_data(hass, stored)

    async with following(hass, emulator) as story:
        assert story.now(CALLS) == shown


async def test_what_happened_meanwhile_is_not_invented(
    hass: HomeAssistant, emulator: Emulator, clock: Clock
) -> None:
    await emulator.play_call(
        emulator.own_extension_id, ["ring", "answer"], call="before"
    )
    async with following(hass, emulator) as story:
        await story.shows(status="on_call")
        clock.tick(minutes=10)
        # Nobody saw when it began to be talked.
        await story.call("hangup", name="before")
        await story.shows(**{CALLS: "1", TALK: "0.0"})
        await hass.config_entries.async_unload(story.entry.entry_id)
        await emulator.play_call(
            emulator.own_extension_id, ["ring", "missed"], call="meanwhile"
        )
        await hass.config_entries.async_setup(story.entry.entry_id)
        await hass.async_block_till_done()
        assert (story.now(CALLS), story.now(MISSED)) == ("1", "0")


async def test_midnight_begins_a_day_and_parts_a_call(
    hass: HomeAssistant, emulator: Emulator, clock: Clock
) -> None:
    # 23:50 in Berlin.
    clock.tick(hours=13, minutes=50)
    async with following(hass, emulator) as story:
        await story.call("ring", "missed", name="missed")
        await story.shows(**{MISSED: "1"})
        await story.call("ring", "answer", name="long")
        await story.shows(status="on_call")
        clock.tick(minutes=10)
        await story.shows(**{MISSED: "0", CALLS: "0", TALK: "0.0"})
        assert story.seen(TALK) == ["10.0", "0.0"]
        clock.tick(minutes=5)
        await story.call("hangup", name="long")
        await story.shows(**{CALLS: "1", TALK: "5.0"})
        # The next midnight comes as well.
        clock.tick(hours=23, minutes=55)
        await story.shows(**{CALLS: "0", TALK: "0.0"})


@pytest.mark.parametrize(
    ("midnight", "hours"),
    [
        (datetime(2026, 3, 28, 23, tzinfo=UTC), 23),
        (datetime(2026, 10, 24, 22, tzinfo=UTC), 25),
    ],
)
async def test_a_day_on_which_clocks_change_is_whole(
    hass: HomeAssistant,
    emulator: Emulator,
    clock: Clock,
    midnight: datetime,
    hours: int,
) -> None:
    clock._now = midnight
    async with following(hass, emulator) as story:
        await story.call("ring", "answer")
        await story.shows(status="on_call")
        clock.tick(hours=hours, minutes=-1)
        await story.call("hangup")
        await story.shows(**{CALLS: "1", TALK: f"{hours * 60 - 1}.0"})
        clock.tick(minutes=1)
        await story.shows(**{CALLS: "0", TALK: "0.0"})
