"""On a wall the board fills the screen, whatever its size, and shows everybody whole."""

from typing import Any

from playwright.async_api import Browser
import pytest

from tests.e2e.running import END_TO_END

from .stage import Stage

pytestmark = END_TO_END

SIZES = [(1280, 720), (1366, 768), (1080, 1920), (1920, 1080), (2560, 1440), (3840, 2160)]  # fmt: skip
WALL = {"mode": "wall", "title": "Office"}
OTHERS = {"queues": 2, "parked": 3}
# Device and x, y of every row.
PLACES = """() => Object.fromEntries([...stage.board.querySelectorAll('li:not([hidden])')].map((item) => {
    const { x, y } = item.getBoundingClientRect();
    return [item.dataset.device, [Math.round(x), Math.round(y)]];
}))"""


@pytest.mark.parametrize("people", [5, 60, 300, 1000])
async def test_everybody_is_seen_whole_at_every_size(
    browser: Browser, people: int
) -> None:
    async with Stage.open(browser) as stage:
        await stage.show(WALL, people=people, **OTHERS)
        for size in SIZES:
            await stage.resize(*size)

            assert await stage.faults() == [], size
            look = await stage.look()
            if not look["page"]:
                assert look["rows"] == people + 5, size
            assert look["right"] > 0.97, (size, look)
            assert look["bottom"] > 0.9, (size, look)
            assert people == 1000 or not look["page"], size


async def test_type_is_as_large_as_fits(browser: Browser) -> None:
    fonts: dict[tuple[int, int], float] = {}
    async with Stage.open(browser) as stage:
        for people in (4, 40, 400):
            await stage.show(WALL, people=people)
            for width in (1280, 3840):
                await stage.resize(width, width * 9 // 16)
                look = await stage.look()
                assert look["rows"] == people
                fonts[people, width] = look["font"]

    for people in (4, 40, 400):
        assert 2.7 < fonts[people, 3840] / fonts[people, 1280] < 3.3
    for width in (1280, 3840):
        assert fonts[4, width] > 1.5 * fonts[40, width] > 2 * fonts[400, width]
    assert fonts[400, 1280] >= 8


async def test_whoever_does_not_fit_comes_on_a_page_of_their_own(
    browser: Browser,
) -> None:
    async with Stage.open(browser, has_clock=True) as stage:
        await stage.show(WALL, people=1000)
        seen = set(await stage.names())
        first = await stage.look()
        count = int(first["page"].partition(" / ")[2])
        assert first["page"] == f"1 / {count}"
        for page in range(2, count + 1):
            await stage.page.clock.fast_forward(16_000)
            await stage.page.wait_for_function(
                "page => stage.board.querySelector('.page').textContent.startsWith(page)",
                arg=f"{page} /",
            )
            assert await stage.faults() == []
            seen |= set(await stage.names())

        everybody = await stage.page.evaluate(
            "[...stage.board.querySelectorAll('.name')].map(e => e.textContent)"
        )
        assert seen == set(everybody)

        # By keyboard, too: the focus goes to somebody who is shown.
        await stage.rows.first.locator("button").focus()
        await stage.page.keyboard.press("PageUp")
        assert (await stage.look())["page"] == f"{count - 1} / {count}"
        assert await stage.page.locator("li:not([hidden]) button:focus").count() == 1


async def test_rows_keep_their_place_while_states_change(browser: Browser) -> None:
    async with Stage.open(browser, (820, 1180)) as stage:
        await stage.show(WALL, people=40, **OTHERS)
        before = await stage.page.evaluate(PLACES)
        await stage.set(
            {
                "p3": {"status": "ringing"},
                "p4": {"status": "unavailable"},
                "q0": {"telephony_status": "ringing", "active_calls": "12"},
                "k1": {"telephony_status": "parked_call", "active_calls": "1"},
            }
        )
        assert await stage.page.evaluate(PLACES) == before


async def test_at_a_desk_a_parked_call_moves_nobody(browser: Browser) -> None:
    async with Stage.open(browser, (820, 1180)) as stage:
        await stage.show({}, people=40, **OTHERS)
        before = await stage.page.evaluate(PLACES)
        await stage.set({"k1": {"telephony_status": "parked_call"}})
        after = await stage.page.evaluate(PLACES)
        assert after.keys() - before.keys() == {"k1"}
        assert {key: after[key] for key in before} == before


async def test_the_order_by_number(browser: Browser) -> None:
    async with Stage.open(browser) as stage:
        await stage.show({**WALL, "sort": "number"}, people=12)
        numbers = await stage.rows.locator(".number").all_inner_texts()
        assert numbers == sorted(numbers)


MOVING = "() => [...stage.board.querySelectorAll('li')].filter((item) => item.getAnimations().length).length"
FIRST = "name => stage.board.querySelector('li:not([hidden]) .name').textContent === name"  # fmt: skip


@pytest.mark.parametrize("motion", ["no-preference", "reduce"])
async def test_by_state_the_most_urgent_comes_first(
    browser: Browser, motion: Any
) -> None:
    async with Stage.open(browser, reduced_motion=motion) as stage:
        names = [f"Person {number:02}" for number in range(12)]
        await stage.show({**WALL, "sort": "state"}, people=12, names=names)
        kinds = await stage.rows.evaluate_all("rows => rows.map(e => e.dataset.kind)")
        ranks = await stage.page.evaluate(
            "async () => (await import('/card/states.js')).RANKS"
        )
        assert [ranks[kind] for kind in kinds] == sorted(ranks[kind] for kind in kinds)

        # One wish after another would make a wall restless: at most once a second.
        quiet = await stage.rows.last.locator(".name").inner_text()
        await stage.rows.last.locator("button").focus()
        device = await stage.rows.last.get_attribute("data-device")
        await stage.page.evaluate(
            "() => { window.moved = 0; const { stage } = window; const look = () => {"
            f" if (stage !== window.stage) return; window.moved = Math.max(window.moved, ({MOVING})());"
            " requestAnimationFrame(look); }; look(); }"
        )
        await stage.set({str(device): {"status": "ringing"}})
        ringing = [name for name, kind in zip(await stage.names(), kinds, strict=True) if kind == "ringing"]  # fmt: skip
        first = min([*ringing, quiet])
        await stage.page.wait_for_function(FIRST, arg=first)
        await stage.page.evaluate("stage.settled()")

        moved = await stage.page.evaluate("window.moved")
        assert moved == 0 if motion == "reduce" else moved > 0
        focused = stage.page.locator("li button:focus .name")
        assert await focused.inner_text() == quiet, "the focus stays with the person"


async def test_nothing_is_to_be_filtered(browser: Browser) -> None:
    async with Stage.open(browser) as stage:
        await stage.show(WALL, people=12)
        assert await stage.page.get_by_role("searchbox").count() == 0
        assert await stage.page.locator(".counts button").count() == 0
        assert await stage.page.locator(".counts > *").first.is_visible()


async def test_callers_are_whole_too(browser: Browser) -> None:
    async with Stage.open(browser) as stage:
        await stage.show({**WALL, "show_callers": True}, people=20)
        long = "Wolfeschlegelsteinhausenbergerdorff-Featherstonehaugh, Maximiliana"
        calls = {"state": "on_call", "caller_name": long}
        await stage.set({f"p{index}": {"status": calls} for index in range(20)})
        assert await stage.faults() == []
        assert await stage.page.get_by_text(long).count() == 20
