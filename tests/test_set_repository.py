"""scripts/set-repository, run on a copy of the tree."""

import json
from pathlib import Path
import shutil
import subprocess
import sys
from typing import Any

from homeassistant.util.yaml import load_yaml_dict
import pytest

from .workflows import copy_tracked

ROOT = Path(__file__).parent.parent
MANIFEST = "custom_components/ringcentral/manifest.json"
LEDGER = "custom_components/ringcentral/quality_scale.yaml"

# Every way in which a page names the repository; {o} and {n} are owner and name.
MENTIONS = """\
https://github.com/{o}/{n}
git clone https://github.com/{o}/{n}.git, or git@github.com:{o}/{n}.git
[![CI](https://github.com/{o}/{n}/actions/workflows/ci.yml/badge.svg)](https://github.com/{o}/{n}/actions)
![Release](https://img.shields.io/github/v/release/{o}/{n}.svg)
https://raw.githubusercontent.com/{o}/{n}/main/blueprints/a.yaml
https://my.home-assistant.io/redirect/hacs_repository/?owner={o}&repository={n}&category=integration
<a href="https://my.home-assistant.io/redirect/hacs_repository/?owner={o}&amp;repository={n}">
https://my.home-assistant.io/redirect/blueprint_import/?blueprint_url=https%3A%2F%2Fgithub.com%2F{o}%2F{n}%2Fblob%2Fmain%2Fa.yaml
Add {o}/{n} as a custom repository (`{o}/{n}`).
"""
# Near misses, which stay as they are.
OTHERS = """\
https://github.com/{o}/{n}-card and https://github.com/not-{o}/{n}
a folder docs/{o}/{n}, the word {o}, the word {n}
"""


@pytest.fixture(scope="module")
def pattern(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a repository with the files that name it, as they are in ours."""
    home = tmp_path_factory.mktemp("pattern")
    copy_tracked(home)
    owner, name = current(home)
    (home / "PAGE.md").write_text((MENTIONS + OTHERS).format(o=owner, n=name))
    subprocess.run(["git", "init", "--quiet"], cwd=home, check=True)
    subprocess.run(["git", "add", "--all"], cwd=home, check=True)
    return home


@pytest.fixture
def tree(pattern: Path, tmp_path: Path) -> Path:
    """Return a copy of it."""
    shutil.copytree(pattern, tmp_path, dirs_exist_ok=True)
    return tmp_path


def current(tree: Path) -> list[str]:
    """Return owner and name as the manifest has them."""
    tracker: str = manifest(tree)["issue_tracker"]
    return tracker.split("/")[-3:-1]


def manifest(tree: Path) -> dict[str, Any]:
    """Return the tree's manifest."""
    content: dict[str, Any] = json.loads((tree / MANIFEST).read_text())
    return content


def contents(tree: Path) -> dict[Path, bytes]:
    """Return every file outside git's own folder."""
    return {
        path: path.read_bytes()
        for path in tree.rglob("*")
        if path.is_file() and ".git" not in path.relative_to(tree).parts
    }


def set_repository(tree: Path, name: str) -> subprocess.CompletedProcess[str]:
    """Run the command in the tree."""
    return subprocess.run(
        [sys.executable, "scripts/set-repository", name],
        cwd=tree,
        check=False,
        capture_output=True,
        text=True,
    )


def test_writes_the_name_everywhere(tree: Path) -> None:
    before = current(tree)

    result = set_repository(tree, "some-body/ringcentral.presence")

    assert result.returncode == 0, result.stderr
    assert current(tree) == ["some-body", "ringcentral.presence"]
    assert manifest(tree)["codeowners"] == ["@some-body"]
    ledger = load_yaml_dict(str(tree / LEDGER))["rules"]
    assert ledger["integration-owner"] == "done"
    assert ledger.keys() == load_yaml_dict(str(ROOT / LEDGER))["rules"].keys()
    repository = "https://github.com/some-body/ringcentral.presence"
    assert manifest(tree)["issue_tracker"] == f"{repository}/issues"
    # Where the forms' help leads, which was a page of RingCentral's until then.
    assert manifest(tree)["documentation"] == repository
    expected = MENTIONS.format(o="some-body", n="ringcentral.presence")
    expected += OTHERS.format(o=before[0], n=before[1])
    assert (tree / "PAGE.md").read_text() == expected


def test_writes_through_no_link(
    tree: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Whether a file is one, or a folder on the way to it."""
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    for name in ("PAGE.md", "docs"):
        (tree / name).rename(elsewhere / name)
        (tree / name).symlink_to(elsewhere / name)
    before = contents(elsewhere)

    assert set_repository(tree, "some-body/presence").returncode == 0
    assert current(tree) == ["some-body", "presence"]
    assert contents(elsewhere) == before


def test_leaves_no_mention_of_the_former_name(tree: Path) -> None:
    owner, name = current(tree)
    (tree / "PAGE.md").unlink()

    set_repository(tree, "somebody/elsewhere")

    for path, content in contents(tree).items():
        assert f"github.com/{owner}/{name}".encode() not in content, path
        assert f"%2F{owner}%2F{name}".encode() not in content, path
        assert f"owner={owner}&repository={name}".encode() not in content, path


def test_another_name_later(tree: Path) -> None:
    set_repository(tree, "first/one")
    set_repository(tree, "second/two")
    via_another = contents(tree)

    set_repository(tree, "first/one")
    set_repository(tree, "second/two")

    assert contents(tree) == via_another
    assert MENTIONS.format(o="second", n="two") in (tree / "PAGE.md").read_text()
    assert manifest(tree)["codeowners"] == ["@second"]


def test_the_same_name_again_changes_nothing(tree: Path) -> None:
    set_repository(tree, "some/body")
    before = contents(tree)

    result = set_repository(tree, "some/body")

    assert result.returncode == 0
    assert contents(tree) == before


@pytest.mark.parametrize(
    "name",
    [
        "",
        "ha-ringcentral",
        "https://github.com/some/body",
        "some/body.git",
        "some/..",
        "some-/body",
        "some/body/more",
        "some body/x",
    ],
)
def test_refuses_what_is_no_name(tmp_path: Path, name: str) -> None:
    for path in (MANIFEST, "scripts/set-repository"):
        (tmp_path / path).parent.mkdir(parents=True)
        shutil.copy(ROOT / path, tmp_path / path)
    before = contents(tmp_path)

    result = set_repository(tmp_path, name)

    assert result.returncode == 2
    assert "is not OWNER/NAME" in result.stderr
    assert contents(tmp_path) == before


# The name of git's remote


def git(tree: Path, *arguments: str) -> None:
    """Run git in the tree."""
    subprocess.run(["git", *arguments], cwd=tree, check=True, capture_output=True)


def set_by_remote(tree: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command without a name."""
    return subprocess.run(
        [sys.executable, "scripts/set-repository", *arguments],
        cwd=tree,
        check=False,
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize(
    "address",
    [
        "https://github.com/some-body/presence",
        "https://github.com/some-body/presence.git",
        "https://github.com/some-body/presence/",
        "https://x-access-token:ghs_secret@github.com/some-body/presence.git",
        "git@github.com:some-body/presence.git",
        "ssh://git@github.com/some-body/presence.git",
        "ssh://git@github.com:22/some-body/presence",
        "git://github.com/some-body/presence.git",
        "https://GitHub.com/some-body/presence.git",
    ],
)
def test_the_name_is_that_of_the_remote(tree: Path, address: str) -> None:
    git(tree, "remote", "add", "other", "https://github.com/not/this")
    git(tree, "remote", "add", "origin", address)
    assert set_by_remote(tree, "--check").returncode == 1

    result = set_by_remote(tree)

    assert result.returncode == 0, result.stderr
    assert current(tree) == ["some-body", "presence"]
    assert set_by_remote(tree, "--check").returncode == 0


def test_a_dot_in_a_name_is_a_part_of_it(tree: Path) -> None:
    git(
        tree,
        "remote",
        "add",
        "upstream",
        "git@github.com:some/ringcentral.presence.git",
    )

    assert set_by_remote(tree).returncode == 0
    assert current(tree) == ["some", "ringcentral.presence"]


@pytest.mark.parametrize(
    "remotes",
    [
        {},
        {"origin": "https://gitlab.com/some/body.git"},
        {"origin": "https://token:secret@example.com/some/body.git"},
        {"origin": "/srv/git/body.git"},
        {"origin": "https://github.com/some"},
        {"origin": "https://github.com/some/body/more"},
        {"origin": "https://github.com.example.com/some/body"},
        {"one": "https://github.com/a/b", "two": "https://github.com/c/d"},
    ],
    ids=str,
)
def test_without_such_a_remote_it_asks_for_the_name(
    tree: Path, remotes: dict[str, str]
) -> None:
    for name, address in remotes.items():
        git(tree, "remote", "add", name, address)
    before = contents(tree)

    result = set_by_remote(tree)

    assert result.returncode == 1
    assert "OWNER/NAME" in result.stderr
    assert "secret" not in result.stderr
    assert contents(tree) == before
