"""Takes the pictures of README and docs, in a browser at the demo's office."""

import argparse
import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
import io
from pathlib import Path
import sys
import tempfile
from typing import Any

from PIL import Image
from playwright.async_api import Browser, async_playwright

from demo.dashboard import PATH as OFFICE, create_dashboard
from demo.hass import CHECKOUT, free_port
from demo.office import Office, Plan

from .board import Board
from .visitor import PHONE, Visitor, start_browser

FOLDER = CHECKOUT / "docs/images"
SCHEMES = {"light": "", "dark": "-dark"}
SCREEN = {"width": 1920, "height": 1080}
DESK = {"width": 1280, "height": 860}
# Where the editor shows what was selected.
PANEL = {"x": 760, "y": 64, "width": 520, "height": 796}
WIDE = {"width": 1440, "height": 1010}


def say(text: str) -> None:
    """Tell what is going on."""
    sys.stderr.write(f"\033[1m==>\033[0m {text}\n")


async def keep(visitor: Visitor, name: str, **options: Any) -> None:
    """Take a picture: without animations, as a lamp that blinks may be dark at the moment."""
    picture = await visitor.page.screenshot(animations="disabled", **options)
    path = FOLDER / f"{name}.png"
    Image.open(io.BytesIO(picture)).convert("RGB").save(path, optimize=True)
    say(f"{path.relative_to(CHECKOUT)}: {path.stat().st_size // 1024} kB")


@asynccontextmanager
async def lively(extensions: int) -> AsyncGenerator[Office]:
    """Start an office that lives by itself, with its boards."""
    plan = Plan(
        port=free_port(), extensions=extensions, simulate=True, rate_limits=False
    )
    with tempfile.TemporaryDirectory() as folder:
        async with (
            Office.open(Path(folder), plan, say) as office,
            AsyncExitStack() as stack,
        ):
            await stack.enter_async_context(office.connected())
            await office.add_integration(["account"])
            await create_dashboard(office.socket, await office.entities())
            yield office


async def take(
    browser: Browser,
    office: Office,
    path: str,
    name: str,
    wait_for: str,
    **options: Any,
) -> None:
    """Take a picture of a page in both themes."""
    for scheme, ending in SCHEMES.items():
        async with Visitor.open(
            browser, office, color_scheme=scheme, **options
        ) as visitor:
            await visitor.goto(path)
            await visitor.page.locator(wait_for).first.wait_for()
            await visitor.page.wait_for_timeout(3000)
            await keep(visitor, name + ending)


async def editor(browser: Browser, office: Office, own: str) -> None:
    """Take pictures of our trigger in the automation editor."""
    area = await office.socket.call("config/area_registry/create", name="Front desk", icon="mdi:desk")  # fmt: skip
    devices = (await office.entities()).devices
    for extension_id in [own, *list(devices)[3:6]]:
        await office.socket.call(
            "config/device_registry/update",
            device_id=devices[extension_id],
            area_id=area["area_id"],
        )
    for scheme, ending in SCHEMES.items():
        async with Visitor.open(browser, office, color_scheme=scheme, viewport=DESK) as visitor:  # fmt: skip
            await visitor.goto("/config/automation/edit/new")
            await visitor.click("Add trigger")
            await visitor.text("Front desk").click()
            await visitor.text("Extension started ringing").wait_for()
            await visitor.page.wait_for_timeout(1500)
            await keep(visitor, f"triggers{ending}")
            await visitor.text("Extension started ringing").click()
            await visitor.text("Triggers when one or more").wait_for()
            await visitor.page.wait_for_timeout(2500)
            await keep(visitor, f"trigger{ending}", clip=PANEL)


async def setup(browser: Browser, office: Office) -> None:
    """Take a picture of the form that a newcomer fills in."""
    async with Visitor.open(browser, office, viewport=DESK) as visitor:
        await visitor.goto("/config/integrations/dashboard/add?domain=ringcentral")
        await visitor.click("OK")
        await visitor.text("Sign in with a JWT").click()
        await visitor.page.locator("ha-form input[name='jwt']").wait_for()
        await visitor.page.wait_for_timeout(1000)
        await keep(visitor, "setup")


async def small(browser: Browser) -> None:
    """Take the pictures of an office of 25."""
    async with lively(25) as office:
        own = str(office.emulator.info["own_extension_id"])
        device = (await office.entities()).devices[own]
        # Before there is an entry: the same form as for the first.
        await setup(browser, office)
        await editor(browser, office, own)
        say("Letting the office live for a while")
        await asyncio.sleep(100)
        # For all pictures: a phone that rings.
        await office.emulator.post("calls", extension_id=own, script=["ring"])
        path = f"/config/devices/device/{device}"
        await take(browser, office, path, "device", "ha-device-entities-card", viewport=WIDE)  # fmt: skip
        await take(browser, office, f"/{OFFICE}/office", "dashboard", "hui-tile-card", viewport=WIDE)  # fmt: skip
        board = "ringcentral-wallboard-board li[data-kind]"
        await take(browser, office, f"/{OFFICE}/wallboard", "wallboard", board, viewport=DESK)  # fmt: skip
        await take(browser, office, f"/{OFFICE}/wallboard", "wallboard-phone", board, viewport=PHONE)  # fmt: skip


async def large(browser: Browser) -> None:
    """Take the picture of 200 on a screen."""
    async with lively(200) as office:
        await asyncio.sleep(90)
        async with Board.show(browser, office, OFFICE, viewport=SCREEN, color_scheme="dark") as board:  # fmt: skip
            await board.page.wait_for_timeout(3000)
            await keep(board, "wallboard-200-dark")


async def main() -> None:
    """Take them all, or those of one office."""
    parser = argparse.ArgumentParser(
        prog="scripts/pictures",
        description="Takes the pictures in docs/images. Look at each one afterwards.",
    )
    parser.add_argument("office", nargs="*", choices=["small", "large"], default=["small", "large"])  # fmt: skip
    offices = parser.parse_args().office
    async with async_playwright() as playwright:
        browser = await start_browser(playwright)
        if "small" in offices:
            await small(browser)
        if "large" in offices:
            await large(browser)
        await browser.close()


if __name__ == "__main__":
    asyncio.run(main())
