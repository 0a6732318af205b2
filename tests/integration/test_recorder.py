"""Who calls is kept for oneself: not in the recorder's file in any mode, and nowhere at all unless asked for."""

from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
import json
import logging
from pathlib import Path
import sqlite3
from typing import Any

from homeassistant.const import (
    EVENT_HOMEASSISTANT_FINAL_WRITE,
    EVENT_LOGGING_CHANGED,
    MATCH_ALL,
    STATE_UNAVAILABLE,
)
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers.json import ExtendedJSONEncoder
import pytest
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
)
from pytest_homeassistant_custom_component.typing import RecorderInstanceGenerator

from custom_components.ringcentral.const import (
    ATTR_CALLER_NAME,
    ATTR_CALLER_NUMBER,
    CALLER_FULL,
    CALLER_HIDDEN,
    CALLER_NAME,
)
from custom_components.ringcentral.diagnostics import (
    async_get_config_entry_diagnostics,
    async_get_device_diagnostics,
)
from emulator import Emulator

from .call_stories import ANNA, BEN, OWN, PARK, QUEUE, cast, following
from .stories import LOGGER_NAME, Story, hasty

NAMES = ("Zora Quillfeather", "Ümit Œstergård", "Halcyon Ltd")
NUMBERS = ("+14155550177", "+442079460958", "+498912345678")
MODES = (CALLER_HIDDEN, CALLER_NAME, CALLER_FULL)


@pytest.fixture
def persistent_database() -> bool:
    """Let the recorder write a file."""
    return True


@pytest.fixture
async def mock_recorder_before_hass(async_test_recorder: object) -> None:
    """Prepare the recorder before Home Assistant, as the test plugin asks for."""


@pytest.fixture
async def database(
    async_setup_recorder_instance: RecorderInstanceGenerator,
    recorder_db_url: str,
    hass: HomeAssistant,
) -> Path:
    """Record what happens, and return the file; to be named before the story."""
    await async_setup_recorder_instance(hass)
    return Path(recorder_db_url.removeprefix("sqlite:///"))


@pytest.fixture
def everything(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Log all that there is to log."""
    with caplog.at_level(logging.DEBUG):
        yield


@pytest.fixture(params=MODES)
def mode(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


@pytest.fixture
async def story(
    hass: HomeAssistant, emulator: Emulator, mode: str
) -> AsyncIterator[Story]:
    people = cast(emulator)
    extensions = [people[who] for who in (OWN, ANNA, BEN, PARK)]
    with hasty():
        async with following(hass, emulator, extensions, caller_identity=mode) as found:
            yield found


async def a_busy_day(story: Story) -> None:
    """Let calls of three callers come and go in every way that tells of them."""
    emulator, people = story.emulator, cast(story.emulator)
    own, anna, park = people[OWN], people[ANNA], people[PARK]
    callers = [
        {"from_": number, "from_name": name}
        for name, number in zip(NAMES, NUMBERS, strict=True)
    ]
    await emulator.play_call(own, ["ring", "answer", "hold"], call="a", **callers[0])
    await emulator.play_call(own, ["ring", "missed"], call="b", **callers[1])
    await emulator.play_call(own, ["ring", "answer", "swap"], call="c", **callers[2])
    await emulator.play_call(anna, ["dial"], call="d", to=NUMBERS[0], to_name=NAMES[0])
    await story.all_heard()
    await story.hass.services.async_call(
        "ringcentral",
        "get_presence",
        {"entity_id": [story.entity("call", own), story.entity("call", anna)]},
        blocking=True,
        return_response=True,
    )
    # A snapshot with calls, a recovery, and a restart in mid-call.
    await emulator.disconnect(recoverable=False)
    await story.lost()
    await story.live()
    await emulator.disconnect(code=None)
    await story.lost()
    await story.live()
    await story.reload()
    await emulator.play_call(people[QUEUE], ["ring", "answer"], call="q", **callers[1])
    await emulator.play_call(anna, ["answer", "hangup"], call="d")
    await emulator.play_call(own, ["park"], call="a", park_location=park)
    await emulator.play_call(anna, ["retrieve", "hangup"], call="a")
    await emulator.play_call(own, ["hangup"], call="c")
    await story.all_heard()


def found_in(text: str | bytes) -> list[str]:
    """Return the names and numbers that are in a text, however they are written there."""
    raw = text if isinstance(text, bytes) else text.encode()
    return [
        who
        for who in (*NAMES, *NUMBERS)
        for form in (who, who.removeprefix("+")[-10:], json.dumps(who).strip('"'))
        if form.encode() in raw or form.encode("utf-16-le") in raw
    ]


def written(database: Path) -> bytes:
    """Return all that the recorder has written, its journal included."""
    files = sorted(database.parent.glob(f"{database.name}*"))
    assert database in files
    return b"".join(path.read_bytes() for path in files)


def rows(database: Path, query: str) -> list[Any]:
    """Return the first column of what a query finds."""
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
        found = [row[0] for row in connection.execute(query)]
    connection.close()
    return found


async def test_the_recorder_never_knows_who_called(
    hass: HomeAssistant, database: Path, story: Story, mode: str
) -> None:
    shown: set[str] = set()

    @callback
    def look(event: Event[Any]) -> None:
        if (state := event.data.get("new_state")) is not None:
            shown.update(found_in(json.dumps(dict(state.attributes), default=str)))

    hass.bus.async_listen("state_changed", look)
    await a_busy_day(story)
    await async_wait_recording_done(hass)
    # What was there to be recorded was recorded.
    states = rows(
        database,
        "SELECT DISTINCT m.entity_id FROM states s JOIN states_meta m USING (metadata_id)",
    )
    assert story.entity("call") in states
    assert story.entity("telephony_status") in states
    kept = "".join(rows(database, "SELECT shared_attrs FROM state_attributes"))
    assert '"event_type":"answered"' in kept
    assert '"direction":"inbound"' in kept
    # The one thing that was not.
    assert (
        shown
        == {
            CALLER_HIDDEN: set(),
            CALLER_NAME: set(NAMES),
            CALLER_FULL: {*NAMES, *NUMBERS},
        }[mode]
    )
    assert ATTR_CALLER_NAME not in kept
    assert ATTR_CALLER_NUMBER not in kept
    for table in rows(database, "SELECT name FROM sqlite_master WHERE type = 'table'"):
        with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
            content = str(connection.execute(f'SELECT * FROM "{table}"').fetchall())
        connection.close()
        assert found_in(content) == [], table
    assert found_in(written(database)) == []


@pytest.mark.parametrize("mode", [CALLER_FULL], indirect=True)
async def test_the_file_is_searched_well(
    hass: HomeAssistant, database: Path, story: Story
) -> None:
    """Whatever is recorded of a name or number would be found."""
    for index, who in enumerate((*NAMES, *NUMBERS)):
        hass.states.async_set(f"sensor.note_{index}", "on", {"who": who})
    await async_wait_recording_done(hass)
    assert set(found_in(written(database))) == {*NAMES, *NUMBERS}


@pytest.mark.parametrize("mode", [CALLER_HIDDEN], indirect=True)
@pytest.mark.usefixtures("everything")
async def test_hidden_is_hidden_everywhere(
    hass: HomeAssistant,
    story: Story,
    hass_storage: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Not in a state, an attribute, an event, a log line of anyone, nor in what is kept for a restart."""
    said: list[str] = []

    @callback
    def listen(event: Event[Any]) -> None:
        said.append(json.dumps(event.as_dict(), cls=ExtendedJSONEncoder))

    hass.bus.async_listen(MATCH_ALL, listen)
    hass.bus.async_fire(EVENT_LOGGING_CHANGED)
    await a_busy_day(story)
    states = [
        json.dumps(state.as_dict(), cls=ExtendedJSONEncoder)
        for state in hass.states.async_all()
    ]
    assert len(said) > 50
    assert found_in("".join([*said, *states])) == []
    hass.bus.async_fire(EVENT_HOMEASSISTANT_FINAL_WRITE)
    await hass.async_block_till_done()
    assert hass_storage
    assert found_in(json.dumps(hass_storage, ensure_ascii=False)) == []
    # Home Assistant logs every event, so that whatever is in one is there too.
    assert "homeassistant.core" in {record.name for record in caplog.records}
    assert found_in(caplog.text) == []


@pytest.mark.usefixtures("everything")
async def test_no_mode_writes_callers_to_our_log(
    story: Story, caplog: pytest.LogCaptureFixture
) -> None:
    """Also not when something goes wrong, at no level."""
    emulator = story.emulator
    await a_busy_day(story)
    await emulator.play_call(
        story.own, ["ring"], call="x", from_=NUMBERS[0], from_name=NAMES[0]
    )
    emulator.faults.set(unknown_enums=["telephonyStatus", "dndStatus"])
    await emulator.play_call(story.own, ["answer"], call="x")
    emulator.faults.clear()
    await emulator.deliver(
        story.own,
        {
            "extensionId": story.own,
            "telephonyStatus": NAMES[1],
            "activeCalls": [{"from": NUMBERS[0], "startTime": NUMBERS[1]}, NAMES[0]],
            "totalActiveCalls": 9,
        },
    )
    await emulator.send_frame(f'[{{"type": "{NAMES[0]}"}}, {{"body": "{NUMBERS[0]}"')
    await emulator.send_frame(f'[{{"type": "Unheard"}}, {{"from": "{NUMBERS[0]}"}}]')
    await story.until(lambda: story.coordinator.account.stream.is_live)
    await story.all_heard()
    ours = [
        record.getMessage() + (record.exc_text or "")
        for record in caplog.records
        if record.name.startswith(LOGGER_NAME)
    ]
    assert ours
    assert found_in("\n".join(ours)) == []


async def test_no_mode_puts_callers_into_diagnostics(
    hass: HomeAssistant, story: Story
) -> None:
    own = story.own
    await story.emulator.play_call(
        own, ["ring", "answer"], from_=NUMBERS[0], from_name=NAMES[0]
    )
    await story.all_heard()
    assert story.now("active_calls") == "1"
    device = story.device(own)
    assert device is not None
    for found in (
        await async_get_config_entry_diagnostics(hass, story.entry),
        await async_get_device_diagnostics(hass, story.entry, device),
    ):
        assert found_in(json.dumps(found, cls=ExtendedJSONEncoder)) == []


@pytest.mark.parametrize("mode", [CALLER_FULL], indirect=True)
async def test_what_is_printed_of_a_call_does_not_say_whose_it_is(story: Story) -> None:
    """Whoever logs one of our objects, in an error report for example, tells nothing."""
    coordinator, printed = story.coordinator, list[str]()
    coordinator.async_add_call_listener(
        story.own, lambda told: printed.append(repr(told))
    )
    await story.emulator.play_call(
        story.own, ["ring", "answer"], from_=NUMBERS[0], from_name=NAMES[0]
    )
    await story.all_heard()
    views: list[Callable[[], object]] = [
        lambda: coordinator.presence(story.own),
        lambda: coordinator.calls[story.own],
        lambda: coordinator.calls[story.own].foremost,
    ]
    printed += [repr(view()) for view in views]
    assert len(printed) == 5
    assert found_in("".join(printed)) == []


@pytest.mark.defaults
@pytest.mark.parametrize("mode", [CALLER_HIDDEN], indirect=True)
async def test_one_answered_call_is_at_most_23_rows(
    hass: HomeAssistant, database: Path, story: Story
) -> None:
    """With everything that is on by default, the account's counts and the sums of the day included."""
    count = "SELECT count(*) FROM states"
    await async_wait_recording_done(hass)
    before = rows(database, count)[0]
    for word in ("ring", "answer", "hangup"):
        await story.emulator.play_call(story.own, [word], call="a")
        await story.all_heard()
    assert story.now("status") == "available"
    await async_wait_recording_done(hass)
    assert rows(database, count)[0] - before <= 23
    kept = "".join(rows(database, "SELECT shared_attrs FROM state_attributes"))
    assert "since" not in kept


@pytest.mark.defaults
@pytest.mark.parametrize("recoverable", [True, False])
async def test_a_lost_connection_writes_unavailable_and_back_alone(
    hass: HomeAssistant, emulator: Emulator, recoverable: bool
) -> None:
    """Where the grace time ran out; and nothing where it did not."""
    with hasty(grace=0.05):
        async with following(hass, emulator, [emulator.own_extension_id]) as story:
            await story.call("ring", "answer")
            await story.shows(status="on_call")
            shown = story.all_states()
            story.forget()
            emulator.faults.set(wstoken_error={"status": 503, "code": "CMN-201"})
            await emulator.disconnect(recoverable=recoverable)
            await story.shows(status=STATE_UNAVAILABLE)
            emulator.faults.clear()
            await story.live()
            await story.until(lambda: story.all_states() == shown)
            written = Counter(entity_id for entity_id, _, _ in story.changes)
            push = story.account_entity("push_connected")
            assert written.pop(push) == 2
            assert set(written.values()) == {2}
            assert all(
                STATE_UNAVAILABLE in (old, new)
                for entity_id, old, new in story.changes
                if entity_id != push
            )


@pytest.mark.defaults
@pytest.mark.parametrize("recoverable", [True, False])
async def test_a_lost_connection_that_is_back_in_time_writes_nothing(
    hass: HomeAssistant, emulator: Emulator, recoverable: bool
) -> None:
    with hasty():
        async with following(hass, emulator, [emulator.own_extension_id]) as story:
            await story.call("ring", "answer")
            await story.shows(status="on_call")
            story.forget()
            await emulator.disconnect(recoverable=recoverable)
            await story.lost()
            await story.live()
            await story.all_heard()
            assert {entity_id for entity_id, _, _ in story.changes} <= {
                story.account_entity("push_connected")
            }
