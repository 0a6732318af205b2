"""What survives a lost socket (docs/protocol.md 3.4)."""

import pytest

from emulator import Emulator

from .wire import ACCOUNT, Socket, Wire

FILTER = f"{ACCOUNT}/presence?detailedTelephonyState=true"


@pytest.fixture
async def lost(wire: Wire, socket: Socket, emu: Emulator) -> Socket:
    """Return a socket with a subscription that the server has closed."""
    await socket.subscribe(FILTER)
    await emu.disconnect(1001)
    await socket.close_code()
    await emu.wait_for(lambda: emu.counters.sockets_open == 0)
    return socket


async def test_missed_events_come_after_connection_details(
    lost: Socket, wire: Wire, emu: Emulator, other: str
) -> None:
    """The subscription is kept and what happened meanwhile is sent in order."""
    await emu.play_call(other, ["ring", "answer", "hangup"])
    socket = await wire.connect(wsc=lost.wsc)
    assert socket.details[1]["recoveryState"] == "Successful"
    assert "recoveryErrorCode" not in socket.details[1]
    assert socket.details[0]["wsc"]["sequence"] == 1
    statuses = [(await socket.body())["telephonyStatus"] for _ in range(3)]
    assert statuses == ["Ringing", "CallConnected", "NoCall"]
    await emu.set_presence(other, {"userStatus": "Busy"})
    assert (await socket.body())["userStatus"] == "Busy"


async def test_nothing_is_sent_twice(
    wire: Wire, socket: Socket, emu: Emulator, other: str
) -> None:
    """What a socket got before its end is not replayed."""
    await socket.subscribe(FILTER)
    await emu.set_presence(other, {"userStatus": "Busy"})
    await socket.event()
    await emu.disconnect(1001)
    again = await wire.connect(wsc=socket.wsc)
    assert again.details[1]["recoveryState"] == "Successful"
    await again.nothing()


async def test_newest_hundred(
    lost: Socket, wire: Wire, emu: Emulator, other: str
) -> None:
    """More than 100 missed events: the oldest are gone, silently."""
    for number in range(130):
        status = "Busy" if number % 2 else "Offline"
        await emu.set_presence(other, {"userStatus": status})
    last = emu.extension(other).sequence
    socket = await wire.connect(wsc=lost.wsc)
    sequences = [(await socket.body())["sequence"] for _ in range(100)]
    assert sequences == list(range(last - 99, last + 1))
    await socket.nothing()


async def test_refresh_keeps_the_session(anonymous: Wire, emu: Emulator) -> None:
    """A refreshed token is the same session."""
    emu.faults.set(refresh_tokens=True)
    await anonymous.sign_in()
    socket = await anonymous.connect()
    await socket.subscribe(FILTER)
    await emu.disconnect(None)
    await anonymous.refresh()
    again = await anonymous.connect(wsc=socket.wsc)
    assert again.details[1]["recoveryState"] == "Successful"


async def test_new_session_fails(lost: Socket, wire: Wire) -> None:
    """A fresh sign-in is another session: WSG-1003, and the socket stays usable."""
    await wire.sign_in()
    socket = await wire.connect(wsc=lost.wsc)
    assert socket.details[1]["recoveryState"] == "Failed"
    assert socket.details[1]["recoveryErrorCode"] == "WSG-1003"
    assert (await socket.subscribe(FILTER))[0]["status"] == 200


async def test_sign_in_after_the_end_of_a_session(
    wire: Wire, socket: Socket, emu: Emulator
) -> None:
    """A token that ran out without a refresh token: the next sign-in is another."""
    await socket.subscribe(FILTER)
    emu.expire_access_tokens()
    assert await socket.close_code() == 1000
    await emu.wait_for(lambda: emu.counters.subscriptions == 0)
    await wire.sign_in()
    again = await wire.connect(wsc=socket.wsc)
    assert again.details[1]["recoveryErrorCode"] == "WSG-1003"


async def test_without_subscription_fails(
    wire: Wire, socket: Socket, emu: Emulator
) -> None:
    """Nothing to recover: WSG-1005."""
    await emu.disconnect(1001)
    again = await wire.connect(wsc=socket.wsc)
    assert again.details[1]["recoveryErrorCode"] == "WSG-1005"


async def test_too_late_fails(lost: Socket, wire: Wire, emu: Emulator) -> None:
    """After 180 seconds the session is forgotten, its subscription too."""
    emu.clock.advance(179)
    assert emu.counters.subscriptions == 0
    emu.clock.advance(2)
    socket = await wire.connect(wsc=lost.wsc)
    assert socket.details[1]["recoveryState"] == "Failed"


async def test_malformed_token(wire: Wire) -> None:
    """A made-up token is an Error frame in place of ConnectionDetails, then the end."""
    socket = await wire.connect(wsc="made-up")
    meta, body = socket.details
    assert (meta["type"], meta["status"]) == ("Error", 400)
    assert body == {
        "errorCode": "WSG-400",
        "message": "Malformed WebSocket session context token",
    }
    assert await socket.close_code() == 1000


async def test_recovery_of_a_recovery(lost: Socket, wire: Wire, emu: Emulator) -> None:
    """The new token recovers the session again."""
    second = await wire.connect(wsc=lost.wsc)
    await emu.disconnect(1001)
    await second.close_code()
    third = await wire.connect(wsc=second.wsc)
    assert third.details[1]["recoveryState"] == "Successful"
    assert emu.counters.subscriptions == 1


async def test_taking_over_an_open_socket(
    wire: Wire, socket: Socket, emu: Emulator, other: str
) -> None:
    """A client back before its loss was noticed gets its session, the old end is cut."""
    await socket.subscribe(FILTER)
    again = await wire.connect(wsc=socket.wsc)
    assert again.details[1]["recoveryState"] == "Successful"
    assert await socket.close_code() == 1006
    await emu.set_presence(other, {"userStatus": "Busy"})
    assert (await again.body())["userStatus"] == "Busy"


async def test_unrecoverable_disconnect(
    wire: Wire, socket: Socket, emu: Emulator
) -> None:
    """When the control says so the session is gone with the socket."""
    await socket.subscribe(FILTER)
    await emu.disconnect(1001, recoverable=False)
    await socket.close_code()
    again = await wire.connect(wsc=socket.wsc)
    assert again.details[1]["recoveryState"] == "Failed"


@pytest.mark.parametrize("how", ["fail", "WSG-1003", "WSG-1005"])
async def test_failing_recovery(
    lost: Socket, wire: Wire, emu: Emulator, how: str
) -> None:
    """The switch makes a good recovery fail."""
    emu.faults.set(recovery=how)
    socket = await wire.connect(wsc=lost.wsc)
    assert socket.details[1]["recoveryState"] == "Failed"
    assert socket.details[1]["recoveryErrorCode"].startswith("WSG-100")
    assert emu.counters.recoveries_failed == 1


async def test_lossy_recovery(
    lost: Socket, wire: Wire, emu: Emulator, other: str
) -> None:
    """The switch makes a recovery lack its oldest events without a word."""
    emu.faults.set(recovery_loses=2)
    await emu.play_call(other, ["ring", "answer", "hangup"])
    socket = await wire.connect(wsc=lost.wsc)
    assert socket.details[1]["recoveryState"] == "Successful"
    assert (await socket.body())["telephonyStatus"] == "NoCall"
    await socket.nothing()


async def test_newer_token_on_notifications(
    wire: Wire, socket: Socket, emu: Emulator, other: str
) -> None:
    """With the switch a notification brings a newer token, which marks a position."""
    emu.faults.set(wsc_on_notifications=True)
    await socket.subscribe(FILTER)
    await emu.play_call(other, ["ring", "answer"])
    first = await socket.find(lambda frame: frame[0]["type"] == "ServerNotification")
    assert first[0]["wsc"]["sequence"] == 2
    await emu.disconnect(1001)
    again = await wire.connect(wsc=first[0]["wsc"]["token"])
    assert (await again.body())["telephonyStatus"] == "CallConnected"


async def test_order_while_the_replay_waits(
    lost: Socket, wire: Wire, emu: Emulator, other: str
) -> None:
    """What happens between ConnectionDetails and the replay comes after it."""
    emu.faults.set(replay_delay=0.1)
    await emu.play_call(other, ["ring"])
    socket = await wire.connect(wsc=lost.wsc)
    await emu.set_presence(other, {"userStatus": "Busy"})
    first, second = await socket.body(), await socket.body()
    assert second["sequence"] == first["sequence"] + 1
    assert (first["telephonyStatus"], second["userStatus"]) == ("Ringing", "Busy")
    await socket.nothing()


async def test_late_replay(lost: Socket, wire: Wire, emu: Emulator, other: str) -> None:
    """With the switch an echo overtakes what was missed."""
    emu.faults.set(replay_late=True, replay_delay=0.2)
    await emu.play_call(other, ["ring"])
    socket = await wire.connect(wsc=lost.wsc)
    await socket.nothing()
    assert (await socket.body())["telephonyStatus"] == "Ringing"


async def test_cut_with_events_in_the_queue(
    wire: Wire, socket: Socket, emu: Emulator, other: str
) -> None:
    """What had not left when TCP was cut is not taken for sent."""
    await socket.subscribe(FILTER)
    await emu.play_call(other, ["ring", "answer"])
    await emu.disconnect(None)
    assert await socket.close_code() == 1006
    again = await wire.connect(wsc=socket.wsc)
    seen = [frame[1]["body"]["telephonyStatus"] for frame in socket.frames]
    while len(seen) < 2:
        seen.append((await again.body())["telephonyStatus"])
    assert seen == ["Ringing", "CallConnected"]
    await again.nothing()
