"""OAuth sessions and their tokens (docs/protocol.md 1.3 and 1.4)."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
import secrets
from typing import Any
import uuid

from .clock import Clock, iso
from .counters import Counters
from .errors import oauth_error, token_invalid
from .faults import Faults

MAX_SESSIONS = 5
"""Per user and app; a sixth sign-in ends the oldest."""
GRACE_AFTER_USE = 10.0
"""Seconds for which a spent refresh token still works after its successor was first used;
also how long a superseded access token causes OAU-129 before OAU-213."""
GRACE_UNUSED = 3600.0
"""Seconds for which it works if the successor is never used."""

SCOPE = (
    "ReadAccounts",
    "ReadContacts",
    "Contacts",
    "ReadPresence",
    "EditPresence",
    "ReadMessages",
    "EditMessages",
    "ReadCallLog",
    "WebSocket",
    "SubscriptionWebSocket",
)


@dataclass(slots=True)
class Pair:
    """An access token and, if the app issues them, its refresh token."""

    access: str
    refresh: str | None
    access_expires: float
    refresh_expires: float
    first_used: float | None = None
    superseded: float | None = None
    successor: Pair | None = None
    refused: int = 0
    """Requests refused because the token was new."""


@dataclass(slots=True)
class Session:
    """One sign-in; refreshing stays within it."""

    id: str
    client_id: str
    owner_id: int
    endpoint_id: str
    public: bool
    """Whether it signed in without a client secret (PKCE)."""
    current: Pair
    ended: bool = False


@dataclass(slots=True)
class Tokens:
    """All sign-ins of the account."""

    clock: Clock
    faults: Faults
    counters: Counters
    sessions: list[Session] = field(default_factory=list)
    on_disconnect: Callable[[Session], None] = lambda _session: None
    """Called when a session's sockets have to close."""
    _access: dict[str, tuple[Session, Pair]] = field(default_factory=dict)
    _refresh: dict[str, tuple[Session, Pair]] = field(default_factory=dict)

    def sign_in(
        self, client_id: str, owner_id: int, *, public: bool = False
    ) -> Session:
        """Open a session; end the oldest one if there are too many."""
        session = Session(
            str(uuid.uuid4()),
            client_id,
            owner_id,
            secrets.token_urlsafe(16),
            public,
            self._pair(),
        )
        self._adopt(session, session.current)
        self.sessions.append(session)
        same = [
            each
            for each in self.sessions
            if each.client_id == client_id and each.owner_id == owner_id
        ]
        for each in same[:-MAX_SESSIONS]:
            self.end(each)
        return session

    def refresh(self, token: str, client_id: str) -> Session:
        """Give the session of a refresh token its next pair; raise OAuthError if it is invalid.

        For a while, repeating a spent token returns the cached successor, so that a client can
        ask again after a lost reply.
        """
        found = self._refresh.get(token)
        if found is None or found[0].ended or found[0].client_id != client_id:
            raise oauth_error("OAU-213")
        session, pair = found
        now = self.clock.now()
        if pair.successor is not None:
            successor = pair.successor
            limit = (
                (pair.superseded or now) + GRACE_UNUSED
                if successor.first_used is None
                else successor.first_used + GRACE_AFTER_USE
            )
            if now > limit or successor is not session.current:
                raise oauth_error("OAU-213")
            return session
        if now >= pair.refresh_expires:
            raise oauth_error("OAU-210")
        pair.first_used = now if pair.first_used is None else pair.first_used
        pair.superseded = now
        session.current = pair.successor = self._pair()
        self._adopt(session, session.current)
        return session

    def session_of(self, token: str) -> Session | None:
        """Return the session of an access or refresh token, in whatever state."""
        found = self._refresh.get(token) or self._access.get(token)
        return found[0] if found else None

    def check(self, access: str) -> Session:
        """Return the session of an access token; raise ApiError (401) if there is none."""
        found = self._access.get(access)
        if found is None:
            raise token_invalid("OAU-213" if access.startswith("EMU") else "OAU-149")
        session, pair = found
        now = self.clock.now()
        if pair.superseded is not None:
            early = now - pair.superseded < GRACE_AFTER_USE
            raise token_invalid("OAU-129" if early else "OAU-213")
        if now >= pair.access_expires:
            raise token_invalid("OAU-128")
        if session.ended:
            raise token_invalid("OAU-213")
        if pair.refused < self.faults.new_tokens_refused:
            # It was issued a moment ago, and is not known everywhere yet.
            pair.refused += 1
            raise token_invalid("OAU-213")
        if pair.first_used is None:
            pair.first_used = now
        return session

    def alive(self, session: Session) -> bool:
        """Whether a session has an access token that works."""
        return not session.ended and self.clock.now() < session.current.access_expires

    def revoke(self, token: str) -> None:
        """End the session of an access or refresh token; an unknown one is ignored."""
        if (session := self.session_of(token)) is not None:
            self.end(session)

    def end(self, session: Session) -> None:
        """End a session and its sockets."""
        if not session.ended:
            session.ended = True
            self.sessions.remove(session)
            self.on_disconnect(session)

    def end_all(self) -> None:
        """End every session."""
        for session in list(self.sessions):
            self.end(session)

    def expire_access(self) -> None:
        """Expire every current access token now."""
        for session in list(self.sessions):
            session.current.access_expires = self.clock.now()
            self._expired(session, session.current)

    def expire_refresh(self) -> None:
        """Expire every refresh token now."""
        for session in self.sessions:
            session.current.refresh_expires = self.clock.now()

    def reply(self, session: Session) -> dict[str, Any]:
        """Return `TokenInfo` of a session's current pair."""
        pair, now = session.current, self.clock.now()
        removed = self.faults.permissions_removed
        left = self.clock.announce(max(0.0, pair.access_expires - now))
        reply: dict[str, Any] = {
            "access_token": pair.access,
            "token_type": "bearer",
            "expires_in": left,
            "scope": " ".join(name for name in SCOPE if name not in removed),
            "owner_id": str(session.owner_id),
            "endpoint_id": session.endpoint_id,
            "session_id": session.id,
        }
        if pair.refresh is not None:
            refresh_left = self.clock.announce(max(0.0, pair.refresh_expires - now))
            reply |= {
                "refresh_token": pair.refresh,
                "refresh_token_expires_in": refresh_left,
                "session_expires_in": refresh_left,
                "session_expiration_time": iso(
                    self.clock.utc() + timedelta(seconds=refresh_left)
                ),
            }
        return reply

    def _pair(self) -> Pair:
        faults, clock = self.faults, self.clock
        now = clock.now()
        return Pair(
            f"EMU{secrets.token_urlsafe(48)}",
            f"EMR{secrets.token_urlsafe(48)}" if faults.refresh_tokens else None,
            now + clock.life(faults.access_token_ttl),
            now + clock.life(faults.refresh_token_ttl),
        )

    def _adopt(self, session: Session, pair: Pair) -> None:
        self._access[pair.access] = (session, pair)
        if pair.refresh is not None:
            self._refresh[pair.refresh] = (session, pair)
        self.counters.tokens_issued += 1
        now = self.clock.now()
        self.clock.call_later(
            pair.access_expires - now, lambda: self._expired(session, pair)
        )

    def _expired(self, session: Session, pair: Pair) -> None:
        """Close the sockets of a session whose token expired without a refresh."""
        if session.current is not pair or session.ended:
            return
        if pair.refresh is None:
            self.end(session)
        else:
            self.on_disconnect(session)
