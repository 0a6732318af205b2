"""What becomes of changes for a time when their entry is removed: they are taken back at once."""

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

# Seconds. Whoever removes an entry waits for it.
_WITHIN: Final = 10.0


async def take_back_changes(
    hass: HomeAssistant, entry: ConfigEntry
) -> TokenSource | None:
    """Take back what an entry that is removed has changed for a time, or say that it stays.

    Return the sign-in with which that was done, None where nothing waits.
    """
    if not await has_stored(hass, entry.entry_id):
        return None
    try:
        access = sign_in_with(hass, entry.data)
    except RingCentralError:
        # What is entered there can never work.
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
