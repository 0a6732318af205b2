"""Searches for secrets that must not be stored: credentials, tokens and callers."""

from collections.abc import Collection, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
import re
import sqlite3
from typing import Final

from emulator.names import CALLER_NAMES

from .switchboard import CALLER

# Enough characters to identify a token, and too many to match by chance.
_HEAD: Final = 24
_RUN: Final = re.compile(rf"[\w-]{{{_HEAD},}}", re.ASCII)
# Every phone number that the emulator makes up.
_NUMBER: Final = re.compile(r"(?<!\d)\+?1(?:415|650)555\d{4}(?!\d)")
_BEARER: Final = re.compile(r"[Bb]earer [\w-]{8,}|access_token=\w+|Basic [\w+/]{8,}")
# Where Home Assistant would keep a caller if somebody had asked to see callers; nobody has.
_ATTRIBUTE: Final = re.compile(r'"caller_(?:name|number)"')


@dataclass(frozen=True, slots=True, kw_only=True)
class Secrets:
    """What must not be found."""

    issued: Collection[str]
    """Tokens and tickets that the emulator issued."""
    entered: Collection[str]
    """What the user entered: JWT and client secret."""
    names: Collection[str]
    """Names of the user's own people. Home Assistant keeps them as device names; logs and
    diagnostics must not contain them."""

    def kinds_in(self, text: str, *, names_allowed: bool = False) -> dict[str, int]:
        """Return how often a text contains each kind of secret."""
        heads = {token[:_HEAD] for token in self.issued if len(token) >= _HEAD}
        callers = [CALLER["from_name"], *CALLER_NAMES]
        people = [] if names_allowed else self.names
        found = {
            "token": sum(
                any(run[at : at + _HEAD] in heads for at in range(len(run) - _HEAD + 1))
                for run in _RUN.findall(text)
            ),
            "credential": sum(text.count(each) for each in self.entered),
            "authorization": len(_BEARER.findall(text)),
            "phone number": len(_NUMBER.findall(text)),
            "caller's name": sum(text.count(each) for each in callers),
            "caller's attribute": len(_ATTRIBUTE.findall(text)),
            "name": sum(text.count(each) for each in people),
        }
        return {kind: count for kind, count in found.items() if count}


def search(folder: Path, diagnostics: str, secrets: Secrets) -> list[str]:
    """Return which kinds of secrets a stopped Home Assistant's folder has where; no secrets."""
    texts = [("diagnostics", diagnostics, False)]
    logs = [folder / "console.log", *sorted(folder.glob("home-assistant.log*"))]
    texts += [(path.name, path.read_text(errors="replace"), False) for path in logs]
    database = folder / "home-assistant_v2.db"
    # Search the rows, because the file may split a long text, and the raw file, because it
    # may still contain deleted rows.
    texts.append(("recorder", "\n".join(_rows(database)), True))
    texts.append((database.name, database.read_bytes().decode("latin-1"), True))
    kept = folder / ".storage" / "core.restore_state"
    texts.append((kept.name, kept.read_text(), True))
    return [
        f"{where}: {kind}, {count} times"
        for where, text, is_registry in texts
        for kind, count in secrets.kinds_in(text, names_allowed=is_registry).items()
    ]


def _rows(database: Path) -> Iterator[str]:
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        yield from connection.iterdump()
