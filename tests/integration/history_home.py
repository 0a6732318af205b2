"""What happens to Home Assistant in a history: reloads, restarts, and changes of presence made in it."""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.stateful import rule

from .history import PAUSES, WHO, History, in_storms
from .history_people import CHANGES

# How the reply to a change goes wrong; "never" is a request that does not arrive.
_TROUBLES: Final[dict[str, dict[str, Any]]] = {
    "lost": {"kind": "lost"},
    "never": {"kind": "lost", "done": False},
    "503": {"kind": "html", "status": 503, "done": False},
    "slow": {"kind": "slow"},
}


async def cancelled(work: Coroutine[Any, Any, object], seconds: float) -> None:
    """Begin something, and cancel it after a time, as an automation that runs again does."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await work


class Home(History):
    """What users and machines do to Home Assistant."""

    @in_storms
    @rule(pause=PAUSES)
    def reload(self, pause: float | None) -> None:
        self.world.is_gentle = self.world.is_unbroken = False
        self._do(lambda: self.world.in_background(self.world.reload()), pause)

    @in_storms
    @rule(away=st.sampled_from([0.0, 10.0, 200.0]), pause=PAUSES)
    def restart(self, away: float, pause: float | None) -> None:
        self.world.is_gentle = self.world.is_unbroken = False

        async def again() -> None:
            await self.world.stop_hass()
            await asyncio.sleep(away)
            await self.world.start_hass()

        self._do(again, pause)

    @in_storms
    @rule(away=st.sampled_from([0.0, 1.0, 90.0]), pause=PAUSES)
    def unload(self, away: float, pause: float | None) -> None:
        """The entry is disabled, and enabled again."""
        self.world.is_gentle = self.world.is_unbroken = False
        self._do(lambda: self.world.unload_for(away), pause)

    @rule(
        who=WHO,
        values=st.fixed_dictionaries(
            {},
            optional={
                "user_status": st.sampled_from(["busy", "available", "offline"]),
                "dnd_status": st.sampled_from(
                    ["take_all_calls", "do_not_accept_any_calls"]
                ),
                "message": st.sampled_from(["", "In a meeting"]),
            },
        ).filter(bool),
        seconds=st.sampled_from([3, 3, 40, 200, 700]),
        trouble=st.sampled_from([None, None, None, "lost", "never", "503", "slow"]),
        cancelled_after=st.sampled_from([None, None, None, 0.0, 0.05, 1.0]),
        touch=st.none() | CHANGES,
        pause=PAUSES,
    )
    def change_for_a_time(
        self,
        who: int,
        values: dict[str, str],
        seconds: int,
        trouble: str | None,
        cancelled_after: float | None,
        touch: dict[str, Any] | None,
        pause: float | None,
    ) -> None:
        """Presence is changed for a time; its reply may be lost, its automation cancelled, its person come back."""
        key = self._one(who)
        world = self.world
        if self.weather != "stormy":
            trouble = None
        if trouble is not None:
            self._is_rough()
            odd = {"path": "*/presence", "method": "PUT", "next": 1, "seconds": 5.0}
            odd |= _TROUBLES[trouble]
            self._emulator.faults.set(
                odd=[*self._emulator.faults.as_dict()["odd"], odd]
            )

        async def act() -> None:
            work = world.change_for_a_time(key, values, seconds)
            if cancelled_after is None:
                world.in_background(work)
            else:
                await cancelled(work, cancelled_after)
            if touch:
                await asyncio.sleep(min(1.0, seconds / 2))
                if self._emulator.extension(key).watchable:
                    await self._emulator.set_presence(key, touch)

        self._do(act, pause)
