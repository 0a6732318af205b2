"""The integration's entities by extension and key, and what they should show."""

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

DETAILS = ("user_status", "meeting_status", "active_calls")
"""Sensors that are off by default for people."""


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
            if entry["entity_id"].startswith("switch."):
                # A switch has the same key as the binary sensor that shows its state.
                key = f"{key}_switch"
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
    """Return a word of the service as Home Assistant shows it."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", word).lower()


def _on_off(value: object) -> str:
    return "on" if value else "off"


def expected(presence: Json) -> dict[str, str]:
    """Return the states by key that follow from a presence in REST shape."""
    states = {
        key: snake_case(presence[field])
        for key, field in STATUSES.items()
        if field in presence
    }
    for key, field in SETTINGS.items():
        if field in presence:
            states[key] = _on_off(presence[field])
    if "telephonyStatus" in presence:
        states |= _expected_of_calls(presence.get("activeCalls", []))
    if "userStatus" in presence:
        states["do_not_disturb"] = _on_off(
            presence["dndStatus"] == "DoNotAcceptAnyCalls"
        )
        states["in_meeting"] = _on_off(presence["meetingStatus"] == "Connected")
        states["status"] = _expected_status(presence, states)
    return states


def _expected_status(presence: Json, states: Mapping[str, str]) -> str:
    """Return the status that follows from the calls and the other expected states."""
    calls = [
        (call["telephonyStatus"], call["direction"])
        for call in presence.get("activeCalls", [])
    ]
    words = {word for word, _ in calls}
    ranked = {
        "ringing": states["ringing"] == "on",
        "on_call": "CallConnected" in words,
        "dialing": ("Ringing", "Outbound") in calls,
        "on_hold": "OnHold" in words,
        "in_meeting": states["in_meeting"] == "on",
        "do_not_disturb": states["do_not_disturb"] == "on",
    }
    return next(
        (status for status, is_so in ranked.items() if is_so),
        states["presence_status"],
    )


def _expected_of_calls(calls: list[Json]) -> dict[str, str]:
    talking = [c for c in calls if c["telephonyStatus"] in ("CallConnected", "OnHold")]
    ringing = [
        c
        for c in calls
        if c["telephonyStatus"] == "Ringing" and c["direction"] == "Inbound"
    ]
    return {
        "on_call": _on_off(talking),
        "ringing": _on_off(ringing),
        "active_calls": str(len(calls)),
    }


def expected_of_account(presences: list[Json]) -> dict[str, str]:
    """Return the account's states by key, from the presences of all followed extensions."""
    states = [expected(presence) for presence in presences]
    counted = {
        "extensions_on_call": ("on_call", "on"),
        "extensions_ringing": ("ringing", "on"),
        "extensions_available": ("status", "available"),
    }
    return {
        "push_connected": "on",
        **{
            total: str(sum(each.get(key) == state for each in states))
            for total, (key, state) in counted.items()
        },
    }


def differences(
    entities: Entities, states: Mapping[str, str], truth: Mapping[str, Json]
) -> list[str]:
    """Return what Home Assistant shows differently from the service."""
    return [
        f"{entity_id} is {shown}, not {wanted}"
        for entity_id, shown, wanted in _pairs(entities, states, truth)
        if shown != wanted
    ]


def absent(
    entities: Entities, states: Mapping[str, str], truth: Mapping[str, Json]
) -> list[str]:
    """Return the entities that show nothing although the service has a value."""
    return [
        entity_id
        for entity_id, shown, wanted in _pairs(entities, states, truth)
        if shown in ABSENT and wanted not in ABSENT
    ]


def _pairs(
    entities: Entities, states: Mapping[str, str], truth: Mapping[str, Json]
) -> Iterator[tuple[str, str, str]]:
    """Yield entity ids with their shown and expected states."""
    followed = {key: truth[key] for key in entities.extensions}
    wanted: dict[str | None, dict[str, str]] = {
        key: expected(presence) for key, presence in followed.items()
    }
    wanted[None] = expected_of_account(list(followed.values()))
    for owner, states_by_key in wanted.items():
        for key, state in states_by_key.items():
            entity_id = entities.get((owner, key))
            if entity_id is None or entity_id in entities.disabled:
                continue
            shown = states.get(entity_id, "unavailable")
            # A park location has no states until a call is parked there.
            untold = shown == "unknown" and state in ("no_call", "off", "0")
            if not (untold and owner and "userStatus" not in followed[owner]):
                yield entity_id, shown, state
