"""Calls of queues, pick-up groups and park locations, and calls to oneself."""

import pytest

from emulator import Emulator

from .wire import ACCOUNT, Socket, Wire

DETAILED = f"{ACCOUNT}/presence?detailedTelephonyState=true"


def presence(ext_id: str, query: str = "") -> str:
    """Return a presence filter."""
    return f"{ACCOUNT}/extension/{ext_id}/presence{query}"


@pytest.fixture
async def feed(socket: Socket) -> Socket:
    """Return a socket that gets every detailed event of the account."""
    assert (await socket.subscribe(DETAILED))[0]["status"] == 200
    return socket


async def test_queue_call(feed: Socket, emu: Emulator) -> None:
    """It waits in the queue and every member rings, one answers, the others stop."""
    queue = emu.ids(type="Department")[0]
    played = await emu.play_call(queue, ["ring", "answer", "hangup"])
    members = played["members"]
    assert len(members) > 1
    waiting = await feed.body()
    assert str(waiting["extensionId"]) == queue
    assert (waiting["presenceStatus"], waiting["telephonyStatus"]) == (
        "Offline",
        "Ringing",
    )
    name = emu.extension(queue).name
    assert waiting["activeCalls"][0]["direction"] == "Inbound"
    assert waiting["activeCalls"][0]["fromName"].startswith(f"{name} - ")
    ringing = [await feed.body() for _ in members]
    assert {str(body["extensionId"]) for body in ringing} == set(members)
    for body in ringing:
        call = body["activeCalls"][0]
        assert call["queueCall"] is True
        assert call["callInfo"]["primary"] == {"type": "QueueName", "value": name}
        assert not call["fromName"].startswith(name)
    served = await feed.body()
    assert (str(served["extensionId"]), served["telephonyStatus"]) == (queue, "NoCall")
    after = [await feed.body() for _ in members]
    statuses = {str(body["extensionId"]): body["telephonyStatus"] for body in after}
    assert statuses.pop(played["extension_id"]) == "CallConnected"
    assert set(statuses.values()) == {"NoCall"}
    assert (await feed.body())["telephonyStatus"] == "NoCall"


async def test_calls_that_wait(feed: Socket, wire: Wire, emu: Emulator) -> None:
    """Two callers wait and no member rings; one is answered, one gives up."""
    queue = emu.ids(type="Department")[0]
    for key in ("a", "b"):
        played = await emu.play_call(
            queue, ["ring"], key=key, ring_members=False, from_name=key.upper()
        )
        assert played["members"] == []
        body = await feed.body()
    name = emu.extension(queue).name
    assert [each["fromName"] for each in body["activeCalls"]] == [
        f"{name} - A",
        f"{name} - B",
    ]
    path = f"{presence(queue)}?detailedTelephonyState=true"
    reply = (await wire.get(path)).json
    assert reply["activeCalls"] == body["activeCalls"]
    assert reply.keys() == {"uri", "extension", "presenceStatus", "activeCalls"}
    taker = emu.extension(emu.own_extension_id)
    await emu.play_call(queue, ["answer"], key="a", answered_by=str(taker.id))
    bodies = [await feed.body() for _ in range(3)]
    assert [str(each["extensionId"]) for each in bodies] == [
        str(taker.id),
        queue,
        str(taker.id),
    ]
    assert taker.telephony_status == "CallConnected"
    await emu.play_call(queue, ["missed"], key="b")
    ended = await feed.body()
    assert ended["telephonyStatus"] == "NoCall"
    with pytest.raises(ValueError, match="no call"):
        await emu.play_call(queue, ["missed"], key="b")


async def test_no_member_to_answer(emu: Emulator) -> None:
    """A queue without members that take calls lets its callers wait."""
    queue = await emu.add_extension("Night Queue", type="Department")
    await emu.play_call(queue, ["ring"], key="a")
    assert emu.truth()[queue]["telephonyStatus"] == "Ringing"
    with pytest.raises(ValueError, match="no member"):
        await emu.play_call(queue, ["answer"], key="a")
    await emu.play_call(queue, ["hangup"], key="a")
    assert emu.truth()[queue]["telephonyStatus"] == "NoCall"


@pytest.mark.parametrize("kind", ["GroupCallPickup", "ParkLocation"])
async def test_groups_with_calls(
    feed: Socket, wire: Wire, emu: Emulator, kind: str
) -> None:
    """Pick-up groups and park locations show calls, in events and on REST."""
    group = await emu.add_extension("Front Desk", type=kind)
    await emu.play_call(group, ["ring"], from_name="Front Desk - Jo")
    body = await feed.body()
    assert body["presenceStatus"] == "Offline"
    path = f"{presence(group)}?detailedTelephonyState=true"
    reply = (await wire.get(path)).json
    assert reply["activeCalls"] == body["activeCalls"]
    assert "telephonyStatus" not in reply
    emu.faults.set(group_telephony_status="always")
    assert (await wire.get(path)).json["telephonyStatus"] == "Ringing"
    emu.faults.set(group_telephony_status="never")
    await emu.play_call(group, ["ring"])
    assert "telephonyStatus" not in await feed.body()


async def test_a_call_to_oneself(feed: Socket, emu: Emulator, other: str) -> None:
    """Two items of one session, one out and one in."""
    await emu.play_call(other, ["dial", "answer"], to_self=True)
    bodies = [await feed.body() for _ in range(4)]
    calls = bodies[-1]["activeCalls"]
    assert [each["direction"] for each in calls] == ["Outbound", "Inbound"]
    assert len({each["sessionId"] for each in calls}) == 1
    assert len({each["id"] for each in calls}) == 2
    assert {each["telephonyStatus"] for each in calls} == {"CallConnected"}
