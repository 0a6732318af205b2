"""A color means the same on lamps, dashboards and the wallboard: as docs/colors.md says."""

from pathlib import Path
import re

from homeassistant.util.yaml import load_yaml_dict

from custom_components.ringcentral.aioringcentral.status import Status
from demo.tiles import COLORS as TILES

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs/colors.md").read_text()
STATES = (ROOT / "custom_components/ringcentral/frontend/states.js").read_text()
BUSY_LIGHT = ROOT / "blueprints/automation/ringcentral/busy_light.yaml"
FIELDS = ("color", "lamp", "tile", "wallboard")


def told() -> dict[str, dict[str, str]]:
    """Return what the page says by status and column."""
    rows = [line.strip("| ").split(" | ") for line in PAGE.splitlines() if line.startswith("| `")]  # fmt: skip
    return {row[0].strip("`"): dict(zip(FIELDS, row[1:], strict=True)) for row in rows}


def lamp_of_voicemail() -> list[int]:
    """Return the color that the page gives a lamp while voicemail waits."""
    found = re.search(
        r"Waiting voicemail is blue \((\d+), (\d+), (\d+)\) on a lamp", PAGE
    )
    assert found
    return [int(part) for part in found.groups()]


def defaults(inputs: dict[str, dict[str, object]]) -> dict[str, object]:
    """Return the default of every input of a blueprint, also of those in sections."""
    found: dict[str, object] = {}
    for key, field in inputs.items():
        if isinstance(inner := field.get("input"), dict):
            found |= defaults(inner)
        else:
            found[key] = field.get("default")
    return found


def test_every_status_has_a_color_in_the_order_of_urgency() -> None:
    assert list(told()) == [str(status) for status in Status]


def test_the_wallboard_has_them() -> None:
    kinds = re.findall(r"^  (\w+): \{ (?:group: \"\w+\", )(?:color: \"(\w+)\", )?", STATES, re.MULTILINE)  # fmt: skip
    colors = dict(kinds)
    for status, looks in told().items():
        assert (colors[status] or "none") == looks["color"].partition(",")[0], status
    assert colors["parked_call"] == "amber"


def test_every_state_has_a_shape_of_its_own() -> None:
    block = STATES.partition("export const KINDS")[2].partition("\n};")[0]
    glyphs = re.findall(r"glyph: (.+?)(?: \}|,$)", block, re.MULTILINE)
    # Unknown and unavailable are one thing to whoever looks.
    assert len(set(glyphs)) == len(glyphs) - 1


def test_the_busy_light_has_them() -> None:
    chosen = defaults(load_yaml_dict(BUSY_LIGHT)["blueprint"]["input"])
    assert chosen["voicemail_color"] == lamp_of_voicemail()
    for status, looks in told().items():
        if looks["lamp"] == "off":
            assert f"{status}_color" not in chosen
        else:
            rgb = [int(part) for part in looks["lamp"].split(", ")]
            assert chosen[f"{status}_color"] == rgb, status


def test_the_dashboard_of_the_demo_has_them() -> None:
    assert {status: TILES[status] for status in told()} == {
        status: looks["tile"] for status, looks in told().items()
    }
