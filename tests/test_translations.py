"""What a language says is what English says, with the same values in it.

Whether it says all of it is asked by scripts/translations, before a release: whoever adds a
text writes English alone.
"""

from collections.abc import Iterator
import json
from pathlib import Path
import re
import shutil
import subprocess
import sys
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "custom_components/ringcentral/translations"
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


def said(language: str) -> dict[str, str]:
    """Return a language's texts by their paths."""
    return dict(leaves(json.loads((FOLDER / f"{language}.json").read_text())))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_has_keys_and_values_of_english(language: str) -> None:
    """In English's order, so that two files can be read side by side."""
    raw = (FOLDER / f"{language}.json").read_text()
    texts = json.loads(raw)
    assert raw == json.dumps(texts, indent=2, ensure_ascii=False) + "\n"
    ours, theirs = dict(leaves(texts)), dict(leaves(ENGLISH))
    assert list(ours) == [key for key in theirs if key in ours]
    wrong = {
        key: text for key, text in ours.items() if parts(text) != parts(theirs[key])
    }
    assert wrong == {}
    assert [key for key, text in ours.items() if not text.strip()] == []
    assert [key for key, text in ours.items() if re.search(r"<[a-z/]", text)] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_is_not_english(language: str) -> None:
    """Few texts are the same words."""
    ours, theirs = said(language), dict(leaves(ENGLISH))
    alike = [key for key, text in ours.items() if theirs.get(key) == text]
    assert len(alike) < len(ours) * MOST_ALIKE, alike


def test_french_keeps_its_punctuation_with_the_word() -> None:
    """A line must not begin with a colon."""
    parted = {
        key for key, text in said("fr").items() if re.search(r" [:;?!»]|« ", text)
    }
    assert parted == set()


def glossary() -> dict[str, dict[str, str]]:
    """Return the words of the page by English term and language."""
    page = (ROOT / "docs/translations.md").read_text()
    table = page.partition("## Words")[2].partition("\n## ")[0]
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in table.splitlines()
        if line.startswith("| ")
    ]
    return {row[0]: dict(zip(rows[0][1:], row[1:], strict=True)) for row in rows[1:]}


def stems(term: str) -> list[str]:
    """Return what stays of a term's words whatever ending the sentence asks for."""
    return [word[: max(3, len(word) - 3)] for word in term.casefold().split()]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_uses_the_words_of_its_glossary(language: str) -> None:
    """Each word of it, in most of the texts whose English has the term."""
    texts, english, seldom = said(language), dict(leaves(ENGLISH)), {}
    for term, words in glossary().items():
        speaking = [
            text
            for key, text in texts.items()
            if re.search(rf"\b{term}\b", english.get(key, ""), re.IGNORECASE)
        ]
        using = [
            text
            for text in speaking
            if all(stem in text.casefold() for stem in stems(words[language]))
        ]
        if len(using) * 2 < len(speaking):
            seldom[term] = (words[language], len(using), len(speaking))
    assert seldom == {}


# The command that asks for completeness


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Return a checkout in which two languages are complete."""
    (tmp_path / "scripts").mkdir()
    shutil.copy(ROOT / "scripts/translations", tmp_path / "scripts")
    folder = tmp_path / FOLDER.relative_to(ROOT)
    folder.mkdir(parents=True)
    for language in ("en", "de", "fr"):
        shutil.copy(FOLDER / "en.json", folder / f"{language}.json")
    return tmp_path


def ask(tree: Path, *languages: str) -> subprocess.CompletedProcess[str]:
    """Run the command."""
    return subprocess.run(
        [sys.executable, tree / "scripts/translations", *languages],
        check=False,
        capture_output=True,
        text=True,
    )


def change(tree: Path, language: str, path: str, text: str | None) -> None:
    """Change or take away one text."""
    file = tree / FOLDER.relative_to(ROOT) / f"{language}.json"
    texts = json.loads(file.read_text())
    *way, last = path.split(".")
    inner = texts
    for key in way:
        inner = inner[key]
    if text is None:
        del inner[last]
    else:
        inner[last] = text
    file.write_text(json.dumps(texts))


KEYS = [key for key, _ in leaves(ENGLISH)]


def test_complete_languages_are_named_so(tree: Path) -> None:
    result = ask(tree)

    assert (result.returncode, result.stdout) == (0, "")


@pytest.mark.parametrize(
    ("key", "text"), [(KEYS[0], None), (KEYS[-1], None), (KEYS[len(KEYS) // 2], " ")]
)
def test_a_hole_is_found_with_its_english_text(
    tree: Path, key: str, text: str | None
) -> None:
    change(tree, "fr", key, text)

    result = ask(tree)

    assert result.returncode == 1
    english = dict(leaves(ENGLISH))[key]
    assert result.stdout == f"fr: missing {key}: {english}\n"


def test_one_language_can_be_asked_for(tree: Path) -> None:
    change(tree, "fr", KEYS[0], None)

    assert ask(tree, "de").returncode == 0
    assert ask(tree, "fr").returncode == 1


def test_a_text_that_english_gave_up_is_found(tree: Path) -> None:
    change(tree, "en", KEYS[-1], None)

    result = ask(tree)

    assert result.returncode == 1
    assert result.stdout == "".join(
        f"{language}: no longer in English: {KEYS[-1]}\n" for language in ("de", "fr")
    )


def test_a_language_that_is_not_there_is_refused(tree: Path) -> None:
    result = ask(tree, "xx")

    assert result.returncode == 2
    assert "xx.json" in result.stderr


# And for Home Assistant's words


@pytest.fixture
def packages(tree: Path) -> Path:
    """Return Home Assistant's texts beside a checkout that quotes them in German and French."""
    folder = tree / "packages"
    ours = tree / FOLDER.relative_to(ROOT)
    translations = {
        "en": ("Offline", "Device", "Application credentials"),
        "de": ("Offline", "Gerät", "OAuth-Anmeldedaten"),
        "fr": ("Hors ligne", "Appareil", "Identifiants"),
    }
    sentences = {
        "en": "Every device is listed under Application credentials.",
        "de": "Alle Geräte sind unter OAuth-Anmeldedaten aufgeführt.",
        "fr": "Chaque appareil figure sous Identifiants.",
    }
    for language, (offline, device, credentials) in translations.items():
        frontend = (
            folder / f"hass_frontend/static/translations/{language}-{'0' * 32}.json"
        )
        frontend.parent.mkdir(parents=True, exist_ok=True)
        caption = {"application_credentials": {"caption": credentials}}
        frontend.write_text(
            json.dumps({"ui": {"panel": {"config": caption}, "device": device}})
        )
        light = folder / f"homeassistant/components/light/translations/{language}.json"
        light.parent.mkdir(parents=True, exist_ok=True)
        # Ten of each: what a single one says is a slip.
        light.write_text(
            json.dumps({f"state_{number}": offline for number in range(11)})
        )
        (ours / f"{language}.json").write_text(
            json.dumps({"sentence": sentences[language], "state": offline})
        )
    return folder


def compare(tree: Path, *arguments: str) -> list[str]:
    """Return what the command finds to differ from Home Assistant's words."""
    result = ask(tree, "--terms", "--packages", str(tree / "packages"), *arguments)
    listed = result.stdout.splitlines()
    assert result.returncode == bool(listed), result.stderr
    return listed


@pytest.mark.usefixtures("packages")
def test_home_assistants_own_words_are_no_difference(tree: Path) -> None:
    assert compare(tree) == []


@pytest.mark.usefixtures("packages")
def test_another_word_for_the_same_text_is_found(tree: Path) -> None:
    change(tree, "fr", "state", "Déconnecté")

    assert compare(tree) == [
        "fr: Offline: Home Assistant says Hors ligne, state: Déconnecté"
    ]
    assert compare(tree, "de") == []


@pytest.mark.parametrize(
    ("sentence", "named"),
    [
        ("Alle Geräte sind unter Anmeldedaten aufgeführt.", "Application credentials"),
        ("Alle Apparate sind unter OAuth-Anmeldedaten aufgeführt.", "device"),
    ],
)
@pytest.mark.usefixtures("packages")
def test_another_word_in_a_sentence_is_found(
    tree: Path, sentence: str, named: str
) -> None:
    change(tree, "de", "sentence", sentence)

    (listed,) = compare(tree)

    assert listed.startswith(f"de: {named}: Home Assistant says ")


@pytest.mark.usefixtures("packages")
def test_a_word_that_few_translators_chose_is_not_home_assistants(
    tree: Path, packages: Path
) -> None:
    light = packages / "homeassistant/components/light/translations/fr.json"
    texts = json.loads(light.read_text())
    light.write_text(json.dumps({**texts, "state_0": "Déconnecté"}))
    change(tree, "fr", "state", "Déconnecté")

    assert len(compare(tree)) == 1


@pytest.mark.usefixtures("packages")
def test_a_difference_with_a_reason_is_not_listed(tree: Path) -> None:
    change(tree, "fr", "state", "Déconnecté")
    (tree / "docs").mkdir()
    page = tree / "docs/translations.md"
    page.write_text("## Where we differ\n\n| Offline | fr Déconnecté | of a person |\n")

    assert compare(tree) == []

    change(tree, "fr", "state", "Hors ligne")
    assert compare(tree) == ["fr: Offline: no reason is needed any more for Déconnecté"]
    assert compare(tree, "de") == []


def test_the_terms_of_a_home_assistant_without_frontend_are_refused(tree: Path) -> None:
    result = ask(tree, "--terms", "--packages", str(tree))

    assert result.returncode == 2
    assert "frontend is not installed" in result.stderr
