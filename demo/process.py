"""One child process, with its output in a log, that never outlives us."""

import asyncio
from asyncio.subprocess import DEVNULL, PIPE, Process as Child
from collections.abc import Sequence
import contextlib
import os
from pathlib import Path
import signal

# Seconds between the polite request to stop and the kill.
PATIENCE = 20.0


class ProcessFailed(Exception):
    """A process ended unexpectedly, or did not come up."""


class Process:
    """A program with a log file, in a process group of its own.

    Because of the separate group, Ctrl-C in a terminal reaches only us, and we stop
    the children in order.
    """

    def __init__(
        self, name: str, command: Sequence[str | Path], log: Path, cwd: Path
    ) -> None:
        """Take what to run; `name` is for messages."""
        self.name = name
        self.log = log
        self._command = command
        self._cwd = cwd
        self._child: Child | None = None

    async def start(self, *, announces: bool = False) -> None:
        """Start; with `announces`, standard output goes to `first_line` instead of the log."""
        with self.log.open("ab") as log:
            try:
                self._child = await asyncio.create_subprocess_exec(
                    *self._command,
                    cwd=self._cwd,
                    stdin=DEVNULL,
                    stdout=PIPE if announces else log,
                    stderr=log,
                    start_new_session=True,
                    # Do not pass on what pytest or a debugger has set for us.
                    env={**os.environ, "PYTHONWARNINGS": "", "PYTHONUNBUFFERED": "1"},
                )
            except OSError as error:
                raise ProcessFailed(f"{self.name} cannot be started: {error}") from None

    async def first_line(self, timeout: float) -> bytes:
        """Return its first line, in which it describes itself."""
        child = self._running()
        assert child.stdout is not None  # noqa: S101 - started with announces
        line = b""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                line = await child.stdout.readline()
        if not line:
            raise self.failure("did not come up")
        return line

    async def ended(self) -> int:
        """Return the exit status once it has ended."""
        return await self._running().wait()

    @property
    def pid(self) -> int:
        """The process id."""
        return self._running().pid

    @property
    def is_running(self) -> bool:
        """Whether it was started and has not ended."""
        return self._child is not None and self._child.returncode is None

    async def stop(self, patience: float = PATIENCE) -> int | None:
        """Ask it to stop and wait; return its exit status, or None if it never ran."""
        if (child := self._child) is None:
            return None
        self._signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(patience):
                await child.wait()
        finally:
            # Kill its children, too, and do so even if we are cancelled.
            self._signal(signal.SIGKILL)
        return await self._collect(child)

    async def kill(self) -> None:
        """Kill it at once, as a power cut does."""
        self._signal(signal.SIGKILL)
        if self._child is not None:
            await self._collect(self._child)

    def failure(self, what: str) -> ProcessFailed:
        """Return an error with the end of the log."""
        lines = self.log.read_text(errors="replace").splitlines()[-15:]
        status = None if self._child is None else self._child.returncode
        ended = "" if status is None else f" (exit status {status})"
        tail = "".join(f"\n    {line}" for line in lines) or " nothing"
        return ProcessFailed(f"{self.name} {what}{ended}; {self.log} ends with:{tail}")

    def _running(self) -> Child:
        if self._child is None:
            raise ProcessFailed(f"{self.name} was never started")
        return self._child

    def _signal(self, number: signal.Signals) -> None:
        if self._child is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._child.pid, number)

    async def _collect(self, child: Child) -> int:
        status = await child.wait()
        if child.stdout is not None:
            # Read to the end, so that the pipe is closed.
            await child.stdout.read()
        return status
