"""What the items of one call say about it: direction, start, queue and phase. Pure functions only."""

from datetime import datetime
from typing import Final

from ..models import ActiveCall, CallDirection, TelephonyStatus
from .state import PHASES, CallPhase

# Of several legs, the most advanced one counts; a RingOut is held if one of its legs is.
_FURTHEST: Final = (
    TelephonyStatus.ON_HOLD,
    TelephonyStatus.CALL_CONNECTED,
    TelephonyStatus.RINGING,
    TelephonyStatus.PARKED_CALL,
)


def direction_of(legs: tuple[ActiveCall, ...]) -> CallDirection | None:
    """Return the direction of a call; a RingOut is outbound."""
    for leg in legs:
        if leg.direction is not None:
            return leg.direction
    return None


def start_of(legs: tuple[ActiveCall, ...]) -> datetime | None:
    """Return when a call started, as the service says."""
    for leg in legs:
        if leg.start_time is not None:
            return leg.start_time
    return None


def came_by_queue(legs: tuple[ActiveCall, ...]) -> bool | None:
    """Return whether a call came through a queue."""
    for leg in legs:
        if leg.queue_call is not None:
            return leg.queue_call
    return None


def phase_of(legs: tuple[ActiveCall, ...]) -> CallPhase | None:
    """Return how far a call is, or None if the service does not say."""
    status = legs[0].telephony_status
    if len(legs) > 1:
        statuses = {leg.telephony_status for leg in legs}
        status = next((one for one in _FURTHEST if one in statuses), None)
    if status is TelephonyStatus.RINGING:
        is_outbound = legs[0].direction is CallDirection.OUTBOUND
        return CallPhase.DIALING if is_outbound else CallPhase.RINGING
    return None if status is None else PHASES.get(status)
