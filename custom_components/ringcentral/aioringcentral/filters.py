"""Event filters (docs/protocol.md 4.2): what to ask for, and which of them a reply refuses. Pure."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
import re
from typing import Any, Final, Self

from . import wire
from .rest import ACCOUNT, EXTENSION

_DETAILED: Final = "?detailedTelephonyState=true"
_CODE: Final = re.compile(r"[A-Z]{3}-\d{3}")
_SERVER: Final = re.compile(r"^https?://[^/]*", re.IGNORECASE)

# Most characters of a filter, including its server.
_LONGEST: Final = 1_000

UNKNOWN_REASON: Final = "unknown"

OWN: Final = f"{EXTENSION}/presence{_DETAILED}"
LINES: Final = f"{EXTENSION}/presence/line/presence{_DETAILED}"
FAVORITES: Final = f"{EXTENSION}/favorite/presence{_DETAILED}"
EVERYONE: Final = f"{ACCOUNT}/presence{_DETAILED}"
LINE_LIST: Final = f"{EXTENSION}/presence/line"
FAVORITE_LIST: Final = f"{EXTENSION}/favorite"
EXTENSION_LIST: Final = f"{ACCOUNT}/extension"
VOICEMAILS: Final = f"{EXTENSION}/message-store?type=VoiceMail"
_QUEUE: Final = re.compile(rf"{re.escape(ACCOUNT)}/call-queues/[^/]+/presence")


def extension_filter(extension_id: str) -> str:
    """Return the filter for one extension's detailed presence."""
    return f"{ACCOUNT}/extension/{extension_id}/presence{_DETAILED}"


def queue_filter(queue_id: str) -> str:
    """Return the filter for who takes the calls of a queue."""
    return f"{ACCOUNT}/call-queues/{queue_id}/presence"


def is_optional(event_filter: str) -> bool:
    """Whether to give up a filter before presence suffers: true of those for voicemail and for queues."""
    return event_filter == VOICEMAILS or _QUEUE.fullmatch(event_filter) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterPlan:
    """The filters of one subscription, and which others stand in for one that the service refuses.

    Attributes:
        wanted: event filters in order of importance.
        instead: maps a filter to others that together are equivalent.
    """

    wanted: tuple[str, ...]
    instead: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def joined(self, other: Self) -> Self:
        """Return a plan with the filters of both."""
        names = dict.fromkeys((*self.instead, *other.instead))
        return replace(
            self,
            wanted=tuple(dict.fromkeys((*self.wanted, *other.wanted))),
            instead={
                name: tuple(
                    dict.fromkeys(
                        (*self.instead.get(name, ()), *other.instead.get(name, ()))
                    )
                )
                for name in names
            },
        )

    def without(self, refused: Iterable[str]) -> tuple[str, ...]:
        """Return the filters to ask for once some are known to be refused."""
        gone = set(refused)
        kept: list[str] = []
        for name in self.wanted:
            kept += (name,) if name not in gone else self.instead.get(name, ())
        return tuple(dict.fromkeys(name for name in kept if name not in gone))


def is_presence_filter(event_filter: str) -> bool:
    """Whether a filter is for presence, and not for a list of lines, favorites or extensions."""
    return event_filter.endswith(_DETAILED)


def has_presence(event_filters: Iterable[str]) -> bool:
    """Whether one of these filters is for presence."""
    return any(map(is_presence_filter, event_filters))


def is_list_event(uri: str) -> bool:
    """Whether an event says that lines, favorites or extensions changed (docs/protocol.md 4.3)."""
    return (
        uri.partition("?")[0]
        .rstrip("/")
        .endswith(("/presence/line", "/favorite", "/extension"))
    )


def named_extensions(body: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the ids in a list event; an event about favorites has none (docs/protocol.md 4.3).

    A list of lines contains ids of extensions as well as ids of lines.
    """
    found = [
        *(
            wire.identifier(each.get("extensionId"))
            for each in wire.changed_extensions(body)
        ),
        *(
            wire.identifier(each.get("id"))
            for each in wire.listed(body, "extension") or ()
        ),
    ]
    return tuple(each for each in found if each is not None)


class FilterMatcher:
    """Finds which of the requested filters the service means.

    ``~`` on one side stands for any id on the other: replies have real ids (docs/protocol.md 2.9). Their
    filters may lack the query, have more in it, or include the server. If two match, the one with fewer ``~``
    is meant.
    """

    def __init__(self, asked: Iterable[str]) -> None:
        """Index the requested filters, so that thousands are matched in a moment."""
        self._found: dict[str, tuple[int, str]] = {}
        self._terms: set[str] = set()
        for name in asked:
            path, _, query = name.partition("?")
            query = query.casefold()
            self._terms.add(query)
            for key, changes in _variants(path, lambda part: part != "~", "*"):
                for each in (key, f"{key}?{query}"):
                    found = self._found.get(each)
                    if found is None or changes < found[0]:
                        self._found[each] = (changes, name)

    def find(self, named: str) -> str | None:
        """Return the requested filter that is meant, or None."""
        if len(named) > _LONGEST:
            return None
        path, _, given = _SERVER.sub("", named).partition("?")
        terms = self._terms.intersection(given.casefold().split("&"))
        query = min(terms, default="")
        fits = [
            (changes + found[0], found[1])
            for own_id, _ in _variants(path, lambda part: part == "~", "*")
            for key, changes in _variants(
                own_id, lambda part: part not in ("~", "*"), "~"
            )
            if (found := self._found.get(f"{key}?{query}" if given else key))
        ]
        return min(fits, default=(0, None))[1]


def _variants(
    path: str, matches: Callable[[str], bool], stand_in: str
) -> list[tuple[str, int]]:
    """Return a path with its account, its extension, both or neither replaced if they match, and how many were replaced."""
    parts = path.strip("/").split("/")
    ids = [
        at
        for at, before in enumerate(parts[:-1], 1)
        if before in ("account", "extension") and matches(parts[at])
    ][:2]
    found = []
    for chosen in {(), tuple(ids), *((at,) for at in ids)}:
        shown = [stand_in if at in chosen else part for at, part in enumerate(parts)]
        found.append(("/".join(shown), len(chosen)))
    return found


def listed_filters(asked: Iterable[str], body: Any) -> frozenset[str]:
    """Return the requested filters that the reply lists as part of the subscription."""
    matcher = FilterMatcher(asked)
    found = {
        matcher.find(name)
        for name in _listed(body, "eventFilters")
        if isinstance(name, str)
    }
    return frozenset(name for name in found if name is not None)


def disabled_filters(asked: Iterable[str], body: Any) -> dict[str, str]:
    """Return the filters that a subscription reply disables, as they were requested, with the reason's code.

    The code is `UNKNOWN_REASON` if the service gives none.
    """
    matcher = FilterMatcher(asked)
    disabled = {}
    for item in _listed(body, "disabledFilters"):
        # Whatever is listed there is not live, whether or not it has a reason.
        item = item if isinstance(item, Mapping) else {"filter": item}
        name = wire.text(item.get("filter"))
        if name is not None and (found := matcher.find(name)) is not None:
            reason = wire.text(item.get("reason")) or ""
            disabled[found] = reason if _CODE.fullmatch(reason) else UNKNOWN_REASON
    return disabled


def named_filters(asked: Iterable[str], body: Any) -> tuple[str, ...]:
    """Return the filters that a refusal of the whole subscription names, in ``parameterValue`` or its text."""
    matcher = FilterMatcher(asked)
    found = (
        matcher.find(word)
        for text in _texts(body)
        for each in text.split()
        if "/restapi/" in (word := each.strip("[](),;.'\""))
    )
    return tuple(dict.fromkeys(name for name in found if name is not None))


def _listed(body: Any, key: str) -> list[Any]:
    found = body.get(key) if isinstance(body, Mapping) else None
    return found if isinstance(found, list) else []


def _texts(body: Any) -> Iterator[str]:
    """Yield every text of a refusal that may name a filter."""
    for part in (*_listed(body, "errors"), body):
        if isinstance(part, Mapping):
            for key in ("parameterValue", "message"):
                if isinstance(value := part.get(key), str):
                    yield value
