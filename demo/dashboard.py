"""The office's dashboard: tiles from built-in cards, and the integration's wallboard."""

from dataclasses import dataclass

from .api import Json, Socket
from .entities import Entities
from .tiles import (
    COLORS,
    ON_THE_PHONE,
    UNDISTURBED,
    heading,
    is_in,
    is_not,
    status_tiles,
    text,
    tile,
)
from .views import Queue, desk, queue as queue_view

PATH = "ringcentral-office"
PEOPLE = "people"
# The frontend checks conditional cards at every change. With more people than this there is
# only the wallboard, which looks only at what has changed.
TILES = 60

WALLBOARD = {
    "title": "Wallboard",
    "path": "wallboard",
    "icon": "mdi:view-grid",
    "type": "panel",
    "cards": [{"type": "custom:ringcentral-wallboard"}],
}
_NOBODY = "_Nobody._"


@dataclass(frozen=True, slots=True)
class Person:
    """An extension with its entities by key."""

    name: str
    entities: dict[str, str]

    @property
    def is_person(self) -> bool:
        """Whether it is a person: park locations and queues have only calls."""
        return "status" in self.entities


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """Whose home the dashboard is for."""

    own: str
    """The own extension's id."""
    queue: Queue | None
    numbers: dict[str, str]
    """Extension numbers by id."""


async def create_dashboard(
    socket: Socket, entities: Entities, home: Home | None = None
) -> None:
    """Create the dashboard and make it the default; given a home, add views of it."""
    people = await people_of(socket, entities)
    views = [] if home is None else _views_of(home, people, entities.disabled)
    await socket.call(
        "lovelace/dashboards/create",
        url_path=PATH,
        title="Office",
        icon="mdi:phone-in-talk",
        show_in_sidebar=True,
        require_admin=False,
    )
    await socket.call(
        "lovelace/config/save",
        url_path=PATH,
        config=board(list(people.values()), entities.of(None), views),
    )
    await socket.call(
        "frontend/set_system_data", key="core", value={"default_panel": PATH}
    )


def board(
    people: list[Person], account: dict[str, str], views: list[Json] | None = None
) -> Json:
    """Return the configuration of the dashboard."""
    persons = [person for person in people if person.is_person]
    places = [person for person in people if person.name.startswith("Park ")]
    tiles = [_tiles(persons, places, account)] if len(persons) <= TILES else []
    return {"views": [*tiles, WALLBOARD, *(views or [])]}


def _views_of(home: Home, people: dict[str, Person], hidden: set[str]) -> list[Json]:
    you = people[home.own]
    enabled = {key: each for key, each in you.entities.items() if each not in hidden}
    views = [desk(you.name, enabled)]
    if home.queue is not None and (found := people.get(home.queue.extension_id)):
        numbers = [home.numbers[each] for each in home.queue.members]
        switch = enabled.get(f"takes_queue_calls_{home.queue.extension_id}_switch")
        views.append(queue_view(found.name, found.entities, hidden, numbers, switch))
    return views


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
        "title": "People",
        "path": PEOPLE,
        "icon": "mdi:account-group",
        "type": "sections",
        "max_columns": 4,
        "badges": _badges(account),
        "sections": sections,
    }


async def people_of(socket: Socket, entities: Entities) -> dict[str, Person]:
    """Return the followed extensions by id, sorted by name."""
    registry = await socket.call("config/device_registry/list")
    names = {device["id"]: device["name_by_user"] or device["name"] for device in registry}  # fmt: skip
    found = {
        extension_id: Person(names[device_id], entities.of(extension_id))
        for extension_id, device_id in entities.devices.items()
    }
    return dict(sorted(found.items(), key=lambda each: each[1].name.casefold()))


def _section(cards: list[Json], span: int = 1) -> Json:
    return {"type": "grid", "column_span": span, "cards": cards}


def _badges(account: dict[str, str]) -> list[Json]:
    looks = {
        "extensions_available": ("Available", "mdi:account-check", "green"),
        "extensions_ringing": ("Ringing", "mdi:phone-ring", "red"),
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
        heading("People", "mdi:account-group"),
        *(
            card
            for person in persons
            for card in status_tiles(person.entities["status"], person.name)
        ),
    ]


def _on_the_phone(persons: list[Person]) -> list[Json]:
    cards = [heading("On the phone", "mdi:phone-in-talk")]
    sensors = {person.entities["status"]: person.name for person in persons}
    for entity_id, name in sensors.items():
        cards += status_tiles(entity_id, name, ON_THE_PHONE, columns=12, since=True)
    quiet = [is_not(entity_id, *ON_THE_PHONE) for entity_id in sensors]
    return [*cards, {**text(_NOBODY), "visibility": quiet}]


def _undisturbed(persons: list[Person]) -> list[Json]:
    cards = [heading("Do not disturb", UNDISTURBED)]
    for person in persons:
        entity_id = person.entities["do_not_disturb"]
        card = tile(entity_id, name=person.name, color=COLORS["do_not_disturb"])
        card["state_content"] = ["last_changed"]
        card["visibility"] = [is_in(entity_id, "on")]
        cards.append(card)
    quiet = [is_not(person.entities["do_not_disturb"], "on") for person in persons]
    return [*cards, {**text(_NOBODY), "visibility": quiet}]


def _park_locations(places: list[Person]) -> list[Json]:
    if not places:
        return []
    cards = [heading("Parked calls", "mdi:parking")]
    for place in places:
        entity_id = place.entities["telephony_status"]
        parked = is_in(entity_id, "parked_call")
        full = tile(entity_id, name=place.name, color="blue")
        full["state_content"] = ["state", "last_changed"]
        cards.append({**full, "visibility": [parked]})
    quiet = [is_not(place.entities["telephony_status"], "parked_call") for place in places]  # fmt: skip
    return [*cards, {**text("_None._"), "visibility": quiet}]


def _activity(people: list[Person]) -> list[Json]:
    return [
        heading("Activity", "mdi:timeline-clock"),
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
        heading("Account", "mdi:domain"),
        tile(
            account["push_connected"],
            name="RingCentral push",
            color="green",
            columns=12,
        ),
        {
            "type": "history-graph",
            "hours_to_show": 0.25,
            "entities": [
                {"entity": account[key], "name": name} for key, name in counts
            ],
            "grid_options": {"columns": "full"},
        },
    ]
