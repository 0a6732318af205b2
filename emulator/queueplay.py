"""Calls of a queue: they wait in it and ring its members, and one member answers."""

import asyncio
from dataclasses import replace
import random
from typing import Any, Protocol

from .account import Account
from .calloptions import CallOptions
from .calls import CallError, Leg
from .extension import Extension
from .names import CALLER_NAMES

BEGINNINGS = ("ring", "dial", "retrieve", "swap")
"""Words that need no call of that name on the extension."""


class Player(Protocol):
    """Makes the calls of one extension happen."""

    def step(
        self, ext: Extension, key: str, word: str, options: CallOptions
    ) -> Leg | None:
        """Follow one word on a call."""

    def outside_number(self) -> str:
        """Return an outside number that belongs to no extension."""

    def session_id(self) -> str:
        """Return a new telephony session id."""


class QueueCalls:
    """Makes calls of queues happen."""

    def __init__(self, account: Account, rng: random.Random, player: Player) -> None:
        """Take the account, a seeded source of names and who plays on extensions."""
        self._account, self._rng, self._player = account, rng, player

    async def play(
        self, queue: Extension, words: list[tuple[str, float]], options: CallOptions
    ) -> dict[str, Any]:
        """Let a call wait in a queue and ring its members; one of them answers."""
        key = options.key or f"call-{self._rng.getrandbits(32):08x}"
        members = [
            ext
            for ext in map(
                self._account.extensions.get, self._account.members(queue.id)
            )
            if ext is not None and (_has(ext, key) or _rings(queue, ext, options))
        ]
        session = options.telephony_session_id or self._player.session_id()
        options = replace(
            options,
            direction="Inbound",
            queue_call=True,
            queue_name=options.queue_name or queue.name,
            to_number=options.to_number or queue.number,
            from_number=options.from_number or self._player.outside_number(),
            telephony_session_id=session,
        )
        chosen = next(
            (ext for ext in members if str(ext.id) == options.answered_by),
            members[0] if members else queue,
        )
        steps: list[dict[str, Any]] = []
        for index, (word, seconds) in enumerate(words):
            if word == "wait":
                await asyncio.sleep(seconds)
                continue
            if index and options.interval > 0:
                await asyncio.sleep(options.interval)
            if word not in BEGINNINGS and not any(
                _has(ext, key) for ext in (queue, chosen, *members)
            ):
                raise CallError(f"there is no call {key}")
            if word == "answer":
                self._reach(queue, chosen, key, options)
            self.wait_in(queue, key, word, options)
            for ext in members:
                ringing = any(
                    leg.key == key and leg.status == "Ringing" for leg in ext.legs
                )
                here = word in BEGINNINGS or _has(ext, key)
                if word == "ring" or (ext is chosen and here):
                    self._player.step(ext, key, word, options)
                elif ringing:
                    other = "elsewhere" if word == "answer" else word
                    self._player.step(ext, key, other, options)
            steps.append({"word": word, "telephonyStatus": chosen.telephony_status})
        return {
            "extension_id": str(chosen.id),
            "members": [str(ext.id) for ext in members],
            "call": key,
            "telephonySessionId": session,
            "steps": steps,
        }

    def wait_in(
        self, queue: Extension, key: str, word: str, options: CallOptions
    ) -> None:
        """Show a waiting call on its queue until somebody has taken it."""
        if word == "ring":
            caller = options.from_name or self._rng.choice(CALLER_NAMES)
            named = replace(options, from_name=f"{queue.name} - {caller}")
            alone = replace(named, queue_name=None, queue_call=False)
            self._player.step(queue, key, word, alone)
        elif _has(queue, key):
            # For the queue, a caller who gave up waiting has abandoned the call.
            ends = {"answer": "elsewhere", "missed": "abandoned", "hangup": "abandoned"}
            self._player.step(queue, key, ends.get(word, word), options)

    def _reach(
        self, queue: Extension, chosen: Extension, key: str, options: CallOptions
    ) -> None:
        """Ring the member that is to answer a call that has only waited."""
        if chosen is queue:
            raise CallError("no member takes calls of this queue")
        if _has(queue, key) and not _has(chosen, key):
            self._player.step(chosen, key, "ring", options)


def _rings(queue: Extension, member: Extension, options: CallOptions) -> bool:
    """Whether a queue's new call rings at a member; one that is ringing there already goes on ringing."""
    return (
        options.ring_members
        and member.status == "Enabled"
        and member.accepts_queue_calls
        and queue.id not in member.queues_declined
    )


def _has(ext: Extension, key: str) -> bool:
    return any(leg.key == key for leg in ext.legs)
