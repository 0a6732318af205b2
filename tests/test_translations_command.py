"""scripts/translations lists what the languages lack, and what they say in other words."""

import json
from pathlib import Path
import shutil
import subprocess
import sys

import pytest

from .languages import ENGLISH, FOLDER, ROOT


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


KEYS = list(ENGLISH)


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
    english = ENGLISH[key]
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


# For what English changed meanwhile


def test_a_translation_of_changed_english_is_found(tree: Path) -> None:
    for command in (
        "init -q",
        "add .",
        "-c user.name=x -c user.email=x@example.com commit -qm x",
    ):
        subprocess.run(["git", *command.split()], cwd=tree, check=True)
    assert ask(tree, "--since", "HEAD").returncode == 0
    change(tree, "en", KEYS[0], "Another name")
    change(tree, "de", KEYS[0], "Ein anderer Name")

    result = ask(tree, "--since", "HEAD")

    assert result.returncode == 1
    assert result.stdout == f"fr: English changed {KEYS[0]}: Another name\n"
    assert ask(tree, "--since", "HEAD", "de").returncode == 0
    unknown = ask(tree, "--since", "none")
    assert unknown.returncode == 2
    assert "at none" in unknown.stderr


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
