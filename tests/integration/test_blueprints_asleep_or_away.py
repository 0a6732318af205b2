"""Do not disturb while someone is away, or in a mode of the house; and what a person changes at the same moment."""

import asyncio
from datetime import timedelta
from typing import Any
from unittest.mock import patch

from homeassistant.core import CoreState
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.ringcentral.aioringcentral.rest import Rest
from emulator import Emulator

from .blueprints import Blueprints, Plug
from .test_blueprints import (
    DISTURB,
    DO_NOT_DISTURB,
    QUEUE_OFF,
    Home,
    at_home,
    blueprints,
    no_complaints,
)

__all__ = ["blueprints", "no_complaints"]

ANNA, BEN, MODE = "person.anna", "device_tracker.ben", "input_select.mode"


class Family:
    """Who lives there, and the mode of the house."""

    def __init__(self, home: Home) -> None:
        """Be at home, and awake."""
        self.hass = home.hass
        for person in (ANNA, BEN):
            self.is_at(person, "home")
        self.is_at(MODE, "Day")
        self.hass.states.async_set("zone.office", "0", {"friendly_name": "The office"})

    def is_at(self, entity_id: str, state: str) -> None:
        """Let someone be somewhere, or the house in a mode."""
        self.hass.states.async_set(entity_id, state)


async def asleep_or_away(home: Home, **given: Any) -> str:
    """Keep the own extension undisturbed."""
    return await home.blueprints.use("asleep_or_away", extension=home.device(), **given)


@pytest.mark.parametrize("before", [DISTURB, QUEUE_OFF])
async def test_away_is_whoever_is_nowhere_where_calls_are_fine(
    emulator: Emulator, blueprints: Blueprints, before: dict[str, str]
) -> None:
    async with at_home(blueprints, emulator) as home:
        family = Family(home)
        await home.presence(before)
        automation = await asleep_or_away(
            home, people=[ANNA, BEN], zones=["zone.home", "zone.office"]
        )
        status = home.story.now("dnd_status")
        await home.looks(automation, _is_at(family, ANNA, "not_home"))
        await home.idle(automation)
        assert home.changes() == 0
        await home.looks(automation, _is_at(family, BEN, "The office"))
        await home.idle(automation)
        assert home.changes() == 0
        family.is_at(BEN, "School")
        await home.story.shows(dnd_status="do_not_accept_any_calls")
        # Who is nowhere for a moment has not come home.
        family.is_at(BEN, "unavailable")
        family.is_at(BEN, "not_home")
        await home.idle(automation)
        assert home.changes() == 1
        family.is_at(ANNA, "home")
        await home.story.shows(dnd_status=str(status))
        await home.story.until(lambda: not home.waiting())


async def _is_at(family: Family, entity_id: str, state: str) -> None:
    family.is_at(entity_id, state)


async def test_a_mode_or_a_schedule_is_a_reason_of_its_own(
    emulator: Emulator, blueprints: Blueprints
) -> None:
    schedule = Plug("quiet_hours")
    async with at_home(blueprints, emulator, schedule) as home:
        family = Family(home)
        automation = await asleep_or_away(
            home, modes=[MODE], switches=[schedule.entity_id], mode_options="NIGHT, x"
        )
        family.is_at(MODE, "Night")
        await home.story.shows(do_not_disturb="on")
        await home.looks(automation, schedule.async_turn_on())
        await home.looks(automation, _is_at(family, MODE, "Day"))
        await home.idle(automation)
        assert home.story.now("do_not_disturb") == "on"
        await schedule.async_turn_off()
        await home.story.shows(do_not_disturb="off")
        await home.idle(automation)
        assert home.changes() == 2


async def test_what_a_person_sets_by_hand_stays(
    emulator: Emulator, blueprints: Blueprints
) -> None:
    async with at_home(blueprints, emulator) as home:
        family = Family(home)
        automation = await asleep_or_away(home, modes=[MODE])
        family.is_at(MODE, "Night")
        await home.story.shows(do_not_disturb="on")
        await home.idle(automation)
        await home.looks(automation, home.presence(QUEUE_OFF))
        await home.story.shows(dnd_status="do_not_accept_department_calls")
        await home.idle(automation)
        changes = home.changes()
        # An edit is no new reason, and the next night is.
        home.blueprints.change(mode_options="night")
        await home.looks(automation, home.blueprints.reload())
        await home.idle(automation)
        await home.looks(automation, _is_at(family, MODE, "Day"))
        await home.idle(automation)
        assert home.changes() == changes
        family.is_at(MODE, "Night")
        await home.story.shows(do_not_disturb="on")
        family.is_at(MODE, "Day")
        await home.story.shows(dnd_status="do_not_accept_department_calls")
        await home.presence(DO_NOT_DISTURB)
        await home.story.shows(do_not_disturb="on")
        await home.idle(automation)
        changes = home.changes()
        await home.looks(automation, _is_at(family, MODE, "Night"))
        await home.looks(automation, _is_at(family, MODE, "Day"))
        await home.idle(automation)
        assert home.changes() == changes
        assert home.story.now("do_not_disturb") == "on"


async def test_a_start_in_the_night_keeps_what_to_bring_back(
    emulator: Emulator, blueprints: Blueprints
) -> None:
    async with at_home(blueprints, emulator) as home:
        family = Family(home)
        await home.presence(QUEUE_OFF)
        automation = await asleep_or_away(home, modes=[MODE])
        family.is_at(MODE, "Night")
        await home.story.shows(do_not_disturb="on")
        await home.story.until(home.waiting)
        await home.call_service("automation.turn_off", entity_id=automation)
        for scene in home.hass.states.async_entity_ids("scene"):
            await home.call_service("scene.delete", entity_id=scene)
        home.hass.set_state(CoreState.not_running)
        await home.call_service("automation.turn_on", entity_id=automation)
        await home.hass.async_start()
        await home.story.until(lambda: bool(home.hass.states.async_entity_ids("scene")))
        assert home.story.now("do_not_disturb") == "on"
        family.is_at(MODE, "Day")
        await home.story.shows(dnd_status="do_not_accept_department_calls")
        await home.idle(automation)


async def test_a_long_absence_is_renewed(
    emulator: Emulator, blueprints: Blueprints
) -> None:
    async with at_home(blueprints, emulator) as home:
        family = Family(home)
        automation = await asleep_or_away(home, people=[ANNA])
        family.is_at(ANNA, "not_home")
        await home.story.shows(do_not_disturb="on")
        await home.idle(automation)
        assert home.changes() == 1
        hour = dt_util.now().replace(minute=0, second=0, microsecond=500_000)
        six = hour + timedelta(hours=6 - hour.hour % 6)
        async_fire_time_changed(home.hass, six)
        await home.story.until(lambda: home.changes() == 2)
        await home.idle(automation)


@pytest.mark.parametrize("name", ["asleep_or_away", "do_not_disturb"])
async def test_a_hand_within_the_reply_is_no_failure(
    emulator: Emulator, blueprints: Blueprints, name: str
) -> None:
    switch = Plug("focus")
    async with at_home(blueprints, emulator, switch) as home:
        automation = await blueprints.use(
            name, extension=home.device(), switches=[switch.entity_id]
        )
        arrives = asyncio.Event()
        original = Rest.update_presence

        async def late(*args: Any, **options: Any) -> Any:
            reply = await original(*args, **options)
            await arrives.wait()
            return reply

        with patch.object(Rest, "update_presence", late):
            await switch.async_turn_on()
            await home.story.shows(do_not_disturb="on")
            await home.presence(DISTURB)
            await home.story.shows(do_not_disturb="off")
            arrives.set()
            await home.idle(automation)
        changes = home.changes()
        minute = dt_util.now().replace(second=0, microsecond=500_000)
        for later in (1, 2):
            await home.looks(automation, _pass(home, minute, later))
            await home.idle(automation)
        assert home.changes() == changes
        assert emulator.truth()[home.story.own]["dndStatus"] == "TakeAllCalls"


async def _pass(home: Home, minute: Any, later: int) -> None:
    async_fire_time_changed(home.hass, minute + timedelta(minutes=later))
