"""RingCentral presence for Home Assistant, over RingCentral's own push."""

from homeassistant.const import EVENT_HOMEASSISTANT_STOP, Platform
from homeassistant.core import Event, HomeAssistant
from homeassistant.exceptions import (
    ConfigEntryAuthFailed,
    ConfigEntryError,
    ConfigEntryNotReady,
)
from homeassistant.helpers import config_validation as cv, device_registry as dr
from homeassistant.helpers.typing import ConfigType

from .aioringcentral.errors import (
    Misconfigured,
    PermissionMissing,
    RetryLater,
    RingCentralError,
)
from .const import DOMAIN
from .coordinator import RingCentralConfigEntry, RingCentralCoordinator
from .devices import is_followed, sync_devices
from .lifecycle import needs_sign_in
from .repairs import clear_issues, permission_name, report_permission_missing
from .restore_schedule import remove_stored
from .services import async_setup_services
from .signin import hand_over, leave, sign_in, take_back
from .wallboard import async_setup_wallboard

PLATFORMS = (
    Platform.BINARY_SENSOR,
    Platform.EVENT,
    Platform.SELECT,
    Platform.SENSOR,
    Platform.SWITCH,
)


CONFIG_SCHEMA = cv.config_entry_only_config_schema(DOMAIN)


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Register what is there once, whatever number of accounts."""
    async_setup_services(hass)
    await async_setup_wallboard(hass)
    return True


async def async_setup_entry(hass: HomeAssistant, entry: RingCentralConfigEntry) -> bool:
    """Sign in and follow; entities are added once every state is known."""
    try:
        access = sign_in(hass, entry.data)
    except Misconfigured as err:
        raise _setup_error(hass, entry, err) from err
    coordinator = None
    try:
        coordinator = RingCentralCoordinator(
            hass, entry, access, await access.rest.own_extension()
        )
        await coordinator.editor.load()
        await coordinator.lifecycle.start()
        await coordinator.editor.start()
    except BaseException as err:
        # Home Assistant may also cut a set-up short.
        if coordinator is not None:
            await coordinator.lifecycle.stop()
        if not isinstance(err, RingCentralError) or isinstance(err, RetryLater):
            # The next try goes on with this sign-in: each costs one of five a minute.
            hand_over(hass, entry.data, access.tokens)
        else:
            # What the user mends may need another session to show.
            await access.tokens.close()
        if isinstance(err, RingCentralError):
            raise _setup_error(hass, entry, err) from err
        raise
    entry.runtime_data = coordinator

    async def stop(_event: Event | None = None) -> None:
        await coordinator.lifecycle.stop()
        await access.tokens.close()

    entry.async_on_unload(hass.bus.async_listen_once(EVENT_HOMEASSISTANT_STOP, stop))
    sync_devices(coordinator, remove=coordinator.members_complete)
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)
    return True


async def async_unload_entry(
    hass: HomeAssistant, entry: RingCentralConfigEntry
) -> bool:
    """Take the entities away, close the socket, and leave the sign-in to a reload or its end."""
    if not await hass.config_entries.async_unload_platforms(entry, PLATFORMS):
        return False
    await entry.runtime_data.lifecycle.stop()
    await leave(hass, entry.runtime_data.sign_in, entry.data)
    return True


async def async_remove_config_entry_device(
    hass: HomeAssistant, entry: RingCentralConfigEntry, device: dr.AnyDeviceEntry
) -> bool:
    """Let a device go that is not followed (any more)."""
    return not is_followed(entry.runtime_data, device)


async def async_remove_entry(
    hass: HomeAssistant, entry: RingCentralConfigEntry
) -> None:
    """Forget what was kept beside the entry."""
    clear_issues(hass, entry)
    await remove_stored(hass, entry.entry_id)
    if (tokens := take_back(hass, entry.data)) is not None:
        await tokens.close()


def _setup_error(
    hass: HomeAssistant, entry: RingCentralConfigEntry, error: RingCentralError
) -> Exception:
    """Return what Home Assistant has to know: sign in again, try again later, or never."""
    if needs_sign_in(error):
        return ConfigEntryAuthFailed(
            translation_domain=DOMAIN, translation_key="sign_in_required"
        )
    if isinstance(error, PermissionMissing):
        # Tried again, so that it works once the permission is there.
        report_permission_missing(hass, entry, error)
        return ConfigEntryNotReady(
            translation_domain=DOMAIN,
            translation_key="permission_missing",
            translation_placeholders={"permission": permission_name(error)},
        )
    kind, key = (
        (ConfigEntryError, "misconfigured")
        if isinstance(error, Misconfigured)
        else (ConfigEntryNotReady, "retry_later")
    )
    return kind(
        translation_domain=DOMAIN,
        translation_key=key,
        translation_placeholders={"reason": str(error.reason)},
    )
