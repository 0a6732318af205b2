"""The service's JSON reduced to shapes: types, known words, counters, relative times, and labels for ids."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
import re
from typing import Any, Final
from urllib.parse import parse_qsl

from .. import words
from . import fields

# Deeper than anything that the service sends, or that anybody reads.
_DEEPEST: Final = 12
_LONGEST: Final = 60

_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
_DIGITS: Final = re.compile(r"\d{1,24}")
_COUNT: Final = re.compile(r"-?\d{1,6}(\.\d{1,6})?|-?inf|nan", re.IGNORECASE)
_TYPES: Final = frozenset({"application/json", "text/html", "text/plain"})
_FLAGS: Final = frozenset({"true", "false"})
_PATHS: Final = frozenset({"event", "uri", "path", "filter", "eventFilters"})
# A counter is an int32 (docs/protocol.md 4.4); a larger number may be anything.
_LARGEST: Final = 2**31


class Shapes:
    """Turns JSON values into shapes; an id has the same label in all of them.

    A shape is itself JSON. In place of a private value, it has a text in angle brackets: ``<int10:3>`` and
    ``<str10:3>`` are the third id, which has ten characters, as a number and as a text; ``<str 12>`` is a text
    of twelve characters; ``<time +1.250>`` is a time, in seconds after ``began``.
    """

    def __init__(self, began: datetime) -> None:
        """Begin without labels; times are relative to ``began``, which has a zone."""
        self._began = began
        self._labels: dict[str, int] = {}

    def label(self, value: str | int) -> str:
        """Return the label of an id, made of its type, its length and its number."""
        text = str(value)
        kind = "int" if isinstance(value, int) else "str"
        # ``1`` and ``"1"`` name the same extension.
        number = self._labels.setdefault(text, len(self._labels) + 1)
        return f"<{kind}{len(text)}:{number}>"

    def known(self, ids: Iterable[str]) -> dict[str, str]:
        """Return the labels, as texts, of those of the ids that any shape has named so far."""
        return {key: self.label(key) for key in ids if key in self._labels}

    def shape(self, value: Any, field: str = "", depth: int = 0) -> Any:
        """Return the shape of a value in a field of this name."""
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, int | float):
            return self._number(value, field)
        if isinstance(value, str):
            return self._text(value, field)
        if depth >= _DEEPEST:
            return f"<{type(value).__name__} {len(value)}>"
        if isinstance(value, Mapping):
            return self._mapping(value, depth)
        if isinstance(value, Sequence):
            shown = [self.shape(each, field, depth + 1) for each in value[:_LONGEST]]
            hidden = len(value) - _LONGEST
            return shown if hidden <= 0 else [*shown, f"<{hidden} more>"]
        return f"<{type(value).__name__}>"

    def headers(self, headers: Mapping[str, str]) -> dict[str, Any]:
        """Return the headers about limits and content, with their values if these are numbers or words."""
        return {
            name.lower(): self._header(str(value))
            for name, value in headers.items()
            if name.lower() in fields.HEADERS
        }

    def path(self, text: str) -> str:
        """Return a path, event URI or filter with labels in place of ids, and without scheme and host."""
        path, _, query = text.partition("?")
        if "://" in path:
            path = "/" + path.partition("://")[2].partition("/")[2]
        shown = "/".join(self._segment(part) for part in path.split("/"))
        return f"{shown}?{self._query(query)}" if query else shown

    def _mapping(self, value: Mapping[Any, Any], depth: int) -> dict[str, Any]:
        shown: dict[str, Any] = {}
        for key, item in list(value.items())[:_LONGEST]:
            name = str(key)
            if not fields.is_key(name):
                name = f"<key {len(name)}>"
            if name == "headers" and isinstance(item, Mapping):
                shown[name] = self.headers(item)
            else:
                shown[name] = self.shape(item, name, depth + 1)
        if len(value) > _LONGEST:
            shown["<more>"] = len(value) - _LONGEST
        return shown

    def _number(self, value: float, field: str) -> Any:
        if field in fields.COUNTERS and abs(value) < _LARGEST:
            return value
        if _is_id(field) and isinstance(value, int):
            return self.label(value)
        return f"<{type(value).__name__} {len(str(value))}>"

    def _text(self, value: str, field: str) -> str:
        if not value or fields.is_word(field, value):
            return value
        if _TIME.match(value):
            return self._time(value)
        if _is_id(field):
            return self.label(value)
        return self.path(value) if field in _PATHS else _length(value)

    def _time(self, value: str) -> str:
        try:
            moment = datetime.fromisoformat(value)
            moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
            seconds = (moment - self._began).total_seconds()
        except ValueError, OverflowError:
            return _length(value)
        return f"<time {seconds:+.3f}>"

    def _segment(self, part: str) -> str:
        if not part or part in fields.SEGMENTS:
            return part
        if _DIGITS.fullmatch(part):
            return self.label(part)
        if "," in part:
            return ",".join(self._segment(each) for each in part.split(","))
        return _length(part)

    def _query(self, query: str) -> str:
        shown = []
        for name, value in parse_qsl(query, keep_blank_values=True)[:_LONGEST]:
            known = name in fields.PARAMETERS
            is_plain = known and (
                value in _FLAGS
                or value in words.VALUES
                or (value.isdecimal() and len(value) <= 4)
            )
            key = name if known else f"<key {len(name)}>"
            shown.append(f"{key}={value if is_plain else _length(value)}")
        return "&".join(shown)

    def _header(self, value: str) -> str:
        kind = value.partition(";")[0].strip()
        known = kind in words.VALUES or kind.title() in words.VALUES
        if known or kind in _TYPES or _COUNT.fullmatch(value):
            return kind
        return _length(value)


def _is_id(field: str) -> bool:
    return field in {"id", "uuid"} or field.endswith(("Id", "_id"))


def _length(value: str) -> str:
    return f"<str {len(value)}>"
