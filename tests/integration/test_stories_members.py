"""Stories of members: people come, go and change their names, and lists change."""

from collections.abc import Iterator
from unittest.mock import patch

from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from emulator import Emulator

from .stories import (
    EVERYONE_FILTER,
    EXTENSIONS,
    Story,
    colleagues,
    confirming,
    hasty,
    issues,
    late_replies,
    office,
    park_location,
    resyncing,
    settling_at_once,
)


@pytest.fixture(autouse=True)
def _settling() -> Iterator[None]:
    """Take changes of lists at once."""
    with settling_at_once():
        yield


async def test_a_change_while_the_last_one_is_being_read(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """As reported: "I added two people one after the other, and the second never came."."""
    async with office(hass, emulator, follow=["account"]) as story:
        with late_replies("extensions") as late:
            first = await emulator.add_extension("Nora New")
            await story.until(lambda: late.made == 1)
            # The list with the first one is on its way.
            second = await emulator.add_extension("Omar Other")
            await story.all_heard()
            late.let_arrive.set()
            await story.until(lambda: {first, second} <= story.followed(), deadline=3)


async def test_the_other_line_of_a_list_changes(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """Devices follow the monitored lines, and those who stay keep their entities."""
    one, two, three = colleagues(emulator, 3)
    await emulator.set_lines([one, two])
    async with office(hass, emulator, follow=["lines"]) as story:
        assert story.followed() == {story.own, one, two}
        before = story.entities(one)
        await emulator.set_lines([one, three])
        await story.until(lambda: story.followed() == {story.own, one, three})
        assert story.entities(one) == before
        await story.call("ring", at=three)
        await story.shows(three, telephony_status="ringing")
        assert story.seen_unavailable() == []


async def test_favorites_come_and_go(hass: HomeAssistant, emulator: Emulator) -> None:
    """Devices follow the favorites; one of another company is nobody that can be followed."""
    one, two, three = colleagues(emulator, 3)
    await emulator.set_favorites([one, two, "an-outside-contact"])
    with confirming(0.2):
        async with office(hass, emulator, follow=["favorites"]) as story:
            assert story.followed() == {one, two}
            before = story.entities(one)
            await emulator.set_favorites([three, one])
            await story.until(lambda: story.followed() == {one, three})
            assert story.entities(one) == before
            await story.call("ring", at=three)
            await story.shows(three, telephony_status="ringing")
            assert story.seen_unavailable() == []


async def test_one_device_however_many_choices_name_it(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """The own extension is a line, too, and a favorite may be monitored."""
    one, two = colleagues(emulator, 2)
    await emulator.set_lines([one])
    await emulator.set_favorites([one, two])
    every = ["own", "lines", "favorites", "chosen"]
    async with office(hass, emulator, follow=every, extensions=[two]) as story:
        assert story.followed() == {story.own, one, two}
        # Who is on two lists stays until the last of them lets go.
        await emulator.set_favorites([])
        await story.until(lambda: emulator.counters.requests[EXTENSIONS] >= 2)
        await story.all_heard()
        assert story.followed() == {story.own, one, two}
        await story.call("ring", at=two)
        await story.shows(two, telephony_status="ringing")


async def test_someone_leaves_the_company(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """The device goes, in mid-call, and nobody counts it any more."""
    one, *_ = colleagues(emulator, 1)
    async with office(hass, emulator, follow=["account"]) as story:
        await story.call("ring", "answer", at=one)
        await story.shows(one, on_call="on")
        assert story.account_now("extensions_on_call") == "1"
        gone = set(story.entities(one).values())
        await emulator.remove_extension(one)
        await story.until(lambda: one not in story.followed())
        await story.until(lambda: story.account_now("extensions_on_call") == "0")
        assert not [entity_id for entity_id in gone if hass.states.get(entity_id)]
        assert story.entities(one) == {}
        assert story.seen_unavailable() == []


@pytest.mark.parametrize("status", ["Disabled", "Frozen", "Unassigned"])
async def test_someone_is_away_for_a_while(
    hass: HomeAssistant, emulator: Emulator, status: str
) -> None:
    """A disabled extension goes, and comes back with the entities that dashboards name."""
    one, *_ = colleagues(emulator, 1)
    async with office(hass, emulator, follow=["account"]) as story:
        before = story.entities(one)
        await emulator.set_extension_status(one, status)
        await story.until(lambda: one not in story.followed())
        await emulator.set_extension_status(one, "Enabled")
        await story.until(lambda: story.entities(one) == before)
        await story.call("ring", at=one)
        await story.shows(one, telephony_status="ringing", presence_status="available")


async def test_someone_changes_the_name(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """The device is called as the person is; the entities that automations name stay."""
    one, *_ = colleagues(emulator, 1)
    async with office(hass, emulator, follow=["account"]) as story:
        before = story.entities()
        await emulator.rename_extension(one, "Maria Newname")
        await story.until(lambda: named(story, one) == "Maria Newname")
        assert story.entities() == before
        assert story.seen_unavailable() == []


@pytest.mark.parametrize("blank", ["", "\n", "\u200b", "\u3164"], ids=ascii)
async def test_a_name_that_becomes_blank_leaves_the_earlier_one(
    hass: HomeAssistant, emulator: Emulator, blank: str
) -> None:
    one, other = colleagues(emulator, 2)
    async with office(hass, emulator, follow=["account"]) as story:
        before, shown = story.entities(), named(story, one)
        await emulator.rename_extension(one, blank)
        # The list with both names is read after this.
        await emulator.rename_extension(other, "Otto Newname")
        await story.until(lambda: named(story, other) == "Otto Newname")
        assert named(story, one) == shown
        await emulator.rename_extension(one, "Maria Newname")
        await story.until(lambda: named(story, one) == "Maria Newname")
        assert story.entities() == before
        assert story.seen_unavailable() == []


async def test_the_name_that_the_user_gave_stays(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """As reported: "I call it the front desk, whoever sits there."."""
    one, *_ = colleagues(emulator, 1)
    async with office(hass, emulator, follow=["account"]) as story:
        device = story.device(one)
        assert device is not None
        dr.async_get(hass).async_update_device(device.id, name_by_user="Front desk")
        await emulator.rename_extension(one, "Maria Newname")
        await story.until(lambda: named(story, one) == "Maria Newname")
        device = story.device(one)
        assert device is not None
        assert device.name_by_user == "Front desk"


def named(story: Story, extension_id: str) -> str | None:
    """Return the name of an extension's device."""
    device = story.device(extension_id)
    return None if device is None else device.name


async def test_what_has_no_presence_is_no_device(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """Queues, menus and mailboxes are none, nor those who join later; a place for parked calls is one."""
    async with office(hass, emulator, follow=["account"]) as story:
        for kind in ("Department", "IvrMenu", "Voicemail"):
            assert story.followed().isdisjoint(emulator.ids(type=kind))
        assert park_location(emulator) in story.followed()
        queue = await emulator.add_extension("Another Queue", type="Department")
        person = await emulator.add_extension("Nora New")
        await story.until(lambda: person in story.followed())
        assert queue not in story.followed()


# "Subscribe for the whole company; what if that is refused?"


@pytest.mark.parametrize("refusal", ["whole", "partial"])
async def test_the_whole_account_is_refused(
    hass: HomeAssistant, emulator: Emulator, refusal: str
) -> None:
    """Each extension is asked for instead, a repair says so, and vanishes when all is allowed again."""
    emulator.faults.set(refuse_filters={EVERYONE_FILTER: "SUB-406"}, refusal=refusal)
    with hasty():
        async with office(hass, emulator, follow=["account"]) as story:
            assert [issue.translation_key for issue in issues(hass)] == [
                "account_refused"
            ]
            for one in story.followed():
                body = {"extensionId": one, "telephonyStatus": "Ringing"}
                assert await emulator.deliver(one, body) == 1
                await story.shows(one, telephony_status="ringing")
            emulator.faults.clear()
            # Others stand in for it: it is asked for again once a day, and by a reload.
            await story.reload()
            assert issues(hass) == []


async def test_someone_joins_where_the_whole_account_is_refused(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """The subscription is asked for anew, with the new one in it."""
    emulator.faults.set(refuse_filters={EVERYONE_FILTER: "SUB-406"})
    async with office(hass, emulator, follow=["account"]) as story:
        person = await emulator.add_extension("Nora New")
        await story.until(lambda: person in story.followed())
        await story.until(
            lambda: story.coordinator.account.stream.history.replacements == 1
        )
        await story.call("ring", at=person)
        await story.shows(person, telephony_status="ringing")
        assert story.seen_unavailable() == []


async def test_some_may_not_be_watched(hass: HomeAssistant, emulator: Emulator) -> None:
    """One who forbids it costs nobody else anything; a repair says that some are not current."""
    shy, other = colleagues(emulator, 2)
    emulator.faults.set(refuse_filters={f"*/extension/{shy}/presence*": "SUB-403"})
    with hasty(), resyncing(1.0):
        async with office(
            hass, emulator, follow=["chosen"], extensions=[shy, other]
        ) as story:
            assert [issue.translation_key for issue in issues(hass)] == [
                "filters_refused"
            ]
            await story.call("ring", at=other)
            await story.shows(other, telephony_status="ringing")
            emulator.faults.clear()
            # What was refused is asked for again with the slow re-read, not with every socket.
            await story.until(lambda: issues(hass) == [])
            await story.call("ring", at=shy)
            await story.shows(shy, telephony_status="ringing")


async def test_lists_that_may_not_be_watched_are_read_now_and_then(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """A refused list filter is no reason for a repair; membership is only later."""
    emulator.faults.set(refuse_filters={"/restapi/v1.0/account/*/extension": "SUB-406"})
    with resyncing(0.3):
        async with office(hass, emulator, follow=["account"]) as story:
            assert issues(hass) == []
            person = await emulator.add_extension("Nora New")
            await story.until(lambda: person in story.followed())
            await story.shows(person, presence_status="available")


async def test_what_no_event_told_is_mended_now_and_then(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """An event that was lost for good is not wrong for ever."""
    with resyncing(0.3):
        async with office(hass, emulator) as story:
            emulator.faults.set(drop_next=1)
            await emulator.set_presence(story.own, {"userStatus": "Busy"})
            await story.shows(user_status="busy", presence_status="busy")


# Lists that cannot be read.


@pytest.mark.parametrize(
    ("follow", "permission"), [("lines", "HUD"), ("favorites", "ReadContacts")]
)
async def test_a_list_that_is_refused_takes_nobody_away(
    hass: HomeAssistant, emulator: Emulator, follow: str, permission: str
) -> None:
    """Nobody knows who is on it: all stay, and stay current."""
    one, two = colleagues(emulator, 2)
    await emulator.set_lines([one])
    await emulator.set_favorites([one])
    with confirming(0.2):
        async with office(hass, emulator, follow=["own", follow]) as story:
            assert story.followed() == {story.own, one}
            emulator.faults.set(permissions_removed=[permission])
            read = emulator.counters.requests[EXTENSIONS]
            await emulator.set_lines([two])
            await emulator.set_favorites([two])
            await emulator.wait_for(
                lambda: emulator.counters.requests[EXTENSIONS] > read
            )
            await emulator.rename_extension(story.own, "Read Again")
            await story.until(lambda: named(story, story.own) == "Read Again")
            assert story.followed() == {story.own, one}
            assert story.seen_unavailable() == []
            await story.call("ring")
            await story.shows(telephony_status="ringing")
            emulator.faults.clear()
            await emulator.rename_extension(story.own, "And Again")
            await story.until(lambda: story.followed() == {story.own, two})


async def test_a_list_that_cannot_be_read_for_now_changes_nothing(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """Passing trouble: the next reading finds who joined."""
    async with office(hass, emulator, follow=["account"]) as story:
        before = story.followed()
        emulator.faults.set(http_5xx=[{"path": "*/account/~/extension", "next": 1}])
        read = emulator.counters.requests[EXTENSIONS]
        first = await emulator.add_extension("Nora New")
        await emulator.wait_for(lambda: emulator.counters.requests[EXTENSIONS] > read)
        await story.all_heard()
        assert story.followed() == before
        second = await emulator.add_extension("Omar Other")
        await story.until(lambda: story.followed() == before | {first, second})


async def test_a_list_that_was_refused_at_start_takes_nobody_away(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """After a restart, too, the devices of before stay where nobody knows who is on the list."""
    one, *_ = colleagues(emulator, 1)
    await emulator.set_lines([one])
    async with office(hass, emulator, follow=["own", "lines"]) as story:
        emulator.faults.set(permissions_removed=["HUD"])
        await story.reload()
        assert story.followed() == {story.own, one}
        await story.call("ring")
        await story.shows(telephony_status="ringing")


# Devices that the user removes.


async def test_the_user_removes_devices(
    hass: HomeAssistant, emulator: Emulator, hass_ws_client: WebSocketGenerator
) -> None:
    """Who is followed cannot be removed, nor the account; who is not (any more) can."""
    one, *_ = colleagues(emulator, 1)
    await emulator.set_lines([one])
    assert await async_setup_component(hass, "config", {})
    async with office(hass, emulator, follow=["own", "lines"]) as story:
        client = await hass_ws_client(hass)

        async def may_remove(device: dr.DeviceEntry | None) -> bool:
            assert device is not None
            reply = await client.remove_device(device.id)
            success: bool = reply["success"]
            return success

        assert not await may_remove(story.device(one))
        account = dr.async_get(hass).async_get_device_by_identifier(
            ("ringcentral", emulator.account_id), story.entry.entry_id
        )
        assert not await may_remove(account)
        # The list is refused, so that the device stays though nobody is known to be on it.
        emulator.faults.set(permissions_removed=["HUD"])
        await story.reload()
        assert await may_remove(story.device(one))
        assert story.followed() == {story.own}


async def test_someone_joins_while_the_connection_is_lost(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """The event that told it went to nobody: after a break membership is read again, too."""
    with hasty(), confirming(0.2):
        async with office(hass, emulator, follow=["account"]) as story:
            gone, *_ = colleagues(emulator, 1)
            await emulator.disconnect(code=1001, recoverable=False)
            await story.lost()
            person = await emulator.add_extension("Nora New")
            await emulator.remove_extension(gone)
            await story.live()
            await story.until(lambda: person in story.followed(), deadline=3)
            await story.until(lambda: gone not in story.followed())


async def test_someone_joins_and_cannot_be_read_at_once(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """Passing trouble at that moment is not shown as unknown for hours."""
    with hasty():
        async with office(hass, emulator, follow=["account"]) as story:
            emulator.faults.set(
                http_5xx=[{"path": "*/presence", "method": "GET", "next": 1}]
            )
            person = await emulator.add_extension("Nora New")
            await story.until(lambda: person in story.followed())
            await story.until(
                lambda: story.now("telephony_status", person) == "no_call", deadline=3
            )


# In RingCentral's own words: anything else would be passing trouble.
LIST_REFUSED = {
    "kind": "error",
    "path": "*/account/~/extension",
    "status": 403,
    "value": "CMN-408",
}


async def test_names_stay_where_the_list_of_the_account_is_refused(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """The list is the only one that tells names: without it those of before are the best there are."""
    one, *_ = colleagues(emulator, 1)
    async with office(
        hass, emulator, follow=["own", "chosen"], extensions=[one]
    ) as story:
        device = story.device(one)
        assert device is not None
        emulator.faults.set(odd=[LIST_REFUSED])
        await emulator.rename_extension(story.own, "Read Again")

        def read_again() -> bool:
            own = story.device(story.own)
            return own is not None and own.name == "Read Again"

        await story.until(read_again)
        after = story.device(one)
        assert after is not None
        assert after.name == device.name


async def test_names_stay_over_a_restart_without_the_list_of_the_account(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """The device remembers what nobody tells any more."""
    one, *_ = colleagues(emulator, 1)
    async with office(
        hass, emulator, follow=["own", "chosen"], extensions=[one]
    ) as story:
        before = named(story, one)
        emulator.faults.set(odd=[LIST_REFUSED])
        await story.reload()
        assert named(story, one) == before
        await story.call("ring", at=one)
        await story.shows(one, telephony_status="ringing")


async def test_someone_leaves_while_being_read_again(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """The answer is about nobody any more."""
    one, two = colleagues(emulator, 2)
    doubt = "custom_components.ringcentral.aioringcentral.suspects._RINGING_AFTER"
    with patch(doubt, 0.1), late_replies("presences") as late:
        late.let_arrive.set()
        async with office(hass, emulator, follow=["account"]) as story:
            late.let_arrive.clear()
            late.made = 0
            await story.call("ring", at=one)
            await story.until(lambda: late.made == 1)
            await emulator.remove_extension(one)
            await story.until(lambda: one not in story.followed())
            late.let_arrive.set()
            await story.call("ring", at=two)
            await story.shows(two, telephony_status="ringing")
            await story.until(lambda: late.made >= 2)
            assert story.seen_unavailable() == []
