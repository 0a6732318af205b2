"""Listeners by extension and field: an event wakes what watches what it changed, and nothing else."""

import asyncio
from collections.abc import Callable, Coroutine
import time
from typing import Any

import pytest

from custom_components.ringcentral.aioringcentral.calls.state import (
    CallEvent,
    CallEventType,
    Calls,
)
from custom_components.ringcentral.aioringcentral.models import (
    DndStatus,
    Presence,
    UserStatus,
)
from custom_components.ringcentral.counts import Counts
from custom_components.ringcentral.listeners import ACCOUNT, CALLS, PUSH, Listeners

BEFORE = Presence(
    extension_id="1",
    user_status=UserStatus.AVAILABLE,
    dnd_status=DndStatus.TAKE_ALL_CALLS,
)
NO_CALLS = Calls()


class Woken(list[str]):
    """Names of listeners in the order in which they were woken."""

    def listener(self, name: str) -> Callable[[], None]:
        """Return a listener with a name."""
        return lambda: self.append(name)


def run_at_once(work: Coroutine[Any, Any, None]) -> None:
    """Run what is short enough not to pause."""
    with pytest.raises(StopIteration):
        work.send(None)


@pytest.fixture
def woken() -> Woken:
    """Return who was woken."""
    return Woken()


@pytest.fixture
def listeners(woken: Woken) -> Listeners:
    """Return listeners of two extensions and the account, named by what they watch."""
    made = Listeners(run_at_once)
    for key in ("1", "2"):
        for fields in (("user_status",), ("dnd_status",), ("user_status", CALLS)):
            made.add(woken.listener(f"{key} {' '.join(fields)}"), key, fields)
    for field in (PUSH, "on_call", "ringing"):
        made.add(woken.listener(field), ACCOUNT, (field,))
    return made


def change(listeners: Listeners, after: Presence, calls: Calls = NO_CALLS) -> None:
    """Let the first extension change."""
    listeners.wake_for_presence(BEFORE, NO_CALLS, after, calls)


def test_a_field_wakes_who_watches_it(listeners: Listeners, woken: Woken) -> None:
    change(listeners, BEFORE._replace(dnd_status=None))
    assert woken == ["1 dnd_status"]


def test_two_fields_wake_each_listener_once(listeners: Listeners, woken: Woken) -> None:
    after = BEFORE._replace(user_status=UserStatus.BUSY)
    change(listeners, after, Calls(begun=1))
    assert sorted(woken) == ["1 user_status", "1 user_status calls"]


def test_calls_alone_wake_who_watches_calls(listeners: Listeners, woken: Woken) -> None:
    change(listeners, BEFORE, Calls(begun=1))
    assert woken == ["1 user_status calls"]


def test_what_changed_nothing_wakes_nobody(listeners: Listeners, woken: Woken) -> None:
    change(listeners, BEFORE)
    change(listeners, BEFORE._replace(message="Away"))
    assert woken == []


def test_an_extension_without_entities_wakes_nobody(
    listeners: Listeners, woken: Woken
) -> None:
    stranger = BEFORE._replace(extension_id="3")
    listeners.wake_for_presence(
        stranger, NO_CALLS, stranger._replace(user_status=None), NO_CALLS
    )
    listeners.wake("3", ("user_status",))
    assert woken == []


def test_counts_wake_who_watches_the_number(listeners: Listeners, woken: Woken) -> None:
    listeners.wake_for_counts(Counts(on_call=1), Counts(on_call=2))
    assert woken == ["on_call"]


def test_the_account_is_woken_alone(listeners: Listeners, woken: Woken) -> None:
    listeners.wake_account()
    assert sorted(woken) == sorted([PUSH, "on_call", "ringing"])


def test_all_are_woken(listeners: Listeners, woken: Woken) -> None:
    listeners.wake_all()
    assert len(woken) == len(set(woken)) == 9


async def test_all_of_many_are_woken_part_by_part() -> None:
    """The loop goes on in between; who is removed meanwhile is not woken, and nobody twice."""
    tasks, woken = list[asyncio.Task[None]](), list[int]()
    listeners = Listeners(lambda work: tasks.append(asyncio.create_task(work)))
    removals = []
    for number in range(500):

        def wake(number: int = number) -> None:
            woken.append(number)
            time.sleep(0.0002)

        removals.append(listeners.add(wake, str(number), ("user_status",)))
    listeners.wake_all()
    await asyncio.sleep(0)
    assert 100 <= len(woken) < 300
    removals[-1]()
    await asyncio.gather(*tasks)
    assert woken == [*range(499)]


async def test_what_turns_back_meanwhile_wakes_all_again() -> None:
    tasks, shown, truth = list[asyncio.Task[None]](), dict[int, bool](), [False]
    listeners = Listeners(lambda work: tasks.append(asyncio.create_task(work)))
    for number in range(500):

        def wake(number: int = number) -> None:
            shown[number] = truth[0]
            time.sleep(0.0002)

        listeners.add(wake, str(number), ("user_status",))
    listeners.wake_all()
    await asyncio.sleep(0)
    assert 100 <= len(shown) < 300
    truth[0] = True
    listeners.wake_all()
    await asyncio.gather(*tasks)
    assert shown == dict.fromkeys(range(500), True)


def test_who_was_removed_is_not_woken(woken: Woken) -> None:
    listeners = Listeners(run_at_once)
    remove = listeners.add(woken.listener("gone"), "1", ("user_status",))
    remove()
    change(listeners, BEFORE._replace(user_status=None))
    listeners.wake_all()
    assert woken == []


def test_a_listener_may_remove_itself(woken: Woken) -> None:
    listeners = Listeners(run_at_once)

    def once() -> None:
        woken.append("once")
        remove()

    remove = listeners.add(once, "1", ("user_status",))
    listeners.add(woken.listener("other"), "1", ("user_status",))
    for _ in range(2):
        change(listeners, BEFORE._replace(user_status=None))
    assert woken == ["once", "other", "other"]


def test_who_fails_costs_itself_and_is_logged_once(
    listeners: Listeners, woken: Woken, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> None:
        raise ValueError("broken")

    listeners.add(fail, "1", ("message",))
    listeners.add(woken.listener("after"), "1", ("message",))
    for _ in range(3):
        change(listeners, BEFORE._replace(message="Away"))
    assert woken == ["after"] * 3
    (record,) = caplog.records
    assert record.exc_info is not None


def test_calls_are_heard_by_their_extension(caplog: pytest.LogCaptureFixture) -> None:
    listeners, heard = Listeners(run_at_once), list[CallEvent]()

    def fail(event: CallEvent) -> None:
        raise ValueError("broken")

    listeners.add_for_calls("1", fail)
    remove = listeners.add_for_calls("1", heard.append)
    event = CallEvent(CallEventType.RINGING, "c1", None, None, None)
    listeners.tell_calls("1", (event,))
    listeners.tell_calls("2", (event,))
    remove()
    listeners.tell_calls("1", (event,))
    assert heard == [event]
    assert len(caplog.records) == 1
