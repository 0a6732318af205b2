"""The steps that ask who to follow: the same for a new entry and for the options of one."""

from abc import abstractmethod
from typing import Any

from homeassistant.config_entries import ConfigEntryBaseFlow, ConfigFlowResult
import voluptuous as vol

from .aioringcentral.membership import Follow, Lists, read_lists
from .aioringcentral.models import Extension
from .const import CONF_EXTENSIONS, CONF_FOLLOW
from .flow_forms import extensions_form, follow_facts, still_there
from .sign_in import SignIn


class FollowSteps(ConfigEntryBaseFlow):
    """Asks who to follow, and for extensions where they are chosen by name."""

    _lists: Lists
    _scope: frozenset[str]
    _options: dict[str, Any]

    @abstractmethod
    async def _finish(self, options: dict[str, Any]) -> ConfigFlowResult:
        """End the flow with these options."""

    async def _read_lists(self, access: SignIn, own: Extension) -> None:
        """Read all that can be followed, once a flow.

        Raises:
            RetryLater, SignInRequired: a list that may not be read is empty, and no error.
        """
        self._scope = (await access.tokens.token()).scope
        self._lists = await read_lists(access.rest, own, set(Follow) - {Follow.ACCOUNT})

    async def _ask_follow(
        self, step_id: str, form: vol.Schema, user_input: dict[str, Any] | None
    ) -> ConfigFlowResult:
        errors = {}
        if user_input is not None:
            if user_input[CONF_FOLLOW]:
                return await self._after_follow({**self._options, **user_input})
            errors[CONF_FOLLOW] = "follow_nothing"
        return self.async_show_form(
            step_id=step_id,
            data_schema=self.add_suggested_values_to_schema(
                form, user_input or self._options
            ),
            errors=errors,
            description_placeholders=follow_facts(self._lists, self._scope),
        )

    async def _after_follow(self, options: dict[str, Any]) -> ConfigFlowResult:
        if Follow.CHOSEN not in options[CONF_FOLLOW]:
            return await self._finish({**options, CONF_EXTENSIONS: []})
        self._options = options
        return await self.async_step_extensions()

    async def async_step_extensions(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask which extensions to follow."""
        errors = {}
        if user_input is not None:
            if user_input[CONF_EXTENSIONS]:
                return await self._finish({**self._options, **user_input})
            errors[CONF_EXTENSIONS] = "extensions_nothing"
        chosen = still_there(self._lists, self._options[CONF_EXTENSIONS])
        return self.async_show_form(
            step_id="extensions",
            data_schema=self.add_suggested_values_to_schema(
                extensions_form(self._lists), user_input or {CONF_EXTENSIONS: chosen}
            ),
            errors=errors,
        )
