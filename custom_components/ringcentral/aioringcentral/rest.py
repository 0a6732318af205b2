"""Typed REST calls (docs/protocol.md 2.2). In paths, ``~`` is the account, or the user, that signed in."""

import asyncio
from collections.abc import Awaitable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from . import wire
from .auth import TokenSource
from .batches import Batches, Readings, parts_of_batch
from .call_log_rest import CallLogRest
from .errors import (
    Misconfigured,
    PermissionMissing,
    Reason,
    RetryLater,
    RingCentralError,
)
from .http import Http, check_socket
from .limits import RateGroup
from .listing import Listing, Unreadable
from .models import DndStatus, Extension, PresenceUpdate, Ticket, UserStatus
from .observations import Observations
from .pauses import Pauses
from .presence import extension_of, update_from_rest
from .queues import OwnQueue, QueueMember, own_queues, queue_members
from .signed_http import SignedHttp
from .voicemail_rest import VoicemailRest

ACCOUNT: Final = "/restapi/v1.0/account/~"
EXTENSION: Final = f"{ACCOUNT}/extension/~"
_OWN_QUEUES: Final = f"{EXTENSION}/call-queue-presence"
_TICKET_PATH: Final = "/restapi/oauth/wstoken"
_DETAILED: Final = {"detailedTelephonyState": "true"}
_MULTI: Final = {"Accept": "application/vnd.ringcentral.multipart+json"}


class Rest:
    """The calls that a presence client needs, signed with the tokens of one source.

    Every call raises RetryLater, SignInRequired, PermissionMissing or Misconfigured, see `errors`.
    """

    def __init__(self, http: Http, tokens: TokenSource) -> None:
        """Send through ``http`` with access tokens from ``tokens``."""
        self._http = SignedHttp(http, tokens)
        self.observations = Observations()
        # Extensions for which a whole batch was refused: they are asked for separately from the others.
        self._refused: set[str] = set()
        self.call_log = CallLogRest(self._http)
        self.voicemails = VoicemailRest(self._http)

    async def own_extension(self) -> Extension:
        """Return the extension of the user who signed in, with its account's id."""
        reply = await self._http.send("GET", EXTENSION, RateGroup.LIGHT)
        body = wire.mapping(reply.body)
        extension = Extension.from_wire(body)
        if extension is not None and extension.account_id is None:
            extension = replace(extension, account_id=await self._account_id())
        if extension is None or extension.account_id is None:
            raise Unreadable
        return extension

    async def _account_id(self) -> str | None:
        """Return the account's id, which the user's extension need not name (docs/protocol.md 2.3)."""
        reply = await self._http.send("GET", ACCOUNT, RateGroup.LIGHT)
        return wire.extension_id(wire.mapping(reply.body).get("id"))

    async def extensions(self) -> Listing[Extension]:
        """Return every extension of the account; there is at least the user's, so an empty list is not believed."""
        path = f"{ACCOUNT}/extension"
        listing = await self._http.pages(
            path, RateGroup.MEDIUM, lambda item: wire.extension_id(item.get("id"))
        )
        found = [Extension.from_wire(item) for item in listing]
        extensions = [extension for extension in found if extension is not None]
        if not extensions:
            raise Unreadable
        return Listing.of(extensions, is_whole=listing.is_whole)

    async def presence(self, extension_id: str = "~") -> PresenceUpdate:
        """Return the detailed presence of one extension."""
        reply = await self._http.send(
            "GET",
            f"{ACCOUNT}/extension/{extension_id}/presence",
            RateGroup.LIGHT,
            query=_DETAILED,
        )
        asked = None if extension_id == "~" else extension_id
        update = update_from_rest(reply.body, asked=asked)
        if update is None or extension_id not in ("~", update.extension_id):
            raise Unreadable
        self.observations.reading(update)
        return update

    async def presences(self, extension_ids: Iterable[str]) -> Readings:
        """Return the detailed presence of extensions, 30 to a request (docs/protocol.md 2.10).

        What was read counts, even if a later request fails for now. Single extensions that may not be read are
        left out; if that is true of all of them, the error is raised, unless they are gone. A batch that is refused
        as a whole is read by halves, to find the extensions for which it was refused.
        """
        batches = Batches(extension_ids, self._refused)
        while (batch := batches.next()) is not None:
            try:
                found, refused = await self._batch(batch)
            except (PermissionMissing, Misconfigured, RetryLater) as err:
                batches.failed(batch, err)
            else:
                batches.read(batch, found, refused)
        return batches.readings()

    async def _batch(
        self, keys: Sequence[str]
    ) -> tuple[list[PresenceUpdate], dict[str, RingCentralError]]:
        """Return the presence of a batch, and the errors of extensions that were refused, by id."""
        if len(keys) == 1:
            try:
                return [await self.presence(keys[0])], {}
            except Unreadable as err:
                # This does not concern the extensions that are still to be read.
                return [], {keys[0]: err}
        path = f"{ACCOUNT}/extension/{','.join(keys)}/presence"
        left = self._http.budget.remaining(RateGroup.LIGHT)
        reply = await self._http.send(
            "GET", path, RateGroup.LIGHT, query=_DETAILED, headers=_MULTI
        )
        self.observations.batch(
            len(keys), left, self._http.budget.remaining(RateGroup.LIGHT)
        )
        found, refused = parts_of_batch(keys, reply.body, reply.headers)
        for update in found:
            self.observations.reading(update)
        limits = [
            err.retry_after or 0.0
            for err in refused.values()
            if isinstance(err, RetryLater) and err.reason is Reason.RATE_LIMITED
        ]
        if limits:
            # Any other reading meanwhile would restart the penalty, too (docs/protocol.md 5).
            now = asyncio.get_running_loop().time()
            self._http.budget.refused(RateGroup.LIGHT, max(limits), now)
        return found, refused

    async def account_presences(self) -> Listing[PresenceUpdate]:
        """Return the detailed presence of the whole account, 1,000 to a request (Heavy, docs/protocol.md 2.6)."""
        listing = await self._http.pages(
            f"{ACCOUNT}/presence",
            RateGroup.HEAVY,
            extension_of,
            query=_DETAILED,
        )
        found, pauses = list[PresenceUpdate](), Pauses()
        for item in listing:
            if (update := update_from_rest(item)) is not None:
                self.observations.reading(update)
                found.append(update)
            await pauses.take()
        return Listing.of(found, is_whole=listing.is_whole)

    async def monitored_lines(self) -> Listing[Extension]:
        """Return the extensions that the user monitors; the request is refused if the account has no such list.

        The user's own extension is on it twice (docs/protocol.md 2.7).
        """
        listing = await self._http.pages(
            f"{EXTENSION}/presence/line", RateGroup.LIGHT, _line_key
        )
        found = {
            extension.id: extension
            for item in listing
            if (extension := Extension.from_wire(wire.mapping(item.get("extension"))))
        }
        return Listing.of(found.values(), is_whole=listing.is_whole)

    async def favorites(self) -> Listing[str]:
        """Return the ids of favorites that are extensions; the request is refused if contacts may not be read.

        The other favorites are contacts. The list has no pages (docs/protocol.md 2.2).
        """
        reply = await self._http.send("GET", f"{EXTENSION}/favorite", RateGroup.LIGHT)
        if (records := wire.listed(reply.body, "records")) is None:
            raise Unreadable
        ids = [wire.extension_id(item.get("extensionId")) for item in records]
        is_whole = all(
            found is not None or item.get("contactId") is not None
            for found, item in zip(ids, records, strict=True)
        )
        return Listing.of(
            dict.fromkeys(found for found in ids if found is not None),
            is_whole=is_whole,
        )

    async def own_queues(self) -> dict[str, OwnQueue]:
        """Return the queues that the user is a member of, by id (docs/protocol.md 2.2)."""
        reply = await self._http.send("GET", _OWN_QUEUES, RateGroup.LIGHT)
        if (found := own_queues(reply.body)) is None:
            raise Unreadable
        return found

    async def take_queue_calls(
        self, queue_id: str, *, takes: bool
    ) -> dict[str, OwnQueue]:
        """Make the user take a queue's calls or not, and return the user's queues after that.

        Raises:
            PermissionMissing, Misconfigured: the user may not, or has left the queue.
        """
        record = {"callQueue": {"id": queue_id}, "acceptCalls": takes}
        reply = await self._http.send(
            "PUT", _OWN_QUEUES, RateGroup.MEDIUM, json={"records": [record]}
        )
        if (found := own_queues(reply.body)) is None:
            found = await self._reading_after(self.own_queues())
            if queue_id in found and found[queue_id].takes_calls is not takes:
                raise RetryLater(Reason.SERVICE_ERROR, may_have_worked=True)
        return found

    async def queue_members(self, queue_id: str) -> dict[str, QueueMember]:
        """Return the members of a queue by id, and whether they take its calls."""
        path = f"{ACCOUNT}/call-queues/{queue_id}/presence"
        reply = await self._http.send("GET", path, RateGroup.LIGHT)
        if (found := queue_members(reply.body)) is None:
            raise Unreadable
        return found

    async def update_presence(
        self,
        extension_id: str,
        *,
        user_status: UserStatus | None = None,
        dnd_status: DndStatus | None = None,
        message: str | None = None,
        has_personal_dnd: bool = False,
    ) -> PresenceUpdate:
        """Change the given fields (docs/protocol.md 2.5), and return the presence after that."""
        values = {
            "userStatus": user_status,
            "dndStatus": dnd_status,
            "dndStatusPersonal": dnd_status if has_personal_dnd else None,
            "message": message,
        }
        if dnd_status not in (
            DndStatus.TAKE_ALL_CALLS,
            DndStatus.DO_NOT_ACCEPT_ANY_CALLS,
        ):
            # The other values are about queue calls (docs/protocol.md 2.4).
            values["dndStatusPersonal"] = None
        body = {key: value for key, value in values.items() if value is not None}
        path = f"{ACCOUNT}/extension/{extension_id}/presence"
        reply = await self._http.send("PUT", path, RateGroup.MEDIUM, json=body)
        update = update_from_rest(reply.body, asked=extension_id, asked_for_calls=False)
        if update is None:
            update = await self._reading_after(self.presence(extension_id))
            if not _shows(update, user_status, dnd_status, message):
                raise RetryLater(Reason.SERVICE_ERROR, may_have_worked=True)
        return update

    async def _reading_after[T](self, reading: Awaitable[T]) -> T:
        """Return a reading that was made after a change whose reply says nothing, such as one without a body.

        Raises:
            RetryLater: there is no reading, so the outcome is unknown.
        """
        try:
            return await reading
        except RingCentralError as err:
            raise RetryLater(Reason.SERVICE_ERROR, may_have_worked=True) from err

    async def ticket(self) -> Ticket:
        """Return a fresh WebSocket ticket (docs/protocol.md 3.1)."""
        reply = await self._http.send("POST", _TICKET_PATH, RateGroup.AUTH)
        body = wire.mapping(reply.body)
        uri, token = body.get("uri"), wire.secret(body.get("ws_access_token"))
        if (
            token is None
            or not isinstance(uri, str)
            or not check_socket(uri, self._http.server)
        ):
            raise Unreadable
        return Ticket(uri=uri, token=token)


def _shows(
    update: PresenceUpdate,
    user_status: UserStatus | None,
    dnd_status: DndStatus | None,
    message: str | None,
) -> bool:
    """Whether a reading shows what was written."""
    changes = update.changes
    return (
        user_status in (None, changes.get("user_status"))
        and dnd_status in (None, changes.get("dnd_status"))
        and (
            message is None or message.split() == (changes.get("message") or "").split()
        )
    )


def _line_key(item: Mapping[str, Any]) -> str | None:
    """Return the id of a line together with that of its extension, which may have several lines."""
    extension = wire.extension_id(wire.mapping(item.get("extension")).get("id"))
    if extension is None:
        return None
    return f"{wire.identifier(item.get('id')) or ''}/{extension}"
