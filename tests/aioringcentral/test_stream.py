"""The stream against the emulator: one test per row of docs/protocol.md 6 that concerns it."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
import logging
from typing import Any
from unittest.mock import patch

import aiohttp
import pytest

from aioringcentral.backoff import Backoff
from aioringcentral.errors import (
    Misconfigured,
    PermissionMissing,
    Reason,
    RetryLater,
    SignInRequired,
)
from aioringcentral.filters import (
    EVERYONE,
    FAVORITE_LIST,
    FAVORITES,
    LINES,
    OWN,
    FilterPlan,
    extension_filter,
    queue_filter,
)
from aioringcentral.models import Ticket
from aioringcentral.stream import Continuity, negotiation, protocol as protocol_module
from aioringcentral.stream.connection import Connection
from emulator import Emulator

from .conftest import Client, client_of

NO_WAIT = Backoff(between=lambda _low, _high: 0.0)
GONE = RetryLater(Reason.CANNOT_CONNECT)
SCHEDULE = "aioringcentral.stream.schedule"
ALL = FilterPlan(wanted=(OWN, LINES, FAVORITES))


@contextmanager
def watchful() -> Iterator[None]:
    """Look at the token and at the time for a replacement in no time."""
    with patch(f"{SCHEDULE}._LOOK_EVERY", 0.01):
        yield


def is_old(client: Client) -> None:
    """Let the time for a planned replacement have come."""
    link = client.stream._link
    assert link is not None
    link.schedule.replace_at = 0.0


async def ring(emulator: Emulator, extension_id: str | None = None) -> None:
    """Let a call ring, and leave it so."""
    await emulator.play_call(extension_id or emulator.own_extension_id, ["ring"])


async def test_an_event_arrives(client: Client, emulator: Emulator) -> None:
    """From the service's change to the listener."""
    client.follow()
    await client.live()
    assert client.lives == [Continuity.BROKEN]
    await ring(emulator)
    event = await client.heard(telephonyStatus="Ringing")
    assert str(event.body["extensionId"]) == emulator.own_extension_id
    assert client.stream.is_live
    assert client.stream.history.last_event is not None


async def test_one_subscription_has_all_filters(
    client: Client, emulator: Emulator
) -> None:
    """A second one would replace the first (docs/protocol.md 3.5)."""
    client.follow(ALL)
    await client.live()
    assert client.stream.subscription is not None
    assert client.stream.subscription.live == (OWN, LINES, FAVORITES)
    assert client.stream.subscription.refused == {}
    assert emulator.counters.subscriptions_created == 1


@pytest.mark.parametrize("code", [1001, 1006, 4000, None])
async def test_a_lost_socket_is_recovered(
    client: Client, emulator: Emulator, code: int | None
) -> None:
    """Within the window nothing is missed: no new subscription, no reason to read anything."""
    client.follow()
    await client.live()
    await emulator.disconnect(code=None if code == 1006 else code, recoverable=True)
    await ring(emulator)
    await client.live(2)
    assert client.lives[1] is Continuity.RECOVERED
    await client.heard(telephonyStatus="Ringing")
    assert emulator.counters.subscriptions_created == 1
    assert client.stream.history.recoveries == 1


async def test_recovery_over_and_over(client: Client, emulator: Emulator) -> None:
    """Each connection brings the token that recovers it."""
    client.follow(backoff=NO_WAIT)
    for count in range(1, 5):
        await client.live(count)
        await emulator.disconnect(code=1001, recoverable=True)
    await client.live(5)
    assert client.lives[1:] == [Continuity.RECOVERED] * 4


async def test_a_session_that_is_not_recovered_is_subscribed_anew(
    client: Client, emulator: Emulator
) -> None:
    """On the same socket; presence has to be read then."""
    client.follow()
    await client.live()
    await emulator.disconnect(code=1001, recoverable=False)
    await client.live(2)
    assert client.lives[1] is Continuity.BROKEN
    assert emulator.counters.subscriptions_created == 2
    await ring(emulator)
    await client.heard(telephonyStatus="Ringing")


@pytest.mark.parametrize("late", [False, True])
async def test_more_events_lost_than_the_service_keeps(
    client: Client, emulator: Emulator, late: bool
) -> None:
    """Nothing tells that the buffer overflowed but its own length: presence is read again."""
    emulator.faults.set(replay_late=late)
    client.follow(FilterPlan(wanted=(EVERYONE,)))
    await client.live()
    await emulator.disconnect(code=1001, recoverable=True)
    others = emulator.ids(type="User", status="Enabled")
    for count in range(130):
        status = "Busy" if count // len(others) % 2 == 0 else "Available"
        await emulator.set_presence(others[count % len(others)], {"userStatus": status})
    await client.until(lambda: client.lives.count(Continuity.BROKEN) == 2)
    assert client.stream.is_live
    assert emulator.counters.subscriptions_created == 1


@pytest.mark.parametrize("late", [False, True])
async def test_fewer_events_lost_than_the_service_keeps(
    client: Client, emulator: Emulator, late: bool
) -> None:
    """Every one of them comes, and nothing has to be read."""
    emulator.faults.set(replay_late=late)
    client.follow()
    await client.live()
    await emulator.disconnect(code=1001, recoverable=True)
    for count in range(90):
        await emulator.set_presence(
            emulator.own_extension_id,
            {"userStatus": "Available" if count % 2 else "Busy"},
        )
    await client.live(2)
    await client.until(lambda: len(client.events) == 90)
    assert client.lives == [Continuity.BROKEN, Continuity.RECOVERED]


async def test_a_refused_recovery_token_is_not_shown_again(
    client: Client, emulator: Emulator
) -> None:
    """An Error frame in place of ConnectionDetails: connect anew, without it."""
    client.follow(backoff=NO_WAIT)
    await client.live()
    emulator.faults.set(connection_error=1)
    await emulator.disconnect(code=1001, recoverable=True)
    await client.live(2)
    assert client.lives[1] is Continuity.BROKEN
    assert any(code.startswith("WSG-") for code in client.stream.history.error_codes)


async def test_a_new_session_is_not_recovered(
    client: Client, emulator: Emulator
) -> None:
    """The old session's token would only fail with WSG-1003."""
    client.follow(backoff=NO_WAIT)
    await client.live()
    emulator.supersede_sessions()
    await client.live(2)
    assert client.lives[1] is Continuity.BROKEN
    assert emulator.counters.recoveries_failed == 0


async def test_every_ticket_is_fresh(emulator: Emulator) -> None:
    """Even where the service takes a ticket only once."""
    emulator.faults.set(ticket_single_use=True)
    async with client_of(emulator) as client:
        client.follow(backoff=NO_WAIT)
        await client.live()
        await emulator.disconnect(code=1001, recoverable=True)
        await client.live(2)
    assert emulator.counters.tickets_issued == 2
    assert emulator.counters.sockets_refused == 0


async def test_a_dead_ticket_costs_one_try(client: Client, emulator: Emulator) -> None:
    """Close 4400 right after the upgrade."""
    fresh = await client.rest.ticket()
    spent = replace(fresh, token="never-issued")
    with patch.object(client.rest, "ticket", side_effect=[spent, fresh]):
        client.follow(backoff=NO_WAIT)
        await client.live()
    assert len(client.losses) == 1
    assert emulator.counters.sockets_refused == 1


async def test_refused_tickets_end_at_the_permission(
    client: Client, emulator: Emulator
) -> None:
    """CMN-401 [WebSocket]: no retry helps."""
    emulator.faults.set(permissions_removed=["WebSocket"])
    client.follow()
    with pytest.raises(PermissionMissing) as raised:
        await client.live()
    assert raised.value.permission == "WebSocket"


async def test_a_missing_push_permission_is_named(
    client: Client, emulator: Emulator
) -> None:
    """SUB-528 on subscribe."""
    emulator.faults.set(permissions_removed=["SubscriptionWebSocket"])
    client.follow()
    with pytest.raises(PermissionMissing) as raised:
        await client.live()
    assert raised.value.code == "SUB-528"
    assert raised.value.permission == "SubscriptionWebSocket"


async def test_disabled_filters_cost_no_other(
    client: Client, emulator: Emulator
) -> None:
    """Refused in part: the rest is live, and what stands in for the refused one is asked for."""
    emulator.faults.set(disabled_filters={"*/presence/line/presence*": "SUB-412"})
    others = emulator.extension_ids[1:3]
    instead = {LINES: tuple(extension_filter(key) for key in others)}
    client.follow(FilterPlan(wanted=(OWN, LINES, FAVORITES), instead=instead))
    await client.live()
    assert client.stream.subscription is not None
    assert client.stream.subscription.live == (OWN, *instead[LINES], FAVORITES)
    assert client.stream.subscription.refused == {LINES: "SUB-412"}
    await ring(emulator, others[0])
    await client.heard(telephonyStatus="Ringing")


@pytest.mark.parametrize("refusal", ["whole", "partial"])
async def test_the_account_filter_falls_back(
    client: Client, emulator: Emulator, refusal: str
) -> None:
    """Refused whole or in part, per-extension filters take its place."""
    emulator.faults.set(
        refuse_filters={"/restapi/v1.0/account/*/presence?*": "CMN-401"},
        refusal=refusal,
    )
    emulator.faults.set(
        refuse_filters={"/restapi/v1.0/account/????????????/presence*": "SUB-406"},
        refusal=refusal,
    )
    others = emulator.extension_ids[:4]
    client.follow(
        FilterPlan(
            wanted=(EVERYONE,),
            instead={EVERYONE: tuple(extension_filter(key) for key in others)},
        )
    )
    await client.live()
    assert client.stream.subscription is not None
    assert set(client.stream.subscription.live) == {
        extension_filter(key) for key in others
    }


async def test_one_forbidden_extension_of_many(
    client: Client, emulator: Emulator
) -> None:
    """SUB-403 for one user who may not be watched; the reply refuses everything."""
    users = emulator.extension_ids
    emulator.faults.set(refuse_filters={f"*/extension/{users[2]}/presence*": "SUB-403"})
    client.follow(FilterPlan(wanted=tuple(extension_filter(key) for key in users)))
    await client.live()
    assert client.stream.subscription is not None
    assert set(client.stream.subscription.live) == {
        extension_filter(key) for key in users if key != users[2]
    }
    await ring(emulator, users[1])
    await client.heard(telephonyStatus="Ringing")


async def test_when_nothing_is_allowed_it_says_so(
    client: Client, emulator: Emulator
) -> None:
    """No filter left: that is an error of its own, not an empty subscription."""
    emulator.faults.set(refuse_filters={"*": "SUB-403"})
    client.follow(ALL)
    with pytest.raises((PermissionMissing, Misconfigured)):
        await client.live()


async def test_a_lost_subscribe_reply_is_asked_again(
    client: Client, emulator: Emulator
) -> None:
    """No reply in time is a lost connection."""
    emulator.faults.set(lose_subscribe_replies=1)
    with patch.object(protocol_module, "REPLY_TIMEOUT", 0.05):
        client.follow(backoff=NO_WAIT)
        await client.live()
    assert emulator.counters.sockets_opened == 2


async def test_a_half_open_socket_is_noticed(
    client: Client, emulator: Emulator
) -> None:
    """Silence, then no echo by the deadline: nothing else tells of a sleeping NAT."""
    with patch.multiple(protocol_module, HEARTBEAT_AFTER=0.02, HEARTBEAT_DEADLINE=0.05):
        client.follow(backoff=NO_WAIT)
        await client.live()
        emulator.faults.set(silent_sockets=True)
        await client.until(lambda: bool(client.losses))
    emulator.faults.set(silent_sockets=False)
    await client.until(lambda: client.stream.is_live)


async def test_idle_sockets_are_kept_alive(client: Client, emulator: Emulator) -> None:
    """By a Heartbeat after silence (docs/protocol.md 3.5)."""
    with patch.object(protocol_module, "HEARTBEAT_AFTER", 0.01):
        client.follow()
        await client.live()
        await emulator.wait_for(lambda: emulator.counters.heartbeats >= 3)
    assert client.losses == []


async def test_the_24_hours_end_is_not_waited_for(
    client: Client, emulator: Emulator
) -> None:
    """The next socket is subscribed before the old one closes: no loss, no break."""
    with watchful(), patch(f"{SCHEDULE}._LATE_WITHIN", 0.02):
        client.follow()
        await client.live()
        is_old(client)
        await client.live(2)
        assert client.lives == [Continuity.BROKEN, Continuity.REPLACED]
        await ring(emulator)
        await client.heard(telephonyStatus="Ringing")
        await emulator.wait_for(lambda: emulator.counters.sockets_open == 1)
    assert client.losses == []


async def test_events_during_a_planned_end_arrive(
    client: Client, emulator: Emulator
) -> None:
    """Make before break: every one of many changes is heard, from one socket or both."""
    client.follow()
    await client.live()
    with watchful():
        client.stream.change_filters(ALL)
    sent = 0
    while len(client.lives) < 2 or sent < 50:
        await emulator.set_presence(
            emulator.own_extension_id, {"userStatus": "Busy" if sent % 2 else "Offline"}
        )
        sent += 1
        await asyncio.sleep(0)
        assert sent < 100_000
    last = (
        await emulator.deliver(
            emulator.own_extension_id,
            {"extensionId": emulator.own_extension_id, "sequence": 10**6},
        ),
        sent,
    )
    assert last[0] >= 1
    await client.heard(sequence=10**6)
    sequences = {event.body["sequence"] for event in client.events}
    own = sorted(sequences - {10**6})
    assert own == list(range(own[0], own[0] + sent))


async def test_an_event_from_before_a_planned_end_may_come_after_it(
    client: Client, emulator: Emulator
) -> None:
    """The next subscription is too young for it: it comes on the old socket alone, or on none."""
    client.follow()
    await client.live()
    emulator.faults.set(delay=0.1)
    await ring(emulator)
    emulator.faults.set(delay=0.0)
    client.stream.change_filters(ALL)
    await client.live(2)
    await client.heard(telephonyStatus="Ringing")
    assert client.lives == [Continuity.BROKEN, Continuity.REPLACED]
    assert len(client.events) == 1


async def test_a_replaced_socket_that_goes_before_its_last_events_is_a_break(
    client: Client, emulator: Emulator
) -> None:
    """Recovery brings back what the newer one missed, and nothing of what was to come on the older."""
    client.follow()
    await client.live()
    emulator.faults.set(delay=30.0)
    await ring(emulator)
    emulator.faults.set(delay=0.0)
    client.stream.change_filters(ALL)
    await client.live(2)
    await emulator.disconnect(code=1001, recoverable=True)
    await client.until(lambda: client.lives.count(Continuity.BROKEN) == 2)
    await emulator.wait_for(lambda: emulator.counters.sockets_open == 1)
    await client.until(lambda: client.stream.is_live)


@pytest.mark.parametrize("is_granted", [True, False])
async def test_a_loss_while_the_next_socket_is_made_is_reported_at_once(
    client: Client, emulator: Emulator, is_granted: bool
) -> None:
    """A ticket may take long; the loss and the break are reported once each, whatever becomes of it."""
    asked, answered = asyncio.Event(), asyncio.Event()
    ticket = client.rest.ticket

    async def slow_ticket() -> Ticket:
        if not asked.is_set():
            asked.set()
            await answered.wait()
            if not is_granted:
                raise GONE
        return await ticket()

    client.follow(backoff=NO_WAIT)
    await client.live()
    with patch.object(client.rest, "ticket", slow_ticket):
        client.stream.change_filters(ALL)
        await asked.wait()
        await emulator.disconnect(code=1001)
        await client.until(lambda: bool(client.losses))
        assert not client.stream.is_live
        assert client.lives == [Continuity.BROKEN]
        answered.set()
        await client.live(2)
    await ring(emulator)
    await client.heard(telephonyStatus="Ringing")
    assert client.lives == [Continuity.BROKEN] * 2
    assert len(client.losses) == 1
    assert client.stream.history.losses == 1
    assert list(client.stream.history.close_codes) == [1001]


async def test_a_loss_is_recovered_where_the_next_socket_could_not_be_made(
    client: Client, emulator: Emulator
) -> None:
    """The filters are the same, so that the session may live on."""
    asked, answered = asyncio.Event(), asyncio.Event()
    ticket = client.rest.ticket

    async def slow_ticket() -> Ticket:
        if not asked.is_set():
            asked.set()
            await answered.wait()
            raise GONE
        return await ticket()

    with watchful(), patch.object(client.rest, "ticket", slow_ticket):
        client.follow(backoff=NO_WAIT)
        asked.set()
        await client.live()
        asked.clear()
        is_old(client)
        await asked.wait()
        await emulator.disconnect(code=1001)
        await client.until(lambda: bool(client.losses))
        await ring(emulator)
        answered.set()
        await client.heard(telephonyStatus="Ringing")
        await client.live(2)
    assert client.lives == [Continuity.BROKEN, Continuity.RECOVERED]
    assert len(client.losses) == 1


async def test_a_replaced_socket_that_falls_silent_is_a_break(
    client: Client, emulator: Emulator
) -> None:
    with (
        patch(f"{SCHEDULE}._LATE_WITHIN", 0.01),
        patch.object(Connection, "heartbeat", side_effect=GONE),
    ):
        client.follow()
        await client.live()
        client.stream.change_filters(ALL)
        await client.live(3)
    assert client.lives == [
        Continuity.BROKEN,
        Continuity.REPLACED,
        Continuity.BROKEN,
    ]
    assert client.losses == []


async def test_a_break_is_told_once_the_stream_is_live_again(
    client: Client, emulator: Emulator
) -> None:
    """What was to come on the older socket is found to be missed while the newer one is gone, too."""
    asked, answered = asyncio.Event(), asyncio.Event()
    heartbeat = Connection.heartbeat

    async def first_fails(connection: Connection, *deadline: float) -> None:
        if asked.is_set():
            await answered.wait()
            await heartbeat(connection, *deadline)
            return
        asked.set()
        await client.until(lambda: bool(client.losses))
        answered.set()
        raise GONE

    with (
        patch(f"{SCHEDULE}._LATE_WITHIN", 0.01),
        patch.object(Connection, "heartbeat", first_fails),
    ):
        client.follow(backoff=NO_WAIT)
        await client.live()
        client.stream.change_filters(ALL)
        await client.live(2)
        await asked.wait()
        await emulator.disconnect(code=1001, recoverable=True)
        await client.live(3)
    assert client.lives[1:] == [Continuity.REPLACED, Continuity.BROKEN]
    assert client.stream.history.recoveries == 1


async def test_a_session_ends_with_the_last_socket_that_was_opened_in_it(
    client: Client, emulator: Emulator
) -> None:
    """Two were replaced at nearly the same time, and the first one goes first."""
    with watchful(), patch(f"{SCHEDULE}._LATE_WITHIN", 0.1):
        client.follow()
        await client.live()
        client.stream.change_filters(ALL)
        await client.live(2)
        # A request that was refused has begun another session.
        await client.tokens.renew((await client.tokens.token()).value)
        client.stream.change_filters(FilterPlan(wanted=(OWN, LINES)))
        await client.live(3)
        await emulator.wait_for(
            lambda: (
                emulator.counters.requests["POST /restapi/oauth/revoke"] == 1
                and emulator.counters.sockets_open == 1
            )
        )
        await ring(emulator)
        await client.heard(telephonyStatus="Ringing")
    assert client.lives[1:] == [Continuity.REPLACED] * 2
    assert client.losses == []


async def test_a_replaced_socket_does_not_hold_up_the_end(
    client: Client, emulator: Emulator
) -> None:
    client.follow()
    await client.live()
    client.stream.change_filters(ALL)
    await client.live(2)
    assert emulator.counters.sockets_open == 2
    async with asyncio.timeout(3):
        await client.stop()
    await emulator.wait_for(lambda: emulator.counters.sockets_open == 0)


async def test_an_absolute_end_that_comes_all_the_same(
    client: Client, emulator: Emulator
) -> None:
    """WSG-903 and a close: an ordinary loss, recovered."""
    client.follow(backoff=NO_WAIT)
    await client.live()
    emulator.clock.advance(86_400)
    await client.until(lambda: bool(client.losses))
    await client.live(2)


async def test_an_access_token_without_refresh_is_replaced_in_time(
    client: Client, emulator: Emulator
) -> None:
    """A new session needs a new socket: it is subscribed first, and the old session is revoked after."""
    with watchful(), patch(f"{SCHEDULE}._LATE_WITHIN", 0.02):
        client.follow()
        await client.live()
        await client.tokens.renew((await client.tokens.token()).value)
        await client.live(2)
        await emulator.wait_for(
            lambda: emulator.counters.requests["POST /restapi/oauth/revoke"] == 1
        )
        await ring(emulator)
        await client.heard(telephonyStatus="Ringing")
    assert client.lives == [Continuity.BROKEN, Continuity.REPLACED]
    assert client.losses == []


async def test_a_session_that_begins_while_a_ticket_is_asked_for(
    client: Client, emulator: Emulator
) -> None:
    """A ticket of the session before would open a socket that ends with it."""
    client.follow()
    await client.live()
    ticket, is_first = client.rest.ticket, True

    async def slow_ticket() -> Ticket:
        nonlocal is_first
        found = await ticket()
        if is_first:
            is_first = False
            await client.tokens.renew((await client.tokens.token()).value)
        return found

    with (
        patch.object(client.rest, "ticket", slow_ticket),
        patch(f"{SCHEDULE}._LATE_WITHIN", 0.01),
    ):
        client.stream.change_filters(ALL)
        await client.live(2)
        # The session before ends, and the socket stays.
        await emulator.wait_for(
            lambda: emulator.counters.requests["POST /restapi/oauth/revoke"] == 1
        )
        await ring(emulator)
        await client.heard(telephonyStatus="Ringing")
    assert client.losses == []
    assert client.lives == [Continuity.BROKEN, Continuity.REPLACED]


async def test_a_refreshed_token_keeps_its_socket(
    client: Client, emulator: Emulator
) -> None:
    """Refresh stays in the session: nothing is connected again."""
    emulator.faults.set(refresh_tokens=True)
    with watchful():
        client.follow()
        await client.live()
        link = client.stream._link
        assert link is not None
        fresh = await client.tokens.renew(link.schedule.token.value)
        assert fresh.session == link.schedule.token.session
        await client.until(lambda: link.schedule.token == fresh)
        await ring(emulator)
        await client.heard(telephonyStatus="Ringing")
    assert emulator.counters.tokens_issued == 2
    assert client.lives == [Continuity.BROKEN]
    assert emulator.counters.sockets_opened == 1


async def test_an_access_token_superseded_elsewhere(
    client: Client, emulator: Emulator
) -> None:
    """401 on the ticket: one new token, one more try."""
    client.follow(backoff=NO_WAIT)
    await client.live()
    emulator.revoke_tokens()
    await client.live(2)
    assert client.lives[1] is Continuity.BROKEN
    await ring(emulator)
    await client.heard(telephonyStatus="Ringing")


async def test_a_jwt_that_was_revoked_ends_the_stream(
    client: Client, emulator: Emulator
) -> None:
    """Only the user can help: no storm of sign-ins."""
    client.follow(backoff=NO_WAIT)
    await client.live()
    emulator.faults.set(token_error={"code": "OAU-213"})
    emulator.revoke_tokens()
    with pytest.raises(SignInRequired):
        await client.until(lambda: False)
    assert emulator.counters.tokens_issued == 1


async def test_a_ticket_storm_is_not_possible() -> None:
    """Real limits: however often the socket drops, nothing is sent beyond the budget."""
    async with (
        Emulator(extensions=5, seed=2) as limited,
        client_of(limited) as client,
    ):
        client.follow(backoff=NO_WAIT)
        for count in range(1, 5):
            await client.live(count)
            await limited.disconnect(code=1001, recoverable=True)
        await client.until(lambda: client.losses[-1].reason is Reason.RATE_LIMITED)
        loss = client.losses[-1]
        assert isinstance(loss, RetryLater)
        assert loss.retry_after is not None
        assert 30 < loss.retry_after <= 60
        assert limited.counters.tickets_issued == 4
        assert limited.counters.rate_limited == 0


async def test_a_429_is_waited_out(client: Client, emulator: Emulator) -> None:
    """Retry-After is a floor: nothing is sent before."""
    emulator.faults.set(http_429={"Auth": {"next": 1}})
    client.follow()
    await client.until(lambda: bool(client.losses))
    loss = client.losses[0]
    assert isinstance(loss, RetryLater)
    assert (loss.reason, loss.retry_after) == (Reason.RATE_LIMITED, 60)
    assert emulator.counters.requests_in_penalty == 0


@pytest.mark.parametrize("method", ["stream_event", "stream_live", "stream_lost"])
async def test_a_listener_that_fails_costs_itself_alone(
    client: Client,
    emulator: Emulator,
    method: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Nothing is lost but the call; it is logged once, with its cause and nothing private."""
    original, failures = getattr(client, method), 0

    def fails(argument: object) -> None:
        nonlocal failures
        failures += 1
        original(argument)
        raise ValueError("Zebulon Quagmire")

    with patch.object(client, method, fails):
        client.follow(backoff=NO_WAIT)
        await client.live()
        await ring(emulator)
        await client.heard(telephonyStatus="Ringing")
        for count in (2, 3):
            await emulator.disconnect(code=1001, recoverable=True)
            await client.live(count)
    assert failures >= 1
    assert client.stream.is_live
    assert client.stream.history.recoveries == 2
    errors = [r.getMessage() for r in caplog.records if r.levelno >= logging.ERROR]
    assert len(errors) == 1
    assert "ValueError" in errors[0]
    assert "Zebulon" not in caplog.text


async def test_what_is_in_doubt_is_searched_beside_what_is_live(
    client: Client, emulator: Emulator
) -> None:
    """A limit cut the search off: most are live at once, all that may be a minute later, and nothing broke."""
    people = emulator.extension_ids
    hidden = people[2::4]
    emulator.faults.set(
        refuse_filters={f"*/extension/{key}/presence*": "SUB-403" for key in hidden},
        refusal="whole",
    )
    plan = FilterPlan(wanted=tuple(extension_filter(key) for key in people))
    with (
        patch.object(negotiation, "_MOST_TRIES", 3),
        patch.object(negotiation, "named_filters", lambda *_: ()),
        patch(f"{SCHEDULE}._SEARCH_AFTER", 0.01),
        patch(f"{SCHEDULE}._LATE_WITHIN", 0.01),
    ):
        client.follow(plan)
        await client.live()
        first = client.stream.subscription
        assert first is not None
        assert first.live
        assert first.unsure
        await client.until(
            lambda: (
                client.stream.subscription is not None
                and not client.stream.subscription.unsure
            )
        )
        # What else is live by then is live.
        await client.until(lambda: client.lives[-1] is Continuity.REPLACED)
    found = client.stream.subscription
    assert found is not None
    assert set(found.refused) == {extension_filter(key) for key in hidden}
    assert client.losses == []
    for key in people[:2]:
        await ring(emulator, key)
        await client.heard(extensionId=int(key), telephonyStatus="Ringing")


@pytest.mark.parametrize("times", [1, None], ids=["passes", "stays"])
async def test_what_was_set_aside_without_a_reason_is_asked_for_once_more(
    client: Client, emulator: Emulator, times: int | None
) -> None:
    """One refusal of everything costs a queue a minute, not a day; one that stays is not asked about for ever."""
    queue = queue_filter(emulator.ids(type="Department")[0])
    if times is None:
        emulator.faults.set(disabled_filters={"*/call-queues/*": "in words"})
    else:
        odd = {"kind": "error", "on": "socket", "value": "CMN-999", "status": 403}
        emulator.faults.set(odd=[{**odd, "path": "*/subscription", "next": times}])
    with (
        patch(f"{SCHEDULE}._SEARCH_AFTER", 0.01),
        patch(f"{SCHEDULE}._LATE_WITHIN", 0.01),
    ):
        client.follow(FilterPlan(wanted=(OWN, queue)))
        await client.until(lambda: Continuity.REPLACED in client.lives)
    found = client.stream.subscription
    assert found is not None
    assert set(found.live) == ({OWN} if times is None else {OWN, queue})
    assert client.losses == []
    await ring(emulator)
    await client.heard(telephonyStatus="Ringing")
    assert client.lives.count(Continuity.REPLACED) == 1


async def test_a_recovered_session_still_asks_once_more(
    client: Client, emulator: Emulator
) -> None:
    """A drop within that minute does not leave a queue out for a day."""
    queue = queue_filter(emulator.ids(type="Department")[0])
    odd = {"kind": "error", "on": "socket", "value": "CMN-999", "status": 403}
    emulator.faults.set(odd=[{**odd, "path": "*/subscription", "next": 1}])
    client.follow(FilterPlan(wanted=(OWN, queue)), backoff=NO_WAIT)
    await client.live()
    with (
        patch(f"{SCHEDULE}._SEARCH_AFTER", 0.01),
        patch(f"{SCHEDULE}._LATE_WITHIN", 0.01),
    ):
        await emulator.disconnect(code=1001, recoverable=True)
        await client.until(lambda: Continuity.REPLACED in client.lives)
    assert client.stream.history.recoveries == 1
    found = client.stream.subscription
    assert found is not None
    assert set(found.live) == {OWN, queue}


async def test_refusals_are_remembered_across_sockets(
    client: Client, emulator: Emulator
) -> None:
    """One request is enough the next time; when asked to, they are asked for again."""
    emulator.faults.set(
        refuse_filters={"*/presence/line/presence*": "SUB-412"}, refusal="whole"
    )
    client.follow(ALL, backoff=NO_WAIT)
    await client.live()
    asked = emulator.counters.requests["POST /restapi/v1.0/subscription"]
    await emulator.disconnect(code=1001, recoverable=False)
    await client.live(2)
    assert emulator.counters.requests["POST /restapi/v1.0/subscription"] == asked + 1
    emulator.faults.set(refuse_filters={})
    client.stream.ask_again()
    await client.live(3)
    assert client.stream.subscription is not None
    assert set(client.stream.subscription.live) == set(ALL.wanted)


async def test_refusals_are_asked_again_with_the_daily_socket(
    client: Client, emulator: Emulator
) -> None:
    """A permission may have been added since, also for a list, which nothing else asks for again."""
    emulator.faults.set(refuse_filters={"*/favorite": "CMN-401"})
    with watchful():
        client.follow(FilterPlan(wanted=(OWN, FAVORITE_LIST)), backoff=NO_WAIT)
        await client.live()
        assert client.stream.subscription is not None
        assert set(client.stream.subscription.refused) == {FAVORITE_LIST}
        emulator.faults.set(refuse_filters={})
        await emulator.disconnect(code=1001, recoverable=False)
        await client.live(2)
        assert set(client.stream.subscription.refused) == {FAVORITE_LIST}
        is_old(client)
        await client.live(3)
    assert client.stream.subscription.live == (OWN, FAVORITE_LIST)
    assert client.lives[2] is Continuity.REPLACED


@pytest.mark.parametrize(
    "garbage",
    [
        "",
        "null",
        "{}",
        "[]",
        "[1,2]",
        '[{"type":"Nobody knows"}]',
        '[{"type":"ServerNotification"},{"body":[]}]',
        "x" * 200_000,
        b"\x00\xff" * 1000,
    ],
)
async def test_garbage_costs_its_frame_alone(
    client: Client, emulator: Emulator, garbage: str | bytes
) -> None:
    """The next good event shows."""
    client.follow()
    await client.live()
    await emulator.send_frame(garbage)
    await ring(emulator)
    await client.heard(telephonyStatus="Ringing")
    assert client.losses == []


async def test_ten_megabytes_cost_their_frame_alone(
    client: Client, emulator: Emulator
) -> None:
    """Larger than any library's usual limit."""
    client.follow()
    await client.live()
    await emulator.send_frame("[" + "1," * 5_000_000 + "1]")
    await ring(emulator)
    await client.heard(telephonyStatus="Ringing")
    assert client.losses == []


async def test_filters_change_without_a_gap(client: Client, emulator: Emulator) -> None:
    """A socket with the new filters takes over."""
    client.follow()
    await client.live()
    other = extension_filter(emulator.extension_ids[1])
    client.stream.change_filters(FilterPlan(wanted=(OWN, other)))
    await client.live(2)
    assert client.lives[1] is Continuity.REPLACED
    client.stream.change_filters(FilterPlan(wanted=(OWN, other)))
    await ring(emulator, emulator.extension_ids[1])
    await client.heard(telephonyStatus="Ringing")
    assert len(client.lives) == 2


async def test_stopping_closes_everything(client: Client, emulator: Emulator) -> None:
    """Politely: the service sees a close, and no task is left."""
    client.follow()
    await client.live()
    await client.stop()
    await emulator.wait_for(lambda: emulator.counters.sockets_open == 0, timeout=5)
    names = [task.get_name() for task in asyncio.all_tasks()]
    assert not [name for name in names if name.startswith("ringcentral")]


@pytest.mark.parametrize(
    "uri",
    [
        "ws://192.0.2.1/ws",
        "wss://example.com/ws",
        "http://[",
        "wss://",
        "",
        "\x00",
        None,
    ],
)
async def test_a_ticket_with_an_odd_address_is_tried_again(
    client: Client, emulator: Emulator, uri: Any
) -> None:
    """It is shown to no stranger, and the next ticket may be better."""
    ticket = client.rest.ticket
    odd = [replace(await ticket(), uri=uri)]

    async def next_ticket() -> Ticket:
        return odd.pop() if odd else await ticket()

    with patch.object(client.rest, "ticket", next_ticket):
        client.follow(backoff=NO_WAIT)
        await client.live()
    assert [error.reason for error in client.losses] == [Reason.INVALID_ADDRESS]
    assert emulator.counters.sockets_opened == 1


async def test_no_secret_is_logged(
    client: Client, emulator: Emulator, caplog: pytest.LogCaptureFixture
) -> None:
    """At the most talkative level, through losses and errors."""
    with caplog.at_level(logging.DEBUG):
        client.follow(ALL, backoff=NO_WAIT)
        await client.live()
        await emulator.play_call(
            emulator.own_extension_id,
            ["ring", "answer", "hangup"],
            **{"from": "+15550177"},
        )
        await emulator.send_frame("[{")
        await emulator.disconnect(code=1001, recoverable=True)
        await client.live(2)
        emulator.faults.set(connection_error=1)
        await emulator.disconnect(code=None, recoverable=False)
        await client.live(3)
        token = await client.tokens.token()
    ours = [
        r.getMessage() for r in caplog.records if r.name.startswith("aioringcentral")
    ]
    assert ours
    names = [emulator.extension(key).name for key in emulator.extension_ids]
    for secret in (
        emulator.jwt,
        emulator.client_secret,
        token.value,
        "+15550177",
        *names,
    ):
        assert not any(secret in line for line in ours)
    assert isinstance(client.session, aiohttp.ClientSession)


async def test_a_break_that_the_listener_could_not_handle_is_reported_again(
    client: Client, emulator: Emulator
) -> None:
    """Otherwise nothing would be read until the next break."""
    failures = [ValueError("broken"), ValueError("broken")]
    live = client.stream_live

    def raises(continuity: Continuity) -> None:
        live(continuity)
        if failures:
            raise failures.pop()

    with watchful(), patch.object(client, "stream_live", raises):
        client.follow()
        await client.live(3)
        assert client.lives == [Continuity.BROKEN] * 3
        assert not client.stream._reports._course.is_break_unreported
    assert emulator.counters.subscriptions == 1
