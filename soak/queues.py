"""Compares call queues in Home Assistant with those of the service. Pure."""

from collections.abc import Collection, Iterator, Mapping

from demo.api import Json
from demo.entities import Entities, expected
from demo.states import ABSENT

from .compare import Difference

_TAKES_NONE = ("DoNotAcceptAnyCalls", "DoNotAcceptDepartmentCalls")

type Wanted = Mapping[tuple[str, str], str]
"""States by extension and key."""


def wanted(
    queues: Mapping[str, Json],
    truth: Mapping[str, Json],
    followed: Collection[str],
    own: str,
) -> dict[tuple[str, str], str]:
    """Return the expected states of the followed queues, and of the user's own."""
    known = {key: truth[key] for key in followed if key in truth}
    states: dict[tuple[str, str], str] = {}
    for queue_id, queue in queues.items():
        members: Mapping[str, bool] = queue["members"]
        if queue_id in followed:
            states |= {
                (queue_id, key): state
                for key, state in (
                    *_of_members(members, truth, known),
                    *_of_calls(truth.get(queue_id, {}).get("activeCalls", [])),
                )
            }
        if own in members:
            kind = "_switch" if queue["editable"] else ""
            key = f"takes_queue_calls_{queue_id}{kind}"
            states[own, key] = "on" if members[own] else "off"
    return states


def _of_members(
    members: Mapping[str, bool], truth: Mapping[str, Json], known: Mapping[str, Json]
) -> Iterator[tuple[str, str]]:
    talking = {
        key: expected(known[key]).get("on_call") if key in known else None
        for key in members
    }
    available = sum(
        takes
        and truth.get(key, {}).get("dndStatus") not in _TAKES_NONE
        and talking[key] != "on"
        for key, takes in members.items()
    )
    yield "members_available", str(available)
    is_known = None not in talking.values()
    on_call = list(talking.values()).count("on")
    yield "members_on_call", str(on_call) if is_known else "unknown"


def _of_calls(calls: list[Json]) -> Iterator[tuple[str, str]]:
    waiting = sum(
        call["telephonyStatus"] == "Ringing" and call["direction"] == "Inbound"
        for call in calls
    )
    yield "waiting_calls", str(waiting)
    yield "waiting_since", "a time" if waiting else "unknown"


def differences(
    entities: Entities, states: Mapping[str, str], wanted: Wanted
) -> list[Difference]:
    """Return everything that is wrong; for a time, check only that there is one."""
    found = []
    for (owner, key), value in wanted.items():
        entity_id = entities.get((owner, key))
        if entity_id in entities.disabled:
            continue
        shown = states.get(entity_id or "", "missing")
        if key == "waiting_since" and shown not in {*ABSENT, "missing"}:
            shown = "a time"
        if shown != value:
            found.append(Difference(owner, key, shown, value))
    return found


def wrong_values(
    entities: Entities, states: Mapping[str, str], wanted: Wanted
) -> set[str]:
    """Return the entities that show a wrong value."""
    return {
        entities[each.owner, each.key]
        for each in differences(entities, states, wanted)
        if each.shown not in {*ABSENT, "missing"}
    }
