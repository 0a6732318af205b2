"""The emulator as one object: start, stop and everything a test may do to it."""

import asyncio
from collections.abc import Callable
import ipaddress
import types
from typing import Any, Self

from aiohttp import web

from .account import Change
from .api import Api
from .authorize import Authorize, Codes
from .company import Company
from .control import Control
from .counters import Counters
from .front import rest_handler
from .gateway import Gateway
from .oauth import OAuth
from .odd_http import ELSEWHERE, elsewhere, odd_middleware
from .rest_account import ROUTES as ACCOUNT_ROUTES
from .rest_calllog import ROUTES as CALL_LOG_ROUTES
from .rest_membership import ROUTES as MEMBERSHIP_ROUTES
from .rest_messages import ROUTES as MESSAGE_ROUTES
from .rest_presence import ROUTES as PRESENCE_ROUTES
from .rest_subscription import ROUTES as SUBSCRIPTION_ROUTES
from .service import Service, jwt_for
from .tickets import Tickets
from .waiting import Waiters

ROUTES = [
    *PRESENCE_ROUTES,
    *ACCOUNT_ROUTES,
    *MEMBERSHIP_ROUTES,
    *SUBSCRIPTION_ROUTES,
    *MESSAGE_ROUTES,
    *CALL_LOG_ROUTES,
]


class Emulator(Company):
    """A RingCentral on this machine; docs/emulator.md describes every member."""

    def __init__(
        self,
        *,
        extensions: int = 25,
        seed: int = 1,
        time_factor: float = 1.0,
        host: str = "127.0.0.1",
        port: int = 0,
        simulate: bool = False,
        rate_limits: bool = True,
    ) -> None:
        """Prepare an emulator; `start` or `async with` makes it listen."""
        if time_factor <= 0:
            raise ValueError("the time factor is more than 0")
        self._seed, self._host, self._port = seed, host, port
        self._simulate = simulate
        service = Service.build(extensions, seed, time_factor, rate_limits=rate_limits)
        super().__init__(service, seed)
        self.clock = service.clock
        self.counters: Counters = service.counters
        self.client_id, self.client_secret = service.client_id, service.client_secret
        self._tickets = Tickets(
            service.clock, service.faults, service.counters, service.tokens
        )
        self._waiters = Waiters()
        self._gateway = Gateway(
            service, Api(service, ROUTES), self._tickets, self._waiters.notice
        )
        self._runner: web.AppRunner | None = None
        service.account.listen(self._changed)

    async def __aenter__(self) -> Self:
        """Start listening."""
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: types.TracebackType | None,
    ) -> None:
        """Stop."""
        await self.stop()

    async def start(self) -> None:
        """Listen on host and port; OSError when the port is taken."""
        service = self._service
        app = web.Application(middlewares=[self._noticing, odd_middleware(service)])
        codes = Codes(service)
        OAuth(service, codes, self._tickets).add_to(app)
        Authorize(service, codes).add_to(app)
        Control(self).add_to(app)
        app.router.add_route("*", ELSEWHERE, elsewhere(service))
        app.router.add_get("/ws", self._gateway.handle)
        app.router.add_route(
            "*", "/restapi/{tail:.*}", rest_handler(service, self._gateway.api)
        )
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self._host, self._port)
        await site.start()
        port = self._runner.addresses[0][1]
        # All interfaces is an address to listen on, not one to connect to.
        everywhere = ipaddress.ip_address(self._host).is_unspecified
        host = "127.0.0.1" if everywhere else self._host
        self.url = f"http://{host}:{port}"
        if self._simulate:
            self.office.start()

    async def stop(self) -> None:
        """Drop every socket and stop listening; may be called twice."""
        await self.office.stop()
        for task in self._calls:
            task.cancel()
        await asyncio.gather(*self._calls, return_exceptions=True)
        self._gateway.close_all(None, recoverable=False)
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None
        self._service.subscriptions.close()
        self._service.clock.stop()

    # What it is.

    @property
    def ws_url(self) -> str:
        """The address of the socket, without a ticket."""
        return f"ws{self.url.removeprefix('http')}/ws"

    @property
    def jwt(self) -> str:
        """The JWT of the signed-in user."""
        return self.jwt_for(self.own_extension_id)

    def info(self) -> dict[str, Any]:
        """Return what the command prints."""
        return {
            "server": self.url,
            "client_id": self.client_id,
            "client_secret": self.client_secret,
            "jwt": self.jwt,
            "account_id": self.account_id,
            "own_extension_id": self.own_extension_id,
            "extension_ids": self.extension_ids,
        }

    def jwt_for(self, ext_id: str) -> str:
        """Return a JWT that signs in an enabled user."""
        return jwt_for(self._seed, self.extension(ext_id).id)

    # What happens to the connection.

    async def disconnect(
        self, code: int | None = 1001, *, recoverable: bool = True
    ) -> int:
        """Close every socket, or cut it when `code` is None; return how many."""
        return self._gateway.close_all(code, recoverable=recoverable)

    def restart_sequences(self) -> None:
        """Let the sequence of every extension begin again, as after a restart there."""
        for ext in self._service.account.extensions.values():
            ext.sequence = 0

    async def send_frame(self, frame: str | bytes) -> int:
        """Send a raw frame to every socket; return how many."""
        for socket in self._gateway.sockets:
            socket.send(frame, loud=True)
        return len(self._gateway.sockets)

    async def deliver(self, ext_id: str, body: dict[str, Any]) -> int:
        """Send a presence event with exactly this body; return to how many."""
        return self._service.subscriptions.deliver(int(ext_id), body)

    def revoke_tokens(self) -> None:
        """End every OAuth session and its sockets."""
        self._service.tokens.end_all()

    def expire_access_tokens(self) -> None:
        """Let every access token be expired; sockets of its session close."""
        self._service.tokens.expire_access()

    def expire_refresh_tokens(self) -> None:
        """Let every refresh token be expired."""
        self._service.tokens.expire_refresh()

    def supersede_sessions(self) -> None:
        """Sign the user in five times elsewhere, which ends every older session."""
        for _ in range(5):
            self._service.tokens.sign_in(self.client_id, int(self.own_extension_id))

    def reset(self) -> None:
        """Bring switches, presence, calls, limits and counters back to the start.

        Sign-ins, sockets and subscriptions stay, and see the changes as events.
        """
        for task in self._calls:
            task.cancel()
        self.faults.clear()
        self._service.account.reset()
        self._service.mailboxes.clear()
        self._service.call_log.clear()
        self._service.limiter.clear()
        self.counters.clear()

    # Waiting.

    async def wait_for(
        self, condition: Callable[[], bool], timeout: float = 5.0
    ) -> None:
        """Wait until a condition on the emulator holds; TimeoutError after seconds."""
        await self._waiters.wait_for(condition, timeout)

    def _changed(self, _change: Change) -> None:
        self._waiters.notice()

    @web.middleware
    async def _noticing(self, request: web.Request, handler: Any) -> web.StreamResponse:
        try:
            response: web.StreamResponse = await handler(request)
        finally:
            self._waiters.notice()
        return response
