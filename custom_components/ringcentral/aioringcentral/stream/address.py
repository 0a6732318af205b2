"""Where a ticket may lead: to the host that we signed in to, or to RingCentral. Pure."""

from typing import Final

from yarl import URL

from ..errors import Reason, RetryLater
from ..http import is_loopback
from ..models import Ticket
from .frames import RecoveryToken

# RingCentral's own domains (docs/protocol.md 1.1), in which its sockets have hosts of their own.
_DOMAINS: Final = ("ringcentral.com", "ringcentral.biz")


def socket_url(ticket: Ticket, server: str, recovery: RecoveryToken | None) -> URL:
    """Return the address of a socket with the ticket in it.

    Args:
        ticket: as the service gave it.
        server: base URL of the server that we signed in to.
        recovery: the token that recovers an earlier session, or None.

    Raises:
        RetryLater: the address cannot be read, is not secure, or belongs to a host that must not see the
            ticket. The next ticket may have another.
    """
    try:
        uri, home = URL(ticket.uri), URL(server)
        is_fine = _is_secure(uri) and _is_known(uri.host, home.host) and not uri.user
        query = {"access_token": ticket.token}
        if recovery is not None:
            query["wsc"] = recovery.token
        url = uri.with_fragment(None).update_query(query)
    except (ValueError, TypeError) as err:
        raise RetryLater(Reason.INVALID_ADDRESS) from ValueError(type(err).__name__)
    if not is_fine:
        raise RetryLater(Reason.INVALID_ADDRESS)
    return url


def _is_secure(uri: URL) -> bool:
    """Whether nobody between here and there can read along; this machine itself needs no TLS."""
    if uri.scheme in ("ws", "http"):
        return is_loopback(uri.host)
    return uri.scheme in ("wss", "https")


def _is_known(host: str | None, home: str | None) -> bool:
    if host is None or home is None:
        return False
    if host == home or (is_loopback(host) and is_loopback(home)):
        return True
    return any(host == each or host.endswith(f".{each}") for each in _DOMAINS)
