"""Readers of single values: each returns one of our own types within bounds, or None, and never raises.

The bounds are far beyond what the service sends. They make sure that nothing fails when a value is
computed with, shown or stored.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
import logging
import re
from typing import Any, Final
import unicodedata

from . import words

_LOGGER = logging.getLogger(__name__)
_DIGITS: Final = re.compile(r"[0-9]{1,19}")
_IDENTIFIER: Final = re.compile(r"[!-~]{1,128}")
# These become part of paths, and of lists with commas.
_EXTENSION_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,40}")
# These can be put into a header or a query as they are.
_SECRET: Final = re.compile(r"[!-~]{1,16384}")
# Names are at most 64 characters long, messages 75, and states of Home Assistant 255.
_LONGEST_TEXT: Final = 255
_LARGEST_NUMBER: Final = 2**63 - 1
# Most calls of one extension; a queue may have dozens.
_MOST_COUNTED: Final = 10_000
# Years whose times fit into every time zone, and into a C time on every machine.
_YEARS: Final = range(1971, 2200)
# Control characters, except tab and line break; a database refuses the first of them.
_CONTROL: Final = {
    code: " " for code in (*range(32), *range(127, 160)) if chr(code) not in "\t\n"
}
# Letters and symbols that look like nothing: fillers of Hangul and an empty pattern of Braille.
_UNSEEN: Final = frozenset("\u115f\u1160\u2800\u3164\uffa0")


def identifier(value: Any) -> str | None:
    """Return an id as text; the service sends int64 numbers or strings (docs/protocol.md 2.1)."""
    if isinstance(value, str):
        return value if _IDENTIFIER.fullmatch(value) else None
    found = number(value)
    return None if found is None else str(found)


def extension_id(value: Any) -> str | None:
    """Return the id of an account or extension as text, fit for a path."""
    found = identifier(value)
    return found if found is not None and _EXTENSION_ID.fullmatch(found) else None


def text(value: Any) -> str | None:
    """Return a text that is not empty, of at most 255 characters."""
    if not isinstance(value, str) or not value:
        return None
    found: str = value[:_LONGEST_TEXT]
    return found if found.isprintable() else found.translate(_CONTROL)


def name(value: Any) -> str | None:
    """Return a text in one line that has something to see in it."""
    found = " ".join((text(value) or "").split())
    return found if any(map(_is_seen, found)) else None


def phone(value: Any) -> str | None:
    """Return the number of a phone or extension, as `name`; it may be sent as a JSON number, as ids are."""
    return name(value if isinstance(value, str) else identifier(value))


def _is_seen(letter: str) -> bool:
    """Whether it is a letter, a number, a symbol or punctuation: combining marks alone show nothing."""
    return unicodedata.category(letter)[0] in "LNPS" and letter not in _UNSEEN


def secret(value: Any) -> str | None:
    """Return a token, fit for a header."""
    return value if isinstance(value, str) and _SECRET.fullmatch(value) else None


def flag(value: Any) -> bool | None:
    """Return a bool."""
    return value if isinstance(value, bool) else None


def number(value: Any) -> int | None:
    """Return a whole number from 0 that fits into 64 bits; it may be sent as a text, as ids are."""
    # Not `isinstance`: a bool is an int, too.
    if type(value) is int and 0 <= value <= _LARGEST_NUMBER:
        return value
    if type(value) is str and _DIGITS.fullmatch(value):
        return number(int(value))
    return None


def count(value: Any) -> int | None:
    """Return a count, or None if the number is too large to be one."""
    found = number(value)
    return found if found is not None and found <= _MOST_COUNTED else None


def seconds(value: Any, most: float) -> float | None:
    """Return a positive number of seconds, not more than ``most``; read as `number`, or a fraction."""
    if (found := value if type(value) is float else number(value)) is None:
        return None
    return float(found) if 0 < found <= most else None


def header(
    headers: Mapping[str, str], key: str, low: float, high: float
) -> float | None:
    """Return the number in a header if it is within bounds."""
    try:
        value = float(headers[key])
    except KeyError, ValueError:
        return None
    return value if low <= value <= high else None


def moment(value: Any) -> datetime | None:
    """Return a time in UTC from ISO 8601 with ``Z``, ``+00:00`` or ``+0000``; letters may be lowercase (RFC 3339)."""
    if not isinstance(value, str):
        return None
    try:
        parsed = datetime.fromisoformat(value.upper())
    except ValueError, OverflowError:
        return None
    if parsed.year not in _YEARS:
        return None
    return parsed.astimezone(UTC) if parsed.tzinfo else parsed.replace(tzinfo=UTC)


class Members[EnumT: StrEnum](dict[str, EnumT | None]):
    """The members of an enum by the service's words; any other text gives None and a line in the log."""

    def __init__(self, kind: type[EnumT]) -> None:
        """Know the members of ``kind``."""
        super().__init__({str(member): member for member in kind})
        self._kind = kind.__name__

    def __missing__(self, word: str) -> None:
        """Log a word that this version does not know."""
        if word != "Unknown":
            # A text that is not made of the protocol's own words may be a name or a number.
            shown = word if words.is_made_of_words(word) else f"{len(word)} characters"
            _LOGGER.debug("Unknown %s: %s", self._kind, shown)

    def read(self, value: Any) -> EnumT | None:
        """Return the member, or None for anything else."""
        return self[value] if isinstance(value, str) else None


def mapping(value: Any) -> Mapping[str, Any]:
    """Return the value if it is an object, otherwise an empty one."""
    return value if isinstance(value, Mapping) else {}


def listed(body: Any, key: str) -> list[Mapping[str, Any]] | None:
    """Return the objects in a list of an object, see `mapping`; None if it has no such list."""
    found = mapping(body).get(key)
    return [mapping(item) for item in found] if isinstance(found, list) else None


def changed_extensions(body: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return what an event of the extension list says about each extension, in a list or alone (docs/protocol.md 4.3)."""
    return listed(body, "extensions") or ([body] if "eventType" in body else [])
