"""Every citation leads somewhere: code, tests and pages name pages and sections of this repository."""

from collections.abc import Iterator
from pathlib import Path
import re
import subprocess

import pytest

ROOT = Path(__file__).parent.parent

PAGE = r"(?P<page>(?:docs/[\w/.-]+|README|CONTRIBUTING|CHANGELOG)\.md)"
NUMBER = r"\d+(?:\.\d+)*"
# A page, and the sections of it: "docs/protocol.md 1.5 and 2.1", "docs/protocol.md 3.2 to 3.5".
# What stands in quotation marks of code is a path, unless a docstring begins with it.
CITATION = re.compile(
    rf"(?:(?<=\"\"\")|(?<![\w/.\"'-])){PAGE}"
    rf"(?P<sections>[ ]{NUMBER}(?:(?:, | and | to ){NUMBER})*)?"
    r"(?P<anchor>#[\w-]+)?"
)
# Sections of a page that is not named by its path.
HALF = re.compile(
    rf"(?<![\w/.])(?:protocol|design|peers|cases|architecture)(?:\.md)?,?"
    rf" (?:sections? |rows? )?{NUMBER}\b",
    re.IGNORECASE,
)
# A link of a page: "[protocol 5](../protocol.md#5-limits)".
LINK = re.compile(r"\[[^\]]*\]\((?P<target>[^)]*)\)")


def texts() -> Iterator[tuple[Path, str]]:
    """Yield every file of text that belongs to the repository, by its path."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    for name in filter(None, listed.split("\0")):
        path = ROOT / name
        if path == Path(__file__) or not path.is_file():
            continue
        try:
            yield path, path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue


def joined(path: Path, text: str) -> str:
    """Return a text with comments and docstrings on one line, so that no citation is broken in two."""
    if path.suffix == ".md":
        return LINK.sub(lambda link: named(path, link["target"]), text)
    return re.sub(r"\s*\n\s*(?:# )?", " ", text)


def named(path: Path, target: str) -> str:
    """Return the target of a page's link as code would cite it, or nothing where it leads elsewhere."""
    name, sharp, anchor = target.partition("#")
    page = (path.parent / name).resolve()
    if "://" in target or not name or not page.is_relative_to(ROOT):
        return ""
    return f"{page.relative_to(ROOT)}{sharp}{anchor}"


def headings(page: Path) -> list[str]:
    """Return the headings of a page."""
    return re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)


def slug(heading: str) -> str:
    """Return the anchor that GitHub makes of a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def mistakes(path: Path, text: str) -> Iterator[str]:
    """Yield what a text cites that is not there."""
    text = joined(path, text)
    for half in HALF.finditer(text):
        yield f'"{half[0]}" names no page by its path'
    for found in CITATION.finditer(text):
        page = ROOT / found["page"]
        if not page.is_file():
            yield f"{found['page']} is not there"
            continue
        titles = headings(page)
        for number in re.findall(NUMBER, found["sections"] or ""):
            if not any(re.match(rf"{re.escape(number)}\.? ", one) for one in titles):
                yield f"{found['page']} has no section {number}"
        if found["anchor"] and found["anchor"][1:] not in map(slug, titles):
            yield f"{found['page']} has no heading {found['anchor']}"


def test_every_citation_leads_somewhere() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}: {mistake}"
        for path, text in texts()
        for mistake in mistakes(path, text)
    ]
    assert not wrong, "\n".join(wrong)


def test_there_are_citations() -> None:
    """The client and the emulator both cite the facts they are built on."""
    citing = {
        path.relative_to(ROOT).parts[0]
        for path, text in texts()
        if path.suffix == ".py" and "docs/protocol.md 3" in joined(path, text)
    }
    assert {"custom_components", "emulator", "tests"} <= citing


@pytest.mark.parametrize(
    "text",
    [
        "# As protocol 3.4 has it.",
        '"""Ordered (design 4.5)."""',
        "# Peers, row 38.",
        "# docs/protocol.md 3.99 has it.",
        "# docs/protocol.md 3.1 to 3.99 have it.",
        "# A line that breaks before docs/protocol.md\n    # 3.99 has it.",
        "# See docs/nothing.md.",
        "# See docs/protocol.md#nothing.",
    ],
)
def test_a_citation_of_nothing_is_found(text: str) -> None:
    assert list(mistakes(ROOT / "some.py", text))


@pytest.mark.parametrize(
    "text",
    [
        "# docs/protocol.md 3.4 and 4.5 have it.",
        '"""Pure (docs/protocol.md 3.2 to 3.5)."""',
        "# docs/architecture.md 4.5: a snapshot makes no call events.",
        "# docs/decisions/0004-late-events-are-laid-under.md says why.",
        "# docs/protocol.md#34-session-recovery",
    ],
)
def test_a_citation_that_leads_somewhere_is_fine(text: str) -> None:
    assert not list(mistakes(ROOT / "some.py", text))
