"""Stories of who is followed: people who come, go, change their names, and lists that change (peers, rows 41 to 43)."""

from collections.abc import Iterator

from homeassistant.core import HomeAssistant
import pytest

from emulator import Emulator

from .stories import colleagues, late_replies, office, settling_at_once


@pytest.fixture(autouse=True)
def _settling() -> Iterator[None]:
    """Take changes of lists at once."""
    with settling_at_once():
        yield


async def test_a_change_while_the_last_one_is_being_read(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """Row 43: "I added two people one after the other, and the second never came."."""
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
    """Row 41: devices follow the monitored lines, and those who stay keep their entities."""
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
