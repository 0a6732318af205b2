"""Presence events and call events (docs/protocol.md 4)."""

from typing import Any

import pytest

from emulator import CallError, Emulator

from .wire import ACCOUNT, OWN, ROOT, Socket, Wire

DETAILED = f"{ACCOUNT}/presence?detailedTelephonyState=true"
PLAIN_KEYS = {
    "extensionId",
    "presenceStatus",
    "userStatus",
    "dndStatus",
    "meetingStatus",
    "allowSeeMyPresence",
    "ringOnMonitoredCall",
    "pickUpCallsOnHold",
}


@pytest.fixture
async def feed(socket: Socket) -> Socket:
    """Return a socket that gets every detailed event of the account."""
    assert (await socket.subscribe(DETAILED))[0]["status"] == 200
    return socket


def presence(ext_id: str, query: str = "") -> str:
    """Return a presence filter."""
    return f"{ACCOUNT}/extension/{ext_id}/presence{query}"


async def test_envelope(socket: Socket, emu: Emulator, other: str) -> None:
    """Real ids and the query in `event`, the subscriber in `ownerId`, an id as text."""
    await socket.subscribe(presence(other, "?detailedTelephonyState=true"))
    await emu.set_presence(other, {"userStatus": "Busy"})
    event = await socket.event()
    assert event.keys() == {
        "uuid",
        "event",
        "timestamp",
        "subscriptionId",
        "ownerId",
        "body",
    }
    path = f"{ROOT}/account/{emu.account_id}/extension/{other}/presence"
    assert event["event"] == f"{path}?detailedTelephonyState=true"
    assert event["ownerId"] == emu.own_extension_id
    assert event["uuid"].isdigit()
    assert event["timestamp"].endswith("Z")


async def test_plain_body(socket: Socket, emu: Emulator, other: str) -> None:
    """No calls, a numeric id, telephonyStatus only when it changed, no message."""
    await socket.subscribe(presence(other))
    await emu.set_presence(other, {"userStatus": "Busy", "message": "x"})
    body = await socket.body()
    assert body.keys() == PLAIN_KEYS
    assert body["extensionId"] == int(other)
    assert (body["userStatus"], body["presenceStatus"]) == ("Busy", "Busy")
    await emu.play_call(other, ["ring"])
    body = await socket.body()
    assert body.keys() == PLAIN_KEYS | {"telephonyStatus"}
    await emu.play_call(other, ["ring"])
    assert (await socket.body()).keys() == PLAIN_KEYS


@pytest.mark.parametrize(
    ("where", "detailed", "plain", "account"),
    [
        ("detailed", True, False, True),
        ("all", True, True, True),
        ("not_account", True, False, False),
        ("none", False, False, False),
    ],
)
async def test_sequence(
    wire: Wire,
    emu: Emulator,
    other: str,
    where: str,
    detailed: bool,
    plain: bool,
    account: bool,
) -> None:
    """Plain events have none unless asked for; what the account's have is open."""
    emu.faults.set(sequence=where)
    query = "?detailedTelephonyState=true"
    asked = (presence(other, query), presence(other), f"{ACCOUNT}/presence{query}")
    for path, wanted in zip(asked, (detailed, plain, account), strict=True):
        socket = await wire.connect()
        await socket.subscribe(path)
        status = "Busy" if emu.extension(other).user_status != "Busy" else "Available"
        await emu.set_presence(other, {"userStatus": status})
        assert ("sequence" in await socket.body()) is wanted


async def test_plain_account_event(socket: Socket, emu: Emulator, other: str) -> None:
    """As captured: the extension's path without query, a numeric id, no sequence."""
    emu.faults.set(plain_message=True)
    await socket.subscribe(f"{ACCOUNT}/presence")
    await emu.set_presence(other, {"userStatus": "Busy", "message": "x"})
    event = await socket.event()
    path = f"/restapi/v1.0/account/{emu.account_id}/extension/{other}/presence"
    assert event["event"] == path
    assert event["body"].keys() == PLAIN_KEYS | {"message"}
    assert event["body"]["message"] == "x"
    assert event["body"]["extensionId"] == int(other)


async def test_message_alone_is_no_event(
    feed: Socket, emu: Emulator, other: str
) -> None:
    """Custom text comes from REST only."""
    await emu.set_presence(other, {"message": "Back soon"})
    await feed.nothing()


async def test_lifecycle(feed: Socket, emu: Emulator, other: str) -> None:
    """Ringing leaves Available; connected and held are Busy; the end is final."""
    await emu.play_call(
        other,
        ["ring", "answer", "hold", "resume", "hangup"],
        from_="+14155550123",
        from_name="Jo Doe",
    )
    seen = [await feed.body() for _ in range(5)]
    assert [
        (body["telephonyStatus"], body["presenceStatus"], body["totalActiveCalls"])
        for body in seen
    ] == [
        ("Ringing", "Available", 1),
        ("CallConnected", "Busy", 1),
        ("OnHold", "Busy", 1),
        ("CallConnected", "Busy", 1),
        ("NoCall", "Available", 1),
    ]
    calls = [body["activeCalls"][0] for body in seen]
    assert [call["telephonyStatus"] for call in calls] == [
        body["telephonyStatus"] for body in seen
    ]
    assert calls[0]["direction"] == "Inbound"
    assert (calls[0]["from"], calls[0]["fromName"]) == ("+14155550123", "Jo Doe")
    assert calls[0]["telephonySessionId"].startswith("s-")
    assert calls[0]["partyId"].startswith("p-")
    assert len({call["telephonySessionId"] for call in calls}) == 1
    assert "terminationType" not in calls[3]
    assert calls[4]["terminationType"] == "final"
    assert "sipData" not in calls[0]
    assert "activeCalls" not in emu.truth()[other]


async def test_after_the_call_the_list_is_absent(
    feed: Socket, emu: Emulator, other: str
) -> None:
    """A later event of an idle extension has no activeCalls."""
    await emu.set_presence(other, {"userStatus": "Busy"})
    body = await feed.body()
    assert "activeCalls" not in body
    assert body["totalActiveCalls"] == 0


@pytest.mark.parametrize(
    "word", ["hangup", "reject", "voicemail", "missed", "elsewhere"]
)
async def test_ends_of_ringing(
    feed: Socket, emu: Emulator, other: str, word: str
) -> None:
    """However ringing ends, the wire shows NoCall and final."""
    await emu.play_call(other, ["ring", word])
    await feed.body()
    body = await feed.body()
    assert body["telephonyStatus"] == "NoCall"
    assert body["activeCalls"][0]["terminationType"] == "final"


async def test_outbound(feed: Socket, emu: Emulator, other: str) -> None:
    """A call that goes out rings too."""
    await emu.play_call(other, ["dial", "answer"], to="+14155550199")
    body = await feed.body()
    assert body["telephonyStatus"] == "Ringing"
    assert body["activeCalls"][0]["direction"] == "Outbound"
    assert body["activeCalls"][0]["to"] == "+14155550199"


async def test_second_call_while_the_first_is_held(
    feed: Socket, emu: Emulator, other: str
) -> None:
    """OnHold beats Ringing, as in the documented sample."""
    await emu.play_call(other, ["ring", "answer", "hold"], key="a")
    await emu.play_call(other, ["ring"], key="b")
    bodies = [await feed.body() for _ in range(4)]
    last = bodies[-1]
    assert "telephonyStatus" not in last
    assert emu.truth()[other]["telephonyStatus"] == "OnHold"
    assert [call["telephonyStatus"] for call in last["activeCalls"]] == [
        "OnHold",
        "Ringing",
    ]
    assert last["totalActiveCalls"] == 2
    await emu.play_call(other, ["answer"], key="b")
    assert (await feed.body())["telephonyStatus"] == "CallConnected"
    await emu.play_call(other, ["swap"])
    swapped = await feed.body()
    assert [call["telephonyStatus"] for call in swapped["activeCalls"]] == [
        "CallConnected",
        "OnHold",
    ]
    await emu.play_call(other, ["hangup"], key="b")
    ended = await feed.body()
    assert "telephonyStatus" not in ended
    assert ended["presenceStatus"] == "Busy"
    assert ended["totalActiveCalls"] == 2


async def test_seven_calls_are_listed(feed: Socket, emu: Emulator, other: str) -> None:
    """The newest seven, while the total counts all, the one that ends too."""
    for number in range(9):
        await emu.play_call(other, ["ring"], key=str(number))
        body = await feed.body()
    assert len(body["activeCalls"]) == 7
    assert body["totalActiveCalls"] == 9
    shown = emu.truth()[other]
    assert (len(shown["activeCalls"]), shown["totalActiveCalls"]) == (9, 9)
    await emu.play_call(other, ["missed"], key="0")
    body = await feed.body()
    assert body["totalActiveCalls"] == 9
    assert all("terminationType" not in call for call in body["activeCalls"])


async def test_sequence_counts_per_extension(
    feed: Socket, emu: Emulator, other: str
) -> None:
    """One more with each event of an extension, whatever the others do."""
    own = emu.own_extension_id
    start = emu.extension(other).sequence
    for status in ("Busy", "Offline", "Available"):
        await emu.set_presence(other, {"userStatus": status})
        await emu.set_presence(own, {"userStatus": status})
    await emu.set_presence(own, {"userStatus": "Available"})
    seen: dict[int, list[int]] = {}
    for _ in range(5):
        body = await feed.body()
        seen.setdefault(body["extensionId"], []).append(body["sequence"])
    assert seen[int(other)] == [start + 1, start + 2, start + 3]
    assert seen[int(own)] == sorted(seen[int(own)])


async def test_no_change_no_event(feed: Socket, emu: Emulator, other: str) -> None:
    """Setting what is set already tells nothing."""
    await emu.set_presence(other, {"userStatus": emu.extension(other).user_status})
    await feed.nothing()


async def test_park_and_retrieve(feed: Socket, emu: Emulator, other: str) -> None:
    """The parker's call ends; the park location shows it until it is retrieved."""
    place = emu.ids(type="ParkLocation")[0]
    await emu.play_call(other, ["ring", "answer", "park"], key="p")
    bodies = [await feed.body() for _ in range(4)]
    assert bodies[2]["telephonyStatus"] == "NoCall"
    assert bodies[2]["activeCalls"][0]["terminationType"] == "final"
    assert bodies[3]["extensionId"] == int(place)
    assert bodies[3]["telephonyStatus"] == "ParkedCall"
    assert bodies[3]["presenceStatus"] == "Offline"
    session = bodies[0]["activeCalls"][0]["telephonySessionId"]
    assert bodies[3]["activeCalls"][0]["telephonySessionId"] == session
    assert emu.truth()[place]["telephonyStatus"] == "ParkedCall"
    await emu.play_call(emu.own_extension_id, ["retrieve"], key="p")
    bodies = [await feed.body() for _ in range(2)]
    assert (bodies[0]["extensionId"], bodies[0]["telephonyStatus"]) == (
        int(place),
        "NoCall",
    )
    assert bodies[1]["extensionId"] == int(emu.own_extension_id)
    assert bodies[1]["activeCalls"][0]["telephonySessionId"] == session


async def test_sip_data(socket: Socket, emu: Emulator, other: str) -> None:
    """Only with sipData in the filter; a ringing call has the tag blf."""
    query = "?detailedTelephonyState=true&sipData=true"
    await socket.subscribe(presence(other, query))
    await emu.play_call(other, ["ring", "answer"])
    ringing, connected = [
        (await socket.body())["activeCalls"][0]["sipData"] for _ in range(2)
    ]
    assert ringing["toTag"] == "blf"
    assert connected["toTag"] != "blf"
    assert ringing.keys() == {
        "callId",
        "toTag",
        "fromTag",
        "remoteUri",
        "localUri",
        "rcSessionId",
    }


async def test_only_the_detailed_one_is_sent(
    socket: Socket, emu: Emulator, other: str
) -> None:
    """Simple and detailed asked for: one event, the detailed, however they are asked."""
    await socket.subscribe(
        presence(other, "?detailedTelephonyState=true"),
        presence(other),
        f"{ACCOUNT}/presence",
    )
    await emu.play_call(other, ["ring"])
    assert "activeCalls" in await socket.body()
    await socket.nothing()


async def test_two_sockets_are_two_streams(
    socket: Socket, wire: Any, emu: Emulator, other: str
) -> None:
    """Each subscription gets the event once."""
    second = await wire.connect()
    for each in (socket, second):
        await each.subscribe(presence(other))
    await emu.set_presence(other, {"userStatus": "Busy"})
    first, again = await socket.event(), await second.event()
    assert first["body"] == again["body"]
    assert first["subscriptionId"] != again["subscriptionId"]


async def test_lines_and_favorites(socket: Socket, emu: Emulator) -> None:
    """Only who is on the list is heard, and the list may change."""
    near, far = emu.ids(type="User", status="Enabled")[3:5]
    for name, kind in (("set_lines", "presence/line"), ("set_favorites", "favorite")):
        await getattr(emu, name)([near])
        await socket.subscribe(f"{OWN}/{kind}/presence?detailedTelephonyState=true")
        await emu.play_call(far, ["ring", "missed"])
        await emu.play_call(near, ["ring", "missed"])
        for _ in range(2):
            event = await socket.event()
            assert event["body"]["extensionId"] == int(near)
            assert "/presence?detailedTelephonyState=true" in event["event"]
        await socket.nothing()
        await getattr(emu, name)([near, far])
        await emu.play_call(far, ["ring", "missed"])
        assert (await socket.body())["extensionId"] == int(far)
        await socket.body()


async def test_own_presence_is_on_the_own_lines(socket: Socket, emu: Emulator) -> None:
    """The first two lines are the own extension."""
    await socket.subscribe(f"{OWN}/presence/line/presence")
    await emu.set_presence(emu.own_extension_id, {"userStatus": "Busy"})
    assert (await socket.body())["extensionId"] == int(emu.own_extension_id)


async def test_dnd_filter(socket: Socket, emu: Emulator) -> None:
    """Two fields, and only when dndStatus changes."""
    own = emu.own_extension_id
    await socket.subscribe(f"{OWN}/presence/dnd")
    await emu.set_presence(own, {"userStatus": "Busy"})
    await emu.set_presence(own, {"dndStatus": "DoNotAcceptAnyCalls"})
    assert await socket.body() == {
        "extensionId": int(own),
        "dndStatus": "DoNotAcceptAnyCalls",
    }


async def test_queue_presence(socket: Socket, emu: Emulator) -> None:
    """A member's availability, by DND and by the queue's own switch."""
    queue = emu.ids(type="Department")[0]
    await socket.subscribe(f"{ACCOUNT}/call-queues/{queue}/presence")
    own = emu.own_extension_id
    await emu.set_presence(own, {"dndStatus": "DoNotAcceptDepartmentCalls"})
    record = (await socket.body())["records"][0]
    assert record["member"]["id"] == own
    body = {"records": [{"callQueue": {"id": queue}, "acceptCalls": False}]}
    await socket.request("PUT", f"{OWN}/call-queue-presence", body)
    event = await socket.body()
    assert event["records"][0]["acceptCurrentQueueCalls"] is False


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"userStatus": "Offline"}, "Offline"),
        ({"userStatus": "Busy"}, "Busy"),
        ({"meetingStatus": "Connected"}, "Busy"),
        ({"dndStatus": "DoNotAcceptAnyCalls"}, "Busy"),
        ({"dndStatus": "DoNotAcceptDepartmentCalls"}, "Available"),
        ({"dndStatus": "TakeDepartmentCallsOnly"}, "Available"),
        ({"userStatus": "Offline", "dndStatus": "DoNotAcceptAnyCalls"}, "Offline"),
    ],
)
async def test_presence_status_rule(
    emu: Emulator, fields: dict[str, str], status: str
) -> None:
    """How presenceStatus follows from the rest (docs/protocol.md 4.6)."""
    shown = await emu.set_presence(emu.own_extension_id, fields)
    assert shown["presenceStatus"] == status


async def test_hidden_presence(feed: Socket, emu: Emulator, other: str) -> None:
    """Who hides is seen leaving, then nothing is told until the curtain opens."""
    await emu.set_presence(other, {"allowSeeMyPresence": False})
    body = await feed.body()
    assert (body["presenceStatus"], body["allowSeeMyPresence"]) == ("Offline", False)
    await emu.play_call(other, ["ring", "answer"])
    await feed.nothing()
    assert "telephonyStatus" not in emu.truth()[other]
    await emu.set_presence(other, {"allowSeeMyPresence": True})
    body = await feed.body()
    assert body["telephonyStatus"] == "CallConnected"


@pytest.mark.parametrize(
    ("script", "problem"),
    [
        ([], "empty"),
        (["sing"], "unknown word"),
        (["wait:x"], "wait needs seconds"),
        (["wait:-1"], "wait is"),
        (["answer"], "no call"),
        (["ring", "hold"], "cannot follow"),
        (["ring", "ring"], "already"),
        (["swap"], "held"),
        (["retrieve"], "parked"),
    ],
)
async def test_impossible_scripts(
    emu: Emulator, other: str, script: list[str], problem: str
) -> None:
    """A script that cannot be says why."""
    with pytest.raises(CallError, match=problem):
        await emu.play_call(other, script, key="x")


async def test_unknown_option(emu: Emulator, other: str) -> None:
    """So does an option."""
    with pytest.raises(ValueError, match="unknown option"):
        await emu.play_call(other, ["ring"], colour="red")
    with pytest.raises(ValueError, match="direction"):
        await emu.play_call(other, ["ring"], direction="Sideways")
