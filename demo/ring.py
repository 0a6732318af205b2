"""Rings a phone in the running demo: the command behind scripts/demo ring."""

import asyncio
from collections.abc import Callable
import contextlib
from dataclasses import asdict, dataclass
import json
from pathlib import Path

import aiohttp

from .api import Json
from .office import is_in_use

# Seconds for which a phone rings, and for which the call lasts.
RINGING, TALKING = 6.0, 12.0

_CALL = "scripts/demo ring"


class RingFailed(Exception):
    """No phone could be rung; the message says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Phone:
    """An extension that can be rung."""

    extension_id: str
    number: str
    name: str


@dataclass(frozen=True, slots=True)
class Line:
    """Where a running demo takes calls, and the phones it can ring, our own first."""

    emulator: str
    """The emulator's address."""
    desk: str
    """The address of the view with the lamp."""
    phones: list[Phone]

    def write(self, folder: Path) -> None:
        """Write it where `read` finds it."""
        _file(folder).write_text(json.dumps(asdict(self)))

    @classmethod
    def read(cls, folder: Path) -> Line:
        """Return the line of the running demo.

        Raises:
            RingFailed: none is running.
        """
        if not is_in_use(folder):
            raise RingFailed(
                "no demo is running. Start one in another terminal, and wait until it "
                "says that it is ready: scripts/demo"
            )
        try:
            stored = json.loads(_file(folder).read_text())
            phones = [Phone(**phone) for phone in stored.pop("phones")]
            return cls(phones=phones, **stored)
        except OSError, ValueError, TypeError, KeyError:
            raise RingFailed(
                "the demo is still starting: wait until it says that it is ready"
            ) from None

    @staticmethod
    def forget(folder: Path) -> None:
        """Delete it when the demo ends."""
        _file(folder).unlink(missing_ok=True)

    def phone(self, wanted: str | None) -> Phone:
        """Return the phone with this number or name; our own if None.

        Raises:
            RingFailed: nobody has it, or several have.
        """
        if wanted is None:
            return self.phones[0]
        text = wanted.casefold()
        found = [phone for phone in self.phones if phone.number == wanted] or [
            phone for phone in self.phones if text in phone.name.casefold()
        ]
        if len(found) == 1:
            return found[0]
        some = found or self.phones
        listed = "".join(f"\n    {each.number}  {each.name}" for each in some[:30])
        said = "there are several" if found else "there is nobody"
        raise RingFailed(
            f"{said} with the name or number {wanted!r}. Choose one:{listed}"
        )

    async def post(self, session: aiohttp.ClientSession, path: str, body: Json) -> None:
        """Have the emulator do something: POST to its control interface.

        Raises:
            RingFailed: it does not answer, or refuses.
        """
        try:
            async with session.post(
                f"{self.emulator}/emulator/{path}", json=body
            ) as reply:
                if not reply.ok:
                    raise RingFailed(f"the emulator refused: {await reply.text()}")
        except aiohttp.ClientError as error:
            raise RingFailed(f"the demo's emulator does not answer: {error}") from None


def _file(folder: Path) -> Path:
    return folder / "running.json"


async def ring(
    folder: Path,
    wanted: str | None,
    say: Callable[[str], None],
    *,
    missed: bool = False,
) -> None:
    """Ring a phone of the demo in a folder, answer it and hang up, or let it ring out.

    Raises:
        RingFailed: no demo is running there, or nobody has that name.
    """
    line = Line.read(folder)
    phone = line.phone(wanted)
    async with aiohttp.ClientSession() as session:

        async def play(word: str) -> None:
            body: Json = {
                "extension_id": phone.extension_id,
                "call": _CALL,
                "script": [word],
            }
            await line.post(session, "calls", body)

        try:
            await play("ring")
            say(f"{phone.name} ({phone.number}) rings. See {line.desk}")
            await asyncio.sleep(RINGING)
            if missed:
                await play("missed")
                say("Nobody answered: a missed call")
                return
            await play("answer")
            say("Answered: on a call")
            await asyncio.sleep(TALKING)
            await play("hangup")
            say("Over: the call has ended")
        except asyncio.CancelledError:
            with contextlib.suppress(RingFailed):
                await play("hangup")
            raise
