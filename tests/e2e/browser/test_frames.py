"""The wallboard with 200 extensions and 20 events a second never makes a frame wait.

A browser on a busy machine drops frames with an empty page, too. So two things are claimed:

- Of every frame that took longer than 50 ms, the browser tells which script ran and how long
  (long animation frames): the wallboard's own code, with the style and layout that end the frame,
  never takes 50 ms of one. What else the machine does makes any work take longer: by how much is
  measured in the same turn, and allowed for.
- Pages with the wallboard and with plain rows that change as often are watched in turns, in the same
  browser and under the same events: with the wallboard, hardly more frames come late.

What else the machine does differs from turn to turn, what the wallboard costs does not: one turn
in which both are so is enough. A turn in which the machine is too busy to send its events is none.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from itertools import cycle
import json
import math
import statistics
from typing import Any

from playwright.async_api import Browser, Page
import pytest
import pytest_asyncio

from demo.hass import free_port
from demo.office import Office, Plan
from tests.e2e.running import END_TO_END

from .board import Board, create_board
from .visitor import Visitor

pytestmark = [*END_TO_END, pytest.mark.timeout(300)]

EXTENSIONS = 200
EVENTS_A_SECOND = 20
SECONDS = 5.0
ROUNDS = 6
LIMIT = 50.0
# Always the same work, some 20 ms of it on a processor of its own: how long each took.
SPIN = """() => [...Array(10)].map(() => {
    const began = performance.now();
    for (let turn = 0, sum = 0; turn < 2e7; turn++) sum += turn;
    return performance.now() - began;
})"""
# Of the frames with the wallboard, what may be late beyond those without it.
MORE_LATE = 0.02

FLOOR = "floor-board"

WATCH = """() => {
    window.frames_ = []; window.long_ = [];
    let last = performance.now();
    const look = (now) => {
        window.frames_.push(now - last); last = now; window.next_ = requestAnimationFrame(look);
    };
    window.next_ = requestAnimationFrame((now) => { last = now; look(now); window.frames_ = []; });
    window.observer_ = new PerformanceObserver((list) => list.getEntries().forEach((frame) => {
        const ours = frame.scripts.filter((script) => script.sourceURL.includes('/ringcentral_wallboard/'))
            .reduce((sum, script) => sum + script.duration, 0);
        const end = frame.startTime + frame.duration;
        const layout = frame.styleAndLayoutStart ? end - frame.styleAndLayoutStart : 0;
        window.long_.push([frame.duration, ours, layout]);
    }));
    window.observer_.observe({ type: 'long-animation-frame' });
}"""
# As many rows as the wallboard has, of which one changes its color and text as often.
ROWS = """([rows, pause]) => {
    const page = document.body.appendChild(document.createElement('div'));
    page.style = 'position:fixed;inset:0;overflow:auto;background:#fff;z-index:9;'
        + 'display:grid;grid-template-columns:repeat(3,1fr);gap:8px';
    const all = [...Array(rows)].map(() => {
        const row = page.appendChild(document.createElement('div'));
        const lamp = row.appendChild(document.createElement('span'));
        lamp.style = 'display:inline-block;width:12px;height:12px;border-radius:6px';
        return [lamp, row.appendChild(document.createTextNode('Available'))];
    });
    let turn = 0;
    setInterval(() => {
        const [lamp, text] = all[turn++ % rows];
        lamp.style.background = turn % 2 ? 'red' : 'green';
        text.data = `On a call ${turn}`;
    }, pause);
}"""
STOP = """() => {
    cancelAnimationFrame(window.next_); window.observer_.disconnect();
    return { frames: window.frames_, long: window.long_ };
}"""


@dataclass(slots=True, kw_only=True)
class Seen:
    """What was seen of one page."""

    frames: list[float]
    """Milliseconds from each to the next."""
    long: list[list[float]]
    """Of frames over 50 ms: how long, the wallboard's scripts, style and layout."""
    sent: int = 0
    """Events, in the seconds of looking."""
    spins: list[float]
    """Milliseconds that the same work took each time."""

    @property
    def is_at_pace(self) -> bool:
        """Whether events came as fast as they were to."""
        return self.sent >= EVENTS_A_SECOND * SECONDS * 0.9

    def late(self, limit: float) -> float:
        """Return the share of frames that came later than after so many milliseconds."""
        return sum(gap > limit for gap in self.frames) / len(self.frames)


@pytest_asyncio.fixture(loop_scope="session")
async def large(
    browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[Office]:
    """Start an office of 200, all followed."""
    plan = Plan(port=free_port(), extensions=EXTENSIONS, rate_limits=False)
    folder = tmp_path_factory.mktemp("large")
    async with Office.open(folder, plan) as office, AsyncExitStack() as stack:
        await stack.enter_async_context(office.connected())
        await office.add_integration(["account"])
        await create_board(office)
        empty = {"type": "markdown", "content": "Nothing moves here."}
        await create_board(office, FLOOR, {"views": [{"cards": [empty]}]})
        yield office


async def storm(office: Office, seconds: float) -> int:
    """Change somebody's presence 20 times a second; return how many events that made."""
    extensions = [str(key) for key in office.emulator.info["extension_ids"]]
    loop = asyncio.get_running_loop()
    began = loop.time()
    # Calls for one half, presence for the other: rows change lamp, text and count.
    for index, extension_id in enumerate(cycle(extensions)):
        if (due := began + index / EVENTS_A_SECOND) > began + seconds:
            return index
        await asyncio.sleep(max(0.0, due - loop.time()))
        turn = index // len(extensions)
        if index % 2:
            word = "hangup" if turn % 2 else "ring"
            await office.emulator.post(
                "calls", extension_id=extension_id, script=[word], call=extension_id
            )
        else:
            words = ("DoNotAcceptAnyCalls", "TakeAllCalls")
            await office.emulator.set_presence(extension_id, dndStatus=words[turn % 2])
    raise AssertionError


async def watch(page: Page, office: Office) -> Seen:
    """Return the frames of a page under events."""
    await page.wait_for_timeout(2000)
    await page.evaluate(WATCH)
    sent = await storm(office, SECONDS)
    seen = await page.evaluate(STOP)
    return Seen(**seen, sent=sent, spins=await page.evaluate(SPIN))


async def test_no_frame_waits_for_the_wallboard(
    browser: Browser, large: Office, record_property: Any
) -> None:
    figures = []
    quickest = math.inf
    for _round in range(ROUNDS):
        floor, board = await one_round(browser, large)
        own = max((script + layout for _all, script, layout in board.long), default=0.0)
        # Other tests use the processor, too: what they make of the same work is left out.
        quickest = min(quickest, *floor.spins, *board.spins)
        limit = LIMIT * statistics.mean(board.spins) / quickest
        figures.append(
            {
                **{
                    name: {
                        "events": seen.sent,
                        "frames": len(seen.frames),
                        "late": seen.late(limit),
                        "longest": round(max(seen.frames), 1),
                        "p99": round(
                            sorted(seen.frames)[int(len(seen.frames) * 0.99)], 1
                        ),
                    }
                    for name, seen in (("floor", floor), ("wallboard", board))
                },
                "longest own part": round(own, 1),
                "limit": round(limit, 1),
            }
        )
        is_smooth = own < limit and board.late(limit) <= floor.late(limit) + MORE_LATE
        if is_smooth and floor.is_at_pace and board.is_at_pace:
            break
    else:
        pytest.fail(json.dumps(figures))
    record_property("frames", json.dumps(figures))


async def one_round(browser: Browser, large: Office) -> tuple[Seen, Seen]:
    """Return what was seen of a page without the wallboard, and of the wallboard."""
    await large.emulator.post("reset")
    async with Visitor.open(browser, large) as visitor:
        await visitor.goto(f"/{FLOOR}")
        await visitor.text("Nothing moves here.").wait_for()
        await visitor.page.evaluate(ROWS, [EXTENSIONS, 1000 / EVENTS_A_SECOND])
        floor = await watch(visitor.page, large)
    await large.emulator.post("reset")
    async with Board.show(browser, large) as shown:
        assert await shown.rows.count() > EXTENSIONS * 0.9
        await shown.page.wait_for_timeout(2000)
        before = await shown.kinds()
        board = await watch(shown.page, large)
        assert await shown.kinds() != before, "the board was awake"
    return floor, board
