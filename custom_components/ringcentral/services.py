"""Actions: change presence, for good or for a time, and read it anew."""

import asyncio
from datetime import timedelta
from typing import Any, Final, TypedDict

from homeassistant.auth.permissions.const import POLICY_CONTROL, POLICY_READ
from homeassistant.core import (
    HomeAssistant,
    ServiceCall,
    ServiceResponse,
    SupportsResponse,
)
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import config_validation as cv
import voluptuous as vol

from .aioringcentral import wire
from .aioringcentral.errors import (
    DEFAULT_RETRY_AFTER,
    Reason,
    RetryLater,
    RingCentralError,
)
from .aioringcentral.models import DndStatus, Extension, Presence, UserStatus
from .const import DOMAIN
from .coordinator import RingCentralCoordinator
from .targets import targets_of
from .write_rules import (
    LONGEST_MESSAGE,
    error_word,
    not_connected,
    refused_reading,
    summary_of,
)

SET_PRESENCE: Final = "set_presence"
GET_PRESENCE: Final = "get_presence"

ATTR_USER_STATUS: Final = "user_status"
ATTR_DND_STATUS: Final = "dnd_status"
ATTR_MESSAGE: Final = "message"
ATTR_DURATION: Final = "duration"

# Seconds for which an action on many extensions waits for the rate limit of 40 changes a minute (docs/protocol.md 5).
LONGEST_ACTION: Final = 900.0
SHORTEST_WAIT: Final = 1.0


class _Change(TypedDict):
    user_status: UserStatus | None
    dnd_status: DndStatus | None
    message: str | None
    duration: timedelta | None


def _options(*members: UserStatus | DndStatus) -> list[str]:
    return [member.name.lower() for member in members]


USER_STATUS_OPTIONS: Final = _options(*UserStatus)
# Values that are never offered are still understood, in order to say why they cannot be set.
DND_STATUS_OPTIONS: Final = _options(*DndStatus)


def _sendable(message: str) -> str:
    """Return a message as it will be read back: half a character becomes U+FFFD, an invisible message an empty text."""
    halves = message.encode("utf-16", "surrogatepass")
    whole = wire.text(halves.decode("utf-16", "replace")) or ""
    return whole if whole.strip() else ""


def _duration(value: Any) -> timedelta:
    """Read a duration in any form that Home Assistant knows."""
    try:
        duration: timedelta = cv.positive_time_period(value)
    except OverflowError as err:
        raise vol.Invalid("duration is out of range") from err
    return duration


SET_SCHEMA = vol.All(
    cv.make_entity_service_schema(
        {
            vol.Optional(ATTR_USER_STATUS): vol.In(USER_STATUS_OPTIONS),
            vol.Optional(ATTR_DND_STATUS): vol.In(DND_STATUS_OPTIONS),
            vol.Optional(ATTR_MESSAGE): vol.All(
                cv.string, _sendable, vol.Length(max=LONGEST_MESSAGE)
            ),
            vol.Optional(ATTR_DURATION): _duration,
        }
    ),
    cv.has_at_least_one_key(ATTR_USER_STATUS, ATTR_DND_STATUS, ATTR_MESSAGE),
)
GET_SCHEMA = cv.make_entity_service_schema({})


def async_setup_services(hass: HomeAssistant) -> None:
    """Register the actions."""
    hass.services.async_register(DOMAIN, SET_PRESENCE, _set_presence, SET_SCHEMA)
    hass.services.async_register(
        DOMAIN,
        GET_PRESENCE,
        _get_presence,
        GET_SCHEMA,
        supports_response=SupportsResponse.ONLY,
    )


async def _set_presence(call: ServiceCall) -> None:
    targets = await targets_of(call, POLICY_CONTROL)
    user_status, dnd_status = (
        call.data.get(ATTR_USER_STATUS),
        call.data.get(ATTR_DND_STATUS),
    )
    change = _Change(
        user_status=UserStatus[user_status.upper()] if user_status else None,
        dnd_status=DndStatus[dnd_status.upper()] if dnd_status else None,
        message=call.data.get(ATTR_MESSAGE),
        duration=call.data.get(ATTR_DURATION),
    )
    # An account that is slow or unreachable must not hold up the others.
    results = await asyncio.gather(
        *(
            _set_each(coordinator, extension_ids, change, is_alone=len(targets) == 1)
            for coordinator, extension_ids in targets.loaded.items()
        )
    )
    errors = [error for result in results for error in result]
    errors += [not_connected(account) for account in targets.not_loaded.values()]
    if errors:
        raise summary_of(errors, len(targets))


async def _set_each(
    coordinator: RingCentralCoordinator,
    extension_ids: list[str],
    change: _Change,
    *,
    is_alone: bool,
) -> list[HomeAssistantError]:
    """Change extensions one after the other, skipping those that fail; return what went wrong."""
    clock = coordinator.hass.loop.time
    end = clock() + (0.0 if is_alone else LONGEST_ACTION)
    errors = []
    for extension_id in extension_ids:
        try:
            await _set_one(coordinator, extension_id, change, end)
        except HomeAssistantError as err:
            # Skip extensions that have left meanwhile.
            if extension_id in coordinator.extensions:
                errors.append(err)
    return errors


async def _set_one(
    coordinator: RingCentralCoordinator, extension_id: str, change: _Change, end: float
) -> None:
    """Change one extension; wait for the rate limit if it allows the change before ``end``."""
    while True:
        try:
            await coordinator.editor.set_presence(extension_id, **change)
        except HomeAssistantError as err:
            wait = _rate_wait(err.__cause__)
            if wait is None or coordinator.hass.loop.time() + wait > end:
                raise
        else:
            return
        await asyncio.sleep(wait)


def _rate_wait(error: BaseException | None) -> float | None:
    """Return the seconds until the rate limit allows another request, or None if it was not the reason."""
    if isinstance(error, RetryLater) and error.reason is Reason.RATE_LIMITED:
        return max(error.retry_after or DEFAULT_RETRY_AFTER, SHORTEST_WAIT)
    return None


async def _get_presence(call: ServiceCall) -> ServiceResponse:
    targets = await targets_of(call, POLICY_READ)
    results = await asyncio.gather(
        *(
            _read_each(coordinator, extension_ids)
            for coordinator, extension_ids in targets.loaded.items()
        )
    )
    errors = [error for _, failed in results for error in failed.values()]
    names = targets.keys()
    found: dict[str, Any] = {
        names[f"{coordinator.account_id}_{key}"]: part
        for coordinator, (read, _) in zip(targets.loaded, results, strict=True)
        for key, part in read
    }
    if not found and (errors or targets.not_loaded):
        if not errors:
            raise not_connected(next(iter(targets.not_loaded.values())))
        raise refused_reading(errors[0]) from errors[0]
    for (coordinator, _), (_, failed) in zip(
        targets.loaded.items(), results, strict=True
    ):
        for key, error in failed.items():
            # The others may have taken minutes: skip extensions that have left meanwhile.
            if (extension := coordinator.extensions.get(key)) is None:
                continue
            name = names[f"{coordinator.account_id}_{key}"]
            found[name] = {**_name(extension), "error": error_word(error)}
    found |= {names[each]: {"error": "not_loaded"} for each in targets.not_loaded}
    return {"extensions": found}


async def _read_each(
    coordinator: RingCentralCoordinator, extension_ids: list[str]
) -> tuple[list[tuple[str, dict[str, Any]]], dict[str, RingCentralError]]:
    """Read extensions in batches; return what was found, and the errors of those that could not be read."""
    account, clock = coordinator.account, coordinator.hass.loop.time
    end = clock() + LONGEST_ACTION
    left, failed = list(extension_ids), dict[str, RingCentralError]()
    while left:
        failed |= await account.read_presences(left)
        waits = {key: wait for key in left if (wait := _rate_wait(failed.get(key)))}
        wait = max(waits.values(), default=0.0)
        if len(extension_ids) == 1 or clock() + wait > end:
            break
        left = list(waits)
        for key in left:
            del failed[key]
        await asyncio.sleep(wait)
    # Leave out extensions that have left meanwhile.
    here = [key for key in extension_ids if key in coordinator.extensions]
    read = [
        (key, _as_response(coordinator, coordinator.presences[key]))
        for key in here
        if key not in failed
    ]
    return read, {key: failed[key] for key in here if key in failed}


def _name(extension: Extension) -> dict[str, str | None]:
    return {"name": extension.name, "extension_number": extension.number}


def _as_response(
    coordinator: RingCentralCoordinator, presence: Presence
) -> dict[str, Any]:
    """Return a presence in the words of the sensors, with as much of callers as the user chose to see."""
    extension = coordinator.extensions[presence.extension_id]
    calls = coordinator.calls[presence.extension_id].calls
    return {
        **_name(extension),
        **{
            key: _word(getattr(presence, key))
            for key in (
                "telephony_status",
                "presence_status",
                "user_status",
                "dnd_status",
                "meeting_status",
            )
        },
        "message": presence.message,
        "allow_see_my_presence": presence.allow_see_my_presence,
        "ring_on_monitored_call": presence.ring_on_monitored_call,
        "pick_up_calls_on_hold": presence.pick_up_calls_on_hold,
        "active_calls": [
            {
                "state": str(call.phase),
                "direction": call.direction.lower() if call.direction else None,
                "queue_call": call.queue_call,
                "started_at": call.began.isoformat() if call.began else None,
                **coordinator.caller(call.name, call.number),
            }
            for call in calls
        ],
    }


def _word(status: UserStatus | DndStatus | None) -> str | None:
    return None if status is None else status.name.lower()
