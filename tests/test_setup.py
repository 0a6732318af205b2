"""scripts/setup, in a checkout of its own, with a uv that fetches nothing."""

from collections.abc import Callable
from pathlib import Path
import shutil
import subprocess
import sys

import pytest

ROOT = Path(__file__).parent.parent
REQUIREMENTS = {
    ".venv": "requirements_test.txt",
    ".venv-ha": "requirements_ha.txt",
}

# Makes an environment as far as scripts/setup looks at one, and writes down what it is asked.
UV = """\
#!/usr/bin/env bash
echo "$*" >>"$(dirname "$0")/asked"
if [ "$1" = venv ]; then
    folder=${@: -1}
    mkdir -p "$folder/bin" "$folder/lib/python3.14/site-packages"
    ln -s lib "$folder/lib64"
    ln -s {python} "$folder/bin/python"
elif [ "$1 $2" = "cache dir" ]; then
    echo "${UV_CACHE_DIR:-$(dirname "$0")/cache}"
elif [ "$1 $2" = "pip install" ]; then
    echo "${UV_CACHE_DIR:-}" >"$(dirname "$0")/cached"
    [ ! -e "$(dirname "$0")/no-index" ] || exit 1
    folder=$(dirname "$(dirname "${@: -3:1}")")
    touch "$folder/bin/hass" "$folder/lib/python3.14/site-packages/installed"
    chmod +x "$folder/bin/hass"
fi
"""


class Checkout:
    """A checkout with the scripts, and what they do to it."""

    def __init__(self, folder: Path) -> None:
        """Make it in a folder, which also gets what is outside of it."""
        self.home = folder / "check out"
        self.outside = folder / "outside"
        self.tools = folder / "tools"
        for path in (self.home, self.outside, self.tools):
            path.mkdir()
        (self.home / "scripts").mkdir()
        for name in ("scripts/setup", *REQUIREMENTS.values()):
            shutil.copy(ROOT / name, self.home / name)
        uv = self.tools / "uv"
        uv.write_text(UV.replace("{python}", sys.executable))
        uv.chmod(0o755)

    def setup(
        self, *arguments: str, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """Run the command."""
        return subprocess.run(
            ["scripts/setup", *arguments],
            cwd=self.home,
            env={
                "PATH": f"{self.tools}:/usr/local/bin:/usr/bin:/bin",
                "PYTHON": sys.executable,
                **environment,
            },
            check=False,
            capture_output=True,
            text=True,
        )

    @property
    def asked(self) -> list[str]:
        """What uv was asked."""
        asked = self.tools / "asked"
        return asked.read_text().splitlines() if asked.exists() else []

    def contents(self) -> dict[str, bytes | str]:
        """Return all that is there, outside too: files with their bytes, links with their aims."""
        return {
            str(path): str(path.readlink()) if path.is_symlink() else path.read_bytes()
            for root in (self.home, self.outside)
            for path in root.rglob("*")
            if path.is_symlink() or path.is_file()
        }


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """Return a checkout as it is after `git clone`."""
    return Checkout(tmp_path)


def test_a_clone_gets_both_environments(checkout: Checkout) -> None:
    result = checkout.setup("--missing")

    assert result.returncode == 0, result.stderr
    for folder, requirements in REQUIREMENTS.items():
        assert (checkout.home / folder / "bin/hass").exists()
        assert [line for line in checkout.asked if line.endswith(f"-r {requirements}")]


def test_the_demo_gets_one_environment(checkout: Checkout) -> None:
    result = checkout.setup("--missing", "--only-ha")

    assert result.returncode == 0, result.stderr
    assert (checkout.home / ".venv-ha/bin/hass").exists()
    assert not (checkout.home / ".venv").exists()


def test_what_is_there_and_right_is_left_without_a_word(checkout: Checkout) -> None:
    checkout.setup()
    before, asked = checkout.contents(), checkout.asked

    result = checkout.setup("--missing")

    assert (result.returncode, result.stderr) == (0, "")
    assert checkout.contents() == before
    assert checkout.asked == asked


@pytest.mark.parametrize("folder", REQUIREMENTS)
def test_what_is_out_of_date_is_named_and_left(checkout: Checkout, folder: str) -> None:
    checkout.setup()
    with (checkout.home / REQUIREMENTS[folder]).open("a") as file:
        file.write("another==1.0\n")
    before, asked = checkout.contents(), checkout.asked

    result = checkout.setup("--missing")

    assert result.returncode == 0
    assert f"{folder} is out of date" in result.stderr
    assert REQUIREMENTS[folder] in result.stderr
    assert "scripts/setup" in result.stderr
    assert checkout.contents() == before
    assert checkout.asked == asked

    assert checkout.setup().returncode == 0
    assert checkout.setup("--missing").stderr == ""


def test_one_that_is_missing_is_made_beside_one_that_is_out_of_date(
    checkout: Checkout,
) -> None:
    checkout.setup("--no-ha")
    stamp = checkout.home / ".venv/.stamp"
    before = stamp.read_text()
    (checkout.home / "requirements_test.txt").write_text("another==1.0\n")

    result = checkout.setup("--missing")

    assert result.returncode == 0, result.stderr
    assert ".venv is out of date" in result.stderr
    assert (checkout.home / ".venv-ha/bin/hass").exists()
    assert stamp.read_text() == before


def _gone(folder: Path) -> None:
    (folder / "bin/python").unlink()
    (folder / "bin/python").symlink_to("/nowhere/python")


def _moved(folder: Path) -> None:
    stamp = folder / ".stamp"
    stamp.write_text(stamp.read_text().replace("check%20out", "another"))


def _cut_short(folder: Path) -> None:
    (folder / "bin/hass").unlink()


@pytest.mark.parametrize("harm", [_gone, _moved, _cut_short])
def test_what_cannot_be_used_is_left_and_named(
    checkout: Checkout, harm: Callable[[Path], None]
) -> None:
    checkout.setup()
    harm(checkout.home / ".venv")
    before = checkout.contents()

    result = checkout.setup("--missing")

    assert result.returncode == 1
    assert ".venv" in result.stderr
    assert "left as it is" in result.stderr
    assert "scripts/setup" in result.stderr
    assert checkout.contents() == before

    assert checkout.setup().returncode == 0
    assert checkout.setup("--missing").stderr == ""


def test_an_installation_that_failed_goes_on_later(checkout: Checkout) -> None:
    (checkout.tools / "no-index").touch()
    assert checkout.setup("--no-ha").returncode == 1
    assert checkout.setup("--no-ha", "--missing").returncode == 1

    (checkout.tools / "no-index").unlink()
    assert checkout.setup("--no-ha").returncode == 0
    assert len([line for line in checkout.asked if line.startswith("venv")]) == 1


def test_a_home_that_cannot_be_written_is_not_needed(checkout: Checkout) -> None:
    """The cache of uv is in the checkout then, where git does not look."""
    # Nobody can make a folder here, root neither.
    (checkout.tools / "cache").write_text("no folder")

    result = checkout.setup("--no-ha")

    assert result.returncode == 0, result.stderr
    cache = (checkout.tools / "cached").read_text().strip()
    assert cache == str(checkout.home / ".python/cache")


def test_a_cache_that_somebody_chose_is_used(checkout: Checkout) -> None:
    chosen = str(checkout.outside / "cache")

    assert checkout.setup("--no-ha", UV_CACHE_DIR=chosen).returncode == 0
    assert (checkout.tools / "cached").read_text().strip() == chosen


def test_another_project_on_cdpath_is_left_alone(checkout: Checkout) -> None:
    """It has folders of the same names."""
    for name in ("scripts", ".venv"):
        (checkout.outside / name).mkdir()
    (checkout.outside / ".venv/precious").write_text("kept")

    result = checkout.setup("--no-ha", CDPATH=str(checkout.outside))

    assert result.returncode == 0, result.stderr
    assert (checkout.home / ".venv/bin/hass").exists()
    assert (checkout.outside / ".venv/precious").read_text() == "kept"
    assert sorted(path.name for path in checkout.outside.iterdir()) == [
        ".venv",
        "scripts",
    ]


SCRIPTS = sorted(
    path.name
    for path in (ROOT / "scripts").iterdir()
    if path.name != "setup" and path.read_text().startswith("#!/usr/bin/env bash")
)


@pytest.mark.parametrize("name", SCRIPTS)
def test_every_script_stays_in_its_checkout(checkout: Checkout, name: str) -> None:
    """Whatever CDPATH has: nothing of a project there is run."""
    shutil.copy(ROOT / "scripts" / name, checkout.home / "scripts" / name)
    for program in ("scripts/setup", ".venv/bin/python", ".venv-ha/bin/python"):
        path = checkout.outside / program
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/usr/bin/env bash\ntouch {checkout.tools}/elsewhere\n")
        path.chmod(0o755)
    (checkout.home / "scripts/setup").write_text("#!/usr/bin/env bash\nexit 1\n")

    result = subprocess.run(
        [f"scripts/{name}"],
        cwd=checkout.home,
        env={"PATH": "/usr/bin:/bin", "CDPATH": str(checkout.outside)},
        check=False,
        capture_output=True,
        text=True,
    )

    assert result.returncode != 0
    assert not (checkout.tools / "elsewhere").exists(), result.stderr


LINKS = [
    ".venv",
    ".venv-ha",
    ".python",
    ".venv/bin",
    ".venv/lib",
    ".venv/lib/python3.14",
    ".venv-ha/lib/python3.14/site-packages",
    ".python/debian",
    ".python/uv",
    ".python/apt",
    ".python/cache",
    ".python/pythons",
]


@pytest.mark.parametrize("option", ["", "--force"])
@pytest.mark.parametrize("name", LINKS)
def test_no_link_out_of_the_checkout_is_used(
    checkout: Checkout, name: str, option: str
) -> None:
    checkout.setup()
    link = checkout.home / name
    elsewhere = checkout.outside / "theirs"
    if link.exists():
        link.rename(elsewhere)
    else:
        elsewhere.mkdir()
        link.parent.mkdir(exist_ok=True)
    (elsewhere / "precious").write_text("kept")
    link.symlink_to(elsewhere)
    # Something to do, so that it would write there.
    for requirements in REQUIREMENTS.values():
        (checkout.home / requirements).write_text("another==1.0\n")
    before, asked = checkout.contents(), checkout.asked

    result = checkout.setup(*filter(None, [option]))

    assert result.returncode == 1
    assert f"{name} is a link that leads out of this checkout" in result.stderr
    assert checkout.contents() == before
    assert checkout.asked == asked


@pytest.mark.parametrize(
    ("name", "option", "theirs"),
    [
        (".next", "--home-assistant=beta", "beta"),
        (".frontend", "--frontend=20261125.1", "20261125.1.part"),
    ],
)
def test_no_link_out_of_the_checkout_is_used_by_tests(
    checkout: Checkout, name: str, option: str, theirs: str
) -> None:
    checkout.setup()
    shutil.copy(ROOT / "scripts/test", checkout.home / "scripts/test")
    precious = checkout.outside / theirs / "precious"
    precious.parent.mkdir()
    precious.write_text("kept")
    (checkout.home / name).symlink_to(checkout.outside)

    result = subprocess.run(
        ["scripts/test", *option.split("=")],
        cwd=checkout.home,
        check=False,
        capture_output=True,
        text=True,
    )

    assert result.returncode == 1
    assert f"{name} is a link" in result.stderr
    assert precious.read_text() == "kept"


def test_a_link_to_nothing_is_not_used(checkout: Checkout) -> None:
    (checkout.home / ".venv").symlink_to(checkout.outside / "not there")

    for option in ("--missing", "--force"):
        result = checkout.setup(option)
        assert result.returncode == 1
        assert ".venv is a link" in result.stderr
    assert list(checkout.outside.iterdir()) == []


def test_an_environment_behind_a_link_serves_as_it_is(checkout: Checkout) -> None:
    other = Checkout(checkout.outside)
    other.setup()
    for folder in REQUIREMENTS:
        (checkout.home / folder).symlink_to(other.home / folder)
    before = checkout.contents()

    result = checkout.setup("--missing")

    assert (result.returncode, result.stderr) == (0, "")
    assert checkout.contents() == before


def test_the_stamp_is_not_written_through_a_link(checkout: Checkout) -> None:
    checkout.setup()
    theirs = checkout.outside / "file"
    theirs.write_text("kept")
    stamp = checkout.home / ".venv/.stamp"
    stamp.unlink()
    stamp.symlink_to(theirs)

    assert checkout.setup().returncode == 0
    assert theirs.read_text() == "kept"


def test_a_checkout_reached_through_a_link_is_the_same(checkout: Checkout) -> None:
    checkout.setup()
    link = checkout.outside / "link"
    link.symlink_to(checkout.home)

    result = subprocess.run(
        [link / "scripts/setup", "--missing"],
        check=False,
        capture_output=True,
        text=True,
    )

    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.parametrize(
    "script", ["test", "lint", "demo", "soak", "benchmark", "pictures"]
)
def test_other_scripts_only_make_what_is_missing(script: str) -> None:
    lines = (ROOT / "scripts" / script).read_text().splitlines()
    calls = [line for line in lines if line.strip().startswith("scripts/setup ")]
    calls += [line.partition(") ")[2] for line in lines if ") scripts/setup " in line]

    assert calls
    assert all("--missing" in call for call in calls), calls
