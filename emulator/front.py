"""The HTTP front: from aiohttp's requests to ours and back."""

from collections.abc import Awaitable, Callable

from aiohttp import web
import orjson

from .api import Api, Reply, Request, error_reply, parse_target
from .counters import route_name
from .errors import ApiError
from .service import Service

REQUEST_ID = "RCRequestId"


def bearer(request: web.Request) -> str:
    """Return the access token of a request; raise ApiError if there is none."""
    header = request.headers.get("Authorization")
    if header is None:
        if token := request.query.get("access_token"):
            return token
        raise ApiError(401, "AGW-401", "Authorization header is not specified")
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise ApiError(401, "AGW-402", "Invalid Authorization header")
    return token.strip()


def respond(reply: Reply) -> web.Response:
    """Return a reply as aiohttp sends it."""
    if reply.status == 204:
        return web.Response(status=204, headers=reply.headers)
    if reply.data is not None:
        body = reply.data
    else:
        raw = reply.raw
        body = orjson.dumps(reply.body) if raw is None else raw.encode()
    return web.Response(
        status=reply.status,
        body=body,
        headers={**reply.headers, "Content-Type": reply.content_type},
    )


def rest_handler(
    service: Service, api: Api
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """Return the handler of everything under /restapi/."""

    async def handle(request: web.Request) -> web.StreamResponse:
        try:
            session = service.tokens.check(bearer(request))
        except ApiError as error:
            name = route_name(request.method, request.path)
            service.counters.requests[name] += 1
            service.counters.replies[str(error.status)] += 1
            return respond(error_reply(error, service))
        path, query = parse_target(request.raw_path)
        if any(name == "access_token" for name, _ in query):
            query = [(name, value) for name, value in query if name != "access_token"]
        reply = await api.answer(
            Request(
                request.method,
                path,
                query,
                request.headers,
                await request.read(),
                session,
                f"{request.scheme}://{request.host}",
            )
        )
        return respond(reply)

    return handle
