"""How many extensions are on a call, ringing or available: updated with each change, never counted anew."""

from typing import NamedTuple

from .aioringcentral.status import Standing, Status


class Counts(NamedTuple):
    """Numbers of extensions: those with a connected or held call, those with a ringing call, and free ones."""

    on_call: int = 0
    ringing: int = 0
    available: int = 0


_NOTHING = Counts()
_AVAILABLE = (Status.AVAILABLE,)


class Tally:
    """Keeps an account's counts."""

    def __init__(self) -> None:
        """Start empty."""
        self._shares: dict[str, Counts] = {}
        self.counts = _NOTHING

    def note(self, extension_id: str, now: Standing) -> bool:
        """Count an extension as it is now; return whether a number changed."""
        share = Counts(
            now.is_on_call is True,
            now.is_ringing is True,
            now.statuses[:1] == _AVAILABLE,
        )
        return self._set(extension_id, share)

    def forget(self, extension_id: str) -> bool:
        """Stop counting an extension; return whether a number changed."""
        changed = self._set(extension_id, _NOTHING)
        self._shares.pop(extension_id, None)
        return changed

    def _set(self, key: str, share: Counts) -> bool:
        before = self._shares.get(key, _NOTHING)
        if before == share:
            return False
        self._shares[key] = share
        now = self.counts
        self.counts = Counts(
            now.on_call + share.on_call - before.on_call,
            now.ringing + share.ringing - before.ringing,
            now.available + share.available - before.available,
        )
        return True
