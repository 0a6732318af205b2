"""The call log on the wire: what a record means, what is odd in it, and how a missed call ended."""

from datetime import UTC, datetime
from typing import Any

import pytest

from aioringcentral.call_log import LoggedCall, Outcome, calls_from_wire, outcome_of
from aioringcentral.calls.identity import session_of
from aioringcentral.models import CallDirection

RECORD: dict[str, Any] = {
    "id": "QwVrCHkfAA9NQA",
    "sessionId": "3164985006",
    "telephonySessionId": "s-a0d17b8d",
    "partyId": "p-a0d17b8d-2",
    "startTime": "2026-11-24T09:00:00.141Z",
    "duration": 59,
    "type": "Voice",
    "direction": "Inbound",
    "result": "Voicemail",
    "from": {"phoneNumber": "+14155550177", "name": "Zora Quill"},
    "to": {"extensionNumber": "102", "name": "Bob Example"},
}


def record(**changes: Any) -> LoggedCall:
    """Return a record that can be read."""
    found = LoggedCall.from_wire({**RECORD, **changes})
    assert found is not None
    return found


def test_a_record() -> None:
    found = record()

    assert found == LoggedCall(
        id="QwVrCHkfAA9NQA",
        started_at=datetime(2026, 11, 24, 9, 0, 0, 141_000, tzinfo=UTC),
        duration=59.0,
        direction=CallDirection.INBOUND,
        result="Voicemail",
        session="s-a0d17b8d",
        party="p-a0d17b8d-2",
        number="+14155550177",
        name="Zora Quill",
    )
    assert found.is_missed
    assert "Zora" not in repr(found)
    assert "+1415" not in repr(found)


def test_the_other_party_of_an_outgoing_call_is_who_was_called() -> None:
    found = record(direction="Outbound", result="Hang Up")

    assert (found.name, found.number) == ("Bob Example", "102")
    assert not found.is_missed


@pytest.mark.parametrize(
    "odd",
    [
        {"id": None},
        {"id": {}},
        {"startTime": None},
        {"startTime": "yesterday"},
        {"startTime": "0001-01-01T00:00:00Z"},
        {"type": "Fax"},
        {"type": None},
    ],
)
def test_what_is_no_call(odd: dict[str, Any]) -> None:
    assert LoggedCall.from_wire({**RECORD, **odd}) is None


@pytest.mark.parametrize(
    "odd",
    [
        {"duration": -1},
        {"duration": "0:59"},
        {"duration": 10**30},
        {"duration": None},
        {"duration": True},
    ],
)
def test_a_duration_that_cannot_be_read_is_none(odd: dict[str, Any]) -> None:
    assert record(**odd).duration == 0.0


def test_odd_parts_cost_the_others_nothing() -> None:
    found = record(
        **{"direction": 5, "result": [], "telephonySessionId": {}, "from": "Zora"}
    )

    assert (found.direction, found.result, found.session) == (None, None, None)
    assert (found.name, found.number) == (None, None)
    assert not found.is_missed


def test_a_list() -> None:
    found = calls_from_wire({"records": [RECORD, None, 5, {"id": "1"}]})

    assert found is not None
    assert [each.id for each in found] == [RECORD["id"]]


@pytest.mark.parametrize("odd", [None, [], {}, {"records": None}, {"records": {}}])
def test_what_is_no_list(odd: Any) -> None:
    assert calls_from_wire(odd) is None


@pytest.mark.parametrize(
    ("result", "outcome"),
    [
        ("Voicemail", Outcome.VOICEMAIL),
        ("Sent to Voicemail", Outcome.VOICEMAIL),
        ("Rejected", Outcome.REJECTED),
        ("Declined", Outcome.REJECTED),
        ("Answered Elsewhere", Outcome.ANSWERED_ELSEWHERE),
        ("Abandoned", Outcome.ABANDONED),
        ("Hang Up", Outcome.ABANDONED),
        ("Missed", Outcome.UNKNOWN),
        ("No Answer", Outcome.UNKNOWN),
        ("Accepted", Outcome.UNKNOWN),
        ("A new word", Outcome.UNKNOWN),
        (None, Outcome.UNKNOWN),
    ],
)
def test_how_a_missed_call_ended(result: str | None, outcome: Outcome) -> None:
    call = record(result=result)

    assert outcome_of([call], "s-a0d17b8d", "p-a0d17b8d-2") is outcome


@pytest.mark.parametrize(
    "other",
    [
        {"telephonySessionId": "s-other"},
        {"telephonySessionId": None},
        {"direction": "Outbound"},
        {"direction": None},
        # Its end is not in there yet.
        {"result": "In Progress"},
    ],
)
def test_of_another_call_nothing_is_told(other: dict[str, Any]) -> None:
    assert outcome_of([record(**other)], "s-a0d17b8d", "p-a0d17b8d-2") is None
    assert outcome_of([], "s-a0d17b8d", None) is None


def test_of_two_parties_of_a_session_its_own_counts() -> None:
    calls = [
        record(partyId="p-1", result="Answered Elsewhere"),
        record(partyId="p-2", result="Rejected"),
    ]

    assert outcome_of(calls, "s-a0d17b8d", "p-2") is Outcome.REJECTED
    # Of which one it is, nothing says.
    assert outcome_of(calls, "s-a0d17b8d", "p-3") is Outcome.UNKNOWN


def test_a_log_without_parties_is_enough() -> None:
    call = record(partyId=None)

    assert outcome_of([call], "s-a0d17b8d", "p-2") is Outcome.VOICEMAIL


@pytest.mark.parametrize(
    ("key", "ids"),
    [
        ("s-1/p-1", ("s-1", "p-1")),
        ("s-1/p-1#12", ("s-1", "p-1")),
        ("3164985006", None),
        ("#1", None),
        ("", None),
        ("/p-1", None),
    ],
)
def test_which_calls_are_named_by_their_session(
    key: str, ids: tuple[str, str] | None
) -> None:
    assert session_of(key) == ids
