"""Shapes against raw samples of the service, where they lie beside the checkout.

The keys the samples have in common with the facts are written down here, so the
claims hold everywhere; the files only add to them.
"""

from pathlib import Path
from typing import Any

import orjson
import pytest

from emulator import Emulator

from .schema import SHARED
from .wire import ACCOUNT, OWN, Socket, Wire

SAMPLES = SHARED / "samples"
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


def sample(name: str, otherwise: set[str], *path: Any) -> set[str]:
    """Return the keys at a path of a sample, or what they are known to be."""
    file: Path = SAMPLES / name
    if not file.exists():
        return otherwise
    value = orjson.loads(file.read_bytes())
    for step in path:
        value = value[step]
    found = set(value)
    assert found == otherwise, f"{name} has changed"
    return found


@pytest.mark.parametrize(
    ("name", "asked", "body", "call"),
    [
        ("account-presence.json", f"{ACCOUNT}/presence", PLAIN, None),
        ("extension-presence.json", f"{ACCOUNT}/extension/{{}}/presence", PLAIN, None),
        (
            "detailed-extension-presence.json",
            f"{ACCOUNT}/extension/{{}}/presence?detailedTelephonyState=true",
            DETAILED,
            CALL,
        ),
        (
            "detailed-extension-presence-with-sip.json",
            f"{ACCOUNT}/extension/{{}}/presence?{SIP}",
            DETAILED,
            SIP_CALL,
        ),
    ],
)
async def test_presence_event(
    socket: Socket,
    emu: Emulator,
    other: str,
    name: str,
    asked: str,
    body: set[str],
    call: set[str] | None,
) -> None:
    """A changed telephony status tells exactly the keys of the sample."""
    file = f"events/{name}"
    await socket.subscribe(asked.format(other))
    await emu.play_call(other, ["ring"])
    event = await socket.event()
    assert event.keys() == sample(file, ENVELOPE)
    assert event["body"].keys() == sample(file, body, "body")
    if call:
        keys = sample(file, call, "body", "activeCalls", 0)
        # toName is in the SIP sample only; the description has it for both.
        assert event["body"]["activeCalls"][0].keys() - {"toName"} == keys - {"toName"}


@pytest.mark.parametrize(
    ("name", "asked", "keys"),
    [
        ("extension-favorites.json", f"{OWN}/favorite", {"extensionId"}),
        (
            "extension-presence-line.json",
            f"{OWN}/presence/line",
            {"extension", "sequence"},
        ),
        (
            "extension-dnd-status.json",
            f"{OWN}/presence/dnd",
            {"extensionId", "dndStatus"},
        ),
    ],
)
async def test_other_event(
    socket: Socket, emu: Emulator, other: str, name: str, asked: str, keys: set[str]
) -> None:
    """The small bodies."""
    await socket.subscribe(asked)
    await emu.set_favorites([other])
    await emu.set_lines([other])
    await emu.set_presence(emu.own_extension_id, {"dndStatus": "DoNotAcceptAnyCalls"})
    assert (await socket.body()).keys() == sample(f"events/{name}", keys, "body")


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
    file = "websocket/connection-details.json"
    assert socket.details[0].keys() == sample(file, meta, 0)
    assert socket.details[1].keys() == sample(file, body, 1)


async def test_notification(socket: Socket, emu: Emulator, other: str) -> None:
    """Meta of a notification."""
    await socket.subscribe(f"{ACCOUNT}/presence")
    await emu.set_presence(other, {"userStatus": "Busy"})
    frame = await socket.find(lambda each: each[0]["type"] == "ServerNotification")
    keys = {"type", "messageId", "status", "headers"}
    file = "websocket/websocket-notification.json"
    assert frame[0].keys() == sample(file, keys, 0)
    assert frame[1].keys() == sample(file, ENVELOPE, 1)


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("http-api-error-token-invalid.json", {"errorCode", "message", "errors"}),
        (
            "http-api-error-insufficient-permissions.json",
            {"errorCode", "message", "errors", "permissionName"},
        ),
        (
            "http-oauth-error-refresh-expired.json",
            {"error", "errors", "error_description"},
        ),
        (
            "http-oauth-error-grant-not-allowed.json",
            {"error", "errors", "error_description"},
        ),
        (
            "http-oauth-error-no-client-auth.json",
            {"error", "errors", "error_description"},
        ),
    ],
)
async def test_error_bodies(
    anonymous: Wire, emu: Emulator, name: str, keys: set[str]
) -> None:
    """Keys of error bodies, and their codes where the sample is there."""
    emu.faults.set(refresh_tokens=True, rate_limits={"Auth": 100})
    await anonymous.sign_in()
    match name:
        case "http-api-error-token-invalid.json":
            old = f"Bearer {anonymous.access}"
            await anonymous.refresh()
            answer = await anonymous.get(ACCOUNT, auth=old)
        case "http-api-error-insufficient-permissions.json":
            emu.faults.set(permissions_removed=["ReadPresence"])
            answer = await anonymous.get(f"{OWN}/presence")
        case "http-oauth-error-refresh-expired.json":
            emu.expire_refresh_tokens()
            answer = await anonymous.refresh()
        case "http-oauth-error-grant-not-allowed.json":
            answer = await anonymous.token({"grant_type": "password"})
        case _:
            answer = await anonymous.token({}, auth=None)
    assert answer.json.keys() == sample(f"errors/{name}", keys, "payload")
    file = SAMPLES / "errors" / name
    payload = orjson.loads(file.read_bytes())["payload"] if file.exists() else None
    assert payload is None or payload == answer.json


async def test_rest_presence(wire: Wire, emu: Emulator, other: str) -> None:
    """Keys of a detailed REST presence; newer fields come on top of the sample's."""
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
