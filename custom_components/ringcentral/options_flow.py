"""The options of an entry: whom to follow, and how much to show of callers."""

from collections.abc import Mapping
from typing import Any, override

from homeassistant.config_entries import (
    ConfigEntryState,
    ConfigFlowResult,
    OptionsFlowWithReload,
)

from .aioringcentral.errors import RingCentralError
from .const import CONF_CALLER_IDENTITY, CONF_EXTENSIONS, CONF_FOLLOW, LOGGER
from .coordinator import RingCentralConfigEntry
from .flow_forms import options_form
from .follow_steps import FollowSteps
from .kept import kept_options


class RingCentralOptionsFlow(FollowSteps, OptionsFlowWithReload):
    """Changes the options, with the sign-in of the running entry."""

    config_entry: RingCentralConfigEntry

    async def async_step_init(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask whom to follow, and how much to show of callers."""
        if self._is_gone:
            return self.async_abort(reason="not_loaded")
        if user_input is None:
            if not self._is_loaded:
                return self.async_abort(reason="not_loaded")
            account = self.config_entry.runtime_data.account
            try:
                await self._read_lists(account.sign_in, account.own)
            except RingCentralError as err:
                LOGGER.debug("The lists of extensions could not be read: %s", err)
                return self.async_abort(reason="no_answer")
            self._options = kept_options(self.config_entry.options)
        form = options_form(self._lists, self._options[CONF_FOLLOW])
        return await self._ask_follow("init", form, user_input)

    @override
    async def async_step_extensions(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask which extensions to follow."""
        if self._is_gone:
            return self.async_abort(reason="not_loaded")
        return await super().async_step_extensions(user_input)

    @override
    def _follows_already(self, options: dict[str, Any]) -> bool:
        now = kept_options(self.config_entry.options)
        return all(
            set(options[name]) <= set(now[name])
            for name in (CONF_FOLLOW, CONF_EXTENSIONS)
        )

    @override
    async def _finish(self, options: dict[str, Any]) -> ConfigFlowResult:
        entry = self.config_entry
        callers = {CONF_CALLER_IDENTITY: options[CONF_CALLER_IDENTITY]}
        if self._is_loaded and _chosen(options) == _chosen(
            {**kept_options(entry.options), **callers}
        ):
            # What is shown of callers changes without a reload, which would make everything unavailable.
            self.hass.config_entries.async_update_entry(entry, options=options)
            entry.runtime_data.callers_changed()
        return self.async_create_entry(data=options)

    @property
    def _is_gone(self) -> bool:
        """Whether the entry was removed while the form was open."""
        return self.hass.config_entries.async_get_entry(self.handler) is None

    @property
    def _is_loaded(self) -> bool:
        return self.config_entry.state is ConfigEntryState.LOADED


def _chosen(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return options in a form to compare, since their lists are in the order in which somebody clicked."""
    return {
        name: frozenset(value) if isinstance(value, list) else value
        for name, value in options.items()
    }
