"""How long Home Assistant's loop works in one go: at a start, a reload, a loss and a return.

A block is what the loop's thread computes between two looks at what came in meanwhile. It is CPU time, so
that other programs on the machine do not count. Python's garbage collector stops everything now and then,
whoever's turn it is, and is reported separately.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
import gc
from itertools import batched
from time import thread_time
from typing import Any
from unittest.mock import patch

from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.entity_platform import async_get_platforms
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    MockModule,
    MockPlatform,
    mock_config_flow,
    mock_integration,
    mock_platform,
)

from custom_components.ringcentral import availability
from custom_components.ringcentral.aioringcentral.pauses import Pauses
from custom_components.ringcentral.followed_members import PART
from custom_components.ringcentral.listeners import AT_ONCE

from .office import entry_for_info, quiet_hass
from .process import RemoteEmulator, remote_emulator
from .startup import CONSTANTS, PLATFORMS, Copy, MockFlow, components, copies_of

type Blocks = dict[str, Watch]

_SIZES = (1_000, 2_900)
# Here, entities become unavailable this many seconds after a loss.
_GRACE = 0.2


class Watch:
    """CPU seconds of the longest block, of the longest garbage collection, and of all blocks."""

    def __init__(self) -> None:
        """Start at zero."""
        self.block = self.collection = self.total = 0.0


@asynccontextmanager
async def watched() -> AsyncIterator[Watch]:
    """Watch every turn of the running loop."""
    loop: Any = asyncio.get_running_loop()
    watch, turn = Watch(), loop._run_once  # noqa: SLF001 - there is no other way in
    collected = began_to_collect = 0.0

    def collecting(phase: str, _info: dict[str, int]) -> None:
        nonlocal collected, began_to_collect
        if phase == "start":
            began_to_collect = thread_time()
        else:
            took = thread_time() - began_to_collect
            collected += took
            watch.collection = max(watch.collection, took)

    def timed() -> None:
        nonlocal collected
        collected, began = 0.0, thread_time()
        turn()
        took = thread_time() - began
        watch.total += took
        watch.block = max(watch.block, took - collected)

    gc.collect()
    gc.callbacks.append(collecting)
    loop._run_once = timed  # noqa: SLF001
    # From the next turn on.
    await asyncio.sleep(0)
    try:
        yield watch
    finally:
        gc.callbacks.remove(collecting)
        del loop._run_once  # noqa: SLF001
        # What follows belongs to another turn.
        await asyncio.sleep(0)


async def measure() -> dict[str, Any]:
    """Return the figures for accounts of several sizes, and the longest block of all."""
    sizes = [await _measure(size) for size in _SIZES]
    blocks = [
        figures["longest_block_ms"]
        for size in sizes
        for figures in size.values()
        if isinstance(figures, dict)
    ]
    return {"by_extensions": sizes, "longest_block_ms": max(blocks)}


async def _measure(extensions: int) -> dict[str, Any]:
    copies: list[Copy] = []
    ours = await _ours(extensions, copies)
    floor = await _floor(copies)
    return {
        "extensions": extensions,
        "entities": _enabled(copies),
        **{
            name: {
                "longest_block_ms": _ms(watch.block),
                "floor_longest_block_ms": _ms(floor[name].block),
                "longest_collection_ms": _ms(watch.collection),
                "floor_longest_collection_ms": _ms(floor[name].collection),
                "seconds": round(watch.total, 2),
                "floor_seconds": round(floor[name].total, 2),
            }
            for name, watch in ours.items()
        },
    }


def _enabled(copies: list[Copy]) -> int:
    return sum(copy.description is not None for copy in copies)


def _ms(seconds: float) -> float:
    return round(seconds * 1_000, 1)


# Ours.


async def _ours(extensions: int, copies: list[Copy]) -> Blocks:
    blocks: Blocks = {}
    async with (
        remote_emulator(
            "--extensions", str(extensions), "--no-rate-limits"
        ) as emulator,
        quiet_hass() as hass,
    ):
        await components(hass)
        entry = entry_for_info(emulator.info, ["account"])
        entry.add_to_hass(hass)
        async with watched() as blocks["start"]:
            if not await hass.config_entries.async_setup(entry.entry_id):
                raise RuntimeError("The integration was not set up")
            await hass.async_block_till_done()
        async with watched() as blocks["reload"]:
            await hass.config_entries.async_reload(entry.entry_id)
            await hass.async_block_till_done()
        copies += copies_of(hass, entry)
        with patch.object(availability, "GRACE", _GRACE):
            async with watched() as blocks["loss"]:
                await _lose(emulator)
                await _becomes(entry, available=False)
                await hass.async_block_till_done()
            async with watched() as blocks["return"]:
                await emulator.post("faults", {"http_5xx": []})
                await _becomes(entry, available=True)
                await hass.async_block_till_done()
        await hass.config_entries.async_unload(entry.entry_id)
    return blocks


async def _lose(emulator: RemoteEmulator) -> None:
    """Cut the connection, and prevent another one."""
    await emulator.post("faults", {"http_5xx": [{"path": "*wstoken", "status": 503}]})
    await emulator.post("disconnect", {"code": 1001, "recoverable": False})


async def _becomes(entry: MockConfigEntry, *, available: bool) -> None:
    """Wait until entities are available or not, as given; poll for it."""
    for _ in range(6_000):
        if entry.runtime_data.available is available:
            return
        await asyncio.sleep(0.01)
    raise TimeoutError


# The floor: constant entities that are added, written and removed in the same portions.


async def _floor(copies: list[Copy]) -> Blocks:
    blocks: Blocks = {}
    async with quiet_hass() as hass, _constants(hass, copies) as entry:
        async with watched() as blocks["start"]:
            await hass.config_entries.async_setup(entry.entry_id)
            await hass.async_block_till_done()
        if len(hass.states.async_all()) != _enabled(copies):
            raise RuntimeError("The floor does not have as many entities")
        async with watched() as blocks["reload"]:
            await _take_away(hass, entry)
            await hass.config_entries.async_reload(entry.entry_id)
            await hass.async_block_till_done()
        for name, is_available in (("loss", False), ("return", True)):
            async with watched() as blocks[name]:
                await _write_all(hass, entry, is_available=is_available)
                await hass.async_block_till_done()
        await hass.config_entries.async_unload(entry.entry_id)
    return blocks


@asynccontextmanager
async def _constants(
    hass: HomeAssistant, copies: list[Copy]
) -> AsyncIterator[MockConfigEntry]:
    """Prepare an entry with constant entities, which are added in the same way as ours."""
    await components(hass)
    entry = MockConfigEntry(domain="floor")
    entry.add_to_hass(hass)
    adders: dict[str, Callable[[list[Entity]], None]] = {}
    by_device: dict[str, list[Copy]] = {}
    for copy in copies:
        by_device.setdefault(copy.device.id, []).append(copy)

    async def set_up(hass: HomeAssistant, entry: Any) -> bool:
        await hass.config_entries.async_forward_entry_setups(entry, list(PLATFORMS))
        pauses = Pauses()
        for part in batched(by_device.values(), PART, strict=False):
            for domain, add in adders.items():
                add(
                    [
                        CONSTANTS[domain](copy)
                        for device in part
                        for copy in device
                        if copy.domain == domain
                    ]
                )
                await pauses.take()
        return True

    async def unload(hass: HomeAssistant, entry: Any) -> bool:
        return await hass.config_entries.async_unload_platforms(entry, list(PLATFORMS))

    mock_integration(
        hass, MockModule("floor", async_setup_entry=set_up, async_unload_entry=unload)
    )
    mock_platform(hass, "floor.config_flow")
    for domain in PLATFORMS:

        async def keep(
            hass: HomeAssistant, entry: Any, add: Any, domain: str = domain
        ) -> None:
            adders[domain] = add

        mock_platform(hass, f"floor.{domain}", MockPlatform(async_setup_entry=keep))
    with mock_config_flow("floor", MockFlow):
        yield entry


def _entities(hass: HomeAssistant, entry: MockConfigEntry) -> Mapping[str, Entity]:
    return {
        entity_id: entity
        for platform in async_get_platforms(hass, "floor")
        if platform.config_entry is entry
        for entity_id, entity in platform.entities.items()
    }


async def _take_away(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    pauses = Pauses()
    for entity in _entities(hass, entry).values():
        await entity.async_remove()
        await pauses.take()


async def _write_all(
    hass: HomeAssistant, entry: MockConfigEntry, *, is_available: bool
) -> None:
    pauses = Pauses(AT_ONCE)
    for entity in _entities(hass, entry).values():
        entity._attr_available = is_available  # noqa: SLF001
        entity.async_write_ha_state()
        await pauses.take()
