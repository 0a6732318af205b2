"""The figures of a soak, and which promises they break. Pure."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from statistics import median
from typing import Any, Final

# Memory at the end, of what it was after warming up. That takes ten minutes at this
# pace: in a shorter soak only what is gross shows.
MEMORY_MAY_GROW: Final = 1.1
MEMORY_MAY_GROW_WARMING: Final = 1.3
LONG: Final = 20.0


@dataclass(slots=True, kw_only=True)
class Figures:
    """Everything that is counted; times are seconds of the real clock."""

    seed: int
    minutes: float
    extensions: int
    time_factor: float
    rounds: dict[str, int] = field(default_factory=dict)
    """How many, by kind; each ended in a comparison of everything."""
    faults: dict[str, int] = field(default_factory=dict)
    """Injected faults, by kind."""
    planned_ends: int = 0
    """Sockets replaced before they, or their sign-ins, expired."""
    recoveries: int = 0
    events_sent: int = 0
    """Notifications that the emulator wrote to sockets."""
    queue_calls: int = 0
    """Calls that waited in a queue until somebody answered or gave up, by the soak."""
    voicemails_left: int = 0
    """For the signed-in user, by the soak; how many wait is compared after each round."""
    witnessed_in_planned_ends: int = 0
    """Events whose every single one has to show, in rounds of planned ends."""
    events_lost_in_planned_ends: int = 0
    reads_in_planned_ends: int = 0
    """Readings of presence whose cause arose there: nobody who missed nothing needs any."""
    readings_in_planned_ends: list[str] = field(default_factory=list)
    """All of them, each with its cause, those that had been due before the round too."""
    losses_in_planned_ends: int = 0
    """How often the connection was lost while nothing but planned ends came."""
    witnessed_in_recovered_drops: int = 0
    events_lost_in_recovered_drops: int = 0
    reads_in_recovered_drops: int = 0
    """A recovery that brings as many events as the service keeps may lack some: the
    client reads once then, and cannot tell a hundred late events from a busy office."""
    slowest_event_seconds: float = 0.0
    """Of the witnessed ones, from its cause to its state."""
    divergences: list[str] = field(default_factory=list)
    """Differences from the service that lasted too long after the faults."""
    longest_wrong_seconds: float = 0.0
    """For which one entity showed another value than the service had, faults included;
    looked at every half second. Unavailable and unknown are no values."""
    longest_until_right_seconds: float = 0.0
    """From the end of a round's faults until everything was right."""
    unavailable_seconds_in_recovered_drops: float = 0.0
    """With any entity unavailable, while only recoverable drops and planned ends came."""
    requests_in_penalty: int = 0
    memory_kib_at_start: int = 0
    """Of Home Assistant, after warming up."""
    memory_kib_at_end: int = 0
    memory_kib: list[int] = field(default_factory=list)
    """The whole course since Home Assistant was started last, in ten parts."""
    secrets_found: list[str] = field(default_factory=list)
    """Where a secret was found, and of what kind."""

    def note_round(self, weather: str, faults: Sequence[str]) -> None:
        """Count a round with what went wrong in it."""
        self.rounds[weather] = self.rounds.get(weather, 0) + 1
        for name in faults:
            self.faults[name] = self.faults.get(name, 0) + 1

    def as_json(self) -> dict[str, Any]:
        """Return the figures, and which promises they break."""
        return {**asdict(self), "promises_broken": verdict(self)}


def verdict(figures: Figures) -> list[str]:
    """Return the promises that are broken; a figure that shows nothing keeps none."""
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
        f"{name}: none, so that nothing is shown"
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
    """Return the median of each of some parts that samples are cut into."""
    bounds = [len(samples) * part // parts for part in range(parts + 1)]
    return [
        int(median(samples[start:end]))
        for start, end in pairwise(bounds)
        if end > start
    ]


def text(figures: Figures) -> str:
    """Return the figures for people."""
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
