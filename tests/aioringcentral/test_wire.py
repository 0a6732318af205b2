"""Tolerant readers: whatever the wire holds, it is a value or None."""

from datetime import UTC, datetime, tzinfo
import logging
from typing import Any

from hypothesis import given, strategies as st
import pytest

from aioringcentral import wire
from aioringcentral.models import ActiveCall, Extension, TelephonyStatus
from aioringcentral.presence import fields_from_wire

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
READERS = (
    wire.identifier,
    wire.extension_id,
    wire.text,
    wire.name,
    wire.secret,
    wire.flag,
    wire.number,
    wire.moment,
    wire.mapping,
    lambda value: wire.seconds(value, 60.0),
    wire.Members(TelephonyStatus).read,
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
    fields_from_wire({**item, "activeCalls": [item, item.get("id")]})
    Extension.from_wire({**item, "account": item, "permissions": {"admin": item}})


SENT = st.fixed_dictionaries(
    {},
    optional={
        "id": st.sampled_from(["7", 7, "0", True, "a\n"]),
        "direction": st.sampled_from(["Inbound", "Outbound", "Sideways"]),
        "startTime": st.sampled_from(["2026-01-01T00:00:00Z", "soon"]),
        "queueCall": st.sampled_from([True, False, 1, None]),
        "from": st.sampled_from(["+15550100", "", " a\x00b", 7]),
        "telephonyStatus": st.sampled_from(["Ringing", "NoCall"]),
    },
)


@given(SENT, SENT)
def test_a_call_reads_the_same_whatever_was_read_before(
    item: dict[str, Any], other: dict[str, Any]
) -> None:
    plain = ActiveCall.from_wire(item)
    for before in (plain, ActiveCall.from_wire(other)):
        again = ActiveCall.from_wire(item, before)
        assert again == plain
        assert [*map(type, again)] == [*map(type, plain)]


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
        (-1, None),
        (2**63, None),
        ("a b", None),
        ("a\nb", None),
        ("x" * 1_000, None),
        ("\u0663", None),
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
        ("1", None, 1),
        ("-1", None, None),
        ("\u0663", None, None),
        ("9" * 30, None, None),
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
        "2026-11-24t09:00:00.000z",
    ],
)
def test_a_moment_has_a_time_zone(value: str) -> None:
    assert wire.moment(value) == datetime(2026, 11, 24, 9, tzinfo=UTC)


@pytest.mark.parametrize("value", ["7", "A-b_9"])
def test_an_extension_s_id_fits_into_a_path(value: str) -> None:
    assert wire.extension_id(value) == value


@pytest.mark.parametrize("value", ["1,2", "..", "a/b", "~", "1?x", "%2e", "7 ", 7.5])
def test_what_does_not_fit_into_a_path_is_no_extension(value: Any) -> None:
    assert wire.extension_id(value) is None


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (" Jo\n Doe ", "Jo Doe"),
        ("Jo\x00Doe", "Jo Doe"),
        ("\u200f\u05d3\u05e0\u05d4", "\u200f\u05d3\u05e0\u05d4"),
        (" \n\t", None),
        ("\u200b\u200e", None),
        ("\ufeff", None),
        ("\u3164", None),
        ("\u2800 \u2800", None),
        ("\ufe0f\u034f", None),
        ("\u3164Jo", "\u3164Jo"),
        ("\U0001f600", "\U0001f600"),
        ("x" * 300, "x" * 255),
        (7, None),
    ],
)
def test_a_name_has_something_to_see_in_it(value: Any, read: str | None) -> None:
    assert wire.name(value) == read


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (60, 60.0),
        (0.5, 0.5),
        (0, None),
        (-1, None),
        (61, None),
        (True, None),
        (float("inf"), None),
        (float("nan"), None),
        (10**400, None),
        ("60", 60.0),
        ("61", None),
        ("1 min", None),
    ],
)
def test_seconds_are_a_time_that_can_be_waited_for(
    value: Any, read: float | None
) -> None:
    assert wire.seconds(value, 60.0) == read


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("40", 40.0),
        ("1.5", 1.5),
        ("inf", None),
        ("nan", None),
        ("-5", None),
        ("1e308", None),
        ("9" * 5_000, None),
        ("soon", None),
        ("", None),
    ],
)
def test_a_header_is_a_number_within_bounds(value: str, read: float | None) -> None:
    assert wire.header({"X": value}, "X", 0, 100) == read
    assert wire.header({}, "X", 0, 100) is None


@pytest.mark.parametrize(
    "value",
    [
        "0001-01-01T00:00:00+01:00",
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59-12:00",
        "9999-12-31T24:00:00Z",
        "1970-01-01T00:00:00Z",
        "2200-01-01T00:00:00Z",
        "292277026596-12-04T15:30:08Z",
        "-0044-03-15T12:00:00Z",
    ],
)
def test_a_moment_that_fits_into_no_calendar(value: str) -> None:
    assert wire.moment(value) is None


@given(st.datetimes(), st.timezones())
def test_every_moment_fits_into_every_zone(value: datetime, zone: tzinfo) -> None:
    read = wire.moment(value.replace(tzinfo=UTC).isoformat())
    if read is not None:
        read.astimezone(zone).timestamp()


@pytest.mark.parametrize("value", ["soon", "", 1_795_000_000, None, [], "2026-13-01"])
def test_what_is_no_moment(value: Any) -> None:
    assert wire.moment(value) is None


def test_a_word_that_is_known() -> None:
    assert wire.Members(TelephonyStatus).read("OnHold") is TelephonyStatus.ON_HOLD


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("OnPersonalCall", ["Unknown TelephonyStatus: OnPersonalCall"]),
        # Not a word of the service, and maybe somebody's name.
        ("Zebulon", ["Unknown TelephonyStatus: 7 characters"]),
        ("ZebulonQuagmire", ["Unknown TelephonyStatus: 15 characters"]),
        ("+1 415 555 0100", ["Unknown TelephonyStatus: 15 characters"]),
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
        assert wire.Members(TelephonyStatus).read(value) is None
    assert [record.getMessage() for record in caplog.records] == told
