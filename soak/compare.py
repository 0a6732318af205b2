"""Compares what Home Assistant shows with what the service has. Pure."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from demo.api import Json
from demo.entities import Entities, expected, expected_of_account
from demo.states import ABSENT, Change


@dataclass(frozen=True, slots=True)
class Difference:
    """One entity, or the device itself, differs from the service."""

    owner: str | None
    key: str
    shown: str
    wanted: str

    def told(self, labels: Mapping[str, str]) -> str:
        """Return a description without names."""
        owner = (
            "account" if self.owner is None else labels.get(self.owner, "a newcomer")
        )
        return f"{owner}: {self.key} is {self.shown}, not {self.wanted}"


def labels(
    extension_ids: Iterable[str],
    truth: Mapping[str, Json],
    queues: Collection[str] = (),
) -> dict[str, str]:
    """Return aliases of extensions for output that others may read."""
    return {
        key: f"{'queue' if key in queues else _kind(truth.get(key, {}))} {number}"
        for number, key in enumerate(extension_ids, 1)
    }


def _kind(presence: Json) -> str:
    return "extension" if "userStatus" in presence else "park location"


def differences(
    entities: Entities,
    states: Mapping[str, str],
    truth: Mapping[str, Json],
    members: Collection[str],
) -> list[Difference]:
    """Return everything that is wrong, including membership and the account's counts."""
    devices = entities.devices.keys()
    found = [Difference(key, "device", "missing", "there") for key in members - devices]
    found += [
        Difference(key, "device", "there", "gone") for key in devices - set(members)
    ]
    known = [truth[key] for key in devices if key in truth]
    wanted: dict[str | None, dict[str, str]] = {None: expected_of_account(known)}
    wanted |= {key: _wanted(truth[key]) for key in devices if key in truth}
    for owner, values in wanted.items():
        is_somebody = owner is None or "userStatus" in truth[owner]
        for key, shown, value in _pairs(entities, states, owner, values):
            # A park location has no states until a call is parked there.
            untold = shown == "unknown" and value in ("no_call", "off", "0")
            if shown != value and not (untold and not is_somebody):
                found.append(Difference(owner, key, shown, value))
    return found


def voicemails(
    entities: Entities, states: Mapping[str, str], own: str, unread: int
) -> list[Difference]:
    """Return what is wrong with the number of the signed-in user's unheard voicemails."""
    shown = states.get(entities.get((own, "voicemails"), ""), "missing")
    if shown == str(unread):
        return []
    return [Difference(own, "voicemails", shown, str(unread))]


def wrong_values(
    entities: Entities, states: Mapping[str, str], truth: Mapping[str, Json]
) -> set[str]:
    """Return the entities of extensions that show a wrong value."""
    return {
        entities[owner, key]
        for owner in entities.devices
        if owner in truth
        for key, shown, value in _pairs(entities, states, owner, _wanted(truth[owner]))
        if shown != value and shown not in ABSENT
    }


def _wanted(presence: Json) -> dict[str, str]:
    """Return states by key for an extension, including its controls."""
    states = expected(presence)
    return states | {
        f"set_{key}": states[key]
        for key in ("user_status", "dnd_status")
        if key in states
    }


def _pairs(
    entities: Entities,
    states: Mapping[str, str],
    owner: str | None,
    wanted: Mapping[str, str],
) -> Iterator[tuple[str, str, str]]:
    """Yield key, shown and expected state, for existing entities."""
    for key, value in wanted.items():
        entity_id = entities.get((owner, key))
        if entity_id is not None and entity_id not in entities.disabled:
            yield key, states.get(entity_id, "unavailable"), value


@dataclass(slots=True)
class Stretches:
    """How long entities have been wrong without interruption."""

    longest: float = 0.0
    _since: dict[str, float] = field(default_factory=dict)

    def note(self, wrong: Collection[str], now: float) -> None:
        """Record which entities are wrong at a moment, in seconds of one clock."""
        self._since = {key: self._since.get(key, now) for key in wrong}
        for since in self._since.values():
            self.longest = max(self.longest, now - since)


def unavailable_seconds(
    changes: Iterable[Change], ours: Collection[str], until: float
) -> float:
    """Return for how many seconds before a moment any of these entities was unavailable."""
    gone: set[str] = set()
    total, since = 0.0, 0.0
    for change in changes:
        if change.entity_id not in ours:
            continue
        if change.new == "unavailable":
            since = since if gone else change.at
            gone.add(change.entity_id)
        elif change.entity_id in gone:
            gone.remove(change.entity_id)
            total += 0.0 if gone else change.at - since
    return total + (until - since if gone else 0.0)
