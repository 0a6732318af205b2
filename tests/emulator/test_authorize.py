"""The browser's way: code, PKCE and its checks (docs/protocol.md 1.2)."""

import base64
import hashlib
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from emulator import Emulator

from .wire import ACCOUNT, Answer, Wire

REDIRECT = "https://my.example/auth/callback?x=1"
VERIFIER = "v" * 43


def query(emu: Emulator, **more: str) -> dict[str, str]:
    """Return an authorize request."""
    return {
        "response_type": "code",
        "client_id": emu.client_id,
        "redirect_uri": REDIRECT,
        "state": "s&t",
        **more,
    }


def answered(answer: Answer) -> dict[str, str]:
    """Return what the browser carries back."""
    assert answer.status == 302
    target = urlsplit(answer.headers["Location"])
    assert target.netloc == "my.example"
    return {name: values[0] for name, values in parse_qs(target.query).items()}


async def grant(wire: Wire, **more: str) -> dict[str, str]:
    """Walk through the form and return what comes back."""
    page = await wire.get(
        "/restapi/oauth/authorize", auth=None, params=query(wire.emu, **more)
    )
    assert page.status == 200
    assert "<form" in page.text
    number = wire.emu.extension(wire.emu.own_extension_id).number
    form = query(wire.emu, **more) | {"user": number or "", "action": "allow"}
    return answered(
        await wire.send("POST", "/restapi/oauth/authorize", auth=None, data=form)
    )


async def exchange(wire: Wire, code: str, **more: Any) -> Answer:
    """Exchange a code for tokens."""
    auth = more.pop("auth", "")
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": REDIRECT,
        **more,
    }
    return await wire.token(form, auth=auth)


async def test_code_flow(anonymous: Wire) -> None:
    """Form, redirect with code and state, tokens."""
    back = await grant(anonymous)
    assert (back["state"], back["expires_in"], back["x"]) == ("s&t", "60", "1")
    reply = await exchange(anonymous, back["code"])
    assert reply.json["owner_id"] == anonymous.emu.own_extension_id
    anonymous.access = reply.json["access_token"]
    assert (await anonymous.get(ACCOUNT)).status == 200


async def test_code_works_once(anonymous: Wire) -> None:
    """A spent code is OAU-106."""
    code = (await grant(anonymous))["code"]
    await exchange(anonymous, code)
    assert (await exchange(anonymous, code)).codes == ["OAU-106"]


async def test_code_lives_60_seconds(anonymous: Wire, emu: Emulator) -> None:
    """Afterwards it is OAU-108."""
    code = (await grant(anonymous))["code"]
    emu.clock.advance(61)
    assert (await exchange(anonymous, code)).codes == ["OAU-108"]


async def test_redirect_has_to_match(anonymous: Wire) -> None:
    """Another redirect_uri at the exchange is OAU-109."""
    code = (await grant(anonymous))["code"]
    answer = await exchange(anonymous, code, redirect_uri="https://my.example/")
    assert answer.codes == ["OAU-109"]


@pytest.mark.parametrize("method", ["S256", "plain"])
async def test_pkce_without_secret(anonymous: Wire, emu: Emulator, method: str) -> None:
    """A public app names itself in the body, on refresh too."""
    emu.faults.set(refresh_tokens=True)
    digest = hashlib.sha256(VERIFIER.encode()).digest()
    hashed = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    challenge = hashed if method == "S256" else VERIFIER
    code = (
        await grant(anonymous, code_challenge=challenge, code_challenge_method=method)
    )["code"]
    reply = await exchange(
        anonymous, code, code_verifier=VERIFIER, client_id=emu.client_id, auth=None
    )
    assert reply.status == 200
    form = {
        "grant_type": "refresh_token",
        "refresh_token": reply.json["refresh_token"],
        "client_id": emu.client_id,
    }
    assert (await anonymous.token(form, auth=None)).status == 200


async def test_wrong_verifier(anonymous: Wire, emu: Emulator) -> None:
    """A verifier that does not answer the challenge is refused."""
    code = (await grant(anonymous, code_challenge="other"))["code"]
    answer = await exchange(
        anonymous, code, code_verifier=VERIFIER, client_id=emu.client_id, auth=None
    )
    assert answer.json["error"] == "invalid_grant"


async def test_code_without_challenge_needs_the_secret(
    anonymous: Wire, emu: Emulator
) -> None:
    """Only PKCE does without client authentication."""
    code = (await grant(anonymous))["code"]
    answer = await exchange(anonymous, code, client_id=emu.client_id, auth=None)
    assert answer.codes == ["OAU-123"]


async def test_refusal_and_automatic_answers(anonymous: Wire, emu: Emulator) -> None:
    """Cancel, `deny` and `approve`, and prompt=none."""
    path = "/restapi/oauth/authorize"
    form = query(emu) | {"action": "deny"}
    back = answered(await anonymous.send("POST", path, auth=None, data=form))
    assert (back["error"], back["state"]) == ("access_denied", "s&t")
    emu.faults.set(authorize="deny")
    back = answered(await anonymous.get(path, auth=None, params=query(emu)))
    assert back["error"] == "access_denied"
    emu.faults.set(authorize="approve")
    back = answered(await anonymous.get(path, auth=None, params=query(emu)))
    assert (await exchange(anonymous, back["code"])).status == 200
    back = answered(
        await anonymous.get(path, auth=None, params=query(emu, prompt="none"))
    )
    assert back["error"] == "login_required"


async def test_unknown_app_is_not_redirected(anonymous: Wire, emu: Emulator) -> None:
    """Without a known app nothing says whom the redirect belongs to."""
    params = query(emu, client_id="no")
    answer = await anonymous.get("/restapi/oauth/authorize", auth=None, params=params)
    assert (answer.status, answer.codes) == (400, ["OAU-120"])


async def test_page_escapes_what_it_repeats(anonymous: Wire, emu: Emulator) -> None:
    """The page repeats the request without running it."""
    params = query(emu, state='"><script>alert(1)</script>')
    page = await anonymous.get("/restapi/oauth/authorize", auth=None, params=params)
    assert "<script>" not in page.text


async def test_unknown_user(anonymous: Wire, emu: Emulator) -> None:
    """The form comes back with a word about it."""
    form = query(emu) | {"user": "99999", "action": "allow"}
    page = await anonymous.send(
        "POST", "/restapi/oauth/authorize", auth=None, data=form
    )
    assert "Unknown extension" in page.text
