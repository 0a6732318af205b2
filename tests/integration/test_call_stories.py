"""Every story of `call_stories` in Home Assistant: it tells these events and no others, and shows what is true."""

from collections.abc import Iterable, Mapping
from datetime import datetime
import itertools
import re
from typing import Any

from homeassistant.components.event import ATTR_EVENT_TYPE, ATTR_EVENT_TYPES
from homeassistant.const import EVENT_STATE_CHANGED, STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import Event, EventStateChangedData, HomeAssistant, callback
import pytest

from custom_components.ringcentral.const import (
    ATTR_CALLER_NAME,
    ATTR_CALLER_NUMBER,
    DOMAIN,
)
from emulator import Emulator

from .call_stories import (
    ANNA,
    BELL,
    BEN,
    FOLLOWED,
    OWN,
    PARK,
    QUEUE,
    STORIES,
    Away,
    Behind,
    CallStory,
    Changes,
    Clock,
    Faults,
    Heard,
    Later,
    Logs,
    Lost,
    Plays,
    Reads,
    Says,
    Sets,
    Shows,
    SignedOut,
    Step,
    Who,
    cast,
    following,
)
from .stories import Story, hasty


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
async def test_story(hass: HomeAssistant, emulator: Emulator, story: CallStory) -> None:
    people = cast(emulator)
    chosen = [people[who] for who in (*FOLLOWED, *story.also)]
    if QUEUE in story.also:
        members = [people[who] for who in (OWN, ANNA, BEN)]
        await emulator.set_queue(people[QUEUE], members=members)
    emulator.faults.set(**story.faults)
    with Clock(hass) as clock, hasty():
        async with following(hass, emulator, chosen, follow=story.follow) as followed:
            stage = Stage(followed, clock, dict(people))
            for step in story.steps:
                await stage.perform(step)
            await stage.nothing_more()
            assert stage.heard == list(itertools.chain(*story.heard))
            stage.shows_what_is_true()


def test_there_are_enough_stories() -> None:
    """The table cannot shrink unnoticed, and no story is told twice."""
    assert len({story.name for story in STORIES}) == len(STORIES) >= 60


# What park locations and queues show. Of their telephony status only events tell.
_OF_NOBODY = ("telephony_status", "active_calls")


class Stage:
    """Lets a story happen, and listens to the event entities meanwhile."""

    def __init__(self, story: Story, clock: Clock, people: dict[Any, str]) -> None:
        """Listen from now on."""
        self._story, self._clock, self._people = story, clock, people
        self._emulator, self._hass = story.emulator, story.hass
        self._names = {key: who for who, key in people.items()}
        self._extensions = {story.entity("call", key): key for key in story.followed()}
        self._last: dict[str, str] = {}
        self._bell = False
        self.heard: list[Heard] = []
        self._hass.bus.async_listen(EVENT_STATE_CHANGED, self._listen)

    async def perform(self, step: Step) -> None:
        """Let one step happen."""
        emulator, people = self._emulator, self._people
        match step:
            case Plays(who, script, name, options):
                if "answered_by" in options:
                    options = {**options, "answered_by": people[options["answered_by"]]}
                await emulator.play_call(
                    people[who], script.split(), call=name, **options
                )
            case Says(who, body):
                await emulator.deliver(
                    people[who], {"extensionId": int(people[who]), **body}
                )
            case Changes(who, presence):
                await emulator.set_presence(people[who], dict(presence))
            case Reads(who):
                await self._act(who, "get_presence", {}, answers=True)
            case Sets(who, values):
                await self._act(who, "set_presence", values, answers=False)
            case Faults(switches):
                emulator.faults.clear()
                emulator.faults.set(**switches)
            case Logs(who, takes_calls):
                account = emulator._service.account
                queue, member = int(people[QUEUE]), int(people[who])
                account.set_queue_calls(queue, {member: takes_calls})
            case Shows(who, states):
                await self._story.shows(people[who], **states)
            case Later(seconds):
                await self._all_heard()
                await self._clock.move_on(seconds)
            case Lost(steps, recoverable, code):
                await self._all_heard()
                await emulator.disconnect(code, recoverable=recoverable)
                await self._until_back(steps)
            case Behind(steps):
                await self._all_heard()
                unreadable = {"path": "*/presence", "status": 503, "method": "GET"}
                emulator.faults.set(http_5xx=[unreadable])
                await emulator.disconnect(recoverable=False)
                await self._story.lost()
                await self._story.until(
                    lambda: self._story.coordinator.account.stream.is_live
                )
                for inner in steps:
                    await self.perform(inner)
                await self._story.all_heard()
                emulator.faults.set(http_5xx=[])
                await self._trusted()
            case SignedOut(steps):
                await self._all_heard()
                emulator.revoke_tokens()
                await self._until_back(steps)
            case Away(steps):
                await self._all_heard()
                entries, entry_id = (
                    self._hass.config_entries,
                    self._story.entry.entry_id,
                )
                assert await entries.async_unload(entry_id)
                for inner in steps:
                    await self.perform(inner)
                assert await entries.async_setup(entry_id)
                await self._hass.async_block_till_done()

    async def _act(
        self, who: Who, action: str, values: Mapping[str, str], *, answers: bool
    ) -> None:
        await self._all_heard()
        await self._hass.services.async_call(
            DOMAIN,
            action,
            {"entity_id": self._story.entity("call", self._people[who]), **values},
            blocking=True,
            return_response=answers,
        )

    async def _until_back(self, steps: Iterable[Step]) -> None:
        for inner in steps:
            await self.perform(inner)
        await self._story.lost()
        await self._trusted()

    async def _trusted(self) -> None:
        # Between a new session and its snapshot nobody knows what of the events is news.
        account = self._story.coordinator.account
        await self._story.until(
            lambda: account.is_live and account._tracker.is_caught_up
        )

    async def nothing_more(self) -> None:
        """Wait until all that happened was heard, also what waits for a call to come back."""
        self._emulator.faults.set(drop=0.0, omit=[], unknown_enums=[])
        await self._all_heard()
        await self._clock.move_on(2.0)
        await self._all_heard()

    async def _all_heard(self) -> None:
        """Let the user status of one without calls change, and wait until that is shown."""
        self._bell = not self._bell
        status = "Busy" if self._bell else "Available"
        key = self._people[BELL]
        await self._emulator.set_presence(key, {"userStatus": status})
        await self._story.shows(key, user_status=status.lower())
        await self._hass.async_block_till_done()

    @callback
    def _listen(self, event: Event[EventStateChangedData]) -> None:
        state, entity_id = event.data["new_state"], event.data["entity_id"]
        if (
            state is None
            or (key := self._extensions.get(entity_id)) is None
            or state.state in (STATE_UNAVAILABLE, STATE_UNKNOWN)
            # What was told before is shown again after a restart.
            or state.state == self._last.get(entity_id)
        ):
            return
        self._last[entity_id] = state.state
        said = state.attributes
        assert said[ATTR_EVENT_TYPE] in said[ATTR_EVENT_TYPES]
        assert not {ATTR_CALLER_NAME, ATTR_CALLER_NUMBER} & said.keys()
        self.heard.append(
            Heard(
                self._names.get(key, key),
                said[ATTR_EVENT_TYPE],
                said.get("direction"),
                said.get("queue_call"),
            )
        )

    # What is true.

    def shows_what_is_true(self) -> None:
        """Compare every sensor and binary sensor with the service."""
        truth = self._emulator.truth()
        now = {key: _as_shown(truth[key]) for key in self._story.followed()}
        for key, shown in now.items():
            if (who := self._names.get(key)) in (PARK, QUEUE):
                is_heard = who in {heard.who for heard in self.heard}
                shown = {name: shown[name] for name in _OF_NOBODY if is_heard}
            found = {name: self._story.now(name, key) for name in shown}
            assert found == shown, self._names.get(key, key)
        for name, counted, state in (
            ("extensions_on_call", "on_call", "on"),
            ("extensions_ringing", "ringing", "on"),
            ("extensions_available", "presence_status", "available"),
        ):
            number = sum(shown[counted] == state for shown in now.values())
            found_state = self._hass.states.get(self._story.account_entity(name))
            assert found_state is not None
            assert found_state.state == str(number), name


def _as_shown(presence: Mapping[str, Any]) -> dict[str, str]:
    """Return what entities show of a presence."""
    calls = presence.get("activeCalls", [])
    begun = [datetime.fromisoformat(each["startTime"]) for each in calls]
    statuses = {each["telephonyStatus"] for each in calls}
    rings = [
        each
        for each in calls
        if each["telephonyStatus"] == "Ringing" and each["direction"] == "Inbound"
    ]
    dnd = presence.get("dndStatus")
    return {
        **{
            key: _word(presence.get(name))
            for key, name in (
                ("telephony_status", "telephonyStatus"),
                ("presence_status", "presenceStatus"),
                ("user_status", "userStatus"),
                ("dnd_status", "dndStatus"),
                ("meeting_status", "meetingStatus"),
            )
        },
        "on_call": _flag(bool(statuses & {"CallConnected", "OnHold"})),
        "ringing": _flag(bool(rings)),
        "do_not_disturb": _flag(dnd == "DoNotAcceptAnyCalls"),
        "in_meeting": _flag(presence.get("meetingStatus") == "Connected"),
        "active_calls": str(presence.get("totalActiveCalls", 0)),
        "call_started": min(begun).isoformat(timespec="seconds")
        if begun
        else "unknown",
    }


def _word(name: str | None) -> str:
    return "unknown" if name is None else re.sub(r"\B(?=[A-Z])", "_", name).lower()


def _flag(value: bool) -> str:
    return "on" if value else "off"
