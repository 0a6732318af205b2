"""Bodies as the service sends them, written for these tests from the documented fields (docs/protocol.md 4.3)."""

from typing import Any

from aioringcentral.models import Event

URI = "/restapi/v1.0/account/4400001/extension/5500101/presence"
DETAILED_URI = f"{URI}?detailedTelephonyState=true"


def call(**changes: Any) -> dict[str, Any]:
    """Return one active call."""
    return {
        "id": "c4f1",
        "direction": "Inbound",
        "queueCall": False,
        "from": "+15550100",
        "fromName": "Somebody Else",
        "to": "101",
        "toName": "Somebody Here",
        "telephonyStatus": "CallConnected",
        "sessionId": "70001",
        "startTime": "2026-11-24T09:00:00.000Z",
        "partyId": "p-c4f1-2",
        "telephonySessionId": "s-c4f1",
        **changes,
    }


def event_body(**changes: Any) -> dict[str, Any]:
    """Return an event body with every field of the mission."""
    return {
        "extensionId": "5500101",
        "telephonyStatus": "CallConnected",
        "sequence": 7,
        "presenceStatus": "Busy",
        "userStatus": "Available",
        "meetingStatus": "Disconnected",
        "dndStatus": "TakeAllCalls",
        "allowSeeMyPresence": True,
        "ringOnMonitoredCall": False,
        "pickUpCallsOnHold": True,
        **changes,
    }


def event(uri: str = DETAILED_URI, **changes: Any) -> Event:
    """Return an event with that body."""
    return Event(uri=uri, body=event_body(**changes))


def rest_presence(extension_id: int = 5500101, **changes: Any) -> dict[str, Any]:
    """Return a presence as REST gives it (docs/protocol.md 2.4)."""
    return {
        "extension": {"id": extension_id, "extensionNumber": "101"},
        "presenceStatus": "Available",
        "telephonyStatus": "NoCall",
        "userStatus": "Available",
        "dndStatus": "TakeAllCalls",
        "meetingStatus": "Disconnected",
        "message": "Back at two",
        "allowSeeMyPresence": True,
        "ringOnMonitoredCall": False,
        "pickUpCallsOnHold": False,
        **changes,
    }
