"""The one subscription of a socket: ask for filters, and find those that are refused (docs/protocol.md 2.9).

`Negotiation` decides and has no I/O; `subscribe` sends what it asks for.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
import logging
from typing import Any, Final

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

# Refusals that concern single filters (docs/protocol.md 2.9); others concern the whole subscription.
_FILTER_CODES: Final = frozenset(
    f"SUB-{number}"
    for number in (402, 403, 404, 405, 406, 408, 412, 508, 518, 527, 530, 531)
) | frozenset(f"CMN-{number}" for number in (101, 102, 401, 402, 408))
# Requests to find the filters that a refusal does not name; they are of the Medium group, 40 a minute.
_MOST_TRIES: Final = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """What the service agreed to.

    Attributes:
        live: filters whose events arrive.
        refused: filters it refused, with the code of the reason.
    """

    live: tuple[str, ...]
    refused: dict[str, str]


async def subscribe(connection: Connection, plan: FilterPlan) -> Subscription:
    """Subscribe to all filters of a plan that the service allows; a refused one never costs the others.

    Raises:
        RetryLater: as `Connection.request`, or the service asks to try later.
        SignInRequired: the session is over.
        PermissionMissing, Misconfigured: no presence filter at all is allowed.
    """
    negotiation = Negotiation(plan)
    while asked := negotiation.ask():
        reply = await connection.request(
            "POST", _PATH, RateGroup.MEDIUM, subscription_body(asked)
        )
        negotiation.reply(reply.status, reply.headers, reply.body)
    return negotiation.result()


def subscription_body(filters: Iterable[str]) -> dict[str, Any]:
    """Return the body of a request for filters."""
    return {
        "eventFilters": list(filters),
        "deliveryMode": {"transportType": "WebSocket"},
    }


@dataclass(slots=True)
class _Search:
    """Finds by halves which filters the service refuses where it does not say.

    Attributes:
        groups: what is still to be asked for, each alone.
        refused_before: how many were known to be refused when it began.
        granted: whether any group was granted.
    """

    groups: list[tuple[str, ...]]
    refused_before: int
    granted: bool = False


class Negotiation:
    """Asks for filters until what is live is all that the service allows."""

    def __init__(self, plan: FilterPlan) -> None:
        """Begin with all filters of a plan."""
        self._plan = plan
        self._refused: dict[str, str] = {}
        self._live: tuple[str, ...] | None = None
        self._asked: tuple[str, ...] = ()
        self._tries = 0
        self._search: _Search | None = None
        self._refusal: RingCentralError | None = None

    def ask(self) -> tuple[str, ...]:
        """Return the filters to ask for now, none when the negotiation is over.

        Raises:
            PermissionMissing, Misconfigured: nothing is left to ask for.
        """
        if self._search is not None:
            self._asked = self._next_group(self._search)
            if self._asked:
                return self._asked
            if len(self._refused) == self._search.refused_before:
                # Each part alone is granted: no single filter explains the refusal.
                raise self._last_refusal()
            self._search = None
        self._asked = self._plan.without(self._refused)
        if not self._asked:
            raise self._last_refusal()
        if self._live is not None and set(self._asked) == set(self._live):
            self._asked = ()
        return self._asked

    def reply(self, status: int, headers: Mapping[str, str], body: Any) -> None:
        """Learn from the reply to what was asked for; a granted request replaces the subscription before.

        Raises:
            RingCentralError: the refusal concerns the subscription as a whole.
        """
        self._tries += 1
        if status >= 400:
            self._refuse(error_from_reply(status, body, headers), body)
            return
        disabled = disabled_filters(self._asked, body)
        self._refused |= disabled
        self._live = tuple(name for name in self._asked if name not in disabled)
        if self._search is not None and self._live:
            self._search.granted = True

    def result(self) -> Subscription:
        """Return what was agreed.

        Raises:
            PermissionMissing, Misconfigured: no presence filter is live. Lists alone are nothing to watch.
        """
        live = self._live or ()
        if not any(is_presence_filter(name) for name in live):
            raise self._last_refusal()
        return Subscription(live=live, refused=dict(self._refused))

    def _refuse(self, error: RingCentralError, body: Any) -> None:
        if (
            not isinstance(error, PermissionMissing | Misconfigured)
            or error.code not in _FILTER_CODES
        ):
            raise error
        self._refusal, self._live = error, None
        named = named_filters(self._asked, body)
        rest = tuple(name for name in self._asked if name not in named)
        if not named and len(rest) == 1:
            named, rest = rest, ()
        self._refused |= dict.fromkeys(named, error.code or str(error.reason))
        if self._search is None and not named:
            self._search = _Search([], len(self._refused))
        if self._search is not None and rest:
            middle = (len(rest) + 1) // 2
            self._search.groups += [
                part for part in (rest[:middle], rest[middle:]) if part
            ]

    def _next_group(self, search: _Search) -> tuple[str, ...]:
        if self._tries >= _MOST_TRIES and search.groups:
            # The rest of the minute's requests is needed elsewhere: do without what was not found good.
            _LOGGER.debug("Too many refused filters to find them all")
            code = self._last_refusal().code or "unknown"
            for group in search.groups:
                self._refused |= dict.fromkeys(group, code)
            search.groups.clear()
        if not search.groups:
            return ()
        # The widest, so that what the limit cuts off is least; but something good is needed first.
        choose = max if search.granted else min
        group = choose(search.groups, key=len)
        search.groups.remove(group)
        return group

    def _last_refusal(self) -> RingCentralError:
        return self._refusal or PermissionMissing(
            next(iter(self._refused.values()), None)
        )
