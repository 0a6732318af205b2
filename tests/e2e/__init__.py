"""A real Home Assistant, a real emulator process, and Home Assistant's own WebSocket API between."""
