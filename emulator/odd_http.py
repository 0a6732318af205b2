"""Odd replies over HTTP: the middleware in front of every endpoint."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import lru_cache
from typing import Any
import zlib

from aiohttp import web
import orjson

from . import odd_values
from .odd import Odd, next_odd
from .odd_bodies import odd_body
from .odd_frames import SLOW
from .service import Service

BOMB = 200 << 20
"""Bytes that a bomb unpacks to."""
CHUNK = 1 << 20
DRIP = 0.5
"""Seconds between two bytes of a reply that drips."""
ELSEWHERE = "/emulator/elsewhere"
"""Where a redirect leads; requests to it are counted."""
WITHOUT_BODY = (204, 304)

type Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def odd_middleware(service: Service) -> Any:
    """Return the middleware that makes replies odd if a switch says so."""

    @web.middleware
    async def answer(request: web.Request, handler: Handler) -> web.StreamResponse:
        path = request.path
        if not service.faults.odd or path.startswith("/emulator/"):
            return await handler(request)
        odd = next_odd(
            service.faults.odd, "http", request.method, path, request.query_string
        )
        if odd is None:
            return await handler(request)
        service.counters.odd[f"{odd.kind} http"] += 1
        # Do not open a socket first: once it is open, it cannot get another reply.
        done = odd.done and path.startswith("/restapi/")
        plain = await handler(request) if done else web.Response(body=b"{}")
        return await _send(odd, request, plain)

    return answer


def elsewhere(service: Service) -> Handler:
    """Return the handler of the path that redirects lead to."""

    async def answer(_request: web.Request) -> web.StreamResponse:
        service.counters.redirects_followed += 1
        return web.json_response({})

    return answer


async def _send(
    odd: Odd, request: web.Request, plain: web.StreamResponse
) -> web.StreamResponse:
    if odd.kind == "slow":
        await asyncio.sleep(SLOW if odd.seconds is None else odd.seconds)
    if odd.kind in ("lost", "cut"):
        if request.transport is not None:
            request.transport.abort()
        return web.Response()
    made = _response(odd, request, plain)
    if odd.kind == "drip":
        return await _drip(odd, request, made)
    return made


def _response(
    odd: Odd, request: web.Request, plain: web.StreamResponse
) -> web.Response:
    """Return the reply with odd body, status and headers."""
    was = plain.body if isinstance(plain, web.Response) else b""
    before = was if isinstance(was, bytes) else b""
    body, headers = _body(odd, before, request.path), dict(plain.headers)
    headers.pop("Content-Length", None)
    status = plain.status
    turn = odd.turn - 1
    match odd.kind:
        case "headers":
            headers |= odd_values.HEADERS[turn % len(odd_values.HEADERS)]
        case "content_type":
            kinds = odd_values.CONTENT_TYPES
            headers["Content-Type"] = kinds[turn % len(kinds)]
        case "html":
            headers["Content-Type"] = "text/html"
        case "bomb":
            headers["Content-Encoding"] = "gzip"
        case "redirect":
            status = 302
            headers["Location"] = ELSEWHERE if odd.value is None else str(odd.value)
        case "error":
            status = 400
    if odd.content_type is not None:
        headers["Content-Type"] = odd.content_type
    status = odd.status or status
    if status in WITHOUT_BODY:
        body = b""
    return web.Response(status=status, headers={**headers, **odd.headers}, body=body)


def _body(odd: Odd, before: bytes, path: str) -> bytes:
    if odd.kind == "bomb":
        return bomb(odd.size or BOMB)
    try:
        value = orjson.loads(before) if before else None
    except orjson.JSONDecodeError:
        # The reply is not JSON, so only kinds that do not need JSON apply.
        value = None
    unchanged = ("as_is", "headers", "content_type", "slow", "drip", "redirect")
    return before if odd.kind in unchanged else odd_body(odd, value, path)


@lru_cache(maxsize=4)
def bomb(size: int) -> bytes:
    """Return gzip of JSON that unpacks to `size` bytes."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    head, tail = b'{"emulatorPadding":"', b'"}'
    left = max(0, size - len(head) - len(tail))
    parts = [packer.compress(head)]
    zeros = b"0" * CHUNK
    while left > 0:
        parts.append(packer.compress(zeros[: min(left, CHUNK)]))
        left -= CHUNK
    return b"".join([*parts, packer.compress(tail), packer.flush()])


async def _drip(
    odd: Odd, request: web.Request, made: web.Response
) -> web.StreamResponse:
    """Send a reply byte by byte."""
    body = made.body if isinstance(made.body, bytes) else b""
    headers = {k: v for k, v in made.headers.items() if k != "Content-Length"}
    stream = web.StreamResponse(status=made.status, headers=headers)
    stream.content_length = len(body)
    await stream.prepare(request)
    # The client may have disconnected.
    with suppress(ConnectionResetError):
        for index in range(len(body)):
            await stream.write(body[index : index + 1])
            await asyncio.sleep(DRIP if odd.seconds is None else odd.seconds)
        await stream.write_eof()
    return stream
