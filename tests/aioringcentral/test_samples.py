"""Payloads as the service sends them: published samples made anonymous, and cases of our own (docs/protocol.md)."""

import json
from pathlib import Path
from typing import Any

import pytest

from aioringcentral.error_codes import error_from_reply
from aioringcentral.errors import RingCentralError
from aioringcentral.filters import EXTENSION_LIST
from aioringcentral.models import Event, Extension
from aioringcentral.presence import (
    fields_from_wire,
    update_from_event,
    update_from_rest,
)
from aioringcentral.stream.frames import (
    connection_details,
    event_from_frame,
    parse_frame,
)

SAMPLES = Path(__file__).parent / "fixtures"


def samples(kind: str) -> list[Path]:
    """Return the samples of a kind; there are some, so no test below runs on nothing."""
    found = sorted((SAMPLES / kind).glob("*.json"))
    assert found, kind
    return found


def load(path: Path) -> Any:
    """Return the JSON of a sample."""
    return json.loads(path.read_text())


@pytest.mark.parametrize("path", samples("events"), ids=lambda path: path.stem)
def test_every_event_is_read(path: Path) -> None:
    """A presence event fills what it names; an event of another kind says nothing about presence."""
    sample = load(path)
    update = update_from_event(Event(uri=sample["event"], body=sample["body"]))
    presence_keys = {
        "telephonyStatus",
        "presenceStatus",
        "userStatus",
        "dndStatus",
        "meetingStatus",
    }
    if "presence" not in sample["event"] or not presence_keys & set(sample["body"]):
        assert update is None or not update.changes
        return
    assert update is not None
    assert update.extension_id == str(sample["body"]["extensionId"])
    assert update.sequence == sample["body"].get("sequence")
    assert all(value is not None for value in update.changes.values())
    named = set(sample["body"]) - {"extensionId", "sequence", "ownerId"}
    assert len(update.changes) == len(named)


@pytest.mark.parametrize("path", samples("websocket"), ids=lambda path: path.stem)
def test_every_frame_is_read(path: Path) -> None:
    """Frames parse, and a notification gives its event."""
    frame = parse_frame(json.dumps(load(path)))
    assert frame is not None
    if frame.type == "ConnectionDetails":
        assert connection_details(frame).idle_timeout == 1_800
        assert frame.recovery is not None
    if frame.type == "ServerNotification":
        assert event_from_frame(frame) is not None


@pytest.mark.parametrize("path", samples("rest"), ids=lambda path: path.stem)
def test_every_reply_is_read(path: Path) -> None:
    """Presence and extension records come out whole."""
    body = load(path)
    for item in body.get("records", [body]):
        if "presenceStatus" in item:
            update = update_from_rest(item)
            assert update is not None
            assert update.extension_id == str(item["extension"]["id"])
            assert update.changes == fields_from_wire(item)[0]
        elif "type" in item:
            extension = Extension.from_wire(item)
            assert extension is not None
            assert extension.can_be_followed is (item["status"] == "Enabled")


@pytest.mark.parametrize("path", samples("errors"), ids=lambda path: path.stem)
def test_every_error_is_one_of_the_families(path: Path) -> None:
    """An error has its code, and shows none of the service's text."""
    payload = load(path)
    body = payload[1] if isinstance(payload, list) else payload
    error = error_from_reply(400, body)
    assert isinstance(error, RingCentralError)
    codes = [item["errorCode"] for item in body.get("errors", ())] or [
        body["errorCode"]
    ]
    assert error.code == (codes[0] if not codes[0].startswith("WSG-1") else None)
    assert body.get("message", "no message") not in str(error)


def test_list_events_are_told_from_presence() -> None:
    """A changed list of extensions names many, and none at the top."""
    assert (
        update_from_event(
            Event(uri=EXTENSION_LIST, body={"extensions": [{"extensionId": "1"}]})
        )
        is None
    )
