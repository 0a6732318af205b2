"""Makes the one subscription of a socket: sends what a `Negotiation` asks for."""

from collections.abc import Iterable
from typing import Any, Final

from ..filters import FilterPlan
from ..limits import RateGroup
from .connection import Connection
from .filter_memory import FilterMemory
from .negotiation import Negotiation, Subscription

_PATH: Final = "/restapi/v1.0/subscription"


async def subscribe(
    connection: Connection,
    plan: FilterPlan,
    memory: FilterMemory | None = None,
    *,
    search: bool = False,
) -> Subscription:
    """Subscribe to all filters of a plan that the service allows; a refused one never costs the others.

    Args:
        connection: an open socket.
        plan: the filters.
        memory: what earlier attempts learned; this one adds to it, even if it fails.
        search: go on searching for refused filters although others are known to be granted.

    Raises:
        RetryLater: as `Connection.request`, or the service's answer is not a verdict.
        SignInRequired, PermissionMissing, Misconfigured: RingCentral's code says that no presence filter
            at all is allowed.
    """
    negotiation = Negotiation(plan, memory, search=search)
    while asked := negotiation.ask():
        reply = await connection.request(
            "POST", _PATH, RateGroup.MEDIUM, subscription_body(asked)
        )
        negotiation.reply(reply.status, reply.headers, reply.body)
    return negotiation.result()


def subscription_body(filters: Iterable[str]) -> dict[str, Any]:
    """Return the body of a request to subscribe to filters."""
    return {
        "eventFilters": list(filters),
        "deliveryMode": {"transportType": "WebSocket"},
    }
