"""Reading presence of many extensions in few requests (docs/protocol.md 2.6, 2.10)."""

from collections.abc import Collection
from dataclasses import replace
import logging

from .batches import BATCH, Readings
from .errors import Misconfigured, PermissionMissing, Reason, RetryLater
from .rest import Rest

_LOGGER = logging.getLogger(__name__)


class SnapshotReader:
    """Reads presence in the cheapest way that the account allows."""

    def __init__(self, rest: Rest) -> None:
        """Read through ``rest``; use the account-wide call until it is refused once."""
        self._rest = rest
        self.account_refused = False

    async def read(self, extension_ids: Collection[str]) -> Readings:
        """Return the presence of those extensions that may be read; see `Rest` for the errors raised."""
        wanted = dict.fromkeys(extension_ids)
        # One batch is as cheap as a request for the whole account, which belongs to the Heavy group.
        if len(wanted) <= BATCH or self.account_refused:
            return await self._rest.presences(wanted)
        try:
            found = [
                update
                for update in await self._rest.account_presences()
                if update.extension_id in wanted
            ]
        except (PermissionMissing, Misconfigured) as err:
            _LOGGER.debug(
                "Presence of the whole account is refused (%s), reading in batches", err
            )
            self.account_refused = True
            return await self._rest.presences(wanted)
        except RetryLater as err:
            if err.reason is not Reason.SERVICE_ERROR or err.retry_after:
                raise
            # Perhaps only this call fails.
            _LOGGER.debug("Presence of the whole account fails, reading in batches")
            return await self._rest.presences(wanted)
        listed = {update.extension_id for update in found}
        missing = tuple(key for key in wanted if key not in listed)
        try:
            others = await self._rest.presences(missing)
        except (PermissionMissing, Misconfigured) as err:
            _LOGGER.debug("Those that the account does not list are refused: %s", err)
            others = Readings()
        except RetryLater as err:
            others = Readings(later=missing, retry_after=err.retry_after)
        return replace(others, found=(*found, *others.found))
