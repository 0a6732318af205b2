"""The emulator in a separate process, which records every token it issues."""

import argparse
import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
import secrets
import sys
from unittest.mock import patch

from emulator.__main__ import arguments, serve


@contextmanager
def noting(path: Path) -> Iterator[None]:
    """Write everything that `secrets.token_urlsafe` makes to a file.

    The emulator uses this function for all its access and refresh tokens, tickets,
    recovery tokens and session ids.
    """
    make = secrets.token_urlsafe

    def token_urlsafe(nbytes: int | None = None) -> str:
        token = make(nbytes)
        book.write(f"{token}\n")
        return token

    with (
        path.open("a", buffering=1) as book,
        patch.object(secrets, "token_urlsafe", token_urlsafe),
    ):
        yield


def main() -> int:
    """Serve as scripts/emulator does; return the exit status."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--issued", type=Path, required=True)
    options, others = parser.parse_known_args()
    sys.argv[1:] = others
    with noting(options.issued):
        return asyncio.run(serve(arguments()))


if __name__ == "__main__":
    sys.exit(main())
