"""One socket without its I/O: what frames and the time bring about. Nothing here waits."""

from collections.abc import Iterator
from itertools import count
import json
import logging
from typing import Any

import pytest

from aioringcentral.errors import Reason, RetryLater
from aioringcentral.models import Event
from aioringcentral.stream.frames import Frame, RecoveryToken
from aioringcentral.stream.protocol import (
    HEARTBEAT_AFTER,
    HEARTBEAT_DEADLINE,
    OPEN_TIMEOUT,
    REPLY_TIMEOUT,
    UNREADABLE,
    Answered,
    Failed,
    Opened,
    Output,
    Overflowed,
    SocketProtocol,
)
from aioringcentral.stream.recovery import _REPLAY_WITHIN

GONE = Reason.CANNOT_CONNECT


class Socket:
    """A protocol, the time, and the service at the other end."""

    def __init__(self, *, opened: bool = True, **details: Any) -> None:
        """Open, unless a test is about that."""
        ids = count(1)
        self.now = 1_000.0
        self.protocol = SocketProtocol(self.now, new_id=lambda: f"m-{next(ids)}")
        if opened:
            self.hear({"type": "ConnectionDetails", "status": 200}, details)

    def hear(self, meta: dict[str, Any], *body: Any) -> list[Output]:
        """Let a frame of these parts arrive."""
        return list(self.protocol.receive(json.dumps([meta, *body]), self.now))

    def event(self, number: int = 0, **meta: Any) -> list[Output]:
        """Let an event arrive."""
        body = {"event": "/e", "body": {"extensionId": number}}
        return self.hear({"type": "ServerNotification", **meta}, body)

    def sent(self) -> list[Any]:
        """Return the frames that go out now."""
        return [json.loads(frame) for frame in self.protocol.outgoing()]

    def pass_time(self, seconds: float) -> list[Output]:
        """Let time pass, with a tick whenever one is due."""
        end, outputs = self.now + seconds, list[Output]()
        for due in self._dues(end):
            self.now = max(self.now, due)
            outputs += self.protocol.tick(self.now)
        self.now = end
        return outputs

    def _dues(self, end: float) -> Iterator[float]:
        for _ in range(100_000):
            if (due := self.protocol.due()) > end:
                return
            yield due
        raise AssertionError("it is due without end")

    def ask(self, body: dict[str, Any] | None = None) -> str:
        """Send a request."""
        return self.protocol.request("GET", "/restapi/v1.0/x", body, self.now)

    def reply(self, message_id: str, body: Any = None, **meta: Any) -> list[Output]:
        """Let a reply arrive."""
        head = {"type": "ClientRequest", "messageId": message_id, "status": 200}
        return self.hear({**head, **meta}, *([] if body is None else [body]))


def bodies(outputs: list[Output]) -> dict[str, Any]:
    """Return the body of each reply by message id, None where there was none in time."""
    return {
        each.message_id: each.reply and each.reply.body
        for each in outputs
        if isinstance(each, Answered)
    }


def failure(outputs: list[Output]) -> RetryLater:
    """Return the error of the socket's end."""
    (error,) = [each.error for each in outputs if isinstance(each, Failed)]
    return error


# Opening.


def test_connection_details_open_it() -> None:
    socket = Socket(opened=False)
    meta = {"type": "ConnectionDetails", "wsc": {"token": "wsc-1", "sequence": 1}}
    (opened,) = socket.hear(meta, {"idleTimeout": 600})
    assert isinstance(opened, Opened)
    assert opened.details.idle_timeout == 600
    assert socket.protocol.details is opened.details
    assert opened.details.recovered is None
    assert socket.protocol.recovery == RecoveryToken(token="wsc-1", sequence=1)
    assert socket.protocol.opened_at == 1_000


def test_nothing_is_said_before_it_is_open() -> None:
    socket = Socket(opened=False)
    assert socket.pass_time(OPEN_TIMEOUT - 0.001) == []
    assert socket.sent() == []


def test_connection_details_that_do_not_come() -> None:
    socket = Socket(opened=False)
    error = failure(socket.pass_time(OPEN_TIMEOUT))
    assert (error.reason, error.code) == (GONE, None)
    assert socket.protocol.due() == float("inf")
    assert socket.hear({"type": "ConnectionDetails"}, {}) == []


def test_other_limits_later_change_nothing() -> None:
    socket = Socket(idleTimeout=600)
    assert socket.hear({"type": "ConnectionDetails"}, {"idleTimeout": 5}) == []
    assert socket.protocol.details.idle_timeout == 600


def test_an_error_in_place_of_the_details() -> None:
    socket = Socket(opened=False)
    error = failure(
        socket.hear(
            {"type": "Error", "messageId": "m", "status": 400, "wsc": None},
            {"errorCode": "WSG-400", "message": "Malformed token of Alice"},
        )
    )
    assert (error.reason, error.code) == (Reason.SERVICE_ERROR, "WSG-400")
    assert "Alice" not in repr(error)


@pytest.mark.parametrize(
    "body", [{"errorCode": "x" * 99}, {"errorCode": "Alice Doe"}, {"errorCode": 7}, []]
)
def test_an_error_without_a_code(body: Any) -> None:
    """Its text may be anything, and nothing of it is kept."""
    socket = Socket(opened=False)
    assert failure(socket.hear({"type": "Error"}, body)).code is None
    assert socket.protocol.error_code is None


# Events and other frames.


def test_events_come_out_in_order() -> None:
    socket = Socket()
    outputs = [output for number in range(3) for output in socket.event(number)]
    events = [each for each in outputs if isinstance(each, Event)]
    assert [event.body["extensionId"] for event in events] == [0, 1, 2]
    assert events[0].uri == "/e"


@pytest.mark.parametrize(
    "frame",
    [
        "not json",
        "",
        "[]",
        "{}",
        '[{"type": "Nobody knows"}, {}]',
        '[{"type": "ServerNotification"}, {"body": 7}]',
        '[{"type": "ServerNotification"}]',
        '[{"type": "ClientRequest", "messageId": "nobody asked"}, {}]',
        '[{"type": "Heartbeat", "messageId": "not ours"}]',
        '[{"type": "Error"}]',
        '[{"type": "ServerNotification"}, {"body": {}, "event": "' + "x" * 5_000_000,
        "[" * 100_000,
        "[" * 500 + "]" * 500,
        '[{"type": {"type": "ClientRequest"}, "messageId": "m-1"}]',
        '[{"type": "ClientRequest", "messageId": ["m-1"]}, {}]',
        '[{"type": "ClientRequest", "messageId": 1}, {}]',
        '[{"type": "ServerNotification", "messageId": "m-1"}, {}]',
        '[{"type": "Heartbeat", "messageId": "m-1"}]',
        '[{"type": "ConnectionDetails", "messageId": "m-1"}, {"idleTimeout": 1}]',
        '{"type": "ClientRequest", "messageId": "m-1"}',
        '["ClientRequest", {"messageId": "m-1"}]',
        "\ud800",
        b"\x00\xff",
        b"",
    ],
)
def test_a_frame_that_means_nothing_costs_itself_alone(frame: str | bytes) -> None:
    socket = Socket()
    message_id = socket.ask()
    told = list(socket.protocol.receive(frame, socket.now))
    assert told in ([], [UNREADABLE])
    assert bodies(socket.reply(message_id, {"fine": True})) == {
        message_id: {"fine": True}
    }
    assert len(socket.event()) == 1


@pytest.mark.parametrize(
    "frame",
    ["not json", b"\x00", '[{"type": "ServerNotification"}, {"body": 7}]'],
)
def test_what_may_have_been_an_event_is_told(frame: str | bytes) -> None:
    """Of an open socket; before that there are none."""
    socket = Socket()
    assert list(socket.protocol.receive(frame, socket.now)) == [UNREADABLE]
    closed = Socket(opened=False)
    assert not list(closed.protocol.receive("not json", closed.now))


def test_the_newest_recovery_token_is_kept() -> None:
    """From whatever frame, when its sequence is higher (docs/protocol.md 3.4)."""
    socket = Socket()
    assert socket.protocol.recovery is None
    for token, sequence in (("wsc-1", 1), ("wsc-3", 3), ("wsc-2", 2)):
        socket.event(wsc={"token": token, "sequence": sequence})
    assert socket.protocol.recovery == RecoveryToken(token="wsc-3", sequence=3)
    message_id = socket.ask()
    socket.reply(message_id, {}, wsc={"token": "wsc-4", "sequence": 4})
    assert socket.protocol.recovery == RecoveryToken(token="wsc-4", sequence=4)


# Requests.


def test_a_request_goes_out_once() -> None:
    socket = Socket()
    message_id = socket.ask({"n": 1})
    meta = {
        "type": "ClientRequest",
        "messageId": message_id,
        "method": "GET",
        "path": "/restapi/v1.0/x",
    }
    assert socket.sent() == [[meta, {"n": 1}]]
    assert socket.sent() == []


def test_replies_find_their_requests() -> None:
    """Whatever their order."""
    socket = Socket()
    one, two = socket.ask({"n": 1}), socket.ask({"n": 2})
    assert one != two
    assert bodies(socket.reply(two, {"n": 2})) == {two: {"n": 2}}
    assert bodies(socket.reply(one, {"n": 1})) == {one: {"n": 1}}


def test_a_request_without_a_body_has_one_part() -> None:
    """``null`` would be refused (WSG-808)."""
    socket = Socket()
    message_id = socket.ask()
    (frame,) = socket.sent()
    assert len(frame) == 1
    assert bodies(socket.reply(message_id, status=204)) == {message_id: None}


def test_a_refused_request_is_a_reply() -> None:
    socket = Socket()
    message_id = socket.ask()
    limit = {"status": 429, "headers": {"Retry-After": "30"}}
    (answered,) = socket.reply(message_id, {"errorCode": "CMN-301"}, **limit)
    assert isinstance(answered, Answered)
    assert isinstance(answered.reply, Frame)
    assert answered.reply.status == 429
    assert dict(answered.reply.headers) == {"Retry-After": "30"}


def test_a_reply_that_does_not_come() -> None:
    """It may come later, when nothing waits for it."""
    socket = Socket()
    message_id = socket.ask()
    assert socket.pass_time(REPLY_TIMEOUT - 0.001) == []
    assert socket.pass_time(0.001) == [Answered(message_id, None)]
    assert socket.reply(message_id, {}) == []
    assert len(socket.event()) == 1


def test_the_same_reply_twice() -> None:
    socket = Socket()
    message_id = socket.ask()
    assert bodies(socket.reply(message_id, {"n": 1})) == {message_id: {"n": 1}}
    assert socket.reply(message_id, {"n": 2}) == []


def test_a_request_that_is_forgotten() -> None:
    """Whoever asked is gone: no reply and no deadline comes out."""
    socket = Socket()
    message_id = socket.ask()
    socket.protocol.forget(message_id)
    assert socket.reply(message_id, {}) == []
    assert socket.pass_time(REPLY_TIMEOUT) == []


def test_an_error_frame_answers_the_request_it_names() -> None:
    socket = Socket()
    message_id = socket.ask()
    code = {"errorCode": "WSG-808"}
    assert bodies(socket.reply(message_id, code, type="Error", status=400)) == {
        message_id: code
    }


@pytest.mark.parametrize("kind", ["Heartbeat", "ServerNotification", "Nobody knows"])
def test_a_frame_of_another_type_answers_no_request(kind: str) -> None:
    """An echo is no reply: what was asked for is not known to be done."""
    socket = Socket()
    message_id = socket.ask()
    assert bodies(socket.reply(message_id, {}, type=kind)) == {}
    assert bodies(socket.reply(message_id, {})) == {message_id: {}}


# Ends.


def test_who_waits_is_told_of_the_end() -> None:
    socket = Socket()
    message_id = socket.ask()
    outputs = list(socket.protocol.close())
    assert bodies(outputs) == {message_id: None}
    assert failure(outputs).reason is GONE
    assert list(socket.protocol.close()) == []
    assert socket.sent() == []
    assert socket.protocol.due() == float("inf")


@pytest.mark.parametrize("code", ["WSG-902", "WSG-903"])
def test_the_service_says_why_it_closes(
    caplog: pytest.LogCaptureFixture, code: str
) -> None:
    """Idle for too long, or too old: known afterwards, and no error of ours."""
    socket = Socket()
    with caplog.at_level(logging.DEBUG):
        assert socket.hear({"type": "Error", "status": 400}, {"errorCode": code}) == []
    assert socket.protocol.error_code == code
    assert failure(list(socket.protocol.close())).code == code
    logged = [(each.levelname, each.getMessage()) for each in caplog.records]
    assert ("DEBUG", f"The service reported {code}") in logged


# Silence.


def test_a_heartbeat_after_silence() -> None:
    socket = Socket()
    for _ in range(3):
        assert socket.pass_time(HEARTBEAT_AFTER - 0.001) == []
        assert socket.sent() == []
        assert socket.pass_time(0.001) == []
        ((beat,),) = socket.sent()
        assert beat["type"] == "Heartbeat"
        (answered,) = socket.hear(beat)
        assert isinstance(answered, Answered)


def test_nothing_is_said_while_events_arrive() -> None:
    socket = Socket()
    for _ in range(50):
        socket.pass_time(HEARTBEAT_AFTER / 10)
        socket.event()
    assert socket.sent() == []


def test_we_speak_now_and_then_all_the_same() -> None:
    """Events alone may not count as activity of ours: the service would call it idle (WSG-902)."""
    socket = Socket()
    for _ in range(301):
        socket.event()
        assert socket.pass_time(1) == []
    ((beat,),) = socket.sent()
    assert beat["type"] == "Heartbeat"


def test_a_peer_that_is_silent_is_given_up(caplog: pytest.LogCaptureFixture) -> None:
    """Half-open: nothing else would ever tell."""
    socket = Socket()
    message_id = socket.ask()
    with caplog.at_level(logging.DEBUG):
        assert bodies(socket.pass_time(REPLY_TIMEOUT)) == {message_id: None}
        outputs = socket.pass_time(HEARTBEAT_AFTER + HEARTBEAT_DEADLINE - REPLY_TIMEOUT)
    assert failure(outputs).reason is GONE
    assert "No sign of life for 45 s" in caplog.text


def test_anything_heard_is_a_sign_of_life() -> None:
    """A service that does not echo, but sends events, is alive."""
    socket = Socket()
    for _ in range(1_200):
        assert not [x for x in socket.pass_time(1) if isinstance(x, Failed)]
        socket.event()
    assert len(socket.sent()) == 4


def test_a_late_echo_is_a_sign_of_life() -> None:
    socket = Socket()
    socket.pass_time(HEARTBEAT_AFTER)
    ((beat,),) = socket.sent()
    socket.pass_time(HEARTBEAT_DEADLINE - 1)
    socket.event()
    assert bodies(socket.pass_time(2)) == {beat["messageId"]: None}
    assert socket.hear(beat) == []
    assert socket.pass_time(HEARTBEAT_AFTER - 1) == []


@pytest.mark.parametrize("idle_timeout", [3, 30, 90, 600, 1_800])
@pytest.mark.parametrize("events_every", [0, 1, 25])
def test_the_service_never_calls_it_idle(idle_timeout: int, events_every: int) -> None:
    """Whatever its limit, and however much it sends."""
    socket = Socket(idleTimeout=idle_timeout)
    spoke, step = socket.now, min(1.0, idle_timeout / 100)
    for count_ in range(1, int(4 * idle_timeout / step)):
        assert not [x for x in socket.pass_time(step) if isinstance(x, Failed)]
        for frame in socket.sent():
            spoke = socket.now
            socket.hear(*frame)
        assert socket.now - spoke < idle_timeout / 2
        if events_every and count_ % events_every == 0:
            socket.event()


def test_a_heartbeat_of_the_caller() -> None:
    socket = Socket()
    message_id = socket.protocol.heartbeat(socket.now, 3.0)
    ((beat,),) = socket.sent()
    assert beat == {"type": "Heartbeat", "messageId": message_id}
    assert socket.hear(beat) == [Answered(message_id, Frame("Heartbeat", beat))]
    message_id = socket.protocol.heartbeat(socket.now, 3.0)
    assert socket.pass_time(3) == [Answered(message_id, None)]


# Recovery.


def replayed(socket: Socket, events: int) -> int:
    """Let events arrive; return how many overflows came out."""
    outputs = [output for number in range(events) for output in socket.event(number)]
    assert sum(isinstance(each, Event) for each in outputs) == events
    return sum(isinstance(each, Overflowed) for each in outputs)


def test_a_replay_that_fills_the_buffer_may_lack_events() -> None:
    """Nothing tells that the buffer overflowed but its own length."""
    socket = Socket(recoveryState="Successful", recoveryBufferSize=50)
    assert replayed(socket, 49) == 0
    assert replayed(socket, 1) == 1
    assert replayed(socket, 200) == 0


def test_what_comes_long_after_a_recovery_is_no_replay() -> None:
    socket = Socket(recoveryState="Successful", recoveryBufferSize=50)
    assert replayed(socket, 49) == 0
    socket.pass_time(_REPLAY_WITHIN + 0.001)
    assert replayed(socket, 200) == 0


@pytest.mark.parametrize("details", [{}, {"recoveryState": "Failed"}])
def test_without_a_recovery_there_is_no_replay(details: dict[str, Any]) -> None:
    socket = Socket(recoveryBufferSize=50, **details)
    assert replayed(socket, 200) == 0
