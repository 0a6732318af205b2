"""Frames that wait in order for the network."""

import asyncio
from collections import deque
from collections.abc import Callable
import contextlib

from aiohttp import web

MAX_QUEUED = 20_000
"""Frames that may wait for a client that does not read."""


class Outbox:
    """Writes one socket's frames."""

    def __init__(self, ws: web.WebSocketResponse, sent: Callable[[int], None]) -> None:
        """Take the socket; `sent` is called with the position of each event."""
        self._ws, self._sent = ws, sent
        self._queue: deque[tuple[str | bytes, int]] = deque()
        self._wake = asyncio.Event()

    @property
    def full(self) -> bool:
        """Whether the client has not read for too long."""
        return len(self._queue) >= MAX_QUEUED

    def put(self, frame: str | bytes, position: int) -> None:
        """Queue a frame, with the position of the event in it or 0."""
        self._queue.append((frame, position))
        self._wake.set()

    async def run(self) -> None:
        """Write queued frames until the socket is gone."""
        with contextlib.suppress(ConnectionError, RuntimeError):
            while True:
                await self._wake.wait()
                self._wake.clear()
                await self.flush()

    async def flush(self) -> None:
        """Write everything that is queued now."""
        while self._queue:
            frame, position = self._queue.popleft()
            if isinstance(frame, bytes):
                await self._ws.send_bytes(frame)
            else:
                await self._ws.send_str(frame)
            if position:
                self._sent(position)
