"""A client and the emulator it speaks to, in one event loop."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

import aiohttp
import pytest

from aioringcentral.auth import JwtTokens, Token
from aioringcentral.backoff import Backoff
from aioringcentral.errors import RingCentralError
from aioringcentral.filters import OWN, FilterPlan
from aioringcentral.http import Http
from aioringcentral.limits import RateBudget
from aioringcentral.models import Event
from aioringcentral.rest import Rest
from aioringcentral.stream import Continuity, Stream
from emulator import Emulator

DEADLINE = 10.0


@pytest.fixture(autouse=True)
def _sockets(request: pytest.FixtureRequest) -> None:
    """Let tests speak to the emulator where Home Assistant's test plugin forbids sockets."""
    if request.config.pluginmanager.has_plugin("socket"):
        request.getfixturevalue("socket_enabled")


@pytest.fixture
async def emulator() -> AsyncIterator[Emulator]:
    """A small account without rate limits; a test that is about them starts its own."""
    async with Emulator(extensions=12, seed=1, rate_limits=False) as started:
        yield started


@dataclass(eq=False)
class Client:
    """All the parts of a client, and what the stream told."""

    session: aiohttp.ClientSession
    http: Http
    tokens: JwtTokens
    rest: Rest
    events: list[Event] = field(default_factory=list)
    lives: list[Continuity] = field(default_factory=list)
    losses: list[RingCentralError] = field(default_factory=list)
    stream: Stream = field(init=False)
    task: asyncio.Task[None] | None = None
    _told: asyncio.Event = field(default_factory=asyncio.Event)

    def stream_live(self, continuity: Continuity) -> None:
        """Note that the stream is live."""
        self.lives.append(continuity)
        self._told.set()

    def stream_token(self, token: Token) -> None:
        """Take no notice of a token."""

    def stream_lost(self, error: RingCentralError) -> None:
        """Note a loss."""
        self.losses.append(error)
        self._told.set()

    def stream_event(self, event: Event) -> None:
        """Note an event."""
        self.events.append(event)
        self._told.set()

    def follow(
        self, plan: FilterPlan | None = None, backoff: Backoff | None = None
    ) -> Stream:
        """Run a stream in the background."""
        self.stream = Stream(
            self.http,
            self.rest,
            self.tokens,
            plan or FilterPlan(wanted=(OWN,)),
            self,
            backoff=backoff,
        )
        self.task = asyncio.create_task(self.stream.run())
        return self.stream

    async def until(
        self, holds: Callable[[], bool], deadline: float = DEADLINE
    ) -> None:
        """Wait until something holds, checked whenever the stream tells something."""
        async with asyncio.timeout(deadline):
            while not holds():
                if self.task is not None and self.task.done():
                    await self.task
                self._told.clear()
                if holds():
                    return
                told = asyncio.ensure_future(self._told.wait())
                waits = {told} if self.task is None else {told, self.task}
                try:
                    await asyncio.wait(
                        waits, timeout=0.05, return_when=asyncio.FIRST_COMPLETED
                    )
                finally:
                    told.cancel()

    async def live(self, count: int = 1) -> None:
        """Wait until the stream has become live so many times."""
        await self.until(lambda: len(self.lives) >= count)

    async def heard(self, **fields: object) -> Event:
        """Wait for an event whose body has these values."""
        found: list[Event] = []

        def holds() -> bool:
            found.extend(
                e for e in self.events if fields.items() <= dict(e.body).items()
            )
            return bool(found)

        await self.until(holds)
        return found[0]

    async def stop(self) -> None:
        """End the stream, and see that it leaves no task behind."""
        if self.task is not None:
            self.task.cancel()
            await asyncio.wait([self.task])


@pytest.fixture
async def client(emulator: Emulator) -> AsyncIterator[Client]:
    """A client that signs in to the emulator with a JWT."""
    async with client_of(emulator) as made:
        yield made


class client_of:  # noqa: N801 - reads as a function
    """A client of an emulator, stopped at the end."""

    def __init__(self, emulator: Emulator, budget: RateBudget | None = None) -> None:
        """Take the emulator to sign in to."""
        self._emulator = emulator
        self._budget = budget or RateBudget()

    async def __aenter__(self) -> Client:
        """Make the client."""
        session = aiohttp.ClientSession()
        http = Http(session, self._emulator.url, self._budget)
        tokens = JwtTokens(
            http,
            self._emulator.client_id,
            self._emulator.client_secret,
            self._emulator.jwt,
        )
        self._client = Client(session, http, tokens, Rest(http, tokens))
        return self._client

    async def __aexit__(self, *_: object) -> None:
        """Stop it."""
        await self._client.stop()
        await self._client.session.close()
