"""Frames and bodies that no service should send: nothing may escape, and the next good event has to show."""

# The client by its own name, where it is not installed.
import tests.aioringcentral  # noqa: F401
