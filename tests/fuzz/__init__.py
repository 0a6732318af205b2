"""Frames and bodies that no service should send: nothing may escape, and the next good event has to show."""
