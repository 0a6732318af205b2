"""Set-up and its ends: what Home Assistant is told of each kind of error."""

from unittest.mock import patch

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
import pytest

from custom_components.ringcentral import _stop
from custom_components.ringcentral.aioringcentral.errors import (
    AppRefused,
    Misconfigured,
    PermissionMissing,
    Reason,
    RetryLater,
    RingCentralError,
    SignInRequired,
)
from custom_components.ringcentral.aioringcentral.rest import Rest
from custom_components.ringcentral.aioringcentral.snapshot import SnapshotReader
from custom_components.ringcentral.aioringcentral.stream import Stream
from custom_components.ringcentral.const import CONF_SERVER
from emulator import Emulator

from . import entry_for, missing_texts, open_sessions
from .stories import (
    hasty,
    issues,
    lines,
    nothing_left,
    office,
    our_tasks,
    sign_in_flows,
)

ERROR, RETRY = ConfigEntryState.SETUP_ERROR, ConfigEntryState.SETUP_RETRY

# The error, the state it ends in, what is said, with what filled in.
OUTCOMES: list[
    tuple[RingCentralError, ConfigEntryState, str, dict[str, str] | None]
] = [
    (
        RetryLater(Reason.CANNOT_CONNECT),
        RETRY,
        "retry_later",
        {"reason": "cannot_connect"},
    ),
    (RetryLater(Reason.TLS_FAILED), RETRY, "retry_later", {"reason": "tls_failed"}),
    (
        RetryLater(Reason.RATE_LIMITED, "CMN-301", 60.0),
        RETRY,
        "retry_later",
        {"reason": "rate_limited"},
    ),
    (
        RetryLater(Reason.SUBSCRIPTION_LIMIT, "SUB-505"),
        RETRY,
        "retry_later",
        {"reason": "subscription_limit"},
    ),
    (
        PermissionMissing("CMN-401", "ReadAccounts"),
        RETRY,
        "permission_missing",
        {"permission": "Read Accounts"},
    ),
    (SignInRequired(Reason.INVALID_AUTH, "OAU-213"), ERROR, "sign_in_required", None),
    (SignInRequired(Reason.ACCOUNT_LOCKED, "OAU-147"), ERROR, "sign_in_required", None),
    (AppRefused(Reason.INVALID_CLIENT, "OAU-146"), ERROR, "sign_in_required", None),
    (
        AppRefused(Reason.GRANT_NOT_ALLOWED, "OAU-251"),
        ERROR,
        "sign_in_required",
        None,
    ),
    (AppRefused(Reason.WRONG_SERVER, "OAU-165"), ERROR, "sign_in_required", None),
    (
        Misconfigured(Reason.NOT_FOUND, "CMN-102"),
        ERROR,
        "misconfigured",
        {"reason": "not_found"},
    ),
]


@pytest.mark.parametrize("call", ["own_extension", "extensions", "ticket"])
@pytest.mark.parametrize(("error", "state", "key", "filled"), OUTCOMES, ids=str)
async def test_what_home_assistant_is_told(
    hass: HomeAssistant,
    emulator: Emulator,
    call: str,
    error: RingCentralError,
    state: ConfigEntryState,
    key: str,
    filled: dict[str, str] | None,
) -> None:
    """Whether it comes with the first call, with the lists, or when the stream begins."""
    with patch.object(Rest, call, side_effect=error):
        async with office(hass, emulator, follow=["account"], state=state) as story:
            entry = story.entry
            assert entry.error_reason_translation_key == key
            assert entry.error_reason_translation_placeholders == filled
            assert not missing_texts(("exceptions", key, "message"), filled)
            assert bool(sign_in_flows(hass)) == (key == "sign_in_required")
            expected = {key} & {"permission_missing"}
            if call == "ticket":
                # Before the stream nothing subscribes.
                expected |= {error.reason} & {"subscription_limit"}
            assert {issue.translation_key for issue in issues(hass)} == expected
            assert our_tasks() == []


@pytest.mark.parametrize(
    "server", ["http://platform.example.com", "https://", "ftp://127.0.0.1", "::"]
)
async def test_an_address_that_nobody_should_sign_in_to(
    hass: HomeAssistant, emulator: Emulator, server: str
) -> None:
    entry = entry_for(emulator)
    entry.add_to_hass(hass)
    hass.config_entries.async_update_entry(
        entry, data={**entry.data, CONF_SERVER: server}
    )
    assert not await hass.config_entries.async_setup(entry.entry_id)
    assert entry.state is ConfigEntryState.SETUP_ERROR
    assert entry.error_reason_translation_key == "misconfigured"
    placeholders = entry.error_reason_translation_placeholders
    assert placeholders == {"reason": "invalid_address"}


@pytest.mark.no_fail_on_log_exception
async def test_a_fault_of_ours_at_start_is_tried_again(
    hass: HomeAssistant, emulator: Emulator, caplog: pytest.LogCaptureFixture
) -> None:
    with patch.object(Stream, "run", side_effect=ValueError("a fault")):
        async with office(hass, emulator, state=ConfigEntryState.SETUP_RETRY) as story:
            placeholders = story.entry.error_reason_translation_placeholders
            assert placeholders == {"reason": "service_error"}
    assert lines(caplog) == ["Unexpected error while following"]


@pytest.mark.no_fail_on_log_exception
async def test_a_fault_of_ours_later_is_tried_again(
    hass: HomeAssistant, emulator: Emulator, caplog: pytest.LogCaptureFixture
) -> None:
    with hasty(try_again=0.05):
        async with office(hass, emulator) as story:
            with patch.object(SnapshotReader, "read", side_effect=ValueError("fault")):
                await emulator.disconnect(code=1001, recoverable=False)
                await story.until(lambda: not story.coordinator.available)
            assert sign_in_flows(hass) == []
            await story.live()
            await story.call("ring")
            await story.shows(telephony_status="ringing")
    assert "Unexpected error while following" in lines(caplog)


async def test_the_devices(
    hass: HomeAssistant, emulator: Emulator, device_registry: dr.DeviceRegistry
) -> None:
    """One for the account, and one below it for each extension, with its number."""
    async with office(hass, emulator) as story:
        account = device_registry.async_get_device_by_identifier(
            ("ringcentral", emulator.account_id), story.entry.entry_id
        )
        own = story.device(story.own)
        assert account is not None
        assert own is not None
        assert own.via_device_id == account.id
        assert own.name == emulator.extension(story.own).name
        assert own.model == f"Extension {emulator.extension(story.own).number}"
        for device in (account, own):
            assert device.manufacturer == "RingCentral"
            assert device.entry_type is dr.DeviceEntryType.SERVICE


async def test_what_holds_calls_without_being_a_person_says_what_it_is(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """In RingCentral's word, for the wallboard to group by."""
    places = {kind: emulator.ids(type=kind)[0] for kind in ("Department", "ParkLocation")}  # fmt: skip
    async with office(
        hass, emulator, follow=["own", "chosen"], extensions=[*places.values()]
    ) as story:
        for kind, extension_id in places.items():
            device = story.device(extension_id)
            assert device is not None
            assert device.model_id == kind
        own = story.device(story.own)
        assert own is not None
        assert own.model_id is None


@pytest.mark.parametrize(
    "name",
    ["", " ", "\n", "\t \r\n", "\u200b", "\ufeff\u2060", "\u00a0", "\u3164", "\u2800"],
    ids=ascii,
)
async def test_someone_without_a_name_is_called_by_the_number(
    hass: HomeAssistant, emulator: Emulator, name: str
) -> None:
    await emulator.rename_extension(emulator.own_extension_id, name)
    async with office(hass, emulator) as story:
        device = story.device(story.own)
        assert device is not None
        assert device.name == f"Extension {emulator.extension(story.own).number}"


async def test_entities_that_stay_keep_their_connection(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    """An unload that Home Assistant could not complete ends nothing."""
    async with office(hass, emulator) as story:
        with patch.object(
            hass.config_entries, "async_unload_platforms", return_value=False
        ):
            assert not await hass.config_entries.async_unload(story.entry.entry_id)
        assert story.entry.state is ConfigEntryState.FAILED_UNLOAD
        await story.call("ring")
        await story.shows(telephony_status="ringing")
        # As at the end of Home Assistant.
        await _stop(story.coordinator)
        await story.coordinator.account.sign_in.tokens.close()
        await nothing_left(emulator)


async def test_a_removed_entry_signs_out(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    async with office(hass, emulator) as story:
        assert open_sessions(emulator) == 1
        assert await hass.config_entries.async_remove(story.entry.entry_id)
        await nothing_left(emulator)


async def test_an_entry_that_never_signed_in_is_removed(
    hass: HomeAssistant, emulator: Emulator
) -> None:
    emulator.faults.set(token_error={"code": "OAU-146"})
    async with office(hass, emulator, state=ConfigEntryState.SETUP_ERROR) as story:
        assert await hass.config_entries.async_remove(story.entry.entry_id)
        assert emulator.counters.requests["POST /restapi/oauth/revoke"] == 0
