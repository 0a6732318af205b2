"""The demo's parts that need no Home Assistant: whom to ring, where people are, what tiles show."""

import asyncio
from pathlib import Path
import re
import subprocess
import sys

import pytest

from custom_components.ringcentral.sensor import STATUS
from demo import ring as ringing
from demo.furnish import chosen_queue, places
from demo.hass import HomeAssistant
from demo.home import AREAS, BLUEPRINTS, YOUR_OFFICE, lay_out
from demo.office import sole_user
from demo.process import ProcessFailed
from demo.ring import Line, Phone, RingFailed, ring
from demo.states import ABSENT
from demo.tiles import COLORS, status_tiles
from emulator import Emulator

PHONES = [
    Phone("1", "102", "Bianca Jones"),
    Phone("2", "101", "Amir Xu"),
    Phone("3", "103", "Amira Jones"),
]
LINE = Line("http://127.0.0.1:1", "http://127.0.0.1:2/desk", PHONES)


@pytest.mark.parametrize(
    ("wanted", "number"),
    [(None, "102"), ("101", "101"), ("xu", "101"), ("Amira", "103")],
)
def test_a_phone_is_found_by_number_or_name(wanted: str | None, number: str) -> None:
    assert LINE.phone(wanted).number == number


@pytest.mark.parametrize(
    ("wanted", "said"), [("jones", "there are several"), ("Zoe", "there is nobody")]
)
def test_who_cannot_be_rung_is_answered_with_who_can(wanted: str, said: str) -> None:
    with pytest.raises(RingFailed, match=said) as raised:
        LINE.phone(wanted)

    assert "102  Bianca Jones" in str(raised.value)


async def test_no_phone_rings_where_no_demo_is_running(tmp_path: Path) -> None:
    # What a demo left behind that was killed.
    (tmp_path / "lock").touch()
    LINE.write(tmp_path)

    with pytest.raises(RingFailed, match=r"no demo is running.*scripts/demo"):
        await ring(tmp_path, None, print)


async def test_no_phone_rings_while_the_demo_starts(tmp_path: Path) -> None:
    with (
        sole_user(tmp_path),
        pytest.raises(RingFailed, match="still starting"),
    ):
        await ring(tmp_path, None, print)


@pytest.mark.usefixtures("socket_enabled")
async def test_no_phone_rings_where_the_emulator_is_gone(tmp_path: Path) -> None:
    with sole_user(tmp_path):
        LINE.write(tmp_path)

        with pytest.raises(RingFailed, match="does not answer"):
            await ring(tmp_path, None, print)


@pytest.mark.usefixtures("socket_enabled")
@pytest.mark.parametrize(
    ("missed", "ended"), [(False, ["on a call", "Over"]), (True, ["missed call"])]
)
async def test_a_phone_rings_and_the_call_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missed: bool, ended: list[str]
) -> None:
    monkeypatch.setattr(ringing, "RINGING", 0.01)
    monkeypatch.setattr(ringing, "TALKING", 0.01)
    said: list[str] = []
    async with Emulator(extensions=5) as emulator:
        own = emulator.own_extension_id
        with sole_user(tmp_path):
            Line(emulator.url, "the desk", [Phone(own, "102", "Bianca Jones")]).write(
                tmp_path
            )
            await ring(tmp_path, None, said.append, missed=missed)

        assert "Bianca Jones (102) rings" in said[0]
        for line, word in zip(said[1:], ended, strict=True):
            assert word in line
        assert emulator.truth()[own]["telephonyStatus"] == "NoCall"


@pytest.mark.usefixtures("socket_enabled")
async def test_whoever_leaves_in_mid_call_hangs_up(tmp_path: Path) -> None:
    async with Emulator(extensions=5) as emulator:
        own = emulator.own_extension_id
        with sole_user(tmp_path):
            Line(emulator.url, "the desk", [Phone(own, "102", "Bianca Jones")]).write(
                tmp_path
            )
            rings = asyncio.ensure_future(ring(tmp_path, None, print))
            await emulator.wait_for(
                lambda: emulator.truth()[own]["telephonyStatus"] == "Ringing", 10
            )
            rings.cancel()
            await asyncio.wait([rings])

        assert emulator.truth()[own]["telephonyStatus"] == "NoCall"


def test_the_command_says_what_it_can_do() -> None:
    command = [sys.executable, "-m", "demo", "ring", "--help"]
    result = subprocess.run(command, check=True, capture_output=True, text=True)

    assert "--missed" in result.stdout


@pytest.mark.parametrize("page", ["README.md", "docs/demo.md"])
def test_pages_name_options_that_there_are(page: str) -> None:
    root = Path(__file__).parent.parent
    texts = [
        subprocess.run(
            [sys.executable, "-m", "demo", *words, "--help"],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for words in ([], ["ring"])
    ]

    named = set(re.findall(r"`(?:scripts/demo )?(--\w+)", (root / page).read_text()))
    assert {word for word in named if word not in "".join(texts)} == set()
    if page == "docs/demo.md":
        assert named == set(re.findall(r"--\w+", "".join(texts))) - {"--help"}


def test_everyone_has_an_area_and_only_the_own_one_the_office() -> None:
    where = places([str(each) for each in range(10)], own="3")

    assert set(where.values()) == set(AREAS)
    assert [key for key, area in where.items() if area == YOUR_OFFICE] == ["3"]


def test_the_queue_to_look_at_is_one_of_the_own_ones() -> None:
    queues = {
        "1": {"name": "Sales", "members": {"7": True, "8": True, "9": True}},
        "2": {"name": "Support", "members": {"7": True, "3": False}},
        "3": {"name": "Orders", "members": {}},
    }

    found = chosen_queue(queues, own="3")
    assert found is not None
    assert (found.name, found.members) == ("Support", ["7", "3"])
    assert chosen_queue({}, own="3") is None


def test_a_tile_shows_every_status_and_one_at_a_time() -> None:
    shown = [
        state
        for tile in status_tiles("sensor.somebody", "Somebody")
        for state in tile["visibility"][0]["state"]
    ]

    assert STATUS.options is not None
    assert sorted(shown) == sorted([*STATUS.options, *ABSENT])
    assert set(COLORS) == set(shown)


def test_a_home_has_every_blueprint(tmp_path: Path) -> None:
    configuration = lay_out(tmp_path, "http://127.0.0.1:1")

    there = tmp_path.glob("blueprints/automation/ringcentral/*.yaml")
    assert {path.name for path in there} == {
        path.name for path in BLUEPRINTS.glob("*.yaml")
    }
    for name in ("automations.yaml", "scripts.yaml", "scenes.yaml"):
        assert f"!include {name}" in configuration
        assert (tmp_path / name).exists()


def test_a_folder_is_made_anew_where_it_is_ours(tmp_path: Path) -> None:
    hass = HomeAssistant(tmp_path / "config", 1)
    hass.prepare()
    (hass.folder / "old").touch()

    hass.prepare()

    assert not (hass.folder / "old").exists()
    assert (hass.folder / "configuration.yaml").exists()


@pytest.mark.parametrize("linked", [False, True])
def test_a_folder_of_somebody_else_is_left_as_it_is(
    tmp_path: Path, *, linked: bool
) -> None:
    """As `scripts/soak --folder ~` would find one, and behind a link."""
    theirs = tmp_path / "theirs" if linked else tmp_path / "config"
    theirs.mkdir()
    (theirs / "configuration.yaml").write_text("kept")
    if linked:
        (tmp_path / "config").symlink_to(theirs)

    with pytest.raises(ProcessFailed, match="nothing in it was deleted"):
        HomeAssistant(tmp_path / "config", 1).prepare()

    assert [path.name for path in theirs.iterdir()] == ["configuration.yaml"]
    assert (theirs / "configuration.yaml").read_text() == "kept"
