"""Every JSON reply and every event body fits its schema."""

from typing import Any

import pytest

from emulator import Emulator

from .schema import check
from .wire import ACCOUNT, OWN, ROOT, Socket, Wire

ERROR = "ParameterizedErrorResponseModel"


async def test_sign_in(wire: Wire, emu: Emulator) -> None:
    """Tokens, with and without a refresh token, ticket, errors."""
    check("TokenInfo", (await wire.sign_in()).json)
    emu.faults.set(refresh_tokens=True)
    check("TokenInfo", (await wire.sign_in()).json)
    check("TokenInfo", (await wire.refresh()).json)
    check("WsTokenResponse", (await wire.ticket()).json)
    emu.faults.set(rate_limits={"Auth": 100})
    check(ERROR, (await wire.token({"grant_type": "x"})).json)
    check(ERROR, (await wire.get(ACCOUNT, auth="Bearer x")).json)


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("GetAccountInfoResponse", ACCOUNT),
        ("GetExtensionInfoResponse", OWN),
        ("GetExtensionListResponse", f"{ACCOUNT}/extension"),
        ("GetExtensionListResponse", f"{ACCOUNT}/extension?page=2&perPage=10"),
        ("PresenceInfoResponse", f"{OWN}/presence"),
        (
            "PresenceInfoResponse",
            f"{OWN}/presence?detailedTelephonyState=true&sipData=true",
        ),
        ("AccountPresenceInfo", f"{ACCOUNT}/presence?page=2&perPage=10"),
        (
            "AccountPresenceInfo",
            f"{ACCOUNT}/presence?detailedTelephonyState=true&sipData=true",
        ),
        ("FavoriteContactList", f"{OWN}/favorite"),
        ("ExtensionCallQueuePresenceList", f"{OWN}/call-queue-presence"),
        ("SubscriptionListResource", f"{ROOT}/subscription"),
        (ERROR, f"{ACCOUNT}/extension/1"),
        (ERROR, f"{ACCOUNT}/extension?page=0"),
        (ERROR, f"{ROOT}/nonsense"),
    ],
)
async def test_replies(
    wire: Wire, socket: Socket, emu: Emulator, name: str, path: str
) -> None:
    """GET replies, with a call and a subscription there."""
    await socket.subscribe(f"{OWN}/presence")
    await emu.play_call(emu.own_extension_id, ["ring", "answer", "hold"])
    check(name, (await wire.get(path)).json)


@pytest.mark.parametrize("faults", [{"new_fields": True}, {"new_call_handling": True}])
async def test_newer_accounts(
    wire: Wire, emu: Emulator, faults: dict[str, bool]
) -> None:
    """Fields of newer accounts fit too."""
    emu.faults.set(**faults)
    check("AccountPresenceInfo", (await wire.get(f"{ACCOUNT}/presence")).json)
    check("PresenceInfoResponse", (await wire.put(f"{OWN}/presence", {})).json)


async def test_every_extension(wire: Wire, emu: Emulator) -> None:
    """Each kind of extension has a proper record and presence."""
    emu.faults.set(rate_limits={"Light": 1000})
    for ext_id in emu.ids():
        path = f"{ACCOUNT}/extension/{ext_id}"
        check("GetExtensionInfoResponse", (await wire.get(path)).json)
        check("PresenceInfoResponse", (await wire.get(f"{path}/presence")).json)
    for queue in emu.ids(type="Department"):
        path = f"{ACCOUNT}/call-queues/{queue}/presence"
        check("CallQueuePresence", (await wire.get(path)).json)


async def test_subscription(socket: Socket, emu: Emulator) -> None:
    """The reply to a subscription, with a disabled filter."""
    emu.faults.set(disabled_filters={"*/favorite": "SUB-412"})
    _, body = await socket.subscribe(f"{OWN}/presence", f"{OWN}/favorite")
    check("SubscriptionInfo", body)


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("ExtensionPresenceEvent", "/extension/{}/presence"),
        ("AccountPresenceEvent", "/presence"),
        ("DetailedExtensionPresenceEvent", "/presence?detailedTelephonyState=true"),
        (
            "DetailedExtensionPresenceEvent",
            "/extension/{}/presence?detailedTelephonyState=true",
        ),
        (
            "DetailedExtensionPresenceWithSIPEvent",
            "/extension/{}/presence?detailedTelephonyState=true&sipData=true",
        ),
    ],
)
async def test_presence_events(
    socket: Socket, emu: Emulator, other: str, name: str, asked: str
) -> None:
    """All that a call and a status can cause, ids as text as the description has them."""
    emu.faults.set(string_ids=True, sequence="all")
    await socket.subscribe(ACCOUNT + asked.format(other))
    await emu.play_call(
        other, ["ring", "answer", "hold", "resume", "hangup"], queue_name="Sales"
    )
    await emu.set_presence(other, {"userStatus": "Busy", "meetingStatus": "Connected"})
    for _ in range(6):
        check(name, await socket.event())


async def test_list_events(socket: Socket, emu: Emulator, other: str) -> None:
    """Favorites, extension and queue events."""
    emu.faults.set(string_ids=True)
    queue = emu.ids(type="Department")[0]
    expected: list[tuple[str, str, Any]] = [
        ("ExtensionFavoritesEvent", f"{OWN}/favorite", emu.set_favorites([other])),
        (
            "ExtensionInfoEvent",
            f"{ACCOUNT}/extension/{other}",
            emu.rename_extension(other, "New Name"),
        ),
        (
            "CallQueuePresenceEvent",
            f"{ACCOUNT}/call-queues/{queue}/presence",
            emu.set_presence(
                emu.own_extension_id, {"dndStatus": "DoNotAcceptAnyCalls"}
            ),
        ),
    ]
    for name, asked, act in expected:
        await socket.subscribe(asked)
        await act
        check(name, await socket.event())
    await socket.subscribe(f"{ACCOUNT}/extension")
    await emu.add_extension("Nora New")
    event = await socket.event()
    assert event["body"]["extensions"][0]["eventType"] == "Create"
