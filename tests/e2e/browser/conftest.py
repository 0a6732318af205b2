"""One browser for all, and an office with a wallboard to look at."""

from collections.abc import AsyncGenerator, Generator
from contextlib import AsyncExitStack
from typing import Any

from aiohttp import web
from playwright.async_api import Browser, async_playwright
import pytest
import pytest_asyncio
import pytest_socket

from demo.hass import CHECKOUT, HOST, free_port
from demo.home import BLUEPRINTS
from demo.office import Office, Plan
from tests.e2e.running import START_TIMEOUT, Running

from .board import Board, create_board
from .visitor import Visitor, start_browser

FAILED = pytest.StashKey[bool]()
# Pictures of what failed; git-ignored.
PICTURES = CHECKOUT / ".e2e"


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncGenerator[Browser]:
    """Start the browser."""
    pytest_socket.enable_socket()
    async with async_playwright() as playwright:
        browser = await start_browser(playwright)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def shared(
    browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[Running]:
    """Start an office apart from that of other tests, as users have it: nothing enabled by hand."""
    # Another test may have run since the browser was started.
    pytest_socket.enable_socket()
    plan = Plan(port=free_port(), rate_limits=False, debug=True)
    folder = tmp_path_factory.mktemp("seen")
    async with Office.open(folder, plan) as office, AsyncExitStack() as stack:
        running = Running(office, stack)
        await running.connect()
        running.entry_id = await office.add_integration(["account"])
        running.entities = await office.entities()
        await running.agrees(timeout=START_TIMEOUT)
        await create_board(office)
        yield running
    running.assert_clean_log()


class Desk:
    """The page on which one test after another looks at the wallboard: loading it takes seconds."""

    def __init__(self, browser: Browser, office: Office) -> None:
        """Show nothing yet."""
        self._browser, self._office = browser, office
        self._stack = AsyncExitStack()
        self._board: Board | None = None

    async def board(self) -> Board:
        """Return the page; open it, if there is none."""
        if self._board is None:
            shown = Board.show(self._browser, self._office)
            self._board = await self._stack.enter_async_context(shown)
        return self._board

    async def close(self) -> None:
        """Close the page: after a failure nobody knows what it shows."""
        self._board = None
        await self._stack.aclose()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def desk(browser: Browser, shared: Running) -> AsyncGenerator[Desk]:
    """Keep a page for the wallboard."""
    desk = Desk(browser, shared.office)
    yield desk
    await desk.close()


@pytest_asyncio.fixture(loop_scope="session")
async def board(
    request: pytest.FixtureRequest, desk: Desk, running: Running
) -> AsyncGenerator[Board]:
    """Show the wallboard at a desk."""
    board = await desk.board()
    try:
        await board.start(running)
    except BaseException:
        await desk.close()
        raise
    yield board
    errors, board.errors = board.errors, []
    await keep_failure(request, board)
    if errors or request.node.stash.get(FAILED, False):
        await desk.close()
    assert errors == []


@pytest_asyncio.fixture(loop_scope="session")
async def visitor(
    request: pytest.FixtureRequest, browser: Browser, running: Running
) -> AsyncGenerator[Visitor]:
    """Be signed in, at an office that is set up."""
    async with Visitor.open(browser, running.office) as visitor:
        yield visitor
        await keep_failure(request, visitor)
        assert visitor.errors == []


@pytest_asyncio.fixture(loop_scope="session")
async def shelf() -> AsyncGenerator[str]:
    """Serve the blueprints' folder as a web site does."""
    app = web.Application()
    app.router.add_static("/", BLUEPRINTS)
    runner = web.AppRunner(app)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, HOST, port).start()
    yield f"http://{HOST}:{port}"
    await runner.cleanup()


async def keep_failure(request: pytest.FixtureRequest, visitor: Visitor) -> None:
    """Keep a picture of a failure."""
    if request.node.stash.get(FAILED, False):
        PICTURES.mkdir(exist_ok=True)
        await visitor.picture(PICTURES / f"{request.node.name}.png")


@pytest.fixture
def own(running: Running) -> str:
    """Return the extension that signed in."""
    return running.own


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, Any]:
    """Let fixtures know how the test went, so that a picture of the failure can be taken."""
    report = yield
    if report.when == "call":
        item.stash[FAILED] = report.failed
    return report
