"""Calls code that others wrote: if it fails, only that one call is lost."""

from collections import Counter
from collections.abc import Callable
from itertools import pairwise
import logging
from pathlib import PurePath
import traceback


class Guard:
    """Calls functions of a listener; logs each kind of failure once, and counts further ones.

    The text of an exception is never logged, because it may contain a number or a name.
    """

    def __init__(self, logger: logging.Logger) -> None:
        """Log to ``logger``."""
        self._logger = logger
        self.failures: Counter[str] = Counter()

    def __call__[*Ts](self, function: Callable[[*Ts], object], *args: *Ts) -> bool:
        """Call a function, and return whether it succeeded; whatever it raises ends here."""
        try:
            function(*args)
        except Exception as err:  # noqa: BLE001 - one failure must not end the connection
            cause = _cause(err)
            self.failures[cause] += 1
            if (count := self.failures[cause]) == 1:
                self._logger.error("Passed over what could not be handled: %s", cause)
            else:
                self._logger.debug("The same for the %d. time: %s", count, cause)
            return False
        return True


def _cause(error: Exception) -> str:
    """Return the kind of an error and the lines that led to it."""
    frames = traceback.extract_tb(error.__traceback__)[1:]
    places = [f"{PurePath(frame.filename).name}:{frame.lineno}" for frame in frames]
    # A recursion has a thousand such lines.
    shown = [*places[:1], *(b for a, b in pairwise(places) if a != b)][-6:]
    return f"{type(error).__name__} at {' > '.join(shown) or 'the call'}"
