"""Blueprints: imported, used, and living through stories."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
import json
from pathlib import Path
import re
from typing import Any
from unittest.mock import patch
from urllib.parse import quote

from homeassistant.components.light.const import ColorMode
from homeassistant.components.media_player.const import (
    MediaPlayerEntityFeature,
    MediaPlayerState,
)
from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import CoreState, HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import (
    area_registry as ar,
    device_registry as dr,
    entity_registry as er,
    label_registry as lr,
)
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import async_mock_service
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.ringcentral.const import (
    CALLER_FULL,
    CALLER_HIDDEN,
    CALLER_NAME,
    DOMAIN,
)
from emulator import Emulator

from .blueprints import (
    NAMES,
    OWNER,
    ROOT,
    Blueprints,
    Calendar,
    Lamp,
    Phone,
    Player,
    Plug,
    address,
    choose,
    furnish,
    inputs_of,
    told,
)
from .stories import PRESENCE, Story, colleagues, hasty, office

BUSY, AVAILABLE, OFFLINE = (
    {"userStatus": status} for status in ("Busy", "Available", "Offline")
)
DISTURB, DO_NOT_DISTURB = (
    {"dndStatus": status} for status in ("TakeAllCalls", "DoNotAcceptAnyCalls")
)
MEETING, NO_MEETING = (
    {"meetingStatus": status} for status in ("Connected", "Disconnected")
)

PUT = f"PUT {PRESENCE.partition(' ')[2]}"

GREEN, YELLOW = "0,255,0 50%", "255,180,0 100%"
RED, VIOLET = "255,0,0 100%", "150,0,255 100%"
BLUE = "0,0,255 100%"
# Another red, to tell a call from the blinking of another.
TALK = "200,0,0 100%"


@pytest.fixture
async def blueprints(
    hass: HomeAssistant, hass_ws_client: WebSocketGenerator, tmp_path: Path
) -> Blueprints:
    """Return a Home Assistant's blueprints, with a folder to keep them in."""
    hass.config.config_dir = str(tmp_path)
    # What every Home Assistant has.
    for part in ("homeassistant", "scene"):
        assert await async_setup_component(hass, part, {})
    return Blueprints(hass, hass_ws_client)


@pytest.fixture(autouse=True)
def no_complaints(caplog: pytest.LogCaptureFixture) -> Any:
    """Fail on anything that Home Assistant complains of in automations, unless a test takes it."""
    yield
    assert [
        record.getMessage()
        for record in caplog.get_records("call")
        if record.levelname in ("WARNING", "ERROR", "CRITICAL")
        and record.name.startswith(
            (
                "homeassistant.components.automation",
                "homeassistant.components.blueprint",
                "homeassistant.helpers",
            )
        )
    ] == []


class Home:
    """Things in a home with blueprints, and an office whose phones ring."""

    def __init__(self, story: Story, blueprints: Blueprints) -> None:
        """Take what there is."""
        self.story, self.blueprints = story, blueprints
        self.hass, self.emulator = story.hass, story.emulator

    def device(self, extension_id: str | None = None) -> str:
        """Return the id of an extension's device, the own one where none is named."""
        device = self.story.device(extension_id or self.story.own)
        assert device is not None
        return device.id

    async def presence(self, *changes: dict[str, str], of: str | None = None) -> None:
        """Change the presence of an extension, the own one where none is named."""
        for change in changes:
            await self.emulator.set_presence(of or self.story.own, change)

    async def busy_light(self, *lamps: Lamp, **more: Any) -> str:
        """Let lamps show the own extension, or others."""
        given: dict[str, Any] = {
            "ringing_blink": 0.1,
            "on_hold_blink": 0,
            "on_call_color": [200, 0, 0],
        }
        if "extensions" not in more:
            given["extensions"] = [self.device()]
        lights = [lamp.entity_id for lamp in lamps]
        return await self.blueprints.use("busy_light", lights=lights, **given | more)

    async def on_air(self, *signs: Lamp | Plug, **more: Any) -> str:
        """Let signs tell of calls."""
        return await self.blueprints.use(
            "on_air", signs=[sign.entity_id for sign in signs], **more
        )

    async def media(self, *players: Player, **more: Any) -> str:
        """Let players be quiet for the own extension, or others, and wait little."""
        if "extensions" not in more:
            more["extensions"] = [self.device()]
        names = [player.entity_id for player in players]
        return await self.blueprints.use("media", players=names, **{"wait": 0} | more)

    async def do_not_disturb(self, **more: Any) -> str:
        """Keep the own extension undisturbed for a switch or a calendar."""
        return await self.blueprints.use(
            "do_not_disturb", extension=self.device(), **more
        )

    def changes(self) -> int:
        """Return how many changes of presence were sent to the service."""
        return self.emulator.counters.requests.get(PUT, 0)

    def waiting(self) -> bool:
        """Whether the integration will bring an earlier presence back."""
        return bool(self.story.coordinator.editor.restores.items())

    async def looks(self, automation: str, doing: Awaitable[object]) -> None:
        """Let something happen, and wait until an automation has looked at it."""

        def triggered() -> Any:
            state = self.hass.states.get(automation)
            assert state is not None
            return state.attributes["last_triggered"]

        before = triggered()
        await doing
        await self.story.until(lambda: triggered() != before)

    async def idle(self, automation: str) -> None:
        """Wait until an automation has nothing to do."""
        await self.story.until(lambda: not self.runs(automation))

    def runs(self, automation: str) -> int:
        """Return how many runs of an automation go on."""
        state = self.hass.states.get(automation)
        assert state is not None
        return int(state.attributes["current"])

    async def shows(self, thing: Lamp | Plug | Player, *what: str) -> None:
        """Wait until this is what a thing was told last."""
        try:
            await self.story.until(lambda: thing.told[-len(what) :] == list(what))
        except TimeoutError:
            assert thing.told[-len(what) :] == list(what)

    def place(self, *extension_ids: str) -> str:
        """Put the devices of extensions into a room, and return its id."""
        area = ar.async_get(self.hass).async_get_or_create("Studio")
        for extension_id in extension_ids:
            dr.async_get(self.hass).async_update_device(
                self.device(extension_id), area_id=area.id
            )
        return area.id

    def label(self, *extension_ids: str) -> str:
        """Put a label on the devices of extensions, and return its id."""
        label = lr.async_get(self.hass).async_create("Support")
        for extension_id in extension_ids:
            dr.async_get(self.hass).async_update_device(
                self.device(extension_id), labels={label.label_id}
            )
        return label.label_id

    async def blinks(self, lamp: Lamp, color: str = RED) -> None:
        """Wait until a lamp has blinked from now on."""
        lamp.told.clear()
        await self.shows(lamp, color, "off", color, "off", color)

    async def call_service(self, action: str, **data: Any) -> None:
        """Do something by hand."""
        domain, _, service = action.partition(".")
        await self.hass.services.async_call(domain, service, data, blocking=True)


@asynccontextmanager
async def at_home(
    blueprints: Blueprints, emulator: Emulator, *things: Any, **follow: Any
) -> AsyncIterator[Home]:
    """Furnish, and follow; no automation runs any more at the end."""
    await furnish(blueprints.hass, *things)
    async with office(blueprints.hass, emulator, **follow) as story:
        try:
            yield Home(story, blueprints)
        finally:
            await blueprints.stop()
        for thing in things:
            await thing.async_remove()


# Imported.


def test_there_are_eight() -> None:
    assert NAMES == [
        "announce_caller",
        "ask_who_is_free",
        "asleep_or_away",
        "busy_light",
        "do_not_disturb",
        "media",
        "missed_call",
        "on_air",
    ]


@pytest.mark.parametrize("name", NAMES)
async def test_a_blueprint_can_be_imported(
    hass: HomeAssistant,
    blueprints: Blueprints,
    hass_ws_client: WebSocketGenerator,
    name: str,
) -> None:
    found = await blueprints.import_(name)
    assert found["validation_errors"] is None
    assert not found["exists"]
    told = found["blueprint"]["metadata"]
    assert told["domain"] == "automation"
    assert told["source_url"] == address(name)
    assert told["author"]
    assert told["name"].startswith("RingCentral ")
    assert len(told["description"]) > 50
    floor = json.loads((ROOT / "hacs.json").read_text())["homeassistant"]
    assert told["homeassistant"]["min_version"] == floor
    client = await hass_ws_client(hass)
    await client.send_json_auto_id({"type": "blueprint/list", "domain": "automation"})
    kept = (await client.receive_json())["result"][f"{OWNER}/{name}.yaml"]
    assert kept["metadata"]["input"].keys() == told["input"].keys()


@pytest.mark.parametrize("name", NAMES)
def test_a_form_can_be_filled_in(name: str) -> None:
    for key, field in inputs_of(name).items():
        assert field["name"], key
        if "default" in field:
            choose(field, field["default"])
        else:
            assert field["selector"]
        options = field["selector"].get("select", {}).get("options", [])
        assert all(option["label"] and option["value"] for option in options), key


@pytest.mark.parametrize("name", NAMES)
async def test_an_older_home_assistant_is_told_so(
    blueprints: Blueprints, name: str
) -> None:
    with patch("homeassistant.components.blueprint.models.__version__", "2026.9.4"):
        found = await blueprints.import_(name)
    (error,) = found["validation_errors"]
    assert "2026.10.0" in error


# Described.

BADGE = re.compile(
    r"\(https://my\.home-assistant\.io/redirect/blueprint_import/\?blueprint_url=([^)]*)\)"
)


@pytest.mark.parametrize("page", ["docs/blueprints.md", "README.md"])
def test_a_button_for_each_imports_it(page: str) -> None:
    found = BADGE.findall((ROOT / page).read_text())
    assert sorted(found) == [quote(address(name), safe="") for name in NAMES]


@pytest.mark.parametrize("name", NAMES)
def test_all_inputs_are_described_with_their_defaults(name: str) -> None:
    _, *sections = (ROOT / "docs/blueprints.md").read_text().split("\n## ")
    (section,) = (each for each in sections if f"`{name}.yaml`" in each)
    rows = re.findall(r"^\| (`.*`) \|", section, re.MULTILINE)
    described = {key for row in rows for key in re.findall(r"`(\w+)`", row)}
    described -= {"call"}
    assert inputs_of(name).keys() <= described
    for key, field in inputs_of(name).items():
        (row,) = re.findall(rf"^\| .*`{key}`.* \|$", section, re.MULTILINE)
        assert ("default" not in field) == row.endswith("| |"), row


# The busy light.


async def test_a_lamp_shows_what_the_phone_does(
    emulator: Emulator, blueprints: Blueprints
) -> None:
    lamp = Lamp("desk")
    async with at_home(blueprints, emulator, lamp) as home:
        await blueprints.use(
            "busy_light",
            extensions=[home.device()],
            lights=[lamp.entity_id],
            ringing_blink=0.1,
            on_hold_blink=0,
        )
        await home.shows(lamp, GREEN)
        await home.story.call("ring")
        await home.blinks(lamp)
        lamp.told.clear()
        for word, color in {
            "answer": RED,
            "hold": YELLOW,
            "resume": RED,
            "hangup": GREEN,
        }.items():
            await home.story.call(word)
            await home.shows(lamp, color)
        for change, color in (
            (DO_NOT_DISTURB, VIOLET),
            (DISTURB, GREEN),
            (BUSY, RED),
            (AVAILABLE, GREEN),
            (MEETING, RED),
            (NO_MEETING, GREEN),
            (OFFLINE, "off"),
            (AVAILABLE, GREEN),
        ):
            await home.presence(change)
            await home.shows(lamp, color)
        # Each was told once, and nothing blinks after the ringing.
        first = lamp.told.index(YELLOW) - 1
        assert lamp.told[first:] == [
            *(RED, YELLOW, RED, GREEN),
            *(VIOLET, GREEN, RED, GREEN, RED, GREEN, "off", GREEN),
        ]
        assert set(lamp.told[:first]) <= {RED, "off"}


async def test_a_call_that_is_dialed_does_not_ring(
    emulator: Emulator, blueprints: Blueprints
) -> None:
    lamp = Lamp("desk")
    async with at_home(blueprints, emulator, lamp) as home:
        await home.busy_light(lamp)
        await home.shows(lamp, GREEN)
        await home.story.call("dial", "answer")
        await home.shows(lamp, TALK)
        await home.story.call("hangup")
        await home.shows(lamp, GREEN)
        assert lamp.told == [GREEN, TALK, GREEN]


async def test_a_lamp_blinks_slowly_on_hold(
    emulator: Emulator, blueprints: Blueprints
) -> None:
    lamp = Lamp("desk")
    async with at_home(blueprints, emulator, lamp) as home:
        await home.busy_light(lamp, ringing_blink=0, on_hold_blink=0.1)
        await home.story.call("ring")
        await home.shows(lamp, RED)
        await home.story.call("answer", "hold")
        await home.blinks(lamp, YELLOW)
        await home.story.call("hangup")
        await home.shows(lamp, GREEN)
        lamp.told.clear()
        await home.presence(OFFLINE)
        await home.shows(lamp, "off")
        assert lamp.told == ["off"]


@pytest.mark.messages
async def test_a_lamp_blinks_while_voicemail_waits_and_nothing_more_urgent_is_so(
    emulator: Emulator, blueprints: Blueprints
) -> None:
    lamp = Lamp("desk")
    async with at_home(blueprints, emulator, lamp) as home:
        story = home.story
        await story.shows(voicemails="0")
        await home.busy_light(
            lamp, voicemails=[story.entity("voicemails")], voicemail_blink=0.1
        )
        await home.shows(lamp, GREEN)
        emulator.mail.leave(story.own)
        await home.blinks(lamp, BLUE)
        # A call is more urgent, and another voicemail does not disturb it.
        await story.call("ring", "answer")
        await home.shows(lamp, TALK)
        lamp.told.clear()
        emulator.mail.leave(story.own)
        await story.shows(voicemails="2")
        await story.call("hangup")
        await home.blinks(lamp, BLUE)
        # Also while nobody could call.
        await home.presence(OFFLINE)
        await home.blinks(lamp, BLUE)
        for each in emulator.mail.all()[story.own]:
            emulator.mail.mark(story.own, str(each["id"]), read=True)
        await home.shows(lamp, "off")


@pytest.mark.messages
async def test_a_lamp_is_brought_back_once_voicemail_was_heard(
    emulator: Emulator, blueprints: Blueprints
) -> None:
    lamp = Lamp("desk")
    lamp._attr_is_on, lamp._attr_rgb_color, lamp._attr_brightness = True, (1, 2, 3), 255
    before = lamp.shows
    async with at_home(blueprints, emulator, lamp) as home:
        story = home.story
        await story.shows(voicemails="0")
        await home.busy_light(
            lamp,
            voicemails=[story.entity("voicemails")],
            voicemail_blink=0,
            when_available="restore",
        )
        first = emulator.mail.leave(story.own)
        await home.shows(lamp, BLUE)
        emulator.mail.mark(story.own, first, read=True)
        await home.shows(lamp, before)


@pytest.mark.parametrize(
    ("mode", "lit"), [(ColorMode.BRIGHTNESS, "100%"), (ColorMode.ONOFF, "on")]
)
async def test_a_light_without_colors_is_on_for_what_is_urgent(
    emulator: Emulator, blueprints: Blueprints, mode: ColorMode, lit: str
) -> None:
    plain, colored = Lamp("plain", mode), Lamp("colored")
    async with at_home(blueprints, emulator, plain, colored) as home:
        await home.busy_light(plain, colored)
        await home.shows(plain, "off")
        await home.shows(colored, GREEN)
        await home.story.call("ring")
        await home.blinks(plain, lit)
        await home.story.call("answer")
        await home.shows(colored, TALK)
        await home.shows(plain, lit)
        await home.story.call("hangup")
        await home.shows(plain, lit, "off")
        await home.shows(colored, TALK, GREEN)


async def test_of_several_extensions_the_most_urgent_counts(
    emulator: Emulator, blueprints: Blueprints
) -> None:
    lamp = Lamp("team")
    one, other = colleagues(emulator, 2)
    async with at_home(
        blueprints, emulator, lamp, follow=["chosen"], extensions=[one, other]
    ) as home:
        both = [home.device(one), home.device(other)]
        await home.busy_light(lamp, extensions=both)
        await home.shows(lamp, GREEN)
        await home.presence(DO_NOT_DISTURB, of=one)
        await home.shows(lamp, VIOLET)
        await home.story.call("ring", "answer", at=other, name="a")
        await home.shows(lamp, TALK)
        await home.story.call("ring", at=one, name="b")
        await home.blinks(lamp)
        await home.story.call("missed", at=one, name="b")
        await home.shows(lamp, TALK)
        # The second call of one who talks is not the end of the first.
        await home.story.call("ring", at=other, name="c")
        await home.blinks(lamp)
        await home.story.call("missed", at=other, name="c")
        await home.shows(lamp, TALK)
        await home.presence(DISTURB, of=one)
        await home.story.call("hangup", at=other, name="a")
        await home.shows(lamp, TALK, GREEN)
        assert VIOLET not in lamp.told


async def test_what_is_not_to_be_shown_is_not(
    emulator: Emulator, blueprints: Blueprints
) -> None:
    lamp = Lamp("desk")
    async with at_home(blueprints, emulator, lamp) as home:
        await home.busy_light(
            lamp,
            show=["on_call", "do_not_disturb"],
            when_available="off",
            when_unknown="keep",
        )
        await home.shows(lamp, "off")
        await home.presence(BUSY, AVAILABLE)
        await home.story.call("ring", "answer")
        await home.shows(lamp, TALK)
        await home.story.call("hold", "hangup")
        await home.shows(lamp, "off")
        await home.presence(DO_NOT_DISTURB)
        await home.shows(lamp, VIOLET)
        await home.presence(OFFLINE, DISTURB)
        await home.story.shows(presence_status="offline", do_not_disturb="off")
        await home.presence(AVAILABLE)
        await home.shows(lamp, "off")
        assert lamp.told == ["off", TALK, "off", VIOLET, "off"]


async def test_a_lamp_that_the_phone_does_not_change_is_left_alone(
    emulator: Emulator, blueprints: Blueprints
) -> None:
    """It is told of a new state, and never again of one it knows."""
    lamp = Lamp("desk")
    async with at_home(blueprints, emulator, lamp) as home:
        await home.busy_light(lamp)
        await home.story.call("ring", "answer")
        await home.shows(lamp, TALK)
        await home.call_service("light.turn_off", entity_id=lamp.entity_id)
        lamp.told.clear()
        # Much happens in the call that the lamp has no color for.
        for change in (DO_NOT_DISTURB, MEETING, DISTURB, NO_MEETING):
            await home.presence(change)
        for word in ("dial", "hangup"):
            await home.story.call(word, name="another")
        await home.story.all_heard()
        await home.blueprints.reload()
        await home.presence(MEETING, NO_MEETING)
        await home.story.all_heard()
        await home.story.call("hangup")
        await home.shows(lamp, GREEN)
        assert lamp.told == [GREEN]


WHITE = "255,255,255 100%"


async def test_a_lamp_gets_back_what_it_showed_before_the_call(
    emulator: Emulator, blueprints: Blueprints
) -> None:
    lamp, other = Lamp("reading"), Lamp("shelf", ColorMode.BRIGHTNESS)
    async with at_home(blueprints, emulator, lamp, other) as home:
        await home.call_service("light.turn_on", entity_id=lamp.entity_id)
        await home.busy_light(lamp, other, when_available="restore")
        await home.story.call("ring")
        await home.blinks(lamp)
        await home.story.call("answer")
        await home.shows(lamp, TALK)
        await home.story.call("hangup")
        await home.shows(lamp, WHITE)
        await home.shows(other, "off")
        await home.story.until(lambda: not home.hass.states.async_entity_ids("scene"))
        # Between calls it is a lamp like any other.
        await home.call_service(
            "light.turn_on", entity_id=lamp.entity_id, rgb_color=[0, 0, 9]
        )
        lamp.told.clear()
        await home.story.call("ring", "answer")
        await home.shows(lamp, TALK)
        await home.story.call("hold")
        await home.shows(lamp, YELLOW)
        await home.story.call("hangup")
        await home.shows(lamp, "0,0,9 100%")
        await home.call_service("light.turn_off", entity_id=lamp.entity_id)
        await home.presence(DO_NOT_DISTURB)
        await home.shows(lamp, VIOLET)
        await home.presence(DISTURB)
        await home.shows(lamp, "off")
        await home.story.until(lambda: not home.hass.states.async_entity_ids("scene"))


async def test_a_lamp_that_was_left_as_it_is_is_brought_back_too(
    emulator: Emulator, blueprints: Blueprints
) -> None:
    lamp = Lamp("reading")
    async with at_home(blueprints, emulator, lamp) as home:
        await home.call_service("light.turn_on", entity_id=lamp.entity_id)
        await home.busy_light(lamp, when_available="restore", when_unknown="keep")
        await home.presence(OFFLINE)
        await home.presence(DO_NOT_DISTURB)
        await home.shows(lamp, VIOLET)
        await home.presence(DISTURB)
        await home.story.shows(status="offline")
        await home.presence(AVAILABLE)
        await home.shows(lamp, WHITE)


async def test_a_lamp_taken_over_a_reload_is_brought_back(
    emulator: Emulator, blueprints: Blueprints
) -> None:
    """Automations are loaded anew whenever one is changed: this one itself, too."""
    lamp = Lamp("reading")
    async with at_home(blueprints, emulator, lamp) as home:
        await home.call_service("light.turn_on", entity_id=lamp.entity_id)
        await home.busy_light(lamp, when_available="restore")
        await home.story.call("ring", "answer")
        await home.shows(lamp, TALK)
        home.blueprints.change(brightness=50)
        await home.blueprints.reload()
        await home.shows(lamp, "200,0,0 50%")
        await home.story.call("hangup")
        await home.shows(lamp, WHITE)


async def test_what_a_lamp_showed_before_a_start_is_not_known(
    emulator: Emulator, blueprints: Blueprints
) -> None:
    """It may show the call by then: it is turned off rather than left so."""
    lamp = Lamp("reading")
    async with at_home(blueprints, emulator, lamp) as home:
        await home.call_service(
            "light.turn_on", entity_id=lamp.entity_id, rgb_color=[200, 0, 0]
        )
        await home.story.call("ring", "answer")
        await home.story.shows(on_call="on")
        await home.busy_light(lamp, when_available="restore")
        await home.shows(lamp, TALK)
        await home.story.call("hangup")
        await home.shows(lamp, "off")
        # From now on it is.
        await home.story.until(lambda: not home.hass.states.async_entity_ids("scene"))
        await home.call_service("light.turn_on", entity_id=lamp.entity_id)
        await home.presence(DO_NOT_DISTURB)
        await home.shows(lamp, VIOLET)
        await home.presence(DISTURB)
        await home.shows(lamp, "200,0,0 100%")


@pytest.mark.parametrize(
    ("when_unknown", "meanwhile"), [("off", "off"), ("keep", TALK), ("restore", WHITE)]
)
async def test_a_lost_connection_shows_and_the_call_after_it_too(
    emulator: Emulator, blueprints: Blueprints, when_unknown: str, meanwhile: str
) -> None:
    lamp = Lamp("desk")
    with hasty(grace=0.1):
        async with at_home(blueprints, emulator, lamp) as home:
            await home.presence(OFFLINE)
            await home.story.shows(presence_status="offline")
            await home.call_service("light.turn_on", entity_id=lamp.entity_id)
            await home.busy_light(lamp, when_unknown=when_unknown)
            await home.presence(AVAILABLE)
            await home.shows(lamp, GREEN)
            await home.story.call("ring", "answer")
            await home.shows(lamp, TALK)
            emulator.faults.set(http_5xx=[{"status": 503}])
            await emulator.disconnect(code=1001, recoverable=False)
            await home.story.shows(on_call=STATE_UNAVAILABLE)
            await home.story.until(lambda: lamp.shows == meanwhile)
            # The call goes on, and is found so.
            emulator.faults.clear()
            await home.story.live()
            await home.shows(lamp, TALK)
            # Lost once more, and this time it ends meanwhile.
            emulator.faults.set(http_5xx=[{"status": 503}])
            await emulator.disconnect(code=1001, recoverable=False)
            await home.story.shows(on_call=STATE_UNAVAILABLE)
            await home.story.call("hangup")
            emulator.faults.clear()
            await home.story.live()
            await home.shows(lamp, GREEN)


async def test_a_call_that_ends_while_the_connection_is_short_away_ends_the_red(
    emulator: Emulator, blueprints: Blueprints
) -> None:
    """Nothing becomes unavailable, and no event tells of the end: the state alone changes."""
    lamp = Lamp("desk")
    with hasty():
        async with at_home(blueprints, emulator, lamp) as home:
            await home.presence(BUSY)
            await home.busy_light(lamp, busy_color=[9, 0, 0])
            await home.story.call("ring")
            await home.blinks(lamp)
            emulator.faults.set(http_5xx=[{"status": 503}])
            await emulator.disconnect(code=1001, recoverable=False)
            await home.story.lost()
            await home.story.call("missed")
            emulator.faults.clear()
            await home.story.live()
            await home.shows(lamp, "9,0,0 100%")


async def test_a_start_in_mid_call_shows_it(
    emulator: Emulator, blueprints: Blueprints
) -> None:
    lamp = Lamp("desk")
    async with at_home(blueprints, emulator, lamp) as home:
        await home.story.call("ring", "answer")
        await home.story.shows(on_call="on")
        await home.blueprints.import_("busy_light")
        home.hass.set_state(CoreState.not_running)
        # Not by the reload of the test.
        await home.busy_light(lamp)
        assert lamp.told == []
        await home.hass.async_start()
        await home.shows(lamp, TALK)
        await home.story.call("hangup")
        await home.shows(lamp, GREEN)


@pytest.mark.parametrize("name", ["busy_light", "on_air"])
async def test_a_change_while_home_assistant_stops_is_not_waited_for(
    hass: HomeAssistant, emulator: Emulator, blueprints: Blueprints, name: str
) -> None:
    lamp = Lamp("desk")
    async with at_home(blueprints, emulator, lamp) as home:
        automation = (
            await home.busy_light(lamp)
            if name == "busy_light"
            else await home.on_air(lamp, extensions=[home.device()])
        )
        await home.story.until(lambda: lamp.told != [])
        await home.story.call("ring")
        await home.story.shows(ringing="on")
        # As Home Assistant does before it tells anybody else that it stops.
        jobs = [
            hass.async_run_hass_job(each.job, *each.args)
            for each in hass._shutdown_jobs
        ]
        await asyncio.gather(*filter(None, jobs))
        await home.idle(automation)
        # What changes now is shown, and nothing goes on.
        await home.story.call("answer")
        await home.story.shows(on_call="on")
        await home.idle(automation)


async def test_an_automation_turned_on_shows_at_once(
    emulator: Emulator, blueprints: Blueprints
) -> None:
    lamp = Lamp("desk")
    async with at_home(blueprints, emulator, lamp) as home:
        automation = await home.busy_light(lamp)
        await home.story.call("ring")
        await home.blinks(lamp)
        await home.call_service("automation.turn_off", entity_id=automation)
        lamp.told.clear()
        await home.story.call("answer")
        await home.story.shows(on_call="on")
        assert lamp.told == []
        await home.call_service("automation.turn_on", entity_id=automation)
        await home.shows(lamp, TALK)
        await home.story.call("hangup")
        await home.shows(lamp, GREEN)
        assert lamp.told == [TALK, GREEN]


async def test_a_light_that_has_power_again_shows_what_is(
    emulator: Emulator, blueprints: Blueprints
) -> None:
    lamp, other = Lamp("desk"), Lamp("door")
    async with at_home(blueprints, emulator, lamp, other) as home:
        await home.busy_light(lamp, other)
        await home.shows(lamp, GREEN)
        lamp.power(on=False)
        await home.story.call("ring", "answer")
        await home.shows(other, TALK)
        assert lamp.told == [GREEN]
        lamp.power(on=True)
        await home.shows(lamp, TALK)
        # And with none of them there.
        lamp.power(on=False)
        other.power(on=False)
        await home.story.call("hangup")
        await home.story.shows(on_call="off")
        await home.presence(DO_NOT_DISTURB)
        await home.story.shows(do_not_disturb="on")
        other.power(on=True)
        await home.shows(other, VIOLET)


async def test_a_light_that_nobody_knows_the_state_of_is_told(
    emulator: Emulator, blueprints: Blueprints
) -> None:
    """Some tell nothing of themselves, and are unknown until they are told something."""
    lamp, sign = Lamp("desk"), Plug("sign")
    lamp._attr_is_on = sign._attr_is_on = None
    async with at_home(blueprints, emulator, lamp, sign) as home:
        for thing in (lamp, sign):
            state = home.hass.states.get(thing.entity_id)
            assert state is not None
            assert state.state == STATE_UNKNOWN
        await home.busy_light(lamp)
        await home.on_air(sign, extensions=[home.device()])
        await home.shows(lamp, GREEN)
        await home.shows(sign, "off")


async def test_a_light_that_comes_in_mid_call_is_not_left_red(
    emulator: Emulator, blueprints: Blueprints
) -> None:
    lamp, late = Lamp("reading"), Lamp("late")
    async with at_home(blueprints, emulator, lamp, late) as home:
        await home.call_service("light.turn_on", entity_id=lamp.entity_id)
        late.power(on=False)
        await home.busy_light(lamp, late, when_available="restore")
        await home.story.call("ring", "answer")
        await home.shows(lamp, TALK)
        late.power(on=True)
        await home.shows(late, TALK)
        await home.story.call("hangup")
        await home.shows(lamp, WHITE)
        await home.shows(late, TALK, "off")


async def test_a_light_that_fails_is_tried_again_at_the_next_change(
    emulator: Emulator, blueprints: Blueprints, caplog: pytest.LogCaptureFixture
) -> None:
    broken = True

    class Broken(Lamp):
        async def async_turn_on(self, **kwargs: Any) -> None:
            if broken:
                raise HomeAssistantError("does not answer")
            await super().async_turn_on(**kwargs)

    lamp = Broken("desk")
    async with at_home(blueprints, emulator, lamp) as home:
        await home.busy_light(lamp)
        await home.story.call("ring")
        await home.story.until(lambda: caplog.text.count("does not answer") > 2)
        broken = False
        await home.story.call("answer")
        await home.shows(lamp, TALK)
        caplog.clear()


async def test_entities_may_have_any_name(
    emulator: Emulator, blueprints: Blueprints
) -> None:
    """Users rename them, and other languages name them otherwise."""
    lamp = Lamp("desk")
    async with at_home(blueprints, emulator, lamp) as home:
        registry = er.async_get(home.hass)
        names = [
            entity_id
            for unique_id, entity_id in home.story.entities(home.story.own).items()
        ]
        for number, entity_id in enumerate(names[::2]):
            domain = entity_id.partition(".")[0]
            registry.async_update_entity(
                entity_id, new_entity_id=f"{domain}.name_{number}"
            )
        await home.busy_light(lamp)
        await home.shows(lamp, GREEN)
        # Also while it runs.
        for number, entity_id in enumerate(names[1::2]):
            domain = entity_id.partition(".")[0]
            registry.async_update_entity(
                entity_id, new_entity_id=f"{domain}.other_{number}"
            )
        for word, color in {"ring": RED, "answer": TALK, "hold": YELLOW}.items():
            await home.story.call(word)
            await home.shows(lamp, color)
        await home.story.call("hangup")
        await home.shows(lamp, GREEN)


async def test_lamps_of_two_automations_do_not_mind_each_other(
    emulator: Emulator, blueprints: Blueprints
) -> None:
    one, other = colleagues(emulator, 2)
    left, right = Lamp("left"), Lamp("right")
    async with at_home(
        blueprints, emulator, left, right, follow=["chosen"], extensions=[one, other]
    ) as home:
        await home.busy_light(left, alias="left", extensions=[home.device(one)])
        await home.busy_light(right, alias="right", extensions=[home.device(other)])
        await home.shows(right, GREEN)
        await home.story.call("ring", at=one)
        await home.blinks(left)
        await home.presence(DO_NOT_DISTURB, of=other)
        await home.shows(right, VIOLET)
        await home.story.call("missed", at=one)
        await home.shows(left, GREEN)
        assert right.told == [GREEN, VIOLET]


# The sign.


async def test_a_sign_is_on_while_anyone_is_on_a_call(
    emulator: Emulator, blueprints: Blueprints
) -> None:
    sign = Plug("sign", on=True)
    one, other, stranger = people = colleagues(emulator, 3)
    async with at_home(
        blueprints, emulator, sign, follow=["chosen"], extensions=people
    ) as home:
        await home.on_air(sign, areas=[home.place(one, other)])
        await home.shows(sign, "off")
        await home.story.call("ring", at=one)
        await home.story.shows(one, ringing="on")
        await home.story.call("ring", "answer", at=stranger)
        await home.story.shows(stranger, on_call="on")
        await home.presence(MEETING, NO_MEETING, of=one)
        assert sign.told == ["off"]
        await home.story.call("answer", at=one)
        await home.shows(sign, "on")
        await home.story.call("hold", at=one)
        await home.story.call("dial", "answer", at=other)
        await home.story.call("hangup", at=one)
        await home.story.shows(one, on_call="off")
        await home.story.call("hangup", at=other)
        await home.shows(sign, "off")
        assert sign.told == ["off", "on", "off"]


@pytest.mark.parametrize(
    ("by", "whose"),
    [
        ("areas", "device"),
        ("labels", "device"),
        ("labels", "entity"),
        ("extensions", "device"),
    ],
)
async def test_people_are_named_in_three_ways(
    emulator: Emulator, blueprints: Blueprints, by: str, whose: str
) -> None:
    sign, lamp = Plug("sign"), Lamp("door", ColorMode.ONOFF)
    one, other = colleagues(emulator, 2)
    async with at_home(
        blueprints, emulator, sign, lamp, follow=["chosen"], extensions=[one, other]
    ) as home:
        named = {
            "areas": home.place(one),
            "labels": home.label(*([one] if whose == "device" else [])),
            "extensions": home.device(one),
        }
        if whose == "entity":
            er.async_get(home.hass).async_update_entity(
                home.story.entity("on_call", one), labels={named["labels"]}
            )
        await home.on_air(sign, lamp, **{by: [named[by]]})
        await home.story.call("dial", "answer", at=other, name="other")
        await home.story.call("dial", "answer", at=one)
        await home.shows(sign, "off", "on")
        await home.shows(lamp, "off", "on")
        await home.story.call("hangup", at=one)
        await home.shows(sign, "off")


async def test_meetings_count_for_a_sign_when_they_are_to(
    emulator: Emulator, blueprints: Blueprints
) -> None:
    sign = Plug("sign")
    async with at_home(blueprints, emulator, sign) as home:
        await home.on_air(sign, extensions=[home.device()], meetings=True)
        await home.presence(MEETING)
        await home.shows(sign, "on")
        await home.story.call("dial", "answer")
        await home.presence(NO_MEETING)
        await home.story.shows(on_call="on", in_meeting="off")
        await home.story.call("hangup")
        await home.shows(sign, "off")
        assert sign.told == ["off", "on", "off"]


async def test_a_sign_lingers_from_one_call_to_the_next(
    emulator: Emulator, blueprints: Blueprints
) -> None:
    sign = Plug("sign")
    async with at_home(blueprints, emulator, sign) as home:
        await home.on_air(sign, extensions=[home.device()], linger=1)
        await home.story.call("dial", "answer", name="a")
        await home.shows(sign, "on")
        for name, following in (("a", "b"), ("b", "c")):
            await home.story.call("hangup", name=name)
            await home.story.shows(on_call="off")
            await home.story.call("dial", "answer", name=following)
            await home.story.shows(on_call="on")
        await home.story.call("hangup", name="c")
        await home.story.shows(on_call="off")
        assert sign.told == ["off", "on"]
        await home.shows(sign, "off")
        assert sign.told == ["off", "on", "off"]


async def test_a_sign_that_is_switched_by_hand_is_left_alone(
    emulator: Emulator, blueprints: Blueprints
) -> None:
    sign = Plug("sign")
    async with at_home(blueprints, emulator, sign) as home:
        await home.on_air(sign, extensions=[home.device()])
        await home.story.call("dial", "answer")
        await home.shows(sign, "on")
        await home.call_service("switch.turn_off", entity_id=sign.entity_id)
        await home.presence(MEETING)
        await home.story.call("hold")
        await home.story.shows(in_meeting="on", status="on_hold")
        await home.blueprints.reload()
        await home.presence(NO_MEETING)
        await home.story.shows(in_meeting="off")
        await home.story.call("hangup")
        await home.story.until(lambda: len(sign.told) > 3)
        assert sign.told == ["off", "on", "off", "off"]
        # Power again: it is told what is.
        sign.power(on=False)
        await home.story.call("dial", "answer", name="next")
        await home.story.shows(on_call="on")
        assert len(sign.told) == 4
        sign.power(on=True)
        await home.shows(sign, "on")


async def test_a_sign_is_right_after_a_start_and_after_a_lost_connection(
    emulator: Emulator, blueprints: Blueprints
) -> None:
    sign = Plug("sign")
    with hasty(grace=0.1):
        async with at_home(blueprints, emulator, sign) as home:
            await home.story.call("dial", "answer")
            await home.story.shows(on_call="on")
            await home.blueprints.import_("on_air")
            home.hass.set_state(CoreState.not_running)
            await home.on_air(sign, extensions=[home.device()])
            assert sign.told == []
            await home.hass.async_start()
            await home.shows(sign, "on")
            emulator.faults.set(http_5xx=[{"status": 503}])
            await emulator.disconnect(code=1001, recoverable=False)
            await home.story.shows(on_call=STATE_UNAVAILABLE)
            await home.shows(sign, "off")
            emulator.faults.clear()
            await home.story.live()
            await home.shows(sign, "on")


# Media.

STREAM = MediaPlayerEntityFeature.VOLUME_MUTE
FIXED = MediaPlayerEntityFeature.PLAY


async def test_music_pauses_from_the_ring_to_the_end_of_the_call(
    emulator: Emulator, blueprints: Blueprints
) -> None:
    plays = Player("plays")
    others = [
        Player(state, MediaPlayerState(state)) for state in ("paused", "idle", "off")
    ]
    async with at_home(blueprints, emulator, plays, *others) as home:
        await home.media(plays, *others)
        await home.story.call("ring")
        await home.shows(plays, "pause")
        await home.story.call("answer")
        await home.story.shows(on_call="on", ringing="off")
        await home.story.call("hold", "resume")
        await home.presence(MEETING, NO_MEETING)
        await home.story.shows(telephony_status="call_connected", in_meeting="off")
        assert plays.told == ["pause"]
        await home.story.call("hangup")
        await home.shows(plays, "pause", "play")
        # A call that is missed, one's own call, and one after another.
        await home.story.call("ring", name="b")
        await home.shows(plays, "pause")
        await home.story.call("missed", name="b")
        await home.shows(plays, "play")
        await home.story.call("dial", "answer", name="c")
        await home.shows(plays, "pause")
        await home.story.call("hangup", name="c")
        await home.shows(plays, "play")
        assert told([plays, *others]) == {plays.entity_id: ["pause", "play"] * 3}


@pytest.mark.parametrize(
    ("quiet_while", "expected"),
    [
        (["ringing"], {"ringing": 1, "talking": 2, "over": 2}),
        (["on_call"], {"ringing": 0, "talking": 1, "over": 2}),
    ],
)
async def test_quiet_may_be_for_rings_or_for_calls_alone(
    emulator: Emulator,
    blueprints: Blueprints,
    quiet_while: list[str],
    expected: dict[str, int],
) -> None:
    player = Player("radio")
    async with at_home(blueprints, emulator, player) as home:
        automation = await home.media(player, quiet_while=quiet_while)
        await home.story.call("ring")
        await home.story.shows(ringing="on")
        if not expected["ringing"]:
            await home.idle(automation)
        for word, when in (("", "ringing"), ("answer", "talking"), ("hangup", "over")):
            if word:
                await home.story.call(word)
            await home.shows(player, *["pause", "play"][: expected[when]])
            assert len(player.told) == expected[when]


async def test_of_several_people_the_last_to_hang_up_brings_it_back(
    emulator: Emulator, blueprints: Blueprints
) -> None:
    player = Player("kitchen")
    one, other = colleagues(emulator, 2)
    async with at_home(
        blueprints, emulator, player, follow=["chosen"], extensions=[one, other]
    ) as home:
        await home.media(player, extensions=[home.device(one), home.device(other)])
        await home.story.call("ring", "answer", at=one)
        await home.shows(player, "pause")
        await home.story.call("ring", at=other, name="second")
        await home.story.shows(other, ringing="on")
        await home.story.call("hangup", at=one)
        await home.story.shows(one, on_call="off")
        await home.story.call("answer", at=other, name="second")
        await home.story.shows(other, on_call="on")
        assert player.told == ["pause"]
        await home.story.call("hangup", at=other, name="second")
        await home.shows(player, "pause", "play")


async def test_what_anyone_does_by_hand_stays(
    emulator: Emulator, blueprints: Blueprints
) -> None:
    stopped, started, kept = (Player(name) for name in ("stopped", "started", "kept"))
    unmuted, muted, quiet = (Player(name) for name in ("unmuted", "muted", "quiet"))
    players = [stopped, started, kept, unmuted, muted, quiet]
    async with at_home(blueprints, emulator, *players) as home:
        muted.mute(True)
        await home.media(stopped, started, kept, alias="pausing")
        await home.media(unmuted, muted, quiet, alias="muting", how="mute")
        await home.story.call("ring", "answer")
        await home.shows(kept, "pause")
        await home.shows(quiet, "mute")
        stopped.set(MediaPlayerState.IDLE)
        started.set(MediaPlayerState.PLAYING)
        unmuted.mute(False)
        await home.story.call("hangup")
        await home.shows(kept, "pause", "play")
        await home.shows(quiet, "mute", "unmute")
        assert told(players) == {
            stopped.entity_id: ["pause"],
            started.entity_id: ["pause"],
            kept.entity_id: ["pause", "play"],
            unmuted.entity_id: ["mute"],
            quiet.entity_id: ["mute", "unmute"],
        }


async def test_a_player_that_cannot_pause_is_muted(
    emulator: Emulator, blueprints: Blueprints
) -> None:
    stream, fixed = Player("stream", can=STREAM), Player("fixed", can=FIXED)
    async with at_home(blueprints, emulator, stream, fixed) as home:
        await home.media(stream, fixed)
        await home.story.call("ring")
        await home.shows(stream, "mute")
        await home.story.call("missed")
        await home.shows(stream, "mute", "unmute")
        assert not fixed.told


async def test_quiet_may_stay(emulator: Emulator, blueprints: Blueprints) -> None:
    player = Player("radio")
    async with at_home(blueprints, emulator, player) as home:
        automation = await home.media(player, bring_back=False)
        await home.story.call("ring")
        await home.shows(player, "pause")
        await home.story.call("missed")
        await home.story.shows(ringing="off")
        await home.idle(automation)
        assert player.told == ["pause"]


async def test_a_call_within_the_wait_keeps_it_quiet(
    emulator: Emulator, blueprints: Blueprints
) -> None:
    player = Player("radio")
    async with at_home(blueprints, emulator, player) as home:
        await home.media(player, wait=1)
        for name in ("a", "b", "c"):
            await home.story.call("ring", name=name)
            await home.shows(player, "pause")
            await home.story.call("missed", name=name)
            await home.story.shows(ringing="off")
        assert player.told == ["pause"]
        await home.shows(player, "pause", "play")


async def test_a_call_while_it_is_brought_back_makes_it_quiet_again(
    emulator: Emulator, blueprints: Blueprints
) -> None:
    """Players take their time."""
    begun, may_play = asyncio.Event(), asyncio.Event()

    class Slow(Player):
        async def async_media_play(self) -> None:
            begun.set()
            await may_play.wait()
            await super().async_media_play()

    player = Slow("radio")
    async with at_home(blueprints, emulator, player) as home:
        await home.media(player)
        await home.story.call("ring", name="a")
        await home.shows(player, "pause")
        await home.story.call("missed", name="a")
        await begun.wait()
        await home.story.call("ring", name="b")
        await home.story.shows(ringing="on")
        may_play.set()
        await home.shows(player, "pause", "play", "pause")
        await home.story.call("missed", name="b")
        await home.shows(player, "pause", "play")


async def test_a_lost_connection_is_no_end_of_a_call(
    emulator: Emulator, blueprints: Blueprints
) -> None:
    player, sign = Player("radio"), Plug("sign")
    with hasty(grace=0.1):
        async with at_home(blueprints, emulator, player, sign) as home:
            await home.media(player)
            # It tells when what is found has been looked at.
            await home.on_air(sign, extensions=[home.device()])
            await home.story.call("ring", "answer")
            await home.shows(player, "pause")
            await home.shows(sign, "on")
            for over in (False, True):
                emulator.faults.set(http_5xx=[{"status": 503}])
                await emulator.disconnect(code=1001, recoverable=False)
                await home.shows(sign, "off")
                if over:
                    await home.story.call("hangup")
                emulator.faults.clear()
                await home.story.live()
                if not over:
                    await home.shows(sign, "on")
                    assert player.told == ["pause"]
            await home.shows(player, "pause", "play")


async def test_music_through_a_call_that_is_found_plays_on(
    emulator: Emulator, blueprints: Blueprints
) -> None:
    """Whoever let it play in the call wants it so."""
    player = Player("radio")
    async with at_home(blueprints, emulator, player) as home:
        await home.story.call("ring", "answer")
        await home.story.shows(on_call="on")
        await home.media(player)
        await home.story.reload()
        await home.story.shows(on_call="on")
        await home.story.call("hangup")
        await home.story.shows(on_call="off")
        await home.story.call("ring", name="next")
        await home.shows(player, "pause")
        assert player.told == ["pause"]


# Missed calls.


async def test_a_missed_call_is_told_of_once(
    emulator: Emulator, blueprints: Blueprints
) -> None:
    phone, other = Phone("phone"), Phone("other")
    async with at_home(blueprints, emulator, phone, other) as home:
        device = dr.async_get(home.hass).async_get(home.device())
        assert device is not None
        dr.async_get(home.hass).async_update_device(device.id, name_by_user="Reception")
        await home.blueprints.use(
            "missed_call",
            extensions=[device.id],
            notify=[phone.entity_id, other.entity_id],
        )
        await home.story.call("ring", "answer", "hangup", name="answered")
        await home.story.call("dial", "hangup", name="not reached")
        await home.story.call("ring", "missed", name="queue", queue_call=True)
        await home.story.call("ring", "missed")
        await home.story.until(lambda: bool(other.got))
        await home.story.reload()
        await home.story.call("ring", "answer", "hangup", name="answered too")
        await home.story.all_heard()
        ((title, message),) = phone.got
        assert title == "Missed call"
        now = dt_util.now()
        assert message in [
            f"Reception missed a call at {moment:%H:%M}."
            for moment in (now, now - timedelta(minutes=1))
        ]
        assert other.got == phone.got


@pytest.mark.parametrize(
    ("caller_identity", "name", "caller"),
    [
        (CALLER_HIDDEN, "Jo Doe", ""),
        (CALLER_NAME, "Jo Doe", "Jo Doe"),
        (CALLER_FULL, "Jo Doe", "Jo Doe, +14155550123"),
        (CALLER_FULL, "", "+14155550123"),
    ],
)
async def test_actions_learn_who_called_as_far_as_that_is_shared(
    emulator: Emulator,
    blueprints: Blueprints,
    caller_identity: str,
    name: str,
    caller: str,
) -> None:
    fired = async_mock_service(blueprints.hass, "test", "fired")
    async with at_home(blueprints, emulator, caller_identity=caller_identity) as home:
        data = {key: f"{{{{ {key} }}}}" for key in ("title", "message", "call")}
        await home.blueprints.use(
            "missed_call",
            extensions=[home.device()],
            queue_calls="tell",
            title_text="From {{ call.caller or 'somebody' }}",
            message_text="Call {{ call.caller }}",
            actions=[{"action": "test.fired", "data": data}],
        )
        await home.story.call(
            "ring", "missed", from_="+14155550123", from_name=name, queue_call=True
        )
        await home.story.until(lambda: bool(fired))
        (call,) = fired
        device = home.story.device(home.story.own)
        assert device is not None
        assert call.data == {
            "title": f"From {caller or 'somebody'}",
            "message": f"Call {caller}".strip(),
            "call": {
                "extension": device.name,
                "caller": caller,
                "time": call.data["call"]["time"],
                "queue": True,
            },
        }


async def test_a_notice_can_be_tried_by_hand(
    emulator: Emulator, blueprints: Blueprints
) -> None:
    phone = Phone("phone")
    async with at_home(blueprints, emulator, phone) as home:
        automation = await home.blueprints.use(
            "missed_call", extensions=[home.device()], notify=[phone.entity_id]
        )
        await home.call_service("automation.trigger", entity_id=automation)
        device = home.story.device(home.story.own)
        assert device is not None
        ((_, message),) = phone.got
        assert message.startswith(f"{device.name} missed a call at ")


async def test_every_one_of_many_missed_calls_is_told_of(
    emulator: Emulator, blueprints: Blueprints
) -> None:
    phone = Phone("phone")
    people = colleagues(emulator, 3)
    async with at_home(
        blueprints, emulator, phone, follow=["chosen"], extensions=people
    ) as home:
        await home.blueprints.use(
            "missed_call",
            extensions=[home.device(each) for each in people],
            notify=[phone.entity_id],
            message_text="{{ call.extension }}",
            # The next one does not wait for this.
            actions=[{"delay": {"milliseconds": 100}}],
        )
        for each in people * 2:
            await home.story.call("ring", "missed", at=each)
        await home.story.until(lambda: len(phone.got) == 6)
        names = [emulator.extension(each).name for each in people]
        assert sorted(message for _, message in phone.got) == sorted(names * 2)


# Do not disturb.


QUEUE_OFF = {"dndStatus": "DoNotAcceptDepartmentCalls"}


@pytest.mark.parametrize("before", [DISTURB, QUEUE_OFF])
async def test_a_switch_keeps_undisturbed_and_brings_back_what_was(
    emulator: Emulator, blueprints: Blueprints, before: dict[str, str]
) -> None:
    switch, other = Plug("focus"), Plug("guests")
    async with at_home(blueprints, emulator, switch, other) as home:
        await home.presence(before)
        switches = [switch.entity_id, other.entity_id]
        automation = await home.do_not_disturb(switches=switches)
        status = home.story.now("dnd_status")
        for _ in range(2):
            await switch.async_turn_on()
            await home.story.shows(dnd_status="do_not_accept_any_calls")
            await other.async_turn_on()
            await switch.async_turn_off()
            await other.async_turn_off()
            await home.story.shows(dnd_status=str(status))
            await home.idle(automation)
            await home.story.until(lambda: not home.waiting())


@pytest.mark.parametrize("reason", ["switch", "calendar"])
async def test_a_reason_that_is_not_there_for_a_moment_is_as_it_was(
    emulator: Emulator, blueprints: Blueprints, reason: str
) -> None:
    switch, calendar, empty = Plug("focus"), Calendar("work"), Calendar("empty")
    async with at_home(blueprints, emulator, switch, calendar, empty) as home:
        await home.do_not_disturb(
            switches=[switch.entity_id],
            calendars=[calendar.entity_id, empty.entity_id],
        )
        if reason == "switch":
            await switch.async_turn_on()
        else:
            calendar.enter(later(-60), later(600), "Review")
        await home.story.shows(do_not_disturb="on")
        await home.story.until(home.waiting)
        changes = home.changes()

        async def is_looked_at(doing: Callable[[], object]) -> None:
            asked = empty.asked
            doing()
            await home.story.until(lambda: empty.asked > asked)

        thing: Plug | Calendar = switch if reason == "switch" else calendar
        await is_looked_at(lambda: thing.power(on=False))
        await is_looked_at(lambda: thing.power(on=True))
        # Once more, after all that came of looking before.
        await is_looked_at(lambda: empty.enter(later(300), later(600), "To come"))
        assert home.changes() == changes
        assert home.story.now("do_not_disturb") == "on"


async def test_do_not_disturb_that_was_on_stays_on(
    emulator: Emulator, blueprints: Blueprints
) -> None:
    switch = Plug("focus")
    async with at_home(blueprints, emulator, switch) as home:
        automation = await home.do_not_disturb(switches=[switch.entity_id])
        await home.presence(DO_NOT_DISTURB)
        await home.story.shows(do_not_disturb="on")
        await switch.async_turn_on()
        await home.idle(automation)
        await switch.async_turn_off()
        await home.idle(automation)
        assert home.changes() == 0
        # Nor is it turned on again once it was turned off.
        await switch.async_turn_on()
        await home.presence(DISTURB)
        await home.story.shows(do_not_disturb="off")
        await switch.async_turn_off()
        await home.idle(automation)
        assert home.changes() == 0


async def test_do_not_disturb_that_is_turned_off_by_hand_is_left_alone(
    emulator: Emulator, blueprints: Blueprints
) -> None:
    switch = Plug("focus")
    async with at_home(blueprints, emulator, switch) as home:
        await home.presence(DISTURB)
        automation = await home.do_not_disturb(switches=[switch.entity_id])
        await switch.async_turn_on()
        await home.story.shows(do_not_disturb="on")
        assert home.waiting()
        await home.idle(automation)
        await home.looks(automation, home.presence(QUEUE_OFF))
        # Nothing is brought back later that would undo what is set by hand.
        await home.story.until(lambda: not home.waiting())
        await home.story.shows(dnd_status="do_not_accept_department_calls")
        await home.presence(DO_NOT_DISTURB)
        await home.story.shows(do_not_disturb="on")
        changes = home.changes()
        await switch.async_turn_off()
        await home.idle(automation)
        assert home.changes() == changes
        assert home.story.now("do_not_disturb") == "on"


def later(seconds: float) -> datetime:
    """Return a time."""
    return dt_util.now() + timedelta(seconds=seconds)


async def test_a_lost_connection_is_no_hand(
    emulator: Emulator, blueprints: Blueprints
) -> None:
    calendar = Calendar("work")
    with hasty(grace=0.1):
        async with at_home(blueprints, emulator, calendar) as home:
            automation = await home.do_not_disturb(calendars=[calendar.entity_id])
            calendar.enter(later(-60), later(600), "Review")
            await home.story.shows(do_not_disturb="on")
            await home.story.until(home.waiting)
            emulator.faults.set(http_5xx=[{"status": 503}])
            await emulator.disconnect(code=1001, recoverable=False)
            await home.story.shows(do_not_disturb=STATE_UNAVAILABLE)
            calendar.enter(later(300), later(500), "Another")
            emulator.faults.clear()
            await home.story.live()
            await home.story.shows(do_not_disturb="on")
            calendar.events.clear()
            calendar.async_write_ha_state()
            await home.story.shows(do_not_disturb="off")
            await home.idle(automation)


async def test_an_event_keeps_undisturbed_until_it_ends(
    emulator: Emulator, blueprints: Blueprints
) -> None:
    calendar = Calendar("work")
    async with at_home(blueprints, emulator, calendar) as home:
        calendar.enter(later(1), later(3), "Anything")
        automation = await home.do_not_disturb(calendars=[calendar.entity_id])
        await home.story.shows(do_not_disturb="on")
        assert dt_util.now() >= calendar.events[0].start_datetime_local
        await home.story.shows(do_not_disturb="off")
        assert dt_util.now() >= calendar.events[0].end_datetime_local
        await home.idle(automation)
        await home.story.until(lambda: not home.waiting())


async def test_only_events_that_are_meant_count(
    emulator: Emulator, blueprints: Blueprints
) -> None:
    work, home_calendar = Calendar("work"), Calendar("home")
    async with at_home(blueprints, emulator, work, home_calendar) as home:
        today = dt_util.now().date()
        work.enter(today, today + timedelta(days=1), "Focus time all day")
        work.enter(later(-60), later(60), "Lunch")
        home_calendar.enter(later(-60), later(60), "Laundry", description="no work")
        # It begins while another goes on, so that its calendar's state tells nothing of it.
        meant = home_calendar.enter(
            later(2), later(4), "Call with Jo", description="Weekly meeting"
        )
        automation = await home.do_not_disturb(
            calendars=[work.entity_id, home_calendar.entity_id],
            words="Focus time, MEETING",
        )
        await home.story.shows(do_not_disturb="on")
        assert dt_util.now() >= meant.start_datetime_local
        await home.story.shows(do_not_disturb="off")
        assert dt_util.now() >= meant.end_datetime_local
        await home.idle(automation)
        assert home.changes() == 2


async def test_events_that_follow_each_other_are_one(
    emulator: Emulator, blueprints: Blueprints
) -> None:
    calendar = Calendar("work")
    async with at_home(blueprints, emulator, calendar) as home:
        turn = later(2)
        calendar.enter(later(-60), turn, "First")
        calendar.enter(turn, later(4), "Second")
        calendar.enter(later(1), later(3), "Across")
        await home.do_not_disturb(calendars=[calendar.entity_id])
        calendar.power(on=False)
        calendar.power(on=True)
        assert home.story.now("do_not_disturb") == "off"
        home.story.forget()
        await home.story.shows(do_not_disturb="on")
        await home.story.shows(do_not_disturb="off")
        assert dt_util.now() >= calendar.events[1].end_datetime_local
        assert home.story.seen("do_not_disturb") == ["on", "off"]


async def test_an_event_that_is_moved_or_cancelled_ends_it(
    emulator: Emulator, blueprints: Blueprints
) -> None:
    calendar, switch = Calendar("work"), Plug("focus")
    async with at_home(blueprints, emulator, calendar, switch) as home:
        automation = await home.do_not_disturb(
            calendars=[calendar.entity_id], switches=[switch.entity_id]
        )
        for change in ("moved", "cancelled"):
            event = calendar.enter(later(-60), later(600), "Review")
            await home.story.shows(do_not_disturb="on")
            calendar.events.remove(event)
            if change == "moved":
                calendar.enter(later(300), later(600), "Review")
            else:
                calendar.async_write_ha_state()
            await home.story.shows(do_not_disturb="off")
            await home.idle(automation)
            calendar.events.clear()
            calendar.async_write_ha_state()


async def test_a_reason_that_is_left_keeps_it_on(
    emulator: Emulator, blueprints: Blueprints
) -> None:
    calendar, switch = Calendar("work"), Plug("focus")
    async with at_home(blueprints, emulator, calendar, switch) as home:
        automation = await home.do_not_disturb(
            calendars=[calendar.entity_id], switches=[switch.entity_id]
        )
        await switch.async_turn_on()
        await home.story.shows(do_not_disturb="on")
        event = calendar.enter(later(-60), later(600), "Review")
        await switch.async_turn_off()
        # A calendar that cannot be asked ends nothing.
        calendar.power(on=False)
        calendar.power(on=True)
        await home.story.until(lambda: restore_in(home) < 700)
        assert home.story.now("do_not_disturb") == "on"
        calendar.events.remove(event)
        calendar.async_write_ha_state()
        await home.story.shows(do_not_disturb="off")
        await home.idle(automation)


def restore_in(home: Home) -> float:
    """Return in how many seconds the integration brings the earlier presence back by itself."""
    ((_, restore),) = home.story.coordinator.editor.restores.items()
    return (restore.at - dt_util.utcnow()).total_seconds()


async def test_a_start_in_an_event_keeps_what_to_bring_back(
    emulator: Emulator, blueprints: Blueprints, hass_storage: dict[str, Any]
) -> None:
    calendar = Calendar("work")
    async with at_home(blueprints, emulator, calendar) as home:
        await home.presence(QUEUE_OFF)
        automation = await home.do_not_disturb(calendars=[calendar.entity_id])
        calendar.enter(later(-60), later(600), "Review")
        await home.story.shows(do_not_disturb="on")
        await home.story.until(home.waiting)
        await home.call_service("automation.turn_off", entity_id=automation)
        # Should Home Assistant not be there at the end, the integration has it.
        assert 600 < restore_in(home) < 700
        stored = f"{DOMAIN}.{home.story.entry.entry_id}"
        await home.story.until(
            lambda: bool(hass_storage.get(stored, {}).get("data", {}).get("restores"))
        )
        await home.story.reload()
        assert 600 < restore_in(home) < 700
        home.hass.set_state(CoreState.not_running)
        await home.call_service("automation.turn_on", entity_id=automation)
        await home.hass.async_start()
        await home.story.until(lambda: bool(home.hass.states.async_entity_ids("scene")))
        assert home.story.now("do_not_disturb") == "on"
        calendar.events.clear()
        calendar.async_write_ha_state()
        await home.story.shows(dnd_status="do_not_accept_department_calls")


async def test_a_start_in_an_event_ends_nothing_that_was_turned_on_by_hand(
    emulator: Emulator, blueprints: Blueprints
) -> None:
    calendar = Calendar("work")
    async with at_home(blueprints, emulator, calendar) as home:
        await home.presence(DO_NOT_DISTURB)
        await home.story.shows(do_not_disturb="on")
        calendar.enter(later(-60), later(600), "Review")
        home.hass.set_state(CoreState.not_running)
        automation = await home.do_not_disturb(calendars=[calendar.entity_id])
        await home.hass.async_start()
        await home.story.until(home.waiting)
        calendar.events.clear()
        calendar.async_write_ha_state()
        await home.idle(automation)
        await home.story.until(lambda: not home.waiting())
        assert emulator.truth()[home.story.own]["dndStatus"] == "DoNotAcceptAnyCalls"
        assert home.story.now("do_not_disturb") == "on"


async def test_a_switch_that_was_forgotten_ends(
    emulator: Emulator, blueprints: Blueprints
) -> None:
    switch = Plug("focus")
    async with at_home(blueprints, emulator, switch) as home:
        automation = await home.do_not_disturb(
            switches=[switch.entity_id], longest={"seconds": 1}
        )
        await switch.async_turn_on()
        await home.story.shows(do_not_disturb="on")
        await home.story.shows(do_not_disturb="off")
        await home.idle(automation)


# Who calls, and who is free.


@pytest.mark.parametrize(
    ("identity", "say_caller", "expected"),
    [
        (CALLER_NAME, True, "Call for {} from Zacharias Caller."),
        (CALLER_NAME, False, "Call for {}."),
        (CALLER_HIDDEN, True, "Call for {}."),
    ],
)
async def test_a_caller_is_announced_as_far_as_that_is_wanted(
    emulator: Emulator,
    blueprints: Blueprints,
    identity: str,
    say_caller: bool,
    expected: str,
) -> None:
    spoken = async_mock_service(blueprints.hass, "tts", "speak")
    here, away = Player("kitchen"), Player("attic")
    async with at_home(
        blueprints, emulator, here, away, caller_identity=identity
    ) as home:
        away.power(on=False)
        await blueprints.use(
            "announce_caller",
            extensions=[home.device()],
            speakers=[here.entity_id, away.entity_id],
            voice="tts.voice",
            say_caller=say_caller,
        )
        await home.story.call("ring", name="a", from_name="Zacharias Caller")
        await home.story.until(lambda: len(spoken) == 1)
        device = home.story.device(home.story.own)
        assert device is not None
        assert spoken[0].data["message"] == expected.format(device.name)
        assert spoken[0].data["media_player_entity_id"] == [here.entity_id]
