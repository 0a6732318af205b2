"""What hassfest and HACS check of a custom integration, where neither can be had offline.

Both run in .github/workflows/validate.yml as they are on that day. What is checked here
is what they check as far as it can concern this repository, and Home Assistant's own
readers of the same files.
"""

import ast
from collections.abc import Iterator
import hashlib
import importlib
from importlib.metadata import packages_distributions, requires, version
import json
import os
from pathlib import Path
import re
import shutil
import string
import subprocess
import sys
import tomllib
from typing import Any
from urllib.parse import urlparse

from awesomeversion import AwesomeVersion, AwesomeVersionStrategy
from homeassistant import components
from homeassistant.components.brands.const import ALLOWED_IMAGES
from homeassistant.const import Platform, __version__ as ha_version
from homeassistant.core import HomeAssistant
from homeassistant.helpers import config_validation as cv, selector
from homeassistant.helpers.condition import (
    async_get_all_descriptions as async_get_all_condition_descriptions,
)
from homeassistant.helpers.service import (
    async_get_all_descriptions as async_get_all_action_descriptions,
)
from homeassistant.helpers.trigger import (
    async_get_all_descriptions as async_get_all_trigger_descriptions,
)
from homeassistant.loader import async_get_integration
from homeassistant.setup import async_setup_component
from homeassistant.util.yaml import load_yaml_dict
from packaging.requirements import Requirement
from PIL import Image
import pytest
import voluptuous as vol

import custom_components.ringcentral as integration
from custom_components.ringcentral import aioringcentral as library

ROOT = Path(__file__).parent.parent
HOME = Path(integration.__file__).parent
LIBRARY = HOME / "aioringcentral"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
SOURCES = {path.relative_to(HOME): path for path in sorted(HOME.rglob("*.py"))}
MANIFEST: dict[str, Any] = json.loads((HOME / "manifest.json").read_text())
TEXTS: dict[str, Any] = json.loads((HOME / "translations/en.json").read_text())
ICONS: dict[str, Any] = json.loads((HOME / "icons.json").read_text())
HACS: dict[str, Any] = json.loads((ROOT / "hacs.json").read_text())

# What the loader takes for a version.
VERSIONS = [
    AwesomeVersionStrategy.CALVER,
    AwesomeVersionStrategy.SEMVER,
    AwesomeVersionStrategy.SIMPLEVER,
    AwesomeVersionStrategy.BUILDVER,
    AwesomeVersionStrategy.PEP440,
]


def imports(path: Path) -> Iterator[str]:
    """Yield the modules that a file imports, also those for types alone."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{name.name}" for name in node.names)


# manifest.json


def address(value: str) -> str:
    """Take an https URL that is not a page of Home Assistant's own documentation."""
    url = urlparse(value)
    assert url.scheme == "https", value
    assert url.netloc, value
    assert not value.startswith("https://www.home-assistant.io/integrations"), value
    return value


# What hassfest knows of a custom integration. Of keys that this one has no use for,
# discovery among them, a test elsewhere has to hear first.
MANIFEST_SCHEMA = vol.Schema(
    {
        vol.Required("domain"): "ringcentral",
        vol.Required("name"): str,
        vol.Required("codeowners"): [vol.Match(r"^@[A-Za-z0-9-]+$")],
        vol.Required("config_flow"): True,
        vol.Required("documentation"): address,
        vol.Required("integration_type"): vol.In(
            ["device", "entity", "hardware", "helper", "hub", "service", "system"]
        ),
        vol.Required("iot_class"): vol.In(
            [
                "assumed_state",
                "calculated",
                "cloud_polling",
                "cloud_push",
                "local_polling",
                "local_push",
            ]
        ),
        vol.Required("issue_tracker"): address,
        vol.Required("version"): str,
        vol.Optional("after_dependencies"): [str],
        vol.Optional("dependencies"): [str],
        vol.Optional("loggers"): [str],
        vol.Optional("requirements"): [str],
        vol.Optional("single_config_entry"): bool,
    }
)


def test_manifest() -> None:
    assert MANIFEST_SCHEMA(MANIFEST) == MANIFEST
    assert MANIFEST["domain"] == HOME.name
    assert AwesomeVersion(MANIFEST["version"], ensure_strategy=VERSIONS)


def test_manifest_keys_are_in_order() -> None:
    keys = list(MANIFEST)

    assert keys[:2] == ["domain", "name"]
    assert keys[2:] == sorted(keys[2:])


def test_no_integration_of_home_assistant_has_the_domain() -> None:
    assert not (Path(components.__path__[0]) / MANIFEST["domain"]).exists()


async def test_home_assistant_loads_it(
    hass: HomeAssistant, enable_custom_integrations: None
) -> None:
    found = await async_get_integration(hass, "ringcentral")

    assert found.file_path == HOME
    assert found.version == MANIFEST["version"]
    assert found.iot_class == "cloud_push"
    assert await found.resolve_dependencies() is not None
    assert found.has_services
    assert found.has_triggers
    assert found.has_conditions


# Dependencies

# What hassfest lets an integration import without a word in the manifest, as far as
# it is imported at all: platforms and the system health helper.
ALWAYS_THERE = {*map(str, Platform), "homeassistant", "system_health"}


def test_what_is_imported_of_home_assistant_is_a_dependency() -> None:
    dependencies = {
        *MANIFEST.get("dependencies", ()),
        *MANIFEST.get("after_dependencies", ()),
    }
    for name, path in SOURCES.items():
        for module in imports(path):
            parts = module.split(".")
            if parts[:2] != ["homeassistant", "components"] or len(parts) < 3:
                continue
            # Of another integration whose platform this very integration has, too.
            is_platform = (HOME / f"{parts[2]}.py").exists()
            assert parts[2] in dependencies | ALWAYS_THERE or is_platform, name


def test_dependencies_exist() -> None:
    for name in MANIFEST["dependencies"]:
        assert (Path(components.__path__[0]) / name / "manifest.json").exists(), name
        assert name not in MANIFEST.get("after_dependencies", ())
        # A dependency that nothing needs would be loaded for nothing.
        assert (HOME / f"{name}.py").exists() or any(
            f"homeassistant.components.{name}" in set(imports(path))
            for path in SOURCES.values()
        ), name


def test_everything_else_comes_with_home_assistant() -> None:
    assert MANIFEST["requirements"] == []
    brought = {
        re.split(r"[^A-Za-z0-9._-]", requirement)[0].lower().replace("_", "-")
        for requirement in requires("homeassistant") or ()
    }
    distributions = packages_distributions()
    for name, path in SOURCES.items():
        for module in imports(path):
            package = module.split(".")[0]
            if package in sys.stdlib_module_names or package == "homeassistant":
                continue
            if package == "voluptuous":
                # Home Assistant serves the name itself.
                assert vol.Schema.__module__.split(".")[0] == "probatio"
                package = "probatio"
            names = {found.lower() for found in distributions[package]}
            assert names & brought, f"{name} imports {package}"


# Texts. Whether every key of the code has one is tested in integration/test_texts.py.

KEY = vol.All(str, vol.Match(r"^(?!.+[_-]{2})(?![_-])[a-z0-9-_]+(?<![_-])$"))
ADDRESS_IN_TEXT = re.compile(r"(\w+://|www\.)\w+", re.IGNORECASE)


def words(value: Any) -> str:
    """Take a text that translators can handle."""
    text: str = cv.string_with_no_html(value)
    assert text == text.strip() != "", text
    assert not re.search(r"'\{\w+\}'", text), f"placeholder in single quotes: {text}"
    assert "[%" not in text, f"reference: {text}"
    assert not ADDRESS_IN_TEXT.search(text), (
        f"address, for which a placeholder is: {text}"
    )
    names = [name for _, name, _, _ in string.Formatter().parse(text) if name]
    assert all(name.isidentifier() for name in names), text
    return text


def fixed_words(value: Any) -> str:
    """Take a text in which nothing is filled in."""
    text = words(value)
    assert not [name for _, name, _, _ in string.Formatter().parse(text) if name], text
    return text


def _explained(flow: dict[str, Any]) -> dict[str, Any]:
    for name, step in flow["step"].items():
        assert step.get("data_description", {}).keys() <= step.get("data", {}).keys(), (
            name
        )
    return flow


FLOW = vol.All(
    vol.Schema(
        {
            vol.Required("step"): {
                str: {
                    vol.Optional("title"): words,
                    vol.Optional("description"): words,
                    vol.Optional("data"): {str: words},
                    vol.Optional("data_description"): {str: words},
                    vol.Optional("menu_options"): {str: words},
                    vol.Optional("menu_option_descriptions"): {str: words},
                    vol.Optional("submit"): words,
                }
            },
            vol.Optional("error"): {str: words},
            vol.Optional("abort"): {str: words},
            vol.Optional("progress"): {str: words},
            vol.Optional("create_entry"): {str: words},
        }
    ),
    _explained,
)
FIELDS = {
    KEY: {vol.Required("name"): str, vol.Optional("description"): words},
}
DESCRIBED = {
    vol.Required("name"): words,
    vol.Required("description"): words,
    vol.Optional("fields"): FIELDS,
}
STATES = {KEY: fixed_words}
TEXTS_SCHEMA = vol.Schema(
    {
        vol.Optional("title"): words,
        vol.Required("config"): FLOW,
        vol.Optional("options"): FLOW,
        vol.Optional("selector"): {cv.slug: {vol.Optional("options"): {KEY: words}}},
        vol.Optional("entity"): {
            cv.slug: {
                KEY: {
                    vol.Optional("name"): words,
                    vol.Optional("state"): STATES,
                    vol.Optional("state_attributes"): {
                        KEY: {
                            vol.Optional("name"): fixed_words,
                            vol.Optional("state"): STATES,
                        }
                    },
                    vol.Optional("unit_of_measurement"): fixed_words,
                }
            }
        },
        vol.Optional("exceptions"): {cv.slug: {vol.Optional("message"): words}},
        vol.Optional("issues"): {
            str: vol.Any(
                {vol.Required("title"): words, vol.Required("description"): words},
                {vol.Required("title"): words, vol.Required("fix_flow"): FLOW},
            )
        },
        vol.Optional("services"): {KEY: DESCRIBED},
        vol.Optional("triggers"): {cv.underscore_slug: DESCRIBED},
        vol.Optional("conditions"): {cv.underscore_slug: DESCRIBED},
        vol.Optional("system_health"): {vol.Optional("info"): {KEY: words}},
        vol.Optional("application_credentials"): {vol.Optional("description"): words},
    }
)


@pytest.mark.parametrize(
    "path", sorted((HOME / "translations").iterdir()), ids=lambda path: path.stem
)
def test_texts(path: Path) -> None:
    texts = json.loads(path.read_text())

    assert TEXTS_SCHEMA(texts) == texts


def test_texts_are_where_home_assistant_looks() -> None:
    # Of a custom integration it reads translations/ alone, with no references resolved.
    assert not (HOME / "strings.json").exists()
    assert not (HOME / ".translations").exists()
    for path in (HOME / "translations").iterdir():
        assert re.fullmatch(r"[a-z]{2,3}(-[A-Za-z]+)?\.json", path.name)


# Icons

ICON = vol.All(str, vol.Match(r"^mdi:[a-z0-9-]+$"))


def _other_than_default(attributes: dict[str, Any]) -> dict[str, Any]:
    for name, icons in attributes.items():
        assert icons["default"] not in icons["state"].values(), name
    return attributes


ICONS_SCHEMA = vol.Schema(
    {
        vol.Optional("entity"): {
            cv.slug: {
                KEY: {
                    vol.Optional("default"): ICON,
                    vol.Optional("range"): {str: ICON},
                    vol.Optional("state"): {KEY: ICON},
                    vol.Optional("state_attributes"): vol.All(
                        {
                            KEY: {
                                vol.Required("default"): ICON,
                                vol.Required("state"): {KEY: ICON},
                            }
                        },
                        _other_than_default,
                    ),
                }
            }
        },
        vol.Optional("services"): {KEY: {vol.Required("service"): ICON}},
        vol.Optional("triggers"): {KEY: {vol.Required("trigger"): ICON}},
        vol.Optional("conditions"): {KEY: {vol.Required("condition"): ICON}},
    }
)


def test_icons() -> None:
    assert ICONS_SCHEMA(ICONS) == ICONS


# Actions, triggers and conditions


def something(value: Any) -> Any:
    """Take anything but nothing."""
    assert value is not None
    return value


FIELD = {
    vol.Optional("example"): something,
    vol.Optional("default"): something,
    vol.Optional("required"): bool,
    vol.Optional("selector"): selector.validate_selector,
}
DESCRIPTION = {
    vol.Optional("target"): selector.TargetSelector.CONFIG_SCHEMA,
    vol.Optional("fields"): {str: FIELD},
}
# Keys that begin with a dot hold what others repeat. Of actions hassfest allows none.
REPEATED = {vol.Remove(vol.Match(r"^\.")): object}
KINDS = {
    "services": vol.Schema({cv.slug: vol.Any(None, DESCRIPTION)}),
    "triggers": vol.Schema(
        {**REPEATED, cv.underscore_slug: vol.Any(None, DESCRIPTION)}
    ),
    "conditions": vol.Schema(
        {**REPEATED, cv.underscore_slug: vol.Any(None, DESCRIPTION)}
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_descriptions(kind: str) -> None:
    described = KINDS[kind](load_yaml_dict(str(HOME / f"{kind}.yaml")))

    assert described.keys() == TEXTS[kind].keys() == ICONS[kind].keys()
    for name, description in described.items():
        texts, fields = TEXTS[kind][name], description.get("fields", {})
        assert fields.keys() == texts.get("fields", {}).keys(), name
        for key, field in fields.items():
            select = field["selector"].get("select") or {}
            if "translation_key" in select:
                options = TEXTS["selector"][select["translation_key"]]["options"]
                assert set(select["options"]) == options.keys(), (name, key)


async def test_home_assistant_reads_the_descriptions(
    hass: HomeAssistant,
    enable_custom_integrations: None,
    caplog: pytest.LogCaptureFixture,
) -> None:
    for name in ("automation", "ringcentral"):
        assert await async_setup_component(hass, name, {})
    for kind, read in (
        ("triggers", async_get_all_trigger_descriptions),
        ("conditions", async_get_all_condition_descriptions),
    ):
        found = {
            name.removeprefix("ringcentral.")
            for name, described in (await read(hass)).items()
            if name.startswith("ringcentral.") and described
        }
        assert found == TEXTS[kind].keys()
    actions = (await async_get_all_action_descriptions(hass))["ringcentral"]
    assert actions.keys() == TEXTS["services"].keys()
    assert "Unable to" not in caplog.text


# Modules


def test_modules_that_files_promise() -> None:
    flow = importlib.import_module("custom_components.ringcentral.config_flow")
    assert callable(flow.RingCentralConfigFlow.async_step_user)
    trigger = importlib.import_module("custom_components.ringcentral.trigger")
    assert trigger.TRIGGERS.keys() == TEXTS["triggers"].keys()
    condition = importlib.import_module("custom_components.ringcentral.condition")
    assert condition.CONDITIONS.keys() == TEXTS["conditions"].keys()
    # Without one of these Home Assistant offers no sign-in in the browser.
    credentials = importlib.import_module(
        "custom_components.ringcentral.application_credentials"
    )
    assert callable(credentials.async_get_auth_implementation)
    # Whoever sets up in YAML is told that it is of no use.
    assert callable(integration.CONFIG_SCHEMA)


def test_every_json_file_can_be_read() -> None:
    for path in ROOT.glob("custom_components/**/*.json"):
        json.loads(path.read_text())


# The library, which is a wheel of its own (scripts/test-library builds and tests it)


def test_the_library_has_the_version_of_the_integration() -> None:
    assert library.__version__ == MANIFEST["version"]


def test_the_library_is_the_same_code_under_both_names() -> None:
    packages = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]

    assert packages == [str(LIBRARY.relative_to(ROOT))]
    assert Path(library.__file__) == LIBRARY / "__init__.py"
    assert (ROOT / "typings/aioringcentral").resolve() == LIBRARY


def test_every_public_name_is_there() -> None:
    assert list(library.__all__) == sorted(set(library.__all__))
    assert all(hasattr(library, name) for name in library.__all__)


def test_the_library_needs_what_home_assistant_has() -> None:
    for requirement in map(Requirement, PROJECT["project"]["dependencies"]):
        assert version(requirement.name) in requirement.specifier


def test_the_library_s_tests_need_what_the_others_have() -> None:
    lines = (ROOT / "requirements_library.txt").read_text().splitlines()
    for line in lines:
        if line and not line.startswith("#"):
            assert version(Requirement(line).name) in Requirement(line).specifier


def test_no_platform_shadows_the_standard_library(tmp_path: Path) -> None:
    """Where the integration's folder is the working one, its `select.py` is first to be found."""
    copy = tmp_path / HOME.name
    shutil.copytree(HOME, copy)
    for name in ("calendar", "logging", "selectors"):
        (copy / f"{name}.py").write_text("raise AssertionError(__file__)")

    run = subprocess.run(
        [sys.executable, "-m", "aioringcentral.jwt"],
        cwd=copy,
        env={**os.environ, "PYTHONPATH": str(copy)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert run.stderr == ""
    assert run.returncode == 0


# HACS and the Marketplace

HACS_SCHEMA = vol.Schema(
    {
        vol.Required("name"): str,
        vol.Optional("content_in_root"): bool,
        vol.Optional("country"): vol.Any(str, [str]),
        vol.Optional("filename"): str,
        vol.Optional("hacs"): str,
        vol.Optional("hide_default_branch"): bool,
        vol.Optional("homeassistant"): str,
        vol.Optional("persistent_directory"): str,
        vol.Optional("render_readme"): bool,
        vol.Optional("zip_release"): bool,
    }
)


def test_hacs() -> None:
    assert HACS_SCHEMA(HACS) == HACS
    assert HACS["name"] == MANIFEST["name"]
    # The release workflow attaches it under this name.
    assert HACS["zip_release"] is True
    workflow = (ROOT / ".github/workflows/release.yml").read_text()
    assert "run: scripts/build-release" in workflow
    assert f'gh release create "$TAG" {HACS["filename"]}' in workflow


def test_the_lowest_home_assistant_is_one_that_is_tested() -> None:
    lowest = AwesomeVersion(HACS["homeassistant"])

    assert lowest.valid
    assert lowest <= AwesomeVersion(ha_version)
    assert str(lowest).split(".")[:2] == ha_version.split(".")[:2]


def test_one_integration_and_nothing_else_is_installed() -> None:
    folders = [
        path.name
        for path in (ROOT / "custom_components").iterdir()
        if path.is_dir() and path.name != "__pycache__"
    ]

    assert folders == ["ringcentral"]


def test_license() -> None:
    # GitHub tells a license by its very text, and HACS asks GitHub.
    digest = hashlib.sha256((ROOT / "LICENSE").read_bytes()).hexdigest()

    assert digest == "cfc7749b96f63bd31c3c42b5c471bf756814053e847c10f3eb003417bc523d30"


def test_there_is_something_to_read() -> None:
    assert "RingCentral" in (ROOT / "README.md").read_text()


# Pictures

PICTURES = sorted((HOME / "brand").iterdir())


def test_every_picture_is_there() -> None:
    assert {path.name for path in PICTURES} == ALLOWED_IMAGES


@pytest.mark.parametrize("path", PICTURES, ids=lambda path: path.name)
def test_picture(path: Path) -> None:
    scale = 2 if path.stem.endswith("@2x") else 1
    with Image.open(path) as picture:
        picture.load()
        width, height = picture.size
        assert picture.format == "PNG"
        assert picture.mode == "RGBA"
        # Trimmed: no row or column at the edges is all transparent.
        assert picture.getbbox() == (0, 0, width, height)
    if "icon" in path.name:
        assert (width, height) == (256 * scale, 256 * scale)
    else:
        assert 128 * scale <= min(width, height) <= 256 * scale
        assert width > height


@pytest.mark.parametrize(
    ("options", "status", "said"),
    [([], 0, "usage: scripts/make-brand"), (["-S"], 1, "run scripts/setup")],
)
def test_the_pictures_are_drawn_by_a_command_that_explains_itself(
    tmp_path: Path, options: list[str], status: int, said: str
) -> None:
    """Also where there is no Pillow, as in a clone."""
    script = tmp_path / "scripts/make-brand"
    script.parent.mkdir()
    shutil.copy(ROOT / "scripts/make-brand", script)

    done = subprocess.run(
        [sys.executable, *options, script, "--help"],
        check=False,
        capture_output=True,
        text=True,
    )

    assert done.returncode == status
    assert said in done.stdout + done.stderr
    assert not (tmp_path / "custom_components").exists()


def test_a_picture_and_its_larger_one_have_the_same_shape() -> None:
    for path in PICTURES:
        if path.stem.endswith("@2x"):
            continue
        with (
            Image.open(path) as small,
            Image.open(path.with_stem(f"{path.stem}@2x")) as large,
        ):
            wide, high = small.size
            assert abs(large.width - 2 * wide) <= 1
            assert large.height == 2 * high


# Forms of GitHub

FORMS = [
    path
    for path in sorted((ROOT / ".github/ISSUE_TEMPLATE").glob("*.yml"))
    if path.name != "config.yml"
]
FORM = vol.Schema(
    {
        vol.Required("name"): str,
        vol.Required("description"): str,
        vol.Optional("labels"): [str],
        vol.Required("body"): [
            {
                vol.Required("type"): vol.In(
                    ["markdown", "input", "textarea", "dropdown", "checkboxes"]
                ),
                vol.Optional("id"): vol.Match(r"^[a-z_]+$"),
                vol.Required("attributes"): dict,
                vol.Optional("validations"): {"required": bool},
            }
        ],
    }
)


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.name)
def test_issue_form(path: Path) -> None:
    form = FORM(load_yaml_dict(str(path)))

    asked = [field for field in form["body"] if field["type"] != "markdown"]
    assert len({field["id"] for field in asked}) == len(asked)
    for field in asked:
        assert field["attributes"]["label"], field


# That all this can fail


@pytest.mark.parametrize(
    ("schema", "broken"),
    [
        (MANIFEST_SCHEMA, {**MANIFEST, "homeassistant": "2026.10.0"}),
        (MANIFEST_SCHEMA, {**MANIFEST, "documentation": "http://example.com"}),
        (MANIFEST_SCHEMA, {**MANIFEST, "iot_class": "cloud"}),
        (MANIFEST_SCHEMA, {**MANIFEST, "codeowners": ["somebody"]}),
        (HACS_SCHEMA, {**HACS, "domains": ["sensor"]}),
        (TEXTS_SCHEMA, {**TEXTS, "triggers": {"rang": {"name": "Rang"}}}),
        (TEXTS_SCHEMA, {**TEXTS, "title": "[%key:common::ringcentral%]"}),
        (TEXTS_SCHEMA, {**TEXTS, "title": "A <b>bold</b> name"}),
        (TEXTS_SCHEMA, {**TEXTS, "title": "See https://example.com"}),
        (TEXTS_SCHEMA, {**TEXTS, "title": "About '{name}'"}),
        (TEXTS_SCHEMA, {**TEXTS, "title": " RingCentral"}),
        (
            TEXTS_SCHEMA,
            {**TEXTS, "config": {"step": {"user": {"data_description": {"x": "X"}}}}},
        ),
        (ICONS_SCHEMA, {**ICONS, "services": {"get_presence": "mdi:account"}}),
        (ICONS_SCHEMA, {**ICONS, "triggers": {"rang": {"trigger": "hass:phone"}}}),
        (KINDS["services"], {".repeated": {}}),
        (KINDS["services"], {"set": {"fields": {"x": {"selector": {"no": None}}}}}),
        (KINDS["triggers"], {"rang": {"targets": {}}}),
        (KINDS["triggers"], {"rang": {"fields": {"x": {"default": None}}}}),
    ],
)
def test_what_is_broken_is_refused(schema: vol.Schema, broken: Any) -> None:
    with pytest.raises((vol.Invalid, AssertionError)):
        schema(broken)
