"""What a language says is what English says, with the same values in it.

Whether it says all of it is asked by scripts/translations, before a release: whoever adds a
text writes English alone.
"""

import json
import re

import pytest

from .languages import ENGLISH, FOLDER, ROOT, leaves, said

LANGUAGES = ("da", "de", "es", "fr", "it", "ja", "nl", "pl", "pt-BR", "sv", "zh-Hans")

# So many texts may be the same words as in English: names of products, and words that languages share.
MOST_ALIKE = 0.15


def parts(text: str) -> list[str]:
    """Return what a translation must keep: placeholders, link targets and literal words."""
    return sorted(re.findall(r"\{\w+\}|\]\([^)]*\)|`[^`]*`", text))


def test_every_language_that_is_promised_is_there() -> None:
    """No more, and no less."""
    assert {path.stem for path in FOLDER.glob("*.json")} == {"en", *LANGUAGES}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_has_keys_and_values_of_english(language: str) -> None:
    """In English's order, so that two files can be read side by side."""
    raw = (FOLDER / f"{language}.json").read_text()
    texts = json.loads(raw)
    assert raw == json.dumps(texts, indent=2, ensure_ascii=False) + "\n"
    ours, theirs = dict(leaves(texts)), ENGLISH
    assert list(ours) == [key for key in theirs if key in ours]
    wrong = {
        key: text for key, text in ours.items() if parts(text) != parts(theirs[key])
    }
    assert wrong == {}
    assert [key for key, text in ours.items() if not text.strip()] == []
    assert [key for key, text in ours.items() if re.search(r"<[a-z/]", text)] == []
    # An apostrophe before a brace makes the placeholder plain text.
    assert [key for key, text in ours.items() if re.search(r"'[{}]", text)] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_is_not_english(language: str) -> None:
    """Few texts are the same words."""
    ours, theirs = said(language), ENGLISH
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
    texts, english, seldom = said(language), ENGLISH, {}
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
