"""A Home Assistant in which a release was installed as HACS and the Marketplace do it."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
import re
import subprocess
import sys
from typing import Self, override
import zipfile

import aiohttp
import pytest

from demo.api import Rest, Socket
from demo.emulator import Emulator
from demo.hass import OPTIONS, HomeAssistant, free_port
from demo.office import OWNER
from demo.onboarding import create_owner, settle_in
from demo.process import Process
from demo.states import States

ROOT = Path(__file__).parent.parent.parent
HOME = ROOT / "custom_components/ringcentral"
BUILD = ROOT / "scripts/build-release"
VERSION = "7.8.9-beta.1"

# Environment -> what pins its Home Assistant.
ENVIRONMENTS = {".venv": "requirements_test.txt", ".venv-ha": "requirements_ha.txt"}


def build(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run the command."""
    return subprocess.run(
        [sys.executable, BUILD, *arguments],
        check=False,
        capture_output=True,
        text=True,
    )


class Installed(HomeAssistant):
    """A Home Assistant in which a release was installed, with nothing of this checkout."""

    def __init__(self, folder: Path, environment: Path, release: Path) -> None:
        """Take the folder, the environment whose Home Assistant runs, and the archive."""
        super().__init__(folder / "config", free_port())
        self._release = release
        # The test plugin's environment lacks what the user interface and voice need: a folder
        # without files is served then, nothing is fetched, and what needs more does not start.
        self._interface = folder / "interface"
        self.is_whole = any(environment.glob("lib/*/site-packages/hass_frontend"))
        program: list[str | Path] = [
            environment / "bin/hass",
            "--config",
            self.folder,
        ]
        self._process = Process(
            "Home Assistant",
            [
                *program,
                *(OPTIONS if self.is_whole else ("--log-no-color", "--skip-pip")),
            ],
            self.folder / "console.log",
            folder,
        )

    @override
    def prepare(self, *, debug: bool = False, emulator: str = "") -> None:
        super().prepare(debug=debug, emulator=emulator)
        installed = self.folder / "custom_components" / "ringcentral"
        installed.unlink()
        with zipfile.ZipFile(self._release) as archive:
            archive.extractall(installed)
        if not self.is_whole:
            (self._interface / "hass_frontend").mkdir(parents=True)
            lean = f"frontend:\n  development_repo: {self._interface}\n"
            text = self._configuration.read_text()
            self._configuration.write_text(
                re.sub(r"^(history|logbook):\n", "", text, flags=re.MULTILINE).replace(
                    "frontend:\n", lean
                )
            )

    def assert_clean_log(self) -> None:
        """Claim that nothing was wrong with the integration, besides that it is a custom one."""
        lines = [
            line
            for line in self.log.read_text(errors="replace").splitlines()
            if "ringcentral" in line and re.search(r" (WARNING|ERROR|CRITICAL) ", line)
        ]
        assert len(lines) == 1, lines
        assert "custom integration ringcentral which has not been tested" in lines[0]


@dataclass(slots=True)
class Office:
    """The release at work, and the account that it follows."""

    hass: Installed
    version: str
    session: aiohttp.ClientSession
    emulator: Emulator
    rest: Rest
    socket: Socket
    states: States
    token: str

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        folder: Path,
        environment: str,
        release: Path,
        *,
        rate_limits: bool = True,
    ) -> AsyncGenerator[Self]:
        """Start an emulator, and the Home Assistant of an environment with the release in it."""
        home = ROOT / environment
        if not (home / "bin/hass").exists():
            pytest.fail(f"There is no {environment} to test with: run scripts/setup.")
        pins = (ROOT / ENVIRONMENTS[environment]).read_text()
        pin = re.search(r"^homeassistant==(\S+)$", pins, re.MULTILINE)
        assert pin is not None
        async with aiohttp.ClientSession() as session:
            log = folder / "emulator.log"
            emulator = Emulator(session, log, rate_limits=rate_limits)
            hass = Installed(folder / "office", home, release)
            try:
                await emulator.start()
                hass.prepare(debug=True)
                await hass.start()
                token = await create_owner(session, hass.url, OWNER)
                async with Socket.connect(session, hass.url, token) as socket:
                    await settle_in(socket)
                    states = States()
                    await states.follow(socket)
                    rest = Rest(session, hass.url, token)
                    yield cls(
                        hass, pin[1], session, emulator, rest, socket, states, token
                    )
            finally:
                await hass.stop()
                await emulator.stop()
