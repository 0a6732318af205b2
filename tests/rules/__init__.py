"""Tests of what decides, without an event loop."""
