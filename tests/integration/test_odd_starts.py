"""A start with a list that says too little: everything is there once a later one says more, without a reload."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any
from unittest.mock import patch

from homeassistant.const import STATE_OFF, STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
import pytest

from custom_components.ringcentral.aioringcentral import membership
from custom_components.ringcentral.aioringcentral.account import members
from custom_components.ringcentral.aioringcentral.models import Extension
from emulator import Emulator

from .call_stories import ANNA, OWN, Who, cast, following
from .stories import Story

pytestmark = pytest.mark.calls

type Lists = Mapping[str, Extension]


@pytest.fixture
def people(emulator: Emulator) -> dict[Who, str]:
    return cast(emulator)


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch, emulator: Emulator) -> None:
    """Have lists read again at once."""
    monkeypatch.setattr(members, "_SETTLE", 0.01)


@contextmanager
def listing(changed: Callable[[Lists], Lists]) -> Iterator[None]:
    """Have the lists say something else."""

    def odd(*args: Any) -> Any:
        found = membership.following(*args)
        return replace(found, extensions=changed(found.extensions))

    with patch.object(members, "following", odd):
        yield


def read_again(story: Story) -> None:
    """Have the lists read again."""
    story.entry.runtime_data.account._lifecycle._members.changed()


async def test_a_user_whom_the_first_list_lacked_has_log_and_queues(
    hass: HomeAssistant, emulator: Emulator, people: dict[Who, str]
) -> None:
    own = people[OWN]

    def others(lists: Lists) -> Lists:
        return {key: each for key, each in lists.items() if key != own}

    with ExitStack() as odd:
        odd.enter_context(listing(others))
        async with following(hass, emulator, follow="account") as story:
            assert own not in story.followed()
            odd.close()
            read_again(story)
            await story.until(lambda: story.now("calls") == STATE_OFF)
            await story.until(lambda: bool(story.entry.runtime_data.queues.own))


async def test_whoever_was_taken_for_a_queue_at_the_start_has_the_rest_later(
    hass: HomeAssistant, emulator: Emulator, people: dict[Who, str]
) -> None:
    anna = people[ANNA]

    def queues(lists: Lists) -> Lists:
        return {key: replace(each, type="Department") for key, each in lists.items()}

    with ExitStack() as odd:
        odd.enter_context(listing(queues))
        async with following(hass, emulator, [anna]) as story:
            assert story.now("telephony_status", anna) == "no_call"
            assert story.now("status", anna) in (None, STATE_UNAVAILABLE)
            odd.close()
            read_again(story)
            await story.until(lambda: story.now("status", anna) == "available")
            assert story.now("telephony_status", anna) == "no_call"


@pytest.mark.parametrize("follow", ["own chosen", "own account"])
async def test_without_the_list_of_the_account_the_own_extension_is_followed(
    hass: HomeAssistant,
    emulator: Emulator,
    people: dict[Who, str],
    monkeypatch: pytest.MonkeyPatch,
    follow: str,
) -> None:
    """Others keep their devices and their names, and are followed once it can be read."""
    monkeypatch.setattr(members, "_READ_LATER", 0.01)
    anna = people[ANNA]
    async with following(hass, emulator, [anna], follow=follow) as story:
        device = story.device(anna)
        emulator.faults.set(
            odd=[{"kind": "empty", "path": "*/account/~/extension", "status": 503}]
        )
        await story.reload()
        assert story.now("status") == "available"
        assert story.now("status", anna) == STATE_UNAVAILABLE
        assert story.device(anna) == device
        emulator.faults.set(odd=[])
        await story.until(lambda: story.now("status", anna) == "available")
        assert story.device(anna) == device
