"""Stories of refusals that pass: nobody is asked for anything without need, and the trying never ends."""

from typing import Any
from unittest.mock import patch

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
import pytest

from custom_components.ringcentral.aioringcentral.filters import extension_filter
from emulator import Emulator

from .call_stories import following
from .stories import (
    PRESENCE,
    TICKET,
    TOKEN,
    Story,
    colleagues,
    hasty,
    issues,
    nothing_left_later,
    office,
    sign_in_flows,
)

PASSING: list[dict[str, Any]] = [
    {"permissions_removed": ["WebSocket"]},
    {"permissions_removed": ["ReadPresence"]},
    {"token_error": {"code": "OAU-213"}},
    {"token_error": {"code": "OAU-146"}},
    {"token_error": {"code": "OAU-251"}},
    {"maintenance": {"code": "MaintenanceMode", "path": "*"}},
    {"odd": [{"kind": "empty", "path": "*/wstoken", "status": 401}]},
    {"odd": [{"kind": "empty", "path": "*/wstoken", "status": 403}]},
    {"odd": [{"kind": "error", "path": "*/wstoken", "value": "CMN-102"}]},
    {"odd": [{"kind": "error", "path": "*/presence", "value": "CMN-101"}]},
]


async def breaks(story: Story) -> None:
    """Let the connection and its sign-in be lost, so that everything is asked for anew."""
    story.emulator.expire_access_tokens()
    await story.emulator.disconnect(code=1001, recoverable=False)
    await story.lost()


@pytest.mark.parametrize("trouble", PASSING, ids=str)
async def test_a_refusal_that_passes_is_nobodys_concern(
    hass: HomeAssistant, emulator: Emulator, trouble: dict[str, Any]
) -> None:
    """Looked at once more within a minute: no repair, no question, nothing unavailable."""
    look_again = "custom_components.ringcentral.aioringcentral.account.run_retries.LOOK_AGAIN_AFTER"
    with hasty(), patch(look_again, 0.4):
        async with office(hass, emulator) as story:
            emulator.faults.set(**trouble)
            await breaks(story)
            requests = emulator.counters.requests
            asked = requests[TOKEN] + requests[TICKET] + requests[PRESENCE]
            await emulator.wait_for(
                lambda: requests[TOKEN] + requests[TICKET] + requests[PRESENCE] > asked
            )
            emulator.faults.clear()
            await story.live()
            assert issues(hass) == []
            assert sign_in_flows(hass) == []
            assert story.seen_unavailable() == []
            await story.call("ring")
            await story.shows(telephony_status="ringing")


@pytest.mark.parametrize("path", ["*/presence*", "*/wstoken", "*/extension/~"])
async def test_a_limit_of_subscriptions_that_passed_leaves_no_repair(
    hass: HomeAssistant, emulator: Emulator, path: str
) -> None:
    """Whichever request was refused with it, before the connection or after it."""
    refusal = {"kind": "error", "path": path, "status": 403, "value": "SUB-505"}
    with hasty(try_again=0.1):
        async with office(hass, emulator) as story:
            emulator.faults.set(odd=[{**refusal, "next": 1, "done": False}])
            await breaks(story)
            await story.live()
            await hass.async_block_till_done()
            assert issues(hass) == []


@pytest.mark.parametrize("code", ["OAU-213", "OAU-146", "OAU-147", "OAU-141"])
async def test_credentials_that_work_again_end_the_question(
    hass: HomeAssistant, emulator: Emulator, code: str
) -> None:
    """An administrator has unlocked the account, and nobody has to type anything."""
    with hasty(try_again=0.3):
        async with office(hass, emulator) as story:
            emulator.faults.set(token_error={"code": code})
            await breaks(story)
            await story.until(lambda: len(sign_in_flows(hass)) == 1)
            assert not story.coordinator.available
            emulator.faults.clear()
            await story.live()
            assert sign_in_flows(hass) == []
            assert issues(hass) == []


async def test_a_question_that_was_dismissed_is_asked_again(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """Somebody else's credentials were tried, and did not fit."""
    with hasty(try_again=0.2):
        async with office(hass, emulator) as story:
            emulator.faults.set(token_error={"code": "OAU-213"})
            await breaks(story)
            asked = set[str]()
            while len(asked) < 3:
                await story.until(lambda: len(sign_in_flows(hass)) == 1)
                (flow,) = sign_in_flows(hass)
                asked.add(flow["flow_id"])
                hass.config_entries.flow.async_abort(flow["flow_id"])
            emulator.faults.clear()
            await story.live()


async def test_a_missing_permission_that_is_back_ends_the_repair(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    with hasty(try_again=0.2):
        async with office(hass, emulator) as story:
            emulator.faults.set(permissions_removed=["WebSocket"])
            await breaks(story)
            await story.until(lambda: issues(hass) != [])
            emulator.faults.clear()
            await story.live()
            assert issues(hass) == []


@pytest.mark.parametrize(
    "trouble",
    [
        {"token_error": {"code": "OAU-213"}},
        {"token_error": {"code": "OAU-146"}},
        {"token_error": {"code": "OAU-147"}},
        {"odd": [{"kind": "error", "path": "*/extension/~", "value": "CMN-102"}]},
    ],
    ids=str,
)
async def test_a_set_up_that_was_refused_is_tried_again(
    hass: HomeAssistant, emulator: Emulator, trouble: dict[str, Any]
) -> None:
    """Home Assistant itself waits for the user."""
    emulator.faults.set(**trouble)
    with (
        hasty(),
        patch("custom_components.ringcentral.set_up_retry.FIRST", 0.2),
        patch("custom_components.ringcentral.set_up_retry.MOST", 0.4),
    ):
        async with office(hass, emulator, state=ConfigEntryState.SETUP_ERROR) as story:
            asked = sum(emulator.counters.requests.values())
            await emulator.wait_for(
                lambda: sum(emulator.counters.requests.values()) >= asked + 2
            )
            emulator.faults.clear()
            await story.until(lambda: story.entry.state is ConfigEntryState.LOADED)
            await story.live()
            assert sign_in_flows(hass) == []
            await story.call("ring")
            await story.shows(telephony_status="ringing")
        await nothing_left_later(hass, emulator)


async def test_an_entry_that_was_removed_is_not_set_up_again(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    emulator.faults.set(token_error={"code": "OAU-146"})
    with patch("custom_components.ringcentral.set_up_retry.FIRST", 0.1):
        async with office(hass, emulator, state=ConfigEntryState.SETUP_ERROR) as story:
            assert await hass.config_entries.async_remove(story.entry.entry_id)
            assert not hass.data["ringcentral_retries"]


@pytest.mark.parametrize("refused", [1, 2])
async def test_tokens_that_are_not_known_everywhere_yet(
    hass: HomeAssistant, emulator: Emulator, refused: int
) -> None:
    """Refusals in a row are no reason to sign in again."""
    with (
        hasty(),
        patch(
            "custom_components.ringcentral.aioringcentral.signed_http._UNTIL_KNOWN",
            0.05,
        ),
    ):
        async with office(hass, emulator) as story:
            emulator.faults.set(new_tokens_refused=refused)
            await breaks(story)
            await story.live()
            assert sign_in_flows(hass) == []
            assert story.seen_unavailable() == []


# What was read stays read.


async def test_a_large_account_is_read_within_the_limits(
    hass: HomeAssistant, socket_enabled: None
) -> None:
    """Presence of the whole account is refused, and batches are more than a minute allows."""
    async with Emulator(extensions=160, seed=1, time_factor=30) as emulator:
        emulator.faults.set(
            odd=[
                {
                    "kind": "error",
                    "path": "*/account/~/presence*",
                    "status": 403,
                    "value": "CMN-408",
                }
            ],
            rate_limits={"Light": 4},
        )
        async with office(hass, emulator, follow=["account"]) as story:
            unknown = [
                key
                for key in emulator.ids(type="User", status="Enabled")
                if emulator.truth_of(key)["allowSeeMyPresence"]
                and story.now("presence_status", key) == "unknown"
            ]
            assert unknown == []


async def test_presence_that_cannot_be_read_is_read_again(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """A reply that says nothing is not that nothing is known."""
    one, *_ = colleagues(emulator, 1)
    with hasty():
        async with office(hass, emulator, follow=["account"]) as story:
            before = story.now("presence_status", one)
            for kind in ("object", "null", "list", "empty", "html", "nulls"):
                emulator.faults.set(
                    odd=[{"kind": kind, "path": "*/presence*", "next": 2, "on": "http"}]
                )
                await emulator.disconnect(code=1001, recoverable=False)
                await story.lost()
                await story.live()
                await story.until(lambda: story.now("presence_status", one) == before)
                assert story.now("telephony_status", one) == "no_call"


def live(story: Story) -> tuple[str, ...]:
    """Return the filters whose events arrive."""
    subscription = story.coordinator.account.stream.subscription
    return subscription.live if subscription else ()


async def test_somebody_refused_for_a_moment_is_followed_again_with_the_next_token(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """The permission was away in the middle of a search, which found others granted; not six hours later."""
    emulator.faults.set(access_token_ttl=3, refresh_tokens=True)
    with hasty():
        people = [emulator.own_extension_id, *colleagues(emulator, 2)]
        async with following(hass, emulator, people) as story:
            account = story.coordinator.account
            refused = extension_filter(people[1])
            emulator.faults.set(
                refuse_filters={f"*/extension/{people[1]}/presence*": "CMN-401"}
            )
            await emulator.disconnect(code=1001, recoverable=False)
            await story.until(lambda: refused not in live(story))
            # As the service names what the app lacks.
            account.permissions.subscribed({"ReadPresence"})
            emulator.faults.set(refuse_filters={})
            await story.until(lambda: refused in live(story))
            assert issues(hass) == []
