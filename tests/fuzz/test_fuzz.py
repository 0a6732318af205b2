"""Mutated and random frames and bodies, in a world where everything else is as usual."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
import json
from typing import Any
from unittest.mock import patch

import aiohttp
from aiohttp import web
from hypothesis import settings
import pytest

from custom_components.ringcentral.aioringcentral import snapshot
from custom_components.ringcentral.aioringcentral.batches import Readings
from custom_components.ringcentral.aioringcentral.error_codes import error_from_reply
from custom_components.ringcentral.aioringcentral.errors import RingCentralError
from custom_components.ringcentral.aioringcentral.filters import (
    EVERYONE,
    OWN,
    disabled_filters,
    named_filters,
)
from custom_components.ringcentral.aioringcentral.models import UserStatus
from custom_components.ringcentral.aioringcentral.snapshot import SnapshotReader
from custom_components.ringcentral.aioringcentral.stream.connection import Connection
from custom_components.ringcentral.coordinator import RingCentralCoordinator
from demo.entities import expected
from tests.integration.skipping import quiet, skipping_time
from tests.integration.world import World

from .mutate import Mutator

IS_LONG = settings().max_examples >= 2_000
FRAMES = 100_000 if IS_LONG else 5_000
BODIES = 20_000 if IS_LONG else 1_000
CONNECTS = 2_000 if IS_LONG else 100
# What comes between two good events.
BATCH = 50

STATUSES = (200, 200, 201, 204, 207, 301, 400, 401, 403, 404, 408, 415, 429, 500, 503)
RETRY_AFTER = ("", "0", "3", "-5", "abc", "1.5", "Wed, 21 Oct 2015 07:28:00 GMT")
ERROR = {
    "errorCode": "CMN-401",
    "message": "In order to call this API endpoint, user needs to have [ReadPresence]",
    "error": "invalid_grant",
    "errors": [
        {"errorCode": "CMN-401", "message": "[ReadPresence]", "permissionName": "X"},
        {
            "errorCode": "SUB-403",
            "parameterName": "eventFilters",
            "parameterValue": "~",
        },
    ],
}

pytestmark = pytest.mark.timeout(0 if IS_LONG else 300)


class Watched:
    """A world that is played bad tricks on, and the good events that have to show all the same."""

    def __init__(self, world: World, seed: int) -> None:
        """Take a world that has begun."""
        self.world = world
        self.mutator = Mutator(seed)
        self.good = 0
        self.who = world.emulator.own_extension_id

    @property
    def coordinator(self) -> RingCentralCoordinator:
        """The account in Home Assistant."""
        coordinator = self.world.coordinator
        assert coordinator is not None
        return coordinator

    async def heard(self) -> None:
        """Wait until all that was sent so far has arrived."""
        link = self.coordinator.account.stream._link
        assert link is not None
        await link.connection.heartbeat()

    @asynccontextmanager
    async def unread(self) -> AsyncIterator[None]:
        """Read nothing again: that would tell what is true, and of no event that is only said to be."""

        async def nothing(_reader: SnapshotReader, _keys: Collection[str]) -> Readings:
            return Readings()

        with patch.object(SnapshotReader, "read", nothing):
            async with asyncio.timeout(60):
                while self.coordinator.presences._journals:  # noqa: ASYNC110 - no time passes
                    await asyncio.sleep(0.1)
            yield

    async def good_event(self) -> None:
        """Send a good event, and see all of it shown."""
        async with self.unread():
            await self._good_event()

    async def _good_event(self) -> None:
        world, chance = self.world, self.mutator.chance
        self.good += 1
        sequence = self.coordinator.presences[self.who].sequence or 0
        status = chance.choice(("NoCall", "Ringing", "CallConnected", "OnHold"))
        calls = [] if status == "NoCall" else [self._call(status)]
        body = {
            "extensionId": int(self.who),
            "telephonyStatus": status,
            "activeCalls": calls,
            "totalActiveCalls": len(calls),
            # The next one, unless there is none in the numbers that the service has.
            "sequence": sequence + 1 if 0 <= sequence < 2**31 - 1 else 1,
            "presenceStatus": chance.choice(("Available", "Busy", "Offline")),
            "userStatus": chance.choice(("Available", "Busy", "Offline")),
            "dndStatus": chance.choice(("TakeAllCalls", "DoNotAcceptAnyCalls")),
            "meetingStatus": chance.choice(("Connected", "Disconnected")),
            "allowSeeMyPresence": True,
            "ringOnMonitoredCall": chance.random() < 0.5,
            "pickUpCallsOnHold": chance.random() < 0.5,
        }
        wanted = expected(body)
        assert await world.emulator.deliver(self.who, body)
        # A ringing call that is gone without a word may come back for a moment.
        await asyncio.sleep(2)
        shown = world.shown(world.entities(self.who))
        wrong = {
            key: (shown.get(key), state)
            for key, state in wanted.items()
            if shown.get(key) != state
        }
        assert not wrong, wrong

    def _call(self, status: str) -> dict[str, Any]:
        number = f"{self.good:032x}"
        return {
            "id": number,
            "direction": "Inbound",
            "from": "+14155550123",
            "fromName": "Zebulon Quagmire",
            "to": "101",
            "telephonyStatus": status,
            "sessionId": str(10**11 + self.good),
            "startTime": datetime.fromtimestamp(self.good, UTC).isoformat(),
            "partyId": f"p-{number}-2",
            "telephonySessionId": f"s-{number}",
        }

    def judge(self) -> None:
        """Claim that there is nothing to complain of."""
        assert not self.world.verdict()


async def real_frames(watched: Watched) -> list[str]:
    """Return every kind of frame that the service sends."""
    world, emulator = watched.world, watched.world.emulator
    frames: list[str] = []
    original = Connection._receive

    def take(connection: Connection, text: str) -> None:
        frames.append(text)
        original(connection, text)

    with patch.object(Connection, "_receive", take):
        await emulator.disconnect(1001)
        await asyncio.sleep(5)
        for who in emulator.extension_ids:
            await emulator.play_call(who, ["ring", "answer", "hold"], call="a")
            await emulator.play_call(who, ["ring"], call="b")
            await emulator.set_presence(who, {"userStatus": "Busy"})
            await emulator.play_call(who, ["hangup"], call="a")
            await emulator.play_call(who, ["missed"], call="b")
        await emulator.set_lines([emulator.extension_ids[-1]])
        await emulator.rename_extension(emulator.extension_ids[-1], "Another Name")
        await asyncio.sleep(5)
        await emulator.disconnect(1001, recoverable=False)
        await asyncio.sleep(30)
        world.emulator.faults.clear()
    assert {json.loads(frame)[0]["type"] for frame in frames} == {
        "ConnectionDetails",
        "ClientRequest",
        "ServerNotification",
        "Heartbeat",
    }
    return frames


def play(story: Callable[[Watched], Awaitable[None]], **options: Any) -> None:
    """Let a story happen in a world of its own, and look at what it left."""
    with quiet(), skipping_time() as loop:
        world = World(
            loop,
            extensions=3,
            kind={},
            follow=["account"],
            caller_identity="full",
            **options,
        )

        async def happen() -> None:
            await world.begin()
            world.is_gentle = world.is_unbroken = False
            await world.rest()
            watched = Watched(world, seed=1)
            watched.judge()
            world.is_gentle = world.is_unbroken = False
            await story(watched)
            # What was only said to have happened is forgotten with the connection.
            await world.emulator.disconnect(1001, recoverable=False)
            world.is_gentle = world.is_unbroken = False
            await world.rest()
            watched.judge()
            world.is_gentle = world.is_unbroken = False
            await world.end()
            watched.judge()
            assert watched.good

        try:
            world.run(happen())
        finally:
            world.run(world.close())


class Proxy:
    """A way to the service on which replies are damaged."""

    def __init__(self, mutator: Mutator) -> None:
        """Take the source of damage."""
        self.is_on = False
        self.damaged = 0
        self._mutator = mutator
        self._service = ""

    @asynccontextmanager
    async def __call__(self, service: str) -> AsyncIterator[str]:
        """Listen before the service, and return the address."""
        self._service = service
        runner = web.ServerRunner(web.Server(self._handle), shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        async with aiohttp.ClientSession() as self._session:
            yield f"http://127.0.0.1:{runner.addresses[0][1]}"
            await runner.cleanup()

    async def _handle(self, request: web.BaseRequest) -> web.Response:
        async with self._session.request(
            request.method,
            f"{self._service}{request.path_qs}",
            headers={
                name: value
                for name, value in request.headers.items()
                if name not in ("Host", "Content-Length")
            },
            data=await request.read(),
            allow_redirects=False,
        ) as reply:
            body, status = await reply.read(), reply.status
            headers = {
                name: value
                for name, value in reply.headers.items()
                if name not in ("Content-Length", "Server", "Date")
            }
        if self.is_on:
            self.damaged += 1
            body, status = self._damage(body, status, headers)
        return web.Response(body=body, status=status, headers=headers)

    def _damage(
        self, body: bytes, status: int, headers: dict[str, str]
    ) -> tuple[bytes, int]:
        chance = self._mutator.chance
        real = json.loads(body) if body else {}
        text = self._mutator.text(real if chance.random() < 0.8 else ERROR)
        if chance.random() < 0.25:
            status = chance.choice(STATUSES)
        if chance.random() < 0.1:
            headers["Retry-After"] = chance.choice(RETRY_AFTER)
        if chance.random() < 0.05:
            return chance.randbytes(chance.randrange(200)), status
        return text.encode("utf-8", "replace"), status


async def calls(watched: Watched) -> None:
    """Send one request of any kind, or what reading takes of them."""
    coordinator, chance = watched.coordinator, watched.mutator.chance
    rest, everyone = coordinator.account.sign_in.rest, tuple(coordinator.presences)
    some = tuple(key for key in everyone if chance.random() < 0.7) or everyone
    calls: tuple[Callable[[], Awaitable[object]], ...] = (
        rest.own_extension,
        rest.extensions,
        rest.monitored_lines,
        rest.favorites,
        rest.own_queues,
        lambda: rest.queue_members("7"),
        lambda: rest.take_queue_calls("7", takes=True),
        rest.ticket,
        rest.account_presences,
        lambda: rest.presences(some),
        lambda: coordinator.account.read(some, reset=True),
        lambda: coordinator.account.read(some, reset=False),
        lambda: coordinator.account.read_presence(chance.choice(everyone)),
        lambda: coordinator.account.update_presence(
            watched.who, user_status=chance.choice([*UserStatus])
        ),
        lambda: coordinator.account.sign_in.tokens.renew("another"),
        lambda: error_of(watched.mutator),
    )
    # Whatever else comes out has escaped.
    with suppress(RingCentralError):
        await chance.choice(calls)()


async def error_of(mutator: Mutator) -> None:
    """Read an error body as that of a refused subscription, too."""
    body = mutator.json(ERROR)
    status = mutator.chance.choice(STATUSES)
    named_filters((OWN, EVERYONE), body)
    disabled_filters((OWN, EVERYONE), body)
    raise error_from_reply(status, body, {})


def test_bodies(socket_enabled: None) -> None:
    proxy = Proxy(Mutator(2))

    async def story(watched: Watched) -> None:
        with patch.object(snapshot, "BATCH", 2):
            while proxy.damaged < BODIES:
                proxy.is_on = True
                for _ in range(BATCH):
                    await calls(watched)
                proxy.is_on = False
                # Whoever had to sign in again, or to wait, has done so.
                assert await watched.world._live(), watched.world.complaints
                await asyncio.sleep(70)
                assert await watched.world._live(), watched.world.complaints
                await watched.coordinator.account.read(
                    tuple(watched.coordinator.presences), reset=True
                )
                await watched.good_event()
                watched.judge()

    play(story, rate_limits=False, door=proxy)
    assert proxy.damaged >= BODIES


def test_connects(socket_enabled: None) -> None:
    """What comes first on a socket decides how it is lived with."""

    async def story(watched: Watched) -> None:
        emulator, chance = watched.world.emulator, watched.mutator.chance
        original = Connection._receive
        heard: Counter[int] = Counter()
        is_on, damaged = True, 0

        def take(connection: Connection, text: str) -> None:
            nonlocal damaged
            heard[id(connection)] += 1
            if is_on and heard[id(connection)] < 5 and chance.random() < 0.7:
                damaged += 1
                text = watched.mutator.text(json.loads(text))
            original(connection, text)

        with patch.object(Connection, "_receive", take):
            while damaged < CONNECTS:
                is_on = True
                for _ in range(5):
                    await emulator.disconnect(None, recoverable=chance.random() < 0.5)
                    await asyncio.sleep(chance.choice((0.1, 5, 70)))
                is_on = False
                heard.clear()
                await emulator.disconnect(None, recoverable=chance.random() < 0.5)
                await asyncio.sleep(1)
                assert await watched.world._live(), watched.world.complaints
                await watched.good_event()
                watched.judge()

    play(story, rate_limits=False)


def test_frames(socket_enabled: None) -> None:
    async def story(watched: Watched) -> None:
        emulator, mutator = watched.world.emulator, watched.mutator
        frames = await real_frames(watched)
        losses = watched.coordinator.account.stream.history.losses
        for _ in range(FRAMES // BATCH):
            sent: list[str | bytes] = []
            for _ in range(BATCH):
                text = mutator.text(json.loads(mutator.chance.choice(frames)))
                is_binary = mutator.chance.random() < 0.05
                frame = text.encode("utf-8", "replace") if is_binary else text
                sent.append(frame)
                await emulator.send_frame(frame)
            await watched.heard()
            try:
                await watched.good_event()
                watched.judge()
            except AssertionError:
                print(*sent, sep="\n")  # noqa: T201 - one of these it was
                raise
        assert watched.coordinator.account.stream.history.losses == losses

    play(story)
