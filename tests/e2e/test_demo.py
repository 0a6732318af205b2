"""The demo as it comes: everything that it promises, without hands."""

from pathlib import Path
import re

import pytest

from demo.check_home import check_home
from demo.furnish import move_in
from demo.hass import free_port
from demo.office import Office, Plan

from .running import complaints


@pytest.mark.timeout(180)
async def test_the_demo_keeps_its_promises(tmp_path: Path) -> None:
    plan = Plan(port=free_port(), simulate=True, is_home=True)
    async with Office.open(tmp_path, plan) as office:
        await move_in(office)
        async with office.connected():
            figures = await check_home(office)
        log = office.hass.log.read_text(errors="replace")

    assert figures.saved == ["automation", "script", "scene"]
    assert figures.views == 4
    assert max(figures.to_red) < 5
    assert not complaints(log)
    # Nothing is fetched, and nothing that a home has failed to load.
    assert "Attempting install of" not in log
    assert not re.search(r"Setup failed|Unable to install package|Invalid config", log)
