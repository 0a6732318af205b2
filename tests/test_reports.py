"""A test in which Home Assistant reports that the integration uses what will end, fails."""

from collections.abc import Callable
from functools import partial
import logging
from pathlib import Path
import subprocess
import sys

from homeassistant.core import HomeAssistant
from homeassistant.helpers import frame
from homeassistant.helpers.deprecation import deprecated_function
from homeassistant.loader import async_get_integration
import pytest

from .e2e.running import complaints
from .reports import is_report

ROOT = Path(__file__).parent.parent
# As Home Assistant writes its log.
FORMAT = "%(asctime)s.%(msecs)03d %(levelname)s (%(threadName)s) [%(name)s] %(message)s"


def in_our_file[T](act: Callable[[], T]) -> T:
    """Do something as a module of the integration does it: Home Assistant looks for the file on the stack."""
    module = ROOT / "custom_components/ringcentral/planted.py"
    names: dict[str, Callable[[], T]] = {"act": act}
    exec(compile("def planted():\n    return act()\n", module, "exec"), names)
    return names["planted"]()


@deprecated_function("something new", breaks_in_ha_version="2099.1")
def something_old() -> None:
    """Do nothing."""


PLANTED: dict[str, Callable[[], None]] = {
    "usage": partial(
        frame.report_usage, "does what is old", breaks_in_ha_version="2099.1"
    ),
    "usage without an end": partial(frame.report_usage, "does what is old"),
    "usage of a domain": partial(
        frame.report_usage,
        "does what is old",
        breaks_in_ha_version="2099.1",
        integration_domain="ringcentral",
    ),
    "function": something_old,
}


@pytest.mark.parametrize("name", PLANTED)
async def test_a_report_is_heard(
    hass: HomeAssistant,
    enable_custom_integrations: None,
    reports: list[str],
    caplog: pytest.LogCaptureFixture,
    name: str,
) -> None:
    await async_get_integration(hass, "ringcentral")
    in_our_file(PLANTED[name])

    assert len(reports) == 1, caplog.text
    # Or this test would fail.
    reports.clear()

    formatter = logging.Formatter(FORMAT)
    log = "\n".join(formatter.format(record) for record in caplog.records)
    assert complaints(log)


async def test_what_is_not_about_us_is_none(
    hass: HomeAssistant, caplog: pytest.LogCaptureFixture
) -> None:
    something_old()
    with pytest.raises(RuntimeError, match="Detected code"):
        frame.report_usage("does what is old", breaks_in_ha_version="2099.1")

    assert "deprecated" in caplog.text


@pytest.mark.parametrize(
    "line",
    [
        "We found a custom integration ringcentral which has not been tested by Home Assistant",
        "Setup of custom_components.ringcentral is taking longer",
        "Detected that custom integration 'ringing' does what is old. This will stop working",
    ],
)
def test_other_lines_are_none(line: str) -> None:
    assert not is_report(line)


@pytest.mark.timeout(120)
def test_a_test_that_sees_one_fails(tmp_path: Path) -> None:
    planted = tmp_path / "test_planted.py"
    planted.write_text(
        "import pytest\n"
        "from homeassistant.loader import async_get_integration\n"
        "from tests.test_reports import PLANTED, in_our_file\n"
        "@pytest.mark.parametrize('name', [*PLANTED, None])\n"
        "async def test_planted(hass, enable_custom_integrations, name):\n"
        "    await async_get_integration(hass, 'ringcentral')\n"
        "    if name:\n"
        "        in_our_file(PLANTED[name])\n"
    )

    result = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"),
            *("-p", "tests.conftest", "-c", ROOT / "pyproject.toml", planted),
        ],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )

    assert result.returncode == 1, result.stderr
    # Each of them is seen when its test is over; the last one saw none.
    assert f"{len(PLANTED) + 1} passed, {len(PLANTED)} errors" in result.stdout
    assert "does what is old" in result.stdout
