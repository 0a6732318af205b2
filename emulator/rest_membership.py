"""Monitored lines, favorites and queue membership (docs/protocol.md 2.2, 2.7)."""

from typing import Any

from . import shapes, shapes_lists
from .api import A, Reply, Request, Route, X, find_extension
from .errors import ApiError, bad_parameter, not_found
from .extension import Extension
from .service import Service

MAX_LINES = 100
LOCKED_LINES = 2


def _own_or_admin(service: Service, request: Request, ids: dict[str, str]) -> Extension:
    ext = find_extension(service, request, ids["extension"])
    owner = service.account.extensions[request.session.owner_id]
    if ext is not owner and not owner.admin:
        raise ApiError(403, "CMN-404", "Operation on other extension is not allowed")
    return ext


def _hud(service: Service) -> None:
    if "HUD" in service.faults.permissions_removed:
        raise ApiError(403, "CMN-109", "Feature [HUD] is not available")


def read_lines(service: Service, request: Request, ids: dict[str, str]) -> Reply:
    """GET the monitored lines of a user."""
    _hud(service)
    ext = _own_or_admin(service, request, ids)
    account = service.account
    page = request.number("page", 1, 1, None)
    per_page = request.number("perPage", 100, 1, 1000)
    lines = account.lines_of(ext.id)
    records = [
        shapes_lists.line(account, ext.id, each, request.base)
        for each in lines[(page - 1) * per_page : page * per_page]
    ]
    uri = (
        f"{request.base}/restapi/v1.0/account/{account.id}"
        f"/extension/{ext.id}/presence/line"
    )
    return Reply(
        body=shapes.listed(records, uri, request.query, page, per_page, len(lines))
    )


def _records(value: Any) -> list[dict[str, Any]]:
    if isinstance(value, dict):
        value = value.get("records")
    if not isinstance(value, list) or not all(isinstance(x, dict) for x in value):
        raise ApiError(400, "CMN-104", "Cannot parse request")
    return value


def update_lines(service: Service, request: Request, ids: dict[str, str]) -> Reply:
    """PUT replaces the whole list; it has to include the two locked lines."""
    _hud(service)
    ext = _own_or_admin(service, request, ids)
    wanted: list[int] = []
    for each in _records(request.json()):
        inner = each.get("extension")
        text = str(inner.get("id")) if isinstance(inner, dict) else ""
        if not text.isdigit() or int(text) not in service.account.extensions:
            raise bad_parameter("extension.id")
        wanted.append(int(text))
    if len(wanted) > MAX_LINES or wanted[:LOCKED_LINES] != [ext.id] * LOCKED_LINES:
        raise bad_parameter("records")
    if len(set(wanted[LOCKED_LINES:])) != len(wanted) - LOCKED_LINES:
        raise bad_parameter("records")
    service.account.set_lines(ext.id, wanted[LOCKED_LINES:])
    return read_lines(service, request, ids)


def read_favorites(service: Service, request: Request, ids: dict[str, str]) -> Reply:
    """GET the favorites of a user."""
    ext = _own_or_admin(service, request, ids)
    account = service.account
    return Reply(
        body={
            "uri": f"{request.base}/restapi/v1.0/account/{account.id}"
            f"/extension/{ext.id}/favorite",
            "records": [
                shapes_lists.favorite(each)
                for each in account.favorites.get(ext.id, [])
            ],
        }
    )


def update_favorites(service: Service, request: Request, ids: dict[str, str]) -> Reply:
    """PUT replaces the favorites."""
    ext = _own_or_admin(service, request, ids)
    entries: list[int | str] = []
    for each in _records(request.json()):
        text = each.get("extensionId")
        if text is not None:
            if not str(text).isdigit() or int(text) not in service.account.extensions:
                raise bad_parameter("extensionId")
            entries.append(int(text))
        elif isinstance(contact := each.get("contactId"), str):
            entries.append(contact)
        else:
            raise bad_parameter("records")
    service.account.set_favorites(ext.id, entries)
    return read_favorites(service, request, ids)


def _readable(service: Service) -> None:
    if service.faults.queue_readings == "forbidden":
        # The documentation does not say who may read this.
        raise ApiError(
            403,
            "CMN-408",
            "In order to call this API endpoint, user needs to have [ReadPresenceStatus] permission for requested resource.",
        )


def _queue(service: Service, ids: dict[str, str]) -> int:
    text = ids["queue"]
    if not text.isdigit() or int(text) not in service.account.queues:
        raise not_found("groupId")
    return int(text)


def read_queue(service: Service, _request: Request, ids: dict[str, str]) -> Reply:
    """GET which members take the calls of a queue."""
    _readable(service)
    queue_id = _queue(service, ids)
    account = service.account
    return Reply(
        body={
            "records": [
                shapes_lists.queue_member(account.extensions[member], queue_id)
                for member in account.members(queue_id)
            ]
        }
    )


def update_queue(service: Service, request: Request, ids: dict[str, str]) -> Reply:
    """PUT which members take the calls of a queue."""
    queue_id = _queue(service, ids)
    members = service.account.members(queue_id)
    accepts: dict[int, bool] = {}
    for each in _records(request.json_object()):
        inner, accept = each.get("member"), each.get("acceptCurrentQueueCalls")
        text = str(inner.get("id")) if isinstance(inner, dict) else ""
        if not text.isdigit() or int(text) not in members:
            raise bad_parameter("member.id")
        if not isinstance(accept, bool):
            raise bad_parameter("acceptCurrentQueueCalls")
        accepts[int(text)] = accept
    service.account.set_queue_calls(queue_id, accepts)
    return read_queue(service, request, ids)


def read_member(service: Service, request: Request, ids: dict[str, str]) -> Reply:
    """GET the queues of a member and whether their calls are taken."""
    _readable(service)
    ext = find_extension(service, request, ids["extension"])
    account = service.account
    return Reply(
        body={
            "records": [
                shapes_lists.queue_of_member(
                    account.extensions[queue],
                    ext,
                    editable=queue not in account.locked_queues,
                )
                for queue in account.queues_of(ext.id)
            ]
        }
    )


def update_member(service: Service, request: Request, ids: dict[str, str]) -> Reply:
    """PUT whether a member takes the calls of queues."""
    ext = _own_or_admin(service, request, ids)
    queues = service.account.queues_of(ext.id)
    for each in _records(request.json_object()):
        inner, accept = each.get("callQueue"), each.get("acceptCalls")
        text = str(inner.get("id")) if isinstance(inner, dict) else ""
        if not text.isdigit() or int(text) not in queues:
            raise bad_parameter("callQueue.id")
        if not isinstance(accept, bool):
            raise bad_parameter("acceptCalls")
        if int(text) in service.account.locked_queues:
            # The service's code for this is not known.
            raise ApiError(403, "CMN-404", "Member status of the queue is not editable")
        service.account.set_queue_calls(int(text), {ext.id: accept})
    return read_member(service, request, ids)


LINE, FAVORITE = X + "/presence/line", X + "/favorite"
QUEUE, MEMBER = A + "/call-queues/{queue}/presence", X + "/call-queue-presence"

ROUTES = [
    Route("GET", LINE, "Light", read_lines, "ReadPresence", "ReadPresenceSettings"),
    Route("PUT", LINE, "Medium", update_lines, "EditPresence", "EditPresenceSettings"),
    Route(
        "GET",
        FAVORITE,
        "Light",
        read_favorites,
        "ReadContacts",
        "ReadPersonalContacts",
    ),
    Route(
        "PUT", FAVORITE, "Medium", update_favorites, "Contacts", "EditPersonalContacts"
    ),
    Route("GET", QUEUE, "Light", read_queue, "ReadPresence"),
    Route("PUT", QUEUE, "Medium", update_queue, "EditPresence"),
    Route("GET", MEMBER, "Light", read_member, "ReadPresence"),
    Route("PUT", MEMBER, "Medium", update_member, "EditPresence"),
]
