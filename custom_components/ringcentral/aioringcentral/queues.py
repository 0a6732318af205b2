"""Call queues on the wire (docs/protocol.md 2.2, 4.3): who takes the calls of which queue. Pure."""

from collections.abc import Mapping
import re
from typing import Any, Final, NamedTuple, Self, override

from . import wire
from .models import repr_without

# The hint in a list event that somebody joined or left a queue (docs/protocol.md 4.2).
_MEMBERS_HINT: Final = "CallQueueMembersChange"
_PATH: Final = re.compile(r"/call-queues/([A-Za-z0-9_-]{1,40})/presence/?")


class OwnQueue(NamedTuple):
    """A queue that the user is a member of."""

    id: str
    name: str | None = None
    takes_calls: bool | None = None
    """Whether the user takes its calls; None if the service does not say."""
    is_editable: bool = True
    """Whether members may change that themselves."""

    @override
    def __repr__(self) -> str:
        return repr_without(self, "name")

    @classmethod
    def from_wire(cls, item: Mapping[str, Any]) -> Self | None:
        """Read one record of a member's queues; return None if it names no queue."""
        queue = wire.mapping(item.get("callQueue"))
        if (key := wire.extension_id(queue.get("id"))) is None:
            return None
        return cls(
            id=key,
            name=wire.name(queue.get("name")),
            takes_calls=wire.flag(item.get("acceptCalls")),
            is_editable=queue.get("editableMemberStatus") is not False,
        )


class QueueMember(NamedTuple):
    """Whether a member of a queue takes its calls; None if the service does not say."""

    of_queue: bool | None = None
    """Whether the member takes the calls of this queue."""
    of_any: bool | None = None
    """Whether the member takes queue calls at all, which do not disturb rules out."""

    @property
    def takes_calls(self) -> bool | None:
        """Whether the queue's calls reach the member."""
        return False if self.of_any is False else self.of_queue


def own_queues(body: Any) -> dict[str, OwnQueue] | None:
    """Return a member's queues by id from a reading, or None if it is not one."""
    if (records := wire.listed(body, "records")) is None:
        return None
    found = map(OwnQueue.from_wire, records)
    return {each.id: each for each in found if each is not None}


def queue_members(body: Any) -> dict[str, QueueMember] | None:
    """Return a queue's members by id from a reading, or None if it is not one."""
    if (records := wire.listed(body, "records")) is None:
        return None
    return {
        key: QueueMember(
            of_queue=wire.flag(item.get("acceptCurrentQueueCalls")),
            of_any=wire.flag(item.get("acceptQueueCalls")),
        )
        for item in records
        if (key := wire.extension_id(wire.mapping(item.get("member")).get("id")))
    }


class QueueChange(NamedTuple):
    """What an event says about a queue: which of its members take its calls from now on."""

    queue_id: str
    takes_calls: Mapping[str, bool]


def queue_change(uri: str, body: Mapping[str, Any]) -> QueueChange | None:
    """Read an event of a queue in either of its shapes (docs/protocol.md 4.3); None for any other event."""
    if (match := _PATH.search(uri.partition("?")[0])) is not None:
        queue_id: str | None = match[1]
    else:
        queue_id = wire.extension_id(body.get("callQueueId"))
    if queue_id is None:
        return None
    pairs = [
        (
            wire.mapping(item.get("member")).get("id"),
            item.get("acceptCurrentQueueCalls"),
        )
        for item in wire.listed(body, "records") or ()
    ]
    pairs.append((body.get("extensionId"), body.get("acceptCalls")))
    return QueueChange(
        queue_id,
        {
            key: takes
            for each, value in pairs
            if (key := wire.extension_id(each)) is not None
            and (takes := wire.flag(value)) is not None
        },
    )


def has_new_queues(body: Mapping[str, Any]) -> bool:
    """Whether a list event says that somebody joined or left a queue."""
    return any(
        _MEMBERS_HINT in hints
        for item in wire.changed_extensions(body)
        if isinstance(hints := item.get("hints"), list)
    )
