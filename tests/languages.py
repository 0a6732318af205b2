"""The texts of the interface in every language, for tests."""

from collections.abc import Iterator
import json
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "custom_components/ringcentral/translations"


def leaves(texts: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield every text with its path."""
    if isinstance(texts, str):
        yield path, texts
        return
    for key, inner in texts.items():
        yield from leaves(inner, f"{path}.{key}" if path else key)


def said(language: str) -> dict[str, str]:
    """Return a language's texts by their paths."""
    return dict(leaves(json.loads((FOLDER / f"{language}.json").read_text())))


ENGLISH = said("en")
