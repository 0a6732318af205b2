"""Calls as one extension sees them (docs/protocol.md 4.3 and 4.5). Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

MAX_LISTED_CALLS = 7
"""`activeCalls` carries the newest seven; `totalActiveCalls` counts all."""

STATUS_ORDER = ("CallConnected", "OnHold", "Ringing", "ParkedCall", "NoCall")
"""The first of these that a call has is the extension's; OnHold before Ringing is documented."""


class CallError(ValueError):
    """A script word that this call cannot follow."""


@dataclass(frozen=True, slots=True)
class Leg:
    """One party of a call: the part that shows on one extension."""

    key: str
    id: str
    direction: str
    status: str
    from_number: str
    from_name: str | None
    to_number: str
    to_name: str | None
    start_time: str
    session_id: str
    telephony_session_id: str
    party_id: str
    queue_name: str | None = None
    queue_call: bool = False

    @property
    def ended(self) -> bool:
        """Whether the call is over for this extension."""
        return self.status == "NoCall"


TRANSITIONS: dict[str, tuple[tuple[str, ...], str]] = {
    "answer": (("Ringing",), "CallConnected"),
    "hold": (("CallConnected",), "OnHold"),
    "resume": (("OnHold",), "CallConnected"),
    "hangup": (("Ringing", "CallConnected", "OnHold", "ParkedCall"), "NoCall"),
    "reject": (("Ringing",), "NoCall"),
    "voicemail": (("Ringing",), "NoCall"),
    "missed": (("Ringing",), "NoCall"),
    "abandoned": (("Ringing",), "NoCall"),
    "elsewhere": (("Ringing",), "NoCall"),
    "transfer": (("CallConnected", "OnHold"), "NoCall"),
    "park": (("CallConnected", "OnHold"), "NoCall"),
}
"""Script word -> statuses it may follow, status it leads to."""

WORDS = frozenset({*TRANSITIONS, "ring", "dial", "retrieve", "swap"})


def follow(leg: Leg, word: str) -> Leg:
    """Return the leg after a word; raise CallError if it cannot follow the word."""
    allowed, status = TRANSITIONS[word]
    if leg.status not in allowed:
        raise CallError(f"{word} cannot follow {leg.status}")
    return replace(leg, status=status)


def swap(legs: Sequence[Leg]) -> tuple[Leg, ...]:
    """Return the legs with the active and the held call swapped."""
    if not any(leg.status == "OnHold" for leg in legs):
        raise CallError("swap needs a held call")
    talking = any(leg.status == "CallConnected" for leg in legs)
    resumed = False
    result = []
    for leg in legs:
        if talking and leg.status == "CallConnected":
            result.append(replace(leg, status="OnHold"))
        elif leg.status == "OnHold" and not resumed:
            resumed = True
            result.append(replace(leg, status="CallConnected"))
        else:
            result.append(leg)
    return tuple(result)


def telephony_status(legs: Iterable[Leg]) -> str:
    """Return the extension's status over all its calls."""
    found = {leg.status for leg in legs}
    return next((status for status in STATUS_ORDER if status in found), "NoCall")


def newest(legs: Sequence[Leg]) -> Sequence[Leg]:
    """Return the listed calls: the newest seven, oldest first."""
    if len(legs) <= MAX_LISTED_CALLS:
        return legs
    # The sort is stable, so calls from the same millisecond stay in order of creation.
    return sorted(legs, key=lambda leg: leg.start_time)[-MAX_LISTED_CALLS:]


def active_call(leg: Leg, *, sip: bool) -> dict[str, Any]:
    """Return one item of `activeCalls`."""
    call: dict[str, Any] = {
        "id": leg.id,
        "direction": leg.direction,
        "queueCall": leg.queue_call,
        "from": leg.from_number,
    }
    if leg.from_name:
        call["fromName"] = leg.from_name
    call["to"] = leg.to_number
    if leg.to_name:
        call["toName"] = leg.to_name
    call["telephonyStatus"] = leg.status
    if sip:
        call["sipData"] = sip_data(leg)
    call["sessionId"] = leg.session_id
    call["startTime"] = leg.start_time
    call["partyId"] = leg.party_id
    call["telephonySessionId"] = leg.telephony_session_id
    if leg.ended:
        call["terminationType"] = "final"
    if leg.queue_name:
        call["callInfo"] = {
            "primary": {"type": "QueueName", "value": leg.queue_name},
            "additional": {"type": "CallerIdName", "value": leg.from_name or ""},
        }
    return call


def sip_data(leg: Leg) -> dict[str, str]:
    """Return `sipData` of a call; a ringing one has the tag `blf`."""
    remote, local = (
        (leg.to_number, leg.from_number)
        if leg.direction == "Outbound"
        else (leg.from_number, leg.to_number)
    )
    tag = leg.telephony_session_id.removeprefix("s-")
    return {
        "callId": leg.id,
        "toTag": "blf" if leg.status == "Ringing" else tag[:10],
        "fromTag": leg.party_id,
        "remoteUri": f"sip:{remote}@sip.example.com",
        "localUri": f"sip:{local}@sip.example.com",
        "rcSessionId": leg.session_id,
    }
