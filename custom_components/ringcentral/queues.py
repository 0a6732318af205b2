"""Call queues: wakes the entities that show who takes their calls, and logs the user in and out."""

from collections.abc import Callable, Collection, Mapping
from typing import Final, override

from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import ServiceValidationError

from .aioringcentral.account import Account, AccountListener
from .aioringcentral.errors import PermissionMissing, RingCentralError
from .aioringcentral.models import DndStatus
from .aioringcentral.queues import OwnQueue
from .aioringcentral.status import is_on_call
from .const import DOMAIN
from .write_rules import refused_change
from .writing_tasks import WritingTasks

# What entities of queues watch, besides fields of `Presence`.
QUEUES: Final = "queues"

_NO_QUEUE_CALLS: Final = frozenset(
    {DndStatus.DO_NOT_ACCEPT_ANY_CALLS, DndStatus.DO_NOT_ACCEPT_DEPARTMENT_CALLS}
)

type AddQueues = Callable[[tuple[str, ...]], None]


class QueueHub(AccountListener):
    """Knows which queues have something to show, counts their members, and reports changes to those who need them."""

    def __init__(
        self, hass: HomeAssistant, account: Account, wake: Callable[[str], None]
    ) -> None:
        """Take the account; ``wake`` is called with the id of a queue, or the user's id for the user's own queues."""
        self._account = account
        self._wake = wake
        self._tasks = WritingTasks(hass)
        self._on_offer: list[AddQueues] = []
        self._on_own: list[Callable[[], None]] = []
        # Extensions that have a device, and queues whose entities have been added.
        self._there: set[str] = set()
        self._offered: set[str] = set()

    # What is known.

    @property
    def own(self) -> Mapping[str, OwnQueue] | None:
        """The user's queues by id; None if they are not known."""
        return self._account.queues.own

    def is_offered(self, queue_id: str) -> bool:
        """Whether it is known who is in a queue."""
        return queue_id in self._account.queues.members

    def members(self, queue_id: str) -> Collection[str]:
        """Return the ids of a queue's members; there are none if they are not known."""
        return self._account.queues.members.get(queue_id, {}).keys()

    def available(self, queue_id: str) -> int | None:
        """Return how many members take a queue's calls and, as far as known, are not on a call."""
        if (members := self._account.queues.members.get(queue_id)) is None:
            return None
        total = 0
        for key, member in members.items():
            if (takes_calls := member.takes_calls) is None:
                return None
            total += takes_calls and not self._is_busy(key)
        return total

    def on_call(self, queue_id: str) -> int | None:
        """Return how many members are on a call; None unless that is known for every member."""
        found = [self._is_on_call(key) for key in self.members(queue_id)]
        return None if None in found else found.count(True)

    def _is_busy(self, member: str) -> bool:
        presence = self._account.presences.get(member)
        return presence is not None and (
            presence.dnd_status in _NO_QUEUE_CALLS or self._is_on_call(member) is True
        )

    def _is_on_call(self, member: str) -> bool | None:
        if (presence := self._account.presences.get(member)) is None:
            return None
        return is_on_call(presence, self._account.calls[member])

    # Who is told of changes.

    @callback
    def async_on_offer(self, add: AddQueues) -> None:
        """Call ``add`` with the ids of queues whose members become known from now on."""
        self._there = set(self._account.extensions)
        self._offered = set(self._account.queues.members)
        self._on_offer.append(add)

    @callback
    def async_on_own(self, changed: Callable[[], None]) -> None:
        """Call a function when the user's own queues have changed in any way."""
        self._on_own.append(changed)

    @callback
    @override
    def queues_changed(self, extension_ids: Collection[str]) -> None:
        """Have entities added for queues that have become known, and wake the entities that show queues."""
        known = self._account.queues.members.keys() & self._there
        new = tuple(known - self._offered)
        self._offered |= known
        for add in self._on_offer if new else ():
            add(new)
        if self._account.own.id in extension_ids:
            for changed in self._on_own:
                changed()
        for key in extension_ids:
            self._wake(key)

    @callback
    @override
    def members_changed(self, joined: tuple[str, ...], left: tuple[str, ...]) -> None:
        """Count again, since what is known about members changes with who is followed."""
        self._there = set(self._account.extensions)
        # Queues that joined get these entities with all others; those that become known later are offered.
        known = self._account.queues.members.keys()
        self._offered = (self._offered & self._there) | (known & {*joined})
        for queue_id in known:
            self._wake(queue_id)

    # Logging in and out.

    async def take_calls(self, queue_id: str, *, takes: bool) -> None:
        """Make the user take a queue's calls or not, even if the caller is cancelled.

        Raises:
            HomeAssistantError: the change was refused, or its outcome is unknown.
        """
        try:
            await self._tasks.finish(
                self._account.queues.take_calls(queue_id, takes=takes)
            )
        except PermissionMissing as err:
            raise ServiceValidationError(
                translation_domain=DOMAIN, translation_key="may_not_change_queue"
            ) from err
        except RingCentralError as err:
            raise refused_change(err) from err

    async def stop(self) -> None:
        """Wait for changes that are being written."""
        await self._tasks.stop()
