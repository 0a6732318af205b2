"""Sign-in in the browser: the whole way over the emulator's own pages, and the life of the tokens after it."""

import asyncio
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

from aiohttp.test_utils import make_mocked_request
from freezegun.api import FrozenDateTimeFactory
from homeassistant import config_entries
from homeassistant.config_entries import SOURCE_USER, ConfigEntryState, ConfigFlowResult
from homeassistant.const import EVENT_HOMEASSISTANT_STOP
from homeassistant.core import CoreState, HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.exceptions import ImplementationUnavailableError
from homeassistant.helpers import device_registry as dr, entity_registry as er, http
from homeassistant.helpers.config_entry_oauth2_flow import (
    async_add_implementation_provider,
)
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import (
    ClientSessionGenerator,
    WebSocketGenerator,
)
from yarl import URL

from custom_components.ringcentral import oauth
from custom_components.ringcentral.aioringcentral import auth
from custom_components.ringcentral.aioringcentral.errors import Reason, RetryLater
from custom_components.ringcentral.application_credentials import (
    async_get_description_placeholders,
)
from custom_components.ringcentral.const import DOMAIN
from custom_components.ringcentral.oauth import OAuthTokens
from custom_components.ringcentral.repairs import async_create_fix_flow
from emulator import Emulator
from emulator.tokens import Session

from . import enter_app, entry_for, jwt_input, open_sessions, placeholders, text
from .conftest import Browser
from .stories import (
    REVOKE,
    TOKEN,
    Story,
    hasty,
    issues,
    nothing_left,
    nothing_left_later,
)

AUTHORIZE = "GET /restapi/oauth/authorize"
LATER = {"http_5xx": [{"path": "*/oauth/wstoken", "next": 1}]}
# Seconds that an access token lives.
LIFE = 3_600.0


@pytest.fixture(autouse=True)
def issues_refresh_tokens(emulator: Emulator) -> None:
    """Let the app issue refresh tokens, as its settings have to say."""
    emulator.faults.set(refresh_tokens=True)


@pytest.fixture(autouse=True)
def written_at_once() -> Iterator[None]:
    """Do not wait for the disk where nobody looks at it."""
    with patch.object(oauth, "_WRITTEN_AFTER", 0.0):
        yield


@pytest.fixture
async def app(hass: HomeAssistant, emulator: Emulator) -> str:
    """Return the id of the emulator's app, entered with its secret."""
    return await enter_app(hass, emulator)


@pytest.fixture
async def entry(
    hass: HomeAssistant, emulator: Emulator, app: str, browser: Browser
) -> MockConfigEntry:
    """Return an entry that was set up in the browser, and follows the own extension."""
    return await set_up(hass, emulator, browser)


async def set_up(
    hass: HomeAssistant, emulator: Emulator, browser: Browser
) -> MockConfigEntry:
    """Set an entry up in the browser."""
    result = await browser.sign_in(await to_the_service(hass, emulator))
    result = await answer(hass, result, {"follow": ["own"]})
    await hass.async_block_till_done()
    assert result["type"] is FlowResultType.CREATE_ENTRY
    entry: MockConfigEntry = result["result"]
    assert entry.state is ConfigEntryState.LOADED
    return entry


async def answer(
    hass: HomeAssistant, result: ConfigFlowResult, user_input: dict[str, Any]
) -> ConfigFlowResult:
    """Answer a step, and return what comes next."""
    return await hass.config_entries.flow.async_configure(result["flow_id"], user_input)


async def begin(
    hass: HomeAssistant, entry: MockConfigEntry | None = None, way: str = "reauth"
) -> ConfigFlowResult:
    """Return the menu of set-up, or that of an entry."""
    if entry is None:
        return await hass.config_entries.flow.async_init(
            DOMAIN, context={"source": SOURCE_USER}
        )
    return await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": way, "entry_id": entry.entry_id}, data=entry.data
    )


async def ask_server(
    hass: HomeAssistant, menu: ConfigFlowResult | None = None
) -> ConfigFlowResult:
    """Return the form that asks for the server."""
    menu = menu or await begin(hass)
    result = await answer(hass, menu, {"next_step_id": "oauth"})
    assert (result["type"], result["step_id"]) == (FlowResultType.FORM, "oauth")
    assert not result["errors"]
    return result


async def to_the_service(
    hass: HomeAssistant,
    emulator: Emulator,
    menu: ConfigFlowResult | None = None,
) -> ConfigFlowResult:
    """Return the step that opens the service's page."""
    form = await ask_server(hass, menu)
    result = await answer(hass, form, {"server": emulator.url})
    assert (result["type"], result["step_id"]) == (FlowResultType.EXTERNAL_STEP, "auth")
    return result


def state_of(entry: MockConfigEntry) -> ConfigEntryState:
    """Return the state of an entry, which changes more often than type checkers think."""
    state: ConfigEntryState = entry.state
    return state


def the_session(emulator: Emulator) -> Session:
    """Return the one session that the emulator holds open."""
    (session,) = emulator._service.tokens.sessions
    return session


def keeps_newest(emulator: Emulator, entry: MockConfigEntry) -> bool:
    """Whether an entry holds the newest tokens of the one session."""
    pair, stored = the_session(emulator).current, entry.data["token"]
    return (pair.access, pair.refresh) == (
        stored["access_token"],
        stored["refresh_token"],
    )


async def all_signed_out(emulator: Emulator) -> None:
    """Wait until no sign-in is left."""
    await emulator.wait_for(lambda: open_sessions(emulator) == 0)


def refused(result: ConfigFlowResult) -> tuple[FlowResultType, str, Any]:
    """Return how a step ended."""
    return result["type"], result["reason"], result.get("translation_domain")


# Set-up.


@pytest.mark.parametrize(
    ("secret", "is_public"), [(None, False), ("public", True), ("Public", True)]
)
async def test_a_user_signs_in_in_the_browser(
    hass: HomeAssistant,
    emulator: Emulator,
    browser: Browser,
    secret: str | None,
    is_public: bool,
) -> None:
    app = await enter_app(hass, emulator, client_secret=secret)
    result = await to_the_service(hass, emulator)
    query = URL(result["url"]).query
    assert result["url"].startswith(f"{emulator.url}/restapi/oauth/authorize?")
    assert query["redirect_uri"] == "https://example.com/auth/external/callback"
    assert query["code_challenge_method"] == "S256"

    result = await browser.sign_in(result)
    assert (result["step_id"], result["errors"]) == ("follow", {})
    assert the_session(emulator).public is is_public
    result = await answer(hass, result, {"follow": ["own"]})
    await hass.async_block_till_done()

    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["title"] == "Example, Inc."
    entry: MockConfigEntry = result["result"]
    assert entry.unique_id == emulator.account_id
    assert entry.state is ConfigEntryState.LOADED
    assert {key: value for key, value in entry.data.items() if key != "token"} == {
        "auth": "oauth",
        "server": emulator.url,
        "client_id": emulator.client_id,
        "auth_implementation": app,
    }
    assert keeps_newest(emulator, entry)
    assert entry.options == {
        "follow": ["own"],
        "extensions": [],
        "caller_identity": "hidden",
    }
    # One sign-in, and two tickets: the service allows five such requests a minute.
    assert emulator.counters.requests[TOKEN] == 1
    assert emulator.counters.groups["Auth"] == 3

    story = Story(hass, emulator, entry)
    await emulator.set_presence(story.own, {"userStatus": "Busy"})
    await story.shows(user_status="busy")
    # Renewing works for an app of this kind too.
    emulator.expire_access_tokens()
    await story.until(lambda: emulator.counters.requests[TOKEN] == 2)
    await emulator.set_presence(story.own, {"userStatus": "Available"})
    await story.shows(user_status="available")
    assert keeps_newest(emulator, entry)
    await story.leave()


async def test_the_frontend_can_walk_through_all_of_it(
    hass: HomeAssistant,
    emulator: Emulator,
    hass_client: ClientSessionGenerator,
    hass_ws_client: WebSocketGenerator,
) -> None:
    assert await async_setup_component(hass, "config", {})
    assert await async_setup_component(hass, DOMAIN, {})
    client, socket = await hass_client(), await hass_ws_client()
    home = str(client.make_url("")).rstrip("/")
    flows = "/api/config/config_entries/flow"

    async def step(url: str, user_input: dict[str, Any]) -> dict[str, Any]:
        reply = await client.post(
            url, json=user_input, headers={"HA-Frontend-Base": home}
        )
        assert reply.status == 200
        result: dict[str, Any] = await reply.json()
        return result

    # Without an app the frontend asks for one, and begins anew.
    result = await step(flows, {"handler": DOMAIN})
    result = await step(f"{flows}/{result['flow_id']}", {"next_step_id": "oauth"})
    assert (result["type"], result["reason"]) == ("abort", "missing_credentials")
    await socket.send_json_auto_id({"type": "application_credentials/config"})
    config = (await socket.receive_json())["result"]["integrations"][DOMAIN]
    words = text("application_credentials", "description")
    assert placeholders(words) <= config["description_placeholders"].keys()
    await socket.send_json_auto_id(
        {
            "type": "application_credentials/create",
            "domain": DOMAIN,
            "client_id": emulator.client_id,
            "client_secret": config["description_placeholders"]["public"],
            "name": "My app",
        }
    )
    assert (await socket.receive_json())["success"]

    emulator.faults.set(authorize="approve")
    result = await step(flows, {"handler": DOMAIN})
    url = f"{flows}/{result['flow_id']}"
    result = await step(url, {"next_step_id": "oauth"})
    result = await step(url, {"server": emulator.url})
    assert result["type"] == "external"
    # The service sends the browser back here by itself.
    page = await client.session.get(result["url"])
    assert page.status == 200
    assert str(page.url).startswith(f"{home}/auth/external/callback")
    assert "window.close" in await page.text()
    result = await step(url, {})
    assert result["step_id"] == "follow"
    result = await step(url, {"follow": ["own"]})
    assert result["type"] == "create_entry"
    await hass.async_block_till_done()
    (entry,) = hass.config_entries.async_entries(DOMAIN)
    assert entry.state is ConfigEntryState.LOADED
    assert the_session(emulator).public


async def test_of_several_apps_one_is_picked_by_its_name(
    hass: HomeAssistant, emulator: Emulator, browser: Browser
) -> None:
    await enter_app(hass, emulator, name="Other app", client_id="other")
    app = await enter_app(hass, emulator, name="", client_secret="public")
    form = await ask_server(hass)
    result = await answer(hass, form, {"server": emulator.url})
    assert result["step_id"] == "pick_implementation"
    assert result["data_schema"] is not None
    (offered,) = result["data_schema"].schema.values()
    # One without a name goes by its client id.
    assert offered.container == {
        f"{DOMAIN}_Other app": "Other app",
        app: "Import from configuration.yaml",
    }
    result = await browser.sign_in(await answer(hass, result, {"implementation": app}))
    assert result["step_id"] == "follow"


async def test_an_app_without_a_name_goes_by_its_client_id(
    hass: HomeAssistant, emulator: Emulator, hass_ws_client: WebSocketGenerator
) -> None:
    assert await async_setup_component(hass, "application_credentials", {})
    socket = await hass_ws_client()
    await socket.send_json_auto_id(
        {
            "type": "application_credentials/create",
            "domain": DOMAIN,
            "client_id": "abc",
            "client_secret": "secret",
        }
    )
    assert (await socket.receive_json())["success"]
    assert [app.name for app in (await oauth.known_apps(hass)).values()] == ["abc"]


async def test_without_an_app_the_frontend_asks_for_one(hass: HomeAssistant) -> None:
    result = await answer(hass, await begin(hass), {"next_step_id": "oauth"})
    # Home Assistant's own word, which the frontend acts on.
    assert refused(result) == (
        FlowResultType.ABORT,
        "missing_credentials",
        "homeassistant",
    )


@pytest.mark.parametrize("way", ["reauth", "reconfigure"])
async def test_without_an_app_an_entry_cannot_change_to_the_browser(
    hass: HomeAssistant, emulator: Emulator, way: str
) -> None:
    entry = entry_for(emulator)
    entry.add_to_hass(hass)
    result = await answer(
        hass, await begin(hass, entry, way), {"next_step_id": "oauth"}
    )
    # The frontend would begin a second set-up of the account.
    assert refused(result) == (FlowResultType.ABORT, "no_app", None)


async def test_the_cloud_of_home_assistant_is_no_matter(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    async def unavailable(_hass: HomeAssistant, _domain: str) -> list[Any]:
        raise ImplementationUnavailableError

    async_add_implementation_provider(hass, "cloud", unavailable)
    result = await answer(hass, await begin(hass), {"next_step_id": "oauth"})
    assert result["reason"] == "missing_credentials"
    await enter_app(hass, emulator)
    await ask_server(hass)


@pytest.mark.parametrize(
    ("address", "is_taken"),
    [
        ("https://platform.ringcentral.com", True),
        ("https://platform.ringcentral.biz", True),
        (" https://Sign-in.example/ ", True),
        ("http://platform.ringcentral.com", False),
        ("RingCentral", False),
    ],
)
async def test_the_server_is_one_of_the_list_or_another_secure_one(
    hass: HomeAssistant, app: str, browser: Browser, address: str, is_taken: bool
) -> None:
    result = await answer(hass, await ask_server(hass), {"server": address})
    if is_taken:
        assert result["type"] is FlowResultType.EXTERNAL_STEP
        assert URL(result["url"]).host == URL(address.strip()).host
    else:
        assert result["errors"] == {"server": "invalid_address"}
        assert suggested(result) == address


def suggested(result: ConfigFlowResult) -> Any:
    """Return the server that a form suggests."""
    schema = result["data_schema"]
    assert schema is not None
    (marker,) = schema.schema
    return (marker.description or {}).get("suggested_value")


async def test_servers_go_by_the_names_of_their_brands(
    hass: HomeAssistant, app: str
) -> None:
    schema = (await ask_server(hass))["data_schema"]
    assert schema is not None
    ((marker, selector),) = schema.schema.items()
    assert marker.default() == "https://platform.ringcentral.com"
    names = {option["value"]: option["label"] for option in selector.config["options"]}
    for brand in ("RingCentral", "Avaya", "BT", "Rainbow", "TELUS", "Unify Office"):
        assert brand in names["https://platform.ringcentral.com"]
    for brand in ("AT&T Office@Hand", "Verizon"):
        assert brand in names["https://platform.ringcentral.biz"]


async def test_a_user_who_does_not_let_the_app_in(
    hass: HomeAssistant, emulator: Emulator, app: str, browser: Browser
) -> None:
    result = await browser.cancel(await to_the_service(hass, emulator))
    assert refused(result) == (
        FlowResultType.ABORT,
        "user_rejected_authorize",
        "homeassistant",
    )
    assert emulator.counters.requests[TOKEN] == 0


async def test_an_answer_that_was_not_asked_for_is_ignored(
    hass: HomeAssistant, emulator: Emulator, app: str, browser: Browser
) -> None:
    result = await to_the_service(hass, emulator)
    back = URL(await browser.way_back(result))
    assert await browser.come_back(str(back.update_query(state="forged"))) == 400
    assert emulator.counters.requests[TOKEN] == 0
    # The flow still waits for the right one.
    assert (await browser.sign_in(result))["step_id"] == "follow"


@pytest.mark.parametrize(
    ("faults", "error"),
    [
        ({"token_error": {"code": "OAU-108"}}, "oauth_invalid_auth"),
        ({"token_error": {"code": "OAU-146"}}, "oauth_invalid_client"),
        ({"token_error": {"code": "OAU-112"}}, "oauth_grant_not_allowed"),
        ({"token_error": {"code": "OAU-236"}}, "extension_disabled"),
        ({"token_error": {"code": "OAU-147"}}, "account_locked"),
        ({"token_error": {"code": "OAU-165"}}, "wrong_server"),
        ({"http_5xx": [{"path": "*/oauth/token"}]}, "service_error"),
        ({"http_5xx": [{"path": "*/oauth/token", "body": "html"}]}, "service_error"),
        (
            {"http_5xx": [{"path": "*/token", "status": 200, "body": "html"}]},
            "service_error",
        ),
        ({"http_5xx": [{"path": "*/token", "status": 200}]}, "service_error"),
        ({"lose_token_replies": 1}, "cannot_connect"),
        ({"refresh_tokens": False}, "no_refresh_token"),
        ({"permissions_removed": ["ReadPresence"]}, "permission_missing"),
        ({"permissions_removed": ["WebSocket"]}, "permission_missing"),
        ({"http_5xx": [{"path": "*/extension/~"}]}, "service_error"),
        ({"http_5xx": [{"path": "*/account/~/extension"}]}, "service_error"),
        ({"connection_error": 500}, "service_error"),
    ],
)
async def test_a_refused_sign_in_says_why_and_can_be_mended(
    hass: HomeAssistant,
    emulator: Emulator,
    app: str,
    browser: Browser,
    faults: dict[str, Any],
    error: str,
) -> None:
    result = await to_the_service(hass, emulator)
    emulator.faults.set(**faults)
    result = await browser.sign_in(result)
    assert (result["step_id"], result["errors"]) == ("oauth", {"base": error})
    assert suggested(result) == emulator.url
    if error == "permission_missing":
        assert (result["description_placeholders"] or {})["permission"]

    emulator.faults.clear()
    emulator.faults.set(refresh_tokens=True)
    result = await answer(hass, result, {"server": emulator.url})
    if result["type"] is FlowResultType.EXTERNAL_STEP:
        result = await browser.sign_in(result)
    assert result["step_id"] == "follow"
    hass.config_entries.flow.async_abort(result["flow_id"])
    if "lose_token_replies" not in faults:
        # Nobody knows of the session whose tokens got lost.
        await all_signed_out(emulator)


async def test_a_wrong_secret_is_refused(
    hass: HomeAssistant, emulator: Emulator, browser: Browser
) -> None:
    await enter_app(hass, emulator, client_secret="wrong")
    result = await browser.sign_in(await to_the_service(hass, emulator))
    assert result["errors"] == {"base": "oauth_invalid_client"}


async def test_a_client_id_that_cannot_be_sent_is_refused(
    hass: HomeAssistant, emulator: Emulator, browser: Browser
) -> None:
    await enter_app(hass, emulator, client_id="a:b")
    result = await to_the_service(hass, emulator)
    # No service lets it come so far.
    state = URL(result["url"]).query["state"]
    back = URL("https://example.com/auth/external/callback")
    back = back.with_query(code="a code", state=state)
    assert await browser.come_back(str(back)) == 200
    result = await hass.config_entries.flow.async_configure(result["flow_id"])
    assert result["errors"] == {"base": "oauth_invalid_client"}
    assert emulator.counters.requests[TOKEN] == 0


async def test_what_comes_after_the_sign_in_is_tried_again_without_the_browser(
    hass: HomeAssistant, emulator: Emulator, app: str, browser: Browser
) -> None:
    result = await to_the_service(hass, emulator)
    emulator.faults.set(**LATER)
    result = await browser.sign_in(result)
    assert result["errors"] == {"base": "service_error"}
    result = await answer(hass, result, {"server": emulator.url})
    assert result["step_id"] == "follow"
    assert emulator.counters.requests[TOKEN] == 1
    assert emulator.counters.requests[AUTHORIZE] == 1


async def test_a_sign_in_is_ended_when_another_server_is_chosen(
    hass: HomeAssistant, emulator: Emulator, app: str, browser: Browser
) -> None:
    result = await to_the_service(hass, emulator)
    emulator.faults.set(**LATER)
    result = await browser.sign_in(result)
    assert open_sessions(emulator) == 1
    async with Emulator(seed=1) as another:
        another.faults.set(refresh_tokens=True)
        result = await answer(hass, result, {"server": another.url})
        result = await browser.sign_in(result)
        assert result["step_id"] == "follow"
        await all_signed_out(emulator)
        hass.config_entries.flow.async_abort(result["flow_id"])
        await all_signed_out(another)


async def test_a_flow_that_is_left_signs_out(
    hass: HomeAssistant, emulator: Emulator, app: str, browser: Browser
) -> None:
    result = await browser.sign_in(await to_the_service(hass, emulator))
    assert open_sessions(emulator) == 1
    hass.config_entries.flow.async_abort(result["flow_id"])
    await all_signed_out(emulator)


async def test_an_account_is_set_up_once(
    hass: HomeAssistant, emulator: Emulator, app: str, browser: Browser
) -> None:
    entry_for(emulator).add_to_hass(hass)
    result = await browser.sign_in(await to_the_service(hass, emulator))
    assert refused(result) == (FlowResultType.ABORT, "already_configured", None)
    await all_signed_out(emulator)


async def test_a_set_up_that_is_tried_again_goes_on_with_the_sign_in_of_the_flow(
    hass: HomeAssistant, emulator: Emulator, app: str, browser: Browser
) -> None:
    result = await browser.sign_in(await to_the_service(hass, emulator))
    emulator.faults.set(http_5xx=[{"path": "*/extension/~"}])
    entry = (await answer(hass, result, {"follow": ["own"]}))["result"]
    assert entry.state is ConfigEntryState.SETUP_RETRY
    emulator.faults.clear()
    assert await hass.config_entries.async_reload(entry.entry_id)
    assert emulator.counters.requests[TOKEN] == 1
    assert open_sessions(emulator) == 1


# The life of the tokens.


def tokens_of(entry: MockConfigEntry) -> OAuthTokens:
    """Return the tokens of a running entry."""
    tokens: OAuthTokens = entry.runtime_data.account.sign_in.tokens
    return tokens


async def test_a_restart_goes_on_with_the_session(
    hass: HomeAssistant, emulator: Emulator, entry: MockConfigEntry
) -> None:
    session = the_session(emulator)
    for _ in range(2):
        assert await hass.config_entries.async_reload(entry.entry_id)
        await hass.async_block_till_done()
        assert entry.state is ConfigEntryState.LOADED
    assert await hass.config_entries.async_unload(entry.entry_id)
    assert the_session(emulator) is session
    assert emulator.counters.requests[TOKEN] == 1
    assert emulator.counters.requests[REVOKE] == 0


@pytest.mark.parametrize("is_loaded", [True, False])
@pytest.mark.parametrize("secret", [None, "public"])
async def test_removing_an_entry_ends_its_session(
    hass: HomeAssistant,
    emulator: Emulator,
    browser: Browser,
    is_loaded: bool,
    secret: str | None,
) -> None:
    await enter_app(hass, emulator, client_secret=secret)
    entry = await set_up(hass, emulator, browser)
    if not is_loaded:
        assert await hass.config_entries.async_unload(entry.entry_id)
    await hass.config_entries.async_remove(entry.entry_id)
    await nothing_left(emulator)
    assert emulator.counters.requests[REVOKE] == 1


async def test_an_entry_can_be_removed_while_the_service_is_away(
    hass: HomeAssistant, emulator: Emulator, entry: MockConfigEntry
) -> None:
    emulator.faults.set(http_5xx=[{"path": "*"}])
    await hass.config_entries.async_remove(entry.entry_id)
    assert not hass.config_entries.async_entries(DOMAIN)


async def test_tokens_are_renewed_in_time_again_and_again(
    hass: HomeAssistant, app: str, browser: Browser
) -> None:
    # A minute of the service takes a second here, and an access token lives for two. It is renewed
    # sooner than else, so that a busy machine is not late.
    async with Emulator(time_factor=60, rate_limits=False) as swift:
        swift.faults.set(refresh_tokens=True)
        entry = await set_up(hass, swift, browser)
        story = Story(hass, swift, entry)
        swift.faults.set(access_token_ttl=120)
        with patch.object(auth, "RENEW_AT", 0.25):
            swift.expire_access_tokens()
            await story.until(lambda: swift.counters.requests[TOKEN] == 2)
            await story.live()
            story.forget()

            sockets = swift.counters.sockets_opened
            await swift.wait_for(lambda: swift.counters.requests[TOKEN] >= 8)
            await swift.set_presence(story.own, {"userStatus": "Busy"})
            await story.shows(user_status="busy")
            # Renewed before it ran out, so that the socket stayed, and within one session.
            assert swift.counters.sockets_opened == sockets
            assert story.seen_unavailable() == []
            await story.leave()
        # What is left works for the next start.
        assert keeps_newest(swift, entry)
        assert await hass.config_entries.async_setup(entry.entry_id)
        await story.leave()


async def test_a_renewal_reloads_nothing(
    hass: HomeAssistant, emulator: Emulator, entry: MockConfigEntry
) -> None:
    account = entry.runtime_data
    old = await tokens_of(entry).token()
    new = await tokens_of(entry).renew(old.value)
    await hass.async_block_till_done()
    assert new.value != old.value
    assert new.session == old.session
    assert entry.runtime_data is account
    assert keeps_newest(emulator, entry)
    # Whoever still holds the old one gets the new one.
    assert await tokens_of(entry).renew(old.value) == new
    assert emulator.counters.requests[TOKEN] == 2


@pytest.mark.parametrize("says_so", [True, False])
async def test_a_permission_that_was_added_is_looked_for_with_new_tokens(
    hass: HomeAssistant, emulator: Emulator, entry: MockConfigEntry, says_so: bool
) -> None:
    """That is as far as it goes without the user, whose session is kept."""
    story = Story(hass, emulator, entry)
    with hasty(try_again=300.0 if says_so else 0.1):
        before = await tokens_of(entry).token()
        emulator.faults.set(permissions_removed=["WebSocket"])
        await emulator.disconnect(code=1001, recoverable=False)
        await story.until(lambda: issues(hass) != [])
        (issue,) = issues(hass)
        emulator.faults.set(permissions_removed=[])
        if says_so:
            flow = await async_create_fix_flow(hass, issue.issue_id, issue.data)
            flow.hass = hass
            await flow.async_step_confirm({})  # type: ignore[attr-defined]
        await story.until(lambda: issues(hass) == [])
        await hass.async_block_till_done()
        await story.live()
        assert await tokens_of(entry).token() != before
        assert keeps_newest(emulator, entry)
        assert open_sessions(emulator) == 1
        await story.leave()


async def test_no_new_tokens_is_no_reason_to_give_up(
    hass: HomeAssistant, emulator: Emulator, entry: MockConfigEntry
) -> None:
    story = Story(hass, emulator, entry)
    emulator.faults.set(http_5xx=[{"path": "*/oauth/token", "next": 1}])
    await tokens_of(entry).begin_session()
    assert emulator.counters.requests[TOKEN] == 2
    await emulator.disconnect(code=1001)
    await story.lost()
    await story.live()


async def test_a_token_is_due_before_it_runs_out(
    hass: HomeAssistant,
    emulator: Emulator,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    first = await tokens_of(entry).token()
    freezer.tick(0.84 * LIFE)
    assert await tokens_of(entry).token() == first
    freezer.tick(0.02 * LIFE)
    assert (await tokens_of(entry).token()).value != first.value


async def test_whoever_needs_a_new_token_waits_for_the_same_one(
    hass: HomeAssistant,
    emulator: Emulator,
    entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    tokens = tokens_of(entry)
    old = await tokens.token()
    freezer.tick(LIFE)
    found = await asyncio.gather(
        *(tokens.token() for _ in range(5)),
        *(tokens.renew(old.value) for _ in range(5)),
    )
    assert len({token.value for token in found}) == 1
    assert emulator.counters.requests[TOKEN] == 2


async def test_new_tokens_are_on_disk_before_they_are_used(
    hass: HomeAssistant,
    emulator: Emulator,
    app: str,
    browser: Browser,
    hass_storage: dict[str, Any],
) -> None:
    # Home Assistant writes a second after a change, which takes a tenth here.
    with (
        patch.object(config_entries, "SAVE_DELAY", 0.1),
        patch.object(oauth, "_WRITTEN_AFTER", 0.3),
    ):
        await set_up(hass, emulator, browser)

        def on_disk() -> set[str]:
            stored = hass_storage.get("core.config_entries")
            entries = stored["data"]["entries"] if stored else []
            return {each["data"]["token"]["access_token"] for each in entries}

        await emulator.wait_for(lambda: on_disk() != set(), timeout=5)
        emulator.expire_access_tokens()
        await emulator.wait_for(lambda: emulator.counters.requests[TOKEN] == 2)
        pair = the_session(emulator).current
        await emulator.wait_for(lambda: pair.access in on_disk())
        assert pair.first_used is None
        await emulator.wait_for(lambda: pair.first_used is not None)


@pytest.mark.parametrize("is_reloaded", [True, False])
async def test_a_reply_that_got_lost_is_asked_for_again(
    hass: HomeAssistant, emulator: Emulator, entry: MockConfigEntry, is_reloaded: bool
) -> None:
    tokens = tokens_of(entry)
    old = await tokens.token()
    emulator.faults.set(lose_token_replies=1)
    with pytest.raises(RetryLater) as refusal:
        await tokens.renew(old.value)
    assert refusal.value.reason is Reason.CANNOT_CONNECT
    assert not keeps_newest(emulator, entry)
    if is_reloaded:
        assert await hass.config_entries.async_reload(entry.entry_id)
    else:
        await tokens.renew(old.value)
    assert entry.state is ConfigEntryState.LOADED
    assert keeps_newest(emulator, entry)


async def test_a_crash_before_new_tokens_were_written_signs_nobody_out(
    hass: HomeAssistant, emulator: Emulator, entry: MockConfigEntry
) -> None:
    before = dict(entry.data)
    await tokens_of(entry).renew(the_session(emulator).current.access)
    assert entry.data != before
    assert await hass.config_entries.async_unload(entry.entry_id)
    # What a start after the crash finds on disk.
    hass.config_entries.async_update_entry(entry, data=before)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    assert entry.state is ConfigEntryState.LOADED
    assert keeps_newest(emulator, entry)
    assert not hass.config_entries.flow.async_progress()


async def test_a_renewal_that_nobody_waits_for_is_kept(
    hass: HomeAssistant, emulator: Emulator, entry: MockConfigEntry
) -> None:
    tokens = tokens_of(entry)
    with patch.object(oauth, "_WRITTEN_AFTER", 0.05):
        waits = asyncio.ensure_future(
            tokens.renew(the_session(emulator).current.access)
        )
        await emulator.wait_for(lambda: emulator.counters.requests[TOKEN] == 2)
        waits.cancel()
        assert await hass.config_entries.async_unload(entry.entry_id)
    assert keeps_newest(emulator, entry)


async def test_a_renewal_that_fails_and_nobody_waits_for_is_no_error(
    hass: HomeAssistant, emulator: Emulator, entry: MockConfigEntry
) -> None:
    tokens = tokens_of(entry)
    emulator.faults.set(lose_token_replies=1)
    waits = asyncio.ensure_future(tokens.renew(the_session(emulator).current.access))
    await emulator.wait_for(lambda: emulator.counters.requests[TOKEN] == 2)
    waits.cancel()
    assert await hass.config_entries.async_unload(entry.entry_id)
    assert await hass.config_entries.async_setup(entry.entry_id)
    assert keeps_newest(emulator, entry)


@pytest.mark.parametrize("goes_on", [True, False])
async def test_a_renewal_that_is_cancelled_signs_nobody_out(
    hass: HomeAssistant, emulator: Emulator, entry: MockConfigEntry, goes_on: bool
) -> None:
    tokens = tokens_of(entry)
    old = await tokens.token()
    with patch.object(oauth, "_WRITTEN_AFTER", 60.0):
        waits = asyncio.ensure_future(tokens.renew(old.value))
        await Story(hass, emulator, entry).until(
            lambda: entry.data["token"]["access_token"] != old.value
        )
        assert tokens._renewal is not None
        tokens._renewal.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waits
    if goes_on:
        assert (await tokens.renew(old.value)).value != old.value
    else:
        assert await hass.config_entries.async_reload(entry.entry_id)
    assert keeps_newest(emulator, entry)
    assert emulator.counters.requests[REVOKE] == 0


async def test_stopping_waits_for_a_renewal(
    hass: HomeAssistant, emulator: Emulator, entry: MockConfigEntry
) -> None:
    tokens = tokens_of(entry)
    waits = asyncio.ensure_future(tokens.renew(the_session(emulator).current.access))
    await emulator.wait_for(lambda: emulator.counters.requests[TOKEN] == 2)
    hass.set_state(CoreState.stopping)
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STOP)
    await hass.async_block_till_done()
    assert waits.done()
    assert keeps_newest(emulator, entry)
    assert emulator.counters.requests[REVOKE] == 0
    hass.set_state(CoreState.running)


async def test_tokens_that_a_flow_has_renewed_are_those_of_the_entry(
    hass: HomeAssistant, emulator: Emulator, app: str, browser: Browser
) -> None:
    result = await to_the_service(hass, emulator)
    emulator.faults.set(**LATER)
    result = await browser.sign_in(result)
    emulator.expire_access_tokens()
    result = await answer(hass, result, {"server": emulator.url})
    assert emulator.counters.requests[TOKEN] == 2
    entry = (await answer(hass, result, {"follow": ["own"]}))["result"]
    await hass.async_block_till_done()
    assert entry.state is ConfigEntryState.LOADED
    assert keeps_newest(emulator, entry)
    assert emulator.counters.requests[TOKEN] == 2


async def test_the_budget_for_sign_ins_is_kept(
    hass: HomeAssistant, app: str, browser: Browser
) -> None:
    async with Emulator(seed=1) as strict:
        strict.faults.set(refresh_tokens=True)
        entry = await set_up(hass, strict, browser)
        story = Story(hass, strict, entry)
        tokens = tokens_of(entry)
        # A sign-in and two tickets so far.
        for _ in range(2):
            await tokens.renew((await tokens.token()).value)
        with pytest.raises(RetryLater) as refusal:
            await tokens.renew((await tokens.token()).value)
        assert refusal.value.reason is Reason.RATE_LIMITED
        assert strict.counters.rate_limited == 0
        assert strict.counters.groups["Auth"] == 5
        assert entry.runtime_data.account.sign_in.http.budget.summary(hass.loop.time())[
            "auth"
        ]["sent_in_window"] == (5)
        await story.leave()


async def test_nothing_is_asked_for_during_a_penalty(
    hass: HomeAssistant, emulator: Emulator, entry: MockConfigEntry
) -> None:
    emulator.faults.set(http_429={"Auth": {"next": 1}})
    tokens = tokens_of(entry)
    token = await tokens.token()
    for _ in range(2):
        with pytest.raises(RetryLater) as refusal:
            await tokens.renew(token.value)
        assert refusal.value.reason is Reason.RATE_LIMITED
        assert refusal.value.retry_after
    assert emulator.counters.requests[TOKEN] == 2


# Signing in again, and otherwise.


@pytest.mark.parametrize("is_running", [True, False])
async def test_a_session_that_ended_asks_the_user_to_sign_in_again(
    hass: HomeAssistant,
    emulator: Emulator,
    entry: MockConfigEntry,
    browser: Browser,
    is_running: bool,
) -> None:
    story = Story(hass, emulator, entry)
    if not is_running:
        assert await hass.config_entries.async_unload(entry.entry_id)
    emulator.expire_refresh_tokens()
    emulator.expire_access_tokens()
    if not is_running:
        assert not await hass.config_entries.async_setup(entry.entry_id)
        assert entry.state is ConfigEntryState.SETUP_ERROR
    await story.until(lambda: bool(hass.config_entries.flow.async_progress()))
    (flow,) = hass.config_entries.flow.async_progress()
    assert (flow["context"]["source"], flow["step_id"]) == ("reauth", "reauth_confirm")

    menu = await hass.config_entries.flow.async_configure(flow["flow_id"])
    assert menu["menu_options"] == ["oauth", "jwt"]
    assert menu["description_placeholders"] == {"name": entry.title}
    form = await ask_server(hass, menu)
    assert suggested(form) == emulator.url
    result = await answer(hass, form, {"server": emulator.url})
    result = await browser.sign_in(result)
    assert refused(result)[:2] == (FlowResultType.ABORT, "reauth_successful")
    await hass.async_block_till_done()
    assert entry.state is ConfigEntryState.LOADED
    assert not hass.config_entries.flow.async_progress()
    await emulator.wait_for(lambda: open_sessions(emulator) == 1)
    assert keeps_newest(emulator, entry)
    await emulator.set_presence(story.own, {"userStatus": "Busy"})
    await story.shows(user_status="busy")
    await story.leave()


async def test_an_app_that_is_gone_asks_the_user_to_sign_in_again(
    hass: HomeAssistant, emulator: Emulator, entry: MockConfigEntry
) -> None:
    hass.config_entries.async_update_entry(
        entry, data={**entry.data, "auth_implementation": "gone"}
    )
    emulator.expire_access_tokens()
    assert not await hass.config_entries.async_reload(entry.entry_id)
    assert entry.state is ConfigEntryState.SETUP_ERROR
    (flow,) = hass.config_entries.flow.async_progress()
    assert flow["step_id"] == "reauth_confirm"
    # It cannot be told to the service either, and that is no reason to stay.
    await hass.config_entries.async_remove(entry.entry_id)
    assert emulator.counters.requests[REVOKE] == 0


async def test_the_user_who_signs_in_may_be_another_of_the_account(
    hass: HomeAssistant, emulator: Emulator, entry: MockConfigEntry, browser: Browser
) -> None:
    before = the_session(emulator)
    menu = await begin(hass, entry, "reconfigure")
    result = await to_the_service(hass, emulator, menu)
    other = emulator.extension(emulator.extension_ids[1])
    result = await browser.sign_in(result, user=other.number)
    assert refused(result)[:2] == (FlowResultType.ABORT, "reconfigure_successful")
    await hass.async_block_till_done()
    assert entry.state is ConfigEntryState.LOADED
    # The session of before is ended, since nothing holds it any more.
    await emulator.wait_for(lambda: before.ended)
    assert the_session(emulator).owner_id == other.id


@pytest.mark.parametrize("way", ["reauth", "reconfigure"])
@pytest.mark.parametrize("of", ["jwt", "oauth"])
async def test_another_account_is_refused_by_name(
    hass: HomeAssistant,
    emulator: Emulator,
    app: str,
    browser: Browser,
    way: str,
    of: str,
) -> None:
    if of == "jwt":
        entry = entry_for(emulator)
        entry.add_to_hass(hass)
    else:
        entry = await set_up(hass, emulator, browser)
    before = dict(entry.data)
    async with Emulator(seed=2) as another:
        another.faults.set(refresh_tokens=True)
        await enter_app(hass, another, name="Another app")
        form = await ask_server(hass, await begin(hass, entry, way))
        result = await answer(hass, form, {"server": another.url})
        result = await answer(hass, result, {"implementation": f"{DOMAIN}_Another app"})
        result = await browser.sign_in(result)
        assert refused(result) == (FlowResultType.ABORT, "wrong_account", None)
        own = another.extension(another.own_extension_id)
        assert result["description_placeholders"] == {
            "user": f"{own.name} ({own.number})",
            "account": entry.title,
        }
        await all_signed_out(another)
    assert entry.data == before


@pytest.mark.parametrize("way", ["reauth", "reconfigure"])
async def test_the_way_to_sign_in_is_changed_and_changed_back(
    hass: HomeAssistant,
    emulator: Emulator,
    app: str,
    browser: Browser,
    entity_registry: er.EntityRegistry,
    device_registry: dr.DeviceRegistry,
    way: str,
) -> None:
    entry = entry_for(emulator)
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    story = Story(hass, emulator, entry)
    entity_id = story.entity("presence_status")
    entity_registry.async_update_entity(
        entity_id, new_entity_id="sensor.the_boss", name="The boss"
    )
    device = story.device(story.own)
    assert device is not None
    device_registry.async_update_device(device.id, name_by_user="Boss")
    await hass.async_block_till_done()

    def registered() -> list[Any]:
        entities = er.async_entries_for_config_entry(entity_registry, entry.entry_id)
        devices = dr.async_entries_for_config_entry(device_registry, entry.entry_id)
        return sorted(
            [(each.id, each.entity_id, each.name) for each in entities]
            + [(each.id, each.name_by_user, "") for each in devices],
            key=lambda each: each[0],
        )

    before = registered()
    options = dict(entry.options)

    result = await to_the_service(hass, emulator, await begin(hass, entry, way))
    result = await browser.sign_in(result)
    assert result["reason"] == f"{way}_successful"
    await hass.async_block_till_done()
    assert entry.state is ConfigEntryState.LOADED
    assert entry.data["auth"] == "oauth"
    # No secret of the other way stays behind.
    assert not {"jwt", "client_secret"} & entry.data.keys()
    assert registered() == before
    await emulator.wait_for(lambda: open_sessions(emulator) == 1)
    assert keeps_newest(emulator, entry)
    await emulator.set_presence(story.own, {"userStatus": "Busy"})
    await story.shows(presence_status="busy")

    menu = await begin(hass, entry, way)
    assert menu["menu_options"] == ["oauth", "jwt"]
    form = await answer(hass, menu, {"next_step_id": "jwt"})
    result = await answer(hass, form, jwt_input(emulator))
    assert result["reason"] == f"{way}_successful"
    await hass.async_block_till_done()
    assert entry.state is ConfigEntryState.LOADED
    assert entry.data == {"auth": "jwt", **jwt_input(emulator)}
    assert entry.options == options
    assert registered() == before
    await emulator.wait_for(lambda: open_sessions(emulator) == 1)
    await emulator.set_presence(story.own, {"userStatus": "Available"})
    await story.shows(presence_status="available")
    await story.leave()
    await nothing_left_later(hass, emulator)


async def test_two_changes_in_a_minute_ask_no_more_than_the_service_allows(
    hass: HomeAssistant, app: str, browser: Browser
) -> None:
    async with Emulator(seed=1) as strict:
        strict.faults.set(refresh_tokens=True)
        entry = entry_for(strict)
        entry.add_to_hass(hass)
        menu = await begin(hass, entry, "reconfigure")
        result = await browser.sign_in(await to_the_service(hass, strict, menu))
        assert result["reason"] == "reconfigure_successful"
        await hass.async_block_till_done()
        assert state_of(entry) is ConfigEntryState.LOADED

        menu = await begin(hass, entry, "reconfigure")
        form = await answer(hass, menu, {"next_step_id": "jwt"})
        result = await answer(hass, form, jwt_input(strict))
        assert result["reason"] == "reconfigure_successful"
        await hass.async_block_till_done()
        # There was no request left to connect with, which comes by itself.
        assert state_of(entry) is ConfigEntryState.SETUP_RETRY
        assert strict.counters.groups["Auth"] == 5
        assert strict.counters.rate_limited == 0
        await hass.config_entries.async_remove(entry.entry_id)


async def test_an_entry_that_does_not_run_lets_its_session_go_too(
    hass: HomeAssistant, emulator: Emulator, entry: MockConfigEntry
) -> None:
    emulator.faults.set(http_5xx=[{"path": "*/extension/~"}])
    await hass.config_entries.async_reload(entry.entry_id)
    assert state_of(entry) is ConfigEntryState.SETUP_RETRY
    emulator.faults.clear()
    menu = await begin(hass, entry, "reconfigure")
    form = await answer(hass, menu, {"next_step_id": "jwt"})
    result = await answer(hass, form, jwt_input(emulator))
    assert result["reason"] == "reconfigure_successful"
    await hass.async_block_till_done()
    assert state_of(entry) is ConfigEntryState.LOADED
    await emulator.wait_for(lambda: open_sessions(emulator) == 1)
    assert emulator.counters.requests[REVOKE] == 1


# What the dialog for apps tells.


@pytest.mark.parametrize(
    ("components", "headers", "shown"),
    [
        (
            {"my"},
            {"Origin": "http://home.example"},
            "https://my.home-assistant.io/redirect/oauth",
        ),
        (
            set(),
            {"Origin": "http://home.example"},
            "http://home.example/auth/external/callback",
        ),
        (set(), {}, "/auth/external/callback"),
        (set(), None, "/auth/external/callback"),
    ],
    ids=["my", "own address", "unknown address", "no browser"],
)
async def test_the_dialog_for_apps_tells_where_the_service_sends_the_browser_back(
    hass: HomeAssistant,
    components: set[str],
    headers: dict[str, str] | None,
    shown: str,
) -> None:
    hass.config.components |= components
    request = (
        None if headers is None else make_mocked_request("GET", "/", headers=headers)
    )
    token = http.current_request.set(request)
    found = await async_get_description_placeholders(hass)
    http.current_request.reset(token)
    assert found["redirect_url"] == shown
    assert placeholders(text("application_credentials", "description")) == found.keys()


@pytest.mark.parametrize("value", [None, 5, "", "a b\n", [[[]]]])
async def test_an_odd_renewal_leaves_the_earlier_refresh_token(
    hass: HomeAssistant, emulator: Emulator, entry: MockConfigEntry, value: Any
) -> None:
    before = entry.data["token"]["refresh_token"]
    odd = {"kind": "set", "path": "/restapi/oauth/token", "next": 1, "value": value}
    emulator.faults.set(odd=[odd | {"at": "refresh_token"}])

    await tokens_of(entry).renew((await tokens_of(entry).token()).value)

    assert entry.data["token"]["refresh_token"] == before


async def test_what_nobody_reads_of_a_token_reply_is_not_kept(
    hass: HomeAssistant, emulator: Emulator, entry: MockConfigEntry
) -> None:
    deep: list[Any] = []
    for _ in range(300):
        deep = [deep]
    odd = {"kind": "set", "path": "/restapi/oauth/token", "at": "new", "value": deep}
    emulator.faults.set(odd=[odd | {"next": 1}])

    await tokens_of(entry).renew((await tokens_of(entry).token()).value)

    assert "new" not in entry.data["token"]
