"""WebSocket frames: what is one, and what is not (docs/protocol.md 3.2)."""

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
        orjson.dumps([{"type": "ConnectionDetails", "status": 200}, body]).decode()
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


def test_documented_limits_stand_in_for_missing_or_absurd_ones() -> None:
    """Zero or a word would make the client spin."""
    assert details() == details(
        recoveryTimeout=0,
        recoveryBufferSize=None,
        idleTimeout="long",
        absoluteTimeout=True,
    )
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
        {"A": "b"},
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
