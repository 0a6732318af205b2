"""The one subscription of a socket: create it, and live with filters that are refused (protocol 2.9)."""

from dataclasses import dataclass
import logging
from typing import Final

from ..errors import (
    Misconfigured,
    PermissionMissing,
    RingCentralError,
    error_from_reply,
)
from ..filters import FilterPlan, disabled_filters, is_presence_filter, named_filters
from ..limits import RateGroup
from .connection import Connection

_LOGGER = logging.getLogger(__name__)

_PATH: Final = "/restapi/v1.0/subscription"

# Refusals that concern single filters (protocol 2.9); others concern the whole subscription.
_FILTER_CODES: Final = frozenset(
    {
        "SUB-402",
        "SUB-403",
        "SUB-404",
        "SUB-405",
        "SUB-406",
        "SUB-408",
        "SUB-412",
        "SUB-508",
    }
    | {
        "SUB-518",
        "SUB-527",
        "SUB-530",
        "SUB-531",
        "CMN-101",
        "CMN-102",
        "CMN-401",
        "CMN-402",
        "CMN-408",
    }
)
# Tries to find the culprits that a refusal does not name; each is a request of the Medium group.
_MOST_TRIES: Final = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """What the service agreed to: the filters that are live, and those refused with the reason."""

    live: tuple[str, ...]
    refused: dict[str, str]


class _Refused(Exception):
    def __init__(self, error: RingCentralError, named: tuple[str, ...]) -> None:
        self.error = error
        self.named = named


async def subscribe(connection: Connection, plan: FilterPlan) -> Subscription:
    """Subscribe to all filters of a plan that the service allows; a refused one never costs the others.

    Raises:
        RetryLater, SignInRequired: as `Connection.request`.
        PermissionMissing, Misconfigured: no presence filter at all is allowed.
    """
    negotiation = _Negotiation(connection, plan)
    return await negotiation.run()


class _Negotiation:
    def __init__(self, connection: Connection, plan: FilterPlan) -> None:
        self._connection = connection
        self._plan = plan
        self._refused: dict[str, str] = {}
        self._tries = 0
        self._refusal: RingCentralError | None = None

    async def run(self) -> Subscription:
        while True:
            asked = self._plan.without(self._refused)
            before = dict(self._refused)
            try:
                live = await self._try(asked)
            except _Refused as refusal:
                self._refusal = refusal.error
                if refusal.named:
                    self._refuse(refusal.named, refusal.error)
                else:
                    await self._search(asked, refusal.error)
                # Nothing left to ask for, or a refusal that no single filter explains.
                if not self._plan.without(self._refused) or self._refused == before:
                    raise refusal.error from None
                continue
            # A filter that has others in its place asks again with those; the rest is what it is.
            if any(
                name in self._plan.instead
                for name in self._refused.keys() - before.keys()
            ):
                continue
            if not any(is_presence_filter(name) for name in live):
                # Lists alone are nothing to follow: what presence lacks is the news.
                code = next(iter(self._refused.values()), None)
                raise self._refusal or PermissionMissing(code)
            return Subscription(live=live, refused=dict(self._refused))

    async def _try(self, asked: tuple[str, ...]) -> tuple[str, ...]:
        """Ask for filters once; the subscription that this creates replaces the one before."""
        self._tries += 1
        reply = await self._connection.request(
            "POST",
            _PATH,
            RateGroup.MEDIUM,
            {
                "eventFilters": list(asked),
                "deliveryMode": {"transportType": "WebSocket"},
            },
        )
        if reply.status >= 400:
            error = error_from_reply(reply.status, reply.body, reply.headers)
            if (
                isinstance(error, PermissionMissing | Misconfigured)
                and error.code in _FILTER_CODES
            ):
                raise _Refused(error, named_filters(asked, reply.body))
            raise error
        disabled = disabled_filters(asked, reply.body)
        self._refused |= disabled
        live = tuple(name for name in asked if name not in disabled)
        if not live:
            raise _Refused(PermissionMissing(next(iter(disabled.values()), None)), ())
        return live

    async def _search(self, asked: tuple[str, ...], error: RingCentralError) -> None:
        """Find by halves which filters the service refuses where it does not say."""
        if len(asked) == 1:
            self._refuse(asked, error)
            return
        middle = len(asked) // 2
        for half in (asked[:middle], asked[middle:]):
            if self._tries >= _MOST_TRIES:
                # The rest of the minute's requests is needed elsewhere: do without what was not found good.
                _LOGGER.debug("Too many refused filters to find them all")
                self._refuse(half, error)
                continue
            try:
                await self._try(half)
            except _Refused as refusal:
                if refusal.named:
                    self._refuse(refusal.named, refusal.error)
                else:
                    await self._search(half, refusal.error)

    def _refuse(self, names: tuple[str, ...], error: RingCentralError) -> None:
        self._refused |= dict.fromkeys(names, error.code or str(error.reason))
