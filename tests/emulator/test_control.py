"""The control paths over HTTP: each of docs/emulator.md once."""

from typing import Any

import pytest

from emulator import Emulator

from .wire import ACCOUNT, Answer, Socket, Wire


async def post(wire: Wire, path: str, body: Any = None) -> Answer:
    """POST to a control path, without any sign-in."""
    return await wire.send("POST", f"/emulator/{path}", auth=None, json=body or {})


async def read(wire: Wire, path: str) -> Any:
    """GET a control path."""
    answer = await wire.get(f"/emulator/{path}", auth=None)
    assert answer.status == 200
    return answer.json


async def test_reads(wire: Wire, emu: Emulator) -> None:
    """Truth, counters, faults, info."""
    assert await read(wire, "info") == emu.info()
    assert await read(wire, "truth") == emu.truth()
    assert await read(wire, "faults") == emu.faults.as_dict()
    counters = await read(wire, "counters")
    assert counters["tokens_issued"] == 1
    assert counters["requests"]["POST /restapi/oauth/token"] == 1


async def test_presence(wire: Wire, emu: Emulator, other: str) -> None:
    """Of anyone, `~` for the user, without the rules of PUT."""
    answer = await post(wire, f"presence/{other}", {"meetingStatus": "Connected"})
    assert answer.json["presenceStatus"] == "Busy"
    body = {"dndStatus": "TakeDepartmentCallsOnly", "message": "x" * 99}
    answer = await post(wire, "presence/~", body)
    assert answer.json["dndStatus"] == "TakeDepartmentCallsOnly"
    assert (await post(wire, "presence/~", {"userStatus": "x"})).status == 400
    assert (await post(wire, "presence/~", {"nonsense": 1})).status == 400
    assert (await post(wire, "presence/1", {})).status == 400


async def test_calls(wire: Wire, emu: Emulator, other: str) -> None:
    """A script at once, one with a pause, one that goes on with a call."""
    body = {"extension_id": other, "call": "a", "script": ["ring", "answer"]}
    answer = await post(wire, "calls", body | {"from": "+14155550123"})
    assert [each["telephonyStatus"] for each in answer.json["steps"]] == [
        "Ringing",
        "CallConnected",
    ]
    assert answer.json["call"] == "a"
    assert emu.truth()[other]["activeCalls"][0]["from"] == "+14155550123"
    answer = await post(wire, "calls", body | {"script": ["hold", "wait:30", "resume"]})
    assert answer.json == {"extension_id": other, "playing": True}
    assert emu.truth()[other]["telephonyStatus"] == "OnHold"
    answer = await post(wire, "calls", body | {"script": ["hangup"], "wait": True})
    assert answer.json["steps"][0]["telephonyStatus"] == "NoCall"


@pytest.mark.parametrize(
    "body",
    [
        {"script": ["nonsense"]},
        {"script": []},
        {"script": "ring"},
        {},
        {"script": ["hangup"]},
        {"script": ["ring"], "extension_id": "1"},
        {"script": ["ring"], "nonsense": 1},
        {"script": ["ring"], "interval": "long"},
    ],
)
async def test_wrong_calls(wire: Wire, body: dict[str, Any]) -> None:
    """A mistake is 400 and says what."""
    answer = await post(wire, "calls", body)
    assert answer.status == 400
    assert answer.json["error"]


async def test_disconnect(wire: Wire, socket: Socket) -> None:
    """With a code; a wrong one is refused."""
    assert (await post(wire, "disconnect", {"code": 7})).status == 400
    answer = await post(wire, "disconnect", {"code": 4123, "recoverable": False})
    assert answer.json == {"closed": 1}
    assert await socket.close_code() == 4123


async def test_cut(wire: Wire, socket: Socket) -> None:
    """Null cuts TCP."""
    await post(wire, "disconnect", {"code": None})
    assert await socket.close_code() == 1006


async def test_faults(wire: Wire, emu: Emulator) -> None:
    """Sets those named, tells all, refuses unknown ones."""
    answer = await post(wire, "faults", {"drop_next": 2})
    assert (answer.json["drop_next"], emu.faults.drop_next) == (2, 2)
    answer = await post(wire, "faults", {"dropnext": 2})
    assert (answer.status, answer.json) == (400, {"error": "unknown fault dropnext"})
    await post(wire, "faults", {"revoke_tokens": True})
    assert (await wire.get(ACCOUNT)).status == 401


@pytest.mark.parametrize(
    ("action", "code"),
    [("revoke", "OAU-213"), ("expire_access", "OAU-128"), ("supersede", "OAU-213")],
)
async def test_tokens(wire: Wire, action: str, code: str) -> None:
    """Ends of sign-ins."""
    assert (await post(wire, "tokens", {"action": action})).status == 200
    assert (await wire.get(ACCOUNT)).codes == [code]
    assert (await post(wire, "tokens", {"action": "x"})).status == 400


async def test_frame_deliver_clock(
    wire: Wire, socket: Socket, emu: Emulator, other: str
) -> None:
    """Raw frames, raw events, time."""
    await socket.subscribe(f"{ACCOUNT}/presence")
    assert (await post(wire, "frame", {"text": "x"})).json == {"sockets": 1}
    assert (await socket.ws.receive()).data == "x"
    await post(wire, "frame", {"binary": "00ff"})
    assert (await socket.ws.receive()).data == b"\0\xff"
    assert (await post(wire, "frame", {})).status == 400
    body = {"extension_id": other, "body": {"extensionId": other}}
    assert (await post(wire, "deliver", body)).json == {"sent": 1}
    assert await socket.body() == {"extensionId": other}
    assert (await post(wire, "deliver", {})).status == 400
    before = emu.clock.now()
    assert (await post(wire, "clock", {"advance": 60})).json["now"] >= before + 60
    assert (await post(wire, "clock", {"advance": -1})).status == 400


async def test_membership(wire: Wire, emu: Emulator, other: str) -> None:
    """Lists and extensions."""
    added = (await post(wire, "membership", {"add": {"name": "Nora New"}})).json[
        "added"
    ]
    await post(wire, "membership", {"lines": [added], "favorites": [other, "77"]})
    await post(wire, "membership", {"rename": {"id": added, "name": "Nora Newer"}})
    await post(wire, "membership", {"status": {"id": other, "status": "Frozen"}})
    assert emu.extension(added).name == "Nora Newer"
    assert emu.extension(other).status == "Frozen"
    await post(wire, "membership", {"remove": added})
    assert added not in emu.ids()
    assert (await post(wire, "membership", {"remove": added})).status == 400


async def test_reset(wire: Wire, socket: Socket, emu: Emulator, other: str) -> None:
    """Everything as at start; sign-ins and sockets stay and see it happen."""
    start = emu.truth()
    await socket.subscribe(f"{ACCOUNT}/presence?detailedTelephonyState=true")
    await emu.play_call(other, ["ring", "answer"])
    await emu.set_presence(emu.own_extension_id, {"userStatus": "Busy"})
    new = await emu.add_extension("Nora New")
    emu.faults.set(string_ids=True)
    assert (await post(wire, "reset")).status == 200
    assert emu.truth() == start
    assert new not in emu.ids()
    assert emu.faults.string_ids is False
    assert emu.counters.sockets_open == 1
    assert emu.counters.subscriptions == 1
    bodies = [await socket.body() for _ in range(5)]
    ended = next(x for x in bodies[3:] if x["extensionId"] == int(other))
    assert ended["activeCalls"][0]["terminationType"] == "final"
    assert (await wire.get(ACCOUNT)).status == 200


async def test_bad_json(wire: Wire) -> None:
    """Not JSON, or no object."""
    for data in ("{", "[]"):
        answer = await wire.send("POST", "/emulator/faults", auth=None, data=data)
        assert answer.status == 400
        assert answer.json["error"]


async def test_simulate(wire: Wire, socket: Socket, emu: Emulator) -> None:
    """The office begins and ends; truth is what the events say."""
    await socket.subscribe(f"{ACCOUNT}/presence?detailedTelephonyState=true")
    assert (await post(wire, "simulate", {"pace": 500})).status == 200
    calls: dict[str, int] = {}
    for _ in range(60):
        body = await socket.body()
        listed = body.get("activeCalls", [])
        calls[str(body["extensionId"])] = sum(
            call["telephonyStatus"] != "NoCall" for call in listed
        )
    await post(wire, "simulate", {"on": False})
    await socket.ws.send_json([{"type": "Heartbeat", "messageId": "end"}])
    while (frame := await socket.read()) is not None:
        if frame[0]["messageId"] == "end":
            break
        body = frame[1]["body"]
        listed = body.get("activeCalls", [])
        calls[str(body["extensionId"])] = sum(
            call["telephonyStatus"] != "NoCall" for call in listed
        )
    assert calls
    assert not any(calls.values())
    assert not any("activeCalls" in each for each in emu.truth().values())
    assert (await post(wire, "simulate", {"pace": 0})).status == 400


async def test_simulate_queues_and_voicemail(wire: Wire, emu: Emulator) -> None:
    """Calls wait in queues, callers leave messages, people hear them and log out."""
    seen: set[str] = set()

    def everything() -> bool:
        for ext_id in emu.ids(type="Department"):
            if emu.truth()[ext_id]["telephonyStatus"] == "Ringing":
                seen.add("waits")
        for messages in emu.mail.all().values():
            seen.update(str(each["readStatus"]) for each in messages)
        for queue in emu.queues().values():
            seen.update(str(each) for each in queue["members"].values())
        return seen >= {"waits", "Read", "Unread", "True", "False"}

    await post(wire, "simulate", {"pace": 1000})
    await emu.wait_for(everything, timeout=30)
    await post(wire, "simulate", {"on": False})
    assert not any("activeCalls" in each for each in emu.truth().values())
