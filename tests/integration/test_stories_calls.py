"""Stories of calls: states that were wrong, or that stuck (peers, rows 4 to 12)."""

from homeassistant.core import HomeAssistant

from emulator import Emulator

from .stories import office


async def test_a_second_call_that_ends_leaves_the_first_one(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """Row 4: "When a second caller gives up while I talk, my lamp goes off." """
    async with office(hass, emulator) as story:
        await emulator.play_call(story.own, ["ring", "answer"], call="first")
        await story.shows(telephony_status="call_connected", on_call="on")
        await emulator.play_call(story.own, ["ring"], call="second")
        await story.all_heard()
        story.forget()
        await emulator.play_call(story.own, ["missed"], call="second")
        await story.all_heard()
        assert story.now("on_call") == "on"
        assert story.seen("on_call") == []
        await emulator.play_call(story.own, ["hangup"], call="first")
        await story.shows(telephony_status="no_call", on_call="off")
