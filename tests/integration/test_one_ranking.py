"""One status everywhere: every view of it is compared while random things happen."""

import random
import re
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.helpers import condition as conditions, config_validation as cv
from homeassistant.helpers.template import Template
from homeassistant.setup import async_setup_component
from homeassistant.util.yaml import parse_yaml
import pytest

from custom_components.ringcentral.aioringcentral.status import Status
from custom_components.ringcentral.const import DOMAIN
from custom_components.ringcentral.most_urgent import most_urgent
from demo.tiles import COLORS, status_tiles
from emulator import Emulator
from emulator.calls import CallError

from . import HOME
from .blueprints import content
from .stories import Story, colleagues, office
from .test_counts import counts

RANK = [*map(str, Status)]
# What each condition asks of everything that is true of somebody, and of the foremost of it.
ASKED: dict[str, set[str]] = {
    "is_ringing": {"ringing"},
    "is_on_call": {"on_call", "on_hold"},
    "is_in_meeting": {"in_meeting"},
    "is_do_not_disturb": {"do_not_disturb"},
}
FOREMOST = {"is_dialing": "dialing", "is_available": "available"}
STEPS = ["ring", "ring", "dial", "answer", "answer", "hold", "resume", "hangup"]
CHANGES = [
    {"dndStatus": "DoNotAcceptAnyCalls"},
    {"dndStatus": "TakeAllCalls"},
    {"dndStatus": "DoNotAcceptDepartmentCalls"},
    {"meetingStatus": "Connected"},
    {"meetingStatus": "Disconnected"},
    {"userStatus": "Busy"},
    {"userStatus": "Available"},
    {"userStatus": "Offline"},
]


class Views:
    """Everything that shows or asks for the status of some people."""

    def __init__(self, story: Story, people: list[str]) -> None:
        """Take who is followed."""
        self.story, self.people, self.hass = story, people, story.hass
        self._asked: dict[tuple[str, str], Any] = {}
        blueprint: Any = parse_yaml(content("busy_light"))
        self._looks = {
            key: blueprint["variables"][key]
            for key in ("is_true", "words", "waiting", "look")
        }

    async def set_up(self) -> None:
        """Set every condition up for everybody."""
        for person in self.people:
            target = {"entity_id": [self.story.entity("status", person)]}
            for name in (*ASKED, *FOREMOST):
                config = {"condition": f"{DOMAIN}.{name}", "target": target}
                self._asked[person, name] = await self._checker(config)
            for status in RANK:
                self._asked[person, status] = await self._checker(
                    {
                        "condition": f"{DOMAIN}.has_status",
                        "target": target,
                        "options": {"status": [status]},
                    }
                )

    async def _checker(self, config: dict[str, Any]) -> Any:
        checked = await conditions.async_validate_condition_config(
            self.hass, cv.CONDITION_SCHEMA(config)
        )
        return await conditions.async_from_config(self.hass, checked)

    def lamp(self, people: list[str]) -> str:
        """Return what the busy light would show, with everything to be shown."""
        given: dict[str, Any] = {"show": RANK[:-2], "extensions": [], "voicemails": []}
        for person in people:
            device = self.story.device(person)
            assert device is not None
            given["extensions"].append(device.id)
        for key, template in self._looks.items():
            given[key] = Template(template, self.hass).async_render(given)
        return str(given["look"])

    def compare(self) -> None:
        """Claim that all of them say the same."""
        hass, story = self.hass, self.story
        everything = []
        for person in self.people:
            state = hass.states.get(story.entity("status", person))
            assert state is not None
            true = [state.state, *state.attributes["also"]]
            everything.append(true)
            assert true == sorted(true, key=RANK.index)
            shown = {
                "ringing": story.now("ringing", person),
                "on_call": story.now("on_call", person),
                "in_meeting": story.now("in_meeting", person),
                "do_not_disturb": story.now("do_not_disturb", person),
            }
            for (key, now), words in zip(shown.items(), ASKED.values(), strict=True):
                assert (now == "on") is bool(words & set(true)), (key, true)
            for name, words in ASKED.items():
                asked = self._asked[person, name].async_check()
                assert asked is bool(words & set(true)), (name, true)
            for name, word in FOREMOST.items():
                assert self._asked[person, name].async_check() is (word == true[0])
            for status in RANK:
                asked = self._asked[person, status].async_check()
                assert asked is (status == true[0]), (status, true)
            lamp = "unknown" if true[0] == "offline" else true[0]
            assert self.lamp([person]) == lamp
            assert most_urgent([state], RANK) == true[0]
            # Of the dashboard's tiles the one that is visible has the status's color.
            (tile,) = (
                each
                for each in status_tiles(state.entity_id, "Anna")
                if all(state.state in part["state"] for part in each["visibility"])
            )
            assert tile["color"] == COLORS[true[0]]
        flat = {status for true in everything for status in true}
        foremost = min(flat - {"offline"}, key=RANK.index, default="unknown")
        assert self.lamp(self.people) == foremost
        assert counts(story) == (
            str(sum(bool(ASKED["is_on_call"] & set(true)) for true in everything)),
            str(sum("ringing" in true for true in everything)),
            str(sum(true[0] == "available" for true in everything)),
        )


@pytest.mark.parametrize("history", range(3))
async def test_all_views_say_the_same(
    hass: HomeAssistant, emulator: Emulator, history: int
) -> None:
    assert await async_setup_component(hass, "homeassistant", {})
    chance = random.Random(history)
    people = [emulator.own_extension_id, *colleagues(emulator, 1)]
    async with office(hass, emulator, follow=["chosen"], extensions=people) as story:
        views = Views(story, people)
        await views.set_up()
        views.compare()
        for _ in range(30):
            person = chance.choice(people)
            if chance.random() < 0.6:
                # Two calls may go on at once.
                name = f"{chance.choice('ab')} of {person}"
                try:
                    await story.call(chance.choice(STEPS), at=person, name=name)
                except CallError, KeyError:
                    continue
            else:
                await emulator.set_presence(person, chance.choice(CHANGES))
            await story.all_heard()
            views.compare()


def test_the_wallboard_shows_the_status_as_it_is() -> None:
    source = (HOME / "frontend" / "states.js").read_text()
    kinds = re.search(r"const KINDS = \{(.*?)\n\};", source, re.DOTALL)
    assert kinds is not None
    known = re.findall(r"^  (\w+): \{", kinds[1], re.MULTILINE)
    # Rows that are sorted by state are so by the order of the kinds.
    assert [each for each in known if each in RANK] == RANK
    assert "const kind = status ? status.state :" in source


def test_the_blueprints_rank_as_the_status_does() -> None:
    light: Any = parse_yaml(content("busy_light"))
    ranked = re.search(r"\[('ringing'.*?)\]", light["variables"]["look"], re.DOTALL)
    assert ranked is not None
    assert re.findall(r"\w+", ranked[1]) == RANK[:-2]
    (shown,) = (
        each
        for section in light["blueprint"]["input"].values()
        for key, each in section.get("input", {}).items()
        if key == "show"
    )
    options = shown["selector"]["select"]["options"]
    assert [option["value"] for option in options] == RANK[:-2]
    assist: Any = parse_yaml(content("ask_who_is_free"))
    for status in RANK:
        assert assist["variables"]["words"].count(f"'{status}':") == 2
