"""The emulator process and its control paths."""

import json
from pathlib import Path
from typing import Any

import aiohttp

from .api import ApiError, Json
from .hass import CHECKOUT
from .process import Process, ProcessFailed

START_TIMEOUT = 30.0


class Emulator:
    """A RingCentral on this machine."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        log: Path,
        *,
        port: int = 0,
        extensions: int = 25,
        seed: int = 1,
        simulate: bool = False,
        rate_limits: bool = True,
    ) -> None:
        """Take the company's size and seed; with `simulate`, people act by themselves."""
        self.log = log
        self._session = session
        self._command = [
            str(CHECKOUT / "scripts" / "emulator"),
            f"--extensions={extensions}",
            f"--seed={seed}",
            *(["--simulate"] if simulate else []),
            *([] if rate_limits else ["--no-rate-limits"]),
        ]
        self._port = port
        self._process: Process | None = None
        self.info: Json = {}

    async def start(self) -> None:
        """Start; when started again, use the same port."""
        process = self._process = Process(
            "The emulator", [*self._command, f"--port={self._port}"], self.log, CHECKOUT
        )
        await process.start(announces=True)
        try:
            self.info = json.loads(await process.first_line(START_TIMEOUT))
        except BaseException as error:
            await process.stop()
            if isinstance(error, ValueError):
                raise process.failure("announced itself in another way") from None
            raise
        self._port = int(self.info["server"].rpartition(":")[2])

    @property
    def port(self) -> int:
        """The port on which it listens."""
        return self._port

    async def ended(self) -> int:
        """Return the exit status once it has ended."""
        if self._process is None:
            raise ProcessFailed("The emulator was never started")
        return await self._process.ended()

    async def stop(self) -> None:
        """End it as Ctrl-C does."""
        if self._process is not None:
            await self._process.stop()

    async def kill(self) -> None:
        """Kill it without closing its sockets."""
        if self._process is not None:
            await self._process.kill()

    def failure(self, what: str) -> ProcessFailed:
        """Return an error with the end of its output."""
        if self._process is None:
            return ProcessFailed(f"The emulator {what}")
        return self._process.failure(what)

    async def truth(self) -> dict[str, Json]:
        """Return the current presence of every extension."""
        found: dict[str, Json] = await self._ask("GET", "truth")
        return found

    async def numbers(self) -> dict[str, str]:
        """Return the extension number of every extension, by id."""
        return {
            key: str(presence["extension"].get("extensionNumber", ""))
            for key, presence in (await self.truth()).items()
        }

    async def queues(self) -> dict[str, Json]:
        """Return every queue by id: its name, and its members by id."""
        found: dict[str, Json] = await self._ask("GET", "queues")
        return found

    async def counters(self) -> Json:
        """Return its counters."""
        found: Json = await self._ask("GET", "counters")
        return found

    async def post(self, path: str, **body: Any) -> Any:
        """Post to a control path."""
        return await self._ask("POST", path, body)

    async def set_presence(self, extension_id: str, **fields: Any) -> Any:
        """Change presence as the user would from a phone."""
        return await self.post(f"presence/{extension_id}", **fields)

    async def _ask(self, method: str, path: str, body: Json | None = None) -> Any:
        async with self._session.request(
            method, f"{self.info['server']}/emulator/{path}", json=body
        ) as response:
            if not response.ok:
                raise ApiError(f"emulator, {path}: {await response.text()}")
            return await response.json()
