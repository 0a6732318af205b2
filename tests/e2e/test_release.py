"""The archive of a release, installed as HACS and the Marketplace do it, is all that a Home Assistant needs."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
import json
from pathlib import Path
import re
import subprocess
import sys
from typing import Any, override
from urllib.parse import quote
import zipfile

import aiohttp
import pytest

from demo.api import Rest, Socket
from demo.emulator import Emulator
from demo.entities import Entities, differences
from demo.flow import add_ringcentral
from demo.hass import HomeAssistant, free_port
from demo.office import OWNER
from demo.onboarding import create_owner, settle_in
from demo.process import Process
from demo.states import States

from .running import SOON, START_TIMEOUT, eventually

ROOT = Path(__file__).parent.parent.parent
HOME = ROOT / "custom_components/ringcentral"
BUILD = ROOT / "scripts/build-release"
VERSION = "7.8.9-beta.1"

# Environment -> what pins its Home Assistant.
ENVIRONMENTS = {".venv": "requirements_test.txt", ".venv-ha": "requirements_ha.txt"}


def build(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run the command."""
    return subprocess.run(
        [sys.executable, BUILD, *arguments],
        check=False,
        capture_output=True,
        text=True,
    )


def contents(archive: Path) -> dict[str, bytes]:
    """Return what an archive holds."""
    with zipfile.ZipFile(archive) as opened:
        assert opened.testzip() is None
        return {name: opened.read(name) for name in opened.namelist()}


@pytest.fixture
def release(tmp_path: Path) -> Path:
    """Return the archive of a version."""
    archive = tmp_path / "ringcentral.zip"
    result = build(f"v{VERSION}", "--output", archive)
    assert result.returncode == 0, result.stderr
    assert VERSION in result.stdout
    return archive


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
    assert changed == {"manifest.json"}


def test_the_version_is_all_that_changes_in_the_manifest(release: Path) -> None:
    before = (HOME / "manifest.json").read_text()
    after = contents(release)["manifest.json"].decode()

    assert json.loads(after) == {**json.loads(before), "version": VERSION}
    assert list(json.loads(after)) == list(json.loads(before))
    assert len(after.splitlines()) == len(before.splitlines())


def test_the_same_commit_makes_the_same_archive(release: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.zip"
    build(VERSION, "--output", again)

    assert again.read_bytes() == release.read_bytes()


def test_without_a_version_it_is_the_manifests(tmp_path: Path) -> None:
    archive = tmp_path / "ringcentral.zip"
    build("--output", archive)

    assert contents(archive)["manifest.json"] == (HOME / "manifest.json").read_bytes()


@pytest.mark.parametrize("name", ["main", "1.2", "v1", "1.2.3-4", "1.2.3 ", "../1.2.3"])
def test_what_is_no_version_is_refused(name: str, tmp_path: Path) -> None:
    archive = tmp_path / "ringcentral.zip"
    result = build(name, "--output", archive)

    assert result.returncode == 2
    assert "is no version" in result.stderr
    assert not archive.exists()


class Installed(HomeAssistant):
    """A Home Assistant in which a release was installed, with nothing of this checkout."""

    def __init__(self, folder: Path, environment: Path, release: Path) -> None:
        """Take the folder, the environment whose Home Assistant runs, and the archive."""
        super().__init__(folder / "config", free_port())
        self._release = release
        # The test plugin's environment lacks what the user interface and voice need: a folder
        # without files is served then, nothing is fetched, and what needs more does not start.
        self._interface = folder / "interface"
        self.is_whole = any(environment.glob("lib/*/site-packages/hass_frontend"))
        program: list[str | Path] = [
            environment / "bin/hass",
            "--config",
            self.folder,
            "--log-no-color",
        ]
        self._process = Process(
            "Home Assistant",
            program if self.is_whole else [*program, "--skip-pip"],
            self.folder / "console.log",
            folder,
        )

    @override
    def prepare(self, *, debug: bool = False) -> None:
        super().prepare(debug=debug)
        installed = self.folder / "custom_components" / "ringcentral"
        installed.unlink()
        with zipfile.ZipFile(self._release) as archive:
            archive.extractall(installed)
        if not self.is_whole:
            (self._interface / "hass_frontend").mkdir(parents=True)
            lean = f"frontend:\n  development_repo: {self._interface}\n"
            text = self._configuration.read_text()
            self._configuration.write_text(
                re.sub(r"^(history|logbook):\n", "", text, flags=re.MULTILINE).replace(
                    "frontend:\n", lean
                )
            )


@dataclass(slots=True)
class Office:
    """The release at work, and the account that it follows."""

    hass: Installed
    version: str
    session: aiohttp.ClientSession
    emulator: Emulator
    rest: Rest
    socket: Socket
    states: States


@pytest.fixture(params=ENVIRONMENTS)
async def office(
    request: pytest.FixtureRequest, release: Path, tmp_path: Path
) -> AsyncGenerator[Office]:
    """Start the emulator, and one Home Assistant after the other."""
    environment = ROOT / request.param
    if not (environment / "bin/hass").exists():
        pytest.fail(f"There is no {request.param} to test with: run scripts/setup.")
    pins = (ROOT / ENVIRONMENTS[request.param]).read_text()
    pin = re.search(r"^homeassistant==(\S+)$", pins, re.MULTILINE)
    assert pin is not None
    async with aiohttp.ClientSession() as session:
        emulator = Emulator(session, tmp_path / "emulator.log")
        hass = Installed(tmp_path / "office", environment, release)
        try:
            await emulator.start()
            hass.prepare(debug=True)
            await hass.start()
            token = await create_owner(session, hass.url, OWNER)
            async with Socket.connect(session, hass.url, token) as socket:
                await settle_in(socket)
                states = States()
                await states.follow(socket)
                rest = Rest(session, hass.url, token)
                yield Office(hass, pin[1], session, emulator, rest, socket, states)
        finally:
            await hass.stop()
            await emulator.stop()


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
    assert_clean_log(office.hass)


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

    for script in sorted((HOME / "frontend").glob("*.js")):
        address = f"{office.hass.url}/ringcentral_wallboard/{script.name}"
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


def assert_clean_log(hass: HomeAssistant) -> None:
    """Claim that nothing was wrong with the integration, besides that it is a custom one."""
    lines = [
        line
        for line in hass.log.read_text(errors="replace").splitlines()
        if "ringcentral" in line and re.search(r" (WARNING|ERROR|CRITICAL) ", line)
    ]
    assert len(lines) == 1, lines
    assert "custom integration ringcentral which has not been tested" in lines[0]
