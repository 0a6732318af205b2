"""A home with one automation of a blueprint, where random things happen, in time that is not waited for."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
import shutil
import tempfile
from typing import Any, Final, override
from unittest.mock import patch

from homeassistant.components.light.const import ColorMode
from homeassistant.components.media_player.const import MediaPlayerState
from homeassistant.const import (
    EVENT_HOMEASSISTANT_START,
    EVENT_HOMEASSISTANT_STARTED,
    EVENT_STATE_CHANGED,
)
from homeassistant.core import CoreState, Event, EventStateChangedData, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity, script
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util

from emulator.calls import CallError

from .blueprints import FOLDER, ROOT, Lamp, Player, Plug, furnish
from .skipping import SkippingLoop
from .world import World

# What a thing says that does not take a command.
BROKEN: Final = "it does not take a command"


class Moody:
    """A thing that may be slow, or not take commands, and counts them."""

    seconds = 0.0
    # Seconds until it says what it does.
    lag = 0.0
    is_broken = False
    has_failed = False
    commands = 0

    async def obey(self) -> None:
        """Take the time it takes."""
        self.commands += 1
        if self.seconds:
            await asyncio.sleep(self.seconds)
        if self.is_broken:
            self.has_failed = True
            raise HomeAssistantError(BROKEN)
        self.has_failed = False


class MoodySwitched(Moody, entity.ToggleEntity):
    """Something that is turned on and off."""

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        await self.obey()
        await super().async_turn_on(**kwargs)

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        await self.obey()
        await super().async_turn_off(**kwargs)


class MoodyLamp(MoodySwitched, Lamp):
    """A lamp with its moods."""

    @override
    def _tell(self) -> None:
        self.told.append(self.shows)
        if self.lag:
            self.hass.loop.call_later(self.lag, self.async_write_ha_state)
        else:
            self.async_write_ha_state()

    def by_hand(self, what: int) -> None:
        """Be used for something else."""
        self._attr_is_on = what > 0
        if what:
            self._attr_brightness = (0, 102, 255)[what]
            if self.color_mode is ColorMode.RGB:
                self._attr_rgb_color = ((0, 0, 0), (0, 0, 255), (255, 255, 255))[what]
        self.async_write_ha_state()


class MoodyPlug(MoodySwitched, Plug):
    """A plug with its moods."""

    shows = property(lambda self: "on" if self.is_on else "off")

    def by_hand(self, what: int) -> None:
        """Be switched by somebody."""
        self._attr_is_on = what > 0
        self.async_write_ha_state()


class MoodyPlayer(Moody, Player):
    """A player with its moods."""

    @property
    def shows(self) -> str:
        """What one hears."""
        muted = " muted" if self.is_volume_muted else ""
        return f"{self.state}{muted}"

    @override
    async def async_media_play(self) -> None:
        await self.obey()
        await super().async_media_play()

    @override
    async def async_media_pause(self) -> None:
        await self.obey()
        await super().async_media_pause()

    @override
    async def async_mute_volume(self, mute: bool) -> None:
        await self.obey()
        await super().async_mute_volume(mute)

    def by_hand(self, what: int) -> None:
        """Be stopped, or play."""
        self.set(MediaPlayerState.PLAYING if what else MediaPlayerState.IDLE)


type Thing = MoodyLamp | MoodyPlug | MoodyPlayer


@contextmanager
def clock_of_templates() -> Iterator[None]:
    """Let templates and times of day go with the clock that skips."""

    def now(zone: Any = None) -> datetime:
        return dt_util.utcnow().astimezone(zone or dt_util.get_default_time_zone())

    # Entities and runs write their times with a clock that they took when they were imported.
    with (
        patch.object(dt_util, "now", now),
        patch.object(entity, "timer", lambda: dt_util.utcnow().timestamp()),
        patch.object(script, "utcnow", dt_util.utcnow),
    ):
        yield


@contextmanager
def shelf() -> Iterator[Path]:
    """Return a folder of a configuration that has the blueprints."""
    with tempfile.TemporaryDirectory() as name:
        shutil.copytree(ROOT / FOLDER, Path(name) / "blueprints" / "automation")
        yield Path(name)


class Household(World):
    """A service, a Home Assistant, things at home, and automations that move them."""

    def __init__(
        self, loop: SkippingLoop, folder: Path, saw: Callable[[], None]
    ) -> None:
        """Take the folder with the blueprints, and what is called with every status that changes."""
        super().__init__(
            loop,
            extensions=5,
            kind={},
            follow=["account"],
            caller_identity="hidden",
            rate_limits=False,
            has_voicemail=True,
        )
        self.is_gentle = self.is_unbroken = False
        self._folder, self._saw = folder, saw
        self._configs: list[dict[str, Any]] = []
        self.things: list[Any] = []
        self.people: list[str] = []
        # Whether an action may fail, since the last rest.
        self.is_in_trouble = False

    # The beginning.

    async def move_in(self, *things: Any) -> None:
        """Have everything in its place, and no automation yet."""
        await self.begin()
        await self.settled()
        hass = self.hass
        hass.config.config_dir = str(self._folder)
        for part in ("homeassistant", "scene", "automation"):
            assert await async_setup_component(hass, part, {})
        self.things = list(things)
        await furnish(hass, *things)
        own = self.emulator.own_extension_id
        others = [
            key
            for key in self.truth.followed(self.entry)
            if key != own and "userStatus" in self.emulator.truth_of(key)
        ]
        self.people = [own, *others[:1]]
        hass.bus.async_listen(EVENT_STATE_CHANGED, self._on_status)

    async def automate(self, name: str, **given: Any) -> None:
        """Add an automation made with a blueprint."""
        self._configs.append(
            {
                "id": f"{name}_{len(self._configs)}",
                "alias": f"{name} {len(self._configs)}",
                "use_blueprint": {"path": f"{name}.yaml", "input": given},
            }
        )
        await self._load(self._configs)

    async def _load(self, configs: list[dict[str, Any]]) -> None:
        with patch(
            "homeassistant.config.load_yaml_config_file",
            return_value={"automation": configs},
        ):
            await self.hass.services.async_call("automation", "reload", blocking=True)

    def device(self, key: str) -> str:
        """Return the id of the device of an extension."""
        return self.device_ids()[key]

    def device_ids(self) -> dict[str, str]:
        """Return the ids of devices by extension."""
        return {key: device for device, key in self._extension_of.items()}

    # What happens.

    async def edited(self) -> None:
        """Save the automations, with another description."""
        for config in self._configs:
            config["description"] = f"{config.get('description', '')}."
        await self._load(self._configs)

    async def restarted(self, away: float, late: float) -> None:
        """Restart: runs and what they left in memory are gone, and the phones may be known late."""
        hass = self.hass
        await self._load([])
        await self._finish()
        await self.unload()
        for scene in hass.states.async_entity_ids("scene"):
            await hass.services.async_call(
                "scene", "delete", {"entity_id": scene}, blocking=True
            )
        await asyncio.sleep(away)
        hass.set_state(CoreState.starting)
        if not late:
            await hass.config_entries.async_setup(self.entry.entry_id)
        await self._load(self._configs)
        hass.bus.async_fire(EVENT_HOMEASSISTANT_START)
        hass.set_state(CoreState.running)
        hass.bus.async_fire(EVENT_HOMEASSISTANT_STARTED)
        if late:
            await asyncio.sleep(late)
            await hass.config_entries.async_setup(self.entry.entry_id)

    async def lost(self, seconds: float) -> None:
        """Lose the connection, and let nobody in for a time."""
        self.emulator.faults.set(http_5xx=[{"status": 503}])
        await self.emulator.disconnect(code=1001, recoverable=False)
        await asyncio.sleep(seconds)
        self.emulator.faults.clear()

    async def call(self, who: int, step: str) -> None:
        """Let the next thing happen to a call, where it can."""
        try:
            await self.emulator.play_call(
                self.people[who], [step], call=f"call of {who}"
            )
        except CallError, KeyError:
            return

    # What is seen.

    def statuses(self, who: list[int] | None = None) -> list[set[str]]:
        """Return everything that is true of each of these people who is known."""
        found = []
        for key in [self.people[each] for each in who or range(len(self.people))]:
            entity_id = self.entities(key).get("status")
            state = self.hass.states.get(entity_id) if entity_id else None
            if state is not None and "also" in state.attributes:
                found.append({state.state, *state.attributes["also"]})
        return found

    async def voicemails(self) -> str:
        """Return the sensor of voicemails that wait, once there is one: no set-up waits for it."""
        own = self.emulator.own_extension_id
        while True:
            if found := self.entities(own).get("voicemails"):
                return found
            await asyncio.sleep(0.1)

    def waiting(self, sensor: str) -> int:
        """Return how many voicemails wait, as far as that is known."""
        state = self.hass.states.get(sensor)
        return int(state.state) if state and state.state.isdigit() else 0

    @callback
    def _on_status(self, event: Event[EventStateChangedData]) -> None:
        new = event.data["new_state"] or event.data["old_state"]
        if new is None:
            return
        is_status = "dialing" in new.attributes.get("options", ())
        if is_status or new.entity_id.endswith("_voicemails"):
            self._saw()

    def runs(self) -> list[str]:
        """Return the automations of which a run goes on."""
        return [
            state.entity_id
            for state in self.hass.states.async_all("automation")
            if state.attributes["current"]
        ]

    async def settled(self) -> None:
        """Wait until the connection is there and trusted."""
        await self._finish()
        assert await self._live(), self.complaints

    async def at_rest(self, seconds: float) -> None:
        """End every fault but those of things, and let all that goes on come to its end."""
        self.heal()
        await self.settled()
        await asyncio.sleep(seconds)

    @override
    def verdict(self) -> list[str]:
        """Return everything there is to complain of; things that are broken may be logged."""
        self.log.errors = [each for each in self.log.errors if not self._may(each)]
        # A trigger that waits belongs to its automation.
        self.complaints = [
            each for each in self.complaints if not each.startswith("a timer is left")
        ]
        return super().verdict()

    def _may(self, error: str) -> bool:
        return BROKEN in error or (
            self.is_in_trouble
            and error.startswith("homeassistant.components.automation")
        )
