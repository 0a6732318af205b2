"""WebSocket tickets (docs/protocol.md 3.1 and 7.1)."""

from dataclasses import dataclass, field
import secrets

from .clock import Clock
from .counters import Counters
from .faults import Faults
from .tokens import Session, Tokens


@dataclass(slots=True)
class Ticket:
    """A ticket, which can open a socket in a session for a short time."""

    session: Session
    expires: float
    used: bool = False


@dataclass(slots=True)
class Tickets:
    """All issued tickets."""

    clock: Clock
    faults: Faults
    counters: Counters
    tokens: Tokens
    _tickets: dict[str, Ticket] = field(default_factory=dict)

    def issue(self, session: Session) -> tuple[str, int]:
        """Return a new ticket and its lifetime in announced seconds."""
        value = secrets.token_urlsafe(32)
        life = self.clock.life(self.faults.ticket_ttl)
        self._tickets[value] = Ticket(session, self.clock.now() + life)
        self.counters.tickets_issued += 1
        self.clock.call_later(life, lambda: self._forget(value))
        return value, self.clock.announce(self.faults.ticket_ttl)

    def redeem(self, value: str | None) -> Session | None:
        """Return the session that a ticket opens, or None for an invalid, expired or used one.

        Official clients reuse a ticket within its lifetime (docs/protocol.md 7.1), so this is
        allowed unless `ticket_single_use` is on.
        """
        ticket = self._tickets.get(value or "")
        if ticket is None or self.clock.now() >= ticket.expires:
            return None
        if ticket.used and self.faults.ticket_single_use:
            return None
        ticket.used = True
        return ticket.session if self.tokens.alive(ticket.session) else None

    def _forget(self, value: str) -> None:
        self._tickets.pop(value, None)
