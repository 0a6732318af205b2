"""What may be asked of the user, and which devices may go: only what the service itself gave the word for."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
import json
import re
from typing import Any, Final
from unittest.mock import patch

from aiohttp import web

from emulator import Emulator, odd_http
from emulator.socket import Socket

# Seconds between a reading of the lists and the removal of a device by it, at the most.
_READ_BEFORE: Final = 60.0

# Words that ask for another sign-in: codes of the sign-in, and OAuth's own (docs/protocol.md 1.5).
_SIGN_IN: Final = re.compile(
    r"OAU-(?!127|128|129|149|151|167|213)\d{3}"
    r"|invalid_(?:client|grant)|unauthorized_client|unsupported_grant_type"
    r"|expired_token|access_denied"
)
# Words that a permission or a right is missing, or that a filter is refused (docs/protocol.md 2.1, 2.9).
_PERMISSION: Final = re.compile(
    r"CMN-(?:109|40[12348]|419)|SUB-(?:4\d\d|5\d\d)|InsufficientPermissions|insufficient_scope"
)
_REFUSED: Final = re.compile(rf"{_PERMISSION.pattern}|CMN-(?:10[1-6]|120)|disabled")
_ISSUES: Final = {
    "permission_missing": _PERMISSION,
    "role_permission_missing": _PERMISSION,
    # Or a scope that lacks what was in use.
    "lost_permission": re.compile(""),
    "lost_role_permission": _PERMISSION,
    "filters_refused": _REFUSED,
    "account_refused": _REFUSED,
    "subscription_limit": re.compile("SUB-505"),
    "not_restored": _REFUSED,
    # By the JWT's own date.
    "jwt_expires": re.compile(""),
}


class Words:
    """Collects the error codes and OAuth errors that the service sends."""

    def __init__(self) -> None:
        """Begin with none."""
        self.heard: set[str] = {""}

    def forget(self) -> None:
        """Begin again: what was asked for by earlier words is not asked for any more."""
        self.heard = {""}

    def allow(self, issue: str) -> bool:
        """Whether any word allows to raise an issue, by the beginning of its id."""
        words = next(
            (words for name, words in _ISSUES.items() if issue.startswith(name)), None
        )
        return words is not None and any(words.fullmatch(each) for each in self.heard)

    def allow_sign_in(self) -> bool:
        """Whether any word allows to ask for a sign-in."""
        return any(_SIGN_IN.fullmatch(each) for each in self.heard)

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Listen to every reply and frame of the service."""
        notice, drip, send = Emulator._noticing, odd_http._drip, Socket.send

        @web.middleware
        async def noticing(
            emulator: Emulator, request: web.Request, handler: Any
        ) -> web.StreamResponse:
            response = await notice(emulator, request, handler)
            if isinstance(response, web.Response) and response.status >= 400:
                self._hear(response.body)
            return response

        async def dripping(odd: Any, request: web.Request, made: Any) -> Any:
            self._hear(made.body)
            return await drip(odd, request, made)

        def sending(socket: Socket, frame: str | bytes, **options: Any) -> bool:
            if "rror" in str(frame) or "disabledFilters" in str(frame):
                self._hear(frame)
            return send(socket, frame, **options)

        with (
            patch.object(Emulator, "_noticing", noticing),
            patch.object(odd_http, "_drip", dripping),
            patch.object(Socket, "send", sending),
        ):
            yield

    def _hear(self, body: Any) -> None:
        try:
            self._walk(json.loads(body))
        except TypeError, ValueError, RecursionError:
            return

    def _walk(self, value: Any) -> None:
        if isinstance(value, list):
            for each in value:
                self._walk(each)
        if not isinstance(value, dict):
            return
        for name, each in value.items():
            if name in ("errorCode", "error", "reason") and isinstance(each, str):
                self.heard.add(each)
            if name == "disabledFilters" and each:
                self.heard.add("disabled")
            self._walk(each)


class Presences:
    """Remembers who was away and when, to say whose device may be removed."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """Take the clock of the loop."""
        self._clock = clock
        self._seen: set[str] = set()
        self._away_at: dict[str, float] = {}

    def look(self, followed: set[str]) -> None:
        """Remember who is away, by who is there."""
        self._seen |= followed
        for key in self._seen - followed:
            self._away_at[key] = self._clock()

    def may_go(self, key: str, followed: set[str]) -> bool:
        """Whether a device may be removed: nobody is there, or nobody was a moment ago."""
        self.look(followed)
        away_at = self._away_at.get(key)
        return away_at is not None and self._clock() - away_at < _READ_BEFORE
