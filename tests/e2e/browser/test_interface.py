"""What a person does with the integration by clicking, from the first sign-in on."""

from contextlib import AsyncExitStack
import re
from statistics import median
import time
from typing import Any

from playwright.async_api import Browser, Page, TimeoutError as Late, expect
import pytest

from demo.api import Json
from demo.dashboard import PATH as OFFICE_BOARD, create_dashboard
from demo.hass import free_port
from demo.home import BLUEPRINTS
from demo.office import OWNER, Office, Plan
from tests.e2e.running import END_TO_END, Running, eventually

from .board import create_board
from .visitor import Visitor, import_blueprint

pytestmark = END_TO_END

INTEGRATION = "/config/integrations/integration/ringcentral"
# A text that nobody translated is shown as its key.
UNTRANSLATED = re.compile(r"component\.ringcentral|\bui\.\w+\.\w+|\bundefined\b")


async def fill_in(page: Page, service: Json) -> None:
    """Answer the form of the JWT, and submit it."""
    await page.locator("ha-form input[name='jwt']").wait_for()
    server = page.locator("ha-form ha-selector-select").first
    await server.click()
    # Its list has to be open, and closed again, before anything else is typed.
    await page.wait_for_timeout(800)
    await page.keyboard.type(service["server"])
    await page.get_by_text("Add custom item").first.click()
    await server.get_by_text(service["server"]).first.wait_for()
    await page.wait_for_timeout(800)
    for key in ("client_id", "client_secret", "jwt"):
        await page.locator(f"ha-form input[name='{key}']").fill(service[key])
    await page.get_by_role("button", name="Submit").click()


async def test_a_newcomer_signs_in_and_adds_the_integration(
    browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> None:
    plan = Plan(port=free_port(), rate_limits=False)
    folder = tmp_path_factory.mktemp("newcomer")
    async with Office.open(folder, plan) as office, AsyncExitStack() as stack:
        await stack.enter_async_context(office.connected())
        visitor = await stack.enter_async_context(
            Visitor.open(browser, office, signed_in=False)
        )
        page = visitor.page
        await page.goto("/")
        await page.get_by_label("Username").fill(OWNER.username)
        await page.get_by_label("Password").first.fill(OWNER.password)
        await visitor.click("Log in")
        await page.locator("home-assistant-main").wait_for()

        await page.goto("/config/integrations/dashboard")
        await visitor.click("Add integration")
        await visitor.type("RingCentral")
        await page.locator("ha-integration-list-item", has_text="RingCentral").click()
        await visitor.text("How do you want to sign in?").wait_for()
        await visitor.press("Sign in with a key (recommended)")

        service = office.emulator.info
        await fill_in(page, {**service, "jwt": "of another app"})
        await visitor.text("RingCentral doesn't accept this JWT").wait_for()
        # What was typed is still there, so that only the mistake has to be mended.
        client_id = page.locator("ha-form input[name='client_id']")
        await expect(client_id).to_have_value(service["client_id"])
        await page.locator("ha-form input[name='jwt']").fill(service["jwt"])
        await visitor.click("Submit")

        await visitor.text("Who to follow").wait_for()
        await visitor.press(re.compile(r"^\s*Everyone in the account\s*$"))
        await visitor.click("Submit")
        await page.get_by_role(
            "button", name=re.compile("finish", re.IGNORECASE)
        ).first.click()

        await page.goto(INTEGRATION)
        extensions = (await office.entities()).devices
        # And the account.
        await visitor.text(f"{len(extensions) + 1} services").wait_for()
        assert not UNTRANSLATED.search(await page.inner_text("body"))
        assert visitor.errors == []


async def test_the_page_of_a_device(
    visitor: Visitor, running: Running, own: str
) -> None:
    page = visitor.page
    await visitor.goto(f"/config/devices/device/{running.entities.devices[own]}")
    for shown in ("Extension ", "Telephony status", "No call", "Presence", "Available"):
        await visitor.text(shown).wait_for()

    sensors = page.locator("ha-device-entities-card")
    await sensors.first.wait_for()
    assert not UNTRANSLATED.search("".join(await sensors.all_inner_texts()))
    assert "Unavailable" not in "".join(await sensors.all_inner_texts())
    # An icon that is missing would be drawn as nothing.
    icons = page.locator("ha-device-entities-card ha-state-icon ha-svg-icon path")
    await expect(icons.first).to_be_attached()
    assert all(await icons.evaluate_all("all => all.map(e => e.getAttribute('d'))"))


async def test_a_tile_changes_while_looked_at(
    visitor: Visitor, running: Running, own: str, record_property: Any
) -> None:
    entity_id = running.entities[own, "dnd_status"]
    tile = {"type": "tile", "entity": entity_id}
    await create_board(running.office, "one-tile", {"views": [{"cards": [tile]}]})
    await visitor.goto("/one-tile")
    shown = visitor.page.locator("hui-tile-card")
    await shown.get_by_text("Take all calls").wait_for()

    seconds = []
    words = {
        "DoNotAcceptAnyCalls": "Do not accept any calls",
        "TakeAllCalls": "Take all calls",
    }
    for word in list(words) * 5:
        started = time.perf_counter()
        await running.office.emulator.set_presence(own, dndStatus=word)
        await shown.get_by_text(words[word]).wait_for()
        seconds.append(time.perf_counter() - started)

    record_property("tile", f"median {median(seconds) * 1000:.0f} ms")
    print(f"event to tile: median {median(seconds) * 1000:.0f} ms, max {max(seconds) * 1000:.0f} ms")  # noqa: T201  # fmt: skip
    assert median(seconds) < 1


async def test_options(visitor: Visitor, running: Running) -> None:
    page = visitor.page
    await visitor.goto(INTEGRATION)
    await visitor.click("Configure")
    await visitor.text("RingCentral options").wait_for()
    await visitor.press("Name and number")
    await visitor.click("Submit")
    await visitor.text(re.compile("success", re.IGNORECASE)).wait_for()
    await visitor.click("Finish")
    await running.becomes("loaded")
    running.entities = await running.office.entities()
    try:
        assert any(key == "caller" for _owner, key in running.entities)

        await page.reload()
        await visitor.click("Configure")
        chosen = page.get_by_role("radio", name="Name and number")
        await expect(chosen).to_be_checked()
    finally:
        await running.follow(["account"])


async def test_signing_in_again(visitor: Visitor, running: Running) -> None:
    page, emulator = visitor.page, running.office.emulator
    devices = dict(running.entities.devices)
    await emulator.post("faults", token_error={"code": "OAU-149", "next": 1000})
    await emulator.post("tokens", action="revoke")
    await visitor.goto(INTEGRATION)
    await visitor.click("Reconfigure")
    await visitor.text("RingCentral no longer accepts the sign-in").wait_for()
    await emulator.post("reset")

    await visitor.press("Sign in with a key")
    # Who signs in is known; the secrets are not shown again.
    secret = page.locator("ha-form input[name='client_secret']")
    await expect(secret).to_have_value("")
    await expect(page.locator("ha-form input[name='client_id']")).not_to_have_value("")
    await page.wait_for_timeout(500)
    await secret.fill(emulator.info["client_secret"])
    await page.locator("ha-form input[name='jwt']").fill(emulator.info["jwt"])
    await visitor.click("Submit")
    await visitor.text(re.compile("was successful|signed in again")).wait_for()

    await running.becomes("loaded")
    await running.shows(None, push_connected="on")
    assert (await running.office.entities()).devices == devices
    await expect(page.get_by_text("Attention required")).to_have_count(0)


async def test_a_repair(visitor: Visitor, running: Running) -> None:
    emulator = running.office.emulator
    await emulator.post("faults", permissions_removed=["ReadPresence"])
    await running.office.rest.post(
        f"/api/config/config_entries/entry/{running.entry_id}/reload"
    )
    await visitor.goto("/config/repairs")

    async def is_open() -> bool:
        """Click again where the page, which has just come, moved under the click."""
        await visitor.press("RingCentral: Read Presence is missing")
        try:
            told = visitor.text("presence is not kept current")
            await told.wait_for(timeout=5_000)
        except Late:
            return False
        return True

    await eventually(is_open, 60)
    await emulator.post("reset")

    await visitor.click("Submit")
    await visitor.text("The issue is repaired!").wait_for()
    await visitor.click("Finish")
    await visitor.text("There are currently no repairs pending").wait_for()
    await running.becomes("loaded")


async def test_an_automation_with_our_trigger_on_an_area(
    visitor: Visitor, running: Running, own: str
) -> None:
    office, page = running.office, visitor.page
    area = await office.socket.call("config/area_registry/create", name="Front desk")
    await office.socket.call(
        "config/device_registry/update",
        device_id=running.entities.devices[own],
        area_id=area["area_id"],
    )
    accept_automations(office)
    await visitor.goto("/config/automation/edit/new")
    await visitor.click("Add trigger")
    await visitor.press("Front desk")
    await visitor.press("Extension started ringing")
    await visitor.text(
        re.compile("one or more phone extensions start ringing")
    ).wait_for()

    await visitor.click("Add action")
    await visitor.type("create persistent notification")
    await visitor.press("Create persistent notification")
    message = page.locator("ha-selector-text, ha-selector-template").first
    await message.wait_for()
    assert not UNTRANSLATED.search(await page.inner_text("body"))
    await visitor.click("Save")
    await page.locator("ha-dialog-automation-save input, ha-dialog-automation-save textarea").first.fill("Front desk rings")  # fmt: skip
    await (
        page.locator("ha-dialog-automation-save")
        .get_by_role("button", name=re.compile("Save|Rename"))
        .click()
    )
    await office.states.wait_until(
        lambda: office.states.get("automation.front_desk_rings") == "on", 20, "saving"
    )

    saved = await office.socket.call(
        "automation/config", entity_id="automation.front_desk_rings"
    )
    assert saved["config"]["triggers"] == [
        {
            "trigger": "ringcentral.started_ringing",
            "target": {"area_id": area["area_id"]},
            "options": saved["config"]["triggers"][0].get("options", {}),
        }
    ]
    await running.call(own, "ring", "missed")
    state: Json = {"attributes": {}}
    for _attempt in range(50):
        state = await office.rest.get("/api/states/automation.front_desk_rings")
        if state["attributes"].get("last_triggered"):
            break
        await page.wait_for_timeout(100)
    assert state["attributes"]["last_triggered"] is not None


def accept_automations(office: Office) -> None:
    """Have the editor's automations read, as a configuration from the welcome does."""
    configuration = office.hass.folder / "configuration.yaml"
    if "automation:" not in (text := configuration.read_text()):
        (office.hass.folder / "automations.yaml").write_text("[]\n")
        configuration.write_text(f"{text}automation: !include automations.yaml\n")


@pytest.mark.parametrize("path", sorted(BLUEPRINTS.glob("*.yaml")), ids=lambda p: p.stem)  # fmt: skip
async def test_a_blueprint_is_imported(visitor: Visitor, shelf: str, path: Any) -> None:
    page = visitor.page
    name = re.findall(r"^  name: (.*)$", path.read_text(), re.MULTILINE)[0]
    await import_blueprint(visitor, f"{shelf}/{path.name}", name)

    await page.locator("ha-data-table").get_by_text(name, exact=True).click()
    await page.locator("blueprint-automation-editor").wait_for()
    await page.locator("ha-selector, ha-settings-row").first.wait_for()
    assert not UNTRANSLATED.search(await page.inner_text("body"))
    await expect(page.locator("blueprint-automation-editor ha-alert")).to_have_count(0)


async def test_the_dashboard_of_the_demo(visitor: Visitor, running: Running) -> None:
    await create_dashboard(running.office.socket, await running.office.entities())
    await visitor.goto(f"/{OFFICE_BOARD}")
    await visitor.page.locator("ringcentral-wallboard-board li, hui-tile-card").first.wait_for()  # fmt: skip
    await visitor.page.wait_for_timeout(1000)

    text = await visitor.page.inner_text("body")
    assert not UNTRANSLATED.search(text)
    for wrong in ("Entity not found", "Configuration error", "Unavailable"):
        assert wrong not in text
