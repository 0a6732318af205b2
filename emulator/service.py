"""The state that all parts of the emulator share."""

from dataclasses import dataclass
import hashlib
import random

from .account import Account
from .calllog import CallLog
from .clock import Clock
from .counters import Counters
from .faults import Faults
from .messages import Mailboxes
from .ratelimit import RateLimiter
from .subscriptions import Subscriptions
from .tokens import Tokens


@dataclass(slots=True)
class Service:
    """The state behind the HTTP and WebSocket fronts."""

    account: Account
    clock: Clock
    faults: Faults
    counters: Counters
    tokens: Tokens
    limiter: RateLimiter
    subscriptions: Subscriptions
    mailboxes: Mailboxes
    call_log: CallLog
    rng: random.Random
    client_id: str
    client_secret: str
    jwts: dict[str, int]
    """Extension ids by JWT."""

    @classmethod
    def build(
        cls, extensions: int, seed: int, time_factor: float, *, rate_limits: bool
    ) -> Service:
        """Make a service; `extensions` and `seed` decide its account and credentials."""
        account = Account(extensions, seed)
        clock = Clock(time_factor)
        faults, counters = Faults(), Counters()
        rng = random.Random(f"service-{seed}")
        mailboxes = Mailboxes(clock, random.Random(f"messages-{seed}"))
        return cls(
            account=account,
            clock=clock,
            faults=faults,
            counters=counters,
            tokens=Tokens(clock, faults, counters),
            limiter=RateLimiter(clock, faults, counters, rate_limits),
            subscriptions=Subscriptions(
                account, clock, faults, counters, rng, mailboxes
            ),
            mailboxes=mailboxes,
            call_log=CallLog(
                clock,
                random.Random(f"call-log-{seed}"),
                lambda: faults.call_log_delay,
            ),
            rng=rng,
            client_id=_word(seed, "client", 22),
            client_secret=_word(seed, "secret", 44),
            jwts={
                jwt_for(seed, ext.id): ext.id
                for ext in account.extensions.values()
                if ext.status == "Enabled" and ext.has_presence
            },
        )


def jwt_for(seed: int, ext_id: int) -> str:
    """Return the JWT of an extension: three parts, opaque to the client and the emulator."""
    parts = ("header", "payload", "signature")
    return ".".join(_word(seed, f"jwt-{part}-{ext_id}", 40) for part in parts)


def _word(seed: int, purpose: str, length: int) -> str:
    return hashlib.sha256(f"{seed}-{purpose}".encode()).hexdigest()[:length]
