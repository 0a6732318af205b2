"""The fix flows of issues that can be mended or retried in Home Assistant."""

from abc import abstractmethod
from typing import Any, override

from homeassistant.components.repairs import RepairsFlow, RepairsFlowResult
from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.core import HomeAssistant
import voluptuous as vol

from .aioringcentral.errors import PermissionMissing, RingCentralError
from .const import CONF_EXTENSIONS
from .coordinator import RingCentralCoordinator
from .issues import LOST_CHOICES, LOST_PERMISSIONS
from .kept import kept_options
from .permission_names import is_of_role, permission_name
from .sign_in import check_again


async def async_create_fix_flow(
    hass: HomeAssistant, issue_id: str, data: dict[str, Any] | None
) -> RepairsFlow:
    """Return the flow for a fixable issue."""
    texts = {key: str(value) for key, value in (data or {}).items()}
    if issue_id.startswith(LOST_CHOICES):
        return LostChoicesFlow(texts)
    if issue_id.startswith(LOST_PERMISSIONS):
        return LostPermissionFlow(texts)
    return PermissionAddedFlow(texts)


class _ConfirmFlow(RepairsFlow):
    """Asks once, then mends the issue; the form stays open if that fails."""

    # Whether the entry is set up again afterwards.
    _reloads = True

    def __init__(self, data: dict[str, str]) -> None:
        """Keep the entry's id and what the texts need."""
        self._data = data

    @abstractmethod
    async def _mend(self, entry: ConfigEntry) -> str | None:
        """Mend the issue; return the key of what stands in the way, if anything does."""

    async def async_step_init(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Begin."""
        return await self.async_step_confirm()

    async def async_step_confirm(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Say what to do; once that is done, set the entry up again."""
        error = None
        if user_input is not None:
            entry = self.hass.config_entries.async_get_entry(
                self._data.get("entry_id", "")
            )
            error = await self._mend(entry) if entry else None
            if error is None:
                if entry and self._reloads:
                    self.hass.config_entries.async_schedule_reload(entry.entry_id)
                return self.async_create_entry(data={})
        return self.async_show_form(
            step_id="confirm",
            data_schema=vol.Schema({}),
            errors={"base": error} if error else None,
            description_placeholders=self._data,
        )


class LostChoicesFlow(_ConfirmFlow):
    """Removes chosen extensions that are no longer in the account from the choice."""

    @override
    async def _mend(self, entry: ConfigEntry) -> str | None:
        lost = self._data["extensions"].split(",")
        chosen = kept_options(entry.options)[CONF_EXTENSIONS]
        left = [key for key in chosen if key not in lost]
        self.hass.config_entries.async_update_entry(
            entry, options={**entry.options, CONF_EXTENSIONS: left}
        )
        return None


class LostPermissionFlow(_ConfirmFlow):
    """Checks whether a permission of one feature is back, while presence goes on."""

    _reloads = False

    @override
    async def _mend(self, entry: ConfigEntry) -> str | None:
        if entry.state is not ConfigEntryState.LOADED:
            return "not_known_yet"
        coordinator: RingCentralCoordinator = entry.runtime_data
        try:
            await coordinator.account.look_for(self._data["name"])
        except PermissionMissing as err:
            return "role_still_missing" if is_of_role(err) else "still_missing"
        except RingCentralError:
            return "not_known_yet"
        return None


class PermissionAddedFlow(_ConfirmFlow):
    """Checks for a permission that was added, and stays open until it is there."""

    @override
    async def _mend(self, entry: ConfigEntry) -> str | None:
        # A set-up that has just begun uses the earlier sign-in, and may be ending it.
        async with entry.setup_lock:
            try:
                await check_again(self.hass, entry)
            except PermissionMissing as err:
                if (name := permission_name(err)) is None:
                    return "some_still_missing"
                self._data["permission"] = name
                return "role_still_missing" if is_of_role(err) else "still_missing"
            except RingCentralError:
                return "not_known_yet"
        return None
