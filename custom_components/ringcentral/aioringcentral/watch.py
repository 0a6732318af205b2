"""``python -m aioringcentral watch``: prints changes, as the smallest proof that the client works with an account."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
import os
import sys
from typing import Final, TextIO

from .account import Account, Change, Choices
from .advice import advice
from .errors import RingCentralError
from .sign_in import PRODUCTION, JwtSignIn

# Secrets are not arguments, which show in the list of processes and in the shell's history.
_SERVER: Final = "RINGCENTRAL_SERVER"
_CREDENTIALS: Final = (
    "RINGCENTRAL_CLIENT_ID",
    "RINGCENTRAL_CLIENT_SECRET",
    "RINGCENTRAL_JWT",
)


def run_command() -> int:
    """Watch until Ctrl-C; return the exit status."""
    try:
        return asyncio.run(watch(os.environ, sys.stdout, sys.stderr))
    except KeyboardInterrupt:
        return 0


async def watch(environment: Mapping[str, str], out: TextIO, err: TextIO) -> int:
    """Print the user's own extension and monitored lines, now and as they change; return the exit status."""
    if missing := [name for name in _CREDENTIALS if not environment.get(name)]:
        print(f"Missing in the environment: {', '.join(missing)}", file=err)
        return 2
    try:
        sign_in = JwtSignIn(
            *(environment[name] for name in _CREDENTIALS),
            server=environment.get(_SERVER) or PRODUCTION,
        )
        async with Account(sign_in, Choices(own=True, lines=True)) as account:
            print(
                f"Watching {len(account.extensions)} extensions", file=out, flush=True
            )
            async for change in account.changes(initial=True):
                print(line(change, datetime.now().astimezone()), file=out, flush=True)
    except RingCentralError as error:
        print(advice(error), file=err)
    return 1


def line(change: Change, now: datetime) -> str:
    """Return one change as a line, without who is calling."""
    words = (change.status or "unknown", *(event.type for event in change.events))
    name = change.extension.name or change.extension.number or change.extension.id
    return f"{now:%H:%M:%S}  {name}  {' '.join(words)}"
