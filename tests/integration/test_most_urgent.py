"""The trigger for what shows the most urgent status: it fires at its start, and with every change after it."""

from typing import Any

from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant, ServiceCall, State
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.ringcentral.most_urgent import most_urgent
from emulator import Emulator

from .stories import Story, colleagues, hasty, office
from .test_trigger import Place, automate, automation

TRIGGER = "most_urgent_status_changed"
ALL = [
    "ringing",
    "on_call",
    "dialing",
    "on_hold",
    "in_meeting",
    "do_not_disturb",
    "busy",
    "available",
    "offline",
]


async def watch(
    story: Story, target: dict[str, list[str]], **options: Any
) -> list[ServiceCall]:
    """Set an automation up with the trigger."""
    config = automation("watch", TRIGGER, target, options)
    config["actions"][0]["data"] = {
        "status": "{{ trigger.status }}",
        "before": "{{ trigger.from_status }}",
    }
    return await automate(story.hass, config)


def statuses(fired: list[ServiceCall]) -> list[str]:
    """Return what was fired with."""
    return [str(call.data["status"]) for call in fired]


def devices(story: Story, *extension_ids: str) -> dict[str, list[str]]:
    """Return extensions as a target."""
    place = Place(story)
    return {"device_id": [place.device(key) for key in extension_ids]}


async def test_it_fires_at_its_start_and_with_every_change(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    async with office(hass, emulator) as story:
        fired = await watch(story, devices(story, story.own))
        assert statuses(fired) == ["available"]
        for word in ("ring", "answer", "hold", "resume", "hangup"):
            await story.call(word)
            await story.all_heard()
        assert statuses(fired)[1:] == [
            "ringing",
            "on_call",
            "on_hold",
            "on_call",
            "available",
        ]
        assert [call.data["before"] for call in fired][1] == "available"


async def test_of_several_only_the_most_urgent_counts(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    anna, ben = colleagues(emulator, 2)
    async with office(
        hass, emulator, follow=["chosen"], extensions=[anna, ben]
    ) as story:
        fired = await watch(story, devices(story, anna, ben))
        await story.call("ring", at=anna, name="a")
        await story.all_heard()
        for status in ("Busy", "Offline", "Available"):
            await emulator.set_presence(ben, {"userStatus": status})
            await story.all_heard()
        await story.call("ring", "answer", at=ben, name="b")
        await story.call("missed", at=anna, name="a")
        await story.all_heard()
        assert statuses(fired) == ["available", "ringing", "on_call"]


async def test_what_does_not_count_lets_the_next_below_show(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    async with office(hass, emulator) as story:
        fired = await watch(
            story, devices(story, story.own), status=["on_call", "do_not_disturb"]
        )
        assert statuses(fired) == ["None"]
        await story.call("ring", "answer", name="a")
        await story.all_heard()
        await story.call("ring", name="b")
        await story.all_heard()
        assert statuses(fired) == ["None", "on_call"]
        await emulator.set_presence(story.own, {"dndStatus": "DoNotAcceptAnyCalls"})
        await story.call("missed", name="b")
        await story.call("hangup", name="a")
        await story.all_heard()
        assert statuses(fired) == ["None", "on_call", "do_not_disturb"]


async def test_it_fires_when_nothing_is_known_and_when_it_is_known_again(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    with hasty(grace=0.05):
        async with office(hass, emulator) as story:
            fired = await watch(story, devices(story, story.own))
            emulator.faults.set(wstoken_error={"status": 503, "code": "CMN-201"})
            await emulator.disconnect(recoverable=False)
            await story.shows(status=STATE_UNAVAILABLE)
            await hass.async_block_till_done()
            assert statuses(fired) == ["available", "None"]
            emulator.faults.clear()
            await story.shows(status="available")
            await hass.async_block_till_done()
            assert statuses(fired) == ["available", "None", "available"]
            await story.reload()
            assert statuses(fired)[3:] == ["None", "available"]


async def test_who_joins_the_target_counts_at_once(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    anna, ben = colleagues(emulator, 2)
    async with office(
        hass, emulator, follow=["chosen"], extensions=[anna, ben]
    ) as story:
        place = Place(story)
        place.move_in(anna)
        fired = await watch(story, {"area_id": [place.area]})
        await story.call("ring", "answer", at=ben)
        await story.all_heard()
        assert statuses(fired) == ["available"]
        place.move_in(ben)
        await hass.async_block_till_done()
        assert statuses(fired) == ["available", "on_call"]


async def test_a_place_without_anybody_is_unknown(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    async with office(hass, emulator) as story:
        fired = await watch(story, {"area_id": [Place(story).area]})
        assert statuses(fired) == ["None"]


async def test_with_a_duration_it_fires_when_it_has_stayed_so(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    async with office(hass, emulator) as story:
        options = {"status": ["on_call"], "for": {"milliseconds": 300}}
        await story.call("ring", "answer", name="a")
        await story.all_heard()
        fired = await watch(story, devices(story, story.own), **options)
        await story.call("hangup", name="a")
        await story.all_heard()
        await story.call("ring", "answer", "hangup", name="b")
        await story.until(lambda: statuses(fired) == ["None"])


async def test_the_editor_can_try_it(
    hass: HomeAssistant, emulator: Emulator, hass_ws_client: WebSocketGenerator
) -> None:
    assert await async_setup_component(hass, "websocket_api", {})
    async with office(hass, emulator) as story:
        client = await hass_ws_client(hass)
        trigger = {
            "trigger": f"ringcentral.{TRIGGER}",
            "target": devices(story, story.own),
            "options": {"for": "00:00:00"},
        }
        await client.send_json_auto_id(
            {"type": "subscribe_trigger", "trigger": trigger}
        )
        answers = [await client.receive_json() for _ in range(2)]
        (event,) = [each["event"] for each in answers if each["type"] == "event"]
        assert event["variables"]["trigger"]["status"] == "available"


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ([], None),
        ([None], None),
        ([State("sensor.a", "unavailable")], None),
        ([State("sensor.a", "unknown"), State("sensor.b", "busy")], "busy"),
        ([State("sensor.a", "offline"), State("sensor.b", "available")], "available"),
        ([State("sensor.a", "on_call", {"also": ["in_meeting", "busy"]})], "on_call"),
    ],
)
def test_the_rank_is_that_of_the_library(
    states: list[State | None], expected: str | None
) -> None:
    assert most_urgent(states, ALL) == expected
