"""One emulator and one Home Assistant for all tests that can share them."""

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
import pytest_asyncio

from .installed import VERSION, build
from .running import Running


@pytest.fixture(autouse=True)
def verify_cleanup() -> None:
    """Replace the plugin's: what these tests leave running is theirs, in a loop that goes on."""


@pytest.fixture(autouse=True)
def sockets(socket_enabled: None) -> None:
    """Let tests talk to the processes."""


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def shared(
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncGenerator[Running]:
    """Start both processes; the whole account is followed."""
    asyncio.get_running_loop().set_debug(False)
    folder = tmp_path_factory.mktemp("office")
    async with Running.open(folder, ["account"], settings=True) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def running(shared: Running) -> Running:
    """Bring the emulator back to its start; Home Assistant follows."""
    await shared.office.emulator.post("reset")
    await shared.agrees()
    return shared


@pytest.fixture
def release(tmp_path: Path) -> Path:
    """Return the archive of a version."""
    archive = tmp_path / "ringcentral.zip"
    result = build(f"v{VERSION}", "--draft", "--output", archive)
    assert result.returncode == 0, result.stderr
    assert VERSION in result.stdout
    return archive
