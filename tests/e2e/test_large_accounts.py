"""Accounts of hundreds and thousands of people in one real Home Assistant: complete, and it answers meanwhile."""

from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
import re

import pytest
import pytest_socket

from demo.emulator import Emulator
from demo.entities import Entities, absent, differences
from demo.flow import FlowError, add_ringcentral
from demo.hass import HASS, free_port
from demo.office import Office, Plan

from .running import eventually

# Thousands of entities are added by a real Home Assistant, on a machine that may be busy.
pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(600)]
_DEADLINE = 120.0

HUGE = frozenset({"status", "on_call", "call"})
LARGE = HUGE | {
    "telephony_status",
    "presence_status",
    "dnd_status",
    "ringing",
    "do_not_disturb",
}
PARK = frozenset({"telephony_status", "active_calls", "call"})


@asynccontextmanager
async def _company(
    office: Office, folder: Path, extensions: int, seed: int
) -> AsyncGenerator[Emulator]:
    """Start another company, beside the one that comes with Home Assistant."""
    emulator = Emulator(
        office.session,
        folder / f"emulator-{extensions}.log",
        extensions=extensions,
        seed=seed,
        rate_limits=False,
    )
    await emulator.start()
    try:
        yield emulator
    finally:
        await emulator.stop()


async def _is_complete(office: Office, emulator: Emulator) -> Entities:
    """Wait until every entity of a company shows what the service has."""
    account_id = str(emulator.info["account_id"])
    registry = await office.socket.call("config/entity_registry/list")
    found = Entities(
        account_id,
        [each for each in registry if str(each["unique_id"]).startswith(account_id)],
    )
    truth = await emulator.truth()

    async def holds() -> bool:
        return not absent(found, office.states, truth)

    await eventually(holds, _DEADLINE)
    assert not differences(found, office.states, truth)
    return found


def _sets(entities: Entities, own: str) -> Counter[frozenset[str]]:
    """Return which sets of entities the extensions beside the own one have, and how often."""
    return Counter(
        frozenset(entities.of(extension_id))
        for extension_id in entities.extensions
        if extension_id != own
    )


def _complaints(log: str) -> list[str]:
    """Return what was said against the integration; that a busy machine was slow says nothing."""
    return [
        line
        for line in log.splitlines()
        if re.search(r" (WARNING|ERROR|CRITICAL) .*ringcentral", line)
        and "which has not been tested by Home Assistant" not in line
        and not re.search(r"took [\d.]+ seconds|is taking over", line)
    ]


async def test_accounts_of_every_size_are_complete(tmp_path: Path) -> None:
    """150, 900 and 2,900 people in one Home Assistant, which is started again; 3,100 are refused."""
    if not HASS.exists():
        pytest.fail("There is no Home Assistant to test with: run scripts/setup.")
    pytest_socket.enable_socket()
    plan = Plan(port=free_port(), extensions=150, rate_limits=False)
    async with Office.open(tmp_path, plan) as office:
        async with office.connected():
            await add_ringcentral(office.rest, office.emulator.info, ["account"])
            entities = await _is_complete(office, office.emulator)
            sets = _sets(entities, str(office.emulator.info["own_extension_id"]))
            assert sum(sets.values()) > 140
            assert all(each > LARGE or each == PARK for each in sets)

            async with _company(office, tmp_path, 3_100, 4) as too_large:
                with pytest.raises(FlowError, match="too_many_people"):
                    await add_ringcentral(office.rest, too_large.info, ["account"])

        async with (
            _company(office, tmp_path, 900, 2) as large,
            _company(office, tmp_path, 2_900, 3) as huge,
        ):
            async with office.connected():
                for emulator, size, expected in (
                    (large, 900, LARGE),
                    (huge, 2_900, HUGE),
                ):
                    await add_ringcentral(office.rest, emulator.info, ["account"])
                    entities = await _is_complete(office, emulator)
                    sets = _sets(entities, str(emulator.info["own_extension_id"]))
                    assert set(sets) == {expected, PARK}
                    # Some extensions have nothing to follow, or are queues.
                    assert size - 20 < sum(sets.values()) < size
                    # None is kept that is off, but of the user's own.
                    assert len(entities.disabled) < 20
            # It keeps thousands of states.
            await office.hass.stop(_DEADLINE)
            await office.hass.start()
            async with office.connected():
                for emulator in (office.emulator, large, huge):
                    await _is_complete(office, emulator)
            # While there is still a service to say goodbye to.
            await office.hass.stop(_DEADLINE)
        log = office.hass.log.read_text(errors="replace")
        assert not _complaints(log)
