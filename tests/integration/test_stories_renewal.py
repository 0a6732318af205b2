"""Stories of planned ends and recoveries (docs/architecture.md 5)."""

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from homeassistant.core import HomeAssistant

from custom_components.ringcentral.aioringcentral.account import full_rereads, members
from custom_components.ringcentral.aioringcentral.causes import Cause, Read
from custom_components.ringcentral.aioringcentral.errors import Reason, RetryLater
from custom_components.ringcentral.aioringcentral.stream.connection import Connection
from emulator import Emulator

from .stories import (
    EVERYONE_FILTER,
    PRESENCE,
    TICKET,
    Story,
    colleagues,
    hasty,
    late_replies,
    office,
    settling_at_once,
)

BACKOFF = "custom_components.ringcentral.aioringcentral.backoff"
RECOVERY = "custom_components.ringcentral.aioringcentral.stream.recovery"


@contextmanager
def renewing() -> Iterator[None]:
    """Take changes of filters at once."""
    with hasty(), settling_at_once():
        yield


async def other_filters(story: Story) -> str:
    """Let someone join where each extension has a filter of its own, so that the filters are asked for anew."""
    return await story.emulator.add_extension("Nora New")


async def goes_on(story: Story, person: str) -> None:
    """See that the newcomer is followed, and that nobody noticed."""
    await story.until(lambda: person in story.followed())
    await story.until(
        lambda: story.coordinator.account.stream.history.replacements >= 1
    )
    await story.call("ring", at=person)
    await story.shows(person, telephony_status="ringing")
    assert story.seen_unavailable() == []


async def reading(story: Story, cause: Cause) -> Read:
    """Return the reading that was made for a cause."""
    last = story.coordinator.account.last_readings

    def found() -> list[Read]:
        return [each for each in last if each.cause is cause]

    await story.until(lambda: bool(found()))
    (only,) = found()
    return only


async def replaced(story: Story) -> None:
    """See the next socket take over from the present one."""
    stream = story.coordinator.account.stream
    stream._replace.set()
    await story.until(lambda: stream.history.replacements >= 1)
    assert stream.history.losses == 0


async def test_what_was_due_before_a_planned_end_is_no_reading_of_its_own(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """An unreadable frame has everything read a minute or more later, and whatever comes in between."""
    with hasty(), patch.object(full_rereads, "UNREADABLE_AFTER", 0.5):
        async with office(hass, emulator, follow=["account"]) as story:
            await emulator.send_frame("garbage")
            await story.call("ring")
            await story.shows(telephony_status="ringing")
            begun = hass.loop.time()
            await replaced(story)
            found = await reading(story, Cause.UNREADABLE)
            assert found.extensions == len(story.coordinator.account.presences)
            assert found.since <= begun
            assert found.at >= found.since + 0.5


async def test_whom_an_event_of_the_lists_names_is_read_for_that_event(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """However long changes of the lists are collected, and whatever comes in between."""
    (person,) = colleagues(emulator, 1)
    with hasty(), patch.object(members, "_SETTLE", 0.5):
        async with office(hass, emulator, follow=["account"]) as story:
            await emulator.rename_extension(person, "Nora New")
            await story.call("ring")
            await story.shows(telephony_status="ringing")
            begun = hass.loop.time()
            await replaced(story)
            found = await reading(story, Cause.LISTS)
            assert found.extensions == 1
            assert found.since <= begun


async def test_a_renewal_without_a_ticket_is_tried_again(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """The present socket lives meanwhile."""
    emulator.faults.set(refuse_filters={EVERYONE_FILTER: "SUB-406"})
    with renewing():
        async with office(hass, emulator, follow=["account"]) as story:
            emulator.faults.set(wstoken_error={"status": 503, "code": "CMN-201"})
            asked = emulator.counters.requests[TICKET]
            person = await other_filters(story)
            await emulator.wait_for(
                lambda: emulator.counters.requests[TICKET] >= asked + 2
            )
            await story.call("ring")
            await story.shows(telephony_status="ringing")
            emulator.faults.set(wstoken_error=None)
            await goes_on(story, person)
            assert story.coordinator.account.stream.history.losses == 0


async def test_a_renewal_that_cannot_subscribe_is_tried_again(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """Other filters were asked for, and the subscription failed for now: that is not forgotten."""
    emulator.faults.set(refuse_filters={EVERYONE_FILTER: "SUB-406"})
    with renewing():
        async with office(hass, emulator, follow=["account"]) as story:
            emulator.faults.set(
                http_5xx=[{"path": "*/subscription", "status": 503, "next": 1}]
            )
            await goes_on(story, await other_filters(story))
            assert story.coordinator.account.stream.history.losses == 0
            await emulator.wait_for(lambda: emulator.counters.sockets_open == 1)


async def test_the_present_socket_goes_before_the_next_is_there(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """What happened between the two is read."""
    emulator.faults.set(refuse_filters={EVERYONE_FILTER: "SUB-406"})
    one, *_ = colleagues(emulator, 1)
    with renewing():
        async with office(hass, emulator, follow=["account"]) as story:
            with late_replies("ticket") as late:
                person = await other_filters(story)
                await story.until(lambda: late.made == 1)
                await emulator.disconnect(code=1001, recoverable=False)
                await story.call("ring", at=one)
                await emulator.wait_for(lambda: emulator.counters.sockets_open == 0)
                late.let_arrive.set()
                await story.shows(one, telephony_status="ringing")
            await goes_on(story, person)


async def test_both_sockets_go_at_once(hass: HomeAssistant, emulator: Emulator) -> None:
    """The one that was about to be closed, and the one that had just taken over."""
    emulator.faults.set(refuse_filters={EVERYONE_FILTER: "SUB-406"})
    with renewing():
        async with office(hass, emulator, follow=["account"]) as story:
            created = emulator.counters.subscriptions_created
            person = await other_filters(story)
            await emulator.wait_for(
                lambda: emulator.counters.subscriptions_created > created
            )
            await emulator.disconnect(code=1001, recoverable=True)
            await goes_on(story, person)
            await emulator.wait_for(lambda: emulator.counters.sockets_open == 1)


async def test_a_replaced_socket_that_is_gone_already(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """Nothing of it is left all the same."""
    emulator.faults.set(refuse_filters={EVERYONE_FILTER: "SUB-406"})
    gone = RetryLater(Reason.CANNOT_CONNECT)
    with renewing(), patch.object(Connection, "heartbeat", side_effect=gone):
        async with office(hass, emulator, follow=["account"]) as story:
            await goes_on(story, await other_filters(story))
            await emulator.wait_for(lambda: emulator.counters.sockets_open == 1)


async def test_a_recovery_that_is_lost_at_once_is_recovered_again(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """The token of the second connection recovers what the first one missed."""
    with hasty():
        async with office(hass, emulator) as story:
            beats = emulator.counters.heartbeats
            await emulator.disconnect(code=1001, recoverable=True)
            await emulator.wait_for(lambda: emulator.counters.recoveries == 1)
            # Not yet sure of the recovery: the echo that it waits for does not come.
            emulator.faults.set(silent_sockets=True)
            await emulator.wait_for(lambda: emulator.counters.heartbeats > beats)
            emulator.faults.set(silent_sockets=False)
            await emulator.disconnect(code=None, recoverable=True)
            await story.call("ring", "answer")
            await story.shows(telephony_status="call_connected")
            await story.live()
            assert story.seen("telephony_status") == ["ringing", "call_connected"]
            assert emulator.counters.recoveries == 2
            assert emulator.counters.subscriptions_created == 1


async def test_a_busy_office_after_a_recovery_is_no_full_buffer(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """What comes long after it was missed by nobody: nothing is read for it."""
    with patch(f"{RECOVERY}._REPLAY_WITHIN", 0.0):
        async with office(hass, emulator) as story:
            await emulator.disconnect(code=1001, recoverable=True)
            await emulator.wait_for(lambda: emulator.counters.recoveries == 1)
            await story.live()
            asked = emulator.counters.requests[PRESENCE]
            for count in range(130):
                status = "Busy" if count % 2 == 0 else "Available"
                await emulator.set_presence(story.own, {"userStatus": status})
            await story.shows(user_status="available")
            await story.all_heard()
            assert emulator.counters.requests[PRESENCE] == asked


async def test_after_a_connection_that_held_the_first_try_is_at_once(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """The waits grow while nothing holds, and begin anew after what did."""
    with hasty():
        async with office(hass, emulator) as story:
            backoff = story.coordinator.account.stream._backoff
            for step in (1, 2, 3):
                await emulator.disconnect(code=1001, recoverable=True)
                await story.lost()
                await story.live()
                assert backoff._step == step
            with patch(f"{BACKOFF}.GOOD_AFTER", 0.0):
                await emulator.disconnect(code=1001, recoverable=True)
                await story.lost()
                await story.live()
                assert backoff._step == 1
