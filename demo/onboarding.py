"""The first minutes with a new Home Assistant: creating its owner, and setting its location."""

import asyncio
from dataclasses import dataclass

import aiohttp

from .api import ApiError, Socket

# Seconds from the first answer until Home Assistant has started.
SETTLE_TIMEOUT = 60.0


@dataclass(frozen=True, slots=True)
class Owner:
    """Who signs in."""

    name: str
    username: str
    password: str


async def create_owner(session: aiohttp.ClientSession, url: str, owner: Owner) -> str:
    """Create the owner as onboarding does; return an access token for 30 minutes."""
    client_id = f"{url}/"
    async with session.post(
        f"{url}/api/onboarding/users",
        json={
            "name": owner.name,
            "username": owner.username,
            "password": owner.password,
            "client_id": client_id,
            "language": "en",
        },
    ) as response:
        if not response.ok:
            raise ApiError(f"the owner was refused: {await response.text()}")
        code = (await response.json())["auth_code"]
    async with session.get(f"{url}/api/onboarding") as response:
        # This is only served while onboarding is not finished.
        if response.ok and (
            left := [step["step"] for step in await response.json() if not step["done"]]
        ):
            raise ApiError(
                f"Home Assistant has more onboarding steps: {', '.join(left)}"
            )
    async with session.post(
        f"{url}/auth/token",
        data={"grant_type": "authorization_code", "code": code, "client_id": client_id},
    ) as response:
        if not response.ok:
            raise ApiError(f"no access token: {await response.text()}")
        return str((await response.json())["access_token"])


async def lasting_token(socket: Socket) -> str:
    """Return an access token that outlives a restart."""
    return str(
        await socket.call(
            "auth/long_lived_access_token", client_name="Demo", lifespan=365
        )
    )


async def settle_in(socket: Socket) -> None:
    """Wait until Home Assistant has started, keep the port, and set the location.

    A port from YAML is on trial: without confirmation, Home Assistant restarts after
    five minutes and goes back to 8123.
    """
    started = asyncio.Event()
    await socket.subscribe(
        lambda _event: started.set(),
        "subscribe_events",
        event_type="homeassistant_started",
    )
    if (await socket.call("get_config"))["state"] != "RUNNING":
        async with asyncio.timeout(SETTLE_TIMEOUT):
            await started.wait()
    await socket.call("http/config/promote")
    issues = (await socket.call("repairs/list_issues"))["issues"]
    for issue in issues:
        if issue["domain"] == "http":
            await socket.call(
                "repairs/ignore_issue",
                domain="http",
                issue_id=issue["issue_id"],
                ignore=True,
            )
    await socket.call(
        "config/core/update",
        location_name="RingCentral office",
        country="US",
        currency="USD",
        language="en",
        unit_system="us_customary",
    )
