"""The official Python client, run in a process of its own by its test.

Prints one JSON line for each thing it sees.
"""

import asyncio
from collections.abc import Callable
import json
import sys
from typing import Any

from ringcentral import SDK
from ringcentral.websocket.events import WebSocketEvents

FILTER = "/restapi/v1.0/account/~/presence?detailedTelephonyState=true"


def say(kind: str, **what: Any) -> None:
    """Tell the test."""
    sys.stdout.write(json.dumps({"kind": kind, **what}) + "\n")
    sys.stdout.flush()


async def listen(platform: Any, sdk: SDK) -> None:
    """Open a socket, subscribe and report until the input ends."""
    client = sdk.create_web_socket_client()
    connected = asyncio.Event()
    client.on(WebSocketEvents.connectionCreated, lambda _: connected.set())
    wanted: dict[str, Callable[[Any], None]] = {
        WebSocketEvents.connectionCreated: lambda _: say("connected"),
        WebSocketEvents.subscriptionCreated: lambda _: say("subscribed"),
        WebSocketEvents.receiveSubscriptionNotification: lambda message: say(
            "event", frame=json.loads(message) if isinstance(message, str) else message
        ),
    }
    for name, heard in wanted.items():
        client.on(name, heard)
    reading = asyncio.create_task(client.create_new_connection())
    await connected.wait()
    await client.create_subscription([FILTER])
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
    await client.close_connection()
    await asyncio.gather(reading, return_exceptions=True)
    platform.logout()
    say("done")


def main() -> None:
    """Sign in, read, listen."""
    server, client_id, secret, jwt = sys.argv[1:]
    sdk = SDK(client_id, secret, server)
    platform = sdk.platform()
    platform.login(jwt=jwt)
    say("login", access=bool(platform.auth().access_token_valid()))
    extension = platform.get("/restapi/v1.0/account/~/extension/~").json_dict()
    say("extension", id=extension["id"])
    asyncio.run(listen(platform, sdk))


if __name__ == "__main__":
    main()
