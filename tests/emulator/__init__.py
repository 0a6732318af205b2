"""The emulator held against the facts about the service and its official client."""
