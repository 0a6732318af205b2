"""Views of the demo's home: one person with a lamp, and a queue with its members."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from .api import Json
from .home import BUSY_LIGHT, LAMP, ON_AIR, ON_AIR_AREA, RADIO, RING, SIGN, WAIT
from .tiles import heading, is_in, is_not, status_tiles, text, tile

DESK, QUEUE = "desk", "queue"

# The entity's own name, without the device's name.
_OWN = {"type": "entity"}

_LIGHT_SAYS = (
    "The automation **Busy light** sets its color: green while you are free, "
    "blinking while your phone rings, red on a call. Press **Ring my phone**, "
    "or run `scripts/demo ring`."
)
_SIGN_SAYS = (
    f"The automation **On-air sign** turns it on while anyone in the area "
    f"**{ON_AIR_AREA}** is on a call."
)
_RADIO_SAYS = (
    "To make it stop while your phone rings, go to [Settings > Automations > Blueprints]"
    "(/config/blueprint/dashboard) and choose **RingCentral quiet media**."
)
_VOICEMAIL_SAYS = (
    "Voicemails play in the [media browser](/media-browser/browser), under **RingCentral**. "
    "Run `scripts/demo voicemail` to get one."
)
_QUEUE_SAYS = (
    "A caller waits for a while, the members' phones ring, and one of them answers. "
    "Other callers also come in by themselves."
)
_SWITCH_SAYS = (
    "You are a member, too: the switch logs you out of the queue and in again. "
    "If you turn it off, **Available members** above goes down by one."
)
# The other entities have their own place in the view, or are for automations.
_OF_A_PHONE = (
    "presence_status",
    "set_user_status",
    "do_not_disturb_switch",
    "call",
    "caller",
    "missed_calls_today",
    "voicemails",
)


@dataclass(frozen=True, slots=True)
class Queue:
    """A call queue and who is in it, by extension id."""

    extension_id: str
    name: str
    members: list[str]


def desk(name: str, entities: Mapping[str, str]) -> Json:
    """Return the view of one person, by name and entity ids by key: phone, lamp, sign, radio."""
    phone = [
        *status_tiles(entities["status"], name, columns=12, rows=2, since=True),
        _button(RING, "Ring my phone", "mdi:phone-ring", rows=2),
        *(tile(entities[key], name=_OWN) for key in _OF_A_PHONE if key in entities),
        *([text(_VOICEMAIL_SAYS)] if "voicemails" in entities else []),
    ]
    lamp = [
        *_lamp(),
        text(_LIGHT_SAYS),
        tile(BUSY_LIGHT, name="Automation: busy light"),
    ]
    around = [
        tile(SIGN, rows=2, color="red"),
        text(_SIGN_SAYS),
        tile(ON_AIR, name="Automation: on-air sign"),
        {"type": "media-control", "entity": RADIO},
        text(_RADIO_SAYS),
    ]
    sections = {
        # First, so that you see it on a phone, too, without scrolling.
        ("Your lamp", "mdi:lamp"): lamp,
        ("Your phone", "mdi:deskphone"): phone,
        ("Your home", "mdi:home"): around,
    }
    return _view("Your desk", DESK, "mdi:desk", sections)


def queue(
    name: str,
    entities: Mapping[str, str],
    hidden: Iterable[str],
    numbers: Iterable[str],
    switch: str | None = None,
) -> Json:
    """Return the view of a queue: what it shows, who answers it, and what happened.

    `numbers` are the members' extension numbers, `hidden` the disabled entity ids, and `switch`
    is the entity that logs the user in and out.
    """
    shown = [each for each in entities.values() if each not in set(hidden)]
    calls = [
        *(tile(entity_id, name=_OWN) for entity_id in sorted(shown)),
        _button(WAIT, "Let a call wait", "mdi:phone-plus", rows=2),
        text(_QUEUE_SAYS),
    ]
    own = [tile(switch, name=_OWN), text(_SWITCH_SAYS)] if switch else []
    members: list[Json] = [
        *own,
        {
            "type": "custom:ringcentral-wallboard",
            "title": "Members",
            "extensions": list(numbers),
            "grid_options": {"columns": "full", "rows": "auto"},
        },
    ]
    log: list[Json] = [
        {
            "type": "logbook",
            "hours_to_show": 1,
            "target": {"entity_id": shown},
            "grid_options": {"columns": "full", "rows": 8},
        }
    ]
    sections = {
        (name, "mdi:phone-incoming"): calls,
        ("Who answers", "mdi:account-group"): members,
        ("Activity", "mdi:timeline-clock"): log,
    }
    return _view("Queue", QUEUE, "mdi:human-queue", sections)


def _view(
    title: str, path: str, icon: str, sections: Mapping[tuple[str, str], list[Json]]
) -> Json:
    return {
        "title": title,
        "path": path,
        "icon": icon,
        "type": "sections",
        "max_columns": 3,
        "sections": [
            {
                "type": "grid",
                "cards": [heading(caption, symbol), *cards],
            }
            for (caption, symbol), cards in sections.items()
        ],
    }


def _lamp() -> list[Json]:
    """Return the lamp in its color while it is on, and its outline while it is off."""
    looks = {
        "mdi:lightbulb": is_in(LAMP, "on"),
        "mdi:lightbulb-outline": is_not(LAMP, "on"),
    }
    return [
        {
            "type": "button",
            "entity": LAMP,
            "icon": icon,
            "icon_height": "180px",
            "show_state": True,
            "visibility": [shown],
            "grid_options": {"columns": 12, "rows": 5},
        }
        for icon, shown in looks.items()
    ]


def _button(entity_id: str, name: str, icon: str, rows: int) -> Json:
    return {
        "type": "button",
        "entity": entity_id,
        "name": name,
        "icon": icon,
        "icon_height": "40px",
        "tap_action": {"action": "perform-action", "perform_action": entity_id},
        "grid_options": {"columns": 12, "rows": rows},
    }
