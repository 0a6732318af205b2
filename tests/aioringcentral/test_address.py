"""Where a ticket may lead."""

from typing import Any

import pytest
from yarl import URL

from aioringcentral.errors import Reason, RetryLater
from aioringcentral.models import Ticket
from aioringcentral.stream.address import socket_url
from aioringcentral.stream.frames import RecoveryToken

CLOUD = "https://platform.ringcentral.com"
OWN = "https://pbx.example.com:8443"
HERE = "http://127.0.0.1:8123"
TOKEN = "ticket-4711"


def address(uri: Any, server: str, recovery: RecoveryToken | None = None) -> URL:
    """Return the socket's address for a ticket."""
    return socket_url(Ticket(uri=uri, token=TOKEN), server, recovery)


@pytest.mark.parametrize(
    ("uri", "server"),
    [
        ("wss://ws-api.ringcentral.com/ws", CLOUD),
        ("wss://WS-API.RingCentral.com/ws", CLOUD),
        ("wss://ringcentral.com", CLOUD),
        ("wss://ws.platform.ringcentral.biz/ws", "https://platform.ringcentral.biz"),
        ("wss://ws-api.ringcentral.com/ws", OWN),
        ("wss://pbx.example.com/ws", OWN),
        ("wss://pbx.example.com:9443/ws", OWN),
        ("https://pbx.example.com/ws", OWN),
        ("ws://127.0.0.1:9/ws", HERE),
        ("ws://localhost:9/ws", HERE),
        ("ws://[::1]:9/ws", HERE),
    ],
)
def test_hosts_that_see_a_ticket(uri: str, server: str) -> None:
    url = address(uri, server)
    assert url.query["access_token"] == TOKEN
    assert url.with_query(None) == URL(uri)


@pytest.mark.parametrize(
    ("uri", "server"),
    [
        # Strangers, some of them with a familiar name.
        ("wss://example.com/ws", CLOUD),
        ("wss://ringcentral.com.example.com/ws", CLOUD),
        ("wss://evilringcentral.com/ws", CLOUD),
        ("wss://ringcentral.org/ws", CLOUD),
        ("wss://192.0.2.1/ws", CLOUD),
        ("wss://ws-api.ringcentral.com@example.com/ws", CLOUD),
        ("wss://example.com#.ringcentral.com", CLOUD),
        ("wss://example.com/?.ringcentral.com", CLOUD),
        ("wss://sub.pbx.example.com/ws", OWN),
        ("wss://example.com/ws", OWN),
        # What is on this machine is no business of a service elsewhere.
        ("ws://127.0.0.1:8123/ws", CLOUD),
        ("wss://localhost/ws", CLOUD),
        ("ws://[::1]/ws", OWN),
        # Not secure.
        ("ws://ws-api.ringcentral.com/ws", CLOUD),
        ("http://pbx.example.com/ws", OWN),
        ("ftp://ws-api.ringcentral.com/ws", CLOUD),
        ("file:///etc/passwd", HERE),
        # Somebody's password does not belong there.
        ("wss://user:secret@ws-api.ringcentral.com/ws", CLOUD),
        # No address at all.
        ("", CLOUD),
        ("/ws", CLOUD),
        ("wss://", CLOUD),
        ("wss:///ws", CLOUD),
        ("http://[", CLOUD),
        ("wss://ws-api.ringcentral.com:port/ws", CLOUD),
        ("wss://[::1/ws", HERE),
        ("\x00", CLOUD),
        (None, CLOUD),
        (7, CLOUD),
        (["wss://ws-api.ringcentral.com"], CLOUD),
    ],
)
def test_addresses_that_see_none(uri: Any, server: str) -> None:
    """The next ticket may be better: that is no verdict, and no other error."""
    with pytest.raises(RetryLater) as raised:
        address(uri, server)
    assert raised.value.reason is Reason.INVALID_ADDRESS
    assert TOKEN not in repr(raised.value.__cause__)


def test_a_recovery_token_goes_along() -> None:
    recovery = RecoveryToken(token="wsc-1", sequence=1)
    url = address("wss://ws-api.ringcentral.com/ws?region=eu", CLOUD, recovery)
    assert dict(url.query) == {"region": "eu", "access_token": TOKEN, "wsc": "wsc-1"}


def test_what_is_there_already_gives_way() -> None:
    """One ticket, ours; and no fragment."""
    uri = "wss://ws-api.ringcentral.com/ws?access_token=theirs&wsc=theirs#part"
    url = address(uri, CLOUD)
    assert url.query.getall("access_token") == [TOKEN]
    assert not url.fragment
