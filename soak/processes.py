"""The processes of a soak, which differ slightly from those of the demo."""

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

# Some waits of the integration are too long for a soak: it reads everything again after six hours, reads
# queues at every fourth of these readings, and removes members only after a second reading two minutes later.
# In a soak, the six hours last until a file exists, each of these readings includes queues, and the two minutes
# shrink by as much as the service is faster.
_ACCOUNT: Final = "aioringcentral/account"
_SIX_HOURS: Final = "await asyncio.sleep(RESYNC_EVERY)"
_UNTIL_ASKED: Final = """await asyncio.sleep(0.5)
            if not __import__("os").path.exists({path!r}):
                continue
            __import__("os").unlink({path!r})"""
_EACH_FOURTH: Final = "_EACH_OF_WAKES: Final = 4"
_TWO_MINUTES: Final = "CONFIRM_AFTER: Final = 120.0"


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
        """Take where its log and the list of tokens go, and the emulator's options."""
        super().__init__(session, folder / "emulator.log")
        self.issued = folder / "issued.txt"
        self.extensions, self.time_factor = extensions, time_factor
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
        """Return the reply of a control path."""
        found: Json = await self._ask("GET", path)
        return found


class SoakHass(HomeAssistant):
    """Home Assistant with a copy of the integration, so that edits during a soak do not matter."""

    def __init__(self, folder: Path, port: int, time_factor: float) -> None:
        """Take its folder and port, and how much faster the service is."""
        super().__init__(folder, port)
        self._time_factor = time_factor

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
        until_asked = _UNTIL_ASKED.format(path=str(self._six_hours_over))
        sooner = f"CONFIRM_AFTER: Final = {120.0 / self._time_factor}"
        account = self.folder / name / _ACCOUNT
        _replace(account / "full_rereads.py", _SIX_HOURS, until_asked)
        _replace(account / "queues.py", _EACH_FOURTH, "_EACH_OF_WAKES: Final = 1")
        _replace(account / "removal.py", _TWO_MINUTES, sooner)

    @property
    def _six_hours_over(self) -> Path:
        return (self.folder / "six_hours_over").resolve()

    def let_six_hours_pass(self) -> None:
        """Have the integration read everything again, as it does every six hours."""
        self._six_hours_over.touch()


def _replace(module: Path, text: str, other: str) -> None:
    """Replace a text that a module contains once."""
    source = module.read_text()
    if source.count(text) != 1:
        raise ProcessFailed(f"{module.name} lacks the text that a soak changes: {text}")
    module.write_text(source.replace(text, other))


class SoakOffice(Office):
    """Both processes, in a folder."""

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
        self.hass = SoakHass(folder / "config", plan.port, service.time_factor)

    async def start(self) -> None:
        """Start both processes, Home Assistant with an owner."""
        await self._start()
