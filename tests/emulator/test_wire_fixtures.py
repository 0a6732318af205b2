"""The emulator can send every public shape: the members and types of tests/fixtures/wire.

What the emulator sends on top is in the description of the service and named here.
"""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from emulator import Emulator

from .wire import ACCOUNT, OWN, Socket, Wire

FOLDER = Path(__file__).parents[1] / "fixtures" / "wire"
SHAPES = {path.stem: orjson.loads(path.read_bytes()) for path in FOLDER.glob("*.json")}
OPTIONAL = {
    "call": {"queueCall", "fromName", "toName", "callInfo", "terminationType"},
    "presence": {"meetingStatus", "callerIdVisibility", "telephonyStatus", "message"},
    "recipient": {"extensionNumber"},
    "sip": {"callId", "rcSessionId"},
}
"""Members that the description has and not every source shows."""
ALSO = {"onBehalfOf"}
"""Members of one old sample that no newer source has."""
DETAILED = "?detailedTelephonyState=true"
SIP = f"{DETAILED}&sipData=true"

type Produce = Callable[[Emulator, Wire, Socket], Awaitable[Any]]


def kind_of(value: Any) -> str:
    """Return the JSON type of a value."""
    names = {bool: "flag", int: "number", float: "number", str: "text"}
    return names.get(type(value), type(value).__name__)


def differences(
    shape: Any, made: Any, at: str = "", *, partial: bool = False
) -> list[str]:
    """Return where two values differ in members or types; lists by all their items."""
    if kind_of(shape) != kind_of(made):
        return [f"{at}: {kind_of(shape)} is {kind_of(made)}"]
    if isinstance(shape, list):
        if bool(shape) != bool(made):
            return [f"{at}: {len(shape)} is {len(made)}"]
        if not shape:
            return []
        whole, own = (
            {key: each for item in items for key, each in item.items()}
            if isinstance(items[0], dict)
            else items[0]
            for items in (shape, made)
        )
        return differences(whole, own, f"{at}[]", partial=partial)
    if not isinstance(shape, dict):
        return []
    found = [f"{at}.{name} is missing" for name in shape.keys() - made.keys() - ALSO]
    allowed = set().union(*OPTIONAL.values())
    if not partial:
        found += [
            f"{at}.{name} is new" for name in made.keys() - shape.keys() - allowed
        ]
    for name in shape.keys() & made.keys():
        found += differences(shape[name], made[name], f"{at}.{name}", partial=partial)
    return found


async def event(socket: Socket, asked: str) -> None:
    """Subscribe."""
    meta, _ = await socket.subscribe(asked)
    assert meta["status"] == 200


def presence_event(
    query: str, *script: str, account: bool = False, **switches: Any
) -> Produce:
    """Return what makes the event of the last word of a call, or of a change."""

    async def produce(emu: Emulator, wire: Wire, socket: Socket) -> Any:
        emu.faults.set(**switches)
        own = emu.own_extension_id
        where = ACCOUNT if account else OWN
        options = {"queue_name": "Sales"} if "callInfo" in query else {}
        await event(socket, f"{where}/presence{query}")
        for word in script:
            await emu.play_call(own, [word], key="a", **options)
        if not script:
            await emu.set_presence(own, {"dndStatus": "DoNotAcceptAnyCalls"})
        for _ in range(max(1, len(script)) - 1):
            await socket.event()
        return await socket.event()

    return produce


def group_event(kind: str, query: str) -> Produce:
    """Return what makes the event of a call at a queue or park location."""

    async def produce(emu: Emulator, wire: Wire, socket: Socket) -> Any:
        group = emu.ids(type=kind)[0]
        await event(socket, f"{ACCOUNT}/extension/{group}/presence{query}")
        if kind == "ParkLocation":
            await emu.play_call(emu.own_extension_id, ["ring", "answer", "park"])
        else:
            await emu.play_call(group, ["ring"])
        return await socket.event()

    return produce


def reading(
    query: str, *calls: dict[str, Any], at: str = "own", **switches: Any
) -> Produce:
    """Return what makes a presence reading while calls are there."""

    async def produce(emu: Emulator, wire: Wire, socket: Socket) -> Any:
        emu.faults.set(**switches)
        ext_id = emu.own_extension_id if at == "own" else emu.ids(type=at)[0]
        for number, options in enumerate(calls):
            words = list(options.get("script", ["ring"]))
            rest = {key: each for key, each in options.items() if key != "script"}
            await emu.play_call(ext_id, words, key=str(number), **rest)
        path = f"{ACCOUNT}/extension/{ext_id}/presence{query}"
        return (await wire.get(path)).json

    return produce


async def account_reading(emu: Emulator, wire: Wire, socket: Socket) -> Any:
    """Return a page in the middle."""
    return (await wire.get(f"{ACCOUNT}/presence?perPage=3&page=2")).json


def other_event(asked: str, act: str, **switches: Any) -> Produce:
    """Return what makes one of the small events."""

    async def produce(emu: Emulator, wire: Wire, socket: Socket) -> Any:
        emu.faults.set(**switches)
        own, other = emu.own_extension_id, emu.extension_ids[2]
        queue = emu.ids(type="Department")[0]
        await event(socket, asked.format(queue=queue))
        match act:
            case "dnd":
                await emu.set_presence(own, {"dndStatus": "DoNotAcceptAnyCalls"})
            case "favorites":
                await emu.set_favorites([other])
            case "lines":
                await emu.set_lines([other])
            case "rename":
                await emu.rename_extension(own, "New Name")
            case "voicemail":
                emu.mail.leave(own, name="Ann Example")
        return await socket.event()

    return produce


async def voicemail_reading(emu: Emulator, wire: Wire, socket: Socket) -> Any:
    """Return one message."""
    left = emu.mail.leave(emu.own_extension_id, name="Ann Example")
    return (await wire.get(f"{OWN}/message-store/{left}")).json


async def call_log(emu: Emulator, wire: Wire, socket: Socket) -> Any:
    """Return the log in sync."""
    emu.faults.set(call_log_delay=0.0)
    own = emu.own_extension_id
    await emu.play_call(own, ["ring", "missed"], from_="102", to="+14155550100")
    await emu.play_call(own, ["dial", "answer", "hangup"])
    return (await wire.get(f"{OWN}/call-log-sync?syncType=FSync")).json


async def member_queues(emu: Emulator, wire: Wire, socket: Socket) -> Any:
    """Return the queues of the user."""
    return (await wire.get(f"{OWN}/call-queue-presence")).json


TEXT: dict[str, Any] = {"string_ids": True, "sequence": "all"}
PRODUCE: dict[str, Produce] = {
    "plain-presence": presence_event("", "ring", **TEXT),
    "account-presence": presence_event("", "ring", account=True, **TEXT),
    "account-presence-captured": presence_event("", "ring", "hangup", account=True),
    "detailed-presence": presence_event(DETAILED, "ring", "answer", **TEXT),
    "detailed-presence-with-sip": presence_event(SIP, "ring", **TEXT),
    "detailed-presence-captured": presence_event(SIP, "dial"),
    "detailed-presence-ringing": presence_event(SIP, "ring"),
    "detailed-presence-ended": presence_event(DETAILED, "ring", "missed"),
    "personal-do-not-disturb": presence_event(
        DETAILED,
        new_call_handling=True,
        dnd_status="unknown",
        always_telephony_status=True,
    ),
    "personal-do-not-disturb-alone": presence_event(
        DETAILED,
        new_call_handling=True,
        dnd_status="absent",
        always_telephony_status=True,
    ),
    "park-location": group_event("ParkLocation", SIP),
    "queue-waiting": group_event("Department", DETAILED),
    "queue-waiting-reading": reading(DETAILED, {}, at="Department"),
    "reading-simple": reading(""),
    "reading-with-meeting-status": reading(""),
    "reading-detailed": reading(SIP, {"queue_name": "Sales"}),
    "reading-nine-calls": reading(DETAILED, *[{}] * 9),
    "reading-call-to-oneself": reading(
        DETAILED, {"script": ["dial", "answer"], "to_self": True}
    ),
    "reading-account": account_reading,
    "dnd": other_event(f"{OWN}/presence/dnd", "dnd", string_ids=True),
    "queue-members": other_event(ACCOUNT + "/call-queues/{queue}/presence", "dnd"),
    "queue-members-flat": other_event(
        ACCOUNT + "/call-queues/{queue}/presence", "dnd", queue_event="flat"
    ),
    "favorites": other_event(f"{OWN}/favorite", "favorites", string_ids=True),
    "lines": other_event(f"{OWN}/presence/line", "lines"),
    "extension-info": other_event(OWN, "rename"),
    "message-store": other_event(f"{OWN}/message-store", "voicemail"),
    "voicemail-event": other_event(f"{OWN}/voicemail", "voicemail"),
    "voicemail-reading": voicemail_reading,
    "call-log-sync": call_log,
    "member-queues": member_queues,
    "extension-list": other_event(f"{ACCOUNT}/extension", "rename"),
}


def test_every_shape_has_a_way_to_make_it() -> None:
    """A shape that is added needs one."""
    assert PRODUCE.keys() == SHAPES.keys()


@pytest.mark.parametrize("name", sorted(SHAPES))
async def test_the_emulator_sends_it(
    emu: Emulator, wire: Wire, socket: Socket, name: str
) -> None:
    """Same members, same types."""
    shape = SHAPES[name]
    made = await PRODUCE[name](emu, wire, socket)
    wanted = shape["wire"]
    if name == "dnd":
        # The sample lacks it, and the service's other events have it.
        wanted = {**wanted, "subscriptionId": ""}
    assert differences(wanted, made, partial=shape.get("partial", False)) == []
