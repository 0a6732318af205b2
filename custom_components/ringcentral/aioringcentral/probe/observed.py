"""Finds in shapes of frames and replies what a probe's questions need: events by step, presence records, closes."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
import re
from typing import Any, Final, NamedTuple

from ..recording.recorder import Record

_LABEL: Final = re.compile(r"<(?:int|str)\d+:\d+>")


class Seen(NamedTuple):
    """One presence event: the step in which it came, its time in seconds, its event URI without ids, and its body's shape."""

    step: str
    at: float
    uri: str
    body: Mapping[str, Any]

    @property
    def extension(self) -> str:
        """The label of the extension, which is the same whether its id is a number or a text."""
        return str(self.body.get("extensionId", "")).rpartition(":")[2]

    @property
    def calls(self) -> Sequence[Any] | None:
        """The listed calls, or None if the event has no such list."""
        found = self.body.get("activeCalls")
        return found if isinstance(found, list) else None


def steps(records: Iterable[Record]) -> Iterator[tuple[str, Record]]:
    """Yield each record with the step to which it belongs."""
    step = ""
    for record in records:
        if record["kind"].startswith("step "):
            step = record["kind"].removeprefix("step ")
        yield step, record


def events(records: Iterable[Record]) -> list[Seen]:
    """Return all presence events."""
    found = []
    for step, record in steps(records):
        envelope = _second(record.get("body")) if record["kind"] == "received" else None
        if not isinstance(envelope, dict):
            continue
        body, uri = envelope.get("body"), envelope.get("event")
        if isinstance(body, dict) and isinstance(uri, str) and "extensionId" in body:
            found.append(Seen(step, record["at"], _LABEL.sub("{id}", uri), body))
    return found


def event_uris(records: Iterable[Record]) -> dict[str, set[str]]:
    """Return the event URIs by step, without ids."""
    found: dict[str, set[str]] = {}
    for step, record in steps(records):
        envelope = _second(record.get("body")) if record["kind"] == "received" else None
        if isinstance(envelope, dict) and isinstance(uri := envelope.get("event"), str):
            found.setdefault(step, set()).add(_LABEL.sub("{id}", uri))
    return found


def readings(records: Iterable[Record]) -> list[Mapping[str, Any]]:
    """Return every presence that a REST reply holds."""
    found: list[Mapping[str, Any]] = []
    for record in records:
        if record["kind"] == "reply" and "/presence" in str(record.get("path")):
            found += _presences(record.get("body"))
    return found


def closes(records: Iterable[Record]) -> list[tuple[str, str]]:
    """Return the close codes with the step in which each came."""
    return [
        (step, record["kind"].removeprefix("closed "))
        for step, record in steps(records)
        if record["kind"].startswith("closed ")
    ]


def _presences(body: Any) -> Iterator[Mapping[str, Any]]:
    match body:
        case list():
            for part in body:
                yield from _presences(part)
        case {"records": list(found)}:
            yield from _presences(found)
        case {"body": dict(inner)}:
            yield from _presences(inner)
        case {"presenceStatus": _}:
            yield body


def _second(frame: Any) -> Any:
    return frame[1] if isinstance(frame, list) and len(frame) > 1 else None
