"""Random histories of a service that has bad days: at rest Home Assistant shows what is true, every time."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
import logging
import os
from typing import Any, ClassVar

from hypothesis import HealthCheck, settings, strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)
import pytest

from emulator.calls import TRANSITIONS, CallError

from .skipping import SkippingLoop, skipping_time
from .stories import EVERYONE_FILTER
from .world import AT_LAST, LATER, World

IS_LONG = settings().max_examples >= 2_000
HISTORIES = settings(
    # So many, or a part of them with a seed of its own.
    max_examples=int(os.environ.get("HISTORIES", "10000" if IS_LONG else "200")),
    stateful_step_count=30 if IS_LONG else 15,
    derandomize=not IS_LONG,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    print_blob=True,
)
pytestmark = pytest.mark.timeout(0 if IS_LONG else 900)

# Seconds that pass after something has happened. None: the next thing happens before anything else can.
PAUSES = st.sampled_from(
    [None, None, 0.0, 0.0, 0.01, 0.01, 0.1, 0.3, 1.0, 1.0, 2.0, 4.0, 20.0, 45.0]
)
# Most of it happens to few, so that things meet.
WHO = st.sampled_from([0, 0, 0, 1, 1, 1, 2, 2, 3, 5, 8, 13, 21])
CHANGES = st.fixed_dictionaries(
    {},
    optional={
        "userStatus": st.sampled_from(["Available", "Busy", "Offline"]),
        "dndStatus": st.sampled_from(
            [
                "TakeAllCalls",
                "DoNotAcceptAnyCalls",
                "DoNotAcceptDepartmentCalls",
                "TakeDepartmentCallsOnly",
            ]
        ),
        "meetingStatus": st.sampled_from(["Connected", "Disconnected"]),
        "pickUpCallsOnHold": st.booleans(),
        "message": st.sampled_from(["", "Back at 2 pm"]),
    },
)
# What people do most comes most often.
TELEPHONY_WORDS = [*sorted(TRANSITIONS), *["answer", "hold", "resume"] * 2]
MANY_CALLS = 9

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


class Histories(RuleBasedStateMachine):
    """What can happen to a service and to a Home Assistant that follows it, in any order."""

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
        pause=PAUSES,
    )
    def begin(
        self,
        kind: dict[str, Any],
        follow: list[str],
        extensions: int,
        caller_identity: str,
        weather: str,
        pause: float | None,
    ) -> None:
        self.weather = weather
        self.world = World(
            self.loop,
            extensions=extensions,
            kind=kind,
            follow=follow,
            caller_identity=caller_identity,
        )
        self._do(self.world.begin, pause)

    # What people do.

    @rule(who=WHO, fields=CHANGES, pause=PAUSES)
    def presence(self, who: int, fields: dict[str, Any], pause: float | None) -> None:
        self._do(lambda: self._emulator.set_presence(self._one(who), fields), pause)

    @in_losses
    @rule(who=WHO, is_seen=st.booleans(), pause=PAUSES)
    def hide(self, who: int, is_seen: bool, pause: float | None) -> None:
        key = self._one(who)
        if self._emulator.extension(key).type == "ParkLocation":
            # There is nobody who could.
            return
        if self.world.kind.get("hidden_presence") == "forbidden":
            # A limit of the protocol: no event tells that a filter that was refused would be granted now.
            self.world.right_in = AT_LAST
        seen = {"allowSeeMyPresence": is_seen}
        self._do(lambda: self._emulator.set_presence(key, seen), pause)

    @rule(who=WHO, move=st.integers(0, 200), pause=PAUSES)
    def call(self, who: int, move: int, pause: float | None) -> None:
        self._do(lambda: self._move(who, move), pause)

    @rule(
        who=WHO,
        acts=st.lists(st.one_of(st.integers(0, 200), CHANGES), min_size=2, max_size=6),
        faults=st.fixed_dictionaries(
            {},
            optional={
                "reorder_next": st.integers(1, 2),
                "duplicate_next": st.integers(1, 2),
            },
        ),
        pause=PAUSES,
    )
    def busy_moment(
        self,
        who: int,
        acts: list[int | dict[str, Any]],
        faults: dict[str, int],
        pause: float | None,
    ) -> None:
        """Several things happen to one extension at once, and events may overtake each other."""

        async def play() -> None:
            self._emulator.faults.set(**faults)
            for act in acts:
                if isinstance(act, int):
                    self._move(who, act)
                else:
                    await self._emulator.set_presence(self._one(who), act)

        self._do(play, pause)

    @rule(
        rings=st.sampled_from([0.5, 3.0, 25.0]),
        talks=st.sampled_from([0.2, 10.0, 100.0]),
        is_answered=st.booleans(),
        pause=PAUSES,
    )
    def queue(
        self, rings: float, talks: float, is_answered: bool, pause: float | None
    ) -> None:
        if not (queues := self._emulator.ids(type="Department", status="Enabled")):
            return
        script = ["ring", f"wait:{rings}", "answer" if is_answered else "missed"]
        if is_answered:
            script += [f"wait:{talks}", "hangup"]

        async def play() -> None:
            with suppress(CallError, KeyError):
                await self._emulator.play_call(queues[0], script)

        self._do(lambda: self.world.in_background(play()), pause)

    @rule(
        who=WHO,
        choice=st.sampled_from(
            [
                ("set_user_status", "busy"),
                ("set_user_status", "available"),
                ("set_user_status", "offline"),
                ("set_dnd_status", "take_all_calls"),
                ("set_dnd_status", "do_not_accept_any_calls"),
                ("set_dnd_status", "do_not_accept_department_calls"),
            ]
        ),
        pause=PAUSES,
    )
    def choose(self, who: int, choice: tuple[str, str], pause: float | None) -> None:
        key, option = choice
        self._do(
            lambda: self.world.in_background(
                self.world.select(key, self._one(who), option)
            ),
            pause,
        )

    # Who is there.

    @rule(
        kind=st.sampled_from(["User", "User", "Limited", "ParkLocation", "Department"]),
        pause=PAUSES,
    )
    def join(self, kind: str, pause: float | None) -> None:
        self._members_change()
        number = len(self._emulator.ids())
        name = f"Newcomer No{number}"
        self._do(lambda: self._emulator.add_extension(name, kind), pause)

    @rule(who=WHO, pause=PAUSES)
    def leave(self, who: int, pause: float | None) -> None:
        self._members_change()
        key = self._one(who, but_own=True)
        if key is not None:
            self._do(lambda: self._emulator.remove_extension(key), pause)

    @rule(who=WHO, pause=PAUSES)
    def rename(self, who: int, pause: float | None) -> None:
        self._members_change()
        key = self._one(who)
        name = f"Renamed No{len(self._emulator.extension(key).name)}"
        self._do(lambda: self._emulator.rename_extension(key, name), pause)

    @rule(
        who=WHO,
        status=st.sampled_from(["Disabled", "Enabled", "Enabled", "Frozen"]),
        pause=PAUSES,
    )
    def status(self, who: int, status: str, pause: float | None) -> None:
        self._members_change()
        key = self._one(who, but_own=True, status=None)
        if key is not None:
            self._do(lambda: self._emulator.set_extension_status(key, status), pause)

    @rule(
        which=st.sampled_from(["lines", "favorites"]),
        whom=st.lists(WHO, max_size=4),
        pause=PAUSES,
    )
    def lists(self, which: str, whom: list[int], pause: float | None) -> None:
        self._members_change()
        ids = list(dict.fromkeys(self._one(who) for who in whom))
        change = (
            self._emulator.set_lines
            if which == "lines"
            else self._emulator.set_favorites
        )
        self._do(lambda: change(ids), pause)

    # What happens to the connection.

    @rule(
        code=st.sampled_from([1001, 1001, 1011, None, None]),
        is_recoverable=st.booleans(),
        pause=PAUSES,
    )
    def drop(self, code: int | None, is_recoverable: bool, pause: float | None) -> None:
        self.world.note_drop()
        self._do(
            lambda: self._emulator.disconnect(code, recoverable=is_recoverable), pause
        )

    @in_storms
    @rule(
        how=st.sampled_from(["revoke", "expire_access", "expire_refresh", "supersede"]),
        pause=PAUSES,
    )
    def end_sign_in(self, how: str, pause: float | None) -> None:
        # A sign-in, a ticket and an end of session: the budget of a minute may be spent by this.
        self._is_rough()
        emulator = self._emulator
        end = {
            "revoke": emulator.revoke_tokens,
            "expire_access": emulator.expire_access_tokens,
            "expire_refresh": emulator.expire_refresh_tokens,
            "supersede": emulator.supersede_sessions,
        }[how]
        self._do(end, pause)

    @rule(seconds=st.sampled_from([5.0, 61.0, 130.0, 400.0, 800.0]))
    def time_passes(self, seconds: float) -> None:
        self._do(lambda: asyncio.sleep(seconds), None)

    @in_storms
    @rule(seconds=st.sampled_from([1.0, 20.0, 70.0, 300.0]), pause=PAUSES)
    def silence(self, seconds: float, pause: float | None) -> None:
        """The line is half open: nothing comes, and nobody says so."""
        self._is_rough()

        async def last() -> None:
            self._emulator.faults.set(silent_sockets=True)
            await asyncio.sleep(seconds)
            self._emulator.faults.set(silent_sockets=False)
            # What was not sent waits for a recovery: on the old socket nobody would tell of it.
            await self._emulator.disconnect(None)

        self._do(lambda: self.world.in_background(last()), pause)

    @in_storms
    @precondition(lambda self: self.world.is_in_reach)
    @rule(forgets=st.booleans(), pause=PAUSES)
    def out_of_reach(self, forgets: bool, pause: float | None) -> None:
        """The network is gone, or the service is started anew and forgets its sockets."""
        self._is_rough()
        self._do(lambda: self.world.go_out_of_reach(forgets=forgets), pause)

    @in_storms
    @precondition(lambda self: not self.world.is_in_reach)
    @rule(pause=PAUSES)
    def in_reach_again(self, pause: float | None) -> None:
        self._do(self.world.come_in_reach, pause)

    @in_storms
    @rule(
        faults=st.fixed_dictionaries(
            {},
            optional={
                "connection_error": st.integers(0, 3),
                "lose_subscribe_replies": st.integers(0, 2),
                "lose_token_replies": st.integers(0, 2),
                "recovery": st.sampled_from(["normal", "fail", "WSG-1003", "WSG-1005"]),
                "wstoken_error": st.sampled_from(
                    [
                        None,
                        {"status": 503, "code": "CMN-201", "next": 2},
                        {"status": 401, "code": "OAU-213", "next": 1},
                    ]
                ),
                "reply_delay": st.sampled_from([0.0, 0.05, 1.0, 3.0]),
            },
        ),
        pause=PAUSES,
    )
    def trouble(self, faults: dict[str, Any], pause: float | None) -> None:
        self._is_rough()
        penalties = self.world.penalties
        penalties.delay = max(penalties.delay, faults.get("reply_delay", 0.0))
        self._fault(pause, **faults)

    # What happens to requests.

    @in_storms
    @rule(
        path=st.sampled_from(
            [
                "*",
                "*/presence",
                "*/oauth/token",
                "*/oauth/wstoken",
                "*/extension*",
                "*/subscription",
            ]
        ),
        status=st.sampled_from([500, 502, 503, 503, 408]),
        body=st.sampled_from(["json", "html", "empty"]),
        count=st.sampled_from([1, 2, 6]),
        retry_after=st.sampled_from([None, None, 2, 40]),
        pause=PAUSES,
    )
    def errors(
        self,
        path: str,
        status: int,
        body: str,
        count: int,
        retry_after: int | None,
        pause: float | None,
    ) -> None:
        self._is_rough()
        fault = {
            "path": path,
            "status": status,
            "body": body,
            "next": count,
            "retry_after": retry_after,
        }
        self._fault(pause, http_5xx=[fault])

    @in_storms
    @rule(
        group=st.sampled_from(["Light", "Medium", "Heavy", "Auth"]),
        count=st.integers(1, 3),
        retry_after=st.booleans(),
        pause=PAUSES,
    )
    def refused(
        self, group: str, count: int, retry_after: bool, pause: float | None
    ) -> None:
        self._is_rough()
        self._fault(
            pause, http_429={group: {"next": count, "retry_after": retry_after}}
        )

    @in_storms
    @rule(
        group=st.sampled_from(["Light", "Medium", "Heavy", "Auth"]),
        limit=st.integers(0, 3),
        pause=PAUSES,
    )
    def fewer_requests(self, group: str, limit: int, pause: float | None) -> None:
        """Others use the same app: what is left for us is little, and a penalty real."""
        self._is_rough()
        self._fault(pause, rate_limits={group: limit})

    @in_storms
    @rule(
        permission=st.sampled_from(
            ["ReadPresence", "WebSocket", "SubscriptionWebSocket", "ReadAccounts"]
        ),
        pause=PAUSES,
    )
    def permission_lost(self, permission: str, pause: float | None) -> None:
        self._is_rough()
        # A limit of the protocol: no event tells that the permission is there again.
        self.world.right_in = AT_LAST
        self._fault(pause, permissions_removed=[permission])

    @in_storms
    @rule(code=st.sampled_from(["OAU-147", "OAU-121", "OAU-167"]), pause=PAUSES)
    def sign_in_refused(self, code: str, pause: float | None) -> None:
        self._is_rough()
        self._fault(pause, token_error={"code": code, "next": 2})

    @rule(seconds=st.sampled_from([0.0, 0.2, 1.5, 4.0]), pause=PAUSES)
    def slow_network(self, seconds: float, pause: float | None) -> None:
        """What is answered now arrives later, when it may no longer be true."""
        self.world.replies_late = seconds
        self._do(lambda: None, pause)

    # What happens to events.

    @rule(
        faults=st.fixed_dictionaries(
            {},
            optional={
                "duplicate_next": st.integers(0, 3),
                "reorder_next": st.integers(0, 3),
                "duplicate": st.sampled_from([0.0, 0.5]),
                "reorder": st.sampled_from([0.0, 0.5]),
                "delay": st.sampled_from([0.0, 0.02, 0.5, 3.0]),
            },
        ),
        pause=PAUSES,
    )
    def disorder(self, faults: dict[str, Any], pause: float | None) -> None:
        self._fault(pause, **faults)

    @in_losses
    @rule(
        faults=st.fixed_dictionaries(
            {},
            optional={
                "drop_next": st.integers(1, 3),
                "omit": st.sampled_from(
                    [
                        ["telephonyStatus"],
                        ["activeCalls"],
                        ["activeCalls", "totalActiveCalls"],
                        ["sequence"],
                        ["presenceStatus", "userStatus", "dndStatus"],
                        ["meetingStatus"],
                    ]
                ),
                "unknown_enums": st.sampled_from(
                    [["telephonyStatus"], ["dndStatus", "presenceStatus"]]
                ),
                "recovery_loses": st.integers(1, 3),
            },
        ),
        pause=PAUSES,
    )
    def loss(self, faults: dict[str, Any], pause: float | None) -> None:
        """The service loses something, and nothing tells."""
        self.world.right_in = max(self.world.right_in, AT_LAST)
        self.world.is_lossy = True
        self._fault(pause, **faults)

    @rule(
        frame=st.sampled_from(
            [
                "garbage",
                "[]",
                "[{}]",
                '[{"type": "Error", "status": 500}, {"errorCode": "WSG-500"}]',
                '[{"type": "SomethingNew", "messageId": "1"}, {}]',
                '[{"type": "ServerNotification"}, {"event": "/x", "body": {"extensionId": 7}}]',
                '[{"type": "ClientRequest", "messageId": "1", "status": 200}]',
                b"\x00\xff",
            ]
        ),
        pause=PAUSES,
    )
    def noise(self, frame: str | bytes, pause: float | None) -> None:
        self._do(lambda: self._emulator.send_frame(frame), pause)

    # What happens to Home Assistant.

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

    # Rest.

    @rule()
    def rest(self) -> None:
        self._do(self.world.rest, None)
        Histories.rests += 1

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

    def _members_change(self) -> None:
        """From here on lists are read again, and filters asked for anew."""
        world = self.world
        world.note_members()
        if world.kind.get("refuse_filters"):
            # One filter for each, found by many requests: those of a minute may be spent.
            world.right_in = max(world.right_in, LATER)

    def _one(self, who: int, *, but_own: bool = False, status: Any = "Enabled") -> Any:
        """Return the id of somebody who is there."""
        ids = [
            key
            for key in self._emulator.ids(status=status)
            if self._emulator.extension(key).watchable
            and not (but_own and key == self._emulator.own_extension_id)
        ]
        if but_own and not ids:
            return None
        # The first are followed by every choice.
        return ids[who % len(ids)]

    def _move(self, who: int, move: int) -> None:
        """Let the next thing happen to a call at an extension."""
        emulator = self._emulator
        key = self._one(who)
        extension = emulator.extension(key)
        moves: list[tuple[str, str]] = [
            (leg.key, word)
            for leg in extension.legs
            for word in TELEPHONY_WORDS
            if leg.status in TRANSITIONS[word][0]
        ]
        if len(extension.legs) < MANY_CALLS and extension.type != "ParkLocation":
            self.world.calls += 1
            name = f"call {self.world.calls}"
            moves += [(name, "ring"), (name, "ring"), (name, "dial")]
        if any(leg.status == "OnHold" for leg in extension.legs):
            moves.append(("", "swap"))
        if extension.type != "ParkLocation":
            moves += [
                (leg.key, "retrieve")
                for place in emulator.ids(type="ParkLocation")
                for leg in emulator.extension(place).legs
            ]
        if not moves:
            return
        name, word = moves[move % len(moves)]
        # A word is played at once.
        with suppress(CallError, StopIteration):
            emulator.play_call(key, [word], call=name).send(None)


@contextmanager
def quiet() -> Iterator[None]:
    """Spare others what is logged: every record of the integration is looked at by the world."""
    ours, others = map(logging.getLogger, ("custom_components", "homeassistant"))
    before = ours.level, ours.propagate, others.level
    ours.setLevel(logging.DEBUG)
    ours.propagate = False
    others.setLevel(logging.ERROR)
    try:
        yield
    finally:
        ours.setLevel(before[0])
        ours.propagate = before[1]
        others.setLevel(before[2])


@pytest.fixture
def emulator() -> None:
    """Replace the one of other tests: every history has its own."""


@pytest.fixture
def integration(emulator: None) -> None:
    """Replace the one of other tests, with the Home Assistant it needs."""


def test_at_rest_every_entity_is_right(socket_enabled: None) -> None:
    with quiet(), skipping_time() as loop:
        Histories.loop = loop
        run_state_machine_as_test(Histories, settings=HISTORIES)
    assert Histories.rests >= HISTORIES.max_examples
