"""Lamps of every make: how they take and tell colors, whites and effects, and what a home does with them in a call."""

import asyncio
from pathlib import Path
from typing import Any, override

from homeassistant.components.light.const import ColorMode, LightEntityFeature
from homeassistant.util.color import (
    GamutType,
    XYPoint,
    color_RGB_to_xy,
    color_xy_to_RGB,
)
import pytest

from tests.integration.homes import Household, MoodyLamp
from tests.integration.skipping import SkippingLoop

from .household import OFF, ON, busy_light, calls, household

# What a lamp of a make that many have can show, as its vendor says.
GAMUT = GamutType(XYPoint(0.6915, 0.3083), XYPoint(0.17, 0.7), XYPoint(0.1532, 0.0475))
COLORED = [
    ColorMode.HS,
    ColorMode.RGB,
    ColorMode.RGBW,
    ColorMode.RGBWW,
    ColorMode.XY,
]


class AnyLamp(MoodyLamp):
    """A lamp with color modes of its own, and perhaps effects."""

    _attr_min_color_temp_kelvin = 2000
    _attr_max_color_temp_kelvin = 6500
    gamut: GamutType | None = None

    def __init__(self, *modes: ColorMode, effects: tuple[str, ...] = ()) -> None:
        """Be off, and play the last of the effects when on."""
        super().__init__("desk", modes[0])
        self._attr_supported_color_modes = set(modes)
        if effects:
            self._attr_supported_features = LightEntityFeature.EFFECT
            self._attr_effect_list = list(effects)
            self._attr_effect = effects[-1]

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        await self.obey()
        self._attr_is_on = True
        self._attr_brightness = kwargs.get("brightness", self.brightness or 255)
        self._attr_effect = kwargs.get("effect", self.effect)
        for mode in ColorMode:
            key = {
                ColorMode.COLOR_TEMP: "color_temp_kelvin",
                ColorMode.WHITE: "white",
            }.get(mode, f"{mode}_color")
            if key in kwargs:
                self._attr_color_mode = mode
                self._take(key, kwargs[key])
        self._tell()

    def _take(self, key: str, value: Any) -> None:
        if key == "white":
            self._attr_brightness = value
            return
        if key == "xy_color" and self.gamut:
            value = color_RGB_to_xy(*color_xy_to_RGB(*value), self.gamut)
        setattr(self, f"_attr_{key}", value)

    async def looks(self, **how: Any) -> None:
        """Be turned on by somebody."""
        await self.hass.services.async_call(
            "light", "turn_on", {"entity_id": self.entity_id, **how}, blocking=True
        )

    @property
    def told_color(self) -> Any:
        """What Home Assistant knows of it."""
        state = self.hass.states.get(self.entity_id)
        assert state is not None
        told = state.attributes
        keys = ("color_mode", "brightness", "rgb_color", "color_temp_kelvin", "effect")
        return (state.state, *map(told.get, keys))


async def _busy_with(home: Household, what: str) -> None:
    own = home.people[0]
    if what == "dnd":
        await home.emulator.set_presence(own, {"dndStatus": ON})
    else:
        await calls(home, "ring", "answer", *(["hold"] if what == "hold" else []))
    await asyncio.sleep(2)


async def _free(home: Household, what: str) -> None:
    if what == "dnd":
        await home.emulator.set_presence(home.people[0], {"dndStatus": OFF})
    else:
        await calls(home, "hangup")


@pytest.mark.parametrize("what", ["call", "hold", "dnd"])
@pytest.mark.parametrize("mode", [*COLORED, "gamut"])
def test_a_lamp_of_any_make_is_not_left_on_by_a_call_that_ends_during_a_restart(
    loop: SkippingLoop, folder: Path, mode: ColorMode | str, what: str
) -> None:
    lamp = AnyLamp(ColorMode.XY if mode == "gamut" else ColorMode(mode))
    lamp.gamut = GAMUT if mode == "gamut" else None

    async def day() -> None:
        await busy_light(
            home, lamp, when_available="restore", on_call_color=[200, 0, 0]
        )
        await _busy_with(home, what)
        assert lamp.is_on
        away = asyncio.create_task(home.restarted(20.0, 0.0))
        await asyncio.sleep(10)
        await _free(home, what)
        await away
        await asyncio.sleep(30)
        assert not lamp.is_on

    with household(loop, folder, lamp) as home:
        home.run(day())


@pytest.mark.parametrize("mode", [*COLORED, "gamut"])
def test_a_lamp_of_any_make_is_brought_back_once_and_yours_at_once(
    loop: SkippingLoop, folder: Path, mode: ColorMode | str
) -> None:
    lamp = AnyLamp(ColorMode.XY if mode == "gamut" else ColorMode(mode))
    lamp.gamut = GAMUT if mode == "gamut" else None

    async def day() -> None:
        await lamp.looks(rgb_color=[250, 120, 120], brightness=77)
        was = lamp.told_color
        await busy_light(home, lamp, when_available="restore")
        await _busy_with(home, "dnd")
        assert lamp.told_color[2] == 255
        commands = lamp.commands
        await _free(home, "dnd")
        await asyncio.sleep(1.5)
        assert lamp.told_color[2] == was[2]
        lamp.by_hand(0)
        await asyncio.sleep(30)
        assert not lamp.is_on
        assert lamp.commands == commands + 1

    with household(loop, folder, lamp) as home:
        home.run(day())


@pytest.mark.parametrize(
    ("modes", "how"),
    [
        ([ColorMode.COLOR_TEMP, ColorMode.HS], {"color_temp_kelvin": 3000}),
        ([ColorMode.COLOR_TEMP, ColorMode.XY], {"color_temp_kelvin": 2202}),
        ([ColorMode.WHITE, ColorMode.RGB], {"white": 120}),
    ],
)
def test_a_white_is_brought_back_as_a_white(
    loop: SkippingLoop, folder: Path, modes: list[ColorMode], how: dict[str, int]
) -> None:
    lamp = AnyLamp(*modes)

    async def day() -> None:
        await lamp.looks(**how)
        was = lamp.told_color
        await busy_light(home, lamp, when_available="restore")
        await _busy_with(home, "hold")
        assert lamp.told_color != was
        await _free(home, "hold")
        await asyncio.sleep(2)
        assert lamp.told_color == was

    with household(loop, folder, lamp) as home:
        home.run(day())


@pytest.mark.parametrize("blink", [0, 0.5])
def test_a_light_of_whites_alone_keeps_its_white(
    loop: SkippingLoop, folder: Path, blink: float
) -> None:
    lamp = AnyLamp(ColorMode.COLOR_TEMP)

    async def day() -> None:
        await lamp.looks(color_temp_kelvin=2700, brightness=80)
        await busy_light(home, lamp, ringing_blink=blink)
        for what in ("call", "dnd"):
            await _busy_with(home, what)
            assert lamp.told_color[:3] == ("on", "color_temp", 255)
            assert lamp.color_temp_kelvin == 2700
            await _free(home, what)
            await asyncio.sleep(2)
            assert not lamp.is_on

    with household(loop, folder, lamp) as home:
        home.run(day())


@pytest.mark.parametrize(
    "effects",
    [("off", "candle"), ("Solid", "Rainbow"), ("None", "Pulse"), ("Fire", "Party")],
)
def test_an_effect_ends_for_a_call_and_comes_back(
    loop: SkippingLoop, folder: Path, effects: tuple[str, ...]
) -> None:
    lamp = AnyLamp(ColorMode.RGB, effects=effects)

    async def day() -> None:
        await lamp.looks(rgb_color=[10, 20, 250], effect=effects[-1])
        was = lamp.told_color
        await busy_light(home, lamp, when_available="restore")
        await _busy_with(home, "call")
        # Where none of them is none, a color has to do.
        ends = effects[0] if effects[0] != "Fire" else effects[1]
        assert lamp.told_color == ("on", "rgb", 255, (255, 0, 0), None, ends)
        await _free(home, "call")
        await asyncio.sleep(2)
        assert lamp.told_color == was

    with household(loop, folder, lamp) as home:
        home.run(day())


@pytest.mark.parametrize("mode", [ColorMode.RGB, ColorMode.BRIGHTNESS, ColorMode.ONOFF])
@pytest.mark.parametrize("available", ["color", "off"])
def test_a_lamp_that_does_not_take_it_is_told_once_more(
    loop: SkippingLoop, folder: Path, mode: ColorMode, available: str
) -> None:
    lamp = MoodyLamp("desk", mode)

    async def refuses(*steps: str) -> None:
        lamp.is_broken = home.is_in_trouble = True
        for step in steps:
            await home.call(0, step)
        await asyncio.sleep(1)
        lamp.is_broken = False
        await asyncio.sleep(20)

    async def day() -> None:
        await busy_light(home, lamp, when_available=available)
        before = lamp.shows
        await refuses("ring", "answer")
        assert lamp.shows in ("255,0,0 100%", "100%", "on")
        commands = lamp.commands
        await refuses("hangup")
        assert (lamp.shows, lamp.commands) == (before, commands + 2)

    with household(loop, folder, lamp) as home:
        home.run(day())
