"""REST: account, extensions, presence, errors and permissions (docs/protocol.md 2)."""

from email import message_from_bytes
from typing import Any

import orjson
import pytest

from emulator import Emulator

from .wire import ACCOUNT, OWN, ROOT, Wire


async def test_ids_are_numbers_and_uris_absolute(wire: Wire, emu: Emulator) -> None:
    """int64 in account, extension and presence; text in the account of an extension."""
    account = (await wire.get(ACCOUNT)).json
    extension = (await wire.get(OWN)).json
    presence = (await wire.get(f"{OWN}/presence")).json
    assert account["id"] == int(emu.account_id)
    assert extension["id"] == int(emu.own_extension_id)
    assert extension["account"]["id"] == emu.account_id
    assert presence["extension"]["id"] == int(emu.own_extension_id)
    for reply in (account, extension, presence):
        assert reply["uri"].startswith(emu.url)
    assert extension["permissions"]["admin"]["enabled"] is True
    assert {"featureName": "Presence", "enabled": True} in extension["serviceFeatures"]


async def test_own_ids_and_tilde_are_the_same(wire: Wire, emu: Emulator) -> None:
    """`~` stands for the signed-in account and extension."""
    path = f"{ROOT}/account/{emu.account_id}/extension/{emu.own_extension_id}"
    assert (await wire.get(path)).json == (await wire.get(OWN)).json


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        (f"{ROOT}/account/1", 404, "CMN-102"),
        (f"{ACCOUNT}/extension/1", 404, "CMN-102"),
        (f"{ACCOUNT}/extension/x", 400, "CMN-101"),
        (f"{ACCOUNT}/extension?page=0", 400, "CMN-101"),
        (f"{ACCOUNT}/extension?perPage=x", 400, "CMN-101"),
        (f"{OWN}/presence?detailedTelephonyState=maybe", 400, "CMN-101"),
        (f"{ACCOUNT}/call-queues/1/presence", 404, "CMN-102"),
        (f"{ROOT}/nonsense", 404, "CMN-120"),
    ],
)
async def test_errors(wire: Wire, path: str, status: int, code: str) -> None:
    """Body and status of what is not there or not right."""
    answer = await wire.get(path)
    assert (answer.status, answer.codes) == (status, [code])
    assert answer.json["errorCode"] == code
    assert answer.json["message"]


async def test_extension_paging(wire: Wire) -> None:
    """Pages until nextPage is gone; page counts from 1, pageStart from 0."""
    url, seen, pages = f"{ACCOUNT}/extension?perPage=10&status=Enabled", [], []
    while url:
        reply = (await wire.get(url)).json
        seen += [each["id"] for each in reply["records"]]
        pages.append(reply["paging"])
        following = reply["navigation"].get("nextPage")
        url = following["uri"].removeprefix(wire.emu.url) if following else ""
    assert len(seen) == len(set(seen)) == 22
    assert pages[0] == {
        "page": 1,
        "totalPages": 3,
        "perPage": 10,
        "totalElements": 22,
        "pageStart": 0,
        "pageEnd": 9,
    }
    assert (pages[2]["pageStart"], pages[2]["pageEnd"]) == (20, 21)


async def test_extension_filters(wire: Wire, emu: Emulator) -> None:
    """status, type, extensionNumber and email, repeatable."""
    reply = (await wire.get(f"{ACCOUNT}/extension?type=Department&type=IvrMenu")).json
    assert {each["type"] for each in reply["records"]} == {"Department", "IvrMenu"}
    reply = (await wire.get(f"{ACCOUNT}/extension?status=Unassigned")).json
    assert [each["status"] for each in reply["records"]] == ["Unassigned"]
    assert "extensionNumber" not in reply["records"][0]
    reply = (await wire.get(f"{ACCOUNT}/extension?extensionNumber=101")).json
    email = reply["records"][0]["contact"]["email"]
    again = (await wire.get(f"{ACCOUNT}/extension", params={"email": email})).json
    assert [each["id"] for each in again["records"]] == [reply["records"][0]["id"]]
    assert "serviceFeatures" not in reply["records"][0]


async def test_empty_page(wire: Wire) -> None:
    """Page numbers are missing when there is nothing."""
    reply = (await wire.get(f"{ACCOUNT}/extension?page=9")).json
    assert reply["records"] == []
    assert reply["paging"] == {"perPage": 100}
    assert "nextPage" not in reply["navigation"]


async def test_account_presence(wire: Wire, emu: Emulator, other: str) -> None:
    """Everyone, paged and clamped, with calls when asked for."""
    await emu.play_call(other, ["ring"])
    reply = (await wire.get(f"{ACCOUNT}/presence?perPage=5000")).json
    assert reply["paging"]["perPage"] == 1000
    assert not any("activeCalls" in each for each in reply["records"])
    reply = (await wire.get(f"{ACCOUNT}/presence?detailedTelephonyState=true")).json
    calls = {
        str(each["extension"]["id"]): each["activeCalls"]
        for each in reply["records"]
        if "activeCalls" in each
    }
    assert calls.keys() == {other}
    assert "sipData" not in calls[other][0]
    queue = int(emu.ids(type="IvrMenu")[0])
    record = next(x for x in reply["records"] if x["extension"]["id"] == queue)
    assert record.keys() == {"uri", "extension", "presenceStatus"}
    assert record["presenceStatus"] == "Offline"
    reply = (await wire.get(f"{ACCOUNT}/presence?perPage=0")).json
    assert reply["paging"] == {}


async def test_truth_is_what_rest_says(wire: Wire, emu: Emulator, other: str) -> None:
    """The control path and REST agree, but for the telephony status of groups."""
    await emu.play_call(other, ["ring", "answer"])
    emu.faults.set(group_telephony_status="always")
    path = f"{ACCOUNT}/presence?detailedTelephonyState=true"
    for record in (await wire.get(path)).json["records"]:
        ext_id = str(record["extension"]["id"])
        total = len(record.get("activeCalls", []))
        told = record | ({"totalActiveCalls": total} if total else {})
        assert emu.truth()[ext_id] == told


async def test_every_call_is_read(wire: Wire, emu: Emulator, other: str) -> None:
    """Nine of nine, and how many only when asked."""
    for number in range(9):
        await emu.play_call(other, ["ring"], key=str(number))
    path = f"{ACCOUNT}/extension/{other}/presence?detailedTelephonyState=true"
    reply = (await wire.get(path)).json
    assert len(reply["activeCalls"]) == 9
    assert "totalActiveCalls" not in reply
    for asked in ("totalActiveCalls=true", "totalActiveCalls"):
        reply = (await wire.get(f"{path}&{asked}")).json
        assert reply["totalActiveCalls"] == 9
    everyone = (await wire.get(f"{ACCOUNT}/presence?detailedTelephonyState=true")).json
    assert everyone["paging"]["perPage"] == 1000
    assert [len(each.get("activeCalls", [])) for each in everyone["records"]].count(9)


async def test_a_subtype(wire: Wire, emu: Emulator) -> None:
    """A user of a kind that came lately."""
    made = await emu.add_extension("Ada Air", subtype="AirPro")
    reply = (await wire.get(f"{ACCOUNT}/extension/{made}")).json
    assert (reply["type"], reply["subType"]) == ("User", "AirPro")
    made = await emu.add_extension("Web", type="WebVoice")
    assert (await wire.get(f"{ACCOUNT}/extension/{made}")).json["type"] == "WebVoice"


async def test_sip_data_on_rest(wire: Wire, emu: Emulator, other: str) -> None:
    """SipData needs its own parameter."""
    await emu.play_call(other, ["ring"])
    path = f"{ACCOUNT}/extension/{other}/presence?detailedTelephonyState=true"
    assert "sipData" not in (await wire.get(path)).json["activeCalls"][0]
    reply = (await wire.get(f"{path}&sipData=true")).json
    assert reply["activeCalls"][0]["sipData"]["toTag"] == "blf"


async def test_batch_multipart(wire: Wire, emu: Emulator) -> None:
    """207 multipart/mixed: a summary, then one part per id in order."""
    ids = [*emu.extension_ids[:2], "1"]
    answer = await wire.get(f"{ACCOUNT}/extension/{','.join(ids)}/presence")
    assert answer.status == 207
    kind = answer.headers["Content-Type"]
    assert kind.startswith("multipart/mixed; boundary=")
    mail = message_from_bytes(f"Content-Type: {kind}\r\n\r\n{answer.text}".encode())
    parts: list[Any] = [
        orjson.loads(part.get_payload(decode=True))  # type: ignore[arg-type]
        for part in mail.walk()
        if not part.is_multipart()
    ]
    assert [each["status"] for each in parts[0]["response"]] == [200, 200, 404]
    assert [str(each["extension"]["id"]) for each in parts[1:3]] == ids[:2]
    assert parts[3]["errorCode"] == "CMN-102"


async def test_batch_json(wire: Wire, emu: Emulator) -> None:
    """The JSON form on request."""
    ids = [*emu.extension_ids[:2], "1"]
    answer = await wire.get(
        f"{ACCOUNT}/extension/{','.join(ids)}/presence",
        headers={"Accept": "application/vnd.ringcentral.multipart+json"},
    )
    assert answer.status == 207
    assert [each["resourceId"] for each in answer.json] == ids
    assert [each["status"] for each in answer.json] == [200, 200, 404]


async def test_batch_limit(wire: Wire, emu: Emulator) -> None:
    """More than 30 ids are refused as a whole."""
    ids = ",".join(["~"] * 31)
    answer = await wire.get(f"{ACCOUNT}/extension/{ids}/presence")
    assert (answer.status, answer.codes) == (400, ["CMN-106"])
    assert answer.json["errorCode"] == "InvalidMultipartRequest"


async def test_lines(wire: Wire, emu: Emulator, other: str) -> None:
    """The first two are the own extension and locked; ids are text; PUT replaces."""
    reply = (await wire.get(f"{OWN}/presence/line?page=1&perPage=1000")).json
    first, second, third = reply["records"][:3]
    for each in (first, second):
        assert each["notEditableOnHud"] is True
        assert each["extension"]["id"] == emu.own_extension_id
    assert third["notEditableOnHud"] is False
    assert (first["id"], third["id"]) == ("1", "3")
    body = [
        {"id": str(number), "extension": {"id": ext_id}}
        for number, ext_id in enumerate(
            [emu.own_extension_id, emu.own_extension_id, other], 1
        )
    ]
    answer = await wire.put(f"{OWN}/presence/line", body)
    assert [x["extension"]["id"] for x in answer.json["records"]][2:] == [other]
    answer = await wire.put(f"{OWN}/presence/line", body[1:])
    assert (answer.status, answer.codes) == (400, ["CMN-101"])


async def test_favorites(wire: Wire, emu: Emulator, other: str) -> None:
    """Extensions and outside contacts; PUT replaces."""
    reply = (await wire.get(f"{OWN}/favorite")).json
    kinds = [each.keys() - {"id"} for each in reply["records"]]
    assert {"extensionId"} in kinds
    assert {"contactId"} in kinds
    body = {"records": [{"extensionId": other}, {"contactId": "77"}]}
    answer = await wire.put(f"{OWN}/favorite", body)
    assert answer.json["records"] == [
        {"id": 1, "extensionId": other},
        {"id": 2, "contactId": "77"},
    ]
    answer = await wire.put(f"{OWN}/favorite", {"records": [{"extensionId": "1"}]})
    assert answer.codes == ["CMN-101"]


async def test_queues(wire: Wire, emu: Emulator) -> None:
    """Members of a queue and queues of a member, and both switches."""
    queue, own = emu.ids(type="Department")[0], emu.own_extension_id
    path = f"{ACCOUNT}/call-queues/{queue}/presence"
    reply = (await wire.get(path)).json
    record = next(each for each in reply["records"] if each["member"]["id"] == own)
    assert (record["acceptQueueCalls"], record["acceptCurrentQueueCalls"]) == (
        True,
        True,
    )
    body = {"records": [{"member": {"id": own}, "acceptCurrentQueueCalls": False}]}
    assert (await wire.put(path, body)).status == 200
    mine = (await wire.get(f"{OWN}/call-queue-presence")).json
    assert mine["records"][0]["acceptCalls"] is False
    await emu.set_presence(own, {"dndStatus": "DoNotAcceptDepartmentCalls"})
    reply = (await wire.get(path)).json
    record = next(each for each in reply["records"] if each["member"]["id"] == own)
    assert record["acceptQueueCalls"] is False


async def test_others_lists_need_an_admin(
    anonymous: Wire, emu: Emulator, other: str
) -> None:
    """An admin reads other users' lines, a plain user does not."""
    user = next(x for x in emu.extension_ids if not emu.extension(x).admin)
    await anonymous.sign_in(user)
    path = f"{ACCOUNT}/extension/{emu.own_extension_id}/presence/line"
    assert (await anonymous.get(path)).codes == ["CMN-404"]
    await anonymous.sign_in()
    path = f"{ACCOUNT}/extension/{user}/presence/line"
    assert (await anonymous.get(path)).status == 200


@pytest.mark.parametrize(
    ("removed", "path", "name"),
    [
        ("ReadPresence", f"{OWN}/presence", "ReadPresence"),
        ("ReadPresence", f"{ACCOUNT}/presence", "ReadPresence"),
        ("ReadAccounts", ACCOUNT, "ReadAccounts"),
        ("ReadAccounts", f"{ACCOUNT}/extension", "ReadAccounts"),
        ("ReadContacts", f"{OWN}/favorite", "ReadContacts"),
    ],
)
async def test_app_permissions(
    wire: Wire, emu: Emulator, removed: str, path: str, name: str
) -> None:
    """CMN-401 under the old word, with the permission's name in three places."""
    emu.faults.set(permissions_removed=[removed])
    answer = await wire.get(path)
    assert (answer.status, answer.codes) == (403, ["CMN-401"])
    assert answer.json["errorCode"] == "InsufficientPermissions"
    assert answer.json["permissionName"] == name
    assert answer.json["errors"][0]["permissionName"] == name


async def test_user_permissions(wire: Wire, emu: Emulator) -> None:
    """CMN-408: the role lacks it."""
    emu.faults.set(user_permissions_removed=["ReadPresenceStatus"])
    answer = await wire.get(f"{OWN}/presence")
    assert (answer.status, answer.codes) == (403, ["CMN-408"])


async def test_websocket_permission(wire: Wire, emu: Emulator) -> None:
    """The ticket needs the app permission WebSocket; scope lacks it too."""
    emu.faults.set(permissions_removed=["WebSocket"])
    answer = await wire.ticket()
    assert (answer.status, answer.codes) == (403, ["CMN-401"])
    assert answer.json["permissionName"] == "WebSocket"
    scope = (await wire.sign_in()).json["scope"].split()
    assert "WebSocket" not in scope
    assert "SubscriptionWebSocket" in scope


async def test_request_id(wire: Wire) -> None:
    """Every reply has one."""
    assert (await wire.get(ACCOUNT)).headers["RCRequestId"]
    assert (await wire.get(f"{ROOT}/nonsense")).headers["RCRequestId"]


@pytest.mark.parametrize("shape", ["errors_only", "legacy"])
async def test_error_shapes(wire: Wire, emu: Emulator, shape: str) -> None:
    """The newer and the oldest form of an error body."""
    emu.faults.set(error_shape=shape)
    body = (await wire.get(f"{ACCOUNT}/extension/1")).json
    if shape == "errors_only":
        assert body.keys() == {"errors"}
        assert body["errors"][0]["parameterName"] == "extensionId"
    else:
        assert body["errorCode"] == "CMN-102"
        assert "errors" not in body


async def test_other_ways_to_count_calls(wire: Wire, emu: Emulator, other: str) -> None:
    """Readings that list seven, with a total by themselves or never."""
    for number in range(9):
        await emu.play_call(other, ["ring"], key=str(number))
    path = f"{ACCOUNT}/extension/{other}/presence?detailedTelephonyState=true"
    emu.faults.set(reading_calls="seven", reading_total="always")
    reply = (await wire.get(path)).json
    assert (len(reply["activeCalls"]), reply["totalActiveCalls"]) == (7, 9)
    assert len(emu.truth()[other]["activeCalls"]) == 9
    emu.faults.set(reading_total="never")
    reply = (await wire.get(f"{path}&totalActiveCalls=true")).json
    assert "totalActiveCalls" not in reply


@pytest.mark.parametrize(("how", "left"), [("one", 49), ("each", 47)])
async def test_what_a_batch_counts(
    wire: Wire, emu: Emulator, how: str, left: int
) -> None:
    """As one request, or as one for each extension."""
    emu.faults.set(batch_counts=how)
    path = f"{ACCOUNT}/extension/{','.join(emu.extension_ids[:3])}/presence"
    answer = await wire.get(path)
    assert answer.headers["X-Rate-Limit-Remaining"] == str(left)
