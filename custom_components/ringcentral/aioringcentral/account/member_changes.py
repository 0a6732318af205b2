"""What happens when it changes who is followed: reads presence of those who joined, and tells listeners."""

from collections.abc import Callable, Collection, Iterable

from ..causes import Cause, Why
from .listener import Listeners
from .members import Members
from .presence_tracker import PresenceTracker


class MemberChanges:
    """Makes presence follow the members, and reports who joined and who left."""

    def __init__(
        self, members: Members, tracker: PresenceTracker, listeners: Listeners
    ) -> None:
        """Report to ``listeners`` what changes after `begin`."""
        self._members = members
        self._tracker = tracker
        self._listeners = listeners
        # The members that listeners know of: a reading of the lists may be cut short before it is reported.
        self._reported: Collection[str] = ()

    async def begin(self) -> None:
        """Read who is followed, for the first time.

        Raises:
            RingCentralError: the lists could not be read.
        """
        await self._members.read()
        self._track()
        self._reported = self._members.extensions

    async def run(self, lists_read: Callable[[], None]) -> None:
        """Follow changes until cancelled; call ``lists_read`` after each reading, before it is reported."""

        async def update(since: float) -> None:
            await self._update(since, lists_read)

        await self._members.run(update, self._read_away)

    async def _update(self, since: float, lists_read: Callable[[], None]) -> None:
        before = self._members.extensions
        left = await self._members.read()
        self._track()
        for key in left:
            self._tracker.forget(key)
        lists_read()
        now, reported = self._members.extensions, self._reported
        joined = tuple(key for key in now if key not in before or key not in reported)
        # Read their presence before they are reported, so that they have a state from the start.
        await self._tracker.rereads.try_to_read(
            dict.fromkeys(joined, Why(Cause.JOINED, since))
        )
        gone = [key for key in reported if key not in now]
        left = tuple(dict.fromkeys((*left, *gone)))
        self._reported = now
        self._listeners.call(lambda listener: listener.members_changed(joined, left))

    def _track(self) -> None:
        members = self._members.extensions
        without_person = [key for key, each in members.items() if not each.has_person]
        self._tracker.presences.follow(members, without_person)

    def _read_away(self, extension_ids: Iterable[str], since: float) -> None:
        self._tracker.rereads.read_again(extension_ids, Cause.LISTS, since)
