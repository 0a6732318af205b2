"""How sockets are opened: ticket, recovery, ConnectionDetails (docs/protocol.md 3.1, 3.3)."""

from collections.abc import Callable
from typing import Any
import uuid

from aiohttp import WSCloseCode, web

from . import frames
from .api import Api
from .recovery import BUFFER_SIZE, Contexts, Recovered, well_formed
from .service import Service
from .socket import MAX_ACTIVE_REQUESTS, Socket
from .tickets import Tickets
from .tokens import Session

BAD_TICKET = 4400
MAX_CONNECTIONS = 50
"""Sockets per OAuth session."""
CLOSE_WAIT = 2.0
"""Seconds in which a client has to reply to a close frame."""


class Gateway:
    """The WebSocket front."""

    def __init__(
        self,
        service: Service,
        api: Api,
        tickets: Tickets,
        changed: Callable[[], None],
    ) -> None:
        """Take the state; `changed` is called after every step."""
        self._service, self.api, self._tickets = service, api, tickets
        self._changed = changed
        self.contexts = Contexts(
            service.clock, service.faults, service.counters, service.subscriptions
        )
        self.sockets: list[Socket] = []
        service.tokens.on_disconnect = self._session_ended

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Accept an upgrade; after it, close with 4400 if the ticket is bad."""
        service = self._service
        ws = web.WebSocketResponse(
            timeout=CLOSE_WAIT, autoping=False, compress=False, max_msg_size=0
        )
        await ws.prepare(request)
        session = self._tickets.redeem(request.query.get("access_token"))
        if session is None:
            service.counters.sockets_refused += 1
            self._changed()
            await ws.close(code=BAD_TICKET, message=b"Invalid access token")
            return ws
        socket = Socket(
            service,
            self.api,
            self.contexts,
            ws,
            request.transport,
            session,
            self._changed,
        )
        service.counters.sockets_opened += 1
        service.counters.sockets_open += 1
        self.sockets.append(socket)
        try:
            self._open(socket, request.query.get("wsc"))
            self._changed()
            await socket.run()
        finally:
            self.sockets.remove(socket)
            service.counters.sockets_open -= 1
            context = socket.context
            if context.socket is socket:
                self.contexts.detach(context)
            self._changed()
        return ws

    def close_all(self, code: int | None, *, recoverable: bool) -> int:
        """Close every socket, or cut it if `code` is None; return how many."""
        closed = 0
        for socket in list(self.sockets):
            closed += 1
            if code is None:
                socket.abort(recoverable=recoverable)
            else:
                socket.end(code, recoverable=recoverable)
        return closed

    def _session_ended(self, session: Session) -> None:
        for socket in list(self.sockets):
            if socket.session is session:
                socket.end(self._service.faults.session_end_code)

    def _open(self, socket: Socket, wsc: str | None) -> None:
        """Send the first frame: ConnectionDetails, or an Error followed by the close."""
        service, session = self._service, socket.session
        same = sum(each.session is session for each in self.sockets)
        if service.faults.take("connection_error"):
            socket.send(frames.error("WSG-500", None), loud=True)
            socket.end(WSCloseCode.INTERNAL_ERROR)
            return
        if same > MAX_CONNECTIONS:
            socket.send(frames.error("WSG-429", None, "Too many connections"))
            socket.end(WSCloseCode.POLICY_VIOLATION)
            return
        if wsc is not None and not well_formed(wsc):
            socket.send(frames.error("WSG-400", None, frames.MALFORMED_CONTEXT))
            socket.end(WSCloseCode.OK)
            return
        recovered = Recovered() if wsc is None else self.contexts.recover(wsc, session)
        if recovered.context is not None:
            if recovered.context.socket is not None:
                # The client came back before we noticed that its old socket was lost.
                recovered.context.socket.abort()
            socket.context = recovered.context
            self.contexts.attach(recovered.context)
        socket.context.socket = socket
        if wsc is not None:
            name = "recoveries_failed" if recovered.error else "recoveries"
            counters = service.counters
            setattr(counters, name, getattr(counters, name) + 1)
        socket.write("details", *self._details(socket, wsc is not None, recovered))
        if recovered.context is not None:
            socket.replay(recovered.since)

    def _details(
        self, socket: Socket, asked: bool, recovered: Recovered
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return meta and body of ConnectionDetails."""
        service = self._service
        clock, faults = service.clock, service.faults
        message_id = str(uuid.uuid4())
        meta = {
            "type": "ConnectionDetails",
            "messageId": message_id,
            "status": 200,
            "wsc": {"token": self.contexts.token(socket.context), "sequence": 1},
            "headers": {"RCRequestId": message_id},
        }
        now = clock.utc()
        body: dict[str, Any] = {
            "creationTime": f"{now:%Y-%m-%dT%H:%M:%S}.{now.microsecond // 1000:03d}+0000",
            "maxConnectionsPerSession": MAX_CONNECTIONS,
            "recoveryBufferSize": BUFFER_SIZE,
            "recoveryTimeout": clock.announce(faults.recovery_timeout),
            "idleTimeout": clock.announce(faults.idle_timeout),
            "absoluteTimeout": clock.announce(faults.absolute_timeout),
            "maxActiveRequests": MAX_ACTIVE_REQUESTS,
        }
        if asked:
            body["recoveryState"] = "Failed" if recovered.error else "Successful"
            if recovered.error:
                body["recoveryErrorCode"] = recovered.error
        return meta, body
