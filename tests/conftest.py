"""What every test shares."""

import os

from hypothesis import HealthCheck, given, settings, strategies as st
import pytest

# Home Assistant's loader imports `custom_components` by name. The first import
# decides whose it is: without this line it would be the test plugin's own, and
# our integration would not be found.
import custom_components  # noqa: F401

# Deadlines measure the machine, not the code: a busy CI would fail at random.
settings.register_profile(
    "quick",
    max_examples=50,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile(
    "long", parent=settings.get_profile("quick"), max_examples=2000
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))


@pytest.fixture(autouse=True, scope="session")
def _source_of_chance() -> None:
    """Let Hypothesis register its source of chance before Home Assistant's test plugin calls `gc.freeze`.

    It looks for who holds it, finds nobody among frozen objects, and warns of what is not so.
    """
    given(st.none())(lambda _: None)()
