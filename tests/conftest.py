"""What every test shares."""

from collections.abc import Iterator
import importlib.util
import os
from pathlib import Path

from hypothesis import HealthCheck, given, settings, strategies as st
import pytest

if importlib.util.find_spec("homeassistant") is not None:
    # Home Assistant's loader imports `custom_components` by name. The first import
    # decides whose it is: without this line it would be the test plugin's own, and
    # our integration would not be found.
    import custom_components  # noqa: F401

from .reports import heard

# Seconds for a test, where pytest-timeout is installed: the library's tests run without.
os.environ.setdefault("PYTEST_TIMEOUT", "60")

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


@pytest.fixture(autouse=True)
def enable_event_loop_debug() -> None:
    """Replace the plugin's: debug mode takes nearly as long as all else.

    With PYTHONASYNCIODEBUG=1 Python turns it on; it is so every night.
    """


@pytest.fixture(autouse=True)
def reports() -> Iterator[list[str]]:
    """Fail a test in which Home Assistant reports that the integration uses what will end."""
    with heard() as reports:
        yield reports
    assert not reports, "\n".join(reports)


END_TO_END = Path(__file__).parent / "e2e"
# Modules whose tests share processes that no other module uses.
SHARING = ("test_blueprints", "test_filters", "test_restart")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep on one worker, with --dist loadgroup, what shares processes; the rest goes wherever there is room.

    First, since xdist reads the groups by the same hook.
    """
    for item in items:
        fixtures = getattr(item, "fixturenames", ())
        if "hass" in fixtures:
            item.add_marker("home_assistant")
        if not item.path.is_relative_to(END_TO_END):
            continue
        if "shared" in fixtures:
            is_seen = (END_TO_END / "browser") in item.path.parents
            group = "browser" if is_seen else "office"
        elif item.path.stem in SHARING:
            group = item.path.stem
        else:
            continue
        item.add_marker(pytest.mark.xdist_group(group))
