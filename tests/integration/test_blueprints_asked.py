"""What the blueprint for Assist answers: who is meant by a name, and what nobody knows."""

from homeassistant.core import HomeAssistant
from homeassistant.helpers import config_validation as cv, device_registry as dr
from homeassistant.helpers.script_variables import ScriptVariables
from homeassistant.helpers.template import Template
from homeassistant.util.yaml import parse_yaml, substitute

from emulator import Emulator

from .blueprints import content, inputs_of
from .stories import colleagues, office


async def test_a_whole_name_counts_more_than_a_part_and_what_is_lost_is_not_known(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    people = colleagues(emulator, 3)
    async with office(hass, emulator, follow=["chosen"], extensions=people) as story:
        devices = []
        for key, name in zip(
            people, ("Ann Lee", "Johanna Größe", "Ann O."), strict=True
        ):
            device = story.device(key)
            assert device is not None
            dr.async_get(hass).async_update_device(device.id, name_by_user=name)
            devices.append(device.id)
        given = {
            key: devices if key == "extensions" else []
            for key in inputs_of("ask_who_is_free")
        }
        config = substitute(parse_yaml(content("ask_who_is_free")), given)
        variables = ScriptVariables(cv.template_complex(config["variables"]))
        answer = Template(config["actions"][0]["set_conversation_response"], hass)

        def ask(sentence: str, name: str = "") -> str:
            trigger = {"id": sentence, "slots": {"name": name}}
            known = variables.async_render(hass, {"trigger": trigger})
            return str(answer.async_render(known)).strip()

        assert ask("en_one", "ann") == "Ann Lee is free. Ann O. is free."
        assert ask("en_one", "GRÖ") == "Johanna Größe is free."
        assert ask("en_one", "a.*") == "I do not know a.*."
        assert ask("de_all") == "Ann Lee, Johanna Größe und Ann O. sind frei."
        assert await hass.config_entries.async_unload(story.entry.entry_id)
        assert ask("en_all") == "Who is free is not known at the moment."
        assert ask("de_all") == "Wer frei ist, ist nicht bekannt."
        assert ask("en_one", "Johanna") == ("Johanna Größe is not known at the moment.")
        assert await hass.config_entries.async_setup(story.entry.entry_id)
