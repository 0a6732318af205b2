"""The example of the library's README runs as it is written there, against the emulator."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
import re
from typing import Any

import pytest

import aioringcentral
from emulator import Emulator

DEADLINE = 10.0
README = Path(aioringcentral.__file__).parent / "README.md"


def example() -> dict[str, Any]:
    """Return what the example defines; its last line, which would run it, does not."""
    (code,) = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    body, last = code.strip().rsplit("\n", 1)
    assert last == "asyncio.run(main())"
    found: dict[str, Any] = {}
    exec(compile(body, README.name, "exec"), found)
    return found


async def test_the_example_of_the_readme_runs(
    emulator: Emulator,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    names = example()
    made = names["JwtSignIn"]
    # The credentials and the server alone are others than in the README.
    names["JwtSignIn"] = lambda *_: made(
        emulator.client_id,
        emulator.client_secret,
        emulator.jwt,
        server=emulator.url,
    )
    main: Callable[[], Coroutine[Any, Any, None]] = names["main"]
    printed = asyncio.Event()
    lines: list[tuple[object, ...]] = []

    def show(*words: object) -> None:
        lines.append(words)
        printed.set()

    names["print"] = show
    own = emulator.extension(emulator.own_extension_id).name
    running = asyncio.create_task(main())
    async with asyncio.timeout(DEADLINE):
        while not any(words[0] == own for words in lines):
            printed.clear()
            await printed.wait()
        # How everyone is comes first, though nothing happens.
        assert (own, "available", ()) in lines
        await emulator.play_call(emulator.own_extension_id, ["ring"])
        while (own, "ringing") not in [words[:2] for words in lines]:
            printed.clear()
            await printed.wait()
    running.cancel()
    await asyncio.wait([running])
    assert emulator.counters.sockets_open == 0
