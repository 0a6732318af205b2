"""The wallboard as a person finds it on a page."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, Self

from playwright.async_api import Browser, Locator

from demo.api import Json
from demo.office import Office

from .visitor import Visitor

PATH = "wall-board"


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
            await board.rows.first.wait_for()
            await board.page.locator("li[data-kind]").first.wait_for()
            yield board

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
