"""Every language says all that English says, with the same values in it."""

from collections.abc import Iterator
import json
from pathlib import Path
import re
from typing import Any

import pytest

FOLDER = Path(__file__).parents[1] / "custom_components/ringcentral/translations"
ENGLISH: dict[str, Any] = json.loads((FOLDER / "en.json").read_text())
LANGUAGES = ("da", "de", "es", "fr", "it", "ja", "nl", "pl", "pt-BR", "sv", "zh-Hans")

# So many texts may be the same words as in English: names of products, and words that languages share.
MOST_ALIKE = 0.15


def leaves(texts: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield every text with its path."""
    if isinstance(texts, str):
        yield path, texts
        return
    for key, inner in texts.items():
        yield from leaves(inner, f"{path}.{key}" if path else key)


def parts(text: str) -> list[str]:
    """Return what a translation must keep: placeholders, link targets and literal words."""
    return sorted(re.findall(r"\{\w+\}|\]\([^)]*\)|`[^`]*`", text))


def test_every_language_that_is_promised_is_there() -> None:
    """No more, and no less."""
    assert {path.stem for path in FOLDER.glob("*.json")} == {"en", *LANGUAGES}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_has_the_keys_and_values_of_english(language: str) -> None:
    """A key that is added to English is missed here, by name."""
    raw = (FOLDER / f"{language}.json").read_text()
    texts = json.loads(raw)
    assert raw == json.dumps(texts, indent=2, ensure_ascii=False) + "\n"
    ours, theirs = dict(leaves(texts)), dict(leaves(ENGLISH))
    assert list(ours) == list(theirs)
    wrong = {
        key: text for key, text in ours.items() if parts(text) != parts(theirs[key])
    }
    assert wrong == {}
    assert [key for key, text in ours.items() if not text.strip()] == []
    assert [key for key, text in ours.items() if re.search(r"<[a-z/]", text)] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_is_not_english(language: str) -> None:
    """Few texts are the same words."""
    ours = dict(leaves(json.loads((FOLDER / f"{language}.json").read_text())))
    alike = [key for key, text in leaves(ENGLISH) if ours[key] == text]
    assert len(alike) < len(ours) * MOST_ALIKE, alike
