"""Tolerant readers: whatever the wire holds, it is a value or None."""

from datetime import UTC, datetime
import logging
from typing import Any

from hypothesis import given, strategies as st
import pytest

from aioringcentral import wire
from aioringcentral.models import ActiveCall, Extension, TelephonyStatus
from aioringcentral.presence import changes_from_wire

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
READERS = (
    wire.identifier,
    wire.text,
    wire.flag,
    wire.number,
    wire.moment,
    wire.records,
    lambda value: wire.member(TelephonyStatus, value),
)


@given(JSON)
def test_nothing_raises(value: Any) -> None:
    for read in READERS:
        read(value)


@given(
    st.fixed_dictionaries(
        {},
        optional=dict.fromkeys(
            ("id", "direction", "telephonyStatus", "terminationType", "startTime"), JSON
        ),
    )
)
def test_no_call_raises(item: dict[str, Any]) -> None:
    ActiveCall.from_wire(item)
    changes_from_wire({**item, "activeCalls": [item, item.get("id")]})
    Extension.from_wire({**item, "account": item, "permissions": {"admin": item}})


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (7, "7"),
        (2**53, "9007199254740992"),
        ("7", "7"),
        ("", None),
        (True, None),
        (7.0, None),
        (None, None),
        ([], None),
    ],
)
def test_an_id_is_text(value: Any, read: str | None) -> None:
    assert wire.identifier(value) == read


@pytest.mark.parametrize(
    ("value", "read"), [("Jo", "Jo"), ("", None), (7, None), (None, None)]
)
def test_a_text_says_something(value: Any, read: str | None) -> None:
    assert wire.text(value) == read


@pytest.mark.parametrize(
    ("value", "flag", "number"),
    [
        (True, True, None),
        (0, None, 0),
        (7, None, 7),
        ("1", None, None),
        (1.5, None, None),
    ],
)
def test_a_flag_is_no_number(value: Any, flag: bool | None, number: int | None) -> None:
    assert wire.flag(value) is flag
    assert wire.number(value) == number


@pytest.mark.parametrize(
    "value",
    [
        "2026-11-24T09:00:00.000Z",
        "2026-11-24T09:00:00+0000",
        "2026-11-24T10:00:00+01:00",
        "2026-11-24T09:00:00",
    ],
)
def test_a_moment_has_a_time_zone(value: str) -> None:
    assert wire.moment(value) == datetime(2026, 11, 24, 9, tzinfo=UTC)


@pytest.mark.parametrize("value", ["soon", "", 1_795_000_000, None, [], "2026-13-01"])
def test_what_is_no_moment(value: Any) -> None:
    assert wire.moment(value) is None


def test_a_word_that_is_known() -> None:
    assert wire.member(TelephonyStatus, "OnHold") is TelephonyStatus.ON_HOLD


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("SomethingNew", ["Unknown TelephonyStatus: SomethingNew"]),
        # Not a word of the service, and maybe somebody's name.
        ("+1 415 555 0100", ["Unknown TelephonyStatus: (not a word)"]),
        ("Unknown", []),
        (None, []),
        (7, []),
        ([], []),
        ({}, []),
    ],
)
def test_a_word_that_is_not(
    caplog: pytest.LogCaptureFixture, value: Any, told: list[str]
) -> None:
    with caplog.at_level(logging.DEBUG):
        assert wire.member(TelephonyStatus, value) is None
    assert [record.getMessage() for record in caplog.records] == told


@pytest.mark.parametrize(
    ("body", "read"),
    [
        ({"records": [{"id": 1}, 2, None]}, ({"id": 1},)),
        ({"records": {}}, ()),
        ({}, ()),
        ([], ()),
        (None, ()),
    ],
)
def test_records_are_objects(body: Any, read: tuple[Any, ...]) -> None:
    assert wire.records(body) == read
