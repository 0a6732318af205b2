"""Reads the user's call log (docs/protocol.md 2.11) with a third of its rate group, which snapshots need, too."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from . import wire
from .call_log import LoggedCall, calls_from_wire
from .errors import Reason, RetryLater
from .http import LONGEST_WAIT
from .limits import RateGroup
from .listing import Unreadable
from .signed_http import SignedHttp

_LOG: Final = "/restapi/v1.0/account/~/extension/~/call-log"
# Records that one sync may have (docs/protocol.md 2.11).
MOST_SYNCED: Final = 250
# Records of one page, and most pages of one reading: enough for a month of a busy phone, and an end to odd replies.
_PAGE: Final = 1_000
_MOST_PAGES: Final = 2


class CallLogRest:
    """The REST calls for the user's call log.

    Both raise RetryLater, SignInRequired, PermissionMissing or Misconfigured, see `errors`. They never run at
    the same time.
    """

    def __init__(self, http: SignedHttp) -> None:
        """Send through ``http``."""
        self._http = http
        self._lock = asyncio.Lock()

    async def recent(
        self, since: datetime, most: int = MOST_SYNCED
    ) -> tuple[LoggedCall, ...]:
        """Return the newest calls of the last 30 days that began after a time, in one request."""
        body = await self._read(
            f"{_LOG}-sync",
            {"syncType": "FSync", "recordCount": most, "dateFrom": _iso(since)},
        )
        return _calls(body)

    async def between(self, since: datetime, until: datetime) -> tuple[LoggedCall, ...]:
        """Return the calls that began within a period, the newest 2,000 of them, each once."""
        found: dict[str, LoggedCall] = {}
        for page in range(1, _MOST_PAGES + 1):
            body = await self._read(
                _LOG,
                {
                    "view": "Simple",
                    "type": "Voice",
                    "dateFrom": _iso(since),
                    "dateTo": _iso(until),
                    "page": page,
                    "perPage": _PAGE,
                },
            )
            # A call that ends between two pages moves all others by one.
            found |= {call.id: call for call in _calls(body)}
            if not wire.mapping(wire.mapping(body).get("navigation")).get("nextPage"):
                break
        return tuple(found.values())

    async def _read(self, path: str, query: Mapping[str, str | int]) -> Any:
        now: Callable[[], float] = asyncio.get_running_loop().time
        async with self._lock:
            while wait := self._http.budget.spare_delay(RateGroup.HEAVY, now()):
                if wait > LONGEST_WAIT:
                    raise RetryLater(Reason.RATE_LIMITED, retry_after=wait)
                await asyncio.sleep(wait)
            reply = await self._http.send("GET", path, RateGroup.HEAVY, query=query)
        return reply.body


def _calls(body: Any) -> tuple[LoggedCall, ...]:
    if (found := calls_from_wire(body)) is None:
        raise Unreadable
    return found


def _iso(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z"
