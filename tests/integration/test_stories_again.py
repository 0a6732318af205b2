"""Stories of what is read again: what was refused for now, not reported, or reported in part."""

from collections.abc import Collection, Iterator
from unittest.mock import patch

from homeassistant.core import HomeAssistant
import pytest

from custom_components.ringcentral.aioringcentral.account.rereads import Rereads
from custom_components.ringcentral.aioringcentral.batches import Readings
from custom_components.ringcentral.aioringcentral.snapshot import SnapshotReader
from emulator import Emulator

from .stories import (
    EVERYONE_FILTER,
    EXTENSIONS,
    colleagues,
    hasty,
    issues,
    late_replies,
    office,
    resyncing,
    settling_at_once,
)


@pytest.fixture(autouse=True)
def _hasty() -> Iterator[None]:
    """Take changes of lists at once, and try again soon."""
    with settling_at_once(), hasty(try_again=0.1):
        yield


async def test_a_list_that_fails_is_read_again(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """Nothing would tell of the newcomer a second time."""
    async with office(hass, emulator, follow=["account"]) as story:
        failing = {"path": "*/account/*/extension", "status": 503, "next": 2}
        emulator.faults.set(http_5xx=[failing])
        person = await emulator.add_extension("Nora New")
        await story.until(lambda: person in story.followed(), deadline=5)
        await story.shows(person, presence_status="available")
        assert emulator.counters.requests[EXTENSIONS] == 4


async def test_a_newcomer_is_read_while_following_ends_for_a_while(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """The reading is cut short, and nothing tells of the newcomer a second time."""
    async with office(hass, emulator, follow=["account"]) as story:
        with late_replies("presences") as late:
            person = await emulator.add_extension("Nora New")
            await story.until(lambda: late.made == 1)
            emulator.faults.set(permissions_removed=["WebSocket"])
            await emulator.disconnect(code=1001, recoverable=False)
            await story.until(lambda: issues(hass) != [])
            late.let_arrive.set()
        emulator.faults.clear()
        await story.live()
        await story.shows(person, presence_status="available")
        await story.call("ring", at=person)
        await story.shows(person, telephony_status="ringing")


async def test_one_of_a_batch_is_refused_for_now(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """It is read again when the service said, and the others do not wait for it."""
    one, *_ = colleagues(emulator, 1)
    read, refused = SnapshotReader.read, [one, one]

    async def part(reader: SnapshotReader, keys: Collection[str]) -> Readings:
        if not refused or one not in keys:
            return await read(reader, keys)
        found = await read(reader, [key for key in keys if key != refused.pop()])
        return Readings(found=found.found, later=(one,), retry_after=0.01)

    with patch.object(SnapshotReader, "read", part):
        async with office(
            hass, emulator, follow=["own", "chosen"], extensions=[one]
        ) as story:
            assert story.now("presence_status", story.own) == "available"
            await story.shows(
                one, presence_status="available", dnd_status="take_all_calls"
            )
    assert not refused


async def test_a_filter_that_was_refused_is_asked_for_again(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """Nothing tells that someone may be watched now; the connection is not lost for it."""
    shy, other = colleagues(emulator, 2)
    emulator.faults.set(refuse_filters={f"*/extension/{shy}/presence*": "SUB-403"})
    with resyncing(0.3):
        async with office(
            hass, emulator, follow=["chosen"], extensions=[shy, other]
        ) as story:
            assert len(issues(hass)) == 1
            emulator.faults.clear()
            await story.until(lambda: issues(hass) == [])
            await story.call("ring", at=shy)
            await story.shows(shy, telephony_status="ringing")
            history = story.coordinator.account.stream.history
            assert history.losses == 0
            # Nothing is refused any more, and nothing is replaced.
            replaced = history.replacements
            read = emulator.counters.requests[EXTENSIONS]
            await emulator.wait_for(
                lambda: emulator.counters.requests[EXTENSIONS] >= read + 2
            )
            assert history.replacements == replaced


async def test_what_changed_before_a_filter_was_live_is_read(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """The newcomer is read before the subscription that tells of him."""
    emulator.faults.set(refuse_filters={EVERYONE_FILTER: "SUB-406"})
    async with office(hass, emulator, follow=["account"]) as story:
        with late_replies("ticket") as late:
            person = await emulator.add_extension("Nora New")
            await story.shows(person, user_status="available")
            await emulator.set_presence(person, {"userStatus": "Busy"})
            late.let_arrive.set()
            await story.shows(person, user_status="busy")
        assert story.coordinator.account.stream.history.losses == 0


@pytest.mark.parametrize("which", ["lines", "favorites"])
async def test_someone_is_off_the_list_for_a_moment(
    hass: HomeAssistant, emulator: Emulator, which: str
) -> None:
    """Too short for anyone to notice, and what happened meanwhile was told to nobody."""
    one, *_ = colleagues(emulator, 1)
    change = emulator.set_lines if which == "lines" else emulator.set_favorites
    await change([one])
    async with office(hass, emulator, follow=["own", which]) as story:
        with patch(
            "custom_components.ringcentral.aioringcentral.account.members._SETTLE", 0.3
        ):
            await change([])
            await story.call("ring", at=one)
            await change([one])
            await story.shows(one, telephony_status="ringing")
        assert story.seen_unavailable() == []


async def test_who_lets_itself_be_seen_again_is_read(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """The event holds only what changed, and of who hides nothing else was known."""
    shy, *_ = colleagues(emulator, 1)
    emulator.faults.set(partial_bodies=True)
    await emulator.set_presence(
        shy, {"allowSeeMyPresence": False, "dndStatus": "DoNotAcceptAnyCalls"}
    )
    async with office(hass, emulator, follow=["account"]) as story:
        assert story.now("dnd_status", shy) == "unknown"
        await emulator.set_presence(shy, {"allowSeeMyPresence": True})
        await story.shows(
            shy, dnd_status="do_not_accept_any_calls", telephony_status="no_call"
        )


async def test_what_stays_unknown_is_not_read_again_and_again(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """A word that nobody knows is read once more, not with every event."""
    emulator.faults.set(unknown_enums=["dndStatus"])
    async with office(hass, emulator) as story:
        # What a reading would tell is unknown, too.
        emulator.faults.set(user_permissions_removed=["ReadPresenceStatus"])
        with patch.object(
            Rereads, "read_again", autospec=True, side_effect=Rereads.read_again
        ) as asked:
            for status in ("Busy", "Available", "Busy"):
                await emulator.set_presence(story.own, {"userStatus": status})
                await story.shows(user_status=status.lower())
            assert sum(bool(call.args[1]) for call in asked.call_args_list) == 1


async def test_nobody_rings_on_who_hid_during_a_break(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """Nothing is known of calls any more, and nothing would tell of their end."""
    shy, *_ = colleagues(emulator, 1)
    async with office(hass, emulator, follow=["account"]) as story:
        await story.call("ring", at=shy)
        await story.shows(shy, ringing="on", active_calls="1")
        await emulator.disconnect(code=1001, recoverable=False)
        await emulator.set_presence(shy, {"allowSeeMyPresence": False})
        await story.live()
        await story.shows(shy, ringing="unknown", active_calls="unknown")
        assert story.account_now("extensions_ringing") == "0"
