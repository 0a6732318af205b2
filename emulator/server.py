"""The emulator as one object: start, stop and everything a test may do to it."""

import asyncio
from collections.abc import Callable
import ipaddress
import random
import types
from typing import Any, Self

from aiohttp import web

from . import shapes
from .account import Change
from .api import Api
from .authorize import Authorize, Codes
from .calloptions import call_options
from .callplay import CallPlayer
from .control import Control
from .counters import Counters
from .extension import PRESENCE_VALUES, Extension
from .faults import Faults
from .front import rest_handler
from .gateway import Gateway
from .mail import Mail
from .membership import Membership
from .oauth import OAuth
from .odd_http import ELSEWHERE, elsewhere, odd_middleware
from .rest_account import ROUTES as ACCOUNT_ROUTES
from .rest_calllog import ROUTES as CALL_LOG_ROUTES
from .rest_membership import ROUTES as MEMBERSHIP_ROUTES
from .rest_messages import ROUTES as MESSAGE_ROUTES
from .rest_presence import ROUTES as PRESENCE_ROUTES
from .rest_subscription import ROUTES as SUBSCRIPTION_ROUTES
from .service import Service, jwt_for
from .simulate import Office
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


class Emulator:
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
        self._service = Service.build(
            extensions, seed, time_factor, rate_limits=rate_limits
        )
        service = self._service
        self.clock = service.clock
        self.faults: Faults = service.faults
        self.counters: Counters = service.counters
        self.client_id, self.client_secret = service.client_id, service.client_secret
        self._tickets = Tickets(
            service.clock, service.faults, service.counters, service.tokens
        )
        self._waiters = Waiters()
        self._gateway = Gateway(
            service, Api(service, ROUTES), self._tickets, self._waiters.notice
        )
        self._player = CallPlayer(
            service.account,
            service.clock,
            service.faults,
            random.Random(f"calls-{seed}"),
            log=service.call_log,
            mailboxes=service.mailboxes,
        )
        self.membership = Membership(service)
        self.mail = Mail(service)
        self.office = Office(service.account, self._player, service.mailboxes, seed)
        self._runner: web.AppRunner | None = None
        self._calls: set[asyncio.Task[dict[str, Any]]] = set()

        self.url = ""
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

    @property
    def account_id(self) -> str:
        """The account's id."""
        return str(self._service.account.id)

    @property
    def own_extension_id(self) -> str:
        """The signed-in user's id."""
        return str(self._service.account.own_id)

    @property
    def extension_ids(self) -> list[str]:
        """Ids of the enabled extensions with a presence, the own first."""
        own = self.own_extension_id
        found = [
            str(ext.id)
            for ext in self._service.account.extensions.values()
            if ext.status == "Enabled" and ext.has_presence
        ]
        return [own, *(each for each in found if each != own)]

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

    def extension(self, ext_id: str) -> Extension:
        """Return the record of an extension; KeyError for an unknown id."""
        return self._service.account.extensions[int(ext_id)]

    def ids(self, type: str | None = None, status: str | None = None) -> list[str]:  # noqa: A002
        """Return ids by extension type and status."""
        return [
            str(ext.id)
            for ext in self._service.account.extensions.values()
            if type in (None, ext.type) and status in (None, ext.status)
        ]

    def truth(self) -> dict[str, dict[str, Any]]:
        """Return the detailed presence of every extension by id, in REST shape."""
        account = self._service.account
        return {
            str(ext.id): shapes.truth(account, ext, self.url, self.faults)
            for ext in account.extensions.values()
        }

    # What happens in the company.

    async def set_presence(
        self, ext_id: str, presence: dict[str, Any]
    ) -> dict[str, Any]:
        """Set presence fields, without the rules of PUT; ValueError for a bad one."""
        ext = self.extension(ext_id)
        changes: dict[str, Any] = {}
        for name, value in presence.items():
            if name == "message":
                changes["message"] = str(value)
                continue
            attribute, allowed = PRESENCE_VALUES.get(name, ("", ()))
            if value not in allowed:
                raise ValueError(f"{name} cannot be {value!r}")
            changes[attribute] = value
        self._service.account.update(ext, **changes)
        return self.truth_of(ext_id)

    def truth_of(self, ext_id: str) -> dict[str, Any]:
        """Return the detailed presence of one extension."""
        account = self._service.account
        return shapes.truth(account, self.extension(ext_id), self.url, self.faults)

    async def play_call(
        self, ext_id: str, script: list[str], **options: Any
    ) -> dict[str, Any]:
        """Play a call script; CallError (a ValueError) for one that cannot be."""
        return await self._player.play(
            self.extension(ext_id), script, call_options(options)
        )

    def start_call(
        self, ext_id: str, script: list[str], **options: Any
    ) -> asyncio.Task[dict[str, Any]]:
        """Play a call script in the background."""
        task = asyncio.create_task(self.play_call(ext_id, script, **options))
        self._calls.add(task)
        task.add_done_callback(self._calls.discard)
        return task

    async def first_step(self, task: asyncio.Task[dict[str, Any]]) -> bool:
        """Let a background call take its first step; tell whether it has ended."""
        for _ in range(3):
            await asyncio.sleep(0)
        if task.done():
            # A mistake in the script is the caller's to see.
            task.result()
        return task.done()

    async def set_lines(self, ext_ids: list[str]) -> None:
        """Replace the signed-in user's monitored lines after the two own ones."""
        self.membership.set_lines(ext_ids)

    async def set_queue(
        self,
        queue_id: str,
        *,
        members: list[str] | None = None,
        editable: bool | None = None,
    ) -> None:
        """Set who is in a queue, and whether its members may log in and out."""
        self.membership.set_queue(queue_id, members, editable)

    def queues(self) -> dict[str, dict[str, Any]]:
        """Return every queue: name, whether editable, and its members' acceptance."""
        return self.membership.queues()

    async def set_favorites(self, ext_ids: list[str]) -> None:
        """Replace the signed-in user's favourites."""
        self.membership.set_favorites(ext_ids)

    async def add_extension(
        self,
        name: str,
        type: str = "User",  # noqa: A002
        subtype: str | None = None,
    ) -> str:
        """Add an enabled extension and return its id."""
        return self.membership.add(name, type, subtype)

    async def remove_extension(self, ext_id: str) -> None:
        """Delete an extension."""
        self.membership.remove(ext_id)

    async def rename_extension(self, ext_id: str, name: str) -> None:
        """Rename an extension."""
        self.membership.edit(ext_id, name=name)

    async def set_extension_status(self, ext_id: str, status: str) -> None:
        """Set the status of an extension, as an administrator does."""
        self.membership.edit(ext_id, status=status)

    # What happens to the connection.

    async def disconnect(
        self, code: int | None = 1001, *, recoverable: bool = True
    ) -> int:
        """Close every socket, or cut it when `code` is None; return how many."""
        return self._gateway.close_all(code, recoverable=recoverable)

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
