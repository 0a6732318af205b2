"""What follows an error that ended a run: nobody hears of the first refusal, and the trying never ends."""

import pytest

from aioringcentral.account.run_retries import (
    LOOK_AGAIN_AFTER,
    TRY_AGAIN_AFTER,
    TRY_AGAIN_MOST,
    RunRetries,
    Step,
)
from aioringcentral.errors import (
    Misconfigured,
    PermissionMissing,
    Reason,
    RetryLater,
    RingCentralError,
    SignInRequired,
)

VERDICTS = [
    SignInRequired(Reason.INVALID_AUTH),
    SignInRequired(Reason.ACCOUNT_LOCKED),
    PermissionMissing("CMN-401"),
    Misconfigured(Reason.NOT_FOUND),
]


@pytest.mark.parametrize("error", VERDICTS, ids=str)
def test_a_refusal_is_looked_at_once_more_within_a_minute(
    error: RingCentralError,
) -> None:
    assert LOOK_AGAIN_AFTER < 60
    assert RunRetries().next(error) == Step(is_reported=False, wait=LOOK_AGAIN_AFTER)


@pytest.mark.parametrize("error", VERDICTS, ids=str)
def test_one_that_stands_is_reported_and_tried_again_up_to_once_an_hour(
    error: RingCentralError,
) -> None:
    retries = RunRetries()
    steps = [retries.next(error) for _ in range(2_000)][1:]
    assert all(step.is_reported for step in steps)
    waits = [step.wait for step in steps]
    assert waits[0] == TRY_AGAIN_AFTER
    assert waits == sorted(waits)
    assert waits[-1] == TRY_AGAIN_MOST == 3_600


def test_what_works_again_begins_again() -> None:
    retries = RunRetries()
    for _ in range(5):
        retries.next(VERDICTS[0])
    retries.reset()
    assert not retries.next(VERDICTS[0]).is_reported


def test_a_fault_of_ours_is_tried_again_soon_and_then_less_often() -> None:
    retries, fault = RunRetries(), RetryLater(Reason.SERVICE_ERROR)
    waits = [retries.next(fault).wait for _ in range(2_000)]
    assert waits[0] <= 10
    assert waits == sorted(waits)
    assert waits[-1] == TRY_AGAIN_AFTER
