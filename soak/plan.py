"""What happens when, decided only by a seed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
import random
from typing import Any, Final

from . import faults

# The emulator's seconds per real second: a token's hour takes 30 s, a day 12 minutes,
# a penalty half a second. Home Assistant uses the real clock, so the client's back-off,
# grace period and heartbeat last as long as for everyone. They weigh more, because the
# service is this fast.
TIME_FACTOR: Final = 120.0

# Seconds of a round, before everything comes to rest; the second is for a short soak, and
# still long enough for a token to expire.
ROUND: Final = 20.0
SHORT_ROUND: Final = 9.0

# Twenty minutes of the emulator's time, or 10 real seconds: the lifetime of a token (the
# service allows 10 to 60 minutes) or a socket (24 hours) that should end often. The time
# for recovery is the same: 3 minutes would leave a busy machine a second and a half.
_SHORT: Final = 1_200
_HOUR: Final = 3_600

# Real seconds that each reply takes in planned rounds: this makes the change from one
# socket to the next slow, so that many events arrive meanwhile.
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
"""Variants of the service, all of them correct."""


class Weather(StrEnum):
    """What can go wrong in a round."""

    PLANNED = "planned"
    """Only the inevitable: tokens and sockets reach the end of their lives."""
    RECOVERED = "recovered"
    """Sockets are lost, but their sessions can be recovered."""
    ROUGH = "rough"
    """Anything."""
    ODD = "odd"
    """Replies and frames that nobody has seen, permissions that come and go, then a slow re-read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """Some seconds of an office's life; afterwards, everything has to be right."""

    weather: Weather
    seconds: float
    kind: Mapping[str, Any]
    """Switches of the emulator for the whole round."""
    faults: tuple[tuple[float, str], ...]
    """Seconds from the beginning, and what goes wrong."""


def rounds(seed: int, seconds: float) -> Iterator[Round]:
    """Yield rounds endlessly, the same ones for the same arguments.

    `seconds` is the length of the whole soak: Home Assistant restarts only in its first
    third, so that one process lives through the rest and its memory can be compared.
    """
    chance = random.Random(f"soak-{seed}")
    length = max(SHORT_ROUND, min(ROUND, seconds / 6))
    # First, one of each, because a short soak has no others.
    first = list(Weather)
    begun, is_restarted = 0.0, False
    while True:
        if first:
            weather = first.pop(0)
        else:
            weather = chance.choices(list(Weather), (3, 3, 4, 3))[0]
        names = _names(weather, length, chance, may_restart=begun < seconds / 3)
        if seconds >= 2 * 60 and not is_restarted and weather is Weather.ROUGH:
            # A longer soak has at least one restart.
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
            # Without a refresh token, the sign-in ends, and its socket with it.
            kind |= {"refresh_tokens": False, "access_token_ttl": _SHORT}
        case Weather.PLANNED:
            kind |= {"refresh_tokens": True, "absolute_timeout": _SHORT}
        case Weather.RECOVERED:
            # A session can only be recovered within the same sign-in.
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
            # Leave five seconds between two losses. Otherwise, during the back-off of the
            # second, there are more events than the service keeps.
            return chance.choices(faults.RECOVERABLE, k=max(1, int(length / 7)))
        case Weather.ODD:
            # Each of them once in four rounds, and permissions in every other round.
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
