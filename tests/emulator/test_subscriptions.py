"""Filters, refusals and the life of subscriptions (docs/protocol.md 2.9, 4.2)."""

import pytest

from emulator import Emulator

from .wire import ACCOUNT, OWN, ROOT, Socket, Wire

PRESENCE = f"{ROOT}/account/~/extension/{{}}/presence"


async def test_reply(socket: Socket, emu: Emulator) -> None:
    """Real ids for `~`, the query kept; a life of a day; a relative uri."""
    asked = f"{OWN}/presence?detailedTelephonyState=true&sipData=true"
    meta, body = await socket.subscribe(asked)
    assert meta["status"] == 200
    assert "WSG-SubscriptionId" not in meta["headers"]
    path = f"{ROOT}/account/{emu.account_id}/extension/{emu.own_extension_id}/presence"
    assert body["eventFilters"] == [f"{path}?detailedTelephonyState=true&sipData=true"]
    assert body["status"] == "Active"
    assert body["deliveryMode"]["transportType"] == "WebSocket"
    assert 86390 <= body["expiresIn"] <= 86400
    assert body["uri"] == f"{ROOT}/subscription/{body['id']}"
    assert "disabledFilters" not in body


async def test_header_switch(socket: Socket, emu: Emulator) -> None:
    """The header of 2021, which one client needs."""
    emu.faults.set(subscription_header=True)
    meta, body = await socket.subscribe(f"{OWN}/presence")
    assert meta["headers"]["WSG-SubscriptionId"] == body["id"]


async def test_second_replaces_first(socket: Socket, emu: Emulator, other: str) -> None:
    """One subscription per socket."""
    _, first = await socket.subscribe(PRESENCE.format(other))
    _, second = await socket.subscribe(f"{OWN}/presence")
    assert emu.counters.subscriptions == 1
    meta, _ = await socket.request("GET", f"{ROOT}/subscription/{first['id']}")
    assert meta["status"] == 404
    await emu.set_presence(other, {"userStatus": "Busy"})
    await socket.nothing()
    await emu.set_presence(emu.own_extension_id, {"userStatus": "Busy"})
    assert (await socket.event())["subscriptionId"] == second["id"]


async def test_refused_second_leaves_the_first(socket: Socket, emu: Emulator) -> None:
    """A refusal changes nothing."""
    await socket.subscribe(f"{OWN}/presence")
    meta, _ = await socket.subscribe("/nonsense")
    assert meta["status"] == 400
    assert emu.counters.subscriptions == 1


async def test_update_on_the_same_id(socket: Socket, emu: Emulator, other: str) -> None:
    """PUT changes filters; with an empty body it extends; so does renew."""
    _, body = await socket.subscribe(f"{OWN}/presence")
    path = f"{ROOT}/subscription/{body['id']}"
    meta, changed = await socket.request(
        "PUT", path, {"eventFilters": [PRESENCE.format(other)]}
    )
    assert (meta["status"], changed["id"]) == (200, body["id"])
    await emu.set_presence(other, {"userStatus": "Busy"})
    assert (await socket.body())["userStatus"] == "Busy"
    for method, target in (("PUT", path), ("POST", f"{path}/renew")):
        meta, extended = await socket.request(method, target)
        assert meta["status"] == 200
        assert extended["eventFilters"] == changed["eventFilters"]
    meta, read = await socket.request("GET", path)
    assert read["id"] == body["id"]


async def test_delete(socket: Socket, emu: Emulator) -> None:
    """Afterwards nothing comes."""
    _, body = await socket.subscribe(f"{OWN}/presence")
    await socket.request("DELETE", f"{ROOT}/subscription/{body['id']}")
    await emu.set_presence(emu.own_extension_id, {"userStatus": "Busy"})
    await socket.nothing()
    meta, error = await socket.request("DELETE", f"{ROOT}/subscription/{body['id']}")
    assert (meta["status"], error["parameterName"]) == (404, "subscriptionId")


async def test_over_http(wire: Wire, socket: Socket) -> None:
    """HTTP lists, reads and deletes them, but neither creates nor changes."""
    _, body = await socket.subscribe(f"{OWN}/presence")
    listed = (await wire.get(f"{ROOT}/subscription")).json
    assert [each["id"] for each in listed["records"]] == [body["id"]]
    assert listed["records"][0]["uri"].startswith("http://")
    path = f"{ROOT}/subscription/{body['id']}"
    assert (await wire.get(path)).status == 200
    assert (await wire.put(path, {"eventFilters": [f"{OWN}/presence"]})).status == 400
    created = {
        "eventFilters": [f"{OWN}/presence"],
        "deliveryMode": {"transportType": "WebSocket"},
    }
    answer = await wire.send("POST", f"{ROOT}/subscription", json=created)
    assert (answer.status, answer.codes) == (400, ["CMN-101"])
    assert (await wire.send("DELETE", path)).status == 204
    assert (await wire.get(path)).codes == ["CMN-102"]


async def test_thirty_per_user(wire: Wire, emu: Emulator) -> None:
    """The 31st is SUB-505."""
    ticket = (await wire.ticket()).json["ws_access_token"]
    for _ in range(30):
        await (await wire.connect(ticket)).subscribe(f"{OWN}/presence")
    meta, body = await (await wire.connect(ticket)).subscribe(f"{OWN}/presence")
    assert meta["status"] == 403
    assert body["errors"][0]["errorCode"] == "SUB-505"


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/account/~/extension/{other}/presence/line/presence", 403, "SUB-531"),
        ("/account/~/extension/{other}/presence/line", 403, "SUB-531"),
        ("/account/~/extension/{other}/favorite/presence", 403, "SUB-518"),
        ("/account/~/extension/{other}/favorite", 403, "SUB-518"),
        ("/account/~/extension/{menu}/presence", 403, "SUB-402"),
        ("/account/~/extension/12345/presence", 403, "SUB-408"),
        ("/account/~/call-queues/12345/presence", 403, "SUB-408"),
        ("/account/12345/extension/~/presence", 403, "SUB-406"),
        ("/account/~/extension/~/presence/nonsense", 400, "SUB-508"),
    ],
)
async def test_refused_filters(
    socket: Socket, emu: Emulator, other: str, path: str, status: int, code: str
) -> None:
    """Each rule has its code, and one refused filter refuses the request."""
    menu = emu.ids(type="IvrMenu")[0]
    asked = ROOT + path.format(other=other, menu=menu)
    meta, body = await socket.subscribe(f"{OWN}/presence", asked)
    assert (meta["status"], body["errors"][0]["errorCode"]) == (status, code)
    assert emu.counters.subscriptions == 0


@pytest.mark.parametrize("filters", [[], None, [1], [""]])
async def test_filters_have_to_be_a_list_of_text(
    socket: Socket, filters: object
) -> None:
    """Anything else is CMN-101 [eventFilters]."""
    body = {"eventFilters": filters, "deliveryMode": {"transportType": "WebSocket"}}
    meta, error = await socket.request("POST", f"{ROOT}/subscription", body)
    assert (meta["status"], error["parameterName"]) == (400, "eventFilters")


async def test_partial_refusal(socket: Socket, emu: Emulator, other: str) -> None:
    """With the switch a refused filter lands in disabledFilters."""
    emu.faults.set(refusal="partial")
    asked = f"{ROOT}/account/~/extension/{other}/favorite"
    meta, body = await socket.subscribe(f"{OWN}/presence", asked)
    assert meta["status"] == 200
    assert [each["reason"] for each in body["disabledFilters"]] == ["SUB-518"]
    assert len(body["eventFilters"]) == 1
    meta, error = await socket.subscribe(asked)
    assert (meta["status"], error["errorCode"]) == (403, "SUB-518")


async def test_disabled_filters(socket: Socket, emu: Emulator, other: str) -> None:
    """Granted, named and silent."""
    emu.faults.set(disabled_filters={f"*/extension/{other}/presence*": "SUB-412"})
    meta, body = await socket.subscribe(f"{OWN}/presence", PRESENCE.format(other))
    assert meta["status"] == 200
    assert body["disabledFilters"][0]["reason"] == "SUB-412"
    assert other in body["disabledFilters"][0]["filter"]
    await emu.set_presence(other, {"userStatus": "Busy"})
    await socket.nothing()


async def test_refuse_filters(socket: Socket, emu: Emulator) -> None:
    """The whole request fails with the code."""
    emu.faults.set(refuse_filters={f"{ROOT}/account/*/presence*": "SUB-403"})
    meta, body = await socket.subscribe(f"{ACCOUNT}/presence")
    assert (meta["status"], body["errorCode"]) == (403, "SUB-403")


async def test_missing_hud(socket: Socket, wire: Wire, emu: Emulator) -> None:
    """The documented example: lines land in disabledFilters with SUB-412."""
    emu.faults.set(permissions_removed=["HUD"])
    _, body = await socket.subscribe(f"{OWN}/presence/line/presence", f"{OWN}/presence")
    assert [each["reason"] for each in body["disabledFilters"]] == ["SUB-412"]
    assert (await wire.get(f"{OWN}/presence/line")).status == 403


@pytest.mark.parametrize(
    ("removed", "asked", "code", "name"),
    [
        (
            "SubscriptionWebSocket",
            f"{OWN}/presence",
            "SUB-528",
            "SubscriptionWebSocket",
        ),
        ("ReadPresence", f"{OWN}/presence", "CMN-401", "ReadPresence"),
        ("ReadAccounts", f"{ACCOUNT}/presence", "CMN-401", "ReadAccounts"),
        ("ReadContacts", f"{OWN}/favorite", "CMN-401", "ReadContacts"),
    ],
)
async def test_missing_permission(
    socket: Socket, emu: Emulator, removed: str, asked: str, code: str, name: str
) -> None:
    """The error names the permission."""
    emu.faults.set(permissions_removed=[removed])
    meta, body = await socket.subscribe(asked)
    assert meta["status"] == 403
    assert body["errors"][0]["errorCode"] == code
    assert body["errors"][0]["permissionName"] == name
    assert f"[{name}]" in body["message"]


async def test_not_activated_users_may_be_watched(
    socket: Socket, emu: Emulator
) -> None:
    """A user who has not activated the account is no refusal."""
    ext_id = emu.ids(type="User", status="NotActivated")[0]
    assert (await socket.subscribe(PRESENCE.format(ext_id)))[0]["status"] == 200


async def test_filters_of_other_products(socket: Socket) -> None:
    """Messages and voicemail are granted; nothing is ever sent for them."""
    meta, body = await socket.subscribe(
        f"{OWN}/message-store/instant?type=SMS", f"{OWN}/voicemail"
    )
    assert (meta["status"], len(body["eventFilters"])) == (200, 2)


async def test_lost_subscribe_reply(socket: Socket, emu: Emulator, other: str) -> None:
    """Created, but the client never hears of it."""
    emu.faults.set(lose_subscribe_replies=1)
    body = {
        "eventFilters": [PRESENCE.format(other)],
        "deliveryMode": {"transportType": "WebSocket"},
    }
    head = {"type": "ClientRequest", "messageId": "lost", "method": "POST"}
    await socket.ws.send_json([head | {"path": f"{ROOT}/subscription"}, body])
    await socket.nothing()
    assert emu.counters.subscriptions == 1
    assert not any(frame[0]["messageId"] == "lost" for frame in socket.frames)


async def test_two_thousand_filters(socket: Socket, emu: Emulator) -> None:
    """No cap on filters is documented, and none is here."""
    asked = [PRESENCE.format(each) for each in emu.extension_ids] * 120
    meta, _ = await socket.subscribe(*asked)
    assert meta["status"] == 200
