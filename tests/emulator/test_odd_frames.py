"""Odd frames on demand, seen by a plain WebSocket client."""

import asyncio
from functools import partial
import json
from typing import Any

import aiohttp
import pytest

from emulator import Emulator
from emulator.odd import HTTP_KINDS, KINDS
from emulator.odd_values import CALLS

from .wire import ACCOUNT, OWN, ROOT, Socket, Wire

LIST = f"{ACCOUNT}/extension"
PRESENCE = f"{OWN}/presence"
DETAILED = f"{ACCOUNT}/presence?detailedTelephonyState=true"
WITHOUT_ANSWER = ("lost", "cut")


@pytest.fixture
async def feed(socket: Socket) -> Socket:
    """Return a socket that gets every detailed event."""
    await socket.subscribe(DETAILED)
    return socket


async def raw(socket: Socket) -> Any:
    """Return what comes next on a socket, pings apart."""
    async with asyncio.timeout(5):
        while True:
            message = await socket.ws.receive()
            if message.type is aiohttp.WSMsgType.PING:
                await socket.ws.pong(message.data)
            elif message.type in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY):
                return message.data
            else:
                return message.type


async def asked(socket: Socket, emu: Emulator, kind: str, **switch: Any) -> Any:
    """Return what answers a request over the socket, as JSON where it is some."""
    emu.faults.set(odd=[{"kind": kind, "on": "socket", "next": 1, **switch}])
    meta = {"type": "ClientRequest", "messageId": "q", "method": "GET", "path": OWN}
    await socket.ws.send_json([meta])
    data = await raw(socket)
    try:
        return json.loads(data)
    except ValueError, TypeError:
        return data


async def test_replies_over_the_socket(socket: Socket, emu: Emulator) -> None:
    """Without status, of wrong type, for another message, of every shape."""
    assert "status" not in (await asked(socket, emu, "no_status"))[0]
    assert (await asked(socket, emu, "odd_status"))[0]["status"] == "200"
    assert (await asked(socket, emu, "other_type"))[0]["type"] == "SomethingNew"
    assert (await asked(socket, emu, "other_id"))[0]["messageId"] != "q"
    assert "messageId" not in (await asked(socket, emu, "no_id"))[0]
    assert (await asked(socket, emu, "no_meta"))[0] is None
    assert len(await asked(socket, emu, "no_body")) == 1
    assert isinstance(await asked(socket, emu, "not_a_list"), dict)
    assert await asked(socket, emu, "empty_frame") == []
    assert (await asked(socket, emu, "null"))[1] is None
    assert (await asked(socket, emu, "list"))[1] == []
    assert (await asked(socket, emu, "error", status=503))[0]["status"] == 503
    assert (await asked(socket, emu, "error"))[0]["status"] == 400
    assert (await asked(socket, emu, "headers"))[0]["headers"]["X-Rate-Limit-Limit"]
    assert (await asked(socket, emu, "content_type"))[0]["headers"] is None
    made = await asked(socket, emu, "set", at="meta.status", value={})
    assert made[0]["status"] == {}
    assert isinstance(await asked(socket, emu, "truncated"), str)
    assert isinstance(await asked(socket, emu, "not_utf8"), bytes)
    assert (await asked(socket, emu, "binary"))[0]["messageId"] == "q"
    assert await asked(socket, emu, "empty") == ""
    begin = asyncio.get_running_loop().time()
    assert (await asked(socket, emu, "slow", seconds=0.1))[1]["id"]
    assert asyncio.get_running_loop().time() - begin >= 0.1
    giant = await asked(socket, emu, "giant", size=1_000_000)
    assert len(giant[1]["emulatorPadding"]) == 1_000_000


async def test_a_reply_that_is_missing_or_doubled(
    socket: Socket, emu: Emulator
) -> None:
    """The request is carried out all the same."""
    assert (await asked(socket, emu, "twice"))[1]["id"]
    assert json.loads(await raw(socket))[1]["id"]
    emu.faults.set(odd=[{"kind": "lost", "on": "socket", "next": 1}])
    meta = {"type": "ClientRequest", "messageId": "q", "method": "GET", "path": OWN}
    await socket.ws.send_json([meta])
    await socket.nothing()
    assert emu.counters.odd["lost socket"] == 1
    emu.faults.set(odd=[{"kind": "cut", "on": "socket"}])
    await socket.ws.send_json([meta])
    assert await socket.close_code() == 1006


async def test_subscriptions(socket: Socket, emu: Emulator) -> None:
    """Empty and odd lists of filters, and reasons in free words."""
    path = f"{ROOT}/subscription"
    emu.faults.set(odd=[{"kind": "no_filters", "path": path}])
    assert (await socket.subscribe(DETAILED))[1]["eventFilters"] == []
    emu.faults.set(odd=[{"kind": "odd_filters", "path": path}])
    assert None in (await socket.subscribe(DETAILED))[1]["eventFilters"]
    emu.faults.set(odd=[{"kind": "free_reasons", "path": path}])
    reply = (await socket.subscribe(DETAILED))[1]
    assert "Jo Doe" in reply["disabledFilters"][0]["reason"]


@pytest.mark.parametrize("kind", ["types", "nulls", "remove", "calls", "no_body"])
async def test_events(feed: Socket, emu: Emulator, other: str, kind: str) -> None:
    """Events without a body and with members and calls of every oddity."""
    emu.faults.set(odd=[{"kind": kind, "on": "event", "at": "body", "next": 1}])
    await emu.set_presence(other, {"userStatus": "Busy"})
    frame = await feed.find(lambda each: each[0]["type"] == "ServerNotification")
    if kind == "calls":
        assert frame[1]["body"]["activeCalls"] == list(CALLS)
    elif kind == "no_body":
        assert len(frame) == 1
    else:
        assert not isinstance(frame[1].get("body"), dict)
    await emu.set_presence(other, {"userStatus": "Available"})
    assert (await feed.body())["userStatus"] == "Available"


async def test_events_by_their_address(feed: Socket, emu: Emulator, other: str) -> None:
    """A glob over `event` chooses whose are odd; one that is lost is not replayed."""
    emu.faults.set(
        odd=[{"kind": "lost", "on": "event", "path": f"*/extension/{other}/*"}]
    )
    await emu.set_presence(other, {"userStatus": "Busy"})
    await emu.set_presence(emu.own_extension_id, {"userStatus": "Busy"})
    assert str((await feed.body())["extensionId"]) == emu.own_extension_id
    assert emu.counters.odd == {"lost event": 1}
    assert emu.counters.events_buffered == 0


async def test_details_and_heartbeats(wire: Wire, emu: Emulator) -> None:
    """The first frame of a socket and the echo."""
    emu.faults.set(
        odd=[
            {"kind": "set", "on": "details", "at": "recoveryTimeout", "value": -1},
            {"kind": "other_id", "on": "heartbeat", "next": 1},
        ]
    )
    socket = await wire.connect()
    assert socket.details[1]["recoveryTimeout"] == -1
    await socket.ws.send_json([{"type": "Heartbeat", "messageId": "h"}])
    frame = await socket.read()
    assert frame is not None
    assert frame[0]["messageId"] != "h"


def counted(emu: Emulator, name: str) -> bool:
    """Whether an odd answer was given once."""
    return emu.counters.odd[name] == 1


@pytest.mark.parametrize("on", ["socket", "event", "details", "heartbeat"])
async def test_every_kind_in_a_frame(
    wire: Wire, emu: Emulator, other: str, on: str
) -> None:
    """In every frame of the server; the service goes on."""
    emu.faults.set(rate_limits={"Light": 1000, "Medium": 1000})
    ticket = (await wire.ticket()).json["ws_access_token"]
    kinds = [kind for kind in KINDS if kind not in HTTP_KINDS]
    for number, kind in enumerate(kinds):
        switch = {"kind": kind, "on": on, "next": 1, "size": 1000, "seconds": 0.001}
        emu.faults.set(odd=[switch] if on == "details" else [])
        ws = await wire.http.ws_connect(emu.ws_url, params={"access_token": ticket})
        if on != "details":
            socket = await Socket(ws).open()
            await socket.subscribe(DETAILED)
            emu.faults.set(odd=[switch])
        if on == "event":
            status = ("Busy", "Available")[number % 2]
            await emu.set_presence(other, {"userStatus": status})
        elif on == "heartbeat":
            await ws.send_json([{"type": "Heartbeat", "messageId": "h"}])
        elif on == "socket":
            meta = {"type": "ClientRequest", "messageId": "q"}
            await ws.send_json([meta | {"method": "GET", "path": OWN}])
        await emu.wait_for(partial(counted, emu, f"{kind} {on}"))
        emu.faults.set(odd=[])
        await ws.close()
    assert (await wire.connect(ticket)).details[0]["type"] == "ConnectionDetails"
