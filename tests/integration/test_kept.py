"""Entries of old backups and of hands: what they lack is asked for, or is as it is without a choice."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import StrEnum
import logging
from typing import Any

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    get_system_health_info,
)

from custom_components.ringcentral.const import DOMAIN
from custom_components.ringcentral.diagnostics import async_get_config_entry_diagnostics
from emulator import Emulator

from . import enter_app, entry_for, jwt_input, open_sessions
from .stories import Story, confirming, office, sign_in_flows


class Gone(StrEnum):
    """Stands for a value that an entry lacks; the name is the same in every process that collects tests."""

    GONE = "gone"


GONE = Gone.GONE
ODD: tuple[Any, ...] = (GONE, None, 7, "", {"a": 1}, ["own"])


def with_odd(kept: dict[str, Any], name: str, value: Any) -> dict[str, Any]:
    """Return what is kept without a value, or with another one."""
    left = {key: each for key, each in kept.items() if key != name}
    return left if value is GONE else {**left, name: value}


def oauth_data(app: str, emulator: Emulator) -> dict[str, Any]:
    """Return what an entry keeps of a sign-in in the browser."""
    return {
        "auth": "oauth",
        "server": emulator.url,
        "client_id": emulator.client_id,
        "auth_implementation": app,
        "token": {
            "access_token": "ours",
            "refresh_token": "theirs",
            "expires_in": 3_600,
            "expires_at": 4_000_000_000.0,
        },
    }


@asynccontextmanager
async def entry_with(
    hass: HomeAssistant,
    emulator: Emulator,
    caplog: pytest.LogCaptureFixture,
    **kept: Any,
) -> AsyncIterator[MockConfigEntry]:
    """Set up an entry that keeps this; it can be looked at and removed, and nothing of it is an error."""
    assert await async_setup_component(hass, "system_health", {})
    entry = entry_for(emulator)
    entry.add_to_hass(hass)
    hass.config_entries.async_update_entry(entry, **kept)
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    await async_get_config_entry_diagnostics(hass, entry)
    shown = await get_system_health_info(hass, DOMAIN)
    if (reached := shown.get("can_reach_server")) is not None:
        await reached
    yield entry
    await hass.config_entries.async_remove(entry.entry_id)
    await hass.async_block_till_done()
    assert open_sessions(emulator) == 0
    errors = [each for each in caplog.records if each.levelno >= logging.ERROR]
    assert not errors


@pytest.mark.parametrize("value", ODD, ids=str)
@pytest.mark.parametrize("name", ["server", "client_id", "client_secret", "jwt"])
async def test_a_sign_in_that_lacks_something_is_asked_for(
    hass: HomeAssistant,
    emulator: Emulator,
    caplog: pytest.LogCaptureFixture,
    name: str,
    value: Any,
) -> None:
    data = with_odd({"auth": "jwt", **jwt_input(emulator)}, name, value)
    async with entry_with(hass, emulator, caplog, data=data) as entry:
        assert entry.error_reason_translation_key == "sign_in_required"
        assert not any(path.startswith("POST") for path in emulator.counters.requests)
        flows = hass.config_entries.flow
        (asked,) = sign_in_flows(hass)
        await flows.async_configure(asked["flow_id"], {"next_step_id": "jwt"})
        result = await flows.async_configure(asked["flow_id"], jwt_input(emulator))
        assert result["reason"] == "reauth_successful"
        await hass.async_block_till_done()
        assert entry.state is ConfigEntryState.LOADED
        # A removal copes with it as well.
        hass.config_entries.async_update_entry(entry, data=data)


@pytest.mark.parametrize("value", ODD, ids=str)
@pytest.mark.parametrize(
    "name", ["server", "auth_implementation", "token", "access_token", "refresh_token"]
)
async def test_a_sign_in_in_the_browser_that_lacks_something_is_asked_for(
    hass: HomeAssistant,
    emulator: Emulator,
    caplog: pytest.LogCaptureFixture,
    name: str,
    value: Any,
) -> None:
    data = oauth_data(await enter_app(hass, emulator), emulator)
    if name in data:
        data = with_odd(data, name, value)
    else:
        data["token"] = with_odd(data["token"], name, value)
    async with entry_with(hass, emulator, caplog, data=data) as entry:
        assert entry.error_reason_translation_key == "sign_in_required"
        assert not any(path.startswith("POST") for path in emulator.counters.requests)
        (asked,) = sign_in_flows(hass)
        result = await hass.config_entries.flow.async_configure(
            asked["flow_id"], {"next_step_id": "oauth"}
        )
        assert result["type"] is FlowResultType.FORM


@pytest.mark.parametrize("value", [GONE, None, -7, "", "soon", [7]], ids=str)
@pytest.mark.parametrize("name", ["expires_in", "expires_at"])
async def test_a_token_of_unknown_age_is_renewed_first(
    hass: HomeAssistant,
    emulator: Emulator,
    caplog: pytest.LogCaptureFixture,
    name: str,
    value: Any,
) -> None:
    data = oauth_data(await enter_app(hass, emulator), emulator)
    data["token"] = with_odd(data["token"], name, value)
    async with entry_with(hass, emulator, caplog, data=data) as entry:
        # The emulator has never issued it.
        assert entry.error_reason_translation_key == "sign_in_required"
        assert next(iter(emulator.counters.requests)) == "POST /restapi/oauth/token"


@pytest.mark.parametrize("value", [*ODD, "none"], ids=str)
async def test_the_way_to_sign_in_is_seen_from_what_is_there(
    hass: HomeAssistant,
    emulator: Emulator,
    caplog: pytest.LogCaptureFixture,
    value: Any,
) -> None:
    data = with_odd({"auth": "jwt", **jwt_input(emulator)}, "auth", value)
    async with entry_with(hass, emulator, caplog, data=data) as entry:
        assert entry.state is ConfigEntryState.LOADED
        found = await async_get_config_entry_diagnostics(hass, entry)
        assert found["entry"]["auth"] == "jwt"
        assert await hass.config_entries.async_reload(entry.entry_id)


OPTIONS: list[dict[str, Any]] = [
    *(with_odd({"extensions": []}, "follow", value) for value in ODD),
    *(with_odd({"follow": ["own"]}, "extensions", value) for value in ODD),
    *(with_odd({"follow": ["own"]}, "caller_identity", value) for value in ODD),
    {"follow": "own"},
    {"follow": ["own", "own", "later", 7, None, {}]},
    {"follow": ["own"], "caller_identity": "Full"},
]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
async def test_options_that_cannot_be_read_are_as_without_a_choice(
    hass: HomeAssistant,
    emulator: Emulator,
    caplog: pytest.LogCaptureFixture,
    options: dict[str, Any],
) -> None:
    async with entry_with(hass, emulator, caplog, options=options) as entry:
        story = Story(hass, emulator, entry)
        assert story.followed() == {story.own}
        assert not story.coordinator.shows_callers
        flows = hass.config_entries.options
        form = await flows.async_init(entry.entry_id)
        assert form["type"] is FlowResultType.FORM
        chosen = {"follow": ["own"], "caller_identity": "name"}
        result = await flows.async_configure(form["flow_id"], chosen)
        assert result["type"] is FlowResultType.CREATE_ENTRY
        await hass.async_block_till_done()
        assert story.coordinator.shows_callers
        await story.leave()


@pytest.mark.parametrize("options", [{}, {"follow": ["own", "everyone"]}], ids=str)
async def test_whoever_was_followed_stays_while_choices_cannot_be_read(
    hass: HomeAssistant, emulator: Emulator, options: dict[str, Any]
) -> None:
    with confirming(0.01):
        async with office(hass, emulator, follow=["account"]) as story:
            before = story.followed()
            assert len(before) > 1
            for kept in (options, {"follow": ["own"]}):
                hass.config_entries.async_update_entry(story.entry, options=kept)
                await story.reload()
                assert set(story.coordinator.extensions) == {story.own}
                await story.until(lambda: not story.coordinator.account.missing)
                await hass.async_block_till_done()
                assert story.followed() == (before if kept == options else {story.own})


async def test_ids_that_are_numbers_are_chosen_all_the_same(
    hass: HomeAssistant, emulator: Emulator, caplog: pytest.LogCaptureFixture
) -> None:
    anna = emulator.extension_ids[1]
    options = {"follow": ["chosen"], "extensions": [int(anna), None, anna]}
    async with entry_with(hass, emulator, caplog, options=options) as entry:
        story = Story(hass, emulator, entry)
        assert story.followed() == {anna}
        await story.leave()


@pytest.mark.parametrize("unique_id", [None, ""], ids=str)
async def test_an_account_id_that_was_lost_is_found_again(
    hass: HomeAssistant,
    emulator: Emulator,
    caplog: pytest.LogCaptureFixture,
    unique_id: Any,
) -> None:
    async with entry_with(hass, emulator, caplog, unique_id=unique_id) as entry:
        assert entry.unique_id == emulator.account_id


async def test_an_odd_entry_is_no_concern_of_another(
    hass: HomeAssistant, emulator: Emulator, caplog: pytest.LogCaptureFixture
) -> None:
    odd = MockConfigEntry(domain=DOMAIN, unique_id="odd", data={"token": None})
    odd.add_to_hass(hass)
    data = oauth_data(await enter_app(hass, emulator), emulator)
    async with entry_with(hass, emulator, caplog, data=data) as entry:
        assert entry.error_reason_translation_key == "sign_in_required"
