"""What people paste is cleaned once, wherever it comes in."""

import pytest

from aioringcentral.credentials import basic_auth, cleaned
from aioringcentral.errors import AppRefused, Reason

JWT = "eyJraWQ.eyJpc3M.c2ln-_"


@pytest.mark.parametrize(
    "pasted",
    [
        JWT,
        f"  {JWT}\r\n",
        f"\ufeff{JWT}",
        f"{JWT[:9]}\u200b{JWT[9:]}",
        f"{JWT[:9]}\n    {JWT[9:]}",
        f'"{JWT}"',
        f"\u2018{JWT}\u2019",
        f"`{JWT}`",
        f"\u00a0{JWT}\u2060",
        f"\u202a{JWT}\u202c",
        f"\x00{JWT}\t",
        f"\ud800{JWT}\udc00",
    ],
)
def test_what_copying_added_is_gone(pasted: str) -> None:
    assert cleaned(pasted) == JWT


def test_nothing_else_is_changed() -> None:
    assert cleaned("Zürich/9+=_-~.") == "Zürich/9+=_-~."


def test_a_colon_cannot_be_sent() -> None:
    with pytest.raises(AppRefused) as raised:
        basic_auth("an:id", "secret")
    assert raised.value.reason is Reason.INVALID_CLIENT
    assert basic_auth("id", "se:cret") == "Basic aWQ6c2U6Y3JldA=="
