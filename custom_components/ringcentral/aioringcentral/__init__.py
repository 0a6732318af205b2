"""RingCentral presence over WebSocket push: a client for asyncio and aiohttp, free of Home Assistant."""
