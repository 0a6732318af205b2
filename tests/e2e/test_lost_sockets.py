"""Sockets die while calls change: five seconds later every state is right, and none was ever absent."""

import asyncio

import pytest

from .running import END_TO_END, PROMISED, SOON, Running, eventually

pytestmark = END_TO_END

# Seconds between two steps of a call: they go on while a socket dies and comes back.
PACE = 0.1
CALLS: list[list[str]] = [
    ["ring", "answer", "hold", "resume", "hold", "resume", "hangup"],
    ["ring", "missed", "ring", "answer", "hold"],
    ["dial", "answer", "hangup", "dial", "answer"],
    ["ring", "answer", "park"],
]


@pytest.mark.parametrize("code", [1001, 1011, None], ids=["away", "error", "cut"])
@pytest.mark.parametrize("recoverable", [True, False], ids=["recovered", "anew"])
async def test_no_wrong_state_five_seconds_later(
    running: Running, code: int | None, recoverable: bool
) -> None:
    # Each loss within ten seconds of the last one is answered more slowly.
    await running.reload()
    before = len(running.office.states.changes)
    # A call that is parked during a break is told by nobody afterwards: REST knows no
    # telephony status of a park location (docs/protocol.md 2.4), which is unknown then.
    calls = CALLS if recoverable else CALLS[:-1]
    playing = [
        asyncio.create_task(_play(running, who, script))
        for who, script in zip(running.others, calls, strict=False)
    ]
    await running.shows(running.others[0], telephony_status="call_connected")
    await running.kill_sockets(code, recoverable=recoverable)
    await running.office.emulator.set_presence(running.others[5], userStatus="Busy")

    await asyncio.gather(*playing)
    await running.agrees(timeout=PROMISED)

    assert running.state(running.others[5], "user_status") == "busy"
    assert running.blinks(before) == []


async def test_twice_in_a_row(running: Running) -> None:
    await running.reload()
    opened = (await running.office.emulator.counters())["sockets_opened"]
    for number, recoverable in enumerate((True, False), 1):
        await running.kill_sockets(recoverable=recoverable)
        await running.call(running.others[0], "ring", call=f"call-{number}")

        async def is_back(wanted: int = opened + number) -> bool:
            counters = await running.office.emulator.counters()
            return bool(
                counters["sockets_opened"] >= wanted and counters["sockets_open"] == 1
            )

        await eventually(is_back, SOON)
    await running.agrees()
    assert running.state(running.others[0], "active_calls") == "2"


async def test_a_loss_is_shown_and_recovered_without_reading(running: Running) -> None:
    read = ["never looked"]
    # Whatever a start still reads meanwhile, another one does not have to.
    for _ in range(3):
        if not (read := await _read_by_a_recovery(running)):
            break
    assert read == []


async def _read_by_a_recovery(running: Running) -> list[str]:
    """Reload, lose the socket, see it lost and recovered, and return what was read meanwhile."""
    await running.reload()
    before = len(running.office.states.changes)
    counters = await running.office.emulator.counters()
    requests, recoveries = counters["requests"], counters["recoveries"]
    await running.kill_sockets(recoverable=True)

    def states() -> list[str | None]:
        return [
            change.new
            for change in running.office.states.changes[before:]
            if change.entity_id == running.entities[None, "push_connected"]
        ]

    await running.office.states.wait_until(lambda: states() == ["off", "on"], SOON)
    counters = await running.office.emulator.counters()
    assert counters["recoveries"] == recoveries + 1
    return [
        name
        for name, number in counters["requests"].items()
        if name.startswith("GET") and number > requests.get(name, 0)
    ]


async def _play(running: Running, who: str, script: list[str]) -> None:
    number = 0
    for word in script:
        # A new call begins where one has ended.
        number += word in ("ring", "dial")
        await running.call(who, word, call=f"{who}-{number}")
        await asyncio.sleep(PACE)
