"""The integration's entities by extension and key, and what they have to show."""

from collections.abc import Iterator, Mapping
import re
from typing import override

from .api import Json, Socket
from .states import ABSENT

STATUSES = {
    "telephony_status": "telephonyStatus",
    "presence_status": "presenceStatus",
    "user_status": "userStatus",
    "dnd_status": "dndStatus",
    "meeting_status": "meetingStatus",
}
"""Sensors that show a field of a presence in snake case."""

SETTINGS = {
    "allow_see_my_presence": "allowSeeMyPresence",
    "ring_on_monitored_call": "ringOnMonitoredCall",
    "pick_up_calls_on_hold": "pickUpCallsOnHold",
}
"""Binary sensors that show a field; off by default."""

QUESTIONS = {
    "on_call": ("telephonyStatus", ("CallConnected", "OnHold")),
    "ringing": ("telephonyStatus", ("Ringing",)),
    "do_not_disturb": ("dndStatus", ("DoNotAcceptAnyCalls",)),
    "in_meeting": ("meetingStatus", ("Connected",)),
}
"""Binary sensors that are on for some values of a field."""


class Entities(Mapping[tuple[str | None, str], str]):
    """Entity ids by extension (None: the account) and key."""

    def __init__(self, account_id: str, registry: list[Json]) -> None:
        """Take the entity registry as the WebSocket API lists it."""
        self._ids: dict[tuple[str | None, str], str] = {}
        self.devices: dict[str, str] = {}
        """Device ids by extension."""
        self.disabled: set[str] = set()
        for entry in registry:
            if entry["platform"] != "ringcentral":
                continue
            rest = str(entry["unique_id"]).removeprefix(f"{account_id}_")
            found = re.fullmatch(r"(?:(\d+)_)?(\w+)", rest)
            if found is None:
                continue
            extension_id, key = found.groups()
            self._ids[extension_id, key] = entry["entity_id"]
            if extension_id is not None:
                self.devices[extension_id] = entry["device_id"]
            if entry["disabled_by"] is not None:
                self.disabled.add(entry["entity_id"])

    @classmethod
    async def read(cls, socket: Socket, account_id: str) -> Entities:
        """Read the registry."""
        return cls(account_id, await socket.call("config/entity_registry/list"))

    @property
    def extensions(self) -> list[str]:
        """The extensions that are devices, in the registry's order."""
        return list(self.devices)

    def of(self, extension_id: str | None) -> dict[str, str]:
        """Return entity ids by key for one extension, or the account."""
        return {
            key: entity_id
            for (owner, key), entity_id in self.items()
            if owner == extension_id
        }

    @override
    def __getitem__(self, item: tuple[str | None, str]) -> str:
        return self._ids[item]

    @override
    def __iter__(self) -> Iterator[tuple[str | None, str]]:
        return iter(self._ids)

    @override
    def __len__(self) -> int:
        return len(self._ids)


def snake_case(word: str) -> str:
    """Return one of the service's words as Home Assistant shows it."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", word).lower()


def _on_off(value: object) -> str:
    return "on" if value else "off"


def expected(presence: Json) -> dict[str, str]:
    """Return state by key for a presence in REST shape; a field that is absent is unknown."""
    states = {}
    for key, field in STATUSES.items():
        states[key] = snake_case(presence[field]) if field in presence else "unknown"
    for key, field in SETTINGS.items():
        states[key] = _on_off(presence[field]) if field in presence else "unknown"
    for key, (field, wanted) in QUESTIONS.items():
        states[key] = (
            _on_off(presence[field] in wanted) if field in presence else "unknown"
        )
    return states


def differences(
    entities: Entities, states: Mapping[str, str], truth: Mapping[str, Json]
) -> list[str]:
    """Return what Home Assistant shows otherwise than the service has it."""
    return [
        f"{entity_id} is {shown}, not {wanted}"
        for entity_id, shown, wanted in _pairs(entities, states, truth)
        if shown != wanted
    ]


def absent(
    entities: Entities, states: Mapping[str, str], truth: Mapping[str, Json]
) -> list[str]:
    """Return the entities that show nothing although the service tells something."""
    return [
        entity_id
        for entity_id, shown, wanted in _pairs(entities, states, truth)
        if shown in ABSENT and wanted not in ABSENT
    ]


def _pairs(
    entities: Entities, states: Mapping[str, str], truth: Mapping[str, Json]
) -> Iterator[tuple[str, str, str]]:
    """Yield entity ids with the state that is shown and the one to be shown."""
    for extension_id in entities.extensions:
        presence = truth[extension_id]
        for key, wanted in expected(presence).items():
            entity_id = entities.get((extension_id, key))
            if entity_id is None or entity_id in entities.disabled:
                continue
            shown = states.get(entity_id, "unavailable")
            # Of a park location nothing is told until a call is parked there.
            untold = shown == "unknown" and wanted in ("no_call", "off")
            if not (untold and "userStatus" not in presence):
                yield entity_id, shown, wanted
