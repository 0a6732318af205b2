"""Sign-in, rotation and the end of sessions (docs/protocol.md 1.3, 1.4)."""

import pytest

from emulator import Emulator

from .wire import ACCOUNT, JWT_GRANT, Wire, basic


async def test_token_reply_has_no_refresh_token_by_default(wire: Wire) -> None:
    """The app setting that issues refresh tokens is off."""
    reply = (await wire.sign_in()).json
    assert reply["token_type"] == "bearer"
    assert reply["expires_in"] == 3600
    assert reply["owner_id"] == wire.emu.own_extension_id
    assert {"access_token", "scope", "endpoint_id", "session_id"} <= reply.keys()
    assert "refresh_token" not in reply


async def test_token_type_is_taken_in_any_case(wire: Wire) -> None:
    """Two official clients repeat `bearer` as it came."""
    answer = await wire.get(ACCOUNT, auth=f"bearer {wire.access}")
    assert answer.status == 200


async def test_token_in_the_query(wire: Wire) -> None:
    """A bearer token may travel as a query parameter."""
    answer = await wire.get(f"{ACCOUNT}?access_token={wire.access}", auth=None)
    assert answer.status == 200


@pytest.mark.parametrize(
    ("auth", "code"),
    [
        (None, "AGW-401"),
        ("Basic eA==", "AGW-402"),
        ("Bearer", "AGW-402"),
        ("Bearer garbage", "OAU-149"),
        ("Bearer EMUnknown", "OAU-213"),
    ],
)
async def test_bad_bearer(anonymous: Wire, auth: str | None, code: str) -> None:
    """A missing, malformed, unparsable and unknown token differ."""
    answer = await anonymous.get(ACCOUNT, auth=auth)
    assert answer.status == 401
    assert answer.codes == [code]
    counters = anonymous.emu.counters
    assert counters.requests["GET /restapi/v1.0/account/{id}"] == 1
    assert counters.replies["401"] == 1


async def test_access_token_expires(wire: Wire, emu: Emulator) -> None:
    """After its life a token is OAU-128."""
    emu.clock.advance(3599)
    assert (await wire.get(ACCOUNT)).status == 200
    emu.clock.advance(2)
    answer = await wire.get(ACCOUNT)
    assert (answer.status, answer.codes) == (401, ["OAU-128"])


async def test_expired_token_of_a_living_session(
    anonymous: Wire, emu: Emulator
) -> None:
    """With a refresh token the session lives on and the token reads as expired."""
    emu.faults.set(refresh_tokens=True)
    await anonymous.sign_in()
    emu.clock.advance(3601)
    answer = await anonymous.get(ACCOUNT)
    assert (answer.codes, answer.json["errorCode"]) == (["OAU-128"], "TokenExpired")
    assert (await anonymous.refresh()).status == 200
    assert (await anonymous.get(ACCOUNT)).status == 200


async def test_rotation(anonymous: Wire, emu: Emulator) -> None:
    """A refresh kills the old access token: corrupted first, unknown 10 s later."""
    emu.faults.set(refresh_tokens=True)
    first = (await anonymous.sign_in()).json
    second = (await anonymous.refresh()).json
    assert second["session_id"] == first["session_id"]
    old = f"Bearer {first['access_token']}"
    answer = await anonymous.get(ACCOUNT, auth=old)
    assert (answer.codes, answer.json["errorCode"]) == (["OAU-129"], "TokenInvalid")
    emu.clock.advance(10.5)
    assert (await anonymous.get(ACCOUNT, auth=old)).codes == ["OAU-213"]


async def test_lost_refresh_reply_can_be_asked_for_again(
    anonymous: Wire, emu: Emulator
) -> None:
    """The spent refresh token gives the same pair for an hour while that is unused."""
    emu.faults.set(refresh_tokens=True, rate_limits={"Auth": 100})
    old = (await anonymous.sign_in()).json["refresh_token"]
    pair = (await anonymous.refresh(old)).json
    emu.clock.advance(3500)
    again = (await anonymous.refresh(old)).json
    assert again["access_token"] == pair["access_token"]
    assert again["refresh_token"] == pair["refresh_token"]
    emu.clock.advance(200)
    answer = await anonymous.refresh(old)
    assert (answer.status, answer.codes) == (400, ["OAU-213"])
    assert answer.json["error"] == "invalid_grant"


async def test_spent_refresh_token_ends_10_s_after_first_use(
    anonymous: Wire, emu: Emulator
) -> None:
    """Using the new access token starts the end of the old refresh token."""
    emu.faults.set(refresh_tokens=True, rate_limits={"Auth": 100})
    old = (await anonymous.sign_in()).json["refresh_token"]
    await anonymous.refresh(old)
    await anonymous.get(ACCOUNT)
    emu.clock.advance(9)
    assert (await anonymous.refresh(old)).status == 200
    emu.clock.advance(2)
    assert (await anonymous.refresh(old)).codes == ["OAU-213"]


async def test_refresh_token_expires(anonymous: Wire, emu: Emulator) -> None:
    """After seven days it is OAU-210."""
    emu.faults.set(refresh_tokens=True)
    reply = (await anonymous.sign_in()).json
    assert reply["refresh_token_expires_in"] == 604800
    emu.expire_refresh_tokens()
    answer = await anonymous.refresh()
    assert (answer.status, answer.codes) == (400, ["OAU-210"])


async def test_sixth_session_ends_the_oldest(wire: Wire, emu: Emulator) -> None:
    """Five sessions per user and app."""
    emu.faults.set(rate_limits={"Auth": 100})
    oldest = f"Bearer {wire.access}"
    for _ in range(4):
        await wire.sign_in()
    assert (await wire.get(ACCOUNT, auth=oldest)).status == 200
    await wire.sign_in()
    assert (await wire.get(ACCOUNT, auth=oldest)).codes == ["OAU-213"]
    assert (await wire.get(ACCOUNT)).status == 200


async def test_sessions_of_another_user_do_not_count(
    wire: Wire, emu: Emulator, other: str
) -> None:
    """The limit is per user."""
    emu.faults.set(rate_limits={"Auth": 100})
    mine = f"Bearer {wire.access}"
    for _ in range(6):
        await wire.sign_in(other)
    assert (await wire.get(ACCOUNT, auth=mine)).status == 200


async def test_revoke_ends_the_session(wire: Wire, emu: Emulator) -> None:
    """Its tokens are unknown and its sockets close; the reply is JSON."""
    socket = await wire.connect()
    await socket.subscribe(f"{ACCOUNT}/presence")
    answer = await wire.send(
        "POST",
        "/restapi/oauth/revoke",
        auth=basic(emu.client_id, emu.client_secret),
        data={"token": wire.access},
    )
    assert (answer.status, answer.json) == (200, {})
    assert await socket.close_code() == 1000
    assert (await wire.get(ACCOUNT)).codes == ["OAU-213"]
    await emu.wait_for(lambda: emu.counters.subscriptions == 0)


async def test_expiry_closes_the_socket(wire: Wire, emu: Emulator) -> None:
    """An access token that runs out takes its sockets along."""
    socket = await wire.connect()
    emu.clock.advance(3601)
    assert await socket.close_code() == 1000


async def test_refresh_keeps_the_socket(anonymous: Wire, emu: Emulator) -> None:
    """A refresh before expiry keeps the socket open, and it goes on working."""
    emu.faults.set(refresh_tokens=True, idle_timeout=100_000)
    await anonymous.sign_in()
    socket = await anonymous.connect()
    emu.clock.advance(3000)
    await anonymous.refresh()
    emu.clock.advance(3000)
    assert (await socket.request("GET", ACCOUNT))[0]["status"] == 200


@pytest.mark.parametrize(
    ("form", "auth", "status", "error", "code"),
    [
        ({}, "", 400, "invalid_request", "CMN-101"),
        ({"grant_type": "magic"}, "", 400, "unsupported_grant_type", "OAU-250"),
        ({"grant_type": "password"}, "", 400, "unauthorized_client", "OAU-251"),
        ({"grant_type": JWT_GRANT}, "", 400, "invalid_request", "CMN-101"),
        (
            {"grant_type": JWT_GRANT, "assertion": "x"},
            "",
            400,
            "invalid_grant",
            "OAU-149",
        ),
        ({"grant_type": JWT_GRANT}, None, 400, "invalid_client", "OAU-123"),
        ({"client_id": "no"}, None, 400, "invalid_client", "OAU-120"),
        ({}, basic("no", "no"), 400, "invalid_client", "OAU-120"),
        ({}, "Basic !!", 400, "invalid_client", "OAU-123"),
        ({}, "Bearer x", 400, "invalid_client", "OAU-123"),
        (
            {"grant_type": "refresh_token", "refresh_token": "x"},
            "",
            400,
            "invalid_grant",
            "OAU-213",
        ),
        (
            {"grant_type": "authorization_code", "code": "x"},
            "",
            400,
            "invalid_grant",
            "OAU-106",
        ),
    ],
)
async def test_token_errors(
    anonymous: Wire,
    form: dict[str, str],
    auth: str | None,
    status: int,
    error: str,
    code: str,
) -> None:
    """Each mistake has its OAuth word and code."""
    answer = await anonymous.token(form, auth=auth)
    assert answer.status == status
    assert answer.json["error"] == error
    assert answer.json["error_description"]
    assert answer.codes == [code]


async def test_wrong_secret(anonymous: Wire, emu: Emulator) -> None:
    """A wrong secret is OAU-146."""
    answer = await anonymous.token({}, auth=basic(emu.client_id, "no"))
    assert answer.codes == ["OAU-146"]


async def test_form_is_strict(anonymous: Wire) -> None:
    """Another content type is 415, a repeated field 400."""
    answer = await anonymous.send("POST", "/restapi/oauth/token", auth=None, json={})
    assert answer.status == 415
    assert answer.json["error"] == "invalid_request"
    answer = await anonymous.token([("grant_type", "a"), ("grant_type", "b")])
    assert answer.codes == ["OAU-111"]


async def test_disabled_user_cannot_sign_in(
    anonymous: Wire, emu: Emulator, other: str
) -> None:
    """A disabled extension is OAU-236."""
    await emu.set_extension_status(other, "Disabled")
    assert (await anonymous.sign_in(other)).codes == ["OAU-236"]


async def test_supersede(wire: Wire, emu: Emulator) -> None:
    """Five sign-ins elsewhere end this one."""
    emu.supersede_sessions()
    assert (await wire.get(ACCOUNT)).codes == ["OAU-213"]
