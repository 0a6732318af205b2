"""The user's own calls as a calendar: read when somebody looks at it, and kept nowhere."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Final, override

from homeassistant.components.calendar import (
    CalendarEntity,
    CalendarEntityDescription,
    CalendarEvent,
)
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.translation import async_get_translations
from homeassistant.util import dt as dt_util

from .aioringcentral.call_log import LoggedCall, Outcome
from .aioringcentral.errors import RingCentralError
from .aioringcentral.models import CallDirection
from .call_log import CALLS
from .const import ATTR_CALLER_NAME, ATTR_CALLER_NUMBER, DOMAIN
from .coordinator import RingCentralConfigEntry
from .entity import ExtensionEntity, add_for_each_extension

PARALLEL_UPDATES = 0

CALENDAR = CalendarEntityDescription(key=CALLS)

# An event without a length is drawn as an hour.
_SHORTEST: Final = timedelta(minutes=1)
_TEXTS: Final = f"component.{DOMAIN}.selector"


async def async_setup_entry(
    hass: HomeAssistant,
    entry: RingCentralConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the user's calendar, if the app may read the call log."""
    coordinator = entry.runtime_data

    def calendars(extension_id: str) -> Iterator[ExtensionEntity]:
        if coordinator.call_log.was_offered_for(extension_id):
            yield CallsCalendar(coordinator, CALENDAR, extension_id, (CALLS,))

    coordinator.call_log.async_on_offer(
        add_for_each_extension(coordinator, async_add_entities, calendars)
    )


class CallsCalendar(ExtensionEntity, CalendarEntity):
    """The user's calls that are over."""

    @property
    @override
    def event(self) -> None:
        """Have no current or coming event: calls come unannounced, and a state would be recorded."""

    @override
    def _is_available(self) -> bool:
        return super()._is_available() and self.coordinator.call_log.call_log.is_offered

    @override
    def _value(self) -> None:
        """Have no value: the state is always off."""

    @override
    def _show(self, value: None) -> None:
        """Keep nothing."""

    @override
    async def async_get_events(
        self, hass: HomeAssistant, start_date: datetime, end_date: datetime
    ) -> list[CalendarEvent]:
        """Read the calls of some days."""
        try:
            calls = await self.coordinator.call_log.calls(start_date, end_date)
        except RingCentralError as err:
            raise HomeAssistantError(
                translation_domain=DOMAIN,
                translation_key="call_log_failed",
                translation_placeholders={"reason": str(err.reason)},
            ) from err
        texts = await async_get_translations(
            hass, hass.config.language, "selector", {DOMAIN}
        )
        # The log begins with the newest call.
        events = [self._event(call, texts) for call in reversed(calls)]
        return sorted(
            (
                each
                for each in events
                if each.start < end_date and each.end > start_date
            ),
            key=lambda each: each.start_datetime_local,
        )

    def _event(self, call: LoggedCall, texts: Mapping[str, str]) -> CalendarEvent:
        """Return a call as an event, with as much of the other party as is shown."""
        start = dt_util.as_local(call.started_at)
        title = texts[f"{_TEXTS}.call.options.{_kind(call)}"]
        who = self.coordinator.caller(call.name, call.number)
        name, number = who.get(ATTR_CALLER_NAME), who.get(ATTR_CALLER_NUMBER)
        if shown := f"{name} ({number})" if name and number else name or number:
            title = f"{title}: {shown}"
        return CalendarEvent(
            start=start,
            end=start + max(_SHORTEST, timedelta(seconds=call.duration)),
            summary=title,
            description=_details(call, texts) or None,
            uid=call.id,
        )


def _kind(call: LoggedCall) -> str:
    if call.is_missed:
        return "missed"
    return "outgoing" if call.direction is CallDirection.OUTBOUND else "incoming"


def _details(call: LoggedCall, texts: Mapping[str, str]) -> str:
    """Return how a missed call ended, if the log says so, or how long any other call was."""
    if call.is_missed:
        known = call.outcome is not Outcome.UNKNOWN
        return texts[f"{_TEXTS}.outcome.options.{call.outcome}"] if known else ""
    minutes, seconds = divmod(round(call.duration), 60)
    return f"{minutes}:{seconds:02}" if call.duration else ""
