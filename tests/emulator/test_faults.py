"""Each switch does what docs/emulator.md says, and nothing else."""

from typing import Any

import aiohttp
import pytest

from emulator import Emulator

from .wire import ACCOUNT, OWN, ROOT, Socket, Wire

DETAILED = f"{ACCOUNT}/presence?detailedTelephonyState=true"


@pytest.fixture
async def feed(socket: Socket) -> Socket:
    """Return a socket that gets every detailed event of the account."""
    await socket.subscribe(DETAILED)
    return socket


async def three(emu: Emulator, ext_id: str) -> int:
    """Cause three events; return the sequence before them."""
    before = emu.extension(ext_id).sequence
    for status in ("Busy", "Offline", "Available"):
        await emu.set_presence(ext_id, {"userStatus": status})
    return before


@pytest.mark.parametrize(
    ("faults", "seen"),
    [
        ({"drop_next": 2}, [3]),
        ({"drop": 1.0}, []),
        ({"duplicate_next": 1}, [1, 1, 2, 3]),
        ({"duplicate": 1.0}, [1, 1, 2, 2, 3, 3]),
        ({"reorder_next": 1}, [2, 1, 3]),
        ({"reorder": 1.0}, [2, 1, 3]),
        ({"delay": 0.05}, [1, 2, 3]),
    ],
)
async def test_delivery(
    feed: Socket, emu: Emulator, other: str, faults: dict[str, Any], seen: list[int]
) -> None:
    """Loss, doubles and disorder, by order of sequence."""
    emu.faults.set(**faults)
    before = await three(emu, other)
    found = [(await feed.body())["sequence"] - before for _ in seen]
    assert found == seen
    await feed.nothing()


async def test_duplicates_have_one_uuid(
    feed: Socket, emu: Emulator, other: str
) -> None:
    """A copy is a copy."""
    emu.faults.set(duplicate_next=1)
    await emu.set_presence(other, {"userStatus": "Busy"})
    assert await feed.event() == await feed.event()


@pytest.mark.parametrize("name", ["telephonyStatus", "presenceStatus", "activeCalls"])
async def test_omit(feed: Socket, emu: Emulator, other: str, name: str) -> None:
    """Fields are left out."""
    emu.faults.set(omit=[name])
    await emu.play_call(other, ["ring"])
    assert name not in await feed.body()


async def test_string_ids(feed: Socket, emu: Emulator, other: str) -> None:
    """As documentation has them, not as captures do."""
    emu.faults.set(string_ids=True)
    await emu.set_presence(other, {"userStatus": "Busy"})
    assert (await feed.body())["extensionId"] == other


async def test_unknown_enums(feed: Socket, emu: Emulator, other: str) -> None:
    """Values nobody knows, in calls too."""
    emu.faults.set(unknown_enums=["telephonyStatus", "dndStatus"])
    await emu.play_call(other, ["ring"])
    body = await feed.body()
    assert body["dndStatus"] == body["telephonyStatus"] == "SomethingNew"
    assert body["activeCalls"][0]["telephonyStatus"] == "SomethingNew"
    assert body["userStatus"] == "Available"


async def test_partial_bodies(feed: Socket, emu: Emulator, other: str) -> None:
    """Only what changed."""
    emu.faults.set(partial_bodies=True)
    await emu.set_presence(other, {"ringOnMonitoredCall": True, "userStatus": "Busy"})
    body = await feed.body()
    assert {"extensionId", "sequence", "userStatus"} <= body.keys()
    assert "dndStatus" not in body
    assert "totalActiveCalls" not in body
    await emu.play_call(other, ["ring"])
    body = await feed.body()
    assert body.keys() == {
        "extensionId",
        "sequence",
        "telephonyStatus",
        "activeCalls",
        "totalActiveCalls",
    }


async def test_extra_fields(feed: Socket, emu: Emulator, other: str) -> None:
    """A field nobody knows."""
    emu.faults.set(extra_fields=True)
    await emu.set_presence(other, {"userStatus": "Busy"})
    assert "emulatorNovelty" in await feed.body()


async def test_hangup_as_two(feed: Socket, emu: Emulator, other: str) -> None:
    """With the ended call, then without."""
    emu.faults.set(hangup_as_two=True)
    await emu.play_call(other, ["ring", "hangup"])
    ringing, ended, after = [await feed.body() for _ in range(3)]
    assert ended["activeCalls"][0]["terminationType"] == "final"
    assert "activeCalls" not in after
    assert "telephonyStatus" not in after
    assert (ended["totalActiveCalls"], after["totalActiveCalls"]) == (1, 0)
    assert after["sequence"] == ringing["sequence"] + 2


async def test_account_filter_without_calls(
    feed: Socket, emu: Emulator, other: str
) -> None:
    """The detailed account filter may lack what it is asked for."""
    emu.faults.set(account_detailed_calls=False)
    await emu.play_call(other, ["ring"])
    body = await feed.body()
    assert body["telephonyStatus"] == "Ringing"
    assert "activeCalls" not in body
    assert "totalActiveCalls" not in body


async def test_event_uri(feed: Socket, emu: Emulator, other: str) -> None:
    """`event` may be the account filter itself."""
    path = f"{ROOT}/account/{emu.account_id}"
    await emu.set_presence(other, {"userStatus": "Busy"})
    event = (await feed.event())["event"]
    assert event == f"{path}/extension/{other}/presence?detailedTelephonyState=true"
    emu.faults.set(event_uri="filter")
    await emu.set_presence(other, {"userStatus": "Available"})
    event = (await feed.event())["event"]
    assert event == f"{path}/presence?detailedTelephonyState=true"


async def test_empty_list_and_always_status(
    feed: Socket, emu: Emulator, other: str
) -> None:
    """An idle extension may be told with an empty list and its status."""
    emu.faults.set(empty_active_calls="list", always_telephony_status=True)
    await emu.set_presence(other, {"userStatus": "Busy"})
    body = await feed.body()
    assert (body["activeCalls"], body["telephonyStatus"]) == ([], "NoCall")


async def test_new_fields(socket: Socket, emu: Emulator, other: str) -> None:
    """Fields of newer accounts."""
    emu.faults.set(new_fields=True, new_call_handling=True)
    await socket.subscribe(f"{ACCOUNT}/extension/{other}/presence")
    await emu.set_presence(other, {"dndStatus": "DoNotAcceptAnyCalls"})
    body = await socket.body()
    assert body["dndStatusPersonal"] == "DoNotAcceptAnyCalls"
    assert body["acceptCallQueueCalls"] is True
    assert body["aggregatedTelephonyStatus"] == "NoCall"


@pytest.mark.parametrize("told", ["beside", "absent", "unknown"])
async def test_personal_do_not_disturb(
    socket: Socket, wire: Wire, emu: Emulator, other: str, told: str
) -> None:
    """Where dndStatus says nothing, the personal one tells, and is the one to set."""
    emu.faults.set(new_call_handling=True, dnd_status=told)
    await socket.subscribe(f"{ACCOUNT}/extension/{other}/presence")
    path = f"{ACCOUNT}/extension/{other}/presence"
    shown = {"beside": "DoNotAcceptAnyCalls", "unknown": "Unknown"}.get(told)
    body = {"dndStatusPersonal": "DoNotAcceptAnyCalls"}
    reply = (await wire.put(path, body)).json
    event = await socket.body()
    for each in (reply, event, (await wire.get(path)).json):
        assert each["dndStatusPersonal"] == "DoNotAcceptAnyCalls"
        assert each.get("dndStatus") == shown
    reply = (await wire.put(path, {"dndStatus": "TakeAllCalls"})).json
    applied = "TakeAllCalls" if told == "beside" else "DoNotAcceptAnyCalls"
    assert reply["dndStatusPersonal"] == applied
    reply = (await wire.put(path, {"dndStatusPersonal": "TakeAllCalls"})).json
    assert reply["dndStatusPersonal"] == "TakeAllCalls"


async def test_flat_queue_event(socket: Socket, emu: Emulator) -> None:
    """The other of two documented shapes."""
    emu.faults.set(queue_event="flat")
    queue, own = emu.ids(type="Department")[0], emu.own_extension_id
    await socket.subscribe(f"{ACCOUNT}/call-queues/{queue}/presence")
    await emu.set_presence(own, {"dndStatus": "DoNotAcceptAnyCalls"})
    body = await socket.body()
    assert body == {"extensionId": own, "callQueueId": queue, "acceptCalls": True}


async def test_forbidden_presence(
    socket: Socket, wire: Wire, emu: Emulator, other: str
) -> None:
    """Hidden users may be refused instead of shown Offline."""
    await emu.set_presence(other, {"allowSeeMyPresence": False})
    path = f"{ACCOUNT}/extension/{other}/presence"
    reply = (await wire.get(path)).json
    assert (reply["presenceStatus"], reply["allowSeeMyPresence"]) == ("Offline", False)
    assert "telephonyStatus" not in reply
    emu.faults.set(hidden_presence="forbidden")
    assert (await wire.get(path)).codes == ["CMN-408"]
    meta, body = await socket.subscribe(path)
    assert (meta["status"], body["errorCode"]) == (403, "SUB-403")


@pytest.mark.parametrize(
    ("fault", "kind", "text"),
    [
        ({"body": "json"}, "application/json", "CMN-201"),
        ({"body": "html"}, "text/html", "<html>"),
        ({"body": "empty"}, "text/plain", ""),
    ],
)
async def test_failing_requests(
    wire: Wire, emu: Emulator, fault: dict[str, str], kind: str, text: str
) -> None:
    """The next N on a path, with a body of any kind; other paths are well."""
    emu.faults.set(http_5xx=[{"path": "*/presence", "status": 503, "next": 2, **fault}])
    assert (await wire.get(OWN)).status == 200
    for _ in range(2):
        answer = await wire.get(f"{OWN}/presence")
        assert answer.status == 503
        assert answer.headers["Content-Type"].startswith(kind)
        assert text in answer.text
    assert (await wire.get(f"{OWN}/presence")).status == 200


async def test_failing_sign_in(anonymous: Wire, emu: Emulator) -> None:
    """The same for the OAuth endpoints, with Retry-After."""
    emu.faults.set(
        http_5xx=[
            {
                "path": "/restapi/oauth/token",
                "status": 503,
                "next": 1,
                "retry_after": 7,
                "method": "POST",
            }
        ]
    )
    answer = await anonymous.sign_in()
    assert (answer.status, answer.headers["Retry-After"]) == (503, "7")
    assert (await anonymous.sign_in()).status == 200
    emu.faults.set(http_5xx=[{"path": "*/wstoken", "status": 502, "body": "html"}])
    answer = await anonymous.ticket()
    assert (answer.status, answer.text[:6]) == (502, "<html>")


async def test_failing_requests_over_the_socket(socket: Socket, emu: Emulator) -> None:
    """A failure without JSON is pasted as it is; with JSON it is a reply."""
    emu.faults.set(http_5xx=[{"path": "*/presence", "status": 500}])
    meta, body = await socket.request("GET", f"{OWN}/presence")
    assert (meta["status"], body["errorCode"]) == (500, "CMN-203")


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("OAU-147", "invalid_grant"),
        ("OAU-121", "invalid_client"),
        ("OAU-251", "unauthorized_client"),
        ("OAU-142", "invalid_grant"),
        ("CMN-408", "invalid_client"),
    ],
)
async def test_token_error(
    anonymous: Wire, emu: Emulator, code: str, error: str
) -> None:
    """The token endpoint fails with a code, once."""
    emu.faults.set(token_error={"code": code, "next": 1})
    answer = await anonymous.sign_in()
    assert (answer.status, answer.codes) == (400, [code])
    assert answer.json["error"] == error
    assert (await anonymous.sign_in()).status == 200


async def test_site_access(anonymous: Wire, emu: Emulator) -> None:
    """OAU-167 is the one with 403."""
    emu.faults.set(token_error={"code": "OAU-167"})
    assert (await anonymous.sign_in()).status == 403
    assert (await anonymous.sign_in()).status == 403


async def test_old_oauth_errors(anonymous: Wire, emu: Emulator) -> None:
    """Without the list of codes."""
    emu.faults.set(oauth_error_without_codes=True)
    body = (await anonymous.token({"grant_type": "x"})).json
    assert body.keys() == {"error", "error_description"}


async def test_lost_token_reply(anonymous: Wire, emu: Emulator) -> None:
    """Carried out, but the connection breaks."""
    emu.faults.set(refresh_tokens=True, lose_token_replies=0)
    await anonymous.sign_in()
    old, access = anonymous.refresh_token, anonymous.access
    emu.faults.set(lose_token_replies=1)
    with pytest.raises(aiohttp.ClientError):
        await anonymous.refresh()
    assert emu.counters.tokens_issued == 2
    assert (await anonymous.get(ACCOUNT, auth=f"Bearer {access}")).codes == ["OAU-129"]
    assert (await anonymous.refresh(old)).status == 200


async def test_refused_ticket(wire: Wire, emu: Emulator) -> None:
    """Any status and code."""
    emu.faults.set(wstoken_error={"status": 401, "code": "OAU-129", "next": 1})
    answer = await wire.ticket()
    assert (answer.status, answer.codes) == (401, ["OAU-129"])
    emu.faults.set(wstoken_error={"next": 1})
    answer = await wire.ticket()
    assert (answer.status, answer.json["permissionName"]) == (403, "WebSocket")
    assert (await wire.ticket()).status == 200


async def test_error_instead_of_connection_details(wire: Wire, emu: Emulator) -> None:
    """An Error frame, then the end; the next one is well."""
    emu.faults.set(connection_error=1)
    socket = await wire.connect()
    assert socket.details[0]["type"] == "Error"
    assert await socket.close_code() == 1011
    assert (await wire.connect()).details[0]["type"] == "ConnectionDetails"


async def test_silent_sockets(
    feed: Socket, wire: Wire, emu: Emulator, other: str
) -> None:
    """Nothing comes any more, no echo either; a recovery brings what was missed."""
    emu.faults.set(silent_sockets=True)
    await emu.set_presence(other, {"userStatus": "Busy"})
    await feed.ws.send_json([{"type": "Heartbeat", "messageId": "x"}])
    await emu.wait_for(lambda: emu.counters.heartbeats == 1)
    assert emu.counters.events_buffered == 1
    assert emu.counters.sockets_open == 1
    emu.faults.set(silent_sockets=False)
    again = await wire.connect(wsc=feed.wsc)
    assert (await again.body())["userStatus"] == "Busy"


async def test_session_end_code(socket: Socket, emu: Emulator) -> None:
    """The close code at the end of a sign-in is not documented; it can be any."""
    emu.faults.set(session_end_code=4401)
    emu.revoke_tokens()
    assert await socket.close_code() == 4401


async def test_garbage_frames(socket: Socket, emu: Emulator) -> None:
    """Raw text and bytes reach every socket."""
    assert await emu.send_frame("not json") == 1
    assert (await socket.ws.receive()).data == "not json"
    await emu.send_frame(b"\0\xff")
    assert (await socket.ws.receive()).data == b"\0\xff"


async def test_raw_delivery(feed: Socket, emu: Emulator, other: str) -> None:
    """A body exactly as given."""
    assert await emu.deliver(other, {"extensionId": other, "sequence": 1}) == 1
    assert await feed.body() == {"extensionId": other, "sequence": 1}


@pytest.mark.parametrize(
    "faults",
    [
        {"nonsense": 1},
        {"_changed": 1},
        {"drop": "often"},
        {"drop_next": True},
        {"string_ids": 1},
        {"omit": "telephonyStatus"},
        {"event_uri": "other"},
        {"http_5xx": [{"nonsense": 1}]},
        {"http_429": {"Light": 3}},
        {"token_error": "OAU-147"},
    ],
)
def test_wrong_switches(faults: dict[str, Any]) -> None:
    """A mistake is told, and nothing is switched."""
    emu = Emulator()
    before = emu.faults.as_dict()
    with pytest.raises(ValueError, match=next(iter(faults))):
        emu.faults.set(duplicate_next=3, **faults)
    assert emu.faults.as_dict() == before


async def test_clear(emu: Emulator) -> None:
    """All off, as at start."""
    before = emu.faults.as_dict()
    emu.faults.set(drop=0.5, omit=["x"], token_error={"code": "OAU-147"})
    assert emu.faults.as_dict() != before
    emu.faults.clear()
    assert emu.faults.as_dict() == before


async def test_sequences_that_begin_again(
    feed: Socket, wire: Wire, emu: Emulator, other: str
) -> None:
    """As after a restart of the service."""
    body = {"restart_sequences": True}
    await wire.send("POST", "/emulator/faults", json=body, auth=None)
    await emu.set_presence(other, {"userStatus": "Busy"})
    assert (await feed.body())["sequence"] == 1


async def test_timeout_end_code(socket: Socket, emu: Emulator) -> None:
    """Which code follows the Error frame is not known; it can be any."""
    emu.faults.set(timeout_end_code=4903)
    emu.clock.advance(1800)
    assert await socket.close_code() == 4903
    assert socket.frames[-1][1]["errorCode"] == "WSG-902"
