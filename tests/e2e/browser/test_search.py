"""What a person finds who types a word into the editor: triggers, conditions and actions."""

import re

import pytest

from tests.e2e.running import END_TO_END, Running

from .test_interface import accept_automations
from .visitor import Visitor

pytestmark = END_TO_END

FOUND = {
    "Add trigger": {
        "phone": ["Extension started ringing", "Extension started a call"],
        "call": ["Extension call started", "Extension call missed"],
        "busy": ["Extension became busy", "Extension status changed"],
        "ringing": ["Extension started ringing", "Extension status changed"],
    },
    "Add condition": {
        "phone": ["Extension is ringing", "Extension is on a call"],
        "call": ["Extension is on a call", "Extension has status"],
        "busy": ["Extension is busy", "Extension has status"],
        "ringing": ["Extension is ringing", "Extension has status"],
    },
    "Add action": {
        "phone": ["Set presence", "Get presence"],
        "call": ["Set presence", "Get presence"],
        "busy": ["Set presence", "Get presence"],
        "ringing": ["Get presence"],
    },
}
MORE = re.compile(r"^\d+ more ")


@pytest.mark.parametrize("button", FOUND)
async def test_the_editor_finds_it(
    visitor: Visitor, running: Running, button: str
) -> None:
    page = visitor.page
    accept_automations(running.office)
    await visitor.goto("/config/automation/edit/new")
    await visitor.click(button)
    search = page.locator("add-automation-element-dialog input").first
    for word, names in FOUND[button].items():
        for name in names:
            await search.fill(word)
            await find(visitor, name)
            # The next word has to find it by itself.
            await search.fill("xyzzy")
            await visitor.text(name).wait_for(state="hidden")


async def find(visitor: Visitor, name: str) -> None:
    """Look for a name in what was found, of which five are shown at first."""
    found, more = visitor.text(name), visitor.text(MORE)
    await found.or_(more).first.wait_for()
    if not await found.count():
        await visitor.press(MORE)
        for _ in range(20):
            if await found.count():
                break
            await visitor.page.mouse.wheel(0, 200)
            await visitor.page.wait_for_timeout(50)
    await found.wait_for()
