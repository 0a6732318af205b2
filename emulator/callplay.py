"""Plays call scripts on the account: each word is one step and its events."""

import asyncio
from dataclasses import replace
import random
from typing import Any

from .account import Account
from .calllog import CallLog
from .calloptions import CallOptions, parse_script
from .calls import CallError, Leg, follow, swap
from .clock import Clock, iso
from .extension import Extension
from .faults import Faults
from .messages import Mailboxes
from .names import CALLER_NAMES
from .queueplay import QueueCalls


class CallPlayer:
    """Makes calls happen."""

    def __init__(
        self,
        account: Account,
        clock: Clock,
        faults: Faults,
        rng: random.Random,
        *,
        log: CallLog,
        mailboxes: Mailboxes,
    ) -> None:
        """Take the account and a seeded source of numbers and ids."""
        self._account, self._clock = account, clock
        self._log, self._mailboxes = log, mailboxes
        self._faults, self._rng = faults, rng
        self.queues = QueueCalls(account, rng, self)

    async def play(
        self, ext: Extension, script: list[str], options: CallOptions
    ) -> dict[str, Any]:
        """Play a script on an extension, or on a queue; return the call and its steps."""
        words = parse_script(script)
        if ext.type == "Department":
            return await self.queues.play(ext, words, options)
        key = options.key or f"call-{self._rng.getrandbits(32):08x}"
        return await self._play(ext, key, words, options)

    async def _play(
        self,
        ext: Extension,
        key: str,
        words: list[tuple[str, float]],
        options: CallOptions,
    ) -> dict[str, Any]:
        steps: list[dict[str, Any]] = []
        last: Leg | None = None
        for index, (word, seconds) in enumerate(words):
            if word == "wait":
                await asyncio.sleep(seconds)
                continue
            if index and options.interval > 0:
                await asyncio.sleep(options.interval)
            last = self.step(ext, key, word, options) or last
            if options.to_self and last is not None:
                self._step_other_end(ext, last, word, options)
            steps.append(
                {
                    "word": word,
                    "telephonyStatus": ext.telephony_status,
                    "sequence": ext.sequence,
                }
            )
        return {"extension_id": str(ext.id), **_names(key, last), "steps": steps}

    def _step_other_end(
        self, ext: Extension, leg: Leg, word: str, options: CallOptions
    ) -> None:
        """Let the other end of a call to oneself take the same step."""
        key = f"{leg.key}-self"
        if word not in ("ring", "dial"):
            self.step(ext, key, word, options)
            return
        inbound = leg.direction == "Outbound"
        self.step(
            ext,
            key,
            "ring" if inbound else "dial",
            replace(
                options,
                direction="Inbound",
                from_name=ext.name,
                from_number=ext.number,
                to_name=ext.name,
                to_number=ext.number,
                telephony_session_id=leg.telephony_session_id,
                session_id=leg.session_id,
            ),
        )

    def step(
        self, ext: Extension, key: str, word: str, options: CallOptions
    ) -> Leg | None:
        """Follow one word on a call; return its leg; raise CallError if it cannot."""
        if word in ("ring", "dial"):
            return self._begin(ext, key, word, options)
        if word == "swap":
            self._change(ext, swap(ext.legs))
            return None
        if word == "retrieve":
            return self._retrieve(ext, key, options)
        leg = _find(ext, key)
        if word == "park":
            self._park(ext, leg, options)
            self._log.ended(ext, leg, word)
            return follow(leg, "hangup")
        after = follow(leg, word)
        self._change(ext, _swapped(ext, leg, after))
        if word == "answer":
            self._log.answered(ext, leg)
        elif after.ended:
            self._finish(ext, leg, word, options)
        return after

    def _finish(
        self, ext: Extension, leg: Leg, word: str, options: CallOptions
    ) -> None:
        """Log a call that ended, with the voicemail that was left."""
        message_id: int | None = None
        # A queue's caller leaves only one message, with the queue.
        if word == "voicemail" and not leg.queue_call:
            message_id = self._mailboxes.leave(
                ext.id, leg.from_number, leg.from_name, options.voicemail_seconds
            ).id
        self._log.ended(ext, leg, word, message_id)

    def outside_number(self) -> str:
        """Return an outside number that belongs to no extension."""
        return f"+1415555{self._rng.randrange(10_000):04d}"

    def end_all(self, ext: Extension) -> None:
        """End every call of an extension."""
        for leg in ext.legs:
            self._log.ended(ext, leg, "hangup")
        self._change(ext, tuple(replace(leg, status="NoCall") for leg in ext.legs))

    def _change(self, ext: Extension, legs: tuple[Leg, ...]) -> None:
        self._account.update(ext, legs=legs)
        if any(leg.ended for leg in legs):
            # One event carries the ended call; a switch adds a second event without it.
            self._account.end_calls(ext, again=self._faults.hangup_as_two)

    def _begin(self, ext: Extension, key: str, word: str, options: CallOptions) -> Leg:
        if any(leg.key == key for leg in ext.legs):
            raise CallError(f"call {key} is there already")
        outbound = word == "dial" or options.direction == "Outbound"
        session = options.telephony_session_id or self.session_id()
        own = ext.number or ""
        caller = options.from_name
        if not outbound and caller is None:
            caller = self._rng.choice(CALLER_NAMES)
        leg = Leg(
            key=key,
            id=f"{self._rng.getrandbits(100):020x}",
            direction="Outbound" if outbound else "Inbound",
            status="Ringing",
            from_number=options.from_number
            or ((ext.phone or own) if outbound else self.outside_number()),
            from_name=ext.name if outbound and options.from_name is None else caller,
            to_number=options.to_number or (self.outside_number() if outbound else own),
            to_name=options.to_name or (None if outbound else ext.name),
            start_time=iso(self._clock.utc()),
            session_id=options.session_id or str(self._rng.randrange(10**11, 10**12)),
            telephony_session_id=session,
            party_id=f"{session.replace('s-', 'p-', 1)}-{1 if outbound else 2}",
            queue_call=options.queue_call,
            queue_name=options.queue_name,
        )
        self._change(ext, (*ext.legs, leg))
        return leg

    def _park(self, ext: Extension, leg: Leg, options: CallOptions) -> None:
        """End the parker's call and let it show on a park location."""
        ended = follow(leg, "park")
        place = self._place(options)
        parked = replace(
            leg,
            status="ParkedCall",
            party_id=f"{leg.party_id.rpartition('-')[0]}-3",
            to_number=place.number or "",
            to_name=place.name,
        )
        self._change(ext, _swapped(ext, leg, ended))
        self._change(place, (*place.legs, parked))

    def _retrieve(self, ext: Extension, key: str, options: CallOptions) -> Leg:
        """Pick up a parked call on an extension."""
        for place in self._account.extensions.values():
            if place.type != "ParkLocation":
                continue
            for leg in place.legs:
                if leg.key == key:
                    ended = replace(leg, status="NoCall")
                    self._change(place, _swapped(place, leg, ended))
                    taken = replace(
                        leg,
                        status="CallConnected",
                        party_id=f"{leg.party_id.rpartition('-')[0]}-4",
                        to_number=ext.number or "",
                        to_name=ext.name,
                    )
                    self._change(ext, (*ext.legs, taken))
                    self._log.answered(ext, taken)
                    return taken
        raise CallError(f"no call {key} is parked")

    def _place(self, options: CallOptions) -> Extension:
        for place in self._account.extensions.values():
            if place.type == "ParkLocation" and options.park_location in (
                None,
                str(place.id),
            ):
                return place
        raise CallError("there is no such park location")

    def session_id(self) -> str:
        """Return a new telephony session id."""
        return f"s-{self._rng.getrandbits(128):032x}"


def _find(ext: Extension, key: str) -> Leg:
    for leg in ext.legs:
        if leg.key == key:
            return leg
    raise CallError(f"there is no call {key}")


def _swapped(ext: Extension, leg: Leg, after: Leg) -> tuple[Leg, ...]:
    return tuple(after if each is leg else each for each in ext.legs)


def _names(key: str, leg: Leg | None) -> dict[str, Any]:
    names: dict[str, Any] = {"call": key}
    if leg is not None:
        names |= {
            "telephonySessionId": leg.telephony_session_id,
            "sessionId": leg.session_id,
            "partyId": leg.party_id,
        }
    return names
