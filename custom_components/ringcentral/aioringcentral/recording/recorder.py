"""The flight recorder: keeps the last frames and replies in memory, and makes shapes of them on request."""

from collections import deque
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

import orjson

from ..models import Presence
from .shapes import Shapes

# Most frames and replies that are kept, and most bytes of all; one that is larger than a share of that is not kept.
MOST: Final = 200
MOST_BYTES: Final = 1_000_000
_LARGEST: Final = MOST_BYTES // 4

type Record = dict[str, Any]
type Report = dict[str, Any]

# The fields by which presences are compared; calls and sequences are in the records themselves.
STATES: Final = (
    "telephony_status",
    "presence_status",
    "user_status",
    "dnd_status",
    "meeting_status",
    "allow_see_my_presence",
    "ring_on_monitored_call",
    "pick_up_calls_on_hold",
)


_NO_FACTS: Final[Mapping[str, Any]] = {}


class _Kept(NamedTuple):
    at: float
    kind: str
    facts: Mapping[str, Any]
    raw: str | bytes | None
    size: int


class Recorder:
    """Keeps what was sent and received most recently, but gives out only shapes of it (`records`).

    Shapes are only made on request, so that recording an event costs next to nothing.
    """

    def __init__(self, most: int = MOST, most_bytes: int = MOST_BYTES) -> None:
        """Begin empty; ``most`` are the frames and replies kept, ``most_bytes`` the bytes of all of them."""
        self._kept: deque[_Kept] = deque()
        self._most, self._most_bytes = most, most_bytes
        self._size = 0
        self.dropped = 0

    def received(self, frame: str | bytes, at: float) -> None:
        """Record a frame that arrived; ``at`` is in seconds of the loop's clock."""
        self._keep(_Kept(at, "received", _NO_FACTS, frame, len(frame)))

    def sent(self, frame: str, at: float) -> None:
        """Record a frame that was sent."""
        self._keep(_Kept(at, "sent", {}, frame, len(frame)))

    def replied(
        self,
        method: str,
        path: str,
        status: int,
        headers: Mapping[str, str],
        raw: bytes,
        at: float,
        took: float = 0.0,
    ) -> None:
        """Record the reply to an HTTP request, and how many seconds it took."""
        facts = {
            "took": round(took, 3),
            "method": method,
            "path": path,
            "status": status,
            "headers": dict(headers),
        }
        # The shapes of tokens and tickets are of no use.
        body = None if "/oauth/" in path else raw
        self._keep(_Kept(at, "reply", facts, body, len(raw)))

    def happened(self, what: str, at: float) -> None:
        """Record a turn in the connection's life in our own words, such as ``opened`` or ``closed 1006``."""
        self._keep(_Kept(at, what, {}, None, len(what)))

    def records(self, now: float) -> list[Record]:
        """Return the shapes of everything kept, oldest first, with times in seconds before ``now``."""
        return self._records(Shapes(datetime.now(UTC)), now)

    def report(
        self,
        now: float,
        presences: Mapping[str, Presence],
        without_status: Collection[str] = (),
    ) -> Report:
        """Return `records` and what the client made of them: presence by the same labels, which `replay` compares.

        ``without_status`` are the ids of queues and the like, whose telephony status is derived from their calls.
        """
        shapes = Shapes(datetime.now(UTC))
        records = self._records(shapes, now)
        states = {
            label: _state(presences[key])
            for key, label in shapes.known(presences).items()
        }
        return {
            "dropped": self.dropped,
            "records": records,
            "states": states,
            "without_status": list(shapes.known(without_status).values()),
        }

    def _records(self, shapes: Shapes, now: float) -> list[Record]:
        return [_record(each, shapes, now) for each in self._kept]

    def _keep(self, one: _Kept) -> None:
        if one.size > _LARGEST:
            one = one._replace(raw=None, size=0, facts={**one.facts, "bytes": one.size})
        kept = self._kept
        kept.append(one)
        size = self._size + one.size
        while len(kept) > self._most or size > self._most_bytes:
            size -= kept.popleft().size
            self.dropped += 1
        self._size = size


def _record(kept: _Kept, shapes: Shapes, now: float) -> Record:
    record: Record = {"at": round(kept.at - now, 3), "kind": kept.kind}
    for name, value in kept.facts.items():
        match name:
            case "headers":
                record[name] = shapes.headers(value)
            case "path":
                record[name] = shapes.path(value)
            case _:
                record[name] = value
    if kept.raw is not None:
        record["body"] = shapes.shape(_decoded(kept.raw))
    return record


def _state(presence: Presence) -> dict[str, Any]:
    values = {name: getattr(presence, name) for name in STATES}
    return {
        name: str(value) if isinstance(value, str) else value
        for name, value in values.items()
    }


def _decoded(raw: str | bytes) -> Any:
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        return f"not JSON, {len(raw)} long"
