"""The voluptuous that mypy sees is the voluptuous that Home Assistant serves."""

import ast
from pathlib import Path
from types import ModuleType

import probatio
import voluptuous as vol

STUB = Path(__file__).parent.parent / "typings/voluptuous/__init__.pyi"


def stub_names() -> set[str]:
    """Return the names that the stub re-exports."""
    return {
        alias.asname or alias.name
        for node in ast.walk(ast.parse(STUB.read_text()))
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


def test_stub_names_what_is_served() -> None:
    served = {
        name
        for name in dir(vol)
        if not name.startswith("_")
        and not isinstance(getattr(vol, name), ModuleType)
        and name in probatio.__all__
    }
    assert stub_names() == served


def test_what_is_served_is_probatio() -> None:
    for name in stub_names():
        assert getattr(vol, name) is getattr(probatio, name), name
