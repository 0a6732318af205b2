"""Connections, sign-ins and requests that fail: each function returns when its fault is over."""

import asyncio
import random
from typing import Any, Final

from .world import World

# More than the emulator's idle time, in its own seconds.
_IDLE: Final = 1_801
# Seconds that a client waits if a 429 does not say how long.
_UNTOLD: Final = 60.0
_GROUPS: Final = ("Light", "Medium", "Heavy", "Auth")
PATHS: Final = (
    "*",
    "*/presence",
    "*/oauth/token",
    "*/oauth/wstoken",
    "*/extension*",
    "*/subscription",
)

# Sockets are lost, but their sessions can be recovered.


async def drop(world: World, chance: random.Random) -> None:
    """Sockets are closed, but their sessions can be recovered."""
    await world.disconnect(chance.choice((1001, 1011)))


async def cut(world: World, _chance: random.Random) -> None:
    """Sockets are cut without a close frame."""
    await world.disconnect(None)


async def idle_end(world: World, _chance: random.Random) -> None:
    """Sockets were idle for too long."""
    await world.emulator.post("clock", advance=_IDLE)


async def access_expired(world: World, _chance: random.Random) -> None:
    """Access tokens expire, and their sockets with them."""
    await world.emulator.post("tokens", action="expire_access")


# Connections are lost for good, or are hard to restore.


async def drop_for_good(world: World, chance: random.Random) -> None:
    """Sockets are lost, and their sessions too."""
    await world.disconnect(chance.choice((1001, None)), recoverable=False)


async def recovery_refused(world: World, chance: random.Random) -> None:
    """A lost session is not recovered."""
    code = chance.choice(("fail", "WSG-1003", "WSG-1005"))
    await world.reconnect_under(None, seconds=2, recovery=code)


async def ticket_refused(world: World, chance: random.Random) -> None:
    """No ticket is issued for a while."""
    error = chance.choice(
        (
            {"status": 503, "code": "CMN-201", "next": 2},
            {"status": 401, "code": "OAU-213", "next": 1},
        )
    )
    await world.reconnect_under(None, seconds=3, wstoken_error=error)


async def connection_error(world: World, chance: random.Random) -> None:
    """The next sockets are refused."""
    await world.reconnect_under(None, seconds=3, connection_error=chance.randint(1, 2))


async def subscribe_reply_lost(world: World, _chance: random.Random) -> None:
    """A subscription is made, but its reply is lost."""
    await world.reconnect_under(
        None, seconds=1, recoverable=False, lose_subscribe_replies=1
    )


async def silence(world: World, chance: random.Random) -> None:
    """The connection is half open: nothing arrives, not even an error."""
    async with world.switched(silent_sockets=True):
        await asyncio.sleep(chance.uniform(2, 10))
    # Unsent events wait for a recovery; the old socket would never deliver them.
    await world.disconnect(None)


async def service_gone(world: World, chance: random.Random) -> None:
    """The service restarts, and forgets sign-ins and newcomers."""
    await world.service_gone(chance.uniform(1, 5))


# Sign-ins.


async def revoked(world: World, _chance: random.Random) -> None:
    """Every sign-in is ended."""
    await world.emulator.post("tokens", action="revoke")


async def superseded(world: World, _chance: random.Random) -> None:
    """The user signs in elsewhere, too often."""
    await world.emulator.post("tokens", action="supersede")


async def refresh_expired(world: World, _chance: random.Random) -> None:
    """All tokens become invalid."""
    await world.emulator.post("tokens", action="expire_refresh")
    await world.emulator.post("tokens", action="expire_access")


# Requests.


async def refused(world: World, chance: random.Random) -> None:
    """The service replies with 429, usually with the time to wait."""
    group = chance.choice(_GROUPS)
    told = chance.random() < 0.9
    fault = {"next": chance.randint(1, 3), "retry_after": told}
    await world.reconnect_under(
        1001, seconds=3, recoverable=False, http_429={group: fault}
    )
    if not told:
        await asyncio.sleep(_UNTOLD)


async def penalty(world: World, chance: random.Random) -> None:
    """Other programs use the same app: little of the rate limit is left, and penalties apply."""
    limits = {chance.choice(_GROUPS): 1}
    await world.reconnect_under(
        1001, seconds=chance.uniform(2, 5), recoverable=False, rate_limits=limits
    )


async def server_errors(world: World, chance: random.Random) -> None:
    """Requests fail."""
    error: dict[str, Any] = {
        "path": chance.choice(PATHS),
        "status": chance.choice((500, 502, 503, 408)),
        "body": chance.choice(("json", "html", "empty")),
        "next": chance.randint(1, 3),
        "retry_after": chance.choice((None, None, 2)),
    }
    await world.reconnect_under(1001, seconds=3, recoverable=False, http_5xx=[error])


async def slow_replies(world: World, chance: random.Random) -> None:
    """Replies are slow."""
    delay, is_recoverable = chance.uniform(0.5, 2), chance.random() < 0.5
    await world.reconnect_under(
        1001, seconds=4, recoverable=is_recoverable, reply_delay=delay
    )
