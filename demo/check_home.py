"""Checks the home in the running demo: lamp, sign, saving in the interface, and the views."""

import asyncio
from dataclasses import dataclass
import time
from typing import Any

from .api import Json
from .check import CheckFailed
from .dashboard import PATH
from .entities import Entities
from .furnish import LOADED, from_blueprint
from .home import BUSY_LIGHT, LAMP, ON_AIR, ON_AIR_AREA, SIGN
from .office import Office
from .views import DESK, QUEUE
from .voicemail import Heard, check_voicemail

RED, GREEN = [255, 0, 0], [0, 255, 0]
# Seconds in which the lamp and the sign have to change, and between two looks at the lamp.
SHOWN, LOOK = 10.0, 0.02
RINGS = 5

_SAVED: dict[str, Json] = {
    "script": {"alias": "Demo check", "sequence": [{"delay": {"seconds": 1}}]},
    "scene": {"name": "Demo check", "entities": {LAMP: {"state": "off"}}},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeFigures:
    """What was seen of the home."""

    to_red: list[float]
    """Seconds from before the emulator is asked to ring until the lamp is red."""
    saved: list[str]
    """Domains of which something was saved, loaded and deleted."""
    views: int
    voicemail: Heard

    def __str__(self) -> str:
        """Return the figures in one line."""
        ordered = sorted(self.to_red)
        return (
            f"ring to red lamp: median {ordered[len(ordered) // 2] * 1000:.0f} ms, "
            f"max {ordered[-1] * 1000:.0f} ms over {len(ordered)} calls; the on-air sign "
            f"follows; {', '.join(self.saved)} saved and loaded; {self.views} views; "
            "a voicemail came, played and was marked as heard"
        )


async def check_home(office: Office) -> HomeFigures:
    """Check everything in the home while the simulated people do nothing.

    Raises:
        CheckFailed: something is missing, or does not happen.
    """
    entities = await office.entities()
    views = await _views(office)
    await office.emulator.post("simulate", on=False)
    await office.emulator.post("reset")
    await office.emulator.set_presence(
        office.own,
        userStatus="Available",
        dndStatus="TakeAllCalls",
        meetingStatus="Disconnected",
    )
    try:
        for entity_id in (BUSY_LIGHT, ON_AIR):
            await office.states.wait_for(entity_id, "on", LOADED)
        to_red = [await _ring(office) for _ in range(RINGS)]
        await _on_air(office, entities)
        voicemail = await check_voicemail(office, entities)
        saved = [await _saves(office, domain) for domain in ("automation", *_SAVED)]
    except TimeoutError as error:
        raise CheckFailed(str(error)) from None
    return HomeFigures(to_red=to_red, saved=saved, views=views, voicemail=voicemail)


async def _ring(office: Office) -> float:
    """Ring our phone; return how long the lamp took to turn red, and see it green again."""
    await _lamp_is(office, GREEN)
    started = time.perf_counter()
    await _call(office, office.own, "ring")
    await _lamp_is(office, RED)
    seconds = time.perf_counter() - started
    await _call(office, office.own, "answer")
    await _lamp_is(office, RED)
    await _call(office, office.own, "hangup")
    await _lamp_is(office, GREEN)
    return seconds


async def _lamp_is(office: Office, color: list[int]) -> None:
    async with asyncio.timeout(SHOWN):
        try:
            while True:
                lamp = await office.rest.get(f"/api/states/{LAMP}")
                shown = lamp["attributes"].get("rgb_color")
                if lamp["state"] == "on" and shown == color:
                    return
                await asyncio.sleep(LOOK)
        except TimeoutError:
            raise TimeoutError(f"the lamp did not become {color}: {lamp}") from None


async def _on_air(office: Office, entities: Entities) -> None:
    """Let somebody in the sign's area make a call, and see the sign follow."""
    areas = await office.socket.call("config/area_registry/list")
    area = next(each["area_id"] for each in areas if each["name"] == ON_AIR_AREA)
    devices = await office.socket.call("config/device_registry/list")
    there = {each["id"] for each in devices if each["area_id"] == area}
    someone = next(
        key
        for key, device in entities.devices.items()
        if device in there and (key, "status") in entities
    )
    await office.states.wait_for(SIGN, "off", SHOWN)
    await _call(office, someone, "ring", "answer")
    await office.states.wait_for(SIGN, "on", SHOWN)
    await _call(office, someone, "hangup")
    await office.states.wait_for(SIGN, "off", SHOWN)


async def _call(office: Office, extension_id: str, *script: str) -> None:
    await office.emulator.post(
        "calls", extension_id=extension_id, call="check", script=script
    )


async def _saves(office: Office, domain: str) -> str:
    """Save something as the interface does, see it loaded, and delete it; return the domain."""
    config: Json = _SAVED.get(domain) or from_blueprint(
        "Demo check", "on_air", signs=[SIGN], extensions=[]
    )
    path = f"/api/config/{domain}/config/demo_check"
    entity_id = f"{domain}.demo_check"

    def is_there(there: bool) -> Any:
        return lambda: (entity_id in office.states) is there

    await office.rest.post(path, config)
    await office.states.wait_until(is_there(True), LOADED, f"loading {entity_id}")
    await office.rest.delete(path)
    await office.states.wait_until(is_there(False), LOADED, f"deleting {entity_id}")
    return domain


async def _views(office: Office) -> int:
    """Return how many views the dashboard has; check them and the entities they show."""
    config = await office.socket.call("lovelace/config", url_path=PATH)
    paths = {view["path"] for view in config["views"]}
    # The view of people is optional: a large company shows them only on the wallboard.
    if lacking := {"wallboard", DESK, QUEUE} - paths:
        raise CheckFailed(f"the dashboard has no view {lacking}: it has {paths}")
    if absent := sorted(_named(config) - set(office.states)):
        raise CheckFailed(f"the dashboard shows entities that are not there: {absent}")
    return len(paths)


def _named(card: Any) -> set[str]:
    """Return the entities that cards name."""
    if isinstance(card, list):
        return set().union(*map(_named, card))
    if not isinstance(card, dict):
        return set()
    own = {card["entity"]} if isinstance(card.get("entity"), str) else set()
    return own.union(*map(_named, card.values()))
