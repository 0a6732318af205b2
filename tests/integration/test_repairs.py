"""Repairs: each says what to mend, and vanishes once it is mended."""

from base64 import urlsafe_b64encode
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
import json
from typing import Any

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.ringcentral.aioringcentral.errors import PermissionMissing
from custom_components.ringcentral.aioringcentral.filters import (
    EVERYONE,
    EXTENSION_LIST,
    FAVORITE_LIST,
    LINE_LIST,
    LINES,
    OWN,
    extension_filter,
)
from custom_components.ringcentral.aioringcentral.stream import Subscription
from custom_components.ringcentral.const import CONF_JWT
from custom_components.ringcentral.issues import (
    check_jwt,
    clear_issues,
    report_connected,
    report_permission_missing,
    report_subscription_limit,
)
from custom_components.ringcentral.repairs import async_create_fix_flow
from emulator import Emulator
from emulator.tokens import Session

from . import entry_for, missing_texts, open_sessions
from .stories import colleagues, emulated, hasty, issues, office


@pytest.fixture(autouse=True)
def every_text_exists(hass: HomeAssistant) -> Iterator[None]:
    """Look at the texts of every issue that is open after a test; those of the fix flow belong to the issue."""
    yield
    for issue in issues(hass):
        path = ("issues", str(issue.translation_key))
        given = issue.translation_placeholders
        assert not missing_texts((*path, "title"), given)
        if issue.is_fixable:
            step = (*path, "fix_flow", "step", "confirm")
            assert not missing_texts((*step, "title"), given)
            assert not missing_texts((*step, "description"), given)
        else:
            assert not missing_texts((*path, "description"), given)


@pytest.fixture
def entry(hass: HomeAssistant, emulator: Emulator) -> MockConfigEntry:
    """Return an entry that is not set up."""
    made = entry_for(emulator)
    made.add_to_hass(hass)
    return made


def jwt(**claims: Any) -> str:
    """Return a JWT with these claims, signed by nobody."""
    parts = ({"alg": "ES256"}, {"iss": "someone", **claims}, {"no": "signature"})
    encoded = (urlsafe_b64encode(json.dumps(part).encode()) for part in parts)
    return ".".join(part.decode().rstrip("=") for part in encoded)


def keys(hass: HomeAssistant) -> list[str]:
    """Return what the open issues are about."""
    return sorted(str(issue.translation_key) for issue in issues(hass))


def subscription(*refused: str) -> Subscription:
    """Return a subscription that lacks these filters."""
    return Subscription(live=(OWN,), refused=dict.fromkeys(refused, "SUB-403"))


@pytest.mark.parametrize(
    ("spelled", "shown"),
    [
        ("ReadPresence", "Read Presence"),
        ("SubscriptionWebSocket", "WebSocket Subscriptions"),
        ("WebSocket", "WebSocket Subscriptions"),
        ("Read Presence", "Read Presence"),
        ("SomethingNew", "SomethingNew"),
        (None, "Read Presence"),
    ],
)
def test_a_permission_is_called_as_in_the_console(
    hass: HomeAssistant, entry: MockConfigEntry, spelled: str | None, shown: str
) -> None:
    report_permission_missing(hass, entry, PermissionMissing("CMN-401", spelled))
    (issue,) = issues(hass)
    assert issue.translation_placeholders == {
        "account": entry.title,
        "permission": shown,
    }
    assert issue.is_fixable
    assert issue.severity is ir.IssueSeverity.ERROR


@pytest.mark.parametrize("code", ["CMN-401", "CMN-402", "CMN-408"])
@pytest.mark.parametrize("spelled", ["Zora Quill", "", "Read presence of Zora", "R"])
def test_what_is_no_name_of_a_permission_is_not_shown(
    hass: HomeAssistant, entry: MockConfigEntry, code: str, spelled: str
) -> None:
    report_permission_missing(hass, entry, PermissionMissing(code, spelled))
    (issue,) = issues(hass)
    assert issue.translation_key == "permission_unknown"
    assert issue.translation_placeholders == {"account": entry.title}
    assert not missing_texts(
        ("issues", "permission_unknown", "title"), issue.translation_placeholders
    )
    report_connected(hass, entry, subscription())
    assert issues(hass) == []


def test_all_issues_are_taken_away_with_the_entry(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    report_permission_missing(hass, entry, PermissionMissing("CMN-401"))
    report_subscription_limit(hass, entry)
    clear_issues(hass, entry)
    assert issues(hass) == []


@pytest.mark.parametrize(
    ("refused", "told"),
    [
        ((), []),
        ((EVERYONE,), ["account_refused"]),
        ((LINES,), ["filters_refused"]),
        ((extension_filter("1"), EVERYONE), ["account_refused", "filters_refused"]),
        # Without these membership is only later.
        ((EXTENSION_LIST, LINE_LIST, FAVORITE_LIST), []),
    ],
)
def test_a_connection_tells_what_it_lacks(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    refused: tuple[str, ...],
    told: list[str],
) -> None:
    report_connected(hass, entry, subscription(*refused))
    assert keys(hass) == told
    report_connected(hass, entry, subscription())
    assert issues(hass) == []


@pytest.mark.parametrize(
    ("name", "told"),
    [(EVERYONE, "account_refused"), (extension_filter("1"), "filters_refused")],
)
def test_a_filter_in_doubt_disproves_nothing(
    hass: HomeAssistant, entry: MockConfigEntry, name: str, told: str
) -> None:
    """It is left out until the search is over: a repair does not vanish for that minute."""
    in_doubt = Subscription(live=(OWN,), refused={}, unsure=(name,))
    report_connected(hass, entry, in_doubt)
    assert issues(hass) == []
    report_connected(hass, entry, subscription(name))
    report_connected(hass, entry, in_doubt)
    assert keys(hass) == [told]
    report_connected(hass, entry, subscription())
    assert issues(hass) == []


def test_a_connection_disproves_what_was_said_before(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    report_permission_missing(hass, entry, PermissionMissing("CMN-401"))
    report_subscription_limit(hass, entry)
    assert keys(hass) == ["permission_missing", "subscription_limit"]
    report_connected(hass, entry, None)
    assert issues(hass) == []


def test_issues_of_one_account_are_not_those_of_another(
    hass: HomeAssistant, emulator: Emulator, entry: MockConfigEntry
) -> None:
    other = entry_for(emulator)
    other.add_to_hass(hass)
    for each in (entry, other):
        report_subscription_limit(hass, each)
    clear_issues(hass, other)
    (issue,) = issues(hass)
    assert issue.issue_id == f"subscription_limit_{entry.entry_id}"


async def test_too_many_subscriptions(
    hass: HomeAssistant, socket_enabled: None
) -> None:
    """Thirty of them elsewhere: told, and taken away when there is room again."""
    async with emulated(extensions=6, rate_limits=False) as emulator:
        with hasty(grace=0.05):
            async with office(hass, emulator) as story:
                emulator.faults.set(refuse_filters={"*": "SUB-505"})
                await emulator.disconnect(code=1001, recoverable=False)
                await story.until(lambda: keys(hass) == ["subscription_limit"])
                await story.until(lambda: not story.coordinator.available)
                emulator.faults.clear()
                await story.live()
                assert issues(hass) == []


# The end of a JWT.

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("left", "told"),
    [
        (timedelta(days=15), None),
        (timedelta(days=13), "2026-12-07"),
        (timedelta(hours=1), "2026-11-24"),
        # It is still the evening before in California.
        (timedelta(hours=20), "2026-11-24"),
        (-timedelta(days=1), "2026-11-23"),
    ],
)
async def test_the_end_of_a_jwt_is_told_two_weeks_before(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    monkeypatch: pytest.MonkeyPatch,
    left: timedelta,
    told: str | None,
) -> None:
    monkeypatch.setattr(dt_util, "utcnow", lambda: NOW)
    await hass.config.async_set_time_zone("America/Los_Angeles")
    signed = jwt(exp=int((NOW + left).timestamp()))
    hass.config_entries.async_update_entry(entry, data={**entry.data, CONF_JWT: signed})
    check_jwt(hass, entry)
    dates = [
        (issue.translation_placeholders or {}).get("date") for issue in issues(hass)
    ]
    assert dates == ([told] if told else [])
    # A new one is entered, which has no end.
    hass.config_entries.async_update_entry(entry, data={**entry.data, CONF_JWT: jwt()})
    check_jwt(hass, entry)
    assert issues(hass) == []


async def test_the_end_of_a_jwt_is_looked_at_when_set_up(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    soon = jwt(exp=int(dt_util.utcnow().timestamp()) + 86_400)
    emulator._service.jwts[soon] = int(emulator.own_extension_id)
    made = entry_for(emulator)
    made.add_to_hass(hass)
    hass.config_entries.async_update_entry(made, data={**made.data, CONF_JWT: soon})
    assert await hass.config_entries.async_setup(made.entry_id)
    await hass.async_block_till_done()
    assert keys(hass) == ["jwt_expires"]
    assert await hass.config_entries.async_unload(made.entry_id)


# The fix flow.


async def test_a_permission_was_added(
    hass: HomeAssistant, emulator: Emulator, hass_client: ClientSessionGenerator
) -> None:
    """As the frontend does: the form says what is missing, and Submit tries again at once."""
    assert await async_setup_component(hass, "repairs", {})
    async with office(hass, emulator) as story:
        client = await hass_client()
        emulator.faults.set(permissions_removed=["WebSocket"])
        await emulator.disconnect(code=1001, recoverable=False)
        await story.until(lambda: issues(hass) != [])
        (issue,) = issues(hass)
        reply = await client.post(
            "/api/repairs/issues/fix",
            json={"handler": "ringcentral", "issue_id": issue.issue_id},
        )
        form = await reply.json()
        assert form["step_id"] == "confirm"
        assert form["description_placeholders"] == {
            "account": story.entry.title,
            "permission": "WebSocket Subscriptions",
            "entry_id": story.entry.entry_id,
        }
        emulator.faults.clear()
        reply = await client.post(f"/api/repairs/issues/fix/{form['flow_id']}", json={})
        assert (await reply.json())["type"] == "create_entry"
        # By itself it would have looked again minutes later.
        await story.until(
            lambda: (
                story.entry.state is ConfigEntryState.LOADED
                and story.coordinator.available
            )
        )
        await story.call("ring")
        await story.shows(telephony_status="ringing")
        assert issues(hass) == []


def the_session(emulator: Emulator) -> Session:
    """Return the only sign-in that the service holds open."""
    (session,) = emulator._service.tokens.sessions
    return session


async def says_it_is_done(hass: HomeAssistant) -> None:
    """Submit the form of the only issue."""
    (issue,) = issues(hass)
    flow = await async_create_fix_flow(hass, issue.issue_id, issue.data)
    flow.hass = hass
    await flow.async_step_confirm({})  # type: ignore[attr-defined]


async def test_a_permission_that_was_added_is_looked_for_in_a_new_session(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """What a session may do was fixed when it began: a reload would go on with it."""
    async with office(hass, emulator) as story:
        emulator.faults.set(permissions_removed=["WebSocket"])
        await emulator.disconnect(code=1001, recoverable=False)
        await story.until(lambda: issues(hass) != [])
        before = the_session(emulator)
        emulator.faults.clear()
        await says_it_is_done(hass)
        await hass.async_block_till_done()
        assert story.entry.state is ConfigEntryState.LOADED
        assert issues(hass) == []
        assert the_session(emulator) is not before


async def test_a_set_up_that_waits_for_the_service_begins_a_new_session_too(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """The next try would go on with the sign-in of the one that failed for a passing reason."""
    emulator.faults.set(permissions_removed=["WebSocket"])
    retry = ConfigEntryState.SETUP_RETRY
    async with office(hass, emulator, state=retry) as story:
        emulator.faults.clear()
        emulator.faults.set(wstoken_error={"status": 503, "code": "CMN-201"})
        await hass.config_entries.async_reload(story.entry.entry_id)
        assert story.entry.error_reason_translation_key == "retry_later"
        before = the_session(emulator)
        emulator.faults.clear()
        await says_it_is_done(hass)
        await hass.async_block_till_done()
        assert story.entry.state is ConfigEntryState.LOADED
        assert the_session(emulator) is not before


async def test_an_entry_that_is_gone_is_no_error(
    hass: HomeAssistant, emulator: Emulator, entry: MockConfigEntry
) -> None:
    """The form was still open."""
    report_permission_missing(hass, entry, PermissionMissing("CMN-401"))
    flow = await async_create_fix_flow(hass, "gone", issues(hass)[0].data)
    flow.hass = hass
    await hass.config_entries.async_remove(entry.entry_id)
    result = await flow.async_step_confirm({})  # type: ignore[attr-defined]
    assert result["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.parametrize(
    ("fault", "key", "error", "permission"),
    [
        (
            {"permissions_removed": ["WebSocket"]},
            "permission_missing",
            "still_missing",
            "WebSocket Subscriptions",
        ),
        (
            {"permissions_removed": ["ReadPresence"]},
            "permission_missing",
            "still_missing",
            "Read Presence",
        ),
        (
            {"permissions_removed": ["ReadAccounts"]},
            "permission_missing",
            "still_missing",
            "Read Accounts",
        ),
        (
            {"user_permissions_removed": ["ReadPresenceStatus"]},
            "role_permission_missing",
            "role_still_missing",
            "Read Presence Status",
        ),
    ],
)
async def test_a_permission_was_not_added_after_all(
    hass: HomeAssistant,
    emulator: Emulator,
    hass_client: ClientSessionGenerator,
    fault: dict[str, Any],
    key: str,
    error: str,
    permission: str,
) -> None:
    """The form says so and stays, and so does the issue."""
    assert await async_setup_component(hass, "repairs", {})
    emulator.faults.set(**fault)
    retry = ConfigEntryState.SETUP_RETRY
    follow = ["account" if permission == "Read Accounts" else "own"]
    async with office(hass, emulator, state=retry, follow=follow) as story:
        client = await hass_client()
        (before,) = issues(hass)
        assert before.translation_key == key
        assert before.translation_placeholders is not None
        assert before.translation_placeholders["permission"] == permission
        url = "/api/repairs/issues/fix"
        wanted = {"handler": "ringcentral", "issue_id": before.issue_id}
        form = await (await client.post(url, json=wanted)).json()
        step = f"{url}/{form['flow_id']}"
        for _ in range(2):
            form = await (await client.post(step, json={})).json()
            assert (form["type"], form["errors"]) == ("form", {"base": error})
            assert form["description_placeholders"]["permission"] == permission
            assert not missing_texts(
                ("issues", key, "fix_flow", "error", error),
                form["description_placeholders"],
            )
            assert keys(hass) == [key]
        emulator.faults.clear()
        emulator.faults.set(http_5xx=[{"path": "*/presence", "status": 503}])
        form = await (await client.post(step, json={})).json()
        assert form["errors"] == {"base": "not_known_yet"}
        emulator.faults.clear()
        form = await (await client.post(step, json={})).json()
        assert form["type"] == "create_entry"
        await story.until(lambda: story.entry.state is ConfigEntryState.LOADED)
        await hass.async_block_till_done()
        assert issues(hass) == []
        assert open_sessions(emulator) == 1


@pytest.mark.parametrize("where", ["permissionName", "message"])
async def test_a_permission_without_a_name_is_no_text_of_the_service(
    hass: HomeAssistant,
    emulator: Emulator,
    hass_client: ClientSessionGenerator,
    where: str,
) -> None:
    assert await async_setup_component(hass, "repairs", {})
    part = {"errorCode": "CMN-401", "permissionName": "Zora Quill, +14155550177"}
    if where == "message":
        part = {"errorCode": "CMN-401", "message": "[Zora Quill] is away"}
    odd = {"kind": "value", "path": "*/presence", "status": 403}
    emulator.faults.set(odd=[{**odd, "value": {**part, "errors": [part]}}])
    retry = ConfigEntryState.SETUP_RETRY
    async with office(hass, emulator, state=retry) as story:
        assert story.entry.error_reason_translation_key == "permission_unknown"
        (issue,) = issues(hass)
        assert issue.translation_key == "permission_unknown"
        client = await hass_client()
        url = "/api/repairs/issues/fix"
        wanted = {"handler": "ringcentral", "issue_id": issue.issue_id}
        form = await (await client.post(url, json=wanted)).json()
        step = f"{url}/{form['flow_id']}"
        reply = await (await client.post(step, json={})).text()
        assert '"some_still_missing"' in reply
        assert "Zora" not in reply
        emulator.faults.clear()
        form = await (await client.post(step, json={})).json()
        assert form["type"] == "create_entry"
        await story.until(lambda: story.entry.state is ConfigEntryState.LOADED)
        await hass.async_block_till_done()
        assert issues(hass) == []


async def test_a_flow_without_data_still_shows_its_form(hass: HomeAssistant) -> None:
    flow = await async_create_fix_flow(hass, "permission_missing_gone", None)
    flow.hass = hass
    result = await flow.async_step_init()  # type: ignore[attr-defined]
    assert result["step_id"] == "confirm"
    result = await flow.async_step_confirm({})  # type: ignore[attr-defined]
    assert result["type"] == "create_entry"


async def test_two_who_may_not_be_watched_are_one_issue(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    shy = colleagues(emulator, 2)
    emulator.faults.set(
        refuse_filters={f"*/extension/{key}/presence*": "SUB-403" for key in shy}
    )
    async with office(
        hass, emulator, follow=["own", "chosen"], extensions=shy
    ) as story:
        assert keys(hass) == ["filters_refused"]
        await story.call("ring")
        await story.shows(telephony_status="ringing")
