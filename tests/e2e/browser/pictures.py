"""Takes the pictures of README and docs, in a browser at the demo's office."""

import argparse
import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
import io
from pathlib import Path
import subprocess
import sys
import tempfile
import time
from typing import Any

from PIL import Image
from playwright.async_api import Browser, FloatRect, async_playwright

from demo.dashboard import PATH as OFFICE, PEOPLE
from demo.furnish import chosen_queue, move_in
from demo.hass import CHECKOUT, free_port
from demo.home import ON_AIR_AREA
from demo.office import Office, Plan
from demo.views import DESK as DESK_VIEW, QUEUE as QUEUE_VIEW
from tests.integration import TEXTS

from .board import create_board, of_card
from .visitor import PHONE, Visitor, start_browser

FOLDER = CHECKOUT / "docs/images"
INTEGRATION = "/config/integrations/integration/ringcentral"
CALLS = {"one": ["ring", "answer", "hold", "resume", "hangup"], "two": ["ring", "missed"]}  # fmt: skip
OFFICES = ["lamp", "small", "flows", "languages", "wallboard"]
LANGUAGES = ("de", "ja")
MENU = TEXTS["config"]["step"]["user"]["menu_options"]
SCHEMES = {"light": "", "dark": "-dark"}
SCREEN = {"width": 1920, "height": 1080}
WALL = "wall-board"
DESK = {"width": 1280, "height": 860}
# Where the editor shows what was selected.
PANEL = {"x": 760, "y": 64, "width": 520, "height": 796}
WIDE = {"width": 1440, "height": 1010}
TABLET = {"width": 834, "height": 1112}


def say(text: str) -> None:
    """Tell what is going on."""
    sys.stderr.write(f"\033[1m==>\033[0m {text}\n")


async def keep(visitor: Visitor, name: str, **options: Any) -> None:
    """Take a picture: without animations, as a lamp that blinks may be dark at the moment."""
    picture = await visitor.page.screenshot(animations="disabled", **options)
    path = FOLDER / f"{name}.png"
    # An interface has few colors: as a palette it takes a third, and looks the same.
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    image.quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)
    say(f"{path.relative_to(CHECKOUT)}: {path.stat().st_size // 1024} kB")


@asynccontextmanager
async def lively(extensions: int, language: str = "en") -> AsyncGenerator[Office]:
    """Start the demo with a company that lives by itself, in a language."""
    plan = Plan(
        port=free_port(),
        extensions=extensions,
        simulate=True,
        rate_limits=False,
        is_home=True,
    )
    with tempfile.TemporaryDirectory() as folder:
        async with Office.open(Path(folder), plan, say) as office:
            if language != "en":
                # Entities get their names as they are added.
                async with office.signed_in():
                    await office.socket.call("config/core/update", language=language)
            await move_in(office)
            async with office.connected():
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


async def editor(browser: Browser, office: Office) -> None:
    """Take pictures of our trigger in the automation editor."""
    for scheme, ending in SCHEMES.items():
        async with Visitor.open(browser, office, color_scheme=scheme, viewport=DESK) as visitor:  # fmt: skip
            await visitor.goto("/config/automation/edit/new")
            await visitor.click("Add trigger")
            await visitor.text(ON_AIR_AREA).click()
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
        await visitor.text(MENU["jwt"]).click()
        await visitor.page.locator("ha-form input[name='jwt']").wait_for()
        await visitor.page.wait_for_timeout(1000)
        await keep(visitor, "setup")


async def both(browser: Browser, office: Office) -> AsyncGenerator[tuple[Visitor, str]]:
    """Visit at a desk in each theme; with the ending of its pictures."""
    for scheme, ending in SCHEMES.items():
        async with Visitor.open(browser, office, color_scheme=scheme, viewport=DESK) as visitor:  # fmt: skip
            yield visitor, ending


async def still(visitor: Visitor, name: str) -> None:
    """Take a picture once nothing moves any more."""
    await visitor.page.wait_for_timeout(1500)
    await keep(visitor, name)


async def flows(browser: Browser) -> None:
    """Take the pictures of what Home Assistant asks and tells over the months."""
    async with lively(25) as office:
        own = str(office.emulator.info["own_extension_id"])
        await activity(browser, office, own)
        await choices(browser, office)
        (entry,) = await office.socket.call("config_entries/get", domain="ringcentral")
        reload = f"/api/config/config_entries/entry/{entry['entry_id']}/reload"
        await office.emulator.post("faults", permissions_removed=["ReadPresence"])
        await office.rest.post(reload)
        async for visitor, ending in both(browser, office):
            await visitor.goto("/config/repairs")
            await visitor.text("RingCentral: Read Presence is missing").click()
            await visitor.text("presence is not kept current").wait_for()
            await still(visitor, f"repair{ending}")
        await office.emulator.post("reset")
        await office.rest.post(reload)
        refused = {"code": "OAU-149", "next": 1000}
        await office.emulator.post("faults", token_error=refused)
        await office.emulator.post("tokens", action="revoke")
        async for visitor, ending in both(browser, office):
            await visitor.goto(INTEGRATION)
            await visitor.click("Reconfigure")
            await visitor.text("RingCentral no longer accepts the sign-in").wait_for()
            await still(visitor, f"reauth{ending}")


async def activity(browser: Browser, office: Office, own: str) -> None:
    """Take pictures of what is told of calls."""
    for call, words in CALLS.items():
        for word in words:
            await office.emulator.post("calls", extension_id=own, call=call, script=[word])  # fmt: skip
            await asyncio.sleep(3)
    device = (await office.entities()).devices[own]
    async for visitor, ending in both(browser, office):
        await visitor.goto(f"/logbook?device_id={device}")
        await visitor.text("Missed").wait_for()
        await still(visitor, f"logbook{ending}")


async def choices(browser: Browser, office: Office) -> None:
    """Take pictures of the options, and of a blueprint's questions."""
    async for visitor, ending in both(browser, office):
        await visitor.goto(INTEGRATION)
        await visitor.click("Configure")
        await visitor.text("RingCentral options").wait_for()
        await still(visitor, f"options{ending}")
        await visitor.goto("/config/blueprint/dashboard")
        await visitor.page.locator("ha-data-table").get_by_text("Busy light").first.click()  # fmt: skip
        await visitor.page.locator("blueprint-automation-editor ha-selector").first.wait_for()  # fmt: skip
        await still(visitor, f"blueprint{ending}")


async def small(browser: Browser) -> None:
    """Take the pictures of an office of 25."""
    async with lively(25) as office:
        own = str(office.emulator.info["own_extension_id"])
        device = (await office.entities()).devices[own]
        # Before there is an entry: the same form as for the first.
        await setup(browser, office)
        await editor(browser, office)
        say("Letting the office live for a while")
        await asyncio.sleep(100)
        # For all pictures: a phone that rings.
        await office.emulator.post("calls", extension_id=own, script=["ring"])
        path = f"/config/devices/device/{device}"
        await take(browser, office, path, "device", "ha-device-entities-card", viewport=WIDE)  # fmt: skip
        await take(browser, office, f"/{OFFICE}/{PEOPLE}", "dashboard", "hui-tile-card", viewport=WIDE)  # fmt: skip
        await take(browser, office, f"/{OFFICE}/{PEOPLE}", "dashboard-tablet", "hui-tile-card", viewport=TABLET)  # fmt: skip
        await take(browser, office, f"/{OFFICE}/{DESK_VIEW}", "desk-phone", "hui-tile-card", viewport=PHONE)  # fmt: skip
        queue = chosen_queue(await office.emulator.queues(), own)
        assert queue is not None
        await office.emulator.post("calls", extension_id=queue.extension_id, script=["ring"])  # fmt: skip
        await take(browser, office, f"/{OFFICE}/{QUEUE_VIEW}", "queue", "hui-tile-card", viewport=DESK)  # fmt: skip


# What happens before each part of the animation, and how many frames that takes.
LAMP_STORY = ((None, 4), ("ring", 14), ("answer", 8), ("hangup", 5))
# Milliseconds between frames: a lamp that blinks twice a second is caught on and off.
FRAME = 250
LAMP_VIEW = {"width": 1010, "height": 600}
# Without the side bar.
LAMP_CLIP: FloatRect = {"x": 256, "y": 56, "width": 754, "height": 544}


async def lamp(browser: Browser) -> None:
    """Take the animation of a lamp that turns red, from before a call until after it."""
    plan = Plan(port=free_port(), rate_limits=False, is_home=True)
    with tempfile.TemporaryDirectory() as folder:
        async with Office.open(Path(folder), plan, say) as office:
            await move_in(office)
            async with office.connected():
                for scheme, ending in SCHEMES.items():
                    async with Visitor.open(
                        browser, office, color_scheme=scheme, viewport=LAMP_VIEW
                    ) as visitor:
                        await visitor.goto(f"/{OFFICE}/{DESK_VIEW}")
                        await visitor.text("Desk lamp").wait_for()
                        await visitor.page.wait_for_timeout(3000)
                        await animate(visitor, office, f"lamp{ending}")


async def animate(visitor: Visitor, office: Office, name: str) -> None:
    """Let a call happen, and keep what it looks like."""
    frames = []
    for word, count in LAMP_STORY:
        if word is not None:
            await office.emulator.post(
                "calls", extension_id=office.own, call=name, script=[word]
            )
        for _ in range(count):
            began = time.monotonic()
            picture = await visitor.page.screenshot(clip=LAMP_CLIP)
            frames.append(Image.open(io.BytesIO(picture)).convert("RGB"))
            took = (time.monotonic() - began) * 1000
            await visitor.page.wait_for_timeout(max(0, FRAME - took))
    path = FOLDER / f"{name}.webp"
    frames[0].save(
        path,
        save_all=True,
        append_images=frames[1:],
        duration=FRAME,
        loop=0,
        quality=70,
        method=4,
    )
    say(f"{path.relative_to(CHECKOUT)}: {path.stat().st_size // 1024} kB")


def has_font(language: str) -> bool:
    """Return whether some font here has a language's letters; the browser shows boxes else."""
    listed = ["fc-list", f":lang={language}"]
    found = subprocess.run(listed, check=True, capture_output=True, text=True)
    return bool(found.stdout.strip())


async def languages(browser: Browser) -> None:
    """Take the pages of a phone and the wallboard in other languages."""
    for language in LANGUAGES:
        if not has_font(language):
            say(f"{language} left out: no font here has its letters")
            continue
        async with lively(25, language) as office:
            device = (await office.entities()).devices[office.own]
            await asyncio.sleep(30)
            await office.emulator.post(
                "calls", extension_id=office.own, script=["ring"]
            )
            for name, path, shown in (
                (
                    "device",
                    f"/config/devices/device/{device}",
                    "ha-device-entities-card",
                ),
                ("wallboard", f"/{OFFICE}/wallboard", "li[data-kind]"),
            ):
                async with Visitor.open(
                    browser, office, viewport=DESK, locale=language
                ) as visitor:
                    await visitor.goto(path)
                    await visitor.page.locator(shown).first.wait_for()
                    await visitor.page.wait_for_timeout(3000)
                    await keep(visitor, f"{name}-{language}")


async def wallboard(browser: Browser) -> None:
    """Take the pictures of the wallboard: at a desk, on a phone, a tablet and a television."""
    async with lively(40) as office:
        await create_board(office, WALL, of_card(mode="wall", title="RingCentral"))
        say("Letting the office live for a while")
        await asyncio.sleep(90)
        queue = chosen_queue(await office.emulator.queues(), office.own)
        assert queue is not None
        for extension_id in (office.own, queue.extension_id):
            await office.emulator.post("calls", extension_id=extension_id, script=["ring"])  # fmt: skip
        rows = "ringcentral-wallboard-board li[data-kind]"
        for name, path, viewport in (
            ("wallboard", f"{OFFICE}/wallboard", DESK),
            ("wallboard-phone", f"{OFFICE}/wallboard", PHONE),
            ("wallboard-tablet", f"{OFFICE}/wallboard", TABLET),
            ("wallboard-wall", WALL, SCREEN),
        ):
            await take(browser, office, f"/{path}", name, rows, viewport=viewport)


async def main() -> None:
    """Take them all, or those of one office."""
    parser = argparse.ArgumentParser(
        prog="scripts/pictures",
        description="Takes the pictures in docs/images. Look at each one afterwards.",
    )
    parser.add_argument("office", nargs="*", choices=OFFICES, default=OFFICES)  # fmt: skip
    offices = parser.parse_args().office
    async with async_playwright() as playwright:
        browser = await start_browser(playwright)
        if "lamp" in offices:
            await lamp(browser)
        if "small" in offices:
            await small(browser)
        if "flows" in offices:
            await flows(browser)
        if "languages" in offices:
            await languages(browser)
        if "wallboard" in offices:
            await wallboard(browser)
        await browser.close()


if __name__ == "__main__":
    asyncio.run(main())
