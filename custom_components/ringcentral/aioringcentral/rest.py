"""Typed REST calls (protocol 2.2). Paths use ``~``: the account and the user who signed in."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
import logging
from typing import Any, Final

from . import wire
from .auth import TokenSource
from .errors import (
    Misconfigured,
    PermissionMissing,
    Reason,
    RetryLater,
    RingCentralError,
    SignInRequired,
    error_from_reply,
)
from .http import Http, Reply
from .limits import RateGroup
from .models import DndStatus, Extension, PresenceUpdate, Ticket, UserStatus
from .presence import update_from_rest

_LOGGER = logging.getLogger(__name__)

ACCOUNT: Final = "/restapi/v1.0/account/~"
EXTENSION: Final = f"{ACCOUNT}/extension/~"
_TICKET_PATH: Final = "/restapi/oauth/wstoken"
_PAGE: Final = 1_000
# Extensions in one request at most (docs/protocol.md 2.10).
BATCH: Final = 30
_DETAILED: Final = {"detailedTelephonyState": "true"}
_MULTI: Final = {"Accept": "application/vnd.ringcentral.multipart+json"}

# More pages than any account has: a reply that always names a next page ends here.
_MOST_PAGES: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Readings:
    """Presence that was read; who may not be read is in neither.

    ``later`` are the ids of those that could not be read for now, ``retry_after`` the seconds to wait
    before they are read again, None where the service gave none.
    """

    found: tuple[PresenceUpdate, ...] = ()
    later: tuple[str, ...] = ()
    retry_after: float | None = None


class Rest:
    """The calls a presence client needs, signed with the tokens of one source.

    Every call raises RetryLater, SignInRequired, PermissionMissing or Misconfigured, see `errors`.
    """

    def __init__(self, http: Http, tokens: TokenSource) -> None:
        """Take the way to the server and the source of access tokens."""
        self._http = http
        self._tokens = tokens

    async def own_extension(self) -> Extension:
        """Return the extension of the user who signed in, with its account's id."""
        reply = await self._send("GET", EXTENSION, RateGroup.LIGHT)
        extension = (
            Extension.from_wire(reply.body) if isinstance(reply.body, Mapping) else None
        )
        if extension is None or extension.account_id is None:
            raise RetryLater(Reason.SERVICE_ERROR)
        return extension

    async def extensions(self) -> tuple[Extension, ...]:
        """Return every extension of the account."""
        found = [
            Extension.from_wire(item)
            async for item in self._pages(f"{ACCOUNT}/extension", RateGroup.MEDIUM, {})
        ]
        return tuple(extension for extension in found if extension is not None)

    async def presence(self, extension_id: str = "~") -> PresenceUpdate:
        """Return the detailed presence of one extension."""
        reply = await self._send(
            "GET",
            f"{ACCOUNT}/extension/{extension_id}/presence",
            RateGroup.LIGHT,
            query=_DETAILED,
        )
        if (update := update_from_rest(reply.body)) is None:
            raise RetryLater(Reason.SERVICE_ERROR)
        return update

    async def presences(self, extension_ids: Iterable[str]) -> Readings:
        """Return the detailed presence of extensions, 30 to a request (protocol 2.10)."""
        wanted = list(dict.fromkeys(extension_ids))
        found: list[PresenceUpdate] = []
        refusals: dict[str, RingCentralError] = {}
        for start in range(0, len(wanted), BATCH):
            batch = wanted[start : start + BATCH]
            if len(batch) == 1:
                try:
                    found.append(await self.presence(batch[0]))
                except (PermissionMissing, Misconfigured) as err:
                    refusals[batch[0]] = err
                continue
            path = f"{ACCOUNT}/extension/{','.join(batch)}/presence"
            reply = await self._send(
                "GET", path, RateGroup.LIGHT, query=_DETAILED, headers=_MULTI
            )
            # One part for each, in order.
            parts = reply.body if isinstance(reply.body, list) else ()
            for key, part in zip(batch, parts, strict=False):
                body = part.get("body") if isinstance(part, Mapping) else None
                if (update := update_from_rest(body)) is not None:
                    found.append(update)
                elif isinstance(part, Mapping):
                    status = wire.number(part.get("status")) or 500
                    refusals[wire.identifier(part.get("resourceId")) or key] = (
                        error_from_reply(status, body, reply.headers)
                    )
        passing = {
            key: err for key, err in refusals.items() if isinstance(err, RetryLater)
        }
        # Single ones that may not be read are left out; when all are, that is the news, unless they are gone.
        news = [err for err in refusals.values() if err.reason is not Reason.NOT_FOUND]
        if news and not found:
            raise next(iter(passing.values()), news[0])
        waits = [err.retry_after for err in passing.values() if err.retry_after]
        wait = max(waits, default=None)
        if any(err.reason is Reason.RATE_LIMITED for err in passing.values()):
            # Whatever else is read meanwhile would restart the penalty, too (protocol 5).
            now = asyncio.get_running_loop().time()
            self._http.budget.refused(RateGroup.LIGHT, wait or 0.0, now)
        return Readings(found=tuple(found), later=tuple(passing), retry_after=wait)

    async def account_presences(self) -> tuple[PresenceUpdate, ...]:
        """Return the detailed presence of the whole account, 1,000 to a request (Heavy, protocol 2.6)."""
        pages = self._pages(f"{ACCOUNT}/presence", RateGroup.HEAVY, _DETAILED)
        found = [update_from_rest(item) async for item in pages]
        return tuple(update for update in found if update is not None)

    async def monitored_lines(self) -> tuple[Extension, ...]:
        """Return the extensions that the user monitors; refused where the account has no such list (protocol 2.7)."""
        pages = self._pages(f"{EXTENSION}/presence/line", RateGroup.LIGHT, {})
        found = [
            Extension.from_wire(item["extension"])
            async for item in pages
            if isinstance(item.get("extension"), Mapping)
        ]
        return tuple(extension for extension in found if extension is not None)

    async def favorites(self) -> tuple[str, ...]:
        """Return the ids of favourites that are extensions; refused where contacts may not be read."""
        reply = await self._send("GET", f"{EXTENSION}/favorite", RateGroup.LIGHT)
        ids = (
            wire.identifier(item.get("extensionId"))
            for item in wire.records(reply.body)
        )
        return tuple(found for found in ids if found is not None)

    async def is_queue_member(self) -> bool:
        """Return whether the user answers calls of a queue; False where that may not be read (protocol 2.2)."""
        try:
            reply = await self._send(
                "GET", f"{EXTENSION}/call-queue-presence", RateGroup.LIGHT
            )
        except PermissionMissing, Misconfigured:
            return False
        return bool(wire.records(reply.body))

    async def update_presence(
        self,
        extension_id: str,
        *,
        user_status: UserStatus | None = None,
        dnd_status: DndStatus | None = None,
        message: str | None = None,
    ) -> PresenceUpdate:
        """Change what is given (protocol 2.5) and return the presence after it."""
        values = {
            "userStatus": user_status,
            "dndStatus": dnd_status,
            "message": message,
        }
        body = {key: value for key, value in values.items() if value is not None}
        path = f"{ACCOUNT}/extension/{extension_id}/presence"
        reply = await self._send("PUT", path, RateGroup.MEDIUM, json=body)
        if (update := update_from_rest(reply.body, asked_for_calls=False)) is None:
            raise RetryLater(Reason.SERVICE_ERROR, may_have_worked=True)
        return update

    async def ticket(self) -> Ticket:
        """Return a fresh WebSocket ticket (protocol 3.1)."""
        body = (await self._send("POST", _TICKET_PATH, RateGroup.AUTH)).body
        uri = wire.text(body.get("uri")) if isinstance(body, Mapping) else None
        token = (
            wire.text(body.get("ws_access_token"))
            if isinstance(body, Mapping)
            else None
        )
        if uri is None or token is None:
            raise RetryLater(Reason.SERVICE_ERROR)
        return Ticket(uri=uri, token=token)

    async def _pages(
        self, path: str, group: RateGroup, query: Mapping[str, str]
    ) -> AsyncIterator[Mapping[str, Any]]:
        """Yield the records of all pages; the last one is that which names no next page."""
        for page in range(1, _MOST_PAGES + 1):
            reply = await self._send(
                "GET", path, group, query={**query, "page": page, "perPage": _PAGE}
            )
            for item in wire.records(reply.body):
                yield item
            navigation = (
                reply.body.get("navigation")
                if isinstance(reply.body, Mapping)
                else None
            )
            if not isinstance(navigation, Mapping) or not navigation.get("nextPage"):
                return
        _LOGGER.debug("More than %s pages, the rest is left out", _MOST_PAGES)

    async def _send(
        self,
        method: str,
        path: str,
        group: RateGroup,
        *,
        query: Mapping[str, str | int] | None = None,
        headers: Mapping[str, str] | None = None,
        json: Mapping[str, Any] | None = None,
    ) -> Reply:
        """Send with a token; one that the service rejects is renewed, and the request sent once more."""
        token = await self._tokens.token()
        for last in (False, True):
            try:
                return await self._http.send(
                    method,
                    path,
                    group,
                    headers={
                        "Authorization": f"Bearer {token.value}",
                        **(headers or {}),
                    },
                    query=query,
                    json=json,
                )
            except SignInRequired as err:
                if last or err.reason is not Reason.INVALID_AUTH:
                    raise
                token = await self._tokens.renew(token.value)
        raise AssertionError  # pragma: no cover - the loop returns or raises
