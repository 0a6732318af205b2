"""The emulator in a separate process, so that its work does not count as ours."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
import sys
from typing import Any

import aiohttp
import orjson


@dataclass(slots=True, kw_only=True)
class RemoteEmulator:
    """An emulator in another process, as its first line describes it."""

    info: dict[str, Any]
    session: aiohttp.ClientSession

    @property
    def url(self) -> str:
        """Its base URL."""
        return str(self.info["server"])

    async def get(self, path: str) -> Any:
        """Return the reply of a control path."""
        async with self.session.get(f"{self.url}/emulator/{path}") as reply:
            return orjson.loads(await reply.read())

    async def post(self, path: str, body: Any) -> Any:
        """Post to a control path."""
        async with self.session.post(f"{self.url}/emulator/{path}", json=body) as reply:
            reply.raise_for_status()
            return orjson.loads(await reply.read() or b"null")


@asynccontextmanager
async def remote_emulator(*arguments: str) -> AsyncIterator[RemoteEmulator]:
    """Start an emulator, and stop it at the end."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "emulator", *arguments, stdout=asyncio.subprocess.PIPE
    )
    try:
        if process.stdout is None:
            raise RuntimeError("The emulator has no output")
        async with asyncio.timeout(30):
            info = orjson.loads(await process.stdout.readline())
        async with aiohttp.ClientSession() as session:
            yield RemoteEmulator(info=info, session=session)
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
