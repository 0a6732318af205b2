"""Reads the user's voicemails and marks them as heard (docs/protocol.md 10)."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Final

from . import wire
from .errors import Misconfigured, Reason, RetryLater
from .limits import RateGroup
from .listing import Unreadable
from .signed_http import SignedHttp
from .voicemail import Audio, Voicemail, Voicemails, audio_type

_MESSAGES: Final = "/restapi/v1.0/account/~/extension/~/message-store"
# The share of the rate group that marking may use, since changes of presence belong to the same group.
_SHARE: Final = 0.75
# Seconds for which marking waits for a place: the length of the group's window.
_LONGEST_WAIT: Final = 60.0


class VoicemailRest:
    """The REST calls for the user's voicemails.

    Every call raises RetryLater, SignInRequired, PermissionMissing or Misconfigured, see `errors`.
    """

    def __init__(self, http: SignedHttp) -> None:
        """Send through ``http``."""
        self._http = http

    async def unread(self) -> Voicemails:
        """Return how many voicemails the user has not heard, and the newest ten of them."""
        return await self._list({"readStatus": "Unread", "perPage": 10})

    async def newest(self) -> Voicemails:
        """Return the newest hundred voicemails of the user, heard or not."""
        return await self._list({"perPage": 100})

    async def _list(self, query: Mapping[str, str | int]) -> Voicemails:
        reply = await self._http.send(
            "GET",
            _MESSAGES,
            RateGroup.LIGHT,
            query={"messageType": "VoiceMail", **query},
        )
        if (found := Voicemails.from_wire(reply.body)) is None:
            raise Unreadable
        return found

    async def one(self, message_id: str) -> Voicemail:
        """Return one voicemail of the user."""
        reply = await self._http.send("GET", _message(message_id), RateGroup.LIGHT)
        if (found := Voicemail.from_wire(wire.mapping(reply.body))) is None:
            raise Unreadable
        return found

    async def mark_read(self, message_id: str) -> None:
        """Mark a voicemail of the user as heard; after many, wait for up to a minute so that presence can still be changed."""
        now: Callable[[], float] = asyncio.get_running_loop().time
        budget = self._http.budget
        while wait := budget.spare_delay(RateGroup.MEDIUM, now(), _SHARE):
            if wait > _LONGEST_WAIT:
                raise RetryLater(Reason.RATE_LIMITED, retry_after=wait)
            await asyncio.sleep(wait)
        await self._http.send(
            "PUT",
            _message(message_id),
            RateGroup.MEDIUM,
            json={"readStatus": "Read"},
        )

    async def audio(self, message_id: str, attachment_id: str) -> Audio:
        """Return the recording of a voicemail."""
        if wire.extension_id(attachment_id) is None:
            raise Misconfigured(Reason.NOT_FOUND)
        reply = await self._http.send(
            "GET",
            f"{_message(message_id)}/content/{attachment_id}",
            RateGroup.MEDIUM,
            headers={"Accept": "*/*"},
            is_binary=True,
        )
        return Audio(reply.body, audio_type(reply.headers.get("Content-Type")))


def _message(message_id: str) -> str:
    """Return the path of a message; a text that is not an id must not become part of a path."""
    if wire.extension_id(message_id) is None:
        raise Misconfigured(Reason.NOT_FOUND)
    return f"{_MESSAGES}/{message_id}"
