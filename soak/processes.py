"""The processes of a soak, which differ a little from those of the demo."""

from collections.abc import Callable
from pathlib import Path
import shutil
import sys
from typing import Final, override

import aiohttp

from demo.api import Json
from demo.emulator import Emulator
from demo.hass import CHECKOUT, HomeAssistant, free_port
from demo.office import Office, Plan
from demo.process import ProcessFailed

# What waits for the slow re-read of everything, and what does in a soak: until a file is there.
_SIX_HOURS: Final = "await asyncio.sleep(RESYNC_EVERY)"
_UNTIL_ASKED: Final = """await asyncio.sleep(0.5)
            if not __import__("os").path.exists({path!r}):
                continue
            __import__("os").unlink({path!r})"""


class Service(Emulator):
    """The emulator, faster, and recording the tokens it issues."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        folder: Path,
        *,
        time_factor: float,
        extensions: int,
        seed: int,
    ) -> None:
        """Take where its log and the list of tokens go, and what the emulator is told."""
        super().__init__(session, folder / "emulator.log")
        self.issued = folder / "issued.txt"
        self.extensions = extensions
        self._command = [
            sys.executable,
            "-m",
            "soak.service",
            f"--issued={self.issued}",
            f"--time-factor={time_factor:g}",
            f"--extensions={extensions}",
            f"--seed={seed}",
        ]

    async def ask(self, path: str) -> Json:
        """Return what a control path tells."""
        found: Json = await self._ask("GET", path)
        return found


class SoakHass(HomeAssistant):
    """Home Assistant with a copy of the integration, so edits during a soak have no effect."""

    @override
    def prepare(self, *, debug: bool = False, emulator: str = "") -> None:
        super().prepare(debug=debug, emulator=emulator)
        name = "custom_components/ringcentral"
        (self.folder / name).unlink()
        shutil.copytree(
            CHECKOUT / name,
            self.folder / name,
            ignore=shutil.ignore_patterns("__pycache__"),
        )
        module = self.folder / name / "aioringcentral/account/lifecycle.py"
        text = module.read_text()
        if _SIX_HOURS not in text:
            raise ProcessFailed("the slow re-read is not where it was")
        until_asked = _UNTIL_ASKED.format(path=str(self._six_hours_over))
        module.write_text(text.replace(_SIX_HOURS, until_asked))

    @property
    def _six_hours_over(self) -> Path:
        return (self.folder / "six_hours_over").resolve()

    def let_six_hours_pass(self) -> None:
        """Let the integration read everything again, as it does every six hours."""
        self._six_hours_over.touch()


class SoakOffice(Office):
    """Both, in a folder."""

    hass: SoakHass

    def __init__(
        self,
        session: aiohttp.ClientSession,
        folder: Path,
        service: Service,
        say: Callable[[str], None],
    ) -> None:
        """Take what to start."""
        plan = Plan(port=free_port(), extensions=service.extensions, debug=True)
        super().__init__(session, folder, plan, say)
        self.emulator = service
        self.hass = SoakHass(folder / "config", plan.port)

    async def start(self) -> None:
        """Start both processes, Home Assistant with an owner."""
        await self._start()
