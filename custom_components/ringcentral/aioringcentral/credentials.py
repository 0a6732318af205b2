"""Turns credentials as people paste them into what the service wants."""

import unicodedata

import aiohttp

from .errors import AppRefused, Reason

_QUOTES = "\"'`´“”„‟‘’‚‛«»‹›,;"


def cleaned(pasted: str) -> str:
    """Return a client id, client secret or JWT without what copying added.

    That includes spaces, line breaks, invisible characters such as U+200B or a byte order mark, halves of
    characters, and quotes or commas around the value: none of the three contains any of these.
    """
    visible = (
        letter
        for letter in pasted
        if not letter.isspace()
        and unicodedata.category(letter) not in ("Cc", "Cf", "Cs")
    )
    return "".join(visible).strip(_QUOTES)


def basic_auth(client_id: str, client_secret: str) -> str:
    """Return the Authorization header of an app that has a secret (docs/protocol.md 1.2).

    Raises:
        AppRefused: the client id contains what Basic authentication cannot carry, such as a colon.
    """
    if ":" in client_id:
        raise AppRefused(Reason.INVALID_CLIENT)
    try:
        return aiohttp.encode_basic_auth(client_id, client_secret)
    except ValueError as err:
        # It contains a character that a header cannot carry.
        raise AppRefused(Reason.INVALID_CLIENT) from err
