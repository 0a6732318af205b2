"""What becomes of flows that are closed, doubled, raced or stopped; and what they leave to the entry."""

import asyncio
from typing import Any
from unittest.mock import patch

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import EVENT_HOMEASSISTANT_STOP
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import device_registry as dr
import pytest

from custom_components.ringcentral.aioringcentral.auth import JwtTokens, Token
from custom_components.ringcentral.const import DOMAIN
from emulator import Emulator

from . import entry_for, jwt_input, open_sessions
from .stories import (
    EXTENSIONS,
    OWN_EXTENSION,
    PRESENCE,
    TICKET,
    TOKEN,
    office,
    settling_at_once,
)
from .test_config_flow import (
    all_signed_out,
    answer,
    answer_options,
    begin,
    signed_in_as,
    start,
)

# Closed, doubled, raced.


@pytest.mark.parametrize("path", [OWN_EXTENSION, PRESENCE, TICKET, EXTENSIONS])
async def test_a_flow_that_is_closed_while_it_signs_in_leaves_no_session(
    hass: HomeAssistant, emulator: Emulator, no_setup: None, path: str
) -> None:
    form = await begin(hass)
    emulator.faults.set(reply_delay=0.1)
    step = asyncio.create_task(answer(hass, form, jwt_input(emulator)))
    await emulator.wait_for(lambda: emulator.counters.requests[path] > 0)
    hass.config_entries.flow.async_abort(form["flow_id"])
    result = await step
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "closed")
    emulator.faults.clear()
    await hass.async_block_till_done()
    await all_signed_out(emulator)
    await emulator.wait_for(lambda: emulator.counters.sockets_open == 0)


async def test_a_flow_that_is_closed_before_the_token_comes_leaves_no_session(
    hass: HomeAssistant, emulator: Emulator, no_setup: None
) -> None:
    form = await begin(hass)
    ask = JwtTokens._ask
    asked, go_on = asyncio.Event(), asyncio.Event()

    async def late(tokens: JwtTokens, *args: Any) -> Token:
        token = await ask(tokens, *args)
        asked.set()
        await go_on.wait()
        return token

    with patch.object(JwtTokens, "_ask", late):
        step = asyncio.create_task(answer(hass, form, jwt_input(emulator)))
        await asked.wait()
        assert open_sessions(emulator) == 1
        hass.config_entries.flow.async_abort(form["flow_id"])
        go_on.set()
        result = await step
    assert result["reason"] == "closed"
    await hass.async_block_till_done()
    await all_signed_out(emulator)


async def test_a_form_that_is_submitted_twice_signs_in_once(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    form = await begin(hass)
    results = await asyncio.gather(
        *(answer(hass, form, jwt_input(emulator)) for _ in range(3))
    )
    assert [result["step_id"] for result in results] == ["follow"] * 3
    assert emulator.counters.requests[TOKEN] == 1
    result = await answer(hass, results[0], {})
    await hass.async_block_till_done()
    assert open_sessions(emulator) == 1
    assert await hass.config_entries.async_unload(result["result"].entry_id)


async def test_no_entry_is_made_with_other_credentials_than_those_that_worked(
    hass: HomeAssistant, emulator: Emulator, no_setup: None
) -> None:
    """The form was sent twice, the second time with a slip, and the next step was answered meanwhile."""
    form = await begin(hass)
    emulator.faults.set(reply_delay=0.1)
    good = asyncio.create_task(answer(hass, form, jwt_input(emulator)))
    slip = asyncio.create_task(
        answer(hass, form, {**jwt_input(emulator), "jwt": "slip"})
    )
    follow = await good
    assert follow["step_id"] == "follow"
    assert not slip.done()
    result = await answer(hass, follow, {"follow": ["own"]})
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "closed")
    await asyncio.gather(slip, return_exceptions=True)
    assert hass.config_entries.async_entries(DOMAIN) == []
    emulator.faults.clear()
    await hass.async_block_till_done()
    await all_signed_out(emulator)


async def test_a_last_step_that_is_submitted_twice_makes_one_entry(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    form = await answer(hass, await begin(hass), jwt_input(emulator))
    first, second = await asyncio.gather(
        *(answer(hass, form, {"follow": ["own"]}) for _ in range(2))
    )
    await hass.async_block_till_done()
    assert first["type"] is FlowResultType.CREATE_ENTRY
    assert (second["type"], second["reason"]) == (FlowResultType.ABORT, "closed")
    (entry,) = hass.config_entries.async_entries(DOMAIN)
    assert entry.state is ConfigEntryState.LOADED
    assert open_sessions(emulator) == 1


@pytest.mark.parametrize("path", [None, TOKEN, PRESENCE])
async def test_a_flow_whose_entry_is_removed_meanwhile_ends(
    hass: HomeAssistant, emulator: Emulator, no_setup: None, path: str | None
) -> None:
    """Removed before the form is sent, or while it signs in."""
    entry = entry_for(emulator)
    entry.add_to_hass(hass)
    form = await start(hass, entry, "reconfigure")
    emulator.faults.set(reply_delay=0.1)
    if path is None:
        await hass.config_entries.async_remove(entry.entry_id)
    step = asyncio.create_task(answer(hass, form, jwt_input(emulator)))
    if path is not None:
        await emulator.wait_for(lambda: emulator.counters.requests[path] > 0)
        await hass.config_entries.async_remove(entry.entry_id)
    result = await step
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "closed")
    await hass.async_block_till_done()
    assert hass.config_entries.flow.async_progress() == []
    await all_signed_out(emulator)


@pytest.mark.parametrize("way", ["reauth", "reconfigure"])
async def test_a_new_sign_in_that_is_submitted_twice_is_one(
    hass: HomeAssistant, emulator: Emulator, no_setup: None, way: str
) -> None:
    entry = entry_for(emulator)
    entry.add_to_hass(hass)
    form = await start(hass, entry, way)
    results = await asyncio.gather(
        *(answer(hass, form, jwt_input(emulator)) for _ in range(2))
    )
    assert sorted(result["reason"] for result in results) == [
        "closed",
        f"{way}_successful",
    ]
    await hass.async_block_till_done()
    assert emulator.counters.requests[TOKEN] == 1


async def test_two_flows_for_one_account_end_in_one_entry(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """Both were let in before either was done."""
    forms = [
        await answer(hass, await begin(hass), jwt_input(emulator)) for _ in range(2)
    ]
    results = await asyncio.gather(
        *(answer(hass, form, {"follow": ["own"]}) for form in forms),
        return_exceptions=True,
    )
    await hass.async_block_till_done()
    kinds = [result["type"] for result in results if isinstance(result, dict)]
    assert kinds.count(FlowResultType.CREATE_ENTRY) == 1
    (entry,) = hass.config_entries.async_entries(DOMAIN)
    assert entry.state is ConfigEntryState.LOADED
    await emulator.wait_for(lambda: open_sessions(emulator) == 1)


@pytest.mark.parametrize("step", ["jwt", "follow"])
async def test_a_flow_that_is_open_when_home_assistant_stops_leaves_no_session(
    hass: HomeAssistant, emulator: Emulator, no_setup: None, step: str
) -> None:
    form = await begin(hass)
    if step == "jwt":
        emulator.faults.set(http_5xx=[{"path": "*/presence", "status": 503}])
    result = await answer(hass, form, jwt_input(emulator))
    assert (result["step_id"], open_sessions(emulator)) == (step, 1)
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STOP)
    await hass.async_block_till_done()
    assert open_sessions(emulator) == 0


# What comes along when credentials are copied.


@pytest.mark.parametrize(
    "around",
    [
        "\u200b{}\u200b",
        "\ufeff{}",
        '"{}"',
        "\u201c{}\u201d",
        "`{}`",
        "\u2060{}\u00ad",
        "\u00a0'{}',",
        "\u202a{}\u202c\r\n",
    ],
    ids=ascii,
)
async def test_what_was_copied_along_is_left_out(
    hass: HomeAssistant, emulator: Emulator, no_setup: None, around: str
) -> None:
    typed = jwt_input(emulator)
    pasted = {name: around.format(text) for name, text in typed.items()}
    result = await answer(hass, await begin(hass), pasted)
    assert result["errors"] == {}
    result = await answer(hass, result, {})
    assert result["data"] == {"auth": "jwt", **typed}


# Options that need no reload.


async def test_what_is_shown_of_callers_changes_without_a_reload(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    own = emulator.own_extension_id
    async with office(hass, emulator) as story:
        coordinator = story.coordinator
        await story.call("ring", from_="+14155550177", from_name="Zora Quill")
        for mode, shown in (
            ("name", {"caller_name": "Zora Quill"}),
            ("full", {"caller_name": "Zora Quill", "caller_number": "+14155550177"}),
            ("hidden", None),
            ("full", {"caller_name": "Zora Quill", "caller_number": "+14155550177"}),
        ):
            form = await hass.config_entries.options.async_init(story.entry.entry_id)
            await answer_options(
                hass, form, {"follow": ["own"], "caller_identity": mode}
            )
            assert story.entry.options["caller_identity"] == mode
            event = hass.states.get(story.entity("call", own))
            assert event is not None
            # What was hidden is gone; a lesser choice is no way to get it back.
            seen = {key for key in event.attributes if key.startswith("caller_")}
            assert seen <= (shown or {}).keys()
            if shown is None:
                assert story.now("caller") is None
                continue
            assert story.now("caller") == "known"
            state = hass.states.get(story.entity("caller", own))
            assert state is not None
            assert shown.items() <= state.attributes.items()
            assert ("caller_number" in state.attributes) == (mode == "full")
        assert story.coordinator is coordinator
        assert story.seen_unavailable() == []


@pytest.mark.parametrize("mode", ["hidden", "name", "full"])
async def test_the_same_choice_in_another_order_makes_nobody_unavailable(
    hass: HomeAssistant, emulator: Emulator, mode: str
) -> None:
    async with office(hass, emulator, follow=["own", "lines"]) as story:
        coordinator, shown = story.coordinator, story.entities()
        form = await hass.config_entries.options.async_init(story.entry.entry_id)
        await answer_options(
            hass, form, {"follow": ["lines", "own"], "caller_identity": mode}
        )
        assert story.coordinator is coordinator
        assert story.seen_unavailable() == []
        added = story.entities().keys() - shown.keys()
        assert all(key.endswith("_caller") for key in added)
        assert bool(added) == (mode != "hidden")


async def test_whom_to_follow_still_takes_a_reload(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    async with office(hass, emulator) as story:
        coordinator = story.coordinator
        form = await hass.config_entries.options.async_init(story.entry.entry_id)
        await answer_options(
            hass, form, {"follow": ["own", "lines"], "caller_identity": "name"}
        )
        await story.until(lambda: story.entry.state is ConfigEntryState.LOADED)
        assert story.coordinator is not coordinator
        assert story.coordinator.shows_callers


# The account's name.


@pytest.mark.parametrize(
    ("values", "title"),
    [
        ({"company": "Example Group"}, "Example Group"),
        ({"company": None, "number": "777"}, "Example, Inc."),
    ],
    ids=["renamed", "unreadable"],
)
async def test_title_and_account_device_follow_the_account(
    hass: HomeAssistant,
    emulator: Emulator,
    device_registry: dr.DeviceRegistry,
    values: dict[str, Any],
    title: str,
) -> None:
    async with office(hass, emulator) as story:
        assert story.entry.title == "Example, Inc."
        with signed_in_as(**values):
            await story.reload()
        assert story.entry.title == title
        device = device_registry.async_get_device_by_identifier(
            (DOMAIN, emulator.account_id), story.entry.entry_id
        )
        assert device is not None
        assert device.name == title


async def test_a_number_that_names_the_account_is_followed(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    with signed_in_as(company=None, number="102"):
        async with office(hass, emulator) as story:
            assert story.entry.title == "RingCentral 102"
            with signed_in_as(company=None, number="103"), settling_at_once():
                await emulator.rename_extension(story.own, "Somebody Else")
                await story.until(lambda: story.entry.title == "RingCentral 103")


async def test_a_title_that_a_person_chose_stays(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    async with office(hass, emulator) as story:
        hass.config_entries.async_update_entry(story.entry, title="My phone")
        with signed_in_as(company="Example Group"):
            await story.reload()
        assert story.entry.title == "My phone"


async def test_no_line_of_the_log_names_the_user(
    hass: HomeAssistant, emulator: Emulator, caplog: pytest.LogCaptureFixture
) -> None:
    own = emulator.extension(emulator.own_extension_id)
    first, _, last = own.name.partition(" ")
    result = await answer(hass, await begin(hass), jwt_input(emulator))
    result = await answer(hass, result, {})
    await hass.async_block_till_done()
    entry = result["result"]
    emulator.faults.set(http_5xx=[{"path": "*", "status": 503}])
    assert not await hass.config_entries.async_reload(entry.entry_id)
    emulator.faults.clear()
    emulator.faults.set(token_error={"code": "OAU-147"})
    emulator.revoke_tokens()
    assert not await hass.config_entries.async_reload(entry.entry_id)
    ours = [
        record.getMessage()
        for record in caplog.records
        if record.name.startswith(("custom_components", "homeassistant.config_entries"))
    ]
    assert ours
    assert [line for line in ours if first in line or last in line] == []
