"""Decodes JSON. A text or number that JSON readers refuse is lost alone, without everything around it. Pure."""

from json import JSONDecoder
import re
from typing import Any, Final

import orjson

# Most characters that are decoded the patient way, which takes some ten times longer; a page of 1,000 extensions
# has half a million.
_MOST_PATIENCE: Final = 4 * 1024 * 1024
# Most digits of a whole number; no id and no count has more than twenty.
_MOST_DIGITS: Final = 40
# Escapes, one after the other: a pair of surrogates, half a pair, any other.
_ESCAPE: Final = re.compile(
    r"(\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})"
    r"|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})|\\."
)
_UNREADABLE: Final = "\ufffd"


def decode(raw: bytes | str) -> Any:
    """Return decoded JSON, or None for what is not JSON.

    A text that was cut within a character has half of it, and a number may be not a number or too large: such
    a character becomes U+FFFD, such a number None.
    """
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        return _decode_patiently(raw)


def _decode_patiently(raw: bytes | str) -> Any:
    if len(raw) > _MOST_PATIENCE:
        return None
    text = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else raw
    text = text.removeprefix("\ufeff")
    if text.lstrip()[:1] not in ("{", "["):
        # Neither an object nor a list: a page from a proxy, or a single word.
        return None
    try:
        return _PATIENT.decode(_ESCAPE.sub(_whole, text))
    except ValueError, RecursionError:
        return None


def _whole(escape: re.Match[str]) -> str:
    return _UNREADABLE if escape[2] else escape[0]


def _whole_number(digits: str) -> int | None:
    return int(digits) if len(digits) <= _MOST_DIGITS else None


def _fraction(digits: str) -> float | None:
    value = float(digits)
    return value if abs(value) < float("inf") else None


def _no_number(_word: str) -> None:
    """Return None: ``NaN`` and the infinities are not JSON, and not a value."""


_PATIENT: Final = JSONDecoder(
    strict=False,
    parse_int=_whole_number,
    parse_float=_fraction,
    parse_constant=_no_number,
)
