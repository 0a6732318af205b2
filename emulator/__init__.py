"""An emulated RingCentral on this machine, for demos, tests and any client."""

from .calls import CallError
from .server import Emulator

__all__ = ["CallError", "Emulator"]
