"""Plays a recording through the client by a clock of its own, so that a report becomes a test. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
import re
from typing import Any, Final, NamedTuple

import orjson

from ..calls.reducer import advance, resync
from ..calls.state import CallEvent, Calls
from ..models import Presence, PresenceUpdate
from ..presence import update_from_event, update_from_rest
from ..presence_store import Journal, PresenceStore
from ..status import Status, status
from ..stream.frames import FrameType, connection_details, event_from_frame, parse_frame
from .recorder import STATES, Record, Report

# The time of the report, which may be any.
_NOW: Final = datetime(2026, 1, 1, 12, tzinfo=UTC)
_LABEL: Final = re.compile(r"<(int|str)(\d+):(\d+)>")
_TIME: Final = re.compile(r"<time ([+-]\d+\.\d+)>")
_LENGTH: Final = re.compile(r"<(str|int|float) (\d+)>")
_LONGEST: Final = 1_000


# The kind of a step that comes from an event that newer ones had overtaken.
LATE: Final = "late"


class Step(NamedTuple):
    """What one frame or reply did to one extension, named by its label's number; ``at`` is in seconds."""

    at: float
    kind: str
    extension: str
    status: Status | None
    changed: tuple[str, ...]
    events: tuple[CallEvent, ...]


class Replay:
    """Plays the records of one report; `steps` first, then `differences`."""

    def __init__(self, report: Report) -> None:
        """Play a report, as diagnostics have it under ``recording``."""
        self._report = report
        self._presences = PresenceStore()
        self._calls: dict[str, Calls] = {}
        # Extensions that were read before a session that was not recovered, and not since.
        self._stale: set[str] = set()
        self._without_status = frozenset(
            str(restore(label)) for label in report.get("without_status", ())
        )

    def steps(self) -> Iterator[Step]:
        """Yield what each record did, oldest first, leaving out those that changed nothing, except late events."""
        journals: dict[int, Journal] = {}
        for at, number, begins in _timeline(self._report["records"]):
            record = self._report["records"][number]
            if begins:
                journals[number] = self._presences.begin_read()
            elif record["kind"] == "received":
                yield from self._frame(at, record)
            elif record["kind"] == "reply":
                yield from self._reply(at, record, journals.pop(number))

    def differences(self) -> dict[str, dict[str, tuple[Any, Any]]]:
        """Return where the report's states differ: label and field, with the replayed value and the report's.

        A value that no record contains is no difference.
        """
        found: dict[str, dict[str, tuple[Any, Any]]] = {}
        for label, state in self._report.get("states", {}).items():
            presence = self._presences.get(str(restore(label)))
            if presence is None:
                continue
            for name in STATES:
                played, said = getattr(presence, name), state.get(name)
                if played is not None and played != said:
                    found.setdefault(label, {})[name] = (played, said)
        return found

    def _frame(self, at: float, record: Record) -> Iterator[Step]:
        frame = parse_frame(orjson.dumps(restore(record.get("body"))).decode())
        if (
            frame is not None
            and frame.type == FrameType.CONNECTION_DETAILS
            and not connection_details(frame).recovered
        ):
            self._presences.forget_sequences()
            self._stale = set(self._presences)
        event = event_from_frame(frame) if frame is not None else None
        update = update_from_event(event) if event is not None else None
        if update is None:
            return
        self._know(update)
        overtaken = self._presences.overtaken
        before = self._presences.apply(update)
        is_late = self._presences.overtaken > overtaken
        if before is not None:
            yield self._step(at, LATE if is_late else "event", before, is_live=True)
        elif is_late:
            now = self._presences[update.extension_id]
            yield self._step(at, LATE, now, is_live=True)

    def _reply(self, at: float, record: Record, journal: Journal) -> Iterator[Step]:
        found = []
        if (
            record["method"] == "GET"
            and "/presence" in record["path"]
            and record["status"] < 400
        ):
            found = list(_updates(restore(record.get("body"))))
        for update in found:
            self._know(update)
        read = {each.extension_id for each in found}
        # After a break, fields that a reading lacks are unknown.
        changed = {
            **self._presences.end_read(journal, read - self._stale, found, reset=False),
            **self._presences.end_read(journal, read & self._stale, found, reset=True),
        }
        self._stale -= read
        for before in changed.values():
            yield self._step(at, "reading", before, is_live=False)

    def _know(self, update: PresenceUpdate) -> None:
        """Follow every extension that is named, since a report does not say who was followed."""
        if update.extension_id not in self._presences:
            everyone = (*self._presences, update.extension_id)
            self._presences.follow(everyone, self._without_status)

    def _step(self, at: float, kind: str, before: Presence, *, is_live: bool) -> Step:
        key = before.extension_id
        presence, now = self._presences[key], _NOW + timedelta(seconds=at)
        calls = self._calls.get(key, Calls())
        events: tuple[CallEvent, ...] = ()
        if is_live:
            step = advance(calls, presence, now)
            calls, events = step.state, step.events
        else:
            calls = resync(calls, presence, now)
        self._calls[key] = calls
        changed = tuple(
            name
            for name, old, new in zip(presence._fields, before, presence, strict=True)
            if old != new and name not in ("sequence", "active_calls", "message")
        )
        return Step(at, kind, key, status(presence, calls), changed, events)


def restore(shape: Any) -> Any:
    """Return a value that could have this shape: ids by label, times relative to the report's, texts of that length."""
    match shape:
        case dict():
            return {key: restore(value) for key, value in shape.items()}
        case list():
            return [restore(each) for each in shape]
        case str():
            return _restored(shape)
    return shape


def _restored(text: str) -> Any:
    if label := _LABEL.fullmatch(text):
        value = _id(label)
        return int(value) if label[1] == "int" else value
    if moment := _TIME.fullmatch(text):
        try:
            return (_NOW + timedelta(seconds=float(moment[1]))).isoformat()
        except OverflowError:
            return text
    if length := _LENGTH.fullmatch(text):
        size = min(int(length[2]), _LONGEST)
        return {"str": "x" * size, "int": 10 ** (size - 1), "float": 0.5}[length[1]]
    return _LABEL.sub(_id, text)


def _id(label: re.Match[str]) -> str:
    """Return an id of the label's length that no other label gets, and that is the same as a number and as a text."""
    number, length = int(label[3]), int(label[2])
    return str(
        10 ** (min(length, 18) - 1) + number if length > len(label[3]) else number
    )


def _timeline(records: Sequence[Record]) -> list[tuple[float, int, bool]]:
    """Return when each record arrived and, for a reply, when its request began: (seconds, record, begins)."""
    found = []
    for number, record in enumerate(records):
        if record["kind"] == "reply":
            found.append((record["at"] - record.get("took", 0.0), number, True))
        found.append((record["at"], number, False))
    # Records of the same moment stay in order, with the beginning of each request before its end.
    return sorted(found, key=lambda each: (each[0], each[1], not each[2]))


def _updates(body: Any) -> Iterator[PresenceUpdate]:
    match body:
        case list():
            for part in body:
                yield from _updates(part)
        case {"records": list(found)}:
            yield from _updates(found)
        case {"body": Mapping() as inner}:
            yield from _updates(inner)
        case _:
            if (update := update_from_rest(body)) is not None:
                yield update
