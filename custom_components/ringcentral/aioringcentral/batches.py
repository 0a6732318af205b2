"""The presence of many extensions in batches: whom to ask for next, and what a reply says (docs/protocol.md 2.10).

No I/O.
"""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import batched
from typing import Any, Final

from . import wire
from .error_codes import error_from_reply
from .errors import APP_PERMISSION, Reason, RetryLater, RingCentralError
from .listing import Unreadable
from .models import PresenceUpdate
from .presence import update_from_rest

# Most extensions in one request (docs/protocol.md 2.10).
BATCH: Final = 30
# Batches that may be refused in a row before nothing at all counts as readable.
_MOST_VAIN: Final = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Readings:
    """Presence that was read; extensions that may not be read are in neither ``found`` nor ``later``.

    ``later`` are the ids of those that could not be read for now; ``retry_after`` is how many seconds to wait
    before reading them again, or None if the service did not say. ``refused`` are the errors, by id, of all
    extensions that were not read.
    """

    found: tuple[PresenceUpdate, ...] = ()
    later: tuple[str, ...] = ()
    retry_after: float | None = None
    refused: Mapping[str, RingCentralError] = field(default_factory=dict)


class Batches:
    """The requests of one reading, widest first: if a batch is refused as a whole, its halves are asked for."""

    def __init__(self, extension_ids: Iterable[str], refused: set[str]) -> None:
        """Begin with everyone, 30 to a request.

        ``refused`` are the extensions for which a whole batch was refused before. They are asked for separately
        from the others, and the set is kept up to date.
        """
        wanted = dict.fromkeys(extension_ids)
        self._refused = refused
        self._queue = deque(
            batch
            for is_refused in (False, True)
            for batch in batched(
                [key for key in wanted if (key in refused) is is_refused],
                BATCH,
                strict=False,
            )
        )
        self._found: list[PresenceUpdate] = []
        self._errors: dict[str, RingCentralError] = {}
        self._vain = 0

    def next(self) -> tuple[str, ...] | None:
        """Return the ids to ask for now, None when all have been asked for."""
        return self._queue.popleft() if self._queue else None

    def read(
        self,
        batch: tuple[str, ...],
        found: Iterable[PresenceUpdate],
        refused: Mapping[str, RingCentralError],
    ) -> None:
        """Keep what a batch brought, and the errors of single extensions by id."""
        for key in batch:
            self._errors.pop(key, None)
        self._errors |= refused
        for update in found:
            self._found.append(update)
            self._refused.discard(update.extension_id)

    def failed(self, batch: tuple[str, ...], error: RingCentralError) -> None:
        """Search a batch that was refused as a whole; after temporary trouble, ask for no more."""
        self._errors |= dict.fromkeys(batch, error)
        if isinstance(error, RetryLater):
            for others in self._queue:
                self._errors |= dict.fromkeys(others, error)
            self._queue.clear()
            return
        self._vain += 1
        is_explained = error.code == APP_PERMISSION or self._refused.issuperset(batch)
        may_be_few = len(batch) > 1 and (self._found or self._vain < _MOST_VAIN)
        if may_be_few and not is_explained:
            middle = (len(batch) + 1) // 2
            self._queue += (batch[:middle], batch[middle:])
        elif self._found:
            self._refused.update(batch)

    def readings(self) -> Readings:
        """Return what was read.

        Raises:
            RingCentralError: nothing was read, and not because all the extensions are gone.
        """
        passing = {
            key: error
            for key, error in self._errors.items()
            if isinstance(error, RetryLater)
        }
        news = [
            error
            for error in self._errors.values()
            if error.reason is not Reason.NOT_FOUND
        ]
        if news and not self._found:
            raise next(iter(passing.values()), news[0])
        waits = [error.retry_after for error in passing.values() if error.retry_after]
        return Readings(
            found=tuple(self._found),
            later=tuple(passing),
            retry_after=max(waits, default=None),
            refused=self._errors,
        )


def parts_of_batch(
    keys: Sequence[str], body: Any, headers: Mapping[str, str]
) -> tuple[list[PresenceUpdate], dict[str, RingCentralError]]:
    """Return what the reply to a batch says, one part per extension in order, and the errors of the others, by id."""
    found: dict[str, PresenceUpdate] = {}
    # An extension without a part in the reply is asked for again.
    refused: dict[str, RingCentralError] = dict.fromkeys(keys, Unreadable())
    parts = body if isinstance(body, list) else ()
    for key, item in zip(keys, parts, strict=False):
        part = wire.mapping(item)
        named = wire.extension_id(part.get("resourceId"))
        if named not in refused:
            named = key if len(parts) == len(keys) else None
        update = update_from_rest(part.get("body"), asked=named)
        if update is not None and update.extension_id in refused:
            found[update.extension_id] = update
        elif (status := wire.number(part.get("status")) or 500) >= 400:
            refused[named or key] = error_from_reply(status, part.get("body"), headers)
    return list(found.values()), {
        key: error for key, error in refused.items() if key not in found
    }
