"""The board without a mouse, and for those who do not see it: by keyboard, and as axe-core judges it."""

import os
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Page, expect
import pytest

from tests.e2e.running import END_TO_END

from .stage import Stage

pytestmark = END_TO_END

HERE = Path(__file__).parent / "node"
AXE = Path(os.environ.get("AXE_CORE", HERE)) / "node_modules/axe-core/axe.min.js"
INSTALL = "npm install --prefix tests/e2e/browser/node --ignore-scripts --no-package-lock"  # fmt: skip
CARDS: list[dict[str, Any]] = [
    {"title": "Office"},
    {"mode": "wall", "title": "Wall", "show_callers": True},
]
FOCUSED = "() => { const { activeElement } = stage.board; return activeElement?.querySelector('.name')?.textContent ?? activeElement?.localName ?? null; }"  # fmt: skip


async def focused(page: Page) -> Any:
    """Return the name of the row that has the focus, or what else has it."""
    return await page.evaluate(FOCUSED)


@pytest.mark.skipif(not AXE.exists(), reason=f"axe-core is not installed: {INSTALL}")
@pytest.mark.parametrize("dark", [False, True])
async def test_axe_finds_nothing(browser: Browser, dark: bool) -> None:
    async with Stage.open(browser, reduced_motion="reduce") as stage:
        await stage.show(*CARDS, people=14, queues=2, parked=2, dark=dark)
        await stage.set(
            {
                "p0": {"status": {"state": "ringing", "caller_name": "Zoe"}},
                "k0": {"telephony_status": "parked_call"},
                "q0": {"telephony_status": "ringing", "active_calls": "3"},
                "account": {"push_connected": "off"},
            },
            age=60,
        )
        await stage.page.add_script_tag(path=AXE)
        # Of the page around the cards, which is Home Assistant's, nothing is asked here.
        found = await stage.page.evaluate(
            """async () => (await axe.run({ include: ['ringcentral-wallboard'] }, { rules: { region: { enabled: false } } }))
                .violations.map(({ id, nodes }) => [id, nodes.map((node) => node.target.flat(2).join(' ') + ': ' + node.failureSummary)])"""
        )
        assert found == []
        banners = await stage.page.get_by_role("banner").count()
        assert banners == 0, "two of them would be two heads of a page"


async def test_the_focus_goes_on_when_its_row_is_hidden(browser: Browser) -> None:
    names = [f"Person {number}" for number in range(6)]
    async with Stage.open(browser) as stage:
        await stage.show(people=6, names=names)
        page = stage.page
        await stage.set({f"p{index}": {"status": "available"} for index in range(6)})
        await page.get_by_role("button", name="Available").first.click()
        await stage.rows.nth(2).locator("button").focus()
        await stage.set({"p2": {"status": "busy"}})
        assert await focused(page) == "Person 3"
        await stage.set({"p5": {"status": "busy"}, "p4": {"status": "busy"}, "p3": {"status": "busy"}})  # fmt: skip
        assert await focused(page) == "Person 1", "the last that is left"
        await stage.set({"p0": {"status": "busy"}, "p1": {"status": "busy"}})
        assert await focused(page) == "input", "nobody is left to go to"


async def test_the_focus_stays_when_others_come_and_go(browser: Browser) -> None:
    async with Stage.open(browser) as stage:
        await stage.show({"show_offline": False}, people=6, names=list("ABCDEF"))
        await stage.set({f"p{index}": {"status": "available"} for index in range(6)})
        await stage.rows.nth(3).locator("button").focus()
        await stage.set({"p0": {"status": "offline"}, "p5": {"status": "offline"}})
        await expect(stage.rows).to_have_count(4)
        assert await focused(stage.page) == "D"
        # Somebody is removed: the rows are built again.
        await stage.page.evaluate(
            "async () => { const { p1, ...devices } = stage.hass.devices; stage.hass = { ...stage.hass, devices }; stage.set({}); await stage.settled(); }"
        )
        await expect(stage.rows).to_have_count(3)
        assert await focused(stage.page) == "D"


async def test_one_row_is_in_the_tab_order_after_every_filter(browser: Browser) -> None:
    async with Stage.open(browser) as stage:
        await stage.show(people=12, queues=2)
        search = stage.page.get_by_role("searchbox")
        for text in ("ana", "berg", "301", "nobody", ""):
            await search.fill(text)
            await stage.page.evaluate("stage.settled()")
            stops = stage.rows.locator("button[tabindex='0']")
            assert await stops.count() == min(1, await stage.rows.count()), text


@pytest.mark.parametrize("mode", ["desk", "wall"])
async def test_arrows_go_by_place_through_all_parts(
    browser: Browser, mode: str
) -> None:
    async with Stage.open(browser) as stage:
        await stage.show({"mode": mode, "columns": 3}, people=5, queues=3, names=list("ABCDE"))  # fmt: skip
        page = stage.page
        await stage.rows.first.locator("button").focus()
        way = []
        for key in ("ArrowRight", "ArrowDown", "ArrowDown", "ArrowUp", "ArrowRight", "End", "ArrowUp"):  # fmt: skip
            await page.keyboard.press(key)
            way.append(await focused(page))
        # A B C / D E / Billing, Customer support, Sales
        assert way == ["B", "E", "Customer support", "E", "Billing", "Sales", "E"]


async def test_arrows_follow_the_direction_of_the_page(browser: Browser) -> None:
    async with Stage.open(browser) as stage:
        await stage.show(people=3, language="he", names=list("ABC"))
        await stage.rows.first.locator("button").focus()
        await stage.page.keyboard.press("ArrowLeft")
        assert await focused(stage.page) == "B"


async def test_a_screen_reader_hears_who_rings(browser: Browser) -> None:
    async with Stage.open(browser, has_clock=True) as stage:
        await stage.show(people=3, names=["Ana", "Bo", "Li"])
        status = stage.page.get_by_role("status")
        await stage.page.clock.fast_forward(20_000)
        await stage.set({"p1": {"status": "ringing"}})
        await expect(status).to_have_text("Bo: Ringing, 2 Available, 1 Ringing")
