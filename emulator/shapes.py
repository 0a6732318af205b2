"""JSON of accounts, extensions and presence as REST replies give it. Pure.

`base` is the server's address for absolute uris, empty over the socket.
"""

from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import urlencode

from .account import Account
from .calls import active_call, newest
from .events import hide_dnd, new_call_handling
from .extension import Extension
from .faults import Faults

SERVICE_FEATURES = ("Presence", "DND", "CallPark", "CallForwarding", "VoipCalling")


def account_info(account: Account, base: str) -> dict[str, Any]:
    """Return GET account."""
    uri = f"{base}/restapi/v1.0/account/{account.id}"
    founder = next(iter(account.extensions.values()))
    return {
        "uri": uri,
        "id": account.id,
        "mainNumber": "+16505550100",
        "operator": {
            "uri": f"{uri}/extension/{founder.id}",
            "id": founder.id,
            "extensionNumber": founder.number,
        },
        "serviceInfo": {
            "uri": f"{uri}/service-info",
            "brand": {"id": "1210", "name": "RingCentral"},
            "servicePlan": {"id": "1216", "name": "Advanced", "edition": "Unknown"},
        },
        "setupWizardState": "Completed",
        "status": "Confirmed",
        "regionalSettings": _regional(base),
        "federated": False,
        "cfid": "18002010310",
        "limits": {"maxMonitoredExtensionsPerUser": 100},
    }


def extension_info(
    account: Account, ext: Extension, base: str, *, single: bool
) -> dict[str, Any]:
    """Return an extension; `single` adds the fields of GET for a single extension."""
    account_uri = f"{base}/restapi/v1.0/account/{account.id}"
    uri = f"{account_uri}/extension/{ext.id}"
    info: dict[str, Any] = {"uri": uri, "id": ext.id}
    if ext.status != "Unassigned":
        info |= {
            "extensionNumber": ext.number,
            "contact": _contact(ext),
            "name": ext.name,
        }
    info |= {
        "type": ext.type,
        "status": ext.status,
        "permissions": {
            "admin": {"enabled": ext.admin},
            "internationalCalling": {"enabled": False},
        },
        "profileImage": {"uri": f"{uri}/profile-image"},
        "hidden": False,
    }
    if ext.sub_type is not None:
        info["subType"] = ext.sub_type
    if ext.type == "Department":
        info["callQueueInfo"] = {"slaGoal": 80, "slaThresholdSeconds": 30}
    if single:
        info |= {
            "account": {"uri": account_uri, "id": str(account.id)},
            "regionalSettings": _regional(base),
            "serviceFeatures": [
                {"featureName": name, "enabled": True}
                if ext.has_presence or name != "Presence"
                else {
                    "featureName": name,
                    "enabled": False,
                    "reason": "ExtensionTypeLimitation",
                }
                for name in SERVICE_FEATURES
            ],
            "setupWizardState": "Completed"
            if ext.status == "Enabled"
            else "NotStarted",
        }
    return info


def presence(
    account: Account,
    ext: Extension,
    base: str,
    faults: Faults,
    *,
    viewer_id: int,
    detailed: bool,
    sip: bool,
    total: bool = False,
) -> dict[str, Any]:
    """Return the presence of an extension as the viewer may see it (docs/protocol.md 2.4).

    It lists every call; `total` adds their number. An extension that is not a person has
    only `Offline` and its calls.
    """
    uri = f"{base}/restapi/v1.0/account/{account.id}/extension/{ext.id}"
    about: dict[str, Any] = {"uri": uri, "id": ext.id}
    if ext.number is not None:
        about["extensionNumber"] = ext.number
    info: dict[str, Any] = {
        "uri": f"{uri}/presence",
        "extension": about,
        "presenceStatus": ext.presence_status,
    }
    calls: dict[str, Any] = {}
    if detailed and ext.legs:
        legs = ext.legs if faults.reading_calls == "all" else newest(ext.legs)
        calls["activeCalls"] = [active_call(leg, sip=sip) for leg in legs]
    if (
        detailed
        and (total or faults.reading_total == "always")
        and (faults.reading_total != "never")
    ):
        calls["totalActiveCalls"] = len(ext.legs)
    if ext.has_group_calls:
        if faults.group_telephony_status == "always":
            info["telephonyStatus"] = ext.telephony_status
        return info | calls
    if not ext.has_presence:
        return info
    if not ext.allow_see_my_presence and viewer_id != ext.id:
        return info | {"presenceStatus": "Offline", "allowSeeMyPresence": False}
    info |= {
        "telephonyStatus": ext.telephony_status,
        "userStatus": ext.user_status,
        "dndStatus": ext.dnd_status,
        "meetingStatus": ext.meeting_status,
        "allowSeeMyPresence": ext.allow_see_my_presence,
        "callerIdVisibility": ext.caller_id_visibility,
        "ringOnMonitoredCall": ext.ring_on_monitored_call,
        "pickUpCallsOnHold": ext.pick_up_calls_on_hold,
    }
    if ext.message:
        info["message"] = ext.message
    if faults.new_call_handling:
        info |= new_call_handling(ext.dnd_status, ext.accept_call_queue_calls)
        hide_dnd(info, faults)
    if faults.new_fields:
        info["aggregatedTelephonyStatus"] = ext.telephony_status
        info["cxTelephonyStatus"] = "NoCall"
    return info | calls


def truth(
    account: Account, ext: Extension, base: str, faults: Faults
) -> dict[str, Any]:
    """Return detailed presence for the control path.

    It differs from REST in two ways: a queue, pick-up group or park location has the
    telephony status of its events, and it lists all calls, with their total.
    """
    info = presence(
        account,
        ext,
        base,
        faults,
        viewer_id=account.own_id,
        detailed=True,
        sip=False,
    )
    if ext.has_group_calls:
        info["telephonyStatus"] = ext.telephony_status
    if "activeCalls" in info:
        info["activeCalls"] = [active_call(leg, sip=False) for leg in ext.legs]
        info["totalActiveCalls"] = len(ext.legs)
    return info


def listed(
    records: Sequence[dict[str, Any]],
    uri: str,
    query: Iterable[tuple[str, str]],
    page: int,
    per_page: int,
    total: int,
) -> dict[str, Any]:
    """Return the list shape of docs/protocol.md 2.2 for one page of records."""
    pages = max(1, -(-total // per_page))
    kept = [(name, value) for name, value in query if name not in ("page", "perPage")]

    def link(number: int) -> dict[str, str]:
        numbers = [("page", str(number)), ("perPage", str(per_page))]
        return {"uri": f"{uri}?{urlencode([*kept, *numbers])}"}

    start = (page - 1) * per_page
    paging: dict[str, int] = {"perPage": per_page}
    if records:
        paging = {
            "page": page,
            "totalPages": pages,
            "perPage": per_page,
            "totalElements": total,
            "pageStart": start,
            "pageEnd": start + len(records) - 1,
        }
    navigation = {"firstPage": link(1), "lastPage": link(pages)}
    if page < pages:
        navigation["nextPage"] = link(page + 1)
    if 1 < page <= pages:
        navigation["previousPage"] = link(page - 1)
    return {
        "uri": link(page)["uri"],
        "records": list(records),
        "paging": paging,
        "navigation": navigation,
    }


def _contact(ext: Extension) -> dict[str, Any]:
    if ext.first_name is None:
        return {"firstName": ext.name, "company": "Example, Inc."}
    local = f"{ext.first_name}.{ext.last_name or ''}".rstrip(".").lower()
    contact: dict[str, Any] = {"firstName": ext.first_name}
    if ext.last_name:
        contact["lastName"] = ext.last_name
    contact |= {
        "company": "Example, Inc.",
        "email": f"{local.replace(' ', '.')}.{ext.number}@example.com",
        "emailAsLoginName": True,
    }
    if ext.phone:
        contact["businessPhone"] = ext.phone
    if ext.department:
        contact["department"] = ext.department
    return contact


def _regional(base: str) -> dict[str, Any]:
    return {
        "timezone": {
            "uri": f"{base}/restapi/v1.0/dictionary/timezone/58",
            "id": "58",
            "name": "US/Pacific",
            "description": "Pacific Time (US & Canada)",
            "bias": "-480",
        },
        "homeCountry": {
            "uri": f"{base}/restapi/v1.0/dictionary/country/1",
            "id": "1",
            "name": "United States",
            "isoCode": "US",
            "callingCode": "1",
        },
        "language": {
            "id": "1033",
            "name": "English (United States)",
            "localeCode": "en-US",
        },
        "greetingLanguage": {
            "id": "1033",
            "name": "English (United States)",
            "localeCode": "en-US",
        },
        "formattingLocale": {
            "id": "1033",
            "name": "English (United States)",
            "localeCode": "en-US",
        },
        "timeFormat": "12h",
    }
