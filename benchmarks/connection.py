"""What an idle hour costs, and what a lost socket costs."""

import asyncio
from time import perf_counter

from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import Event, EventStateChangedData, callback

from custom_components.ringcentral.aioringcentral.backoff import GOOD_AFTER

from .office import entry_for_info, quiet_hass
from .process import RemoteEmulator, remote_emulator

# An hour of the emulator's clock takes this many seconds.
_FACTOR = 720


async def idle() -> dict[str, float]:
    """Return calls per hour while nothing happens, without heartbeats, as the emulator counts them.

    The emulator's clock runs faster, so that its tokens expire and its limits apply as in two hours. The
    slow re-read of everything (two requests in six hours) uses the real clock: its share is added.
    """
    hours = 2.0
    async with remote_emulator(
        "--extensions", "50", "--time-factor", str(_FACTOR)
    ) as emulator:
        await emulator.post("faults", {"refresh_tokens": True})
        async with quiet_hass() as hass:
            entry = entry_for_info(emulator.info, ["account"])
            entry.add_to_hass(hass)
            await hass.config_entries.async_setup(entry.entry_id)
            await hass.async_block_till_done()
            before = await _calls(emulator)
            await asyncio.sleep(hours * 3_600 / _FACTOR)
            calls = await _calls(emulator) - before
            await hass.config_entries.async_unload(entry.entry_id)
    return {"calls_per_hour": round(calls / hours + 3 / 6, 2)}


async def reconnect() -> dict[str, float]:
    """Drop the socket while a call changes, and measure the recovery."""
    rounds = 3
    async with (
        remote_emulator("--extensions", "50", "--no-rate-limits") as emulator,
        quiet_hass() as hass,
    ):
        entry = entry_for_info(emulator.info, ["account"])
        entry.add_to_hass(hass)
        await hass.config_entries.async_setup(entry.entry_id)
        await hass.async_block_till_done()
        key = str(emulator.info["own_extension_id"])
        told: asyncio.Queue[str] = asyncio.Queue()
        unavailable = 0

        @callback
        def note(event: Event[EventStateChangedData]) -> None:
            nonlocal unavailable
            state = event.data["new_state"]
            if state is not None and state.state == STATE_UNAVAILABLE:
                unavailable += 1
            if state is not None and state.entity_id.endswith("user_status"):
                told.put_nowait(state.state)

        hass.bus.async_listen("state_changed", note)
        reads_before = await _reads(emulator)
        seconds, lost = [], 0
        for number in range(rounds):
            # A connection that lasts less than this counts as a failed attempt, and lengthens the back-off.
            await asyncio.sleep(GOOD_AFTER)
            status = ("Busy", "Available")[number % 2]
            began = perf_counter()
            await emulator.post("disconnect", {"code": 1001, "recoverable": True})
            await emulator.post(f"presence/{key}", {"userStatus": status})
            try:
                async with asyncio.timeout(20):
                    while await told.get() != status.lower():
                        pass
            except TimeoutError:
                lost += 1
            seconds.append(perf_counter() - began)
        reads, remembered = await _reads(emulator) - reads_before, unavailable
        await hass.config_entries.async_unload(entry.entry_id)
    return {
        "drops": rounds,
        "longest_seconds": round(max(seconds), 2),
        "rest_reads": reads,
        "events_lost": lost,
        "unavailable_states": remembered,
    }


async def _calls(emulator: RemoteEmulator) -> int:
    counters = await emulator.get("counters")
    return sum(counters["requests"].values())


async def _reads(emulator: RemoteEmulator) -> int:
    counters = await emulator.get("counters")
    return sum(
        count for name, count in counters["requests"].items() if name.startswith("GET ")
    )
