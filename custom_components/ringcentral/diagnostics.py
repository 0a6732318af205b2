"""Diagnostics, redacted by construction: only what is listed here gets in, and that includes no name or number."""

from collections.abc import Mapping
from typing import Any

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import __version__ as ha_version
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.loader import async_get_integration
from yarl import URL

from .aioringcentral.account import Account
from .aioringcentral.models import Presence
from .aioringcentral.recording.recorder import Report
from .aioringcentral.words import is_made_of_words
from .const import (
    CONF_AUTH,
    CONF_CALLER_IDENTITY,
    CONF_EXTENSIONS,
    CONF_FOLLOW,
    CONF_SERVER,
    DOMAIN,
)
from .coordinator import RingCentralConfigEntry
from .devices import extension_of, own_identifiers
from .kept import kept_data, kept_options
from .restore_schedule import RestoreSchedule


async def async_get_config_entry_diagnostics(
    hass: HomeAssistant, entry: RingCentralConfigEntry
) -> dict[str, Any]:
    """Return the state of the connection, and of every extension, without saying whose it is."""
    integration = await async_get_integration(hass, DOMAIN)
    data, options = kept_data(entry.data), kept_options(entry.options)
    general = {
        "versions": {
            "integration": str(integration.version),
            "home_assistant": ha_version,
        },
        "entry": {
            "auth": data[CONF_AUTH],
            "server": _host(data[CONF_SERVER]),
            "follow": options[CONF_FOLLOW],
            "chosen_extensions": len(options[CONF_EXTENSIONS]),
            "caller_identity": options[CONF_CALLER_IDENTITY],
            "state": str(entry.state.value),
            "reason": entry.error_reason_translation_key,
        },
    }
    if entry.state is not ConfigEntryState.LOADED:
        return general
    coordinator, now = entry.runtime_data, hass.loop.time()
    return {
        **general,
        "connection": _connection(
            coordinator.account, now, available=coordinator.available
        ),
        "rate_budget": coordinator.account.sign_in.http.budget.summary(now),
        "filters": _filters(coordinator.account),
        "observed": _observed(coordinator.account),
        "recording": _recording(coordinator.account, now),
        "restores": _restores(coordinator.editor.restores, coordinator.account),
        "extensions": {
            label: _extension(
                coordinator.account,
                extension_id,
                editable=coordinator.editor.may_edit(extension_id),
            )
            for extension_id, label in _labels(coordinator.account).items()
        },
    }


async def async_get_device_diagnostics(
    hass: HomeAssistant, entry: RingCentralConfigEntry, device: dr.AnyDeviceEntry
) -> dict[str, Any]:
    """Return the state of one extension, or of the account for its own device."""
    is_loaded = entry.state is ConfigEntryState.LOADED
    for identifier in own_identifiers(device) if is_loaded else ():
        coordinator = entry.runtime_data
        extension_id = extension_of(
            coordinator.account_id, coordinator.extensions, identifier
        )
        if extension_id is not None:
            return {
                "connection": _connection(
                    coordinator.account,
                    hass.loop.time(),
                    available=coordinator.available,
                ),
                "extension": _extension(
                    coordinator.account,
                    extension_id,
                    editable=coordinator.editor.may_edit(extension_id),
                ),
            }
    return await async_get_config_entry_diagnostics(hass, entry)


def _host(server: str) -> str | None:
    try:
        return URL(server).host
    except ValueError:
        return None


def _connection(account: Account, now: float, *, available: bool) -> dict[str, Any]:
    history = account.stream.history
    return {
        "available": available,
        "live": account.is_live,
        "live_seconds": _age(history.live_since, now),
        "last_event_age_seconds": _age(history.last_event, now),
        "connects": history.connects,
        "recoveries": history.recoveries,
        "replacements": history.replacements,
        "subscribes": history.subscribes,
        "losses": history.losses,
        "close_codes": list(history.close_codes),
        "error_codes": list(history.error_codes),
        "events_overtaken": account.presences.overtaken,
        "readings": [
            {
                "cause": str(each.cause),
                "extensions": each.extensions,
                "due_age_seconds": _age(each.since, now),
                "age_seconds": _age(each.at, now),
            }
            for each in account.last_readings
        ],
    }


def _recording(account: Account, now: float) -> Report | None:
    """Return the last frames and replies as shapes, which `scripts/replay` plays."""
    recorder = account.sign_in.http.recorder
    if recorder is None:
        return None
    presences = account.presences
    return recorder.report(now, presences, presences.without_status)


def _age(since: float | None, now: float) -> float | None:
    return None if since is None else round(now - since, 1)


def _restores(restores: RestoreSchedule, account: Account) -> dict[str, Any]:
    """Return which changes for a time are still to be undone, and which were dropped and why."""
    labels = _labels(account)
    return {
        "waiting": [
            {
                "extension": labels.get(key, "other"),
                "due": restore.at.isoformat(),
                "fields": sorted(restore.before),
                "is_settled": restore.is_settled,
            }
            for key, restore in restores.items()
        ],
        "dropped": list(restores.dropped),
    }


def _labels(account: Account) -> dict[str, str]:
    """Return labels that stand for extensions in this one file, since their ids stay private."""
    return {
        key: f"extension_{number}" for number, key in enumerate(account.extensions, 1)
    }


def _observed(account: Account) -> dict[str, Any]:
    """Return what the service does where its documentation leaves that open."""
    return {
        **account.observations.as_dict(),
        "sequences_reset": account.presences.resets,
    }


def _filters(account: Account) -> dict[str, Any]:
    subscription = account.stream.subscription
    if subscription is None:
        return {}
    labels = _labels(account)
    return {
        "live": [_masked(name, labels) for name in subscription.live],
        "refused": {
            _masked(name, labels): reason
            for name, reason in subscription.refused.items()
        },
        "unsure": [_masked(name, labels) for name in subscription.unsure],
    }


def _masked(event_filter: str, labels: Mapping[str, str]) -> str:
    parts = (
        labels.get(part, "other" if part.isdigit() else part)
        for part in event_filter.split("/")
    )
    return "/".join(parts)


def _extension(
    account: Account, extension_id: str, *, editable: bool
) -> dict[str, Any]:
    presence = account.presences[extension_id]
    extension, calls = account.extensions[extension_id], account.calls[extension_id]
    return {
        "type": _word(extension.type),
        "status": _word(extension.status),
        "own": extension_id == account.own.id,
        "editable": editable,
        **_presence(presence),
        # Without details, directions and missed calls are uncertain.
        "call_details": presence.active_calls is not None,
        "calls": [
            {
                "phase": str(call.phase),
                "direction": str(call.direction) if call.direction else None,
                "queue_call": call.queue_call,
                "legs": len(call.legs),
            }
            for call in calls.calls
        ],
        "total_active_calls": presence.total_active_calls,
    }


def _word(word: str | None) -> str | None:
    """Return one of RingCentral's words; any other may be somebody's name."""
    is_plain = word is None or is_made_of_words(word)
    return word if is_plain else f"{len(word or '')} characters"


def _presence(presence: Presence) -> dict[str, Any]:
    words = (
        "telephony_status",
        "presence_status",
        "user_status",
        "dnd_status",
        "meeting_status",
    )
    flags = (
        "sequence",
        "allow_see_my_presence",
        "ring_on_monitored_call",
        "pick_up_calls_on_hold",
    )
    return {
        **{
            key: None if (word := getattr(presence, key)) is None else str(word)
            for key in words
        },
        **{key: getattr(presence, key) for key in flags},
        "has_message": presence.message is not None,
    }
