"""One request: within the budget, to the service alone, and every failure in one of the families."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
import logging
import socket
import ssl
import traceback
import tracemalloc
from typing import Any
from unittest.mock import patch
import zlib

import aiohttp
from aiohttp import web
import pytest

from aioringcentral.error_codes import LONGEST_RETRY_AFTER
from aioringcentral.errors import (
    Misconfigured,
    PermissionMissing,
    Reason,
    RetryLater,
    RingCentralError,
    TokenRejected,
)
from aioringcentral.http import (
    LARGEST_BODY,
    Http,
    check_server,
    is_loopback,
    request_id,
)
from aioringcentral.limits import RateBudget, RateGroup

from .certificates import self_signed

HOME = "aioringcentral.http"
LIGHT = RateGroup.LIGHT
SECRET = "ticket-4711"

type Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Server:
    """A server that answers as it is told, and notes what it was asked."""

    url: str = ""
    asked: list[web.Request] = field(default_factory=list)
    answer: Answer | web.Response = field(
        default_factory=lambda: web.json_response({"id": 7})
    )

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer a request."""
        self.asked.append(request)
        await request.read()
        if isinstance(self.answer, web.Response):
            fresh = self.answer
            return web.Response(
                status=fresh.status, body=fresh.body, headers=fresh.headers
            )
        return await self.answer(request)


async def serve(server: Server, tls: ssl.SSLContext | None = None) -> web.AppRunner:
    """Let a server listen on this machine."""
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", server.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
    scheme = "https" if tls else "http"
    server.url = f"{scheme}://127.0.0.1:{runner.addresses[0][1]}"
    return runner


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    """Return a server that listens."""
    made = Server()
    runner = await serve(made)
    yield made
    await runner.cleanup()


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    """Return a session, as Home Assistant would."""
    async with aiohttp.ClientSession() as made:
        yield made


@pytest.fixture
def http(server: Server, session: aiohttp.ClientSession) -> Http:
    """Return the way to the server."""
    return Http(session, server.url, RateBudget())


async def get(http: Http, **more: Any) -> Any:
    """Send a request, and return the body of its reply."""
    reply = await http.send("GET", "/restapi/v1.0/account/~", LIGHT, **more)
    return reply.body


# Addresses.


@pytest.mark.parametrize(
    ("typed", "plain"),
    [
        ("https://platform.ringcentral.com", "https://platform.ringcentral.com"),
        (" https://platform.ringcentral.biz/ ", "https://platform.ringcentral.biz"),
        ("https://gateway.example.com/ring", "https://gateway.example.com/ring"),
        ("https://example.com:8443", "https://example.com:8443"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://localhost:8080/", "http://localhost:8080"),
        ("http://[::1]:8080", "http://[::1]:8080"),
    ],
)
def test_an_address_in_its_plain_form(typed: str, plain: str) -> None:
    assert check_server(typed) == plain


@pytest.mark.parametrize(
    "typed",
    [
        "http://platform.ringcentral.com",
        "http://127.0.0.1.example.com",
        "http://192.168.1.4",
        "platform.ringcentral.com",
        "ftp://127.0.0.1",
        "wss://platform.ringcentral.com",
        "https://",
        "https:///path",
        "https://user:password@example.com",
        "https://example.com?a=b",
        "https://example.com#part",
        "https://example.com:port",
        "https://[::1",
        "https://xn--.com",
        "https://a..example.com",
        f"https://{'a' * 64}.example.com",
        "",
    ],
)
def test_what_is_no_address(typed: str) -> None:
    with pytest.raises(Misconfigured) as raised:
        check_server(typed)
    assert raised.value.reason is Reason.INVALID_ADDRESS


@pytest.mark.parametrize(
    ("host", "this_machine"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("localhost", True),
        ("localhost.example.com", False),
        ("10.0.0.1", False),
        (None, False),
    ],
)
def test_this_machine(host: str | None, this_machine: bool) -> None:
    assert is_loopback(host) is this_machine


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ("0a1b-2c3d", "0a1b-2c3d"),
        ("", "unknown"),
        ("Alice Smith", "unknown"),
        ("a" * 65, "unknown"),
    ],
)
def test_the_id_of_a_request_is_an_id(told: str, kept: str) -> None:
    assert request_id({"RCRequestId": told}) == kept


# What is sent, and what comes back.


async def test_a_request(http: Http, server: Server) -> None:
    body = await get(http, headers={"X": "y"}, query={"page": 2, "perPage": 10})
    assert body == {"id": 7}
    (request,) = server.asked
    assert request.path_qs == "/restapi/v1.0/account/~?page=2&perPage=10"
    assert request.headers["Accept"] == "application/json"
    assert request.headers["X"] == "y"


async def test_a_form_and_json(http: Http, server: Server) -> None:
    noted: list[tuple[str, bytes]] = []

    async def note(request: web.Request) -> web.StreamResponse:
        noted.append((request.content_type, await request.read()))
        return web.json_response({})

    server.answer = note
    await http.send("POST", "/f", LIGHT, form={"a": "b c"})
    await http.send("PUT", "/j", LIGHT, json={"a": 1})
    assert noted == [
        ("application/x-www-form-urlencoded", b"a=b+c"),
        ("application/json", b'{"a": 1}'),
    ]


@pytest.mark.parametrize("size", [17, 200])
@pytest.mark.parametrize("encoding", ["gzip", "deflate", None])
async def test_a_body_without_bound_is_not_read_whole(
    http: Http, server: Server, encoding: str | None, size: int
) -> None:
    """It may be small on the way: what it unpacks to counts."""
    plain = b" " * 1024 * 1024
    pack = zlib.compressobj(wbits=31 if encoding == "gzip" else zlib.MAX_WBITS)
    if encoding is None:
        body = plain * min(size, 20)
    else:
        body = b"".join(pack.compress(plain) for _ in range(size)) + pack.flush()
    headers = {} if encoding is None else {"Content-Encoding": encoding}
    server.answer = web.Response(
        body=body, headers=headers, content_type="application/json"
    )
    tracemalloc.start()
    try:
        with pytest.raises(RetryLater):
            await get(http)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # The bound, what one part adds to it, and the body that this test serves.
    assert peak < 4 * LARGEST_BODY + len(body)


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd", "made-up"])
async def test_a_body_that_is_not_packed_as_it_says(
    http: Http, server: Server, encoding: str
) -> None:
    server.answer = web.Response(
        body=b'{"id": 1}' * 9, headers={"Content-Encoding": encoding}
    )
    with pytest.raises(RetryLater):
        await get(http)


@pytest.mark.parametrize(
    "value", ["inf", "-inf", "nan", "-5", "1e308", "9" * 400, "", "soon", "0x10"]
)
@pytest.mark.parametrize("status", [200, 429])
async def test_odd_headers_are_not_learned(
    http: Http, server: Server, status: int, value: str
) -> None:
    names = ("X-Rate-Limit-Limit", "X-Rate-Limit-Window", "X-Rate-Limit-Remaining")
    headers = dict.fromkeys((*names, "Retry-After", "RCRequestId"), value)
    before = http.budget.summary(0.0)["light"]
    server.answer = web.json_response({}, status=status, headers=headers)
    with suppress(RetryLater):
        await get(http)
    now = asyncio.get_running_loop().time()
    light = http.budget.summary(now)["light"]
    for name in ("limit", "window_seconds", "remaining_by_service"):
        assert light[name] == before[name]
    assert http.budget.penalty(LIGHT, now) <= LONGEST_RETRY_AFTER


async def test_a_reply_without_a_body(http: Http, server: Server) -> None:
    server.answer = web.Response(status=204)
    assert await get(http) is None


@pytest.mark.parametrize(
    ("status", "error", "family"),
    [
        (400, "CMN-101", Misconfigured),
        (401, "OAU-213", TokenRejected),
        (403, "CMN-401", PermissionMissing),
        (404, "CMN-102", Misconfigured),
        (500, "CMN-203", RetryLater),
        (503, "CMN-201", RetryLater),
    ],
)
async def test_a_refusal_of_the_service(
    http: Http,
    server: Server,
    caplog: pytest.LogCaptureFixture,
    status: int,
    error: str,
    family: type[RingCentralError],
) -> None:
    server.answer = web.json_response(
        {"errorCode": error, "message": "Alice Smith may not"}, status=status
    )
    with caplog.at_level(logging.DEBUG, HOME), pytest.raises(family) as raised:
        await get(http)
    assert raised.value.code == error
    assert error in caplog.text
    assert "Alice" not in caplog.text


@pytest.mark.parametrize("status", [200, 302, 400, 401, 403, 404, 407, 429, 502, 511])
async def test_a_page_is_not_the_service(
    http: Http, server: Server, status: int
) -> None:
    """A proxy, a firewall or a captive portal: whatever its status says, it is not what the service says."""
    server.answer = web.Response(
        status=status, text="<html>Sign in to the network</html>"
    )
    with pytest.raises(RetryLater):
        await get(http)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_nobody_is_followed_elsewhere(
    http: Http, server: Server, status: int
) -> None:
    """The token is for the service: a redirect would carry it to others."""
    server.answer = web.Response(status=status, headers={"Location": "/elsewhere"})
    with pytest.raises(RetryLater):
        await get(http)
    assert len(server.asked) == 1


async def test_a_body_that_breaks_off(http: Http, server: Server) -> None:
    async def break_off(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "1000"})
        await response.prepare(request)
        await response.write(b'{"id"')
        assert request.transport is not None
        request.transport.abort()
        return response

    server.answer = break_off
    with pytest.raises(RetryLater) as raised:
        await get(http)
    assert raised.value.reason is Reason.CANNOT_CONNECT


async def test_a_server_that_says_nothing(http: Http, server: Server) -> None:
    given_up = asyncio.Event()

    async def wait(request: web.Request) -> web.StreamResponse:
        await given_up.wait()
        return web.Response()

    server.answer = wait
    with patch(f"{HOME}.REQUEST_TIMEOUT", 0.1), pytest.raises(RetryLater) as raised:
        await get(http)
    given_up.set()
    assert raised.value.reason is Reason.CANNOT_CONNECT


async def test_a_port_where_nobody_listens(session: aiohttp.ClientSession) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    http = Http(session, f"http://127.0.0.1:{port}", RateBudget())
    with pytest.raises(RetryLater) as raised:
        await get(http)
    assert raised.value.reason is Reason.CANNOT_CONNECT


async def test_a_change_that_was_sent_before_the_service_went_is_in_doubt(
    session: aiohttp.ClientSession,
) -> None:
    """A request on a reused connection is sent once more when that breaks: the second fails, the first arrived."""
    server = Server()
    runner = await serve(server)
    http = Http(session, server.url, RateBudget())
    await get(http)

    async def go(request: web.Request) -> web.StreamResponse:
        for site in tuple(runner.sites):
            await site.stop()
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    server.answer = go
    with pytest.raises(RetryLater) as raised:
        await http.send("PUT", "/presence", RateGroup.MEDIUM, json={})
    await runner.cleanup()
    assert [request.method for request in server.asked] == ["GET", "PUT"]
    assert raised.value.reason is Reason.CANNOT_CONNECT
    assert raised.value.may_have_worked


async def test_a_change_that_is_refused_the_second_time_is_in_doubt(
    http: Http, server: Server
) -> None:
    await get(http)

    async def break_off(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.abort()
        server.answer = limited()
        return web.Response()

    server.answer = break_off
    with pytest.raises(RetryLater) as raised:
        await http.send("PUT", "/presence", RateGroup.MEDIUM, json={})
    assert len(server.asked) == 3
    assert raised.value.reason is Reason.RATE_LIMITED
    assert raised.value.may_have_worked


async def test_an_error_keeps_no_address(session: aiohttp.ClientSession) -> None:
    """The text of the library's errors may hold the address, and in it a ticket."""
    http = Http(session, "http://127.0.0.1:9", RateBudget())
    with (
        patch.object(
            session, "request", side_effect=aiohttp.InvalidURL(f"http://x?{SECRET}")
        ),
        pytest.raises(RetryLater) as raised,
    ):
        await get(http)
    assert SECRET not in "".join(traceback.format_exception(raised.value))


# TLS.


async def test_a_certificate_that_nobody_signed(session: aiohttp.ClientSession) -> None:
    server = Server()
    runner = await serve(server, self_signed())
    try:
        with pytest.raises(RetryLater) as raised:
            await get(Http(session, server.url, RateBudget()))
    finally:
        await runner.cleanup()
    assert raised.value.reason is Reason.TLS_FAILED
    assert server.asked == []


async def test_a_server_that_speaks_no_tls(
    session: aiohttp.ClientSession, server: Server
) -> None:
    https = server.url.replace("http:", "https:")
    with pytest.raises(RetryLater) as raised:
        await get(Http(session, https, RateBudget()))
    assert raised.value.reason is Reason.TLS_FAILED


# The budget.


def limited(**headers: str) -> web.Response:
    """Return a 429."""
    code = headers.pop("code", "CMN-301")
    return web.json_response({"errorCode": code}, status=429, headers=headers)


async def test_nothing_is_sent_in_a_penalty(http: Http, server: Server) -> None:
    """Each request would restart it."""
    server.answer = limited(**{"Retry-After": "30"})
    with pytest.raises(RetryLater) as raised:
        await get(http)
    assert (raised.value.reason, raised.value.retry_after) == (Reason.RATE_LIMITED, 30)
    for _ in range(3):
        with pytest.raises(RetryLater) as raised:
            await get(http)
        assert raised.value.reason is Reason.RATE_LIMITED
        assert raised.value.retry_after == pytest.approx(30, abs=1)
    assert len(server.asked) == 1
    # Another group has a budget of its own.
    server.answer = web.json_response({})
    await http.send("GET", "/", RateGroup.HEAVY)
    assert len(server.asked) == 2


async def test_a_limit_of_all_stops_every_group(http: Http, server: Server) -> None:
    """CMN-310 is counted by address, not by call."""
    server.answer = limited(code="CMN-310", **{"Retry-After": "30"})
    with pytest.raises(RetryLater):
        await get(http)
    for group in RateGroup:
        with pytest.raises(RetryLater):
            await http.send("GET", "/", group)
    assert len(server.asked) == 1


async def test_a_penalty_ends(http: Http, server: Server) -> None:
    server.answer = limited(**{"Retry-After": "0.05"})
    with pytest.raises(RetryLater):
        await get(http)
    server.answer = web.json_response({"id": 8})
    now = asyncio.get_running_loop().time()
    await asyncio.sleep(http.budget.penalty(LIGHT, now) + 0.01)
    assert await get(http) == {"id": 8}


async def test_a_place_that_is_near_is_waited_for(http: Http, server: Server) -> None:
    """Rather than bothering whoever asks."""
    server.answer = web.json_response(
        {}, headers={"X-Rate-Limit-Limit": "2", "X-Rate-Limit-Window": "0.2"}
    )
    loop = asyncio.get_running_loop()
    began = loop.time()
    for _ in range(5):
        await get(http)
    assert len(server.asked) == 5
    assert loop.time() - began >= 0.4


async def test_a_place_that_is_far_is_told(http: Http, server: Server) -> None:
    server.answer = web.json_response(
        {}, headers={"X-Rate-Limit-Limit": "1", "X-Rate-Limit-Window": "60"}
    )
    for _ in range(2):
        await get(http)
    with pytest.raises(RetryLater) as raised:
        await get(http)
    assert raised.value.reason is Reason.RATE_LIMITED
    assert raised.value.retry_after == pytest.approx(60, abs=1)
    assert len(server.asked) == 2


async def test_others_who_share_the_limit_are_respected(
    http: Http, server: Server
) -> None:
    """The service says that nothing is left, whoever took it."""
    server.answer = web.json_response({}, headers={"X-Rate-Limit-Remaining": "0"})
    await get(http)
    with pytest.raises(RetryLater):
        await get(http)
    assert len(server.asked) == 1


async def test_two_ways_of_one_user_share_a_budget(
    session: aiohttp.ClientSession, server: Server
) -> None:
    budget = RateBudget()
    server.answer = limited(**{"Retry-After": "30"})
    with pytest.raises(RetryLater):
        await get(Http(session, server.url, budget))
    with pytest.raises(RetryLater):
        await get(Http(session, server.url, budget))
    assert len(server.asked) == 1
