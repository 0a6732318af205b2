"""Event filters (protocol 4.2): what to ask for, and what to do when some are refused. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from . import wire
from .rest import ACCOUNT, EXTENSION

_DETAILED: Final = "?detailedTelephonyState=true"

OWN: Final = f"{EXTENSION}/presence{_DETAILED}"
LINES: Final = f"{EXTENSION}/presence/line/presence{_DETAILED}"
FAVORITES: Final = f"{EXTENSION}/favorite/presence{_DETAILED}"
EVERYONE: Final = f"{ACCOUNT}/presence{_DETAILED}"
LINE_LIST: Final = f"{EXTENSION}/presence/line"
FAVORITE_LIST: Final = f"{EXTENSION}/favorite"
EXTENSION_LIST: Final = f"{ACCOUNT}/extension"


def extension_filter(extension_id: str) -> str:
    """Return the filter for one extension's detailed presence."""
    return f"{ACCOUNT}/extension/{extension_id}/presence{_DETAILED}"


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterPlan:
    """The filters of one subscription, and what stands in for one that the service refuses.

    ``instead`` maps a filter to others that together mean the same.
    """

    wanted: tuple[str, ...]
    instead: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def without(self, refused: Iterable[str]) -> tuple[str, ...]:
        """Return the filters to ask for once some are known to be refused."""
        gone = set(refused)
        kept: list[str] = []
        for name in self.wanted:
            kept += (name,) if name not in gone else self.instead.get(name, ())
        return tuple(dict.fromkeys(name for name in kept if name not in gone))


def is_presence_filter(event_filter: str) -> bool:
    """Whether a filter is one for presence, and not for a list of lines, favourites or extensions."""
    return event_filter.endswith(_DETAILED)


def is_list_event(uri: str) -> bool:
    """Whether an event tells that lines, favourites or extensions changed (protocol 4.3)."""
    return (
        uri.partition("?")[0]
        .rstrip("/")
        .endswith(("/presence/line", "/favorite", "/extension"))
    )


def named_extensions(body: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the ids that a list event names, none where it is about favourites (protocol 4.3).

    Those of lines are mixed with the lines' own.
    """
    found = [
        wire.identifier(item.get(key))
        for name, key in (("extensions", "extensionId"), ("extension", "id"))
        for item in (body[name] if isinstance(body.get(name), list) else ())
        if isinstance(item, Mapping)
    ]
    return tuple(each for each in found if each is not None)


def disabled_filters(asked: Iterable[str], body: Any) -> dict[str, str]:
    """Return the filters that a subscription reply disables, as they were asked for, with the reason.

    The reply names them with real ids in place of ``~`` (protocol 2.9).
    """
    asked = tuple(asked)
    listed = body.get("disabledFilters") if isinstance(body, Mapping) else None
    disabled = {}
    for item in listed if isinstance(listed, list) else []:
        name = wire.text(item.get("filter")) if isinstance(item, Mapping) else None
        if name is not None and (found := asked_filter(asked, name)) is not None:
            disabled[found] = wire.text(item.get("reason")) or "unknown"
    return disabled


def named_filters(asked: Iterable[str], body: Any) -> tuple[str, ...]:
    """Return the filters that a refusal of the whole subscription names (``parameterValue`` or its text)."""
    errors = body.get("errors") if isinstance(body, Mapping) else None
    parts = [
        part
        for part in (*(errors if isinstance(errors, list) else ()), body)
        if isinstance(part, Mapping)
    ]
    told = [
        str(part.get(key))
        for part in parts
        for key in ("parameterValue", "message")
        if part.get(key)
    ]
    words = (word.strip("[](),;.'\"") for text in told for word in text.split())
    asked = tuple(asked)
    found = (
        asked_filter(asked, word) for word in words if word.startswith("/restapi/")
    )
    return tuple(dict.fromkeys(name for name in found if name is not None))


def asked_filter(asked: Iterable[str], told: str) -> str | None:
    """Return which of the filters asked for the service means, or None.

    ``~`` stands for any id; of two that fit, the one that needs it less is meant.
    """
    fits = ((_wildcards(name, told), name) for name in asked)
    return min(
        ((count, name) for count, name in fits if count is not None), default=(0, None)
    )[1]


def _wildcards(asked: str, told: str) -> int | None:
    path, _, query = asked.partition("?")
    told_path, _, told_query = told.partition("?")
    mine, theirs = path.strip("/").split("/"), told_path.strip("/").split("/")
    if len(mine) != len(theirs) or (told_query and query != told_query):
        return None
    pairs = [(a, b) for a, b in zip(mine, theirs, strict=True) if a != b]
    return len(pairs) if all("~" in pair for pair in pairs) else None
