"""Frames of the socket as text: building and reading them (docs/protocol.md 3.2). Pure."""

from dataclasses import dataclass
from typing import Any
import uuid

import orjson

ERROR_TEXTS = {
    "WSG-400": "Malformed WebSocket message",
    "WSG-429": "Too many active requests",
    "WSG-500": "Internal gateway error",
    "WSG-808": "Body has to be an object or a string",
    "WSG-902": "Idle timeout expired",
    "WSG-903": "Absolute timeout expired",
}
MALFORMED_CONTEXT = "Malformed WebSocket session context token"


class FrameError(ValueError):
    """A client's frame that gets an Error frame as its reply."""

    def __init__(self, code: str, message_id: str | None = None) -> None:
        """Take the code, and the message's id if it could be read."""
        super().__init__(code)
        self.code, self.message_id = code, message_id


@dataclass(frozen=True, slots=True)
class ClientFrame:
    """One frame of a client."""

    type: str
    message_id: str
    method: str = ""
    path: str = ""
    query: tuple[tuple[str, str], ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


def dump(meta: dict[str, Any], *body: Any) -> str:
    """Return a frame: the array of meta and, if given, body."""
    return orjson.dumps([meta, *body]).decode()


def error(code: str, message_id: str | None, message: str | None = None) -> str:
    """Return an Error frame."""
    message_id = message_id or str(uuid.uuid4())
    meta = {
        "type": "Error",
        "messageId": message_id,
        "status": 429 if code == "WSG-429" else 500 if code == "WSG-500" else 400,
        "headers": {"RCRequestId": message_id},
    }
    text = message or ERROR_TEXTS.get(code, "Error")
    return dump(meta, {"errorCode": code, "message": text})


def heartbeat_meta(message_id: str) -> dict[str, Any]:
    """Return the meta of the echo of a heartbeat, which may have no id."""
    meta = {"type": "Heartbeat"}
    return {**meta, "messageId": message_id} if message_id else meta


def parse(text: str) -> ClientFrame:
    """Return a client's frame; raise FrameError if it is invalid."""
    try:
        frame = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise FrameError("WSG-400") from None
    if not isinstance(frame, list) or not 1 <= len(frame) <= 2:
        raise FrameError("WSG-400")
    meta = frame[0]
    if not isinstance(meta, dict):
        raise FrameError("WSG-400")
    message_id, kind = meta.get("messageId"), meta.get("type")
    if kind == "Heartbeat" and message_id is None:
        return ClientFrame(kind, "")
    if not isinstance(message_id, str) or not message_id:
        raise FrameError("WSG-400")
    if kind == "Heartbeat":
        return ClientFrame(kind, message_id)
    if kind != "ClientRequest":
        raise FrameError("WSG-400", message_id)
    method, path = meta.get("method"), meta.get("path")
    if not isinstance(method, str) or not isinstance(path, str):
        raise FrameError("WSG-400", message_id)
    return ClientFrame(
        kind,
        message_id,
        method.upper(),
        path,
        _pairs(meta.get("query")),
        _pairs(meta.get("headers")),
        _body(frame, message_id),
    )


def _pairs(value: Any) -> tuple[tuple[str, str], ...]:
    """Return an object's members; a list is a repeated member."""
    if not isinstance(value, dict):
        return ()
    return tuple(
        (name, _text(each))
        for name, member in value.items()
        for each in (member if isinstance(member, list) else [member])
    )


def _text(value: Any) -> str:
    # A boolean is spelled as in a URL, not as in Python.
    return str(value).lower() if isinstance(value, bool) else str(value)


def _body(frame: list[Any], message_id: str) -> bytes:
    if len(frame) == 1:
        return b""
    body = frame[1]
    if isinstance(body, str):
        return body.encode()
    if isinstance(body, dict):
        return orjson.dumps(body)
    raise FrameError("WSG-808", message_id)
