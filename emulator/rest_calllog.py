"""The user's call log, in pages or as a sync (docs/protocol.md 10)."""

from datetime import UTC, datetime
from typing import Any

from . import shapes
from .api import Reply, Request, Route, X, find_extension
from .calllog import LoggedCall
from .clock import iso
from .errors import ApiError, bad_parameter
from .extension import Extension
from .service import Service

DIRECTIONS = ("Inbound", "Outbound")
TYPES = ("Voice", "Fax")
MAX_RECORDS = 250
SYNC_TYPES = ("FSync", "ISync")


def record(service: Service, call: LoggedCall, base: str) -> dict[str, Any]:
    """Return one record, in the simple view."""
    account = service.account
    uri = f"{base}/restapi/v1.0/account/{account.id}/extension/{call.owner_id}"
    leg = call.leg
    session = leg.telephony_session_id
    info: dict[str, Any] = {
        "uri": f"{uri}/call-log/{call.id}?view=Simple",
        "id": call.id,
        "sessionId": leg.session_id,
        "telephonySessionId": session,
        "partyId": leg.party_id,
        "startTime": leg.start_time,
        "duration": call.seconds,
        "durationMs": call.seconds * 1000,
        "type": "Voice",
        "internalType": "LocalNumber",
        "direction": leg.direction,
        "action": "VoIP Call" if leg.direction == "Outbound" else "Phone Call",
        "result": call.result,
        "to": _party(leg.to_number, leg.to_name),
        "from": _party(leg.from_number, leg.from_name),
        "extension": {"uri": uri, "id": call.owner_id},
    }
    match service.faults.call_log_ids:
        case "absent":
            del info["telephonySessionId"], info["partyId"]
        case "other":
            info["telephonySessionId"] = f"s-{session[:1:-1]}"
            info["sessionId"] = leg.session_id[::-1]
        case _:
            pass
    if call.message_id is not None:
        info["message"] = {
            "uri": f"{uri}/message-store/{call.message_id}",
            "id": call.message_id,
            "type": "VoiceMail",
        }
    return info


def _party(number: str, name: str | None) -> dict[str, str]:
    who = {"phoneNumber" if number.startswith("+") else "extensionNumber": number}
    return {**who, "name": name} if name else who


def _visible_to(service: Service, request: Request, ids: dict[str, str]) -> Extension:
    """Return the extension: the user's own, or any for an administrator."""
    ext = find_extension(service, request, ids["extension"])
    owner = service.account.extensions[request.session.owner_id]
    if ext is not owner and not owner.admin:
        raise ApiError(403, "CMN-404", "Operation on other extension is not allowed")
    return ext


def _moment(request: Request, name: str) -> datetime | None:
    text = request.one(name)
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise bad_parameter(name) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def read_log(service: Service, request: Request, ids: dict[str, str]) -> Reply:
    """GET the log, filtered and paged; by default, that of the last 24 hours."""
    ext = _visible_to(service, request, ids)
    page = request.number("page", 1, 1, None)
    per_page = request.number("perPage", 100, 1, 1000)
    calls = service.call_log.of(ext.id)
    since, until = _moment(request, "dateFrom"), _moment(request, "dateTo")
    for name, allowed in (("direction", DIRECTIONS), ("type", TYPES)):
        if any(each not in allowed for each in request.many(name)):
            raise bad_parameter(name)
    directions, types = request.many("direction"), request.many("type")
    session = request.one("telephonySessionId")
    calls = [
        each
        for each in calls
        if (not directions or each.leg.direction in directions)
        and (not types or "Voice" in types)
        and (since is None or each.started >= since)
        and (until is None or each.started < until)
        and session in (None, each.leg.telephony_session_id)
    ]
    records = [
        record(service, each, request.base)
        for each in calls[(page - 1) * per_page : page * per_page]
    ]
    uri = (
        f"{request.base}/restapi/v1.0/account/{service.account.id}"
        f"/extension/{ext.id}/call-log"
    )
    return Reply(
        body=shapes.listed(records, uri, request.query, page, per_page, len(calls))
    )


def sync_log(service: Service, request: Request, ids: dict[str, str]) -> Reply:
    """GET the whole log (FSync), or the records since a token (ISync)."""
    ext = _visible_to(service, request, ids)
    log = service.call_log
    kind = request.one("syncType") or "FSync"
    if kind not in SYNC_TYPES:
        raise bad_parameter("syncType")
    count = request.number("recordCount", MAX_RECORDS, 1, MAX_RECORDS)
    since: float | None = None
    if kind == "ISync":
        since = log.since(ext.id, request.one("syncToken") or "")
        if since is None:
            raise bad_parameter("syncToken")
    begin = _moment(request, "dateFrom")
    calls = [
        each for each in log.of(ext.id, since) if begin is None or each.started >= begin
    ]
    uri = (
        f"{request.base}/restapi/v1.0/account/{service.account.id}"
        f"/extension/{ext.id}/call-log-sync"
    )
    info: dict[str, Any] = {
        "syncType": kind,
        "syncToken": log.token(ext.id),
        "syncTime": iso(service.clock.utc()),
    }
    if kind == "FSync":
        info["olderRecordsExist"] = len(calls) > count
    return Reply(
        body={
            "uri": uri,
            "records": [record(service, each, request.base) for each in calls[:count]],
            "syncInfo": info,
        }
    )


ROUTES = [
    Route("GET", X + "/call-log", "Heavy", read_log, "ReadCallLog", "ReadCallLog"),
    Route("GET", X + "/call-log-sync", "Heavy", sync_log, "ReadCallLog", "ReadCallLog"),
]
