"""What Home Assistant shows, beside what the service has."""

from collections.abc import Collection, Mapping

from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
from pytest_homeassistant_custom_component.common import MockConfigEntry

from demo.entities import expected
from emulator import Emulator

from .queue_truth import queue_differences
from .stories import keyed
from .truth import Json, Truth


class Comparison:
    """The entities and devices of an entry, compared with the service."""

    hass: HomeAssistant
    entry: MockConfigEntry
    emulator: Emulator
    truth: Truth
    # Whether an event that nothing can bring back was lost.
    is_lossy = False
    # Whether the app may read the user's messages.
    has_voicemail = False

    def entities(self, extension_id: str | None = None) -> dict[str, str]:
        """Return entity ids by key, of an extension or the account."""
        start = f"{self.emulator.account_id}_"
        found = {
            keyed(entry).removeprefix(start): entry.entity_id
            for entry in er.async_entries_for_config_entry(
                er.async_get(self.hass), self.entry.entry_id
            )
        }
        if extension_id is None:
            return {key: each for key, each in found.items() if not key[0].isdigit()}
        start = f"{extension_id}_"
        return {
            key.removeprefix(start): each
            for key, each in found.items()
            if key.startswith(start)
        }

    def shown(self, entities: Mapping[str, str]) -> dict[str, str]:
        """Return states by key."""
        states = self.hass.states
        return {
            key: state.state if (state := states.get(each)) is not None else "missing"
            for key, each in entities.items()
        }

    def devices(self) -> dict[str, str]:
        """Return the names of extensions' devices by extension id."""
        start = f"{self.emulator.account_id}_"
        return {
            identifier.removeprefix(start): device.name or ""
            for device in dr.async_entries_for_config_entry(
                dr.async_get(self.hass), self.entry.entry_id
            )
            for _, identifier in device.identifiers
            if identifier.startswith(start)
        }

    def differences(self) -> list[str]:
        """Return everything that Home Assistant shows otherwise than the service has it."""
        wrong = []
        truth, followed = self.emulator.truth(), self.truth.followed(self.entry)
        if (devices := self.devices()) != followed:
            wrong += [f"{key} has no device" for key in followed.keys() - devices]
            wrong += [f"{key} is still there" for key in devices.keys() - followed]
            wrong += [
                f"{key} is called {devices[key]}, not {followed[key]}"
                for key in followed.keys() & devices
                if devices[key] != followed[key]
            ]
        everyone = {}
        for extension_id in followed:
            shown = everyone[extension_id] = self.shown(self.entities(extension_id))
            presence = truth[extension_id]
            # What nobody can ask the service about is right only as long as every event came.
            is_told_of = "userStatus" in presence
            right = self.truth.of(extension_id, presence)
            if is_told_of or not self.is_lossy:
                wrong += [
                    f"{extension_id} {key} is {shown.get(key)}, not {states}"
                    for key, states in right.items()
                    if shown.get(key) not in states and not key.startswith("set_")
                ]
            wrong += [
                f"{extension_id} {key} is {shown[key]}, not {states}"
                for key, states in right.items()
                if key.startswith("set_") and key in shown and shown[key] not in states
            ]
            wrong += [
                f"{extension_id} {key} is {state}"
                for key, state in shown.items()
                if state in (STATE_UNAVAILABLE, "missing")
            ]
        own = self.emulator.own_extension_id
        if self.has_voicemail and own in everyone:
            waiting = str(self._waiting(own))
            found = everyone[own].get("voicemails")
            if found != waiting:
                wrong.append(f"{found} voicemails are waiting, not {waiting}")
        wrong += queue_differences(self.emulator, everyone)
        account = self.shown(self.entities())
        counts = {
            "extensions_on_call": ("on_call", "on"),
            "extensions_ringing": ("ringing", "on"),
            "extensions_available": ("status", "available"),
        }
        for total, (key, state) in counts.items():
            count = sum(shown.get(key) == state for shown in everyone.values())
            # Queues and park locations have calls, and no entity that says so in a word.
            without = [
                extension_id
                for extension_id, shown in everyone.items()
                if key != "status" and key not in shown
            ]
            numbers = {
                str(count + each) for each in self._of_calls(key, without, truth)
            }
            if account.get(total) not in numbers:
                wrong.append(f"{total} is {account.get(total)}, not {numbers}")
        if account.get("push_connected") != "on":
            wrong.append("push_connected is not on")
        return wrong

    def _waiting(self, extension_id: str) -> int:
        """Return how many voicemails somebody has not heard."""
        messages = self.emulator.mail.all().get(extension_id, [])
        return sum(each["readStatus"] == "Unread" for each in messages)

    def _of_calls(
        self, key: str, ids: Collection[str], truth: Mapping[str, Json]
    ) -> Collection[int]:
        """Return how many of some ring, or are on a call, by the calls that the service lists for them."""
        if not self.truth.calls_are_listed:
            return range(len(ids) + 1)
        return [sum(expected(truth[each]).get(key) == "on" for each in ids)]
