"""Rate groups, penalty and Retry-After (docs/protocol.md 5)."""

import aiohttp
import pytest

from emulator import Emulator

from .wire import ACCOUNT, OWN, Socket, Wire


@pytest.mark.parametrize(
    ("group", "limit", "path"),
    [
        ("light", 50, f"{OWN}/presence"),
        ("medium", 40, f"{ACCOUNT}/extension"),
        ("heavy", 10, f"{ACCOUNT}/presence"),
    ],
)
async def test_groups(
    wire: Wire, emu: Emulator, group: str, limit: int, path: str
) -> None:
    """Each call belongs to a group, counted down in headers, then refused."""
    for left in range(limit - 1, -1, -1):
        answer = await wire.get(path)
        assert answer.status == 200
        assert answer.headers["X-Rate-Limit-Group"] == group
        assert answer.headers["X-Rate-Limit-Limit"] == str(limit)
        assert answer.headers["X-Rate-Limit-Remaining"] == str(left)
        assert answer.headers["X-Rate-Limit-Window"] == "60"
    answer = await wire.get(path)
    assert (answer.status, answer.codes) == (429, ["CMN-301"])
    assert answer.headers["Retry-After"] == "60"
    assert emu.counters.rate_limited == 1


async def test_window_slides(wire: Wire, emu: Emulator) -> None:
    """After a minute the requests are forgotten."""
    for _ in range(10):
        await wire.get(f"{ACCOUNT}/presence")
    emu.clock.advance(61)
    assert (await wire.get(f"{ACCOUNT}/presence")).status == 200


async def test_every_request_restarts_the_penalty(wire: Wire, emu: Emulator) -> None:
    """Who asks during the penalty waits a whole minute again."""
    for _ in range(11):
        await wire.get(f"{ACCOUNT}/presence")
    assert emu.counters.requests_in_penalty == 0
    for _ in range(3):
        emu.clock.advance(50)
        answer = await wire.get(f"{ACCOUNT}/presence")
        assert (answer.status, answer.headers["Retry-After"]) == (429, "60")
    assert emu.counters.requests_in_penalty == 3
    emu.clock.advance(61)
    assert (await wire.get(f"{ACCOUNT}/presence")).status == 200


async def test_auth_group_is_shared(wire: Wire, emu: Emulator) -> None:
    """Tokens and tickets together: five a minute."""
    for _ in range(4):
        assert (await wire.ticket()).status == 200
    assert (await wire.ticket()).status == 429
    answer = await wire.sign_in()
    assert (answer.status, answer.codes) == (429, ["CMN-301"])
    assert answer.headers["Retry-After"] == "60"
    assert emu.counters.requests_in_penalty == 1
    assert emu.counters.groups["Auth"] == 7


async def test_users_have_their_own_limits(
    wire: Wire, emu: Emulator, other: str
) -> None:
    """Limits are per user and app."""
    for _ in range(11):
        await wire.get(f"{ACCOUNT}/presence")
    await wire.sign_in(other)
    assert (await wire.get(f"{ACCOUNT}/presence")).status == 200


async def test_socket_requests_count(socket: Socket, wire: Wire) -> None:
    """The same limits over the socket, as a reply of status 429."""
    for _ in range(10):
        await socket.request("GET", f"{ACCOUNT}/presence")
    meta, body = await socket.request("GET", f"{ACCOUNT}/presence")
    assert (meta["status"], body["errorCode"]) == (429, "CMN-301")
    assert meta["headers"]["Retry-After"] == "60"
    assert (await wire.get(f"{ACCOUNT}/presence")).status == 429


async def test_configured_limit(wire: Wire, emu: Emulator) -> None:
    """A limit can be another."""
    emu.faults.set(rate_limits={"Heavy": 1})
    assert (await wire.get(f"{ACCOUNT}/presence")).status == 200
    assert (await wire.get(f"{ACCOUNT}/presence")).status == 429


@pytest.mark.parametrize("retry_after", [True, False])
async def test_forced(wire: Wire, emu: Emulator, retry_after: bool) -> None:
    """The next N, with or without Retry-After, and no penalty after them."""
    emu.faults.set(http_429={"Light": {"next": 2, "retry_after": retry_after}})
    for _ in range(2):
        answer = await wire.get(f"{OWN}/presence")
        assert answer.status == 429
        assert ("Retry-After" in answer.headers) is retry_after
    assert (await wire.get(f"{OWN}/presence")).status == 200
    assert emu.counters.requests_in_penalty == 0


async def test_lifted(http: aiohttp.ClientSession) -> None:
    """Without limits nothing is refused by itself."""
    async with Emulator(rate_limits=False) as emu:
        wire = Wire(emu, http)
        for _ in range(20):
            await wire.sign_in()
        assert emu.counters.rate_limited == 0
        emu.faults.set(http_429={"Auth": {"next": 1}})
        assert (await wire.sign_in()).status == 429
