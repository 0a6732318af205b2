"""What queues have to show, by what the service knows of them and what is shown of their members."""

from collections.abc import Iterator, Mapping

from homeassistant.const import STATE_UNKNOWN

from emulator import Emulator
from emulator.extension import Extension

_TAKES_NONE = ("do_not_accept_any_calls", "do_not_accept_department_calls")

type Shown = Mapping[str, str]


def queue_differences(
    emulator: Emulator, everyone: Mapping[str, Shown]
) -> Iterator[str]:
    """Yield what is shown of queues otherwise than the service has it; states by key, by extension."""
    account = emulator._service.account
    for key, shown in everyone.items():
        if key not in emulator.ids(type="Department"):
            continue
        members = [account.extensions[each] for each in account.members(int(key))]
        right = {
            "members_available": _available(int(key), members, everyone),
            "members_on_call": _on_call(members, everyone),
        }
        for name, state in right.items():
            if shown.get(name) != state:
                yield f"{key} {name} is {shown.get(name)}, not {state}"
    own = account.own
    shown = everyone.get(str(own.id), {})
    there = {
        name: state
        for name, state in shown.items()
        if name.startswith("takes_queue_calls_")
    }
    meant = {
        f"takes_queue_calls_{queue}{'' if queue in account.locked_queues else '_switch'}": (
            "off" if queue in own.queues_declined else "on"
        )
        for queue in account.queues_of(own.id)
    }
    if shown and there != meant:
        yield f"queues of the user are {there}, not {meant}"


def _available(
    queue: int, members: list[Extension], everyone: Mapping[str, Shown]
) -> str:
    return str(
        sum(
            member.accepts_queue_calls
            and queue not in member.queues_declined
            and everyone.get(str(member.id), {}).get("on_call") != "on"
            and everyone.get(str(member.id), {}).get("dnd_status") not in _TAKES_NONE
            for member in members
        )
    )


def _on_call(members: list[Extension], everyone: Mapping[str, Shown]) -> str:
    states = [
        everyone.get(str(member.id), {}).get("on_call", STATE_UNKNOWN)
        for member in members
    ]
    return str(states.count("on")) if set(states) <= {"on", "off"} else STATE_UNKNOWN
