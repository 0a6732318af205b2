"""Voicemail: the message store, its events, its audio and its permissions."""

import io
import wave

import pytest

from emulator import Emulator

from .wire import ACCOUNT, OWN, Socket, Wire

STORE = f"{OWN}/message-store"
UNREAD = f"{STORE}?messageType=VoiceMail&readStatus=Unread&perPage=1"


async def test_how_many_are_unread(wire: Wire, emu: Emulator) -> None:
    """One record and the number of all of them."""
    assert (await wire.get(UNREAD)).json["records"] == []
    ids = [emu.mail.leave(emu.own_extension_id, seconds=n) for n in (3, 4, 5)]
    reply = (await wire.get(UNREAD)).json
    assert reply["paging"]["totalElements"] == 3
    assert [str(each["id"]) for each in reply["records"]] == ids[2:]
    emu.mail.mark(emu.own_extension_id, ids[0])
    assert (await wire.get(UNREAD)).json["paging"]["totalElements"] == 2
    emu.mail.delete(emu.own_extension_id, ids[1])
    assert (await wire.get(UNREAD)).json["paging"]["totalElements"] == 1
    for other in ("messageType=SMS", "direction=Outbound", "availability=Deleted"):
        assert (await wire.get(f"{STORE}?{other}")).json["records"] == []
    assert (await wire.get(f"{STORE}?messageType=x")).codes == ["CMN-101"]


async def test_marking(wire: Wire, emu: Emulator) -> None:
    """PUT of the read status, either way; nothing else."""
    one = f"{STORE}/{emu.mail.leave(emu.own_extension_id)}"
    assert (await wire.get(one)).json["readStatus"] == "Unread"
    assert (await wire.put(one, {"readStatus": "Read"})).json["readStatus"] == "Read"
    assert (await wire.get(UNREAD)).json["records"] == []
    await wire.put(one, {"readStatus": "Unread"})
    assert len((await wire.get(UNREAD)).json["records"]) == 1
    assert (await wire.put(one, {"readStatus": "x"})).codes == ["CMN-101"]
    assert (await wire.send("DELETE", one)).status == 204
    assert (await wire.get(one)).codes == ["CMN-102"]
    assert (await wire.get(f"{STORE}/x")).codes == ["CMN-101"]


async def test_audio(wire: Wire, emu: Emulator) -> None:
    """A WAV file as long as is said, at the address of the attachment."""
    one = f"{STORE}/{emu.mail.leave(emu.own_extension_id, seconds=3)}"
    attachment = (await wire.get(one)).json["attachments"][0]
    headers = {"Authorization": f"Bearer {wire.access}"}
    async with wire.http.get(attachment["uri"], headers=headers) as reply:
        assert reply.headers["Content-Type"] == attachment["contentType"]
        with wave.open(io.BytesIO(await reply.read())) as audio:
            assert audio.getnframes() / audio.getframerate() == 3
            assert any(audio.readframes(800))
    assert (await wire.get(f"{one}/content/1")).codes == ["CMN-102"]


async def test_events(socket: Socket, wire: Wire, emu: Emulator) -> None:
    """A new one on both filters, a mark on the store's alone."""
    own = emu.own_extension_id
    await socket.subscribe(f"{OWN}/voicemail", f"{STORE}?type=VoiceMail")
    left = emu.mail.leave(own, number="103", name="Jo", seconds=9)
    bodies = [await socket.body() for _ in range(2)]
    voicemail = next(body for body in bodies if "id" in body)
    assert voicemail["id"] == left
    assert voicemail["from"] == {"extensionNumber": "103", "name": "Jo"}
    assert voicemail["attachments"][0]["vmDuration"] == 9
    counts = next(body["changes"][0] for body in bodies if "changes" in body)
    assert (counts["type"], counts["newCount"]) == ("VoiceMail", 1)
    assert counts["newMessageIds"] == [int(left)]
    await wire.put(f"{STORE}/{left}", {"readStatus": "Read"})
    counts = (await socket.body())["changes"][0]
    assert (counts["newCount"], counts["updatedCount"]) == (0, 1)
    emu.mail.mark(own, left)
    await socket.nothing()


async def test_who_is_told(socket: Socket, emu: Emulator, other: str) -> None:
    """Of others and of other types nothing comes, though it is granted."""
    meta, body = await socket.subscribe(
        f"{ACCOUNT}/extension/{other}/voicemail", f"{STORE}?type=SMS"
    )
    assert (meta["status"], len(body["eventFilters"])) == (200, 2)
    emu.mail.leave(other)
    emu.mail.leave(emu.own_extension_id)
    await socket.nothing()


async def test_others_are_not_readable(wire: Wire, emu: Emulator, other: str) -> None:
    """Not even for an administrator."""
    answer = await wire.get(f"{ACCOUNT}/extension/{other}/message-store")
    assert (answer.status, answer.codes) == (403, ["CMN-419"])


async def test_permissions(wire: Wire, socket: Socket, emu: Emulator) -> None:
    """Reading, marking and the filter each need theirs."""
    one = f"{STORE}/{emu.mail.leave(emu.own_extension_id)}"
    emu.faults.set(permissions_removed=["EditMessages"])
    assert (await wire.get(UNREAD)).status == 200
    answer = await wire.put(one, {"readStatus": "Read"})
    assert (answer.codes, answer.json["permissionName"]) == (
        ["CMN-401"],
        "EditMessages",
    )
    emu.faults.set(permissions_removed=["ReadMessages"])
    assert (await wire.get(UNREAD)).json["permissionName"] == "ReadMessages"
    meta, body = await socket.subscribe(f"{OWN}/voicemail")
    assert (meta["status"], body["permissionName"]) == (403, "ReadMessages")
    emu.faults.set(permissions_removed=[], user_permissions_removed=["ReadMessages"])
    assert (await wire.get(UNREAD)).codes == ["CMN-408"]


async def test_a_caller_leaves_one(wire: Wire, emu: Emulator) -> None:
    """The word of a call script, with its length; of a queue only one in all."""
    own = emu.own_extension_id
    await emu.play_call(
        own, ["ring", "voicemail"], from_name="Jo", voicemail_seconds=12
    )
    left = (await wire.get(UNREAD)).json["records"][0]
    assert (left["from"]["name"], left["attachments"][0]["vmDuration"]) == ("Jo", 12)
    queue = emu.ids(type="Department")[0]
    await emu.play_call(queue, ["ring", "voicemail"])
    assert {ext: len(each) for ext, each in emu.mail.all().items()} == {
        own: 1,
        queue: 1,
    }
    emu.reset()
    assert emu.mail.all() == {}


async def test_control(wire: Wire, emu: Emulator) -> None:
    """Leave, mark and delete over HTTP."""

    async def post(**body: object) -> object:
        return (
            await wire.send("POST", "/emulator/voicemails", json=body, auth=None)
        ).json

    left = await post(from_name="Jo", seconds=5)
    assert isinstance(left, dict)
    shown = (await wire.get("/emulator/voicemails", auth=None)).json
    record = shown[emu.own_extension_id][0]
    assert (str(record["id"]), record["readStatus"]) == (left["id"], "Unread")
    await post(read=left["id"])
    assert (await wire.get(UNREAD)).json["records"] == []
    await post(unread=left["id"])
    assert (await wire.get(UNREAD)).json["records"]
    await post(delete=left["id"])
    assert (await wire.get("/emulator/voicemails", auth=None)).json == {}
    assert await post(seconds=0) == {"error": "a voicemail takes 1 to 600 seconds"}
    assert await post(read="1") == {"error": "unknown voicemail 1"}


@pytest.mark.parametrize("number", [None, "+14155550123"])
async def test_a_withheld_number(wire: Wire, emu: Emulator, number: str | None) -> None:
    """Says nothing of the caller."""
    emu.mail.leave(emu.own_extension_id, number=number)
    who = (await wire.get(STORE)).json["records"][0]["from"]
    assert who == ({} if number is None else {"phoneNumber": number})
