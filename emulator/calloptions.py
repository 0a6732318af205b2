"""The words and options of a call script."""

from dataclasses import dataclass, fields
from typing import Any

from .calls import WORDS, CallError

MAX_WAIT = 3600.0
"""Seconds that one `wait:N` may take."""
NAMES = {"from": "from_number", "to": "to_number", "call": "key"}
"""Options whose documented name is not the attribute's."""
DIRECTIONS = ("Inbound", "Outbound")


@dataclass(frozen=True, slots=True)
class CallOptions:
    """How a call is made; see docs/emulator.md."""

    direction: str = "Inbound"
    from_number: str | None = None
    from_name: str | None = None
    to_number: str | None = None
    to_name: str | None = None
    queue_call: bool = False
    queue_name: str | None = None
    interval: float = 0.0
    """Seconds between two words."""
    key: str | None = None
    """The name of the call, so that a later script can continue it."""
    park_location: str | None = None
    answered_by: str | None = None
    """Which member answers, for a script on a queue."""
    telephony_session_id: str | None = None
    """The session of another extension's leg of the same call."""
    session_id: str | None = None
    ring_members: bool = True
    """Whether a queue's call rings its members, or only waits."""
    voicemail_seconds: int = 6
    """Length of the message that the word `voicemail` leaves."""
    to_self: bool = False
    """A call to oneself: the other end rings on the same extension."""


def call_options(options: dict[str, Any]) -> CallOptions:
    """Return call options by their documented names; ValueError for a wrong one."""
    known = {each.name for each in fields(CallOptions)}
    made: dict[str, Any] = {}
    for name, value in options.items():
        # `from` is a keyword of Python, so the attribute is `from_`.
        attribute = NAMES.get(name.rstrip("_"), name)
        if attribute not in known:
            raise ValueError(f"unknown option {name}")
        match attribute:
            case "interval":
                made[attribute] = float(value)
            case "voicemail_seconds":
                made[attribute] = int(value)
            case "queue_call" | "ring_members" | "to_self":
                made[attribute] = bool(value)
            case "direction" if value not in DIRECTIONS:
                raise ValueError(f"direction cannot be {value!r}")
            case _:
                made[attribute] = None if value is None else str(value)
    return CallOptions(**made)


def parse_script(script: list[str]) -> list[tuple[str, float]]:
    """Return the words, `wait:N` with its seconds; raise CallError for an unknown word."""
    words = []
    for text in script:
        word, _, number = str(text).partition(":")
        if word == "wait":
            words.append((word, _seconds(number)))
        elif word in WORDS and not number:
            words.append((word, 0.0))
        else:
            raise CallError(f"unknown word {text}")
    if not words:
        raise CallError("the script is empty")
    return words


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        raise CallError(f"wait needs seconds: {text}") from None
    if not 0 <= seconds <= MAX_WAIT:
        raise CallError(f"wait is 0 to {MAX_WAIT:.0f} seconds: {text}")
    return seconds
