"""Requests signed with an access token, and what to do when the service rejects that token."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Final

from .auth import TokenSource
from .errors import TokenRejected
from .http import Http, Reply
from .limits import RateBudget, RateGroup
from .listing import PAGE, Listing, Pages, Unreadable
from .renewals import Renewals

# Seconds after which a new token that was rejected is tried again: not all of the service's servers may know it
# yet.
_UNTIL_KNOWN: Final = 2.0


class SignedHttp:
    """Sends requests with the tokens of one source."""

    def __init__(self, http: Http, tokens: TokenSource) -> None:
        """Send through ``http`` with access tokens from ``tokens``."""
        self._http = http
        self._tokens = tokens
        self._renewals = Renewals()

    @property
    def server(self) -> str:
        """Base URL of the server."""
        return self._http.server

    @property
    def budget(self) -> RateBudget:
        """The rate budget that requests spend from."""
        return self._http.budget

    async def send(
        self,
        method: str,
        path: str,
        group: RateGroup,
        *,
        query: Mapping[str, str | int] | None = None,
        headers: Mapping[str, str] | None = None,
        json: Mapping[str, Any] | None = None,
        is_binary: bool = False,
    ) -> Reply:
        """Send with a token; if the service rejects it, renew it, and try a new one again after a pause.

        Raises:
            TokenRejected: the new token is still rejected, or so many were that it is too early for another.
                The next call may work. Only the token endpoint says whether the user has to sign in again.
            RetryLater, SignInRequired, PermissionMissing, Misconfigured: as `Http.send`, and as
                `TokenSource.token` if there is no token.
        """
        token = await self._tokens.token()
        now = asyncio.get_running_loop().time
        for attempt in range(3):
            try:
                reply = await self._http.send(
                    method,
                    path,
                    group,
                    headers={
                        "Authorization": f"Bearer {token.value}",
                        **(headers or {}),
                    },
                    query=query,
                    json=json,
                    is_binary=is_binary,
                )
            except TokenRejected:
                if attempt == 2:
                    self._renewals.did_not_help(path, now())
                    raise
                if attempt == 0:
                    if not self._renewals.may_help(path, now()):
                        raise
                    token = await self._tokens.renew(token.value)
                else:
                    # Another token would not be known any sooner.
                    await asyncio.sleep(_UNTIL_KNOWN)
            else:
                self._renewals.accepted(path)
                return reply
        raise AssertionError  # pragma: no cover - the loop returns or raises

    async def pages(
        self,
        path: str,
        group: RateGroup,
        key: Callable[[Mapping[str, Any]], str | None],
        *,
        query: Mapping[str, str] | None = None,
    ) -> Listing[Mapping[str, Any]]:
        """Return the records on all pages of a list, each key once.

        A list that is shorter than it claims is read twice: if both readings have the same records, its total may
        count others, such as those that the user may not see.

        Raises:
            Unreadable: a reply is not a page, or the pages do not add up (`Pages.add`).
            RetryLater, SignInRequired, PermissionMissing, Misconfigured: as `send`.
        """
        pages = await self._pages(path, group, Pages(key), query)
        if pages.is_short:
            again = await self._pages(path, group, Pages(key), query)
            if again.is_short and again.keys != pages.keys:
                raise Unreadable
            pages = again
        return pages.records

    async def _pages(
        self,
        path: str,
        group: RateGroup,
        pages: Pages,
        query: Mapping[str, str] | None,
    ) -> Pages:
        """Return the pages, from the first to the last."""
        while True:
            reply = await self.send(
                "GET",
                path,
                group,
                query={**(query or {}), "page": pages.page, "perPage": PAGE},
            )
            if not pages.add(reply.body):
                return pages
