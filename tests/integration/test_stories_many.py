"""Stories of large accounts: few requests, and an event wakes one extension."""

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from homeassistant.core import HomeAssistant
import pytest

from custom_components.ringcentral.entity import RingCentralEntity

from .stories import (
    EVERYONE,
    EXTENSIONS,
    OWN_EXTENSION,
    PRESENCE,
    SUBSCRIBE,
    TICKET,
    TOKEN,
    colleagues,
    confirming,
    emulated,
    hasty,
    office,
)

MANY = 300
ACCOUNT = (
    "extensions_available",
    "extensions_on_call",
    "extensions_ringing",
    "push_connected",
)
QUEUES = "GET /restapi/v1.0/account/{id}/extension/{id}/call-queue-presence"


@contextmanager
def woken() -> Iterator[list[str]]:
    """Note the unique id of every entity that is asked whether it has changed."""
    names: list[str] = []
    handle = RingCentralEntity._handle_coordinator_update

    def note(entity: RingCentralEntity) -> None:
        names.append(entity.unique_id or "")
        handle(entity)

    with patch.object(RingCentralEntity, "_handle_coordinator_update", note):
        yield names


@pytest.mark.defaults
async def test_three_hundred_extensions(
    hass: HomeAssistant, socket_enabled: None
) -> None:
    """A start takes eight requests, within the real limits, and an event wakes whom it concerns."""
    with woken() as asked:
        async with (
            emulated(extensions=MANY) as emulator,
            office(hass, emulator, follow=["account"]) as story,
        ):
            assert len(story.followed()) > MANY * 0.95
            assert dict(emulator.counters.requests) == {
                TOKEN: 1,
                OWN_EXTENSION: 1,
                EXTENSIONS: 1,
                TICKET: 1,
                SUBSCRIBE: 1,
                EVERYONE: 1,
                # Before the subscription, to know the queues, and after it.
                QUEUES: 2,
            }
            one, other = colleagues(emulator, 2)
            story.forget()
            asked.clear()
            await emulator.set_presence(one, {"userStatus": "Busy"})
            await story.shows(one, presence_status="busy")
            # What few need is not enabled in an account of this size.
            assert story.now("user_status", one) is None
            assert {entity for entity, _, _ in story.changes} == {
                story.entity("presence_status", one),
                story.entity("status", one),
                story.account_entity("extensions_available"),
            }
            assert story.reported == []
            mine = f"{emulator.account_id}_{one}_"
            account = {story.account_entity(key) for key in ACCOUNT}
            others = [name for name in asked if not name.startswith(mine)]
            # Beside its own entities those of the account: a handful, however many extensions there are.
            assert {story.entities()[name] for name in others} <= account
            assert len(asked) <= 25
            await story.call("ring", "answer", at=other)
            await story.shows(other, on_call="on")
            assert story.now("on_call", one) == "off"
            assert emulator.counters.rate_limited == 0


async def test_many_who_are_chosen_by_name(
    hass: HomeAssistant, socket_enabled: None
) -> None:
    """One subscription with a filter each, and still one snapshot."""
    async with emulated(extensions=60) as emulator:
        people = colleagues(emulator, 45)
        async with office(
            hass, emulator, follow=["chosen"], extensions=people
        ) as story:
            assert story.followed() == set(people)
            requests = emulator.counters.requests
            assert requests[SUBSCRIBE] == requests[EVERYONE] == 1
            assert requests[PRESENCE] == 0
            for one in people:
                body = {"extensionId": one, "telephonyStatus": "Ringing"}
                assert await emulator.deliver(one, body) == 1
            await story.all_heard()
            assert {story.now("telephony_status", one) for one in people} == {"ringing"}


async def test_many_where_the_snapshot_of_all_is_refused(
    hass: HomeAssistant, socket_enabled: None
) -> None:
    """Thirty to a request, then."""
    async with emulated(extensions=100) as emulator:
        people = colleagues(emulator, 70)
        # In RingCentral's own words: a 403 without any would be read again later.
        path = "/restapi/v1.0/account/~/presence"
        refused = {"kind": "error", "path": path, "status": 403, "value": "CMN-408"}
        emulator.faults.set(odd=[refused])
        async with office(
            hass, emulator, follow=["chosen"], extensions=people
        ) as story:
            assert emulator.counters.requests[PRESENCE] == 3
            assert {story.now("telephony_status", one) for one in people} == {"no_call"}


async def test_a_few_of_many_may_not_be_watched(
    hass: HomeAssistant, socket_enabled: None
) -> None:
    """Three who forbid it, whom the refusal does not name: the others are followed all the same."""
    async with emulated(extensions=100, seed=4, rate_limits=False) as emulator:
        people = colleagues(emulator, 60)
        shy = people[7], people[30], people[55]
        emulator.faults.set(
            refuse_filters={f"*/extension/{key}/presence*": "SUB-403" for key in shy}
        )
        async with office(hass, emulator, follow=["chosen"], extensions=people):
            for one in set(people) - set(shy):
                body = {"extensionId": one, "telephonyStatus": "Ringing"}
                assert await emulator.deliver(one, body) == 1


async def test_one_of_many_is_deleted_while_the_connection_is_lost(
    hass: HomeAssistant, socket_enabled: None
) -> None:
    """The snapshot of all does not list it, and it is read alone: that it is gone is nobody else's news."""
    with hasty(), confirming(0.2):
        async with (
            emulated(extensions=40) as emulator,
            office(hass, emulator, follow=["account"]) as story,
        ):
            gone, other = colleagues(emulator, 2)
            await emulator.disconnect(code=1001, recoverable=False)
            await story.lost()
            await emulator.remove_extension(gone)
            await story.live()
            await story.until(lambda: gone not in story.followed(), deadline=4)
            await emulator.set_presence(other, {"userStatus": "Busy"})
            await story.shows(other, user_status="busy")
            assert story.seen_unavailable() == []
