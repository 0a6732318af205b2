"""Stories of sign-in: what runs out, what is taken away, and what is only slow."""

import asyncio
import logging
from typing import Any
from unittest.mock import patch

from homeassistant.config_entries import SOURCE_REAUTH, ConfigEntryState
from homeassistant.const import EVENT_HOMEASSISTANT_STOP, STATE_UNAVAILABLE
from homeassistant.core import CoreState, HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
import pytest

from custom_components.ringcentral.aioringcentral.account.known_queues import OWN
from custom_components.ringcentral.aioringcentral.causes import Cause
from emulator import Emulator

from . import entry_for, jwt_input, open_sessions
from .stories import (
    EXTENSIONS,
    OWN_EXTENSION,
    PRESENCE,
    SUBSCRIBE,
    TICKET,
    TOKEN,
    Story,
    emulated,
    hasty,
    issues,
    lines,
    nothing_left,
    office,
    our_tasks,
    retried,
    settling_at_once,
    sign_in_flows,
)

REFUSED_SIGN_INS = {
    # Each ends at the user, who has to type something else.
    "revoked": "OAU-213",
    "wrong secret": "OAU-146",
    "wrong app": "OAU-120",
    "grant forbidden": "OAU-251",
    "locked": "OAU-147",
    "disabled": "OAU-141",
}


async def sign_in_ends(story: Story, code: str) -> None:
    """Let the service end every session, and refuse each new sign-in with this code."""
    story.emulator.faults.set(token_error={"code": code})
    story.emulator.revoke_tokens()
    await story.until(lambda: not story.coordinator.available)


# "The token expires, and I do everything again by hand."


@pytest.mark.parametrize("refresh_tokens", [False, True])
async def test_an_access_token_that_ran_out_is_nobodys_concern(
    hass: HomeAssistant, emulator: Emulator, refresh_tokens: bool
) -> None:
    """Another one is fetched, and nothing shows of it."""
    emulator.faults.set(refresh_tokens=refresh_tokens)
    with hasty():
        async with office(hass, emulator) as story:
            emulator.expire_access_tokens()
            await story.call("ring")
            await story.shows(telephony_status="ringing")
            assert story.seen_unavailable() == []
            assert sign_in_flows(hass) == []
            assert emulator.counters.requests[TOKEN] == 2


async def test_a_refresh_token_that_ran_out_is_nobodys_concern(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """The JWT signs in anew."""
    emulator.faults.set(refresh_tokens=True)
    with hasty():
        async with office(hass, emulator) as story:
            emulator.expire_refresh_tokens()
            emulator.expire_access_tokens()
            await story.call("ring")
            await story.shows(telephony_status="ringing")
            assert story.seen_unavailable() == []
            assert sign_in_flows(hass) == []


async def test_others_who_sign_in_push_out_our_session(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """Five programs of one user: the oldest session ends, and a new one begins."""
    with hasty():
        async with office(hass, emulator) as story:
            emulator.supersede_sessions()
            await story.call("ring")
            await story.shows(telephony_status="ringing")
            assert story.seen_unavailable() == []
            assert sign_in_flows(hass) == []


@pytest.mark.parametrize("code", REFUSED_SIGN_INS.values(), ids=REFUSED_SIGN_INS.keys())
async def test_credentials_that_ended_are_asked_for_once(
    hass: HomeAssistant,
    emulator: Emulator,
    caplog: pytest.LogCaptureFixture,
    code: str,
) -> None:
    """One question, everything unavailable, no further tries for minutes, one line in the log."""
    with caplog.at_level(logging.INFO), hasty():
        async with office(hass, emulator) as story:
            asked = emulator.counters.requests[TOKEN]
            await sign_in_ends(story, code)
            await story.until(lambda: len(sign_in_flows(hass)) == 1)
            assert set(story.all_states().values()) == {STATE_UNAVAILABLE}
            assert story.account_now("extensions_on_call") == STATE_UNAVAILABLE
            assert story.account_now("push_connected") == "off"
            # Looked at once more before anybody was asked.
            assert emulator.counters.requests[TOKEN] == asked + 2
    told = [line.partition(":")[0] for line in lines(caplog)]
    assert told == ["Connection to RingCentral is lost"]


async def test_after_signing_in_again_everything_is_back(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """A new JWT is all that is asked for: same devices, same entities, states of now."""
    async with office(hass, emulator, follow=["account"]) as story:
        entities = story.entities()
        await sign_in_ends(story, "OAU-213")
        await story.until(lambda: len(sign_in_flows(hass)) == 1)
        await story.call("ring")
        emulator.faults.clear()
        issued = emulator.counters.tokens_issued
        (flow,) = sign_in_flows(hass)
        for answer in ({"next_step_id": "jwt"}, jwt_input(emulator)):
            result = await hass.config_entries.flow.async_configure(
                flow["flow_id"], answer
            )
        assert result["type"] is FlowResultType.ABORT
        assert result["reason"] == "reauth_successful"
        await hass.async_block_till_done()
        await story.shows(telephony_status="ringing")
        assert story.entities() == entities
        assert STATE_UNAVAILABLE not in story.all_states().values()
        # The sign-in of the form is the one that the entry goes on with.
        assert emulator.counters.tokens_issued == issued + 1
        assert open_sessions(emulator) == 1


@pytest.mark.parametrize("code", REFUSED_SIGN_INS.values(), ids=REFUSED_SIGN_INS.keys())
async def test_credentials_that_are_no_good_at_start(
    hass: HomeAssistant, emulator: Emulator, code: str
) -> None:
    """Set-up ends, the user is asked once, and nothing goes on behind it."""
    emulator.faults.set(token_error={"code": code})
    async with office(hass, emulator, state=ConfigEntryState.SETUP_ERROR) as story:
        assert story.entry.error_reason_translation_key == "sign_in_required"
        (flow,) = sign_in_flows(hass)
        assert flow["context"]["source"] == SOURCE_REAUTH
        assert emulator.counters.requests[TOKEN] == 1


# "A passing error asked me to sign in again", and its reverse.


@pytest.mark.parametrize(
    "trouble",
    [
        {"http_5xx": [{"path": "/restapi/oauth/token", "status": 500}]},
        {"http_5xx": [{"path": "/restapi/oauth/token", "status": 502, "body": "html"}]},
        {"http_5xx": [{"path": "/restapi/oauth/wstoken", "status": 503}]},
        {"http_5xx": [{"path": "*", "status": 503, "body": "empty"}]},
        {"token_error": {"code": "OAU-167"}},
        {"wstoken_error": {"status": 403, "code": "OAU-167"}},
        {"wstoken_error": {"status": 503, "code": "CMN-201"}},
        {"connection_error": 1_000},
    ],
    ids=lambda trouble: str(trouble)[:60],
)
async def test_passing_trouble_never_asks_the_user(
    hass: HomeAssistant, emulator: Emulator, trouble: dict[str, Any]
) -> None:
    """Unavailable while it lasts, then back by itself."""
    with hasty(grace=0.05):
        async with office(hass, emulator) as story:
            emulator.faults.set(**trouble)
            emulator.revoke_tokens()
            await story.until(lambda: not story.coordinator.available)
            assert sign_in_flows(hass) == []
            assert issues(hass) == []
            emulator.faults.clear()
            await story.live()
            await story.call("ring")
            await story.shows(telephony_status="ringing")


@pytest.mark.parametrize("status", [401, 403, 404])
@pytest.mark.parametrize("path", ["/restapi/oauth/token", "/restapi/oauth/wstoken"])
async def test_a_proxy_that_refuses_is_not_the_service(
    hass: HomeAssistant, emulator: Emulator, path: str, status: int
) -> None:
    """A page in place of JSON comes from a proxy or a firewall: passing trouble, whatever its status."""
    with hasty(grace=0.05):
        async with office(hass, emulator) as story:
            emulator.faults.set(
                http_5xx=[{"path": path, "status": status, "body": "html"}]
            )
            emulator.revoke_tokens()
            await story.until(lambda: not story.coordinator.available)
            assert sign_in_flows(hass) == []
            assert issues(hass) == []
            emulator.faults.clear()
            await story.live()


@pytest.mark.parametrize(
    ("trouble", "reason"),
    [
        ({"http_5xx": [{"path": "/restapi/oauth/token"}]}, "service_error"),
        ({"http_5xx": [{"path": "*/extension/~"}]}, "service_error"),
        ({"http_5xx": [{"path": "*/account/~/extension"}]}, "service_error"),
        ({"http_5xx": [{"path": "/restapi/oauth/wstoken"}]}, "service_error"),
        ({"http_5xx": [{"path": "*/presence"}]}, "service_error"),
        ({"connection_error": 1_000}, "service_error"),
    ],
    ids=lambda value: str(value)[:60],
)
async def test_passing_trouble_at_start_is_tried_again(
    hass: HomeAssistant, emulator: Emulator, trouble: dict[str, Any], reason: str
) -> None:
    """Home Assistant is told at once, and the sign-in that succeeded is kept for the next try."""
    emulator.faults.set(**trouble)
    retry = ConfigEntryState.SETUP_RETRY
    async with office(hass, emulator, follow=["account"], state=retry) as story:
        assert story.entry.error_reason_translation_key == "retry_later"
        placeholders = story.entry.error_reason_translation_placeholders
        assert placeholders == {"reason": reason}
        assert our_tasks() == []
        emulator.faults.clear()
        await retried(story)
        assert story.entry.state is ConfigEntryState.LOADED
        # One sign-in for both tries, unless it was the sign-in itself that was refused.
        assert emulator.counters.tokens_issued == 1
        assert sign_in_flows(hass) == []


# "Missing scopes are shown as a crash."


@pytest.mark.parametrize(
    ("permission", "name"),
    [
        ("WebSocket", "WebSocket Subscriptions"),
        ("SubscriptionWebSocket", "WebSocket Subscriptions"),
        ("ReadPresence", "Read Presence"),
    ],
)
async def test_a_permission_is_taken_away_and_given_back(
    hass: HomeAssistant, emulator: Emulator, permission: str, name: str
) -> None:
    """The repair names what is missing, and vanishes once it is there again."""
    with hasty(try_again=0.1):
        async with office(hass, emulator) as story:
            emulator.faults.set(permissions_removed=[permission])
            await emulator.disconnect(code=1001, recoverable=False)
            await story.until(lambda: not story.coordinator.available)
            await story.until(lambda: issues(hass) != [])
            (issue,) = issues(hass)
            assert issue.translation_key == "permission_missing"
            assert issue.translation_placeholders == {
                "account": story.entry.title,
                "permission": name,
            }
            assert set(story.all_states().values()) == {STATE_UNAVAILABLE}
            assert sign_in_flows(hass) == []
            emulator.faults.clear()
            await story.live()
            assert issues(hass) == []
            await story.call("ring")
            await story.shows(telephony_status="ringing")


async def test_a_permission_that_was_added_is_looked_for_in_a_new_session(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """What a session may do was fixed when it began: the old one would find nothing new."""
    with hasty(try_again=0.1):
        async with office(hass, emulator) as story:
            emulator.faults.set(permissions_removed=["WebSocket"])
            await emulator.disconnect(code=1001, recoverable=False)
            await story.until(lambda: issues(hass) != [])
            (before,) = emulator._service.tokens.sessions
            emulator.faults.clear()
            await story.live()
            (after,) = emulator._service.tokens.sessions
            assert after is not before


async def test_a_permission_that_is_missing_is_not_asked_for_without_end(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """It is looked at every few minutes, not in a storm."""
    async with office(hass, emulator) as story:
        asked = emulator.counters.requests[TICKET]
        emulator.faults.set(permissions_removed=["WebSocket"])
        await emulator.disconnect(code=1001, recoverable=False)
        await story.until(lambda: issues(hass) != [])
        assert emulator.counters.requests[TICKET] == asked + 2


@pytest.mark.parametrize("permission", ["WebSocket", "ReadPresence", "ReadAccounts"])
async def test_a_permission_is_missing_at_start(
    hass: HomeAssistant, emulator: Emulator, permission: str
) -> None:
    """Named in the entry and in a repair, tried again by itself."""
    emulator.faults.set(permissions_removed=[permission])
    retry = ConfigEntryState.SETUP_RETRY
    async with office(hass, emulator, state=retry) as story:
        assert story.entry.error_reason_translation_key == "permission_missing"
        (issue,) = issues(hass)
        assert issue.translation_key == "permission_missing"
        await nothing_left(emulator)
        emulator.faults.clear()
        await retried(story)
        assert issues(hass) == []
        await story.call("ring")
        await story.shows(telephony_status="ringing")


# "Too many requests."


@pytest.mark.parametrize("group", ["Light", "Medium", "Heavy", "Auth"])
async def test_a_limit_that_is_met_at_start_is_waited_for(
    hass: HomeAssistant, emulator: Emulator, group: str
) -> None:
    """Nothing is sent before the time that the service named, however often set-up is tried."""
    async with emulated(extensions=40, seed=3, time_factor=60) as limited:
        limited.faults.set(rate_limits={group: 0})
        retry = ConfigEntryState.SETUP_RETRY
        async with office(hass, limited, follow=["account"], state=retry) as story:
            placeholders = story.entry.error_reason_translation_placeholders
            assert placeholders == {"reason": "rate_limited"}
            limited.faults.clear()
            await retried(story)
            assert limited.counters.requests_in_penalty == 0
            assert limited.counters.rate_limited == 1
            assert limited.counters.tokens_issued == 1


async def test_a_start_takes_few_requests(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """Signed in once, one ticket, one list, one snapshot."""
    async with office(hass, emulator, follow=["account"]):
        requests = emulator.counters.requests
        assert requests[TOKEN] == requests[TICKET] == requests[EXTENSIONS] == 1
        assert sum(requests.values()) <= 8


async def test_one_account_is_no_concern_of_the_other(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """One whose credentials end leaves the other as it is."""
    async with (
        emulated(extensions=6, seed=2, rate_limits=False) as elsewhere,
        office(hass, emulator) as one,
        office(hass, elsewhere) as other,
    ):
        await sign_in_ends(one, "OAU-213")
        await elsewhere.play_call(other.own, ["ring"])
        await other.shows(telephony_status="ringing")
        assert other.seen_unavailable() == []
        (flow,) = sign_in_flows(hass)
        assert flow["context"]["entry_id"] == one.entry.entry_id


# Whoever is asked and does something else is asked again.


async def to_jwt(hass: HomeAssistant) -> str:
    """Choose a JWT in the flow that asks for a sign-in, and return the flow's id."""
    (flow,) = sign_in_flows(hass)
    await hass.config_entries.flow.async_configure(
        flow["flow_id"], {"next_step_id": "jwt"}
    )
    return flow["flow_id"]


@pytest.mark.parametrize("when", ["running", "at start"])
async def test_another_account_is_refused_and_the_question_stays(
    hass: HomeAssistant, emulator: Emulator, when: str
) -> None:
    async with (
        emulated(seed=2, rate_limits=False) as another,
        office(hass, emulator) as story,
    ):
        if when == "running":
            await sign_in_ends(story, "OAU-213")
        else:
            emulator.faults.set(token_error={"code": "OAU-147"})
            emulator.revoke_tokens()
            await hass.config_entries.async_reload(story.entry.entry_id)
        await story.until(lambda: len(sign_in_flows(hass)) == 1)
        for _ in range(2):
            before = await to_jwt(hass)
            result = await hass.config_entries.flow.async_configure(
                before, jwt_input(another)
            )
            assert result["reason"] == "wrong_account"
            await hass.async_block_till_done()
            (flow,) = sign_in_flows(hass)
            assert flow["flow_id"] != before
        await another.wait_for(lambda: open_sessions(another) == 0)
        emulator.faults.clear()
        result = await hass.config_entries.flow.async_configure(
            await to_jwt(hass), jwt_input(emulator)
        )
        assert result["reason"] == "reauth_successful"
        await hass.async_block_till_done()
        assert sign_in_flows(hass) == []
        assert story.entry.state is ConfigEntryState.LOADED


@pytest.mark.parametrize("how", ["no app", "closed"])
async def test_a_question_that_leads_nowhere_is_asked_again(
    hass: HomeAssistant, emulator: Emulator, how: str
) -> None:
    async with office(hass, emulator) as story:
        await sign_in_ends(story, "OAU-213")
        await story.until(lambda: len(sign_in_flows(hass)) == 1)
        (flow,) = sign_in_flows(hass)
        if how == "closed":
            hass.config_entries.flow.async_abort(flow["flow_id"])
        else:
            result = await hass.config_entries.flow.async_configure(
                flow["flow_id"], {"next_step_id": "oauth"}
            )
            assert result["reason"] == "no_app"
        await hass.async_block_till_done()
        (again,) = sign_in_flows(hass)
        assert again["flow_id"] != flow["flow_id"]
        await hass.config_entries.async_remove(story.entry.entry_id)
        assert sign_in_flows(hass) == []


async def test_a_question_that_is_no_longer_one_is_not_asked_again(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    async with office(hass, emulator) as story:
        story.entry.async_start_reauth(hass)
        await hass.async_block_till_done()
        (flow,) = sign_in_flows(hass)
        hass.config_entries.flow.async_abort(flow["flow_id"])
        await hass.async_block_till_done()
        assert sign_in_flows(hass) == []


# Home Assistant stops while set-up runs.


@pytest.mark.parametrize("path", [TOKEN, OWN_EXTENSION, TICKET, SUBSCRIBE, PRESENCE])
async def test_a_stop_during_set_up_leaves_nothing(
    hass: HomeAssistant,
    emulator: Emulator,
    caplog: pytest.LogCaptureFixture,
    path: str,
) -> None:
    entry = entry_for(emulator)
    entry.add_to_hass(hass)
    emulator.faults.set(reply_delay=0.1)
    set_up = asyncio.create_task(hass.config_entries.async_setup(entry.entry_id))
    await emulator.wait_for(lambda: emulator.counters.requests[path] > 0)
    hass.set_state(CoreState.stopping)
    hass.bus.async_fire_internal(EVENT_HOMEASSISTANT_STOP)
    await asyncio.wait([set_up])
    await hass.async_block_till_done()
    emulator.faults.clear()
    await nothing_left(emulator)
    assert our_tasks() == []
    assert lines(caplog, logging.ERROR) == []
    hass.set_state(CoreState.running)
    await hass.config_entries.async_unload(entry.entry_id)


@pytest.mark.messages
@pytest.mark.parametrize("code", ["OAU-147", "OAU-153"])
@pytest.mark.parametrize("what", ["list", "presence", "voicemail", "queues"])
async def test_what_is_read_while_a_sign_in_fails_is_read_later(
    hass: HomeAssistant, emulator: Emulator, what: str, code: str
) -> None:
    """The socket goes on meanwhile: nothing else would have it read again before six hours are over."""
    own = emulator.own_extension_id
    with (
        hasty(),
        settling_at_once(),
        patch(
            "custom_components.ringcentral.aioringcentral.account.queues._COLLECT", 0
        ),
    ):
        async with office(hass, emulator, follow=["account"]) as story:
            account = story.coordinator.account
            await story.shows(voicemails="0")
            story.forget()
            before = emulator.counters.tokens_issued
            # The token is refused once, and so is the first that is asked for in its place.
            emulator.faults.set(
                new_tokens_refused=1, token_error={"code": code, "next": 1}
            )
            match what:
                case "list":
                    newcomer = await emulator.add_extension("Newcomer", "User")
                    await story.until(lambda: newcomer in story.followed())
                    await story.shows(newcomer, presence_status="available")
                case "presence":
                    # No event tells of it.
                    emulator.faults.set(drop_next=1)
                    await emulator.set_presence(own, {"userStatus": "Busy"})
                    account._lifecycle._rereads.read_again([own], Cause.UNREADABLE)
                    await story.shows(user_status="busy")
                case "voicemail":
                    emulator.mail.leave(own)
                    await story.shows(voicemails="1")
                case "queues":
                    queue = await emulator.add_extension("Sales", "Department")
                    emulator.membership.set_queue(queue, [own], None)
                    account.queues._read_soon([OWN])
                    await story.until(lambda: queue in (account.queues.own or {}))
            assert emulator.counters.tokens_issued == before
            assert story.seen_unavailable() == []
            assert sign_in_flows(hass) == []
