"""Home Assistant with the integration, and the emulator that it signs in to."""

from collections.abc import AsyncIterator, Iterator
from html import unescape
import re
from typing import Any, cast
from unittest.mock import patch

import aiohttp
from aiohttp.test_utils import TestClient
from homeassistant.config_entries import ConfigFlowResult, OptionsFlow
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowHandler, FlowManager, FlowResultType
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.entity import Entity
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator
from yarl import URL

from custom_components.ringcentral.const import DOMAIN
from emulator import Emulator, tokens

from . import missing_texts


@pytest.fixture
async def emulator(socket_enabled: None) -> AsyncIterator[Emulator]:
    """Return a running emulator without rate limits, which tests would meet by their haste alone."""
    async with Emulator(extensions=25, seed=1, rate_limits=False) as running:
        yield running


@pytest.fixture(autouse=True)
def looking_again_at_once() -> Iterator[None]:
    """Let a refusal be looked at once more without the time in which it may pass."""
    retries = "custom_components.ringcentral.aioringcentral.account.run_retries"
    with patch(f"{retries}.LOOK_AGAIN_AFTER", 0.05):
        yield


@pytest.fixture(autouse=True)
def integration(
    # The emulator first: it has to outlive Home Assistant, which signs out when it stops.
    emulator: Emulator,
    enable_custom_integrations: None,
) -> None:
    """Let Home Assistant load the integration, and let it reach the emulator."""


# Off by default, and what many tests look at.
_TURNED_ON = frozenset(
    {"active_calls", "call_started", "meeting_status", "set_dnd_status", "user_status"}
)


@pytest.fixture(autouse=True)
def turned_on(request: pytest.FixtureRequest) -> Iterator[None]:
    """Have entities as a user with wishes has them; not where a test is about the defaults."""
    default = Entity.__dict__["entity_registry_enabled_default"].func

    def is_enabled(entity: Entity) -> bool:
        key = getattr(getattr(entity, "entity_description", None), "key", None)
        return key in _TURNED_ON or bool(default(entity))

    if request.node.get_closest_marker("defaults"):
        yield
        return
    with patch.object(Entity, "entity_registry_enabled_default", property(is_enabled)):
        yield


@pytest.fixture
async def no_setup(hass: HomeAssistant) -> AsyncIterator[None]:
    """Create entries without setting them up."""
    with (
        patch("custom_components.ringcentral.async_setup_entry", return_value=True),
        patch("custom_components.ringcentral.async_unload_entry", return_value=True),
    ):
        yield
        for entry in hass.config_entries.async_loaded_entries(DOMAIN):
            await hass.config_entries.async_unload(entry.entry_id)


@pytest.fixture(autouse=True)
def app_permissions(request: pytest.FixtureRequest) -> Iterator[None]:
    """Let the app have no permission that is optional for voicemail or calls, but where a test is about that."""
    scope: tuple[str, ...] = tokens.SCOPE
    for marker, permission in (("messages", "ReadMessages"), ("calls", "ReadCallLog")):
        if not request.node.get_closest_marker(marker):
            scope = tuple(name for name in scope if name != permission)
    with patch.object(tokens, "SCOPE", scope):
        yield


class Browser:
    """The browser of whoever signs in: goes to the service, and comes back with its answer."""

    def __init__(self, hass: HomeAssistant, home: TestClient[Any, Any]) -> None:
        """Take the way back to Home Assistant."""
        self._hass, self._home = hass, home

    async def sign_in(
        self, result: ConfigFlowResult, *, user: str | None = None
    ) -> ConfigFlowResult:
        """Sign in on the service's page, as the user it suggests or another, and return the flow's next step."""
        return await self._answer(
            result, {"action": "allow", **({"user": user} if user else {})}
        )

    async def cancel(self, result: ConfigFlowResult) -> ConfigFlowResult:
        """Do not let the app in, and return the flow's next step."""
        return await self._answer(result, {"action": "deny"})

    async def come_back(self, address: str) -> int:
        """Come back to Home Assistant with an answer, and return the status of its page."""
        return (await self._home.get(URL(address).path_qs)).status

    async def way_back(
        self, result: ConfigFlowResult, typed: dict[str, str] | None = None
    ) -> str:
        """Return where the service sends the browser."""
        assert result["type"] is FlowResultType.EXTERNAL_STEP, result
        page = URL(result["url"])
        async with aiohttp.ClientSession() as session:
            async with session.get(page, allow_redirects=False) as reply:
                html = await reply.text()
            if reply.status == 200:
                fields = re.findall(r'<input[^>]* name="(.*?)" value="(.*?)"', html)
                form = {name: unescape(value) for name, value in fields}
                target = re.search(r'<form method="post" action="(.*?)"', html)
                assert target is not None
                async with session.post(
                    page.join(URL(target[1])),
                    data={**form, **(typed or {"action": "allow"})},
                    allow_redirects=False,
                ) as reply:
                    pass
            assert reply.status == 302
            return reply.headers["Location"]

    async def _answer(
        self, result: ConfigFlowResult, typed: dict[str, str]
    ) -> ConfigFlowResult:
        assert await self.come_back(await self.way_back(result, typed)) == 200
        return await self._hass.config_entries.flow.async_configure(result["flow_id"])


@pytest.fixture
async def browser(
    hass: HomeAssistant,
    hass_client_no_auth: ClientSessionGenerator,
    current_request_with_host: None,
) -> Browser:
    """Return a browser that has the user interface open."""
    assert await async_setup_component(hass, DOMAIN, {})
    return Browser(hass, await hass_client_no_auth())


@pytest.fixture(autouse=True)
def every_text_exists() -> Iterator[None]:
    """Fail on a step, an error, an abort or an issue of ours that has no text, or one that lacks a value."""
    wrong: list[str] = []
    handle_step = FlowManager._async_handle_step
    create_issue = ir.IssueRegistry.async_get_or_create

    async def handle(
        manager: FlowManager[Any, Any, Any],
        flow: FlowHandler[Any, Any, Any],
        *args: Any,
    ) -> Any:
        result = await handle_step(manager, flow, *args)
        if type(flow).__module__.startswith(f"custom_components.{DOMAIN}"):
            wrong.extend(_missing_in_flow(flow, result))
        return result

    def create(
        registry: ir.IssueRegistry, domain: str, issue_id: str, **values: Any
    ) -> ir.IssueEntry:
        if domain == DOMAIN:
            path = ("issues", values["translation_key"])
            given = values["translation_placeholders"]
            wrong.extend(missing_texts((*path, "title"), given))
            if not values["is_fixable"]:
                wrong.extend(missing_texts((*path, "description"), given))
        return create_issue(registry, domain, issue_id, **values)

    with (
        patch.object(FlowManager, "_async_handle_step", handle),
        patch.object(ir.IssueRegistry, "async_get_or_create", create),
    ):
        yield
    assert not wrong


def _missing_in_flow(
    flow: FlowHandler[Any, Any, Any], result: ConfigFlowResult
) -> list[str]:
    section = "options" if isinstance(flow, OptionsFlow) else "config"
    given = result.get("description_placeholders")
    kind = result["type"]
    if kind is FlowResultType.ABORT and "translation_domain" not in result:
        return missing_texts((section, "abort", result["reason"]), given)
    if kind not in (FlowResultType.FORM, FlowResultType.MENU):
        return []
    step = (section, "step", result["step_id"])
    paths: list[tuple[str, ...]] = [(*step, "title"), (*step, "description")]
    if kind is FlowResultType.MENU:
        options = cast(list[str], result["menu_options"])
        paths += [(*step, "menu_options", option) for option in options]
    else:
        schema = result["data_schema"]
        for field in schema.schema if schema is not None else ():
            paths += [(*step, "data", field), (*step, "data_description", field)]
        errors = result.get("errors") or {}
        paths += [(section, "error", key) for key in errors.values()]
    return [wrong for path in paths for wrong in missing_texts(path, given)]
