"""The emulator as one object, which listens and has a method for everything."""

import asyncio
from collections.abc import Callable
import ipaddress
import types
from typing import Any, Self

from aiohttp import web

from .account import Change
from .authorize import Authorize, Codes
from .control import Control
from .front import rest_handler
from .oauth import OAuth
from .odd_http import ELSEWHERE, elsewhere, odd_middleware
from .operations import Operations
from .service import Service


class Emulator(Operations):
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
        self._host, self._port, self._simulate = host, port, simulate
        service = Service.build(extensions, seed, time_factor, rate_limits=rate_limits)
        super().__init__(service, seed)
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
        """Listen on host and port; raise OSError if the port is taken."""
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
        # The address for all interfaces is one to listen on, not one to connect to.
        everywhere = ipaddress.ip_address(self._host).is_unspecified
        host = "127.0.0.1" if everywhere else self._host
        self.url = f"http://{host}:{port}"
        if self._simulate:
            self.office.start()

    async def stop(self) -> None:
        """Drop every socket and stop listening; you may call this twice."""
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

    # Waiting.

    async def wait_for(
        self, condition: Callable[[], bool], timeout: float = 5.0
    ) -> None:
        """Wait until a condition on the emulator holds; raise TimeoutError after the seconds."""
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
