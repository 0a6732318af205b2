"""What GitHub runs: pinned, and right when its own steps are run here."""

from collections.abc import Callable
import json
from pathlib import Path
import re
import shutil
import subprocess
import zipfile

import pytest
import yaml

from .workflows import FOLDER, ROOT, TRANSLATIONS, Checkout, steps, workflow

INTEGRATION = "custom_components/ringcentral"
WORKFLOWS = sorted(path.stem for path in FOLDER.glob("*.yml"))


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """Return a copy of this checkout in a repository of its own."""
    return Checkout.copy(tmp_path)


# What is written


@pytest.mark.parametrize("name", WORKFLOWS)
def test_every_script_is_there(name: str) -> None:
    for job in workflow(name)["jobs"].values():
        for step in steps(job) if "steps" in job else ():
            for script in re.findall(r"\bscripts/[\w-]+", step["run"]):
                assert (ROOT / script).stat().st_mode & 0o111, script


@pytest.mark.parametrize("name", WORKFLOWS)
def test_actions_are_pinned_to_commits_with_their_version(name: str) -> None:
    for line in (FOLDER / f"{name}.yml").read_text().splitlines():
        if (used := re.search(r"uses: (\S+)(.*)", line)) is None:
            continue
        if used[1].startswith("./"):
            assert (ROOT / used[1]).is_file(), line
        else:
            assert re.search(r"@[0-9a-f]{40}$", used[1]), line
            assert re.match(r" # \S+$", used[2]), line


@pytest.mark.parametrize("name", WORKFLOWS)
def test_nothing_may_do_more_than_it_says(name: str) -> None:
    content = workflow(name)
    assert content["permissions"] in ({}, {"contents": "read"})
    for job in content["jobs"].values():
        for step in steps(job) if "steps" in job else ():
            # What a ref or a title is called is a value of the shell, never a part of the script.
            assert "${{" not in step["run"], step


def test_ci_runs_every_test_in_some_job() -> None:
    jobs = workflow("ci")["jobs"]
    ran = [step["run"] for job in jobs.values() for step in steps(job)]

    for command in (
        "scripts/lint",
        "scripts/test-library",
        "scripts/test --no-e2e",
        "scripts/test --e2e",
    ):
        assert ran.count(command) == 1, command
    assert any("zizmor" in command for command in ran)
    # Side by side.
    assert not [name for name, job in jobs.items() if "needs" in job]


def test_a_release_waits_for_the_tests() -> None:
    jobs = workflow("release")["jobs"]

    for name in jobs["release"]["needs"]:
        called = Path(jobs[name]["uses"]).stem
        assert "workflow_call" in workflow(called)["on"]
    assert {jobs[name]["uses"] for name in jobs["release"]["needs"]} == {
        "./.github/workflows/ci.yml",
        "./.github/workflows/validate.yml",
    }


def test_a_release_is_signed_before_it_is_made() -> None:
    names = [
        step.get("uses", step.get("run", ""))
        for step in workflow("release")["jobs"]["release"]["steps"]
    ]
    (signed,) = (
        index for index, name in enumerate(names) if "attest-build-provenance@" in name
    )
    (made,) = (index for index, name in enumerate(names) if "gh release" in name)
    assert signed < made


def test_the_library_is_published_by_decision_alone() -> None:
    job = workflow("release")["jobs"]["library"]

    assert job["if"].startswith("vars.PUBLISH_LIBRARY == 'true' && ")
    assert job["permissions"] == {"contents": "read", "id-token": "write"}
    assert "secrets." not in (FOLDER / "release.yml").read_text()


@pytest.mark.parametrize("is_there", [True, False])
def test_a_version_that_is_published_stays_as_it_is(
    tmp_path: Path, is_there: bool
) -> None:
    (publish,) = steps(workflow("release")["jobs"]["library"])
    for name, status in (("gh", 0), ("pipx", 0), ("python3", 0 if is_there else 1)):
        command = tmp_path / name
        command.write_text(f'#!/bin/sh\necho "{name} $*" >>asked\nexit {status}\n')
        command.chmod(0o755)

    subprocess.run(
        ["bash", "-euo", "pipefail", "-c", publish["run"]],
        cwd=tmp_path,
        env={"PATH": f"{tmp_path}:/usr/bin:/bin", "TAG": "v7.8.9"},
        check=True,
    )

    asked = (tmp_path / "asked").read_text()
    assert "aioringcentral==7.8.9" in asked
    assert ("pipx run uv" in asked) is not is_there


def test_workflows_name_no_host() -> None:
    """Which package index it is, the clients know."""
    for path in FOLDER.glob("*.yml"):
        assert "://" not in path.read_text(), path.name


def test_validation_runs_daily_and_by_hand() -> None:
    on = workflow("validate")["on"]

    assert "workflow_dispatch" in on
    (entry,) = on["schedule"]
    assert re.fullmatch(r"\d+ \d+ \* \* \*", entry["cron"])


# A release


@pytest.mark.parametrize(
    ("tag", "version", "beta"),
    [("v7.8.9", "7.8.9", "false"), ("7.8.9-beta.1", "7.8.9-beta.1", "true")],
)
def test_a_release_is_made_with_its_archive_in_one_step(
    checkout: Checkout, tag: str, version: str, beta: str
) -> None:
    checkout.make_ready(version, "- Calls that nobody answers.\n\n### Mended\n\n- One.")

    done = checkout.release(tag)

    assert done.returncode == 0, done.stderr
    (asked,) = checkout.asked
    assert asked[:4] == ["release", "create", tag, "ringcentral.zip"]
    assert asked[4].endswith(".whl")
    assert asked[5:] == [
        *("--verify-tag", "--title", tag, "--notes-file", "notes.md"),
        f"--prerelease={beta}",
    ]
    notes = (checkout.given / "notes.md").read_text()
    assert notes == "- Calls that nobody answers.\n\n### Mended\n\n- One.\n"
    with zipfile.ZipFile(checkout.given / "ringcentral.zip") as archive:
        manifest = json.loads(archive.read("manifest.json"))
    assert manifest["version"] == version
    assert manifest["codeowners"] == ["@some-body"]
    assert (checkout.given / asked[4].rpartition("/")[2]).exists()


def test_a_beta_has_the_notes_of_what_it_leads_to(checkout: Checkout) -> None:
    checkout.make_ready("7.8.9", "- Something new.")

    assert checkout.release("v7.8.9-beta.2").returncode == 0
    assert (checkout.given / "notes.md").read_text() == "- Something new.\n"


def test_a_repository_without_a_name_is_not_released(checkout: Checkout) -> None:
    checkout.make_ready("7.8.9")
    shutil.copy(ROOT / "README.md", checkout.home / "README.md")
    checkout.commit()

    done = checkout.release("v7.8.9")

    assert done.returncode != 0
    assert "scripts/set-repository" in done.stderr
    assert checkout.asked == []
    assert not (checkout.home / "ringcentral.zip").exists()


@pytest.mark.parametrize(
    "text",
    [
        "See https://github.com/OWNER/ha-ringcentral.",
        "https://my.home-assistant.io/redirect/blueprint_import/?blueprint_url=https%3A%2F%2Fgithub.com%2FOWNER%2Fha-ringcentral%2Fblob",
        "https://my.home-assistant.io/redirect/hacs_repository/?owner=OWNER&repository=ha-ringcentral",
    ],
)
def test_one_placeholder_left_is_enough_to_refuse(
    checkout: Checkout, text: str
) -> None:
    checkout.make_ready("7.8.9")
    (checkout.home / "docs/left.md").write_text(text)
    checkout.commit()

    done = checkout.release("v7.8.9")

    assert done.returncode != 0
    assert "docs/left.md" in done.stderr
    assert checkout.asked == []


def test_a_language_with_a_hole_is_not_released(checkout: Checkout) -> None:
    checkout.make_ready("7.8.9")
    path = checkout.home / TRANSLATIONS / "de.json"
    texts = json.loads(path.read_text())
    del texts["config"]["abort"]
    path.write_text(json.dumps(texts))
    checkout.commit()

    done = checkout.release("v7.8.9")

    assert done.returncode != 0
    assert "scripts/translations" in done.stderr
    assert checkout.asked == []


def test_a_version_that_is_not_described_is_not_released(checkout: Checkout) -> None:
    checkout.make_ready("7.8.9")

    (checkout.home / "CHANGELOG.md").write_text("# Changelog\n\n## 7.8.8\n\n- Old.\n")
    checkout.commit()

    done = checkout.release("v7.8.9")

    assert done.returncode != 0
    assert "CHANGELOG.md has no section '## 7.8.9'" in done.stderr
    assert checkout.asked == []


def test_a_tag_that_is_not_the_manifests_version_is_not_released(
    checkout: Checkout,
) -> None:
    checkout.make_ready("7.8.9")

    done = checkout.release("v7.9.0")

    assert done.returncode != 0
    assert "has version 7.8.9, not 7.9.0" in done.stderr
    assert checkout.asked == []


@pytest.mark.parametrize("tag", ["v7.8.9-beta.01", "v07.8.9", "v7.08.9", "7.8.９"])
def test_a_tag_that_home_assistant_takes_for_no_version_is_not_released(
    checkout: Checkout, tag: str
) -> None:
    checkout.make_ready("7.8.9")

    done = checkout.release(tag)

    assert done.returncode != 0
    assert "is no version" in done.stderr
    assert checkout.asked == []


def _edited(home: Path) -> str:
    with (home / INTEGRATION / "const.py").open("a") as file:
        file.write("# More.\n")
    return "const.py"


def _added(home: Path) -> str:
    (home / INTEGRATION / "left_out.py").touch()
    return "left_out.py"


def _removed(home: Path) -> str:
    (home / INTEGRATION / "icons.json").unlink()
    return "icons.json"


def _described(home: Path) -> str:
    with (home / "CHANGELOG.md").open("a") as file:
        file.write("More.\n")
    return "CHANGELOG.md"


@pytest.mark.parametrize("change", [_edited, _added, _removed, _described])
def test_what_is_not_committed_is_not_released(
    checkout: Checkout, change: Callable[[Path], str]
) -> None:
    """The archive would not be what the tag names."""
    checkout.make_ready("7.8.9")
    name = change(checkout.home)

    done = checkout.run("scripts/build-release v7.8.9")

    assert done.returncode == 1
    assert "not committed: " in done.stderr
    assert name in done.stderr
    assert not (checkout.home / "ringcentral.zip").exists()


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("rm custom_components/ringcentral/icons.json", "icons.json"),
        ("mkdir ringcentral.zip", "ringcentral.zip"),
        ("rm -r .git", "not a git repository"),
    ],
)
def test_what_cannot_be_packed_is_said_in_a_sentence(
    checkout: Checkout, script: str, said: str
) -> None:
    done = checkout.run(f"{script} && scripts/build-release --draft")

    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not (checkout.home / "ringcentral.zip").is_file()


def test_first_push_says_what_git_complains_of(checkout: Checkout) -> None:
    done = checkout.run("rm -r .git && scripts/first-push")

    assert done.returncode == 1
    assert "Traceback" not in done.stdout
    assert "git branch -M" not in done.stdout


def test_every_label_of_a_form_is_there() -> None:
    """GitHub brings some, and leaves out one that is not there."""
    forms = (FOLDER.parent / "ISSUE_TEMPLATE").glob("*.yml")
    wanted = {
        label
        for form in forms
        for label in yaml.safe_load(form.read_text()).get("labels", ())
    }
    made = re.findall(
        r"gh label create (\S+)", (ROOT / "scripts/first-push").read_text()
    )

    assert wanted
    assert wanted <= {"bug", "enhancement", *made}


def test_all_that_is_missing_is_said_at_once_and_a_draft_is_made_all_the_same(
    checkout: Checkout,
) -> None:
    # As it is in the checkout: without a name.
    done = checkout.run("scripts/build-release v7.8.9")
    assert done.returncode == 1
    assert "set-repository" in done.stderr
    assert "CHANGELOG.md" in done.stderr
    assert "--draft" in done.stderr

    assert checkout.run("scripts/build-release v7.8.9 --draft").returncode == 0
    assert (checkout.home / "ringcentral.zip").exists()


# A first push


@pytest.fixture
def origin(checkout: Checkout, tmp_path: Path) -> Path:
    """Return the repository on GitHub: what is pushed there arrives in a folder."""
    folder = tmp_path / "origin.git"
    address = "https://github.com/new-owner/presence"
    done = checkout.run(
        f"git init --quiet --bare {folder} && git remote add origin {address}.git"
        f" && git config url.file://{folder}.insteadOf {address}.git"
        " && git push --quiet origin main"
    )
    assert done.returncode == 0, done.stderr
    return folder


def history(folder: Path) -> list[str]:
    """Return the subjects of what has arrived, newest first."""
    return subprocess.run(
        ["git", "log", "--format=%s", "main"],
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.splitlines()


def test_a_new_repository_names_itself_once(checkout: Checkout, origin: Path) -> None:
    job = workflow("repository")["jobs"]["name"]
    given = {"BRANCH": "main", "GH_TOKEN": "none", "BY_HAND": "false"}

    done = checkout.run_job(job, **given)

    assert done.returncode == 0, done.stderr
    assert history(origin) == [
        "Name the repository after its place on GitHub",
        "Change",
    ]
    manifest = json.loads(
        (checkout.home / "custom_components/ringcentral/manifest.json").read_text()
    )
    assert manifest["documentation"] == "https://github.com/new-owner/presence"
    assert manifest["codeowners"] == ["@new-owner"]

    assert checkout.run_job(job, **given).returncode == 0
    assert len(history(origin)) == 2


@pytest.mark.parametrize(("by_hand", "commits"), [("false", 0), ("true", 1)])
def test_a_fork_of_a_named_one_takes_its_own_by_hand(
    checkout: Checkout, origin: Path, by_hand: str, commits: int
) -> None:
    checkout.run("scripts/set-repository some-body/ringcentral")
    checkout.commit()
    checkout.run("git push --quiet origin main")
    before = len(history(origin))

    done = checkout.run_job(
        workflow("repository")["jobs"]["name"],
        BRANCH="main",
        GH_TOKEN="none",
        BY_HAND=by_hand,
    )

    assert done.returncode == 0, done.stderr
    assert len(history(origin)) == before + commits


def test_first_push_says_what_is_to_be_done(checkout: Checkout, origin: Path) -> None:
    done = checkout.run("scripts/first-push")

    assert done.returncode == 1
    assert "to do the files carry the repository's name" in done.stdout
    assert "to do a release could be made of it" in done.stdout
    assert "ok    every action is pinned to a commit" in done.stdout
    # What can only be done on GitHub, with commands.
    for command in ("gh repo edit", "--add-topic", "private-vulnerability-reporting"):
        assert command in done.stdout


def test_first_push_has_nothing_to_say_once_all_is_done(
    checkout: Checkout, origin: Path
) -> None:
    checkout.make_ready("0.9.9")
    checkout.run("scripts/set-repository")
    checkout.commit()

    done = checkout.run("scripts/first-push")

    assert done.returncode == 0, done.stdout
    assert "to do" not in done.stdout
    assert "gh repo edit new-owner/presence" in done.stdout


@pytest.mark.parametrize(
    ("found", "status"),
    [
        (
            {
                "description": "Presence",
                "repositoryTopics": [{"name": "hacs"}],
                "hasIssuesEnabled": True,
                "visibility": "PUBLIC",
            },
            "ok    GitHub",
        ),
        (
            {
                "description": "",
                "repositoryTopics": None,
                "hasIssuesEnabled": True,
                "visibility": "PUBLIC",
            },
            "it needs a description, topics",
        ),
    ],
)
def test_first_push_asks_github_for_what_hacs_asks(
    checkout: Checkout, found: dict[str, object], status: str
) -> None:
    checkout.answer("repo view", json.dumps(found))

    assert status in checkout.run("scripts/first-push --github").stdout


# The nightly run


def test_one_issue_is_opened_however_often_it_fails(checkout: Checkout) -> None:
    job = workflow("nightly")["jobs"]["report"]
    assert job["if"] == "failure()"

    assert checkout.run_job(job, RUN="https://example.com/1").returncode == 0
    assert [asked[:2] for asked in checkout.asked] == [
        ["issue", "list"],
        ["label", "create"],
        ["issue", "create"],
    ]
    assert "https://example.com/1" in checkout.asked[-1][-1]

    checkout.answer("issue list", "17")
    assert checkout.run_job(job, RUN="https://example.com/2").returncode == 0
    assert [asked[:3] for asked in checkout.asked[3:]] == [
        ["issue", "list", "--label"],
        ["issue", "edit", "17"],
    ]
