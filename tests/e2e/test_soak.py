"""The command of the soak, for half a minute."""

from dataclasses import fields
import json
from pathlib import Path
import subprocess
import sys

import pytest

from demo.hass import CHECKOUT, HASS
from soak.figures import Figures
from soak.plan import Weather

# One that has to do with sign-ins, sockets, events and who is there, and with nothing that takes long.
SHORT_SEED = 193


@pytest.mark.timeout(240)
def test_a_short_soak_keeps_every_promise(tmp_path: Path) -> None:
    if not HASS.exists():
        pytest.fail("There is no Home Assistant to test with: run scripts/setup.")

    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "soak",
            "--minutes=0.5",
            f"--seed={SHORT_SEED}",
            "--json",
            f"--folder={tmp_path}",
        ],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr[-3000:] + done.stdout
    figures = json.loads(done.stdout)
    assert figures.keys() == {
        *(field.name for field in fields(Figures)),
        "promises_broken",
    }
    assert figures["promises_broken"] == []
    assert len(figures["faults"]) >= 5
    assert figures["rounds"].keys() == set(Weather)
    assert figures["planned_ends"] >= 1
    assert figures["recoveries"] >= 1
    assert figures["events_sent"] > 500
    assert figures["witnessed_in_planned_ends"] > 50
    # What was searched is what there was to find something in.
    assert (
        "custom_components.ringcentral"
        in (tmp_path / "config/home-assistant.log").read_text()
    )
    assert len((tmp_path / "issued.txt").read_text().split()) > 20
