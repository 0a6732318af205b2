"""WebSocket frames (docs/protocol.md 3.2): from text to values and back. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
import re
from typing import Any, Final, NamedTuple, override

import orjson

from .. import wire
from ..decoding import decode
from ..error_codes import codes_of, error_from_reply
from ..models import Event

_DAY: Final = 86_400.0
# Most characters; a subscription to thousands of filters takes half a million, an event about a thousand.
_LONGEST: Final = 4 * 1024 * 1024
# RingCentral's codes have three digits; those of its WebSocket gateway may have four: WSG-1003.
_CODE: Final = re.compile(r"[A-Z]{3}-\d{3,4}")


class FrameType(StrEnum):
    """The ``type`` of a frame's first element."""

    CONNECTION_DETAILS = "ConnectionDetails"
    CLIENT_REQUEST = "ClientRequest"
    SERVER_NOTIFICATION = "ServerNotification"
    HEARTBEAT = "Heartbeat"
    ERROR = "Error"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryToken:
    """``wsc``: what a later connection shows to recover the session (docs/protocol.md 3.4)."""

    token: str = field(repr=False)
    sequence: int


class Frame(NamedTuple):
    """One frame: its type, its whole first element, and its body, which is None if there is only one element."""

    type: str
    meta: Mapping[str, Any]
    body: Any = None

    @override
    def __repr__(self) -> str:
        return f"Frame({self.type!r})"

    @property
    def message_id(self) -> str | None:
        """The id that matches a reply with its request."""
        return wire.text(self.meta.get("messageId"))

    @property
    def status(self) -> int:
        """The HTTP status of a reply, or 0 if it cannot be read."""
        if self.meta.get("status") is None:
            # Without a status, the body tells: only a refusal has a code.
            return 0 if self.body is None or codes_of(self.body) else 200
        status = wire.number(self.meta["status"])
        return status if status is not None and 100 <= status < 600 else 0

    @property
    def headers(self) -> Mapping[str, str]:
        """The HTTP headers of a reply by names such as ``Retry-After``, whatever their case was."""
        headers = wire.mapping(self.meta.get("headers"))
        return {
            key.title(): str(value)
            for key, value in headers.items()
            if isinstance(value, str | int | float)
        }

    @property
    def recovery(self) -> RecoveryToken | None:
        """The recovery token, which any frame may carry."""
        value = self.meta.get("wsc")
        if not isinstance(value, dict) or not (token := wire.text(value.get("token"))):
            return None
        sequence = wire.number(value.get("sequence")) or 0
        return RecoveryToken(token=token, sequence=sequence)

    @property
    def error_code(self) -> str | None:
        """The code of an Error frame, such as ``WSG-902``, or None if its body has none."""
        code = self.body.get("errorCode") if isinstance(self.body, Mapping) else None
        if isinstance(code, str) and _CODE.fullmatch(code):
            return code
        return error_from_reply(self.status, self.body).code


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionDetails:
    """Limits of a connection in seconds (docs/protocol.md 3.3); ``recovered`` is None without a recovery token."""

    recovery_timeout: float = 180.0
    recovery_buffer: int = 100
    idle_timeout: float = 1_800.0
    absolute_timeout: float = 86_400.0
    recovered: bool | None = None
    recovery_error: str | None = None


def parse_frame(text: str | bytes) -> Frame | None:
    """Return a frame, or None if the text is not one: too long, not JSON, not an array, or without a type."""
    if len(text) > _LONGEST:
        return None
    parts = decode(text)
    if (
        not isinstance(parts, list)
        or not parts
        or not isinstance(meta := parts[0], dict)
    ):
        return None
    kind = meta.get("type")
    if not isinstance(kind, str):
        return None
    return Frame(kind, meta, parts[1] if len(parts) > 1 else None)


def request_frame(
    message_id: str, method: str, path: str, body: Mapping[str, Any] | None = None
) -> str:
    """Return a ClientRequest; without a body, it has only one element, since ``null`` is refused (WSG-808)."""
    meta = {
        "type": FrameType.CLIENT_REQUEST,
        "messageId": message_id,
        "method": method,
        "path": path,
    }
    return orjson.dumps([meta] if body is None else [meta, body]).decode()


def heartbeat_frame(message_id: str) -> str:
    """Return a Heartbeat, which the service echoes."""
    return orjson.dumps(
        [{"type": FrameType.HEARTBEAT, "messageId": message_id}]
    ).decode()


def connection_details(frame: Frame) -> ConnectionDetails:
    """Read ConnectionDetails; a limit that is missing or absurd gets its documented value."""
    body = frame.body if isinstance(frame.body, Mapping) else {}
    default = ConnectionDetails()
    state = body.get("recoveryState")
    code = body.get("recoveryErrorCode")
    return ConnectionDetails(
        recovery_timeout=_bounded(
            body.get("recoveryTimeout"), default.recovery_timeout, _DAY
        ),
        recovery_buffer=int(
            _bounded(body.get("recoveryBufferSize"), default.recovery_buffer, 1e6)
        ),
        idle_timeout=_bounded(body.get("idleTimeout"), default.idle_timeout, _DAY),
        absolute_timeout=_bounded(
            body.get("absoluteTimeout"), default.absolute_timeout, 30 * _DAY
        ),
        recovered=state == "Successful" if isinstance(state, str) else None,
        recovery_error=code
        if isinstance(code, str) and _CODE.fullmatch(code)
        else None,
    )


def _bounded(value: Any, default: float, most: float) -> float:
    """Return a limit between one and ``most``: less would make the client spin, more would make it wait for ever."""
    found = wire.seconds(value, most)
    return default if found is None or found < 1 else found


def event_from_frame(frame: Frame) -> Event | None:
    """Return the event in a ServerNotification (docs/protocol.md 4.1), or None if there is none."""
    envelope = frame.body
    if not isinstance(envelope, dict) or not isinstance(
        body := envelope.get("body"), dict
    ):
        return None
    uri = envelope.get("event")
    return Event(
        uri if isinstance(uri, str) else "",
        body,
        wire.moment(envelope.get("timestamp")),
    )
