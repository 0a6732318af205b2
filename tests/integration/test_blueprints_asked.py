"""What the blueprint for Assist answers: who is meant by a name, and what nobody knows."""

from collections.abc import Callable

from homeassistant.core import HomeAssistant
from homeassistant.helpers import (
    area_registry as ar,
    config_validation as cv,
    device_registry as dr,
)
from homeassistant.helpers.script_variables import ScriptVariables
from homeassistant.helpers.template import Template
from homeassistant.util.yaml import parse_yaml, substitute
import pytest

from emulator import Emulator

from .blueprints import content, inputs_of
from .stories import Story, colleagues, office

type Ask = Callable[..., str]


def asking(hass: HomeAssistant, devices: list[str]) -> Ask:
    """Return what asks the blueprint, with a sentence of a kind and what is in it."""
    given = {
        key: devices if key == "extensions" else []
        for key in inputs_of("ask_who_is_free")
    }
    config = substitute(parse_yaml(content("ask_who_is_free")), given)
    variables = ScriptVariables(cv.template_complex(config["variables"]))
    answer = Template(config["actions"][0]["set_conversation_response"], hass)

    def ask(sentence: str, name: str = "", group: str = "") -> str:
        trigger = {"id": sentence, "slots": {"name": name, "group": group}}
        known = variables.async_render(hass, {"trigger": trigger})
        return str(answer.async_render(known)).strip()

    return ask


def named(story: Story, people: list[str], *names: str) -> list[str]:
    """Give the devices of people names, and return their ids."""
    devices = []
    for key, name in zip(people, names, strict=True):
        device = story.device(key)
        assert device is not None
        dr.async_get(story.hass).async_update_device(device.id, name_by_user=name)
        devices.append(device.id)
    return devices


async def test_a_whole_name_counts_more_than_a_part_and_what_is_lost_is_not_known(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    people = colleagues(emulator, 3)
    async with office(hass, emulator, follow=["chosen"], extensions=people) as story:
        devices = named(story, people, "Ann Lee", "Johanna Größe", "Ann O.")
        ask = asking(hass, devices)
        assert ask("en_one", "ann") == "Ann Lee is free. Ann O. is free."
        assert ask("en_one", "GRÖ") == "Johanna Größe is free."
        assert ask("en_one", "a.*") == "I do not know a.*."
        assert ask("de_all") == "Ann Lee, Johanna Größe und Ann O. sind frei."
        assert await hass.config_entries.async_unload(story.entry.entry_id)
        assert ask("en_all") == "Who is free is not known at the moment."
        assert ask("de_all") == "Wer frei ist, ist nicht bekannt."
        assert ask("en_one", "Johanna") == ("Johanna Größe is not known at the moment.")
        assert await hass.config_entries.async_setup(story.entry.entry_id)


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ("o’brien", "Sean O'Brien"),
        ("Sean OBrien", "Sean O'Brien"),
        ("Mr. O'Brien", "Sean O'Brien"),
        ("jose garcia", "José García"),
        ("Muller", "Jürgen Müller"),
        ("juergen mueller", "Jürgen Müller"),
        ("Frau Müller", "Jürgen Müller"),
        ("Anne Marie", "Anne-Marie Duff"),
        ("the duff", "Anne-Marie Duff"),
        ("Rie Duf", "Anne-Marie Duff"),
        ("Ri", "Sean O'Brien"),
        ("Marianne", ""),
        ("gar", "José García"),
        ("Mu.ller", ""),
    ],
)
async def test_a_name_may_be_written_as_it_is_heard(
    hass: HomeAssistant, emulator: Emulator, asked: str, meant: str
) -> None:
    people = colleagues(emulator, 4)
    names = ("Sean O'Brien", "José García", "Jürgen Müller", "Anne-Marie Duff")
    async with office(hass, emulator, follow=["chosen"], extensions=people) as story:
        ask = asking(hass, named(story, people, *names))
        told = ask("en_one", asked)
        assert meant or told == f"I do not know {asked}."
        assert (f"{meant} is free." in told) is bool(meant)


async def test_a_group_may_be_written_as_it_is_heard_and_anyone_is_everybody(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    people = colleagues(emulator, 2)
    async with office(hass, emulator, follow=["chosen"], extensions=people) as story:
        devices = named(story, people, "Sean", "Sean")
        area = ar.async_get(hass).async_create("Büro Köln")
        dr.async_get(hass).async_update_device(devices[0], area_id=area.id)
        ask = asking(hass, devices)
        for group in ("köln", "Koln", "Buero Koeln", "the buro"):
            assert ask("de_all", group=group) == "Sean ist frei."
        assert ask("en_all", group="Bonn") == "I do not know Bonn."
        # Two of one name are two.
        assert ask("en_one", "sean") == "Sean is free. Sean is free."
        for anyone in ("anyone", "Anybody", "everyone"):
            assert ask("en_one", anyone) == "Sean and Sean are free."
        assert ask("de_one", "jemand") == "Sean und Sean sind frei."
