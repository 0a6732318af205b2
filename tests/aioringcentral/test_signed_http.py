"""A token that the service rejects: renewed once, shown again after a pause, and no verdict."""

import asyncio
from unittest.mock import patch

import pytest

from aioringcentral.errors import (
    Misconfigured,
    PermissionMissing,
    Reason,
    RetryLater,
    RingCentralError,
    SignInRequired,
    TokenRejected,
)
from aioringcentral.renewals import Renewals
from emulator import Emulator

from .conftest import Client
from .test_rest import Service, rest_of

HOME = "aioringcentral.signed_http"
REJECTED = TokenRejected(Reason.SERVICE_ERROR, "OAU-213")
OWN = {"id": 7, "account": {"id": 5}}


async def test_a_rejected_token_is_renewed_once(
    client: Client, emulator: Emulator
) -> None:
    await client.rest.own_extension()
    emulator.revoke_tokens()
    assert (await client.rest.own_extension()).id == emulator.own_extension_id
    assert emulator.counters.replies["401"] == 1
    assert emulator.counters.tokens_issued == 2


def tokens_shown(service: Service) -> list[str]:
    """Return the tokens that requests were sent with."""
    return [
        more["headers"]["Authorization"].removeprefix("Bearer ")
        for _, _, more in service.sent
    ]


async def test_a_new_token_that_is_not_known_everywhere_yet_works_after_a_pause() -> (
    None
):
    rest, service = rest_of(REJECTED, REJECTED, OWN)
    with patch("asyncio.sleep") as sleep:
        assert (await rest.own_extension()).id == "7"
    assert [call.args[0] for call in sleep.await_args_list if call.args[0]] == [2.0]
    assert tokens_shown(service) == ["AT1", "AT2", "AT2"]


async def test_tokens_that_are_rejected_again_and_again_are_no_verdict() -> None:
    """Whether to sign in again is what the token endpoint says."""
    rest, service = rest_of(REJECTED)
    with patch(f"{HOME}._UNTIL_KNOWN", 0.0), pytest.raises(RetryLater):
        await rest.own_extension()
    assert tokens_shown(service) == ["AT1", "AT2", "AT2"]


async def test_a_sign_in_that_ends_while_a_token_is_renewed_is_the_answer() -> None:
    rest, service = rest_of(REJECTED)
    service.renewal = SignInRequired(Reason.INVALID_AUTH, "OAU-213")
    with pytest.raises(SignInRequired):
        await rest.own_extension()


@pytest.mark.parametrize(
    "error",
    [
        SignInRequired(Reason.EXTENSION_DISABLED, "OAU-141"),
        PermissionMissing("CMN-401", "ReadPresence"),
        Misconfigured(Reason.NOT_FOUND, "CMN-102"),
        RetryLater(Reason.SERVICE_ERROR),
    ],
    ids=str,
)
async def test_nothing_else_is_asked_twice(error: RingCentralError) -> None:
    rest, service = rest_of(error)
    with pytest.raises(type(error)):
        await rest.own_extension()
    assert len(service.sent) == 1
    assert service.renewed == []


async def test_many_rejections_are_one_renewal(
    client: Client, emulator: Emulator
) -> None:
    await client.rest.own_extension()
    emulator.expire_access_tokens()
    await asyncio.gather(*(client.rest.own_extension() for _ in range(8)))
    assert emulator.counters.tokens_issued == 2


async def test_a_path_that_rejects_every_token_does_not_renew_in_a_circle() -> None:
    rest, service = rest_of(REJECTED)
    with patch(f"{HOME}._UNTIL_KNOWN", 0.0):
        for _ in range(20):
            with pytest.raises(TokenRejected):
                await rest.own_extension()
    assert len(service.renewed) == 1
    assert len(service.sent) == 3 + 19
    # It is looked at all the same, and once the token is taken another may be asked for.
    service.answers = [OWN, REJECTED, OWN]
    await rest.own_extension()
    await rest.own_extension()
    assert len(service.renewed) == 2


async def test_another_path_asks_for_its_own_token() -> None:
    rest, service = rest_of(REJECTED)
    with patch(f"{HOME}._UNTIL_KNOWN", 0.0):
        for _ in range(3):
            with pytest.raises(TokenRejected):
                await rest.own_extension()
            with pytest.raises(TokenRejected):
                await rest.ticket()
    assert len(service.renewed) == 2


def test_renewals_that_do_not_help_become_rare() -> None:
    renewals, now, waits = Renewals(), 0.0, list[float]()
    for _ in range(12):
        renewals.did_not_help("/account/1/extension/2,3", now)
        since = now
        while not renewals.may_help("/account/1/extension/4", now):
            now += 1.0
        waits.append(now - since)
    assert waits[:3] == [30, 60, 120]
    assert waits[-1] == 3_600
    for number in range(500):
        renewals.did_not_help("/" + "x" * number, now)
    assert len(renewals._rejections) <= 100
