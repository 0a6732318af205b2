"""Players of every make: what each can do to be quiet, and those that do not take it when they are to be brought back."""

import asyncio
from pathlib import Path
from typing import override

from homeassistant.components.media_player.const import (
    MediaPlayerEntityFeature as Can,
    MediaPlayerState,
)
from homeassistant.helpers import entity_registry as er
import pytest

from tests.integration.homes import MoodyPlayer
from tests.integration.skipping import SkippingLoop

from .household import calls, household, in_turn, media


class LoudPlayer(MoodyPlayer):
    """A player with a volume."""

    _attr_volume_level = 0.4

    @override
    async def async_set_volume_level(self, volume: float) -> None:
        """Be so loud."""
        await self.obey()
        self.told.append(f"{volume:.0%}")
        self.loud(volume)

    def loud(self, volume: float) -> None:
        """Be so loud, by whomever."""
        self._attr_volume_level = volume
        self.async_write_ha_state()

    @property
    def sounds(self) -> str:
        """What one hears, and how loud."""
        return f"{self.shows} {self.volume_level:.0%}"


PAUSE = Can.PAUSE | Can.PLAY


@pytest.mark.parametrize(
    "state", [MediaPlayerState.PLAYING, MediaPlayerState.BUFFERING]
)
@pytest.mark.parametrize(
    ("how", "can", "quiet"),
    [
        ("pause", PAUSE, "paused 40%"),
        ("pause", PAUSE | Can.VOLUME_SET, "paused 40%"),
        ("pause", Can.VOLUME_MUTE | Can.VOLUME_SET, "{} muted 40%"),
        ("pause", Can.VOLUME_SET, "{} 0%"),
        ("pause", Can.PLAY, "{} 40%"),
        ("mute", PAUSE, "paused 40%"),
        ("mute", PAUSE | Can.VOLUME_SET, "{} 0%"),
        ("mute", PAUSE | Can.VOLUME_MUTE, "{} muted 40%"),
        ("mute", Can.VOLUME_SET, "{} 0%"),
    ],
)
def test_each_player_is_quiet_as_it_can_be(
    loop: SkippingLoop,
    folder: Path,
    how: str,
    can: Can,
    quiet: str,
    state: MediaPlayerState,
) -> None:
    player = LoudPlayer("radio", state, can=can)

    async def day() -> None:
        await media(home, player, how=how)
        await calls(home, "ring", "answer")
        assert player.sounds == quiet.format(state)
        await calls(home, "hangup")
        await asyncio.sleep(20)
        assert player.sounds in ("playing 40%", f"{state} 40%")
        assert home.hass.states.async_entity_ids("scene") == []

    with household(loop, folder, player) as home:
        home.run(day())


@pytest.mark.parametrize("order", ["ABab", "ABba"])
def test_the_last_of_two_automations_turns_a_player_up(
    loop: SkippingLoop, folder: Path, order: str
) -> None:
    player = LoudPlayer("radio", can=Can.VOLUME_SET)

    async def day() -> None:
        await media(home, player)
        await media(home, player, extensions=[home.device(home.people[1])])
        async for goes_on in in_turn(home, order):
            assert player.sounds == ("playing 0%" if goes_on else "playing 40%")
        assert home.hass.states.async_entity_ids("scene") == []

    with household(loop, folder, player) as home:
        home.run(day())


def test_a_player_that_somebody_turned_up_in_the_call_stays_so(
    loop: SkippingLoop, folder: Path
) -> None:
    player = LoudPlayer("radio", can=Can.VOLUME_SET)

    async def day() -> None:
        await media(home, player)
        await calls(home, "ring", "answer")
        player.loud(0.1)
        await calls(home, "hangup")
        await asyncio.sleep(20)
        assert player.sounds == "playing 10%"
        assert home.hass.states.async_entity_ids("scene") == []

    with household(loop, folder, player) as home:
        home.run(day())


@pytest.mark.parametrize(
    ("how", "can"),
    [
        ("pause", PAUSE),
        ("mute", Can.VOLUME_MUTE),
        ("mute", Can.VOLUME_SET),
    ],
)
@pytest.mark.parametrize("seconds", [8, 600])
def test_a_player_that_does_not_take_it_is_told_a_few_times(
    loop: SkippingLoop, folder: Path, how: str, can: Can, seconds: int
) -> None:
    player = LoudPlayer("radio", can=can)

    async def day() -> None:
        await media(home, player, how=how)
        await calls(home, "ring", "answer")
        quiet = player.sounds
        player.is_broken = home.is_in_trouble = True
        commands = player.commands
        await calls(home, "hangup")
        await asyncio.sleep(seconds)
        player.is_broken = False
        await asyncio.sleep(40)
        assert player.sounds == ("playing 40%" if seconds < 60 else quiet)
        assert player.commands <= commands + 3
        assert home.runs() == []

    with household(loop, folder, player) as home:
        home.run(day())


@pytest.mark.parametrize(
    ("how", "can"),
    [
        ("pause", PAUSE),
        ("mute", Can.VOLUME_MUTE),
        ("mute", Can.VOLUME_SET),
    ],
)
def test_an_automation_that_gets_another_name_in_mid_call_brings_back(
    loop: SkippingLoop, folder: Path, how: str, can: Can
) -> None:
    player = LoudPlayer("radio", can=can)

    async def day() -> None:
        await media(home, player, how=how)
        await calls(home, "ring", "answer")
        assert player.sounds != "playing 40%"
        er.async_get(home.hass).async_update_entity(
            "automation.media_0", new_entity_id="automation.calm"
        )
        await asyncio.sleep(5)
        await calls(home, "hangup")
        await asyncio.sleep(20)
        assert player.sounds == "playing 40%"
        assert home.hass.states.async_entity_ids("scene") == []

    with household(loop, folder, player) as home:
        home.run(day())
