"""Events as notifications on the socket of their context, or kept for its next one."""

from typing import Any
import uuid

from .delivery import Envelope
from .recovery import Context, Line
from .service import Service


def deliver(context: Context, envelope: Envelope, service: Service) -> None:
    """Keep an event in its context, and send it if there is a socket."""
    position = context.keep(envelope)
    socket = context.socket
    if socket is None or not write_event(context, socket, position, envelope, service):
        service.counters.events_buffered += 1


def write_event(
    context: Context,
    socket: Line,
    position: int,
    envelope: Envelope,
    service: Service,
) -> bool:
    """Send an event on a socket; return whether it was sent."""
    if socket.holding:
        return False
    meta: dict[str, Any] = {
        "type": "ServerNotification",
        "messageId": envelope["uuid"],
        "status": 200,
        "headers": {"RCRequestId": str(uuid.uuid4())},
    }
    if service.faults.wsc_on_notifications:
        meta["wsc"] = {
            "token": socket.token(context, position),
            "sequence": socket.next_sequence(),
        }
    path = envelope["event"]
    return socket.write("event", meta, envelope, path=path, position=position)
