"""Stories of lists that are wrong for a while: nobody is removed by one reading."""

from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
import pytest

from custom_components.ringcentral.repairs import async_create_fix_flow
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
    lines,
    office,
    settling_at_once,
)

LIST = "*/account/~/extension"


async def read_again(story: Story, times: int = 1) -> None:
    """Let something change, and wait until the account's list was read again because of it."""
    requests = story.emulator.counters.requests
    for _ in range(times):
        read = requests[EXTENSIONS]
        await story.emulator.rename_extension(story.own, f"Read {read}")
        await story.emulator.wait_for(lambda read=read: requests[EXTENSIONS] > read)  # type: ignore[misc]
        await story.all_heard()


def odd(emulator: Emulator, kind: str, path: str = LIST, **more: Any) -> None:
    """Answer a list oddly from now on."""
    emulator.faults.set(odd=[{"kind": kind, "path": path, **more}])


ODD_LISTS = [
    "object",
    "null",
    "list",
    "empty",
    "html",
    "no_records",
    "null_records",
    "short_page",
    "same_id",
    "types",
]


@pytest.mark.parametrize("kind", ODD_LISTS)
async def test_a_list_that_is_wrong_for_a_while_removes_nobody(
    hass: HomeAssistant, emulator: Emulator, kind: str
) -> None:
    with settling_at_once():
        async with office(hass, emulator, follow=["account"]) as story:
            before, entities = story.followed(), story.entities()
            odd(emulator, kind)
            await read_again(story)
            assert story.followed() == before
            emulator.faults.set(odd=[])
            person = await emulator.add_extension("Nora New")
            await story.until(lambda: story.followed() == before | {person})
            assert story.entities().items() >= entities.items()
            assert story.seen_unavailable() == []


@pytest.mark.parametrize("kind", ["no_records", "short_page", "same_id"])
async def test_a_list_that_is_wrong_at_a_start_removes_nobody(
    hass: HomeAssistant, emulator: Emulator, kind: str
) -> None:
    async with office(hass, emulator, follow=["account"]) as story:
        before, entities = story.followed(), story.entities()
        odd(emulator, kind)
        # It may have to be tried again.
        await hass.config_entries.async_reload(story.entry.entry_id)
        await hass.async_block_till_done()
        assert story.followed() == before
        emulator.faults.set(odd=[])
        await story.reload()
        assert story.followed() == before
        assert story.entities() == entities


@pytest.mark.parametrize("which", ["lines", "favorites"])
async def test_another_list_that_is_empty_for_a_while_removes_nobody(
    hass: HomeAssistant, emulator: Emulator, which: str
) -> None:
    one, two = colleagues(emulator, 2)
    await emulator.set_lines([one, two])
    await emulator.set_favorites([one, two])
    path = "*/presence/line" if which == "lines" else "*/favorite"
    async with office(hass, emulator, follow=["own", which]) as story:
        before = story.followed()
        odd(emulator, "no_records", path)
        await read_again(story)
        assert story.followed() == before
        # Their events still arrive.
        await story.call("ring", at=one)
        await story.shows(one, telephony_status="ringing")


async def test_two_readings_that_agree_remove(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """Nothing told of it: the event was lost."""
    gone, *_ = colleagues(emulator, 1)
    with settling_at_once(), confirming(0.3):
        async with office(hass, emulator, follow=["account"]) as story:
            before = story.followed()
            emulator.faults.set(drop_next=1)
            await emulator.remove_extension(gone)
            await read_again(story)
            assert story.followed() == before
            await story.until(lambda: story.followed() == before - {gone})
            assert story.seen_unavailable() == []


async def test_who_leaves_while_the_only_socket_is_lost_and_the_next_is_made(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """The loss shows at once, though a newcomer's filters are still being asked for, and no event is awaited."""
    emulator.faults.set(refuse_filters={EVERYONE_FILTER: "SUB-406"})
    with settling_at_once(), hasty(), confirming(0.5):
        async with office(hass, emulator, follow=["account"]) as story:
            await story.live()
            with late_replies("ticket") as late:
                person = await emulator.add_extension("Nora New")
                await story.until(lambda: late.made == 1)
                await story.until(lambda: person in story.followed())
                before = story.followed()
                await emulator.disconnect(code=1001, recoverable=False)
                await story.lost()
                assert story.account_now("push_connected") == "off"
                await emulator.remove_extension(person)
                assert not story.coordinator.account.is_current
                late.let_arrive.set()
                await story.live()
                assert story.followed() == before
            await story.until(lambda: story.followed() == before - {person})
            assert story.seen_unavailable() == []


async def test_who_leaves_while_the_next_socket_is_made_is_removed_at_once(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """The present socket is still there, and its event counts."""
    emulator.faults.set(refuse_filters={EVERYONE_FILTER: "SUB-406"})
    with settling_at_once(), hasty():
        async with office(hass, emulator, follow=["account"]) as story:
            before = story.followed()
            with late_replies("ticket") as late:
                person = await emulator.add_extension("Nora New")
                await story.until(lambda: late.made == 1)
                await story.until(lambda: story.followed() == before | {person})
                await emulator.remove_extension(person)
                await story.until(lambda: story.followed() == before)
                late.let_arrive.set()
                await story.live()
            assert story.seen_unavailable() == []


async def test_who_left_while_nothing_ran_is_removed_by_the_second_reading(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    gone, *_ = colleagues(emulator, 1)
    with settling_at_once(), confirming(0.5):
        async with office(hass, emulator, follow=["account"]) as story:
            before = story.followed()
            assert await hass.config_entries.async_unload(story.entry.entry_id)
            await emulator.remove_extension(gone)
            assert await hass.config_entries.async_setup(story.entry.entry_id)
            await hass.async_block_till_done()
            assert story.followed() == before
            await story.until(lambda: story.followed() == before - {gone})


async def test_who_is_not_chosen_any_more_is_removed_at_once(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """The user decided so."""
    async with office(hass, emulator, follow=["account"]) as story:
        assert len(story.followed()) > 1
        hass.config_entries.async_update_entry(
            story.entry, options={**story.entry.options, "follow": ["own"]}
        )
        await story.reload()
        assert story.followed() == {story.own}


CHANGED = {
    "favorites as well": (["lines"], ["lines", "favorites"], "lines"),
    "lines as well": (["favorites"], ["lines", "favorites"], "favorites"),
    "lines instead of everyone": (["account"], ["lines"], "lines"),
    "lines instead of favorites": (["favorites"], ["lines"], "lines"),
    "own as well": (["lines"], ["own", "lines"], "lines"),
    "favorites no more": (["lines", "favorites"], ["lines"], "lines"),
    "chosen as well": (["favorites"], ["favorites", "chosen"], "favorites"),
}


@pytest.mark.parametrize(
    ("follow", "then", "which"), CHANGED.values(), ids=CHANGED.keys()
)
async def test_a_list_that_is_empty_after_other_choices_removes_nobody(
    hass: HomeAssistant,
    emulator: Emulator,
    follow: list[str],
    then: list[str],
    which: str,
) -> None:
    """A list is empty once, just when the user changes something else."""
    one, two = colleagues(emulator, 2)
    await emulator.set_lines([one, two])
    await emulator.set_favorites([one, two])
    async with office(hass, emulator, follow=follow, extensions=[one]) as story:
        assert story.followed() >= {one, two}
        assert await hass.config_entries.async_unload(story.entry.entry_id)
        change = emulator.set_lines if which == "lines" else emulator.set_favorites
        await change([])
        hass.config_entries.async_update_entry(
            story.entry, options={**story.entry.options, "follow": then}
        )
        assert await hass.config_entries.async_setup(story.entry.entry_id)
        await hass.async_block_till_done()
        assert story.followed() >= {one, two}


async def test_who_is_in_no_list_that_was_chosen_instead_goes_after_two_readings(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    one, two = colleagues(emulator, 2)
    await emulator.set_lines([one])
    await emulator.set_favorites([two])
    with settling_at_once(), confirming(0.5):
        async with office(hass, emulator, follow=["own", "lines"]) as story:
            hass.config_entries.async_update_entry(
                story.entry,
                options={**story.entry.options, "follow": ["own", "favorites"]},
            )
            await story.reload()
            await story.until(lambda: story.followed() == {story.own, two})


async def test_many_events_of_lists_cost_few_readings(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """One a moment would be as many readings a minute as the service allows."""
    async with office(hass, emulator, follow=["account"]) as story:
        read = emulator.counters.requests[EXTENSIONS]
        for number in range(30):
            await emulator.rename_extension(story.own, f"Name {number}")
            await story.all_heard()
        assert emulator.counters.requests[EXTENSIONS] <= read + 2


# Choices that lead nowhere for now, or for good.


@pytest.mark.parametrize("status", ["Disabled", "Frozen", "Unassigned"])
async def test_the_only_one_who_was_chosen_is_disabled(
    hass: HomeAssistant,
    emulator: Emulator,
    caplog: pytest.LogCaptureFixture,
    status: str,
) -> None:
    """Loaded, without a repair; followed as soon as that ends."""
    one, *_ = colleagues(emulator, 1)
    await emulator.set_extension_status(one, status)
    with settling_at_once():
        async with office(hass, emulator, follow=["chosen"], extensions=[one]) as story:
            assert story.followed() == set()
            assert issues(hass) == []
            assert (
                len([x for x in lines(caplog) if "No extension is followed" in x]) == 1
            )
            assert story.account_now("push_connected") == "on"
            await emulator.set_extension_status(one, "Enabled")
            await story.until(lambda: story.followed() == {one})
            await story.call("ring", at=one)
            await story.shows(one, telephony_status="ringing")


@pytest.mark.parametrize("follow", ["lines", "favorites"])
async def test_a_list_without_anybody_is_followed(
    hass: HomeAssistant, emulator: Emulator, follow: str
) -> None:
    one, *_ = colleagues(emulator, 1)
    change = emulator.set_lines if follow == "lines" else emulator.set_favorites
    await change([])
    with settling_at_once():
        async with office(hass, emulator, follow=[follow]) as story:
            before = story.followed()
            await change([one])
            await story.until(lambda: story.followed() == before | {one})


async def test_somebody_who_was_chosen_is_made_again(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """A repair names the choice, and takes it back."""
    assert await async_setup_component(hass, "repairs", {})
    one, other = colleagues(emulator, 2)
    name = emulator.extension(one).name
    with settling_at_once():
        async with office(
            hass, emulator, follow=["chosen"], extensions=[one, other]
        ) as story:
            await emulator.remove_extension(one)
            await emulator.add_extension(name)
            await story.until(lambda: issues(hass) != [])
            (issue,) = issues(hass)
            assert issue.translation_key == "lost_choices"
            assert issue.translation_placeholders == {
                "account": story.entry.title,
                "names": name,
            }
            await story.reload()
            assert [each.issue_id for each in issues(hass)] == [issue.issue_id]
            flow = await async_create_fix_flow(hass, issue.issue_id, issue.data)
            flow.hass = hass
            form = await flow.async_step_init()  # type: ignore[attr-defined]
            assert form["description_placeholders"]["names"] == name
            await flow.async_step_confirm({})  # type: ignore[attr-defined]
            await hass.async_block_till_done()
            assert story.entry.options["extensions"] == [other]
            assert issues(hass) == []
            assert story.followed() == {other}


async def test_a_choice_that_is_disabled_is_not_lost(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    one, other = colleagues(emulator, 2)
    with settling_at_once():
        async with office(
            hass, emulator, follow=["chosen"], extensions=[one, other]
        ) as story:
            await emulator.set_extension_status(one, "Disabled")
            await story.until(lambda: story.followed() == {other})
            assert issues(hass) == []


async def test_a_list_that_is_odd_loses_no_choice(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    one, other = colleagues(emulator, 2)
    with settling_at_once():
        async with office(
            hass, emulator, follow=["chosen"], extensions=[one, other]
        ) as story:
            for kind in ("no_records", "same_id", "short_page"):
                odd(emulator, kind)
                await hass.config_entries.async_reload(story.entry.entry_id)
                await hass.async_block_till_done()
                assert issues(hass) == []
                assert story.followed() == {one, other}
                emulator.faults.set(odd=[])
            await story.reload()
