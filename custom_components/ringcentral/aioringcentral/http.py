"""One HTTP request to RingCentral: stays within the budget, and puts every failure into one of the four families."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
import ipaddress
import logging
from typing import Any, Final

import aiohttp
from yarl import URL

from . import durations
from .credentials import cleaned
from .decoding import decode
from .error_codes import codes_of, error_from_reply
from .errors import Misconfigured, Reason, RetryLater
from .limits import Place, RateBudget, RateGroup
from .recording import Recorder
from .service_clock import ServiceClock

_LOGGER = logging.getLogger(__name__)

# Most bytes of a reply, once it is decompressed. The largest real ones, with 1,000 detailed presences, have a few
# megabytes.
LARGEST_BODY: Final = 16 * 1024 * 1024
# Seconds for one request, and the longest wait for a place in the window; a longer one is an error.
REQUEST_TIMEOUT: Final = 20.0
LONGEST_WAIT: Final = 10.0

# Where RingCentral's own servers are (docs/protocol.md 1.1).
_DOMAINS: Final = (".ringcentral.com", ".ringcentral.biz")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An HTTP reply below 400 with its decoded JSON body (None if it has none), or with the bytes that were requested."""

    status: int
    body: Any = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)


class _Attempts:
    """Counts how often a request is begun, since aiohttp repeats one whose reused connection breaks."""

    count = 0

    async def __call__(
        self, request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        self.count += 1
        return await handler(request)


def is_loopback(host: str | None) -> bool:
    """Whether a host name or address is this machine."""
    if host is None:
        return False
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def check_server(server: str) -> str:
    """Return a server's base URL in its plain form.

    Raises:
        Misconfigured: the address is not an https URL of a host; http is for this machine alone.
    """
    try:
        url = URL(cleaned(server))
        host = _host(url)
    except ValueError as err:
        raise Misconfigured(Reason.INVALID_ADDRESS) from err
    secure = url.scheme == "https" or (url.scheme == "http" and is_loopback(host))
    if not secure or url.user or url.query_string or url.fragment:
        raise Misconfigured(Reason.INVALID_ADDRESS)
    return str(url).rstrip("/")


def _host(url: URL) -> str:
    """Return a URL's host; raise `ValueError` if it has none that can be looked up."""
    host = url.host or ""
    # Encode it as a resolver would, which refuses labels that are too long or empty.
    if not host or not host.encode("idna"):
        raise ValueError
    return host


def check_socket(uri: str, server: str) -> bool:
    """Whether to connect to a ticket's address: it is secure, and belongs to the server or to RingCentral."""
    try:
        url, home = URL(uri), URL(server).host or ""
        host = _host(url)
    except ValueError:
        return False
    if url.user or is_loopback(host) is not is_loopback(home):
        return False
    if is_loopback(home):
        return url.scheme in ("ws", "wss", "http", "https")
    is_known = host == home or host.endswith(_DOMAINS)
    return is_known and url.scheme in ("wss", "https")


class Http:
    """Sends requests to one server through a session that belongs to the caller."""

    def __init__(
        self, session: aiohttp.ClientSession, server: str, budget: RateBudget
    ) -> None:
        """Send requests through a session to a server's base URL, within the budget of the user and app.

        Raises:
            Misconfigured: see `check_server`.
        """
        self.session = session
        self.server = check_server(server)
        self.budget = budget
        self.recorder: Recorder | None = None
        self.clock = ServiceClock()

    async def send(
        self,
        method: str,
        path: str,
        group: RateGroup,
        *,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str | int] | None = None,
        form: Mapping[str, str] | None = None,
        json: Mapping[str, Any] | None = None,
        is_binary: bool = False,
    ) -> Reply:
        """Send one request when the budget allows it; a binary body is returned as bytes, and never recorded.

        Raises:
            RetryLater: no network, a time-out, a 5xx or a 429; or a place in the rate window is further
                away than `LONGEST_WAIT` seconds, or a penalty runs: then nothing was sent.
            SignInRequired, PermissionMissing, Misconfigured: the service refused the request.
        """
        place = await self.reserve_place(group)
        began = place.at
        attempts = _Attempts()
        try:
            async with self.session.request(
                method,
                URL(f"{self.server}{path}", encoded=True),
                headers={"Accept": "application/json", **(headers or {})},
                params=query,
                data=form,
                json=json,
                timeout=aiohttp.ClientTimeout(total=REQUEST_TIMEOUT),
                allow_redirects=False,
                middlewares=(attempts,) if method == "PUT" else None,
            ) as response:
                raw = await _read(response)
        except aiohttp.ClientConnectorError as err:
            is_tls = isinstance(err, aiohttp.ClientSSLError)
            raise RetryLater(
                Reason.TLS_FAILED if is_tls else Reason.CANNOT_CONNECT,
                # The first attempt may have arrived before its connection broke.
                may_have_worked=attempts.count > 1,
            ) from _bare(err)
        except RetryLater as err:
            err.may_have_worked = method == "PUT"
            raise
        except (aiohttp.ClientError, TimeoutError, OSError) as err:
            raise RetryLater(
                Reason.CANNOT_CONNECT, may_have_worked=method == "PUT"
            ) from _bare(err)
        finally:
            place.at = asyncio.get_running_loop().time()
        self.clock.hear(response.headers, durations.steady_clock())
        if self.recorder is not None:
            self.recorder.replied(
                method,
                path,
                response.status,
                response.headers,
                b"" if is_binary else raw,
                place.at,
                place.at - began,
            )
        is_error = response.status >= 300
        body = raw if is_binary and not is_error else decode(raw)
        self.learn_from_reply(group, place, response.status, response.headers, body)
        if response.status in range(300, 400) or (raw and body is None):
            # A proxy, a firewall or a captive portal answered instead of the service, so the status means nothing.
            raise RetryLater(
                Reason.SERVICE_ERROR,
                may_have_worked=method == "PUT",
                status=response.status if response.status >= 500 else None,
            )
        if response.status >= 400:
            error = error_from_reply(response.status, body, response.headers)
            if isinstance(error, RetryLater):
                # A refusal without a code of the service says nothing about the request behind it.
                is_told = error.code is not None and response.status < 500
                error.may_have_worked = method == "PUT" and (
                    attempts.count > 1 or not is_told
                )
                if response.status >= 500:
                    error.status = response.status
            raise error
        return Reply(status=response.status, body=body, headers=response.headers)

    async def reserve_place(self, group: RateGroup) -> Place:
        """Wait for a place in the rate window, and return it for `learn_from_reply`.

        Raises:
            RetryLater: a penalty runs, or the place is more than `LONGEST_WAIT` seconds away.
        """
        clock = asyncio.get_running_loop().time
        while (wait := self.budget.delay(group, clock())) > 0:
            if wait > LONGEST_WAIT or self.budget.penalty(group, clock()) > 0:
                raise RetryLater(Reason.RATE_LIMITED, retry_after=wait)
            await asyncio.sleep(wait)
        return self.budget.sent(group, clock())

    def learn_from_reply(
        self,
        group: RateGroup,
        place: Place,
        status: int,
        headers: Mapping[str, str],
        body: Any,
    ) -> None:
        """Learn limits from a reply, and begin the penalty of a 429."""
        now = place.at = asyncio.get_running_loop().time()
        self.budget.replied(group, headers, now)
        if status < 400:
            return
        error = error_from_reply(status, body, headers)
        _LOGGER.debug(
            "Refused with %s: %s, request %s", status, error, request_id(headers)
        )
        if isinstance(error, RetryLater) and error.reason is Reason.RATE_LIMITED:
            wait = error.retry_after or 0.0
            self.budget.refused(
                group, wait, now, everything="CMN-310" in codes_of(body)
            )


async def _read(response: aiohttp.ClientResponse) -> bytes:
    """Return a body, decompressed.

    Raises:
        RetryLater: it has more than `LARGEST_BODY` bytes; the rest is not read.
    """
    body = bytearray()
    async for part in response.content.iter_any():
        body += part
        if len(body) > LARGEST_BODY:
            _LOGGER.debug("Refused a body of more than %s bytes", LARGEST_BODY)
            raise RetryLater(Reason.SERVICE_ERROR)
    return bytes(body)


def request_id(headers: Mapping[str, str]) -> str:
    """Return the service's id of a request, which its support asks for."""
    found = headers.get("RCRequestId", "")
    return found if len(found) <= 64 and found.replace("-", "").isalnum() else "unknown"


def _bare(error: BaseException) -> BaseException:
    # A client error's text may contain the URL, and with it a ticket: keep only the kind of error.
    return ConnectionError(type(error).__name__)
