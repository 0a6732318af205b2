"""The ledger of Home Assistant's Integration Quality Scale holds every rule, and what it says is so.

A rule that code can show to be kept has a test here, named after it. What is left is in
`ELSEWHERE`, with where it is held.
"""

import ast
from collections.abc import AsyncIterator, Iterator
import importlib
import json
from pathlib import Path
import re
import tomllib
from types import ModuleType
from typing import Any

from homeassistant import components
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.setup import async_setup_component
from homeassistant.util.yaml import load_yaml_dict
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
import voluptuous as vol

import custom_components.ringcentral as integration
from custom_components.ringcentral.config_flow import RingCentralConfigFlow
from custom_components.ringcentral.const import CALLER_FULL, DOMAIN
from custom_components.ringcentral.coordinator import RingCentralCoordinator
from emulator import Emulator

from .integration import HOME, TEXTS, entry_for
from .test_readme import constant

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
MANIFEST: dict[str, Any] = json.loads((HOME / "manifest.json").read_text())
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
ICONS = json.loads((HOME / "icons.json").read_text())
SOURCES = {path.stem: ast.parse(path.read_text()) for path in HOME.glob("*.py")}
CLIENT = {
    path.stem: ast.parse(path.read_text())
    for path in (HOME / "aioringcentral").glob("*.py")
}
LEDGER: dict[str, Any] = dict(load_yaml_dict(str(HOME / "quality_scale.yaml"))["rules"])

# Rules that no test here can judge, with what does.
ELSEWHERE = {
    "brands": "tests/test_packaging.py looks at the pictures",
    "docs-actions": "tests/test_readme.py holds the pages against the code",
    "docs-conditions": "tests/test_readme.py",
    "docs-configuration-parameters": "tests/test_readme.py",
    "docs-high-level-description": "tests/test_readme.py",
    "docs-installation-parameters": "tests/test_readme.py",
    "docs-supported-devices": "tests/test_readme.py",
    "docs-supported-functions": "tests/test_readme.py",
    "docs-triggers": "tests/test_readme.py",
    "entity-device-class": "tests/integration: sensors and binary sensors",
    "log-when-unavailable": "tests/integration: the stories of silence",
    "dynamic-devices": "tests/integration: the stories of members",
    "stale-devices": "tests/integration: the stories of members",
    "repair-issues": "tests/integration: each repair is mended and vanishes",
}


def status(rule: str) -> str:
    """Return what the ledger says of a rule."""
    found = LEDGER[rule]
    return str(found["status"] if isinstance(found, dict) else found)


def test_rules_are_todays() -> None:
    """Those that integrations of the installed Home Assistant have to answer."""
    asked: set[str] = set()
    for path in Path(components.__path__[0]).glob("*/quality_scale.yaml"):
        rules = load_yaml_dict(str(path))["rules"]
        assert isinstance(rules, dict)
        asked |= rules.keys()

    assert len(asked) > 50
    assert LEDGER.keys() == asked


def test_statuses() -> None:
    schema = vol.Any(
        vol.In(["done", "todo"]),
        {
            vol.Required("status"): vol.In(["done", "todo", "exempt"]),
            vol.Required("comment"): vol.All(str, vol.Length(min=10)),
        },
    )
    for rule, found in LEDGER.items():
        assert schema(found) == found, rule
        # What is not done is explained.
        assert status(rule) == "done" or isinstance(found, dict), rule


def test_every_rule_is_judged() -> None:
    judged = {
        name.removeprefix("test_").replace("_", "-")
        for name in globals()
        if name.startswith("test_")
    }
    sections = {f"docs-{name}" for name in SECTIONS}

    assert LEDGER.keys() <= judged | sections | ELSEWHERE.keys()
    # None twice: a rule that can be shown is not left to others.
    assert not (judged | sections) & ELSEWHERE.keys()


def test_no_rating_is_claimed() -> None:
    """Home Assistant rates what it ships, and calls everything else custom."""
    assert "quality_scale" not in MANIFEST


# Bronze


async def test_action_setup(
    hass: HomeAssistant, enable_custom_integrations: None
) -> None:
    assert await async_setup_component(hass, DOMAIN, {})

    for name in TEXTS["services"]:
        assert hass.services.has_service(DOMAIN, name)
    with pytest.raises(ServiceValidationError):
        await hass.services.async_call(
            DOMAIN,
            "set_presence",
            {"entity_id": "event.x", "message": ""},
            blocking=True,
        )


def test_appropriate_polling() -> None:
    resync = constant("RESYNC_EVERY")

    assert resync >= 3600
    words = LEDGER["appropriate-polling"]["comment"]
    assert resync == 6 * 3600
    assert "six hours" in words
    assert MANIFEST["iot_class"] == "cloud_push"
    for tree in SOURCES.values():
        assert "DataUpdateCoordinator(" not in ast.unparse(tree)
        assert "SCAN_INTERVAL" not in ast.unparse(tree)


def test_common_modules() -> None:
    assert {"coordinator", "entity"} <= SOURCES.keys()


def test_config_flow() -> None:
    assert MANIFEST["config_flow"] is True
    for section in ("config", "options"):
        for name, step in TEXTS[section]["step"].items():
            explained = step.get("data_description", {})
            assert step.get("data", {}).keys() == explained.keys(), name


def test_config_flow_test_coverage() -> None:
    """As far as names tell: every step and every way out is in a test; the rest is measured."""
    tests = "".join(
        path.read_text() for path in (ROOT / "tests/integration").glob("test_*.py")
    )
    for section in ("config", "options"):
        for kind in ("step", "abort"):
            for name in TEXTS[section][kind]:
                assert f'"{name}"' in tests, f"{section}.{kind}.{name}"


def test_dependency_transparency() -> None:
    assert status("dependency-transparency") == "exempt"
    assert MANIFEST["requirements"] == []


def platforms() -> Iterator[ModuleType]:
    """Yield the modules of the platforms."""
    for platform in integration.PLATFORMS:
        yield importlib.import_module(f"{integration.__name__}.{platform}")


def functions(tree: ast.AST, name: str) -> Iterator[ast.AST]:
    """Yield the functions of a name."""
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            and node.name == name
        ):
            yield node


def test_entity_event_setup() -> None:
    """Entities begin to listen when they are added, and not when they are made."""
    for name in ("entity", *integration.PLATFORMS):
        tree = SOURCES[name]
        for node in functions(tree, "__init__"):
            assert "add_listener" not in ast.unparse(node), name
        listens = ast.unparse(tree).count("add_listener(")
        added = "".join(map(ast.unparse, functions(tree, "async_added_to_hass")))
        assert listens == added.count("add_listener("), name


def test_runtime_data() -> None:
    for platform in integration.PLATFORMS:
        (setup,) = functions(SOURCES[platform], "async_setup_entry")
        assert "entry: RingCentralConfigEntry" in ast.unparse(setup)
        assert "entry.runtime_data" in ast.unparse(setup)
    for name, tree in SOURCES.items():
        assert "hass.data[DOMAIN]" not in ast.unparse(tree), name


def test_test_before_configure() -> None:
    assert "check_access(" in ast.unparse(SOURCES["config_flow"])


def test_test_before_setup() -> None:
    raised = ast.unparse(SOURCES["__init__"])
    for kind in ("ConfigEntryAuthFailed", "ConfigEntryError", "ConfigEntryNotReady"):
        assert kind in raised


def test_unique_config_entry() -> None:
    flow = ast.unparse(SOURCES["config_flow"])

    assert "async_set_unique_id(" in flow
    assert "_abort_if_unique_id_configured(" in flow
    assert "_abort_if_unique_id_mismatch(" in flow


# Silver


def test_action_exceptions() -> None:
    """What the user can mend is another kind of error than what passes."""
    for name in ("write_rules", "targets"):
        assert "ServiceValidationError(" in ast.unparse(SOURCES[name]), name
    assert "HomeAssistantError(" in ast.unparse(SOURCES["write_rules"])


def test_integration_owner() -> None:
    assert (status("integration-owner") == "done") is bool(MANIFEST["codeowners"])


def test_parallel_updates() -> None:
    for module in platforms():
        assert isinstance(module.PARALLEL_UPDATES, int), module
    # What is only told may be told all at once; what is sent goes one by one.
    assert (
        importlib.import_module(f"{integration.__name__}.select").PARALLEL_UPDATES == 1
    )


def test_reauthentication_flow() -> None:
    assert callable(RingCentralConfigFlow.async_step_reauth)
    assert callable(RingCentralConfigFlow.async_step_reauth_confirm)


def test_test_coverage() -> None:
    report = PYPROJECT["tool"]["coverage"]["report"]

    assert report["fail_under"] >= 95
    assert f"{report['fail_under']} %" in LEDGER["test-coverage"]["comment"]
    assert PYPROJECT["tool"]["coverage"]["run"] == {
        "source": ["custom_components"],
        "branch": True,
    }


# Gold


def test_diagnostics() -> None:
    module = importlib.import_module(f"{integration.__name__}.diagnostics")

    assert callable(module.async_get_config_entry_diagnostics)
    assert callable(module.async_get_device_diagnostics)


def test_discovery() -> None:
    assert status("discovery") == "exempt"
    keys = {"bluetooth", "dhcp", "homekit", "mqtt", "ssdp", "usb", "zeroconf"}
    assert not keys & MANIFEST.keys()


def test_discovery_update_info() -> None:
    assert status("discovery-update-info") == "exempt"


def test_exception_translations() -> None:
    """Every error that Home Assistant shows has a text that can be translated."""
    shown = re.compile(
        r"(HomeAssistantError|ServiceValidationError|ConfigEntry\w+|UpdateFailed)$"
    )
    count = 0
    for name, tree in SOURCES.items():
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call):
                continue
            called = ast.unparse(node.func)
            # `kind` stands for two of them, where one is chosen.
            if (
                not (shown.search(called) or called == "kind")
                or called == "ConfigEntry"
            ):
                continue
            given = {keyword.arg for keyword in node.keywords}
            assert {"translation_domain", "translation_key"} <= given, (name, called)
            count += 1
    assert count > 5


def test_icon_translations() -> None:
    for module in platforms():
        platform = module.__name__.rpartition(".")[2]
        for key in TEXTS["entity"][platform]:
            assert ICONS["entity"][platform][key]["default"]
        assert "_attr_icon" not in ast.unparse(SOURCES[platform])
        assert "icon=" not in ast.unparse(SOURCES[platform])


def test_reconfiguration_flow() -> None:
    assert callable(RingCentralConfigFlow.async_step_reconfigure)


SECTIONS = {
    "data-update": "## How data is updated",
    "examples": "## Examples",
    "installation-instructions": "## Installation",
    "known-limitations": "## Known limitations",
    "removal-instructions": "## Removal",
    "troubleshooting": "## Troubleshooting",
    "use-cases": "## Examples",
}


@pytest.mark.parametrize("rule", SECTIONS)
def test_docs(rule: str) -> None:
    assert status(f"docs-{rule}") == "done"
    found = README.partition(f"\n{SECTIONS[rule]}\n")[2].partition("\n## ")[0]
    assert len(found.split()) > 30


# Platinum


def test_async_dependency() -> None:
    """The client waits for nothing but its own event loop."""
    for name, tree in CLIENT.items():
        for node in ast.walk(tree):
            modules = (
                [alias.name for alias in node.names]
                if isinstance(node, ast.Import)
                else [node.module or ""]
                if isinstance(node, ast.ImportFrom)
                else []
            )
            blocking = {
                "requests",
                "urllib",
                "http",
                "socket",
                "subprocess",
                "threading",
            }
            assert not {module.split(".")[0] for module in modules} & blocking or (
                isinstance(node, ast.ImportFrom) and node.level
            ), name
        assert "time.sleep(" not in ast.unparse(tree), name


def test_inject_websession() -> None:
    for name, tree in {**CLIENT, **SOURCES}.items():
        # The client's own way to sign in makes a session where it is given none.
        assert "ClientSession(" not in ast.unparse(tree) or name == "sign_in", name
    for name, tree in SOURCES.items():
        assert "JwtSignIn" not in ast.unparse(tree), name
    assert "async_get_clientsession(hass)" in ast.unparse(SOURCES["sign_in"])


def test_strict_typing() -> None:
    assert PYPROJECT["tool"]["mypy"]["strict"] is True
    assert "custom_components" in (ROOT / "scripts/lint").read_text()
    assert (HOME / "aioringcentral" / "py.typed").exists()


# What a running integration shows


@pytest.fixture
async def emulator(socket_enabled: None) -> AsyncIterator[Emulator]:
    """Return a company to follow."""
    async with Emulator(extensions=25, seed=1, rate_limits=False) as running:
        yield running


@pytest.fixture
async def entry(
    hass: HomeAssistant, emulator: Emulator, enable_custom_integrations: None
) -> AsyncIterator[MockConfigEntry]:
    """Return an entry that follows the user's own extension and a queue, with all that there can be."""
    queues = emulator.ids(type="Department")
    # Of another queue, others decide who takes its calls.
    await emulator.set_queue(
        queues[1], members=[emulator.own_extension_id], editable=False
    )
    found = entry_for(
        emulator,
        follow=["own", "chosen"],
        extensions=queues[:1],
        caller_identity=CALLER_FULL,
    )
    found.add_to_hass(hass)
    assert await hass.config_entries.async_setup(found.entry_id)
    await hass.async_block_till_done()
    # The call log is read in the background, and then offered.
    coordinator: RingCentralCoordinator = found.runtime_data
    await emulator.wait_for(lambda: coordinator.account.call_log.is_offered)
    await hass.async_block_till_done()
    yield found
    if found.state is ConfigEntryState.LOADED:
        assert await hass.config_entries.async_unload(found.entry_id)


def registered(hass: HomeAssistant, entry: MockConfigEntry) -> list[er.RegistryEntry]:
    """Return the entities of the entry."""
    registry = er.async_get(hass)
    found = er.async_entries_for_config_entry(registry, entry.entry_id)
    keys = {key for kind in TEXTS["entity"].values() for key in kind}
    there = {one.translation_key for one in found}
    missing = sorted(map(str, there - keys))
    assert not missing, f"translations/en.json: no name for {missing}"
    missing = sorted(keys - there)
    assert not missing, f"no entity for {missing} of translations/en.json"
    return found


async def test_entity_unique_id(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    ids = [(one.domain, one.unique_id) for one in registered(hass, entry)]

    assert len(set(ids)) == len(ids)
    # The ids of the service, and nothing that anyone can rename.
    assert all(
        re.fullmatch(r"\d+_(\d+_)?[a-z_]+(_\d+)?", unique_id) for _, unique_id in ids
    )


async def test_has_entity_name(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    assert all(one.has_entity_name for one in registered(hass, entry))


async def test_entity_translations(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    for one in registered(hass, entry):
        text = TEXTS["entity"][one.domain][one.translation_key]
        # The status has the name of its device alone.
        name = None if one.translation_key == "status" else text["name"]
        if name is not None and "{queue}" in name:
            start, _, end = name.partition("{queue}")
            assert str(one.original_name).startswith(start)
            assert str(one.original_name).endswith(end)
        else:
            assert one.original_name == name


async def test_entity_category(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Settings and the connection are diagnostic; presence has no category, so that areas include it."""
    diagnostic = {
        one.translation_key
        for one in registered(hass, entry)
        if one.entity_category is not None
    }

    assert diagnostic == {
        "allow_see_my_presence",
        "pick_up_calls_on_hold",
        "push_connected",
        "ring_on_monitored_call",
    }


async def test_entity_disabled_by_default(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    disabled = {
        one.translation_key
        for one in registered(hass, entry)
        if one.disabled_by is er.RegistryEntryDisabler.INTEGRATION
    }

    assert disabled == {
        "active_calls",
        "allow_see_my_presence",
        "call_started",
        "meeting_status",
        "pick_up_calls_on_hold",
        "ring_on_monitored_call",
        "set_dnd_status",
        "user_status",
    }


async def test_devices(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    registry = dr.async_get(hass)
    account, *extensions = dr.async_entries_for_config_entry(registry, entry.entry_id)

    assert {device.via_device_id for device in extensions} == {account.id}
    own = extensions[0]
    for device in (account, *extensions):
        assert device.name
        assert device.manufacturer
        assert device.entry_type is dr.DeviceEntryType.SERVICE
    assert own.model


async def test_config_entry_unloading(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    assert await hass.config_entries.async_unload(entry.entry_id)

    assert entry.state is ConfigEntryState.NOT_LOADED
    assert not hasattr(entry, "runtime_data")


async def test_entity_unavailable(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    coordinator: RingCentralCoordinator = entry.runtime_data
    enabled = [one for one in registered(hass, entry) if one.disabled_by is None]

    coordinator.availability.set_unavailable(coordinator.account.last_error)
    await hass.async_block_till_done()

    for one in enabled:
        state = hass.states.get(one.entity_id)
        assert state is not None
        told = one.translation_key == "push_connected"
        assert (state.state != "unavailable") == told, one.entity_id
    assert Platform.EVENT in {one.domain for one in enabled}
