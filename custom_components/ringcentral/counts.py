"""How many extensions are on a call, ringing, available: kept by single changes, never by counting again."""

from typing import NamedTuple

from .aioringcentral.calls.reducer import Calls
from .aioringcentral.models import Presence, PresenceStatus
from .aioringcentral.status import Status, is_on_call, is_ringing, status


class Counts(NamedTuple):
    """Numbers of extensions: with a call that is connected or held, with one that rings, and free."""

    on_call: int = 0
    ringing: int = 0
    available: int = 0


class Tally:
    """Keeps the counts of an account."""

    def __init__(self) -> None:
        """Start empty."""
        self._shares: dict[str, Counts] = {}
        self.counts = _NOTHING

    def note(self, presence: Presence, calls: Calls) -> bool:
        """Count an extension as it is now; return whether a number changed."""
        share = Counts(
            bool(is_on_call(presence, calls)),
            bool(is_ringing(presence, calls)),
            presence.presence_status is PresenceStatus.AVAILABLE
            and status(presence, calls) is Status.AVAILABLE,
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
