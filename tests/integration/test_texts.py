"""Every key that the code shows has its English text, and every icon its entity.

The keys are read from the code, so that a new one without a text fails here.
"""

import ast
from collections.abc import Iterator
from dataclasses import is_dataclass
import importlib
import json
import re
from types import ModuleType
from typing import Any

from homeassistant.const import Platform
from homeassistant.helpers.selector import SelectSelector
from homeassistant.util.yaml import load_yaml_dict
import pytest

from custom_components.ringcentral.aioringcentral.errors import Reason
from custom_components.ringcentral.aioringcentral.membership import Follow, Lists
from custom_components.ringcentral.aioringcentral.models import Extension
from custom_components.ringcentral.config_flow import RingCentralConfigFlow
from custom_components.ringcentral.flow_forms import options_form
from custom_components.ringcentral.issues import ISSUES, PERMISSION_UNKNOWN
from custom_components.ringcentral.options_flow import RingCentralOptionsFlow

from . import HOME, TEXTS, placeholders, text

SOURCES = {path.stem: ast.parse(path.read_text()) for path in HOME.glob("*.py")}
PLATFORMS = sorted(SOURCES.keys() & set(Platform))
ICONS: dict[str, Any] = json.loads((HOME / "icons.json").read_text())
ACTIONS: dict[str, Any] = {
    name: action or {}
    for path in HOME.glob("services.yaml")
    for name, action in load_yaml_dict(path).items()
}


@pytest.fixture(autouse=True)
def integration() -> None:
    """Leave out Home Assistant and the emulator, which nothing here needs."""


def leaves(found: Any, *path: str) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield every text with its path."""
    if isinstance(found, dict):
        for key, value in found.items():
            yield from leaves(value, *path, key)
    else:
        yield path, found


def calls(tree: ast.AST, *names: str) -> Iterator[dict[str, str]]:
    """Yield the constant texts given by keyword to calls whose name ends with one of these."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(names):
            yield {
                keyword.arg: keyword.value.value
                for keyword in node.keywords
                if keyword.arg
                and isinstance(keyword.value, ast.Constant)
                and isinstance(keyword.value.value, str)
            }


def constants(node: ast.expr, tree: ast.AST) -> Iterator[str]:
    """Yield the constant texts that an expression may be, with those assigned to it if it is a name."""
    if isinstance(node, ast.Name):
        for other in ast.walk(tree):
            if isinstance(other, ast.Assign) and any(
                isinstance(name, ast.Name) and name.id == node.id
                for target in other.targets
                for name in ast.walk(target)
            ):
                yield from constants(other.value, tree)
        return
    for part in ast.walk(node):
        if isinstance(part, ast.Constant) and isinstance(part.value, str):
            yield part.value


def described(module: ModuleType) -> Iterator[Any]:
    """Yield the entity descriptions of a platform, alone or in tables."""
    for value in vars(module).values():
        for each in value if isinstance(value, tuple) else (value,):
            # Not all are instances of EntityDescription: its metaclass makes classes beside it.
            if is_dataclass(each) and not isinstance(each, type):
                if hasattr(each, "entity_registry_enabled_default"):
                    yield each


# Modules with entities of a platform beside its own.
_BESIDE = {
    "binary_sensor": ["own_queues"],
    "sensor": ["queue_sensors"],
    "switch": ["own_queues"],
}


def entities(platform: str) -> dict[str, Any]:
    """Return the translation keys of a platform, with the description where there is one."""
    keys: dict[str, Any] = {}
    for node in ast.walk(SOURCES[platform]):
        if (
            isinstance(node, ast.Assign)
            and ast.unparse(node.targets[0]).endswith("_attr_translation_key")
            and isinstance(node.value, ast.Constant)
        ):
            keys[str(node.value.value)] = None
    for name in (platform, *_BESIDE.get(platform, ())):
        module = importlib.import_module(f"custom_components.ringcentral.{name}")
        for description in described(module):
            keys[description.translation_key or description.key] = description
    return keys


def test_texts_are_plain_and_whole() -> None:
    for path, words in leaves(TEXTS):
        where = ".".join(path)
        assert words.strip() == words != "", where
        # References belong to Home Assistant's own build, and are shown as they are elsewhere.
        assert "[%key" not in words, where
        assert not re.search(r"<\w|</", words), where
        # Addresses are given as placeholders, so that no translation can change them.
        assert "://" not in words, where
        assert all(re.fullmatch(r"[a-z_]+", name) for name in placeholders(words)), (
            where
        )
        assert all(re.fullmatch(r"[a-z0-9][a-z0-9_-]*", key) for key in path), where


@pytest.mark.parametrize("section", ["config", "options"])
def test_every_field_is_explained(section: str) -> None:
    for name, step in TEXTS[section]["step"].items():
        assert step["title"], name
        assert step["description"], name
        assert step.get("data", {}).keys() == step.get("data_description", {}).keys(), (
            name
        )


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_has_an_error(reason: Reason) -> None:
    assert text("config", "error", reason)


def test_every_step_and_abort_of_the_flows_has_a_text() -> None:
    for name, section in (("config_flow", "config"), ("options_flow", "options")):
        for node in ast.walk(SOURCES[name]):
            for keyword in getattr(node, "keywords", ()):
                if keyword.arg == "step_id" and isinstance(keyword.value, ast.Constant):
                    assert text(section, "step", str(keyword.value.value))
        for given in calls(SOURCES[name], "async_abort", "_mismatch"):
            if "reason" in given:
                assert text(section, "abort", given["reason"]), given
    assert text("config", "abort", "already_configured")


def test_no_text_of_the_flows_is_left_over() -> None:
    sources = "".join(
        (HOME / f"{name}.py").read_text()
        for name in SOURCES
        if "flow" in name or name == "follow_steps"
    )
    flows = {"config": RingCentralConfigFlow, "options": RingCentralOptionsFlow}
    for section, flow in flows.items():
        for name in TEXTS[section]["step"]:
            assert hasattr(flow, f"async_step_{name}"), name
        for name in TEXTS[section]["error"].keys() - set(Reason):
            assert f'"{name}"' in sources, name


def test_every_choice_has_a_text() -> None:
    assert text("selector", "follow", "options").keys() == set(Follow)
    own = Extension(id="1")
    lists = Lists(own=own, account={own.id: own})
    for field, selector in options_form(lists, list(Follow)).schema.items():
        assert isinstance(selector, SelectSelector)
        options = TEXTS["selector"][selector.config["translation_key"]]["options"]
        assert set(selector.config["options"]) == options.keys(), field


@pytest.mark.parametrize("platform", PLATFORMS)
def test_every_entity_has_a_name_and_an_icon(platform: str) -> None:
    found = entities(platform)
    assert found
    for key, description in found.items():
        assert text("entity", platform, key, "name"), key
        assert ICONS["entity"][platform][key]["default"], key
        for state in getattr(description, "options", None) or ():
            assert text("entity", platform, key, "state", state), (key, state)
        types = ("entity", platform, key, "state_attributes", "event_type", "state")
        for kind in getattr(description, "event_types", None) or ():
            assert text(*types, kind), (key, kind)


@pytest.mark.parametrize("platform", TEXTS["entity"])
def test_no_entity_text_is_left_over(platform: str) -> None:
    assert TEXTS["entity"][platform].keys() <= entities(platform).keys()


@pytest.mark.parametrize("platform", ICONS["entity"])
def test_every_icon_belongs_to_an_entity(platform: str) -> None:
    for key, icons in ICONS["entity"][platform].items():
        texts = TEXTS["entity"][platform][key]
        for name, icon in leaves(icons):
            assert re.fullmatch(r"mdi:[a-z0-9-]+", icon), name
        if platform in (Platform.BINARY_SENSOR, Platform.SWITCH):
            assert icons.get("state", {}).keys() <= {"on", "off"}, key
        else:
            assert icons.get("state", {}).keys() <= texts.get("state", {}).keys(), key


@pytest.mark.parametrize("module", SOURCES)
def test_every_exception_has_a_text(module: str) -> None:
    tree = SOURCES[module]
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            keywords = {keyword.arg: keyword.value for keyword in node.keywords}
            if {"translation_domain", "translation_key"} <= keywords.keys():
                keys = set(constants(keywords["translation_key"], tree))
                assert keys, ast.unparse(node)
                for key in keys:
                    assert text("exceptions", key, "message"), key


def test_every_issue_has_its_texts() -> None:
    assert TEXTS["issues"].keys() == {*ISSUES, PERMISSION_UNKNOWN}
    for key in TEXTS["issues"]:
        assert text("issues", key, "title"), key
        # A fixable one says what to do in its flow.
        flow = TEXTS["issues"][key].get("fix_flow")
        assert bool(flow) != ("description" in TEXTS["issues"][key]), key
        for step in flow["step"].values() if flow else ():
            assert step["title"], key
            assert step["description"], key


def test_every_action_has_its_texts_and_icon() -> None:
    assert ACTIONS.keys() == TEXTS.get("services", {}).keys()
    assert ACTIONS.keys() == ICONS.get("services", {}).keys()
    for name, action in ACTIONS.items():
        texts = TEXTS["services"][name]
        assert texts["name"], name
        assert texts["description"], name
        fields = action.get("fields", {})
        assert fields.keys() == texts.get("fields", {}).keys(), name
        for key, field in fields.items():
            assert texts["fields"][key]["name"], key
            assert texts["fields"][key]["description"], key
            for selector in field["selector"].values():
                if selector and "translation_key" in selector:
                    options = text("selector", selector["translation_key"], "options")
                    assert options.keys() == set(selector["options"]), key
