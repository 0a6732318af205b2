"""Keys and error bodies exactly as in the service's published samples (docs/protocol.md 1.5, 3.2, 4)."""

from typing import Any

import pytest

from emulator import Emulator

from .wire import ACCOUNT, OWN, Socket, Wire

SIP = "detailedTelephonyState=true&sipData=true"

ENVELOPE = {"uuid", "event", "timestamp", "subscriptionId", "ownerId", "body"}
PLAIN = {
    "extensionId",
    "telephonyStatus",
    "sequence",
    "presenceStatus",
    "userStatus",
    "meetingStatus",
    "dndStatus",
    "allowSeeMyPresence",
    "ringOnMonitoredCall",
    "pickUpCallsOnHold",
}
DETAILED = PLAIN | {"activeCalls", "totalActiveCalls"}
CALL = {
    "id",
    "direction",
    "queueCall",
    "from",
    "fromName",
    "to",
    "telephonyStatus",
    "startTime",
    "sessionId",
    "partyId",
    "telephonySessionId",
}
SIP_CALL = CALL | {"sipData", "toName"}


@pytest.mark.parametrize(
    ("asked", "body", "call"),
    [
        (f"{ACCOUNT}/presence", PLAIN, None),
        (f"{ACCOUNT}/extension/{{}}/presence", PLAIN, None),
        (
            f"{ACCOUNT}/extension/{{}}/presence?detailedTelephonyState=true",
            DETAILED,
            CALL,
        ),
        (f"{ACCOUNT}/extension/{{}}/presence?{SIP}", DETAILED, SIP_CALL),
    ],
)
async def test_presence_event(
    socket: Socket,
    emu: Emulator,
    other: str,
    asked: str,
    body: set[str],
    call: set[str] | None,
) -> None:
    """An event of a changed telephony status has exactly the keys of the sample."""
    # The samples of the documentation have it in plain events too.
    emu.faults.set(sequence="all")
    await socket.subscribe(asked.format(other))
    await emu.play_call(other, ["ring"])
    event = await socket.event()
    assert event.keys() == ENVELOPE
    assert event["body"].keys() == body
    if call:
        # toName is in the SIP sample only; the specification has it for both.
        assert event["body"]["activeCalls"][0].keys() - {"toName"} == call - {"toName"}


@pytest.mark.parametrize(
    ("asked", "keys"),
    [
        (f"{OWN}/favorite", {"extensionId"}),
        (f"{OWN}/presence/line", {"extension", "sequence"}),
        (f"{OWN}/presence/dnd", {"extensionId", "dndStatus"}),
    ],
)
async def test_other_event(
    socket: Socket, emu: Emulator, other: str, asked: str, keys: set[str]
) -> None:
    """The small bodies."""
    await socket.subscribe(asked)
    await emu.set_favorites([other])
    await emu.set_lines([other])
    await emu.set_presence(emu.own_extension_id, {"dndStatus": "DoNotAcceptAnyCalls"})
    assert (await socket.body()).keys() == keys


async def test_connection_details(socket: Socket) -> None:
    """Meta and body of the first frame."""
    meta = {"type", "messageId", "status", "wsc", "headers"}
    body = {
        "creationTime",
        "maxConnectionsPerSession",
        "recoveryBufferSize",
        "recoveryTimeout",
        "idleTimeout",
        "absoluteTimeout",
        "maxActiveRequests",
    }
    assert socket.details[0].keys() == meta
    assert socket.details[1].keys() == body


async def test_notification(socket: Socket, emu: Emulator, other: str) -> None:
    """Meta of a notification."""
    await socket.subscribe(f"{ACCOUNT}/presence")
    await emu.set_presence(other, {"userStatus": "Busy"})
    frame = await socket.find(lambda each: each[0]["type"] == "ServerNotification")
    assert frame[0].keys() == {"type", "messageId", "status", "headers"}
    assert frame[1].keys() == ENVELOPE


def oauth_error(word: str, code: str, text: str) -> dict[str, Any]:
    """Return the error body of an OAuth endpoint."""
    return {
        "error": word,
        "error_description": text,
        "errors": [{"errorCode": code, "message": text}],
    }


async def test_body_of_a_superseded_token(anonymous: Wire, emu: Emulator) -> None:
    """401 with a legacy word over the code."""
    emu.faults.set(refresh_tokens=True)
    await anonymous.sign_in()
    old = f"Bearer {anonymous.access}"
    await anonymous.refresh()
    text = "Access token corrupted"
    assert (await anonymous.get(ACCOUNT, auth=old)).json == {
        "errorCode": "TokenInvalid",
        "message": text,
        "errors": [{"errorCode": "OAU-129", "message": text}],
    }


async def test_body_of_a_missing_permission(anonymous: Wire, emu: Emulator) -> None:
    """403 with the permission's name, twice."""
    emu.faults.set(permissions_removed=["ReadPresence"])
    await anonymous.sign_in()
    text = (
        "In order to call this API endpoint, application needs to have"
        " [ReadPresence] permission"
    )
    assert (await anonymous.get(f"{OWN}/presence")).json == {
        "errorCode": "InsufficientPermissions",
        "message": text,
        "errors": [
            {"errorCode": "CMN-401", "message": text, "permissionName": "ReadPresence"}
        ],
        "permissionName": "ReadPresence",
    }


async def test_bodies_of_refused_tokens(anonymous: Wire, emu: Emulator) -> None:
    """What the token endpoint answers to an old refresh token, a wrong grant and no client."""
    emu.faults.set(refresh_tokens=True)
    await anonymous.sign_in()
    emu.expire_refresh_tokens()
    assert (await anonymous.refresh()).json == oauth_error(
        "invalid_grant", "OAU-210", "Token expired"
    )
    assert (await anonymous.token({"grant_type": "password"})).json == oauth_error(
        "unauthorized_client", "OAU-251", "Unauthorized for this grant type"
    )
    assert (await anonymous.token({}, auth=None)).json == oauth_error(
        "invalid_client", "OAU-123", "Client authentication is required"
    )


async def test_rest_presence(wire: Wire, emu: Emulator, other: str) -> None:
    """A detailed REST presence has the sample's keys; newer fields come on top."""
    await emu.play_call(other, ["ring"], queue_name="Sales")
    path = f"{ACCOUNT}/extension/{other}/presence"
    reply = (await wire.get(f"{path}?detailedTelephonyState=true&sipData=true")).json
    assert {
        "uri",
        "extension",
        "presenceStatus",
        "telephonyStatus",
        "userStatus",
        "dndStatus",
        "allowSeeMyPresence",
        "ringOnMonitoredCall",
        "pickUpCallsOnHold",
        "activeCalls",
    } <= reply.keys()
    call = reply["activeCalls"][0]
    assert call["callInfo"]["primary"] == {"type": "QueueName", "value": "Sales"}
    assert call["callInfo"]["additional"]["type"] == "CallerIdName"
