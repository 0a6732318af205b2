"""Boards of the office: one of tiles, by built-in cards alone, and the wallboard of the integration."""

from dataclasses import dataclass

from .api import Json, Socket
from .entities import Entities
from .states import ABSENT

PATH = "ringcentral-office"
# Conditional cards are looked at with every change: for more people than this there is
# the wallboard alone, which looks at what has changed.
TILES = 60

UNDISTURBED = "mdi:minus-circle"
WALLBOARD = {
    "title": "Wallboard",
    "path": "wallboard",
    "icon": "mdi:view-grid",
    "type": "panel",
    "cards": [{"type": "custom:ringcentral-wallboard"}],
}
_IN_CALL = ["call_connected", "on_hold", "parked_call"]
_NOBODY = "_Nobody._"


@dataclass(frozen=True, slots=True)
class Person:
    """An extension with its entities by key."""

    name: str
    entities: dict[str, str]

    @property
    def is_park_location(self) -> bool:
        """Whether it is a park location."""
        return self.name.startswith("Park ")


async def create_dashboard(socket: Socket, entities: Entities) -> None:
    """Create the board and make it the default dashboard."""
    people = await _people(socket, entities)
    await socket.call(
        "lovelace/dashboards/create",
        url_path=PATH,
        title="Office",
        icon="mdi:phone-in-talk",
        show_in_sidebar=True,
        require_admin=False,
    )
    await socket.call(
        "lovelace/config/save", url_path=PATH, config=board(people, entities.of(None))
    )
    await socket.call(
        "frontend/set_system_data", key="core", value={"default_panel": PATH}
    )


def board(people: list[Person], account: dict[str, str]) -> Json:
    """Return the configuration of the board."""
    persons = [person for person in people if not person.is_park_location]
    places = [person for person in people if person.is_park_location]
    views = [_tiles(persons, places, account)] if len(persons) <= TILES else []
    return {"views": [*views, WALLBOARD]}


def _tiles(
    persons: list[Person], places: list[Person], account: dict[str, str]
) -> Json:
    sections = [
        _section(_everyone(persons), span=3),
        _section([*_on_the_phone(persons), *_park_locations(places)]),
        _section([*_undisturbed(persons), *_account(account)]),
        _section(_activity([*persons, *places])),
    ]
    return {
        "title": "Office",
        "path": "office",
        "icon": "mdi:phone-in-talk",
        "type": "sections",
        "max_columns": 4,
        "badges": _badges(account),
        "sections": sections,
    }


async def _people(socket: Socket, entities: Entities) -> list[Person]:
    registry = await socket.call("config/device_registry/list")
    names = {device["id"]: device["name_by_user"] or device["name"] for device in registry}  # fmt: skip
    found = [
        Person(names[device_id], entities.of(extension_id))
        for extension_id, device_id in entities.devices.items()
    ]
    return sorted(found, key=lambda person: person.name.casefold())


def _section(cards: list[Json], span: int = 1) -> Json:
    return {"type": "grid", "column_span": span, "cards": cards}


def _heading(text: str, icon: str) -> Json:
    return {"type": "heading", "heading": text, "icon": icon}


def _badges(account: dict[str, str]) -> list[Json]:
    looks = {
        "extensions_available": ("Available", "mdi:account-check", "green"),
        "extensions_ringing": ("Ringing", "mdi:phone-ring", "amber"),
        "extensions_on_call": ("On a call", "mdi:phone-in-talk", "red"),
    }
    return [
        {
            "type": "entity",
            "entity": account[key],
            "name": name,
            "icon": icon,
            "color": color,
            "show_name": True,
        }
        for key, (name, icon, color) in looks.items()
    ]


def _everyone(persons: list[Person]) -> list[Json]:
    return [
        _heading("People", "mdi:account-group"),
        *(tile for person in persons for tile in _tiles_of(person)),
    ]


def _tiles_of(person: Person) -> list[Json]:
    """Return tiles of which one is visible at a time."""
    telephony, presence, meeting, dnd = (
        person.entities[f"{key}_status"]
        for key in ("telephony", "presence", "meeting", "dnd")
    )
    ringing = _is(telephony, "ringing")
    talking = _is(telephony, *_IN_CALL)
    meets = _is(meeting, "connected")
    undisturbed = _is(dnd, "do_not_accept_any_calls")
    steps: list[tuple[Json, str, str]] = [
        (ringing, telephony, "amber"),
        (talking, telephony, "red"),
        (_is(presence, "offline"), presence, "disabled"),
        (meets, meeting, "purple"),
        (undisturbed, presence, "deep-orange"),
        (_is(presence, "busy"), presence, "orange"),
        (_is(presence, "available"), presence, "green"),
        (_is(presence, *ABSENT), presence, "disabled"),
    ]
    earlier: list[Json] = []
    tiles = []
    for condition, entity_id, color in steps:
        tile = _tile(entity_id, person.name, color, 6)
        tile["visibility"] = [condition, *map(_not, earlier)]
        if condition is undisturbed:
            tile["icon"] = UNDISTURBED
        tiles.append(tile)
        earlier.append(condition)
    return tiles


def _on_the_phone(persons: list[Person]) -> list[Json]:
    cards = [_heading("On the phone", "mdi:phone-in-talk")]
    for person in persons:
        entity_id = person.entities["telephony_status"]
        for states, color in ((["ringing"], "amber"), (_IN_CALL, "red")):
            tile = _tile(entity_id, person.name, color, 12)
            tile["state_content"] = ["state", "last_changed"]
            tile["visibility"] = [_is(entity_id, *states)]
            cards.append(tile)
    quiet = [_is(person.entities["telephony_status"], "no_call") for person in persons]
    return [*cards, {**_note(_NOBODY), "visibility": quiet}]


def _undisturbed(persons: list[Person]) -> list[Json]:
    cards = [_heading("Do not disturb", UNDISTURBED)]
    for person in persons:
        entity_id = person.entities["do_not_disturb"]
        tile = _tile(entity_id, person.name, "deep-orange", 12)
        tile["state_content"] = ["last_changed"]
        tile["visibility"] = [_is(entity_id, "on")]
        cards.append(tile)
    quiet = [_is_not(person.entities["do_not_disturb"], "on") for person in persons]
    return [*cards, {**_note(_NOBODY), "visibility": quiet}]


def _park_locations(places: list[Person]) -> list[Json]:
    if not places:
        return []
    cards = [_heading("Parked calls", "mdi:parking")]
    for place in places:
        entity_id = place.entities["telephony_status"]
        parked = _is(entity_id, "parked_call")
        full = _tile(entity_id, place.name, "blue", 12)
        full["state_content"] = ["state", "last_changed"]
        cards.append({**full, "visibility": [parked]})
    quiet = [_is_not(place.entities["telephony_status"], "parked_call") for place in places]  # fmt: skip
    return [*cards, {**_note("_None._"), "visibility": quiet}]


def _activity(people: list[Person]) -> list[Json]:
    return [
        _heading("Activity", "mdi:timeline-clock"),
        {
            "type": "logbook",
            "hours_to_show": 1,
            "target": {
                "entity_id": [person.entities["telephony_status"] for person in people]
            },
            "grid_options": {"columns": "full", "rows": 9},
        },
    ]


def _account(account: dict[str, str]) -> list[Json]:
    counts = [("extensions_on_call", "On a call"), ("extensions_ringing", "Ringing")]
    return [
        _heading("Account", "mdi:domain"),
        _tile(account["push_connected"], "RingCentral push", "green", 12),
        {
            "type": "history-graph",
            "hours_to_show": 0.25,
            "entities": [
                {"entity": account[key], "name": name} for key, name in counts
            ],
            "grid_options": {"columns": "full"},
        },
    ]


def _tile(entity_id: str, name: str, color: str, columns: int) -> Json:
    return {
        "type": "tile",
        "entity": entity_id,
        "name": name,
        "color": color,
        "grid_options": {"columns": columns, "rows": 1},
    }


def _note(text: str) -> Json:
    return {"type": "markdown", "content": text, "text_only": True}


def _is(entity_id: str, *states: str) -> Json:
    return {"condition": "state", "entity": entity_id, "state": list(states)}


def _not(condition: Json) -> Json:
    return {"condition": "not", "conditions": [condition]}


def _is_not(entity_id: str, *states: str) -> Json:
    return {"condition": "state", "entity": entity_id, "state_not": list(states)}
