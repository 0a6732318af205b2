"""Undoes changes for a time at once when their entry is removed."""

import asyncio
from typing import Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from .aioringcentral.account import Account, Choices
from .aioringcentral.auth import TokenSource
from .aioringcentral.errors import RingCentralError
from .const import LOGGER
from .kept import kept_unique_id
from .presence_writer import PresenceWriter
from .restore_schedule import has_stored
from .sign_in import sign_in_with

# Seconds. The user who removes an entry waits for this.
_WITHIN: Final = 10.0


async def take_back_changes(
    hass: HomeAssistant, entry: ConfigEntry
) -> TokenSource | None:
    """Undo what an entry that is being removed has changed for a time, or report that it stays.

    Return the sign-in with which that was done, or None if there was nothing to undo.
    """
    if not await has_stored(hass, entry.entry_id):
        return None
    try:
        access = sign_in_with(hass, entry.data)
    except RingCentralError:
        # The credentials in the entry can never work.
        return None
    account = Account(
        access,
        Choices(own=True),
        account_id=kept_unique_id(entry.unique_id),
        utcnow=dt_util.utcnow,
    )
    editor = PresenceWriter(hass, entry, account, lambda _key: None)
    await editor.load()
    editor.restores.drop_all_overdue()
    try:
        async with asyncio.timeout(_WITHIN):
            left = await editor.take_back_now()
    except TimeoutError:
        left = len(editor.restores.items())
    await editor.stop()
    if left:
        LOGGER.warning(
            "%s changes for a time are not taken back: their account was removed,"
            " and RingCentral did not take the earlier values",
            left,
        )
    return access.tokens
