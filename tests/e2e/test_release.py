"""The archive of a release, installed as HACS and the Marketplace do it, is all that a Home Assistant needs."""

from collections.abc import AsyncGenerator
import hashlib
import json
from pathlib import Path
import subprocess
from typing import Any
from urllib.parse import quote
import zipfile

import pytest

from demo.entities import Entities, differences
from demo.flow import add_ringcentral
from tests.workflows import Checkout

from .installed import ENVIRONMENTS, HOME, VERSION, Office, build
from .running import SOON, START_TIMEOUT, eventually


def contents(archive: Path) -> dict[str, bytes]:
    """Return what an archive holds."""
    with zipfile.ZipFile(archive) as opened:
        assert opened.testzip() is None
        return {name: opened.read(name) for name in opened.namelist()}


def test_the_archive_holds_the_folder_and_nothing_else(release: Path) -> None:
    tracked = subprocess.run(
        ["git", "ls-files", "-z"], cwd=HOME, check=True, capture_output=True, text=True
    ).stdout
    expected = {
        name: (HOME / name).read_bytes() for name in tracked.split("\0") if name
    }
    found = contents(release)

    assert found.keys() == expected.keys()
    changed = {name for name in found if found[name] != expected[name]}
    # Both carry the version.
    assert changed == {"manifest.json", "aioringcentral/__init__.py"}


def test_the_version_is_all_that_changes_in_the_manifest(release: Path) -> None:
    before = (HOME / "manifest.json").read_text()
    after = contents(release)["manifest.json"].decode()

    assert json.loads(after) == {**json.loads(before), "version": VERSION}
    assert list(json.loads(after)) == list(json.loads(before))
    assert len(after.splitlines()) == len(before.splitlines())


def test_the_same_commit_makes_the_same_archive(release: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.zip"
    build(VERSION, "--draft", "--output", again)

    assert again.read_bytes() == release.read_bytes()


def test_without_a_version_it_is_the_manifests(tmp_path: Path) -> None:
    archive = tmp_path / "ringcentral.zip"
    build("--draft", "--output", archive)

    assert contents(archive)["manifest.json"] == (HOME / "manifest.json").read_bytes()


@pytest.mark.parametrize("name", ["main", "1.2", "v1", "1.2.3-4", "1.2.3 ", "../1.2.3"])
def test_what_is_no_version_is_refused(name: str, tmp_path: Path) -> None:
    archive = tmp_path / "ringcentral.zip"
    result = build(name, "--output", archive)

    assert result.returncode == 2
    assert "is no version" in result.stderr
    assert not archive.exists()


@pytest.fixture(params=ENVIRONMENTS)
async def office(
    request: pytest.FixtureRequest, tmp_path: Path
) -> AsyncGenerator[Office]:
    """Start the emulator, and one Home Assistant after the other, with what the workflow has released."""
    checkout = Checkout.copy(tmp_path / "released")
    checkout.make_ready(VERSION)
    done = checkout.release(f"v{VERSION}")
    assert done.returncode == 0, done.stderr
    archive = checkout.given / "ringcentral.zip"
    async with Office.open(tmp_path, request.param, archive) as office:
        yield office


@pytest.mark.timeout(180)
async def test_a_release_alone_follows_an_account(office: Office) -> None:
    emulator, socket = office.emulator, office.socket
    assert (await socket.call("get_config"))["version"] == office.version

    entry_id = await add_ringcentral(office.rest, emulator.info, ["account"])

    account_id = str(emulator.info["account_id"])
    entities = await Entities.read(socket, account_id)
    assert entities.devices.keys() >= set(emulator.info["extension_ids"])

    async def agrees() -> bool:
        return not differences(entities, office.states, await emulator.truth())

    await eventually(agrees, START_TIMEOUT)
    own = str(emulator.info["own_extension_id"])
    await emulator.post("calls", extension_id=own, script=["ring"], call="first")
    await office.states.wait_for(entities[own, "ringing"], "on", SOON)

    await shows_its_files(office)
    await runs_from_the_release(office, entry_id)

    await office.rest.delete(f"/api/config/config_entries/entry/{entry_id}")
    left = await socket.call("config/entity_registry/list")
    assert not [entity for entity in left if entity["platform"] == "ringcentral"]

    async def signed_out() -> bool:
        return bool((await emulator.counters())["sockets_open"] == 0)

    await eventually(signed_out, SOON)
    office.hass.assert_clean_log()


async def shows_its_files(office: Office) -> None:
    """Claim that what is no Python is there too: texts, icons, actions, triggers, conditions, card, pictures."""
    socket = office.socket
    texts = await socket.call(
        "frontend/get_translations",
        language="en",
        category="config",
        integration=["ringcentral"],
    )
    assert "component.ringcentral.config.step.jwt.title" in texts["resources"]
    icons = await socket.call(
        "frontend/get_icons", category="entity", integration="ringcentral"
    )
    assert icons["resources"]["ringcentral"]["sensor"]["telephony_status"]

    for kind, key in (("trigger", "started_ringing"), ("condition", "is_on_call")):
        described: dict[str, Any] = {}
        await socket.subscribe(described.update, f"{kind}_platforms/subscribe")

        async def told(
            described: dict[str, Any] = described, name: str = f"ringcentral.{key}"
        ) -> bool:
            return name in described

        await eventually(told, SOON)
    if office.hass.is_whole:
        actions = await socket.call("get_services")
        assert actions["ringcentral"]["set_presence"]["fields"].keys() >= {"duration"}

    # As docs and pages know it: a folder that is named after what is in it.
    digest = hashlib.sha256()
    scripts = sorted((HOME / "frontend").glob("*.js"))
    for script in scripts:
        digest.update(script.read_bytes())
    folder = f"/ringcentral_wallboard/{digest.hexdigest()[:12]}/"
    if office.hass.is_whole:
        async with office.session.get(office.hass.url) as response:
            assert f"{folder}ringcentral.js" in await response.text()
    for script in scripts:
        address = f"{office.hass.url}{folder}{script.name}"
        async with office.session.get(address) as response:
            assert await response.read() == script.read_bytes(), script.name

    pass_for_pictures = await socket.call("brands/access_token")
    for picture in sorted((HOME / "brand").iterdir()):
        address = f"/api/brands/integration/ringcentral/{quote(picture.name)}"
        async with office.session.get(
            office.hass.url + address, params={"token": pass_for_pictures["token"]}
        ) as response:
            assert await response.read() == picture.read_bytes(), picture.name


async def runs_from_the_release(office: Office, entry_id: str) -> None:
    """Claim that what runs is what was installed."""
    manifest = await office.socket.call("manifest/get", integration="ringcentral")
    assert manifest["version"] == VERSION
    assert manifest["is_built_in"] is False
    told = await office.rest.get(f"/api/diagnostics/config_entry/{entry_id}")
    assert told["data"]["versions"] == {
        "integration": VERSION,
        "home_assistant": office.version,
    }
