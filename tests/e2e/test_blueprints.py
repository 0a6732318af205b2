"""Automations made with blueprints in a real Home Assistant, which is restarted in the middle of it."""

from collections.abc import AsyncGenerator, Generator
from datetime import datetime, timedelta
import json

import pytest
import pytest_asyncio

from .home import Home
from .running import END_TO_END, SOON, START_TIMEOUT, eventually

pytestmark = END_TO_END

SIGN, LAMP = "input_boolean.sign", "light.lamp"
GREEN, RED = [0, 255, 0], [255, 0, 0]
RADIO, TELEVISION = "media_player.radio", "media_player.television"
PHONE, MISSED = "notify.mybox_personal_notifier_with_title", "counter.missed"
FOCUS, MEETING = "input_boolean.focus", "input_boolean.meeting"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def home(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Home]:
    """Start processes that no other test module relies on."""
    async with Home.furnished(tmp_path_factory.mktemp("blueprints")) as home:
        yield home


@pytest.fixture(autouse=True)
def no_complaints(home: Home) -> Generator[None]:
    """Claim that no automation did anything wrong, whatever a test was about."""
    yield
    assert not home.complaints()


async def shines(home: Home, color: list[int]) -> None:
    """Wait until the lamp shines in a color."""

    async def holds() -> bool:
        return bool(await home.attribute(LAMP, "rgb_color") == color)

    await eventually(holds, SOON)


async def test_a_restart_in_mid_call(home: Home) -> None:
    states, own = home.office.states, [await home.device()]
    await home.make("busy_light", extensions=own, lights=[LAMP])
    await home.make("on_air", extensions=own, signs=[SIGN])
    await shines(home, GREEN)

    await home.call(home.own, "ring", call="missed")
    await states.wait_for(LAMP, "on", SOON)
    await states.wait_for(LAMP, "off", SOON)
    await states.wait_for(LAMP, "on", SOON)
    assert states[SIGN] == "off"
    await home.call(home.own, "missed", call="missed")
    await shines(home, GREEN)

    # The call ends while nobody watches.
    await home.call(home.own, "ring", "answer", call="ends")
    await states.wait_for(SIGN, "on", SOON)
    await shines(home, RED)
    await home.stop()
    await home.call(home.own, "hangup", call="ends")
    await home.start_hass()
    states = home.office.states
    await states.wait_for(SIGN, "off", START_TIMEOUT)
    await shines(home, GREEN)

    # It begins while nobody watches.
    await home.stop()
    await home.call(home.own, "ring", "answer", call="begins")
    await home.start_hass()
    states = home.office.states
    await states.wait_for(SIGN, "on", START_TIMEOUT)
    await shines(home, RED)
    await home.call(home.own, "hangup", call="begins")
    await states.wait_for(SIGN, "off", SOON)
    await shines(home, GREEN)

    # Home Assistant keeps the last runs only, and each of them ended.
    for name in ("busy_light", "on_air"):
        traces = await home.office.socket.call(
            "trace/list", domain="automation", item_id=name
        )
        assert {each["state"] for each in traces} == {"stopped"}
        assert len(traces) <= 5
        sizes = [len(json.dumps(each)) for each in traces]
        assert max(sizes) < 10_000


async def test_lamp_and_sign_survive_a_slow_reload_and_a_late_start(home: Home) -> None:
    """Neither knows the phones when it begins: not even that they exist."""
    own, emulator = [await home.device()], home.office.emulator
    await home.make("busy_light", extensions=own, lights=[LAMP])
    await home.make("on_air", extensions=own, signs=[SIGN])
    await shines(home, GREEN)

    # What is read at a set-up takes its time.
    slow = {"kind": "slow", "path": "*/extension/*", "seconds": 1.5}
    await emulator.post("faults", odd=[slow])
    await home.office.rest.post(
        f"/api/config/config_entries/entry/{home.entry_id}/reload"
    )
    await emulator.post("faults", odd=[])
    await home.agrees(timeout=START_TIMEOUT)
    await home.call(home.own, "ring", "answer", call="after a reload")
    await home.office.states.wait_for(SIGN, "on", SOON)
    await shines(home, RED)
    await home.call(home.own, "hangup", call="after a reload")
    await home.office.states.wait_for(SIGN, "off", SOON)
    await shines(home, GREEN)

    # Home Assistant starts, and RingCentral does not answer yet.
    await home.stop()
    await emulator.post("faults", http_5xx=[{"path": "*", "status": 503}])
    await home.start_hass()
    await home.becomes("setup_retry")
    await home.call(home.own, "ring", "answer", call="before the start")
    await emulator.post("faults", http_5xx=[])
    await home.office.states.wait_for(SIGN, "on", START_TIMEOUT)
    await shines(home, RED)
    await home.call(home.own, "hangup", call="before the start")
    await home.office.states.wait_for(SIGN, "off", SOON)
    await shines(home, GREEN)


async def test_quiet_media(home: Home) -> None:
    states, own = home.office.states, [await home.device()]
    await home.make("media", extensions=own, players=[RADIO, TELEVISION])
    for player in (RADIO, TELEVISION):
        await home.act("media_player.media_play", player)
        await states.wait_for(player, "playing", SOON)

    async def muted() -> bool:
        return bool(await home.attribute(TELEVISION, "is_volume_muted"))

    async def sounds() -> bool:
        return not await muted()

    # Quiet from the first ring to the end of the call, by what each of them can.
    begun = len(states.changes)
    await home.call(home.own, "ring", call="answered")
    await states.wait_for(RADIO, "paused", SOON)
    await eventually(muted, SOON)
    assert not await home.attribute(RADIO, "is_volume_muted")
    assert states[TELEVISION] == "playing"
    await home.call(home.own, "answer", "hangup", call="answered")
    await states.wait_for(RADIO, "playing", SOON)
    await eventually(sounds, SOON)
    assert [
        change.new for change in states.changes[begun:] if change.entity_id == RADIO
    ] == ["paused", "playing"]
    assert not set(await home.runs("media")) - {"finished", "failed_conditions"}

    # What someone stopped in the meantime is theirs.
    await home.call(home.own, "ring", call="missed")
    await states.wait_for(RADIO, "paused", SOON)
    await home.act("media_player.media_stop", RADIO)
    await states.wait_for(RADIO, "idle", SOON)
    await home.call(home.own, "missed", call="missed")
    await eventually(sounds, SOON)
    await home.runs("media")
    assert states[RADIO] == "idle"

    # After a restart in mid-call it is not known any more what to bring back.
    await home.act("media_player.media_play", RADIO)
    await states.wait_for(RADIO, "playing", SOON)
    await home.call(home.own, "ring", "answer", call="restart")
    await states.wait_for(RADIO, "paused", SOON)
    await home.stop()
    await home.start()
    states = home.office.states
    await home.call(home.own, "hangup", call="restart")
    await home.shows(home.own, telephony_status="no_call")
    await home.runs("media")
    assert states[RADIO] == "paused"


async def notices(home: Home) -> list[tuple[str, str]]:
    """Return what the phone shows, title and message."""
    shown = await home.office.socket.call("persistent_notification/get")
    return [
        (each["title"], each["message"])
        for each in shown
        if "missed" in each["title"].casefold()
    ]


async def test_missed_calls(home: Home) -> None:
    name = await home.device("name")
    await home.make(
        "missed_call",
        extensions=[await home.device()],
        notify=[PHONE],
        actions=[{"action": "counter.increment", "target": {"entity_id": MISSED}}],
    )
    before = datetime.now().astimezone()
    await home.call(home.own, "ring", "answer", "hangup", call="answered")
    await home.call(home.own, "ring", "missed", call="to a queue", queue_call=True)
    await home.call(home.own, "ring", "missed", call="missed")
    await home.office.states.wait_for(MISSED, "1", SOON)
    # The answered call is none, and that to a queue was looked at.
    ended = await home.runs("missed_call", 2)
    assert sorted(ended) == ["failed_conditions", "finished"]
    ((title, message),) = await notices(home)
    assert title == "Missed call"
    times = {f"{at:%H:%M}" for at in (before, datetime.now().astimezone())}
    assert message in {f"{name} missed a call at {time}." for time in times}

    # One that was missed while nobody listened is not told of later, and none twice.
    await home.stop()
    await home.call(home.own, "ring", "missed", call="unheard")
    await home.start()
    assert home.office.states[MISSED] == "1"
    assert await notices(home) == []
    await home.call(home.own, "ring", "missed", call="after")
    await home.office.states.wait_for(MISSED, "2", SOON)
    assert len(await home.runs("missed_call", 3)) == 3
    assert len(await notices(home)) == 1


async def test_do_not_disturb(home: Home) -> None:
    await home.make(
        "do_not_disturb",
        extension=await home.device(),
        switches=[FOCUS, MEETING],
    )

    async def becomes(status: str) -> None:
        async def holds() -> bool:
            truth = await home.office.emulator.truth()
            return bool(truth[home.own]["dndStatus"] == status)

        await eventually(holds, SOON)
        await home.agrees()

    # What someone turned on by hand stays on.
    await home.office.emulator.set_presence(home.own, dndStatus="DoNotAcceptAnyCalls")
    await home.agrees()
    await home.act("input_boolean.turn_on", FOCUS)
    assert set(await home.runs("do_not_disturb", 1)) == {"finished"}
    await home.act("input_boolean.turn_off", FOCUS)
    await home.shows(home.own, do_not_disturb="on")

    # What was set before comes back, also when it was only for the calls of queues.
    for earlier in ("TakeAllCalls", "DoNotAcceptDepartmentCalls"):
        await home.office.emulator.set_presence(home.own, dndStatus=earlier)
        await home.agrees()
        await home.act("input_boolean.turn_on", FOCUS)
        await becomes("DoNotAcceptAnyCalls")
        await home.act("input_boolean.turn_off", FOCUS)
        await becomes(earlier)
        await home.runs("do_not_disturb")

    # Also when Home Assistant was restarted in between.
    await home.act("input_boolean.turn_on", FOCUS)
    await becomes("DoNotAcceptAnyCalls")
    await home.stop()
    await home.start()
    await becomes("DoNotAcceptAnyCalls")
    await home.act("input_boolean.turn_off", FOCUS)
    await becomes("DoNotAcceptDepartmentCalls")
    await home.runs("do_not_disturb")

    # And when the time was over before it was there again.
    await home.act("input_boolean.turn_on", MEETING)
    await becomes("DoNotAcceptAnyCalls")
    await home.stop()
    let_time_pass(home, timedelta(hours=13))
    await home.start()
    await becomes("DoNotAcceptDepartmentCalls")


def let_time_pass(home: Home, gone: timedelta) -> None:
    """Have Home Assistant find, at its next start, that so much time has gone by."""
    folder = home.office.hass.folder
    store = folder / f".storage/ringcentral.{home.entry_id}"
    kept = json.loads(store.read_text())
    for restore in kept["data"]["restores"].values():
        restore["at"] = (datetime.fromisoformat(restore["at"]) - gone).isoformat()
    assert kept["data"]["restores"], "there is something to bring back"
    store.write_text(json.dumps(kept))


async def test_assist_tells_who_is_free(home: Home) -> None:
    own = await home.device()
    name = await home.device("name")
    status = (await home.office.entities())[home.own, "status"]
    await home.make("ask_who_is_free", extensions=[own])

    async def answer(question: str, language: str = "en") -> str:
        reply = await home.office.socket.call(
            "conversation/process", text=question, language=language
        )
        return str(reply["response"]["speech"]["plain"]["speech"]).strip()

    await home.office.states.wait_for(status, "available", SOON)
    assert await answer("Who is free?") == f"{name} is free."
    assert await answer("Wer ist frei?", "de") == f"{name} ist frei."
    assert await answer("Who is free in the sales?") == "I do not know sales."
    area = await home.office.socket.call("config/area_registry/create", name="Sales")
    await home.office.socket.call(
        "config/device_registry/update", device_id=own, area_id=area["area_id"]
    )
    assert await answer("Who is free in the sales?") == f"{name} is free."
    assert await answer("Wer ist im Sales frei?", "de") == f"{name} ist frei."
    await home.call(home.own, "ring", "answer", call="asked")
    await home.office.states.wait_for(status, "on_call", SOON)
    for question in ("Who is free?", "Who is free in sales?"):
        assert await answer(question) == "Nobody is free."
    first = name.partition(" ")[0]
    assert await answer(f"Is {first} on the phone?") == f"{name} is on the phone."
    assert await answer(f"Telefoniert {name}?", "de") == f"{name} telefoniert."
    assert await answer("Is Nobody Known free?") == "I do not know Nobody Known."
    await home.call(home.own, "hangup", call="asked")

    # A service that is away is no reason to say that nobody is free.
    await home.office.emulator.post("faults", http_5xx=[{"path": "*", "status": 503}])
    await home.office.rest.post(
        f"/api/config/config_entries/entry/{home.entry_id}/reload"
    )
    await home.becomes("setup_retry")
    for question in ("Who is free?", "Who is free in sales?"):
        assert await answer(question) == "Who is free is not known at the moment."
    assert await answer("Wer ist frei?", "de") == "Wer frei ist, ist nicht bekannt."
    await home.office.emulator.post("faults", http_5xx=[])
    await home.office.states.wait_for(status, "available", START_TIMEOUT)
