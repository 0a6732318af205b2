"""The call log: how missed calls ended, and a calendar of the own calls, and never in the way of presence."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from unittest.mock import patch

from homeassistant.const import STATE_OFF, STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.exceptions import HomeAssistantError
from homeassistant.util import dt as dt_util
import pytest

from custom_components.ringcentral.aioringcentral.limits import RateGroup
from custom_components.ringcentral.const import CALLER_FULL, CALLER_HIDDEN, CALLER_NAME
from emulator import Emulator

from . import missing_texts
from .call_stories import ANNA, OWN, Who, cast, following
from .stories import Story, hasty, issues, lines
from .test_lost_permissions import fix_flow
from .test_trigger import automate, automation, names
from .test_voicemail import lost

SYNC = "GET /restapi/v1.0/account/{id}/extension/{id}/call-log-sync"
LOG = "GET /restapi/v1.0/account/{id}/extension/{id}/call-log"
CALL_LOG = "custom_components.ringcentral.aioringcentral.account.call_log"
BUDGET = "custom_components.ringcentral.aioringcentral.limits.RateBudget"
NAME, NUMBER = "Zora Quill", "+14155550177"

pytestmark = pytest.mark.calls


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch, emulator: Emulator) -> None:
    """Have calls in the log at once, and read it soon after."""
    monkeypatch.setattr(f"{CALL_LOG}._THERE_AFTER", 0.1)
    emulator.faults.set(call_log_delay=0)


@pytest.fixture
def people(emulator: Emulator) -> dict[Who, str]:
    return cast(emulator)


@pytest.fixture
def spendthrift() -> Iterator[None]:
    """Let a test read more often than the client does in a minute."""
    with patch(f"{BUDGET}.spare_delay", return_value=0.0):
        yield


@contextmanager
def asking_again(every: float) -> Iterator[None]:
    """Let a call log that was refused be asked for again this often, in seconds."""
    with (
        patch(f"{CALL_LOG}._ASK_AGAIN_AFTER", every),
        patch(f"{CALL_LOG}._AFTER_OTHERS", 0.0),
    ):
        yield


async def offered(story: Story) -> None:
    """Wait until the call log was read for the first time."""
    await story.until(lambda: story.now("calls") == STATE_OFF)


def told(story: Story) -> dict[str, Any]:
    """Return the attributes of the last call event."""
    state = story.hass.states.get(story.entity("call"))
    assert state is not None
    return dict(state.attributes)


def outcome(story: Story) -> Any:
    """Return the outcome that the last call event tells, None where it tells none."""
    return told(story).get("outcome")


async def looked_at(
    story: Story, start: datetime | None = None, end: datetime | None = None
) -> list[dict[str, Any]]:
    """Return what the calendar shows of a time, of today and the day before where none is named."""
    now = dt_util.now()
    reply = await story.hass.services.async_call(
        "calendar",
        "get_events",
        {
            "entity_id": story.entity("calls"),
            "start_date_time": start or now - timedelta(days=1),
            "end_date_time": end or now + timedelta(days=1),
        },
        blocking=True,
        return_response=True,
    )
    assert isinstance(reply, dict)
    found: Any = reply[story.entity("calls")]
    events: list[dict[str, Any]] = found["events"]
    return events


# How missed calls ended.


@pytest.mark.parametrize(
    ("end", "how"),
    [
        ("voicemail", "voicemail"),
        ("reject", "rejected"),
        ("elsewhere", "answered_elsewhere"),
        ("abandoned", "abandoned"),
        ("hangup", "abandoned"),
        ("missed", "unknown"),
    ],
)
async def test_a_missed_call_is_followed_by_how_it_ended(
    hass: HomeAssistant, emulator: Emulator, end: str, how: str
) -> None:
    async with following(hass, emulator) as story:
        await offered(story)
        await story.call("ring", end)
        await story.until(lambda: told(story).get("event_type") == "missed")
        missed = told(story)
        assert "outcome" not in missed
        await story.until(lambda: outcome(story) is not None)
        assert told(story) == {
            **missed,
            "event_type": "missed_outcome",
            "outcome": how,
        }
        # One to find out that it can be read, and one for the call.
        assert emulator.counters.requests[SYNC] == 2


async def test_several_missed_calls_are_read_at_once(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    async with following(hass, emulator) as story:
        await offered(story)
        target = {"entity_id": [story.entity("call")]}
        fired = await automate(
            hass,
            automation("any", "missed_call_outcome", target),
            automation(
                "rejected", "missed_call_outcome", target, {"outcome": ["rejected"]}
            ),
            automation(
                "gone",
                "missed_call_outcome",
                target,
                {"outcome": ["abandoned", "unknown"]},
            ),
        )
        read = emulator.counters.requests[SYNC]
        await story.call("ring", name="a")
        await story.call("ring", name="b")
        await story.call("reject", name="a")
        await story.call("hangup", name="b")
        await story.until(lambda: len(fired) == 4)
        assert sorted(names(fired)) == ["any", "any", "gone", "rejected"]
        assert emulator.counters.requests[SYNC] == read + 1


@pytest.mark.parametrize(
    ("mode", "shown"),
    [
        (CALLER_HIDDEN, {}),
        (CALLER_NAME, {"caller_name": NAME}),
        (CALLER_FULL, {"caller_name": NAME, "caller_number": NUMBER}),
    ],
)
async def test_it_shows_as_much_of_the_caller_as_the_options_say(
    hass: HomeAssistant, emulator: Emulator, mode: str, shown: dict[str, str]
) -> None:
    async with following(hass, emulator, caller_identity=mode) as story:
        await offered(story)
        await story.call("ring", "reject", from_name=NAME, from_number=NUMBER)
        await story.until(lambda: outcome(story) == "rejected")
        callers = {
            key: value
            for key, value in told(story).items()
            if key.startswith("caller_")
        }
        assert callers == shown


@pytest.mark.parametrize(
    "faults",
    [{"call_log_ids": "absent"}, {"call_log_ids": "other"}, {"call_log_delay": 600}],
    ids=["no ids", "other ids", "not there yet"],
)
async def test_of_a_call_that_is_not_found_in_the_log_nothing_is_told(
    hass: HomeAssistant, emulator: Emulator, faults: dict[str, Any]
) -> None:
    emulator.faults.set(**faults)
    async with following(hass, emulator) as story:
        await offered(story)
        await story.call("ring", "reject")
        await emulator.wait_for(lambda: emulator.counters.requests[SYNC] == 2)
        await story.all_heard()
        assert told(story)["event_type"] == "missed"


async def test_calls_that_were_answered_and_calls_of_others_ask_for_nothing(
    hass: HomeAssistant, emulator: Emulator, people: dict[Who, str]
) -> None:
    async with following(hass, emulator, [people[OWN], people[ANNA]]) as story:
        await offered(story)
        await story.call("ring", "reject", at=people[ANNA])
        await story.call("ring", "answer", "hangup", name="b")
        await story.call("dial", "hangup", name="c")
        await story.until(lambda: told(story).get("event_type") == "ended")
        await story.all_heard()
        assert story.coordinator.account.call_log._missed == []
        assert emulator.counters.requests[SYNC] == 1
        state = hass.states.get(story.entity("call", people[ANNA]))
        assert state is not None
        assert "missed_outcome" not in state.attributes["event_types"]


async def test_a_reading_that_fails_for_now_is_tried_again(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    with hasty():
        async with following(hass, emulator) as story:
            await offered(story)
            emulator.faults.set(
                http_5xx=[{"path": "*/call-log-sync", "status": 503, "next": 1}]
            )
            await story.call("ring", "reject")
            await story.until(lambda: outcome(story) == "rejected")


async def test_a_lost_connection_puts_the_reading_off(
    hass: HomeAssistant, emulator: Emulator, caplog: pytest.LogCaptureFixture
) -> None:
    with hasty():
        async with following(hass, emulator) as story:
            await offered(story)
            await story.call("ring")
            await story.shows(status="ringing")
            await story.call("reject")
            await story.until(lambda: told(story).get("event_type") == "missed")
            emulator.faults.set(wstoken_error={"status": 503, "code": "CMN-201"})
            await emulator.disconnect(recoverable=False)
            await story.lost()
            assert emulator.counters.requests[SYNC] == 1
            emulator.faults.set(wstoken_error=None)
            await story.until(lambda: outcome(story) == "rejected")
            assert lines(caplog, 30) == []


@pytest.mark.parametrize("how", ["reload", "unload"])
async def test_an_end_before_the_reading_leaves_nothing(
    hass: HomeAssistant,
    emulator: Emulator,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    how: str,
) -> None:
    monkeypatch.setattr(f"{CALL_LOG}._THERE_AFTER", 30.0)
    async with following(hass, emulator) as story:
        await offered(story)
        await story.call("ring", "reject")
        await story.until(lambda: told(story).get("event_type") == "missed")
        if how == "reload":
            await story.reload()
            await offered(story)
            assert story.coordinator.account.call_log._missed == []
        else:
            # Looks for tasks that are left.
            await story.leave()
        assert lines(caplog, 30) == []


async def test_it_leaves_most_of_the_heavy_budget_to_presence(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    def has_read(times: int) -> bool:
        return emulator.counters.groups["Heavy"] >= times

    async with following(hass, emulator) as story:
        await offered(story)
        for number in range(6):
            await story.call("ring", "reject", name=str(number))
            # The first two are told, the others wait for another minute.
            read = min(number + 2, 3)
            await emulator.wait_for(partial(has_read, read))
            await story.all_heard()
        assert emulator.counters.groups["Heavy"] == 3
        budget = story.coordinator.account.sign_in.http.budget
        assert budget.delay(RateGroup.HEAVY, hass.loop.time()) == 0.0


# Who may read it.


async def test_without_the_permission_nothing_is_asked_for(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    with patch("emulator.tokens.SCOPE", ("ReadAccounts", "ReadPresence", "WebSocket")):
        async with following(hass, emulator) as story:
            await story.call("ring", "reject")
            await story.until(lambda: told(story).get("event_type") == "missed")
            await story.all_heard()
            assert story.now("calls") is None
            assert emulator.counters.groups["Heavy"] == 0


@pytest.mark.parametrize(
    "lack",
    [
        {"permissions_removed": ["ReadCallLog"]},
        {"user_permissions_removed": ["ReadCallLog"]},
    ],
    ids=["app", "role"],
)
async def test_a_log_that_was_never_there_is_asked_for_once_and_said_nowhere(
    hass: HomeAssistant,
    emulator: Emulator,
    caplog: pytest.LogCaptureFixture,
    lack: dict[str, Any],
) -> None:
    with asking_again(0.1), patch("emulator.tokens.SCOPE", ALL):
        emulator.faults.set(**lack)
        async with following(hass, emulator) as story:
            await story.call("ring", "reject")
            await story.until(lambda: told(story).get("event_type") == "missed")
            await story.all_heard()
            assert story.now("calls") is None
            assert emulator.counters.groups["Heavy"] <= 1
            assert issues(hass) == []
            assert not [line for line in lines(caplog) if "log" in line]


ALL = (
    "ReadAccounts",
    "ReadPresence",
    "EditPresence",
    "ReadContacts",
    "WebSocket",
    "ReadCallLog",
)


@pytest.mark.usefixtures("spendthrift")
@pytest.mark.parametrize(
    "lack",
    [
        {"permissions_removed": ["ReadCallLog"]},
        {"user_permissions_removed": ["ReadCallLog"]},
    ],
    ids=["app", "role"],
)
@pytest.mark.parametrize("was_used", [False, True])
@pytest.mark.parametrize("noticed", ["by a missed call", "by a look"])
async def test_a_permission_that_is_taken_away_makes_presence_not_blink(
    hass: HomeAssistant,
    emulator: Emulator,
    caplog: pytest.LogCaptureFixture,
    lack: dict[str, Any],
    was_used: bool,
    noticed: str,
) -> None:
    async with following(hass, emulator) as story:
        await offered(story)
        if was_used:
            await looked_at(story)
        story.forget()
        caplog.clear()
        emulator.faults.set(**lack)
        if noticed == "by a look":
            start = dt_util.now() - timedelta(days=3)
            with pytest.raises(HomeAssistantError) as refused:
                await looked_at(story, start)
            assert refused.value.translation_key == "call_log_failed"
            assert not missing_texts(
                ("exceptions", "call_log_failed", "message"),
                refused.value.translation_placeholders,
            )
        else:
            await story.call("ring", "reject")
        await story.shows(calls=STATE_UNAVAILABLE)
        assert len([line for line in lines(caplog) if "call log" in line]) == 1
        assert lost(hass) == (["Read Call Log"] if was_used else [])
        heavy = emulator.counters.groups["Heavy"]
        await story.call("ring", "reject", name="b")
        await story.call("ring", name="c")
        await story.shows(status="ringing")
        await story.all_heard()
        assert emulator.counters.groups["Heavy"] == heavy
        assert story.seen_unavailable() == [story.entity("calls")]


@pytest.mark.usefixtures("spendthrift")
@pytest.mark.parametrize("refresh_tokens", [False, True])
async def test_a_permission_that_comes_back_is_noticed_without_a_reload(
    hass: HomeAssistant, emulator: Emulator, refresh_tokens: bool
) -> None:
    emulator.faults.set(refresh_tokens=refresh_tokens)
    with hasty(), asking_again(0.2):
        async with following(hass, emulator) as story:
            await offered(story)
            await looked_at(story)
            emulator.faults.set(permissions_removed=["ReadCallLog"])
            await story.call("ring", "reject")
            await story.shows(calls=STATE_UNAVAILABLE)
            assert lost(hass) == ["Read Call Log"]
            emulator.faults.set(permissions_removed=[])
            await offered(story)
            assert lost(hass) == []
            await story.call("ring", "reject", name="b")
            await story.until(lambda: outcome(story) == "rejected")


@pytest.mark.usefixtures("spendthrift")
@pytest.mark.parametrize("how", ["permissions_removed", "user_permissions_removed"])
async def test_the_repair_looks_for_the_permission_and_vanishes(
    hass: HomeAssistant, emulator: Emulator, how: str
) -> None:
    async with following(hass, emulator) as story:
        await offered(story)
        await looked_at(story)
        emulator.faults.set(**{how: ["ReadCallLog"]})
        await story.call("ring", "reject")
        await story.shows(calls=STATE_UNAVAILABLE)
        (issue,) = issues(hass)
        flow = await fix_flow(hass, issue)
        result = await flow.async_step_confirm({})
        assert result["type"] is FlowResultType.FORM
        assert lost(hass) == ["Read Call Log"]
        emulator.faults.set(**{how: []})
        result = await flow.async_step_confirm({})
        assert result["type"] is FlowResultType.CREATE_ENTRY
        assert story.now("calls") == STATE_OFF
        assert issues(hass) == []


@pytest.mark.usefixtures("spendthrift")
async def test_a_log_of_an_earlier_run_is_asked_for_again(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """The permission was gone when Home Assistant started."""
    with hasty(), asking_again(0.2):
        async with following(hass, emulator) as story:
            await offered(story)
            emulator.faults.set(permissions_removed=["ReadCallLog"])
            await story.coordinator.account.sign_in.tokens.replace_session()
            await story.reload()
            assert story.now("calls") == STATE_UNAVAILABLE
            emulator.faults.set(permissions_removed=[])
            await offered(story)


async def test_a_log_of_an_earlier_run_is_there_without_asking(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    async with following(hass, emulator) as story:
        await offered(story)
        emulator.counters.requests.clear()
        await story.reload()
        assert story.now("calls") == STATE_OFF
        await story.all_heard()
        assert (emulator.counters.requests[SYNC], emulator.counters.requests[LOG]) == (
            0,
            0,
        )
        await story.call("ring", "reject")
        await story.until(lambda: outcome(story) == "rejected")


@pytest.mark.usefixtures("spendthrift")
@pytest.mark.parametrize("was_used", [False, True])
async def test_a_log_that_an_earlier_run_lost_is_asked_for_first(
    hass: HomeAssistant, emulator: Emulator, was_used: bool
) -> None:
    """The scope of the token names what the role lacks."""
    async with following(hass, emulator) as story:
        await offered(story)
        if was_used:
            await looked_at(story)
        emulator.faults.set(user_permissions_removed=["ReadCallLog"])
        await story.call("ring", "reject")
        await story.shows(calls=STATE_UNAVAILABLE)
        for _ in range(2):
            readings = emulator.counters.requests[SYNC]
            await story.reload()
            assert story.now("calls") == STATE_UNAVAILABLE
            await story.until(
                partial(
                    lambda before: emulator.counters.requests[SYNC] > before, readings
                )
            )
            assert story.now("calls") == STATE_UNAVAILABLE
        await story.until(lambda: bool(lost(hass)) is was_used)
        assert lost(hass) == (["Read Call Log"] if was_used else [])
        emulator.faults.set(user_permissions_removed=[])
        for _ in range(2):
            await story.reload()
            await offered(story)
        assert lost(hass) == []


# The calendar.


@pytest.mark.parametrize(
    ("mode", "who"),
    [
        (CALLER_HIDDEN, ""),
        (CALLER_NAME, f": {NAME}"),
        (CALLER_FULL, f": {NAME} ({NUMBER})"),
    ],
)
async def test_the_calendar_has_the_calls_of_the_days_that_are_looked_at(
    hass: HomeAssistant, emulator: Emulator, mode: str, who: str
) -> None:
    caller = {"from_name": NAME, "from_number": NUMBER}
    async with following(hass, emulator, caller_identity=mode) as story:
        await offered(story)
        await story.call("ring", "voicemail", name="a", **caller)
        await story.call("ring", "missed", name="b", **caller)
        await story.call("ring", "answer", name="c", **caller)
        emulator.clock.advance(90)
        await story.call("hangup", name="c")
        events = await looked_at(story, end=dt_util.now() + timedelta(hours=1))
        assert [each["summary"] for each in events] == [
            f"Missed call{who}",
            f"Missed call{who}",
            f"Incoming call{who}",
        ]
        assert events[0]["description"] == "Voicemail"
        assert "description" not in events[1]
        assert events[2]["description"] == "1:30"
        start, end = (
            datetime.fromisoformat(events[2][key]) for key in ("start", "end")
        )
        assert end - start == timedelta(seconds=90)
        # Nothing of it is in a state.
        state = hass.states.get(story.entity("calls"))
        assert state is not None
        assert state.state == STATE_OFF
        assert not {"message", "description", "start_time"} & state.attributes.keys()


async def test_an_outgoing_call_names_who_was_called(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    async with following(hass, emulator, caller_identity=CALLER_NAME) as story:
        await offered(story)
        await story.call("dial", "hangup", to_name=NAME)
        events = await looked_at(story)
        assert [each["summary"] for each in events] == [f"Outgoing call: {NAME}"]


async def test_nobody_who_looks_costs_nothing_and_two_looks_one_reading(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    async with following(hass, emulator) as story:
        await offered(story)
        await story.call("ring", "answer", "hangup")
        await story.all_heard()
        assert emulator.counters.requests[LOG] == 0
        now = dt_util.now()
        days = now - timedelta(days=1), now + timedelta(days=1)
        assert len(await looked_at(story, *days)) == 1
        assert len(await looked_at(story, *days)) == 1
        assert emulator.counters.requests[LOG] == 1
        # What is to come has no calls.
        assert await looked_at(story, days[1], days[1] + timedelta(days=9)) == []
        assert emulator.counters.requests[LOG] == 1


async def test_a_call_of_the_evening_before_is_no_call_of_the_day(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    async with following(hass, emulator) as story:
        await offered(story)
        await story.call("ring", "reject")
        start = dt_util.now() + timedelta(minutes=2)
        with patch("homeassistant.util.dt.utcnow", return_value=start):
            assert await looked_at(story, start - timedelta(seconds=1), start) == []


@pytest.mark.usefixtures("spendthrift")
async def test_days_are_read_page_by_page_and_not_without_end(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    rest = "custom_components.ringcentral.aioringcentral.call_log_rest"
    with patch(f"{rest}._PAGE", 2):
        async with following(hass, emulator) as story:
            await offered(story)
            for number in range(3):
                await story.call("dial", "hangup", name=str(number))
            assert len(await looked_at(story)) == 3
            assert emulator.counters.requests[LOG] == 2
            for number in range(3, 6):
                await story.call("dial", "hangup", name=str(number))
            start = dt_util.now() - timedelta(days=2)
            assert len(await looked_at(story, start)) == 4
            assert emulator.counters.requests[LOG] == 4


async def test_a_reading_that_fails_is_an_error_of_that_look_alone(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    async with following(hass, emulator) as story:
        await offered(story)
        emulator.faults.set(http_5xx=[{"path": "*/call-log", "status": 503, "next": 1}])
        with pytest.raises(HomeAssistantError):
            await looked_at(story)
        assert story.now("calls") == STATE_OFF
        assert await looked_at(story) == []


async def test_only_the_user_has_a_calendar(
    hass: HomeAssistant, emulator: Emulator, people: dict[Who, str]
) -> None:
    async with following(hass, emulator, [people[OWN], people[ANNA]]) as story:
        await offered(story)
        assert story.now("calls", people[ANNA]) is None


async def test_a_user_who_is_not_followed_has_none(
    hass: HomeAssistant, emulator: Emulator, people: dict[Who, str]
) -> None:
    async with following(hass, emulator, [people[ANNA]]) as story:
        await story.all_heard()
        assert not [
            key for key in story.entities().values() if key.startswith("calendar.")
        ]
        assert emulator.counters.groups["Heavy"] == 0
