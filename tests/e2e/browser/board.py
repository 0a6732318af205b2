"""The wallboard as a person finds it on a page."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, Self

from playwright.async_api import Browser, Locator, ViewportSize

from demo.api import Json
from demo.office import Office
from tests.e2e.running import SOON, Running, eventually

from .visitor import DESKTOP, Visitor

PATH = "wall-board"

# Whether a page knows states by entity and name and area by device.
KNOWS = """([states, devices]) => {
    const { hass } = document.querySelector('home-assistant');
    return Object.entries(states).every(([id, state]) => hass.states[id]?.state === state)
        && Object.entries(devices).every(([id, [name, area]]) => hass.devices[id]?.name_by_user === name && hass.devices[id].area_id === area);
}"""
# Another page without loading the interface again, as a click in the side bar does.
GO = """path => {
    history.pushState(null, '', path);
    window.dispatchEvent(new CustomEvent('location-changed', { detail: { replace: false } }));
}"""
# The board without a search, a filter and the focus, once it is drawn.
CLEAR = """async (board) => {
    const root = board.shadowRoot;
    const search = root.querySelector('input');
    search.value = '';
    search.dispatchEvent(new Event('input'));
    root.querySelector('[aria-pressed="true"]')?.click();
    // The tabulator key goes to the row that had the focus last.
    root.querySelector('li:not([hidden]) button')?.focus();
    root.activeElement?.blur();
    for (let frame = 0; frame < 3; frame += 1) await new Promise(requestAnimationFrame);
}"""
# Once the page is so wide, and the board has been at one place for some frames: a side bar slides.
AT_REST = """async ([board, width]) => {
    const place = () => {
        const { x, y, width, height } = board.getBoundingClientRect();
        return [window.innerWidth, x, y, width, height].join();
    };
    for (let before = '', same = 0; same < 10 || window.innerWidth !== width; same = place() === before ? same + 1 : 0) {
        before = place();
        await new Promise(requestAnimationFrame);
    }
}"""


async def create_board(
    office: Office, path: str = PATH, config: Json | None = None
) -> None:
    """Create a dashboard, by default the one that the integration brings."""
    await office.socket.call(
        "lovelace/dashboards/create",
        url_path=path,
        title=path.replace("-", " ").title(),
        icon="mdi:phone-in-talk",
        show_in_sidebar=True,
        require_admin=False,
    )
    await office.socket.call(
        "lovelace/config/save",
        url_path=path,
        config=config or {"strategy": {"type": "custom:ringcentral-wallboard"}},
    )


def of_card(**options: Any) -> Json:
    """Return a dashboard of one card with options."""
    card = {"type": "custom:ringcentral-wallboard", **options}
    return {"views": [{"type": "panel", "cards": [card]}]}


class Board(Visitor):
    """A page with a wallboard."""

    @classmethod
    @asynccontextmanager
    async def show(
        cls, browser: Browser, office: Office, path: str = PATH, **options: Any
    ) -> AsyncGenerator[Self]:
        """Open the dashboard and wait for its rows."""
        async with cls.open(browser, office, **options) as board:
            await board.goto(f"/{path}")
            await board.has_rows()
            yield board

    async def has_rows(self) -> None:
        """Wait for the rows and their states."""
        await self.rows.first.wait_for()
        await self.page.locator("li[data-kind]").first.wait_for()

    async def start(self, running: Running, path: str = PATH) -> None:
        """Show the dashboard as if it were opened now: nobody searched, and every state is current."""
        await self.resize(DESKTOP)
        if not await self.wall.count():
            await self.goto(f"/{path}")
            await self.has_rows()
        elif self.page.url.partition("?")[0].split("/")[3] != path:
            await self.go(path)

        async def holds() -> bool:
            ours = set(running.entities.devices.values())
            devices = {
                device["id"]: [device["name_by_user"], device["area_id"]]
                for device in await self.office.socket.call("config/device_registry/list")
                if device["id"] in ours
            }  # fmt: skip
            states = {
                entity_id: state
                for entity_id in running.entities.values()
                if (state := self.office.states.get(entity_id)) is not None
            }
            return bool(await self.page.evaluate(KNOWS, [states, devices]))

        await eventually(holds, SOON)
        await self.wall.evaluate(CLEAR)

    async def go(self, path: str) -> None:
        """Go to another dashboard within the page, and wait for its rows."""
        await self.page.wait_for_function(
            "path => path in document.querySelector('home-assistant').hass.panels",
            arg=path,
        )
        before = await self.wall.element_handle() if await self.wall.count() else None
        await self.page.evaluate(GO, f"/{path}")
        await self.page.wait_for_function("board => !board?.isConnected", arg=before)
        await self.has_rows()

    async def resize(self, viewport: dict[str, int]) -> None:
        """Give the page another size, and wait until all is where it belongs."""
        if self.page.viewport_size == viewport:
            return
        size = ViewportSize(width=viewport["width"], height=viewport["height"])
        await self.page.set_viewport_size(size)
        if await self.wall.count():
            wall = await self.wall.element_handle()
            await self.page.evaluate(AT_REST, [wall, viewport["width"]])

    @property
    def wall(self) -> Locator:
        """The board itself."""
        return self.page.locator("ringcentral-wallboard-board")

    @property
    def rows(self) -> Locator:
        """The rows that are not filtered out."""
        return self.page.locator("ringcentral-wallboard-board li:not([hidden])")

    def row(self, name: str) -> Locator:
        """Return somebody's row."""
        return self.rows.filter(has_text=name)

    async def is_in(self, name: str, kind: str) -> None:
        """Wait until somebody's lamp is of a kind."""
        await self.page.locator(f"li[data-kind='{kind}']", has_text=name).wait_for()

    async def kinds(self) -> dict[str, str]:
        """Return lamp by extension number, of the rows that are shown."""
        found: dict[str, str] = await self.rows.evaluate_all(
            "rows => Object.fromEntries(rows.map(row =>"
            " [row.querySelector('.number').textContent, row.dataset.kind]))"
        )
        return found

    async def counts(self) -> dict[str, int]:
        """Return the numbers above the rows by their text."""
        chips = self.page.locator("ringcentral-wallboard-board .counts button")
        texts = await chips.locator("visible=true").all_inner_texts()
        found = {}
        for text in texts:
            number, _, word = text.replace("\n", " ").partition(" ")
            found[word.strip()] = int(number)
        return found
