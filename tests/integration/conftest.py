"""Home Assistant with the integration, and the emulator that it signs in to."""

from collections.abc import AsyncIterator, Iterator
from typing import Any, cast
from unittest.mock import patch

from homeassistant.config_entries import ConfigFlowResult, OptionsFlow
from homeassistant.data_entry_flow import FlowHandler, FlowManager, FlowResultType
from homeassistant.helpers import issue_registry as ir
import pytest

from custom_components.ringcentral.const import DOMAIN
from emulator import Emulator

from . import missing_texts


@pytest.fixture
async def emulator(socket_enabled: None) -> AsyncIterator[Emulator]:
    """Return a running emulator without rate limits, which tests would meet by their haste alone."""
    async with Emulator(extensions=25, seed=1, rate_limits=False) as running:
        yield running


@pytest.fixture(autouse=True)
def integration(
    # The emulator first: it has to outlive Home Assistant, which signs out when it stops.
    emulator: Emulator,
    enable_custom_integrations: None,
) -> None:
    """Let Home Assistant load the integration, and let it reach the emulator."""


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
