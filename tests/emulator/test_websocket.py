"""Tickets, frames and the end of sockets (docs/protocol.md 3)."""

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest

from emulator import Emulator

from .wire import ACCOUNT, DEADLINE, OWN, ROOT, Socket, Wire


@pytest.mark.parametrize("ticket", ["", "made-up"])
async def test_bad_ticket_is_closed_after_the_upgrade(wire: Wire, ticket: str) -> None:
    """Never a 401 at the upgrade: accept, then close 4400."""
    socket = await wire.connect(ticket)
    assert (socket.details, socket.closed) == ([], 4400)
    assert wire.emu.counters.sockets_refused == 1


async def test_missing_ticket(wire: Wire) -> None:
    """No ticket at all is the same."""
    async with wire.http.ws_connect(wire.emu.ws_url) as ws:
        message = await ws.receive(DEADLINE)
        assert (message.type, message.data) == (aiohttp.WSMsgType.CLOSE, 4400)


async def test_ticket_life(wire: Wire, emu: Emulator) -> None:
    """60 seconds, announced; reusable meanwhile, as an official client does."""
    reply = (await wire.ticket()).json
    assert reply["expires_in"] == 60
    assert reply["uri"] == emu.ws_url
    ticket = reply["ws_access_token"]
    assert (await wire.connect(ticket)).details
    assert (await wire.connect(ticket)).details
    emu.clock.advance(61)
    assert (await wire.connect(ticket)).closed == 4400


async def test_single_use_ticket(wire: Wire, emu: Emulator) -> None:
    """Strict as the documentation says, when switched so."""
    emu.faults.set(ticket_single_use=True, ticket_ttl=5)
    reply = (await wire.ticket()).json
    assert reply["expires_in"] == 5
    assert (await wire.connect(reply["ws_access_token"])).details
    assert (await wire.connect(reply["ws_access_token"])).closed == 4400


async def test_ticket_of_a_dead_session(wire: Wire, emu: Emulator) -> None:
    """A ticket is worth no more than its session."""
    ticket = (await wire.ticket()).json["ws_access_token"]
    emu.revoke_tokens()
    assert (await wire.connect(ticket)).closed == 4400


async def test_connection_details(socket: Socket) -> None:
    """The first frame, with every limit and without recoveryState."""
    meta, body = socket.details
    assert meta["type"] == "ConnectionDetails"
    assert meta["status"] == 200
    assert meta["wsc"]["sequence"] == 1
    assert body.pop("creationTime").endswith("+0000")
    assert body == {
        "maxConnectionsPerSession": 50,
        "recoveryBufferSize": 100,
        "recoveryTimeout": 180,
        "idleTimeout": 1800,
        "absoluteTimeout": 86400,
        "maxActiveRequests": 10,
    }


async def test_heartbeat_is_echoed(socket: Socket) -> None:
    """With the same id, without a body."""
    await socket.ws.send_json([{"type": "Heartbeat", "messageId": "a/b+c="}])
    assert await socket.read() == [{"type": "Heartbeat", "messageId": "a/b+c="}]


@pytest.mark.parametrize("path", [f"{ACCOUNT}", f"{ACCOUNT}/", ACCOUNT[1:]])
async def test_any_rest_call(socket: Socket, path: str) -> None:
    """With and without slashes; the reply says ClientRequest and has headers."""
    meta, body = await socket.request("GET", path)
    assert (meta["type"], meta["status"]) == ("ClientRequest", 200)
    assert meta["headers"]["RCRequestId"]
    assert meta["headers"]["X-Rate-Limit-Group"] == "light"
    assert body["uri"].startswith("/restapi/v1.0/account/")


async def test_query_in_path_and_in_meta(socket: Socket) -> None:
    """Both ways of a query count."""
    _, body = await socket.request("GET", f"{ACCOUNT}/extension?perPage=2")
    assert len(body["records"]) == 2
    _, body = await socket.request(
        "GET", f"{ACCOUNT}/extension", query={"perPage": 3, "type": ["User", "IvrMenu"]}
    )
    assert len(body["records"]) == 3


async def test_rest_failure_stays_a_reply(socket: Socket) -> None:
    """Status and error body, still as ClientRequest."""
    meta, body = await socket.request("GET", f"{ACCOUNT}/extension/1")
    assert (meta["type"], meta["status"]) == ("ClientRequest", 404)
    assert body["errors"][0]["errorCode"] == "CMN-102"


async def test_batch_is_pasted_raw(wire: Wire, emu: Emulator) -> None:
    """Multipart over the socket is no JSON: it follows the meta element as it is."""
    socket = await wire.connect()
    ids = ",".join(emu.extension_ids[:2])
    request = {"type": "ClientRequest", "messageId": "1", "method": "GET"}
    await socket.ws.send_json(
        [request | {"path": f"{ACCOUNT}/extension/{ids}/presence"}]
    )
    text = await socket.ws.receive_str(timeout=DEADLINE)
    assert "},--Boundary_" in text


async def test_oauth_is_not_for_sockets(socket: Socket) -> None:
    """/restapi/oauth is the one part that is HTTP only."""
    meta, body = await socket.request("POST", "/restapi/oauth/wstoken")
    assert (meta["status"], body["errorCode"]) == (404, "CMN-120")


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ("not json", "WSG-400"),
        ("{}", "WSG-400"),
        ("[]", "WSG-400"),
        ('[{"type": "ClientRequest"}]', "WSG-400"),
        ('[{"type": "Magic", "messageId": "1"}]', "WSG-400"),
        ('[{"type": "ClientRequest", "messageId": "1"}]', "WSG-400"),
        (
            '[{"type":"ClientRequest","messageId":"1","method":"GET","path":"/x"},null]',
            "WSG-808",
        ),
        (
            '[{"type":"ClientRequest","messageId":"1","method":"GET","path":"/x"},[]]',
            "WSG-808",
        ),
    ],
)
async def test_malformed_frames(socket: Socket, frame: str, code: str) -> None:
    """An Error frame, and the socket goes on."""
    await socket.ws.send_str(frame)
    answer = await socket.read()
    assert answer is not None
    assert (answer[0]["type"], answer[0]["status"]) == ("Error", 400)
    assert answer[1]["errorCode"] == code
    await socket.nothing()


async def test_binary_frame(socket: Socket) -> None:
    """Binary is an error too."""
    await socket.ws.send_bytes(b"\0")
    answer = await socket.read()
    assert answer is not None
    assert answer[1]["errorCode"] == "WSG-400"


async def test_idle_timeout(anonymous: Wire, emu: Emulator) -> None:
    """WSG-902 and the end; a heartbeat puts it off, a ping frame does not."""
    emu.faults.set(access_token_ttl=100_000)
    await anonymous.sign_in()
    socket = await anonymous.connect()
    emu.clock.advance(1700)
    await socket.nothing()
    emu.clock.advance(1700)
    await socket.nothing()
    emu.clock.advance(1700)
    await socket.ws.ping()
    emu.clock.advance(101)
    assert await socket.close_code() == 1000
    assert socket.frames[-1][0]["type"] == "Error"
    assert socket.frames[-1][1] == {
        "errorCode": "WSG-902",
        "message": "Idle timeout expired",
    }


async def test_absolute_timeout(anonymous: Wire, emu: Emulator) -> None:
    """WSG-903 after 24 hours whatever the traffic."""
    emu.faults.set(access_token_ttl=100_000, idle_timeout=100_000)
    await anonymous.sign_in()
    socket = await anonymous.connect()
    emu.clock.advance(86_000)
    await socket.nothing()
    emu.clock.advance(401)
    assert await socket.close_code() == 1000
    assert socket.frames[-1][1]["errorCode"] == "WSG-903"


@pytest.fixture
async def hasty() -> AsyncIterator[Emulator]:
    """Return an emulator whose time runs 20 times faster."""
    async with Emulator(time_factor=20) as emulator:
        yield emulator


async def test_missed_pong_cuts_the_socket(
    hasty: Emulator, http: aiohttp.ClientSession
) -> None:
    """A client that answers no ping loses its connection."""
    hasty.faults.set(ping_interval=1)
    wire = Wire(hasty, http)
    await wire.sign_in()
    socket = await wire.connect()
    socket.answer_pings = False
    assert await socket.close_code() == 1006
    assert socket.pings
    await wire.close()


async def test_answered_pings_keep_it(
    hasty: Emulator, http: aiohttp.ClientSession
) -> None:
    """A client that answers keeps it."""
    hasty.faults.set(ping_interval=1)
    wire = Wire(hasty, http)
    await wire.sign_in()
    socket = await wire.connect()
    reader = asyncio.create_task(socket.close_code())
    await hasty.wait_for(lambda: hasty.counters.pongs >= 1)
    assert hasty.counters.sockets_open == 1
    await wire.close()
    await reader


async def test_announced_lives_are_divided(
    hasty: Emulator, http: aiohttp.ClientSession
) -> None:
    """With a time factor a client is told the seconds that will really pass."""
    wire = Wire(hasty, http)
    assert (await wire.sign_in()).json["expires_in"] == 180
    assert (await wire.ticket()).json["expires_in"] == 3
    body = (await wire.connect()).details[1]
    assert body["absoluteTimeout"] == 4320
    assert body["idleTimeout"] == 90
    assert body["recoveryTimeout"] == 9
    answer = await wire.get(OWN)
    assert answer.headers["X-Rate-Limit-Window"] == "3"
    await wire.close()


async def test_ten_requests_at_once(socket: Socket, emu: Emulator) -> None:
    """The eleventh request under way is refused."""
    emu.faults.set(reply_delay=0.5)
    for number in range(11):
        await socket.ws.send_json(
            [
                {
                    "type": "ClientRequest",
                    "messageId": str(number),
                    "method": "GET",
                    "path": OWN,
                }
            ]
        )
    answer = await socket.read()
    assert answer is not None
    assert (answer[0]["messageId"], answer[0]["status"]) == ("10", 429)
    for _ in range(10):
        answer = await socket.read()
        assert answer is not None
        assert answer[0]["status"] == 200


async def test_fifty_sockets_per_session(wire: Wire, emu: Emulator) -> None:
    """The 51st socket of one sign-in is refused."""
    ticket = (await wire.ticket()).json["ws_access_token"]
    for _ in range(50):
        await wire.connect(ticket)
    socket = await wire.connect(ticket)
    assert socket.details[0]["type"] == "Error"
    assert await socket.close_code() == 1008
    assert emu.counters.sockets_open == 50 or await _settled(emu)


async def _settled(emu: Emulator) -> bool:
    await emu.wait_for(lambda: emu.counters.sockets_open == 50)
    return True


@pytest.mark.parametrize(("code", "seen"), [(1001, 1001), (4002, 4002), (None, 1006)])
async def test_disconnect(
    socket: Socket, emu: Emulator, code: int | None, seen: int
) -> None:
    """A close code arrives as it is; none is a cut."""
    assert await emu.disconnect(code) == 1
    assert await socket.close_code() == seen
    await emu.wait_for(lambda: emu.counters.sockets_open == 0)


async def test_client_close_is_counted(socket: Socket, emu: Emulator) -> None:
    """Who closed is told apart."""
    await socket.ws.close()
    await emu.wait_for(lambda: emu.counters.sockets_closed_by_client == 1)


async def test_put_over_the_socket(socket: Socket) -> None:
    """A body as an object or as text."""
    meta, body = await socket.request("PUT", f"{OWN}/presence", {"userStatus": "Busy"})
    assert (meta["status"], body["userStatus"]) == (200, "Busy")
    meta, body = await socket.request(
        "PUT", f"{OWN}/presence", '{"userStatus": "Available"}'
    )
    assert (meta["status"], body["userStatus"]) == (200, "Available")


async def test_delete_is_one_element(socket: Socket) -> None:
    """204 has no body element."""
    _, body = await socket.subscribe(f"{OWN}/presence")
    answer = await socket.request("DELETE", f"{ROOT}/subscription/{body['id']}")
    assert len(answer) == 1
    assert answer[0]["status"] == 204


async def test_heartbeat_without_id(socket: Socket, emu: Emulator) -> None:
    """Accepted, and echoed as it came."""
    await socket.ws.send_json([{"type": "Heartbeat"}])
    assert await socket.read() == [{"type": "Heartbeat"}]
    assert emu.counters.heartbeats == 1
