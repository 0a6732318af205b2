"""Subscriptions over REST and the socket (docs/protocol.md 2.9, 3.5)."""

from typing import Any

from .api import Reply, Request, Route
from .errors import ApiError, app_permission, bad_parameter, not_found
from .service import Service
from .subscriptions import Subscription

ROOT = "/restapi/v1.0/subscription"
ONE = ROOT + "/{subscription}"


def _filters(body: dict[str, Any]) -> list[str]:
    filters = body.get("eventFilters")
    if (
        not isinstance(filters, list)
        or not filters
        or not all(isinstance(each, str) and each for each in filters)
    ):
        raise bad_parameter("eventFilters")
    return filters


def _push_permission(service: Service) -> None:
    if "SubscriptionWebSocket" in service.faults.permissions_removed:
        raise ApiError(
            403,
            "SUB-528",
            "In order to call this API endpoint, application needs to have "
            "[SubscriptionWebSocket] permission",
            permissionName="SubscriptionWebSocket",
        )


def _found(service: Service, request: Request, ids: dict[str, str]) -> Subscription:
    sub_id, owner_id = ids["subscription"], request.session.owner_id
    found = service.subscriptions.get(sub_id, owner_id)
    if found is None or found.client_id != request.session.client_id:
        raise not_found("subscriptionId")
    return found


def _reply(service: Service, request: Request, subscription: Subscription) -> Reply:
    reply = Reply(body=service.subscriptions.describe(subscription, request.base))
    if request.socket is not None and service.faults.subscription_header:
        reply.headers["WSG-SubscriptionId"] = subscription.id
    return reply


def create(service: Service, request: Request, _ids: dict[str, str]) -> Reply:
    """POST: create the socket's only subscription, replacing an earlier one."""
    body = request.json_object()
    mode = body.get("deliveryMode")
    transport = mode.get("transportType") if isinstance(mode, dict) else None
    if transport != "WebSocket" or request.socket is None:
        # We do not emulate webhooks, and a WebSocket subscription needs its socket.
        raise bad_parameter("deliveryMode.transportType")
    _push_permission(service)
    if "WebSocket" in service.faults.permissions_removed:
        raise app_permission("WebSocket")
    socket, session = request.socket, request.session
    subscriptions = service.subscriptions
    subscription = subscriptions.create(
        subscriptions.grant(_filters(body), session.owner_id),
        session.owner_id,
        session.client_id,
        socket.notify,
        socket.subscription,
    )
    socket.subscribe(subscription)
    reply = _reply(service, request, subscription)
    reply.lost = service.faults.take("lose_subscribe_replies")
    return reply


def list_all(service: Service, request: Request, _ids: dict[str, str]) -> Reply:
    """GET the subscriptions of this user and app."""
    subscriptions, session = service.subscriptions, request.session
    return Reply(
        body={
            "uri": f"{request.base}{ROOT}",
            "records": [
                subscriptions.describe(each, request.base)
                for each in subscriptions.of(session.owner_id, session.client_id)
            ],
        }
    )


def read(service: Service, request: Request, ids: dict[str, str]) -> Reply:
    """GET one subscription."""
    return _reply(service, request, _found(service, request, ids))


def update(service: Service, request: Request, ids: dict[str, str]) -> Reply:
    """PUT new filters, or extend with an empty body; this does not work over HTTP."""
    subscription = _found(service, request, ids)
    if request.socket is None:
        raise bad_parameter("deliveryMode.transportType")
    body = request.json_object() if request.body.strip() else {}
    if body.get("eventFilters") is not None:
        _push_permission(service)
        owner_id = request.session.owner_id
        subscription.grant(service.subscriptions.grant(_filters(body), owner_id))
    service.subscriptions.renew(subscription)
    return _reply(service, request, subscription)


def renew(service: Service, request: Request, ids: dict[str, str]) -> Reply:
    """POST renew: extend a subscription."""
    subscription = _found(service, request, ids)
    service.subscriptions.renew(subscription)
    return _reply(service, request, subscription)


def delete(service: Service, request: Request, ids: dict[str, str]) -> Reply:
    """DELETE a subscription."""
    subscription = _found(service, request, ids)
    service.subscriptions.delete(subscription)
    if request.socket is not None and request.socket.subscription is subscription:
        request.socket.subscribe(None)
    return Reply(204)


ROUTES = [
    Route("GET", ROOT, "Light", list_all),
    Route("POST", ROOT, "Medium", create),
    Route("GET", ONE, "Light", read),
    Route("PUT", ONE, "Medium", update),
    Route("DELETE", ONE, "Medium", delete),
    Route("POST", ONE + "/renew", "Light", renew),
]
