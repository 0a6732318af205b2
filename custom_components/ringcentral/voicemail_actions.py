"""The action on voicemails: marks unheard ones as heard."""

import asyncio
from typing import Final

from homeassistant.auth.permissions.const import POLICY_CONTROL
from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import config_validation as cv

from .aioringcentral.account import Account
from .aioringcentral.errors import PermissionMissing, Reason, RingCentralError
from .aioringcentral.voicemail import EDIT_PERMISSION
from .const import DOMAIN
from .targets import targets_of
from .write_rules import not_connected, summary_of

MARK_READ: Final = "mark_voicemails_read"

# Readings of ten each, since RingCentral accepts 40 changes a minute (docs/protocol.md 5).
_MOST_ROUNDS: Final = 4


def async_setup_voicemail_actions(hass: HomeAssistant) -> None:
    """Register the action."""
    schema = cv.make_entity_service_schema({})
    hass.services.async_register(DOMAIN, MARK_READ, _mark_read, schema)


async def _mark_read(call: ServiceCall) -> None:
    targets = await targets_of(call, POLICY_CONTROL)
    users = [
        coordinator
        for coordinator, extension_ids in targets.loaded.items()
        if any(map(coordinator.voicemail.is_offered_for, extension_ids))
    ]
    if not users:
        if not targets.loaded:
            raise not_connected(next(iter(targets.not_loaded.values())))
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="no_voicemail"
        )
    # An account that is slow or unreachable must not hold up the others.
    results = await asyncio.gather(*(_mark_of(each.account) for each in users))
    errors = [error for error in results if error is not None]
    errors += [not_connected(account) for account in targets.not_loaded.values()]
    if errors:
        raise summary_of(errors, len(users) + len(targets.not_loaded))


async def _mark_of(account: Account) -> HomeAssistantError | None:
    """Mark the voicemails of one account, and return what went wrong."""
    try:
        await _mark_all(account)
    except PermissionMissing as err:
        error: HomeAssistantError = ServiceValidationError(
            translation_domain=DOMAIN, translation_key="may_not_mark"
        )
        error.__cause__ = err
    except RingCentralError as err:
        error = HomeAssistantError(
            translation_domain=DOMAIN,
            translation_key="change_failed",
            translation_placeholders={"reason": str(err.reason)},
        )
        error.__cause__ = err
    else:
        return None
    return error


async def _mark_all(account: Account) -> None:
    """Mark at most the newest forty unread voicemails."""
    voicemails, permissions = account.sign_in.rest.voicemails, account.permissions
    for _ in range(_MOST_ROUNDS):
        found = (await voicemails.unread()).newest
        for voicemail in found:
            try:
                await voicemails.mark_read(voicemail.id)
            except PermissionMissing as err:
                permissions.refuse(EDIT_PERMISSION, err)
                raise
            except RingCentralError as err:
                # Somebody may have deleted it meanwhile.
                if err.reason is not Reason.NOT_FOUND:
                    raise
                continue
            permissions.works(EDIT_PERMISSION)
        if not found:
            return
