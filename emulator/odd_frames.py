"""What an odd kind does to a frame. Pure."""

from dataclasses import dataclass
import json
from typing import Any
import uuid

from . import odd_values
from .odd import Odd
from .odd_bodies import dump, odd_body, odd_value, padded

GIANT_FRAME = 8 << 20
"""Bytes of a giant frame: twice what many clients accept by default."""
SLOW = 30.0
"""Seconds that a slow reply takes."""


@dataclass(frozen=True, slots=True)
class OddFrame:
    """What is sent instead of a frame."""

    frames: tuple[str | bytes, ...] = ()
    seconds: float = 0.0
    """How much later."""
    cut: bool = False
    """The connection breaks instead."""


def odd_frame(
    odd: Odd, meta: dict[str, Any], body: list[Any], path: str = ""
) -> OddFrame:
    """Return what is sent instead of a frame with this meta and, if given, body."""
    kind = odd.kind
    if odd.status is not None:
        meta = {**meta, "status": odd.status}
    if odd.headers:
        meta = {**meta, "headers": {**meta.get("headers", {}), **odd.headers}}
    if kind in ("as_is", "slow", "twice"):
        text = _text([meta, *body])
        seconds = SLOW if odd.seconds is None else odd.seconds
        return OddFrame(
            (text, text) if kind == "twice" else (text,),
            seconds if kind == "slow" else 0.0,
        )
    if kind == "lost":
        return OddFrame()
    if kind == "cut":
        return OddFrame(cut=True)
    whole = _whole(odd, meta, body)
    if whole is not None:
        return OddFrame((whole,))
    return OddFrame((_text(_parts(odd, meta, body, path)),))


def _whole(odd: Odd, meta: dict[str, Any], body: list[Any]) -> str | bytes | None:
    """Return a frame that is not an array of meta and body."""
    match odd.kind:
        case "empty":
            return ""
        case "html" | "text" | "nested":
            return odd_body(odd, None).decode("utf-8", "replace")
        case "truncated":
            text = _text([meta, *body])
            return text[: len(text) // 2]
        case "binary":
            return dump([meta, *body])
        case "not_utf8":
            return b'[{"type": "\xff\xfe"}]'
        case "not_a_list":
            return _text({"meta": meta, "body": body[0] if body else None})
        case "empty_frame":
            return "[]"
    return None


def _parts(odd: Odd, meta: dict[str, Any], body: list[Any], path: str) -> list[Any]:
    """Return the meta and body of a frame that is still an array."""
    turn = odd.turn - 1
    match odd.kind:
        case "no_status":
            return [_without(meta, "status"), *body]
        case "odd_status":
            status = odd_values.STATUSES[turn % len(odd_values.STATUSES)]
            return [{**meta, "status": status}, *body]
        case "other_type":
            word = "SomethingNew" if odd.value is None else odd.value
            return [{**meta, "type": word}, *body]
        case "other_id":
            return [{**meta, "messageId": str(uuid.uuid4())}, *body]
        case "no_id":
            return [_without(meta, "messageId"), *body]
        case "no_meta":
            return [odd_values.OTHERS[turn % len(odd_values.OTHERS)], *body]
        case "no_body":
            return [meta]
        case "headers":
            made = odd_values.HEADERS[turn % len(odd_values.HEADERS)]
            return [{**meta, "headers": {**meta.get("headers", {}), **made}}, *body]
        case "content_type":
            return [{**meta, "headers": None}, *body]
        case "giant":
            inner = body[0] if body else {}
            return [meta, padded(inner, odd.size or GIANT_FRAME)]
        case "error" if odd.status is None:
            meta = {**meta, "status": 400}
        case _ if odd.at.split(".")[0] == "meta":
            made = odd_value(odd, {"meta": meta})
            return [made.get("meta") if isinstance(made, dict) else made, *body]
    return [meta, odd_value(odd, body[0] if body else None, path)]


def _without(meta: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in meta.items() if key != name}


def _text(frame: Any) -> str:
    return json.dumps(frame, separators=(",", ":"))
