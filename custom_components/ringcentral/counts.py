"""How many extensions are on a call, ringing, available: kept by single changes, never by counting again."""

from typing import NamedTuple

from .aioringcentral.calls.reducer import Calls
from .aioringcentral.models import Presence, PresenceStatus, TelephonyStatus

_ON_CALL = frozenset({TelephonyStatus.CALL_CONNECTED, TelephonyStatus.ON_HOLD})


def is_on_call(presence: Presence, calls: Calls) -> bool | None:
    """Whether a call is connected or held: by the status, or by a call that goes on while another ends."""
    if calls.on_call:
        return True
    return (
        None
        if presence.telephony_status is None
        else presence.telephony_status in _ON_CALL
    )


def is_ringing(presence: Presence, calls: Calls) -> bool | None:
    """Whether a call rings here, also while another talks; one that is being dialed does not."""
    if calls.ringing:
        return True
    if presence.telephony_status is None:
        return None
    return (
        presence.telephony_status is TelephonyStatus.RINGING
        and presence.active_calls is None
        and not calls.calls
    )


class Counts(NamedTuple):
    """Numbers of extensions."""

    on_call: int = 0
    ringing: int = 0
    available: int = 0


class Tally:
    """Keeps the counts of an account."""

    def __init__(self) -> None:
        """Begin with nobody."""
        self._shares: dict[str, Counts] = {}
        self.counts = _NOTHING

    def note(self, presence: Presence, calls: Calls) -> bool:
        """Count an extension as it is now; return whether a number changed."""
        share = Counts(
            on_call=bool(is_on_call(presence, calls)),
            ringing=bool(is_ringing(presence, calls)),
            available=presence.presence_status is PresenceStatus.AVAILABLE,
        )
        return self._set(presence.extension_id, share)

    def forget(self, extension_id: str) -> bool:
        """Count an extension no longer; return whether a number changed."""
        changed = self._set(extension_id, _NOTHING)
        self._shares.pop(extension_id, None)
        return changed

    def _set(self, key: str, share: Counts) -> bool:
        before = self._shares.get(key, _NOTHING)
        if before == share:
            return False
        self._shares[key] = share
        self.counts = Counts(
            on_call=self.counts.on_call + share.on_call - before.on_call,
            ringing=self.counts.ringing + share.ringing - before.ringing,
            available=self.counts.available + share.available - before.available,
        )
        return True


_NOTHING = Counts()
