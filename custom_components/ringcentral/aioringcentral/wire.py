"""Tolerant readers of single values: what cannot be read is None, never an exception."""

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
import logging
import re
from typing import Any

_LOGGER = logging.getLogger(__name__)
_WORD = re.compile(r"[A-Za-z]{1,40}")


def identifier(value: Any) -> str | None:
    """Return an id as text; the wire sends int64 numbers or strings (docs/protocol.md 2.1)."""
    if isinstance(value, str):
        return value or None
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return None


def text(value: Any) -> str | None:
    """Return a text that is not empty."""
    return value if isinstance(value, str) and value else None


def flag(value: Any) -> bool | None:
    """Return a bool."""
    return value if isinstance(value, bool) else None


def number(value: Any) -> int | None:
    """Return a whole number."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def moment(value: Any) -> datetime | None:
    """Return an aware time from ISO 8601 with ``Z``, ``+00:00`` or ``+0000``."""
    if not isinstance(value, str):
        return None
    try:
        parsed = datetime.fromisoformat(value)
    except ValueError:
        return None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def member[EnumT: StrEnum](kind: type[EnumT], value: Any) -> EnumT | None:
    """Return the enum member, or None for a value this version does not know."""
    if not isinstance(value, str):
        return None
    known: Mapping[str, Any] = kind._value2member_map_
    found: EnumT | None = known.get(value)
    if found is None and value != "Unknown":
        _LOGGER.debug(
            "Unknown %s: %s",
            kind.__name__,
            value if _WORD.fullmatch(value) else "(not a word)",
        )
    return found


def records(body: Any) -> tuple[Mapping[str, Any], ...]:
    """Return the records of a list reply (docs/protocol.md 2.2)."""
    items = body.get("records") if isinstance(body, Mapping) else None
    return (
        tuple(item for item in items if isinstance(item, Mapping))
        if isinstance(items, list)
        else ()
    )
