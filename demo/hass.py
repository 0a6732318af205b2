"""A real Home Assistant process in a folder of its own."""

import asyncio
from collections.abc import Mapping
import contextlib
import json
import os
from pathlib import Path
import shutil
import socket

import aiohttp

from .home import lay_out
from .process import PATIENCE, Process, ProcessFailed

CHECKOUT = Path(__file__).resolve().parent.parent
# scripts/test --home-assistant sets another one.
HASS = CHECKOUT / os.environ.get("DEMO_HASS", ".venv-ha/bin/hass")
HOST = "127.0.0.1"
# Packages that Home Assistant must not install by itself: requirements_ha.txt has newer
# releases of those for voice, which need no compiler; scripts/test --frontend brings another
# frontend.
OPTIONS = (
    "--log-no-color",
    "--skip-pip-packages",
    "pymicro-vad,pyspeex-noise,home-assistant-frontend",
)

# Home Assistant ends with this status when it is asked to restart.
RESTART = 100
# Seconds from the start to the first answer; usually about three.
START_TIMEOUT = 120.0

# The minimum that tests need; a home has more.
_CONFIGURATION = """\
frontend:
config:
history:
logbook:
logger:
  default: warning
  logs:
    custom_components.ringcentral: {level}
"""
_HTTP = """\
http:
  server_host: {host}
  server_port: {port}
"""
# The onboarding steps after creating the owner. The location step would add four
# integrations that use the Internet.
_WELCOME_DONE = ["core_config", "analytics", "integration"]


class HomeAssistant:
    """The Home Assistant in `.venv-ha`, with the integration of this checkout."""

    def __init__(self, folder: Path, port: int) -> None:
        """Take the configuration folder, and a port on this machine."""
        self.folder = folder
        self.url = f"http://{HOST}:{port}"
        self._port = port
        self._process = Process(
            "Home Assistant",
            [HASS, "--config", folder, *OPTIONS],
            folder / "console.log",
            CHECKOUT,
        )

    @property
    def log(self) -> Path:
        """Its log file."""
        return self.folder / "home-assistant.log"

    @property
    def pid(self) -> int:
        """The id of the process that was started last."""
        return self._process.pid

    def prepare(self, *, debug: bool = False, emulator: str = "") -> None:
        """Make a new folder; given an emulator's address, make a home that uses it.

        With `debug`, the integration logs all it can.

        Raises:
            ProcessFailed: the folder is not empty, and was not made here.
        """
        self._clear()
        components = self.folder / "custom_components"
        components.mkdir(parents=True)
        (components / "ringcentral").symlink_to(
            CHECKOUT / "custom_components" / "ringcentral"
        )
        configuration = _CONFIGURATION.format(level="debug" if debug else "info")
        if emulator:
            configuration += lay_out(self.folder, emulator)
        self._configure(configuration, with_http=True)
        _write_store(self.folder, "onboarding", 4, {"done": _WELCOME_DONE})

    def _clear(self) -> None:
        """Delete the folder of an earlier run, recognized by our log in it; nobody else's."""
        mark = self._process.log
        ours = mark.is_file() or not (
            self.folder.exists() and any(self.folder.iterdir())
        )
        if self.folder.is_symlink() or not ours:
            raise ProcessFailed(
                f"{self.folder} is not from an earlier run, so nothing in it was deleted: "
                "move it elsewhere, or use another folder"
            )
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        mark.touch()

    def forget_http(self) -> None:
        """Remove the port from the configuration after Home Assistant has stored it.

        From then on, it would only raise a repair issue.
        """
        text = self._configuration.read_text()
        self._configure(text.partition("http:\n")[0], with_http=False)

    async def start(self) -> None:
        """Start, and return when it answers.

        Raises:
            ProcessFailed: it did not come up; the message says why.
        """
        if not HASS.exists():
            raise ProcessFailed(
                "there is no Home Assistant in .venv-ha: run scripts/setup"
            )
        await self._process.start()
        await self._wait_for_answer()

    async def ended(self) -> int:
        """Return the exit status once it has ended; `RESTART` means start again."""
        return await self._process.ended()

    async def stop(self, patience: float = PATIENCE) -> None:
        """Stop it as the system does at shutdown; it may take ``patience`` seconds."""
        await self._process.stop(patience)

    def failure(self, what: str) -> ProcessFailed:
        """Return an error with the end of its output."""
        return self._process.failure(what)

    @property
    def _configuration(self) -> Path:
        return self.folder / "configuration.yaml"

    def _configure(self, text: str, *, with_http: bool) -> None:
        if with_http:
            text += _HTTP.format(host=HOST, port=self._port)
        self._configuration.write_text(text)

    async def _wait_for_answer(self) -> None:
        ended = asyncio.ensure_future(self._process.ended())
        answers = asyncio.ensure_future(self._answers())
        try:
            await asyncio.wait(
                {ended, answers},
                timeout=START_TIMEOUT,
                return_when=asyncio.FIRST_COMPLETED,
            )
        finally:
            ended.cancel()
            answers.cancel()
        if answers.cancelled() or not answers.done():
            await self._process.stop()
            raise self._process.failure("did not come up")

    async def _answers(self) -> None:
        async with aiohttp.ClientSession(self.url) as session:
            while True:
                with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                    # This is served once the frontend is set up, after everything else.
                    async with session.get("/manifest.json") as response:
                        if response.ok:
                            return
                await asyncio.sleep(0.1)


def _write_store(
    folder: Path, key: str, version: int, data: Mapping[str, object]
) -> None:
    storage = folder / ".storage"
    storage.mkdir(exist_ok=True)
    content = {"version": version, "minor_version": 1, "key": key, "data": data}
    (storage / key).write_text(json.dumps(content))


def require_free(port: int) -> None:
    """Raise ProcessFailed if something else listens on a port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise ProcessFailed(f"port {port}: {error.strerror}") from None


def free_port(wanted: int = 0) -> int:
    """Return the wanted port if it is free, otherwise another free one."""
    try:
        require_free(wanted)
    except ProcessFailed:
        wanted = 0
    if wanted:
        return wanted
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
