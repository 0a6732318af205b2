"""The probe's steps: read, subscribe with each kind of filter in turn, listen, recover once, sign out."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

from ..errors import RetryLater, RingCentralError
from ..filters import (
    EVERYONE,
    FAVORITE_LIST,
    FAVORITES,
    LINE_LIST,
    LINES,
    OWN,
    extension_filter,
)
from ..limits import RateGroup
from ..models import Event, Extension, UserStatus
from ..recording import Recorder
from ..recording.recorder import Record
from ..rest import ACCOUNT, EXTENSION
from ..sign_in import JwtSignIn
from ..stream.connection import Connection
from ..stream.frames import RecoveryToken
from ..stream.subscription import subscription_body

_SUBSCRIPTION: Final = "/restapi/v1.0/subscription"
# A probe keeps everything: it ends by itself, and somebody looks at the file before sending it.
_MOST: Final = 50_000
_MOST_BYTES: Final = 100_000_000
# Extensions in the one batch whose cost is measured.
_BATCH: Final = 5
# Seconds within which the service has to close a socket whose session was revoked.
_CLOSE_WITHIN: Final = 10.0

type Filters = dict[str, list[str]]
type Progress = Callable[[str, int, float], None]


class Probe:
    """One run over one account; reads only, unless ``write`` is set."""

    def __init__(
        self, sign_in: JwtSignIn, seconds: float, progress: Progress, *, write: bool
    ) -> None:
        """Prepare to listen for ``seconds`` in all; ``progress`` gets step, events and seconds left."""
        self._sign_in = sign_in
        self._seconds = seconds
        self._progress = progress
        self._write = write
        self._events = 0
        # Without a sign-in, there is nothing to write into a file.
        self.is_signed_in = False
        self._heard = asyncio.Event()
        self.recorder = Recorder(_MOST, _MOST_BYTES)
        sign_in.http.recorder = self.recorder

    def records(self) -> list[Record]:
        """Return the shapes of everything so far, with times in seconds before now."""
        return self.recorder.records(_now())

    async def run(self) -> None:
        """Go through all steps; a step that is refused does not keep the others from running.

        Raises:
            RingCentralError: signing in, or reading the own extension, failed.
        """
        recovery: RecoveryToken | None = None
        try:
            filters = filters_to_try(*await self._read())
            for name, wanted in filters.items():
                seconds = self._seconds / len(filters)
                recovery = await self._listen(name, wanted, seconds)
            if recovery is not None:
                await self._recover(recovery)
            await self._sign_out()
        finally:
            self._step("end")
            await self._sign_in.close()

    async def _read(self) -> tuple[Extension, tuple[Extension, ...]]:
        rest = self._sign_in.rest
        self._step("read")
        await self._sign_in.tokens.token()
        self.is_signed_in = True
        own = await rest.own_extension()
        others: tuple[Extension, ...] = ()
        with suppress(RingCentralError):
            others = await rest.extensions()
        ids = [each.id for each in others if each.can_be_followed][:_BATCH]
        paths = [
            (f"{EXTENSION}/presence", {}),
            (f"{EXTENSION}/presence", {"detailedTelephonyState": "true"}),
            (
                f"{EXTENSION}/presence",
                {"detailedTelephonyState": "true", "totalActiveCalls": "true"},
            ),
            (LINE_LIST, {}),
            (FAVORITE_LIST, {}),
            (f"{EXTENSION}/call-queue-presence", {}),
            (f"{ACCOUNT}/presence", {"detailedTelephonyState": "true"}),
        ]
        for path, query in paths:
            await self._get(path, RateGroup.HEAVY, query)
        self._step("batch")
        # Once for one extension and once for several: what the second takes from the limit is what a batch counts.
        for wanted in (own.id, ",".join(ids)):
            if wanted:
                await self._get(
                    f"{ACCOUNT}/extension/{wanted}/presence", RateGroup.LIGHT, {}
                )
        return own, others

    async def _get(self, path: str, group: RateGroup, query: dict[str, str]) -> None:
        token = await self._sign_in.tokens.token()
        headers = {
            "Authorization": f"Bearer {token.value}",
            "Accept": "application/json, application/vnd.ringcentral.multipart+json",
        }
        with suppress(RingCentralError):
            await self._sign_in.http.send(
                "GET", path, group, query=query, headers=headers
            )

    async def _listen(
        self, name: str, wanted: list[str], seconds: float
    ) -> RecoveryToken | None:
        self._step(name)
        try:
            async with self._connected(None) as connection:
                reply = await connection.request(
                    "POST", _SUBSCRIPTION, RateGroup.MEDIUM, subscription_body(wanted)
                )
                if reply.status >= 400:
                    return None
                async with self._changes_of_our_own(name):
                    await self._wait(name, connection, seconds)
                return connection.recovery
        except RetryLater:
            return None

    async def _wait(self, name: str, connection: Connection, seconds: float) -> None:
        self._events = 0
        end = _now() + seconds
        while (left := end - _now()) > 0 and not connection.closed.is_set():
            self._progress(name, self._events, left)
            self._heard.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(min(left, 1.0)):
                    await self._heard.wait()
        self._progress(name, self._events, 0.0)

    @asynccontextmanager
    async def _changes_of_our_own(self, name: str) -> AsyncIterator[None]:
        """Set the status to busy for a moment, if that was allowed, so that there are events to hear."""
        if not self._write or name != "own":
            yield
            return
        rest = self._sign_in.rest
        before = (await rest.presence()).changes.get("user_status")
        try:
            with suppress(RingCentralError):
                await rest.update_presence("~", user_status=UserStatus.BUSY)
            yield
        finally:
            with suppress(RingCentralError):
                await rest.update_presence(
                    "~", user_status=before or UserStatus.AVAILABLE
                )

    async def _recover(self, recovery: RecoveryToken) -> None:
        self._step("recover")
        with suppress(RetryLater):
            async with self._connected(recovery) as connection:
                await connection.heartbeat()

    async def _sign_out(self) -> None:
        """Sign out while a socket is open, because its close code is one of the questions."""
        self._step("sign_out")
        with suppress(RetryLater, TimeoutError):
            async with self._connected(None) as connection:
                await self._sign_in.tokens.close()
                async with asyncio.timeout(_CLOSE_WITHIN):
                    await connection.closed.wait()

    @asynccontextmanager
    async def _connected(
        self, recovery: RecoveryToken | None
    ) -> AsyncIterator[Connection]:
        ticket = await self._sign_in.rest.ticket()
        connection = await Connection.open(
            self._sign_in.http, ticket, recovery, self._event
        )
        try:
            yield connection
        finally:
            await connection.close()

    def _event(self, event: Event) -> None:
        self._events += 1
        self._heard.set()

    def _step(self, name: str) -> None:
        self.recorder.happened(f"step {name}", _now())


def filters_to_try(own: Extension, others: tuple[Extension, ...]) -> Filters:
    """Return the event filters of each step, by its name."""
    found: Filters = {
        "own": [OWN],
        "lines": [LINES, LINE_LIST],
        "favorites": [FAVORITES, FAVORITE_LIST],
        "account": [f"{ACCOUNT}/presence"],
        "account_detailed": [EVERYONE],
    }
    people = [
        each.id
        for each in others
        if each.id != own.id and each.type == "User" and each.can_be_followed
    ]
    queues = [each.id for each in others if each.is_queue]
    if people:
        found["colleague"] = [extension_filter(people[0])]
    if queues:
        found["queue"] = [
            extension_filter(queues[0]),
            f"{ACCOUNT}/call-queues/{queues[0]}/presence",
        ]
    return found


def refused_filters(records: list[Record]) -> dict[str, Any]:
    """Return the codes with which the service refused filters, by step."""
    found: dict[str, Any] = {}
    step = ""
    for record in records:
        step = (
            record["kind"].removeprefix("step ")
            if record["kind"].startswith("step ")
            else step
        )
        match record:
            case {
                "kind": "received",
                "body": [{"type": "ClientRequest", "status": int(status)}, dict(body)],
            }:
                if status >= 400:
                    found[step] = [
                        each.get("errorCode") for each in _dicts(body.get("errors"))
                    ] or [body.get("errorCode")]
                elif disabled := _dicts(body.get("disabledFilters")):
                    found[step] = [each.get("reason") for each in disabled]
    return found


def _dicts(value: Any) -> list[dict[str, Any]]:
    return (
        [each for each in value if isinstance(each, dict)]
        if isinstance(value, list)
        else []
    )


def _now() -> float:
    return asyncio.get_running_loop().time()
