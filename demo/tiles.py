"""Home Assistant's built-in cards, as the demo's dashboard uses them."""

from collections.abc import Iterable

from .api import Json
from .states import ABSENT

UNDISTURBED = "mdi:minus-circle"
ON_THE_PHONE = ("ringing", "on_call", "dialing", "on_hold")
# A tile has one color for all states, so there is a tile for each status, and only one of
# them is visible at a time. The colors are those of the wallboard and the busy light.
COLORS = {
    "ringing": "red",
    "on_call": "red",
    "dialing": "red",
    "on_hold": "amber",
    "in_meeting": "red",
    "do_not_disturb": "purple",
    "busy": "red",
    "available": "green",
    "offline": "disabled",
    **dict.fromkeys(ABSENT, "disabled"),
}


def status_tiles(
    entity_id: str,
    name: str,
    statuses: Iterable[str] = COLORS,
    *,
    columns: int = 6,
    rows: int = 1,
    since: bool = False,
) -> list[Json]:
    """Return a tile for each color of a status sensor; with `since`, it says since when."""
    by_color: dict[str, list[str]] = {}
    for status in statuses:
        by_color.setdefault(COLORS[status], []).append(status)
    tiles = []
    for color, states in by_color.items():
        card = tile(entity_id, name=name, color=color, columns=columns, rows=rows)
        if since:
            card["state_content"] = ["state", "last_changed"]
        tiles.append({**card, "visibility": [is_in(entity_id, *states)]})
    return tiles


def tile(
    entity_id: str, *, columns: int = 12, rows: int = 1, **options: object
) -> Json:
    """Return a tile that spans this many of a section's twelve columns."""
    return {
        "type": "tile",
        "entity": entity_id,
        "grid_options": {"columns": columns, "rows": rows},
        **options,
    }


def heading(text: str, icon: str) -> Json:
    """Return the heading of a section."""
    return {"type": "heading", "heading": text, "icon": icon}


def text(markdown: str) -> Json:
    """Return a text without a frame."""
    return {"type": "markdown", "content": markdown, "text_only": True}


def is_in(entity_id: str, *states: str) -> Json:
    """Return the condition that an entity is in one of some states."""
    return {"condition": "state", "entity": entity_id, "state": list(states)}


def is_not(entity_id: str, *states: str) -> Json:
    """Return the condition that an entity is in none of some states."""
    return {"condition": "state", "entity": entity_id, "state_not": list(states)}
