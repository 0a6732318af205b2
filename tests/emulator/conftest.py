"""Fixtures: an emulator in the test's loop and a bare client signed in to it."""

from collections.abc import AsyncIterator

import aiohttp
import pytest

from emulator import Emulator

from .wire import Socket, Wire


@pytest.fixture(autouse=True)
def _sockets(socket_enabled: None) -> None:
    """Let these tests use real sockets, which the test plugin forbids otherwise."""


@pytest.fixture
async def emu() -> AsyncIterator[Emulator]:
    """Return a running emulator with the service's real limits."""
    async with Emulator(extensions=25, seed=1) as emulator:
        yield emulator


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    """Return a connection pool."""
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
async def anonymous(emu: Emulator, http: aiohttp.ClientSession) -> AsyncIterator[Wire]:
    """Return a client that has not signed in."""
    client = Wire(emu, http)
    yield client
    await client.close()


@pytest.fixture
async def wire(anonymous: Wire) -> Wire:
    """Return a client that has signed in as the account's user."""
    assert (await anonymous.sign_in()).status == 200
    return anonymous


@pytest.fixture
async def socket(wire: Wire) -> Socket:
    """Return a connected socket."""
    return await wire.connect()


@pytest.fixture
def other(emu: Emulator) -> str:
    """Return the id of an enabled user who is not the signed-in one and has no DND."""
    return next(
        ext_id
        for ext_id in emu.extension_ids[1:]
        if emu.truth()[ext_id]["presenceStatus"] == "Available"
    )
