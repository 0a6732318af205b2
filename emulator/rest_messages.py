"""The message store with its voicemails (docs/protocol.md 10)."""

from . import shapes
from .api import Reply, Request, Route, X, find_extension
from .audio import tone
from .clock import iso
from .errors import ApiError, bad_parameter, invalid_uri, not_found
from .extension import Extension
from .messages import Voicemail
from .service import Service
from .shapes_messages import AUDIO, message_info

TYPES = ("Fax", "SMS", "VoiceMail", "Pager")
READ_STATUSES = ("Read", "Unread")
DIRECTIONS = ("Inbound", "Outbound")
AVAILABILITIES = ("Alive", "Deleted", "Purged")


def _own(service: Service, request: Request, ids: dict[str, str]) -> Extension:
    """Return the extension, which has to be the user's own (CMN-419)."""
    ext = find_extension(service, request, ids["extension"])
    if ext.id != request.session.owner_id:
        raise ApiError(
            403,
            "CMN-419",
            "In order to call this API endpoint, extended scope is needed",
        )
    return ext


def _asked(request: Request, name: str, allowed: tuple[str, ...]) -> list[str]:
    values = request.many(name)
    if any(value not in allowed for value in values):
        raise bad_parameter(name)
    return values


def list_messages(service: Service, request: Request, ids: dict[str, str]) -> Reply:
    """GET the messages of the user, filtered and paged."""
    ext = _own(service, request, ids)
    page = request.number("page", 1, 1, None)
    per_page = request.number("perPage", 100, 1, 1000)
    types = _asked(request, "messageType", TYPES)
    read = _asked(request, "readStatus", READ_STATUSES)
    directions = _asked(request, "direction", DIRECTIONS)
    availability = _asked(request, "availability", AVAILABILITIES)
    since, until = request.one("dateFrom"), request.one("dateTo")
    found = [
        each
        for each in service.mailboxes.of(ext.id)
        if (not read or ("Read" if each.read else "Unread") in read)
        and (since is None or iso(each.created) >= since)
        and (until is None or iso(each.created) < until)
    ]
    for wanted, kind in (
        (types, "VoiceMail"),
        (directions, "Inbound"),
        (availability, "Alive"),
    ):
        if wanted and kind not in wanted:
            found = []
    records = [
        message_info(service.account, each, request.base)
        for each in found[(page - 1) * per_page : page * per_page]
    ]
    uri = (
        f"{request.base}/restapi/v1.0/account/{service.account.id}"
        f"/extension/{ext.id}/message-store"
    )
    return Reply(
        body=shapes.listed(records, uri, request.query, page, per_page, len(found))
    )


def _message(service: Service, request: Request, ids: dict[str, str]) -> Voicemail:
    ext = _own(service, request, ids)
    text = ids["message"]
    if not text.isdigit():
        raise bad_parameter("messageId")
    if (found := service.mailboxes.get(ext.id, int(text))) is None:
        raise not_found("messageId")
    return found


def read_message(service: Service, request: Request, ids: dict[str, str]) -> Reply:
    """GET one message."""
    message = _message(service, request, ids)
    return Reply(body=message_info(service.account, message, request.base))


def update_message(service: Service, request: Request, ids: dict[str, str]) -> Reply:
    """PUT the read status of a message."""
    message = _message(service, request, ids)
    status = request.json_object().get("readStatus")
    if status not in READ_STATUSES:
        raise bad_parameter("readStatus")
    service.mailboxes.mark(message, read=status == "Read")
    return Reply(body=message_info(service.account, message, request.base))


def delete_message(service: Service, request: Request, ids: dict[str, str]) -> Reply:
    """DELETE a message."""
    service.mailboxes.delete(_message(service, request, ids))
    return Reply(204)


def read_content(service: Service, request: Request, ids: dict[str, str]) -> Reply:
    """GET the audio of a voicemail; this does not work over the socket."""
    message = _message(service, request, ids)
    if request.socket is not None:
        raise invalid_uri()
    if ids["attachment"] != str(message.id):
        raise not_found("attachmentId")
    return Reply(data=tone(message.seconds), content_type=AUDIO)


LIST = X + "/message-store"
ONE = LIST + "/{message}"
READ, EDIT = "ReadMessages", "EditMessages"

ROUTES = [
    Route("GET", LIST, "Light", list_messages, READ, "ReadMessages"),
    Route("GET", ONE, "Light", read_message, READ, "ReadMessages"),
    Route("PUT", ONE, "Medium", update_message, EDIT, "EditMessages"),
    Route("DELETE", ONE, "Medium", delete_message, EDIT, "EditMessages"),
    Route(
        "GET",
        ONE + "/content/{attachment}",
        "Medium",
        read_content,
        READ,
        "ReadMessageContent",
    ),
]
