"""Names that people choose are text wherever Home Assistant shows Markdown."""

from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.ringcentral.aioringcentral.membership import Lists
from custom_components.ringcentral.aioringcentral.models import Extension
from custom_components.ringcentral.const import DOMAIN
from custom_components.ringcentral.flow_forms import follow_facts
from custom_components.ringcentral.issues import report_not_restored
from custom_components.ringcentral.markup import as_text

ODD = "[Sign in](https://example.com) ![](https://example.com/i.png) <img src=x>"


@pytest.mark.parametrize("name", ["Anna Lee", "R&D_2 *new* (Bonn)", "Zoë O'Hara"])
def test_a_name_stays_a_name(name: str) -> None:
    assert as_text(name) == name


def test_no_name_makes_a_link() -> None:
    assert not set(as_text(ODD)) & set("[]<>")


async def test_no_repair_shows_a_link_that_a_colleague_made(
    hass: HomeAssistant,
) -> None:
    entry = MockConfigEntry(domain=DOMAIN, title=ODD)
    report_not_restored(hass, entry, "1", Extension(id="1", name=ODD))
    (issue,) = ir.async_get(hass).issues.values()
    assert issue.translation_placeholders == {
        "account": as_text(ODD),
        "extension": as_text(ODD),
    }


def test_no_form_shows_one() -> None:
    facts = follow_facts(Lists(own=Extension(id="1", name=ODD)), ())
    assert facts["own"] == as_text(ODD)
