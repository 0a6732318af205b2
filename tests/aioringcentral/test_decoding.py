"""JSON to values: what a strict reader refuses costs one value (docs/architecture.md 4.9)."""

import json
from typing import Any

from hypothesis import given, strategies as st
import pytest

from aioringcentral.decoding import decode
from aioringcentral.stream.frames import event_from_frame, parse_frame

from .test_rest import rest_of

UNREADABLE = "\ufffd"


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        # A name that was cut after half of an emoji, before, between and after whole characters.
        (r'{"a": "x\ud83d", "b": 1}', {"a": f"x{UNREADABLE}", "b": 1}),
        (r'{"a": "\udc00x", "b": 1}', {"a": f"{UNREADABLE}x", "b": 1}),
        (r'{"a": "\uD83D\ud83d\ude00"}', {"a": f"{UNREADABLE}\U0001f600"}),
        (r'{"a": "\ud83d\u0041"}', {"a": f"{UNREADABLE}A"}),
        # A backslash and letters are no escape.
        (r'{"a": "\\ud83d", "b": "\ud83d"}', {"a": r"\ud83d", "b": UNREADABLE}),
        (b'{"a": "x\xf0\x9f", "b": 1}', {"a": f"x{UNREADABLE}", "b": 1}),
        (b'\xef\xbb\xbf{"a": 1}', {"a": 1}),
        ('{"a": "x\x01\ny"}', {"a": "x\x01\ny"}),
        ('{"a": NaN, "b": [Infinity, -Infinity, 1]}', {"a": None, "b": [None, None, 1]}),
        ('{"a": 1e999, "b": -1e999, "c": 0.5, "d": NaN}', {"a": None, "b": None, "c": 0.5, "d": None}),
        (f'{{"a": {"9" * 5000}, "b": 1e999}}', {"a": None, "b": None}),
    ],
)  # fmt: skip
def test_one_odd_value_costs_itself(raw: str | bytes, found: Any) -> None:
    """What stands beside half a character or a number that is none is read."""
    assert decode(raw) == found


@pytest.mark.parametrize(
    "raw",
    [
        *("", " ", "OK", "NaN", "<html>", "{", '{"a": ', '{"a": "\\ud83d', "[1,]", "{}x"),
        *("[" * 100_000, '{"a":' * 100_000, b"\xff\xfe{\x00}\x00", b"\xff"),
        '["\\ud83d", "' + "x" * 4 * 1024 * 1024 + '"]',
    ],
)  # fmt: skip
def test_what_is_no_json_is_none(raw: str | bytes) -> None:
    """Patience has an end."""
    assert decode(raw) is None


@given(st.text(st.characters(exclude_categories=[])), st.integers(0, 40))
def test_no_text_comes_out_that_cannot_be_written(text: str, cut: int) -> None:
    """Whatever is read can be written as UTF-8 again: Home Assistant stores and sends it."""
    raw = json.dumps({"a": text, "\ud800": [text]})
    for each in (raw, raw[:cut], raw.encode()[:cut]):
        if (found := decode(each)) is not None:
            json.dumps(found, ensure_ascii=False).encode()


async def test_a_name_cut_within_a_character_keeps_nobody_else_away() -> None:
    """Of an extension list with such a name, everyone is followed."""
    raw = r"""{"records": [
        {"id": 1, "extensionNumber": "101", "type": "User", "status": "Enabled", "name": "Ann \ud83d"},
        {"id": 2, "extensionNumber": "102", "type": "User", "status": "Enabled", "name": "Ben"}],
        "paging": {"page": 1, "totalPages": 1}}"""
    rest, _ = rest_of(decode(raw))
    assert [each.name for each in await rest.extensions()] == [
        f"Ann {UNREADABLE}",
        "Ben",
    ]


def test_an_event_with_half_a_character_is_heard() -> None:
    """The caller's name was cut; that the phone rings is told all the same."""
    frame = parse_frame(
        r'[{"type": "ServerNotification"}, {"event": "x", "body": {"extensionId": 1,'
        r' "telephonyStatus": "Ringing", "activeCalls": [{"fromName": "Jo \ud83d"}]}}]'
    )
    assert frame is not None
    event = event_from_frame(frame)
    assert event is not None
    assert event.body["telephonyStatus"] == "Ringing"
