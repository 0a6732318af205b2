"""Sensors of a call queue: how many members can take its calls, and which calls wait in it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.core import CALLBACK_TYPE, callback

from .aioringcentral.calls.state import CallPhase
from .aioringcentral.status import Standing
from .call_sensors import CallsDescription, CallsSensor, knows_calls
from .coordinator import RingCentralCoordinator
from .entity import ExtensionEntity
from .listeners import CALLS
from .queues import QUEUES, QueueHub
from .value_sensor import ValueSensor


@dataclass(frozen=True, kw_only=True)
class MembersDescription(SensorEntityDescription):
    """A number of a queue's members; None if it is unknown."""

    value_fn: Callable[[QueueHub, str], int | None]


MEMBERS: tuple[MembersDescription, ...] = (
    MembersDescription(
        key="members_available",
        state_class=SensorStateClass.MEASUREMENT,
        value_fn=lambda hub, queue_id: hub.available(queue_id),
    ),
    MembersDescription(
        key="members_on_call",
        state_class=SensorStateClass.MEASUREMENT,
        value_fn=lambda hub, queue_id: hub.on_call(queue_id),
    ),
)


def _waiting_calls(now: Standing) -> int | None:
    """Return how many calls wait; a call that a member answers leaves the queue."""
    if not knows_calls(now.presence):
        return None
    calls = now.calls
    return sum(call.phase is CallPhase.RINGING for call in calls.calls) + calls.unseen


def _waiting_since(now: Standing) -> datetime | None:
    return min(
        [
            call.began
            for call in now.calls.calls
            if call.began and call.phase is CallPhase.RINGING
        ],
        default=None,
    )


WAITING: tuple[CallsDescription, ...] = (
    CallsDescription(
        key="waiting_calls",
        state_class=SensorStateClass.MEASUREMENT,
        value_fn=_waiting_calls,
    ),
    CallsDescription(
        key="waiting_since",
        device_class=SensorDeviceClass.TIMESTAMP,
        value_fn=_waiting_since,
    ),
)


def waiting_sensors(
    coordinator: RingCentralCoordinator, extension_id: str
) -> Iterator[ExtensionEntity]:
    """Yield the sensors of waiting calls, for a queue."""
    if coordinator.extensions[extension_id].type == "Department":
        for fact in WAITING:
            yield CallsSensor(coordinator, fact, extension_id)


def member_sensors(
    coordinator: RingCentralCoordinator, extension_id: str
) -> Iterator[ExtensionEntity]:
    """Yield the sensors of members, for a queue whose members are known."""
    if coordinator.queues.is_offered(extension_id):
        for number in MEMBERS:
            yield MembersSensor(coordinator, number, extension_id, (QUEUES,))


class MembersSensor(ValueSensor, ExtensionEntity):
    """A number of a queue's members."""

    entity_description: MembersDescription
    _members: frozenset[str] = frozenset()
    _stop_watching: tuple[CALLBACK_TYPE, ...] = ()

    @override
    def _is_available(self) -> bool:
        return super()._is_available() and self.coordinator.queues.is_offered(
            self.extension_id
        )

    @override
    def _value(self) -> int | None:
        return self.entity_description.value_fn(
            self.coordinator.queues, self.extension_id
        )

    @override
    async def async_added_to_hass(self) -> None:
        """Watch the queue's members as well."""
        await super().async_added_to_hass()
        self._watch_members()
        self.async_on_remove(self._unwatch)

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        self._watch_members()
        super()._handle_coordinator_update()

    def _watch_members(self) -> None:
        """Be woken by the calls and do not disturb of present members, and of nobody else."""
        members = frozenset(self.coordinator.queues.members(self.extension_id))
        if members == self._members:
            return
        self._unwatch()
        self._members = members
        self._stop_watching = tuple(
            self.coordinator.async_add_listener(
                self._member_changed, (key, ("telephony_status", "dnd_status", CALLS))
            )
            for key in members
        )

    @callback
    def _member_changed(self) -> None:
        super()._handle_coordinator_update()

    @callback
    def _unwatch(self) -> None:
        for stop in self._stop_watching:
            stop()
        self._stop_watching, self._members = (), frozenset()
