"""A service that answers oddly over the socket: the stream comes back to life, and says when it is not alive."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from functools import partial
import time
from typing import Any
from unittest.mock import patch

import pytest

from aioringcentral.auth import JwtTokens
from aioringcentral.filters import FAVORITES, LINES, OWN, FilterPlan
from aioringcentral.models import Event
from emulator import Emulator
from emulator.odd import BODY_KINDS, FRAME_KINDS
from tests.aioringcentral import conftest
from tests.aioringcentral.conftest import Client, client_of
from tests.integration.skipping import SkippingLoop, skipping_time

KINDS = (*BODY_KINDS, *FRAME_KINDS)
PLAN = FilterPlan(wanted=(OWN, LINES, FAVORITES))
# Seconds of a clock that does not have to be waited for.
SOON = 900.0

type Story = Callable[[Client, Emulator], Coroutine[Any, Any, None]]


@contextmanager
def world() -> Iterator[SkippingLoop]:
    """Skip waits, also those of a sign-in."""
    with skipping_time() as loop:
        tokens = partial(JwtTokens, clock=time.time)
        with patch.object(conftest, "JwtTokens", tokens):
            yield loop


def play(story: Story) -> None:
    """Let a story happen, and see that the truth shows in the end."""

    async def happen() -> None:
        async with (
            Emulator(extensions=4, seed=1, rate_limits=False) as emulator,
            client_of(emulator) as client,
        ):
            # It was made to begin by the machine's own clock.
            emulator.clock._start = 0.0
            client.follow(PLAN)
            await story(client, emulator)
            emulator.faults.set(odd=[])
            await shows(client, emulator)
            await emulator.disconnect(1001)
            await shows(client, emulator)

    with world() as loop:
        loop.run_until_complete(happen())


async def shows(client: Client, emulator: Emulator) -> None:
    """Let somebody change until it shows: an event may be lost with a socket, but the next one is not."""
    await until(client, lambda: client.stream.is_live)
    subscription = client.stream.subscription
    assert subscription is not None
    assert subscription.live
    while not await shows_once(client, emulator):
        # A socket that is dead says so, within its own deadlines.
        await until(client, lambda: client.stream.is_live)


async def shows_once(client: Client, emulator: Emulator) -> bool:
    """Let somebody have a call; return whether it shows, or else wait for the loss that explains it."""
    client.events.clear()
    losses = len(client.losses)
    await emulator.play_call(emulator.own_extension_id, ["ring", "hangup"])
    try:
        await until(client, lambda: heard(client.events), 30.0)
    except TimeoutError:
        await until(client, lambda: len(client.losses) > losses)
        return False
    return True


async def until(
    client: Client, holds: Callable[[], bool], deadline: float = SOON
) -> None:
    """Wait for what the stream reports, without a look in between: each would let time pass."""
    assert client.task is not None
    async with asyncio.timeout(deadline):
        while not holds():
            client._told.clear()
            reported = asyncio.ensure_future(client._told.wait())
            await asyncio.wait(
                {reported, client.task}, return_when=asyncio.FIRST_COMPLETED
            )
            reported.cancel()
            if client.task.done():
                await client.task


def heard(events: list[Event]) -> bool:
    """Whether a call rang and ended."""
    words = [event.body.get("telephonyStatus") for event in events]
    return {"Ringing", "NoCall"} <= {word for word in words if isinstance(word, str)}


@pytest.mark.parametrize("kind", KINDS)
def test_odd_replies_to_the_subscription(socket_enabled: None, kind: str) -> None:
    """Two of them, so that the second attempt meets another value of the kind."""

    async def story(client: Client, emulator: Emulator) -> None:
        emulator.faults.set(odd=[{"kind": kind, "on": "socket", "next": 2}])
        await until(client, lambda: client.stream.is_live)

    play(story)


@pytest.mark.parametrize("kind", KINDS)
def test_odd_connection_details(socket_enabled: None, kind: str) -> None:
    async def story(client: Client, emulator: Emulator) -> None:
        await until(client, lambda: client.stream.is_live)
        emulator.faults.set(odd=[{"kind": kind, "on": "details", "next": 2}])
        await emulator.disconnect(1001)
        await until(client, lambda: bool(client.losses))
        await until(client, lambda: client.stream.is_live)

    play(story)


@pytest.mark.parametrize("kind", KINDS)
def test_odd_events(socket_enabled: None, kind: str) -> None:
    """Each costs itself alone."""

    async def story(client: Client, emulator: Emulator) -> None:
        await until(client, lambda: client.stream.is_live)
        emulator.faults.set(odd=[{"kind": kind, "on": "event"}])
        for _ in range(4):
            await emulator.play_call(emulator.own_extension_id, ["ring", "hangup"])
        if kind != "cut":
            assert client.stream._link is not None
            await client.stream._link.connection.heartbeat()
            assert client.losses == []

    play(story)


@pytest.mark.parametrize("kind", KINDS)
def test_odd_echoes(socket_enabled: None, kind: str) -> None:
    """A service that never echoes is alive as long as something comes."""

    async def story(client: Client, emulator: Emulator) -> None:
        await until(client, lambda: client.stream.is_live)
        emulator.faults.set(odd=[{"kind": kind, "on": "heartbeat", "next": 3}])
        await emulator.disconnect(1001)
        await until(client, lambda: bool(client.losses))
        await until(client, lambda: client.stream.is_live)

    play(story)


@pytest.mark.parametrize("kind", KINDS)
def test_odd_tickets(socket_enabled: None, kind: str) -> None:
    """Over HTTP: another ticket is asked for, and none is shown to anybody else."""

    async def story(client: Client, emulator: Emulator) -> None:
        if kind not in FRAME_KINDS:
            odd = {"kind": kind, "on": "http", "path": "*/wstoken", "next": 2}
            emulator.faults.set(odd=[odd])
        await until(client, lambda: client.stream.is_live)

    play(story)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("path", ["/ws", "*/wstoken"])
def test_no_redirect_is_followed(socket_enabled: None, status: int, path: str) -> None:
    async def story(client: Client, emulator: Emulator) -> None:
        odd = {"kind": "redirect", "path": path, "status": status, "next": 1}
        emulator.faults.set(odd=[odd])
        await until(client, lambda: client.stream.is_live)
        assert len(client.losses) == 1
        assert emulator.counters.redirects_followed == 0

    play(story)


def has_all_filters(client: Client) -> bool:
    """Whether the connection is live, and nothing is refused or in doubt."""
    found = client.stream.subscription
    return (
        client.stream.is_live
        and found is not None
        and not found.refused
        and not found.unsure
    )


@pytest.mark.parametrize("on", ["http", "socket"])
@pytest.mark.parametrize(
    ("status", "kind", "value"),
    [
        *((status, "empty", None) for status in (400, 401, 403, 404, 405, 413, 451)),
        (403, "html", None),
        (403, "list", None),
        (400, "error", "CMN-999"),
        (403, "error", "MaintenanceMode"),
        (403, "error", "CMN-211"),
        (503, "error", "CMN-211"),
        (401, "error", "OAU-129"),
    ],
)
def test_a_refusal_without_a_verdict_is_tried_again(
    socket_enabled: None, on: str, status: int, kind: str, value: str | None
) -> None:
    """Of a ticket and of a subscription."""

    async def story(client: Client, emulator: Emulator) -> None:
        path = "*/wstoken" if on == "http" else "*/subscription"
        odd = {"kind": kind, "on": on, "path": path, "status": status, "next": 4}
        emulator.faults.set(odd=[odd if value is None else odd | {"value": value}])
        await until(client, lambda: has_all_filters(client))
        # A code that nobody knows may be about single filters: these are searched for at once.
        is_searched = value == "CMN-999" and on == "socket"
        assert bool(client.losses) is not is_searched

    play(story)
