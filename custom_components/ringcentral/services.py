"""Actions: change presence, also for a time, and read it fresh."""

from datetime import timedelta
from typing import Any, Final

from homeassistant.core import (
    HomeAssistant,
    ServiceCall,
    ServiceResponse,
    SupportsResponse,
)
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import config_validation as cv
import voluptuous as vol

from .aioringcentral.errors import RingCentralError
from .aioringcentral.models import DndStatus, Presence, UserStatus
from .const import DOMAIN
from .coordinator import RingCentralCoordinator
from .targets import extensions_of
from .write_rules import refused_reading

SET_PRESENCE: Final = "set_presence"
GET_PRESENCE: Final = "get_presence"

ATTR_USER_STATUS: Final = "user_status"
ATTR_DND_STATUS: Final = "dnd_status"
ATTR_MESSAGE: Final = "message"
ATTR_DURATION: Final = "duration"

# The service keeps a status message of 75 characters (docs/protocol.md 2.4).
_LONGEST_MESSAGE: Final = 75


def _options(*members: UserStatus | DndStatus) -> list[str]:
    return [member.name.lower() for member in members]


USER_STATUS_OPTIONS: Final = _options(*UserStatus)
# What is never offered is still understood, to say why it cannot be set.
DND_STATUS_OPTIONS: Final = _options(*DndStatus)


def _duration(value: Any) -> timedelta:
    """Read a duration of any form that Home Assistant knows."""
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
                cv.string, vol.Length(max=_LONGEST_MESSAGE)
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
    user_status, dnd_status = (
        call.data.get(ATTR_USER_STATUS),
        call.data.get(ATTR_DND_STATUS),
    )
    refused: list[HomeAssistantError] = []
    for coordinator, extension_id in extensions_of(call.hass, call.data):
        try:
            await coordinator.editor.set_presence(
                extension_id,
                user_status=UserStatus[user_status.upper()] if user_status else None,
                dnd_status=DndStatus[dnd_status.upper()] if dnd_status else None,
                message=call.data.get(ATTR_MESSAGE),
                duration=call.data.get(ATTR_DURATION),
            )
        except HomeAssistantError as err:
            # One of an area that cannot be set does not keep the others from it.
            refused.append(err)
    if refused:
        raise refused[0]


async def _get_presence(call: ServiceCall) -> ServiceResponse:
    found: dict[str, Any] = {}
    for coordinator, extension_id in extensions_of(call.hass, call.data):
        try:
            presence = await coordinator.account.read_presence(extension_id)
        except RingCentralError as err:
            raise refused_reading(err) from err
        found[extension_id] = _as_response(coordinator, presence)
    return {"extensions": found}


def _as_response(
    coordinator: RingCentralCoordinator, presence: Presence
) -> dict[str, Any]:
    """Return a presence in the words of the sensors; who calls is in it as far as the user chose to see it."""
    extension = coordinator.extensions[presence.extension_id]
    calls = coordinator.calls[presence.extension_id].calls
    return {
        "name": extension.name,
        "extension_number": extension.number,
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
