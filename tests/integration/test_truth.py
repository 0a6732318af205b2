"""Random histories of a service that has bad days: at rest Home Assistant shows what is true, every time."""

import os

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test
import pytest

from .history import History
from .history_home import Home
from .history_odd import Odd
from .history_people import People
from .history_service import Service
from .skipping import quiet, skipping_time

# So many histories with each seed, and which seeds: the same seed gives the same histories, on any machine.
HISTORIES = int(os.environ.get("HISTORIES", "30"))
SEEDS = [int(seed) for seed in os.environ.get("SEEDS", "").split()] or range(1, 11)
SETTINGS = settings(
    max_examples=HISTORIES,
    stateful_step_count=int(os.environ.get("STEPS", "15")),
    # Seeds decide alone, and no failure of another day.
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    # Shrinking plays a failure a thousand times: `SHRINK=1` where one is looked into.
    phases=[Phase.generate, *([Phase.shrink] if "SHRINK" in os.environ else [])],
)
pytestmark = pytest.mark.timeout(0 if "HISTORIES" in os.environ else 900)


class Histories(People, Service, Odd, Home):
    """What can happen to a service and to a Home Assistant that follows it, in any order."""


@pytest.fixture
def emulator() -> None:
    """Replace the one of other tests: every history has its own."""


@pytest.fixture
def integration(emulator: None) -> None:
    """Replace the one of other tests, with the Home Assistant it needs."""


@pytest.fixture(autouse=True)
def looking_again_at_once() -> None:
    """Replace what makes other tests short: time passes by itself here."""


@pytest.mark.parametrize("histories_of", SEEDS)
def test_at_rest_every_entity_is_right(socket_enabled: None, histories_of: int) -> None:
    class Seeded(Histories):
        """The histories of one seed."""

    machine = seed(histories_of)(Seeded)
    History.rests = 0
    with quiet(), skipping_time() as loop:
        machine.loop = loop
        run_state_machine_as_test(machine, settings=SETTINGS)
    assert History.rests >= HISTORIES
