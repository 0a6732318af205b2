"""One history: its beginning, its rests, and how things happen in it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
import pytest

from .resting import LATER
from .skipping import SkippingLoop
from .stories import EVERYONE_FILTER
from .world import World

# Seconds that pass after something has happened. None: the next thing happens before anything else can.
PAUSES = st.sampled_from(
    [None, None, 0.0, 0.0, 0.01, 0.01, 0.1, 0.3, 1.0, 1.0, 2.0, 4.0, 20.0, 45.0]
)
# Most of it happens to few, so that things meet.
WHO = st.sampled_from([0, 0, 0, 1, 1, 1, 2, 2, 3, 5, 8, 13, 21])
KINDS: dict[str, list[Any]] = {
    "refresh_tokens": [False, True],
    "access_token_ttl": [3600, 400],
    "absolute_timeout": [86400, 700],
    "idle_timeout": [1800, 60],
    "recovery_timeout": [180, 30],
    "string_ids": [False, True],
    "partial_bodies": [False, True],
    "extra_fields": [False, True],
    "hangup_as_two": [False, True],
    "event_uri": ["extension", "filter"],
    "empty_active_calls": ["absent", "list"],
    "always_telephony_status": [False, True],
    "account_detailed_calls": [True, True, True, False],
    "new_call_handling": [False, True],
    "new_fields": [False, True],
    "wsc_on_notifications": [False, True],
    "replay_late": [False, True],
    "replay_delay": [0.05, 0.0, 2.0],
    "ticket_single_use": [False, True],
    "hidden_presence": ["offline", "forbidden"],
    "error_shape": ["full", "errors_only", "legacy"],
    "session_end_code": [1000, 4001],
    "call_log_ids": ["same", "same", "absent", "other"],
    "refuse_filters": [{}, {}, {EVERYONE_FILTER: "SUB-403"}],
}
"""Kinds of account and service; they stay for the whole history."""

WEATHERS = st.sampled_from(["calm", "calm", "lossy", "stormy", "stormy"])
in_storms = precondition(lambda self: self.weather == "stormy")
in_losses = precondition(lambda self: self.weather != "calm")

FOLLOWS = st.sampled_from(
    [
        ["account"],
        ["account"],
        ["own", "lines"],
        ["own", "favorites"],
        ["own", "chosen"],
        ["own", "lines", "favorites", "chosen", "account"],
    ]
)


class History(RuleBasedStateMachine):
    """A service and a Home Assistant that follows it; what can happen to them is in the modules beside."""

    loop: ClassVar[SkippingLoop]
    rests: ClassVar[int] = 0
    """How often everything was compared."""

    world: World
    weather: str
    """What can go wrong. In a calm nothing is lost and no request fails, so that all has to be right soon."""

    # The beginning.

    @initialize(
        kind=st.fixed_dictionaries(
            {}, optional={name: st.sampled_from(each) for name, each in KINDS.items()}
        ),
        follow=FOLLOWS,
        extensions=st.sampled_from([3, 7, 12]),
        caller_identity=st.sampled_from(["hidden", "name", "full"]),
        weather=WEATHERS,
        has_voicemail=st.booleans(),
        has_call_log=st.booleans(),
        pause=PAUSES,
    )
    def begin(
        self,
        kind: dict[str, Any],
        follow: list[str],
        extensions: int,
        caller_identity: str,
        weather: str,
        has_voicemail: bool,
        has_call_log: bool,
        pause: float | None,
    ) -> None:
        self.weather = weather
        self.world = World(
            self.loop,
            extensions=extensions,
            kind=kind,
            follow=follow,
            caller_identity=caller_identity,
            has_voicemail=has_voicemail,
            has_call_log=has_call_log,
        )
        self._do(self.world.begin, pause)

    # Rest.

    @rule()
    def rest(self) -> None:
        self._do(self.world.rest, None)
        History.rests += 1

    def teardown(self) -> None:
        if not hasattr(self, "world"):
            return
        world = self.world
        try:
            if world.has_begun and not world.verdict():
                self.rest()
                world.is_gentle = world.is_unbroken = False
                world.run(world.end())
                self._judge()
        finally:
            world.run(world.close())
            del self.world

    # How it is done.

    @property
    def _emulator(self) -> Any:
        return self.world.emulator

    def _do(
        self, act: Callable[[], Awaitable[object] | None], pause: float | None
    ) -> None:
        """Let something happen, and some time pass after it."""

        async def happen() -> None:
            if (work := act()) is not None:
                await work
            if pause is not None:
                await asyncio.sleep(pause)
            if self.world.has_begun:
                self.world.look()

        self.world.run(happen())
        self._judge()

    def _fault(self, pause: float | None, **faults: Any) -> None:
        """Turn faults on."""

        def turn_on() -> None:
            self._emulator.faults.set(**faults)

        self._do(turn_on, pause)

    def _judge(self) -> None:
        if verdict := self.world.verdict():
            pytest.fail("\n".join(verdict[:20]))

    def _is_rough(self) -> None:
        """From here on readings may fail, so that mending takes longer."""
        world = self.world
        world.is_gentle = world.is_unbroken = False
        world.right_in = max(world.right_in, LATER)
        world.undoing.is_late = True

    def _one(self, who: int, *, but_own: bool = False, status: Any = "Enabled") -> Any:
        """Return the id of somebody who is there."""
        ids = [
            key
            for key in self._emulator.ids(status=status)
            if self._emulator.extension(key).watchable
            and self._emulator.extension(key).type != "Department"
            and not (but_own and key == self._emulator.own_extension_id)
        ]
        if but_own and not ids:
            return None
        # The first are followed by every choice.
        return ids[who % len(ids)]
