"""What it takes to follow a large account: REST calls, time to all states, memory."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
import gc
from time import perf_counter, process_time
import tracemalloc
from typing import Any

from homeassistant.components.binary_sensor import BinarySensorEntity
from homeassistant.components.calendar import CalendarEntity
from homeassistant.components.event import EventEntity
from homeassistant.components.select import SelectEntity
from homeassistant.components.sensor import SensorEntity
from homeassistant.components.switch import SwitchEntity
from homeassistant.config_entries import ConfigFlow
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.helpers.entity import Entity
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    MockModule,
    MockPlatform,
    mock_config_flow,
    mock_integration,
    mock_platform,
)

from custom_components.ringcentral.sign_in import take_back
from emulator import Emulator

from .office import entry_for, quiet_hass

PLATFORMS = ("binary_sensor", "calendar", "event", "select", "sensor", "switch")

# After this many seconds without a request, a start has asked for everything: changes are collected for three.
_QUIET = 5.0

# Memory that does not count: what Home Assistant keeps of saved registries, which it saves some time after a
# start, and the service on the other side.
_NOT_COUNTED = (
    tracemalloc.Filter(False, "*/homeassistant/helpers/json.py"),
    tracemalloc.Filter(False, "*/emulator/*.py"),
)


@dataclass(slots=True, kw_only=True)
class Copy:
    """What a constant entity copies from one of ours; without a description, it is disabled."""

    domain: str
    description: Any
    unique_id: str
    translation_key: str | None
    device: dr.DeviceEntry


@dataclass(slots=True)
class Cost:
    """Seconds by the wall clock and by the processor, and bytes held at the end."""

    wall: float = 0.0
    cpu: float = 0.0
    memory: int = 0


async def measure(extensions: int) -> dict[str, float]:
    """Compare our setup with the same number of constant entities; trace memory in a second pass."""
    copies: list[Copy] = []
    figures: dict[str, float] = {}
    ours = await _ours(extensions, copies, figures, trace=False)
    floor = await _floor(copies, trace=False)
    traced = await _ours(extensions, [], {}, trace=True)
    floor_traced = await _floor(copies, trace=True)
    beyond = (traced.memory - floor_traced.memory) / 1024 / figures["extensions"]
    return {
        **figures,
        "seconds": round(ours.wall, 2),
        "floor_seconds": round(floor.wall, 2),
        "ratio": round(ours.cpu / floor.cpu, 2),
        "memory_kib_per_extension": round(beyond, 1),
    }


async def _ours(
    extensions: int, copies: list[Copy], figures: dict[str, float], *, trace: bool
) -> Cost:
    async with (
        Emulator(extensions=extensions, seed=1, rate_limits=False) as emulator,
        quiet_hass() as hass,
    ):
        await components(hass)
        entry = entry_for(emulator, ["account"])
        entry.add_to_hass(hass)
        with _cost(trace=trace) as cost:
            if not await hass.config_entries.async_setup(entry.entry_id):
                raise RuntimeError("The integration was not set up")
            await hass.async_block_till_done()
        copies += copies_of(hass, entry)
        figures |= {
            "extensions": len(entry.runtime_data.extensions),
            "entities": sum(copy.description is not None for copy in copies),
            "disabled_entities": sum(copy.description is None for copy in copies),
        }
        if not trace:
            figures["first_rest_calls"] = await _rest_calls(emulator)
            figures["rest_calls"] = await _restart(hass, entry, emulator)
        await hass.config_entries.async_unload(entry.entry_id)
        return cost


async def _restart(
    hass: HomeAssistant, entry: MockConfigEntry, emulator: Emulator
) -> int:
    """Start again without signing in, as after a restart of Home Assistant; return the REST calls."""
    await hass.config_entries.async_unload(entry.entry_id)
    await hass.async_block_till_done()
    if (tokens := take_back(hass, entry.data)) is not None:
        await tokens.close()
    before = await _rest_calls(emulator)
    if not await hass.config_entries.async_setup(entry.entry_id):
        raise RuntimeError("The integration was not set up again")
    return await _rest_calls(emulator) - before


async def _rest_calls(emulator: Emulator) -> int:
    """Return the number of requests, after those that follow a start are over as well."""
    requests, before = emulator.counters.requests, -1
    while (now := sum(requests.values())) != before:
        before = now
        await asyncio.sleep(_QUIET)
    # The subscription is made over the socket.
    return now - requests["POST /restapi/v1.0/subscription"]


def copies_of(hass: HomeAssistant, entry: MockConfigEntry) -> list[Copy]:
    """Return what constant entities copy from all entities of an entry."""
    copies, devices = list[Copy](), dr.async_get(hass)
    for item in er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id):
        original = hass.data["entity_components"][item.domain].get_entity(
            item.entity_id
        )
        device = devices.async_get(item.device_id or "")
        if isinstance(device, dr.DeviceEntry):
            copies.append(
                Copy(
                    domain=item.domain,
                    description=original.entity_description if original else None,
                    unique_id=item.unique_id,
                    translation_key=item.translation_key,
                    device=device,
                )
            )
    return copies


@contextmanager
def _cost(*, trace: bool) -> Iterator[Cost]:
    cost = Cost()
    gc.collect()
    if trace:
        tracemalloc.start()
    wall, cpu = perf_counter(), process_time()
    yield cost
    cost.wall, cost.cpu = perf_counter() - wall, process_time() - cpu
    if trace:
        gc.collect()
        kept = tracemalloc.take_snapshot().filter_traces(_NOT_COUNTED)
        cost.memory = sum(trace.size for trace in kept.traces)
        tracemalloc.stop()


async def components(hass: HomeAssistant) -> None:
    """Set up what the entities belong to."""
    for domain in PLATFORMS:
        await async_setup_component(hass, domain, {})
    await hass.async_block_till_done()


async def _floor(copies: list[Copy], *, trace: bool) -> Cost:
    """Add the same number of constant entities, with the same kinds, names and devices."""
    async with quiet_hass() as hass:
        await components(hass)
        entry = MockConfigEntry(domain="floor")
        entry.add_to_hass(hass)

        def make(domain: str) -> list[Any]:
            return [CONSTANTS[domain](copy) for copy in copies if copy.domain == domain]

        async def set_up(hass: HomeAssistant, entry: Any) -> bool:
            await hass.config_entries.async_forward_entry_setups(entry, list(PLATFORMS))
            return True

        async def unload(hass: HomeAssistant, entry: Any) -> bool:
            return await hass.config_entries.async_unload_platforms(
                entry, list(PLATFORMS)
            )

        mock_integration(
            hass,
            MockModule("floor", async_setup_entry=set_up, async_unload_entry=unload),
        )
        mock_platform(hass, "floor.config_flow")
        for domain in PLATFORMS:

            async def add(
                hass: HomeAssistant, entry: Any, async_add: Any, domain: str = domain
            ) -> None:
                async_add(make(domain))

            mock_platform(hass, f"floor.{domain}", MockPlatform(async_setup_entry=add))
        with mock_config_flow("floor", MockFlow), _cost(trace=trace) as cost:
            await hass.config_entries.async_setup(entry.entry_id)
            await hass.async_block_till_done()
        if len(hass.states.async_all()) != sum(
            copy.description is not None for copy in copies
        ):
            raise RuntimeError("The floor does not have as many entities")
        await hass.config_entries.async_unload(entry.entry_id)
        return cost


class _Constant(Entity):
    """An entity that never changes, with the same kind, name and device as one of ours."""

    _attr_has_entity_name = True
    _attr_should_poll = False

    def __init__(self, copy: Copy) -> None:
        if copy.description is not None:
            self.entity_description = copy.description
        # Some entities that are disabled by default are enabled for our own extension.
        self._attr_entity_registry_enabled_default = copy.description is not None
        # Each of our entities has its own text, so make a new one instead of sharing the copied one.
        self._attr_unique_id = copy.unique_id.encode().decode()
        self._attr_translation_key = copy.translation_key
        self._attr_device_info = dr.DeviceInfo(
            identifiers={("floor", next(iter(copy.device.identifiers))[1])},
            name=copy.device.name,
            manufacturer=copy.device.manufacturer,
            model=copy.device.model,
            entry_type=copy.device.entry_type,
        )


class _ConstantSelect(_Constant, SelectEntity):
    _attr_options = ("a", "b")  # type: ignore[assignment]


CONSTANTS: dict[str, type[_Constant]] = {
    "binary_sensor": type("ConstantBinarySensor", (_Constant, BinarySensorEntity), {}),
    "calendar": type("ConstantCalendar", (_Constant, CalendarEntity), {"event": None}),
    "event": type(
        "ConstantEvent", (_Constant, EventEntity), {"_attr_event_types": ["a"]}
    ),
    "select": _ConstantSelect,
    "sensor": type("ConstantSensor", (_Constant, SensorEntity), {}),
    "switch": type("ConstantSwitch", (_Constant, SwitchEntity), {}),
}


class MockFlow(ConfigFlow):
    """A flow for the floor's entry."""


async def main() -> None:
    """Print the figures of a thousand extensions."""
    print(await measure(1_000))


if __name__ == "__main__":
    asyncio.run(main())
