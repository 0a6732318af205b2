"""A living office: seeded people who call, park, meet and go to lunch."""

import asyncio
import random

from .account import Account
from .callplay import CallPlayer


class Office:
    """Keeps the account busy until stopped."""

    def __init__(self, account: Account, player: CallPlayer, seed: int) -> None:
        """Take the account and who plays calls on it."""
        self._account, self._player = account, player
        self._rng = random.Random(f"office-{seed}")

    def start(self, pace: float = 1.0) -> None:
        """Begin."""

    async def stop(self) -> None:
        """End."""
        await asyncio.sleep(0)
