"""What every entity has to show, by what the service knows."""

from datetime import UTC, datetime
from typing import Any

from homeassistant.const import STATE_UNKNOWN
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.ringcentral.const import CONF_EXTENSIONS, CONF_FOLLOW
from demo.entities import expected
from emulator import Emulator
from emulator.extension import Extension

type Json = dict[str, Any]


class Truth:
    """What Home Assistant has to show, from what the service knows."""

    def __init__(self, emulator: Emulator, *, calls_are_listed: bool = True) -> None:
        """Take the service; without a list of calls, only the status tells of them."""
        self._emulator = emulator
        self.calls_are_listed = calls_are_listed

    def followed(self, entry: MockConfigEntry) -> dict[str, str]:
        """Return the names of whom the user's choices mean, by id."""
        emulator = self._emulator
        account = emulator._service.account
        own = int(emulator.own_extension_id)
        chosen = {
            "own": {own},
            "lines": {line.extension_id for line in account.lines_of(own)},
            "favorites": account.favored_by(own),
            "chosen": {int(key) for key in entry.options[CONF_EXTENSIONS]},
            "account": account.extensions.keys(),
        }
        ids = {
            key
            for choice in entry.options[CONF_FOLLOW]
            for key in chosen[choice]
            # Queues are followed where they are named.
            if choice != "account" or not _is_queue(account.extensions.get(key))
        }
        return {
            str(key): extension.name or "Extension"
            for key in ids
            if (extension := account.extensions.get(key)) is not None
            and extension.watchable
            and extension.status in ("Enabled", "NotActivated")
        }

    def of(self, extension_id: str, presence: Json) -> dict[str, set[str]]:
        """Return the states that are right, by key; a key that is missing may show anything."""
        if (
            self._emulator.faults.hidden_presence == "forbidden"
            and presence.get("allowSeeMyPresence") is False
            and extension_id != self._emulator.own_extension_id
        ):
            # Not even that they are hidden may be known.
            return {}
        states = expected(presence)
        if "telephonyStatus" in presence:
            calls = presence.get("activeCalls", [])
            total = presence.get("totalActiveCalls", 0)
            states["active_calls"] = str(total)
            if total == len(calls):
                states["call_started"] = _started(calls)
            if not self.calls_are_listed:
                for key in ("active_calls", "call_started", "ringing"):
                    states.pop(key, None)
                if calls:
                    # Which of them the telephony status speaks of, and that one is dialed, is not told.
                    states.pop("status", None)
        for key in ("user_status", "dnd_status"):
            if key in states:
                states[f"set_{key}"] = states[key]
        right = {key: {state} for key, state in states.items()}
        if "userStatus" not in presence and "telephonyStatus" in presence:
            # A park location is nobody, and only holds calls.
            of_calls = ("telephony_status", "active_calls")
            right = {key: right[key] for key in of_calls if key in right}
        if "userStatus" not in presence:
            # Nothing is told of a park location until a call is parked there, and nothing of somebody who
            # hides: unknown is right, and so is that there is no call.
            nothing = {
                "telephony_status": "no_call",
                "on_call": "off",
                "ringing": "off",
                "active_calls": "0",
                "call_started": STATE_UNKNOWN,
            }
            for key, state in nothing.items():
                if "telephonyStatus" not in presence or key in right:
                    right.setdefault(key, {state}).add(STATE_UNKNOWN)
        return right


def _is_queue(extension: Extension | None) -> bool:
    return extension is not None and extension.type == "Department"


def _started(calls: list[Json]) -> str:
    if not calls:
        return STATE_UNKNOWN
    first = min(datetime.fromisoformat(call["startTime"]) for call in calls)
    return first.astimezone(UTC).isoformat(timespec="seconds")
