"""What a day needs: blueprints, and a loop that skips waits, in place of what other tests need."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.homes import clock_of_templates, shelf
from tests.integration.skipping import SkippingLoop, quiet, skipping_time
from tests.integration.test_homes import turned_on
from tests.integration.test_truth import emulator, integration, looking_again_at_once

__all__ = ["emulator", "integration", "looking_again_at_once", "turned_on"]


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """Return a folder with the blueprints."""
    with shelf() as found:
        yield found


@pytest.fixture
def loop(socket_enabled: None) -> Iterator[SkippingLoop]:
    """Return a loop that skips waits; it is midnight on a Friday."""
    with quiet(), skipping_time() as found, clock_of_templates():
        yield found
