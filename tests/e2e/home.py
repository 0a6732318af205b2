"""A home with an office in it: things that automations move, and the blueprints that make them."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
import re
import time
from typing import Any, Self

from demo.home import BLUEPRINTS

from .running import SOON, START_TIMEOUT, Running, eventually

# Seconds after a change in which automations have done what comes of it.
QUIET = 0.5

# What is there in software alone, and keeps what it is told. The television cannot pause; a
# meeting is over after every restart. The kitchen sink has a phone that shows its notices here.
CONFIGURATION = """
automation: !include automations.yaml
scene:
counter:
  missed:
input_boolean:
  sign:
  focus:
  meeting:
    initial: false
  radio_muted:
  television_muted:
# Players that every Home Assistant of ours can make.
input_select:
  radio:
    options: [idle, paused, playing]
  television:
    options: [idle, playing]
template:
  - light:
      - name: Lamp
        unique_id: lamp
        turn_on: []
        turn_off: []
        set_level: []
        set_rgb: []
media_player:
  - platform: universal
    name: Radio
    unique_id: radio
    state_template: "{{ states('input_select.radio') }}"
    attributes:
      is_volume_muted: input_boolean.radio_muted
    commands:
      media_play: &select
        action: input_select.select_option
        target:
          entity_id: input_select.radio
        data:
          option: playing
      media_pause:
        <<: *select
        data:
          option: paused
      media_stop:
        <<: *select
        data:
          option: idle
      volume_mute:
        action: "input_boolean.turn_{{ 'on' if is_volume_muted else 'off' }}"
        target:
          entity_id: input_boolean.radio_muted
  - platform: universal
    name: Television
    unique_id: television
    state_template: "{{ states('input_select.television') }}"
    attributes:
      is_volume_muted: input_boolean.television_muted
    commands:
      media_play:
        action: input_select.select_option
        target:
          entity_id: input_select.television
        data:
          option: playing
      volume_mute:
        action: "input_boolean.turn_{{ 'on' if is_volume_muted else 'off' }}"
        target:
          entity_id: input_boolean.television_muted
kitchen_sink:
"""


class Home(Running):
    """Both processes, with things that are there in software alone."""

    @classmethod
    @asynccontextmanager
    async def furnished(cls, folder: Path) -> AsyncGenerator[Self]:
        """Start both; the own extension is followed."""
        async with cls.open(folder, ["own"]) as home:
            await home.stop()
            folder = home.office.hass.folder
            (folder / "automations.yaml").write_text("[]")
            with (folder / "configuration.yaml").open("a") as file:
                file.write(CONFIGURATION)
            await home.start()
            yield home

    async def start(self) -> None:
        """Start Home Assistant, and return once it has started and shows what the service has."""
        await self.start_hass()

        async def has_started() -> bool:
            config = await self.office.socket.call("get_config")
            return bool(config["state"] == "RUNNING")

        await eventually(has_started, START_TIMEOUT)
        await self.agrees(timeout=START_TIMEOUT)

    async def stop(self) -> None:
        """Stop Home Assistant once nothing has changed for a while.

        A run that waits for something is ended at once, but one that begins while Home Assistant
        stops keeps it from stopping, for up to a minute.
        """
        changes = self.office.states.changes

        async def is_at_rest() -> bool:
            return not changes or time.perf_counter() - changes[-1].at > QUIET

        await eventually(is_at_rest, SOON)
        await self.stop_hass()

    async def make(self, name: str, **given: Any) -> None:
        """Save a blueprint and make an automation with it, as the user interface does."""
        await self.office.socket.call(
            "blueprint/save",
            domain="automation",
            path=f"ringcentral/{name}.yaml",
            yaml=(BLUEPRINTS / f"{name}.yaml").read_text(),
            allow_override=True,
        )
        blueprint = {"path": f"ringcentral/{name}.yaml", "input": given}
        await self.office.rest.post(
            f"/api/config/automation/config/{name}",
            {"alias": name, "use_blueprint": blueprint},
        )
        # It is read in the background, and on once it listens.
        await self.office.states.wait_for(f"automation.{name}", "on", SOON)

    async def device(self, key: str = "id") -> str:
        """Return the id of the own extension's device, or something else of it."""
        for found in await self.office.socket.call("config/device_registry/list"):
            if found["identifiers"][0][1].endswith(f"_{self.own}"):
                return str(found[key])
        raise LookupError(self.own)

    async def act(self, action: str, entity_id: str) -> None:
        """Do something with a thing, as a person does."""
        path = action.replace(".", "/")
        await self.office.rest.post(f"/api/services/{path}", {"entity_id": entity_id})

    async def attribute(self, entity_id: str, name: str) -> Any:
        """Return what Home Assistant tells of a thing besides its state."""
        state = await self.office.rest.get(f"/api/states/{entity_id}")
        return state["attributes"].get(name)

    async def runs(self, name: str, count: int = 0) -> list[str]:
        """Return how the runs of an automation ended, once none goes on and so many are over.

        Home Assistant keeps five.
        """
        ended: list[str] = []

        async def are_over() -> bool:
            traces = await self.office.socket.call(
                "trace/list", domain="automation", item_id=name
            )
            ended[:] = [each["script_execution"] for each in traces]
            return len(ended) >= count and all(
                each["state"] == "stopped" for each in traces
            )

        await eventually(are_over, SOON)
        return ended

    def complaints(self) -> list[str]:
        """Return what Home Assistant has logged against automations since its start."""
        complaint = (
            r" (?:WARNING|ERROR|CRITICAL) .*(?:automation|script|template|helpers)"
        )
        log = self.office.hass.log.read_text(errors="replace")
        return re.findall(f".*{complaint}.*", log)
