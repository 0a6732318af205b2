"""Call queues during a soak: calls that wait, and members who log in and out."""

from collections.abc import Mapping, Sequence
import random
from typing import Final

from demo.api import ApiError
from demo.emulator import Emulator

# The caller, in addition to those that the emulator makes up.
CALLER: Final = {"from": "+14155550199", "from_name": "Zebulon Quagmire"}


class Switchboard:
    """The queues of the office.

    Attributes:
        calls: how many calls have waited so far.
    """

    def __init__(self, emulator: Emulator) -> None:
        """Take the service; no call waits yet."""
        self._emulator = emulator
        self.calls = 0
        # Queues by the id of the call that waits there until somebody ends it.
        self._waiting: dict[str, str] = {}

    def forget(self) -> None:
        """Forget all waiting calls, because the service has restarted."""
        self._waiting.clear()

    async def log_in_or_out(self, chance: random.Random, own: str) -> None:
        """Have a member log in to or out of a queue; every other time, the signed-in user."""
        queues = await self._emulator.queues()
        queue_id = chance.choice(
            sorted(key for key in queues if queues[key]["members"])
        )
        members: Mapping[str, bool] = queues[queue_id]["members"]
        who = chance.choice(sorted(members))
        if own in members and chance.random() < 0.5:
            who = own
        await self._emulator.post(
            "membership", queue={"id": queue_id, "takes": {who: not members[who]}}
        )

    async def call(self, chance: random.Random) -> None:
        """Let a call wait, even across rests between rounds, or have one answered or abandoned."""
        if self._waiting and chance.random() < 0.5:
            call = chance.choice(sorted(self._waiting))
            queue_id = self._waiting.pop(call)
            script = chance.choice((["answer", "wait:1", "hangup"], ["hangup"]))
            await self._play(queue_id, call, script)
            return
        queue_id = chance.choice(sorted(await self._emulator.queues()))
        self.calls += 1
        call = f"waiting-{self.calls}"
        await self._play(queue_id, call, ["ring"])
        self._waiting[call] = queue_id

    async def _play(self, queue_id: str, call: str, script: Sequence[str]) -> None:
        try:
            await self._emulator.post(
                "calls",
                extension_id=queue_id,
                call=call,
                script=script,
                ring_members=False,
                **CALLER,
            )
        except ApiError:
            # Nobody takes the queue's calls right now.
            if script[0] == "answer":
                await self._play(queue_id, call, ["hangup"])
