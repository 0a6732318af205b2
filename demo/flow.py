"""Adds the integration as a user does: through its config flow."""

from collections.abc import Sequence
from typing import Any

from .api import Json, Rest

FLOWS = "/api/config/config_entries/flow"


class FlowError(Exception):
    """The config flow did not create an entry."""


async def add_ringcentral(
    rest: Rest, service: Json, follow: Sequence[str], extensions: Sequence[str] = ()
) -> str:
    """Add the integration for an emulator, given its first line; return the entry's id."""
    step = await rest.post(FLOWS, {"handler": "ringcentral"})
    step = await _next(rest, step, "user", {"next_step_id": "jwt"})
    credentials = ("server", "client_id", "client_secret", "jwt")
    step = await _next(rest, step, "jwt", {key: service[key] for key in credentials})
    step = await _next(rest, step, "follow", {"follow": list(follow)})
    if "chosen" in follow:
        step = await _next(rest, step, "extensions", {"extensions": list(extensions)})
    if step["type"] != "create_entry":
        raise FlowError(f"no entry at the end of the flow: {_short(step)}")
    return str(step["result"]["entry_id"])


async def _next(rest: Rest, step: Json, expected: str, answer: Json) -> Any:
    if step["type"] == "abort" or step.get("step_id") != expected:
        raise FlowError(f"expected step {expected}, not {_short(step)}")
    step = await rest.post(f"{FLOWS}/{step['flow_id']}", answer)
    if errors := step.get("errors"):
        raise FlowError(f"step {expected}: {errors}")
    return step


def _short(step: Json) -> Json:
    return {key: step[key] for key in ("type", "step_id", "reason") if step.get(key)}
