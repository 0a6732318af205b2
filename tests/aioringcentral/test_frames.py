"""WebSocket frames: what is one, and what is not (docs/protocol.md 3.2)."""

from datetime import UTC, datetime
import json
from typing import Any

from hypothesis import given, strategies as st
import orjson
import pytest

from aioringcentral.stream.frames import (
    ConnectionDetails,
    FrameType,
    connection_details,
    event_from_frame,
    heartbeat_frame,
    parse_frame,
    request_frame,
)


def details(**body: Any) -> ConnectionDetails:
    """Return the connection details of a frame with that body."""
    frame = parse_frame(
        json.dumps([{"type": "ConnectionDetails", "status": 200}, body])
    )
    assert frame is not None
    return connection_details(frame)


def test_limits_come_from_connection_details() -> None:
    """Every limit is read, none is taken for granted."""
    assert details(
        recoveryTimeout=30, recoveryBufferSize=50, idleTimeout=60, absoluteTimeout=120
    ) == ConnectionDetails(
        recovery_timeout=30, recovery_buffer=50, idle_timeout=60, absolute_timeout=120
    )


@pytest.mark.parametrize(
    "odd",
    [
        0,
        -1,
        None,
        True,
        "long",
        "0",
        [60],
        {},
        0.001,
        1e-300,
        1e300,
        2**63,
        10**30,
        -(2**63),
    ],
)
def test_documented_limits_stand_in_for_missing_or_absurd_ones(odd: Any) -> None:
    """Too little would make the client spin, too much would make it wait for ever."""
    names = ("recoveryTimeout", "recoveryBufferSize", "idleTimeout", "absoluteTimeout")
    assert details(**dict.fromkeys(names, odd)) == ConnectionDetails()
    assert details().absolute_timeout == 86_400


@pytest.mark.parametrize(
    ("body", "recovered", "code"),
    [
        ({}, None, None),
        ({"recoveryState": "Successful"}, True, None),
        (
            {"recoveryState": "Failed", "recoveryErrorCode": "WSG-1003"},
            False,
            "WSG-1003",
        ),
        ({"recoveryState": "Failed", "recoveryErrorCode": "for Alice"}, False, None),
        ({"recoveryState": "Failed", "recoveryErrorCode": 1003}, False, None),
        ({"recoveryState": "Perhaps"}, False, None),
        ({"recoveryState": True}, None, None),
        ({"recoveryState": ["Successful"]}, None, None),
    ],
)
def test_recovery_state(
    body: dict[str, Any], recovered: bool | None, code: str | None
) -> None:
    """The key is there only when a recovery token was shown."""
    assert (details(**body).recovered, details(**body).recovery_error) == (
        recovered,
        code,
    )


@pytest.mark.parametrize(
    "text", ["", "null", "7", "{}", "[]", "[[]]", "[{}]", '[{"type": 7}]', "[{", "\x00"]
)
def test_what_is_no_frame(text: str) -> None:
    """Garbage is None, never an exception."""
    assert parse_frame(text) is None


def test_a_request_without_a_body_has_one_element() -> None:
    """``null`` would be refused with WSG-808."""
    assert orjson.loads(
        request_frame("m1", "DELETE", "/restapi/v1.0/subscription/1")
    ) == [
        {
            "type": "ClientRequest",
            "messageId": "m1",
            "method": "DELETE",
            "path": "/restapi/v1.0/subscription/1",
        }
    ]
    assert orjson.loads(request_frame("m2", "POST", "/p", {"a": 1}))[1] == {"a": 1}
    assert orjson.loads(heartbeat_frame("m3")) == [
        {"type": "Heartbeat", "messageId": "m3"}
    ]


def test_a_reply_with_all_its_parts() -> None:
    """Status, headers and the recovery token of a frame."""
    frame = parse_frame(
        '[{"type":"ClientRequest","messageId":"m1","status":403,"headers":{"A":"b","C":1},"wsc":{"token":"t","sequence":4}}]'
    )
    assert frame is not None
    assert (
        frame.type,
        frame.message_id,
        frame.status,
        dict(frame.headers),
        frame.body,
    ) == (
        FrameType.CLIENT_REQUEST,
        "m1",
        403,
        {"A": "b", "C": "1"},
        None,
    )
    assert frame.recovery is not None
    assert (frame.recovery.token, frame.recovery.sequence) == ("t", 4)


@pytest.mark.parametrize("wsc", [None, {}, {"token": ""}, {"token": 7}, "t"])
def test_a_recovery_token_that_is_none(wsc: Any) -> None:
    """Error frames carry ``null`` there."""
    frame = parse_frame(orjson.dumps([{"type": "Error", "wsc": wsc}]).decode())
    assert frame is not None
    assert frame.recovery is None


@pytest.mark.parametrize(
    "status", [None, "2xx", True, 0, -1, 99, 600, 200.0, [200], 2**63]
)
def test_a_status_that_is_none(status: Any) -> None:
    """It is not taken for success."""
    frame = parse_frame(
        orjson.dumps([{"type": "ClientRequest", "status": status}]).decode()
    )
    assert frame is not None
    assert frame.status == 0
    missing = parse_frame('[{"type": "ClientRequest"}]')
    assert missing is not None
    assert missing.status == 0


def test_a_frame_of_many_megabytes_is_not_read() -> None:
    text = '[{"type": "Heartbeat", "x": "' + "x" * 5_000_000 + '"}]'
    assert parse_frame(text) is None
    assert parse_frame(text.replace("x" * 4_000_000, "")) is not None


@pytest.mark.parametrize(
    ("timestamp", "expected"),
    [
        ("2026-11-28T20:00:00.123Z", datetime(2026, 11, 28, 20, 0, 0, 123_000, UTC)),
        ("2026-11-28T22:00:00.000+0200", datetime(2026, 11, 28, 20, tzinfo=UTC)),
        (None, None),
        ("soon", None),
        (1_795_000_000, None),
        (["2026-11-28T20:00:00Z"], None),
    ],
)
def test_when_an_event_was_sent(timestamp: Any, expected: datetime | None) -> None:
    """It orders events without a sequence (docs/protocol.md 10)."""
    envelope = {"event": "/e", "timestamp": timestamp, "body": {"extensionId": 1}}
    frame = parse_frame(
        orjson.dumps([{"type": "ServerNotification"}, envelope]).decode()
    )
    assert frame is not None
    event = event_from_frame(frame)
    assert event is not None
    assert event.timestamp == expected


@pytest.mark.parametrize("sequence", [None, "five", [5], True, -1, 1.5])
def test_a_sequence_that_is_none_leaves_the_order_to_the_time(sequence: Any) -> None:
    body = {"extensionId": 1, "sequence": sequence}
    envelope = {"timestamp": "2026-11-28T20:00:00.000Z", "body": body}
    frame = parse_frame(
        orjson.dumps([{"type": "ServerNotification"}, envelope]).decode()
    )
    assert frame is not None
    event = event_from_frame(frame)
    assert event is not None
    assert event.timestamp == datetime(2026, 11, 28, 20, tzinfo=UTC)


@pytest.mark.parametrize("body", [None, 7, [], {}, {"body": None}, {"body": []}])
def test_a_notification_without_an_event(body: Any) -> None:
    """An envelope of another shape is passed over."""
    frame = parse_frame(orjson.dumps([{"type": "ServerNotification"}, body]).decode())
    assert frame is not None
    assert event_from_frame(frame) is None


def test_secrets_show_in_no_repr() -> None:
    """A frame in a traceback gives nothing away."""
    frame = parse_frame(
        '[{"type":"Error","headers":{"h":"secret"},"wsc":{"token":"secret","sequence":1}},{"x":"secret"}]'
    )
    assert "secret" not in repr(frame)


@given(
    text=st.text()
    | st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda x: (
            st.lists(x)
            | st.dictionaries(
                st.sampled_from(
                    ["type", "messageId", "wsc", "headers", "status", "body", "token"]
                ),
                x,
            )
        ),
    ).map(
        lambda value: (
            orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS).decode()
            if _fits(value)
            else ""
        )
    )
)
def test_nothing_that_arrives_raises(text: str) -> None:
    """Any text at all is a frame or None."""
    frame = parse_frame(text)
    if frame is not None:
        connection_details(frame)
        event_from_frame(frame)


def _fits(value: Any) -> bool:
    try:
        orjson.dumps(value)
    except TypeError:
        return False
    return True
