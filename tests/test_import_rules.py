"""Who may import whom.

- The client (aioringcentral) knows nothing of Home Assistant or of what is
  around it: it is published as it is. So do its tests, which import it by its
  own name. The client itself does not: two names would be two of everything.
- The emulator shares no code with what it tests: a fake that does proves nothing.
- Platforms take from the coordinator and the entity, never from the connection.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

from homeassistant.const import Platform
import pytest

ROOT = Path(__file__).parent.parent

INTEGRATION = "custom_components.ringcentral"
CLIENT = f"{INTEGRATION}.aioringcentral"
WHEEL = "aioringcentral"
CONNECTION = [f"{CLIENT}.{name}" for name in ("stream", "rest")]
PLATFORMS = [*Platform, "condition", "trigger"]


def imports(path: Path, module: str) -> Iterator[tuple[int, str]]:
    """Yield the line and the absolute name of everything that a module imports.

    `from a import b` yields a.b, since b may be a module.
    """
    package = module.split(".")
    if path.name != "__init__.py":
        package.pop()
    for node in ast.walk(ast.parse(path.read_text(), path)):
        match node:
            case ast.Import():
                for alias in node.names:
                    yield node.lineno, alias.name
            case ast.ImportFrom():
                # One dot is the package itself, each further one its parent.
                above = package[: len(package) - node.level + 1] if node.level else []
                origin = ".".join([*above, *filter(None, [node.module])])
                for alias in node.names:
                    yield node.lineno, f"{origin}.{alias.name}"
            case ast.Call(
                func=ast.Name(id="import_module" | "__import__")
                | ast.Attribute(attr="import_module"),
                args=[ast.Constant(value=str(name)), *_],
            ):
                yield node.lineno, name


def is_within(name: str, *packages: str) -> bool:
    """Tell whether a name is one of the packages or in one."""
    return any(f"{name}.".startswith(f"{package}.") for package in packages)


def is_forbidden(module: str, imported: str) -> bool:
    """Tell whether a module may not import what it does."""
    if is_within(module, CLIENT):
        return is_within(imported, "homeassistant", "emulator", "tests", WHEEL) or (
            is_within(imported, "custom_components") and not is_within(imported, CLIENT)
        )
    if is_within(module, "tests.aioringcentral"):
        return is_within(imported, "homeassistant", "custom_components") or (
            is_within(imported, "tests")
            and not is_within(imported, "tests.aioringcentral")
        )
    if is_within(module, "emulator"):
        return is_within(imported, "homeassistant", "custom_components", "tests", WHEEL)
    if is_within(imported, WHEEL):
        return True
    if is_within(module, *(f"{INTEGRATION}.{platform}" for platform in PLATFORMS)):
        return is_within(imported, *CONNECTION)
    return False


def violations(root: Path) -> list[str]:
    """Return every forbidden import of a tree as `path:line imports name`."""
    found = []
    for folder in ("custom_components", "emulator", "tests/aioringcentral"):
        for path in sorted((root / folder).rglob("*.py")):
            relative = path.relative_to(root)
            module = ".".join(relative.with_suffix("").parts).removesuffix(".__init__")
            found += [
                f"{relative}:{line} imports {imported}"
                for line, imported in imports(path, module)
                if is_forbidden(module, imported)
            ]
    return found


def test_imports() -> None:
    assert violations(ROOT) == []


@pytest.mark.parametrize(
    ("module", "statement", "imported"),
    [
        ("aioringcentral/auth.py", "import homeassistant", "homeassistant"),
        (
            "aioringcentral/auth.py",
            "from homeassistant import core",
            "homeassistant.core",
        ),
        (
            "aioringcentral/auth.py",
            "import asyncio, homeassistant.util.dt as dt_util",
            "homeassistant.util.dt",
        ),
        (
            "aioringcentral/auth.py",
            "def f():\n    from homeassistant.util import dt",
            "homeassistant.util.dt",
        ),
        (
            "aioringcentral/auth.py",
            "import importlib; importlib.import_module('homeassistant.core')",
            "homeassistant.core",
        ),
        (
            "aioringcentral/auth.py",
            "from ..const import DOMAIN",
            f"{INTEGRATION}.const.DOMAIN",
        ),
        ("aioringcentral/auth.py", "from .. import const", f"{INTEGRATION}.const"),
        ("aioringcentral/__init__.py", "from .. import const", f"{INTEGRATION}.const"),
        (
            "aioringcentral/deep/auth.py",
            "from ...const import DOMAIN",
            f"{INTEGRATION}.const.DOMAIN",
        ),
        (
            "aioringcentral/auth.py",
            f"from {INTEGRATION} import const",
            f"{INTEGRATION}.const",
        ),
        ("sensor.py", "from .aioringcentral import stream", f"{CLIENT}.stream"),
        (
            "sensor.py",
            "from .aioringcentral.stream import Stream",
            f"{CLIENT}.stream.Stream",
        ),
        ("trigger.py", "from .aioringcentral.rest import Rest", f"{CLIENT}.rest.Rest"),
        (
            "select.py",
            f"import {CLIENT}.stream.connection",
            f"{CLIENT}.stream.connection",
        ),
        (
            "../../emulator/account.py",
            "import homeassistant.core",
            "homeassistant.core",
        ),
        (
            "../../emulator/deep/account.py",
            f"from {CLIENT} import models",
            f"{CLIENT}.models",
        ),
        ("../../emulator/account.py", f"import {WHEEL}", WHEEL),
        ("aioringcentral/auth.py", f"import {WHEEL}", WHEEL),
        ("coordinator.py", f"import {WHEEL}", WHEEL),
        (
            "../../tests/aioringcentral/test_auth.py",
            f"import {CLIENT}.auth",
            f"{CLIENT}.auth",
        ),
        (
            "../../tests/aioringcentral/test_auth.py",
            "import homeassistant",
            "homeassistant",
        ),
        (
            "../../tests/aioringcentral/test_auth.py",
            "from ..integration import world",
            "tests.integration.world",
        ),
    ],
)
def test_catches(tmp_path: Path, module: str, statement: str, imported: str) -> None:
    planted = (tmp_path / "custom_components/ringcentral" / module).resolve()
    planted.parent.mkdir(parents=True, exist_ok=True)
    planted.write_text(f'"""A module."""\n\n{statement}\n')

    found = violations(tmp_path)

    assert len(found) == 1
    assert found[0].startswith(str(planted.relative_to(tmp_path.resolve())))
    assert found[0].endswith(f" imports {imported}")


@pytest.mark.parametrize(
    ("module", "statement"),
    [
        ("aioringcentral/auth.py", "import aiohttp"),
        ("aioringcentral/auth.py", "from . import models"),
        ("aioringcentral/auth.py", "from .models import Presence"),
        ("aioringcentral/deep/auth.py", "from ..models import Presence"),
        ("aioringcentral/auth.py", "import homeassistants_friend"),
        ("sensor.py", "from .aioringcentral.models import Presence"),
        ("sensor.py", "from homeassistant.core import HomeAssistant"),
        ("sensor.py", "from .coordinator import Coordinator"),
        ("coordinator.py", "from .aioringcentral.stream import Stream"),
        ("../../emulator/account.py", "from .calls import Call"),
        ("../../tests/aioringcentral/test_auth.py", f"import {WHEEL}.auth"),
        ("../../tests/aioringcentral/test_auth.py", "from .conftest import Client"),
    ],
)
def test_lets_pass(tmp_path: Path, module: str, statement: str) -> None:
    planted = (tmp_path / "custom_components/ringcentral" / module).resolve()
    planted.parent.mkdir(parents=True, exist_ok=True)
    planted.write_text(statement)

    assert violations(tmp_path) == []
