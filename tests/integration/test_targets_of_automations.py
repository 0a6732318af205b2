"""Who is meant by a target, in every trigger and condition; and what is refused, in the user's language."""

from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.helpers import (
    area_registry as ar,
    config_validation as cv,
    device_registry as dr,
    entity_registry as er,
    floor_registry as fr,
    label_registry as lr,
)
from homeassistant.helpers.condition import async_validate_condition_config
from homeassistant.helpers.trigger import async_validate_trigger_config
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
import voluptuous as vol

from custom_components.ringcentral.condition import CONDITIONS
from custom_components.ringcentral.const import DOMAIN
from custom_components.ringcentral.most_urgent import MostUrgentStatusTrigger
from custom_components.ringcentral.own_entities import own_entities
from custom_components.ringcentral.trigger import TRIGGERS, ExtensionTrigger
from emulator import Emulator

from . import test_condition
from .stories import Story, office
from .test_trigger import automate, automation, names

KINDS = [
    *(
        ("trigger", key)
        for key, kind in TRIGGERS.items()
        # The signed-in user alone has voicemail, and queues are in test_queues.
        if issubclass(kind, (ExtensionTrigger, MostUrgentStatusTrigger))
        and key not in ("voicemail_received", "queue_call_waiting", "queue_unattended")
    ),
    *(("condition", key) for key in CONDITIONS if key != "queue_is_attended"),
]


async def check(hass: HomeAssistant, kind: str, key: str, target: Any) -> None:
    """Check a trigger or a condition as the editor does."""
    config = {kind: f"{DOMAIN}.{key}", "target": target}
    if key == "has_status":
        config["options"] = {"status": ["busy"]}
    if kind == "trigger":
        await async_validate_trigger_config(hass, cv.TRIGGER_SCHEMA([config]))
    else:
        await async_validate_condition_config(hass, cv.CONDITION_SCHEMA(config))


def strangers(story: Story) -> dict[str, Any]:
    """Return targets that can never fit, by what they are."""
    hass = story.hass
    entities, devices = er.async_get(hass), dr.async_get(hass)
    other = MockConfigEntry(domain="other")
    other.add_to_hass(hass)
    theirs = entities.async_get_or_create(
        "binary_sensor", "other", "ringing", config_entry=other
    )
    hass.states.async_set("input_boolean.by_yaml", "on")
    bare = devices.async_get_or_create(
        config_entry_id=other.entry_id, identifiers={("other", "1")}, name="A lamp"
    )
    account = story.account_entity("push_connected")
    account_device = entities.entities[account].device_id
    return {
        "another integration's entity": {"entity_id": [theirs.entity_id]},
        "an entity that no registry has": {"entity_id": ["input_boolean.by_yaml"]},
        "the account's entity": {"entity_id": [account]},
        "the account's device": {"device_id": [account_device]},
        "a device without entities": {"device_id": [bare.id]},
    }


@pytest.mark.parametrize(("kind", "key"), KINDS)
async def test_everything_of_an_extension_fits_and_nothing_of_others(
    hass: HomeAssistant, emulator: Emulator, kind: str, key: str
) -> None:
    async with office(hass, emulator) as story:
        device = story.device(story.own)
        assert device is not None
        for entity_id in story.entities(story.own).values():
            await check(hass, kind, key, {"entity_id": [entity_id]})
        await check(hass, kind, key, {"device_id": [device.id]})
        # What may be there later is no mistake.
        await check(hass, kind, key, {"entity_id": ["sensor.to_come"]})
        for where in ("area_id", "floor_id", "label_id"):
            await check(hass, kind, key, {where: ["office"]})
        for target in strangers(story).values():
            with pytest.raises(vol.Invalid, match="does not belong to a Ring"):
                await check(hass, kind, key, target)


async def test_a_refusal_is_in_the_users_language(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    hass.config.language = "de"
    async with office(hass, emulator) as story:
        for target in strangers(story).values():
            with pytest.raises(vol.Invalid) as refused:
                await check(hass, "trigger", "call_ended", target)
            assert "gehört" in str(refused.value)
            assert "{" not in str(refused.value)


@pytest.mark.parametrize("where", ["area", "floor", "label", "entity label", "device"])
async def test_any_place_and_label_stands_for_who_is_there(
    hass: HomeAssistant, emulator: Emulator, where: str
) -> None:
    async with office(hass, emulator) as story:
        device = story.device(story.own)
        assert device is not None
        floor = fr.async_get(hass).async_create("Upstairs")
        area = ar.async_get(hass).async_create("Studio", floor_id=floor.floor_id)
        label = lr.async_get(hass).async_create("Support")
        devices, entities = dr.async_get(hass), er.async_get(hass)
        if where in ("area", "floor"):
            devices.async_update_device(device.id, area_id=area.id)
        elif where == "label":
            devices.async_update_device(device.id, labels={label.label_id})
        else:
            # A single entity of it, and not the one that is looked at.
            entities.async_update_entity(
                story.entity("presence_status"), labels={label.label_id}
            )
        target: dict[str, list[str]] = {
            "area": {"area_id": [area.id]},
            "floor": {"floor_id": [floor.floor_id]},
            "device": {"device_id": [device.id]},
        }.get(where, {"label_id": [label.label_id]})
        fired = await automate(
            hass,
            automation("by place", "became_on_call", target),
        )
        await story.call("ring", "answer")
        await story.shows(on_call="on")
        assert names(fired) == ["by place"]


async def test_a_disabled_entity_stands_for_its_extension_too(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    async with office(hass, emulator) as story:
        named = story.entity("ringing")
        er.async_get(hass).async_update_entity(
            named, disabled_by=er.RegistryEntryDisabler.USER
        )
        await story.reload()
        fired = await automate(
            hass, automation("by name", "became_on_call", {"entity_id": [named]})
        )
        await story.call("ring", "answer")
        await story.shows(on_call="on")
        assert names(fired) == ["by name"]


async def test_a_device_that_is_named_is_meant_though_all_of_it_is_hidden(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    async with office(hass, emulator) as story:
        device = story.device(story.own)
        assert device is not None
        registry = er.async_get(hass)
        for entity_id in story.entities(story.own).values():
            registry.async_update_entity(
                entity_id, hidden_by=er.RegistryEntryHider.USER
            )
        target = {"device_id": [device.id]}
        fired = await automate(
            hass,
            automation("each", "became_on_call", target),
            automation("urgent", "most_urgent_status_changed", target),
            test_condition.automation("is so", "is_on_call", target),
        )
        fired.clear()
        await story.call("ring", "answer")
        await story.shows(on_call="on")
        await story.until(lambda: {"each", "urgent"} <= set(names(fired)))
        assert await test_condition.holding(hass, fired) == {"is so"}


async def test_the_account_among_others_costs_nothing(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    async with office(hass, emulator) as story:
        everything = {
            story.account_entity("push_connected"),
            story.account_entity("extensions_on_call"),
            story.entity("call"),
            "light.not_there",
        }
        found = own_entities(hass, everything, "on_call", ("binary_sensor",))
        assert found == {story.entity("on_call")}
