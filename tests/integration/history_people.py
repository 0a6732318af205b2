"""What people do in a history: presence, calls, and who is there."""

from contextlib import suppress
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import rule

from emulator.calls import TRANSITIONS, CallError

from .history import PAUSES, WHO, History, in_losses
from .resting import AT_LAST, LATER

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


class People(History):
    """What people do at the service."""

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
            self.world.right_in = max(self.world.right_in, AT_LAST)
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

    @rule(who=WHO, takes=st.booleans(), pause=PAUSES)
    def log_in(self, who: int, takes: bool, pause: float | None) -> None:
        """A member logs in to a queue or out of it, or somebody else does so for the member."""
        account = self._emulator._service.account
        moves = [(queue, each) for queue, ids in account.queues.items() for each in ids]
        if not moves:
            return
        queue, member = moves[who % len(moves)]
        self._do(lambda: account.set_queue_calls(queue, {member: takes}), pause)

    @rule(who=WHO, turn=st.sampled_from(["turn_on", "turn_off"]), pause=PAUSES)
    def switch_queue(self, who: int, turn: str, pause: float | None) -> None:
        """The user logs in or out in Home Assistant."""
        self._do(
            lambda: self.world.in_background(self.world.switch_queue(who, turn)), pause
        )

    @rule(whom=st.lists(WHO, max_size=4), pause=PAUSES)
    def queue_members(self, whom: list[int], pause: float | None) -> None:
        account = self._emulator._service.account
        if not account.queues:
            return
        queue = str(next(iter(account.queues)))
        # Places where calls are parked or picked up take none of a queue.
        ids = [
            key
            for key in dict.fromkeys(self._one(who) for who in whom)
            if self._emulator.extension(key).type
            not in ("ParkLocation", "GroupCallPickup")
        ]
        # Another queue of the user's needs another subscription.
        self._members_change()
        self._do(lambda: self._emulator.set_queue(queue, members=ids), pause)

    @in_losses
    @rule(is_editable=st.booleans(), pause=PAUSES)
    def lock_queue(self, is_editable: bool, pause: float | None) -> None:
        account = self._emulator._service.account
        if not account.queues:
            return
        # No event tells that.
        self.world.right_in = max(self.world.right_in, AT_LAST)
        queue = str(next(iter(account.queues)))
        self._do(lambda: self._emulator.set_queue(queue, editable=is_editable), pause)

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
        extension = self._emulator.extension(self._one(who))
        self.world.undoing.chosen(extension, key.removeprefix("set_"))
        self._do(
            lambda: self.world.in_background(
                self.world.select(key, str(extension.id), option)
            ),
            pause,
        )

    # Voicemail.

    @rule(
        who=WHO,
        act=st.sampled_from(["leave", "leave", "mark", "delete"]),
        which=st.integers(0, 9),
        pause=PAUSES,
    )
    def voicemail(self, who: int, act: str, which: int, pause: float | None) -> None:
        mail, key = self._emulator.mail, self._one(who)
        there = mail.all().get(key, [])

        def change() -> None:
            if act == "leave":
                mail.leave(key)
            elif there:
                message = there[which % len(there)]
                number, is_unread = (
                    str(message["id"]),
                    message["readStatus"] == "Unread",
                )
                if act == "mark":
                    mail.mark(key, number, read=is_unread)
                else:
                    mail.delete(key, number)

        self._do(change, pause)

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

    def _members_change(self) -> None:
        """From here on lists are read again, and filters asked for anew."""
        world = self.world
        world.note_members()
        if world.kind.get("refuse_filters"):
            # One filter for each, found by many requests: those of a minute may be spent.
            world.right_in = max(world.right_in, LATER)

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
