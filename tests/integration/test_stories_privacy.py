"""Stories of privacy: names and numbers that nobody may read (docs/architecture.md 4.8)."""

from collections.abc import Iterator
from contextlib import contextmanager
import logging
from typing import Any
from unittest.mock import patch

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
import pytest

from custom_components.ringcentral.aioringcentral.errors import PermissionMissing
from custom_components.ringcentral.aioringcentral.filters import extension_filter
from custom_components.ringcentral.aioringcentral.models import Ticket
from custom_components.ringcentral.aioringcentral.rest import Rest
from custom_components.ringcentral.const import CALLER_FULL, CALLER_HIDDEN
from emulator import Emulator

from .stories import (
    EVERYONE_FILTER,
    LOGGER_NAME,
    Story,
    hasty,
    office,
    settling_at_once,
)

NUMBER, NAME = "+14155550177", "Zacharias Caller"
MESSAGE = "In the clinic until noon"


@contextmanager
def tickets() -> Iterator[list[str]]:
    """Note every ticket."""
    noted: list[str] = []
    original = Rest.ticket

    async def note(rest: Rest) -> Ticket:
        ticket = await original(rest)
        noted.append(ticket.token)
        return ticket

    with patch.object(Rest, "ticket", note):
        yield noted


async def call_comes(story: Story) -> None:
    """Let a call ring, be answered, and end."""
    await story.call("ring", "answer", from_=NUMBER, from_name=NAME)
    await story.shows(telephony_status="call_connected")
    await story.call("hangup")
    await story.shows(telephony_status="no_call")


def has_filter(story: Story, extension_id: str) -> bool:
    """Return whether the extension has a filter of its own that is live."""
    subscription = story.coordinator.account.stream.subscription
    return subscription is not None and (
        extension_filter(extension_id) in subscription.live
    )


def missing_permission(story: Story) -> bool:
    """Return whether a missing permission was the last trouble."""
    return isinstance(story.coordinator.account.last_error, PermissionMissing)


def everything_logged(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return all that the integration logged, with what it logged of exceptions."""
    written = logging.Formatter()
    return [
        written.format(record)
        for record in caplog.records
        if record.name.startswith(LOGGER_NAME)
    ]


@pytest.mark.parametrize("caller_identity", [CALLER_HIDDEN, CALLER_FULL])
async def test_the_log_tells_nobody_who_calls(
    hass: HomeAssistant,
    emulator: Emulator,
    caplog: pytest.LogCaptureFixture,
    caller_identity: str,
) -> None:
    """Not at the most talkative level, through calls, losses, refusals and people who come and go."""
    secrets = {
        NUMBER,
        NAME,
        MESSAGE,
        emulator.jwt,
        emulator.client_secret,
        *(
            word
            for key in emulator.ids()
            for word in (emulator.extension(key).name, emulator.extension(key).phone)
            if word
        ),
    }
    with (
        caplog.at_level(logging.DEBUG, LOGGER_NAME),
        hasty(grace=0.05, try_again=0.05),
        settling_at_once(),
        tickets() as noted,
    ):
        async with office(
            hass, emulator, follow=["account"], caller_identity=caller_identity
        ) as story:
            tokens = story.coordinator.account.sign_in.tokens
            secrets.add((await tokens.token()).value)
            await emulator.set_presence(story.own, {"message": MESSAGE})
            await call_comes(story)
            await emulator.disconnect(code=1001, recoverable=True)
            await story.lost()
            await story.live()
            emulator.faults.set(connection_error=1, unknown_enums=["dndStatus"])
            await emulator.disconnect(code=None, recoverable=False)
            await story.lost()
            await story.live()
            await emulator.send_frame(f'[{{"type": "{NAME}"}}, "{NUMBER}"]')
            await emulator.send_frame(NUMBER)
            await call_comes(story)
            emulator.faults.set(
                http_5xx=[{"path": "*/presence", "method": "GET", "next": 2}],
                refuse_filters={EVERYONE_FILTER: "SUB-406"},
            )
            emulator.revoke_tokens()
            await story.lost()
            await story.live()
            secrets.add((await tokens.token()).value)
            person = await emulator.add_extension("Nora Newcomer")
            await story.until(lambda: person in story.followed())
            await story.until(lambda: has_filter(story, person))
            emulator.faults.set(permissions_removed=["ReadPresence"])
            await emulator.disconnect(code=1001, recoverable=False)
            await story.until(lambda: missing_permission(story))
            await story.until(lambda: not story.coordinator.available)
            emulator.faults.clear()
            # From here on the event arrives that names who leaves.
            await story.live()
            await emulator.rename_extension(person, "Nora Oldname")
            await emulator.remove_extension(person)
            await story.until(lambda: person not in story.followed())
            emulator.faults.set(token_error={"code": "OAU-213"})
            emulator.revoke_tokens()
            await story.until(lambda: not story.coordinator.available)
    told = everything_logged(caplog)
    # The story was told at all: what follows would hold for an empty log, too.
    assert len(told) > 20
    secrets |= {"Nora Newcomer", "Nora Oldname", *noted}
    assert len(noted) >= 5
    for line in told:
        assert not [secret for secret in secrets if secret in line]


async def test_a_caller_who_is_hidden_is_nowhere(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """By default neither a state nor an attribute holds a name or a number of who calls."""
    async with office(hass, emulator, follow=["account"]) as story:
        seen: list[str] = []
        hass.bus.async_listen("*", lambda event: seen.append(str(event.data)))
        await call_comes(story)
        assert not [line for line in seen if NUMBER in line or NAME in line]
        shown = str([state.as_dict() for state in hass.states.async_all()])
        assert NUMBER not in shown
        assert NAME not in shown


@pytest.mark.parametrize(
    ("trouble", "state"),
    [
        ({"token_error": {"code": "OAU-146"}}, ConfigEntryState.SETUP_ERROR),
        ({"http_5xx": [{"body": "html"}]}, ConfigEntryState.SETUP_RETRY),
        ({"connection_error": 9}, ConfigEntryState.SETUP_RETRY),
        ({"silent_sockets": True}, ConfigEntryState.SETUP_RETRY),
        ({"permissions_removed": ["WebSocket"]}, ConfigEntryState.SETUP_RETRY),
    ],
    ids=lambda value: str(value)[:30],
)
async def test_a_start_in_trouble_tells_no_secrets(
    hass: HomeAssistant,
    emulator: Emulator,
    caplog: pytest.LogCaptureFixture,
    trouble: dict[str, Any],
    state: ConfigEntryState,
) -> None:
    """In what Home Assistant itself logs of it neither."""
    emulator.faults.set(**trouble)
    with (
        caplog.at_level(logging.DEBUG),
        tickets() as noted,
        patch(
            "custom_components.ringcentral.aioringcentral.account.lifecycle.START_TIMEOUT",
            0.2,
        ),
    ):
        async with office(hass, emulator, state=state):
            told = caplog.text
    assert "ringcentral" in told
    for secret in (emulator.jwt, emulator.client_secret, *noted):
        assert secret not in told
