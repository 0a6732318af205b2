"""The figures of a soak, and the promises that they break. Pure."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from statistics import median
from typing import Any, Final

# Memory at the end, as a multiple of that after warming up. Warming up takes ten minutes
# at this pace: a shorter soak notices only gross growth.
MEMORY_MAY_GROW: Final = 1.1
MEMORY_MAY_GROW_WARMING: Final = 1.3
LONG: Final = 20.0


@dataclass(slots=True, kw_only=True)
class Figures:
    """Everything that is counted; times are in seconds of the real clock."""

    seed: int
    minutes: float
    extensions: int
    time_factor: float
    rounds: dict[str, int] = field(default_factory=dict)
    """Number of rounds by kind; each ended with a comparison of everything."""
    faults: dict[str, int] = field(default_factory=dict)
    """Injected faults, by kind."""
    planned_ends: int = 0
    """Sockets replaced before they or their sign-ins expired."""
    recoveries: int = 0
    events_sent: int = 0
    """Notifications that the emulator wrote to sockets."""
    queue_calls: int = 0
    """Calls of the soak that waited in a queue until they were answered or abandoned."""
    voicemails_left: int = 0
    """Voicemails that the soak left for the signed-in user; the number of unheard ones is
    compared after each round."""
    witnessed_in_planned_ends: int = 0
    """Events in rounds of planned ends, of which every single one has to show."""
    events_lost_in_planned_ends: int = 0
    reads_in_planned_ends: int = 0
    """Readings of presence whose cause arose in such rounds: a client that missed nothing
    needs none."""
    readings_in_planned_ends: list[str] = field(default_factory=list)
    """All readings in such rounds with their causes, including those due before the round."""
    losses_in_planned_ends: int = 0
    """How often the connection was lost while there were only planned ends."""
    witnessed_in_recovered_drops: int = 0
    events_lost_in_recovered_drops: int = 0
    reads_in_recovered_drops: int = 0
    """A recovery that brings as many events as the service keeps may lack some: the
    client reads once then, and cannot tell a hundred late events from a busy office."""
    slowest_event_seconds: float = 0.0
    """Seconds from the cause of a witnessed event to its state."""
    divergences: list[str] = field(default_factory=list)
    """Differences from the service that lasted too long after the faults."""
    longest_wrong_seconds: float = 0.0
    """Seconds for which one entity showed another value than the service had, even during
    faults; checked every half second. Unavailable and unknown do not count as values."""
    longest_until_right_seconds: float = 0.0
    """From the end of a round's faults until everything was right."""
    unavailable_seconds_in_recovered_drops: float = 0.0
    """Seconds with any entity unavailable while there were only recoverable drops and planned
    ends."""
    requests_in_penalty: int = 0
    memory_kib_at_start: int = 0
    """Memory of Home Assistant after warming up."""
    memory_kib_at_end: int = 0
    memory_kib: list[int] = field(default_factory=list)
    """Memory since the last start of Home Assistant, in ten parts."""
    secrets_found: list[str] = field(default_factory=list)
    """Where a secret was found, and what kind it was."""

    def note_round(self, weather: str, faults: Sequence[str]) -> None:
        """Count a round and its faults."""
        self.rounds[weather] = self.rounds.get(weather, 0) + 1
        for name in faults:
            self.faults[name] = self.faults.get(name, 0) + 1

    def as_json(self) -> dict[str, Any]:
        """Return the figures and the promises that they break."""
        return {**asdict(self), "promises_broken": verdict(self)}


def verdict(figures: Figures) -> list[str]:
    """Return the broken promises; if nothing was measured, the promise is not kept either."""
    found = [
        f"{name}: {len(wrong)}, promised 0"
        for name, wrong in (
            ("divergences", figures.divergences),
            ("secrets found", figures.secrets_found),
        )
        if wrong
    ]
    found += [
        f"{name}: {number:g}, promised 0"
        for name, number in (
            ("events lost in planned ends", figures.events_lost_in_planned_ends),
            ("connections lost in planned ends", figures.losses_in_planned_ends),
            ("reads in planned ends", figures.reads_in_planned_ends),
            ("events lost in recovered drops", figures.events_lost_in_recovered_drops),
            (
                "seconds unavailable in recovered drops",
                figures.unavailable_seconds_in_recovered_drops,
            ),
        )
        if number
    ]
    is_long = figures.minutes >= LONG
    may_grow = MEMORY_MAY_GROW if is_long else MEMORY_MAY_GROW_WARMING
    most = figures.memory_kib_at_start * may_grow
    if figures.memory_kib_at_end > most:
        found.append(
            f"memory: {figures.memory_kib_at_end} KiB, promised at most {most:.0f}"
        )
    found += [
        f"{name}: none, so this proves nothing"
        for name, number in (
            ("planned ends", figures.planned_ends),
            ("events in planned ends", figures.witnessed_in_planned_ends),
            ("recoveries", figures.recoveries),
            ("memory", figures.memory_kib_at_start),
            ("voicemails", figures.voicemails_left),
            ("queue calls", figures.queue_calls),
        )
        if not number
    ]
    return found


def memory(samples: Sequence[int]) -> tuple[int, int]:
    """Return memory after warming up and at the end, from samples of one process in order.

    The first third is the warming up; of the rest the first and the last fifth
    count, each by its median.
    """
    rest = samples[len(samples) // 3 :]
    if not rest:
        return 0, 0
    fifth = max(1, len(rest) // 5)
    return int(median(rest[:fifth])), int(median(rest[-fifth:]))


def course(samples: Sequence[int], parts: int = 10) -> list[int]:
    """Return the median of each part after cutting the samples into parts."""
    bounds = [len(samples) * part // parts for part in range(parts + 1)]
    return [
        int(median(samples[start:end]))
        for start, end in pairwise(bounds)
        if end > start
    ]


def text(figures: Figures) -> str:
    """Return the figures for people to read."""
    lines = []
    for name, value in asdict(figures).items():
        if isinstance(value, dict):
            shown = ", ".join(f"{key} {n}" for key, n in sorted(value.items()))
        elif isinstance(value, list):
            shown = ", ".join(str(each) for each in value) or "none"
        else:
            shown = f"{value:.2f}" if isinstance(value, float) else str(value)
        lines.append(f"{name.replace('_', ' ')}: {shown}")
    broken = verdict(figures)
    lines += ["", *(broken or ["Every promise is kept."])]
    return "\n".join(lines)
