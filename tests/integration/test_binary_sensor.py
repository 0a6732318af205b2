"""Binary sensors: which there are, and what they answer."""

from typing import Any

from homeassistant.const import STATE_UNKNOWN, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import snapshot_platform
from pytest_homeassistant_custom_component.syrupy import HomeAssistantSnapshotExtension
from syrupy.assertion import SnapshotAssertion

from emulator import Emulator

from .stories import hasty, office, only, park_location, talking

SETTINGS = ("allow_see_my_presence", "pick_up_calls_on_hold", "ring_on_monitored_call")


@pytest.fixture
def snapshot(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    """Return snapshots as Home Assistant writes them."""
    return snapshot.use_extension(HomeAssistantSnapshotExtension)


async def test_all_binary_sensors(
    hass: HomeAssistant,
    emulator: Emulator,
    entity_registry: er.EntityRegistry,
    snapshot: SnapshotAssertion,
) -> None:
    own, park = emulator.own_extension_id, park_location(emulator)
    with only(Platform.BINARY_SENSOR):
        async with office(
            hass, emulator, follow=["chosen"], extensions=[own, park]
        ) as story:
            await emulator.deliver(own, talking(own, dndStatus="DoNotAcceptAnyCalls"))
            await story.shows(on_call="on", do_not_disturb="on")
            await snapshot_platform(
                hass, entity_registry, snapshot, story.entry.entry_id
            )


async def test_settings_are_there_for_who_wants_them(
    hass: HomeAssistant, emulator: Emulator, entity_registry: er.EntityRegistry
) -> None:
    async with office(hass, emulator) as story:
        for key in SETTINGS:
            unique_id = story.unique_id(key, story.own)
            entity_id = entity_registry.async_get_entity_id(
                "binary_sensor", "ringcentral", unique_id
            )
            assert entity_id is not None
            entry = entity_registry.async_get(entity_id)
            assert entry is not None
            assert entry.disabled_by is er.RegistryEntryDisabler.INTEGRATION


@pytest.mark.parametrize(
    ("changes", "answers"),
    [
        ({"telephonyStatus": "Ringing"}, {"on_call": "off"}),
        ({"telephonyStatus": "CallConnected"}, {"on_call": "on", "ringing": "off"}),
        ({"telephonyStatus": "OnHold"}, {"on_call": "on", "ringing": "off"}),
        ({"telephonyStatus": "ParkedCall"}, {"on_call": "off", "ringing": "off"}),
        ({"telephonyStatus": "SomethingNew"}, {"on_call": STATE_UNKNOWN}),
        ({"dndStatus": "DoNotAcceptAnyCalls"}, {"do_not_disturb": "on"}),
        ({"dndStatus": "DoNotAcceptDepartmentCalls"}, {"do_not_disturb": "off"}),
        ({"dndStatus": "TakeDepartmentCallsOnly"}, {"do_not_disturb": "off"}),
        ({"dndStatus": "Unknown"}, {"do_not_disturb": STATE_UNKNOWN}),
        ({"meetingStatus": "Connected"}, {"in_meeting": "on"}),
        ({"meetingStatus": "SomethingNew"}, {"in_meeting": STATE_UNKNOWN}),
    ],
    ids=str,
)
async def test_what_is_answered(
    hass: HomeAssistant,
    emulator: Emulator,
    changes: dict[str, Any],
    answers: dict[str, str],
) -> None:
    async with office(hass, emulator) as story:
        body = {"extensionId": story.own, "sequence": 10**6, **changes}
        await emulator.deliver(story.own, body)
        await story.all_heard()
        await story.shows(**answers)


async def test_settings_follow_the_service(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    with only(Platform.BINARY_SENSOR):
        async with office(hass, emulator) as story:
            for number, on in enumerate((True, False, True)):
                body = {
                    "extensionId": story.own,
                    "sequence": 10**6 + number,
                    "allowSeeMyPresence": on,
                    "pickUpCallsOnHold": on,
                    "ringOnMonitoredCall": on,
                }
                await emulator.deliver(story.own, body)
                await story.shows(**dict.fromkeys(SETTINGS, "on" if on else "off"))


async def test_push_is_off_while_the_connection_is_lost(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    with hasty():
        async with office(hass, emulator) as story:
            assert story.account_now("push_connected") == "on"
            await emulator.disconnect(code=1001, recoverable=True)
            await story.lost()
            assert story.account_now("push_connected") == "off"
            await story.live()
            await story.until(lambda: story.account_now("push_connected") == "on")
