"""Reading the presence of one, several or all extensions, and setting it (docs/protocol.md 2.4 to 2.6, 2.10)."""

from typing import Any
import uuid

import orjson

from . import shapes
from .api import A, Reply, Request, Route, X, find_extension
from .errors import ApiError, bad_parameter, user_permission
from .extension import (
    CALLER_ID_VISIBILITIES,
    DND_STATUSES,
    SETTABLE_TYPES,
    USER_STATUSES,
    Extension,
)
from .service import Service

MAX_BATCH = 30
MAX_MESSAGE = 75
JSON_MULTIPART = "application/vnd.ringcentral.multipart+json"

ENUMS = {
    "userStatus": ("user_status", USER_STATUSES),
    "dndStatus": ("dnd_status", DND_STATUSES),
    "callerIdVisibility": ("caller_id_visibility", CALLER_ID_VISIBILITIES),
}
FLAGS = {
    "allowSeeMyPresence": "allow_see_my_presence",
    "ringOnMonitoredCall": "ring_on_monitored_call",
    "pickUpCallsOnHold": "pick_up_calls_on_hold",
    "acceptCallQueueCalls": "accept_call_queue_calls",
}


def _presence(service: Service, request: Request, ext: Extension) -> dict[str, Any]:
    if (
        service.faults.hidden_presence == "forbidden"
        and not ext.allow_see_my_presence
        and ext.id != request.session.owner_id
    ):
        raise user_permission("ReadPresenceStatus")
    return shapes.presence(
        service.account,
        ext,
        request.base,
        service.faults,
        viewer_id=request.session.owner_id,
        detailed=request.flag("detailedTelephonyState"),
        sip=request.flag("sipData"),
        total=request.flag("totalActiveCalls", bare=True),
    )


def read_presence(service: Service, request: Request, ids: dict[str, str]) -> Reply:
    """GET the presence of one extension, or of up to 30 separated by commas."""
    if "," in ids["extension"]:
        return _read_batch(service, request, ids["extension"].split(","))
    ext = find_extension(service, request, ids["extension"])
    return Reply(body=_presence(service, request, ext))


def _read_batch(service: Service, request: Request, wanted: list[str]) -> Reply:
    if len(wanted) > MAX_BATCH:
        raise ApiError(
            400,
            "CMN-106",
            f"Batch request is limited to {MAX_BATCH} entries",
            top="InvalidMultipartRequest",
        )
    parts: list[tuple[str, int, dict[str, Any]]] = []
    for text in wanted:
        try:
            ext = find_extension(service, request, text)
            parts.append((text, 200, _presence(service, request, ext)))
        except ApiError as error:
            body = error.body(service.faults.error_shape)
            parts.append((text, error.status, body))
    accept = next(
        (value for name, value in request.headers.items() if name.lower() == "accept"),
        "",
    )
    if JSON_MULTIPART in accept:
        return Reply(
            207,
            [
                {"resourceId": text, "status": status, "body": body}
                for text, status, body in parts
            ],
            content_type=JSON_MULTIPART,
        )
    uri = f"{request.base}/restapi/v1.0/account/{service.account.id}/extension"
    summary = {
        "response": [
            {
                "href": f"{uri}/{text}/presence",
                "status": status,
                "responseDescription": "OK" if status == 200 else body["message"],
            }
            for text, status, body in parts
        ]
    }
    boundary = f"Boundary_{uuid.uuid4().hex}"
    pieces = [
        f"--{boundary}\r\nContent-Type: application/json\r\n\r\n"
        f"{orjson.dumps(each).decode()}\r\n"
        for each in [summary, *(body for _, _, body in parts)]
    ]
    return Reply(
        207,
        raw=f"{''.join(pieces)}--{boundary}--\r\n",
        content_type=f"multipart/mixed; boundary={boundary}",
    )


def read_account_presence(
    service: Service, request: Request, _ids: dict[str, str]
) -> Reply:
    """GET the presence of everyone, in pages of at most 1000."""
    account = service.account
    page = request.number("page", 1, 1, None)
    per_page = request.number("perPage", 1000, 0, 1000)
    everyone = [
        ext
        for ext in account.extensions.values()
        if ext.status in ("Enabled", "NotActivated")
    ]
    uri = f"{request.base}/restapi/v1.0/account/{account.id}/presence"
    if per_page == 0:
        return Reply(
            body={
                "uri": f"{uri}?page=1&perPage=0",
                "records": [],
                "paging": {},
                "navigation": {},
            }
        )
    records = []
    for ext in everyone[(page - 1) * per_page : page * per_page]:
        try:
            records.append(_presence(service, request, ext))
        except ApiError:
            # Leave out extensions that the user may not see; the rest of the page stays.
            continue
    return Reply(
        body=shapes.listed(records, uri, request.query, page, per_page, len(everyone))
    )


def update_presence(service: Service, request: Request, ids: dict[str, str]) -> Reply:
    """PUT presence; the body may be partial (docs/protocol.md 2.5)."""
    ext = find_extension(service, request, ids["extension"])
    body = request.json_object()
    owner = service.account.extensions[request.session.owner_id]
    if ext is not owner and not owner.admin:
        raise ApiError(403, "CMN-404", "Operation on other extension is not allowed")
    if ext.type not in SETTABLE_TYPES or ext.status != "Enabled":
        raise ApiError(403, "CMN-403", f"Extension of type [{ext.type}] is not allowed")
    changes = presence_fields(body)
    status = changes.get("dnd_status")
    if status == "TakeDepartmentCallsOnly":
        # Only an old user interface can set this; see `Emulator.set_presence`.
        raise bad_parameter("dndStatus")
    if status == "DoNotAcceptDepartmentCalls" and not service.account.queues_of(ext.id):
        raise bad_parameter("dndStatus")
    if not changes.get("allow_see_my_presence", ext.allow_see_my_presence):
        # This is accepted without effect, as users of a widget have seen.
        changes.pop("user_status", None)
    if service.faults.new_call_handling and service.faults.dnd_status != "beside":
        # If `dndStatus` says nothing, setting it has no effect.
        changes.pop("dnd_status", None)
    personal = body.get("dndStatusPersonal")
    if service.faults.new_call_handling and personal is not None:
        if personal == "DoNotAcceptAnyCalls":
            changes["dnd_status"] = personal
        elif ext.dnd_status == "DoNotAcceptAnyCalls":
            changes["dnd_status"] = ext.dnd_before
    service.account.update(ext, **changes)
    return Reply(body=_presence(service, request, ext))


def presence_fields(body: dict[str, Any]) -> dict[str, Any]:
    """Return the fields to set, by attribute; raise CMN-101 for a bad value."""
    changes: dict[str, Any] = {}
    for name, (attribute, allowed) in ENUMS.items():
        if name in body:
            if body[name] not in allowed:
                raise bad_parameter(name)
            changes[attribute] = body[name]
    for name, attribute in FLAGS.items():
        if name in body:
            if not isinstance(body[name], bool):
                raise bad_parameter(name)
            changes[attribute] = body[name]
    personal = body.get("dndStatusPersonal", "TakeAllCalls")
    if personal not in ("TakeAllCalls", "DoNotAcceptAnyCalls"):
        raise bad_parameter("dndStatusPersonal")
    if "message" in body:
        message = body["message"]
        if not isinstance(message, str) or len(message) > MAX_MESSAGE:
            raise bad_parameter("message")
        changes["message"] = message
    return changes


ROUTES = [
    Route(
        "GET",
        X + "/presence",
        "Light",
        read_presence,
        "ReadPresence",
        "ReadPresenceStatus",
    ),
    Route(
        "PUT",
        X + "/presence",
        "Medium",
        update_presence,
        "EditPresence",
        "EditPresenceStatus",
    ),
    Route(
        "GET",
        A + "/presence",
        "Heavy",
        read_account_presence,
        "ReadPresence",
        "ReadPresenceStatus",
    ),
]
