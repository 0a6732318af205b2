"""The wallboard shows everybody as they are, to everybody who looks, and to nobody else."""

import re
from typing import Any

from playwright.async_api import Browser, expect
import pytest

from demo.api import Json
from demo.office import Office
from tests.e2e.running import END_TO_END, SOON, Running, eventually

from .board import Board, create_board, of_card
from .visitor import PHONE, Visitor

pytestmark = END_TO_END

RED, AMBER, GREEN = "rgb(211, 47, 47)", "rgb(178, 106, 0)", "rgb(46, 125, 50)"


def lamp(presence: Json) -> str:
    """Return the lamp for a presence in REST shape: the status, judged again from the service's words."""
    calls = [
        (call["telephonyStatus"], call["direction"])
        for call in presence.get("activeCalls", [])
    ]
    phases = {phase for phase, _ in calls} | {presence["telephonyStatus"]}
    ranking = {
        "ringing": ("Ringing", "Inbound") in calls,
        "on_call": "CallConnected" in phases,
        "dialing": ("Ringing", "Outbound") in calls,
        "on_hold": "OnHold" in phases,
        "parked_call": "ParkedCall" in phases,
        "in_meeting": presence["meetingStatus"] == "Connected",
        "do_not_disturb": presence["dndStatus"] == "DoNotAcceptAnyCalls",
    }
    shown = (kind for kind, is_so in ranking.items() if is_so)
    return next(shown, str(presence["presenceStatus"]).lower())


async def name_of(office: Office, extension_id: str) -> str:
    entities = await office.entities()
    devices = await office.socket.call("config/device_registry/list")
    wanted = entities.devices[extension_id]
    return next(str(each["name"]) for each in devices if each["id"] == wanted)


async def numbers(office: Office) -> dict[str, str]:
    """Return extension ids by number, without park locations."""
    entities = await office.entities()
    devices = {
        device["id"]: device
        for device in await office.socket.call("config/device_registry/list")
    }
    return {
        devices[device_id]["model"].removeprefix("Extension "): extension_id
        for extension_id, device_id in entities.devices.items()
        if (extension_id, "presence_status") in entities
    }


async def test_everybody_is_shown_as_the_service_has_them(board: Board) -> None:
    truth = await board.office.emulator.truth()
    expected = {
        number: lamp(truth[extension_id])
        for number, extension_id in (await numbers(board.office)).items()
    }

    # Queues without calls are shown, too; the service has no presence of them.
    kinds = {number: kind for number, kind in (await board.kinds()).items() if kind != "no_call"}  # fmt: skip
    assert kinds == expected


async def test_the_counts_count_everybody_once(board: Board) -> None:
    counts = await board.counts()

    assert list(counts) == ["Available", "Ringing", "On a call", "Busy", "Offline", "Parked call"]  # fmt: skip
    kinds = list((await board.kinds()).values())
    assert sum(counts.values()) == len([kind for kind in kinds if kind != "no_call"])
    assert counts["Available"] == kinds.count("available")
    assert counts["Offline"] == kinds.count("offline")


async def test_a_call_from_ring_to_end(
    board: Board, running: Running, own: str
) -> None:
    name = await name_of(board.office, own)
    row = board.row(name)
    lamp = row.locator(".lamp")
    before = await board.counts()

    await running.call(own, "ring", call="a")
    await board.is_in(name, "ringing")
    await expect(row).to_contain_text(re.compile(r"Ringing0:0\d"))
    await expect(lamp).to_have_css("background-color", RED)
    assert await blinks(lamp) == 0.4
    assert (await board.counts())["Ringing"] == 1
    assert (await board.counts())["Available"] == before["Available"] - 1

    await running.call(own, "answer", call="a")
    await board.is_in(name, "on_call")
    await expect(row).to_contain_text("On a call")
    await expect(lamp).to_have_css("background-color", RED)
    assert await blinks(lamp) == 0

    await running.call(own, "hold", call="a")
    await board.is_in(name, "on_hold")
    await expect(row).to_contain_text("On hold")
    await expect(lamp).to_have_css("background-color", AMBER)
    assert await blinks(lamp) == 1.6

    await running.call(own, "hangup", call="a")
    await board.is_in(name, "available")
    await expect(lamp).to_have_css("background-color", GREEN)
    assert await board.counts() == before


async def blinks(lamp: Any) -> float:
    """Return how many seconds one blink takes; 0 for a steady lamp."""
    name, duration = await lamp.evaluate(
        "e => [getComputedStyle(e).animationName, getComputedStyle(e).animationDuration]"
    )
    return 0 if name == "none" else float(duration.removesuffix("s"))


async def test_dialing_is_no_ringing(board: Board, running: Running, own: str) -> None:
    name = await name_of(board.office, own)

    await running.call(own, "dial", call="b")
    await board.is_in(name, "dialing")

    await expect(board.row(name)).to_contain_text("Dialing")
    assert await blinks(board.row(name).locator(".lamp")) == 0
    await running.call(own, "hangup", call="b")


async def test_a_second_call_rings_on_top_of_the_first(
    board: Board, running: Running, own: str
) -> None:
    name = await name_of(board.office, own)
    await running.call(own, "ring", "answer", call="c")
    await board.is_in(name, "on_call")

    await running.call(own, "ring", call="d")
    await board.is_in(name, "ringing")

    await running.call(own, "missed", call="d")
    await board.is_in(name, "on_call")
    await running.call(own, "hangup", call="c")


async def test_do_not_disturb_has_a_lamp_of_its_own(board: Board, own: str) -> None:
    name = await name_of(board.office, own)

    await board.office.emulator.set_presence(own, dndStatus="DoNotAcceptAnyCalls")
    await board.is_in(name, "do_not_disturb")

    await expect(board.row(name)).to_contain_text("Do not disturb")
    glyphs = await board.rows.evaluate_all(
        "rows => rows.map(row => [row.dataset.kind, row.querySelector('.lamp path').getAttribute('d')])"
    )
    bars = {kind for kind, glyph in glyphs if glyph == dict(glyphs)["do_not_disturb"]}
    assert bars == {"do_not_disturb"}, "a shape says it without colors, too"


async def test_a_place_for_parked_calls_shows_while_one_is_there(
    board: Board, running: Running, own: str
) -> None:
    assert (await board.counts())["Parked call"] == 0

    await running.call(own, "ring", "answer", "park", call="e")
    await board.page.locator("li[data-kind='parked_call']").wait_for()

    assert (await board.counts())["Parked call"] == 1
    await running.call(own, "retrieve", "hangup", call="e")
    await expect(board.page.locator("li[data-kind='parked_call']")).to_have_count(0)


async def test_what_has_lasted_is_told_and_goes_on(
    board: Board, running: Running, own: str
) -> None:
    name = await name_of(board.office, own)
    time = board.row(name).locator("time")
    await running.call(own, "ring", "answer", call="f")
    await board.is_in(name, "on_call")

    async def seconds() -> int:
        minutes, _, rest = (await time.inner_text()).partition(":")
        return int(minutes) * 60 + int(rest)

    before, text = await seconds(), await time.inner_text()
    assert before < 60
    await expect(time).not_to_have_text(text)
    assert await seconds() > before
    await running.call(own, "hangup", call="f")


async def test_search_by_name_and_number(board: Board, own: str) -> None:
    name = await name_of(board.office, own)
    everybody = await board.rows.count()
    search = board.page.get_by_role("searchbox", name="Search").last

    await search.fill(name.upper()[:6])
    await expect(board.row(name)).to_be_visible()
    assert await board.rows.count() < everybody

    number = await board.row(name).locator(".number").inner_text()
    await search.fill(number)
    await expect(board.rows).to_have_count(1)

    await search.fill("nobody is called so")
    await expect(board.rows).to_have_count(0)
    await expect(board.page.locator(".nobody")).to_be_visible()

    await search.fill("")
    await expect(board.rows).to_have_count(everybody)


async def test_a_count_shows_those_it_counts(
    board: Board, running: Running, own: str
) -> None:
    everybody = await board.rows.count()
    chip = board.page.get_by_role("button", name="On a call").first

    await chip.click()
    await expect(chip).to_have_attribute("aria-pressed", "true")
    await expect(board.rows).to_have_count((await board.counts())["On a call"])
    await running.call(own, "ring", "answer", call="g")
    await expect(board.row(await name_of(board.office, own))).to_be_visible()

    await running.call(own, "hangup", call="g")
    await expect(board.row(await name_of(board.office, own))).to_have_count(0)
    await chip.click()
    await expect(board.rows).to_have_count(everybody)


async def test_by_keyboard_alone(board: Board) -> None:
    page = board.page
    names = await board.rows.locator(".name").all_inner_texts()
    await page.get_by_role("searchbox").last.focus()

    async def focused() -> str:
        return str(await page.locator("li button:focus .name").inner_text())

    await page.keyboard.press("Tab")
    assert await focused() == names[0], "the rows are one step"
    await page.keyboard.press("ArrowRight")
    assert await focused() == names[1]
    await page.keyboard.press("End")
    assert await focused() == names[-1]
    await page.keyboard.press("Home")
    await page.keyboard.press("ArrowDown")
    below = names.index(await focused())
    assert below > 1, "one row below is some columns on"
    await page.keyboard.press("ArrowUp")
    assert await focused() == names[0]
    await page.keyboard.press("Enter")
    dialog = page.locator("ha-more-info-dialog").get_by_text(names[0])
    await dialog.first.wait_for()
    await page.keyboard.press("Escape")
    await expect(dialog.first).to_be_hidden()


async def test_a_search_leaves_a_row_to_go_to(board: Board) -> None:
    page = board.page
    names = await board.rows.locator(".name").all_inner_texts()
    search = page.get_by_role("searchbox").last
    await search.fill(names[-1])
    await search.focus()

    await page.keyboard.press("Tab")

    focused = page.locator("li button:focus .name")
    await expect(focused).to_have_text(names[-1])


async def test_for_a_screen_reader(board: Board, own: str) -> None:
    name = await name_of(board.office, own)
    wallboard = board.page.locator("ringcentral-wallboard-board")

    assert await wallboard.get_by_role("list").count() == 1
    row = wallboard.get_by_role("listitem").filter(has_text=name).get_by_role("button")
    await expect(row).to_have_accessible_name(re.compile(rf"{name} Available \d+"))
    await expect(wallboard.get_by_role("group")).to_have_accessible_name("Filter")
    status = wallboard.get_by_role("status")
    # Who rings comes first, also for a while after.
    await expect(status).to_have_text(re.compile(r"(^|, )\d+ Available, "))


async def test_nothing_blinks_for_those_who_asked_for_calm(
    board: Board, running: Running, own: str
) -> None:
    name = await name_of(running.office, own)
    await board.page.emulate_media(reduced_motion="reduce")
    await running.call(own, "ring", call="h")
    await board.is_in(name, "ringing")
    lamp = board.row(name).locator(".lamp")
    assert await blinks(lamp) == 0
    await expect(lamp).not_to_have_css("box-shadow", "none")
    await running.call(own, "hangup", call="h")
    await board.page.emulate_media(reduced_motion="no-preference")


# The light of a row, and the contrast of its texts to it.
CONTRAST = """row => {
    const number = (text) => text.match(/[\\d.]+/g).map(Number);
    const light = (rgb) => rgb.slice(0, 3).map((c) => c / 255)
        .map((c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
        .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
    const behind = light(number(getComputedStyle(row.firstChild).backgroundColor));
    return [behind, ...['.name', '.state', '.number'].map((name) => {
        const text = light(number(getComputedStyle(row.querySelector(name)).color));
        const [a, b] = [text, behind].sort((x, y) => y - x);
        return (a + 0.05) / (b + 0.05);
    })];
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_it_can_be_read_in_both_themes(board: Board, scheme: Any) -> None:
    await board.page.emulate_media(color_scheme=scheme)

    async def is_readable() -> bool:
        behind, *ratios = await board.rows.first.evaluate(CONTRAST)
        is_dark = await board.wall.get_attribute("dark") is not None
        has_changed = [behind < 0.2, is_dark] == [scheme == "dark"] * 2
        # As the Web Content Accessibility Guidelines ask.
        return has_changed and min(ratios) >= 4.5

    await eventually(is_readable, SOON)
    await board.page.emulate_media(color_scheme="light")


async def test_on_a_phone(board: Board) -> None:
    for width, height in ((390, 844), (320, 640)):
        await board.resize({"width": width, "height": height})
        wide = await board.page.evaluate("document.scrollingElement.scrollWidth")
        assert wide <= width, "nothing goes off to the side"
        cut = await board.rows.locator(".name").evaluate_all(
            "names => names.filter(e => e.scrollWidth > e.clientWidth).map(e => e.textContent)"
        )
        assert cut == [], width
        sizes = await board.rows.locator("button").evaluate_all(
            "rows => rows.map(row => row.getBoundingClientRect().height)"
        )
        assert min(sizes) >= 36, f"a finger meets it on {width} px"


async def test_a_name_is_never_markup(board: Board, own: str) -> None:
    entities = await board.office.entities()
    name = "<img src=x onerror=\"document.title='broken in'\"> & Söhne"
    update = {"device_id": entities.devices[own]}
    await board.office.socket.call(
        "config/device_registry/update", **update, name_by_user=name
    )
    try:
        await expect(board.row("Söhne").locator(".name")).to_have_text(name)
        assert await board.page.locator("li img").count() == 0
        assert await board.page.title() != "broken in"
    finally:
        await board.office.socket.call(
            "config/device_registry/update", **update, name_by_user=None
        )


async def test_pages_without_it_fetch_its_few_lines_alone(
    browser: Browser, running: Running
) -> None:
    async with Visitor.open(browser, running.office) as visitor:
        fetched: list[str] = []
        visitor.page.on(
            "request",
            lambda request: (
                fetched.append(request.url)
                if "ringcentral_wallboard" in request.url
                else None
            ),
        )
        await visitor.goto("/history")
        await visitor.page.wait_for_function("window.customStrategies?.length > 0")
        assert len(fetched) == 1
        assert fetched[0].endswith("/ringcentral.js")

        # Within the page, as a click in the side bar goes.
        await visitor.page.get_by_role("link", name="Wall Board").first.click()
        await visitor.page.locator("ringcentral-wallboard-board li").first.wait_for()
        folder = fetched[0].removesuffix("ringcentral.js")
        assert f"{folder}wallboard.js" in fetched
        assert all(url.startswith(folder) for url in fetched), "all of one version"


WATCH = """() => {
    const board = document.querySelector('home-assistant').shadowRoot;
    const find = (root) => {
        for (const e of root.querySelectorAll('*')) {
            if (e.localName === 'ringcentral-wallboard-board') return e;
            const found = e.shadowRoot && find(e.shadowRoot);
            if (found) return found;
        }
    };
    window.theBoard = find(board);
    window.writes = 0;
    new MutationObserver((all) => { window.writes += all.length; }).observe(
        window.theBoard.shadowRoot, { subtree: true, childList: true, characterData: true, attributes: true });
}"""


async def test_a_page_in_the_background_is_left_alone(
    board: Board, running: Running, own: str
) -> None:
    page, name = board.page, await name_of(board.office, own)
    await page.evaluate(WATCH)
    hide = "hidden => { Object.defineProperty(document, 'hidden', { value: hidden, configurable: true }); document.dispatchEvent(new Event('visibilitychange')); }"
    await page.evaluate(hide, True)
    await page.evaluate("window.writes = 0")

    await running.call(own, "ring", "answer", call="i")
    await running.shows(own, telephony_status="call_connected")
    await page.wait_for_timeout(2500)
    assert await page.evaluate("window.writes") == 0

    await page.evaluate(hide, False)
    await board.is_in(name, "on_call")
    await running.call(own, "hangup", call="i")


async def test_a_change_writes_one_row(
    board: Board, running: Running, own: str
) -> None:
    """Not that of anybody else: the rest is compared, by reference."""
    page, name = board.page, await name_of(board.office, own)
    await page.evaluate(WATCH)
    await page.evaluate(
        """() => {
            window.touched = new Set();
            new MutationObserver((all) => all.forEach(({ target }) => {
                const item = (target.closest ? target : target.parentElement)?.closest('li');
                if (item) window.touched.add(item.querySelector('.name').textContent);
            })).observe(window.theBoard.shadowRoot, { subtree: true, attributes: true });
        }"""
    )
    await running.call(own, "ring", call="j")
    await board.is_in(name, "ringing")

    assert await page.evaluate("[...window.touched]") == [name]
    await running.call(own, "hangup", call="j")


async def test_options(board: Board, running: Running, own: str) -> None:
    office = running.office
    entities = await office.entities()
    area = await office.socket.call("config/area_registry/create", name="Reception")
    for extension_id in entities.extensions[:3]:
        await office.socket.call(
            "config/device_registry/update",
            device_id=entities.devices[extension_id],
            area_id=area["area_id"],
        )
    by_number = {key: number for number, key in (await numbers(office)).items()}
    await create_board(
        office,
        "some-people",
        of_card(title="Some people", areas=[area["area_id"]], columns=2, sort="number"),
    )
    await create_board(office, "one-person", of_card(extensions=[by_number[own]]))
    try:
        await board.go("some-people")
        expected = sorted(by_number[key] for key in entities.extensions[:3])
        await expect(board.rows.locator(".number")).to_have_text(expected)
        await expect(board.page.get_by_role("heading", name="Some people")).to_be_visible()  # fmt: skip
        columns = await board.wall.locator("ul").first.evaluate(
            "e => getComputedStyle(e).gridTemplateColumns.split(' ').length"
        )
        assert columns == 2
        await board.go("one-person")
        assert list(await board.kinds()) == [by_number[own]]
    finally:
        await office.socket.call("config/area_registry/delete", area_id=area["area_id"])


async def test_a_wall_is_what_home_assistant_leaves_of_the_screen(
    board: Board, running: Running
) -> None:
    await create_board(running.office, "wall-only", of_card(mode="wall"))
    await board.go("wall-only")
    for viewport in (PHONE, {"width": 1920, "height": 1080}):
        await board.resize(viewport)
        wall = await board.wall.bounding_box()
        assert wall is not None
        right, bottom = wall["x"] + wall["width"], wall["y"] + wall["height"]
        assert bottom == pytest.approx(viewport["height"], abs=1), viewport
        assert right == pytest.approx(viewport["width"], abs=1), viewport
        heights = await board.page.evaluate(
            "[document.scrollingElement.scrollHeight, innerHeight]"
        )
        assert heights[0] <= heights[1], f"nothing is to be scrolled to: {viewport}"
        assert await board.page.get_by_role("heading", name="People").is_visible()


@pytest.mark.parametrize("rows", [None, 6])
async def test_in_a_section_a_wall_is_as_high_as_its_card(
    board: Board, running: Running, rows: int | None
) -> None:
    path = f"in-section-{rows}".lower()
    card: Json = {"type": "custom:ringcentral-wallboard", "mode": "wall"}
    if rows:
        card["grid_options"] = {"rows": rows}
    section = {"type": "grid", "column_span": 4, "cards": [card]}
    view = {"type": "sections", "sections": [section]}
    await create_board(running.office, path, {"views": [view]})
    await board.go(path)
    wall = await board.wall.bounding_box()
    around = await board.page.locator("hui-grid-section .card").bounding_box()
    assert wall is not None
    assert around is not None
    assert wall["height"] == pytest.approx(around["height"], abs=1)
    last = await board.rows.last.bounding_box()
    assert last is not None
    assert last["y"] + last["height"] <= wall["y"] + wall["height"] + 1


async def test_it_is_found_by_phone_and_edited_in_words(board: Board) -> None:
    await create_board(board.office, "to-edit", {"views": [{"cards": []}]})
    await board.goto("/to-edit/0?edit=1")
    await board.click("Add card")
    await board.press("By card")
    await board.page.locator("hui-card-picker input").first.fill("phone")
    await board.text("RingCentral wallboard").wait_for()
    await board.press("RingCentral wallboard")
    for label in ("Where it hangs", "People and queues", "Show who calls"):
        await board.text(label).wait_for()
    # The picker shows the card, too: no other test is to find that.
    await board.goto("/history")


async def test_it_is_offered_where_cards_and_dashboards_are_chosen(
    board: Board,
) -> None:
    await board.goto("/config/lovelace/dashboards")
    await board.click("Add dashboard")
    await board.text("RingCentral wallboard").wait_for()
    form = await board.page.evaluate(
        "customElements.get('ringcentral-wallboard').getConfigForm().then(({ schema, computeLabel }) => schema.map(computeLabel))"
    )
    assert form[:2] == ["Title", "Where it hangs"]
    card = await board.page.evaluate(
        "customCards.find((card) => card.type === 'ringcentral-wallboard').name"
    )
    assert card == "RingCentral wallboard"
