"""Who is followed: read from the account's lists at the start, after list events, and now and then."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
import logging
from typing import Final

from ..backoff import Backoff
from ..errors import RetryLater, RingCentralError
from ..filters import FilterPlan
from ..membership import Following, following, read_lists
from ..models import Extension
from ..rest import Rest
from .choices import Choices

_LOGGER = logging.getLogger(__name__)

# Seconds in which several changes of membership are read together.
_SETTLE: Final = 2.0


class Members:
    """The followed extensions, and the event filters for them."""

    own: Extension
    plan: FilterPlan

    def __init__(self, rest: Rest, choices: Choices) -> None:
        """Take the calls and the user's choices; nobody is followed before the first reading."""
        self._rest = rest
        self._choices = choices
        self.extensions: Mapping[str, Extension] = {}
        self.is_complete = True
        self._changed = asyncio.Event()
        self._away: dict[str, None] = {}

    async def read(self) -> None:
        """Read the lists and find out who is followed.

        Raises:
            RingCentralError: the lists could not be read; nothing changed.
        """
        own = await self._rest.own_extension()
        lists = await read_lists(self._rest, own, self._choices.follow)
        found = following(self._choices.follow, self._choices.chosen, lists)
        self.own = own
        self.extensions = carried_over(found, self.extensions)
        self.is_complete = found.is_complete
        self.plan = found.plan

    def changed(self, extension_ids: Iterable[str] = ()) -> None:
        """Read the lists again soon; these extensions may have missed events while they were away."""
        self._away |= dict.fromkeys(extension_ids)
        self._changed.set()

    async def run(
        self,
        update: Callable[[], Awaitable[None]],
        read_again: Callable[[Iterable[str]], None],
    ) -> None:
        """Update members whenever they changed, until it succeeds; goes on until it is cancelled."""
        backoff = Backoff()
        while True:
            await self._changed.wait()
            await asyncio.sleep(_SETTLE)
            # The lists may lack what changes from here on: they are read once more.
            self._changed.clear()
            away, self._away = self._away, {}
            try:
                await update()
            except RingCentralError as err:
                self._away |= away
                _LOGGER.debug("Membership could not be read: %s", err)
                if isinstance(err, RetryLater):
                    self._changed.set()
                    await asyncio.sleep(backoff.next(err.retry_after))
            else:
                backoff.reset()
                read_again(away)


def carried_over(
    found: Following, before: Mapping[str, Extension]
) -> dict[str, Extension]:
    """Return who is followed after a reading: where a list was refused, everyone from before stays.

    Where the account's list was refused, a name from before stands in for a missing one.
    """
    kept = {} if found.is_complete else before
    named = {
        key: extension if extension.name else before.get(key, extension)
        for key, extension in found.extensions.items()
    }
    return {**kept, **named}
