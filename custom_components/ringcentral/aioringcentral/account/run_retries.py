"""What to do after an error ended a run: when to try again, and whether to report it. No verdict ends the trying."""

from typing import Final, NamedTuple

from ..errors import RetryLater, RingCentralError

# Seconds until a refusal by RingCentral is checked once more, before it is reported.
LOOK_AGAIN_AFTER: Final = 15.0
# Seconds until the next try after a refusal that stood; they double up to an hour.
TRY_AGAIN_AFTER: Final = 300.0
TRY_AGAIN_MOST: Final = 3_600.0
# Seconds until the next try after a fault of ours; they double up to `TRY_AGAIN_AFTER`.
AFTER_FAULT: Final = 10.0


class Step(NamedTuple):
    """Whether to report the error, and the seconds until the next try."""

    is_reported: bool
    wait: float


class RunRetries:
    """Counts the refusals, and the faults, since everything was last current."""

    def __init__(self) -> None:
        """Count from zero."""
        self._refusals = 0
        self._faults = 0

    def reset(self) -> None:
        """Begin again: everything is current, so whatever was refused works again."""
        self._refusals = self._faults = 0

    def next(self, error: RingCentralError) -> Step:
        """Return what to do about an error that ended a run."""
        if isinstance(error, RetryLater):
            self._faults += 1
            doubled = AFTER_FAULT * 2.0 ** min(self._faults - 1, 10)
            return Step(is_reported=True, wait=min(doubled, TRY_AGAIN_AFTER))
        self._refusals += 1
        if self._refusals == 1:
            return Step(is_reported=False, wait=LOOK_AGAIN_AFTER)
        doubled = TRY_AGAIN_AFTER * 2.0 ** min(self._refusals - 2, 10)
        return Step(is_reported=True, wait=min(doubled, TRY_AGAIN_MOST))
