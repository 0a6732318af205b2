"""The wallboard on a page of its own, with as many people as a test wants and no Home Assistant."""

from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
import json
from pathlib import Path
from typing import Any, Self

from playwright.async_api import Browser, Error, Locator, Page, Route

from demo.hass import CHECKOUT

HOME = CHECKOUT / "custom_components/ringcentral"
ORIGIN = "http://wallboard.invalid"
PAGE = (
    "<!doctype html><html lang='en'><head><meta name='viewport' content='width=device-width'><title>Wallboard</title></head>"
    "<body><script src='/stage.js'></script>"
    "<script type='module' src='/card/ringcentral.js'></script></body></html>"
)
# Of Home Assistant's own texts, those that the board shows.
INTERFACE = {
    "ui.common.search": "Search",
    "ui.components.related-filter-menu.filter": "Filter",
    "ui.components.combo-box.no_match": "No match",
    "state.default.unknown": "Unknown",
    "state.default.unavailable": "Unavailable",
}


def _texts(language: str) -> dict[str, str]:
    def leaves(found: Any, path: str) -> Iterator[tuple[str, str]]:
        if isinstance(found, str):
            yield path, found
            return
        for key, inner in found.items():
            yield from leaves(inner, f"{path}.{key}")

    path = HOME / "translations" / f"{language}.json"
    texts = json.loads((path if path.exists() else HOME / "translations/en.json").read_text())  # fmt: skip
    wanted = {key: texts[key] for key in ("entity", "selector")}
    return INTERFACE | dict(leaves(wanted, "component.ringcentral"))


async def _serve(route: Route) -> None:
    path = route.request.url.removeprefix(ORIGIN).partition("?")[0]
    if path == "/":
        await route.fulfill(content_type="text/html; charset=utf-8", body=PAGE)
        return
    files = {"/stage.js": Path(__file__).with_name("stage.js")}
    file = files.get(path) or HOME / "frontend" / path.removeprefix("/card/")
    await route.fulfill(
        content_type="text/javascript; charset=utf-8", body=file.read_text()
    )


# The page of each browser that a test left as it should be.
_shared: dict[Browser, Page] = {}


class Stage:
    """A page with one or several boards."""

    def __init__(self, page: Page) -> None:
        """Use an open page."""
        self.page = page
        self.errors: list[str] = []
        page.set_default_timeout(30_000)
        page.on("pageerror", self._failed)

    def _failed(self, error: Error) -> None:
        self.errors.append(str(error))

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        browser: Browser,
        size: tuple[int, int] = (1280, 720),
        *,
        has_clock: bool = False,
        reduced_motion: Any = "no-preference",
    ) -> AsyncGenerator[Self]:
        """Open the page that all tests share, or one of its own with a clock that can be set."""
        page = None if has_clock else _shared.pop(browser, None)
        if page is None:
            context = await browser.new_context()
            await context.route(f"{ORIGIN}/**", _serve)
            page = await context.new_page()
            if has_clock:
                await page.clock.install()
            await page.goto(ORIGIN)
            await page.wait_for_function(
                "Boolean(customElements.get('ringcentral-wallboard') && window.Stage)"
            )
        await page.set_viewport_size({"width": size[0], "height": size[1]})
        await page.emulate_media(reduced_motion=reduced_motion)
        stage = cls(page)
        try:
            yield stage
            assert stage.errors == []
        except BaseException:
            # Nobody knows what the page shows.
            await page.context.close()
            raise
        if has_clock:
            await page.context.close()
        else:
            page.remove_listener("pageerror", stage._failed)
            _shared[browser] = page

    async def show(self, *configs: dict[str, Any], **who: Any) -> None:
        """Show cards instead of those before, one if nothing is said, with people by `who` (see stage.js)."""
        texts = _texts(who.get("language", "en"))
        await self.page.evaluate(
            "async ([who, cards]) => { window.stage = new Stage(who);"
            " for (const card of cards) await stage.show(card); }",
            [{**who, "texts": texts}, list(configs) or [{}]],
        )

    async def set(self, changes: dict[str, Any], age: float = 0) -> None:
        """Set states by device and key."""
        await self.page.evaluate(
            "async ([changes, age]) => { stage.set(changes, age); await stage.settled(); }",
            [changes, age],
        )

    async def resize(self, width: int, height: int) -> None:
        """Give the page another size."""
        await self.page.set_viewport_size({"width": width, "height": height})
        await self.page.evaluate("stage.settled()")

    async def faults(self) -> list[str]:
        """Return what cannot be seen whole."""
        found: list[str] = await self.page.evaluate("stage.faults()")
        return found

    async def look(self) -> dict[str, Any]:
        """Return what the screen is filled with."""
        found: dict[str, Any] = await self.page.evaluate("stage.look()")
        return found

    @property
    def rows(self) -> Locator:
        """The rows that are shown."""
        return self.page.locator("ringcentral-wallboard-board li:not([hidden])")

    async def names(self) -> list[str]:
        """Return the names in the order of the page."""
        return await self.rows.locator(".name").all_inner_texts()
