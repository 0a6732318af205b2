"""Who is in the account and on the lists, and its events (docs/protocol.md 4.2, 4.3)."""

import pytest

from emulator import Emulator

from .wire import ACCOUNT, OWN, Socket, Wire


async def test_line_event(socket: Socket, emu: Emulator, other: str) -> None:
    """One event per changed line, with the ids of extension and line mixed."""
    await emu.set_lines([])
    await socket.subscribe(f"{OWN}/presence/line")
    await emu.set_lines([other])
    body = await socket.body()
    assert body["extension"] == [{"id": other}, {"id": "3"}]
    assert isinstance(body["sequence"], int)
    await emu.set_lines([])
    assert (await socket.body())["extension"] == [{"id": other}, {"id": "3"}]
    await emu.set_lines([])
    await socket.nothing()


async def test_favorite_event(socket: Socket, emu: Emulator, other: str) -> None:
    """Only whose list it is."""
    await socket.subscribe(f"{OWN}/favorite")
    await emu.set_favorites([other, "77001"])
    assert await socket.body() == {"extensionId": int(emu.own_extension_id)}
    await emu.set_favorites([other, "77001"])
    await socket.nothing()


async def test_extension_events(socket: Socket, wire: Wire, emu: Emulator) -> None:
    """Create, Update with hints, Delete."""
    await socket.subscribe(f"{ACCOUNT}/extension")
    new = await emu.add_extension("Nora New")
    await emu.rename_extension(new, "Nora Newer")
    await emu.set_extension_status(new, "Disabled")
    records = [(await socket.body())["extensions"][0] for _ in range(3)]
    assert [each["eventType"] for each in records] == ["Create", "Update", "Update"]
    assert {each["extensionId"] for each in records} == {new}
    assert records[1]["hints"] == ["ExtensionInfo"]
    info = (await wire.get(f"{ACCOUNT}/extension/{new}")).json
    assert (info["name"], info["status"]) == ("Nora Newer", "Disabled")
    assert info["contact"]["lastName"] == "Newer"
    await emu.remove_extension(new)
    assert (await socket.body())["extensions"][0]["eventType"] == "Delete"
    assert (await wire.get(f"{ACCOUNT}/extension/{new}")).status == 404


async def test_one_extension(socket: Socket, emu: Emulator, other: str) -> None:
    """The filter on one extension."""
    await socket.subscribe(f"{ACCOUNT}/extension/{other}")
    await emu.rename_extension(other, "New Name")
    body = await socket.body()
    assert (body["extensionId"], body["eventType"]) == (other, "Update")


async def test_new_extension_lives(socket: Socket, emu: Emulator) -> None:
    """It has a number of its own, presence and events at once."""
    await socket.subscribe(f"{ACCOUNT}/presence")
    new = await emu.add_extension("Nora New")
    numbers = [emu.extension(each).number for each in emu.ids()]
    assert numbers.count(emu.extension(new).number) == 1
    assert new in emu.extension_ids
    await emu.set_presence(new, {"userStatus": "Busy"})
    assert (await socket.body())["extensionId"] == int(new)


async def test_removal_cleans_the_lists(emu: Emulator, wire: Wire, other: str) -> None:
    """A removed extension is on no list any more."""
    await emu.set_lines([other])
    await emu.set_favorites([other])
    await emu.remove_extension(other)
    lines = (await wire.get(f"{OWN}/presence/line")).json["records"]
    assert [each["extension"]["id"] for each in lines] == [emu.own_extension_id] * 2
    assert (await wire.get(f"{OWN}/favorite")).json["records"] == []
    assert other not in emu.truth()


async def test_disabled_is_offline(socket: Socket, emu: Emulator, other: str) -> None:
    """Disabling an extension shows in its presence and takes it off the account's."""
    await socket.subscribe(f"{ACCOUNT}/presence")
    await emu.set_extension_status(other, "Disabled")
    assert (await socket.body())["presenceStatus"] == "Offline"
    assert other not in emu.extension_ids


async def test_mistakes(emu: Emulator) -> None:
    """What cannot be is told."""
    for wrong in ("1", "x"):
        with pytest.raises(ValueError, match="unknown extension"):
            await emu.set_lines([wrong])
    with pytest.raises(ValueError, match="unknown status"):
        await emu.set_extension_status(emu.own_extension_id, "Asleep")
    with pytest.raises(ValueError, match="unknown type"):
        await emu.add_extension("X", "Robot")
    with pytest.raises(ValueError, match="cannot be removed"):
        await emu.remove_extension(emu.own_extension_id)


async def test_population_is_the_seed() -> None:
    """The same seed is the same company, another is another."""
    first, again, third = Emulator(seed=1), Emulator(seed=1), Emulator(seed=2)
    assert first.info() | {"server": ""} == again.info() | {"server": ""}
    assert first.truth() == again.truth()
    assert first.own_extension_id != third.own_extension_id
    assert first.jwt != third.jwt
    assert first.own_extension_id != first.account_id


@pytest.mark.parametrize("count", [1, 2, 5, 12, 25, 1000])
async def test_population_of_any_size(count: int) -> None:
    """Kinds of extensions come in as there is room."""
    emu = Emulator(extensions=count)
    assert len(emu.ids()) == count
    assert len(set(emu.ids())) == count
    assert emu.extension(emu.own_extension_id).admin
    assert emu.extension(emu.ids()[0]).number == "101"
    if count >= 12:
        for kind in ("Department", "ParkLocation", "IvrMenu", "Voicemail", "Limited"):
            assert emu.ids(type=kind)
        for status in ("NotActivated", "Disabled", "Unassigned"):
            assert len(emu.ids(status=status)) == 1


def test_no_extension() -> None:
    """An empty account is none."""
    with pytest.raises(ValueError, match="at least one"):
        Emulator(extensions=0)
    with pytest.raises(ValueError, match="time factor"):
        Emulator(time_factor=0)


async def test_nobody_gets_the_id_of_somebody_who_left(emu: Emulator) -> None:
    first = await emu.add_extension("Nora New")
    await emu.remove_extension(first)
    assert await emu.add_extension("Omar Other") != first


async def test_queue_membership(wire: Wire, socket: Socket, emu: Emulator) -> None:
    """Who is in a queue changes, with the hint to those who came or left."""
    own, queue = emu.own_extension_id, emu.ids(type="Department")[0]
    others = [each for each in emu.queues()[queue]["members"] if each != own]
    await socket.subscribe(OWN)
    await emu.set_queue(queue, members=others)
    body = await socket.body()
    assert body["hints"] == ["CallQueueMembersChange"]
    path = f"{OWN}/call-queue-presence"
    listed = [
        each["callQueue"]["id"] for each in (await wire.get(path)).json["records"]
    ]
    assert queue not in listed
    body = {"queue": {"id": queue, "members": [own]}}
    await wire.send("POST", "/emulator/membership", json=body, auth=None)
    assert (await socket.body())["hints"] == ["CallQueueMembersChange"]
    assert (await wire.get("/emulator/queues", auth=None)).json[queue] == {
        "name": emu.extension(queue).name,
        "editable": True,
        "members": {own: True},
    }
    with pytest.raises(ValueError, match="no queue"):
        await emu.set_queue(own, members=[])


async def test_logging_in_and_out(wire: Wire, socket: Socket, emu: Emulator) -> None:
    """The member's own switch, reported to watchers of the queue; not where it is locked."""
    own, queue = emu.own_extension_id, emu.ids(type="Department")[0]
    await socket.subscribe(f"{ACCOUNT}/call-queues/{queue}/presence")
    path = f"{OWN}/call-queue-presence"
    change = {"records": [{"callQueue": {"id": queue}, "acceptCalls": False}]}
    reply = (await wire.put(path, change)).json
    record = next(x for x in reply["records"] if x["callQueue"]["id"] == queue)
    assert (record["acceptCalls"], record["callQueue"]["editableMemberStatus"]) == (
        False,
        True,
    )
    assert await socket.body() == {
        "records": [{"member": {"id": own}, "acceptCurrentQueueCalls": False}]
    }
    played = await emu.play_call(queue, ["ring", "hangup"])
    assert own not in played["members"]
    body = {"queue": {"id": queue, "takes": {own: True}}}
    await wire.send("POST", "/emulator/membership", json=body, auth=None)
    assert await socket.body() == {
        "records": [{"member": {"id": own}, "acceptCurrentQueueCalls": True}]
    }
    with pytest.raises(ValueError, match="no member"):
        await emu.set_queue(queue, takes={queue: True})
    await emu.set_queue(queue, editable=False, takes={own: False})
    reply = (await wire.get(path)).json
    record = next(x for x in reply["records"] if x["callQueue"]["id"] == queue)
    assert record["callQueue"]["editableMemberStatus"] is False
    change["records"][0]["acceptCalls"] = True
    assert (await wire.put(path, change)).status == 403
    assert emu.queues()[queue]["members"][own] is False
    emu.reset()
    assert emu.queues()[queue]["editable"] is True
