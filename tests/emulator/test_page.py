"""docs/emulator.md is true: its synopsis, and each of its requests."""

import json
import re
import shlex
import subprocess
import sys

import pytest

from emulator import Emulator

from .test_command import CHECKOUT
from .wire import Wire

PAGE = (CHECKOUT / "docs/emulator.md").read_text()
REQUESTS = re.findall(r"^curl .*", PAGE, re.MULTILINE)


def test_the_synopsis_has_every_option() -> None:
    synopsis = re.search(
        r"^scripts/emulator (\[--host.*?)^```", PAGE, re.MULTILINE | re.DOTALL
    )
    assert synopsis is not None
    usage = subprocess.run(
        [sys.executable, "-m", "emulator", "--help"],
        cwd=CHECKOUT,
        capture_output=True,
        check=True,
        text=True,
    ).stdout
    options = set(re.findall(r"--[a-z-]+", usage)) - {"--help"}

    assert set(re.findall(r"--[a-z-]+", synopsis[1])) == options


async def test_every_request_does_something(wire: Wire, emu: Emulator) -> None:
    """In the order of the page, at the company that a fresh emulator has."""
    assert len(REQUESTS) > 30
    for request in REQUESTS:
        words = shlex.split(request)
        path = next(word for word in words if word.startswith("$E/"))
        has_body = "-d" in words
        answer = await wire.send(
            "POST" if has_body or "POST" in words else "GET",
            path.removeprefix("$E"),
            auth=None,
            json=json.loads(words[words.index("-d") + 1]) if has_body else None,
        )

        assert answer.status == 200, (request, answer.json)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("presence/~", {"userStatus": "Busy"}),
        ("calls", {"extension_id": "~", "script": ["ring"]}),
        ("voicemails", {"extension_id": "~"}),
        ("deliver", {"extension_id": "~", "body": {}}),
    ],
)
async def test_the_signed_in_user_has_a_short_name(
    wire: Wire, path: str, body: dict[str, object]
) -> None:
    answer = await wire.send("POST", f"/emulator/{path}", auth=None, json=body)

    assert answer.status == 200, answer.json


def test_no_example_waits_for_a_fixed_time() -> None:
    assert not re.search(r"\bsleep \d", PAGE)
