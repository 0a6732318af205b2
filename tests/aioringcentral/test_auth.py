"""Tokens: signed in once, renewed in time, and ended when they are no longer needed."""

import asyncio
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from aioringcentral.auth import (
    REVOKE_PATH,
    TOKEN_PATH,
    JwtTokens,
    Token,
    token_from_wire,
)
from aioringcentral.errors import (
    AppRefused,
    Misconfigured,
    PermissionMissing,
    Reason,
    RetryLater,
    RingCentralError,
    SignInRequired,
    TokenRejected,
)
from aioringcentral.http import Http, Reply
from emulator import Emulator

from .conftest import Client

SIGN_IN = "urn:ietf:params:oauth:grant-type:jwt-bearer"


@dataclass
class Service:
    """A token endpoint that notes what it is asked, and answers as it is told, else with a new token."""

    refresh: bool = False
    now: float = 1_000_000.0
    asked: list[tuple[str, dict[str, str], str]] = field(default_factory=list)
    answers: list[RingCentralError | dict[str, Any]] = field(default_factory=list)

    async def send(
        self,
        method: str,
        path: str,
        group: str,
        *,
        headers: Mapping[str, str],
        form: Mapping[str, str],
    ) -> Reply:
        """Stand in for `Http.send`."""
        assert (method, group) == ("POST", "auth")
        self.asked.append((path, dict(form), headers["Authorization"]))
        await asyncio.sleep(0)
        answer = self.answers.pop(0) if self.answers else self._new()
        if isinstance(answer, RingCentralError):
            raise answer
        return Reply(status=200, body=answer, headers={})

    def _new(self) -> dict[str, Any]:
        count = len(self.asked)
        reply: dict[str, Any] = {"access_token": f"AT{count}", "expires_in": 3600}
        if self.refresh:
            reply |= {
                "refresh_token": f"RT{count}",
                "refresh_token_expires_in": 604_800,
            }
        return reply

    def tokens(self, client_id: str = "id", secret: str = "secret") -> JwtTokens:
        """Return the tokens of someone who signs in here."""
        return JwtTokens(
            cast(Http, self), client_id, secret, "a.b.c", clock=lambda: self.now
        )

    @property
    def grants(self) -> list[str]:
        """What was asked for: the last word of each grant, or what was revoked."""
        return [
            f"revoke {form['token']}"
            if path == REVOKE_PATH
            else form["grant_type"].rpartition(":")[2]
            for path, form, _ in self.asked
        ]


async def test_a_jwt_signs_in() -> None:
    """docs/protocol.md 1.2: the app by Basic authentication, the user by the assertion."""
    service = Service()
    token = await service.tokens().token()
    ((path, form, basic),) = service.asked
    assert path == TOKEN_PATH
    assert form == {"grant_type": SIGN_IN, "assertion": "a.b.c"}
    assert b64decode(basic.removeprefix("Basic ")) == b"id:secret"
    assert (token.value, token.session) == ("AT1", 1)


async def test_what_was_pasted_with_blanks() -> None:
    """From a console whose text breaks over lines."""
    service = Service()
    tokens = JwtTokens(cast(Http, service), " id\n", "secret ", " a.b\n .c\n")
    await tokens.token()
    ((_, form, basic),) = service.asked
    assert form["assertion"] == "a.b.c"
    assert b64decode(basic.removeprefix("Basic ")) == b"id:secret"


async def test_a_colon() -> None:
    """Basic authentication ends the client id at the first one."""
    with pytest.raises(AppRefused) as raised:
        Service().tokens(client_id="i:d")
    assert raised.value.reason is Reason.INVALID_CLIENT
    service = Service()
    await service.tokens(secret="se:cret").token()
    assert b64decode(service.asked[0][2].removeprefix("Basic ")) == b"id:se:cret"


async def test_many_who_ask_sign_in_once() -> None:
    """One owner of the sign-in: five of them would kill the oldest."""
    service = Service()
    tokens = service.tokens()
    found = await asyncio.gather(*(tokens.token() for _ in range(5)))
    assert {token.value for token in found} == {"AT1"}
    rejected = [tokens.renew("AT1") for _ in range(5)]
    assert {token.value for token in await asyncio.gather(*rejected)} == {"AT2"}
    assert len(service.asked) == 2


async def test_a_token_is_renewed_before_it_ends() -> None:
    """At 85 % of its life, with time for several tries."""
    service = Service()
    tokens = service.tokens()
    first = await tokens.token()
    assert first.due_in(service.now) == pytest.approx(3_060)
    service.now += 3_059
    assert await tokens.token() is first
    service.now += 1
    assert first.due_in(service.now) == 0
    assert (await tokens.token()).value == "AT2"


async def test_an_app_that_issues_refresh_tokens_stays_in_its_session() -> None:
    """docs/protocol.md 1.4: each refresh token serves once, and the next comes with the reply."""
    service = Service(refresh=True)
    tokens = service.tokens()
    await tokens.token()
    for expected in ("RT1", "RT2"):
        service.now += 3_100
        token = await tokens.token()
        assert token.session == 1
        assert service.asked[-1][1] == {
            "grant_type": "refresh_token",
            "refresh_token": expected,
        }


async def test_a_lost_reply_is_asked_for_again_with_the_old_refresh_token() -> None:
    """docs/protocol.md 1.4: it works until the new pair is used."""
    service = Service(refresh=True)
    tokens = service.tokens()
    await tokens.token()
    service.now += 3_100
    service.answers.append(RetryLater(Reason.CANNOT_CONNECT))
    with pytest.raises(RetryLater):
        await tokens.renew("AT1")
    await tokens.token()
    assert [form["refresh_token"] for _, form, _ in service.asked[1:]] == ["RT1", "RT1"]


async def test_a_lost_reply_of_the_service(client: Client, emulator: Emulator) -> None:
    """The same on the emulator, which carried the first one out."""
    emulator.faults.set(refresh_tokens=True)
    first = await client.tokens.token()
    emulator.faults.set(lose_token_replies=1)
    with pytest.raises(RetryLater):
        await client.tokens.renew(first.value)
    second = await client.tokens.renew(first.value)
    assert second.session == first.session
    assert (await client.rest.own_extension()).id == emulator.own_extension_id


@pytest.mark.parametrize("code", ["OAU-210", "OAU-213"])
async def test_a_refresh_token_that_is_finished(code: str) -> None:
    """The JWT begins another session."""
    service = Service(refresh=True)
    tokens = service.tokens()
    first = await tokens.token()
    service.answers.append(SignInRequired(Reason.INVALID_AUTH, code))
    token = await tokens.renew(first.value)
    assert service.grants == ["jwt-bearer", "refresh_token", "jwt-bearer"]
    assert token.session == 2


async def test_a_refresh_token_that_ran_out_is_not_tried() -> None:
    """Its time is known: the request would be one of five a minute."""
    service = Service(refresh=True)
    tokens = service.tokens()
    await tokens.token()
    service.now += 604_800
    assert (await tokens.token()).session == 2
    assert service.grants == ["jwt-bearer", "jwt-bearer"]


async def test_credentials_that_changed_are_no_reason_to_sign_in_anew() -> None:
    """A wrong secret refuses the refresh, and would refuse the JWT as well."""
    service = Service(refresh=True)
    tokens = service.tokens()
    first = await tokens.token()
    service.answers.append(AppRefused(Reason.INVALID_CLIENT, "OAU-146"))
    with pytest.raises(AppRefused):
        await tokens.renew(first.value)
    assert len(service.asked) == 2


@pytest.mark.parametrize(
    "refusal",
    [
        AppRefused(Reason.GRANT_NOT_ALLOWED, "OAU-251"),
        Misconfigured(Reason.INVALID_REQUEST, "CMN-101"),
        PermissionMissing("CMN-408"),
        SignInRequired(Reason.INVALID_AUTH),
        TokenRejected(Reason.SERVICE_ERROR, "OAU-213"),
    ],
    ids=str,
)
async def test_an_app_that_may_not_refresh_signs_in_with_the_jwt(
    refusal: RingCentralError,
) -> None:
    service = Service(refresh=True)
    tokens = service.tokens()
    first = await tokens.token()
    service.answers.append(refusal)
    second = await tokens.renew(first.value)
    assert service.grants == ["jwt-bearer", "refresh_token", "jwt-bearer"]
    assert second.session == 2
    await tokens.end_others()
    # What was not said to be over is ended.
    is_over = type(refusal) is SignInRequired
    assert ("revoke RT1" in service.grants) is not is_over


async def test_a_refresh_that_is_refused_without_words_until_the_token_has_ended() -> (
    None
):
    service = Service(refresh=True)
    tokens = service.tokens()
    await tokens.token()
    nothing = RetryLater(Reason.SERVICE_ERROR)
    service.now += 3_100
    service.answers.append(nothing)
    assert (await tokens.token()).value == "AT1"
    service.now += 500
    service.answers.append(nothing)
    assert (await tokens.token()).value == "AT4"
    assert service.grants[1:] == ["refresh_token", "refresh_token", "jwt-bearer"]


@pytest.mark.parametrize("refresh", [False, True])
@pytest.mark.parametrize(
    "trouble",
    [
        RetryLater(Reason.CANNOT_CONNECT),
        RetryLater(Reason.SERVICE_ERROR),
        RetryLater(Reason.RATE_LIMITED, retry_after=60.0),
    ],
    ids=str,
)
async def test_a_token_is_used_until_its_end(
    refresh: bool, trouble: RetryLater
) -> None:
    """The token endpoint is down when renewal is due: 15 % of the token's life are left."""
    service = Service(refresh=refresh)
    tokens = service.tokens()
    await tokens.token()
    service.now += 3_096
    service.answers += [trouble] * 2
    token = await tokens.token()
    assert token.value == "AT1"
    # Not asked for again at once.
    wait = token.due_in(service.now)
    assert wait == (trouble.retry_after or 30.0)
    assert await tokens.token() is token
    assert len(service.asked) == 2
    service.now += wait
    assert (await tokens.token()).value == "AT1"
    service.now += 3_600 - 3_096
    service.answers += [trouble] * 2
    with pytest.raises(RetryLater):
        await tokens.token()
    service.answers.clear()
    assert (await tokens.token()).value != "AT1"


async def test_a_jwt_that_is_refused() -> None:
    """The error is that of the service; the next who asks tries again."""
    service = Service(answers=[SignInRequired(Reason.INVALID_AUTH, "OAU-213")])
    tokens = service.tokens()
    with pytest.raises(SignInRequired):
        await tokens.token()
    assert (await tokens.token()).session == 1


async def test_only_the_token_that_was_rejected_is_renewed() -> None:
    """Who comes late with an older one gets that of now."""
    service = Service()
    tokens = service.tokens()
    await tokens.token()
    second = await tokens.renew("AT1")
    assert await tokens.renew("AT1") is second
    assert (await tokens.renew("AT2")).value == "AT3"
    assert (await Service().tokens().renew("never-ours")).value == "AT1"


# Ends.


@pytest.mark.parametrize(("refresh", "shown"), [(False, "AT1"), (True, "RT1")])
async def test_the_session_ends_with_the_last_token(refresh: bool, shown: str) -> None:
    service = Service(refresh=refresh)
    tokens = service.tokens()
    await tokens.token()
    await tokens.close()
    await tokens.close()
    assert service.grants == ["jwt-bearer", f"revoke {shown}"]


async def test_who_never_signed_in_signs_out_of_nothing() -> None:
    service = Service()
    await service.tokens().close()
    assert service.asked == []


@pytest.mark.parametrize(
    "error",
    [
        RetryLater(Reason.CANNOT_CONNECT),
        SignInRequired(Reason.INVALID_AUTH),
        AppRefused(Reason.INVALID_CLIENT),
    ],
    ids=str,
)
async def test_a_sign_out_that_fails_is_no_concern(error: RingCentralError) -> None:
    """docs/protocol.md 1.4: ignore, and do not try again."""
    service = Service()
    tokens = service.tokens()
    await tokens.token()
    service.answers.append(error)
    await tokens.close()
    assert len(service.asked) == 2


async def test_sessions_that_were_replaced_are_ended() -> None:
    """After the socket moved on: five live sessions would kill the oldest."""
    service = Service()
    tokens = service.tokens()
    first = await tokens.token()
    await tokens.renew(first.value)
    await tokens.end_others()
    await tokens.end_others()
    assert service.grants == ["jwt-bearer", "jwt-bearer", "revoke AT1"]


async def test_a_session_that_ran_out_needs_no_end() -> None:
    service = Service()
    tokens = service.tokens()
    await tokens.token()
    service.now += 3_600
    await tokens.token()
    await tokens.end_others()
    assert service.grants == ["jwt-bearer", "jwt-bearer"]


async def test_a_session_that_was_refreshed_is_replaced_by_nothing() -> None:
    service = Service(refresh=True)
    tokens = service.tokens()
    first = await tokens.token()
    await tokens.renew(first.value)
    await tokens.end_others()
    assert service.grants == ["jwt-bearer", "refresh_token"]


# The reply.


@pytest.mark.parametrize(
    "body", [None, [], {}, {"access_token": ""}, {"access_token": 7}, "AT1"]
)
def test_a_reply_without_a_token_is_passing_trouble(body: Any) -> None:
    with pytest.raises(RetryLater):
        token_from_wire(body, 1, 0.0)


@pytest.mark.parametrize("life", [None, 0, -1, True, "3600", []])
def test_a_life_that_cannot_be_read_is_the_usual_one(life: Any) -> None:
    token = token_from_wire({"access_token": "AT1", "expires_in": life}, 1, 100.0)
    assert token.expires_at == 3_700.0
    assert token.refresh_token is None


def test_what_a_token_says() -> None:
    body = {
        "access_token": "AT1",
        "expires_in": 100,
        "refresh_token": "RT1",
        "refresh_token_expires_in": 1_000,
        "scope": "ReadPresence EditPresence",
    }
    token = token_from_wire(body, 3, 10.0)
    assert token == Token(
        value="AT1",
        session=3,
        renew_at=95.0,
        expires_at=110.0,
        refresh_token="RT1",
        refresh_expires_at=1_010.0,
        scope=frozenset({"ReadPresence", "EditPresence"}),
    )
    assert "AT1" not in repr(token)
    assert "RT1" not in repr(token)


async def test_permissions_that_were_added_take_another_session() -> None:
    """What a session may do was fixed when it began."""
    service = Service(refresh=True)
    tokens = service.tokens()
    first = await tokens.token()
    await tokens.begin_session()
    assert (await tokens.token()).session != first.session
    assert [grant.split()[0] for grant in service.grants] == [
        "jwt-bearer",
        "revoke",
        "jwt-bearer",
    ]


async def test_a_session_that_is_replaced_lives_until_its_sockets_are() -> None:
    service = Service(refresh=True)
    tokens = service.tokens()
    first = await tokens.token()
    await tokens.replace_session()
    assert (await tokens.token()).session != first.session
    assert [grant.split()[0] for grant in service.grants] == ["jwt-bearer"] * 2
    await tokens.end_others()
    assert service.grants[-1].split()[0] == "revoke"


@pytest.mark.parametrize("life", [0.001, 0.05, 0.999])
def test_a_life_of_moments_is_not_believed(life: float) -> None:
    token = token_from_wire({"access_token": "AT1", "expires_in": life}, 1, 100.0)

    assert token.expires_at == 101.0
