"""Binary sensors: the questions that automations ask most often."""

from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter
from typing import override

from homeassistant.components.binary_sensor import (
    BinarySensorEntity,
    BinarySensorEntityDescription,
)
from homeassistant.components.binary_sensor.const import BinarySensorDeviceClass
from homeassistant.const import EntityCategory, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .aioringcentral.models import DndStatus, MeetingStatus
from .aioringcentral.status import Standing
from .coordinator import RingCentralConfigEntry
from .entity import AccountEntity, ExtensionEntity, add_for_each_extension, those_of
from .listeners import CALLS, PUSH
from .own_queues import async_add_own_sensors

PARALLEL_UPDATES = 0

_UNDISTURBED = frozenset({DndStatus.DO_NOT_ACCEPT_ANY_CALLS})
_IN_MEETING = frozenset({MeetingStatus.CONNECTED})


@dataclass(frozen=True, kw_only=True)
class QuestionDescription(BinarySensorEntityDescription):
    """A question about an extension; None if the answer is unknown."""

    watches: tuple[str, ...]
    is_on_fn: Callable[[Standing], bool | None]


_OF_CALLS = ("telephony_status", CALLS)


def _setting(key: str) -> QuestionDescription:
    return QuestionDescription(
        key=key,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        watches=(key,),
        is_on_fn=attrgetter(f"presence.{key}"),
    )


def _one_of[StatusT](status: StatusT | None, wanted: frozenset[StatusT]) -> bool | None:
    return None if status is None else status in wanted


QUESTIONS: tuple[QuestionDescription, ...] = (
    QuestionDescription(
        key="on_call", watches=_OF_CALLS, is_on_fn=attrgetter("is_on_call")
    ),
    QuestionDescription(
        key="ringing", watches=_OF_CALLS, is_on_fn=attrgetter("is_ringing")
    ),
    QuestionDescription(
        key="do_not_disturb",
        watches=("dnd_status",),
        is_on_fn=lambda now: _one_of(now.presence.dnd_status, _UNDISTURBED),
    ),
    QuestionDescription(
        key="in_meeting",
        watches=("meeting_status",),
        is_on_fn=lambda now: _one_of(now.presence.meeting_status, _IN_MEETING),
    ),
    _setting("allow_see_my_presence"),
    _setting("ring_on_monitored_call"),
    _setting("pick_up_calls_on_hold"),
)

PUSH_CONNECTED = BinarySensorEntityDescription(
    key="push_connected",
    device_class=BinarySensorDeviceClass.CONNECTIVITY,
    entity_category=EntityCategory.DIAGNOSTIC,
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: RingCentralConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the binary sensors of the account and of every followed extension."""
    coordinator = entry.runtime_data
    async_add_entities([PushConnected(coordinator, PUSH_CONNECTED, PUSH)])
    add_for_each_extension(
        coordinator,
        async_add_entities,
        lambda extension_id: [
            QuestionSensor(coordinator, description, extension_id, description.watches)
            for description in those_of(
                coordinator, Platform.BINARY_SENSOR, extension_id, QUESTIONS
            )
        ],
    )
    async_add_own_sensors(coordinator, async_add_entities)


class QuestionSensor(ExtensionEntity, BinarySensorEntity):
    """The answer to one question about an extension."""

    entity_description: QuestionDescription

    @override
    def _value(self) -> bool | None:
        return self.entity_description.is_on_fn(self.standing)

    @override
    def _show(self, value: bool | None) -> None:
        self._attr_is_on = value


class PushConnected(AccountEntity, BinarySensorEntity):
    """Whether the subscription is live now; this sensor never becomes unavailable."""

    @override
    def _is_available(self) -> bool:
        return True

    @override
    def _value(self) -> bool:
        return self.coordinator.account.is_live

    @override
    def _show(self, value: bool | None) -> None:
        self._attr_is_on = value
