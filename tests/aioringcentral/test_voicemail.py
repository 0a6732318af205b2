"""Voicemails on the wire: what a list and an event mean, and what is odd in them."""

from datetime import UTC, datetime
from typing import Any

import pytest

from aioringcentral.voicemail import (
    Voicemail,
    Voicemails,
    is_message_event,
    new_messages,
)

RECORD: dict[str, Any] = {
    "id": 1000,
    "type": "VoiceMail",
    "creationTime": "2026-11-24T09:00:00.000Z",
    "readStatus": "Unread",
    "from": {"phoneNumber": "+14155550177", "name": "Zora Quill"},
    "attachments": [{"id": 1000, "type": "AudioRecording", "vmDuration": 12}],
}


def test_a_record() -> None:
    found = Voicemail.from_wire(RECORD)

    assert found == Voicemail(
        id="1000",
        received_at=datetime(2026, 11, 24, 9, tzinfo=UTC),
        duration=12.0,
        number="+14155550177",
        name="Zora Quill",
        attachment="1000",
    )
    assert "Zora" not in repr(found)
    assert "+1415" not in repr(found)


def test_a_withheld_number_and_an_extension() -> None:
    withheld = Voicemail.from_wire({**RECORD, "from": {}})
    inside = Voicemail.from_wire({**RECORD, "from": {"extensionNumber": "101"}})

    assert withheld is not None
    assert (withheld.name, withheld.number) == (None, None)
    assert inside is not None
    assert inside.number == "101"


@pytest.mark.parametrize(
    "odd",
    [
        {"id": None},
        {"id": "../1"},
        {"type": "SMS"},
        {"type": None},
    ],
)
def test_what_is_no_voicemail(odd: dict[str, Any]) -> None:
    assert Voicemail.from_wire({**RECORD, **odd}) is None


@pytest.mark.parametrize(
    "odd",
    [
        {"attachments": None},
        {"attachments": [5]},
        {"attachments": [{"type": "AudioRecording", "vmDuration": -1}]},
        {"attachments": [{"type": "AudioRecording", "vmDuration": "0:12"}]},
        {"attachments": [{"type": "Fax", "vmDuration": 3}]},
    ],
)
def test_a_length_that_cannot_be_read_is_unknown(odd: dict[str, Any]) -> None:
    found = Voicemail.from_wire({**RECORD, **odd})

    assert found is not None
    assert found.duration is None


def test_a_list() -> None:
    body = {"records": [RECORD, {"id": 2}], "paging": {"totalElements": 31}}

    found = Voicemails.from_wire(body)

    assert found is not None
    assert found.total == 31
    assert [each.id for each in found.newest] == ["1000"]


@pytest.mark.parametrize("paging", [None, {}, {"totalElements": -1}])
@pytest.mark.parametrize("records", [[], [RECORD]])
def test_a_total_may_be_missing(paging: Any, records: list[Any]) -> None:
    found = Voicemails.from_wire({"records": records, "paging": paging})

    assert found is not None
    assert found.total == len(records)


@pytest.mark.parametrize(
    "odd",
    [
        None,
        [],
        {},
        {"records": None, "paging": {"totalElements": 1}},
        {"records": [RECORD], "navigation": {"nextPage": {"uri": "x"}}},
    ],
)
def test_what_is_no_list(odd: Any) -> None:
    assert Voicemails.from_wire(odd) is None


def test_an_event_names_what_is_new() -> None:
    body = {
        "changes": [
            {"type": "VoiceMail", "newCount": 2, "newMessageIds": [7, "8"]},
            {"type": "VoiceMail", "updatedMessageIds": [9]},
            {"newMessageIds": None},
            5,
        ]
    }

    assert new_messages(body) == {"7", "8"}
    assert new_messages({"changes": None}) == frozenset()


def test_which_events_are_about_messages() -> None:
    start = "/restapi/v1.0/account/1/extension/2"
    assert is_message_event(f"{start}/message-store?type=VoiceMail")
    assert is_message_event(f"{start}/message-store/")
    assert not is_message_event(f"{start}/presence")
