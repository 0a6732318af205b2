"""RingCentral presence for Home Assistant, over RingCentral's own push."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import EVENT_HOMEASSISTANT_STOP, Platform
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.exceptions import (
    ConfigEntryAuthFailed,
    ConfigEntryError,
    ConfigEntryNotReady,
)
from homeassistant.helpers import config_validation as cv, device_registry as dr
from homeassistant.helpers.entity_platform import async_get_platforms
from homeassistant.helpers.typing import ConfigType
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey

from .aioringcentral.account import Account, Choices
from .aioringcentral.errors import (
    Misconfigured,
    PermissionMissing,
    Reason,
    RetryLater,
    RingCentralError,
    SignInRequired,
)
from .aioringcentral.membership import Follow
from .aioringcentral.pauses import Pauses
from .const import CONF_EXTENSIONS, CONF_FOLLOW, DOMAIN
from .coordinator import RingCentralConfigEntry, RingCentralCoordinator
from .devices import extension_devices, is_followed
from .feature_permissions import remove_permissions
from .issues import clear_issues, report_permission_missing
from .kept import kept_options, kept_unique_id
from .last_changes import take_back_changes
from .own_queues import earlier_queues
from .permission_names import permission_name
from .restore_schedule import remove_stored
from .services import async_setup_services
from .set_up_retry import forget_retry, retry_set_up
from .sign_in import hand_over, leave, owned, sign_in_with, take_back
from .voicemail_actions import async_setup_voicemail_actions
from .voicemail_audio import async_setup_voicemail_audio
from .wallboard import async_setup_wallboard

PLATFORMS = (
    Platform.BINARY_SENSOR,
    Platform.CALENDAR,
    Platform.EVENT,
    Platform.SELECT,
    Platform.SENSOR,
    Platform.SWITCH,
)


# Entities that are removed in one go, which takes a few hundredths of a second.
_MOST_AT_ONCE = 1_000

# Seconds that removing an entry waits for its sign-in to end.
_END_WITHIN = 5.0

# The choices of each entry that was unloaded, and those by which each extension was found; by entry id.
_EARLIER: HassKey[dict[str, tuple[Choices, Mapping[str, frozenset[Follow]]]]] = HassKey(
    f"{DOMAIN}_earlier_choices"
)

CONFIG_SCHEMA = cv.config_entry_only_config_schema(DOMAIN)


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Register what exists once, however many accounts there are."""
    async_setup_services(hass)
    async_setup_voicemail_actions(hass)
    await async_setup_wallboard(hass)
    async_setup_voicemail_audio(hass)
    return True


async def async_setup_entry(hass: HomeAssistant, entry: RingCentralConfigEntry) -> bool:
    """Sign in and follow; entities are added once every state is known."""
    try:
        access = sign_in_with(hass, entry.data)
    except RingCentralError as err:
        raise _setup_error(hass, entry, err) from err
    account = Account(
        access,
        _choices(entry.options),
        account_id=kept_unique_id(entry.unique_id),
        utcnow=_utcnow,
        voicemail=True,
        call_log=True,
        queues=True,
        create_task=lambda work, name: entry.async_create_background_task(
            hass, work, name
        ),
    )
    coordinator = RingCentralCoordinator(hass, entry, account)

    is_stopped = False

    async def stop(_event: Event) -> None:
        nonlocal is_stopped
        is_stopped = True
        await _stop(coordinator)
        await access.close()

    @callback
    def stop_listening() -> None:
        # Home Assistant logs an error if it has called the listener already.
        if not is_stopped:
            unsubscribe()

    unsubscribe = hass.bus.async_listen_once(EVENT_HOMEASSISTANT_STOP, stop)
    try:
        await _start(coordinator)
    except BaseException as err:
        stop_listening()
        # `BaseException`, since Home Assistant may also cancel a set-up.
        await _stop(coordinator)
        if not isinstance(err, RingCentralError) or isinstance(err, RetryLater):
            # The next try reuses this sign-in: each one costs one of five requests a minute.
            hand_over(hass, entry.data, access.tokens)
        else:
            # What the user mends may only take effect in another session.
            await access.close()
        if isinstance(err, RingCentralError):
            raise _setup_error(hass, entry, err) from err
        if hass.is_stopping:
            raise ConfigEntryNotReady from err
        raise
    forget_retry(hass, entry)
    if entry.unique_id != account.id:
        # The unique id was lost: without it the account could be added twice.
        hass.config_entries.async_update_entry(entry, unique_id=account.id)
    entry.runtime_data = coordinator
    owned(hass, access.tokens)
    entry.async_on_unload(stop_listening)
    expected = set(extension_devices(hass, entry, account.id))
    if earlier := hass.data.get(_EARLIER, {}).get(entry.entry_id):
        expected -= _choices(entry.options).dropped(expected, *earlier)
    # One reading removes no device that the user has not dropped.
    account.expect_members(expected)
    coordinator.voicemail.expect(hass)
    await coordinator.members.sync_devices()
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)
    # Not during the set-up of a platform, which has a time limit.
    await coordinator.members.add_entities()
    return True


async def async_unload_entry(
    hass: HomeAssistant, entry: RingCentralConfigEntry
) -> bool:
    """Remove the entities and close the socket; a reload may reuse the sign-in, which is ended otherwise."""
    entry.runtime_data.members.stop()
    await _remove_entities(hass, entry)
    if not await hass.config_entries.async_unload_platforms(entry, PLATFORMS):
        return False
    account = entry.runtime_data.account
    earlier = (account.choices, account.origins)
    hass.data.setdefault(_EARLIER, {})[entry.entry_id] = earlier
    await _stop(entry.runtime_data)
    await leave(hass, account.sign_in, entry.data)
    return True


async def _remove_entities(hass: HomeAssistant, entry: RingCentralConfigEntry) -> None:
    """Remove many entities part by part, since unloading would remove them in one go."""
    entities = [
        entity
        for platform in async_get_platforms(hass, DOMAIN)
        if platform.config_entry is entry
        for entity in platform.entities.values()
    ]
    pauses = Pauses()
    for entity in entities if len(entities) > _MOST_AT_ONCE else ():
        await entity.async_remove()
        await pauses.take()


async def _start(coordinator: RingCentralCoordinator) -> None:
    """Start following; raises `RingCentralError`."""
    await coordinator.editor.load()
    await coordinator.permissions.load()
    # Do not ask again for what an earlier run found out.
    hass, entry_id = coordinator.hass, coordinator.config_entry.entry_id
    coordinator.account.queues.expected = earlier_queues(hass, entry_id)
    coordinator.call_log.expect(hass, entry_id)
    if hass.is_stopping:
        # The event that ends a start may have come earlier.
        raise RetryLater(Reason.CANNOT_CONNECT)
    await coordinator.account.start()
    await coordinator.editor.start()


async def _stop(coordinator: RingCentralCoordinator) -> None:
    """Undo `_start`, however far it got; the sign-in stays."""
    await coordinator.account.stop()
    coordinator.availability.cancel_grace()
    await coordinator.editor.stop()
    await coordinator.queues.stop()


def _choices(options: Mapping[str, Any]) -> Choices:
    kept = kept_options(options)
    follow = kept[CONF_FOLLOW]
    return Choices(
        own=Follow.OWN in follow,
        lines=Follow.LINES in follow,
        favorites=Follow.FAVORITES in follow,
        chosen=tuple(kept[CONF_EXTENSIONS]) if Follow.CHOSEN in follow else (),
        account=Follow.ACCOUNT in follow,
    )


def _utcnow() -> datetime:
    return dt_util.utcnow()


async def async_remove_config_entry_device(
    hass: HomeAssistant, entry: RingCentralConfigEntry, device: dr.AnyDeviceEntry
) -> bool:
    """Allow removing a device that is not followed; any device while that is unknown."""
    if entry.state is not ConfigEntryState.LOADED:
        return True
    coordinator = entry.runtime_data
    return not is_followed(coordinator.account_id, coordinator.extensions, device)


async def async_remove_entry(
    hass: HomeAssistant, entry: RingCentralConfigEntry
) -> None:
    """Forget what was stored besides the entry."""
    clear_issues(hass, entry)
    forget_retry(hass, entry)
    hass.data.get(_EARLIER, {}).pop(entry.entry_id, None)
    tokens = await take_back_changes(hass, entry)
    await remove_stored(hass, entry.entry_id)
    await remove_permissions(hass, entry.entry_id)
    if tokens is None:
        tokens = take_back(hass, entry.data)
    if tokens is not None:
        # Do not make the user who removes the entry wait for a service that hangs.
        end = hass.async_create_task(tokens.close(), "ringcentral end of a sign-in")
        await asyncio.wait([end], timeout=_END_WITHIN)


def _setup_error(
    hass: HomeAssistant, entry: RingCentralConfigEntry, error: RingCentralError
) -> Exception:
    """Return the exception that tells Home Assistant to sign in again, try again later, or give up."""
    if isinstance(error, SignInRequired):
        retry_set_up(hass, entry)
        return ConfigEntryAuthFailed(
            translation_domain=DOMAIN, translation_key="sign_in_required"
        )
    if isinstance(error, PermissionMissing):
        # Set-up is tried again, so that it works once the permission is there.
        report_permission_missing(hass, entry, error)
        name = permission_name(error)
        return ConfigEntryNotReady(
            translation_domain=DOMAIN,
            translation_key="permission_missing" if name else "permission_unknown",
            translation_placeholders={"permission": name} if name else None,
        )
    if isinstance(error, Misconfigured):
        retry_set_up(hass, entry)
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
