"""Automations that begin with a trigger of the integration, set up as a user writes them in YAML."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
import json
import sys
from typing import Any, cast
from unittest.mock import patch

from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import (
    Event,
    EventStateChangedData,
    HomeAssistant,
    ServiceCall,
    callback,
)
from homeassistant.helpers import (
    area_registry as ar,
    config_validation as cv,
    device_registry as dr,
    entity_registry as er,
    floor_registry as fr,
    label_registry as lr,
)
from homeassistant.helpers.event import async_track_state_change_event
from homeassistant.helpers.trigger import (
    async_get_all_descriptions,
    async_validate_trigger_config,
)
from homeassistant.setup import async_setup_component
from homeassistant.util.yaml import parse_yaml
import pytest
from pytest_homeassistant_custom_component.common import async_mock_service
from pytest_homeassistant_custom_component.typing import WebSocketGenerator
import voluptuous as vol

from custom_components.ringcentral.const import (
    CALLER_NAME,
    CONF_CALLER_IDENTITY,
    DOMAIN,
)
from custom_components.ringcentral.trigger import TRIGGERS
from emulator import Emulator

from . import HOME, TEXTS
from .stories import Story, colleagues, hasty, office, park_location

type Target = dict[str, list[str]]
type Step = str | dict[str, str]
"""A word of a call script, or presence that is set."""

BUSY, AVAILABLE = {"userStatus": "Busy"}, {"userStatus": "Available"}
MEETING = {"meetingStatus": "Connected"}
NO_MEETING = {"meetingStatus": "Disconnected"}
DISTURB = {"dndStatus": "TakeAllCalls"}
DO_NOT_DISTURB = {"dndStatus": "DoNotAcceptAnyCalls"}


@dataclass(frozen=True)
class Happening:
    """What makes a trigger fire: the entity that it looks at, what was before, and what happens."""

    key: str
    happens: Sequence[Step]
    before: Sequence[Step] = ()


ICONS: dict[str, Any] = json.loads((HOME / "icons.json").read_text())
DESCRIBED = cast(dict[str, Any], parse_yaml((HOME / "triggers.yaml").read_text()))
HAPPENINGS = {
    "started_ringing": Happening("ringing", ["ring"]),
    "call_started": Happening("call", ["answer"], before=["ring"]),
    "call_ended": Happening("call", ["hangup"], before=["ring", "answer"]),
    "call_missed": Happening("call", ["missed"], before=["ring"]),
    "call_held": Happening("call", ["hold"], before=["ring", "answer"]),
    "became_on_call": Happening("on_call", ["answer"], before=["ring"]),
    "became_off_call": Happening("on_call", ["hangup"], before=["ring", "answer"]),
    "meeting_started": Happening("in_meeting", [MEETING]),
    "meeting_ended": Happening("in_meeting", [NO_MEETING], before=[MEETING]),
    "status_changed": Happening("status", ["ring"]),
    "became_available": Happening("status", [AVAILABLE], before=[BUSY]),
    "became_busy": Happening("presence_status", [BUSY]),
    "do_not_disturb_turned_on": Happening("do_not_disturb", [DO_NOT_DISTURB]),
    "do_not_disturb_turned_off": Happening(
        "do_not_disturb", [DISTURB], before=[DO_NOT_DISTURB]
    ),
}
OF_CALLS = {key for key, happening in HAPPENINGS.items() if happening.key == "call"}
OF_STATES = HAPPENINGS.keys() - OF_CALLS
BY = ("entity", "device", "area", "floor", "label")

AUTOMATION = """
alias: {name}
triggers:
  - trigger: ringcentral.{trigger}
    target: {target}
    options: {options}
actions:
  - action: test.fired
    data:
      name: {name}
      entity_id: "{{{{ trigger.entity_id }}}}"
"""


def automation(
    name: str, trigger: str, target: Target, options: Mapping[str, Any] | None = None
) -> Any:
    """Return an automation as the file of automations holds it."""
    return parse_yaml(
        AUTOMATION.format(
            name=name, trigger=trigger, target=target, options=dict(options or {})
        )
    )


async def automate(hass: HomeAssistant, *automations: Any) -> list[ServiceCall]:
    """Set up automations, and return the list that what they do is added to."""
    fired: list[ServiceCall] = async_mock_service(hass, "test", "fired")
    config = {"automation": list(automations)}
    assert await async_setup_component(hass, "automation", config)
    await hass.async_block_till_done()
    states = [
        hass.states.get(key) for key in hass.states.async_entity_ids("automation")
    ]
    assert [state.state for state in states if state] == ["on"] * len(automations)
    return fired


def names(fired: list[ServiceCall]) -> list[str]:
    """Return the names of the automations that ran, in order."""
    return [call.data["name"] for call in fired]


def entities(fired: list[ServiceCall]) -> list[str]:
    """Return the entities that made automations run, in order."""
    return [call.data["entity_id"] for call in fired]


async def happen(story: Story, extension_id: str, steps: Sequence[Step]) -> None:
    """Let something happen at an extension, and wait until all is done that comes of it."""
    for step in steps:
        if isinstance(step, dict):
            await story.emulator.set_presence(extension_id, step)
        else:
            await story.emulator.play_call(extension_id, [step], call=extension_id)
    await story.all_heard()


class Place:
    """A room with a floor, and a label on all that is in it."""

    def __init__(self, story: Story) -> None:
        """Build it."""
        self.story, self.hass = story, story.hass
        self.floor = fr.async_get(self.hass).async_create("First floor").floor_id
        areas = ar.async_get(self.hass)
        self.area = areas.async_create("Office", floor_id=self.floor).id
        self.label = lr.async_get(self.hass).async_create("Colleagues").label_id

    def move_in(self, *extension_ids: str) -> None:
        """Put the devices of extensions here."""
        for extension_id in extension_ids:
            dr.async_get(self.hass).async_update_device(
                self.device(extension_id), area_id=self.area, labels={self.label}
            )

    def device(self, extension_id: str) -> str:
        """Return the id of an extension's device."""
        device = self.story.device(extension_id)
        assert device is not None
        return device.id

    def target(self, by: str, extension_id: str, key: str) -> Target:
        """Return a target that means an entity of an extension, and maybe more."""
        found: dict[str, Target] = {
            "entity": {"entity_id": [self.story.entity(key, extension_id)]},
            "device": {"device_id": [self.device(extension_id)]},
            "area": {"area_id": [self.area]},
            "floor": {"floor_id": [self.floor]},
            "label": {"label_id": [self.label]},
        }
        return found[by]

    def imitate(
        self, key: str, extension_id: str, *, does_the_same: bool = True
    ) -> list[str]:
        """Return entities of another integration that do all that one of ours does, in all the same places.

        One has the same device, the other the same area and label.
        """
        registry = er.async_get(self.hass)
        ours = registry.async_get(self.story.entity(key, extension_id))
        assert ours is not None
        imitations = []
        for name, where in (
            ("guest", {"device_id": ours.device_id}),
            ("stranger", {"area_id": self.area, "labels": {self.label}}),
        ):
            entry = registry.async_get_or_create(
                ours.domain,
                "elsewhere",
                f"{name}_{ours.unique_id}",
                original_device_class=ours.original_device_class,
                translation_key=ours.translation_key,
            )
            registry.async_update_entity(entry.entity_id, **where)
            imitations.append(entry.entity_id)

        @callback
        def do_the_same(event: Event[EventStateChangedData]) -> None:
            if (state := event.data["new_state"]) is not None:
                for entity_id in imitations:
                    self.hass.states.async_set(entity_id, state.state, state.attributes)

        state = self.hass.states.get(ours.entity_id)
        assert state is not None
        for entity_id in imitations:
            self.hass.states.async_set(entity_id, state.state, state.attributes)
        if does_the_same:
            async_track_state_change_event(self.hass, [ours.entity_id], do_the_same)
        return imitations


def test_the_table_is_complete() -> None:
    # What begins with a start is in test_most_urgent, what only the user or a queue has in tests of their own.
    others = {
        "missed_call_outcome",
        "most_urgent_status_changed",
        "voicemail_received",
        "queue_call_waiting",
        "queue_unattended",
    }
    assert HAPPENINGS.keys() | others == TRIGGERS.keys()


LOOKING = """
alias: {trigger}
triggers:
  - trigger: ringcentral.{trigger}
    target: {{entity_id: {call}}}
conditions:
{conditions}
actions:
  - action: test.fired
    data:
      name: {trigger}
"""
IS = "  - {{condition: ringcentral.{}, target: {{entity_id: {}}}}}"
IS_NOT = "  - {{condition: not, conditions: [{{condition: ringcentral.{}, target: {{entity_id: {}}}}}]}}"
# What is so in the moment in which a call is told of, as conditions see it.
IN_THAT_MOMENT = {
    "call_started": [(IS, "is_on_call"), (IS_NOT, "is_ringing")],
    "call_held": [(IS, "is_on_hold"), (IS, "is_on_call")],
    "call_ended": [(IS_NOT, "is_on_call"), (IS_NOT, "is_ringing")],
    "call_missed": [(IS_NOT, "is_ringing"), (IS_NOT, "is_on_call")],
}
LOOKED_AT = {
    "is_on_call": "on_call",
    "is_ringing": "ringing",
    "is_on_hold": "telephony_status",
}


@pytest.mark.parametrize(
    ("options", "fires"),
    [
        ({}, True),
        ({"queue": "Support"}, True),
        ({"queue": ["Sales", " support "]}, True),
        ({"queue": ["Sales"]}, False),
        ({"called_number": "+1 (415) 555-0100"}, True),
        ({"called_number": ["4155550100"]}, True),
        ({"called_number": ["0100"]}, False),
        ({"called_number": ["+14155550101"]}, False),
        ({"queue": ["Support"], "called_number": ["4155550100"]}, True),
        ({"queue": ["Support"], "called_number": ["4155550101"]}, False),
    ],
    ids=str,
)
async def test_a_call_may_have_to_come_through_a_queue_or_to_a_number(
    hass: HomeAssistant, emulator: Emulator, options: dict[str, Any], fires: bool
) -> None:
    async with office(hass, emulator) as story:
        target = {"entity_id": [story.entity("call", story.own)]}
        fired = await automate(
            hass,
            automation("other", "call_missed", target),
            automation("this", "call_missed", target, options),
        )
        await emulator.play_call(
            story.own,
            ["ring", "missed"],
            queue_call=True,
            queue_name="Support",
            to="+14155550100",
        )
        await story.until(lambda: "other" in names(fired))
        await story.all_heard()
        await hass.async_block_till_done()
        assert ("this" in names(fired)) == fires


async def test_a_call_without_a_queue_is_of_none(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    async with office(hass, emulator) as story:
        target = {"entity_id": [story.entity("call", story.own)]}
        fired = await automate(
            hass,
            automation("queue", "call_missed", target, {"queue": ["Support"]}),
            automation("blank", "call_missed", target, {"queue": ["", " "]}),
        )
        await story.call("ring", "missed")
        await story.until(lambda: bool(fired))
        await hass.async_block_till_done()
        assert names(fired) == ["blank"]


@pytest.mark.parametrize("trigger", IN_THAT_MOMENT)
async def test_conditions_see_what_the_call_has_become(
    hass: HomeAssistant, emulator: Emulator, trigger: str
) -> None:
    happening = HAPPENINGS[trigger]
    async with office(hass, emulator) as story:
        looking = LOOKING.format(
            trigger=trigger,
            call=story.entity("call", story.own),
            conditions="\n".join(
                line.format(condition, story.entity(LOOKED_AT[condition], story.own))
                for line, condition in IN_THAT_MOMENT[trigger]
            ),
        )
        with hasty():
            fired = await automate(hass, parse_yaml(looking))
            await happen(story, story.own, [*happening.before, *happening.happens])
            await story.until(lambda: names(fired) == [trigger])


@pytest.mark.parametrize("trigger", HAPPENINGS)
async def test_a_trigger_fires_once_whatever_names_the_extension(
    hass: HomeAssistant, emulator: Emulator, trigger: str
) -> None:
    here, elsewhere = colleagues(emulator, 2)
    happening = HAPPENINGS[trigger]
    async with office(
        hass, emulator, follow=["chosen"], extensions=[here, elsewhere]
    ) as story:
        place = Place(story)
        place.move_in(here)
        for extension_id in (here, elsewhere):
            await happen(story, extension_id, happening.before)
        fired = await automate(
            hass,
            *(
                automation(by, trigger, place.target(by, here, happening.key))
                for by in BY
            ),
        )
        await happen(story, elsewhere, happening.happens)
        assert names(fired) == []
        await happen(story, here, happening.happens)
        assert sorted(names(fired)) == sorted(BY)
        assert set(entities(fired)) == {story.entity(happening.key, here)}


@pytest.mark.parametrize("trigger", HAPPENINGS)
async def test_no_entity_of_another_integration_is_ever_meant(
    hass: HomeAssistant, emulator: Emulator, trigger: str
) -> None:
    happening = HAPPENINGS[trigger]
    async with office(hass, emulator) as story:
        place = Place(story)
        place.move_in(story.own)
        await happen(story, story.own, happening.before)
        imitations = place.imitate(happening.key, story.own)
        registry = er.async_get(hass)
        targets = {
            by: place.target(by, story.own, happening.key)
            for by in BY
            if by != "entity"
        }
        fired = await automate(
            hass,
            *(automation(by, trigger, target) for by, target in targets.items()),
        )
        story.forget()
        await happen(story, story.own, happening.happens)
        # They did the same.
        changed = [entity_id for entity_id, _, _ in story.changes]
        assert all(entity_id in changed for entity_id in imitations)
        assert sorted(names(fired)) == sorted(targets)
        assert set(entities(fired)) == {story.entity(happening.key)}
        # They do the same once more, with nothing of ours there.
        fired.clear()
        ours = hass.states.get(story.entity(happening.key))
        assert ours is not None
        for state in hass.states.async_all():
            entry = registry.async_get(state.entity_id)
            if entry is not None and entry.platform == DOMAIN:
                hass.states.async_remove(state.entity_id)
        for entity_id in imitations:
            hass.states.async_set(entity_id, "other", {})
            hass.states.async_set(entity_id, ours.state, ours.attributes)
        await hass.async_block_till_done()
        assert names(fired) == []


async def test_a_day_fires_what_it_brings_in_its_order(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    async with office(hass, emulator) as story:
        target = {"device_id": [Place(story).device(story.own)]}
        fired = await automate(
            hass,
            *(
                automation(trigger, trigger, target)
                for trigger in HAPPENINGS
                if trigger != "status_changed"
            ),
        )

        async def brings(*steps: Step) -> list[str]:
            fired.clear()
            await happen(story, story.own, steps)
            return names(fired)

        assert await brings("ring") == ["started_ringing"]
        assert set(await brings("answer")) == {
            "call_started",
            "became_busy",
            "became_on_call",
        }
        assert await brings("hold") == ["call_held"]
        # It goes on, it does not start.
        assert await brings("resume") == []
        assert set(await brings("hangup")) == {
            "call_ended",
            "became_available",
            "became_off_call",
        }
        # Nobody rings here, and nothing starts until the other side answers.
        assert await brings("dial") == []
        assert "call_started" in await brings("answer")
        assert "call_ended" in await brings("hangup")
        # Who rang was not free.
        assert set(await brings("ring", "missed")) == {
            "started_ringing",
            "became_available",
            "call_missed",
        }
        # An outgoing call that nobody answered is over all the same.
        assert set(await brings("dial", "hangup")) == {"became_available", "call_ended"}
        assert set(await brings({"meetingStatus": "Connected"})) == {
            "became_busy",
            "meeting_started",
        }
        assert set(await brings({"meetingStatus": "Disconnected"})) == {
            "became_available",
            "meeting_ended",
        }


@pytest.mark.parametrize("trigger", ["started_ringing", "call_missed"])
async def test_one_call_after_another_fires_each_time(
    hass: HomeAssistant, emulator: Emulator, trigger: str
) -> None:
    """Each of them rings for an instant only."""
    async with office(hass, emulator) as story:
        target = {"device_id": [Place(story).device(story.own)]}
        fired = await automate(hass, automation("each", trigger, target))
        for number in range(3):
            await emulator.play_call(story.own, ["ring", "missed"], call=f"{number}")
        await story.all_heard()
        assert len(fired) == 3


async def test_a_call_that_comes_in_while_another_rings_starts_no_ringing(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """The phone rings already; Home Assistant's own trigger tells of every single call."""
    async with office(hass, emulator) as story:
        target = {"device_id": [Place(story).device(story.own)]}
        received = automation("received", "call_started", target)
        received["triggers"][0] |= {
            "trigger": "event.received",
            "options": {"event_type": ["ringing"]},
        }
        fired = await automate(
            hass, automation("started", "started_ringing", target), received
        )
        for call in ("first", "second"):
            await emulator.play_call(story.own, ["ring"], call=call)
            await story.all_heard()
        assert sorted(names(fired)) == ["received", "received", "started"]


async def test_the_first_event_ever_fires(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """The event entity has no state before its first event, and that is no reason to be silent."""
    other, *_ = colleagues(emulator, 1)
    park = park_location(emulator)
    async with office(hass, emulator, follow=["chosen"], extensions=[other]) as story:
        target = {"device_id": [Place(story).device(other)]}
        fired = await automate(hass, automation("first", "call_started", target))
        await emulator.play_call(
            story.own, ["ring", "answer", "park"], call="c", park_location=park
        )
        await emulator.play_call(other, ["retrieve"], call="c")
        await story.shows(other, on_call="on")
        await story.all_heard()
        assert names(fired) == ["first"]


async def test_an_automation_reads_who_called_and_how_long(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """The state that a trigger brings has the attributes of the event."""
    async with office(hass, emulator) as story:
        hass.config_entries.async_update_entry(
            story.entry,
            options={**story.entry.options, CONF_CALLER_IDENTITY: CALLER_NAME},
        )
        await story.reload()
        fired = await automate(
            hass,
            parse_yaml(
                """
                triggers:
                  - trigger: ringcentral.call_missed
                    target: &all
                      device_id: DEVICE
                  - trigger: ringcentral.call_ended
                    target: *all
                actions:
                  - action: test.fired
                    data:
                      type: "{{ trigger.to_state.attributes.event_type }}"
                      direction: "{{ trigger.to_state.attributes.direction }}"
                      caller: "{{ trigger.to_state.attributes.caller_name }}"
                      duration: "{{ trigger.to_state.attributes.duration | default('none') }}"
                """.replace("DEVICE", Place(story).device(story.own))
            ),
        )
        await emulator.play_call(story.own, ["ring", "missed"], from_name="Jo Doe")
        await emulator.play_call(
            story.own, ["dial", "answer", "hangup"], to_name="Al Roe"
        )
        await story.all_heard()
        missed, ended = (call.data for call in fired)
        assert missed == {
            "type": "missed",
            "direction": "inbound",
            "caller": "Jo Doe",
            "duration": "none",
        }
        assert ended == {
            "type": "ended",
            "direction": "outbound",
            "caller": "Al Roe",
            "duration": pytest.approx(0, abs=5),
        }


# Nothing has happened although states come.

EVERYTHING: Sequence[Step] = [DO_NOT_DISTURB, "ring"]


def all_of(device_id: str) -> list[Any]:
    """Return an automation for every trigger of an extension."""
    return [
        automation(trigger, trigger, {"device_id": [device_id]})
        for trigger in HAPPENINGS
    ]


async def test_a_start_fires_nothing(hass: HomeAssistant, emulator: Emulator) -> None:
    """Automations are there before the integration, which finds a phone that rings."""
    async with office(hass, emulator) as story:
        await happen(story, story.own, ["ring", "answer", "hold", "hangup"])
        device_id = Place(story).device(story.own)
        assert await hass.config_entries.async_unload(story.entry.entry_id)
        for entity_id in story.entities().values():
            hass.states.async_remove(entity_id)
        fired = await automate(hass, *all_of(device_id))
        for step in EVERYTHING:
            if isinstance(step, dict):
                await emulator.set_presence(story.own, step)
            else:
                await emulator.play_call(story.own, [step])
        assert await hass.config_entries.async_setup(story.entry.entry_id)
        await story.shows(ringing="on", do_not_disturb="on", presence_status="busy")
        await story.all_heard()
        assert names(fired) == []


async def test_a_reload_fires_nothing(hass: HomeAssistant, emulator: Emulator) -> None:
    async with office(hass, emulator) as story:
        fired = await automate(hass, *all_of(Place(story).device(story.own)))
        await happen(story, story.own, ["ring", "missed", *EVERYTHING])
        await story.shows(ringing="on", do_not_disturb="on", presence_status="busy")
        fired.clear()
        await story.reload()
        await story.shows(ringing="on", do_not_disturb="on", presence_status="busy")
        await story.all_heard()
        assert names(fired) == []
        # And what happens after it does fire.
        await happen(story, story.own, [DISTURB])
        assert "do_not_disturb_turned_off" in names(fired)


async def test_a_connection_that_comes_back_fires_nothing(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """Nobody knows when that began which is found then."""
    with hasty(grace=0.1):
        async with office(hass, emulator) as story:
            await happen(story, story.own, ["ring", "missed"])
            fired = await automate(hass, *all_of(Place(story).device(story.own)))
            emulator.faults.set(http_5xx=[{"status": 503}])
            await emulator.disconnect(code=1001, recoverable=False)
            await story.shows(
                ringing=STATE_UNAVAILABLE,
                presence_status=STATE_UNAVAILABLE,
                call=STATE_UNAVAILABLE,
            )
            await emulator.set_presence(story.own, DO_NOT_DISTURB)
            await emulator.play_call(story.own, ["ring"])
            emulator.faults.clear()
            await story.live()
            await story.shows(ringing="on", do_not_disturb="on", presence_status="busy")
            await story.all_heard()
            assert names(fired) == []


# Options.


# Of every change there is no first and no last.
@pytest.mark.parametrize("trigger", sorted(OF_STATES - {"status_changed"}))
async def test_each_the_first_and_the_last_of_several(
    hass: HomeAssistant, emulator: Emulator, trigger: str
) -> None:
    people = colleagues(emulator, 3)
    happening = HAPPENINGS[trigger]
    async with office(hass, emulator, follow=["chosen"], extensions=people) as story:
        place = Place(story)
        place.move_in(*people)
        for extension_id in people:
            await happen(story, extension_id, happening.before)
            place.imitate(happening.key, extension_id)
        target = place.target("area", people[0], happening.key)
        fired = await automate(
            hass,
            automation("default", trigger, target),
            *(
                automation(behavior, trigger, target, {"behavior": behavior})
                for behavior in ("each", "first", "all")
            ),
        )
        seen = []
        for extension_id in people:
            fired.clear()
            await happen(story, extension_id, happening.happens)
            seen.append(set(names(fired)))
            assert set(entities(fired)) == {story.entity(happening.key, extension_id)}
        assert seen == [
            {"default", "each", "first"},
            {"default", "each"},
            {"default", "each", "all"},
        ]


@pytest.mark.parametrize("behavior", ["each", "first", "all"])
async def test_for_a_while(
    hass: HomeAssistant, emulator: Emulator, behavior: str
) -> None:
    """A phone that rings on fires after a while, and one that stops before does not."""
    options = {"behavior": behavior, "for": {"milliseconds": 500}}
    soon, long = colleagues(emulator, 2)
    async with office(
        hass, emulator, follow=["chosen"], extensions=[soon, long]
    ) as story:
        place = Place(story)
        fired = await automate(
            hass,
            *(
                automation(name, "started_ringing", target, options)
                for name, target in {
                    "soon": {"device_id": [place.device(soon)]},
                    "long": {"device_id": [place.device(long)]},
                }.items()
            ),
        )
        await emulator.play_call(soon, ["ring", "missed"])
        await happen(story, long, ["ring"])
        assert names(fired) == []
        # The other would have been before.
        await story.until(lambda: bool(fired))
        assert names(fired) == ["long"]


async def test_no_time_at_all_is_at_once(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """The form fills in a duration of zero."""
    async with office(hass, emulator) as story:
        options = {
            "behavior": "each",
            "for": {"hours": 0, "minutes": 0, "seconds": 0},
        }
        target = {"device_id": [Place(story).device(story.own)]}
        fired = await automate(
            hass, automation("now", "started_ringing", target, options)
        )
        await happen(story, story.own, ["ring"])
        assert names(fired) == ["now"]


async def validate(
    hass: HomeAssistant, trigger: str, target: Target, **options: Any
) -> None:
    """Check a trigger as Home Assistant does before it sets an automation up."""
    config = {"trigger": f"{DOMAIN}.{trigger}", "options": options}
    if target:
        config["target"] = target
    await async_validate_trigger_config(hass, cv.TRIGGER_SCHEMA([config]))


@pytest.mark.parametrize("trigger", HAPPENINGS)
async def test_options_that_are_none_are_refused(
    hass: HomeAssistant, trigger: str
) -> None:
    office: Target = {"area_id": ["office"]}
    good: list[dict[str, str]] = [{}]
    bad = [{"behavior": "some"}, {"for": "long"}, {"since": "00:01:00"}]
    of_states = [{"behavior": "all"}, {"for": "00:01:00"}]
    (bad if trigger in OF_CALLS else good).extend(of_states)
    for options in good:
        await validate(hass, trigger, office, **options)
    for options in bad:
        with pytest.raises(vol.Invalid, match=next(iter(options))):
            await validate(hass, trigger, office, **options)
    with pytest.raises(vol.Invalid, match="target"):
        await validate(hass, trigger, {})


async def test_an_entity_that_would_never_fire_is_refused(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """What the form lets one choose beside the right entity is told, not kept in silence."""
    async with office(hass, emulator) as story:
        ours = story.entity("ringing")
        await validate(hass, "started_ringing", {"entity_id": [ours]})
        # It may come later.
        later: Target = {"entity_id": [ours, "binary_sensor.not_there_yet"]}
        await validate(hass, "started_ringing", later)
        theirs = Place(story).imitate("ringing", story.own)
        for wrong in (story.account_entity("push_connected"), *theirs):
            with pytest.raises(vol.Invalid, match=f"{wrong} does not belong to a Ring"):
                await validate(hass, "started_ringing", {"entity_id": [ours, wrong]})
        registry = er.async_get(hass)
        for wrong in (story.account_entity("push_connected"), theirs[1]):
            device_id = getattr(registry.async_get(wrong), "device_id", None)
            if device_id is not None:
                with pytest.raises(vol.Invalid, match="does not belong to a Ring"):
                    await validate(hass, "started_ringing", {"device_id": [device_id]})


@pytest.mark.parametrize("trigger", HAPPENINGS)
async def test_any_entity_stands_for_its_extension(
    hass: HomeAssistant, emulator: Emulator, trigger: str
) -> None:
    """The first that the picker offers, and every other."""
    happening = HAPPENINGS[trigger]
    async with office(hass, emulator) as story:
        await happen(story, story.own, happening.before)
        fired = await automate(
            hass,
            *(
                automation(f"by {key}", trigger, {"entity_id": [story.entity(key)]})
                for key in ("do_not_disturb", "call", "status", "set_user_status")
            ),
        )
        await happen(story, story.own, happening.happens)
        assert len(names(fired)) == 4
        assert set(entities(fired)) == {story.entity(happening.key)}


async def test_who_only_has_calls_is_refused_where_a_person_is_meant(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    park = park_location(emulator)
    async with office(hass, emulator, follow=["chosen"], extensions=[park]) as story:
        call = story.entity("call", park)
        await validate(hass, "call_ended", {"entity_id": [call]})
        device = story.device(park)
        assert device is not None
        await validate(hass, "call_ended", {"device_id": [device.id]})
        for target in ({"entity_id": [call]}, {"device_id": [device.id]}):
            with pytest.raises(vol.Invalid, match="only has calls"):
                await validate(hass, "meeting_started", target)


@pytest.mark.messages
async def test_who_has_no_voicemail_is_refused_with_a_word_about_voicemail(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    park = park_location(emulator)
    own = emulator.own_extension_id
    person = next(each for each in emulator.ids("User", "Enabled") if each != own)
    chosen = [own, person, park]
    async with office(hass, emulator, follow=["chosen"], extensions=chosen) as story:
        voicemail = story.unique_id("voicemail", own)
        await story.until(lambda: voicemail in story.entities())
        await validate(
            hass, "voicemail_received", {"entity_id": [story.entity("call")]}
        )
        for other in (person, park):
            device = story.device(other)
            assert device is not None
            for target in (
                {"entity_id": [story.entity("call", other)]},
                {"device_id": [device.id]},
            ):
                with pytest.raises(vol.Invalid, match="has no voicemail in Home"):
                    await validate(hass, "voicemail_received", target)


@pytest.mark.messages
async def test_who_signed_in_has_no_voicemail_without_the_permission(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    emulator.faults.set(permissions_removed=["ReadMessages"])
    async with office(hass, emulator) as story:
        with pytest.raises(vol.Invalid, match="if the app may read messages"):
            await validate(
                hass, "voicemail_received", {"entity_id": [story.entity("call")]}
            )


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, ["ringing", "on_call", "available"]),
        ({"to": ["on_call"]}, ["on_call"]),
        ({"from": "on_call"}, ["available"]),
        ({"from": ["ringing", "busy"], "to": ["available", "on_call"]}, ["on_call"]),
        ({"from": ["available"], "to": ["available"]}, []),
    ],
)
async def test_a_status_changes_from_and_to(
    hass: HomeAssistant, emulator: Emulator, options: dict[str, Any], expected: Any
) -> None:
    async with office(hass, emulator) as story:
        target: Target = {"entity_id": [story.entity("status")]}
        config = automation("status", "status_changed", target, options)
        config["actions"][0]["data"]["to"] = "{{ trigger.to_state.state }}"
        fired = await automate(hass, config)
        await happen(story, story.own, ["ring", "answer", "hangup"])
        assert [call.data["to"] for call in fired] == expected


async def test_a_status_that_is_none_is_refused(hass: HomeAssistant) -> None:
    office: Target = {"area_id": ["office"]}
    for wrong in ({"to": "on the phone"}, {"from": ["busy", "unknown"]}):
        with pytest.raises(vol.Invalid):
            await validate(hass, "status_changed", office, **wrong)


# The editor.


async def test_the_editor_is_told_of_all(
    hass: HomeAssistant, emulator: Emulator, hass_ws_client: WebSocketGenerator
) -> None:
    assert await async_setup_component(hass, "websocket_api", {})
    async with office(hass, emulator):
        client = await hass_ws_client(hass)
        await client.send_json_auto_id({"type": "trigger_platforms/subscribe"})
        assert (await client.receive_json())["success"]
        described = (await client.receive_json())["event"]
        for trigger, happening in HAPPENINGS.items():
            found = described[f"{DOMAIN}.{trigger}"]
            for entity in found["target"]["entity"]:
                assert entity["integration"] == DOMAIN
            fields = (
                {"queue", "called_number"}
                if happening.key == "call"
                else {"behavior", "for"}
            )
            if trigger == "status_changed":
                fields |= {"from", "to"}
            assert found["fields"].keys() == fields


async def test_the_editor_offers_triggers_for_extensions_alone(
    hass: HomeAssistant, emulator: Emulator, hass_ws_client: WebSocketGenerator
) -> None:
    """Neither for a room with entities of others, nor for the account, which has no states to become."""
    assert await async_setup_component(hass, "websocket_api", {})
    lamp = {"binary_sensor": {"name": "Lamp", "unique_id": "lamp", "state": "{{ 1 }}"}}
    assert await async_setup_component(hass, "template", {"template": [lamp]})
    async with office(hass, emulator) as story:
        place = Place(story)
        client = await hass_ws_client(hass)

        async def offered(target: Target) -> set[str]:
            await client.send_json_auto_id(
                {"type": "get_triggers_for_target", "target": target}
            )
            found = (await client.receive_json())["result"]
            return {
                key.partition(".")[2] for key in found if key.startswith(f"{DOMAIN}.")
            }

        er.async_get(hass).async_update_entity("binary_sensor.lamp", area_id=place.area)
        area: Target = {"area_id": [place.area]}
        assert await offered(area) == set()
        place.move_in(story.own)
        assert await offered(area) == TRIGGERS.keys()
        account = er.async_get(hass).async_get(story.account_entity("push_connected"))
        assert account is not None
        assert account.device_id is not None
        assert await offered({"device_id": [account.device_id]}) == set()


@pytest.mark.parametrize("trigger", HAPPENINGS)
async def test_the_editor_can_check_and_try_a_trigger(
    hass: HomeAssistant,
    emulator: Emulator,
    hass_ws_client: WebSocketGenerator,
    trigger: str,
) -> None:
    """With all options as the form fills them in."""
    assert await async_setup_component(hass, "websocket_api", {})
    happening = HAPPENINGS[trigger]
    async with office(hass, emulator) as story:
        await happen(story, story.own, happening.before)
        fields = DESCRIBED[trigger].get("fields", {})
        config = {
            "trigger": f"{DOMAIN}.{trigger}",
            "target": {"device_id": Place(story).device(story.own)},
            "options": {
                key: field["default"]
                for key, field in fields.items()
                if "default" in field
            },
        }
        client = await hass_ws_client(hass)
        await client.send_json_auto_id(
            {"type": "validate_config", "triggers": [config]}
        )
        checked = (await client.receive_json())["result"]["triggers"]
        assert checked == {"valid": True, "error": None}
        await client.send_json_auto_id({"type": "subscribe_trigger", "trigger": config})
        assert (await client.receive_json())["success"]
        await happen(story, story.own, happening.happens)
        variables = (await client.receive_json())["event"]["variables"]["trigger"]
        assert variables["entity_id"] == story.entity(happening.key)


def test_every_trigger_has_texts_and_an_icon() -> None:
    keys = {key for key in DESCRIBED if not key.startswith(".")}
    assert (
        keys == TRIGGERS.keys() == TEXTS["triggers"].keys() == ICONS["triggers"].keys()
    )
    for key, words in TEXTS["triggers"].items():
        # The user's own voicemails alone can be read, and a queue is called one.
        assert any(word in words["name"] for word in ("xtension ", "all queue")), key
        assert words["description"].startswith("Triggers when "), key
        assert words.get("fields", {}).keys() == DESCRIBED[key].get("fields", {}).keys()
        assert all(field["name"] for field in words.get("fields", {}).values())
        assert ICONS["triggers"][key]["trigger"].startswith("mdi:"), key


async def test_a_home_assistant_that_changed_its_helpers_costs_no_entity(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """Their interface is declared as one that may change."""
    modules = [
        f"custom_components.{DOMAIN}.{name}" for name in ("trigger", "condition")
    ]
    with patch.dict(sys.modules, dict.fromkeys(modules)):
        async with office(hass, emulator) as story:
            offered = await async_get_all_descriptions(hass)
            assert not [key for key in offered if key.startswith(DOMAIN)]
            await happen(story, story.own, ["ring"])
            await story.shows(ringing="on")
