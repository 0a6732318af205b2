"""Diagnostics: what helps to find a fault, and nobody's name, number or secret."""

import json
from typing import Any

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.components.diagnostics import (
    get_diagnostics_for_config_entry,
    get_diagnostics_for_device,
)
from pytest_homeassistant_custom_component.syrupy import HomeAssistantSnapshotExtension
from pytest_homeassistant_custom_component.typing import (
    ClientSessionGenerator,
    WebSocketGenerator,
)
from syrupy.assertion import SnapshotAssertion

from custom_components.ringcentral.aioringcentral.recording.replay import Replay
from custom_components.ringcentral.const import CALLER_FULL
from emulator import Emulator

from .stories import (
    EVERYONE_FILTER,
    Story,
    colleagues,
    hasty,
    issues,
    office,
    park_location,
    talking,
)

# Counted in moments: these differ from run to run.
PASSING = (
    "live_seconds",
    "last_event_age_seconds",
    "age_seconds",
    "due_age_seconds",
)


@pytest.fixture
def snapshot(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    """Return snapshots as Home Assistant writes them."""
    return snapshot.use_extension(HomeAssistantSnapshotExtension)


def steady(found: Any) -> Any:
    """Return diagnostics with the kind in place of each value that passes."""
    if isinstance(found, list):
        return [steady(each) for each in found]
    if not isinstance(found, dict):
        return found
    return {
        key: type(value).__name__ if key in PASSING else steady(value)
        for key, value in found.items()
        if key not in ("versions", "recording")
    }


def account_device(story: Story) -> dr.DeviceEntry:
    """Return the device of the account."""
    device = dr.async_get(story.hass).async_get_device_by_identifier(
        ("ringcentral", story.emulator.account_id), story.entry.entry_id
    )
    assert device is not None
    return device


async def test_of_an_account(
    hass: HomeAssistant,
    emulator: Emulator,
    hass_client: ClientSessionGenerator,
    snapshot: SnapshotAssertion,
) -> None:
    own, park = emulator.own_extension_id, park_location(emulator)
    async with office(
        hass, emulator, follow=["chosen", "lines"], extensions=[own, park]
    ) as story:
        await emulator.deliver(own, talking(own))
        await story.shows(telephony_status="call_connected")
        found = await get_diagnostics_for_config_entry(hass, hass_client, story.entry)
        assert steady(found) == snapshot
        versions = found["versions"]
        assert isinstance(versions, dict)
        assert versions.keys() == {"integration", "home_assistant"}


async def test_of_an_extension(
    hass: HomeAssistant,
    emulator: Emulator,
    hass_client: ClientSessionGenerator,
    snapshot: SnapshotAssertion,
) -> None:
    async with office(hass, emulator) as story:
        await emulator.deliver(story.own, talking(story.own))
        await story.shows(telephony_status="call_connected")
        device = story.device(story.own)
        assert device is not None
        found = await get_diagnostics_for_device(hass, hass_client, story.entry, device)
        assert steady(found) == snapshot


async def test_the_device_of_the_account_tells_of_the_account(
    hass: HomeAssistant, emulator: Emulator, hass_client: ClientSessionGenerator
) -> None:
    async with office(hass, emulator) as story:
        of_device = await get_diagnostics_for_device(
            hass, hass_client, story.entry, account_device(story)
        )
        of_entry = await get_diagnostics_for_config_entry(
            hass, hass_client, story.entry
        )
        assert steady(of_device) == steady(of_entry)


async def test_losses_and_refusals_are_told(
    hass: HomeAssistant, emulator: Emulator, hass_client: ClientSessionGenerator
) -> None:
    emulator.faults.set(refuse_filters={EVERYONE_FILTER: "SUB-406"})
    with hasty():
        async with office(hass, emulator, follow=["account"]) as story:
            emulator.faults.set(connection_error=1)
            await emulator.disconnect(code=4001, recoverable=True)
            await story.lost()
            await story.live()
            found: Any = await get_diagnostics_for_config_entry(
                hass, hass_client, story.entry
            )
            assert found["connection"]["losses"] == 1
            assert found["connection"]["close_codes"] == [4001]
            assert found["connection"]["error_codes"] != []
            refused = "/restapi/v1.0/account/~/presence?detailedTelephonyState=true"
            assert found["filters"]["refused"] == {refused: "SUB-406"}
            # Whose filter it is shows by the name that stands for an extension.
            assert any("extension_1/" in name for name in found["filters"]["live"])


async def test_while_nothing_is_connected(
    hass: HomeAssistant, emulator: Emulator, hass_client: ClientSessionGenerator
) -> None:
    with hasty(grace=0.0):
        async with office(hass, emulator) as story:
            emulator.faults.set(token_error={"code": "OAU-213"})
            emulator.revoke_tokens()
            await story.until(lambda: not story.coordinator.available)
            found: Any = await get_diagnostics_for_config_entry(
                hass, hass_client, story.entry
            )
            assert found["connection"]["available"] is False
            assert found["connection"]["live"] is False
            assert found["connection"]["live_seconds"] is None


async def test_while_nothing_is_subscribed(
    hass: HomeAssistant, emulator: Emulator, hass_client: ClientSessionGenerator
) -> None:
    """A permission is missing, and was looked at again."""
    with hasty(try_again=0.05):
        async with office(hass, emulator) as story:
            emulator.faults.set(permissions_removed=["WebSocket"])
            await emulator.disconnect(code=1001, recoverable=False)
            stream = story.coordinator.account.stream
            await story.until(lambda: story.coordinator.account.stream is not stream)
            found: Any = await get_diagnostics_for_config_entry(
                hass, hass_client, story.entry
            )
            assert found["filters"] == {}
            assert found["extensions"] != {}


async def test_nothing_of_a_person_is_in_it(
    hass: HomeAssistant, emulator: Emulator, hass_client: ClientSessionGenerator
) -> None:
    """Names, numbers and secrets are planted wherever any could be, and looked for in all that is downloaded."""
    number, name, message = "+14155550177", "Zacharias Caller", "At the clinic"
    one, *_ = colleagues(emulator, 1)
    emulator.faults.set(
        refuse_filters={EVERYONE_FILTER: "SUB-406"}, refresh_tokens=True
    )
    assert await async_setup_component(hass, "diagnostics", {})
    async with office(
        hass,
        emulator,
        follow=["account", "lines", "favorites", "chosen"],
        extensions=[one],
        caller_identity=CALLER_FULL,
    ) as story:
        for extension_id in (story.own, one):
            await emulator.set_presence(extension_id, {"message": message})
            await story.call(
                "ring", "answer", at=extension_id, from_=number, from_name=name
            )
            await story.shows(extension_id, telephony_status="call_connected")
        # The repair has the account's name in its text.
        assert issues(hass) != []
        token = await story.coordinator.account.sign_in.tokens.token()
        planted = {
            number,
            name,
            message,
            story.entry.title,
            emulator.account_id,
            emulator.client_id,
            emulator.client_secret,
            emulator.jwt,
            token.value,
            str(token.refresh_token),
            *emulator.ids(),
            *(
                word
                for key in emulator.ids()
                for word in (
                    emulator.extension(key).name,
                    emulator.extension(key).phone,
                )
                if word
            ),
        }
        client = await hass_client()
        start = f"/api/diagnostics/config_entry/{story.entry.entry_id}"
        pages = [start]
        for device in (story.device(story.own), story.device(one)):
            assert device is not None
            pages.append(f"{start}/device/{device.id}")
        pages.append(f"{start}/device/{account_device(story).id}")
        for page in pages:
            reply = await client.get(page)
            assert reply.status == 200
            text = await reply.text()
            assert "CallConnected" in text
            assert not [word for word in planted if word in text]


@pytest.mark.parametrize(
    ("faults", "state", "reason"),
    [
        (
            {"http_5xx": [{"path": "*", "status": 503}]},
            ConfigEntryState.SETUP_RETRY,
            "retry_later",
        ),
        (
            {"permissions_removed": ["ReadPresence"]},
            ConfigEntryState.SETUP_RETRY,
            "permission_missing",
        ),
        (
            {"token_error": {"code": "OAU-147"}},
            ConfigEntryState.SETUP_ERROR,
            "sign_in_required",
        ),
        ({}, ConfigEntryState.NOT_LOADED, None),
    ],
)
async def test_an_entry_that_is_not_loaded_has_diagnostics_and_lets_devices_go(
    hass: HomeAssistant,
    emulator: Emulator,
    hass_client: ClientSessionGenerator,
    hass_ws_client: WebSocketGenerator,
    faults: dict[str, Any],
    state: ConfigEntryState,
    reason: str | None,
) -> None:
    assert await async_setup_component(hass, "diagnostics", {})
    assert await async_setup_component(hass, "config", {})
    async with office(hass, emulator) as story:
        devices = [story.device(story.own), account_device(story)]
    if faults:
        emulator.faults.set(**faults)
        # What the unload has left cannot be gone on with.
        emulator.revoke_tokens()
        await hass.config_entries.async_setup(story.entry.entry_id)
    assert story.entry.state is state
    found = await get_diagnostics_for_config_entry(hass, hass_client, story.entry)
    assert isinstance(found, dict)
    assert found["entry"]["state"] == state.value
    assert found["entry"]["reason"] == reason
    client = await hass_ws_client()
    for device in devices:
        assert device is not None
        assert (
            await get_diagnostics_for_device(hass, hass_client, story.entry, device)
            == found
        )
        reply = await client.remove_device(device.id)
        assert reply["success"]
    assert story.followed() == set()
    emulator.faults.clear()
    await hass.config_entries.async_reload(story.entry.entry_id)
    await hass.async_block_till_done()
    assert story.followed() == {story.own}
    assert await hass.config_entries.async_unload(story.entry.entry_id)


async def recording(
    hass: HomeAssistant, emulator: Emulator, hass_client: ClientSessionGenerator
) -> dict[str, Any]:
    """Return the recording of an office in which a call rings, is answered and held."""
    async with office(hass, emulator) as story:
        await emulator.play_call(
            emulator.own_extension_id,
            ["ring", "answer", "hold"],
            from_name="Zacharias Caller",
            **{"from": "+14155550177"},
        )
        await story.until(
            lambda: (
                story.coordinator.presence(emulator.own_extension_id).telephony_status
                == "OnHold"
            )
        )
        found = await get_diagnostics_for_config_entry(hass, hass_client, story.entry)
    return dict(found["recording"])


async def test_a_recording_plays_to_the_states_of_now(
    hass: HomeAssistant, emulator: Emulator, hass_client: ClientSessionGenerator
) -> None:
    replay = Replay(await recording(hass, emulator, hass_client))

    steps = list(replay.steps())

    assert {event.type for step in steps for event in step.events} >= {
        "answered",
        "held",
    }
    assert replay.differences() == {}


async def test_a_recording_tells_nothing_of_anybody(
    hass: HomeAssistant, emulator: Emulator, hass_client: ClientSessionGenerator
) -> None:
    text = json.dumps(await recording(hass, emulator, hass_client))

    people = [emulator.extension(each) for each in emulator.extension_ids]
    private = [emulator.jwt, emulator.client_secret, *emulator.extension_ids]
    private += ["Zacharias", "4155550177", *(each.name for each in people)]
    assert [each for each in private if each in text] == []


PRIVATE_NAME, PRIVATE_NUMBER = "Zacharias Quagmire", "+14155550177"


async def test_a_long_recording_of_everything_plays_to_the_states_of_now(
    hass: HomeAssistant, emulator: Emulator, hass_client: ClientSessionGenerator
) -> None:
    """People, a queue, a park location; late, doubled, partial and odd frames; a break and readings."""
    queue, park = (
        emulator.ids(type=kind)[0] for kind in ("Department", "ParkLocation")
    )
    people = emulator.ids(type="User")[:4]
    chosen = [*people, queue, park]
    async with office(
        hass, emulator, follow=["own", "chosen"], extensions=chosen
    ) as story:

        async def play(key: str, steps: list[str], **more: Any) -> None:
            await emulator.play_call(
                key, steps, from_name=PRIVATE_NAME, **{"from": PRIVATE_NUMBER}, **more
            )

        async def agrees() -> None:
            await story.until(
                lambda: all(
                    str(story.coordinator.presence(key).telephony_status)
                    == emulator.truth()[key]["telephonyStatus"]
                    for key in people
                )
            )

        await play(queue, ["ring"], call="waiting")
        await play(queue, ["ring"], call="waiting too")
        await play(people[0], ["ring", "answer", "hold"], call="held")
        await play(people[0], ["ring"], call="second")
        await play(people[1], ["dial", "answer", "hangup"])
        await play(people[2], ["ring", "answer"], call="talk")
        await emulator.set_presence(people[3], {"message": PRIVATE_NAME})
        await emulator.set_presence(people[3], {"dndStatus": "DoNotAcceptAnyCalls"})
        emulator.faults.set(reorder=0.5, duplicate=0.5, partial_bodies=True)
        for number in range(6):
            await play(
                people[1],
                ["ring", "answer", "hold", "resume", "hangup"],
                call=str(number),
            )
        emulator.faults.clear()
        odd: list[Any] = ["x", 5, None, [], {"name": PRIVATE_NAME}]
        for value in odd:
            await emulator.deliver(
                people[2], {"extensionId": people[2], "userStatus": value}
            )
        await agrees()
        await emulator.disconnect(recoverable=False)
        await play(people[1], ["ring"], call="last")
        await agrees()
        # Events told more of the queue than a reading after the break does.
        await story.until(lambda: story.coordinator.presence(queue).user_status is None)
        found = await get_diagnostics_for_config_entry(hass, hass_client, story.entry)
        report = found["recording"]
        replay = Replay(report)
        steps = list(replay.steps())

        assert len(report["records"]) > 50
        assert {step.kind for step in steps} >= {"event", "reading", "late"}
        assert replay.differences() == {}
        assert len(report["states"]) >= 6
        assert len(report["without_status"]) == 2
        text = json.dumps(report)
        everyone = [emulator.extension(each) for each in emulator.extension_ids]
        private = [emulator.jwt, emulator.client_secret, *emulator.extension_ids]
        private += [*PRIVATE_NAME.split(), PRIVATE_NUMBER.lstrip("+")]
        private += [each.name for each in everyone]
        assert [each for each in private if each in text] == []
