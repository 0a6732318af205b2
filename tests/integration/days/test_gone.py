"""What is away, gone or late costs itself: reasons, players, phones and speakers; and automations that share one."""

import asyncio
from pathlib import Path
from typing import override

from homeassistant.components.media_player.const import (
    MediaPlayerEntityFeature as Can,
    MediaPlayerState,
)
from homeassistant.helpers import entity_registry as er
import pytest

from tests.integration.homes import MoodyPlayer, MoodyPlug
from tests.integration.skipping import SkippingLoop

from .household import BOTH, OFF, ON, calls, dnd, household, in_turn, media, undisturbed


@BOTH
@pytest.mark.parametrize("how", ["unavailable", "unknown", "removed"])
def test_a_switch_that_is_away_and_was_no_reason_is_none(
    loop: SkippingLoop, folder: Path, name: str, how: str
) -> None:
    one, other = MoodyPlug("one"), MoodyPlug("other")

    async def day() -> None:
        await undisturbed(home, name, one, other)
        if how == "removed":
            await other.async_remove()
        else:
            other._attr_is_on = None
            other.power(on=how == "unknown")
        one.by_hand(1)
        await asyncio.sleep(100)
        assert dnd(home) == ON
        one.by_hand(0)
        await asyncio.sleep(10)
        assert dnd(home) == OFF

    with household(loop, folder, one, other) as home:
        home.run(day())


@BOTH
def test_a_reason_that_is_removed_ends(
    loop: SkippingLoop, folder: Path, name: str
) -> None:
    one = MoodyPlug("one")

    async def day() -> None:
        await undisturbed(home, name, one)
        one.by_hand(1)
        await asyncio.sleep(10)
        assert dnd(home) == ON
        await one.async_remove()
        await asyncio.sleep(70)
        assert dnd(home) == OFF

    with household(loop, folder, one) as home:
        home.run(day())


@BOTH
@pytest.mark.parametrize("how", ["removed", "turned off"])
def test_an_automation_that_is_gone_keeps_nobody_undisturbed(
    loop: SkippingLoop, folder: Path, name: str, how: str
) -> None:
    one, other = MoodyPlug("one"), MoodyPlug("other")

    async def day() -> None:
        await undisturbed(home, name, one)
        await undisturbed(home, name, other)
        for switch in (one, other):
            switch.by_hand(1)
            await asyncio.sleep(10)
        if how == "removed":
            home._configs.pop()
            await home.edited()
        else:
            await home.hass.services.async_call(
                "automation",
                "turn_off",
                {"entity_id": f"automation.{name}_1"},
                blocking=True,
            )
        await asyncio.sleep(5)
        one.by_hand(0)
        await asyncio.sleep(10)
        assert dnd(home) == OFF

    with household(loop, folder, one, other) as home:
        home.run(day())


@BOTH
def test_an_automation_with_another_name_ends_what_it_began(
    loop: SkippingLoop, folder: Path, name: str
) -> None:
    one = MoodyPlug("one")

    async def day() -> None:
        await undisturbed(home, name, one)
        one.by_hand(1)
        await asyncio.sleep(10)
        er.async_get(home.hass).async_update_entity(
            f"automation.{name}_0", new_entity_id="automation.calm"
        )
        await asyncio.sleep(10)
        assert dnd(home) == ON
        one.by_hand(0)
        await asyncio.sleep(10)
        assert dnd(home) == OFF

    with household(loop, folder, one) as home:
        home.run(day())


def test_a_person_who_is_removed_costs_themselves(
    loop: SkippingLoop, folder: Path
) -> None:
    async def day() -> None:
        states = home.hass.states
        states.async_set("zone.home", "0", {"friendly_name": "Home"})
        states.async_set("person.anna", "home")
        states.async_set("person.max", "home")
        await home.automate(
            "asleep_or_away",
            extension=home.device(home.people[0]),
            people=["person.anna", "person.max"],
        )
        await asyncio.sleep(5)
        states.async_remove("person.max")
        states.async_set("person.anna", "not_home")
        await asyncio.sleep(70)
        assert dnd(home) == ON
        # Who is not found for a moment is as they were.
        states.async_set("person.anna", "unavailable")
        await asyncio.sleep(70)
        assert dnd(home) == ON
        states.async_set("person.anna", "home")
        await asyncio.sleep(10)
        assert dnd(home) == OFF

    with household(loop, folder) as home:
        home.run(day())


# Players.


class LatePlayer(MoodyPlayer):
    """A player that tells late what it does."""

    @override
    def set(self, state: MediaPlayerState) -> None:
        self._attr_state = state
        self.hass.loop.call_later(self.lag, self.async_write_ha_state)

    @override
    def mute(self, mute: bool) -> None:
        self._attr_is_volume_muted = mute
        self.hass.loop.call_later(self.lag, self.async_write_ha_state)


@pytest.mark.parametrize("how", ["pause", "mute"])
def test_a_player_that_tells_late_is_brought_back(
    loop: SkippingLoop, folder: Path, how: str
) -> None:
    player = LatePlayer("radio")

    async def day() -> None:
        player.lag = 4.0
        await media(home, player, how=how)
        await calls(home, "ring", "missed")
        await asyncio.sleep(30)
        assert (
            player.told
            == {
                "pause": ["pause", "play"],
                "mute": ["mute", "unmute"],
            }[how]
        )

    with household(loop, folder, player) as home:
        home.run(day())


class Television(MoodyPlayer):
    """A television that does not listen in its sleep."""

    @override
    async def async_mute_volume(self, mute: bool) -> None:
        if str(self.state) == "on":
            await super().async_mute_volume(mute)


@pytest.mark.parametrize("sleep", ["off", "standby"])
def test_a_television_that_fell_asleep_in_the_call_has_its_sound_again(
    loop: SkippingLoop, folder: Path, sleep: str
) -> None:
    television = Television("television", MediaPlayerState.ON, can=Can.VOLUME_MUTE)

    async def day() -> None:
        await media(home, television)
        await calls(home, "ring", "answer")
        assert television.shows == "on muted"
        television.set(MediaPlayerState(sleep))
        await calls(home, "hangup")
        await asyncio.sleep(10)
        television.set(MediaPlayerState.ON)
        await asyncio.sleep(10)
        assert television.shows == "on"

    with household(loop, folder, television) as home:
        home.run(day())


@pytest.mark.parametrize("how", ["pause", "mute"])
@pytest.mark.parametrize("order", ["ABab", "ABba"])
def test_the_last_of_two_automations_brings_a_player_back(
    loop: SkippingLoop, folder: Path, how: str, order: str
) -> None:
    player = MoodyPlayer("radio")

    async def day() -> None:
        await media(home, player, how=how)
        other = home.device(home.people[1])
        await media(home, player, how=how, extensions=[other])
        async for goes_on in in_turn(home, order):
            assert (player.shows == "playing") is not goes_on

    with household(loop, folder, player) as home:
        home.run(day())
