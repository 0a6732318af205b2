"""The steps that ask whom to follow, which are the same for a new entry and for the options."""

from abc import abstractmethod
from typing import Any

from homeassistant.config_entries import ConfigEntryBaseFlow, ConfigFlowResult
import voluptuous as vol

from .aioringcentral.membership import Follow, Lists, read_lists
from .aioringcentral.models import Extension
from .const import CONF_EXTENSIONS, CONF_FOLLOW
from .entity_sets import MOST_PEOPLE
from .flow_forms import count_people, extensions_form, follow_facts, still_there
from .sign_in import SignIn


class FollowSteps(ConfigEntryBaseFlow):
    """Asks whom to follow, and for extensions if they are chosen by name."""

    _lists: Lists
    _scope: frozenset[str]
    _options: dict[str, Any]

    @abstractmethod
    async def _finish(self, options: dict[str, Any]) -> ConfigFlowResult:
        """End the flow with these options."""

    @abstractmethod
    def _follows_already(self, options: dict[str, Any]) -> bool:
        """Return whether all of these are followed already, which may go on even beyond the limit."""

    async def _read_lists(self, access: SignIn, own: Extension) -> None:
        """Read everything that can be followed, once per flow.

        Raises:
            RetryLater, SignInRequired: a list could not be read; one that may not be read is just empty.
        """
        self._scope = (await access.tokens.token()).scope
        self._lists = await read_lists(
            access.rest, own, set(Follow) - {Follow.ACCOUNT}, needs_account=True
        )

    async def _ask_follow(
        self, step_id: str, form: vol.Schema, user_input: dict[str, Any] | None
    ) -> ConfigFlowResult:
        errors, people = {}, 0
        if user_input is not None:
            options = {**self._options, **user_input}
            # People who are chosen by name are asked for in a step of their own.
            people = count_people(self._lists, user_input[CONF_FOLLOW], ())
            if not user_input[CONF_FOLLOW]:
                errors[CONF_FOLLOW] = "follow_nothing"
            elif people > MOST_PEOPLE and not self._follows_already(options):
                errors[CONF_FOLLOW] = "too_many_people"
            else:
                return await self._after_follow(options)
        return self.async_show_form(
            step_id=step_id,
            data_schema=self.add_suggested_values_to_schema(
                form, user_input or self._options
            ),
            errors=errors,
            description_placeholders={
                **follow_facts(self._lists, self._scope),
                **_refusal(people),
            },
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
        errors, people = {}, 0
        if user_input is not None:
            options = {**self._options, **user_input}
            people = count_people(
                self._lists, self._options[CONF_FOLLOW], user_input[CONF_EXTENSIONS]
            )
            if not user_input[CONF_EXTENSIONS]:
                errors[CONF_EXTENSIONS] = "extensions_nothing"
            elif people > MOST_PEOPLE and not self._follows_already(options):
                errors[CONF_EXTENSIONS] = "too_many_people"
            else:
                return await self._finish(options)
        chosen = still_there(self._lists, self._options[CONF_EXTENSIONS])
        return self.async_show_form(
            step_id="extensions",
            data_schema=self.add_suggested_values_to_schema(
                extensions_form(self._lists), user_input or {CONF_EXTENSIONS: chosen}
            ),
            errors=errors,
            description_placeholders=_refusal(people),
        )


def _refusal(people: int) -> dict[str, str]:
    """Return the placeholders of the text that refuses this many people."""
    if people <= MOST_PEOPLE:
        return {}
    return {"people_chosen": str(people), "limit": str(MOST_PEOPLE)}
