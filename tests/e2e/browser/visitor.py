"""A person at a browser: signed in, on some page, looking for what is there."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from itertools import count
import json
from pathlib import Path
import re
import shutil
from typing import Any, Self

from playwright.async_api import (
    Browser,
    BrowserContext,
    Locator,
    Page,
    Playwright,
    expect,
)
import pytest

from demo.office import Office

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# Milliseconds; a first page makes the browser read all of the interface on a busy machine.
PATIENCE = 30_000
DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}

# The middle of an element's text, once it has been at the same place for some frames:
# what slides in is done. An element may have no box of its own, its text has.
TEXT_AT_REST = """async (element) => {
    const range = document.createRange();
    range.selectNodeContents(element);
    const place = () => {
        const { x, y, width, height } = range.getBoundingClientRect();
        return [x + width / 2, y + height / 2];
    };
    if (place()[1] < 0 || place()[1] > window.innerHeight) {
        const parent = element.getClientRects().length ? element : element.parentElement;
        parent.scrollIntoView({ block: "center" });
    }
    for (let before = "", same = 0; same < 5; same = `${place()}` === before ? same + 1 : 0) {
        before = `${place()}`;
        await new Promise(requestAnimationFrame);
    }
    return place();
}"""
# Whether a field to type in has the focus, however deep in components.
CAN_TYPE = """() => {
    let element = document.activeElement;
    while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
    return element?.matches("input, textarea") ?? false;
}"""

_numbers = count(1)


def find_browser() -> str | None:
    """Return the path of a browser."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


async def start_browser(playwright: Playwright) -> Browser:
    """Start the browser of this machine; skip what needs it where there is none."""
    if (path := find_browser()) is None:
        pytest.skip(
            f"There is no browser to test in: none of {', '.join(NAMES)} is on PATH. "
            "On Debian: apt-get install chromium."
        )
    return await playwright.chromium.launch(executable_path=path, args=ARGUMENTS)


class Visitor:
    """One page of one Home Assistant, and what went wrong in it."""

    def __init__(self, page: Page, office: Office) -> None:
        """Take an open page."""
        self.page = page
        self.office = office
        self.errors: list[str] = []
        page.set_default_timeout(PATIENCE)
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        browser: Browser,
        office: Office,
        *,
        signed_in: bool = True,
        viewport: dict[str, int] | None = None,
        **options: Any,
    ) -> AsyncGenerator[Self]:
        """Open a page in a context of its own, signed in as the owner."""
        context: BrowserContext = await browser.new_context(
            base_url=office.hass.url,
            locale=options.pop("locale", "en-US"),
            viewport=viewport or DESKTOP,  # type: ignore[arg-type]
            **options,
        )
        try:
            if signed_in:
                await context.add_init_script(await _signed_in(office))
            yield cls(await context.new_page(), office)
        finally:
            await context.close()

    async def goto(self, path: str) -> None:
        """Go to a page and wait for the interface."""
        await self.page.goto(path)
        await self.page.locator("home-assistant-main").wait_for()

    async def picture(self, path: Path) -> None:
        """Take a picture."""
        await self.page.screenshot(path=path)

    def text(self, text: str | re.Pattern[str]) -> Locator:
        """Return the first visible text."""
        return self.page.get_by_text(text).locator("visible=true").first

    async def press(self, text: str | re.Pattern[str]) -> None:
        """Click where a text is, as a person does, whatever element takes the click there."""
        x, y = await self.text(text).evaluate(TEXT_AT_REST)
        await self.page.mouse.click(x, y)

    async def type(self, text: str) -> None:
        """Type into the field that has the focus, once one has."""
        await self.page.wait_for_function(CAN_TYPE)
        await self.page.keyboard.type(text)

    async def click(self, text: str, role: str = "button", **options: Any) -> None:
        """Click what has a role and a name."""
        await (
            self.page.get_by_role(role, name=text, **options)  # type: ignore[arg-type]
            .locator("visible=true")
            .first.click()
        )


async def _signed_in(office: Office) -> str:
    """Return a script that leaves a sign-in where the interface looks for it."""
    token = await office.socket.call(
        "auth/long_lived_access_token",
        client_name=f"Browser {next(_numbers)}",
        lifespan=1,
    )
    stored = {
        "access_token": token,
        "token_type": "Bearer",
        "refresh_token": "",
        "expires_in": 86400,
        "expires": 4102444800000,
        "hassUrl": office.hass.url,
        "clientId": f"{office.hass.url}/",
    }
    return f"localStorage.setItem('hassTokens', {json.dumps(json.dumps(stored))});"


async def import_blueprint(visitor: Visitor, address: str, name: str) -> None:
    """Import a blueprint from where it is served, by its name."""
    page = visitor.page
    await visitor.goto("/config/blueprint/dashboard")
    await visitor.click("Import blueprint")
    # In the dialog: the page behind may name another that begins alike, and has that button, too.
    dialog = page.locator("ha-dialog-import-blueprint")
    field = dialog.locator("input")
    await visitor.text("Preview").wait_for()
    await field.fill(address)
    await expect(field).to_have_value(address)
    await visitor.click("Preview")
    await dialog.get_by_text(name).first.wait_for()
    await dialog.get_by_role("button", name="Import blueprint").click()
    await page.get_by_role("dialog").first.wait_for(state="hidden")
