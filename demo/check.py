"""Checks the running demo as a person would: does everything exist, does it change, how soon."""

from dataclasses import dataclass
from statistics import median
import time

from .entities import Entities, absent, snake_case
from .office import Office
from .states import ABSENT

# Seconds until everything exists, until the office has changed something by itself,
# and until an event shows.
THERE = 60.0
ALIVE = 60.0
SHOWN = 10.0


class CheckFailed(Exception):
    """Something is missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What was seen."""

    extensions: int
    entities: int
    known: int
    changes: int
    latencies: list[float]
    """Seconds from an event's cause to the state, in the order of measurement."""

    def __str__(self) -> str:
        """Return the figures in one line."""
        return (
            f"{self.extensions} extensions, {self.entities} entities, "
            f"{self.known} states known, {self.changes} changes seen; "
            f"event to state: median {median(self.latencies) * 1000:.1f} ms, "
            f"max {max(self.latencies) * 1000:.1f} ms over {len(self.latencies)} events"
        )


async def check(office: Office, events: int = 30) -> Figures:
    """Wait until all states exist and change by themselves; measure.

    Raises:
        CheckFailed: what is missing.
    """
    entities = await office.entities()
    truth = await office.emulator.truth()
    expected = [str(key) for key in office.emulator.info["extension_ids"]]
    if missing := [key for key in expected if key not in entities.devices]:
        raise CheckFailed(f"{len(missing)} extensions have no device: {missing[:5]}")
    states = office.states
    try:
        await states.wait_until(
            lambda: not absent(entities, states, truth), THERE, "every state"
        )
    except TimeoutError:
        left = absent(entities, states, truth)
        raise CheckFailed(f"{len(left)} states are missing: {left[:5]}") from None
    shown = set(entities.values()) - entities.disabled
    before = len(states.changes)

    def changes() -> int:
        return sum(
            change.entity_id in shown
            and change.old not in ABSENT
            and change.new not in ABSENT
            for change in states.changes[before:]
        )

    try:
        await states.wait_until(lambda: changes() > 0, ALIVE)
    except TimeoutError:
        raise CheckFailed(f"nothing changed in {ALIVE:g} s") from None
    latencies = await measure(
        office, entities, str(office.emulator.info["own_extension_id"]), events
    )
    return Figures(
        extensions=len(entities.devices),
        entities=len(shown),
        known=sum(states.get(entity_id) not in (None, *ABSENT) for entity_id in shown),
        changes=changes(),
        latencies=latencies,
    )


async def measure(
    office: Office, entities: Entities, extension_id: str, events: int
) -> list[float]:
    """Return how long each of some changes took from the emulator to a state.

    The clock starts before the emulator is asked, so its own part counts too.
    """
    # The only status that no call changes and that large accounts have, too.
    entity_id = entities[extension_id, "dnd_status"]
    latencies = []
    words = ["DoNotAcceptAnyCalls", "TakeAllCalls"]
    if office.states[entity_id] == snake_case(words[0]):
        words.reverse()
    for index in range(events):
        word = words[index % 2]
        started = time.perf_counter()
        await office.emulator.set_presence(extension_id, dndStatus=word)
        try:
            change = await office.states.wait_for(entity_id, snake_case(word), SHOWN)
        except TimeoutError as error:
            raise CheckFailed(str(error)) from None
        assert change is not None  # noqa: S101 - it was another before
        latencies.append(change.at - started)
    return latencies
