"""Odd answers on demand, seen by a plain HTTP and WebSocket client."""

import asyncio
import json
from typing import Any

import aiohttp
import pytest

from emulator import Emulator
from emulator.odd import FRAME_KINDS, KINDS
from emulator.odd_values import CALLS, CONTENT_TYPES, HEADERS, NUMBERS, TIMES

from .wire import ACCOUNT, OWN, Answer, Wire, basic

LIST = f"{ACCOUNT}/extension"
PRESENCE = f"{OWN}/presence"
DETAILED = f"{ACCOUNT}/presence?detailedTelephonyState=true"
WITHOUT_ANSWER = ("lost", "cut")


async def odd(wire: Wire, kind: str, path: str = LIST, **switch: Any) -> Answer:
    """Return the one odd reply to GET of a path."""
    wire.emu.faults.set(odd=[{"kind": kind, "next": 1, **switch}])
    return await wire.get(path)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("empty", ""),
        ("null", "null"),
        ("list", "[]"),
        ("object", "{}"),
        ("html", "<!DOCTYPE html>"),
        ("text", "OK"),
    ],
)
async def test_whole_bodies(wire: Wire, kind: str, text: str) -> None:
    """Nothing of the body is left; the next answer is as ever."""
    assert (await odd(wire, kind)).text.startswith(text)
    assert (await wire.get(LIST)).json["records"]
    assert wire.emu.counters.odd == {f"{kind} http": 1}


@pytest.mark.parametrize("status", [200, 204, 400, 401, 403, 404, 429, 500, 503])
async def test_an_empty_body_with_any_status(wire: Wire, status: int) -> None:
    """As proxies and gateways answer."""
    answer = await odd(wire, "empty", status=status)
    assert (answer.status, answer.text) == (status, "")


async def test_a_path_a_method_and_a_count(wire: Wire) -> None:
    """What does not match is answered as ever, and the first that matches is used."""
    wire.emu.faults.set(
        odd=[
            {"kind": "null", "path": "*/extension?page=2*", "skip": 1},
            {"kind": "list", "path": "*/presence", "method": "GET", "next": 2},
            {"kind": "object", "path": "*/presence"},
        ]
    )
    pages = [await wire.get(f"{LIST}?page=2&perPage=2") for _ in range(2)]
    assert [page.json is None for page in pages] == [False, True]
    assert (await wire.get(LIST)).json["records"]
    replies = [await wire.get(PRESENCE) for _ in range(3)]
    assert [each.json for each in replies] == [[], [], {}]
    assert (await wire.put(PRESENCE, {"userStatus": "Busy"})).json == {}


async def test_it_is_carried_out_first_unless_asked_otherwise(wire: Wire) -> None:
    """A reply is lost after the work was done, or before."""
    emu = wire.emu
    own = emu.own_extension_id
    for done, status in ((True, "Busy"), (False, "Busy"), (True, "Available")):
        emu.faults.set(odd=[{"kind": "lost", "method": "PUT", "done": done}])
        wanted = status if done else "Offline"
        with pytest.raises(aiohttp.ClientError):
            await wire.put(PRESENCE, {"userStatus": wanted})
        assert emu.truth()[own]["userStatus"] == status


async def test_truncated(wire: Wire) -> None:
    """The text ends in the middle."""
    text = (await odd(wire, "truncated")).text
    with pytest.raises(json.JSONDecodeError):
        json.loads(text)
    assert text.startswith('{"uri"')


async def test_lists(wire: Wire) -> None:
    """Pages that lack, repeat or double."""
    path = f"{LIST}?perPage=4"
    plain = (await wire.get(path)).json
    four = plain["records"]

    async def listed(kind: str) -> Any:
        return (await odd(wire, kind, path)).json

    assert (await listed("no_records"))["records"] == []
    assert (await listed("null_records"))["records"] is None
    assert (await listed("short_page"))["records"] == four[:2]
    assert (await listed("duplicates"))["records"][:2] == [four[0], four[0]]
    assert len({each["id"] for each in (await listed("same_id"))["records"]}) == 1
    assert None in (await listed("odd_records"))["records"]
    assert plain.keys() - (await listed("no_navigation")).keys() == {"navigation"}
    gone = plain.keys() - (await listed("no_paging")).keys()
    assert gone == {"navigation", "paging"}


async def test_a_repeated_page(wire: Wire) -> None:
    """Every page is the first one, and none is the last."""
    wire.emu.faults.set(odd=[{"kind": "repeated_page", "path": "*/extension"}])
    pages = [(await wire.get(f"{LIST}?page={n}&perPage=3")).json for n in (1, 2, 99)]
    assert pages[0]["records"] == pages[1]["records"] == pages[2]["records"]
    assert all(page["navigation"]["nextPage"]["uri"] for page in pages)


async def test_members(wire: Wire) -> None:
    """Values of other types, none, extreme, unknown; each time others."""
    plain = (await wire.get(PRESENCE)).json
    types = (await odd(wire, "types", PRESENCE)).json
    assert types.keys() == plain.keys()
    assert all(
        type(types[name]) is not type(plain[name]) or types[name] == plain[name]
        for name in plain
    )
    nulls = (await odd(wire, "nulls", PRESENCE)).json
    assert set(nulls.values()) == {None}
    numbers = (await odd(wire, "numbers", PRESENCE)).text
    assert str(plain["extension"]["id"]) not in numbers.partition('"id":')[2][:20]
    words = (await odd(wire, "words", PRESENCE)).json
    assert words["presenceStatus"] == "SomethingNew"
    texts = (await odd(wire, "texts", PRESENCE, at="userStatus", value="\ud800")).text
    assert r'"userStatus":"\ud800"' in texts
    assert json.loads(texts)["presenceStatus"] == plain["presenceStatus"]


async def test_every_extreme_comes_in_turn(wire: Wire) -> None:
    """A switch begins elsewhere in its list each time."""
    emu = wire.emu
    emu.faults.set(rate_limits={"Light": 1000})
    await emu.play_call(emu.own_extension_id, ["ring"])
    path = f"{PRESENCE}?detailedTelephonyState=true"
    emu.faults.set(odd=[{"kind": "times", "at": "*.startTime"}])
    seen = [
        json.loads((await wire.get(path)).text)["activeCalls"][0]["startTime"]
        for _ in TIMES
    ]
    assert seen == list(TIMES)
    emu.faults.set(odd=[{"kind": "numbers", "at": "extension.id"}])
    ids = [json.loads((await wire.get(path)).text)["extension"]["id"] for _ in NUMBERS]
    assert [str(each) for each in ids] == [str(each) for each in NUMBERS]


async def test_one_member(wire: Wire) -> None:
    """Set, added, taken out, wherever it is."""
    answer = await odd(wire, "set", at="records.*.status", value=["Enabled"])
    assert {tuple(each["status"]) for each in answer.json["records"]} == {("Enabled",)}
    answer = await odd(wire, "remove", at="records.?.id")
    records = answer.json["records"]
    assert "id" not in records[0]
    assert "id" in records[12]
    answer = await odd(wire, "set", PRESENCE, at="extension.novelty", value=1e308)
    assert answer.json["extension"]["novelty"] == 1e308


async def test_calls_of_every_oddity(wire: Wire) -> None:
    """In one presence and in each of a list."""
    one = json.loads((await odd(wire, "calls", PRESENCE)).text)
    assert one["activeCalls"] == list(CALLS)
    many = (await odd(wire, "calls", f"{ACCOUNT}/presence")).json
    assert all(len(each["activeCalls"]) == len(CALLS) for each in many["records"])


async def test_unknown_error_codes(wire: Wire) -> None:
    """Any code with any status, also one that is no text."""
    answer = await odd(wire, "error", status=403)
    assert (answer.status, answer.codes) == (403, ["CMN-999"])
    answer = await odd(wire, "error", value=[5])
    assert answer.json["errorCode"] == [5]


async def test_headers(wire: Wire) -> None:
    """Limits that are no numbers, content types that are none, and those asked for."""
    wire.emu.faults.set(odd=[{"kind": "headers"}])
    seen = [(await wire.get(OWN)).headers for _ in HEADERS]
    assert [each["X-Rate-Limit-Limit"] for each in seen] == [
        each["X-Rate-Limit-Limit"] for each in HEADERS
    ]
    wire.emu.faults.set(odd=[{"kind": "content_type", "path": OWN}])
    async with wire.http.get(
        wire.emu.url + OWN, headers={"Authorization": f"Bearer {wire.access}"}
    ) as reply:
        assert reply.headers["Content-Type"] == CONTENT_TYPES[0]
        assert (await reply.json(content_type=None))["id"]
    answer = await odd(
        wire, "as_is", status=429, headers={"Retry-After": "1e9"}, content_type="x/y"
    )
    assert (answer.status, answer.headers["Retry-After"]) == (429, "1e9")
    assert answer.headers["Content-Type"] == "x/y"
    assert answer.json["records"]


async def test_giants(wire: Wire) -> None:
    """A large body, and a small one that unpacks to a large one."""
    assert len((await odd(wire, "giant", size=3_000_000)).text) > 3_000_000
    wire.emu.faults.set(odd=[{"kind": "bomb", "size": 5_000_000}])
    headers = {"Authorization": f"Bearer {wire.access}"}
    async with wire.http.get(wire.emu.url + OWN, headers=headers) as reply:
        assert int(reply.headers["Content-Length"]) < 50_000
        assert len(await reply.read()) == 5_000_000


async def test_nested_and_not_utf8(wire: Wire) -> None:
    """Text that a reader of JSON stumbles over."""
    assert (await odd(wire, "nested")).text.startswith("[[[[[[")
    wire.emu.faults.set(odd=[{"kind": "not_utf8"}])
    headers = {"Authorization": f"Bearer {wire.access}"}
    async with wire.http.get(wire.emu.url + OWN, headers=headers) as reply:
        with pytest.raises(UnicodeDecodeError):
            (await reply.read()).decode()


async def test_slow_replies(wire: Wire) -> None:
    """Late as a whole, or byte by byte; other paths are not."""
    loop = asyncio.get_running_loop()
    begin = loop.time()
    assert (await odd(wire, "slow", OWN, seconds=0.2)).json["id"]
    assert loop.time() - begin >= 0.2
    begin = loop.time()
    answer = await odd(wire, "drip", PRESENCE, seconds=0.0005)
    assert answer.json["presenceStatus"]
    assert loop.time() - begin >= 0.0005 * len(answer.text)


async def test_a_redirect(wire: Wire) -> None:
    """302 or another; who goes there is counted."""
    answer = await odd(wire, "redirect")
    assert answer.status == 302
    assert wire.emu.counters.redirects_followed == 0
    await wire.get(answer.headers["Location"])
    assert wire.emu.counters.redirects_followed == 1
    answer = await odd(wire, "redirect", status=307, value="https://example.com/")
    assert (answer.status, answer.headers["Location"]) == (307, "https://example.com/")


@pytest.mark.parametrize("path", ["token", "wstoken", "revoke"])
async def test_sign_in(anonymous: Wire, path: str) -> None:
    """The OAuth endpoints too, after the work was done."""
    emu = anonymous.emu
    await anonymous.sign_in()
    emu.faults.set(odd=[{"kind": "object", "path": f"/restapi/oauth/{path}"}])
    if path == "token":
        assert (await anonymous.token({"grant_type": "x"})).json == {}
    elif path == "wstoken":
        assert (await anonymous.ticket()).json == {}
        assert emu.counters.tickets_issued == 1
    else:
        answer = await anonymous.send(
            "POST",
            "/restapi/oauth/revoke",
            auth=basic(emu.client_id, emu.client_secret),
            data={"token": anonymous.access},
        )
        assert answer.json == {}
        assert (await anonymous.get(OWN)).status == 401


async def test_an_upgrade_that_is_none(wire: Wire) -> None:
    """A redirect or a page in place of the socket."""
    for kind, status in (("redirect", 307), ("html", 200), ("empty", 503)):
        wire.emu.faults.set(odd=[{"kind": kind, "path": "/ws", "status": status}])
        assert (await wire.get("/ws")).status == status
    assert wire.emu.counters.sockets_opened == 0


async def test_every_kind_over_http(wire: Wire) -> None:
    """Each needs no more than its name, and the service goes on."""
    wire.emu.faults.set(rate_limits={"Light": 1000})
    kinds = [kind for kind in KINDS if kind not in FRAME_KINDS]
    for kind in kinds:
        size = 100_000 if kind in ("giant", "bomb") else None
        wire.emu.faults.set(
            odd=[{"kind": kind, "next": 1, "size": size, "seconds": 0.0001}]
        )
        try:
            await wire.get(PRESENCE)
        except aiohttp.ClientError, UnicodeDecodeError:
            assert kind in (*WITHOUT_ANSWER, "not_utf8")
        assert (await wire.get(PRESENCE)).json["presenceStatus"], kind
    assert wire.emu.counters.odd == {f"{kind} http": 1 for kind in kinds}


@pytest.mark.parametrize(
    "switch",
    [
        {"kind": "nonsense"},
        {"on": "nonsense"},
        {"nonsense": 1},
        {"kind": "bomb", "on": "event"},
        {"kind": "no_status", "on": "http"},
        {"status": 99},
        {"size": 1 << 40},
        {"seconds": -1},
        {"turn": 1},
    ],
)
async def test_mistakes(emu: Emulator, switch: dict[str, Any]) -> None:
    """A mistake is an error, and nothing is switched."""
    with pytest.raises(ValueError, match="odd"):
        emu.faults.set(odd=[switch])
    assert emu.faults.odd == []


async def test_maintenance(wire: Wire, emu: Emulator) -> None:
    """The new way to say it and the old one."""
    emu.faults.set(maintenance={"next": 1, "retry_after": 7})
    answer = await wire.get(OWN)
    assert (answer.status, answer.codes) == (503, ["CMN-211"])
    assert answer.headers["Retry-After"] == "7"
    emu.faults.set(maintenance={"code": "MaintenanceMode", "path": "*/presence"})
    assert (await wire.get(OWN)).status == 200
    answer = await wire.get(PRESENCE)
    assert (answer.status, answer.json["errorCode"]) == (403, "MaintenanceMode")
    emu.faults.set(maintenance=None)
    assert (await wire.get(PRESENCE)).status == 200


async def test_a_token_that_is_not_known_yet(anonymous: Wire, emu: Emulator) -> None:
    """The first requests with each new token are refused."""
    emu.faults.set(new_tokens_refused=2)
    for _ in range(2):
        await anonymous.sign_in()
        answers = [await anonymous.get(OWN) for _ in range(3)]
        assert [each.status for each in answers] == [401, 401, 200]
        assert answers[0].codes == ["OAU-213"]


async def test_a_grant_that_is_not_allowed(anonymous: Wire, emu: Emulator) -> None:
    """Refreshing is off for the app, signing in with the JWT is not."""
    emu.faults.set(refresh_tokens=True, grants_removed=["refresh_token"])
    await anonymous.sign_in()
    answer = await anonymous.refresh()
    assert (answer.json["error"], answer.codes) == ("unauthorized_client", ["OAU-125"])
    assert (await anonymous.sign_in()).status == 200
    emu.faults.set(grants_removed=["jwt"])
    assert (await anonymous.sign_in()).codes == ["OAU-125"]
