"""Set-up, sign-in and options in the user interface, against the emulator."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from unittest.mock import patch

from homeassistant.config_entries import SOURCE_USER, ConfigEntryState, ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    get_schema_suggested_value,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.ringcentral import follow_steps
from custom_components.ringcentral.aioringcentral.membership import Lists
from custom_components.ringcentral.aioringcentral.models import Extension
from custom_components.ringcentral.aioringcentral.rest import Rest
from custom_components.ringcentral.const import DOMAIN
from custom_components.ringcentral.flow_forms import follow_facts
from emulator import Emulator

from . import entry_for, jwt_input, open_sessions

TOKEN = "POST /restapi/oauth/token"
LIST = "*/account/~/extension"


@pytest.fixture
async def loaded(hass: HomeAssistant, emulator: Emulator) -> MockConfigEntry:
    """Return an entry that follows the own extension."""
    entry = entry_for(emulator)
    await set_up(hass, entry)
    return entry


async def set_up(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Set an entry up, which has to succeed."""
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    assert entry.state is ConfigEntryState.LOADED


async def begin(hass: HomeAssistant) -> ConfigFlowResult:
    """Return the form that asks for a JWT."""
    result = await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_USER}
    )
    return await answer(hass, result, {"next_step_id": "jwt"})


async def answer(
    hass: HomeAssistant, result: ConfigFlowResult, user_input: dict[str, Any]
) -> ConfigFlowResult:
    """Answer a step of set-up, and return what comes next."""
    return await hass.config_entries.flow.async_configure(result["flow_id"], user_input)


async def answer_options(
    hass: HomeAssistant, result: ConfigFlowResult, user_input: dict[str, Any]
) -> ConfigFlowResult:
    """Answer a step of the options, and return what comes next."""
    result = await hass.config_entries.options.async_configure(
        result["flow_id"], user_input
    )
    await hass.async_block_till_done()
    return result


@contextmanager
def signed_in_as(**values: Any) -> Iterator[None]:
    """Let the own extension have other values than the service says."""
    own_extension = Rest.own_extension

    async def changed(rest: Rest) -> Extension:
        return replace(await own_extension(rest), **values)

    with patch.object(Rest, "own_extension", changed):
        yield


async def all_signed_out(emulator: Emulator) -> None:
    """Wait until no sign-in is left."""
    await emulator.wait_for(lambda: open_sessions(emulator) == 0)


def on_offer(result: ConfigFlowResult, name: str) -> list[Any]:
    """Return the options of a field of a form."""
    schema = result["data_schema"]
    assert schema is not None
    options: list[Any] = schema.schema[name].config["options"]
    return options


def suggested(result: ConfigFlowResult, name: str) -> Any:
    """Return what a form suggests for a field."""
    schema = result["data_schema"]
    assert schema is not None
    return get_schema_suggested_value(schema.schema, name)


async def test_a_user_signs_in_and_follows_the_own_extension(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    result = await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_USER}
    )
    assert result["type"] is FlowResultType.MENU
    assert result["menu_options"] == ["jwt", "oauth"]
    result = await answer(hass, result, {"next_step_id": "jwt"})
    assert (result["step_id"], result["errors"]) == ("jwt", None)
    result = await answer(hass, result, jwt_input(emulator))
    assert (result["step_id"], result["errors"]) == ("follow", {})
    result = await answer(hass, result, {})
    await hass.async_block_till_done()

    assert result["type"] is FlowResultType.CREATE_ENTRY
    # The account's, and nobody's own name.
    assert result["title"] == "Example, Inc."
    assert result["data"] == {"auth": "jwt", **jwt_input(emulator)}
    assert result["options"] == {
        "follow": ["own"],
        "extensions": [],
        "caller_identity": "hidden",
    }
    assert result["result"].unique_id == emulator.account_id
    assert result["result"].state is ConfigEntryState.LOADED


async def test_the_frontend_can_walk_through_set_up_and_options(
    hass: HomeAssistant,
    emulator: Emulator,
    hass_client: ClientSessionGenerator,
) -> None:
    assert await async_setup_component(hass, "config", {})
    assert await async_setup_component(hass, DOMAIN, {})
    client = await hass_client()

    async def walk(url: str, *answers: dict[str, Any]) -> dict[str, Any]:
        for user_input in answers:
            reply = await client.post(url, json=user_input)
            assert reply.status == 200
            result: dict[str, Any] = await reply.json()
            url = url if "handler" not in user_input else f"{url}/{result['flow_id']}"
        await hass.async_block_till_done()
        return result

    result = await walk(
        "/api/config/config_entries/flow",
        {"handler": DOMAIN},
        {"next_step_id": "jwt"},
        jwt_input(emulator),
        {"follow": ["chosen"]},
        {"extensions": emulator.extension_ids[:2]},
    )
    assert result["type"] == "create_entry"
    result = await walk(
        "/api/config/config_entries/options/flow",
        {"handler": result["result"]["entry_id"]},
        {"follow": ["account"], "caller_identity": "name"},
    )
    assert result["type"] == "create_entry"
    (entry,) = hass.config_entries.async_entries(DOMAIN)
    assert entry.options["follow"] == ["account"]


async def test_set_up_goes_on_with_the_sign_in_of_the_flow(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    result = await answer(hass, await begin(hass), jwt_input(emulator))
    result = await answer(hass, result, {"follow": ["own"]})
    await hass.async_block_till_done()

    assert result["result"].state is ConfigEntryState.LOADED
    assert emulator.counters.requests[TOKEN] == 1
    assert open_sessions(emulator) == 1
    # A token and two tickets: the service allows five such requests per minute.
    assert emulator.counters.groups["Auth"] == 3


async def test_a_set_up_that_is_tried_again_goes_on_with_the_sign_in_of_the_flow(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    result = await answer(hass, await begin(hass), jwt_input(emulator))
    emulator.faults.set(
        http_5xx=[{"path": "*/oauth/wstoken"}, {"path": "*/extension/~"}]
    )
    result = await answer(hass, result, {"follow": ["own"]})
    entry = result["result"]
    assert entry.state is ConfigEntryState.SETUP_RETRY

    emulator.faults.clear()
    assert await hass.config_entries.async_reload(entry.entry_id)
    assert emulator.counters.requests[TOKEN] == 1


async def test_spaces_and_line_breaks_that_came_with_pasting_are_left_out(
    hass: HomeAssistant, emulator: Emulator, no_setup: None
) -> None:
    typed = jwt_input(emulator)
    half = len(typed["jwt"]) // 2
    pasted = {
        "server": f" {typed['server'].upper()}/ ",
        "client_id": f"{typed['client_id']} ",
        "client_secret": f"\t{typed['client_secret']}",
        "jwt": f"{typed['jwt'][:half]}\n  {typed['jwt'][half:]}\n",
    }
    result = await answer(hass, await begin(hass), pasted)
    result = await answer(hass, result, {})
    assert result["data"] == {"auth": "jwt", **typed}


@pytest.mark.parametrize(
    ("company", "number", "title"),
    [
        ("  Example,\n Inc. ", "101", "Example, Inc."),
        (None, "101", "RingCentral 101"),
        ("\t", "101", "RingCentral 101"),
        (None, None, "RingCentral"),
    ],
)
async def test_an_entry_is_named_after_the_account(
    hass: HomeAssistant,
    emulator: Emulator,
    no_setup: None,
    company: str | None,
    number: str | None,
    title: str,
) -> None:
    with signed_in_as(company=company, number=number):
        result = await answer(hass, await begin(hass), jwt_input(emulator))
        result = await answer(hass, result, {})
    assert result["title"] == title


# What can go wrong at sign-in.


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """A sign-in that is refused: by faults of the service, or because of what was typed."""

    error: str
    faults: dict[str, Any] = field(default_factory=dict)
    typed: Callable[[Emulator], dict[str, str]] = lambda _emulator: {}
    where: str = "base"
    placeholders: dict[str, str] = field(default_factory=dict)


def refused_token(code: str, error: str) -> Refusal:
    """Return a refusal of the JWT grant with an error code."""
    return Refusal(error=error, faults={"token_error": {"code": code}})


def removed(permission: str, shown: str) -> Refusal:
    """Return the refusal of an app that lacks a permission."""
    return Refusal(
        error="permission_missing",
        faults={"permissions_removed": [permission]},
        placeholders={"permission": shown},
    )


REFUSALS = {
    "nobody listens": Refusal(
        error="cannot_connect", typed=lambda _: {"server": "http://127.0.0.1:1"}
    ),
    "ticket leads nowhere": Refusal(
        error="service_error", faults={"connection_error": 500}
    ),
    "no TLS": Refusal(
        error="tls_failed",
        typed=lambda emulator: {"server": emulator.url.replace("http:", "https:")},
    ),
    "service down": Refusal(
        error="service_error", faults={"http_5xx": [{"path": "*/oauth/token"}]}
    ),
    "gateway page": Refusal(
        error="service_error",
        faults={"http_5xx": [{"path": "*/extension/~", "body": "html"}]},
    ),
    "unknown JWT": Refusal(error="invalid_auth", typed=lambda _: {"jwt": "other"}),
    "expired JWT": refused_token("OAU-210", "invalid_auth"),
    "JWT of another app": refused_token("OAU-110", "invalid_auth"),
    "locked out": refused_token("OAU-147", "account_locked"),
    "frozen": refused_token("OAU-236", "extension_disabled"),
    "no ReadAccounts": removed("ReadAccounts", "Read Accounts"),
    "no ReadPresence": removed("ReadPresence", "Read Presence"),
    "no WebSocket": removed("WebSocket", "WebSocket Subscriptions"),
    "no SubscriptionWebSocket": removed(
        "SubscriptionWebSocket", "WebSocket Subscriptions"
    ),
    "no name of a permission": Refusal(
        error="permission_unknown",
        faults={
            "odd": [
                {
                    "kind": "value",
                    "path": "*/presence",
                    "status": 403,
                    "value": {"errorCode": "CMN-401", "permissionName": "Zora Quill"},
                }
            ]
        },
    ),
    "role lacks ReadPresenceStatus": Refusal(
        error="role_permission_missing",
        faults={"user_permissions_removed": ["ReadPresenceStatus"]},
        placeholders={"permission": "Read Presence Status"},
    ),
    "unknown client id": Refusal(
        error="invalid_client", typed=lambda _: {"client_id": "other"}
    ),
    "wrong client secret": Refusal(
        error="invalid_client", typed=lambda _: {"client_secret": "other"}
    ),
    "grant not allowed": refused_token("OAU-112", "grant_not_allowed"),
    "sandbox app": refused_token("OAU-165", "wrong_server"),
    "plain http": Refusal(
        error="invalid_address",
        typed=lambda _: {"server": "http://platform.ringcentral.com"},
        where="server",
    ),
    "no address": Refusal(
        error="invalid_address",
        typed=lambda _: {"server": "RingCentral"},
        where="server",
    ),
    "malformed": refused_token("OAU-111", "invalid_request"),
    "nothing there": Refusal(
        error="not_found",
        faults={
            "odd": [
                {
                    "kind": "error",
                    "path": "*/extension/~",
                    "status": 404,
                    "value": "CMN-102",
                }
            ]
        },
    ),
    # It may be a proxy that says so.
    "nothing there, in no words": Refusal(
        error="service_error",
        faults={
            "http_5xx": [{"path": "*/extension/~", "status": 404, "body": "empty"}]
        },
    ),
    "another server": Refusal(
        error="service_error",
        typed=lambda emulator: {"server": f"{emulator.url}/elsewhere"},
    ),
}


@pytest.mark.parametrize("refusal", REFUSALS.values(), ids=REFUSALS.keys())
async def test_a_refused_sign_in_says_why_and_can_be_mended(
    hass: HomeAssistant, emulator: Emulator, no_setup: None, refusal: Refusal
) -> None:
    form = await begin(hass)
    emulator.faults.set(**refusal.faults)
    typed = {**jwt_input(emulator), **refusal.typed(emulator)}
    result = await answer(hass, form, typed)
    assert result["step_id"] == "jwt"
    assert result["errors"] == {refusal.where: refusal.error}
    given = result["description_placeholders"]
    assert given is not None
    assert refusal.placeholders.items() <= given.items()
    # Nobody wants to paste it all again.
    assert {name: suggested(result, name) for name in typed} == typed

    emulator.faults.clear()
    result = await answer(hass, result, jwt_input(emulator))
    assert result["step_id"] == "follow"
    result = await answer(hass, result, {})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    # No entry went on with it here.
    await all_signed_out(emulator)


@pytest.mark.parametrize(
    "permission", ["ReadAccounts", "ReadPresence", "WebSocket", "SubscriptionWebSocket"]
)
async def test_a_sign_in_that_lacks_a_permission_is_ended(
    hass: HomeAssistant, emulator: Emulator, permission: str
) -> None:
    emulator.faults.set(permissions_removed=[permission])
    await answer(hass, await begin(hass), jwt_input(emulator))
    assert emulator.counters.tokens_issued == 1
    await all_signed_out(emulator)


ODD_ACCOUNTS: dict[str, dict[str, Any]] = {
    "other": {"kind": "set", "at": "account.id", "value": "999"},
    "text": {"kind": "set", "at": "account.id", "value": "Zora"},
}


@pytest.mark.parametrize("name", ODD_ACCOUNTS)
@pytest.mark.parametrize("way", ["user", "reauth", "reconfigure"])
async def test_an_odd_account_in_a_reply_decides_nothing(
    hass: HomeAssistant,
    emulator: Emulator,
    no_setup: None,
    name: str,
    way: str,
) -> None:
    """It is said to try again; only another account that is named twice is another account."""
    entry = entry_for(emulator)
    if way != "user":
        entry.add_to_hass(hass)
    form = await (begin(hass) if way == "user" else start(hass, entry, way))
    odd = {**ODD_ACCOUNTS[name], "next": 1, "path": "*/extension/~"}
    emulator.faults.set(odd=[odd])
    result = await answer(hass, form, jwt_input(emulator))
    assert result["errors"] == {"base": "service_error"}
    emulator.faults.clear()
    result = await answer(hass, result, jwt_input(emulator))
    if way == "user":
        result = await answer(hass, result, {})
        assert result["result"].unique_id == emulator.account_id
    else:
        assert result["reason"] == f"{way}_successful"


@pytest.mark.parametrize(
    "odd",
    [
        {"kind": "remove", "at": "account"},
        {"kind": "set", "at": "account", "value": None},
        {"kind": "set", "at": "account", "value": []},
        {"kind": "set", "at": "account", "value": {}},
    ],
    ids=["none", "null", "list", "object"],
)
async def test_a_user_need_not_name_the_account(
    hass: HomeAssistant, emulator: Emulator, no_setup: None, odd: dict[str, Any]
) -> None:
    """RingCentral tells the account by itself, too."""
    form = await begin(hass)
    emulator.faults.set(odd=[{**odd, "path": "*/extension/~"}])
    result = await answer(hass, form, jwt_input(emulator))
    result = await answer(hass, result, {})
    assert result["result"].unique_id == emulator.account_id


async def test_a_rate_limit_says_how_long_to_wait_and_passes(
    hass: HomeAssistant, no_setup: None
) -> None:
    # A minute of the service takes a second here.
    async with Emulator(time_factor=60) as hasty:
        form = await begin(hass)
        hasty.faults.set(http_429={"Auth": {"next": 1}})
        result = await answer(hass, form, jwt_input(hasty))
        assert result["errors"] == {"base": "rate_limited"}
        given = result["description_placeholders"]
        assert given is not None
        assert given["seconds"] == "1"
        # Until it has passed nothing is sent, or it would begin anew.
        async with asyncio.timeout(10):
            while result["step_id"] == "jwt":
                assert result["errors"] == {"base": "rate_limited"}
                await asyncio.sleep(0.05)
                result = await answer(hass, result, jwt_input(hasty))
        assert hasty.counters.requests[TOKEN] == 2
        hass.config_entries.flow.async_abort(result["flow_id"])
        await all_signed_out(hasty)


async def test_an_unexpected_error_is_logged_without_what_was_typed(
    hass: HomeAssistant,
    emulator: Emulator,
    no_setup: None,
    caplog: pytest.LogCaptureFixture,
) -> None:
    form = await begin(hass)
    with patch(
        "custom_components.ringcentral.config_flow.check_access",
        side_effect=ZeroDivisionError(emulator.jwt),
    ):
        result = await answer(hass, form, jwt_input(emulator))
    assert result["errors"] == {"base": "unknown"}
    assert "ZeroDivisionError" in caplog.text
    assert emulator.jwt not in caplog.text

    result = await answer(hass, result, jwt_input(emulator))
    result = await answer(hass, result, {})
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_a_sign_in_is_kept_while_the_list_of_all_cannot_be_read(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    form = await begin(hass)
    emulator.faults.set(http_5xx=[{"path": LIST, "next": 1}])
    result = await answer(hass, form, jwt_input(emulator))
    assert result["errors"] == {"base": "service_error"}
    result = await answer(hass, result, jwt_input(emulator))
    assert result["step_id"] == "follow"
    assert emulator.counters.requests[TOKEN] == 1


async def test_a_kept_sign_in_is_ended_when_other_credentials_are_typed(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    form = await begin(hass)
    emulator.faults.set(http_5xx=[{"path": LIST, "next": 1}])
    result = await answer(hass, form, jwt_input(emulator))
    assert open_sessions(emulator) == 1
    await answer(hass, result, {**jwt_input(emulator), "jwt": "other"})
    await all_signed_out(emulator)


async def test_a_flow_that_is_left_signs_out(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    result = await answer(hass, await begin(hass), jwt_input(emulator))
    assert open_sessions(emulator) == 1
    hass.config_entries.flow.async_abort(result["flow_id"])
    await all_signed_out(emulator)


async def test_an_account_is_set_up_once(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    entry_for(emulator).add_to_hass(hass)
    result = await answer(hass, await begin(hass), jwt_input(emulator))
    assert (result["type"], result["reason"]) == (
        FlowResultType.ABORT,
        "already_configured",
    )
    await all_signed_out(emulator)


async def test_of_two_flows_for_an_account_the_first_to_end_wins(
    hass: HomeAssistant, emulator: Emulator, no_setup: None
) -> None:
    first = await answer(hass, await begin(hass), jwt_input(emulator))
    second = await answer(
        hass,
        await begin(hass),
        {**jwt_input(emulator), "jwt": emulator.jwt_for(emulator.extension_ids[1])},
    )
    assert second["step_id"] == "follow"
    await answer(hass, first, {})
    assert not hass.config_entries.flow.async_progress()
    assert len(hass.config_entries.async_entries(DOMAIN)) == 1
    await all_signed_out(emulator)


async def test_the_form_says_what_there_is_to_follow(
    hass: HomeAssistant, emulator: Emulator, no_setup: None
) -> None:
    result = await answer(hass, await begin(hass), jwt_input(emulator))
    given = result["description_placeholders"]
    assert given is not None
    own = emulator.extension(emulator.own_extension_id)
    there = [
        ext
        for ext in map(emulator.extension, emulator.ids())
        if ext.status in ("Enabled", "NotActivated")
    ]
    people = {"User", "DigitalUser", "VirtualUser", "FlexibleUser", "Limited", "Room"}
    queues = [ext for ext in there if ext.type == "Department"]
    assert given == {
        "own": f"{own.name} ({own.number})",
        "people": str(sum(ext.type in people for ext in there)),
        "queues": str(len(queues)),
        # The emulated app has not got it, unless it is given.
        "lacking": "Read Messages, Read Call Log",
    }
    assert int(given["people"]) > len(queues) > 0
    # A choice was forgotten: what was said is still there.
    result = await answer(hass, result, {"follow": []})
    assert result["description_placeholders"] == given


@pytest.mark.parametrize(
    ("removed", "lacking"),
    [
        (["EditPresence"], "Edit Presence, Read Messages, Read Call Log"),
        (["ReadContacts"], "Read Contacts, Read Messages, Read Call Log"),
        (
            ["EditPresence", "ReadContacts"],
            "Edit Presence, Read Contacts, Read Messages, Read Call Log",
        ),
    ],
)
async def test_the_form_says_what_the_app_lacks(
    hass: HomeAssistant,
    emulator: Emulator,
    no_setup: None,
    removed: list[str],
    lacking: str,
) -> None:
    emulator.faults.set(permissions_removed=removed)
    result = await answer(hass, await begin(hass), jwt_input(emulator))
    given = result["description_placeholders"]
    assert given is not None
    assert given["lacking"] == lacking


@pytest.mark.parametrize(
    ("scope", "lacking"),
    [
        ({"EditPresence", "ReadContacts", "ReadMessages", "ReadCallLog"}, "–"),
        ({"EditPresence", "ReadMessages", "ReadCallLog"}, "Read Contacts"),
        # A scope that says nothing accuses nobody.
        (set(), "–"),
    ],
)
def test_what_the_app_lacks_is_what_its_scope_leaves_out(
    scope: set[str], lacking: str
) -> None:
    lists = Lists(own=Extension(id="1", name="Alice", number="101"))
    assert follow_facts(lists, scope) == {
        "own": "Alice (101)",
        "people": "–",
        "queues": "–",
        "lacking": lacking,
    }


async def test_a_list_that_may_not_be_read_is_said_to_be_unknown(
    hass: HomeAssistant, emulator: Emulator, no_setup: None
) -> None:
    denied = {"kind": "error", "path": "*/account/~/extension", "status": 403}
    emulator.faults.set(odd=[{**denied, "value": "CMN-408"}])
    result = await answer(hass, await begin(hass), jwt_input(emulator))
    given = result["description_placeholders"]
    assert given is not None
    assert (given["people"], given["queues"]) == ("–", "–")


# Who to follow.


async def test_everything_that_can_be_followed_is_on_offer(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    result = await answer(hass, await begin(hass), jwt_input(emulator))
    assert on_offer(result, "follow") == [
        "own",
        "lines",
        "favorites",
        "chosen",
        "account",
    ]


@pytest.mark.parametrize(
    ("faults", "missing"),
    [
        ({"permissions_removed": ["ReadContacts"]}, {"favorites"}),
        ({"permissions_removed": ["HUD"]}, {"lines"}),
        (
            {
                "odd": [
                    {
                        "kind": "error",
                        "path": LIST,
                        "status": 403,
                        "value": "CMN-408",
                    }
                ]
            },
            {"chosen", "account"},
        ),
    ],
    ids=["no ReadContacts", "no HUD", "no list of extensions"],
)
async def test_what_may_not_be_read_is_not_on_offer(
    hass: HomeAssistant,
    emulator: Emulator,
    faults: dict[str, Any],
    missing: set[str],
) -> None:
    emulator.faults.set(**faults)
    result = await answer(hass, await begin(hass), jwt_input(emulator))
    left = {"own", "lines", "favorites", "chosen", "account"} - missing
    assert set(on_offer(result, "follow")) == left


async def test_empty_lists_are_not_on_offer(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    await emulator.set_lines([])
    await emulator.set_favorites([])
    result = await answer(hass, await begin(hass), jwt_input(emulator))
    assert on_offer(result, "follow") == ["own", "chosen", "account"]


async def test_lines_without_presence_are_not_on_offer(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    await emulator.set_lines(emulator.ids("IvrMenu"))
    result = await answer(hass, await begin(hass), jwt_input(emulator))
    assert "lines" not in on_offer(result, "follow")


async def test_somebody_has_to_be_followed(
    hass: HomeAssistant, emulator: Emulator, no_setup: None
) -> None:
    result = await answer(hass, await begin(hass), jwt_input(emulator))
    result = await answer(hass, result, {"follow": []})
    assert (result["step_id"], result["errors"]) == (
        "follow",
        {"follow": "follow_nothing"},
    )
    result = await answer(hass, result, {"follow": ["account"]})
    assert result["options"]["follow"] == ["account"]


async def test_more_people_than_can_be_followed_are_refused(
    hass: HomeAssistant, emulator: Emulator, no_setup: None
) -> None:
    """With the number, before anything is set up; fewer are taken in the same form."""
    result = await answer(hass, await begin(hass), jwt_input(emulator))
    shown = result["description_placeholders"]
    assert shown is not None
    with patch.object(follow_steps, "MOST_PEOPLE", 5):
        result = await answer(hass, result, {"follow": ["account", "lines"]})
        assert (result["step_id"], result["errors"]) == (
            "follow",
            {"follow": "too_many_people"},
        )
        given = result["description_placeholders"]
        assert given is not None
        assert given["limit"] == "5"
        # Whoever is a line as well counts once, and a place to park is nobody.
        assert given["people_chosen"] == shown["people"]

        result = await answer(hass, result, {"follow": ["own", "chosen"]})
        people = emulator.ids("User", "Enabled")
        result = await answer(hass, result, {"extensions": people[:6]})
        assert (result["step_id"], result["errors"]) == (
            "extensions",
            {"extensions": "too_many_people"},
        )
        others = [key for key in people if key != emulator.own_extension_id]
        result = await answer(
            hass, result, {"extensions": [*others[:4], *emulator.ids("ParkLocation")]}
        )
    assert result["options"]["follow"] == ["own", "chosen"]


async def test_extensions_are_chosen_by_name(
    hass: HomeAssistant, emulator: Emulator, no_setup: None
) -> None:
    result = await answer(hass, await begin(hass), jwt_input(emulator))
    result = await answer(hass, result, {"follow": ["own", "chosen"]})
    assert result["step_id"] == "extensions"
    options = on_offer(result, "extensions")
    labels = [option["label"] for option in options]
    assert labels == sorted(labels, key=str.casefold)
    offered = {option["value"]: option["label"] for option in options}
    somebody = emulator.extension(emulator.extension_ids[1])
    assert offered[str(somebody.id)] == f"{somebody.name} ({somebody.number})"
    assert set(emulator.extension_ids) <= offered.keys()
    assert set(emulator.ids("Department")) <= offered.keys()
    assert not set(emulator.ids("IvrMenu")) & offered.keys()
    assert not set(emulator.ids("User", "Disabled")) & offered.keys()

    result = await answer(hass, result, {"extensions": []})
    assert result["errors"] == {"extensions": "extensions_nothing"}
    result = await answer(hass, result, {"extensions": emulator.extension_ids[1:3]})
    assert result["options"] == {
        "follow": ["own", "chosen"],
        "extensions": emulator.extension_ids[1:3],
        "caller_identity": "hidden",
    }


# Other credentials.


@pytest.mark.parametrize("way", ["reauth", "reconfigure"])
async def test_credentials_are_replaced(
    hass: HomeAssistant, emulator: Emulator, loaded: MockConfigEntry, way: str
) -> None:
    result = await start(hass, loaded, way)
    assert {
        name: suggested(result, name)
        for name in ("server", "client_id", "client_secret", "jwt")
    } == {
        "server": emulator.url,
        "client_id": emulator.client_id,
        "client_secret": None,
        "jwt": None,
    }
    other = emulator.jwt_for(emulator.extension_ids[1])
    signed_in = emulator.counters.requests[TOKEN]
    result = await answer(hass, result, {**jwt_input(emulator), "jwt": other})
    assert (result["type"], result["reason"]) == (
        FlowResultType.ABORT,
        f"{way}_successful",
    )
    await hass.async_block_till_done()
    assert loaded.state is ConfigEntryState.LOADED
    assert loaded.data == {"auth": "jwt", **jwt_input(emulator), "jwt": other}
    assert loaded.options["follow"] == ["own"]
    # The entry goes on with the sign-in of the flow, and has ended its own.
    assert emulator.counters.requests[TOKEN] == signed_in + 1
    await emulator.wait_for(lambda: open_sessions(emulator) == 1)


@pytest.mark.parametrize("way", ["reauth", "reconfigure"])
async def test_credentials_of_another_account_are_refused(
    hass: HomeAssistant, emulator: Emulator, no_setup: None, way: str
) -> None:
    entry = entry_for(emulator)
    entry.add_to_hass(hass)
    before = dict(entry.data)
    async with Emulator(seed=2) as another:
        result = await answer(hass, await start(hass, entry, way), jwt_input(another))
        assert (result["type"], result["reason"]) == (
            FlowResultType.ABORT,
            "wrong_account",
        )
        own = another.extension(another.own_extension_id)
        assert result["description_placeholders"] == {
            "user": f"{own.name} ({own.number})",
            "account": entry.title,
        }
        await all_signed_out(another)
    assert entry.data == before


@pytest.mark.parametrize("way", ["reauth", "reconfigure"])
async def test_credentials_that_are_refused_can_be_mended(
    hass: HomeAssistant, emulator: Emulator, no_setup: None, way: str
) -> None:
    entry = entry_for(emulator)
    entry.add_to_hass(hass)
    form = await start(hass, entry, way)
    result = await answer(hass, form, {**jwt_input(emulator), "jwt": "revoked"})
    assert (result["step_id"], result["errors"]) == (
        form["step_id"],
        {"base": "invalid_auth"},
    )
    result = await answer(hass, result, jwt_input(emulator))
    assert result["reason"] == f"{way}_successful"


async def test_a_pending_reauth_does_not_stop_reconfiguring(
    hass: HomeAssistant, emulator: Emulator, loaded: MockConfigEntry
) -> None:
    await start(hass, loaded, "reauth")
    result = await answer(
        hass, await start(hass, loaded, "reconfigure"), jwt_input(emulator)
    )
    assert result["reason"] == "reconfigure_successful"
    await hass.async_block_till_done()
    assert not hass.config_entries.flow.async_progress()


async def start(
    hass: HomeAssistant, entry: MockConfigEntry, way: str
) -> ConfigFlowResult:
    """Return the form that asks for another JWT of an entry."""
    begin_flow = {
        "reauth": entry.start_reauth_flow,
        "reconfigure": entry.start_reconfigure_flow,
    }[way]
    menu: ConfigFlowResult = await begin_flow(hass)
    assert menu["type"] is FlowResultType.MENU
    assert menu["menu_options"] == ["jwt", "oauth"]
    return await answer(hass, menu, {"next_step_id": "jwt"})


# Options.


async def test_options_change_whom_to_follow(
    hass: HomeAssistant, emulator: Emulator, loaded: MockConfigEntry
) -> None:
    signed_in = emulator.counters.requests[TOKEN]
    result = await hass.config_entries.options.async_init(loaded.entry_id)
    assert result["step_id"] == "init"
    assert suggested(result, "follow") == ["own"]
    assert suggested(result, "caller_identity") == "hidden"
    # The lists are read with the sign-in that is there.
    assert emulator.counters.requests[TOKEN] == signed_in

    result = await answer_options(
        hass, result, {"follow": ["account"], "caller_identity": "full"}
    )
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert loaded.options == {
        "follow": ["account"],
        "extensions": [],
        "caller_identity": "full",
    }
    assert loaded.state is ConfigEntryState.LOADED
    assert len(loaded.runtime_data.extensions) > 1


async def test_options_choose_extensions(
    hass: HomeAssistant, emulator: Emulator, loaded: MockConfigEntry
) -> None:
    chosen = emulator.extension_ids[1:3]
    result = await hass.config_entries.options.async_init(loaded.entry_id)
    result = await answer_options(
        hass, result, {"follow": ["chosen"], "caller_identity": "name"}
    )
    assert result["step_id"] == "extensions"
    assert suggested(result, "extensions") == []
    result = await answer_options(hass, result, {"extensions": []})
    assert result["errors"] == {"extensions": "extensions_nothing"}
    result = await answer_options(hass, result, {"extensions": chosen})
    assert loaded.options == {
        "follow": ["chosen"],
        "extensions": chosen,
        "caller_identity": "name",
    }
    assert set(loaded.runtime_data.extensions) == set(chosen)


async def test_options_suggest_those_chosen_extensions_that_are_still_there(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    stays, goes = emulator.extension_ids[1:3]
    entry = entry_for(emulator, follow=["chosen"], extensions=[stays, goes])
    await set_up(hass, entry)
    await emulator.remove_extension(goes)
    result = await hass.config_entries.options.async_init(entry.entry_id)
    result = await answer_options(hass, result, {"follow": ["chosen"]})
    assert suggested(result, "extensions") == [stays]


async def test_options_demand_that_somebody_is_followed(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    result = await hass.config_entries.options.async_init(loaded.entry_id)
    result = await answer_options(
        hass, result, {"follow": [], "caller_identity": "name"}
    )
    assert result["errors"] == {"follow": "follow_nothing"}
    assert suggested(result, "caller_identity") == "name"
    result = await answer_options(hass, result, {"follow": ["lines"]})
    assert loaded.options["follow"] == ["lines"]


async def test_options_refuse_more_people_than_can_be_followed(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    result = await hass.config_entries.options.async_init(loaded.entry_id)
    with patch.object(follow_steps, "MOST_PEOPLE", 10):
        result = await answer_options(hass, result, {"follow": ["account"]})
        assert result["errors"] == {"follow": "too_many_people"}
        result = await answer_options(hass, result, {"follow": ["lines"]})
    assert loaded.options["follow"] == ["lines"]


async def test_an_account_beyond_the_limit_keeps_its_options(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """Callers can be hidden, and fewer be followed; nobody is followed on top."""
    chosen = emulator.extension_ids[1]
    entry = entry_for(emulator, follow=["account", "chosen"], extensions=[chosen])
    await set_up(hass, entry)
    start = hass.config_entries.options.async_init
    with patch.object(follow_steps, "MOST_PEOPLE", 5):
        result = await answer_options(
            hass,
            await start(entry.entry_id),
            {"follow": ["chosen", "account"], "caller_identity": "name"},
        )
        result = await answer_options(hass, result, {"extensions": [chosen]})
        assert result["type"] is FlowResultType.CREATE_ENTRY
        assert entry.options["caller_identity"] == "name"
        assert set(entry.options["follow"]) == {"account", "chosen"}

        result = await answer_options(
            hass, await start(entry.entry_id), {"follow": ["account", "lines"]}
        )
        assert result["errors"] == {"follow": "too_many_people"}
        result = await answer_options(hass, result, {"follow": ["account", "chosen"]})
        result = await answer_options(
            hass, result, {"extensions": [chosen, emulator.extension_ids[2]]}
        )
        assert result["errors"] == {"extensions": "too_many_people"}

        result = await answer_options(
            hass, await start(entry.entry_id), {"follow": ["account"]}
        )
        assert result["type"] is FlowResultType.CREATE_ENTRY
    assert entry.options["follow"] == ["account"]


async def test_lists_that_are_followed_stay_on_offer_while_they_are_empty(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    entry = entry_for(emulator, follow=["own", "lines", "favorites"])
    await set_up(hass, entry)
    await emulator.set_lines([])
    await emulator.set_favorites([])
    result = await hass.config_entries.options.async_init(entry.entry_id)
    result = await answer_options(
        hass, result, {"follow": suggested(result, "follow"), "caller_identity": "name"}
    )
    assert entry.options["follow"] == ["own", "lines", "favorites"]
    assert entry.options["caller_identity"] == "name"


async def test_options_need_a_connection(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    entry = entry_for(emulator)
    entry.add_to_hass(hass)
    result = await hass.config_entries.options.async_init(entry.entry_id)
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "not_loaded")


@pytest.mark.parametrize("step", ["follow", "extensions"])
async def test_options_of_an_entry_that_was_removed_end(
    hass: HomeAssistant,
    emulator: Emulator,
    step: str,
) -> None:
    """The form was open in another window."""
    entry = entry_for(emulator)
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    options = hass.config_entries.options
    form = await options.async_init(entry.entry_id)
    answer: dict[str, Any] = {"follow": ["chosen"], "caller_identity": "name"}
    if step == "extensions":
        form = await options.async_configure(form["flow_id"], answer)
        answer = {"extensions": [emulator.extension_ids[1]]}
    await hass.config_entries.async_remove(entry.entry_id)
    result = await options.async_configure(form["flow_id"], answer)
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "not_loaded"


async def test_options_say_when_the_lists_cannot_be_read(
    hass: HomeAssistant, emulator: Emulator, loaded: MockConfigEntry
) -> None:
    emulator.faults.set(http_5xx=[{"path": LIST}])
    result = await hass.config_entries.options.async_init(loaded.entry_id)
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "no_answer")


@pytest.mark.parametrize(
    ("path", "choice"), [("*/favorite", "favorites"), ("*/presence/line", "lines")]
)
async def test_what_cannot_be_read_for_now_can_be_followed(
    hass: HomeAssistant,
    emulator: Emulator,
    loaded: MockConfigEntry,
    path: str,
    choice: str,
) -> None:
    """Nobody loses a choice because its list fails, and the others are there."""
    await emulator.set_favorites([])
    await emulator.set_lines([])
    emulator.faults.set(http_5xx=[{"path": path}])
    form = await begin(hass)
    result = await answer(hass, form, jwt_input(emulator))
    assert result["reason"] == "already_configured"
    result = await hass.config_entries.options.async_init(loaded.entry_id)
    assert {"own", choice} <= set(on_offer(result, "follow"))
