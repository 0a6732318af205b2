"""Readings of presence, and whether their cause arose in a round. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from demo.api import Json

# Ages are rounded to tenths of a second.
_ROUNDED: Final = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A reading, and why it was made. Times are in seconds of one clock."""

    cause: str
    extensions: int
    due: float
    at: float

    def told(self) -> str:
        """Return a description."""
        return (
            f"{self.cause}, {self.extensions} extensions, "
            f"due for {self.at - self.due:.1f} s"
        )


def readings(connection: Json, now: float) -> Iterator[Reading]:
    """Yield the last readings from diagnostics that have just been downloaded."""
    for each in connection["readings"]:
        yield Reading(
            cause=each["cause"],
            extensions=each["extensions"],
            due=now - each["due_age_seconds"],
            at=now - each["age_seconds"],
        )


@dataclass(frozen=True, slots=True)
class Accounted:
    """The readings of a round, and how many of them have their cause in it."""

    told: list[str]
    own: int


def account(found: Iterable[Reading], requests: int, begun: float) -> Accounted:
    """Account for the requests that read presence since a moment.

    A request that no reading explains counts as one of the round's own.
    """
    within = [each for each in found if each.at >= begun - _ROUNDED]
    told = [each.told() for each in within]
    if requests and not within:
        return Accounted([f"{requests} requests without a cause"], requests)
    return Accounted(told, sum(each.due >= begun - _ROUNDED for each in within))
