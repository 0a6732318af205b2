"""The official Python client, only receiving: prints when it is ready, then its CPU seconds for the events."""

import asyncio
import sys
from time import process_time
from typing import Any

from ringcentral import SDK
from ringcentral.websocket.events import WebSocketEvents

_FILTER = "/restapi/v1.0/account/~/presence?detailedTelephonyState=true"


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


async def _listen(sdk: Any, count: int, rounds: int) -> None:
    client = sdk.create_web_socket_client()
    connected, done = asyncio.Event(), asyncio.Event()
    seen, first = 0, 0.0

    def heard(_message: Any) -> None:
        nonlocal seen, first
        seen += 1
        if seen == 1:
            first = process_time()
        if seen == count:
            done.set()

    client.on(WebSocketEvents.connectionCreated, lambda _: connected.set())
    client.on(WebSocketEvents.receiveSubscriptionNotification, heard)
    reading = asyncio.create_task(client.create_new_connection())
    await connected.wait()
    await client.create_subscription([_FILTER])
    _say("ready")
    for _ in range(rounds):
        await done.wait()
        taken, seen = process_time() - first, 0
        done.clear()
        _say(str(taken))
    await client.close_connection()
    await asyncio.gather(reading, return_exceptions=True)


def main() -> None:
    """Sign in and listen."""
    server, client_id, secret, jwt, count, rounds = sys.argv[1:]
    sdk = SDK(client_id, secret, server)
    sdk.platform().login(jwt=jwt)
    asyncio.run(_listen(sdk, int(count), int(rounds)))


if __name__ == "__main__":
    main()
