"""Simulated people, by a seed: they call, park calls, meet and go to lunch."""

import asyncio
from collections.abc import Callable, Coroutine
import logging
import random
from typing import Any

from .account import Account
from .calloptions import CallOptions
from .callplay import CallPlayer
from .calls import CallError
from .extension import Extension
from .messages import Mailboxes

LOGGER = logging.getLogger(__name__)

SECONDS_PER_CALL = 240.0
"""Mean time between two calls of one person."""
SECONDS_PER_CHANGE = 900.0
"""Mean time between two changes of a person's own status."""


class Office:
    """Keeps the account busy until stopped."""

    def __init__(
        self, account: Account, player: CallPlayer, mailboxes: Mailboxes, seed: int
    ) -> None:
        """Take the account, what plays calls on it, and where callers leave messages."""
        self._account, self._player, self._seed = account, player, seed
        self._mailboxes = mailboxes
        self._rng = random.Random()
        self._pace = 1.0
        self._number = 0
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, pace: float = 1.0) -> None:
        """Start, `pace` times as fast as real people; the seed decides what happens.

        If it is running already, do nothing. Raise ValueError for a pace out of range.
        """
        if not 0 < pace <= 1000:
            raise ValueError("the pace is more than 0 and at most 1000")
        if self._tasks:
            return
        self._pace = pace
        self._rng = random.Random(f"office-{self._seed}")
        self._number = 0
        self._spawn(self._receive_calls)
        self._spawn(self._change_statuses)
        self._spawn(self._hear_voicemails)
        self._spawn(self._leave_queues)

    async def stop(self) -> None:
        """Stop, and end the calls that are under way."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._tasks.clear()
        if tasks:
            for ext in self._account.extensions.values():
                if any(leg.key.startswith("office-") for leg in ext.legs):
                    self._player.end_all(ext)

    # What happens, and when.

    def _people(self) -> list[Extension]:
        return [
            ext
            for ext in self._account.extensions.values()
            if ext.status == "Enabled" and ext.has_presence
        ]

    async def _receive_calls(self) -> None:
        """Start calls at random moments, each with its own source of chance."""
        kinds = (self._inbound, self._outbound, self._internal, self._queue)
        while True:
            people = self._people()
            mean = SECONDS_PER_CALL / max(1, len(people))
            await self._pass(self._rng.expovariate(1 / mean))
            kind = self._rng.choices(kinds, (6, 5, 3, 2))[0]
            chance = random.Random(self._rng.getrandbits(64))
            self._number += 1
            self._spawn(kind, chance, f"office-{self._number}")

    async def _change_statuses(self) -> None:
        """Let people be busy, away, in a meeting or undisturbed for a while."""
        kinds: tuple[tuple[str, str, str], ...] = (
            ("dnd_status", "DoNotAcceptAnyCalls", "TakeAllCalls"),
            ("meeting_status", "Connected", "Disconnected"),
            ("user_status", "Busy", "Available"),
            ("user_status", "Offline", "Available"),
        )
        while True:
            people = self._people()
            mean = SECONDS_PER_CHANGE / max(1, len(people))
            await self._pass(self._rng.expovariate(1 / mean))
            ext = self._rng.choice(people)
            name, value, back = self._rng.choices(kinds, (3, 4, 2, 1))[0]
            seconds = self._rng.uniform(120, 1500)
            if getattr(ext, name) == back:
                self._spawn(self._for_a_while, ext, name, (value, back), seconds)

    async def _hear_voicemails(self) -> None:
        """Let people hear their messages some minutes after these have arrived."""
        chance = random.Random(f"office-mail-{self._seed}")
        while True:
            await self._pass(chance.uniform(60, 240))
            unread = [
                message
                for ext in self._people()
                for message in self._mailboxes.of(ext.id)
                if not message.read
            ]
            if unread:
                self._mailboxes.mark(chance.choice(unread), read=True)

    async def _leave_queues(self) -> None:
        """Let members log out of a queue for a while."""
        chance = random.Random(f"office-queues-{self._seed}")
        while True:
            await self._pass(chance.expovariate(1 / SECONDS_PER_CHANGE))
            for queue_id, members in list(self._account.queues.items()):
                if not members:
                    continue
                member = chance.choice(members)
                self._account.set_queue_calls(queue_id, {member: False})
                self._spawn(self._back_in, queue_id, member, chance.uniform(120, 900))

    async def _back_in(self, queue_id: int, member: int, seconds: float) -> None:
        await self._pass(seconds)
        if member in self._account.members(queue_id):
            self._account.set_queue_calls(queue_id, {member: True})

    async def _for_a_while(
        self, ext: Extension, name: str, values: tuple[str, str], seconds: float
    ) -> None:
        self._account.update(ext, **{name: values[0]})
        await self._pass(seconds)
        if getattr(ext, name) == values[0]:
            self._account.update(ext, **{name: values[1]})

    # Calls.

    async def _inbound(self, chance: random.Random, key: str) -> None:
        if (ext := self._callee(chance)) is None:
            return
        options = CallOptions()
        self._player.step(ext, key, "ring", options)
        await self._pass(chance.uniform(3, 14))
        end = chance.choices(("answer", "missed", "voicemail", "reject"), (14, 3, 2, 1))
        await self._answered(ext, key, end[0], chance)

    async def _answered(
        self, ext: Extension, key: str, word: str, chance: random.Random
    ) -> None:
        options = CallOptions(voicemail_seconds=chance.randrange(4, 40))
        self._player.step(ext, key, word, options)
        if word == "answer":
            await self._talk(ext, key, chance)

    async def _outbound(self, chance: random.Random, key: str) -> None:
        if (ext := self._free(chance)) is None:
            return
        self._player.step(ext, key, "dial", CallOptions(direction="Outbound"))
        await self._pass(chance.uniform(4, 18))
        word = "answer" if chance.random() < 0.75 else "hangup"
        await self._answered(ext, key, word, chance)

    async def _internal(self, chance: random.Random, key: str) -> None:
        """One colleague calls another: two legs of one session."""
        caller, callee = self._free(chance), self._callee(chance)
        if caller is None or callee is None or caller is callee:
            return
        session = f"s-{chance.getrandbits(128):032x}"
        options = CallOptions(
            from_number=caller.number,
            from_name=caller.name,
            to_number=callee.number,
            to_name=callee.name,
            telephony_session_id=session,
        )
        both = ((caller, f"{key}-a"), (callee, f"{key}-b"))
        self._player.step(caller, both[0][1], "dial", options)
        self._player.step(callee, both[1][1], "ring", options)
        await self._pass(chance.uniform(2, 10))
        answered = chance.random() < 0.8
        for ext, name in both:
            word = "answer" if answered else "hangup" if ext is caller else "missed"
            self._player.step(ext, name, word, options)
        if answered:
            await self._pass(chance.uniform(15, 200))
            for ext, name in both:
                self._player.step(ext, name, "hangup", options)

    async def _queue(self, chance: random.Random, key: str) -> None:
        """An outside caller calls a queue: several members ring, and one of them answers."""
        if not self._account.queues:
            return
        queue_id = chance.choice(list(self._account.queues))
        queue = self._account.extensions[queue_id]
        members = [
            ext
            for ext in map(
                self._account.extensions.get, self._account.members(queue_id)
            )
            if ext is not None
            and not ext.legs
            and ext.accepts_queue_calls
            and ext.user_status != "Offline"
        ]
        options = CallOptions(
            queue_call=True,
            queue_name=queue.name,
            to_number=queue.number,
            to_name=queue.name,
            from_number=self._player.outside_number(),
            telephony_session_id=f"s-{chance.getrandbits(128):032x}",
        )
        self._player.queues.wait_in(queue, key, "ring", options)
        for ext in members:
            self._player.step(ext, key, "ring", options)
        await self._pass(chance.uniform(4, 15) if members else chance.uniform(20, 90))
        answered = members and chance.random() < 0.85
        taker = chance.choice(members) if answered else None
        word = "answer" if taker else "missed"
        self._player.queues.wait_in(queue, key, word, options)
        for ext in members:
            word = "answer" if ext is taker else "elsewhere" if taker else "missed"
            self._player.step(ext, key, word, options)
        if taker is not None:
            await self._talk(taker, key, chance)

    async def _talk(self, ext: Extension, key: str, chance: random.Random) -> None:
        """A conversation, which may be held or parked before it ends."""
        options = CallOptions()
        await self._pass(chance.uniform(15, 180))
        turn = chance.random()
        if turn < 0.25:
            self._player.step(ext, key, "hold", options)
            await self._pass(chance.uniform(8, 60))
            self._player.step(ext, key, "resume", options)
            await self._pass(chance.uniform(10, 90))
        elif turn < 0.35 and any(
            place.type == "ParkLocation" for place in self._account.extensions.values()
        ):
            self._player.step(ext, key, "park", options)
            await self._pass(chance.uniform(10, 60))
            ext = self._free(chance) or ext
            self._player.step(ext, key, "retrieve", options)
            await self._pass(chance.uniform(15, 120))
        self._player.step(ext, key, "hangup", options)

    def _free(self, chance: random.Random) -> Extension | None:
        """Return somebody who has no call."""
        free = [
            ext
            for ext in self._people()
            if not ext.legs and ext.user_status != "Offline"
        ]
        return chance.choice(free) if free else None

    def _callee(self, chance: random.Random) -> Extension | None:
        """Return somebody who can be rung; now and then, somebody who is already on a call."""
        awake = [
            ext
            for ext in self._people()
            if ext.dnd_status == "TakeAllCalls"
            and ext.user_status != "Offline"
            and len(ext.legs) <= (1 if chance.random() < 0.1 else 0)
        ]
        return chance.choice(awake) if awake else None

    async def _pass(self, seconds: float) -> None:
        await asyncio.sleep(seconds / self._pace)

    def _spawn[*Ts](
        self, work: Callable[[*Ts], Coroutine[Any, Any, None]], *args: *Ts
    ) -> None:
        task = asyncio.create_task(_unless_changed(work, *args))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _unless_changed[*Ts](
    work: Callable[[*Ts], Coroutine[Any, Any, None]], *args: *Ts
) -> None:
    """Let something happen until a reset or a control path takes away its call."""
    try:
        await work(*args)
    except CallError as error:
        LOGGER.debug("A call of the office ended early: %s", error)
