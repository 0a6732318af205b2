"""Repairs for permissions of single features: only where one was in use, and gone when it is back."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er, issue_registry as ir
import pytest

from custom_components.ringcentral.repairs import (
    LostPermissionFlow,
    async_create_fix_flow,
)
from emulator import Emulator, tokens

from . import missing_texts
from .call_stories import following
from .stories import Story, hasty, issues
from .test_voicemail import MAILBOX, lost, mark

pytestmark = pytest.mark.messages


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read changes without waiting for more of them."""
    monkeypatch.setattr(f"{MAILBOX}._COLLECT", 0.0)


@pytest.fixture(autouse=True)
def every_text_exists(hass: HomeAssistant) -> Iterator[None]:
    """Look at the texts of every issue that is open after a test."""
    yield
    for issue in issues(hass):
        step = ("issues", str(issue.translation_key), "fix_flow", "step", "confirm")
        for text in ("title", "description"):
            assert not missing_texts((*step, text), issue.translation_placeholders)


async def taken_away(story: Story, how: str, permission: str = "ReadMessages") -> None:
    """Take a permission away, and let something happen that needs it."""
    story.emulator.faults.set(**{how: [permission]})
    if permission == "ReadMessages":
        story.emulator.mail.leave(story.own)
        await story.shows(voicemails=STATE_UNAVAILABLE)
    else:
        with pytest.raises(HomeAssistantError):
            await mark(story)


@pytest.mark.parametrize(
    ("how", "key", "shown"),
    [
        ("permissions_removed", "lost_permission", "Read Messages"),
        ("user_permissions_removed", "lost_role_permission", "Read Messages"),
    ],
)
async def test_a_permission_that_voicemail_lost_is_named_until_it_is_back(
    hass: HomeAssistant, emulator: Emulator, how: str, key: str, shown: str
) -> None:
    with hasty():
        async with following(hass, emulator) as story:
            await story.shows(voicemails="0")
            assert issues(hass) == []
            story.forget()
            await taken_away(story, how)
            (issue,) = issues(hass)
            assert issue.translation_key == key
            assert issue.translation_placeholders == {
                "account": story.entry.title,
                "permission": shown,
            }
            assert issue.severity is ir.IssueSeverity.WARNING
            emulator.faults.set(**{how: []})
            # After a break it is read again.
            await emulator.disconnect(recoverable=False)
            await story.shows(voicemails="1")
            assert issues(hass) == []
            ours = {story.entity("voicemails"), story.entity("voicemail")}
            assert set(story.seen_unavailable()) <= ours


async def marks_until(story: Story, lost_as: str) -> None:
    """Mark a voicemail, have another one left, and take the right to mark it away."""
    await story.shows(voicemails="1")
    await mark(story)
    await story.shows(voicemails="0")
    story.emulator.mail.leave(story.own)
    await story.shows(voicemails="1")
    await taken_away(story, lost_as, "EditMessages")


async def test_a_token_that_names_it_withdraws_the_repair(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    emulator.mail.leave(emulator.own_extension_id)
    emulator.faults.set(access_token_ttl=3)
    with hasty():
        async with following(hass, emulator) as story:
            await marks_until(story, "permissions_removed")
            assert lost(hass) == ["Edit Messages"]
            emulator.faults.set(permissions_removed=[])
            await story.until(lambda: issues(hass) == [])


async def test_marking_that_works_again_withdraws_the_repair(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """The role has it again, which no token tells."""
    emulator.mail.leave(emulator.own_extension_id)
    async with following(hass, emulator) as story:
        await marks_until(story, "user_permissions_removed")
        # It is still known after a reload that it was in use, and who would tell of it otherwise.
        await story.reload()
        await story.shows(voicemails="1")
        assert issues(hass) == []
        with pytest.raises(HomeAssistantError):
            await mark(story)
        assert lost(hass) == ["Edit Messages"]
        emulator.faults.set(user_permissions_removed=[])
        await mark(story)
        assert issues(hass) == []


async def test_what_never_worked_is_no_repair(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    emulator.mail.leave(emulator.own_extension_id)
    emulator.faults.set(permissions_removed=["EditMessages"])
    async with following(hass, emulator) as story:
        await story.shows(voicemails="1")
        with pytest.raises(HomeAssistantError):
            await mark(story)
        assert issues(hass) == []


async def test_voicemail_that_never_was_there_is_no_repair(
    hass: HomeAssistant, emulator: Emulator, caplog: pytest.LogCaptureFixture
) -> None:
    emulator.faults.set(user_permissions_removed=["ReadMessages"])
    async with following(hass, emulator) as story:
        await story.until(
            lambda: (
                [
                    line
                    for line in caplog.messages
                    if line.startswith("What needs ReadMessages")
                ]
                != []
            )
        )
        await emulator.disconnect(recoverable=False)
        await story.lost()
        await story.live()
        assert issues(hass) == []
        told = [x for x in caplog.messages if x.startswith("What needs ReadMessages")]
        assert len(told) == 1


async def test_a_start_without_it_says_so_if_it_was_in_use(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    async with following(hass, emulator) as story:
        await story.shows(voicemails="0")
        emulator.faults.set(permissions_removed=["ReadMessages"])
        await story.coordinator.account.sign_in.tokens.replace_session()
        await story.reload()
        assert story.now("voicemails") == STATE_UNAVAILABLE
        assert lost(hass) == ["Read Messages"]
        # With its entities switched off it is not in use.
        for key in ("voicemails", "voicemail"):
            er.async_get(hass).async_update_entity(
                story.entity(key), disabled_by=er.RegistryEntryDisabler.USER
            )
        await story.reload()
        assert issues(hass) == []
        emulator.faults.set(permissions_removed=[])


async def fix_flow(hass: HomeAssistant, issue: ir.IssueEntry) -> LostPermissionFlow:
    """Return what Submit goes through."""
    flow = await async_create_fix_flow(hass, issue.issue_id, dict(issue.data or {}))
    assert isinstance(flow, LostPermissionFlow)
    flow.hass = hass
    return flow


@contextmanager
def fixed_scope() -> Iterator[None]:
    """Let the scope of tokens go on naming what the app may not do any more."""
    reply = tokens.Tokens.reply

    def named(self: tokens.Tokens, session: tokens.Session) -> dict[str, Any]:
        return {**reply(self, session), "scope": " ".join(tokens.SCOPE)}

    with patch.object(tokens.Tokens, "reply", named):
        yield


@pytest.mark.parametrize(
    ("how", "error"),
    [
        ("permissions_removed", "still_missing"),
        ("user_permissions_removed", "role_still_missing"),
    ],
)
async def test_submit_looks_at_once_and_presence_goes_on(
    hass: HomeAssistant, emulator: Emulator, how: str, error: str
) -> None:
    async with following(hass, emulator) as story:
        await story.shows(voicemails="0")
        story.forget()
        await taken_away(story, how)
        (issue,) = issues(hass)
        flow = await fix_flow(hass, issue)
        form = await flow.async_step_init()
        assert form["type"] is FlowResultType.FORM
        form = await flow.async_step_confirm({})
        assert form["errors"] == {"base": error}
        emulator.faults.set(**{how: []})
        done = await flow.async_step_confirm({})
        assert done["type"] is FlowResultType.CREATE_ENTRY
        assert issues(hass) == []
        await story.shows(voicemails="1")
        ours = {story.entity("voicemails"), story.entity("voicemail")}
        assert set(story.seen_unavailable()) <= ours


async def test_submit_believes_no_scope_alone(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    with fixed_scope():
        async with following(hass, emulator) as story:
            await story.shows(voicemails="0")
            await taken_away(story, "permissions_removed")
            (issue,) = issues(hass)
            flow = await fix_flow(hass, issue)
            form = await flow.async_step_confirm({})
            assert form["errors"] == {"base": "still_missing"}
            emulator.faults.set(http_5xx=[{"path": "*/oauth/token", "status": 503}])
            form = await flow.async_step_confirm({})
            assert form["errors"] == {"base": "not_known_yet"}
            emulator.faults.clear()
            entry = story.entry
            await hass.config_entries.async_unload(entry.entry_id)
            form = await flow.async_step_confirm({})
            assert form["errors"] == {"base": "not_known_yet"}
            assert await hass.config_entries.async_setup(entry.entry_id)
