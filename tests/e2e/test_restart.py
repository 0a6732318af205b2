"""Either side is stopped and started again, and an entry is reloaded, disabled and removed."""

from collections.abc import AsyncGenerator

import pytest
import pytest_asyncio

from .running import END_TO_END, SOON, START_TIMEOUT, Running, eventually

pytestmark = END_TO_END

# Seconds until a service that was away for a moment is followed again: within the
# first steps of the client's back-off.
BACK_AGAIN = 20.0


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def own_office(
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncGenerator[Running]:
    """Start processes that no other test module relies on."""
    async with Running.open(tmp_path_factory.mktemp("restart"), ["account"]) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def restarted(own_office: Running) -> Running:
    """Bring the emulator back to its start."""
    await own_office.office.emulator.post("reset")
    await own_office.agrees()
    return own_office


async def test_home_assistant_restarts_during_a_call(restarted: Running) -> None:
    running, (who, other) = restarted, restarted.others[:2]
    await running.call(who, "ring", "answer", call="long")
    await running.call(other, "ring", call="short")
    await running.shows(who, telephony_status="call_connected", on_call="on")
    await running.shows(other, telephony_status="ringing")
    event = running.state(who, "call")

    await running.stop_hass()
    await _leaves(running, sockets=0)
    await running.call(other, "answer", call="short")
    await running.start_hass()
    await running.agrees(timeout=START_TIMEOUT)

    # What is seen first is right: neither of before the restart, nor in between.
    for owner in (who, other):
        assert running.seen(running.entities[owner, "telephony_status"]) == {
            "call_connected"
        }
    # A restart is no call event.
    assert running.state(who, "call") == event

    await running.call(who, "hangup", call="long")
    await running.shows(who, telephony_status="no_call", on_call="off")


async def test_the_service_restarts_during_a_call(restarted: Running) -> None:
    running, who = restarted, restarted.others[0]
    await running.call(who, "ring", "answer", call="lost")
    await running.shows(who, telephony_status="call_connected")
    before = len(running.office.states.changes)

    await running.office.emulator.kill()
    await running.shows(None, push_connected="off")
    assert running.state(who, "telephony_status") == "call_connected", "still trusted"
    await running.office.emulator.start()
    await running.agrees(timeout=BACK_AGAIN)

    # It knows nothing of the call, nor of our sign-in.
    assert running.state(who, "telephony_status") == "no_call"
    assert running.blinks(before) == []
    await running.office.emulator.set_presence(who, userStatus="Busy")
    await running.shows(who, presence_status="busy")


async def test_a_reload_leaves_one_socket(restarted: Running) -> None:
    for _ in range(3):
        await restarted.reload()
        await restarted.agrees()

        await _leaves(restarted, sockets=1, subscriptions=1)


async def test_a_disabled_entry_leaves_nothing(restarted: Running) -> None:
    await _disable(restarted, "user")
    await restarted.becomes("not_loaded")

    await _leaves(restarted, sockets=0, subscriptions=0)
    await restarted.catch_up()
    assert not set(restarted.entities.values()) & set(restarted.office.states)

    await _disable(restarted, None)
    await restarted.becomes("loaded")
    await restarted.agrees()


async def test_a_removed_entry_leaves_nothing(restarted: Running) -> None:
    await restarted.office.rest.delete(
        f"/api/config/config_entries/entry/{restarted.entry_id}"
    )

    await _leaves(restarted, sockets=0, subscriptions=0)
    assert not await restarted.office.entities()
    devices = await restarted.office.socket.call("config/device_registry/list")
    assert not [each for each in devices if each["manufacturer"] == "RingCentral"]
    assert not set(restarted.entities.values()) & set(restarted.office.states)


async def _disable(running: Running, by: str | None) -> None:
    await running.office.socket.call(
        "config_entries/disable", entry_id=running.entry_id, disabled_by=by
    )


async def _leaves(
    running: Running, *, sockets: int, subscriptions: int | None = None
) -> None:
    """Claim that the service has so many sockets and subscriptions, once it has seen what was closed."""

    async def holds() -> bool:
        counters = await running.office.emulator.counters()
        return counters["sockets_open"] == sockets and (
            subscriptions in (None, counters["subscriptions"])
        )

    await eventually(holds, SOON)
