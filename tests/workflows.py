"""The workflows of GitHub, run here: their own steps in a shell, with a stand-in for GitHub's client."""

import atexit
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
import functools
import json
import os
from pathlib import Path
import shutil
import subprocess
import sys
import tempfile
from typing import Any

import yaml

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / ".github/workflows"
TRANSLATIONS = Path("custom_components/ringcentral/translations")

# Writes down what it is asked, and keeps what it is given; answers what a file tells it to.
GH = """\
#!{python}
import json, os, pathlib, shutil, sys
here = pathlib.Path(__file__).parent
with (here / "asked").open("a") as file:
    file.write(json.dumps(sys.argv[1:]) + "\\n")
given = here / "given"
given.mkdir(exist_ok=True)
if sys.argv[1:3] == ["release", "create"]:
    for name in sys.argv[3:]:
        if pathlib.Path(name).is_file():
            shutil.copy(name, given)
answer = here / "-".join(["answer", *sys.argv[1:3]])
if answer.exists():
    print(answer.read_text())
"""
# Builds no wheel: there is no package index in a test.
PYTHON = """\
#!/usr/bin/env bash
if [ "$1 $2 $3" = "-m pip wheel" ]; then
    mkdir -p dist && echo wheel >dist/aioringcentral-0.0.0-py3-none-any.whl
else
    exec {python} "$@"
fi
"""


# Who commits, with no configuration of the machine.
SOMEBODY = {
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_AUTHOR_NAME": "Test",
    "GIT_AUTHOR_EMAIL": "test@example.com",
    "GIT_COMMITTER_NAME": "Test",
    "GIT_COMMITTER_EMAIL": "test@example.com",
}


def copy_tracked(home: Path) -> None:
    """Copy what git tracks here into a folder, as it is now."""
    listing = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout
    for name in filter(None, listing.split("\0")):
        if (ROOT / name).is_file():
            (home / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, home / name)


@functools.cache
def _committed() -> Path:
    """Return a copy of this checkout, committed in a repository of its own: the pattern of all others."""
    home = Path(tempfile.mkdtemp(prefix="checkout-"))
    atexit.register(shutil.rmtree, home)
    copy_tracked(home)
    for command in (
        ["git", "init", "--quiet", "--initial-branch=main"],
        ["git", "add", "--all"],
        ["git", "commit", "--quiet", "--message", "Change"],
    ):
        subprocess.run(command, cwd=home, check=True, env={**os.environ, **SOMEBODY})
    return home


def workflow(name: str) -> dict[str, Any]:
    """Return a workflow."""
    content = yaml.safe_load((FOLDER / f"{name}.yml").read_text())
    # YAML takes the key `on` for true.
    return {"on": content[True], **content}


def steps(job: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the steps of a job that run in a shell."""
    yield from (step for step in job["steps"] if "run" in step)


@dataclass(slots=True)
class Checkout:
    """A copy of this checkout in a repository of its own, and the stand-ins."""

    home: Path
    tools: Path

    @classmethod
    def copy(cls, folder: Path) -> Checkout:
        """Make it in a folder, committed."""
        home, tools = folder / "checkout", folder / "tools"
        tools.mkdir(parents=True)
        shutil.copytree(_committed(), home, copy_function=shutil.copy)
        for name, text in (("gh", GH), ("python", PYTHON)):
            program = tools / name
            program.write_text(text.replace("{python}", sys.executable))
            program.chmod(0o755)
        return cls(home, tools)

    def run(self, script: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a script as a runner does: in bash, ended by the first failure."""
        return subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
            cwd=self.home,
            env={
                **os.environ,
                "PATH": f"{self.tools}:{os.environ['PATH']}",
                **SOMEBODY,
                **environment,
            },
            check=False,
            capture_output=True,
            text=True,
        )

    def run_job(
        self, job: Mapping[str, Any], **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a job's steps one after the other, until one fails; return the last one that ran."""
        done = subprocess.CompletedProcess[str]([], 0, "", "")
        for step in steps(dict(job)):
            done = self.run(step["run"], **environment)
            if done.returncode:
                break
        return done

    def commit(self) -> None:
        """Commit all there is."""
        done = self.run("git add --all && git commit --quiet --message Change")
        assert done.returncode == 0, done.stderr

    def make_ready(self, version: str, says: str = "- Something new.") -> None:
        """Give it a name, complete languages, a version, and what the changelog says of it."""
        done = self.run("scripts/set-repository some-body/ringcentral")
        assert done.returncode == 0, done.stderr
        for path in (self.home / TRANSLATIONS).glob("*.json"):
            if path.stem != "en":
                shutil.copy(self.home / TRANSLATIONS / "en.json", path)
        manifest = self.home / "custom_components/ringcentral/manifest.json"
        content = json.loads(manifest.read_text())
        content["version"] = version.partition("-")[0]
        manifest.write_text(json.dumps(content, indent=2))
        changelog = self.home / "CHANGELOG.md"
        head, _, rest = changelog.read_text().partition("## ")
        changelog.write_text(f"{head}## {version}\n\n{says}\n\n## {rest}")
        self.commit()

    def release(self, tag: str) -> subprocess.CompletedProcess[str]:
        """Run the release's own steps for a tag."""
        return self.run_job(workflow("release")["jobs"]["release"], TAG=tag)

    def answer(self, command: str, text: str) -> None:
        """Let GitHub's client answer a command."""
        (self.tools / "-".join(["answer", *command.split()])).write_text(text)

    @property
    def asked(self) -> list[list[str]]:
        """What GitHub's client was asked."""
        asked = self.tools / "asked"
        lines = asked.read_text().splitlines() if asked.exists() else []
        return [json.loads(line) for line in lines]

    @property
    def given(self) -> Path:
        """The folder of what GitHub's client was given for a release."""
        return self.tools / "given"
