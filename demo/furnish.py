"""Turns a new Home Assistant into a home, as a person would in its interface."""

from collections.abc import Mapping, Sequence
from typing import Any

from .api import Json, Rest, Socket
from .dashboard import Home, create_dashboard
from .home import (
    AREAS,
    BUSY_LIGHT,
    LAMP,
    ON_AIR,
    ON_AIR_AREA,
    RADIO,
    RING,
    SHELF,
    SIGN,
    WAIT,
    YOUR_OFFICE,
)
from .office import Office
from .views import Queue

# Seconds in which a saved automation has to be on.
LOADED = 15.0


async def move_in(office: Office) -> None:
    """Add the integration for everyone and a queue, furnish the home, and lay out its views."""
    queue = chosen_queue(await office.emulator.queues(), office.own)
    # Do not follow the states yet: a large account brings many at once, and Home Assistant
    # disconnects a client that does not keep up.
    async with office.signed_in():
        chosen = [] if queue is None else [queue.extension_id]
        await office.add_integration(
            ["account", *(["chosen"] if chosen else [])], chosen
        )
    async with office.connected():
        await _furnish(office, queue)
        numbers = await office.emulator.numbers()
        home = Home(own=office.own, queue=queue, numbers=numbers)
        await create_dashboard(office.socket, await office.entities(), home)


def chosen_queue(queues: Mapping[str, Json], own: str) -> Queue | None:
    """Return the queue to show: the largest one, preferably with our own extension in it."""
    found = [
        Queue(extension_id, queue["name"], [str(each) for each in queue["members"]])
        for extension_id, queue in queues.items()
    ]
    return max(
        found,
        key=lambda queue: (own in queue.members, len(queue.members)),
        default=None,
    )


def places(people: Sequence[str], own: str) -> dict[str, str]:
    """Return area names by extension id: our own office, and the other areas in turn."""
    shared = [area for area in AREAS if area != YOUR_OFFICE]
    others = [extension_id for extension_id in people if extension_id != own]
    return {own: YOUR_OFFICE} | {
        extension_id: shared[index % len(shared)]
        for index, extension_id in enumerate(others)
    }


async def _furnish(office: Office, queue: Queue | None) -> None:
    """Put people and things into areas, and save scripts and automations."""
    rest, socket, own = office.rest, office.socket, office.own
    entities = await office.entities()
    areas = await _create_areas(socket)
    people = [key for key in entities.devices if (key, "status") in entities]
    where = places(people, own)
    if queue is not None:
        where[queue.extension_id] = "Support"
    for extension_id, area in where.items():
        if device_id := entities.devices.get(extension_id):
            await socket.call(
                "config/device_registry/update",
                device_id=device_id,
                area_id=areas[area],
            )
    for entity_id, area in (
        (LAMP, YOUR_OFFICE),
        (RADIO, YOUR_OFFICE),
        (SIGN, ON_AIR_AREA),
    ):
        await socket.call(
            "config/entity_registry/update", entity_id=entity_id, area_id=areas[area]
        )
    await rest.post("/api/services/media_player/media_play", {"entity_id": RADIO})
    await _save(
        rest, "script", RING, ring_script("Ring my phone", "mdi:phone-ring", own)
    )
    if queue is not None:
        script = ring_script(
            "Let a call wait in the queue", "mdi:phone-plus", queue.extension_id
        )
        await _save(rest, "script", WAIT, script)
    device = entities.devices[own]
    for entity_id, config in {
        BUSY_LIGHT: from_blueprint(
            "Busy light", "busy_light", extensions=[device], lights=[LAMP]
        ),
        ON_AIR: from_blueprint(
            "On-air sign", "on_air", signs=[SIGN], areas=[areas[ON_AIR_AREA]]
        ),
    }.items():
        await _save(rest, "automation", entity_id, config)
        await office.states.wait_for(entity_id, "on", LOADED)


def from_blueprint(alias: str, name: str, **given: Any) -> Json:
    """Return an automation made with one of our blueprints."""
    path = str(SHELF / f"{name}.yaml")
    return {"alias": alias, "use_blueprint": {"path": path, "input": given}}


def ring_script(alias: str, icon: str, extension_id: str) -> Json:
    """Return a script that has somebody call an extension."""
    return {
        "alias": alias,
        "icon": icon,
        "sequence": [
            {
                "action": "rest_command.call_extension",
                "data": {"extension_id": extension_id},
            }
        ],
    }


async def _save(rest: Rest, domain: str, entity_id: str, config: Json) -> None:
    key = entity_id.partition(".")[2]
    await rest.post(f"/api/config/{domain}/config/{key}", config)


async def _create_areas(socket: Socket) -> dict[str, str]:
    """Create the areas; return their ids by name."""
    known = {
        area["name"]: area["area_id"]
        for area in await socket.call("config/area_registry/list")
    }
    for name, icon in AREAS.items():
        if name not in known:
            area = await socket.call(
                "config/area_registry/create", name=name, icon=icon
            )
            known[name] = area["area_id"]
    # A new Home Assistant has the rooms of an apartment as areas.
    for name in set(known) - set(AREAS):
        await socket.call("config/area_registry/delete", area_id=known.pop(name))
    return known
