"""When a JWT ends; anything else in it is nobody's concern."""

from base64 import urlsafe_b64encode
from datetime import UTC, datetime
import json
from typing import Any

from hypothesis import given, strategies as st
import pytest

from aioringcentral.jwt import jwt_expiry


def jwt(claims: Any) -> str:
    """Return a JWT with these claims, signed by nobody."""
    payload = urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"header.{payload}.signature"


@pytest.mark.parametrize("end", [1_795_509_600, 1_795_509_600.0])
@pytest.mark.parametrize("padding", ["", "x", "xx", "xxx"])
def test_the_end(end: float, padding: str) -> None:
    """Whatever the length of the payload, which lacks its padding."""
    claims = {"iss": padding, "exp": end}
    assert jwt_expiry(jwt(claims)) == datetime(2026, 11, 24, 8, 40, tzinfo=UTC)


@pytest.mark.parametrize(
    "credential",
    [
        jwt({}),
        jwt({"exp": "2026-11-24"}),
        jwt({"exp": True}),
        jwt({"exp": None}),
        jwt({"exp": 10**30}),
        jwt({"exp": -(10**18)}),
        jwt([]),
        jwt("exp"),
        "",
        "one.two",
        "one.two.three.four",
        "header.!!!.signature",
        "header.é.signature",
        "header.AAAAA.signature",
        "header.bm90IGpzb24.signature",
        "..",
    ],
)
def test_no_end(credential: str) -> None:
    assert jwt_expiry(credential) is None


@given(st.text())
def test_nothing_raises(credential: str) -> None:
    jwt_expiry(credential)
    jwt_expiry(f"header.{credential}.signature")
