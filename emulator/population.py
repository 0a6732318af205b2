"""The emulated company; the same seed makes the same company."""

from collections.abc import Iterator
from dataclasses import dataclass, field
import random

from .extension import Extension
from .names import DEPARTMENTS, FIRST_NAMES, LAST_NAMES, QUEUE_NAMES


@dataclass(slots=True)
class Population:
    """What an account contains at the start."""

    account_id: int
    own_id: int
    extensions: dict[int, Extension]
    queues: dict[int, list[int]] = field(default_factory=dict)
    """Members by queue."""
    locked_queues: list[int] = field(default_factory=list)
    """Queues whose members may not log in or out themselves."""
    monitored: list[int] = field(default_factory=list)
    """Extensions that the signed-in user monitors besides the two locked lines."""
    favorites: list[str | int] = field(default_factory=list)
    """Extension ids (int) and external contact ids (str), in order."""


def populate(count: int, seed: int) -> Population:
    """Return a company of `count` extensions (1 or more)."""
    if count < 1:
        raise ValueError("an account has at least one extension")
    rng = random.Random(f"population-{seed}")
    ids = _ids(rng)
    account_id = next(ids)
    extensions: dict[int, Extension] = {}
    for index, kind in enumerate(_kinds(count)):
        # The founder carries the account's id, as in the service's samples; the
        # signed-in user does not, so that confusing the two becomes visible.
        ext_id = account_id if index == 0 and count > 1 else next(ids)
        extensions[ext_id] = _extension(rng, ext_id, 101 + index, kind)
    members = [ext for ext in extensions.values() if kind_of(ext) == "User"]
    own = members[1] if len(members) > 1 else members[0]
    members[0].admin = own.admin = True
    own.user_status, own.dnd_status, own.message = "Available", "TakeAllCalls", ""
    population = Population(account_id, own.id, extensions)
    _join_queues(rng, population, members)
    population.locked_queues = list(population.queues)[1:2]
    others = [ext.id for ext in members if ext is not own]
    parks = [ext.id for ext in extensions.values() if ext.type == "ParkLocation"]
    people = rng.sample(others, min(len(others), 5))
    people.sort(key=list(extensions).index)
    population.monitored = [*people, *parks[:1], *list(population.queues)[:1]]
    chosen = rng.sample(others, min(len(others), 4))
    contacts = [str(next(ids)), str(next(ids))]
    population.favorites = [*chosen[:2], contacts[0], *chosen[2:], contacts[1]]
    return population


def kind_of(ext: Extension) -> str:
    """Return the type of an enabled extension, or else its status."""
    return ext.type if ext.status == "Enabled" else ext.status


def _ids(rng: random.Random) -> Iterator[int]:
    # Above 2**31 and below 2**53: int64 on the wire, exact in JavaScript too.
    base = rng.randrange(400_000_000_000, 500_000_000_000)
    while True:
        base += rng.randrange(1, 40) * 1000
        yield base // 1000 * 1000 + 8


def _kinds(count: int) -> list[str]:
    specials: list[str] = []
    if count >= 5:
        specials += ["Department"]
    if count >= 6:
        specials += ["ParkLocation"]
    if count >= 12:
        specials += ["Department", "IvrMenu", "Voicemail", "DigitalUser", "Limited"]
        specials += ["NotActivated", "Disabled", "Unassigned"]
    specials += ["Department"] * min(3, count // 100)
    specials += ["ParkLocation"] * min(9, count // 100)
    order = ["Unassigned"]
    tail = [kind for kind in specials if kind in order]
    middle = [kind for kind in specials if kind not in order]
    return ["User"] * (count - len(specials)) + middle + tail


def _extension(rng: random.Random, ext_id: int, number: int, kind: str) -> Extension:
    first, last = rng.choice(FIRST_NAMES), rng.choice(LAST_NAMES)
    if kind == "Unassigned":
        return Extension(ext_id, None, "", status=kind)
    if kind in ("Department", "ParkLocation", "IvrMenu", "Voicemail"):
        name = {
            "Department": f"{QUEUE_NAMES[number % len(QUEUE_NAMES)]} Queue",
            "ParkLocation": f"Park {number}",
            "IvrMenu": "Main Menu",
            "Voicemail": "Company Mailbox",
        }[kind]
        ext = Extension(ext_id, str(number), name, type=kind)
    else:
        status = kind if kind in ("NotActivated", "Disabled") else "Enabled"
        ext = Extension(
            ext_id,
            str(number),
            f"{first} {last}",
            type=kind if status == "Enabled" else "User",
            status=status,
            first_name=first,
            last_name=last,
            department=rng.choice(DEPARTMENTS),
            phone=f"+1650555{rng.randrange(10_000):04d}",
        )
        if status == "Enabled":
            ext.user_status = rng.choices(("Available", "Busy", "Offline"), (16, 2, 1))[
                0
            ]
            ext.dnd_status = rng.choices(
                ("TakeAllCalls", "DoNotAcceptAnyCalls"), (15, 1)
            )[0]
            ext.ring_on_monitored_call = rng.random() < 0.3
            ext.pick_up_calls_on_hold = rng.random() < 0.3
            ext.message = rng.choice(("", "", "", "Back at 2 pm", "Working from home"))
    ext.sequence = rng.randrange(10, 40_000)
    return ext


def _join_queues(
    rng: random.Random, population: Population, members: list[Extension]
) -> None:
    for ext in population.extensions.values():
        if ext.type == "Department":
            joined = rng.sample(members, min(len(members), rng.randrange(3, 7)))
            population.queues[ext.id] = [member.id for member in joined]
    # The signed-in user belongs to the first queue, so that you can test the rules for
    # queue members; the founder belongs to none.
    founder, own = members[0].id, population.own_id
    for index, queue in enumerate(population.queues.values()):
        if founder in queue and founder != own:
            queue.remove(founder)
        if index == 0 and own not in queue:
            queue.insert(0, own)
