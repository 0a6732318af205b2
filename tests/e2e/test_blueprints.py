"""Automations made with blueprints in a real Home Assistant, which is restarted in mid-call."""

from collections.abc import AsyncGenerator
import json
from pathlib import Path
import re
from typing import Any

import pytest
import pytest_asyncio

from .running import END_TO_END, SOON, START_TIMEOUT, Running, eventually

pytestmark = END_TO_END

FOLDER = Path(__file__).parents[2] / "blueprints/automation/ringcentral"
SIGN, LAMP = "input_boolean.sign", "light.lamp"
GREEN, RED = [0, 255, 0], [255, 0, 0]

# A lamp that is there in software alone, and keeps what it is told.
CONFIGURATION = """
automation: !include automations.yaml
scene:
input_boolean:
  sign:
template:
  - light:
      - name: Lamp
        unique_id: lamp
        turn_on: []
        turn_off: []
        set_level: []
        set_rgb: []
"""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def home(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Running]:
    """Start processes that no other test module relies on, with a sign and a lamp."""
    folder = tmp_path_factory.mktemp("blueprints")
    async with Running.open(folder, ["own"]) as running:
        await running.stop_hass()
        folder = running.office.hass.folder
        (folder / "automations.yaml").write_text("[]")
        with (folder / "configuration.yaml").open("a") as file:
            file.write(CONFIGURATION)
        await running.start_hass()
        await running.agrees(timeout=START_TIMEOUT)
        yield running


async def make(running: Running, name: str, **given: Any) -> None:
    """Save a blueprint and make an automation with it, as the user interface does."""
    await running.office.socket.call(
        "blueprint/save",
        domain="automation",
        path=f"ringcentral/{name}.yaml",
        yaml=(FOLDER / f"{name}.yaml").read_text(),
    )
    await running.office.rest.post(
        f"/api/config/automation/config/{name}",
        {
            "alias": name,
            "use_blueprint": {"path": f"ringcentral/{name}.yaml", "input": given},
        },
    )


async def device(running: Running) -> str:
    """Return the id of the own extension's device."""
    for found in await running.office.socket.call("config/device_registry/list"):
        if found["identifiers"][0][1].endswith(f"_{running.own}"):
            return str(found["id"])
    raise LookupError(running.own)


async def shines(running: Running, color: list[int]) -> None:
    """Wait until the lamp shines in a color."""

    async def holds() -> bool:
        state = await running.office.rest.get(f"/api/states/{LAMP}")
        return bool(state["attributes"].get("rgb_color") == color)

    await eventually(holds, SOON)


async def test_a_restart_in_mid_call(home: Running) -> None:
    states, own = home.office.states, [await device(home)]
    await make(home, "busy_light", extensions=own, lights=[LAMP])
    await make(home, "on_air", extensions=own, signs=[SIGN])
    await shines(home, GREEN)

    await home.call(home.own, "ring", call="missed")
    await states.wait_for(LAMP, "on", SOON)
    await states.wait_for(LAMP, "off", SOON)
    await states.wait_for(LAMP, "on", SOON)
    assert states[SIGN] == "off"
    await home.call(home.own, "missed", call="missed")
    await shines(home, GREEN)

    # The call ends while nobody watches.
    await home.call(home.own, "ring", "answer", call="ends")
    await states.wait_for(SIGN, "on", SOON)
    await shines(home, RED)
    await home.stop_hass()
    await home.call(home.own, "hangup", call="ends")
    await home.start_hass()
    states = home.office.states
    await states.wait_for(SIGN, "off", START_TIMEOUT)
    await shines(home, GREEN)

    # It begins while nobody watches.
    await home.stop_hass()
    await home.call(home.own, "ring", "answer", call="begins")
    await home.start_hass()
    states = home.office.states
    await states.wait_for(SIGN, "on", START_TIMEOUT)
    await shines(home, RED)
    await home.call(home.own, "hangup", call="begins")
    await states.wait_for(SIGN, "off", SOON)
    await shines(home, GREEN)

    # Home Assistant keeps the last runs only, and each of them ended but the newest.
    for name in ("busy_light", "on_air"):
        traces = await home.office.socket.call(
            "trace/list", domain="automation", item_id=name
        )
        assert [each["state"] for each in traces if each["state"] != "stopped"] == [
            "running"
        ]
        assert len(traces) <= 5
        sizes = [len(json.dumps(each)) for each in traces]
        assert max(sizes) < 10_000
    log = home.office.hass.log.read_text(errors="replace")
    complaint = r" (?:WARNING|ERROR|CRITICAL) .*(?:automation|script|template|helpers)"
    assert not re.findall(f".*{complaint}.*", log)
