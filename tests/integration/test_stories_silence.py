"""Stories of silence: presence that stopped, and connections that did not come back."""

import logging
from unittest.mock import patch

from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
import pytest

from custom_components.ringcentral.aioringcentral.stream.protocol import SocketProtocol
from emulator import Emulator

from .stories import (
    EVERYONE,
    PRESENCE,
    TICKET,
    Story,
    colleagues,
    emulated,
    hasty,
    late_replies,
    lines,
    office,
    park_location,
)

PROTOCOL = "custom_components.ringcentral.aioringcentral.stream.protocol"
LOST = "Connection to RingCentral is lost"
BACK = "Connection to RingCentral is back"


async def turn(story: Story, status: str) -> None:
    """Let the own user set a status, and wait until it shows."""
    await story.emulator.set_presence(story.own, {"userStatus": status})
    await story.shows(user_status=status.lower())


# "Presence stops after some hours."


@pytest.mark.parametrize("refresh_tokens", [False, True])
async def test_presence_keeps_coming_for_hours(
    hass: HomeAssistant, emulator: Emulator, refresh_tokens: bool
) -> None:
    """Tokens run out, sockets reach their age, idle time passes: nobody notices."""
    emulator.faults.set(
        refresh_tokens=refresh_tokens,
        access_token_ttl=2,
        absolute_timeout=3,
        idle_timeout=1,
    )
    async with office(hass, emulator) as story:
        status = "Available"
        while (
            emulator.counters.tokens_issued < 3 or emulator.counters.sockets_opened < 3
        ):
            status = "Busy" if status == "Available" else "Available"
            await turn(story, status)
            # Until the next thing happens on the connection, and not longer than a moment.
            await emulator.wait_for(lambda: emulator.counters.heartbeats > 0)
            emulator.counters.heartbeats = 0
        await turn(story, "Offline")
        assert story.seen_unavailable() == []
        await story.until(lambda: story.account_now("push_connected") == "on")


async def test_a_machine_that_slept_for_a_day(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """Every limit of the service has passed at once; what changed meanwhile shows."""
    with hasty():
        async with office(hass, emulator) as story:
            emulator.faults.set(drop_next=1)
            await emulator.set_presence(story.own, {"userStatus": "Busy"})
            emulator.clock.advance(86_400)
            await story.shows(user_status="busy", presence_status="busy")
            await story.live()
            assert story.seen_unavailable() == []


# "No events after network loss, and no error."


async def test_a_short_loss_is_not_shown(
    hass: HomeAssistant, emulator: Emulator, caplog: pytest.LogCaptureFixture
) -> None:
    """Within the grace entities stay as they are, and the log is silent."""
    with caplog.at_level(logging.INFO):
        async with office(hass, emulator) as story:
            before = story.all_states()
            await emulator.disconnect(code=None)
            await story.lost()
            assert story.account_now("push_connected") == "off"
            assert story.all_states() == before
            await story.live()
            assert story.account_now("push_connected") == "on"
            assert story.seen_unavailable() == []
    assert lines(caplog) == []


async def test_a_long_loss_is_shown_at_once_everywhere(
    hass: HomeAssistant, emulator: Emulator, caplog: pytest.LogCaptureFixture
) -> None:
    """Half-open: nothing arrives and nothing fails. One line when it is lost, one when it is back."""
    follow = colleagues(emulator, 3)
    with (
        caplog.at_level(logging.INFO),
        hasty(grace=0.2),
        patch(f"{PROTOCOL}.HEARTBEAT_AFTER", 0.2),
        patch(f"{PROTOCOL}.HEARTBEAT_DEADLINE", 0.2),
        patch(f"{PROTOCOL}.OPEN_TIMEOUT", 0.3),
    ):
        async with office(hass, emulator, follow=["chosen"], extensions=follow) as it:
            emulator.faults.set(silent_sockets=True)
            await it.lost()
            assert set(it.all_states().values()).isdisjoint({STATE_UNAVAILABLE})
            await emulator.set_presence(follow[0], {"userStatus": "Busy"})
            await it.until(lambda: not it.coordinator.available)
            await hass.async_block_till_done()
            assert set(it.all_states().values()) == {STATE_UNAVAILABLE}
            assert it.account_now("push_connected") == "off"
            assert [line[: len(LOST)] for line in lines(caplog)] == [LOST]
            emulator.faults.set(silent_sockets=False)
            await it.live()
            await it.shows(follow[0], user_status="busy", presence_status="busy")
            assert STATE_UNAVAILABLE not in it.all_states().values()
    assert [line.partition(":")[0] for line in lines(caplog)] == [LOST, BACK]


async def test_all_become_unavailable_in_one_moment(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """A wall of lamps that goes dark one by one tells nothing; each does so once."""
    follow = colleagues(emulator, 5)
    with hasty(grace=0.1):
        async with office(hass, emulator, follow=["chosen"], extensions=follow) as it:
            it.forget()
            emulator.faults.set(http_5xx=[{"status": 503}])
            await emulator.disconnect(code=1001, recoverable=False)
            await it.until(lambda: not it.coordinator.available)
            # No turn of the event loop was needed between the first and the last.
            gone = [entity for entity, _, new in it.changes if new == STATE_UNAVAILABLE]
            assert sorted(gone) == sorted(
                entity for entity in gone if hass.states.get(entity) is not None
            )
            assert set(gone) >= it.all_entities()
            assert len(gone) == len(set(gone))
            emulator.faults.clear()
            await it.live()


async def test_the_service_is_started_again(
    hass: HomeAssistant, socket_enabled: None
) -> None:
    """Refused connections for a while, then a service that knows no token of before."""
    async with emulated(extensions=6, rate_limits=False) as first:
        port = int(first.url.rpartition(":")[2])
        with hasty(grace=0.1):
            async with office(hass, first) as story:
                await first.stop()
                await story.until(lambda: not story.coordinator.available)
                assert story.now("telephony_status") == STATE_UNAVAILABLE
                async with emulated(
                    extensions=6, rate_limits=False, port=port
                ) as second:
                    await second.play_call(story.own, ["ring"])
                    await story.shows(telephony_status="ringing")
                    await story.leave()


# "What does recovery mean, and who subscribes again?"


async def test_after_a_recovery_nothing_is_read(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """The service replays what was missed."""
    async with office(hass, emulator) as story:
        emulator.counters.requests.clear()
        await emulator.disconnect(code=1001, recoverable=True)
        await story.call("ring", "answer")
        await story.shows(telephony_status="call_connected")
        assert dict(emulator.counters.requests) == {TICKET: 1}
        assert story.seen("telephony_status") == ["ringing", "call_connected"]


async def test_without_recovery_it_is_subscribed_and_read_once(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """A new subscription, and one snapshot."""
    with hasty():
        async with office(hass, emulator) as story:
            created = emulator.counters.subscriptions_created
            emulator.counters.requests.clear()
            await emulator.disconnect(code=1001, recoverable=False)
            await story.lost()
            await story.call("ring")
            await story.shows(telephony_status="ringing")
            await story.live()
            assert emulator.counters.subscriptions_created == created + 1
            assert emulator.counters.requests[PRESENCE] == 1
            assert story.seen_unavailable() == []


async def test_a_break_does_not_hide_that_a_parked_call_was_taken(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """A reading lists the calls of a park location, and its status follows them."""
    park = park_location(emulator)
    with hasty():
        async with office(
            hass, emulator, follow=["own", "chosen"], extensions=[park]
        ) as story:
            await story.call("ring", "answer", "park")
            await story.shows(park, telephony_status="parked_call", active_calls="1")
            await emulator.disconnect(code=1001, recoverable=False)
            await story.lost()
            await story.call("retrieve")
            await story.live()
            await story.shows(park, telephony_status="no_call", active_calls="0")
            await story.call("park")
            await story.shows(park, telephony_status="parked_call", active_calls="1")


async def test_a_service_without_recovery(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """It gives no token that would recover anything: subscribed and read, each time."""
    with hasty(), patch.object(SocketProtocol, "_adopt"):
        async with office(hass, emulator) as story:
            await emulator.disconnect(code=1001, recoverable=True)
            await story.lost()
            await story.call("ring")
            await story.shows(telephony_status="ringing")
            await story.live()
            assert emulator.counters.recoveries == 0
            assert emulator.counters.subscriptions_created == 2


async def test_a_counter_that_began_anew_freezes_nobody(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """After a break the service may count from one again."""
    with hasty():
        async with office(hass, emulator) as story:
            await story.call("ring", "hangup")
            await emulator.disconnect(code=1001, recoverable=False)
            await story.lost()
            emulator.extension(story.own).sequence = 0
            await story.live()
            await story.call("ring")
            await story.shows(telephony_status="ringing")


async def test_events_during_the_snapshot_count_for_more(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """Between subscribing and the snapshot's arrival nothing falls through."""
    with hasty():
        async with office(hass, emulator) as story:
            await story.call("ring")
            await story.shows(telephony_status="ringing")
            with late_replies("presences") as late:
                await emulator.disconnect(code=1001, recoverable=False)
                await story.until(lambda: late.made == 1)
                # The snapshot still says that it rings.
                await story.call("answer")
                await story.all_heard()
                late.let_arrive.set()
                await story.live()
            await story.until(lambda: story.coordinator.account._tracker.is_caught_up)
            assert story.now("telephony_status") == "call_connected"
            assert story.seen("telephony_status") == ["ringing", "call_connected"]


async def test_a_snapshot_is_no_news(hass: HomeAssistant, emulator: Emulator) -> None:
    """A call that was missed while nothing was connected is not told when it is seen to be over."""
    with hasty():
        async with office(hass, emulator) as story:
            await story.call("ring")
            await story.shows(ringing="on")
            last = story.now("call")
            await emulator.disconnect(code=1001, recoverable=False)
            await story.lost()
            await story.call("missed")
            await story.shows(telephony_status="no_call", ringing="off")
            await story.live()
            assert story.now("call") == last


@pytest.mark.parametrize("told", [False, True])
async def test_the_subscription_is_known_by_its_body(
    hass: HomeAssistant, emulator: Emulator, told: bool
) -> None:
    """As reported: "Nothing ever arrives: the reply lacks the header WSG-SubscriptionId."."""
    emulator.faults.set(subscription_header=told)
    async with office(hass, emulator) as story:
        await story.call("ring")
        await story.shows(telephony_status="ringing")


async def test_more_was_lost_than_the_service_keeps(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """The server's buffer holds a hundred events, and nothing tells when it was not enough."""
    async with office(hass, emulator, follow=["account"]) as story:
        talker, *others = colleagues(emulator, 4)
        await story.call("ring", "answer", at=talker)
        await story.shows(talker, telephony_status="call_connected")
        await emulator.disconnect(code=1001, recoverable=True)
        await story.call("hangup", at=talker)
        for count in range(130):
            status = "Busy" if count // len(others) % 2 == 0 else "Available"
            await emulator.set_presence(
                others[count % len(others)], {"userStatus": status}
            )
        await story.shows(talker, telephony_status="no_call", on_call="off")
        assert emulator.counters.requests[EVERYONE] == 0
        assert story.seen_unavailable() == []


async def test_drops_all_night(hass: HomeAssistant, emulator: Emulator) -> None:
    """As reported: "I reload the integration every night, else it stops."."""
    with hasty():
        async with office(hass, emulator) as story:
            for count in range(20):
                await emulator.disconnect(
                    code=(1000, 1001, 1011, 4000, None)[count % 5],
                    recoverable=count % 3 != 0,
                )
                await story.lost()
                await story.live()
                await turn(story, "Busy" if count % 2 else "Available")
            assert story.seen_unavailable() == []
            assert story.seen("user_status") == ["busy", "available"] * 9 + ["busy"]


async def test_a_storm_of_drops_stays_within_the_limits(
    hass: HomeAssistant, socket_enabled: None, caplog: pytest.LogCaptureFixture
) -> None:
    """As reported: "It never came back, and the log was full of errors."."""
    with caplog.at_level(logging.INFO):
        async with emulated(extensions=6, time_factor=60) as limited:
            with hasty(grace=0.2):
                async with office(hass, limited) as story:
                    for count in range(12):
                        await limited.disconnect(code=1001, recoverable=count % 2 == 0)
                        await story.lost()
                        await story.live()
                    await story.until(lambda: story.coordinator.available)
                    assert limited.counters.requests_in_penalty == 0
                    assert limited.counters.rate_limited == 0
    told = [line.partition(":")[0] for line in lines(caplog)]
    assert told == [LOST, BACK] * (len(told) // 2)
    assert lines(caplog, logging.WARNING) == []


async def test_a_service_that_refuses_tickets_for_a_while(
    hass: HomeAssistant, emulator: Emulator, caplog: pytest.LogCaptureFixture
) -> None:
    """Many tries are one line down and one line up."""
    with caplog.at_level(logging.INFO), hasty(grace=0.05):
        async with office(hass, emulator) as story:
            emulator.faults.set(wstoken_error={"status": 503, "code": "CMN-201"})
            asked = emulator.counters.requests[TICKET]
            await emulator.disconnect(code=1001, recoverable=False)
            await story.until(lambda: not story.coordinator.available)
            await emulator.wait_for(
                lambda: emulator.counters.requests[TICKET] >= asked + 8
            )
            emulator.faults.clear()
            await story.live()
            assert story.now("telephony_status") == "no_call"
    assert [line.partition(":")[0] for line in lines(caplog)] == [LOST, BACK]


async def test_a_snapshot_that_fails_is_asked_for_again(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """Connected again, but presence cannot be read yet: what is shown is not trusted yet either."""
    with hasty(grace=0.05):
        async with office(hass, emulator) as story:
            emulator.faults.set(
                http_5xx=[{"path": "*/presence", "status": 500, "method": "GET"}]
            )
            await emulator.disconnect(code=1001, recoverable=False)
            await story.lost()
            await story.call("ring")
            await story.until(lambda: not story.coordinator.available)
            await story.until(lambda: story.coordinator.account.stream.is_live)
            assert story.now("telephony_status") == STATE_UNAVAILABLE
            emulator.faults.clear()
            await story.shows(telephony_status="ringing")
