"""Blueprints as users come by them, and the things at home that their automations move."""

from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path
from typing import Any, override
from unittest.mock import AsyncMock, Mock, patch

from homeassistant.components.calendar import CalendarEntity, CalendarEvent
from homeassistant.components.light import LightEntity
from homeassistant.components.light.const import ColorMode
from homeassistant.components.media_player import MediaPlayerEntity
from homeassistant.components.media_player.const import (
    MediaPlayerEntityFeature,
    MediaPlayerState,
)
from homeassistant.components.notify import NotifyEntity
from homeassistant.components.notify.const import NotifyEntityFeature
from homeassistant.components.switch import SwitchEntity
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.entity_component import DATA_INSTANCES
from homeassistant.helpers.selector import selector
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from homeassistant.util.yaml import parse_yaml
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

ROOT = Path(__file__).parents[2]
FOLDER = Path("blueprints/automation/ringcentral")
REPOSITORY = "https://github.com/OWNER/ha-ringcentral"
OWNER = REPOSITORY.split("/")[-2]
RAW = "https://raw.githubusercontent.com/OWNER/ha-ringcentral/main"
NAMES = sorted(path.stem for path in (ROOT / FOLDER).glob("*.yaml"))

GET_SESSION = (
    "homeassistant.components.blueprint.importer.aiohttp_client.async_get_clientsession"
)


def address(name: str) -> str:
    """Return the page that a blueprint is imported from."""
    return f"{REPOSITORY}/blob/main/{FOLDER}/{name}.yaml"


def content(name: str) -> str:
    """Return the file of a blueprint."""
    return (ROOT / FOLDER / f"{name}.yaml").read_text()


def inputs_of(name: str) -> dict[str, dict[str, Any]]:
    """Return the inputs of a blueprint by name, those in sections with the rest."""
    blueprint: Any = parse_yaml(content(name))
    found: dict[str, dict[str, Any]] = {}
    for key, value in blueprint["blueprint"]["input"].items():
        found |= value.get("input", {key: value})
    return found


def choose(field: dict[str, Any], value: Any) -> None:
    """Choose a value in the form of a blueprint; raises where it does not let one."""
    # Every kind of selector is called with a value; their base class does not say so.
    chosen: Any = selector(field["selector"])
    chosen(value)


class Blueprints:
    """The blueprints of a Home Assistant, and the automations made with them."""

    def __init__(self, hass: HomeAssistant, ws_client: WebSocketGenerator) -> None:
        """Begin without any."""
        self.hass = hass
        self._ws_client = ws_client
        self._paths: dict[str, str] = {}
        self._configs: list[dict[str, Any]] = []

    async def import_(self, name: str) -> dict[str, Any]:
        """Import a blueprint by its address and save it, as the button in the user interface does."""
        assert await async_setup_component(self.hass, "automation", {})
        client = await self._ws_client(self.hass)
        reply = Mock(text=AsyncMock(return_value=content(name)))
        session = Mock(get=AsyncMock(return_value=reply))
        with patch(GET_SESSION, return_value=session):
            await client.send_json_auto_id(
                {"type": "blueprint/import", "url": address(name)}
            )
            answer = await client.receive_json()
        assert answer["success"], answer
        session.get.assert_awaited_once_with(
            f"{RAW}/{FOLDER}/{name}.yaml", raise_for_status=True
        )
        found: dict[str, Any] = answer["result"]
        await client.send_json_auto_id(
            {
                "type": "blueprint/save",
                "domain": "automation",
                "path": found["suggested_filename"],
                "yaml": found["raw_data"],
                "source_url": address(name),
            }
        )
        assert (await client.receive_json())["success"]
        self._paths[name] = f"{found['suggested_filename']}.yaml"
        return found

    async def use(self, name: str, alias: str = "", **given: Any) -> str:
        """Make an automation with a blueprint, and return its entity id; what is not given has its default."""
        if name not in self._paths:
            await self.import_(name)
        known = inputs_of(name)
        for key, value in given.items():
            # What the form would not let anyone choose proves nothing.
            choose(known[key], value)
        alias = alias or name.replace("_", " ")
        self._configs.append(
            {
                "id": alias,
                "alias": alias,
                "use_blueprint": {"path": self._paths[name], "input": given},
            }
        )
        await self.reload()
        entity_id = f"automation.{alias.replace(' ', '_')}"
        state = self.hass.states.get(entity_id)
        assert state is not None
        assert state.state == "on"
        return entity_id

    def change(self, **given: Any) -> None:
        """Change inputs of the automation that was made last; a reload takes them up."""
        config = self._configs[-1]["use_blueprint"]
        config["input"] = config["input"] | given

    async def reload(self) -> None:
        """Load the automations, as happens whenever one is saved."""
        with patch(
            "homeassistant.config.load_yaml_config_file",
            return_value={"automation": self._configs},
        ):
            await self.hass.services.async_call("automation", "reload", blocking=True)

    async def stop(self) -> None:
        """End all runs: Home Assistant has things to do as long as one waits."""
        await self.hass.services.async_call(
            "automation", "turn_off", {"entity_id": "all"}, blocking=True
        )


async def furnish(hass: HomeAssistant, *things: Entity) -> None:
    """Put things into the home."""
    for thing in things:
        domain = thing.entity_id.partition(".")[0]
        assert await async_setup_component(hass, domain, {})
        await hass.data[DATA_INSTANCES][domain].async_add_entities([thing])


class Thing(Entity):
    """Something that may lose its power."""

    _attr_should_poll = False

    def power(self, *, on: bool) -> None:
        """Plug it in or out."""
        self._attr_available = on
        self.async_write_ha_state()


class Lamp(Thing, LightEntity):
    """A light that remembers what it was told."""

    def __init__(self, name: str, mode: ColorMode = ColorMode.RGB) -> None:
        """Be off."""
        self.entity_id = f"light.{name}"
        self._attr_name = name
        self._attr_is_on = False
        self._attr_color_mode = mode
        self._attr_supported_color_modes = {mode}
        self.told: list[str] = []

    @property
    def shows(self) -> str:
        """What one sees: the colour and its brightness in percent, on where it has none, off."""
        if not self.is_on:
            return "off"
        if self.color_mode is ColorMode.ONOFF:
            return "on"
        percent = round((self.brightness or 0) / 2.55)
        if self.color_mode is not ColorMode.RGB:
            return f"{percent}%"
        return f"{','.join(map(str, self.rgb_color or ()))} {percent}%"

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        self._attr_is_on = True
        self._attr_brightness = kwargs.get("brightness", self.brightness or 255)
        if self.color_mode is ColorMode.RGB:
            self._attr_rgb_color = kwargs.get(
                "rgb_color", self.rgb_color or (255, 255, 255)
            )
        self._tell()

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        self._attr_is_on = False
        self._tell()

    def _tell(self) -> None:
        self.told.append(self.shows)
        self.async_write_ha_state()


class Plug(Thing, SwitchEntity):
    """A switch that remembers what it was told."""

    def __init__(self, name: str, *, on: bool = False) -> None:
        """Be off, or on."""
        self.entity_id = f"switch.{name}"
        self._attr_name = name
        self._attr_is_on = on
        self.told: list[str] = []

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        self._tell(on=True)

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        self._tell(on=False)

    def _tell(self, *, on: bool) -> None:
        self._attr_is_on = on
        self.told.append("on" if on else "off")
        self.async_write_ha_state()


class Player(Thing, MediaPlayerEntity):
    """A media player that remembers what it was told."""

    def __init__(
        self,
        name: str,
        state: MediaPlayerState = MediaPlayerState.PLAYING,
        *,
        can: MediaPlayerEntityFeature = MediaPlayerEntityFeature.PAUSE
        | MediaPlayerEntityFeature.PLAY
        | MediaPlayerEntityFeature.VOLUME_MUTE,
    ) -> None:
        """Play, or not."""
        self.entity_id = f"media_player.{name}"
        self._attr_name = name
        self._attr_state = state
        self._attr_is_volume_muted = False
        self._attr_supported_features = can
        self.told: list[str] = []

    @override
    async def async_media_play(self) -> None:
        self.told.append("play")
        self.set(MediaPlayerState.PLAYING)

    @override
    async def async_media_pause(self) -> None:
        self.told.append("pause")
        self.set(MediaPlayerState.PAUSED)

    @override
    async def async_mute_volume(self, mute: bool) -> None:
        self.told.append("mute" if mute else "unmute")
        self.mute(mute)

    def mute(self, mute: bool) -> None:
        """Be muted, by whomever."""
        self._attr_is_volume_muted = mute
        self.async_write_ha_state()

    def set(self, state: MediaPlayerState) -> None:
        """Be in a state, by whomever."""
        self._attr_state = state
        self.async_write_ha_state()


class Phone(Thing, NotifyEntity):
    """A phone that gets notifications."""

    def __init__(self, name: str) -> None:
        """Have none yet."""
        self.entity_id = f"notify.{name}"
        self._attr_name = name
        self._attr_supported_features = NotifyEntityFeature.TITLE
        self.got: list[tuple[str | None, str]] = []

    @override
    async def async_send_message(self, message: str, title: str | None = None) -> None:
        self.got.append((title, message))


class Calendar(Thing, CalendarEntity):
    """A calendar with events that a test enters."""

    def __init__(self, name: str, events: Iterable[CalendarEvent] = ()) -> None:
        """Have some events."""
        self.entity_id = f"calendar.{name}"
        self._attr_name = name
        self.events = list(events)
        self.asked = 0

    @property
    @override
    def event(self) -> CalendarEvent | None:
        now = dt_util.now()
        ahead = [each for each in self.events if each.end_datetime_local > now]
        return min(ahead, key=lambda each: each.start_datetime_local, default=None)

    @override
    async def async_get_events(
        self, hass: HomeAssistant, start_date: datetime, end_date: datetime
    ) -> list[CalendarEvent]:
        self.asked += 1
        return [
            each
            for each in self.events
            if each.start_datetime_local < end_date
            and each.end_datetime_local > start_date
        ]

    def enter(
        self,
        start: date,
        end: date,
        summary: str,
        description: str | None = None,
    ) -> CalendarEvent:
        """Enter an event."""
        event = CalendarEvent(
            start=start, end=end, summary=summary, description=description
        )
        self.events.append(event)
        self.async_write_ha_state()
        return event


def told(things: Iterable[Lamp | Plug | Player]) -> dict[str, list[str]]:
    """Return what things were told, by entity id, where they were told anything."""
    return {thing.entity_id: thing.told for thing in things if thing.told}
