"""Who may import whom.

- Three floors, and arrows only go down: the integration, the account, the rest of the client.
- The client (aioringcentral) knows nothing of Home Assistant or of what is around
  it: it is published as it is. So do its tests, which import it by its own name.
  The client itself does not: two names would be two of everything.
- The emulator shares no code with what it tests: a fake that does proves nothing. Demo and
  soak look at the product from outside, benchmarks may look inside.
- Platforms use the coordinator and the entity, never the connection.
- No circle, not even one that only type checkers see.
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
WHEEL_TESTS = "tests.aioringcentral"
ACCOUNT = f"{CLIENT}.account"
# On top of the account, and no part of what the integration runs.
ENTRANCES = [f"{CLIENT}.{name}" for name in ("__main__", "command", "watch", "probe")]
CONNECTION = [f"{CLIENT}.{name}" for name in ("stream", "rest")]
PLATFORMS = [*Platform, "condition", "trigger"]
PRODUCT = ["homeassistant", "custom_components", WHEEL]
# What each room may not import; none but tests imports tests.
WALLS = {
    "custom_components": [WHEEL, "emulator", "demo", "soak", "benchmarks"],
    "emulator": [*PRODUCT, "demo", "soak", "benchmarks"],
    "demo": [*PRODUCT, "soak", "benchmarks"],
    "soak": [*PRODUCT, "benchmarks"],
    "benchmarks": [WHEEL, "demo", "soak"],
    WHEEL_TESTS: ["homeassistant", "custom_components", "demo", "soak", "benchmarks"],
}


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


def floor(module: str) -> int:
    """Return the floor of a module of the product: arrows may stay on it or go down."""
    if not is_within(module, CLIENT):
        return 3
    # The package itself names what is public, of every floor below.
    return 2 if module == CLIENT or is_within(module, ACCOUNT, *ENTRANCES) else 1


def is_forbidden(module: str, imported: str) -> bool:
    """Tell whether a module may not import what it does."""
    if is_within(imported, "tests") and not (
        is_within(module, WHEEL_TESTS) and is_within(imported, WHEEL_TESTS)
    ):
        return True
    (room,) = (room for room in WALLS if is_within(module, room))
    if is_within(imported, *WALLS[room]):
        return True
    if is_within(module, CLIENT):
        if is_within(imported, "homeassistant", "custom_components"):
            return not is_within(imported, CLIENT) or (
                floor(module) == 1 and is_within(imported, ACCOUNT, *ENTRANCES)
            )
        return False
    if is_within(module, *(f"{INTEGRATION}.{platform}" for platform in PLATFORMS)):
        return is_within(imported, *CONNECTION)
    return False


def modules(root: Path) -> dict[str, Path]:
    """Return the modules of every room by name."""
    found = {}
    for room in WALLS:
        for path in sorted((root / room.replace(".", "/")).rglob("*.py")):
            parts = path.relative_to(root).with_suffix("").parts
            found[".".join(parts).removesuffix(".__init__")] = path
    return found


def circles(root: Path) -> list[str]:
    """Return every circle of imports as `one -> other -> one`, the shortest first."""
    known = modules(root)
    graph: dict[str, set[str]] = {module: set() for module in known}
    for module, path in known.items():
        for _, name in imports(path, module):
            # Of `a.b.C` the longest part that is a module is meant.
            while name and name not in known:
                name = name.rpartition(".")[0]
            if name and name != module:
                graph[module].add(name)
    found = []
    for start in graph:
        # The way back to a module by its neighbours, breadth first.
        ways = [[start]]
        seen = {start}
        while ways:
            way = ways.pop(0)
            for name in sorted(graph[way[-1]]):
                if name == start:
                    found.append(way)
                    ways.clear()
                    break
                if name not in seen:
                    seen.add(name)
                    ways.append([*way, name])
    unique = {frozenset(way): way for way in found}
    return [" -> ".join([*way, way[0]]) for way in sorted(unique.values(), key=len)]


def violations(root: Path) -> list[str]:
    """Return every forbidden import of a tree as `path:line imports name`."""
    return [
        f"{path.relative_to(root)}:{line} imports {imported}"
        for module, path in modules(root).items()
        for line, imported in imports(path, module)
        if is_forbidden(module, imported)
    ]


def test_imports() -> None:
    assert violations(ROOT) == []


def test_no_circle() -> None:
    assert circles(ROOT) == []


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
        ("../../emulator/account.py", "import aioringcentral", "aioringcentral"),
        ("../../emulator/account.py", "from demo import api", "demo.api"),
        ("../../demo/api.py", "import homeassistant.core", "homeassistant.core"),
        ("../../demo/api.py", f"from {CLIENT} import models", f"{CLIENT}.models"),
        ("../../soak/run.py", "from benchmarks import event", "benchmarks.event"),
        ("../../soak/run.py", "import tests", "tests"),
        ("../../benchmarks/event.py", "from soak import run", "soak.run"),
        ("coordinator.py", "from emulator import Emulator", "emulator.Emulator"),
        ("coordinator.py", "import aioringcentral", "aioringcentral"),
        (
            "aioringcentral/rest.py",
            "from .account import Account",
            f"{ACCOUNT}.Account",
        ),
        (
            "aioringcentral/stream/runner.py",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from ..account import account",
            f"{ACCOUNT}.account",
        ),
        ("aioringcentral/rest.py", "from . import command", f"{CLIENT}.command"),
        ("aioringcentral/auth.py", f"import {WHEEL}", WHEEL),
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
        ("../../soak/run.py", "from demo import api"),
        ("../../benchmarks/event.py", f"from {CLIENT} import models"),
        ("aioringcentral/account/account.py", "from ..rest import Rest"),
        ("aioringcentral/command.py", "from .account import Account"),
        ("aioringcentral/__init__.py", "from .account import Account"),
        ("../../tests/aioringcentral/test_auth.py", f"import {WHEEL}.auth"),
        ("../../tests/aioringcentral/test_auth.py", "from .conftest import Client"),
    ],
)
def test_lets_pass(tmp_path: Path, module: str, statement: str) -> None:
    planted = (tmp_path / "custom_components/ringcentral" / module).resolve()
    planted.parent.mkdir(parents=True, exist_ok=True)
    planted.write_text(f"{statement}\n")

    assert violations(tmp_path) == []


def plant(root: Path, **sources: str) -> None:
    """Write modules of the integration; two underscores stand for a folder."""
    for name, source in sources.items():
        path = root / "custom_components/ringcentral" / f"{name.replace('__', '/')}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{source}\n")


@pytest.mark.parametrize(
    "sources",
    [
        {"one": "from .two import Two", "two": "from . import one"},
        {"one": "from .two import Two", "two": "def f():\n    from .one import One"},
        {
            "one": "from .two import Two",
            "two": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from .one import One",
        },
        {
            "one": "from .two import Two",
            "two": "from .deep.three import Three",
            "deep__three": "from ..one import One",
        },
    ],
)
def test_finds_circles(tmp_path: Path, sources: dict[str, str]) -> None:
    plant(tmp_path, **sources)

    (found,) = circles(tmp_path)

    assert found.startswith(f"{INTEGRATION}.")
    assert found.count(" -> ") == len(sources)


def test_a_chain_is_no_circle(tmp_path: Path) -> None:
    plant(
        tmp_path,
        one="from .two import Two\nfrom . import three",
        two="from .three import T",
        three="",
    )

    assert circles(tmp_path) == []
