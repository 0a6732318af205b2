"""What a row, a part and the banner say, and in which colors and shapes."""

from typing import Any

from playwright.async_api import Browser, expect
import pytest

from tests.e2e.running import END_TO_END

from .stage import Stage

pytestmark = END_TO_END

KINDS = ["ringing", "on_call", "dialing", "on_hold", "in_meeting", "do_not_disturb", "busy", "available", "offline", "unknown"]  # fmt: skip
OPENED = "() => { window.opened = []; stage.cards[0].addEventListener('hass-more-info', (event) => window.opened.push(event.detail.entityId)); }"


async def test_a_queue_says_how_many_wait_and_since_when(browser: Browser) -> None:
    async with Stage.open(browser) as stage:
        await stage.show(people=3, queues=2)
        row = stage.page.locator("li[data-device='q0']")
        await expect(row).to_contain_text("No call")
        assert await row.locator("time").inner_text() == ""

        await stage.set({"q0": {"telephony_status": "ringing", "active_calls": "2"}}, age=61)  # fmt: skip
        await expect(row.locator(".state")).to_have_text("Waiting: 21:01")
        await expect(stage.page.get_by_role("heading", name="Queues")).to_be_visible()
        ringing = stage.page.get_by_role("button", name="Ringing").first
        before = await ringing.inner_text()
        await stage.set({"q1": {"telephony_status": "ringing", "active_calls": "1"}})
        assert await ringing.inner_text() == before, "queues are not people"


async def test_parts_are_headed_where_there_are_several(browser: Browser) -> None:
    async with Stage.open(browser) as stage:
        await stage.show(people=3)
        await expect(stage.page.get_by_role("heading")).to_have_count(0)
        await stage.show(people=3, parked=2)
        await expect(stage.page.get_by_role("heading", name="Parked calls")).to_have_count(0)  # fmt: skip
        await stage.set({"k1": {"telephony_status": "parked_call"}}, age=5)
        await expect(stage.page.get_by_role("heading", name="Parked calls")).to_be_visible()  # fmt: skip


@pytest.mark.parametrize("shows", [False, True])
async def test_callers_show_where_they_are_asked_for(
    browser: Browser, shows: bool
) -> None:
    async with Stage.open(browser) as stage:
        await stage.show({"show_callers": shows}, people=3)
        call = {"state": "ringing", "caller_name": "Zebulon Quagmire"}
        await stage.set({"p1": {"status": call}})
        caller = stage.page.get_by_text("Zebulon Quagmire")
        assert await caller.count() == shows
        await stage.set({"p1": {"status": {**call, "state": "available"}}})
        assert await caller.count() == 0


async def test_a_click_opens_what_is_shown(browser: Browser) -> None:
    async with Stage.open(browser) as stage:
        await stage.show({"mode": "wall"}, people=3, queues=1, parked=1)
        await stage.page.evaluate(OPENED)
        for device in ("p1", "q0", "k0"):
            await stage.page.locator(f"li[data-device='{device}'] button").click()
        assert await stage.page.evaluate("window.opened") == [
            "sensor.p1_status",
            "sensor.q0_telephony_status",
            "sensor.k0_telephony_status",
        ]


@pytest.mark.parametrize("mode", ["desk", "wall"])
async def test_a_banner_says_since_when_there_is_no_connection(
    browser: Browser, mode: str
) -> None:
    async with Stage.open(browser) as stage:
        await stage.show({"mode": mode}, people=12)
        banner = stage.page.locator(".banner")
        await expect(banner).to_be_hidden()
        await stage.set({"account": {"push_connected": "off"}}, age=1)
        await expect(banner).to_be_hidden()

        await stage.set({"account": {"push_connected": "off"}}, age=60)
        await expect(banner).to_be_visible()
        since = await stage.page.evaluate(
            "new Date(stage.hass.states['sensor.account_push_connected'].last_changed).toLocaleTimeString('en', { hour: 'numeric', minute: '2-digit', hourCycle: 'h23' })"
        )
        await expect(banner).to_have_text(f"No connection to RingCentral since {since}")
        assert mode == "desk" or await stage.faults() == []
        await stage.page.evaluate(OPENED)
        await banner.click()
        assert await stage.page.evaluate("window.opened") == ["sensor.account_push_connected"]  # fmt: skip

        await stage.set({"account": {"push_connected": "on"}})
        await expect(banner).to_be_hidden()


# What a lamp's color and the color behind it are, and its glyph.
LAMPS = """() => [...stage.board.querySelectorAll('li:not([hidden])')].map((item) => {
    const lamp = item.querySelector('.lamp');
    const number = (text) => text.match(/[\\d.]+/g).map(Number);
    const light = (rgb) => rgb.slice(0, 3).map((c) => c / 255)
        .map((c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
        .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
    const ratio = (a, b) => { const [x, y] = [light(a), light(b)].sort((p, q) => q - p); return (x + 0.05) / (y + 0.05); };
    const style = getComputedStyle(lamp);
    const fill = number(style.backgroundColor);
    const shown = fill[3] === 0 ? number(style.borderTopColor) : fill;
    const behind = number(getComputedStyle(item.querySelector('button')).backgroundColor);
    const glyph = number(getComputedStyle(lamp.querySelector('svg')).fill);
    return [item.dataset.kind, ratio(shown, behind), ratio(glyph, fill[3] === 0 ? behind : fill), lamp.querySelector('path').getAttribute('d')];
})"""


# Pixels from the lowest of the filters to the text of the first heading.
ABOVE = """() => {
    const shown = [...stage.board.querySelectorAll('.counts > *, input')].filter((each) => getComputedStyle(each).visibility === 'visible');
    return stage.board.querySelector('h3 span').getBoundingClientRect().top - Math.max(...shown.map((each) => each.getBoundingClientRect().bottom));
}"""


@pytest.mark.parametrize("dark", [False, True])
async def test_lamps_are_told_apart_without_colors(
    browser: Browser, dark: bool
) -> None:
    async with Stage.open(browser, reduced_motion="reduce") as stage:
        await stage.show(people=len(KINDS), dark=dark)
        await stage.set({f"p{index}": {"status": kind} for index, kind in enumerate(KINDS)})  # fmt: skip
        lamps = await stage.page.evaluate(LAMPS)
        assert {kind for kind, *_ in lamps} == set(KINDS)
        assert min(ratio for _, ratio, *_ in lamps) >= 3
        assert min(ratio for *_, ratio, _ in lamps) >= 3
        assert len({glyph for *_, glyph in lamps}) == len(KINDS)


async def test_a_long_name_is_whole_on_a_phone(browser: Browser) -> None:
    names = ["Leutheusser-Schnarrenberger", "Featherstonehaughandsons", "Bo"]
    async with Stage.open(browser) as stage:
        await stage.show(people=3, names=names)
        for width in (390, 320):
            await stage.resize(width, 844)
            cut = await stage.rows.locator(".name").evaluate_all(
                "names => names.filter(e => e.scrollWidth > e.clientWidth || e.getBoundingClientRect().height > e.closest('li').clientHeight).map(e => e.textContent)"
            )
            assert cut == [], width


async def test_no_line_is_left_empty_above_the_rows(browser: Browser) -> None:
    empty = []
    async with Stage.open(browser) as stage:
        for language in ("en", "de", "ja"):
            await stage.show(people=12, queues=1, parked=1, language=language)
            for width in range(520, 1300, 60):
                await stage.resize(width, 844)
                gap = await stage.page.evaluate(ABOVE)
                if gap > 30:
                    empty.append((language, width, gap))
    assert empty == []


async def test_from_right_to_left(browser: Browser) -> None:
    async with Stage.open(browser) as stage:
        await stage.show({"title": "משרד"}, people=3, language="he", names=["Ana Berg (2)", "דנה כהן", "Bo 7"])  # fmt: skip
        row = stage.page.locator("li[data-device='p0']")
        boxes: dict[str, Any] = {
            name: await row.locator(name).bounding_box()
            for name in (".lamp", ".name bdi", ".number", "button")
        }
        right = boxes["button"]["x"] + boxes["button"]["width"]
        assert boxes[".lamp"]["x"] > boxes[".name bdi"]["x"] + boxes[".name bdi"]["width"]  # fmt: skip
        assert right - boxes[".lamp"]["x"] - boxes[".lamp"]["width"] < 30
        assert boxes[".number"]["x"] - boxes["button"]["x"] < 30
        title = await stage.page.get_by_role("heading").bounding_box()
        assert title is not None
        assert title["x"] > 640


@pytest.mark.parametrize("language", ["en", "de", "ja", "pt-BR"])
async def test_the_editor_speaks_the_language(browser: Browser, language: str) -> None:
    async with Stage.open(browser) as stage:
        await stage.show(people=1, language=language)
        labels = await stage.page.evaluate(
            """async () => {
                const { schema, computeLabel, computeHelper } = (await import('/card/editor.js')).configForm(stage.hass.localize);
                const options = schema.flatMap((field) => field.selector.select?.options.map(({ label }) => label) ?? []);
                return [schema.map(({ name }) => name), schema.map((field) => computeLabel(field)), options, schema.map((field) => computeHelper(field))];
            }"""
        )
        names, shown, options, helpers = labels
        assert all(shown)
        assert not set(shown) & set(names), "a text that is missing is shown as its key"
        assert not any("_" in text for text in [*options, *filter(None, helpers)])
        description = await stage.page.evaluate("customCards[0].description")
        phone = {"en": "Phone", "de": "Telefon", "ja": "電話", "pt-BR": "telefone"}
        assert phone[language] in description


async def test_a_mistake_in_yaml_is_named(browser: Browser) -> None:
    async with Stage.open(browser) as stage:
        await stage.show(people=1)
        for config in ({"mode": "ceiling"}, {"sort": "age"}):
            message = await stage.page.evaluate(
                "config => { try { stage.cards[0].setConfig(config); } catch (error) { return error.message; } }",
                config,
            )
            assert message.startswith(next(iter(config)))


async def test_sections_know_its_size(browser: Browser) -> None:
    async with Stage.open(browser) as stage:
        await stage.show({"mode": "wall"}, {}, people=12)
        grids = await stage.page.evaluate("stage.cards.map((card) => card.getGridOptions())")  # fmt: skip
        assert [grid["rows"] for grid in grids] == [10, "auto"]
        sizes = await stage.page.evaluate("stage.cards.map((card) => card.getCardSize())")  # fmt: skip
        assert sizes[0] == pytest.approx(720 / 50, abs=1)
