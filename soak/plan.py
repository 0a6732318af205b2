"""What happens when, decided by a seed alone."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
import random
from typing import Any, Final

from . import faults

# The emulator's seconds in one of ours: a token's hour takes 30 s, a day 12 minutes,
# a penalty half a second. Home Assistant's own clock is the real one, so that the
# client's back-off, grace and heartbeat last as long as for everyone, and weigh
# more: against a service this quick they are slow.
TIME_FACTOR: Final = 120.0

# Seconds of one round, before everything comes to rest; and in a short soak, where a
# token still has to come to its end.
ROUND: Final = 20.0
SHORT_ROUND: Final = 9.0

# Twenty minutes of the emulator's time, 10 s of ours: what is given to a token (the
# service allows 10 to 60 minutes) or a socket (24 hours) whose end is to be seen
# often. The recovery time is as long too: 3 minutes would leave a busy machine a
# second and a half.
_SHORT: Final = 1_200
_HOUR: Final = 3_600

# Seconds of ours that each reply takes in planned rounds: the way from one socket to
# the next is long then, and many events come while on it.
_REPLY: Final = 0.2

_KINDS: Mapping[str, tuple[Any, ...]] = {
    "string_ids": (False, True),
    "partial_bodies": (False, True),
    "extra_fields": (False, True),
    "new_fields": (False, True),
    "duplicate": (0.0, 0.3),
    "hangup_as_two": (False, True),
    "event_uri": ("extension", "filter"),
    "empty_active_calls": ("absent", "list"),
    "always_telephony_status": (False, True),
    "wsc_on_notifications": (False, True),
    "replay_late": (False, True),
    "replay_delay": (0.05, 0.0, 0.5),
    "ticket_single_use": (False, True),
    "error_shape": ("full", "errors_only", "legacy"),
    "session_end_code": (1000, 4001),
}
"""Variants of the service that are all correct."""


class Weather(StrEnum):
    """What can go wrong in a round."""

    PLANNED = "planned"
    """Only the inevitable: tokens and sockets reach the end of their lives."""
    RECOVERED = "recovered"
    """Sockets are lost, and their sessions can be recovered."""
    ROUGH = "rough"
    """Anything."""
    ODD = "odd"
    """Answers and frames that nobody has seen, rights that come and go, and a slow re-read after it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """Some seconds of an office's life, after which everything has to be right."""

    weather: Weather
    seconds: float
    kind: Mapping[str, Any]
    """Switches of the emulator for all of the round."""
    faults: tuple[tuple[float, str], ...]
    """Seconds from the beginning, and what goes wrong."""


def rounds(seed: int, seconds: float) -> Iterator[Round]:
    """Yield rounds without an end, the same for the same arguments.

    `seconds` are those of the whole soak: restarts of Home Assistant come in its
    first third only, so that one process lives through the rest and its memory
    can be looked at.
    """
    chance = random.Random(f"soak-{seed}")
    length = max(SHORT_ROUND, min(ROUND, seconds / 6))
    # One of each first, since a short soak has no others.
    first = list(Weather)
    begun, is_restarted = 0.0, False
    while True:
        if first:
            weather = first.pop(0)
        else:
            weather = chance.choices(list(Weather), (3, 3, 4, 3))[0]
        names = _names(weather, length, chance, may_restart=begun < seconds / 3)
        if seconds >= 2 * 60 and not is_restarted and weather is Weather.ROUGH:
            # A longer one has a restart at least.
            names = [
                *(name for name in names if name != faults.RESTART),
                faults.RESTART,
            ]
            is_restarted = True
        yield Round(
            weather=weather,
            seconds=length,
            kind=_kind(weather, chance),
            faults=tuple(zip(_times(length, len(names), chance), names, strict=True)),
        )
        begun += length


def _kind(weather: Weather, chance: random.Random) -> dict[str, Any]:
    kind = {name: chance.choice(values) for name, values in _KINDS.items()}
    kind |= {"recovery_timeout": _SHORT, "access_token_ttl": _HOUR}
    if weather is Weather.PLANNED:
        kind |= {"reply_delay": _REPLY}
    match weather:
        case Weather.PLANNED if chance.random() < 0.5:
            # Without a refresh token a sign-in ends, and its socket with it.
            kind |= {"refresh_tokens": False, "access_token_ttl": _SHORT}
        case Weather.PLANNED:
            kind |= {"refresh_tokens": True, "absolute_timeout": _SHORT}
        case Weather.RECOVERED:
            # A session is recovered within one sign-in alone.
            kind |= {"refresh_tokens": True}
        case Weather.ODD:
            kind |= {"refresh_tokens": chance.random() < 0.5}
        case Weather.ROUGH:
            kind |= {
                "refresh_tokens": chance.random() < 0.5,
                "access_token_ttl": chance.choice((_SHORT, _HOUR)),
                "absolute_timeout": chance.choice((_SHORT, 24 * _HOUR)),
            }
    return kind


def _names(
    weather: Weather, length: float, chance: random.Random, *, may_restart: bool
) -> list[str]:
    match weather:
        case Weather.PLANNED:
            return []
        case Weather.RECOVERED:
            # Five seconds of rest between two, or the back-off of the second costs
            # more events than the service keeps.
            return chance.choices(faults.RECOVERABLE, k=max(1, int(length / 7)))
        case Weather.ODD:
            # Each of them once in four rounds, and rights in every other.
            names = chance.sample(faults.ODD, k=3)
            return [*names, faults.PERMISSION] if chance.random() < 0.5 else names
        case Weather.ROUGH:
            others = {faults.RESTART, faults.PERMISSION, *faults.ODD}
            names = [name for name in faults.FAULTS if name not in others]
            if may_restart:
                names.append(faults.RESTART)
            return chance.sample(names, k=chance.randint(3, 5))


def _times(length: float, count: int, chance: random.Random) -> list[float]:
    """Return moments that are spread over a round, with a pause after each."""
    share = length / max(1, count)
    return [share * (n + 0.3 * chance.random()) for n in range(count)]
